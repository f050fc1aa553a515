"""Attacked videos to look at, playing side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from torch import Tensor

from mmrobust.attacks import Attack
from mmrobust.attacks.outcome import Outcome
from mmrobust.engine.previews import Previews
from mmrobust.io.frames import Frames
from mmrobust.ledger.ledger_files import Entry
from mmrobust.registry import PREVIEWS
from mmrobust.victims.base import Victim
from mmrobust.victims.samples import Loaded
from mmrobust.visualization.formatting import class_name
from mmrobust.visualization.panels import triptych
from mmrobust.visualization.video import write_preview

FPS = 8.0
MAX_FRAMES = 64


@PREVIEWS.register_module()
class VideoPreviews(Previews):
    """Videos with the classes that were predicted.

    Args:
        classes: Names of the classes, as far as they are known.
    """

    suffix = '.mp4'

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = classes

    @classmethod
    def of(cls, metainfo: Mapping[str, Any], victim: Victim, attack: Attack) -> Self:
        """With the data set's names of classes."""
        return cls([str(name) for name in metainfo.get('classes', [])])

    def write(self, path: Path, loaded: Loaded, outcome: Outcome, entry: Entry) -> None:
        """Clean | adversarial | amplified difference, playing."""
        panels = triptych(
            _frames(loaded.layouts[0].pixels()),
            _frames(outcome.adversarial.cpu()),
            entry['amplified'],
            clean_label=class_name(entry['clean_prediction'], self.classes),
            adversarial_label=class_name(entry['adversarial_prediction'], self.classes),
        )
        write_preview(path, panels, FPS)

    def caption(self, entry: Entry) -> str:
        """The true class, or the predicted ones, the result, the size of the change."""
        result = 'fooled' if entry['success'] else 'held'
        predicted = ('clean_prediction', 'adversarial_prediction')
        keys = predicted if entry['label'] is None else ('label',)
        names = ' → '.join(class_name(entry[key], self.classes) for key in keys)
        frames, total = entry['frames'], entry.get('frames_total')
        some = f', {frames}{f" of {total}" if total else ""} frames changed'
        return f'{names}: {result}, l_inf {entry["linf"]:g}{"" if frames == total else some}'


def _frames(pixels: Tensor) -> Frames:
    """The first frames of pixels (C, T, H, W), uint8 RGB (t, H, W, 3).

    Stored optical flow has no colours: its maps follow each other, grey.
    """
    moments = pixels.transpose(0, 1)
    if pixels.shape[0] != 3:
        moments = moments.flatten(0, 1)[:, None].expand(-1, 3, -1, -1)
    found: Frames = moments[:MAX_FRAMES].permute(0, 2, 3, 1).numpy()
    return found
