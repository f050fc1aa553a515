"""MMAction2's skeleton recognisers as victims.

Shapes: N samples, C coordinates, T frames, V joints, M persons, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from mmrobust.functional.averaging import average_views
from mmrobust.functional.checks import finite, require
from mmrobust.functional.track_metrics import TrackPair, track_metrics
from mmrobust.io.pipelines import own_pipeline
from mmrobust.registry import VICTIMS
from mmrobust.victims.action.bound import BoundClips
from mmrobust.victims.action.chunking import chunked
from mmrobust.victims.action.scoring import head_outputs, rows_of
from mmrobust.victims.action.victim import ActionVictim
from mmrobust.victims.base import SampleKind
from mmrobust.victims.bound import BoundVictim, Clip
from mmrobust.victims.cells import CellPipeline
from mmrobust.victims.skeleton.bodies import BONES, Body
from mmrobust.victims.skeleton.cells import SkeletonCells
from mmrobust.victims.skeleton.loading import Measure, TrackPipeline, Unit
from mmrobust.victims.skeleton.path import TrackPath, built

TRACK = SampleKind('track', previews='SkeletonPreviews', frames=True, unit="file's own units")
UNITS: Mapping[str, str] = {
    'torso': 'lengths of the torso',
    'box': "longest sides of the body's box",
    'native': "the file's own units",
}
# Where a body is the unit, no joint is moved further than this.
MOST = 1.0


@VICTIMS.register_module()
class SkeletonVictim(ActionVictim):
    """A skeleton recogniser with its own test pipeline: **what is attacked is the track**.

    The threat model is that of an attacker who moves the joints of a file (or the errors of a
    pose estimator or a depth camera, at their worst), not that of pictures. The variable is the
    track as the data set returns it: joints, bones, motions and all clips follow from it as the
    pipeline makes them. Scores, joints that were not found and persons whom the network does not
    see stay as they are, to the last bit.

    Args:
        model: A built MMAction2 recogniser of skeletons with its weights: a ``RecognizerGCN``,
            or a ``Recognizer3D`` of heatmaps (PoseC3D).
        space: ``track``, or ``view``: the input of every clip on its own, which no track need
            lead to; an upper bound for the attacker.
        unit: What a change by 1 is: the person's ``torso`` or ``box``, or what the file counts in
            (``native``: pixels, metres; in view space the network's own units). Default torso,
            in view space native.
        body: ``dict(shoulders=[joints], hips=[joints])`` of the torso; None: by their number.
        memory_limit: See :class:`~mmrobust.victims.action.victim.ActionVictim`.

    Raises:
        ValueError: It is no recogniser, or an option is wrong.
    """

    kinds = {
        'track': replace(TRACK, saved_files='TrackFiles'),
        'view': replace(TRACK, unit="units of the network's input"),
    }
    raw_input = False
    cells: ClassVar[type[CellPipeline] | None] = SkeletonCells
    threat = {'type': 'JointL2', 'eps': 0.05}
    # Of a surrogate, which is not that of the data set.
    path: TrackPath | None = None

    def __init__(
        self,
        model: nn.Module,
        *,
        space: Literal['track', 'view'] = 'track',
        unit: Unit | None = None,
        body: Mapping[str, Any] | None = None,
        memory_limit: float = 3.0,
    ) -> None:
        require(space in self.kinds, 'space', 'track or view for skeletons', space)
        require(unit is None or unit in UNITS, 'unit', f'one of {", ".join(UNITS)}', unit)
        rule = 'native in view space, whose values are those of the input'
        require(space == 'track' or unit in (None, 'native'), 'unit', rule, unit)
        super().__init__(model, memory_limit=memory_limit)
        self.space = space
        self.unit: Unit = unit or ('torso' if space == 'track' else 'native')
        self.measure = Measure(self.unit, None if body is None else Body.from_config(body))

    @classmethod
    def named(cls, options: Mapping[str, Any]) -> str:
        """Several recognisers with one answer are a victim of their own."""
        return 'FusedSkeletonVictim' if 'streams' in options else cls.__name__

    @property
    def kind(self) -> SampleKind:
        """With the unit of the track."""
        found = super().kind
        return replace(found, unit=UNITS[self.unit]) if self.space == 'track' else found

    def install(self, dataset: Any) -> None:
        """Let a data set (without wrappers) keep its tracks.

        Raises:
            RefusedError: Its pipeline cannot be followed.
        """
        path = TrackPath(dataset.pipeline.transforms)
        rule = 'track for heatmaps, of which most are those of no joints'
        require(self.space == 'track' or not path.heatmaps, 'space', rule, self.space)
        dataset.pipeline = TrackPipeline(path, self.space, self.measure)

    def check_attack(self, attack: Any) -> None:
        """Raise ValueError for a budget of grey levels."""
        eps: Any = attack.threat.eps
        apart = attack.threat.each
        if self.space != 'track' or self.unit == 'native' or not apart:
            return
        rule = f'at most {MOST:g} ({UNITS[self.unit]}; 0.05 is usual) for tracks'
        require(finite(eps) and eps <= MOST, 'attack.threat.eps', rule, eps)

    def like(self, model: nn.Module, config: Any) -> SkeletonVictim:
        """A surrogate, which looks at the same tracks by way of its own test pipeline.

        Raises:
            ValueError: Its config has none, or it has another one in view space, whose values
                are those of one pipeline.
        """
        found = SkeletonVictim(model, memory_limit=self.memory_limit)
        found.space, found.unit, found.measure = self.space, self.unit, self.measure
        found.look_by(config, 'surrogate.config')
        return found

    def look_by(self, config: Any, name: str) -> None:
        """Look at tracks by way of the test pipeline of a config, whatever that of the data is.

        Raises:
            ValueError: It has none; the message calls it ``name``.
        """
        loader = config.get('test_dataloader') or {}
        require('dataset' in loader, name, 'one with a test pipeline', sorted(config))
        self.path = TrackPath(built(own_pipeline(loader['dataset'])))

    @property
    def looks_apart(self) -> bool:
        """Where a pipeline of its own was named."""
        return self.path is not None

    def render(self, layout: Any, adversarial: Tensor) -> Tensor:
        """The network's input for coordinates (C, T, V, M) of a sample."""
        seen = layout if self.path is None else layout.along(self.path)
        inputs: Tensor = seen.render(adversarial)
        return inputs

    def bones(self, joints: int) -> list[tuple[int, int]]:
        """Pairs of joints, of the model's graph or by their number; none where nobody knows."""
        graph = getattr(getattr(self.scorer.model, 'backbone', None), 'graph', None)
        if graph is not None and graph.num_node == joints:
            return [(int(end), int(start)) for end, start in graph.inward]
        return list(BONES.get(joints, ()))

    def changes(
        self, layout: Any, adversarial: Tensor, before: Tensor, after: Tensor, sample: Any = None
    ) -> Mapping[str, Any]:
        """What became of joints, bones and motion, and of what the network sees.

        In view space, where no track was changed, the latter alone.
        """
        found: dict[str, Any] = {}
        if self.space == 'track':
            stored = layout.stored
            pair = TrackPair(
                stored.places.numpy(),
                stored.kept(adversarial.double().cpu()).numpy(),
                stored.seen.numpy(),
                stored.sizes.numpy(),
            )
            found = {**track_metrics(pair, self.bones(pair.clean.shape[2]))}
            found['sizes'] = pair.sizes.tolist()
        apart = (after.cpu().double() - before.cpu().double()).abs()
        seen = {'network_view': float(apart.mean()), 'network_view_max': float(apart.max())}
        return found | seen

    def bind(self, samples: Sequence[Any], layouts: Sequence[Any] = ()) -> BoundTracks:
        """The victim of tracks of one shape; pixels are coordinates (n, C, T, V, M).

        Raises:
            ValueError: A surrogate of another pipeline in view space.
        """
        if self.path is not None:
            layouts = [layout.along(self.path) for layout in layouts]
        return BoundTracks(self, samples, layouts)

    def bind_pixels(self, pixels: Tensor) -> BoundVictim:
        """ValueError: a track without its file is none."""
        return super(ActionVictim, self).bind_pixels(pixels)


class BoundTracks(BoundClips):
    """A :class:`SkeletonVictim` bound to N tracks of one shape."""

    bounds = (-torch.inf, torch.inf)
    dtype = torch.float64
    picture, settles = False, True

    @property
    def span(self) -> float:
        """One body; in units of their own, from the least to the largest place of any track."""
        if self.owner.unit != 'native':
            return 1.0
        places = [layout.pixels() for layout in self.layouts]
        return max(float(one.max() - one.min()) for one in places)

    def clips(self) -> Sequence[Clip]:
        """None apart: a joint lies in many clips."""
        return ()

    def settled(self, pixels: Tensor, clean: Tensor) -> Tensor:
        """What the file can hold; what may not move is as it was."""
        pairs = zip(self.layouts, pixels.double(), strict=True)
        return torch.stack([layout.settled(one) for layout, one in pairs]).to(pixels.dtype)

    def part(self, pixels: Tensor, views: Sequence[int]) -> Tensor:
        """Logits (N, R, K) of some views of the inputs (N, views, ...)."""
        scorer = self.owner.scorer
        kind = next(scorer.model.parameters()).dtype
        logits = []
        for batch in scorer.forwards([one[list(views)].to(kind) for one in pixels]):
            with head_outputs(scorer.model) as capture:
                data = scorer.model.data_preprocessor(batch, False)
                scorer.model._run_forward(data, mode='predict')
            logits.append(rows_of(capture.logits, len(batch['inputs'])))
        return torch.cat(logits)

    def __call__(self, pixels: Tensor, views: Sequence[int] | None = None) -> Tensor:
        """Averaged outputs (N, K) for coordinates (N, C, T, V, M), as the test path scores them."""
        owner, views = self.owner, range(self.views) if views is None else views
        # Made once: a chunk of views needs no more than its part.
        inputs = torch.stack(
            [layout.render(one) for layout, one in zip(self.layouts, pixels, strict=True)]
        )
        chunk = owner.views_at_once(self, inputs)
        if chunk >= len(views):
            logits = self.part(inputs, views)
        else:
            mean = owner.rows_are_averaged(self, inputs)
            logits = chunked(self.part, inputs, views, chunk, mean)
        return average_views(logits, owner.scorer.averaging)
