"""Which encoders there are, for the record of a run: another version gives other pixels."""

import re
from functools import cache

import av
import numpy as np

from mmrobust.corruptions.codec import CODECS, encoded, has_encoder


@cache
def encoder_versions() -> dict[str, str]:
    """Name of each encoder that a kind of corruption asks for -> its version, or ``none``.

    x264 and x265 write theirs into their streams; the others are libavcodec's own.
    """
    return {name: _version(name) if has_encoder(name) else 'none' for name in CODECS}


def _version(encoder: str) -> str:
    least = CODECS[encoder].least
    packets = encoded(np.zeros((1, least, least, 3), np.uint8), encoder, {})
    found = re.search(rb'x26[45] [ -~]+?(?= - H\.26)', b''.join(map(bytes, packets)))
    own = 'libavcodec ' + '.'.join(map(str, av.library_versions['libavcodec']))
    return found[0].decode() if found else own
