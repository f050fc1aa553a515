"""A lifter behind a 2-D estimator: from its joints to places, as MMPose's inferencer goes.

Shapes: N persons, T frames, J joints of the estimator, K of the lifter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

from mmrobust.functional.checks import require, suggestion
from mmrobust.io.checkpoints import load_weights, read_checkpoint
from mmrobust.io.configs import check_file, read_config
from mmrobust.io.model_config import check_model
from mmrobust.victims.lifting.loading import LiftLayout, LiftPipeline
from mmrobust.victims.lifting.victim import LifterVictim
from mmrobust.victims.samples import LAYOUT_KEY, Failure

OPTIONS = ('config', 'checkpoint')


@dataclass(frozen=True)
class Chained:
    """What is known of one person on both sides of the join.

    Attributes:
        pose: Its ``PoseDataSample`` in the 2-D data set.
        lift: That in which the lifter reads roots and cameras.
        layout: How the lifter's input depends on the joints.
    """

    pose: Any
    lift: Any
    layout: LiftLayout


class Lifter:
    """A lifter from its own config and checkpoint.

    A single picture is a sequence in which nobody moves: its pose is repeated as often as
    the lifter's data set has frames (``seq_len``). Camera parameters other than the size of
    the picture are unknown, and the root is at the origin.

    Args:
        options: ``config`` and ``checkpoint``, paths.
        device: Where the model goes.

    Raises:
        FileNotFoundError: A path leads nowhere.
        ModuleNotFoundError: A part of the model is in a package that is not installed.
        ValueError: An option is missing or unknown, this is no lifter, its weights do not
            match its config, or neither says which joints it has.
    """

    def __init__(self, options: Mapping[str, Any], device: torch.device) -> None:
        for name in options:
            if name not in OPTIONS:
                raise ValueError(f'lifter has no option {name!r}: {suggestion(name, OPTIONS)}')
        for name in OPTIONS:
            given = options.get(name)
            require(isinstance(given, str), f'lifter.{name}', 'a path', given)
        from mmengine.dataset import Compose
        from mmpose.apis import init_model

        for name in OPTIONS:
            check_file(options[name], f'lifter.{name}')

        cfg = read_config(options['config'], 'lifter.config')
        kind = cfg.get('model', {}).get('type')
        require(kind == 'PoseLifter', 'lifter.config', 'that of a PoseLifter', kind)
        check_model(cfg.model, 'lifter.config')
        model = init_model(cfg, options['checkpoint'], device=str(device))
        # MMPose only warns of weights that do not match, and of joints that it does not know.
        load_weights(model, options['checkpoint'])
        _check_joints(cfg, options['checkpoint'])
        self.victim = LifterVictim(model.eval().requires_grad_(False))
        self.meta: dict[str, Any] = model.dataset_meta
        dataset = cfg.test_dataloader.dataset
        self.pipeline = LiftPipeline(Compose(dataset.pipeline).transforms)
        self.frames = int(dataset.get('seq_len', 1))

    def join(self, sample: Any) -> Chained:
        """What belongs to a person of the 2-D data set.

        Raises:
            ValueError: The lifter's pipeline does not take poses of pictures.
        """
        height, width = sample.metainfo['ori_shape'][:2]
        count = int(self.meta['num_keypoints'])
        info = dict(self.meta) | {
            'keypoints': np.zeros((self.frames, count, 2), dtype=np.float32),
            'keypoints_visible': np.ones((self.frames, count), dtype=np.float32),
            'lifting_target': np.zeros((1, count, 3), dtype=np.float32),
            'lifting_target_visible': np.ones((1, count, 1), dtype=np.float32),
            'factor': np.zeros(self.frames, dtype=np.float32),
            'camera_param': {'w': width, 'h': height},
        }
        found = self.pipeline(info)
        if isinstance(found, Failure):
            raise ValueError(f'lifter.config: its test pipeline takes no poses: {found.error}')
        return Chained(sample, found['data_samples'], found[LAYOUT_KEY])

    def places(self, joints: Tensor, chained: Sequence[Chained]) -> Tensor:
        """Places (N, T, K, 3) for joints (N, K, 2) in picture pixels; differentiable."""
        moving = joints.transpose(1, 2)[:, :, None, :, None]
        moving = moving.expand(-1, -1, self.frames, -1, -1).double()
        lifts = [one.lift for one in chained]
        sequences = self.victim.bind(lifts, [one.layout for one in chained])
        return self.victim.adapter.places(sequences(moving), lifts)

    def conversion(self, meta: Mapping[str, Any]) -> Tensor:
        """Joints of a 2-D data set to the lifter's own (K, J), as MMPose mixes them.

        Args:
            meta: Of the 2-D data set: ``dataset_name``, ``keypoint_id2name``.

        Raises:
            ValueError: MMPose knows no way from one to the other.
        """
        from mmpose.apis.inference_3d import convert_keypoint_definition

        names, own = (list((m.get('keypoint_id2name') or {}).values()) for m in (meta, self.meta))
        unit = np.eye(len(names))
        if names and names == own:
            return torch.from_numpy(unit)
        known = [str(m.get('dataset_name')) for m in (meta, self.meta)]
        try:
            # Joint by joint: what becomes of a pose in which it alone is not at the origin.
            mixed = convert_keypoint_definition(unit[:, :, None], *known)[..., 0].T
        except (AssertionError, NotImplementedError, IndexError) as error:
            rule = f'one whose joints MMPose converts to those of {known[1]}'
            raise ValueError(f'the 2-D data set must be {rule}, got {known[0]}') from error
        return torch.from_numpy(np.ascontiguousarray(mixed))


def _check_joints(cfg: Config, path: str) -> None:
    """Raise ValueError where MMPose would take COCO's joints for want of any."""
    from mmpose.apis.inference import dataset_meta_from_config

    checkpoint = read_checkpoint(path)
    named = 'dataset_meta' in checkpoint.get('meta', {})
    if not named and dataset_meta_from_config(cfg, dataset_mode='train') is None:
        raise ValueError(
            f'lifter.checkpoint must hold dataset_meta, or lifter.config a train_dataloader: '
            f'neither {path} nor the config says which joints the lifter has'
        )
