"""Attacked persons to look at: pictures with their poses, and what the attack goes by."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from mmrobust.attacks import Attack
from mmrobust.attacks.outcome import Outcome
from mmrobust.engine.previews import Previews
from mmrobust.engine.relations import Relations
from mmrobust.ledger.ledger_files import Entry
from mmrobust.registry import PREVIEWS
from mmrobust.victims.base import Victim
from mmrobust.victims.samples import Loaded
from mmrobust.visualization.formatting import number, percent
from mmrobust.visualization.pose_pictures import LEGEND, PosePictures, rgb
from mmrobust.visualization.stills import write_picture


@PREVIEWS.register_module()
class PosePreviews(Previews):
    """Crops, or pictures, with the poses that were predicted.

    Args:
        metainfo: Of the data set: skeleton and colours.
        relations: Of the attack, to show what some joints depend on; None where
            it has none.
    """

    suffix = '.png'

    def __init__(self, metainfo: dict[str, Any], relations: Relations | None = None) -> None:
        self.pictures, self.relations = PosePictures(metainfo), relations

    @classmethod
    def of(cls, metainfo: Mapping[str, Any], victim: Victim, attack: Attack) -> Self:
        """With the relation maps of an attack that has them."""
        return cls(dict(metainfo), Relations.of(victim, attack))

    def write(self, path: Path, loaded: Loaded, outcome: Outcome, entry: Entry) -> None:
        """Both pictures with their skeletons, the difference, the target, relation maps."""
        clean, changed = rgb(loaded.layouts[0].pixels()), rgb(outcome.adversarial)
        poses = {
            'clean': (clean, entry['clean_joints']),
            'adversarial': (changed, entry['adversarial_joints']),
        }
        if 'target_joints' in entry:
            poses['target'] = (clean, entry['target_joints'])
        maps = None if self.relations is None else self.relations(loaded).cpu()
        picture = self.pictures.sample((clean, changed), poses, maps, entry['amplified'])
        write_picture(path, picture)

    def caption(self, entry: Entry) -> str:
        """How far the pose went, the result, the size of the change."""
        result = 'fooled' if entry['success'] else 'held'
        words = f'{result}: {entry["joints_moved"]} of {len(entry["clean_joints"])} joints moved'
        # Without an annotation there is no PCK, and no displacement of persons that are gone.
        if entry['clean_pck'] is not None:
            pck = (percent(entry[f'{side}_pck']) for side in ('clean', 'adversarial'))
            words += f', PCK@0.2 {" → ".join(pck)}'
        elif entry['displacement'] is not None:
            words += f', displacement {percent(entry["displacement"])} of the box'
        words += f', l_inf {number(entry["linf"])}'
        return words if self.relations is None else f'{words}; {LEGEND}'
