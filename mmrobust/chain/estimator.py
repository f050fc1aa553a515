"""Frames to joints, by a top-down pose estimator of MMPose.

Shapes: M frames, H, W pixels, P persons of a frame at most, n persons of all frames, K joints,
D values of a person's response. Frames hold RGB values 0..255; joints are in pixels of the frame.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from mmrobust.chain.crops import Crops, Cutter
from mmrobust.chain.estimator_files import Meta, load_estimator
from mmrobust.flow.memo import PairMemo
from mmrobust.functional.affine_crop import affine_crop
from mmrobust.functional.checks import require, whole
from mmrobust.victims.pose.capture import decoder_input
from mmrobust.victims.pose.head_adapters import adapter_of
from mmrobust.victims.skeleton.twins.base import through


class JointEstimator:
    """An MMPose top-down estimator, its test pipeline and decoder, from frames on.

    Joints and scores are those of MMPose's own decoder, in pixels of the frame, as
    ``mmpose.apis.inference_topdown`` gives them; the gradient is that of soft coordinates and of
    the peak that is the score, straight through the decoder (Bengio, Leonard and Courville 2013,
    arXiv:1308.3432).

    Args:
        model: The estimator with its weights; it is put into evaluation mode.
        pipeline: Its test pipeline's configs.
        meta: What its data set says of its joints.
        crops_at_once: Crops that pass through the network together. Of more, each part is run
            once more when its gradient is needed, so that memory does not grow with the video.

    Raises:
        ValueError: Its head has no adapter, or its pipeline cannot be followed.

    Attributes:
        joint_count: K.
    """

    def __init__(
        self, model: nn.Module, pipeline: Sequence[Any], meta: Meta, crops_at_once: int = 64
    ) -> None:
        rule = 'a whole number >= 1'
        require(whole(crops_at_once, 1), 'pose_estimator.crops_at_once', rule, crops_at_once)
        self.model: Any = model.eval().requires_grad_(False)
        self.adapter, self.cutter = adapter_of(self.model), Cutter(pipeline)
        self.meta, self.crops_at_once = meta, crops_at_once
        self._memo: PairMemo | None = None
        self.joint_count = self._count()

    @classmethod
    def from_config(cls, options: Mapping[str, Any]) -> JointEstimator:
        """Of ``config``, ``checkpoint`` (paths) and, if need be, ``crops_at_once``.

        Raises:
            FileNotFoundError: A path leads nowhere.
            ValueError: An option is missing or unknown, it is no top-down estimator, or its
                weights do not match its config.
        """
        model, pipeline, meta = load_estimator(options)
        return cls(model, pipeline, meta, options.get('crops_at_once', 64))

    def __call__(self, frames: Tensor, boxes: Tensor) -> Tensor:
        """Joints and scores (M, P, K, 3), double precision, differentiable in the frames.

        A person who is not there (a box of NaN) is 0 everywhere.

        Args:
            frames: (M, 3, H, W).
            boxes: (M, P, 4), single precision: left, top, right, bottom, pixels.
        """
        return (self.joints if self._memo is None else self._memo)(frames, boxes)

    def joints(self, frames: Tensor, boxes: Tensor) -> Tensor:
        """What a call returns, computed anew."""
        there = boxes.isfinite().all(dim=2)
        if not there.any():
            return frames.new_zeros(*there.shape, self.joint_count, 3, dtype=torch.float64)
        responses, crops = self.responses(frames, boxes)
        values = self._decoded(responses, crops)
        found = values.new_zeros(*there.shape, *values.shape[1:])
        return found.index_put(there.nonzero(as_tuple=True), values)

    def responses(self, frames: Tensor, boxes: Tensor) -> tuple[Tensor, Crops]:
        """What the head gives (n, D) for all persons, frame by frame, and where their crops lie."""
        boxes = boxes.detach().cpu()
        there = boxes.isfinite().all(dim=2)
        crops = self.cutter(boxes[there].numpy())
        # MMPose reads BGR.
        pictures, matrices = frames.flip(1), crops.matrices.split(there.sum(dim=1).tolist())
        cut = [
            affine_crop(picture, theirs, crops.size)
            for picture, theirs in zip(pictures, matrices, strict=True)
            if len(theirs)
        ]
        parts = torch.cat(cut).split(self.crops_at_once)
        graph = torch.is_grad_enabled() and frames.requires_grad and len(parts) > 1
        found = [
            checkpoint(self._response, part, use_reentrant=False) if graph else self._response(part)
            for part in parts
        ]
        return torch.cat(found), crops

    def loss(self, frames: Tensor, boxes: Tensor, joints: Tensor) -> Tensor:
        """The head's own loss, all persons' together, from given joints; differentiable.

        Args:
            frames: (M, 3, H, W).
            boxes: (M, P, 4), as in a call.
            joints: (M, P, K, 3), as a call returns them.
        """
        responses, crops = self.responses(frames, boxes)
        there = boxes.cpu().isfinite().all(dim=2)
        places = crops.in_crops(joints[there])
        adapter = self.adapter
        reference = adapter.encode(places[..., :2], torch.ones_like(places[..., 2])).to(responses)
        loss, *_ = adapter.losses().values()
        return loss(responses, reference).sum()

    @contextmanager
    def incremental(self) -> Iterator[PairMemo]:
        """Inside, the joints of a frame that was seen before are not computed again."""
        if self._memo is not None:
            yield self._memo
            return
        self._memo = PairMemo(self.joints)
        try:
            yield self._memo
        finally:
            self._memo = None

    @torch.no_grad()
    def _count(self) -> int:
        """How many joints are decoded, of a crop in which nobody is."""
        width, height = self.adapter.input_size
        weights = next(self.model.parameters())
        joints, _ = self.adapter.decode(self._response(weights.new_zeros(1, 3, height, width)))
        return joints.shape[1]

    def _response(self, crops: Tensor) -> Tensor:
        """(n, D) of crops (n, 3, h, w), as the test path decodes them."""
        from mmpose.structures import PoseDataSample

        packed = self.meta.packed | {'input_size': self.adapter.input_size}
        samples = [PoseDataSample(metainfo=packed) for _ in crops]
        kind = next(self.model.parameters()).dtype
        with decoder_input(self.adapter.head, stop=True) as caught:
            batch = {'inputs': list(crops), 'data_samples': samples}
            data = self.model.data_preprocessor(batch, False)
            data['inputs'] = data['inputs'].to(kind)
            self.model._run_forward(data, mode='predict')
        return self.adapter.flatten(caught.value)

    def _decoded(self, responses: Tensor, crops: Crops) -> Tensor:
        """(n, K, 3): places and scores."""
        joints, scores = self.adapter.decode(responses)
        places = torch.from_numpy(np.asarray(crops.in_frame(joints.numpy()), dtype=np.float64))
        soft = crops.slopes_in_frame(self.adapter.soft_coordinates(responses))
        values = torch.cat([places, scores[..., None].double()], dim=2).to(soft.device)
        peaks = self.adapter.peak_scores(responses)
        # A head of coordinates alone is as sure of all places.
        peaks = torch.zeros_like(soft[..., 0]) if peaks is None else peaks.double()
        return through(torch.cat([soft, peaks[..., None]], dim=2), values)
