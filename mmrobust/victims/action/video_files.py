"""Adversarial videos: whole, lossless, and a list that ``VideoDataset`` reads."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from mmrobust.datasets.raw_videos import RawVideos
from mmrobust.datasets.transforms.frame_boxes import write_boxes
from mmrobust.datasets.wrappers import leaves, locate
from mmrobust.engine.saved_files import MARK, SavedFiles
from mmrobust.functional.checks import require
from mmrobust.functional.naming import NAME_KEY
from mmrobust.io.atomic import replacing
from mmrobust.io.video import read_video, write_lossless
from mmrobust.registry import SAVED_FILES
from mmrobust.victims.action.cell_files import video_name
from mmrobust.victims.action.full_video import FullVideo, check_readable, full_video
from mmrobust.victims.action.layouts import VideoLayout

# A video, and the boxes of its persons where the pipeline asks for some.
NAME = re.compile(r'\d{6,}\.(mkv|boxes\.json)')
# Of a file that a user has named, with his name before the index.
NAMED = re.compile(r'[\w.-]+_\d{6,}\.mkv')
LIST = 'annotations.txt'


@SAVED_FILES.register_module()
class VideoFiles(SavedFiles):
    """Writes videos under their indices; those of raw files under name and index.

    Args:
        folder: Where to.
        dataset: The data set, or a wrapper.

    Raises:
        ValueError: The data set's own videos lie in ``folder``.
    """

    kind, key = 'videos', 'video'

    def __init__(self, folder: Path, dataset: Any) -> None:
        super().__init__(folder)
        self.dataset = dataset
        self._readable: set[tuple[int, ...]] = set()
        self.names = [self._name(index) for index in range(len(dataset))]
        for leaf in leaves(dataset):
            for prefix in (getattr(leaf, 'data_prefix', None) or {}).values():
                own = bool(prefix) and Path(prefix).resolve() == folder.resolve()
                require(not own, 'save_adv', 'another folder than that of the videos', str(folder))

    @classmethod
    def of(cls, folder: Path, dataset: Any, samples: Any) -> Self:
        """Of the data set's videos."""
        return cls(folder, dataset)

    def existing(self) -> Iterator[Path]:
        """Videos named by an index, those that the list names, and the list."""
        found = [path for path in self.folder.iterdir() if path.name != MARK]
        listed = self._listed()
        return (path for path in found if self.owns(path.name) or path.name in listed)

    def owns(self, name: str) -> bool:
        """Whether it is an index's, one of this run's, the list's, or the mark's."""
        own = name in (LIST, MARK) or name in self.names
        return own or NAME.fullmatch(name) is not None

    def _name(self, index: int) -> str:
        """What a video is called here; its index, and before it the name of a raw file."""
        leaf, inner = locate(self.dataset, index)
        raw = isinstance(leaf, RawVideos)
        return video_name(index, leaf.get_data_info(inner)[NAME_KEY] if raw else None)

    def _listed(self) -> set[str]:
        """Videos of an earlier run of other files; nothing where no run has left its mark."""
        path = self.folder / LIST
        if not (path.is_file() and (self.folder / MARK).is_file()):
            return set()
        words = path.read_text(encoding='utf-8', errors='replace').split()
        return {word for word in words if NAMED.fullmatch(word)}

    def rehearse(self, index: int, layout: VideoLayout) -> None:
        """Write the clean video and read it back, once for each size of frames.

        Raises:
            ValueError: Its frames are not the same each time it is decoded, or the
                config's reader does not give the file back.
        """
        if layout.canvas.shape[2:] in self._readable:
            return
        video, _ = self._frames(index, layout)
        with tempfile.TemporaryDirectory() as elsewhere:
            path = Path(elsewhere) / f'{index:06d}.mkv'
            write_lossless(path, video.frames, video.fps)
            check_readable(path, video.frames, locate(self.dataset, index)[0].pipeline)
        self._readable.add(layout.canvas.shape[2:])

    def write(self, index: int, layout: VideoLayout, adversarial: Tensor) -> str:
        """Write the whole video on the canvas, its sampled frames replaced; returns its name."""
        video, positions = self._frames(index, layout)
        video.frames[positions] = adversarial.cpu().permute(1, 2, 3, 0).numpy()
        name = self.names[index]
        if video.boxes is not None:
            write_boxes(self.folder / name, video.boxes)
        write_lossless(self.folder / name, video.frames, video.fps)
        return name

    def read(self, index: int, layout: VideoLayout) -> Tensor:
        """The sampled frames (C, T, H, W) of the saved video.

        Raises:
            ValueError: The file is of another length or size than the video on the canvas.
        """
        clean, positions = self._frames(index, layout)
        path = self.folder / self.names[index]
        frames = read_video(path)[0]
        shape = clean.frames.shape
        require(frames.shape == shape, str(path), f'of shape {shape}', frames.shape)
        return torch.from_numpy(frames[positions]).permute(3, 0, 1, 2)

    def finish(self, rows: list[dict[str, Any]]) -> None:
        """Write the list: name and label of every video."""
        lines = annotation_lines([row for row in rows if self.key in row])
        with replacing(self.folder / LIST) as temporary:
            temporary.write_text(lines, encoding='utf-8')

    def _frames(self, index: int, layout: VideoLayout) -> tuple[FullVideo, Any]:
        """The clean video, and the places of the sampled frames."""
        leaf, inner = locate(self.dataset, index)
        video = full_video(leaf.pipeline, leaf.get_data_info(inner))
        positions = layout.frame_indices.numpy() - video.start
        clean = layout.canvas.permute(1, 2, 3, 0).numpy()
        if not np.array_equal(video.frames[positions], clean):
            raise ValueError(f'save_adv: video {index}: the decoder returns other frames each time')
        return video, positions


def annotation_lines(rows: Sequence[Mapping[str, Any]]) -> str:
    """Saved videos as ``VideoDataset`` lists them; its class of a video without one is -1."""
    labels = [-1 if row['label'] is None else row['label'] for row in rows]
    return ''.join(f'{row["video"]} {n}\n' for row, n in zip(rows, labels, strict=True))
