"""Annotations of skeletons: pickles that are read as data, and what MMAction2 would misread.

Its ``PoseDataset`` unpickles whatever a file says. A file with splits but no split in the config
becomes a data set of the two words 'split' and 'annotations', and a misspelt split ends in a
bare ``KeyError``.
"""

import functools
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

from mmrobust.compat._base import Break
from mmrobust.compat._imports import find_real, when_imported
from mmrobust.compat._scope import within


def check_tracks(dataset: Any) -> None:
    """Check the annotation file of a ``PoseDataset``.

    Raises:
        ValueError: It would run code, or has no such split, or no list of tracks.
    """
    from mmrobust.compat.data_pickles import read_tracks
    from mmrobust.functional.checks import require

    path, split = dataset.ann_file, dataset.split
    require(str(path).endswith('.pkl'), 'ann_file', 'a pickle, .pkl', path)
    found = read_tracks(path)
    if isinstance(found, Mapping):
        splits, keys = found.get('split'), sorted(map(str, found))
        sound = isinstance(splits, Mapping) and isinstance(found.get('annotations'), list)
        require(sound, path, 'a dict of split and annotations, or a list', keys)
        assert isinstance(splits, Mapping)
        names = ', '.join(sorted(map(str, splits)))
        require(split in splits, 'split', f'one of those of {path} ({names})', split)
        found = found['annotations']
    else:
        require(split is None, 'split', f'None: {path} has no splits', split)
    listed = isinstance(found, list) and all(isinstance(one, Mapping) for one in found)
    require(listed, path, 'a list of one dict for each track', type(found).__name__)


def checked(load: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """``load_data_list`` of the data set, after a look at its file."""

    @functools.wraps(load)
    def loader(self: Any) -> Any:
        from mmengine import fileio

        # What says that there is none is the data set's own.
        if fileio.exists(self.ann_file):
            check_tracks(self)
        return load(self)

    return loader


class CodeInTracks(Break):
    """MMAction2 with annotations of skeletons that run code or lack the split."""

    name = 'mmaction2 and annotations of skeletons'
    symptom = "KeyError: 'xsub_val'; the code that a pickle holds is run"
    remedy = 'read as data alone; a split that is not there is named with those that are'
    changes_behaviour = True

    def detect(self) -> bool:
        """Always with MMAction2: every release unpickles what it is given."""
        return find_real('mmaction') is not None

    def heal(self) -> None:
        """Wait for the data set."""
        when_imported('mmaction.datasets.pose_dataset', self._patch)

    def _patch(self, module: ModuleType) -> None:
        kind = module.__dict__['PoseDataset']
        load = kind.load_data_list
        kind.load_data_list = within(load, checked(load))
        self.note()
