"""K-limiting attack, with or without extended relations.

"Explainable K-limiting Relational Adversarial Attack on Coordinate Regression"
(slides; no arXiv number is known, nor any public code). Shapes: N samples, P
stands for the axes of one sample's pixels, values 0..255; G groups of outputs.
"""

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from mmrobust.attacks.ascent import ascent
from mmrobust.attacks.gradient_loop import GradientLoop
from mmrobust.attacks.loop_state import LoopState
from mmrobust.functional.checks import finite, require, whole
from mmrobust.functional.randomness import SampleRandom
from mmrobust.functional.relation import READINGS, indicator, jacobian, largest, threshold
from mmrobust.goals import BoundGoal
from mmrobust.registry import ATTACKS
from mmrobust.victims.counting import CountingVictim

Relation = Literal['any', 'mixed', 'agree', 'none']
AlphaUnit = Literal['quantile', 'absolute']
MaskKind = Literal['relation', 'random', 'gradient']


@dataclass
class MaskState(LoopState):
    """A loop's state with the values that its samples may change; (N, P) each.

    Attributes:
        mask: The mask in force; None before the first.
        ever: Every mask so far, joined.
        related: Every relation mask so far, joined; that of a control has its size.
        alpha: (N,), the threshold in force.
        noise: Scores of the random control.
    """

    mask: Tensor | None
    ever: Tensor
    related: Tensor
    alpha: Tensor
    noise: Tensor


@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class KLimiting(GradientLoop):
    """Steps on the last differentiable layer, inside a mask of related pixels.

    K is that layer's number, and limits nothing.
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
        goal: What counts as success; default the victim's own.
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

    relation: Relation = 'any'
    alpha: float = 0.9
    alpha_unit: AlphaUnit = 'quantile'
    refresh: int = 0
    mask: MaskKind = 'relation'
    restarts: int = field(default=1, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
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

    def usual_name(self) -> str:
        """KAA, KAA+ER, or a control of the latter."""
        if self.relation == 'none':
            return 'KAA'
        return 'KAA+ER' if self.mask == 'relation' else f'KAA with a {self.mask} mask'

    def begin(
        self, victim: CountingVictim, clean: Tensor, goal: BoundGoal, rng: SampleRandom
    ) -> LoopState:
        """No mask yet; a random start is inside that of the clean pixels."""
        if self.relation == 'none':
            return super().begin(victim, clean, goal, rng)
        noise = rng.uniform_like(clean) if self.mask == 'random' else torch.zeros_like(clean)
        none = torch.zeros_like(clean, dtype=torch.bool)
        state = MaskState(
            *(victim, goal, clean, clean.clone(), rng, 0),
            mask=None,
            ever=none,
            related=none.clone(),
            alpha=clean.new_zeros(len(clean)),
            noise=noise,
        )
        if self.random_start:
            # For the mask at the clean pixels, which it leaves in the state.
            self.gradient(state)
            state.pixels = torch.where(state.ever, self.start(clean, rng), clean)
        state.pixels = state.pixels.clamp(*victim.bounds)
        return state

    def leave(self, state: LoopState) -> None:
        """Share of the values that were allowed to change, and the threshold."""
        if not isinstance(state, MaskState):
            return
        density = state.ever.flatten(1).double().mean(dim=1)
        for i, row in enumerate(state.victim.rows.tolist()):
            measures = state.victim.counters.measures[row]
            measures['density'] = float(density[i])
            measures['alpha'] = float(state.alpha[i])

    def gradient(self, state: LoopState) -> tuple[Tensor, Tensor]:
        """Outputs (N, D) and the objective's gradient (N, P), zero outside the mask."""
        if not isinstance(state, MaskState):
            return super().gradient(state)
        victim, leaf = state.victim, state.pixels.detach().requires_grad_()
        outputs = victim(leaf)
        again = state.iteration > 0 and self.refresh > 0 and state.iteration % self.refresh == 0
        related = None
        if again or state.mask is None:
            related = self._related(state, leaf, state.goal.groups(outputs))
        gradient = ascent(victim, leaf, outputs, state.goal)
        if related is not None:
            state.mask = self._controlled(state, related, gradient)
            state.ever = state.ever | state.mask
        assert state.mask is not None
        return outputs.detach(), gradient * state.mask

    def _related(self, state: MaskState, leaf: Tensor, groups: Tensor) -> Tensor:
        """The relation mask (N, P), steps 1 to 3 of the slides."""
        derivatives = jacobian(groups, leaf)
        state.victim.flag('not_finite', ~derivatives.isfinite().flatten(1).all(dim=1))
        derivatives = derivatives.nan_to_num_(0.0, 0.0, 0.0)
        alpha = threshold(derivatives, self.alpha, quantile=self.alpha_unit == 'quantile')
        state.alpha = alpha.to(state.alpha)
        return READINGS[self.relation](indicator(derivatives, alpha))

    def _controlled(self, state: MaskState, related: Tensor, gradient: Tensor) -> Tensor:
        """The relation mask itself, or the control of its density (N, P)."""
        if self.mask == 'relation':
            return related
        scores = state.noise if self.mask == 'random' else gradient.abs()
        # As many values that no mask had before as the relation mask has.
        earlier, known = state.related, state.ever
        new, again = ((related & which).flatten(1).sum(dim=1) for which in (~earlier, earlier))
        state.related = earlier | related
        low = -torch.inf
        return largest(scores.masked_fill(known, low), new) | largest(
            scores.masked_fill(~known, low), again
        )
