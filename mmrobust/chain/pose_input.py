"""What turns a recogniser of skeletons into one that sees raw frames.

Shapes: N videos, T frames, H, W pixels, P persons of a frame at most, K joints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from mmaction.models.recognizers import BaseRecognizer
from numpy.typing import NDArray
from torch import Tensor

from mmrobust.chain.boxes import Kind, frame_boxes
from mmrobust.chain.estimator import JointEstimator
from mmrobust.chain.held import Held, pose_alone
from mmrobust.chain.measures import PosePair, pose_changes
from mmrobust.flow.memo import PairMemo
from mmrobust.flow.recognizers.flow_input import require_raw
from mmrobust.functional.averaging import average_views
from mmrobust.functional.checks import require
from mmrobust.victims.action.scoring import head_outputs, rows_of
from mmrobust.victims.samples import RefusedError
from mmrobust.victims.skeleton.path import TrackPath, built
from mmrobust.victims.skeleton.twins.base import Typed, rounded

Options = dict[str, Any]
Scores = Literal['live', 'clean', 'one']
Stored = Literal['float16', 'float32']
Aim = Literal['action', 'pose']


class PoseInput(BaseRecognizer):
    """Frames (N, 1, 3, T, H, W), 0..255, are turned into tracks of joints before the backbone.

    As in MMAction2's ``inference_skeleton``: a top-down estimator's joints and scores in every
    frame, person p of a frame being its p-th box (nobody is followed from frame to frame), zeros
    where nobody is, stored in ``stored``; then the skeleton recogniser's own test pipeline.
    Values are those of MMPose's decoder and of that pipeline, slopes those of soft coordinates
    and of the transforms' twins (:mod:`mmrobust.victims.skeleton.twins`). The estimator is no
    submodule: weights have the names that they have in the plain recogniser, so that checkpoints
    of skeleton models load, and the estimator is neither trained nor saved. It moves with the
    model all the same, and is always in evaluation mode.

    Args:
        backbone: As in MMAction2; so are the next five.
        cls_head: The head.
        neck: The neck.
        train_cfg: Options in training.
        test_cfg: Options in tests.
        data_preprocessor: Must leave frames as they are: no mean, no std.
        pose_estimator: ``config`` and ``checkpoint`` of an MMPose top-down estimator (and
            ``crops_at_once``, see :class:`~mmrobust.chain.estimator.JointEstimator`), or one.
        pipeline: The skeleton recogniser's test pipeline, from the track to the packed input.
        boxes: ``given`` with every video (``mmrobust.FrameBoxes``), and the same whatever is
            done to the frames; or ``whole``: one person, whose box is the frame.
        scores: ``live``: of the frames that are shown, as deployed; ``clean``: of the clean
            frames, whatever is done to them; ``one``: 1 for whoever has a box. The last two
            are controls: no attack can hide a joint.
        stored: What a file of tracks holds: ``float16``, as MMAction2's inference, or ``float32``.
        aim: ``action``; or ``pose``: a surrogate that gives gradients of the pose alone
            (:func:`~mmrobust.chain.held.pose_alone`), whatever becomes of the action.

    Raises:
        FileNotFoundError: A path of the estimator leads nowhere.
        ValueError: An option is out of range, the data preprocessor changes the frames, a model
            or a transform cannot be followed, or joints are not those of the backbone's graph.
    """

    # Whether the network takes volumes of heatmaps.
    volumes: ClassVar[bool]

    def __init__(
        self,
        backbone: Options,
        cls_head: Options | None = None,
        neck: Options | None = None,
        train_cfg: Options | None = None,
        test_cfg: Options | None = None,
        data_preprocessor: Options | None = None,
        *,
        pose_estimator: JointEstimator | Mapping[str, Any],
        pipeline: Sequence[Mapping[str, Any]],
        boxes: Kind = 'given',
        scores: Scores = 'live',
        stored: Stored = 'float16',
        aim: Aim = 'action',
    ) -> None:
        require(boxes in ('given', 'whole'), 'boxes', 'given or whole', boxes)
        require(scores in ('live', 'clean', 'one'), 'scores', 'live, clean or one', scores)
        require(stored in ('float16', 'float32'), 'stored', 'float16 or float32', stored)
        require(aim in ('action', 'pose'), 'aim', 'action or pose', aim)
        super().__init__(backbone, cls_head, neck, train_cfg, test_cfg, data_preprocessor)
        require_raw(self.data_preprocessor, 'poses are estimated in')
        self.boxes, self.scores, self.stored, self.aim = boxes, scores, stored, aim
        self.path = followed(pipeline)
        rule = f'one that gives {"volumes of heatmaps" if self.volumes else "joints"}'
        require(self.path.heatmaps == self.volumes, 'pipeline', rule, self.path.describe())
        if isinstance(pose_estimator, Mapping):
            pose_estimator = JointEstimator.from_config(pose_estimator)
        # No module itself, so that nn.Module does not look into it.
        self.pose_estimator = estimator = pose_estimator
        joints = getattr(getattr(self.backbone, 'graph', None), 'num_node', estimator.joint_count)
        rule = f"one of the {joints} joints of the backbone's graph"
        found = f'{estimator.joint_count} joints'
        require(joints == estimator.joint_count, 'pose_estimator', rule, found)

    @property
    def holds(self) -> bool:
        """Whether it must be shown the clean frames (:meth:`hold`) of what is attacked."""
        return self.scores == 'clean' or self.aim == 'pose'

    def incremental(self) -> AbstractContextManager[PairMemo]:
        """Inside, the joints of a frame that was seen before are not computed again."""
        return self.pose_estimator.incremental()

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> PoseInput:
        """Let ``.to()``, ``.cuda()`` and ``.double()`` reach the estimator."""
        self.pose_estimator.model._apply(fn, recurse)
        moved: PoseInput = super()._apply(fn, recurse)
        return moved

    def forward(
        self,
        inputs: Tensor,
        data_samples: Sequence[Any] | None = None,
        mode: str = 'tensor',
        stage: str = 'backbone',
    ) -> Any:
        """What the recogniser makes of the poses in frames.

        Args:
            inputs: Frames (N, 1, 3, T, H, W), RGB, 0..255.
            data_samples: With the boxes.
            mode: ``tensor`` or ``predict``.
            stage: As in MMAction2, of ``tensor``: ``backbone`` or ``head``.

        Raises:
            ValueError: No whole videos of RGB frames, no boxes, or training is asked for.
        """
        rule = 'tensor or predict: recogniser and estimator are trained by their own configs'
        require(mode in ('tensor', 'predict'), 'mode', rule, mode)
        videos = whole_videos(inputs)
        samples = [None] * len(videos) if data_samples is None else list(data_samples)
        with self._aimed(videos, samples):
            shown = [self.skeleton(*pair) for pair in zip(videos, samples, strict=True)]
            named = {'stage': stage} if mode == 'tensor' else {}
            return super().forward(torch.stack(shown), data_samples, mode, **named)

    def joints(self, frames: Tensor, sample: Any) -> Tensor:
        """Joints and scores (T, P, K, 3), double precision, in frames (T, 3, H, W)."""
        boxes = frame_boxes(sample, frames, self.boxes)
        return self.pose_estimator(frames, boxes)

    def track(self, frames: Tensor, sample: Any) -> tuple[Typed, Typed]:
        """Places (P, T, K, 2) and scores (P, T, K) as a file would hold them, with slopes."""
        held = self.held(sample)
        if self.aim == 'pose' and held is not None:
            # The head's logits are replaced: any pose will do, and none need be estimated.
            found = torch.from_numpy(held.joints).transpose(0, 1)
        else:
            found = self.joints(frames, sample).cpu().transpose(0, 1)
        places, score = found[..., :2], found[..., 2]
        if self.scores == 'one':
            there = frame_boxes(sample, frames, self.boxes).isfinite().all(dim=2)
            score = there.T.cpu().double()[..., None].expand(score.shape)
        elif self.scores == 'clean' and held is not None:
            score = torch.from_numpy(held.joints[..., 2]).transpose(0, 1)
        kind = np.dtype(self.stored)
        return Typed(rounded(places, kind), kind), Typed(rounded(score, kind), kind)

    def skeleton(self, frames: Tensor, sample: Any) -> Tensor:
        """The recogniser's input (views, ...), with slopes, for frames (T, 3, H, W)."""
        places, score = self.track(frames, sample)
        info = annotation(len(frames), frames.shape[-2:]) | {'keypoint_score': as_array(score)}
        found = self.path.inputs(info, places.value, as_array(places), score)
        return found.to(next(self.parameters()))

    @torch.no_grad()
    def hold(self, samples: Sequence[Any], inputs: Sequence[Tensor]) -> None:
        """Keep, with each data sample, what is found in the clean frames (1, 3, T, H, W)."""
        for sample, clean in zip(samples, inputs, strict=True):
            (frames,) = whole_videos(clean[None].to(next(self.parameters())))
            sample.set_metainfo({self._key: None})
            with head_outputs(self) as caught:
                super().forward(self.skeleton(frames, sample)[None], [sample.new()], 'predict')
            rows = rows_of(caught.logits, 1)
            prediction = int(average_views(rows, self.cls_head.average_clips).argmax())
            joints = self.joints(frames, sample).cpu().numpy()
            sample.set_metainfo({self._key: Held(joints, prediction)})

    def held(self, sample: Any) -> Held | None:
        """What was kept with a data sample; None before any was."""
        return None if sample is None else sample.metainfo.get(self._key)

    @property
    def _key(self) -> str:
        # A surrogate beside it keeps others of the same sample.
        return f'held_{id(self)}'

    @contextmanager
    def _aimed(self, videos: Sequence[Tensor], samples: Sequence[Any]) -> Iterator[None]:
        """Inside, the head says what ``aim`` asks for, once clean frames are known."""
        kept = [self.held(sample) for sample in samples]
        if self.aim == 'action' or None in kept:
            yield
            return
        losses = torch.stack([
            self.pose_estimator.loss(
                frames,
                frame_boxes(sample, frames, self.boxes),
                torch.from_numpy(held.joints),
            )
            for frames, sample, held in zip(videos, samples, kept, strict=True)
            if held is not None
        ])  # fmt: skip
        hook = pose_alone(losses, [held.prediction for held in kept if held is not None])
        handle = self.cls_head.register_forward_hook(hook, prepend=True)
        try:
            yield
        finally:
            handle.remove()

    def changes(self, sample: Any, before: Tensor, after: Tensor) -> Mapping[str, Any]:
        """What became of the poses between two inputs (1, 3, T, H, W) of a video."""
        kind = next(self.parameters())
        with torch.no_grad():
            ((clean,), (attacked,)) = (whole_videos(x[None].to(kind)) for x in (before, after))
            boxes = frame_boxes(sample, clean, self.boxes)
            poses = [self.joints(frames, sample).cpu() for frames in (clean, attacked)]
        nothing = self.pose_estimator.adapter.nothing
        pair = PosePair(poses[0], poses[1], boxes.cpu(), nothing)
        return pose_changes(pair, self.pose_estimator.meta.sigmas)


def whole_videos(inputs: Tensor) -> list[Tensor]:
    """Frames (T, 3, H, W) of each of N videos (N, 1, 3, T, H, W); ValueError for other inputs."""
    shape = tuple(inputs.shape)
    fits = inputs.dim() == 6 and shape[1] == 1 and shape[2] == 3
    rule = (
        'whole videos (N, 1, 3, T, H, W) of RGB frames, of which the skeleton pipeline makes the '
        "clips (mmrobust.SampleAll, no crops, FormatShape(input_format='NCTHW'))"
    )
    require(fits, 'inputs', rule, shape)
    return [video[0].transpose(0, 1) for video in inputs]


def followed(pipeline: Sequence[Mapping[str, Any]]) -> TrackPath:
    """A skeleton pipeline with its twins; ValueError where it is none of joints in a picture."""
    try:
        path = TrackPath(built(pipeline))
    except RefusedError as error:
        raise ValueError(f'pipeline must be of transforms with twins: {error}') from error
    rule = 'one of joints in a picture (PreNormalize2D, or PoseCompact and GeneratePoseTarget)'
    require(path.planar, 'pipeline', rule, path.describe())
    return path


def annotation(frames: int, size: Sequence[int]) -> dict[str, Any]:
    """What MMAction2's inference says of a track, whose video is of no known class."""
    shape = tuple(int(side) for side in size)
    known = {'frame_dir': '', 'label': -1, 'start_index': 0, 'modality': 'Pose'}
    return known | {'img_shape': shape, 'original_shape': shape, 'total_frames': frames}


def as_array(values: Typed) -> NDArray[Any]:
    """What a file would hold."""
    return values.value.detach().numpy().astype(values.dtype)
