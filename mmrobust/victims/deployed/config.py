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


def deployed_model(model: Mapping[str, Any], given: str) -> dict[str, Any]:
    """The config of a model whose network is foreign.

    Data preprocessor, head, averaging and decoder stay the config's own. There is no flip test:
    what is deployed looks once.

    Args:
        model: The config's.
        given: Path of a file, whose suffix decides what runs it, or ``module:function``.

    Raises:
        ValueError: No runtime takes the file, or the model is of a kind that none stands for.
    """
    network = {'runtime': runtime_of(given)}
    kind = str(model.get('type')).rpartition('.')[2]
    rule = f'one of {", ".join((*RECOGNIZERS, *TOPDOWN))} for a deployed network'
    require(kind in (*RECOGNIZERS, *TOPDOWN), 'model.type', rule, model.get('type'))
    kept = ['data_preprocessor'] + (['head', 'metainfo'] if kind in TOPDOWN else ['cls_head'])
    found = {name: copy.deepcopy(model[name]) for name in kept if model.get(name) is not None}
    if kind not in TOPDOWN:
        return {'type': 'mmrobust.DeployedRecognizer', 'network': network, **found}
    test_cfg = {**(model.get('test_cfg') or {}), 'flip_test': False}
    return {'type': 'mmrobust.DeployedTopdown', 'network': network, 'test_cfg': test_cfg, **found}


def is_function(given: str) -> bool:
    """Whether it is a function's name, ``module:function``, and no path."""
    module, colon, _ = given.partition(':')
    return bool(colon) and all(word.isidentifier() for word in module.split('.'))


def runtime_of(given: str) -> dict[str, Any]:
    """The config of the runtime that takes a file, or a function."""
    if is_function(given):
        return {'type': 'FunctionRuntime', 'function': given}
    takes: dict[str, str] = {}
    for name, kind in RUNTIMES.everything().items():
        takes |= {suffix: name for suffix in getattr(kind, 'suffixes', ())}
    suffix = Path(given).suffix.lower()
    rule = f'a file of {", ".join(sorted(takes))}, or module:function, for a black box'
    require(suffix in takes, 'CHECKPOINT', rule, given)
    return {'type': takes[suffix], 'path': given}
