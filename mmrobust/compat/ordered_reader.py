"""A video read from its start, by PyAV, for whoever expects decord's reader."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]


class Frames:
    """What decord returns for frames: ``asnumpy()`` gives (..., H, W, 3), uint8, RGB."""

    def __init__(self, values: Frame) -> None:
        self.values = values

    def asnumpy(self) -> Frame:
        """The values."""
        return self.values


class OrderedReader:
    """Frames by number, without ever going to a place in the file.

    Args:
        path: Of the video.

    Raises:
        av.FFmpegError: The file cannot be read.
        ValueError: It holds no frame that can be decoded.
    """

    def __init__(self, path: str) -> None:
        import av

        self.path, self.position = path, 0
        with av.open(path) as container:
            stream = container.streams.video[0]
            stream.thread_type = 'AUTO'
            self.fps = float(stream.average_rate or stream.guessed_rate or 0)
            # Containers that are cut for sending do not say how many there are.
            self.count = sum(1 for _ in container.decode(stream))
        if not self.count:
            raise ValueError(f'{path} must hold frames, got none that can be decoded')

    def __len__(self) -> int:
        return self.count

    def get_avg_fps(self) -> float:
        """Frames per second; 0 where the file does not say."""
        return self.fps

    def get_batch(self, indices: Sequence[int]) -> Frames:
        """Frames (n, H, W, 3) of the given numbers, -1 being the last.

        Raises:
            IndexError: A number is outside the video.
        """
        whole = [int(index) + self.count * (index < 0) for index in indices]
        if any(not 0 <= index < self.count for index in whole):
            raise IndexError(f'frames must be among the {self.count} of {self.path}, got {indices}')
        found = dict(self._decoded(set(whole)))
        return Frames(np.stack([found[index] for index in whole]))

    def seek(self, index: int) -> None:
        """Go to a frame, for ``next``."""
        self.position = int(index)

    def next(self) -> Frames:
        """The frame (H, W, 3) at the position, and one further."""
        frame = self.get_batch([self.position]).asnumpy()[0]
        self.position += 1
        return Frames(frame)

    def _decoded(self, wanted: set[int]) -> Iterator[tuple[int, Frame]]:
        import av

        with av.open(self.path) as container:
            stream = container.streams.video[0]
            stream.thread_type = 'AUTO'
            for index, frame in enumerate(container.decode(stream)):
                if index in wanted:
                    picture: Any = frame.to_ndarray(format='rgb24')
                    yield index, picture
                if index == max(wanted):
                    return


def coding(path: str) -> tuple[str, str, bool] | None:
    """Container, codec, and whether frames wait for later ones (B-frames); None for no video."""
    import av

    try:
        with av.open(path) as container:
            context: Any = container.streams.video[0].codec_context
            found = container.format.name, context.name, bool(context.has_b_frames)
    except (av.FFmpegError, IndexError):
        return None
    return found
