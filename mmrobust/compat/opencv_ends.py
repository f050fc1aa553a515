"""``OpenCVDecode`` looks for the end of a video that was cut short, frame after frame.

Where a frame cannot be read it takes the one before, and for each it goes to a place in the file
and decodes from the keyframe there: minutes for one video, for ever if no frame can be read.
"""

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

from mmrobust.compat._base import Break
from mmrobust.compat._imports import find_real, when_imported
from mmrobust.compat._scope import within
from mmrobust.compat.cut_files import missing_bytes


class EndingReader:
    """mmcv's reader of a video that ends early; it looks for the end once.

    Args:
        reader: ``mmcv.VideoReader``.
        path: Of the file.
    """

    def __init__(self, reader: Any, path: str) -> None:
        self.reader, self.path = reader, path
        self.end: int | None = None

    def __len__(self) -> int:
        return len(self.reader)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.reader, name)

    def __getitem__(self, index: int) -> Any:
        """The frame, or None behind the end; the caller then asks for the one before.

        Raises:
            ValueError: No frame can be read.
        """
        if self.end is not None and index >= self.end:
            return None
        frame = self.reader[index] if index >= 0 else None
        if frame is None:
            self.end = self._search(max(0, index))
            if not self.end:
                raise ValueError(f'{self.path} must hold frames, got none that can be decoded')
        return frame

    def _search(self, unreadable: int) -> int:
        """How many frames can be read, by halving."""
        low, high = 0, unreadable
        while low < high:
            middle = (low + high) // 2
            if self.reader[middle] is None:
                high = middle
            else:
                low = middle + 1
        return low


def ending(transform: Callable[[Any, dict[str, Any]], Any]) -> Callable[..., Any]:
    """``OpenCVInit``'s transform, with another reader of files that were cut short."""

    @functools.wraps(transform)
    def init(self: Any, results: dict[str, Any]) -> Any:
        found = transform(self, results)
        if missing_bytes(found['new_path']):
            found['video_reader'] = EndingReader(found['video_reader'], str(found['filename']))
        return found

    return init


class EarlyEnds(Break):
    """mmaction2's OpenCV decoder with videos that were cut short."""

    name = 'OpenCVDecode and videos that were cut short'
    symptom = 'no end within minutes'
    remedy = 'the last frame that can be read is looked for once'
    changes_behaviour = True

    def detect(self) -> bool:
        """Always with MMAction2."""
        return find_real('mmaction') is not None

    def heal(self) -> None:
        """Wait for MMAction2's decoding."""
        when_imported('mmaction.datasets.transforms.loading', self._patch)

    def _patch(self, module: ModuleType) -> None:
        init = module.__dict__['OpenCVInit']
        init.transform = within(init.transform, ending(init.transform))
        self.note()
