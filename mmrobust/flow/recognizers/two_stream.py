"""RGB and motion together: two recognisers on one clip of raw frames.

Shapes: N videos, M clips of each (views), F frames of a clip, H, W pixels, R
rows of scores per video, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal

from mmaction.models.recognizers import BaseRecognizer, Recognizer2D
from mmengine.model import BaseModel
from torch import Tensor, nn

from mmrobust.flow.memo import PairMemo
from mmrobust.flow.recognizers.fusion import Fusion, FusionHead
from mmrobust.flow.recognizers.streams import Options, built
from mmrobust.functional.checks import finite, require, whole
from mmrobust.io.checkpoints import load_weights
from mmrobust.registry import MODELS
from mmrobust.victims.action.scoring import Scorer

AttackStream = Literal['fused', 'motion', 'rgb']
RgbFrames = Literal['all', 'first', 'middle'] | Sequence[int]


@MODELS.register_module()
class TwoStreamRecognizer(BaseRecognizer):
    """Late fusion of an RGB recogniser and a flow recogniser (Simonyan and Zisserman 2014).

    Both see the same clips of raw frames (arXiv:1406.2199). The motion stream
    computes its flow from all frames; the RGB stream gets the frames that
    ``rgb_frames`` names, normalised by its own data preprocessor. Any 2D or 3D
    recogniser will do for either. Parameters are named ``backbone.rgb.*`` and
    ``backbone.motion.*``.

    Official setting: MMAction2 0.x adds scores before softmax with weights
    1:1 (``fusion='score'``).

    Args:
        rgb: Config of the RGB recogniser, its data preprocessor included.
        motion: Config of the motion stream, a
            :class:`~mmrobust.flow.recognizers.flow_recognizers.FlowRecognizer2D`
            or ``3D``.
        rgb_checkpoint: Weights of the RGB stream; None where a checkpoint of
            the fused model follows.
        motion_checkpoint: Likewise for the motion stream.
        weights: Of the RGB and the motion stream's scores.
        fusion: 'score': weighted sum of logits. 'prob': weighted mean of
            probabilities.
        attack_stream: Whose gradient reaches the pixels: both ('fused'),
            'motion' or 'rgb'. Scores are fused in any case.
        rgb_frames: Frames of a clip that the RGB stream sees: 'all', 'first',
            'middle' or a list of positions. A 2D stream takes each as a
            segment.

    Raises:
        ValueError: An option is out of range, a config is for no such stream,
            or a checkpoint does not match its stream.
    """

    def __init__(
        self,
        rgb: Options,
        motion: Options,
        *,
        rgb_checkpoint: str | None = None,
        motion_checkpoint: str | None = None,
        weights: tuple[float, float] = (1.0, 1.0),
        fusion: Fusion = 'score',
        attack_stream: AttackStream = 'fused',
        rgb_frames: RgbFrames = 'all',
    ) -> None:
        check_options(weights, fusion, attack_stream, rgb_frames)
        # Not BaseRecognizer's own, which builds one backbone and its head.
        raw = dict(type='mmaction.ActionDataPreprocessor', format_shape='NCTHW')
        BaseModel.__init__(self, data_preprocessor=raw)
        streams = built(rgb, motion)
        self.loaded = {'rgb': rgb_checkpoint, 'motion': motion_checkpoint}
        for name, path in self.loaded.items():
            if path is not None:
                load_weights(streams[name], path)
        self.backbone: Any = nn.ModuleDict(streams)
        self.cls_head = FusionHead(
            streams['rgb'].cls_head.num_classes,
            fusion,
            (float(weights[0]), float(weights[1])),
            math.lcm(*(Scorer(stream).unit for stream in streams.values())),
        )
        self.attack_stream, self.rgb_frames = attack_stream, rgb_frames
        self.train_cfg = None
        limits = [(stream.test_cfg or {}).get('max_testing_views') for stream in streams.values()]
        known = [limit for limit in limits if limit]
        self.test_cfg = {'max_testing_views': min(known)} if known else None

    def init_weights(self) -> None:
        """Initialise the streams that no checkpoint was loaded into."""
        for name, stream in self.backbone.items():
            if self.loaded[name] is None:
                stream.init_weights()

    def incremental(self) -> AbstractContextManager[PairMemo]:
        """Inside, flow of a pair of frames that was seen before is not computed again."""
        found: AbstractContextManager[PairMemo] = self.backbone['motion'].incremental()
        return found

    def extract_feat(
        self,
        inputs: Tensor,
        stage: str = 'neck',
        data_samples: list[Any] | None = None,
        test_mode: bool = False,
    ) -> tuple[Any, Options]:
        """Logits (N, R, K) of both streams, which are the fusion's features.

        Args:
            inputs: Frames (N, M, 3, F, H, W), RGB, 0..255.
            stage: 'head' for the fused scores.
            data_samples: Annotations.
            test_mode: Whether in a test.

        Raises:
            ValueError: No clips of RGB frames, or a stream cannot take them.
        """
        motion = self.backbone['motion']
        motion.check(inputs)
        seen = inputs.detach() if self.attack_stream == 'motion' else inputs
        moving = inputs.detach() if self.attack_stream == 'rgb' else inputs
        pairs = (self.backbone['rgb'], self.rgb_inputs(seen)), (motion, moving)
        logits = []
        for stream, x in pairs:
            features, options = stream.extract_feat(
                x, data_samples=data_samples, test_mode=test_mode
            )
            rows = stream.cls_head(features, **options)
            logits.append(rows.unflatten(0, (len(inputs), -1)))
        scores = logits[0], logits[1]
        return (self.cls_head(scores) if stage == 'head' else scores), {}

    def rgb_inputs(self, inputs: Tensor) -> Tensor:
        """What the RGB stream sees: (N, M, 3, F', H, W), or (N, M * F', 3, H, W) in 2D."""
        stream = self.backbone['rgb']
        chosen = inputs[:, :, :, self.positions(inputs.shape[3])]
        if isinstance(stream, Recognizer2D):
            chosen = chosen.transpose(2, 3).flatten(1, 2)
        data = {'inputs': list(chosen), 'data_samples': None}
        found: Tensor = stream.data_preprocessor(data, False)['inputs']
        return found

    def positions(self, frames: int) -> list[int]:
        """The RGB stream's frames among those of a clip."""
        named = {'all': list(range(frames)), 'first': [0], 'middle': [frames // 2]}
        if isinstance(self.rgb_frames, str):
            return named[self.rgb_frames]
        rule = f'positions below {frames}, the number of frames of a clip'
        require(max(self.rgb_frames) < frames, 'rgb_frames', rule, self.rgb_frames)
        return list(self.rgb_frames)


def check_options(
    weights: Any, fusion: Fusion, attack_stream: AttackStream, rgb_frames: RgbFrames
) -> None:
    """Refuse values out of range."""
    pair = isinstance(weights, Sequence) and len(weights) == 2 and all(map(finite, weights))
    fits = pair and min(weights) >= 0 and sum(weights) > 0
    require(fits, 'weights', 'two numbers >= 0, one of them > 0', weights)
    require(fusion in ('score', 'prob'), 'fusion', 'score or prob', fusion)
    known = attack_stream in ('fused', 'motion', 'rgb')
    require(known, 'attack_stream', 'fused, motion or rgb', attack_stream)
    if isinstance(rgb_frames, str):
        valid = rgb_frames in ('all', 'first', 'middle')
    else:
        listed = isinstance(rgb_frames, Sequence) and len(rgb_frames) > 0
        valid = listed and all(whole(i, 0) for i in rgb_frames)
    require(valid, 'rgb_frames', 'all, first, middle or a list of positions', rgb_frames)
