"""The spec of a study: a config file that says what is studied, and by which class."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

from mmrobust.functional.checks import require, suggestion
from mmrobust.io.configs import find_modules_in, read_config
from mmrobust.studies.study import Study

# What the command line decides.
GIVEN = ('home', 'folder', 'given')


def read_study(
    path: Path,
    folder: Path,
    *,
    overrides: Mapping[str, Any],
    quick: bool = False,
    given: Mapping[str, Path] | None = None,
) -> Study:
    """The study of a spec.

    Args:
        path: A config file with ``study``, the options of a class ``type``, and ``quick``,
            those that a quick run has in their place.
        folder: For everything that is made.
        overrides: Of the spec, by dotted keys.
        quick: Whether it is a quick run.
        given: Name of a source -> the user's folder.

    Raises:
        ValueError: The spec has no study, its class is not found or has no such option, or one
            is missing; the message names the file.
    """
    cfg = read_config(path, 'SPEC')
    cfg.merge_from_dict(dict(overrides))
    spec = cfg.to_dict()
    require('study' in spec, f'SPEC {path}', 'a config with `study`', sorted(spec))
    options = {**spec['study'], **(spec.get('quick', {}) if quick else {})}
    require('type' in options, f'SPEC {path}: study', 'a dict with `type`', sorted(options))
    cls = study_class(options.pop('type'), path)
    known = {each.name for each in fields(cls)} - set(GIVEN)
    for name in options:
        if name not in known:
            raise ValueError(f'SPEC {path}: no option {name!r}: {suggestion(name, known)}')
    try:
        return cls(home=path.resolve().parent, folder=folder, given=given or {}, **options)
    except TypeError as error:
        # An option that is missing, of the study, a victim or a source.
        raise ValueError(f'SPEC {path}: {error}') from error


def study_class(name: str, path: Path) -> type[Study]:
    """The class ``MODULE.CLASS``; its module lies beside the spec, or in a folder above it."""
    module, _, own = name.rpartition('.')
    file = Path(*module.split('.')).with_suffix('.py')
    places = [above for above in path.resolve().parents if (above / file).is_file()]
    where = f'SPEC {path}: type'
    require(bool(places), where, 'MODULE.CLASS of a module beside it or in a folder above', name)
    find_modules_in(places[0])
    found: Any = getattr(importlib.import_module(module), own, None)
    require(isinstance(found, type) and issubclass(found, Study), where, 'a kind of Study', name)
    return cast(type[Study], found)
