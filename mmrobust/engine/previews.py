"""Samples to look at: clean, adversarial, difference, side by side."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from mmrobust.attacks.outcome import Outcome
from mmrobust.engine.ledger_files import Entry
from mmrobust.engine.relations import Relations
from mmrobust.victims.samples import Loaded
from mmrobust.visualization.formatting import class_name, number, percent
from mmrobust.visualization.lifting_pictures import LiftingPictures
from mmrobust.visualization.panels import triptych
from mmrobust.visualization.pose_pictures import LEGEND, PosePictures, rgb
from mmrobust.visualization.stills import write_picture
from mmrobust.visualization.video import write_preview

FPS = 8.0
MAX_FRAMES = 64


class Previews(ABC):
    """How one kind of sample is shown.

    Attributes:
        suffix: Of the files.
    """

    suffix: ClassVar[str]

    @abstractmethod
    def write(self, path: Path, loaded: Loaded, outcome: Outcome, entry: Entry) -> None:
        """Write the picture of one sample; the file appears only when it is complete.

        Args:
            path: The file.
            loaded: The sample as it was loaded, alone in its batch.
            outcome: Of the attack.
            entry: Its line in the ledger.
        """

    @abstractmethod
    def caption(self, entry: Entry) -> str:
        """What happened to it, in a few words."""


class VideoPreviews(Previews):
    """Videos with the classes that were predicted.

    Args:
        classes: Names of the classes, as far as they are known.
    """

    suffix = '.mp4'

    def __init__(self, classes: Sequence[str]) -> None:
        self.classes = classes

    def write(self, path: Path, loaded: Loaded, outcome: Outcome, entry: Entry) -> None:
        """Clean | adversarial | amplified difference, playing."""
        clean = loaded.layouts[0].pixels()[:, :MAX_FRAMES].permute(1, 2, 3, 0).numpy()
        changed = outcome.adversarial[:, :MAX_FRAMES].cpu().permute(1, 2, 3, 0).numpy()
        panels = triptych(
            clean,
            changed,
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
        return f'{names}: {result}, l_inf {entry["linf"]:g}, {entry["frames"]} frames changed'


class PosePreviews(Previews):
    """Crops, or photographs, with the poses that were predicted.

    Args:
        metainfo: Of the data set: skeleton and colours.
        relations: Of the attack, to show what some joints depend on; None where
            it has none.
    """

    suffix = '.png'

    def __init__(self, metainfo: dict[str, Any], relations: Relations | None = None) -> None:
        self.pictures, self.relations = PosePictures(metainfo), relations

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
        write_picture(path, self.pictures.sample((clean, changed), poses, maps))

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


class LiftingPreviews(Previews):
    """2-D poses of the middle frame, and what a lifter makes of them.

    Args:
        metainfo: Of the data set: its skeleton.
    """

    suffix = '.png'

    def __init__(self, metainfo: dict[str, Any]) -> None:
        self.pictures = LiftingPictures(metainfo)

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
