"""SignHunter (Al-Dujaili and O'Reilly 2020): flip halves, quarters, eighths of the signs."""

from __future__ import annotations

import torch

from mmrobust.attacks.query_attack import QueryAttack
from mmrobust.functional.halvings import flipped, halvings
from mmrobust.query.state import QueryState, Search
from mmrobust.registry import ATTACKS


@ATTACKS.register_module()
class SignHunter(QueryAttack):
    """Divide and conquer for the signs of the gradient, one query per flip.

    Source: arXiv:1902.06894, algorithm 2. A candidate stands at a corner of the
    threat; a stretch of its signs is flipped and stays so where the objective
    grew. Stretches are the whole clip, its halves, its quarters and so on down
    to single values (order C, T, H, W; of a masked clip those values that may
    change), then again from the start. A flip that changes nothing is not asked.
    Official setting: l_inf, full budget, no other constants. Deviation: in other
    balls than l_inf all pixels change by the same amount.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        goal: What counts as success; default the victim's own.
        budget: Queries per sample.
        query_batch: Candidates per call of the victim; changes the speed alone.
        scores: What the victim's numbers are: auto, logits, probabilities or
            log_probabilities.
        gradient_check: Every so many answers, compare the signs with the true
            gradient, uncounted; 0: never.
    """

    def search(self, state: QueryState) -> Search:
        """All ones, then flips."""
        signs = torch.ones_like(state.clean)
        if (yield from state.accept(state.corner(signs))):
            return
        best, tried = state.gain(), True
        places = state.changeable.flatten().nonzero().squeeze(1)
        while tried:
            tried = False
            # The first flip of all is that of the whole clip.
            for stretch in halvings(len(places)):
                candidate = flipped(signs, places[stretch])
                whole = state.rounded(state.corner(candidate))
                if torch.equal(whole, state.found):
                    continue
                tried = True
                answers = yield whole[None]
                state.estimate, state.origin = signs, state.clean
                gain = float(state.objective(answers)[0])
                if gain > best or bool(state.goal.success(answers)[0]):
                    signs, best = candidate, gain
                    if state.stand(whole, answers[0]):
                        return
