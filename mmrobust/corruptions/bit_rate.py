"""What kinds share that code a video at a part of its own bit rate."""

from typing import Any, ClassVar

from mmrobust.corruptions.clip import Clip
from mmrobust.corruptions.codec import encoded
from mmrobust.corruptions.draws import Draws
from mmrobust.corruptions.stream import StreamCorruption

# Bits a second, below which x264 and x265, which count in thousands, have no bit rate at all.
LEAST = 1000


class BitRateCorruption(StreamCorruption):
    """Coded at the clip's own bit rate, divided.

    ``constants`` are the divisors. A clip without a bit rate is taken to be one of x264 at its
    default rate factor, 23, whichever codec is asked for.
    """

    constants: ClassVar[tuple[int, ...]] = (2, 4, 8, 16, 32)

    def draw(self, clip: Clip, draws: Draws) -> Any:
        """The whole bit rate, bits a second. It is not random, but serves all severities."""
        if clip.bit_rate is not None:
            return clip.bit_rate
        stream = encoded(clip.frames, 'libx264', {'crf': '23'}, clip.rate)
        return 8 * sum(packet.size for packet in stream) * clip.rate / len(clip.frames)

    def options(self, drawing: Any, severity: int) -> dict[str, str]:
        """A mean and a greatest bit rate, and a buffer of a second."""
        rate = str(max(round(drawing / self.constants[severity - 1]), LEAST))
        return {'b': rate, 'maxrate': rate, 'bufsize': rate}
