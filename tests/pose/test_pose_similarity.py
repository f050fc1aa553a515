"""Success and loss by object keypoint similarity: COCO's formula, by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from pose_toys import FLIP_PAIRS, K, assert_slopes, batch, build_model, persons, picture
from test_pose_goals import _moved, _outputs, _truth

from mmrobust.evaluation.goal_curve import goal_curve
from mmrobust.functional.keypoint_metrics import object_keypoint_similarity
from mmrobust.functional.pose_losses import capped_spread
from mmrobust.goals import CorruptPose
from mmrobust.goals.pose import ENOUGH
from mmrobust.goals.similarity import lost_joints, lost_reach
from mmrobust.registry import GOALS
from mmrobust.victims import ImageVictim, PoseVictim

SIGMAS = torch.tensor([0.05, 0.1, 0.02, 0.08], dtype=torch.float64)
AREA = 40.0 * 30.0


def _known(n=3, **changes):
    fields = {
        'sigmas': SIGMAS,
        'area': torch.full((n,), AREA, dtype=torch.float64),
        'box_area': torch.full((n,), 2500.0, dtype=torch.float64),
    }
    return _truth(n, **fields | changes)


def _oks(joints, reference, visible, area, sigmas=SIGMAS):
    """As pycocotools has it, one person at a time."""
    variances = (2 * np.asarray(sigmas)) ** 2
    gap = ((np.asarray(joints) - np.asarray(reference)) ** 2).sum(axis=1)
    exponents = gap / variances / (area + np.spacing(1)) / 2
    return np.exp(-exponents[np.asarray(visible) > 0]).mean()


def test_pose_success_by_similarity_is_cocos():
    generator = torch.Generator().manual_seed(1)
    visible = torch.tensor([[1.0, 1, 1, 1], [1, 0, 1, 1], [0, 0, 1, 0]])
    truth = _known(visible=visible)
    reference = truth.keypoints
    seen = set()
    for size in (1.0, 3, 5, 8, 15):
        joints = reference + size * torch.randn(reference.shape, generator=generator)
        expected = [
            _oks(joint, place, one, AREA)
            for joint, place, one in zip(joints, reference, visible, strict=True)
        ]
        for below in (0.3, 0.5, 0.75):
            goal = CorruptPose(criterion='oks', oks_below=below).bind(truth, _outputs(reference))
            found = goal.success(_outputs(joints))
            assert found.tolist() == [value < below for value in expected]
            seen |= set(found.tolist())
            similar = goal.goal.similarity(_outputs(joints), goal.facts)
            torch.testing.assert_close(similar, torch.tensor(expected), rtol=1e-5, atol=1e-7)
    assert seen == {True, False}


def test_pose_similarity_without_a_visible_joint_or_with_one_nowhere_is_no_success():
    truth = _known(visible=torch.tensor([[0.0] * 4, [1.0] * 4, [1.0] * 4]))
    goal = CorruptPose(criterion='oks').bind(truth, _outputs(truth.keypoints))
    far = _moved(truth, [0, 1, 2, 3], 500)
    assert goal.success(far).tolist() == [False, True, True]
    far[1, 0] = torch.nan
    assert goal.success(far).tolist() == [False, False, True]


def test_pose_area_that_nobody_measured_is_xtcocotools_share_of_the_box():
    known = torch.tensor([AREA, torch.nan, 0.0], dtype=torch.float64)
    truth = _known(area=known)
    joints = truth.keypoints + 4
    goal = CorruptPose(criterion='oks').bind(truth, _outputs(truth.keypoints))
    areas = [AREA, 0.53 * 2500, 0.53 * 2500]
    expected = [
        _oks(joint, place, torch.ones(4), area)
        for joint, place, area in zip(joints, truth.keypoints, areas, strict=True)
    ]
    found = goal.goal.similarity(_outputs(joints), goal.facts)
    torch.testing.assert_close(found, torch.tensor(expected), rtol=1e-5, atol=1e-7)
    for changes in ({'area': None}, {'area': torch.full((3,), AREA), 'box_area': None}):
        bare = _known(**changes)
        other = CorruptPose(criterion='oks').bind(bare, _outputs(bare.keypoints))
        whole = AREA if changes['area'] is not None else 0.53 * 2500
        expected = _oks(joints[0], truth.keypoints[0], torch.ones(4), whole)
        found = other.goal.similarity(_outputs(joints), other.facts)
        assert found[0].item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize('options', [{'criterion': 'oks'}, {'loss': 'oks'}])
def test_pose_similarity_needs_falloffs_and_areas(options):
    goal = CorruptPose(**options)
    truth = _known(sigmas=None)
    with pytest.raises(ValueError, match='criterion must be share for a data set without sigmas'):
        goal.bind(truth, _outputs(truth.keypoints))
    truth = _known(area=None, box_area=None)
    with pytest.raises(ValueError, match='criterion must be share for persons without an area'):
        goal.bind(truth, _outputs(truth.keypoints))
    # Success by joints asks for neither.
    CorruptPose().bind(truth, _outputs(truth.keypoints))


def test_pose_joints_beyond_their_reach_are_enough():
    """Whatever the others do: so many lost joints push the similarity below the threshold."""
    truth = _known(1)
    for below in (0.2, 0.5, 0.9):
        goal = CorruptPose(criterion='oks', oks_below=below).bind(truth, _outputs(truth.keypoints))
        (reach,) = lost_reach(truth, below)
        expected = [2 * s * math.sqrt(2 * AREA * (1 - math.log(below))) for s in SIGMAS.tolist()]
        assert reach.tolist() == pytest.approx(expected)
        wanted = int(lost_joints(torch.ones(1, 4, dtype=torch.bool), below))
        assert 0 < wanted <= 4
        joints = truth.keypoints.clone()
        joints[0, :wanted, 0] += 1.001 * reach[:wanted].float()
        assert goal.success(_outputs(joints)).all()
        # Were one less always enough, more would be asked for than there is need.
        fewest = (1 - below) / (1 - below / math.e) * 4
        assert fewest <= wanted < fewest + 1
        assert goal.goal.wanted(goal.facts).tolist() == [wanted]
        assert goal.goal.reach(goal.facts, torch.zeros(1)).tolist()[0] == pytest.approx(expected)


def test_pose_margins_and_success_speak_of_the_same_joints():
    truth = _known()
    goal = CorruptPose(criterion='oks', loss='margin').bind(truth, _outputs(truth.keypoints))
    reach = lost_reach(truth, 0.5).float()
    joints = truth.keypoints.clone()
    joints[..., 0] += reach * torch.tensor([1.05, 0.5, 2.0, 0.1])
    margins = goal.goal.margins(_outputs(joints), goal.facts)
    torch.testing.assert_close(
        margins, torch.tensor([[0.05, -0.5, 1.0, -0.9]]).expand(3, -1), rtol=0, atol=1e-4
    )
    # Three of four are asked for; one that is lost asks for no more.
    expected = 0.05 + ENOUGH - 0.5
    assert goal.objective(_outputs(joints)).tolist() == pytest.approx([expected] * 3, abs=1e-4)


def test_pose_loss_of_similarity_is_the_mean_exponent_up_to_where_joints_are_lost():
    visible = torch.tensor([[1.0, 1, 1, 0]])
    truth = _known(1, visible=visible)
    goal = CorruptPose(criterion='oks', loss='oks').bind(truth, _outputs(truth.keypoints))
    joints = truth.keypoints.clone()
    joints[0, :, 0] += torch.tensor([2.0, 3.0, 60.0, 60.0])
    wide = 2 * AREA * (2 * SIGMAS) ** 2
    expected = (4 / wide[0] + 9 / wide[1] + 1 - math.log(0.5)) / 3
    assert goal.objective(_outputs(joints)).item() == pytest.approx(float(expected), rel=1e-5)
    # Where it is largest, every joint is lost: it does not go flat before success.
    joints[0, :, 0] = truth.keypoints[0, :, 0] + 1.01 * lost_reach(truth, 0.5)[0].float()
    assert goal.objective(_outputs(joints)).item() == pytest.approx(1 - math.log(0.5))
    assert goal.success(_outputs(joints)).all()


@pytest.mark.parametrize('name', ['heatmap', 'simcc', 'regression'])
def test_pose_loss_of_similarity_agrees_with_finite_differences(name):
    victim = PoseVictim(build_model(name))
    data = batch()
    labels = replace(victim.labels(data), sigmas=torch.full((K,), 0.3, dtype=torch.float64))
    with torch.no_grad():
        outputs = victim.bind(data['data_samples'])(victim.pixels(data).float()).double()
    goal = CorruptPose(loss='oks').bind(labels, outputs)
    gradient = assert_slopes(goal.objective, outputs)
    assert gradient.flatten(1).any(dim=1).all()


def test_capped_spread_by_hand():
    joints = torch.tensor([[[3.0, 4.0], [0.0, 1.0], [9.0, 9.0]], [[1.0, 1.0]] * 3])
    weights = torch.tensor([[1.0, 1, 0], [0, 0, 0]])
    spread = torch.tensor([[5.0, 4.0, 1.0], [1.0, 1.0, 1.0]])
    found = capped_spread(joints, torch.zeros_like(joints), weights, spread, 2.0)
    assert found.tolist() == [(2.0 + 0.25) / 2, 0.0]


def test_pose_losses_of_similarity_are_tried_where_it_decides():
    truth = _known()
    for criterion, last in (('share', 'soft_argmax'), ('oks', 'oks')):
        goal = CorruptPose(criterion=criterion).bind(truth, _outputs(truth.keypoints))
        assert list(goal.losses())[-1] == last


def test_pose_victims_know_falloffs_areas_boxes_and_mirror_images():
    victim = PoseVictim(build_model('heatmap'))
    victim.sigmas = torch.full((K,), 0.1, dtype=torch.float64)
    labels = victim.labels(batch(bbox=np.array([[10, 5, 60, 80]], np.float32)))
    assert labels.flip.tolist() == FLIP_PAIRS
    assert torch.equal(labels.sigmas, victim.sigmas)
    assert labels.area.isnan().all()
    # The pipeline fits a box of 50 x 75, of the crop's shape, with 1.25 times its size.
    zoom = 32 / (1.25 * 50)
    assert labels.box_area.tolist() == pytest.approx([50 * 75 * zoom**2] * 3, rel=1e-5)
    some = labels.select(torch.tensor([2]))
    # Falloffs of other joints than the pipeline gives are none of these.
    victim.sigmas = torch.full((K + 1,), 0.1, dtype=torch.float64)
    assert victim.labels(batch()).sigmas is None
    assert (len(some.box_area), len(some.sigmas), len(some.flip)) == (1, K, K)


def test_pose_of_a_picture_is_the_mean_over_all_joints_each_by_its_own_person():
    infos = persons()
    for person, area in zip(infos, (900.0, 2500.0, 400.0), strict=True):
        person['raw_ann_info'] = {'keypoints': [], 'area': area}
    victim = ImageVictim(build_model('regression'))
    loaded = picture(victim, infos)
    victim.sigmas = torch.linspace(0.05, 0.2, K, dtype=torch.float64)
    labels = victim.labels(loaded.data)
    flips = [[3 * 0 + f, 5 + f, 10 + f] for f in FLIP_PAIRS]
    assert labels.flip.tolist() == [f[p] for p in range(3) for f in flips]
    people = labels.persons
    joints = people.keypoints + 3
    single = labels.adapter.single
    flat = (joints / torch.tensor([32, 48])).reshape(3, -1)
    goal = CorruptPose(criterion='oks').bind(labels, flat.reshape(1, -1))
    each = object_keypoint_similarity(
        single.decode(flat)[0].double(),
        people.keypoints.double(),
        people.visible,
        victim.sigmas,
        people.area,
    )
    # One joint of each is not visible, so that all have as many.
    found = goal.goal.similarity(flat.reshape(1, -1), goal.facts)
    assert found.item() == pytest.approx(float(each.mean()), rel=1e-6)
    assert float(each.max() - each.min()) > 0.01


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'criterion': 'pck'}, "criterion must be share or oks, got 'pck'"),
        ({'oks_below': 1}, r'oks_below must be a number in \(0, 1\), got 1'),
        ({'oks_below': 0}, r'oks_below must be a number in \(0, 1\), got 0'),
        ({'oks_below': math.nan}, r'oks_below must be a number in \(0, 1\), got nan'),
    ],
)
def test_pose_goals_refuse_bad_options_of_similarity(options, message):
    with pytest.raises(ValueError, match=message):
        CorruptPose(**options)


def test_pose_annotations_refuse_what_does_not_fit():
    for name, value in (('area', torch.ones(2)), ('box_area', torch.ones(3, 5))):
        with pytest.raises(ValueError, match=rf'{name} must be of shape \(3,\)'):
            _truth(**{name: value})
    for name in ('sigmas', 'flip'):
        with pytest.raises(ValueError, match=rf'{name} must be of shape \(4,\), got \(3,\)'):
            _truth(**{name: torch.ones(3)})


def test_pose_goal_by_similarity_describes_itself_and_has_no_curve_over_tau():
    goal = CorruptPose(criterion='oks', oks_below=0.75, loss='oks')
    assert GOALS.build(goal.describe()) == goal
    row = {'attacked': True, 'success': False, 'clean_joint_errors': [0.0]}
    row |= {'adversarial_joint_errors': [0.1], 'joint_displacements': [0.1]}
    assert goal_curve([row], CorruptPose().describe() | {'type': 'CorruptPose'}) is not None
    assert goal_curve([row], goal.describe() | {'type': 'CorruptPose'}) is None
