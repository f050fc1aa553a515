"""Explains a model's answers on the samples of its test data, one after the other.

Shapes: S are the places of a sample, (T, H, W) of a video or (H, W) of a picture.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import DATASETS, init_default_scope
from torch import Tensor

from mmrobust.corruptions.base import snake
from mmrobust.datasets.wrappers import clipped, leaves
from mmrobust.engine.adversarial_run import AdversarialRun
from mmrobust.engine.built_data import EMPTY, naming_files
from mmrobust.engine.explained_scores import NothingAnnotatedError, ScoreRule
from mmrobust.evaluation.explanations import SIDES, gains
from mmrobust.explanations import Explanation, Question
from mmrobust.explanations.faithfulness import Curves, Faithfulness
from mmrobust.functional.checks import require, suggestion, whole
from mmrobust.functional.randomness import SampleRandom, sample_seed
from mmrobust.registry import EXPLANATIONS
from mmrobust.victims.base import Victim
from mmrobust.victims.bound import BoundVictim
from mmrobust.victims.frozen import frozen
from mmrobust.victims.samples import Failure, Loaded

DEFAULT = ('gradient', 'occlusion', 'random_masks', 'grad_cam')


@dataclass(frozen=True)
class Explained:
    """A sample with its maps.

    Attributes:
        line: What ``explain.json`` says of it.
        pixels: Side (clean, adversarial) -> pixels (C, S), uint8.
        maps: Side -> method -> map (S).
    """

    line: dict[str, Any]
    pixels: dict[str, Tensor] = field(default_factory=dict)
    maps: dict[str, dict[str, Tensor]] = field(default_factory=dict)


def methods_of(
    names: Sequence[str], options: Mapping[str, Any], layer: str | None = None
) -> dict[str, Explanation]:
    """The explanations of those names, with the options that each is given.

    Args:
        names: Of methods.
        options: Name -> its options.
        layer: For every method that takes one, in the place of that of its options.

    Raises:
        ValueError: There is no such method, one is named twice, or has no such option; or no
            method takes the layer.
    """
    known = {snake(name): name for name in EXPLANATIONS.names()}
    for name in [*names, *options]:
        if name not in known:
            raise ValueError(f'unknown explanation {name!r}: {suggestion(name, known)}')
    require(len(set(names)) == len(names), '--method', 'each method once', list(names))
    unused = sorted(set(options) - set(names))
    require(not unused, 'explain', 'options of methods that are used', unused)
    layered = [] if layer is None else [name for name in names if _takes_layer(known[name])]
    if layer is not None and not layered:
        able = [name for name in sorted(known) if _takes_layer(known[name])]
        require(False, '--layer', f'for a --method that takes one ({", ".join(able)})', [*names])
    found = {}
    for name in names:
        given = options.get(name, {})
        require(isinstance(given, Mapping), f'explain.{name}', 'a dict of options', given)
        own = {**given, 'layer': layer} if name in layered else given
        found[name] = EXPLANATIONS.build({'type': known[name], **own})
    return found


def _takes_layer(name: str) -> bool:
    kind = EXPLANATIONS.get(name)
    return kind is not None and 'layer' in inspect.signature(kind).parameters


def dataset_of(cfg: Any) -> Any:
    """The data set of a config's test data.

    Raises:
        ValueError: It cannot be built, or is empty.
    """
    init_default_scope(cfg.get('default_scope') or 'mmaction')
    with naming_files():
        dataset = clipped(DATASETS.build(cfg.test_dataloader.dataset))
    require(len(dataset) > 0, 'test_dataloader.dataset', EMPTY, len(dataset))
    return dataset


class Explainer:
    """A victim and its test data, explained sample by sample.

    Args:
        victim: With its weights.
        dataset: Its test data; its pipeline is changed.
        methods: By name.
        target: See :class:`~mmrobust.engine.explained_scores.ScoreRule`.
        seed: Together with a sample's index decides its random numbers.
        batch: Versions of a sample at once, at least 1.

    Raises:
        ValueError: The victim cannot be explained, or an option is out of range.
    """

    def __init__(
        self,
        victim: Victim,
        dataset: Any,
        methods: Mapping[str, Explanation],
        *,
        target: str,
        seed: int = 0,
        batch: int = 16,
    ) -> None:
        require(whole(seed), '--seed', 'a whole number', seed)
        require(whole(batch, 1), '--batch-size', 'a whole number, at least 1', batch)
        metainfo = getattr(dataset, 'metainfo', None) or {}
        classes = metainfo.get('classes') or ()
        joints = (metainfo.get('keypoint_id2name') or {}).values()
        posed = bool(joints) and hasattr(victim, 'adapter')
        self.rule = ScoreRule(target, victim, [str(n) for n in (joints if posed else classes)])
        for leaf in leaves(dataset):
            victim.install(leaf)
        self.victim, self.methods, self.seed, self.batch = victim, dict(methods), seed, batch
        self.dataset, self.samples = dataset, victim.samples(dataset)
        self.run: AdversarialRun | None = None

    def beside(self, folder: Path) -> None:
        """Explain the adversarial samples of a run beside the clean ones."""
        self.run = AdversarialRun(folder, self.victim, self.dataset, self.samples)

    def explain(self, index: int) -> Explained | Failure:
        """Explain one sample."""
        item = self.samples[index]
        if isinstance(item, Failure):
            if item.refused:
                raise ValueError(item.error)
            return item
        loaded: Loaded = self.victim.collate(pseudo_collate)([item])
        ((_, bound, clean),) = self.victim.batches(loaded)
        (name,), (layout,) = loaded.names, loaded.layouts
        shown = {SIDES[0]: clean}
        if self.run is not None:
            changed = self.run.pixels(index, name, layout)
            shown |= {} if changed is None else {SIDES[1]: changed.to(clean.device)}
        found = Explained({'index': index, 'name': name})
        labels = self.victim.labels(loaded.data)
        try:
            with frozen(bound.model):
                for side, pixels in shown.items():
                    found.pixels[side] = pixels[0].cpu()
                    found.line[side], found.maps[side] = self._side(index, bound, pixels, labels)
        except NothingAnnotatedError as error:
            return Failure(name, str(error))
        return found

    def _side(
        self, index: int, bound: BoundVictim, pixels: Tensor, labels: Any
    ) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """The line of one version of a sample, and its maps."""
        with torch.no_grad():
            outputs = bound(pixels.float())
        question = Question(bound, pixels, self.rule.score(labels, outputs), batch=self.batch)
        trial = Faithfulness(question)
        random = trial.at_random(self._random(index, 'orders'))
        line: dict[str, Any] = {
            'target': question.score_of.name,
            'share': float(question.score_of.share(outputs)),
            'chance': question.score_of.chance(outputs),
            # Nothing of the sample is left but its mean colour.
            'baseline': float(random.deletion[-1]),
            'random': _curves(random),
            'methods': {},
        }
        maps = {}
        for name, method in self.methods.items():
            # The same numbers for the clean and for the adversarial sample.
            maps[name] = method.map(question, self._random(index, name)).detach().float().cpu()
            curves = trial.of_map(maps[name], self._random(index, f'{name}/order'))
            line['methods'][name] = {
                **_curves(curves),
                **gains(curves.areas, random.areas),
                'empty': not bool((maps[name] > 0).any()),
            }
        return line, maps

    def _random(self, index: int, label: str) -> torch.Generator:
        own = SampleRandom.from_seeds([sample_seed(self.seed, index)])
        return own.fork(label).generators[0]


def _curves(curves: Curves) -> dict[str, Any]:
    return {
        'deletion': curves.deletion.tolist(),
        'insertion': curves.insertion.tolist(),
        'areas': curves.areas,
    }
