"""What the victims of a top-down estimator share, whatever of the picture is perturbed.

Shapes: N crops, D values of a response; pixels 0..255 in the channel order of the config's own
pipeline, which is BGR unless the config says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from mmengine.model import is_model_wrapper
from torch import Tensor, nn

from mmrobust.functional.checks import require
from mmrobust.goals.pose_annotations import PoseAnnotations
from mmrobust.pose_targets import PoseTemplate, SamplePose, load_target
from mmrobust.victims.base import Victim, both
from mmrobust.victims.pose.annotations import (
    input_box,
    pack_input_keypoints,
    pose_annotations,
    stands_for_none,
)
from mmrobust.victims.pose.capture import decoder_input
from mmrobust.victims.pose.cells import PictureCells
from mmrobust.victims.pose.detections import annotate_boxes
from mmrobust.victims.pose.head_adapters import adapter_of
from mmrobust.victims.samples import channels_of


class TopDownVictim(Victim):
    """A pose estimator with its own test path.

    Args:
        model: A built MMPose top-down estimator with its weights.
        target: A pose to attain, for :class:`~mmrobust.goals.TargetPose`, fitted to
            every person's box: ``walk``, ``sit``, ``sample:INDEX`` or a file
            (:func:`mmrobust.pose_targets.load_target`).

    Raises:
        ValueError: Its head has no adapter, or ``target`` names no pose.
        FileNotFoundError: ``target`` is no file.

    Attributes:
        pipeline: What takes the place of a data set's ``pipeline``, made of its transforms.
    """

    goal = 'CorruptPose'
    pipeline: ClassVar[type[Any]]
    cells = PictureCells
    record_keys = (
        *('displacement', 'joints_moved', 'joints_vanished'),
        *both('correct', 'pck', 'oks', 'error', 'joint_errors', 'joints'),
    )

    def __init__(self, model: nn.Module, target: str | None) -> None:
        self.model: Any = model.module if is_model_wrapper(model) else model
        self.adapter = adapter_of(self.model)
        wanted = None if target is None else load_target(target)
        self.target: PoseTemplate | SamplePose | None = wanted
        self.sigmas: Tensor | None = None

    def install(self, dataset: Any) -> None:
        """Let a data set (without wrappers) pack what ``labels`` and ``groups`` need."""
        pack_input_keypoints(dataset)
        annotate_boxes(dataset)
        metainfo = getattr(dataset, 'metainfo', None) or {}
        # Data sets that know none say so with an empty list.
        sigmas = np.asarray([] if (known := metainfo.get('sigmas')) is None else known)
        if sigmas.size:
            self.sigmas = torch.as_tensor(sigmas, dtype=torch.float64)
        if self.target is not None:
            names = metainfo.get('keypoint_id2name') or {}
            require(bool(names), 'target', 'used with a data set that names its joints', names)
            target = self.target
            found = _pose_of(target, dataset) if isinstance(target, SamplePose) else target
            self.target = found.onto([str(name) for name in names.values()])
        dataset.pipeline = self.pipeline(dataset.pipeline.transforms, channels_of(self.model))

    def annotations(self, samples: Sequence[Any]) -> PoseAnnotations:
        """Annotations of persons, with the target pose in everyone's box."""
        if self.target is None:
            return pose_annotations(samples, self.adapter, sigmas=self.sigmas)
        assert isinstance(self.target, PoseTemplate), 'install() has not been called'
        places = np.stack([self.target.fitted(input_box(sample)) for sample in samples])
        aimed = torch.from_numpy(self.target.known).expand(len(samples), -1)
        target = torch.from_numpy(places)
        return pose_annotations(samples, self.adapter, target, aimed, self.sigmas)

    def predict(self, data: dict[str, Any]) -> tuple[Sequence[Any], Tensor]:
        """The stock test step: data samples, and responses (N, D)."""
        with decoder_input(self.adapter.head, stop=False) as caught:
            samples = self.model.test_step(data)
        return samples, self.adapter.flatten(caught.value)


def _pose_of(target: SamplePose, dataset: Any) -> PoseTemplate:
    """The annotation of one of the data set's own samples."""
    found = target.found(dataset)
    info = dataset.get_data_info(target.index)
    rule = 'a sample with an annotation (test_dataloader.dataset.bbox_file=None attacks those)'
    bare = stands_for_none(info.get('raw_ann_info'), info['keypoints'])
    require(not bare, 'target', rule, f'sample:{target.index}, a box that matches none')
    return found
