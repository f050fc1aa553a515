"""Several skeleton recognisers that look at one track, and answer together.

Shapes: N samples, C coordinates, T frames, V joints, M persons, K classes, S streams.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmrobust.functional.averaging import weighted_mixture
from mmrobust.functional.checks import finite, require, suggestion
from mmrobust.io.checkpoints import load_weights
from mmrobust.io.configs import check_file, read_config
from mmrobust.io.model_config import check_model
from mmrobust.registry import VICTIMS
from mmrobust.victims.samples import RefusedError, Results
from mmrobust.victims.skeleton.layout import SkeletonLayout, TrackLayout
from mmrobust.victims.skeleton.loading import Measure, TrackPipeline, Unit
from mmrobust.victims.skeleton.path import TrackPath
from mmrobust.victims.skeleton.victim import BoundTracks, SkeletonVictim

OPTIONS = ('config', 'checkpoint', 'weight')
# In a data sample: the shapes of the streams' inputs, which lie one behind the other.
SHAPES = 'stream_shapes'


@dataclass(frozen=True)
class FusedLayout(TrackLayout):
    """One track, and how each stream sees it.

    Attributes:
        streams: The model's own layout, and those of the others.
    """

    streams: tuple[TrackLayout, ...]

    def render(self, pixels: Tensor) -> Tensor:
        """The inputs of all streams, flat, one behind the other."""
        return torch.cat([one.render(pixels).flatten() for one in self.streams])

    def along(self, path: TrackPath) -> TrackLayout:
        """By way of another pipeline alone."""
        return self.streams[0].along(path)

    @property
    def signature(self) -> tuple[object, ...]:
        """Shapes of track and inputs."""
        return (*self.pixels().shape, *(one.shape for one in self.streams))


class FusedPipeline(TrackPipeline):
    """A data set's test pipeline beside those of the other streams.

    Args:
        path: The data set's.
        others: Those of the others.
        measure: In what changes are counted.
    """

    def __init__(self, path: TrackPath, others: Sequence[TrackPath], measure: Measure) -> None:
        super().__init__(path, 'track', measure)
        self.others = list(others)

    def followed(self, data_info: Results) -> tuple[Results, SkeletonLayout]:
        """Packed inputs of all, flat, and the layout."""
        packed, own = super().followed(data_info)
        assert isinstance(own, TrackLayout)
        streams = (own, *(own.along(path) for path in self.others))
        shapes = [one.shape for one in streams]
        size = sum(int(np.prod(shape)) for shape in shapes)
        fused = FusedLayout(own.stored, (size,), own.path, own.info, streams)
        packed['data_samples'].set_metainfo({SHAPES: shapes})
        return packed | {'inputs': fused.render(fused.pixels()).detach()}, fused

    def _probed(self, info: Results, keypoint: NDArray[Any]) -> tuple[Tensor, Tensor]:
        """What any of the streams sees may be moved."""
        slopes, reach = super()._probed(info, keypoint)
        for path in self.others:
            reach = reach | TrackPipeline(path, self.space, self.measure)._probed(info, keypoint)[1]
        return slopes, reach


@VICTIMS.register_module()
class FusedSkeletonVictim(SkeletonVictim):
    """Recognisers of joints, bones and motions with one answer: the mean of their probabilities.

    Each looks at the track by way of its own test pipeline, and an attack moves the track that all
    of them see. Outputs are the logarithm of the weighted mean of probabilities, as the scores of
    MMAction2's ``tools/analysis_tools/report_accuracy.py`` are weighted sums of them.

    Args:
        model: The recogniser of the config, one of the streams.
        streams: Of the others ``config``, ``checkpoint`` and ``weight`` (default 1).
        weight: That of the model, > 0.
        unit: See :class:`~mmrobust.victims.skeleton.victim.SkeletonVictim`.
        body: Likewise.
        memory_limit: Likewise.

    Raises:
        FileNotFoundError: A path leads nowhere.
        ValueError: A stream is no recogniser of skeletons, tells other classes apart or does not
            average probabilities; or an option is wrong.
    """

    kinds = {'track': SkeletonVictim.kinds['track']}

    def __init__(
        self,
        model: nn.Module,
        *,
        streams: Sequence[Mapping[str, Any]],
        weight: float = 1.0,
        unit: Unit | None = None,
        body: Mapping[str, Any] | None = None,
        memory_limit: float = 3.0,
    ) -> None:
        super().__init__(model, unit=unit, body=body, memory_limit=memory_limit)
        listed = isinstance(streams, list | tuple) and len(streams) > 0
        require(listed, 'victim.streams', 'a list of dict(config=..., checkpoint=...)', streams)
        device = next(model.parameters()).device
        self.streams: list[SkeletonVictim] = [self]
        self.weights = [_weight('victim.weight', weight)]
        for number, options in enumerate(streams):
            name = f'victim.streams[{number}]'
            known = isinstance(options, Mapping) and {'config', 'checkpoint'} <= {*options}
            require(known, name, 'a dict with config and checkpoint', options)
            for key in options:
                if key not in OPTIONS:
                    known_ones = suggestion(key, OPTIONS)
                    raise ValueError(f'{name} has no option {key!r}: {known_ones}')
            self.streams.append(_stream(self, options, name, device))
            self.weights.append(_weight(f'{name}.weight', options.get('weight', 1.0)))
        paths: list[Mapping[str, Any]] = [{}, *streams]
        self.fused = [
            {'config': one.get('config'), 'checkpoint': one.get('checkpoint'), 'weight': weight}
            for one, weight in zip(paths, self.weights, strict=True)
        ]
        classes = {one.scorer.model.cls_head.num_classes for one in self.streams}
        rule = 'of recognisers that tell the same classes apart'
        require(len(classes) == 1, 'victim.streams', rule, f'{sorted(classes)} classes')
        averages = [one.scorer.averaging for one in self.streams]
        rule = "of recognisers with average_clips='prob': probabilities are fused"
        require({*averages} == {'prob'}, 'victim.streams', rule, averages)

    def install(self, dataset: Any) -> None:
        """Let a data set (without wrappers) keep its tracks, and show them to all streams.

        Raises:
            RefusedError: A pipeline cannot be followed, or tracks in a picture are shown to who
                takes them for places in space.
        """
        own = TrackPath(dataset.pipeline.transforms)
        others = [path for one in self.streams[1:] if (path := one.path) is not None]
        if any(path.planar != own.planar for path in others):
            raise RefusedError('victim.streams must all see joints in a picture, or none of them')
        dataset.pipeline = FusedPipeline(own, others, self.measure)

    def render(self, layout: Any, adversarial: Tensor) -> Tensor:
        """The inputs of all streams, flat."""
        inputs: Tensor = layout.render(adversarial)
        return inputs

    def predict(self, data: dict[str, Any]) -> tuple[Sequence[Any], Tensor]:
        """The stock test step of every stream: the model's samples with the fused scores."""
        samples = data['data_samples']
        rule = 'of a data set that a FusedSkeletonVictim is installed in'
        require(all(SHAPES in one.metainfo for one in samples), 'data', rule, 'another')
        split = [
            _parted(x, one.metainfo[SHAPES]) for x, one in zip(data['inputs'], samples, strict=True)
        ]
        answers, found = [], samples
        for number, stream in enumerate(self.streams):
            shown = {**data, 'inputs': [parts[number] for parts in split]}
            shown['data_samples'] = samples if number == 0 else deepcopy(samples)
            predicted, outputs = stream.scorer.predict(shown)
            found = predicted if number == 0 else found
            answers.append(outputs)
        fused = weighted_mixture(answers, self.weights)
        for sample, scores in zip(found, fused.softmax(1), strict=True):
            sample.set_pred_score(scores.to(sample.pred_score))
            sample.set_pred_label(scores.argmax())
        return found, fused

    def bind(self, samples: Sequence[Any], layouts: Sequence[Any] = ()) -> BoundFused:
        """The victim of tracks of one shape; pixels are coordinates (n, C, T, V, M)."""
        return BoundFused(self, samples, layouts)


class BoundFused(BoundTracks):
    """A :class:`FusedSkeletonVictim` bound to N tracks of one shape."""

    def __call__(self, pixels: Tensor, views: Sequence[int] | None = None) -> Tensor:
        """Logarithms (N, K) of the fused probabilities, for coordinates (N, C, T, V, M)."""
        answers = []
        for number, stream in enumerate(self.owner.streams):
            layouts = [layout.streams[number] for layout in self.layouts]
            answers.append(BoundTracks(stream, self.data_samples, layouts)(pixels, views))
        return weighted_mixture(answers, self.owner.weights)

    @property
    def model(self) -> nn.Module:
        """All recognisers."""
        return nn.ModuleList([one.model for one in self.owner.streams])


def _parted(flat: Tensor, shapes: Sequence[Sequence[int]]) -> list[Tensor]:
    """Inputs of the streams, of those that lie one behind the other."""
    sizes = [int(np.prod(shape)) for shape in shapes]
    return [one.reshape(*shape) for one, shape in zip(flat.split(sizes), shapes, strict=True)]


def _weight(name: str, value: Any) -> float:
    require(finite(value) and value > 0, name, 'a finite number > 0', value)
    return float(value)


def _stream(
    own: SkeletonVictim, options: Mapping[str, Any], name: str, device: torch.device
) -> SkeletonVictim:
    """A recogniser with its own test pipeline and its weights."""
    from mmaction.registry import MODELS

    for key in ('config', 'checkpoint'):
        require(isinstance(options[key], str), f'{name}.{key}', 'a path', options[key])
        check_file(options[key], f'{name}.{key}')
    cfg = read_config(options['config'], f'{name}.config')
    check_model(cfg.get('model'), f'{name}.config')
    with MODELS.switch_scope_and_registry('mmaction') as registry:
        model: nn.Module = registry.build(cfg.model)
    load_weights(model, options['checkpoint'])
    victim = SkeletonVictim(model.to(device).eval(), memory_limit=own.memory_limit)
    victim.unit, victim.measure = own.unit, own.measure
    victim.look_by(cfg, f'{name}.config')
    return victim
