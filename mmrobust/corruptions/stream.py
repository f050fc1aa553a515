"""What kinds that code a video once more share."""

from abc import abstractmethod
from typing import Any, ClassVar, Literal

from mmrobust.corruptions.base import Corruption
from mmrobust.corruptions.clip import Clip, Frames
from mmrobust.corruptions.codec import decoded, encoded


class StreamCorruption(Corruption):
    """All frames of a file, coded and decoded.

    Attributes:
        encoder: FFmpeg's name of it. Where FFmpeg was built without, the first use raises
            :class:`~mmrobust.corruptions.codec.MissingEncoderError`, and
            :func:`~mmrobust.corruptions.codec.has_encoder` tells beforehand.
    """

    group: ClassVar[str] = 'stream'
    level: ClassVar[Literal['frame', 'clip', 'order', 'stream']] = 'stream'
    place: ClassVar[Literal['canvas', 'raw']] = 'raw'
    encoder: ClassVar[str]

    @abstractmethod
    def options(self, drawing: Any, severity: int) -> dict[str, str]:
        """What the encoder is told, as the ``ffmpeg`` command takes it."""

    def apply(self, clip: Clip, drawing: Any, severity: int) -> Frames:
        """The frames as they come out of the decoder."""
        options = self.options(drawing, severity)
        packets = encoded(clip.frames, self.encoder, options, clip.rate)
        return decoded(packets, self.encoder, clip.frames)
