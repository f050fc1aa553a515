"""Frames of videos one by one, in bounded memory.

Shapes: H, W pixels; frames are uint8, BGR (H, W, 3), as OpenCV decodes them.
"""

from __future__ import annotations

import os
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


class FrameReader:
    """Decodes forwards and keeps the last frame: asked for in order, each is decoded once.

    It never seeks, which in many containers leads to other frames. Every process opens
    the video for itself.
    """

    def __init__(self) -> None:
        self._capture: Any = None
        self._owner: tuple[int, str] | None = None
        self._place = -1
        self._frame: NDArray[np.uint8] | None = None

    def __getstate__(self) -> dict[str, Any]:
        # An open video does not travel to another process.
        return {}

    def __setstate__(self, state: dict[str, Any]) -> None:
        FrameReader.__init__(self)

    def read(self, path: str, index: int) -> NDArray[np.uint8]:
        """A copy of frame ``index``, counted from 0.

        Raises:
            ValueError: The video cannot be opened, or ends before.
        """
        owner = (os.getpid(), path)
        if owner != self._owner or index < self._place:
            self._capture, self._owner, self._place = opened(path), owner, -1
        while self._place < index:
            more = self._capture.grab()
            if more and self._place == index - 1:
                more, self._frame = self._capture.retrieve()
            if not more:
                count, self._owner = self._place + 1, None
                raise ValueError(f'frame {index} cannot be decoded, {count} frames can')
            self._place += 1
        assert self._frame is not None
        return self._frame.copy()


def count_frames(path: str) -> tuple[int, int]:
    """Frames that can be decoded, found out by decoding, and how many the file announces.

    (0, 0) for a file that is no video. What a file announces is often wrong; 0 if it does not say.
    """
    try:
        capture = opened(path)
    except ValueError:
        return 0, 0
    announced = int(max(capture.get(cv2.CAP_PROP_FRAME_COUNT), 0))
    count = 0
    while capture.grab():
        count += 1
    return count, announced


def opened(path: str) -> Any:
    """The video, at its start.

    Raises:
        ValueError: It cannot be opened.
    """
    capture = cv2.VideoCapture(path)
    if not capture.isOpened():
        raise ValueError(f'{path} cannot be opened as a video')
    return capture
