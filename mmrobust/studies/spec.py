"""The spec of a study: a config file that says what is studied, and by which class."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

from mmengine.config import Config

from mmrobust.functional.checks import require, suggestion
from mmrobust.io.configs import find_modules_in, read_config
from mmrobust.studies.kinds import check_kinds
from mmrobust.studies.study import Source, Study

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
        overrides: Of the spec, by dotted keys; of a quick run's options, too.
        quick: Whether it is a quick run.
        given: Name of a source -> the user's folder.

    Raises:
        ValueError: The spec has no study, its class is not found or has no such option, one is
            missing or of another kind than its annotation; the message names the file. Or an
            override is of nothing that the run looks at.
    """
    options = _options(path, overrides, quick=quick)
    named = isinstance(options.get('type'), str)
    require(named, f'SPEC {path}: study', 'a dict with `type`, MODULE.CLASS', sorted(options))
    cls = study_class(options.pop('type'), path)
    known = {each.name for each in fields(cls)} - set(GIVEN)
    for name in options:
        if name not in known:
            raise ValueError(f'SPEC {path}: no option {name!r}: {suggestion(name, known)}')
    _check_kinds(cls, options, f'SPEC {path}: study')
    try:
        return cls(home=path.resolve().parent, folder=folder, given=given or {}, **options)
    except TypeError as error:
        # An option that is missing, of the study, a victim or a source.
        raise ValueError(f'SPEC {path}: {error}') from error


def _options(path: Path, overrides: Mapping[str, Any], *, quick: bool) -> dict[str, Any]:
    """The options of the study: the spec's, in a quick run its own, and last what was typed."""
    cfg = read_config(path, 'SPEC')
    parts: dict[str, dict[str, Any]] = {'study': {}, 'quick': {}}
    for key, value in overrides.items():
        word = key.split('.')[0]
        if word not in parts:
            raise ValueError(f'--cfg-options: no key {word!r}: {suggestion(word, parts)}')
        parts[word][key] = value
    for key, value in () if quick else parts['quick'].items():
        require(False, f'--cfg-options {key}', 'given with --quick', value)
    _merge(cfg, parts['quick'])
    spec = cfg.to_dict()
    require('study' in spec, f'SPEC {path}', 'a config with `study`', sorted(spec))
    for word in parts:
        found = spec.get(word, {})
        require(isinstance(found, Mapping), f'SPEC {path}: {word}', 'a dict of options', found)
    has = 'quick' in spec or not quick
    require(has, '--quick', 'used with a spec that has `quick`', str(path))
    study = Config({'study': {**spec['study'], **(spec.get('quick', {}) if quick else {})}})
    _merge(study, parts['study'])
    found = study.to_dict()['study']
    require(isinstance(found, Mapping), '--cfg-options study', 'a dict of options', found)
    return dict(found)


def _merge(cfg: Config, overrides: Mapping[str, Any]) -> None:
    """Each by itself, so that a message can name the one that leads nowhere."""
    for key, value in overrides.items():
        try:
            cfg.merge_from_dict({key: value})
        except (KeyError, TypeError, AttributeError) as error:
            # mmengine tells of its own code, or of what stands there.
            rule = 'a place in the spec where options stand'
            raise ValueError(f'--cfg-options {key} must be {rule}, got {value!r}') from error


def _check_kinds(cls: type[Study], options: Mapping[str, Any], where: str) -> None:
    """Raise ValueError for an option of the study, a victim or a source of another kind."""
    check_kinds(cls, options, where)
    for number, victim in enumerate(options.get('victims', ())):
        check_kinds(cls.victim_type, victim, f'{where}.victims.{number}')
    for name, source in options.get('sources', {}).items():
        check_kinds(Source, source, f'{where}.sources.{name}')


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
