"""Which stand-in suits a config, and the options that put it in the place of the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mmrobust.datasets.stand_ins.coco import write_coco
from mmrobust.datasets.stand_ins.h36m import SAMPLES, write_sequences
from mmrobust.datasets.stand_ins.interhand import write_interhand
from mmrobust.datasets.stand_ins.mpii import write_mpii
from mmrobust.datasets.stand_ins.skeletons import write_skeletons
from mmrobust.datasets.stand_ins.videos import write_frames, write_sound, write_video
from mmrobust.functional.checks import require

DATASET = 'test_dataloader.dataset'
# A data set's config, a folder -> its options.
Writer = Callable[[Mapping[str, Any], Path], dict[str, Any]]
WRITERS: dict[str, Writer] = {
    'VideoDataset': write_video,
    'RawframeDataset': write_frames,
    'AudioDataset': write_sound,
    'PoseDataset': write_skeletons,
    'MpiiDataset': write_mpii,
    'InterHand3DDataset': write_interhand,
    'Human36mDataset': write_sequences,
}


class NoStandInError(ValueError):
    """Nothing is written in the format of a data set."""


def stand_in_options(config: Any, folder: Path) -> dict[str, Any]:
    """Write small data in the format of a config's test set.

    Args:
        config: Of MMAction2 or MMPose, with a ``test_dataloader``.
        folder: Where the files go; made if missing.

    Returns:
        Options of the config by dotted keys: with them its stock test runs on one video, track
        or recording, or on one picture of two persons (of hands: of as many as they have).

    Raises:
        NoStandInError: Its data set has another format.
        ValueError: It has no test data.
    """
    require('test_dataloader' in config, 'config', 'one with a test_dataloader', config.filename)
    options = _written(config.test_dataloader.dataset, Path(folder), DATASET)
    files = [value for key, value in options.items() if key.endswith('.ann_file')]
    evaluators = config.get('test_evaluator')
    listed = isinstance(evaluators, list | tuple)
    for number, evaluator in enumerate(evaluators if listed else [evaluators]):
        if evaluator and evaluator.get('ann_file'):
            place = f'test_evaluator.{number}' if listed else 'test_evaluator'
            options[f'{place}.ann_file'] = next(iter(files), '')
    # What waits for a worker longer than it works is read here.
    return options | {
        'test_dataloader.num_workers': 0,
        'test_dataloader.persistent_workers': False,
    }


def _written(dataset: Mapping[str, Any], folder: Path, place: str) -> dict[str, Any]:
    """Options of a data set, or of those that it holds, under ``place``."""
    found: dict[str, Any] = {}
    for number, part in enumerate(dataset.get('datasets', ())):
        found |= _written(part, folder / str(number), f'{place}.datasets.{number}')
    if 'dataset' in dataset:
        found |= _written(dataset['dataset'], folder, f'{place}.dataset')
    if found:
        return found
    folder.mkdir(parents=True, exist_ok=True)
    kind = str(dataset['type']).rpartition('.')[2]
    writer = WRITERS.get(kind) or _of_coco(kind)
    options = writer(dataset, folder)
    if kind == 'Human36mDataset':
        options['indices'] = SAMPLES
    return {f'{place}.{key}': value for key, value in options.items()}


def _of_coco(kind: str) -> Writer:
    """The rest of MMPose's data sets have COCO's format."""
    from mmengine.registry import DATASETS, DefaultScope
    from mmpose.datasets.datasets.base import BaseCocoStyleDataset

    scope = DefaultScope.get_current_instance()
    with DATASETS.switch_scope_and_registry(scope.scope_name if scope else 'mmpose') as registry:
        found = registry.get(kind)
    if found is None:
        # Nobody has registered it, as the stock test will say.
        return lambda dataset, folder: {}
    if not issubclass(found, BaseCocoStyleDataset):
        raise NoStandInError(f'no stand-in has the format of {kind}')
    return write_coco
