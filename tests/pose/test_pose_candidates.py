"""Likely wrong places of joints: which they are, and how far a response leads there."""

import functools
from dataclasses import replace

import pytest
import torch
from pose_toys import COORDINATES, HEADS, batch, build_model, persons, picture
from test_pose_goals import _outputs, _truth

from mmrobust.goals import CorruptPose, TargetPose
from mmrobust.goals.pose import ENOUGH
from mmrobust.goals.pose_candidates import AimedFacts, pose_candidates
from mmrobust.victims import ImageVictim, PoseVictim

REACH = 6.0


@functools.cache
def _victim(name):
    return PoseVictim(build_model(name))


@pytest.fixture(params=sorted(set(HEADS) - {'visibility'}))
def family(request):
    return request.param, _victim(request.param)


def _scene(victim, n=3):
    """Random responses, points in the crop, their reach."""
    generator = torch.Generator().manual_seed(3)
    labels = victim.labels(batch())
    size = victim.adapter.encode(labels.keypoints, labels.visible).response[0].numel()
    extra = victim.adapter.values if hasattr(victim.adapter, 'values') else 1
    size = 5 * extra if hasattr(victim.adapter, 'values') else size
    outputs = torch.rand(n, size, generator=generator)
    points = torch.tensor([32.0, 48]) * torch.rand(n, 5, 2, generator=generator)
    return outputs, points, torch.full((n, 5), REACH)


def _lone(victim, place):
    """Responses (1, D) with a peak at one place (2,) for all joints, as the codec encodes it."""
    places = place.expand(1, 5, 2)
    response = victim.adapter.encode(places, torch.ones(1, 5)).response
    if hasattr(victim.adapter, 'values'):
        flat = torch.zeros(1, 1, 5, victim.adapter.values)
        flat[:, 0, :, :2] = response
        return victim.adapter.flatten(flat)
    return response.flatten(1).float()


def test_pose_leads_have_the_sign_of_what_the_decoder_chooses(family):
    name, victim = family
    points = torch.tensor([8.0, 12.0]).expand(1, 5, 2)
    reach = torch.full((1, 5), REACH)
    # A place far along x, on the grid of every head, and the point itself.
    place = torch.tensor([24.0, 12.0])
    there, here = _lone(victim, place), _lone(victim, points[0, 0])
    leads = victim.adapter.leads
    assert (leads(there, points, reach, place.expand(1, 5, 2)) > 0.3).all()
    assert (leads(here, points, reach, place.expand(1, 5, 2)) < 0).all()
    joints, _ = victim.adapter.decode(there)
    assert ((joints - points).norm(dim=2) > REACH).all()
    # Within reach there is nothing to lead to.
    near = points + torch.tensor([1.0, 0.0])
    assert (leads(there, points, reach, near) == -torch.inf).all()
    nowhere = torch.full_like(points, torch.nan)
    assert (leads(there, points, reach, nowhere) == -torch.inf).all()


def test_pose_that_leads_is_beyond_reach_for_the_margins_too(family):
    _, victim = family
    outputs, points, reach = _scene(victim, 40)
    places = points.flip(0)
    leads = victim.adapter.leads(outputs, points, reach, places)
    margins = victim.adapter.joint_margins(outputs, points, reach)
    assert bool((leads <= margins + 1e-5).all())
    assert bool(leads.isfinite().any())


def test_pose_leads_have_a_gradient_that_raises_them(family):
    name, victim = family
    points, places = (torch.tensor([x, 12.0]).expand(1, 5, 2) for x in (8.0, 24.0))
    reach = torch.full((1, 5), REACH)
    # The place is nearly as good as the best, so that the range stays what it is.
    outputs = _lone(victim, points[0, 0])
    outputs = outputs if name in COORDINATES else outputs + 0.95 * _lone(victim, places[0, 0])
    leaf = outputs.double().requires_grad_()
    given = (points.double(), reach.double(), places.double())
    leads = victim.adapter.leads(leaf, *given)
    assert bool(leads.isfinite().all())
    (gradient,) = torch.autograd.grad(leads.sum(), leaf)
    assert bool(gradient.isfinite().all())
    higher = victim.adapter.leads(leaf + 1e-6 / float(gradient.abs().max()) * gradient, *given)
    assert bool((higher > leads).all())


def test_pose_peaks_are_the_best_places_beyond_reach(family):
    name, victim = family
    outputs, points, reach = _scene(victim)
    peaks = victim.adapter.peaks(outputs, points, reach, 3)
    assert peaks.shape == (3, 5, 3, 2)
    if name in COORDINATES:
        assert bool(peaks.isnan().all())
        return
    assert bool(peaks.isfinite().all())
    leads = torch.stack(
        [victim.adapter.leads(outputs, points, reach, one) for one in peaks.unbind(2)], 2
    )
    assert bool((leads[..., :-1] >= leads[..., 1:]).all())
    # The best of all that is beyond reach is the first peak.
    margins = victim.adapter.joint_margins(outputs, points, reach)
    torch.testing.assert_close(leads[..., 0], margins)


def test_pose_peaks_of_one_bump_are_one():
    for name in ('heatmap', 'simcc'):
        victim = _victim(name)
        response = _lone(victim, torch.tensor([24.0, 12.0]))
        points, reach = torch.tensor([8.0, 12.0]).expand(1, 5, 2), torch.full((1, 5), REACH)
        peaks = victim.adapter.peaks(response, points, reach, 4)
        assert peaks[:, :, 0].allclose(torch.tensor([24.0, 12.0]), atol=1.0)
        assert peaks[:, :, 1:].isnan().all()


def test_pose_peaks_of_bins_move_one_axis():
    victim = _victim('simcc')
    x, y = (torch.zeros(1, 5, bins) for bins in victim.adapter.bins)
    # Two bins a pixel: the joint is at (8, 12), rivals at x = 24 and y = 40.
    x[..., 16], x[..., 48], y[..., 24], y[..., 80] = 4.0, 3.0, 4.0, 3.5
    outputs = victim.adapter.flatten((x, y))
    points, reach = torch.tensor([8.0, 12.0]).expand(1, 5, 2), torch.full((1, 5), REACH)
    peaks = victim.adapter.peaks(outputs, points, reach, 2)
    assert peaks[0, 0].tolist() == [[8.0, 40.0], [24.0, 12.0]]
    # Where both axes are beyond reach, the one that leads more counts.
    places = torch.tensor([24.0, 40.0]).expand(1, 5, 2)
    lead = victim.adapter.leads(outputs, points, reach, places)
    expected = -0.5 / (4 - float(y.mean(dim=2)[0, 0]))
    assert lead[0].tolist() == pytest.approx([expected] * 5)


def test_pose_lead_of_heatmaps_by_hand():
    victim = _victim('heatmap')
    heatmaps = torch.zeros(1, 5, 24, 16)
    # Two pixels a cell: cell (4, 6) is at (8, 12) up to the codec's half cells.
    scale = torch.as_tensor(victim.adapter.codec.scale_factor)
    heatmaps[..., 6, 4], heatmaps[..., 6, 12], heatmaps[..., 20, 2] = 1.0, 0.6, 0.8
    outputs = heatmaps.flatten(1)
    points = (torch.tensor([4.0, 6.0]) * scale).float().expand(1, 5, 2)
    reach = torch.full((1, 5), REACH)
    place = (torch.tensor([12.0, 6.0]) * scale).float()
    lead = victim.adapter.leads(outputs, points, reach, place.expand(1, 5, 2))
    height = 1 - float(heatmaps[0, 0].mean())
    assert lead[0].tolist() == pytest.approx([-0.4 / height] * 5)
    peaks = victim.adapter.peaks(outputs, points, reach, 5)
    expected = (torch.tensor([[2.0, 20.0], [12.0, 6.0]]) * scale).float()
    torch.testing.assert_close(peaks[0, 0, :2], expected)
    assert peaks[0, 0, 2:].isnan().all()


def test_pose_leads_of_persons_are_theirs():
    for name in ('heatmap', 'simcc', 'regression'):
        victim = ImageVictim(build_model(name))
        labels = victim.labels(picture(victim, persons()).data)
        outputs, points, reach = _scene(_victim(name))
        places, single = points.flip(0), labels.adapter.single
        beside = (outputs.reshape(1, -1), points.reshape(1, -1, 2), reach.reshape(1, -1))
        leads = labels.adapter.leads(*beside, places.reshape(1, -1, 2))
        expected = single.leads(outputs, points, reach, places)
        assert torch.equal(leads, expected.reshape(1, -1))
        peaks = labels.adapter.peaks(*beside, 2)
        expected = single.peaks(outputs, points, reach, 2).reshape(1, -1, 2, 2)
        assert torch.equal(peaks.nan_to_num(), expected.nan_to_num())


def _aims(truth, outputs, count, reach=10.0):
    goal = CorruptPose(tau=reach, unit='pixel').bind(truth, outputs)
    return goal, goal.candidates(outputs, count)


def test_pose_candidates_are_the_mirror_image_and_then_directions():
    """Of coordinates, which have no peaks, in a crop of 100 x 100."""
    places = torch.tensor([[[50.0, 50], [20.0, 50], [80.0, 50], [5.0, 5]]])
    truth = _truth(1, keypoints=places, flip=torch.tensor([0, 2, 1, 3]))
    goal, aims = _aims(truth, _outputs(places), 9)
    assert len(aims) == 9
    found = torch.stack([aim.facts.places for aim in aims], 2)[0]
    far, askew = 15.0, 15 * 0.5**0.5
    ways = [[far, 0], [-far, 0], [0, far], [0, -far]]
    ways += [[askew, askew], [askew, -askew], [-askew, askew], [-askew, -askew]]
    expected = places[0, 0] + torch.tensor(ways)
    torch.testing.assert_close(found[0], torch.cat([expected, expected[:1]]))
    assert found[1, 0].tolist() == [80, 50]
    assert found[2, 0].tolist() == [20, 50]
    torch.testing.assert_close(found[1, 1:], expected - torch.tensor([30.0, 0]))
    # In the corner three of the eight are in the crop, which come again.
    inside = torch.tensor([[20.0, 5], [5, 20], [5 + askew, 5 + askew]])
    torch.testing.assert_close(found[3], inside.repeat(3, 1))
    # The last pixel is the 99th.
    places = torch.tensor([[[84.0, 84], [84.5, 84.5], [50, 50], [50, 50]]])
    truth = _truth(1, keypoints=places)
    _, aims = _aims(truth, _outputs(places), 2)
    found = torch.stack([aim.facts.places for aim in aims], 2)[0]
    assert found[0].tolist() == [[99, 84], [69, 84]]
    assert found[1].tolist() == [[69.5, 84.5], [84.5, 69.5]]


def test_pose_candidates_leave_out_a_mirror_image_that_nobody_sees_or_that_is_near():
    places = torch.tensor([[[50.0, 50], [60.0, 50], [80.0, 50], [20.0, 50]]])
    visible = torch.tensor([[1.0, 1, 1, 0]])
    truth = _truth(1, keypoints=places, visible=visible, flip=torch.tensor([1, 0, 3, 2]))
    _, (first, *_) = _aims(truth, _outputs(places), 3)
    # 50 and 60 are within reach of each other, 20 is not visible: a direction is what is left.
    assert (first.facts.places[0] - places[0])[:3].tolist() == [[15, 0]] * 3
    assert first.facts.places[0, 3].tolist() == [80, 50]


def test_pose_candidates_begin_with_the_highest_peak():
    victim = _victim('heatmap')
    labels = victim.labels(batch())
    labels = replace(labels, keypoints=torch.tensor([8.0, 12.0]).expand(3, 5, 2).clone())
    labels.keypoints[:, 1] = torch.tensor([24.0, 24.0])
    labels = replace(labels, visible=torch.ones(3, 5), flip=torch.tensor([1, 0, 2, 3, 4]))
    heatmaps = 0.01 * torch.rand(3, 5, 24, 16, generator=torch.Generator().manual_seed(0))
    scale = torch.as_tensor(victim.adapter.codec.scale_factor).float()
    heatmaps[..., 6, 4], heatmaps[..., 20, 12], heatmaps[..., 20, 2] = 1.0, 0.8, 0.6
    _, aims = _aims(labels, heatmaps.flatten(1), 3, REACH)
    found = torch.stack([aim.facts.places for aim in aims], 2)[0]
    low, high = torch.tensor([2.0, 20]) * scale, torch.tensor([12.0, 20]) * scale
    torch.testing.assert_close(found[2, :2], torch.stack([high, low]))
    torch.testing.assert_close(found[0], torch.stack([high, torch.tensor([24.0, 24]), low]))


def test_pose_candidates_of_a_joint_that_cannot_go_anywhere_ask_for_nothing():
    truth = _truth(2)
    outputs = _outputs(truth.keypoints)
    _, aims = _aims(truth, outputs, 2, reach=500.0)
    assert all(bool(aim.facts.places.isnan().all()) for aim in aims)
    leaf = outputs.clone().requires_grad_()
    objective = aims[0].objective(leaf)
    assert objective.tolist() == [0, 0]
    assert not torch.autograd.grad(objective.sum(), leaf)[0].any()


def test_pose_objective_sums_the_leads_of_as_many_joints_as_success_needs():
    places = torch.tensor([[[50.0, 50], [30.0, 30], [70.0, 70], [40.0, 60]]])
    truth = _truth(1, keypoints=places, visible=torch.tensor([[1.0, 1, 1, 0]]))
    goal, aims = _aims(truth, _outputs(places), 1)
    # All are pulled 15 to the right; within 5 of there, they are beyond the reach of 10.
    joints = places.clone()
    joints[0, :, 0] += torch.tensor([15.0, 8.0, 0.0, 15.0])
    leads = [0.5, (5 - 7) / 10, (5 - 15) / 10]
    expected = min(leads[0], ENOUGH) + leads[1]
    assert aims[0].objective(_outputs(joints)).item() == pytest.approx(expected, abs=1e-5)
    # Success is the goal's own: any joints, wherever they are.
    joints[0, :, 0] = places[0, :, 0] - torch.tensor([11.0, 11, 0, 0])
    assert aims[0].success(_outputs(joints)).tolist() == [True]
    assert goal.success(_outputs(joints)).tolist() == [True]


def test_pose_candidates_of_a_batch_are_those_alone():
    for name in ('heatmap', 'simcc', 'regression'):
        victim = _victim(name)
        labels, (outputs, *_) = victim.labels(batch()), _scene(victim)
        goal = CorruptPose().bind(labels, outputs)
        together = goal.candidates(outputs, 4)
        for row in range(3):
            rows = torch.tensor([row])
            alone = goal.select(rows).candidates(outputs[rows], 4)
            for one, other in zip(alone, together, strict=True):
                some = other.select(rows)
                assert isinstance(some.facts, AimedFacts)
                assert torch.equal(one.facts.places, some.facts.places)
                assert torch.equal(one.objective(outputs[rows]), other.objective(outputs)[rows])


def test_pose_goals_say_whether_they_know_candidates():
    truth = _truth(target=True)
    outputs = _outputs(truth.keypoints)
    assert CorruptPose().bind(truth, outputs).knows_candidates
    target = TargetPose().bind(truth, outputs)
    assert not target.knows_candidates
    assert target.candidates(outputs, 3) == ()


def test_pose_candidates_of_similarity_are_beyond_its_own_reach():
    sigmas = torch.tensor([0.05, 0.1, 0.02, 0.08], dtype=torch.float64)
    truth = _truth(1, sigmas=sigmas, area=torch.tensor([1200.0], dtype=torch.float64))
    outputs = _outputs(truth.keypoints)
    goal = CorruptPose(criterion='oks').bind(truth, outputs)
    (aim,) = goal.candidates(outputs, 1)
    reach = goal.goal.reach(goal.facts, outputs)
    torch.testing.assert_close((aim.facts.places - truth.keypoints).norm(dim=2), 1.5 * reach)
    # All at their places: as dissimilar as success asks for.
    assert aim.success(_outputs(aim.facts.places)).all()


def test_pose_candidates_stand_responses_that_are_not_finite():
    victim = _victim('heatmap')
    labels, (outputs, _, reach) = victim.labels(batch()), _scene(victim)
    goal = CorruptPose().bind(labels, outputs)
    outputs[0] = torch.nan
    aims = list(pose_candidates(outputs, goal.facts, reach, 2))
    assert all(bool(aim.places.isfinite().all()) for aim in aims)
