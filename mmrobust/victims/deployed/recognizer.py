"""A recogniser whose network is deployed elsewhere.

Shapes: N videos, V views, R rows of scores per video, K classes.
"""

from __future__ import annotations

from typing import Any, Literal

import torch
from mmaction.models.recognizers import BaseRecognizer
from torch import Tensor

from mmrobust.functional.checks import require
from mmrobust.registry import MODELS

Scores = Literal['logits', 'probabilities', 'auto']
# How far from one a sum of probabilities may be, in float16.
SLACK = 5e-3


@MODELS.register_module()
class DeployedRecognizer(BaseRecognizer):
    """The config's data preprocessor and averaging round a deployed network.

    The network takes all views of a video at once and averages over them, as MMDeploy's files
    and those of ``mmrobust export`` do, (N, V, C, ...) -> (N, K); or, where its input has one axis
    less, it takes views, and the config's head averages.

    Args:
        network: Options of :class:`~mmrobust.victims.deployed.network.ForeignNetwork`.
        cls_head: The config's own: its ``average_clips`` says what is averaged.
        data_preprocessor: The config's own.
        scores: What the network returns; ``auto``: probabilities where the head's
            ``average_clips`` is ``prob`` and the network averages, else logits.
    """

    def __init__(
        self,
        network: dict[str, Any],
        cls_head: dict[str, Any],
        data_preprocessor: dict[str, Any] | None = None,
        scores: Scores = 'auto',
    ) -> None:
        known = scores in ('logits', 'probabilities', 'auto')
        require(known, 'scores', 'logits, probabilities or auto', scores)
        backbone = {'type': 'mmrobust.ForeignNetwork', **network}
        super().__init__(backbone=backbone, cls_head=cls_head, data_preprocessor=data_preprocessor)
        self.scores = scores
        # A layer stays what it is for hooks: what goes through it is what the network says.
        self.cls_head.forward = self._rows

    def extract_feat(self, inputs: Tensor, **_: Any) -> tuple[tuple[Tensor, bool], dict[str, Any]]:
        """Scores of the network, and whether it has averaged over views."""
        rank = self.backbone.runtime.rank
        by_views = rank == inputs.dim() - 1
        rule = f'of {inputs.dim()} axes, or of one less where views are apart'
        known = rank in (None, inputs.dim()) or by_views
        require(known, 'the input of the deployed network', rule, self.backbone.runtime.says)
        found = self.backbone(inputs.flatten(0, 1) if by_views else inputs)
        rule = f'one of scores (N, {self.cls_head.num_classes})'
        known = len(found) == 1
        require(known, 'the outputs of the deployed network', rule, [*found])
        (scores,) = found.values()
        fits = scores.dim() == 2 and scores.shape[1] == self.cls_head.num_classes
        require(fits, 'the output of the deployed network', rule, tuple(scores.shape))
        return (scores.float(), not by_views), {}

    def _rows(self, found: tuple[Tensor, bool]) -> Tensor:
        """Logits (N * R, K); logarithms of probabilities, where the network gives those."""
        scores, averaged = found
        kind = self.scores
        if kind == 'auto':
            prob = self.cls_head.average_clips == 'prob'
            kind = 'probabilities' if averaged and prob else 'logits'
        if kind == 'logits':
            return scores
        sums = scores[scores.isfinite().all(dim=1)].sum(dim=1)
        fits = bool((scores.nan_to_num() >= -SLACK).all() and ((sums - 1).abs() <= SLACK).all())
        rule = 'probabilities, as the head averages those (model.scores=logits, if they are none)'
        require(fits, 'the output of the deployed network', rule, scores[:1].tolist())
        return scores.clamp(min=torch.finfo(scores.dtype).tiny).log()
