"""Which config, checkpoint and software a result comes from."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Collection, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import cv2

from mmrobust.corruptions.encoder_versions import encoder_versions
from mmrobust.datasets.raw_pictures import RawPictures
from mmrobust.datasets.raw_videos import RawVideos
from mmrobust.datasets.wrappers import annotations_digest, own_state, parts
from mmrobust.functional.canonical import digest
from mmrobust.ledger.own_sources import own_sources
from mmrobust.version import __version__

PACKAGES = ('mmrobust', 'torch', 'numpy', 'mmengine', 'mmaction2', 'mmpose', 'mmcv', 'mmcv-lite')
DECODERS = ('decord', 'av')
# Options of metrics that name what is written, not what is read.
OUTPUTS = ('out_file_path', 'outfile_prefix')
# A longer text is no path.
MAX_PATH = 4096
# Options of the data loader that change speed, not results.
SPEED = ('batch_size', 'num_workers', 'persistent_workers', 'pin_memory', 'prefetch_factor')


def file_sha256(path: str | Path | None) -> str | None:
    """Hash of a local file; None if there is none."""
    if path is None or not Path(path).is_file():
        return None
    with Path(path).open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()


def versions() -> dict[str, str]:
    """Installed versions of what decides a result."""
    found = {'python': platform.python_version()}
    for name in PACKAGES + DECODERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    # The wheels of OpenCV have several names; flow and some decoding are its work.
    return found | {'opencv': cv2.__version__}


def weights_of(runner: Any) -> str | None:
    """What the model's weights are in: a checkpoint, a deployed file, or a function's name."""
    runtime = _runtime(runner)
    return runner._load_from if runtime is None else str(getattr(runtime, 'path', runtime.says))


def _runtime(runner: Any) -> Any:
    """What runs a deployed network; None of a model of torch."""
    model = getattr(runner, 'model', None)
    model = getattr(model, 'module', model)
    return getattr(getattr(model, 'backbone', None), 'runtime', None)


def model_files(config: Any, skip: Collection[str] = ()) -> dict[str, str]:
    """Hashes of the local files that a config names, such as a flow estimator's weights.

    Args:
        config: Any options, nested at will.
        skip: Options whose files do not count.
    """
    found: dict[str, str] = {}
    left = [config]
    while left:
        part = left.pop()
        if isinstance(part, Mapping):
            left += [item for key, item in part.items() if key not in skip]
        elif isinstance(part, list | tuple):
            left += part
        elif isinstance(part, str | Path) and len(str(part)) < MAX_PATH:
            sha256 = file_sha256(part)
            if sha256:
                found[str(part)] = sha256
    return dict(sorted(found.items()))


def data_files(dataset: Any, config: Any = None) -> dict[str, str]:
    """Hashes of the files that decide what samples are compared with.

    Args:
        dataset: Of it, files that data sets name which keep their annotations in a way of
            their own; the others' are in their ``annotations_digest``.
        config: Of the evaluator: metrics may read annotations themselves.
    """
    return model_files([*map(own_state, parts(dataset)), config], skip=OUTPUTS)


def attack_files(attack: Any) -> dict[str, str | None]:
    """Hashes of the files that decide what an attack does: weights, and code of the user's."""
    named = {str(path): file_sha256(path) for path in attack.files()}
    code = {module: file_sha256(path) for module, path in own_sources(attack).items()}
    return model_files(attack.describe()) | named | code


def _is_raw(dataset: Any) -> bool:
    """Whether raw files are among what is attacked."""
    return any(isinstance(part, RawVideos | RawPictures) for part in parts(dataset))


def fingerprint(loop: Any) -> dict[str, Any]:
    """What decides the results of an attack run; a ledger is resumed only under the same."""
    found = {
        'attack': loop.attack.describe(),
        'files of the attack': attack_files(loop.attack),
        'space': loop.victim.space,
    } | _measured(loop)
    if loop.surrogate is not None:
        found['surrogate'] = loop.surrogate.describe()
    return found


def corruption_fingerprint(loop: Any) -> dict[str, Any]:
    """What decides the results of a corruption run."""
    kinds = {kind.name: kind.describe() | {'constants': kind.constants} for kind in loop.kinds}
    found: dict[str, Any] = {'corruptions': kinds, 'severities': list(loop.severities)}
    found |= {'control': True} if loop.cells.control else {}
    found |= {'cues': {cue.name: cue.describe() for cue in loop.cues}} if loop.cues else {}
    code = own_sources(*loop.kinds, *loop.cues)
    if code:
        found['files of the corruptions'] = {name: file_sha256(path) for name, path in code.items()}
    if any(kind.level == 'stream' for kind in loop.kinds):
        found['encoders'] = encoder_versions()
    return found | _measured(loop)


def _measured(loop: Any) -> dict[str, Any]:
    """Model, data and evaluator of a run, whatever is done to its samples."""
    runner = loop.runner
    data = dict(runner.cfg.get('test_dataloader') or {})
    # How much memory is used decides nothing; the space is named by itself.
    options = {k: v for k, v in loop.options.items() if k not in ('memory_limit', 'space')}
    for name in SPEED:
        data.pop(name, None)
    raw = _is_raw(loop.dataloader.dataset)
    boxes = raw and bool((data.get('dataset') or {}).get('boxes'))
    if raw and 'dataset' in data:
        # Which files the words led to decides, not the words.
        data['dataset'] = {k: v for k, v in data['dataset'].items() if k != 'inputs'}
    weights, runtime = weights_of(runner), _runtime(runner)
    code = {} if runtime is None else own_sources(*vars(runtime).values())
    known = ('input files or boxes' if boxes else 'input files') if raw else 'annotations'
    return {
        'checkpoint': file_sha256(weights) or weights,
        'model config': digest(runner.cfg.get('model')),
        'files of the model': model_files(runner.cfg.get('model')),
        'OpenCV': versions().get('opencv'),
        'data config': digest(data),
        known: annotations_digest(loop.dataloader.dataset),
        'files of the data': data_files(loop.dataloader.dataset, runner.cfg.get('test_evaluator')),
        'evaluator config': digest(runner.cfg.get('test_evaluator')),
        'victim options': digest(options),
        'files of the victim': model_files(options),
        'seed': loop.settings.seed,
        'fp16': loop.fp16,
        'mmrobust version': __version__,
        **({} if runtime is None else {'runtime': dict(runtime.versions)}),
        **({'files of the function': {k: file_sha256(v) for k, v in code.items()}} if code else {}),
    }
