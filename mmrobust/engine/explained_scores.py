"""Which score of a sample is explained: ``--target``.

Shapes: K classes or joints, D outputs.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from mmrobust.explanations.scores import ClassScore, JointScore, Score
from mmrobust.functional.checks import suggestion
from mmrobust.goals import Labels
from mmrobust.goals.pose_annotations import PoseAnnotations
from mmrobust.victims.action.victim import ActionVictim
from mmrobust.victims.base import Victim
from mmrobust.victims.pose.head_adapters.heatmap import HeatmapAdapter
from mmrobust.victims.pose.topdown import TopDownVictim
from mmrobust.victims.skeleton.victim import SkeletonVictim
from mmrobust.visualization.formatting import class_name

RULES = ('true', 'predicted')
MODELS = (
    'model must be a recogniser of videos or a top-down pose estimator with heatmaps, to be '
    'explained'
)


class NothingAnnotatedError(ValueError):
    """A sample has no annotation to be asked about."""


class ScoreRule:
    """One rule for all samples, clean and adversarial: each is asked about by the same words.

    Args:
        target: ``true`` (what is annotated), ``predicted`` (what the model says of this very
            version of the sample), or a class or joint, by name or number. A joint's place is
            the predicted one.
        victim: The model.
        names: Of the classes or joints, as far as they are known.

    Raises:
        ValueError: The victim has neither classes nor heatmaps, is shown no pixels, or no class
            or joint is called so.
    """

    def __init__(self, target: str, victim: Victim, names: Sequence[str]) -> None:
        self.victim, self.names, self.target = victim, list(names), target
        self.posed = isinstance(victim, TopDownVictim)
        # A skeleton recogniser is asked about classes too, but has joints where maps need pixels.
        pictured = isinstance(victim, ActionVictim) and not isinstance(victim, SkeletonVictim)
        if not self.posed and not pictured:
            raise ValueError(f'{MODELS}, got a {type(victim).__name__}')
        if isinstance(victim, TopDownVictim) and not isinstance(victim.adapter, HeatmapAdapter):
            raise ValueError(f'{MODELS}, got a {type(victim.adapter.head).__name__}')
        self.number = None if target in RULES else self._number(target)

    def _number(self, target: str) -> int:
        if target in self.names:
            return self.names.index(target)
        if target.isdecimal() and (not self.names or int(target) < len(self.names)):
            return int(target)
        what = 'joint' if self.posed else 'class'
        raise ValueError(
            f'--target must be true, predicted or a {what} of the data set, got {target!r}: '
            f'{suggestion(target, [*RULES, *self.names])}'
        )

    def score(self, labels: Labels, outputs: Tensor) -> Score:
        """The score of one version of a sample.

        Args:
            labels: Of the sample, alone.
            outputs: (1, D), of this version.

        Raises:
            NothingAnnotatedError: The sample has no annotation, and that was asked for.
            ValueError: The model has no such class.
        """
        if isinstance(labels, PoseAnnotations):
            return self._of_joints(labels, outputs)
        number = self.number
        if number is None:
            asked = labels if self.target == 'true' else outputs.argmax()
            assert isinstance(asked, Tensor)
            number = int(asked)
        known = 0 <= number < outputs.shape[1]
        if not known and self.number is None:
            raise NothingAnnotatedError('--target true needs an annotated class')
        if not known:
            raise ValueError(
                f'--target must be one of the {outputs.shape[1]} classes of the model, got {number}'
            )
        return ClassScore(number, class_name(number, self.names))

    def _of_joints(self, labels: PoseAnnotations, outputs: Tensor) -> JointScore:
        count = labels.keypoints.shape[1]
        # Of a picture, those of all its persons, one after the other.
        each = len(self.names) or count
        chosen = [j for j in range(count) if self.number in (None, j % each)]
        if self.target == 'true':
            seen = (labels.visible[0] > 0.5) & labels.joint_annotated[0]
            chosen = [j for j in chosen if seen[j]]
            if not chosen:
                raise NothingAnnotatedError('--target true needs an annotated joint')
            return JointScore(labels.adapter, labels.keypoints, chosen, 'joints, where annotated')
        places = labels.adapter.decode(outputs)[0].to(labels.keypoints)
        name = 'joints' if self.number is None else class_name(self.number, self.names)
        return JointScore(labels.adapter, places, chosen, f'{name}, where predicted')
