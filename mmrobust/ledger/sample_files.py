"""Whether the videos and pictures of a data set are still those that were attacked.

An annotation list may stay while a file that it names is replaced. What a file is, is told
by its size and a few kilobytes of it: a copy and a touched file are the same, and nobody
reads a data set twice to resume a run.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from mmrobust.datasets.wrappers import locate
from mmrobust.ledger.ledger import Ledger, OtherRunError, another_run
from mmrobust.victims.pose.images import Images

# Bytes that are read at the beginning, in the middle and at the end.
PIECE = 4096
# Where MMAction2 and MMPose keep the path of a sample.
PATHS = ('filename', 'img_path', 'frame_dir')


class SampleFiles:
    """Files behind the samples of a run.

    Args:
        samples: The data set, or its :class:`Images`.
    """

    def __init__(self, samples: Any) -> None:
        self.samples = samples

    def path(self, index: int) -> Path | None:
        """The file, or the folder of frames, of a sample; None where it is made of nothing such."""
        dataset = self.samples
        if isinstance(dataset, Images):
            index, dataset = dataset.persons[index][0], dataset.dataset
        leaf, inner = locate(dataset, index)
        if not hasattr(leaf, 'get_data_info'):
            return None
        info = leaf.get_data_info(inner)
        found = next((info[key] for key in PATHS if isinstance(info.get(key), str)), None)
        return None if found is None else Path(found)

    def stamp(self, index: int) -> str | None:
        """What the file of a sample is, in 16 characters; None without a local one."""
        path = self.path(index)
        return None if path is None else stamp(path)

    def check(self, ledger: Ledger, samples: Mapping[int, int] | None = None) -> None:
        """Refuse to go on from lines whose files have other content by now.

        Args:
            ledger: Its entries have the stamp under ``file``.
            samples: Index of a line -> of its sample; None: they are the same.

        Raises:
            OtherRunError: The first such file is named. One that is gone is no other file.
        """
        stamps: dict[int, str | None] = {}
        for line, entry in sorted(ledger.entries.items()):
            known = entry.get('file')
            if known is None:
                continue
            index = line if samples is None else samples[line]
            if index not in stamps:
                stamps[index] = self.stamp(index)
            if stamps[index] not in (None, known):
                changed = f'files of the data: {self.path(index)} has changed'
                raise OtherRunError(another_run(ledger.folder, changed))


def stamp(path: Path) -> str | None:
    """Size and some of a file's bytes, hashed; of a folder, names and sizes."""
    try:
        if path.is_dir():
            with os.scandir(path) as entries:
                pieces = sorted(f'{one.name} {one.stat().st_size}'.encode() for one in entries)
        elif path.is_file():
            pieces = _pieces(path)
        else:
            return None
    except OSError:
        return None
    return _hash(pieces)


def _pieces(path: Path) -> list[bytes]:
    size = path.stat().st_size
    with path.open('rb') as file:
        pieces = [str(size).encode()]
        for place in (0, size // 2, max(0, size - PIECE)):
            file.seek(place)
            pieces.append(file.read(PIECE))
    return pieces


def _hash(pieces: Iterable[bytes]) -> str:
    return hashlib.sha256(b'\n'.join(pieces)).hexdigest()[:16]
