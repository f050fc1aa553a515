"""MMAction2 recognisers as victims.

Shapes: N samples, C channels, T attacked frames, H, W their size, V views,
K classes; pixels 0..255.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from mmrobust.functional.checks import finite, require
from mmrobust.registry import VICTIMS
from mmrobust.victims.action.bound import BoundClips
from mmrobust.victims.action.cells import VideoCells
from mmrobust.victims.action.chunking import kept_bytes, rows_are_averaged
from mmrobust.victims.action.decoded import flow_sampling
from mmrobust.victims.action.layouts import Layout, one_view
from mmrobust.victims.action.loading import LayoutPipeline
from mmrobust.victims.action.scoring import Scorer
from mmrobust.victims.base import Record, SampleKind, Victim, both
from mmrobust.victims.bound import BoundVictim, SampledFrames
from mmrobust.victims.cells import CellPipeline
from mmrobust.victims.unloaded import first_of

Space = Literal['video', 'view']
VIDEO = SampleKind('video', previews='VideoPreviews', frames=True)
# Transforms of MMAction2 that read or arrange joints.
SKELETON = ('PoseDecode', 'MMDecode', 'GenSkeFeat', 'FormatGCNInput')


@VICTIMS.register_module()
class ActionVictim(Victim):
    """A recogniser with its own test pipeline, ready to be attacked.

    Args:
        model: A built MMAction2 recogniser with its weights.
        space: ``video``: one perturbation per physical frame, gathered into
            the views as the pipeline does, which a real video can carry.
            ``view``: every view on its own, an upper bound for the attacker.
        memory_limit: GiB that a gradient may keep for its activations; more
            views than fit are run in chunks, exactly, at the price of one
            more forward.
    """

    goal = 'Misclassify'
    # No video can carry what is done to each view on its own.
    kinds = {'video': replace(VIDEO, saved_files='VideoFiles'), 'view': VIDEO}
    record_keys = ('label', *both('prediction', 'correct', 'confidence'))
    cells: ClassVar[type[CellPipeline] | None] = VideoCells

    def __init__(
        self, model: nn.Module, *, space: Space = 'video', memory_limit: float = 3.0
    ) -> None:
        require(space in ('video', 'view'), 'space', 'video or view', space)
        large = finite(memory_limit) and memory_limit > 0
        require(large, 'memory_limit', 'GiB > 0', memory_limit)
        self.space, self.memory_limit = space, memory_limit
        self.model, self.scorer = model, Scorer(model)
        self._view_bytes: dict[tuple[object, ...], int] = {}
        self._averages: dict[tuple[object, ...], bool] = {}

    @property
    def looks_apart(self) -> bool:
        """Whether it sees samples otherwise than the data's pipeline shows them."""
        return False

    def like(self, model: nn.Module, config: Any) -> ActionVictim:
        """Another recogniser, attacked in the same way: a surrogate.

        Args:
            model: With its weights.
            config: Its config.
        """
        space: Any = self.space
        return ActionVictim(model, space=space, memory_limit=self.memory_limit)

    def install(self, dataset: Any) -> None:
        """Let a data set (without wrappers) record layouts.

        Raises:
            ValueError: It gives joints, no videos.
        """
        check_videos(dataset)
        aim = getattr(self.scorer.model, 'aim', 'action')
        require(aim == 'action', 'model.aim', "action, but in a surrogate's config", aim)
        flow = flow_sampling(self.model)
        dataset.pipeline = LayoutPipeline(dataset.pipeline.transforms, self.space, flow)

    def labels(self, data: dict[str, Any]) -> Tensor:
        """Annotated classes (N,); ValueError unless one label per sample."""
        labels = [sample.gt_label for sample in data['data_samples']]
        for label in labels:
            require(label.numel() == 1, 'gt_label', 'one class per video', tuple(label.shape))
        return torch.cat([label.reshape(1) for label in labels])

    def predict(self, data: dict[str, Any]) -> tuple[Sequence[Any], Tensor]:
        """The stock test step: data samples, and averaged outputs (N, K)."""
        return self.scorer.predict(data)

    def bind(self, samples: Sequence[Any], layouts: Sequence[Layout] = ()) -> BoundClips:
        """The victim of videos of one shape."""
        model = self.scorer.model
        if getattr(model, 'holds', False):
            model.hold(samples, [layout.render(layout.pixels()) for layout in layouts])
        return BoundClips(self, samples, layouts)

    def bind_pixels(self, pixels: Tensor) -> BoundVictim:
        """The victim of bare pixels (N, C, T, H, W).

        In ``video`` space all frames of a video, RGB, of the size that the pipeline's
        ``Resize`` leaves; it samples and crops them. In ``view`` space one view each, as
        the model takes it.

        Raises:
            ValueError: They are of another shape.
        """
        require(pixels.dim() == 5, 'pixels', 'videos (N, C, T, H, W)', tuple(pixels.shape))
        if self.space == 'view':
            return self.bind([], [one_view(self.model, one) for one in pixels])
        loaded = first_of(self, pixels, (1, 2, 3, 0))
        (layout,) = loaded.layouts
        frames, size = layout.frame_indices, tuple(layout.canvas.shape[-2:])
        rule = f'of the {size[0]} x {size[1]} pixels that the pipeline resizes videos to'
        require(tuple(pixels.shape[-2:]) == size, 'pixels', rule, tuple(pixels.shape[-2:]))
        samples = loaded.data['data_samples']
        bound = self.bind(samples * len(pixels), [layout] * len(pixels))
        whole = len(frames) == pixels.shape[2]
        return bound if whole else SampledFrames(bound, frames)

    def unlabelled(self, bound: BoundVictim, n: int) -> Tensor:
        """No class (N,)."""
        return torch.full((n,), -1)

    def record(self, labels: Tensor, clean: Tensor, adversarial: Tensor, checked: Tensor) -> Record:
        """The classes, whether they are the label (1,), and the label's probability."""
        return class_record(int(labels), clean[0], adversarial[0], checked[0])

    def changes(
        self, layout: Any, adversarial: Tensor, before: Tensor, after: Tensor, sample: Any = None
    ) -> Mapping[str, Any]:
        """What a recogniser that finds poses in frames says of them."""
        own = getattr(self.scorer.model, 'changes', None)
        return {} if own is None else own(sample, before, after)

    def views_at_once(self, clips: BoundClips, pixels: Tensor) -> int:
        """How many views fit the memory limit at once, a multiple of the unit."""
        views, unit = clips.views, min(self.scorer.unit, clips.views)
        leaf = pixels[:1].detach()
        leaf.requires_grad = torch.is_grad_enabled() and pixels.requires_grad
        key = (*clips.layouts[0].signature, leaf.requires_grad)
        if key not in self._view_bytes:
            one = clips.select(torch.tensor([0]))
            with kept_bytes(leaf.requires_grad) as kept:
                one.part(leaf, range(unit))
            self._view_bytes[key] = kept.total
        fits = int(self.memory_limit * 2**30 / (self._view_bytes[key] * len(pixels)))
        return min(views, max(1, fits) * unit)

    def rows_are_averaged(self, clips: BoundClips, pixels: Tensor) -> bool:
        """Whether chunks of views are averaged or joined; found out once per shape."""
        key = clips.layouts[0].signature
        if key not in self._averages:
            one = clips.select(torch.tensor([0]))
            self._averages[key] = rows_are_averaged(one.part, pixels[:1].detach(), self.scorer.unit)
        return self._averages[key]


def check_videos(dataset: Any) -> None:
    """Refuse joints and sound at the start; any later error would speak of frames."""
    kinds = [type(step).__name__ for step in dataset.pipeline.transforms]
    sound = [kind for kind in kinds if 'Audio' in kind]
    if sound:
        rule = f'of videos: the pipeline of {type(dataset).__name__} has {", ".join(sound)}'
        raise ValueError(f'victim must be {rule}, and no victim takes sound')
    found = [kind for kind in kinds if kind in SKELETON]
    if found:
        raise ValueError(
            f'victim must be a SkeletonVictim for skeleton input: {type(dataset).__name__} gives '
            f'joints (its pipeline has {", ".join(found)}), and this one is attacked in the pixels '
            'of videos'
        )


def class_record(label: int, clean: Tensor, adversarial: Tensor, checked: Tensor) -> Record:
    """What is written down of outputs (K,); a label that is no class (-1, say) is none."""
    known = 0 <= label < len(clean)
    fields: dict[str, Any] = {'label': label if known else None}
    for side, scores in (('clean', clean), ('adversarial', adversarial)):
        prediction = int(scores.argmax())
        fields[f'{side}_prediction'] = prediction
        fields[f'{side}_correct'] = prediction == label if known else None
        fields[f'{side}_confidence'] = float(scores.softmax(-1)[label]) if known else None
    return Record(fields, agree=int(checked.argmax()) == int(adversarial.argmax()))
