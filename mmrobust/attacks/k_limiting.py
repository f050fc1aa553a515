"""K-limiting attack, with or without extended relations.

"Explainable K-limiting Relational Adversarial Attack on Coordinate Regression"
(slides; no arXiv number is known, nor any public code). Shapes: N samples, P
stands for the axes of one sample's pixels, values 0..255; G groups of outputs.
"""

import copy
from typing import Literal

import torch
from torch import Tensor

from mmrobust.attacks.ascent import ascent
from mmrobust.attacks.gradient_descent import GradientDescent, StepUnit
from mmrobust.functional.checks import finite, require, whole
from mmrobust.functional.randomness import SampleRandom
from mmrobust.functional.relation import READINGS, indicator, jacobian, largest, threshold
from mmrobust.goals import Goal
from mmrobust.registry import ATTACKS
from mmrobust.threats import Threat
from mmrobust.victims.counting import CountingVictim

Relation = Literal['any', 'mixed', 'agree', 'none']
AlphaUnit = Literal['quantile', 'absolute']
MaskKind = Literal['relation', 'random', 'gradient']


class _Masks:
    """The values that the samples of one run may change; (N, P) each.

    Attributes:
        now: The mask in force.
        ever: Every mask so far, joined.
        related: Every relation mask so far, joined; that of a control has its size.
        alpha: (N,), the threshold in force.
        noise: Scores of the random control.
        made: Whether there is one yet.
        step: Steps that have been taken.
    """

    def __init__(self, rows: Tensor, pixels: Tensor, noise: Tensor) -> None:
        self.rows, self.noise = rows, noise
        self.made, self.step = False, 0
        self.now = torch.zeros_like(pixels, dtype=torch.bool)
        self.ever, self.related = self.now.clone(), self.now.clone()
        self.alpha = pixels.new_zeros(len(pixels))

    def own(self, victim: CountingVictim) -> Tensor:
        """Where the victim's samples stand among those of the run."""
        return torch.searchsorted(self.rows, victim.rows)


@ATTACKS.register_module()
class KLimiting(GradientDescent):
    """Steps on the last differentiable layer, inside a mask of related pixels.

    The victim's outputs are those of the last differentiable layer F^k (a pose
    victim's response before it is decoded), and the goal's objective compares
    them with h_k: with ``relation='none'`` this is the slides' KAA, I-FGSM on
    that layer. Otherwise it is KAA+ER: J = d F^k / d x, I = the sign of J
    where |J| > alpha, and only values whose row of I satisfies ``relation``
    may change. J has one row per group of outputs (:meth:`Goal.groups`), for
    all outputs of a heatmap one by one would be thousands of rows.

    Official setting: unknown (network, eps, steps, alpha, stopping rule, what
    counts as success). The slides' step is eps itself and nothing is
    projected: that is this attack with a threat of ``steps * eps``,
    ``step_size`` of eps in pixels, and a budget that is never reached.
    Deviation: rows of J stand for groups; ``(cap I) = {1, -1}`` has three
    readings, of which ``any`` alone behaves as the slides' results.

    ``measures`` with a mask: ``density`` (share of values that were allowed to
    change) and ``alpha`` (the threshold on |J|).

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default ``Misclassify()``.
        relation: ``any`` (a relation to some group), ``mixed`` (relations of
            both signs), ``agree`` (the same sign for every group that has a
            relation at all), ``none``.
        alpha: Threshold on |J|, >= 0, in ``alpha_unit``.
        alpha_unit: ``quantile`` (share, < 1, of a sample's entries of J that
            are no relation; rows of zeros alone, as of joints without a label,
            do not count) or ``absolute``.
        refresh: Steps after which the mask is made again, >= 0; 0 keeps that
            of the first step. Changes under an earlier mask stay.
        mask: ``relation``, or as a control one of exactly its density, that of
            all masks joined included: ``random``, or the largest of the
            objective's ``gradient``.
        steps: Number of steps, >= 1.
        step_size: Length of a step, > 0, in ``step_unit``.
        step_unit: ``eps`` (a share of the budget) or ``pixel`` (grey levels).
        random_start: Start at a random member of the threat. A mask is then made at
            the clean pixels, with one forward more, and the start is inside it.
        early_stop: Leave at the first success after rounding.
    """

    masks: _Masks

    def __init__(
        self,
        threat: Threat | None = None,
        goal: Goal | None = None,
        *,
        relation: Relation = 'any',
        alpha: float = 0.9,
        alpha_unit: AlphaUnit = 'quantile',
        refresh: int = 0,
        mask: MaskKind = 'relation',
        steps: int = 10,
        step_size: float = 0.25,
        step_unit: StepUnit = 'eps',
        random_start: bool = False,
        early_stop: bool = True,
    ) -> None:
        super().__init__(
            threat,
            goal,
            steps=steps,
            step_size=step_size,
            step_unit=step_unit,
            random_start=random_start,
            early_stop=early_stop,
        )
        self.relation, self.alpha, self.alpha_unit = relation, alpha, alpha_unit
        self.refresh, self.mask = refresh, mask
        self._check()

    def usual_name(self) -> str:
        """KAA, KAA+ER, or a control of the latter."""
        if self.relation == 'none':
            return 'KAA'
        return 'KAA+ER' if self.mask == 'relation' else f'KAA with a {self.mask} mask'

    def _check(self) -> None:
        readings = (*READINGS, 'none')
        rule = f'one of {", ".join(readings)}'
        require(self.relation in readings, 'relation', rule, self.relation)
        known = self.alpha_unit in ('quantile', 'absolute')
        require(known, 'alpha_unit', 'quantile or absolute', self.alpha_unit)
        require(finite(self.alpha) and self.alpha >= 0, 'alpha', 'a finite number >= 0', self.alpha)
        share = self.alpha_unit == 'absolute' or self.alpha < 1
        require(share, 'alpha', 'below 1 as a quantile', self.alpha)
        require(whole(self.refresh, 0), 'refresh', 'a whole number >= 0', self.refresh)
        kinds = ('relation', 'random', 'gradient')
        require(self.mask in kinds, 'mask', f'one of {", ".join(kinds)}', self.mask)
        useful = self.relation != 'none' or self.mask == 'relation'
        require(useful, 'mask', 'relation where there is no relation to control for', self.mask)
        # It would be that of the clean pixels, where some losses have none.
        sound = self.mask != 'gradient' or not self.random_start
        require(sound, 'mask', 'relation or random with a random start', self.mask)

    def run(self, victim: CountingVictim, pixels: Tensor, goal: Goal, rng: SampleRandom) -> Tensor:
        """The steps, inside a mask if there is one."""
        twin = copy.copy(self)  # one run's masks are no state of the attack
        random = self.mask == 'random'
        noise = rng.uniform_like(pixels) if random else torch.zeros_like(pixels)
        twin.masks = _Masks(victim.rows, pixels, noise)
        if self.random_start and self.relation != 'none':
            twin.gradient(victim, pixels, goal)
            # That was no step of the attack.
            twin.masks.step = 0
        found = super(KLimiting, twin).run(victim, pixels, goal, rng)
        if self.relation != 'none':
            twin._measure(victim)
        return found

    def start(self, clean: Tensor, rng: SampleRandom) -> Tensor:
        """Where the run begins: nothing outside the mask has changed."""
        found = super().start(clean, rng)
        return found if self.relation == 'none' else torch.where(self.masks.ever, found, clean)

    def _measure(self, victim: CountingVictim) -> None:
        density = self.masks.ever.flatten(1).double().mean(dim=1)
        for i, row in enumerate(victim.rows.tolist()):
            measures = victim.counters.measures[row]
            measures['density'] = float(density[i])
            measures['alpha'] = float(self.masks.alpha[i])

    def gradient(self, victim: CountingVictim, pixels: Tensor, goal: Goal) -> tuple[Tensor, Tensor]:
        """Outputs (N, D) and the objective's gradient (N, P), zero outside the mask."""
        if self.relation == 'none':
            return super().gradient(victim, pixels, goal)
        leaf = pixels.detach().requires_grad_()
        outputs = victim(leaf)
        own, step = self.masks.own(victim), self.masks.step
        again = step > 0 and self.refresh > 0 and step % self.refresh == 0
        related = None
        if again or not self.masks.made:
            related = self._related(victim, leaf, goal.groups(outputs), own)
        gradient = ascent(victim, leaf, outputs, goal)
        if related is not None:
            mask = self._controlled(related, gradient, own)
            self.masks.now[own] = mask
            self.masks.ever[own] |= mask
            self.masks.made = True
        self.masks.step += 1
        return outputs.detach(), gradient * self.masks.now[own]

    def _related(self, victim: CountingVictim, leaf: Tensor, groups: Tensor, own: Tensor) -> Tensor:
        """The relation mask (N, P), steps 1 to 3 of the slides."""
        derivatives = jacobian(groups, leaf)
        victim.flag('not_finite', ~derivatives.isfinite().flatten(1).all(dim=1))
        derivatives = derivatives.nan_to_num_(0.0, 0.0, 0.0)
        alpha = threshold(derivatives, self.alpha, quantile=self.alpha_unit == 'quantile')
        self.masks.alpha[own] = alpha.to(self.masks.alpha)
        return READINGS[self.relation](indicator(derivatives, alpha))

    def _controlled(self, related: Tensor, gradient: Tensor, own: Tensor) -> Tensor:
        """The relation mask itself, or the control of its density (N, P)."""
        if self.mask == 'relation':
            return related
        masks = self.masks
        scores = masks.noise[own] if self.mask == 'random' else gradient.abs()
        # As many values that no mask had before as the relation mask has.
        earlier, known = masks.related[own], masks.ever[own]
        new, again = ((related & which).flatten(1).sum(dim=1) for which in (~earlier, earlier))
        masks.related[own] |= related
        low = -torch.inf
        return largest(scores.masked_fill(known, low), new) | largest(
            scores.masked_fill(~known, low), again
        )
