"""Which pixels every joint depends on, for pictures.

Shapes: N samples, C channels, H, W pixels, K joints, D values of a response.
"""

from __future__ import annotations

from typing import Any, Self

import torch
from torch import Tensor

from mmrobust.attacks import Attack
from mmrobust.attacks.k_limiting import KLimiting
from mmrobust.functional.relation import indicator, jacobian, threshold
from mmrobust.goals.pose_annotations import PoseAnnotations
from mmrobust.victims.base import Victim
from mmrobust.victims.bound import BoundVictim
from mmrobust.victims.frozen import frozen
from mmrobust.victims.samples import Loaded


class Relations:
    """The relation maps of a K-limiting attack with a relation mask, sample by sample.

    Args:
        victim: The estimator, such as :class:`~mmrobust.victims.PoseVictim`.
        attack: The attack.
    """

    def __init__(self, victim: Victim, attack: KLimiting) -> None:
        self.victim, self.attack = victim, attack

    @classmethod
    def of(cls, victim: Victim, attack: Attack) -> Self | None:
        """None where the attack has no relation mask, or joints that are not the picture's."""
        if not isinstance(attack, KLimiting) or not victim.joints_in_picture:
            return None
        masked = attack.relation != 'none' and attack.mask == 'relation'
        return cls(victim, attack) if masked else None

    def __call__(self, loaded: Loaded) -> Tensor:
        """Maps (J, H, W) of a sample that is alone in its batch; J joints of all its persons."""
        ((_, victim, pixels),) = self.victim.batches(loaded)
        labels: Any = self.victim.labels(loaded.data)
        return relations(victim, pixels, labels, self.attack)[0]


def relations(
    victim: BoundVictim, pixels: Tensor, annotations: PoseAnnotations, attack: KLimiting
) -> Tensor:
    """How the response of every joint depends on the pixels, as KAA+ER takes it.

    Args:
        victim: Of the samples.
        pixels: (N, C, H, W).
        annotations: Their annotations.
        attack: A ``KLimiting`` attack with a relation.

    Returns:
        Maps (N, K, H, W) in -1..1: the mean over channels, and over both
        coordinates of a joint where each is a group, of 1 where the response
        rises with the value, -1 where it falls, and 0.
    """
    goal: Any = attack.goal
    with torch.enable_grad(), frozen(victim.model):
        leaf = pixels.float().clone().requires_grad_()
        outputs = victim(leaf)
        groups = goal.bind(annotations, outputs.detach()).groups(outputs)
        derivatives = jacobian(groups, leaf).nan_to_num_(0.0, 0.0, 0.0)
    alpha = threshold(derivatives, attack.alpha, quantile=attack.alpha_unit == 'quantile')
    signs = indicator(derivatives, alpha).float().mean(dim=2)
    return signs.unflatten(1, (annotations.keypoints.shape[1], -1)).mean(dim=2)
