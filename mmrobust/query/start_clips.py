"""Clips of named classes, from which a targeted search sets out.

Shapes: C channels, T frames, H, W pixels; values 0..255.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.io.video import read_video


class StartClips:
    """The videos of an annotation list, by class.

    Args:
        path: A text file with a line ``VIDEO LABEL`` per video, as MMAction2's
            ``VideoDataset`` reads; videos are found from the list's own folder.

    Raises:
        ValueError: The file cannot be read, a line says something else, or a video
            is missing.
    """

    def __init__(self, path: str) -> None:
        rule = 'an annotation list of video files'
        require(isinstance(path, str) and Path(path).is_file(), 'start', rule, path)
        source, self.path = Path(path), path
        try:
            lines = source.read_text(encoding='utf-8').splitlines()
        except UnicodeDecodeError as error:
            raise ValueError(f'start must be {rule}, got {path}: no text') from error
        self.videos: dict[int, list[Path]] = defaultdict(list)
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            name, _, label = line.strip().rpartition(' ')
            rule = f'a list of lines "VIDEO LABEL" (line {number} is none)'
            require(bool(name) and label.isdecimal(), 'start', rule, line)
            video = source.parent / name
            require(video.is_file(), 'start', f'a list of files (line {number})', str(video))
            self.videos[int(label)].append(video)
        require(bool(self.videos), 'start', 'a list of at least one video', path)

    @property
    def files(self) -> list[Path]:
        """The list and its videos."""
        return [Path(self.path), *(video for videos in self.videos.values() for video in videos)]

    def check(self, labels: Iterable[int]) -> None:
        """Raise ValueError unless there is a video of every one of these classes."""
        known = sorted(self.videos)
        for label in sorted(set(labels)):
            require(label in known, f'start ({self.path})', f'a list with class {label}', known)

    def clip(self, label: int, like: Tensor, generator: torch.Generator) -> Tensor:
        """A random run of frames of a random video of a class.

        Frames are scaled to the size of ``like``; a video that is too short is
        played again from its first frame.

        Args:
            label: The class.
            like: An RGB clip (3, T, H, W).
            generator: On the CPU.

        Returns:
            The clip, whole grey levels, shaped as ``like``.

        Raises:
            ValueError: The list has no video of this class, it cannot be read, or
                ``like`` is not RGB.
        """
        shape = tuple(like.shape)
        require(len(shape) == 4 and shape[0] == 3, 'pixels', 'an RGB video (3, T, H, W)', shape)
        self.check([label])
        videos = self.videos[label]
        video = videos[int(torch.randint(len(videos), (), generator=generator))]
        try:
            frames, _ = read_video(video)
        except (OSError, ValueError) as error:
            raise ValueError(f'start must list readable videos, got {video}: {error}') from error
        length, height, width = shape[1:]
        first = torch.randint(max(len(frames) - length, 0) + 1, (), generator=generator)
        chosen = [frames[(int(first) + t) % len(frames)] for t in range(length)]
        scaled = np.stack([cv2.resize(frame, (width, height)) for frame in chosen])
        return torch.from_numpy(scaled).permute(3, 0, 1, 2).to(like)
