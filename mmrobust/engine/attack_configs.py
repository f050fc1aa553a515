"""Attacks by their usual names: those of the configs that the package ships, or of classes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmrobust.attacks import Attack
from mmrobust.functional.checks import require, shown, suggestion
from mmrobust.io.configs import SUFFIXES, read_config
from mmrobust.io.configs import shipped as shipped_configs
from mmrobust.registry import ATTACKS, find


def check_attack(attack: object) -> None:
    """Raise ValueError unless ``attack`` is what Python callers may give: no class of one."""
    if not isinstance(attack, Attack | str | Mapping):
        cls = attack.__name__ if isinstance(attack, type) else None
        got = f'the class {cls}: {cls}() makes an attack of it' if cls else shown(attack)
        raise ValueError(f'attack must be an attack, a dict of options or a name, got {got}')


def config_of(attack: object) -> Any:
    """What builds an attack of a Python caller's again, in another place.

    Raises:
        ValueError: It is no attack, or one of a class that nothing knows by its name.
    """
    check_attack(attack)
    if not isinstance(attack, Attack):
        return attack
    kind = type(attack)
    rule = 'of a class with @ATTACKS.register_module(), to be built again'
    require(ATTACKS.get(kind.__name__) is kind, 'attack', rule, kind.__name__)
    return attack.config()


def attack_config(attack: Any, where: str = 'attack') -> dict[str, Any]:
    """An attack's config, however it is given.

    Args:
        attack: A config; or a string: a registered class as it is spelt (``Square``, with its
            own defaults), else in any case a shipped config (``square``, with the paper's
            settings) or a class, or a file that defines ``attack``. The ``type`` of a config
            may name a shipped config, too, whose options it then changes.
        where: What gave it, for messages.

    Raises:
        OSError: There is no such file.
        ValueError: There is no such attack, or it is none of these.
    """
    if isinstance(attack, str):
        if not attack.endswith(SUFFIXES):
            return named(attack)
        loaded = read_config(attack, where)
        if 'attack' not in loaded:
            raise ValueError(f'{where} {attack} must define `attack = dict(type=...)`')
        return attack_config(loaded.attack, f'{where} {attack}: attack')
    require(isinstance(attack, Mapping), where, 'a dict of options or a name', attack)
    config = attack.to_dict() if hasattr(attack, 'to_dict') else dict(attack)
    kind = config.pop('type', None)
    if kind is None:
        raise ValueError(f'{where} must have a type, got {shown(config)}')
    require(isinstance(kind, str | type), f'{where}.type', 'a name or a class', kind)
    return _merged(named(kind) if isinstance(kind, str) else {'type': kind}, config)


def check_options(used: Mapping[str, Any], given: Mapping[str, Any], where: str) -> None:
    """Refuse options that stand in a file with the file's name.

    What a command line has changed, it is known to say itself.

    Args:
        used: The attack's config, with all changes.
        given: As the file has it.
        where: The file; '' where the options stand in none.

    Raises:
        ValueError: An option is unknown or out of range, in both.
    """
    refusal = _refusal(used) if where else None
    if refusal is not None and refusal == _refusal(given):
        raise ValueError(f'{where}: {refusal}')


def _refusal(config: Mapping[str, Any]) -> str | None:
    """Why an attack cannot be built; None if it can."""
    options = dict(config)
    # Which goal has these options, the model decides.
    if not (isinstance(goal := options.get('goal'), Mapping) and 'type' in goal):
        options.pop('goal', None)
    try:
        ATTACKS.build(options)
    except ValueError as error:
        return str(error)
    return None


def named(name: str) -> dict[str, Any]:
    """The config of the attack that is called so.

    Raises:
        ValueError: None is.
    """
    from mmengine.config import Config

    plain = name.removeprefix('mmrobust.')
    if plain in ATTACKS.names() or '.' in plain:
        find(ATTACKS, name)
        return {'type': name}
    word = _plain(name)
    for known, path in shipped().items():
        if word == _plain(known):
            config: dict[str, Any] = Config.fromfile(path).attack.to_dict()
            return config
    classes = {known.lower(): known for known in ATTACKS.names()}
    if word.replace('_', '') in classes:
        return {'type': classes[word.replace('_', '')]}
    raise ValueError(f'unknown attack {name!r}: {suggestion(name, {*shipped(), *ATTACKS.names()})}')


def _plain(name: str) -> str:
    return name.lower().replace('-', '_')


def shipped() -> dict[str, Path]:
    """The attack configs of the package, by name; none where it came without its configs."""
    return shipped_configs('attacks')


def _merged(base: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """``base`` with other values; a noun of another type takes none of its options along."""
    found = dict(base)
    for key, value in changes.items():
        old = found.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            kind = old.get('type')
            value = _merged(dict(old), value) if value.get('type', kind) == kind else value
        found[key] = value
    return found
