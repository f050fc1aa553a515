"""What can be said of a config's model before it is built."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# Packages of OpenMMLab that register parts of MMPose's and MMAction2's models, and what
# installs them beside mmcv-lite.
INSTALL = {
    'mmpretrain': 'pip install "mmpretrain>=1.2"',
    'mmdet': 'pip install --no-deps "mmdet>=3.0,<3.4"',
}


def check_model(model: Any, config: str = 'the config') -> None:
    """Refuse in one line a model that cannot be built, or that has no test path of its own.

    Args:
        model: The config's ``model``; one that is built already has nothing to check.
        config: What the config is, for messages.

    Raises:
        ModuleNotFoundError: A part of it is registered by a package that is not installed.
        ValueError: It is a distiller of DWPose, whose student is what is deployed.
    """
    check_packages(model, config)
    if isinstance(model, Mapping) and model.get('type') == 'DWPoseDistiller':
        raise ValueError(
            'model.type must be a model that is tested, got DWPoseDistiller, which is for training '
            f"alone: take its student's config, {_student(model)}, with weights that MMPose's "
            'tools/misc/pth_transfer.py takes out of a checkpoint of the distiller'
        )


def check_packages(model: Any, config: str = 'the config') -> None:
    """Refuse in one line a model that no package is installed for, to be tested or trained.

    Args:
        model: The config's ``model``.
        config: What the config is, for messages.

    Raises:
        ModuleNotFoundError: A part of it is registered by a package that is not installed.
    """
    for place, package in _packages(model, 'model'):
        if package in INSTALL and find_spec(package) is None:
            raise ModuleNotFoundError(
                f'{place} of {config} needs the package {package}, which is not installed: '
                f'{INSTALL[package]}'
            )


def _packages(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """Places of types that are looked up in a package of their own, and the packages."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in ('type', '_scope_') and isinstance(inner, str):
                package, dot, _ = inner.partition('.')
                if dot or key == '_scope_':
                    yield f'{place}.{key}={inner!r}', package
            else:
                yield from _packages(inner, f'{place}.{key}')
    elif isinstance(value, (list, tuple)):
        for number, inner in enumerate(value):
            yield from _packages(inner, f'{place}.{number}')


def _student(model: Mapping[str, Any]) -> str:
    """The config of a distiller's student, where MMPose has installed it."""
    named = str(model.get('student_cfg'))
    found = find_spec('mmpose')
    folders = (found.submodule_search_locations or []) if found else []
    installed = [path for folder in folders if (path := Path(folder, '.mim', named)).is_file()]
    return str(installed[0] if installed else named)
