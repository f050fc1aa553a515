"""A card of every victim, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mmrobust.functional.checks import require
from mmrobust.studies.card_study import CardStudy
from mmrobust.studies.study import VictimSpec
from projects.robustness_card import (
    claims_attack,
    claims_cues,
    claims_joints,
    claims_noise,
    claims_order,
    claims_reversal,
    claims_still,
    claims_training,
)
from projects.robustness_card.victims import SEES, SeeingVictim


@dataclass(kw_only=True)
class SeeingStudy(CardStudy):
    """Cards side by side, of victims that see different things."""

    victim_type: ClassVar[type[VictimSpec]] = SeeingVictim
    others: ClassVar = ('rival', 'plain', 'fair')
    groups: ClassVar = {
        'A video turned round': claims_reversal.claims,
        'The order of frames': claims_order.claims,
        'One frame': claims_still.claims,
        'White noise of equal size': claims_noise.claims,
        'Attacks within the size of corruptions': claims_attack.claims,
        'Adversarial training': claims_training.claims,
        'What recognisers go by': claims_cues.claims,
        'Frames of skeletons': claims_joints.claims,
    }

    def check(self) -> None:
        """Refuse victims that see nothing known, or are compared with nobody known."""
        super().check()
        for victim in self.victims:
            require(
                victim.sees in SEES, f'sees of victim {victim.name}', f'one of {SEES}', victim.sees
            )
