"""Corruptions by name: presets that the package ships, files, and kinds alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mmrobust.corruptions import Clip, Corruption, Draws
from mmrobust.corruptions.base import snake
from mmrobust.corruptions.codec import MissingEncoderError
from mmrobust.corruptions.cues import Cue
from mmrobust.corruptions.tracks import TrackCorruption
from mmrobust.functional.checks import one_line, require, suggestion
from mmrobust.io.configs import SUFFIXES, read_config, shipped
from mmrobust.registry import CORRUPTIONS, CUES, TRACK_CORRUPTIONS

Kind = Corruption | Cue | TrackCorruption


def corruptions_of(given: Sequence[str | Mapping[str, Any]]) -> list[Kind]:
    """The kinds that are asked for, of frames, of scenes and of skeletons, in order.

    Args:
        given: Presets (``imagenet_c``, ``cue``, ``skeleton``), config files that define
            ``corruptions``, kinds (``fog``, ``Fog``, ``action_swap``), or configs of kinds.

    Raises:
        OSError: There is no such file.
        ValueError: There is no such preset or kind, an option is wrong, or two are called alike.
    """
    found = [_built(dict(config)) for one in given for config in _configs(one)]
    require(bool(found), '--corruptions', 'at least one kind', list(given))
    names = [kind.name for kind in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    require(not twice, '--corruptions', 'each kind once', ', '.join(twice))
    return found


def _built(config: dict[str, Any]) -> Kind:
    name = str(config.get('type')).removeprefix('mmrobust.')
    others = (registry for registry in (CUES, TRACK_CORRUPTIONS) if name in registry.names())
    found: Kind = next(others, CORRUPTIONS).build(config)
    return found


def cannot_be_made(kind: Kind) -> str | None:
    """Which package or encoder a kind lacks here; None where it lacks none."""
    if not isinstance(kind, Corruption):
        return None
    clip = Clip(np.full((4, 64, 64, 3), 127, np.uint8))
    try:
        kind(clip, 1, Draws(0, kind.name, 0))
    except (ImportError, MissingEncoderError) as error:
        return one_line(error)
    except ValueError:
        # Of the probe, which is as short as it is small.
        return None
    return None


def _configs(given: str | Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if not isinstance(given, str):
        require(isinstance(given, Mapping), 'corruptions', 'names or dicts of options', given)
        return [given]
    if given.endswith(SUFFIXES):
        return _defined(read_config(given, '--corruptions'), given)
    word = given.lower().replace('-', '_')
    if word in presets():
        from mmengine.config import Config

        return _defined(Config.fromfile(presets()[word]), given)
    names = CORRUPTIONS.names() | CUES.names() | TRACK_CORRUPTIONS.names()
    kinds = {snake(name): name for name in names}
    kind = kinds.get(word, given if given in names else None)
    if kind is None:
        hint = suggestion(given, {*presets(), *kinds})
        raise ValueError(f'unknown corruption {given!r}: {hint}')
    return [{'type': kind}]


def _defined(config: Any, where: str) -> list[Mapping[str, Any]]:
    listed = config.get('corruptions')
    known = isinstance(listed, list) and all(isinstance(one, Mapping) for one in listed)
    require(
        known,
        f'--corruptions {where}',
        'a file that defines `corruptions = [dict(type=...)]`',
        listed,
    )
    return list(listed)


def presets() -> dict[str, Path]:
    """The presets of the package, by name."""
    folders = ('corruptions', 'cues', 'track_corruptions')
    return {name: path for folder in folders for name, path in shipped(folder).items()}
