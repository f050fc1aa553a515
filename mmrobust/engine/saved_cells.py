"""The folder of a run's corrupted samples, each as a file that the stock test plays."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrobust.datasets.wrappers import locate
from mmrobust.evaluation.corruptions import CLEAN
from mmrobust.functional.checks import require
from mmrobust.io.atomic import remove_leftovers, replacing
from mmrobust.ledger.ledger import Ledger, loaded_json
from mmrobust.ledger.ledger_files import Entry
from mmrobust.ledger.provenance import file_sha256
from mmrobust.victims.cells import CellFiles
from mmrobust.victims.skeleton.track_files import LIST as TRACKS
from mmrobust.victims.skeleton.track_files import (
    TRACK,
    annotation_of,
    read_arrays,
    write_annotations,
)
from mmrobust.visualization.formatting import counted, size

# Says which run the files are from.
MARK, INDEX, LIST = 'corrupted.json', 'index.jsonl', 'annotations.txt'


def cell_folder(cell: str) -> str:
    """``fog_3`` of ``fog/3``."""
    return cell.replace('/', '_')


class SavedCells:
    """A folder for each cell, and an index of all files.

    Args:
        folder: Where to; empty, or of this very run.
        cells: Names of all cells.
        dataset: The data set, or a wrapper.

    Raises:
        ValueError: It holds files of which no run has left word.
    """

    def __init__(self, folder: Path, cells: Sequence[str], dataset: Any) -> None:
        self.folder, self.cells, self.dataset = folder, list(cells), dataset
        self._told = False
        found = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
        # Hidden ones are locks, and probes of other processes.
        others = [name for name in found if not name.startswith('.')]
        rule = 'an empty folder, or that of this very run'
        require(not others or MARK in others, '--save', rule, f'{folder} with {others[:3]}')

    def data_folder(self, index: int) -> str | None:
        """Where the data set of a sample has its pictures, if it says so."""
        leaf, _ = locate(self.dataset, index)
        found: str | None = (getattr(leaf, 'data_prefix', None) or {}).get('img')
        return found or None

    def start(self, ledger: Ledger) -> None:
        """Mark the folder, or remove what a kill has left of this very run.

        Raises:
            ValueError: The files are another run's.
        """
        mark = self.folder / MARK
        if not mark.is_file():
            with replacing(mark) as temporary:
                text = json.dumps(ledger.fingerprint, indent=1) + '\n'
                temporary.write_text(text, encoding='utf-8')
            return
        same = loaded_json(mark) == ledger.fingerprint
        rule = 'an empty folder, or that of this very run'
        require(same, '--save', rule, f'{self.folder} with samples of another run')
        for cell in self.cells:
            for folder in (self.folder / cell_folder(cell)).glob('**/'):
                remove_leftovers(folder, lambda name: True)

    def write(
        self, files: CellFiles, cell: str, frames: NDArray[np.uint8], *, whole: bool
    ) -> dict[str, Any]:
        """Write a sample in one cell; returns ``file``, ``sha256`` and ``bytes``."""
        return self.keep(files.name, cell, partial(files.write, frames=frames, whole=whole))

    def keep(self, name: str, cell: str, write: Callable[[Path], None]) -> dict[str, Any]:
        """Likewise a file of any kind, which ``write`` writes."""
        name = f'{cell_folder(cell)}/{name}'
        path = self.folder / name
        write(path)
        return {'file': name, 'sha256': file_sha256(path), 'bytes': path.stat().st_size}

    def holds(self, entry: Entry) -> bool:
        """Whether the files of all cells of a line are there, as long as they were."""
        made = [cell for cell, found in entry['cells'].items() if 'hole' not in found]
        saved = entry.get('saved') or {}
        return all(cell in saved and self._is_there(saved[cell]) for cell in made)

    def _is_there(self, one: Mapping[str, Any]) -> bool:
        path = self.folder / one['file']
        return path.is_file() and path.stat().st_size == one['bytes']

    def tell(self, entry: Entry, left: int) -> None:
        """Say once, after the first sample, how much the others will take.

        Args:
            entry: Of the sample.
            left: Number of samples to come.

        Raises:
            OSError: There is not as much room.
        """
        if self._told or not entry.get('saved'):
            return
        self._told = True
        own = sum(one['bytes'] for one in entry['saved'].values())
        free = shutil.disk_usage(self.folder).free
        text = f'saving to {self.folder}: {size(own)} for the first sample'
        # The other stream, as progress: a card keeps what its runs print to itself.
        print(
            f'{text}, about {size(own * (left + 1))} for all; {size(free)} are free',
            file=sys.stderr,
            flush=True,
        )
        if own * left > free:
            raise OSError(
                f'--save {self.folder} must have room for about {size(own * left)} more, '
                f'got {size(free)}; --max-samples or fewer kinds or severities take less'
            )

    def finish(self, rows: Sequence[Entry]) -> dict[str, Any]:
        """Write the index, and lists of videos or tracks; returns what the report says of them."""
        lines = [line for row in rows for line in index_lines(row)]
        text = ''.join(json.dumps(line) + '\n' for line in lines)
        _write(self.folder / INDEX, text)
        videos: dict[str, list[str]] = {}
        for line in lines:
            folder, _, name = line['file'].partition('/')
            if name.endswith('.mkv'):
                # VideoDataset's class of a video without one.
                label = -1 if line['label'] is None else line['label']
                videos.setdefault(folder, []).append(f'{name} {label}\n')
        for folder, listed in videos.items():
            _write(self.folder / folder / LIST, ''.join(listed))
        self._join_tracks(lines)
        sizes = {line['file']: line['bytes'] for line in lines}
        return {'folder': str(self.folder), 'files': len(sizes), 'bytes': sum(sizes.values())}

    def _join_tracks(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Of the tracks of each cell one file for ``PoseDataset``."""
        cells: dict[str, list[dict[str, Any]]] = {}
        for line in lines:
            folder, _, name = line['file'].partition('/')
            if name.endswith(TRACK):
                own = annotation_of(self.dataset, line['index'])
                cells.setdefault(folder, []).append(own | read_arrays(self.folder / line['file']))
        for folder, joined in cells.items():
            write_annotations(self.folder / folder / TRACKS, joined)


def index_lines(row: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A line for each file of a sample."""
    found = []
    for cell, one in (row.get('saved') or {}).items():
        kind, severity, control = ([*cell.split('/'), None, None])[:3]
        found.append(
            {'index': row['index'], 'name': row['name'], 'cell': cell, 'kind': kind}
            | {'severity': 0 if cell == CLEAN else int(severity or 0), 'control': bool(control)}
            | {'label': row['cells'][cell].get('label')}
            | one
        )
    return found


def told(saved: Mapping[str, Any]) -> str:
    """What has been saved, in a line."""
    return f'saved: {counted(saved["files"], "file")}, {size(saved["bytes"])}: {saved["folder"]}'


def _write(path: Path, text: str) -> None:
    with replacing(path) as temporary:
        temporary.write_text(text, encoding='utf-8')
