"""Videos that were cut short: a download that broke off, a disk that was full.

MP4, Matroska and AVI say at their beginning how long they are. What decoders make of a file that
ends before is their own: some stop, some return the last frame again and again, decord crashes
on AVI.
"""

import os
import struct
from typing import BinaryIO

# Boxes that an MP4 or MOV file begins with.
BOXES = (b'ftyp', b'moov', b'mdat', b'free', b'skip', b'wide', b'styp')
EBML, SEGMENT = 0x1A45DFA3, 0x18538067


def missing_bytes(path: str) -> int:
    """By how much a file is shorter than it says; 0 where it is whole, or does not say."""
    whole = os.path.getsize(path)
    with open(path, 'rb') as file:
        start = file.read(12)
        file.seek(0)
        if start[:4] == b'RIFF' and len(start) >= 8:
            said = _riff_length(start)
        elif start[4:8] in BOXES:
            said = _box_length(file, whole)
        elif start[:4] == EBML.to_bytes(4, 'big'):
            said = _matroska_length(file)
        else:
            said = 0
    return max(0, said - whole)


def _riff_length(start: bytes) -> int:
    size: int = struct.unpack('<I', start[4:8])[0]
    # Who writes into a pipe leaves it open.
    return 0 if size in (0, 0xFFFFFFFF) else size + 8


def _box_length(file: BinaryIO, whole: int) -> int:
    """The end of the last box that begins inside the file."""
    end = 0
    while end + 8 <= whole:
        file.seek(end)
        size: int = int.from_bytes(file.read(4), 'big')
        file.read(4)
        if size == 1:
            size = int.from_bytes(file.read(8), 'big')
        if size < 8:
            # 0: up to the end of the file.
            return 0
        end += size
    return end


def _number(file: BinaryIO, keep_marker: bool) -> int:
    """A number of Matroska's, as long as its first byte says; -1 for one that is left open."""
    first = file.read(1)
    if not first or not first[0]:
        return -1
    length = 9 - first[0].bit_length()
    value = int.from_bytes(first + file.read(length - 1), 'big')
    if keep_marker:
        return value
    value -= 1 << 7 * length
    return -1 if value == (1 << 7 * length) - 1 else value


def _matroska_length(file: BinaryIO) -> int:
    """The end of the segment, which holds everything but the header."""
    _number(file, keep_marker=True)
    file.seek(max(0, _number(file, keep_marker=False)), os.SEEK_CUR)
    found, size = _number(file, keep_marker=True), _number(file, keep_marker=False)
    return file.tell() + size if found == SEGMENT and size >= 0 else 0
