"""Which score of a pose is explained, and what it is worth."""

import math

import pytest
import torch
from pose_toys import K, batch, build_model
from torch import Tensor

from mmrobust.engine.explained_scores import NothingAnnotatedError, ScoreRule
from mmrobust.victims import PoseVictim

NAMES = ['nose', 'left_wrist', 'right_wrist', 'left_ankle', 'right_ankle']
ROW = torch.tensor([1])


@pytest.fixture(scope='module')
def victim() -> PoseVictim:
    return PoseVictim(build_model('heatmap'))


@pytest.fixture
def labels(victim):
    """Of one person, whose second joint is not visible."""
    return victim.labels(batch())[ROW]


def ideal(victim: PoseVictim, places: Tensor) -> Tensor:
    """The outputs (1, D) that the codec makes of places (1, K, 2)."""
    seen = torch.ones(1, K)
    return victim.adapter.encode(places, seen).response.flatten(1)


def test_the_ideal_response_is_worth_1_and_none_is_worth_nothing(victim, labels):
    score = ScoreRule('true', victim, NAMES).score(labels, torch.zeros(1, 1))
    outputs = ideal(victim, labels.keypoints).requires_grad_()
    assert score.share(outputs).item() == pytest.approx(1, abs=1e-5)
    assert score.raw(outputs / 2).item() == pytest.approx(0.5, abs=1e-5)
    assert score.share(0 * outputs).item() == 0
    (slope,) = torch.autograd.grad(score.raw(outputs).sum(), outputs)
    by_joint = slope.reshape(K, -1).abs().sum(dim=1) > 0
    # The joint that is not annotated is not asked about.
    assert by_joint.tolist() == [True, False, True, True, True]


def test_a_joint_is_asked_about_where_this_version_puts_it(victim, labels):
    rule = ScoreRule('left_wrist', victim, NAMES)
    for shift in (0, 8):
        places = torch.tensor([[[10.0, 10], [8 + shift, 20], [16, 12], [20, 30], [8, 40]]])
        outputs = ideal(victim, places)
        score = rule.score(labels, outputs)
        assert score.name == 'left_wrist, where predicted'
        assert score.joints == [1]
        assert score.share(outputs).item() == pytest.approx(1, abs=0.05)
        moved = places.clone()
        moved[0, 1, 0] += 10
        # Two bumps of 2 cells, 5 cells apart.
        apart = math.exp(-(5**2) / (4 * 2**2))
        assert score.share(ideal(victim, moved)).item() == pytest.approx(apart, abs=0.02)
        moved = places.clone()
        moved[0, 2:] += 10
        assert score.share(ideal(victim, moved)).item() == pytest.approx(1, abs=0.05)


def test_numbers_names_and_all_joints(victim, labels):
    outputs = ideal(victim, labels.keypoints)
    assert ScoreRule('2', victim, NAMES).score(labels, outputs).name.startswith('right_wrist')
    assert ScoreRule('predicted', victim, NAMES).score(labels, outputs).joints == list(range(K))
    with pytest.raises(ValueError, match="'left_wrst': did you mean 'left_wrist'"):
        ScoreRule('left_wrst', victim, NAMES)


def test_joints_of_all_persons_of_a_picture_are_asked_about(victim):
    from mmrobust.victims.pose.image_annotations import ImageAnnotations

    data = batch()
    together = ImageAnnotations.of(victim.labels(data), data['data_samples'])
    outputs = victim.predict(data)[1].reshape(1, -1)
    assert ScoreRule('left_wrist', victim, NAMES).score(together, outputs).joints == [1, 6, 11]
    score = ScoreRule('true', victim, NAMES).score(together, outputs)
    # One joint of each person is not annotated.
    assert score.joints == [j for j in range(3 * K) if j not in (0, 6, 12)]
    ideals = torch.cat([ideal(victim, one[None]) for one in victim.labels(data).keypoints], dim=1)
    assert score.share(ideals).item() == pytest.approx(1, abs=1e-5)


def test_who_has_no_annotation_or_no_heatmaps_is_refused(victim, labels):
    nobody = victim.labels(batch())[ROW]
    nobody.visible[:] = 0
    with pytest.raises(NothingAnnotatedError, match='--target true needs an annotated joint'):
        ScoreRule('true', victim, NAMES).score(nobody, torch.zeros(1, 1))
    bins = PoseVictim(build_model('simcc'))
    with pytest.raises(ValueError, match='top-down pose estimator with heatmaps.*SimCCHead'):
        ScoreRule('true', bins, NAMES)
