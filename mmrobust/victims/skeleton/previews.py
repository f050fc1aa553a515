"""Attacked tracks to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from mmrobust.attacks import Attack
from mmrobust.attacks.outcome import Outcome
from mmrobust.engine.previews import Previews
from mmrobust.ledger.ledger_files import Entry
from mmrobust.registry import PREVIEWS
from mmrobust.victims.base import Victim
from mmrobust.victims.samples import Loaded
from mmrobust.victims.skeleton.layout import SkeletonLayout, TrackLayout
from mmrobust.visualization.formatting import class_name, number
from mmrobust.visualization.skeleton_strips import skeleton_strip
from mmrobust.visualization.video import write_preview

# Frames per second: slow enough to see single ones.
FPS = 12


@PREVIEWS.register_module()
class SkeletonPreviews(Previews):
    """Skeletons, clean and adversarial, with the classes that were predicted.

    Args:
        classes: Names of the classes, as far as they are known.
        victim: The :class:`~mmrobust.victims.skeleton.victim.SkeletonVictim`.
    """

    suffix = '.mp4'
    amplifies = False

    def __init__(self, classes: Sequence[str], victim: Any) -> None:
        self.classes, self.victim = classes, victim

    @classmethod
    def of(cls, metainfo: Mapping[str, Any], victim: Victim, attack: Attack) -> Self:
        """With the data set's names of classes, and the victim's bones."""
        return cls([str(name) for name in metainfo.get('classes', [])], victim)

    def write(self, path: Path, loaded: Loaded, outcome: Outcome, entry: Entry) -> None:
        """The strip of one track, which plays; in view space that of the input's joints."""
        layout: SkeletonLayout = loaded.layouts[0]
        tracks = layout.shown(layout.pixels()), layout.shown(outcome.adversarial.cpu())
        down = isinstance(layout, TrackLayout) and layout.path.planar
        bones = self.victim.bones(tracks[0].shape[2])
        sizes = layout.sizes.numpy()
        frames = skeleton_strip(tracks, bones, sizes, down=down, unit=self.victim.kind.unit)
        write_preview(path, frames, FPS)

    def caption(self, entry: Entry) -> str:
        """The predicted classes, the result, the size of the change."""
        result = 'fooled' if entry['success'] else 'held'
        keys = ('clean_prediction', 'adversarial_prediction')
        names = ' → '.join(class_name(entry[key], self.classes) for key in keys)
        size = number(entry.get('deviation_max') or entry['linf'])
        return f'{names}: {result}, joints moved by up to {size} {self.victim.kind.unit}'
