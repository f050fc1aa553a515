"""Samples to look at: clean, adversarial, difference, side by side."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from mmrobust.attacks.outcome import Outcome
from mmrobust.engine.ledger import Entry
from mmrobust.victims.samples import SampleLayout
from mmrobust.visualization.formatting import class_name, number, percent
from mmrobust.visualization.panels import side_by_side, triptych
from mmrobust.visualization.video import write_preview

FPS = 8.0
MAX_FRAMES = 64
# Crops are enlarged to this height before skeletons are drawn on them.
HEIGHT = 320
LINE = 2
Frames = NDArray[np.uint8]


class Previews(ABC):
    """How one kind of sample is shown.

    Attributes:
        suffix: Of the files.
    """

    suffix: ClassVar[str]

    @abstractmethod
    def write(self, path: Path, layout: SampleLayout, outcome: Outcome, entry: Entry) -> None:
        """Write the picture of one sample; ``entry`` is its line in the ledger."""

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

    def write(self, path: Path, layout: SampleLayout, outcome: Outcome, entry: Entry) -> None:
        """Clean | adversarial | amplified difference, playing."""
        clean = layout.pixels()[:, :MAX_FRAMES].permute(1, 2, 3, 0).numpy()
        changed = outcome.adversarial[:, :MAX_FRAMES].cpu().permute(1, 2, 3, 0).numpy()
        panels = triptych(
            clean,
            changed,
            clean_label=class_name(entry['clean_prediction'], self.classes),
            adversarial_label=class_name(entry['adversarial_prediction'], self.classes),
        )
        write_preview(path, panels, FPS)

    def caption(self, entry: Entry) -> str:
        """The true class, the result, the size of the change."""
        result = 'fooled' if entry['success'] else 'held'
        return (
            f'{class_name(entry["label"], self.classes)}: {result}, l_inf {entry["linf"]:g}, '
            f'{entry["frames"]} frames changed'
        )


class PosePreviews(Previews):
    """Crops with the poses that were predicted.

    Args:
        metainfo: Of the data set: skeleton and colours.
    """

    suffix = '.png'

    def __init__(self, metainfo: dict[str, Any]) -> None:
        self.metainfo = metainfo

    def write(self, path: Path, layout: SampleLayout, outcome: Outcome, entry: Entry) -> None:
        """Both crops with their skeletons, the amplified difference, the target if there is one."""
        # Pipelines of MMPose read photographs as BGR.
        clean, changed = (
            np.ascontiguousarray(x.cpu().numpy().transpose(1, 2, 0)[..., ::-1])
            for x in (layout.pixels(), outcome.adversarial)
        )
        panels = {
            'clean': self.drawn(clean, entry['clean_joints']),
            'adversarial': self.drawn(changed, entry['adversarial_joints']),
        }
        if 'target_joints' in entry:
            panels['target'] = self.drawn(clean, entry['target_joints'])
        picture = side_by_side(panels, (_enlarged(clean), _enlarged(changed)))
        path.write_bytes(cv2.imencode('.png', picture[..., ::-1])[1].tobytes())

    def drawn(self, crop: Frames, joints: Sequence[Sequence[float]]) -> Frames:
        """The enlarged crop (H', W', 3), RGB, with a pose drawn by MMPose's visualizer."""
        from mmengine.structures import InstanceData
        from mmpose.structures import PoseDataSample
        from mmpose.visualization import PoseLocalVisualizer

        large = _enlarged(crop)
        # Centres of pixels stay centres.
        places = (np.asarray(joints, np.float32) + 0.5) * (large.shape[0] / crop.shape[0]) - 0.5
        sample = PoseDataSample()
        sample.pred_instances = InstanceData(
            keypoints=places[None], keypoint_scores=np.ones((1, len(places)), np.float32)
        )
        visualizer = PoseLocalVisualizer(radius=LINE + 1, line_width=LINE)
        visualizer.set_dataset_meta(self.metainfo)
        found: Frames = visualizer.add_datasample(
            'pose', large, sample, draw_gt=False, draw_bbox=False, show=False
        )
        return found

    def caption(self, entry: Entry) -> str:
        """How far the pose went, the result, the size of the change."""
        result = 'fooled' if entry['success'] else 'held'
        moved = f'{entry["joints_moved"]} of {len(entry["clean_joints"])} joints moved'
        right = f'PCK@0.2 {percent(entry["clean_pck"])} → {percent(entry["adversarial_pck"])}'
        return f'{result}: {moved}, {right}, l_inf {number(entry["linf"])}'


def _enlarged(crop: Frames) -> Frames:
    """Every pixel a square, so that HEIGHT is reached."""
    factor = max(1, -(-HEIGHT // crop.shape[0]))
    return crop.repeat(factor, axis=0).repeat(factor, axis=1)
