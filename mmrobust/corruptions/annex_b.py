"""Units of an H.264 stream in the form of its annex B (ITU-T H.264): each behind a start code."""

import re

# Kinds of units that hold part of a picture: a slice, and one of a picture that needs no other.
SLICES = (1, 5)
_START = re.compile(rb'\x00?\x00\x00\x01')


def units(data: bytes) -> list[bytes]:
    """The units with their start codes; joined, they are the data again."""
    starts = [match.start() for match in _START.finditer(data)]
    return [data[start:end] for start, end in zip(starts, [*starts[1:], len(data)], strict=True)]


def header(unit: bytes) -> int:
    """Where the byte behind the start code lies."""
    return unit.index(b'\x01') + 1


def kind(unit: bytes) -> int:
    """The number of the unit's type, 0 to 31."""
    return unit[header(unit)] & 31
