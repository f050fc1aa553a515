"""Pictures of attacked persons: poses, the amplified change, relation maps.

Shapes: H rows, W columns of a crop or a picture, P persons, K joints of each,
J = P * K; crops are uint8 RGB (H, W, 3), joints in their pixels, one person
after the other.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from torch import Tensor

from mmrobust.visualization.lettering import LARGE
from mmrobust.visualization.panels import AMPLIFY, Frame, amplified, tiled

# Crops are enlarged to this height before skeletons are drawn on them, and
# pictures of more columns than that are reduced.
HEIGHT, WIDTH = 320, 640
LINE = 2
# A sample's picture: so many panels, in rows of three.
PANELS, COLUMNS = 6, 3
# Titles grow with the panels, so that they are read however small those are shown.
LETTERS = 12.8
# How much of the crop shows behind a relation map.
BEHIND = 0.35
RISES, FALLS = (255, 80, 60), (80, 150, 255)
# Pixels; no picture is as large.
FAR = 1e6
LEGEND = 'relation: red rises with the pixel, blue falls'
Joints = Sequence[Sequence[float]]


class PosePictures:
    """Draws on the crops of one data set.

    Args:
        metainfo: Of the data set: names of the joints, skeleton, colours.
    """

    def __init__(self, metainfo: Mapping[str, Any]) -> None:
        self.metainfo = dict(metainfo)
        self.names = [str(name) for name in self.metainfo['keypoint_id2name'].values()]

    def sample(
        self,
        pair: tuple[Frame, Frame],
        poses: Mapping[str, tuple[Frame, Joints]],
        relations: Tensor | None = None,
        factor: float = AMPLIFY,
    ) -> Frame:
        """Poses on their crops, the amplified change, and relations of a few joints.

        Args:
            pair: The clean and the adversarial crop.
            poses: Title -> crop, and the pose that is drawn on it; the first
                two stand before the change, the others behind it.
            relations: (J, H, W), -1..1: how the joints' responses depend on
                the pixels; None draws none.
            factor: By which the change is amplified.
        """
        title, change = amplified(pair[0][None], pair[1][None], factor)
        drawn = [(name, self.drawn(crop, joints)) for name, (crop, joints) in poses.items()]
        panels = [*drawn[:2], (title, resized(change[0])), *drawn[2:]]
        if relations is not None:
            for joint in shown_joints(relations, PANELS - len(panels)):
                picture = resized(relation_picture(pair[0], relations[joint]))
                panels.append((f'relation: {self._name(joint, len(relations))}', picture))
        return tiled(panels, COLUMNS, max(LARGE, round(panels[0][1].shape[1] / LETTERS)))

    def _name(self, joint: int, count: int) -> str:
        """Of one of ``count`` joints, with the person's number where there are several."""
        person, own = divmod(joint, len(self.names))
        several = count > len(self.names)
        return f'{self.names[own]}, person {person + 1}' if several else self.names[own]

    def drawn(self, crop: Frame, joints: Joints) -> Frame:
        """The resized crop (H', W', 3) with poses drawn by MMPose's visualizer.

        Joints that are nowhere (NaN, infinity), or so far off that the visualizer
        cannot count so far, are left out, and so are the bones that end there.

        Args:
            crop: (H, W, 3).
            joints: (J, 2).
        """
        from mmengine.structures import InstanceData
        from mmpose.structures import PoseDataSample
        from mmpose.visualization import PoseLocalVisualizer

        large = resized(crop)
        # Centres of pixels stay centres.
        factors = np.divide(large.shape[1::-1], crop.shape[1::-1])
        places = (np.asarray(joints, np.float64) + 0.5) * factors - 0.5
        somewhere = (np.abs(places) < FAR).all(axis=1)
        places[~somewhere] = 0
        shown = somewhere.reshape(-1, len(self.names)).astype(np.float32)
        sample = PoseDataSample()
        sample.pred_instances = InstanceData(
            keypoints=places.astype(np.float32).reshape(*shown.shape, 2), keypoints_visible=shown
        )
        visualizer = PoseLocalVisualizer(radius=LINE + 1, line_width=LINE)
        visualizer.set_dataset_meta(self.metainfo)
        found: Frame = visualizer.add_datasample(
            'pose', large, sample, draw_gt=False, draw_bbox=False, show=False
        )
        return found


def rgb(crop: Tensor) -> Frame:
    """(H, W, 3) of a uint8 crop (3, H, W), which pipelines of MMPose read as BGR."""
    return np.ascontiguousarray(crop.cpu().numpy().transpose(1, 2, 0)[..., ::-1])


def resized(crop: Frame) -> Frame:
    """Every pixel a square, so that HEIGHT is reached, or pixels left out above WIDTH."""
    height, width = crop.shape[:2]
    if width > WIDTH:
        # Means would be smaller than the amplified change that they stand for.
        size = (WIDTH, max(1, round(height * WIDTH / width)))
        return cv2.resize(crop, size, interpolation=cv2.INTER_NEAREST).astype(np.uint8)
    factor = max(1, min(-(-HEIGHT // height), WIDTH // width))
    return crop.repeat(factor, axis=0).repeat(factor, axis=1)


def shown_joints(maps: Tensor, count: int) -> list[int]:
    """``count`` joints, evenly from those that depend on any pixel, or from all if too few do.

    Args:
        maps: (J, H, W), of one sample.
        count: If there are fewer joints, all of them.
    """
    count = min(count, len(maps))
    known = maps.flatten(1).any(dim=1).nonzero().flatten().tolist()
    known = known if len(known) >= count else list(range(len(maps)))
    return [known[place] for place in np.linspace(0, len(known) - 1, count).round().astype(int)]


def relation_picture(crop: Frame, signs: Tensor) -> Frame:
    """Where a joint's response rises (red) or falls (blue) with the pixels.

    Args:
        crop: (H, W, 3).
        signs: (H, W), -1..1.
    """
    # The root, so that a relation to one of three channels can be seen.
    strength = signs.abs().clamp(max=1).sqrt().cpu().numpy()[..., None]
    grey = BEHIND * crop.mean(axis=2, keepdims=True)
    colour = np.where(signs.cpu().numpy()[..., None] > 0, RISES, FALLS)
    found: Frame = np.rint((1 - strength) * grey + strength * colour).astype(np.uint8)
    return found
