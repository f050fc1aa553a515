"""From a config's model, and what is deployed of it, to the config of a black box."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmrobust.functional.checks import require
from mmrobust.registry import RUNTIMES

RECOGNIZERS = ('Recognizer2D', 'Recognizer3D')
TOPDOWN = ('TopdownPoseEstimator',)


def deployed_model(model: Mapping[str, Any], given: str, path: str | None) -> dict[str, Any]:
    """The config of a model whose network is foreign.

    Data preprocessor, head, averaging and decoder stay the config's own. There is no flip test:
    what is deployed looks once.

    Args:
        model: The config's.
        given: ``auto`` (the file's suffix decides), or ``module:function``.
        path: Of the file; None for a function.

    Raises:
        ValueError: No runtime takes the file, or the model is of a kind that none stands for.
    """
    network = {'runtime': runtime_of(given, path)}
    kind = str(model.get('type')).rpartition('.')[2]
    rule = f'one of {", ".join((*RECOGNIZERS, *TOPDOWN))} for a deployed network'
    require(kind in (*RECOGNIZERS, *TOPDOWN), 'model.type', rule, model.get('type'))
    kept = ['data_preprocessor'] + (['head', 'metainfo'] if kind in TOPDOWN else ['cls_head'])
    found = {name: copy.deepcopy(model[name]) for name in kept if model.get(name) is not None}
    if kind not in TOPDOWN:
        return {'type': 'mmrobust.DeployedRecognizer', 'network': network, **found}
    test_cfg = {**(model.get('test_cfg') or {}), 'flip_test': False}
    return {'type': 'mmrobust.DeployedTopdown', 'network': network, 'test_cfg': test_cfg, **found}


def runtime_of(given: str, path: str | None) -> dict[str, Any]:
    """The config of the runtime that takes a file, or a function."""
    if given != 'auto':
        rule = 'auto, or module:function'
        require(':' in given and '://' not in given, '--black-box', rule, given)
        require(path is None, 'CHECKPOINT', f'left out with --black-box {given}', path)
        return {'type': 'FunctionRuntime', 'function': given}
    require(path is not None, 'CHECKPOINT', 'the deployed file with --black-box auto', path)
    assert path is not None
    takes: dict[str, str] = {}
    for name, kind in RUNTIMES.everything().items():
        takes |= {suffix: name for suffix in getattr(kind, 'suffixes', ())}
    suffix = Path(path).suffix.lower()
    require(suffix in takes, 'CHECKPOINT', f'a file of {", ".join(sorted(takes))}', path)
    return {'type': takes[suffix], 'path': path}
