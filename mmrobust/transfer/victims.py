"""The recognisers of a transfer run: loaded, and checked for what they can do."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from mmrobust.engine.models import load_model
from mmrobust.engine.victims import victim_kind
from mmrobust.flow.estimator import FlowEstimator
from mmrobust.functional.checks import require, suggestion
from mmrobust.io.configs import read_config
from mmrobust.ledger.provenance import file_sha256
from mmrobust.transfer.spec import Recipe, TransferSpec
from mmrobust.victims.action.victim import ActionVictim
from mmrobust.victims.samples import Loaded
from mmrobust.victims.skeleton.victim import SkeletonVictim

Victims = dict[str, ActionVictim]


def missing_gradient(model: nn.Module) -> str | None:
    """The flow estimator in ``model`` that stops gradients; None if there is none."""
    if getattr(model, 'attack_stream', None) == 'rgb':
        return None  # its gradient does not come through the motion stream
    for module in model.modules():
        estimator = getattr(module, 'flow_estimator', None)
        if isinstance(estimator, FlowEstimator):
            passes = estimator.differentiable or estimator.backward is not None
            if not passes:
                return type(estimator).__name__
    return None


def victim_config(name: str, recipe: Recipe) -> Any:
    """The recipe's config, its overrides merged in.

    Raises:
        OSError: The config does not exist.
        ValueError: It cannot be read, or an override names nothing in it.
    """
    cfg = read_config(recipe.config, f'victims.{name}: config')
    for key in recipe.overrides:
        word = key.split('.')[0]
        if word not in cfg:
            known = suggestion(word, cfg.keys())
            raise ValueError(f'victims.{name}.overrides: the config has no key {word!r}: {known}')
    cfg.merge_from_dict(recipe.overrides)
    return cfg


def load_victims(spec: TransferSpec, device: torch.device | str) -> Victims:
    """The spec's sources and targets by name.

    Raises:
        OSError: A config does not exist.
        ValueError: A config, a checkpoint or an override does not fit, or a
            source has no gradient.
    """
    found: Victims = {}
    for name in spec.used:
        cfg = victim_config(name, spec.victims[name])
        try:
            model = load_model(cfg, spec.victims[name].checkpoint, device=device)
            stopped_by = missing_gradient(model)
            found[name] = _victim(model, cfg, spec.space)
        except Exception as error:
            # Models refuse their options by whatever class of error comes to their minds.
            text = str(error) or type(error).__name__
            raise ValueError(f'victims.{name}: {text}') from error
        if stopped_by and name in spec.sources:
            raise ValueError(
                f'sources: {name!r} has no gradient to craft clips with: its flow is by '
                f'{stopped_by}, without backward=...; leave it to the targets'
            )
    return found


def _victim(model: nn.Module, cfg: Any, space: Any) -> ActionVictim:
    """A recogniser in the space of the run; one of skeletons with its own test pipeline."""
    if victim_kind(type(model), cfg) != 'SkeletonVictim':
        return ActionVictim(model, space=space)
    given = cfg.get('victim') or {}
    rule = 'none in a transfer run: each stream is a victim of its own'
    require('streams' not in given, 'victim.streams', rule, given.get('streams'))
    options = {key: given[key] for key in ('unit', 'body') if key in given}
    victim = SkeletonVictim(model, space=space, **options)
    victim.look_by(cfg, 'config')
    return victim


def shown_to(victim: ActionVictim, loaded: Loaded) -> dict[str, Any]:
    """The batch as a victim's own test step takes it."""
    if not victim.looks_apart:
        return loaded.data
    inputs = [victim.render(layout, layout.pixels()) for layout in loaded.layouts]
    return loaded.data | {'inputs': inputs}


def describe_victims(spec: TransferSpec) -> dict[str, dict[str, Any]]:
    """Where the victims come from, with the hash of their weights."""
    return {
        name: {
            'config': spec.victims[name].config,
            'checkpoint': spec.victims[name].checkpoint,
            'checkpoint_sha256': file_sha256(spec.victims[name].checkpoint),
            'overrides': spec.victims[name].overrides,
        }
        for name in spec.used
    }
