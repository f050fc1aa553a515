"""Robustness cards and what they hold: configs, and finished cards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmrobust.evaluation.card import SCHEMA
from mmrobust.functional.checks import require, suggestion
from mmrobust.io.configs import SUFFIXES, read_config, shipped

KEYS = (
    *('corruptions', 'severities', 'control', 'attacks', 'attacks_on_videos', 'max_samples'),
    'left_out',
)
FILE = 'card.json'
# The folder of a card's run of corruptions; attacks have folders of their names.
CORRUPTIONS = 'corruptions'


def card_config(name: str) -> dict[str, Any]:
    """What a card is to hold.

    Args:
        name: ``standard``, ``quick``, or a config file that defines ``card``.

    Raises:
        OSError: There is no such file.
        ValueError: It is none of these, or has an option that nothing reads.
    """
    if name.endswith(SUFFIXES):
        config = read_config(name, '--card')
    else:
        known = shipped('cards')
        require(name in known, '--card', f'a config file, or one of {", ".join(known)}', name)
        from mmengine.config import Config

        config = Config.fromfile(known[name])
    card = config.get('card')
    require(
        isinstance(card, Mapping), f'--card {name}', 'a file that defines `card = dict(...)`', card
    )
    found = card.to_dict() if hasattr(card, 'to_dict') else dict(card)
    for key in found:
        if key not in KEYS:
            raise ValueError(f'--card {name}: no key {key!r}: {suggestion(key, KEYS)}')
    for key in ('corruptions', 'severities'):
        require(isinstance(found.get(key), list), f'card.{key}', 'a list', found.get(key))
    for key in ('attacks', 'attacks_on_videos'):
        options = found.setdefault(key, {})
        require(isinstance(options, Mapping), f'card.{key}', 'attacks by name', options)
    reasons = found.setdefault('left_out', {})
    told = isinstance(reasons, Mapping) and all(isinstance(why, str) for why in reasons.values())
    require(told, 'card.left_out', 'reasons by what is left out', reasons)
    return found


def read_card(folder: str | Path) -> dict[str, Any]:
    """A finished card.

    Args:
        folder: The card's work directory, or the path of its ``card.json``.

    Raises:
        OSError: There is no such file.
        ValueError: It is no card, or of another schema.
    """
    path = Path(folder)
    path = path / FILE if path.is_dir() else path
    if not path.is_file():
        raise FileNotFoundError(
            f'{path} does not exist: is {folder} the folder of a finished card?'
        )
    try:
        found = json.loads(path.read_text(encoding='utf-8'))
    except (ValueError, RecursionError) as error:
        raise ValueError(f'{path} must be a card in JSON: {error}') from error
    schema = found.get('schema') if isinstance(found, dict) else None
    require(schema == SCHEMA, f'{path}: schema', repr(SCHEMA), schema)
    return dict(found)
