"""Goals that speak of joints: what counts as success, said by example."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mmrobust.goals import CorruptPose, PoseAnnotations, TargetPose
from mmrobust.registry import GOALS
from mmrobust.victims.pose.head_adapters import CoordinateAdapter
from tests.pose.pose_toys import distance

K = 4


class RegressionLabel:
    """A codec whose coordinates are shares of a 100 x 100 crop."""

    input_size = (100, 100)

    def encode(self, keypoints, keypoints_visible):
        return {'keypoint_labels': keypoints / 100, 'keypoint_weights': keypoints_visible}


class Head:
    decoder = RegressionLabel()

    def decode(self, response):
        return [
            SimpleNamespace(keypoints=100 * one, keypoint_scores=one[..., 0])
            for one in response.numpy()
        ]


def _truth(n=3, target=False, **changes):
    generator = torch.Generator().manual_seed(0)
    keypoints = 20 + 60 * torch.rand(n, K, 2, generator=generator)
    fields = {
        'adapter': CoordinateAdapter(Head()),
        'keypoints': keypoints,
        'visible': torch.ones(n, K),
        'scale': torch.full((n,), 50.0, dtype=torch.float64),
        'annotated': torch.ones(n, dtype=torch.bool),
        'target': keypoints.flip(1) if target else None,
    }
    return PoseAnnotations(**fields | changes)


def _outputs(keypoints):
    return (keypoints / 100).flatten(1)


def _moved(truth, joints, by):
    keypoints = truth.keypoints.clone()
    keypoints[:, joints, 0] += by
    return _outputs(keypoints)


def test_pose_success_counts_joints_beyond_tau_of_the_box():
    truth = _truth()
    goal = CorruptPose().bind(truth, _outputs(truth.keypoints))
    # tau is 0.2 of a box of 50 pixels; half of four joints have to go.
    for joints, by, expected in (([0], 40, False), ([0, 1], 10.5, True), ([0, 1], 9.5, False)):
        assert goal.success(_moved(truth, joints, by)).tolist() == [expected] * 3
    assert goal.is_correct(_outputs(truth.keypoints)).all()
    pixels = CorruptPose(tau=12, unit='pixel').bind(truth, _outputs(truth.keypoints))
    assert not pixels.success(_moved(truth, [0, 1], 11)).any()
    assert pixels.success(_moved(truth, [0, 1], 13)).all()
    every = CorruptPose(share=1).bind(truth, _outputs(truth.keypoints))
    assert not every.success(_moved(truth, [0, 1, 2], 20)).any()
    assert every.success(_moved(truth, [0, 1, 2, 3], 20)).all()


def test_pose_success_may_speak_of_the_mean():
    truth = _truth()
    goal = CorruptPose(share=None).bind(truth, _outputs(truth.keypoints))
    assert goal.success(_moved(truth, [0], 41)).all()
    assert not goal.success(_moved(truth, [0], 39)).any()


def test_pose_joints_that_nobody_sees_do_not_count():
    visible = torch.tensor([[1.0, 0, 0, 1], [0, 0, 0, 0], [1, 1, 1, 1]])
    truth = _truth(visible=visible)
    clean = _outputs(truth.keypoints)
    goal = CorruptPose().bind(truth, clean)
    assert goal.is_correct(clean).tolist() == [True, False, True]
    assert goal.flags()['no_visible_joint'].tolist() == [False, True, False]
    assert goal.success(_moved(truth, [1, 2], 30)).tolist() == [False, False, True]
    assert goal.success(_moved(truth, [0], 30)).tolist() == [True, False, False]
    mean = CorruptPose(share=None).bind(truth, clean)
    assert mean.success(_moved(truth, [0, 1], 60)).tolist() == [True, False, True]
    assert mean.is_correct(clean).tolist() == [True, False, True]
    # Nor do they weigh in the objective.
    assert not goal.objective(_moved(truth, [1, 2], 30))[:2].any()
    assert (goal.objective(_moved(truth, [0], 30)) > 0).tolist() == [True, False, True]


def test_pose_objective_grows_with_the_distance_from_the_reference():
    truth = _truth(target=True)
    clean = _outputs(truth.keypoints)
    for loss in ('auto', 'l1', 'soft_argmax'):
        untargeted = CorruptPose(loss=loss).bind(truth, clean)
        assert (untargeted.objective(_moved(truth, [0], 9)) > untargeted.objective(clean)).all()
        targeted = TargetPose(loss=loss).bind(truth, clean)
        way = (truth.target - truth.keypoints) / 100
        nearer = clean + 0.5 * way.flatten(1)
        assert (targeted.objective(nearer) > targeted.objective(clean)).all()


def test_pose_reference_may_be_the_clean_prediction():
    truth = _truth()
    clean = _moved(truth, [0, 1, 2], 25)
    goal = CorruptPose(reference='prediction').bind(truth, clean)
    assert not goal.success(clean).any()
    assert goal.success(_outputs(truth.keypoints)).all()
    assert CorruptPose().bind(truth, clean).success(clean).all()


def test_pose_reference_is_the_clean_prediction_where_there_is_no_annotation():
    truth = _truth(annotated=torch.tensor([True, False, False]))
    clean, annotated = _moved(truth, [0, 1, 2], 25), _outputs(truth.keypoints)
    goal = CorruptPose()
    goal.check(truth, 3)
    goal = goal.bind(truth, clean)
    assert goal.success(clean).tolist() == [True, False, False]
    assert goal.success(annotated).tolist() == [False, True, True]
    # Nothing is lost at the reference, whichever it is.
    assert (goal.objective(clean) > 0).tolist() == [True, False, False]
    assert (goal.objective(annotated) > 0).tolist() == [False, True, True]
    assert goal.flags()['no_annotation'].tolist() == [False, True, True]
    bare = _truth(target=True, annotated=truth.annotated)
    TargetPose().check(bare, 3)
    flags = TargetPose().bind(bare, clean).flags()
    assert flags['no_annotation'].tolist() == [False, True, True]
    assert not goal.success(torch.full_like(clean, torch.nan)).any()


@pytest.mark.parametrize('share', [0.5, None])
def test_pose_with_a_joint_that_is_nowhere_is_no_success(share, monkeypatch):
    truth = _truth(visible=torch.tensor([[1.0, 1, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1]]))
    goal = CorruptPose(share=share).bind(truth, _outputs(truth.keypoints))
    moved = _moved(truth, [0, 1, 2], 40)
    assert goal.success(moved).all()
    decode = Head.decode

    def broken(self, response):
        found = decode(self, response)
        for one in found[:2]:
            one.keypoints = np.where(np.arange(K)[:, None] == K - 1, np.nan, one.keypoints)
        return found

    # The response is finite; the decoder gives a joint away: one that counts, one that does not.
    monkeypatch.setattr(Head, 'decode', broken)
    assert goal.success(moved).tolist() == [False, share is not None, True]


def test_pose_persons_of_one_sample_have_their_reference_each():
    # Joints 0 and 1 are those of an annotated person, 2 and 3 of another without.
    annotated = torch.tensor([[True, True, False, False]])
    truth = _truth(1, annotated=annotated)
    clean = _moved(truth, [0, 1, 2, 3], 25)
    goal = CorruptPose().bind(truth, clean)
    assert distance(goal, clean).gt(0.2).tolist() == annotated.tolist()
    assert goal.flags()['no_annotation'].tolist() == [True]
    some = truth.select(torch.tensor([0, 0]))
    assert some.annotated.tolist() == annotated.tolist() * 2
    with pytest.raises(ValueError, match=r'annotated must be of shape \(1, 4\), got \(1, 3\)'):
        _truth(1, annotated=annotated[:, :3])


def test_pose_target_is_reached_within_tau_on_average():
    truth = _truth(target=True)
    goal = TargetPose().bind(truth, _outputs(truth.keypoints))
    assert not goal.success(_outputs(truth.keypoints)).any()
    near = truth.target.clone()
    near[:, 0, 1] += 19
    assert goal.success(_outputs(near)).all()
    near[:, 0, 1] += 2
    assert not goal.success(_outputs(near)).any()
    # All joints have a target, whether they can be seen or not.
    hidden = TargetPose().bind(_truth(target=True, visible=torch.zeros(3, K)), _outputs(near))
    assert hidden.is_correct(_outputs(near)).all()


@pytest.mark.parametrize('goal', [CorruptPose(), CorruptPose(share=None), TargetPose()])
@pytest.mark.parametrize('value', [torch.nan, torch.inf])
def test_pose_responses_that_are_not_finite_are_no_success(goal, value):
    truth = _truth(target=True)
    bound = goal.bind(truth, _outputs(truth.keypoints))
    outputs = _outputs(truth.target)
    assert bound.success(outputs).all()
    outputs[1, 0] = value
    assert bound.success(outputs).tolist() == [True, False, True]
    assert bound.is_correct(outputs).tolist() == [True, False, True]


@pytest.mark.parametrize('goal', [CorruptPose(), TargetPose()])
def test_pose_select_keeps_rows_together(goal):
    truth = _truth(target=True, scale=torch.tensor([50.0, 100.0, 25.0]))
    bound = goal.bind(truth, _outputs(truth.keypoints))
    rows, outputs = torch.tensor([2, 0]), _moved(truth, [0, 1], 12)
    some = bound.select(rows)
    assert torch.equal(some.objective(outputs[rows]), bound.objective(outputs)[rows])
    assert torch.equal(some.success(outputs[rows]), bound.success(outputs)[rows])
    assert torch.equal(some.groups(outputs[rows]), bound.groups(outputs)[rows])
    assert some.goal is bound.goal


@pytest.mark.parametrize(
    'goal',
    [CorruptPose(loss='soft_argmax', tau=3, unit='pixel', reference='prediction', share=None),
     TargetPose(tau=0.3)],
)  # fmt: skip
def test_pose_goal_description_builds_the_same_goal(goal):
    assert GOALS.build(goal.describe()) == goal


@pytest.mark.parametrize(
    ('build', 'message'),
    [
        (lambda: CorruptPose(tau=0), 'tau must be a finite number > 0, got 0'),
        (lambda: CorruptPose(unit='head'), "unit must be box or pixel, got 'head'"),
        (lambda: CorruptPose(reference='me'), "reference must be label or prediction, got 'me'"),
        (lambda: CorruptPose(share=0), r'share must be in \(0, 1\], or None, got 0'),
        (lambda: TargetPose(loss=1), 'loss must be the name of a loss, got 1'),
    ],
)
def test_pose_goals_refuse_bad_options(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_pose_goals_refuse_what_does_not_fit():
    truth = _truth()
    with pytest.raises(
        ValueError, match="labels must be a PoseAnnotations of a pose victim, got 'Tens"
    ):
        CorruptPose().check(torch.tensor([0, 1, 2]), 3)
    with pytest.raises(ValueError, match='labels must be poses of 2 samples, got 3'):
        CorruptPose().check(truth, 2)
    with pytest.raises(ValueError, match="loss must be auto or one of l1, soft_argmax.*'kl'"):
        CorruptPose(loss='kl').bind(truth, _outputs(truth.keypoints))
    with pytest.raises(ValueError, match=r'visible must be of shape \(3, 4\), got \(3, 5\)'):
        _truth(visible=torch.ones(3, 5))
    with pytest.raises(ValueError, match=r'keypoints must be of shape \(N, K, 2\)'):
        _truth(keypoints=torch.ones(3, 4))
