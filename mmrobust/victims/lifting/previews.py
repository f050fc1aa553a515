"""Attacked joints to look at, and what a lifter makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np

from mmrobust.attacks import Attack
from mmrobust.attacks.outcome import Outcome
from mmrobust.engine.previews import Previews
from mmrobust.ledger.ledger_files import Entry
from mmrobust.registry import PREVIEWS
from mmrobust.victims.base import Victim
from mmrobust.victims.samples import Loaded
from mmrobust.visualization.formatting import number
from mmrobust.visualization.lifting_pictures import LiftingPictures
from mmrobust.visualization.stills import write_picture


@PREVIEWS.register_module()
class LiftingPreviews(Previews):
    """2-D poses of the middle frame, and what a lifter makes of them.

    Args:
        metainfo: Of the data set: its skeleton.
    """

    suffix = '.png'
    amplifies = False

    def __init__(self, metainfo: dict[str, Any]) -> None:
        self.pictures = LiftingPictures(metainfo)

    @classmethod
    def of(cls, metainfo: Mapping[str, Any], victim: Victim, attack: Attack) -> Self:
        """With the data set's skeleton."""
        return cls(dict(metainfo))

    def write(self, path: Path, loaded: Loaded, outcome: Outcome, entry: Entry) -> None:
        """Joints clean and adversarial, and both poses in space."""
        clean, changed = (
            value[:, value.shape[1] // 2, :, 0].T.cpu().numpy()
            for value in (loaded.layouts[0].pixels(), outcome.adversarial)
        )
        before, after = (np.asarray(entry[f'{side}_places']) for side in ('clean', 'adversarial'))
        write_picture(path, self.pictures.sample((clean, changed), (before, after)))

    def caption(self, entry: Entry) -> str:
        """The result, how wrong the pose is, the size of the change."""
        result = 'fooled' if entry['success'] else 'held'
        change = f'joints shift by {number(entry["shift"])}'
        if entry['clean_mpjpe'] is not None:
            errors = (number(entry[f'{side}_mpjpe']) for side in ('clean', 'adversarial'))
            change = f'MPJPE {" → ".join(errors)}'
        return f'{result}: {change}, l_inf {number(entry["linf"])} pixels'
