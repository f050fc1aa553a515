"""Joint margins say what the decoder will choose; goals sum as many as success needs."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from mmrobust.functional.pose_losses import outside_margin
from mmrobust.goals import CorruptPose, TargetPose
from mmrobust.goals.decoded import DecodedFacts
from mmrobust.goals.pose import ENOUGH
from mmrobust.victims.pose import PoseVictim
from mmrobust.victims.pose.head_adapters import PerPersonAdapter
from tests.pose.pose_toys import BINS, COORDINATES, HEADS, batch, build_model

REACH = 5.0


@pytest.fixture(params=sorted(set(HEADS) - {'visibility'}))
def family(request):
    return request.param, PoseVictim(build_model(request.param))


def _responses(name: str, victim: PoseVictim) -> tuple[Tensor, Tensor]:
    """Responses with a peak of each joint, and points (N, K, 2) that some of them are near."""
    generator = torch.Generator().manual_seed(0)
    labels = victim.labels(batch())
    shape = (8, *labels.keypoints.shape[1:])
    there = 4 + 22 * torch.rand(shape, generator=generator)
    response = victim.adapter.encode(there, torch.ones(shape[:2])).response
    if name in COORDINATES:
        flat = torch.zeros(8, 1, shape[1], victim.adapter.values)
        flat[:, 0, :, :2] = response
        outputs = victim.adapter.flatten(flat)
    else:
        noise = torch.rand(response.shape, generator=generator)
        outputs = (response + 0.02 * response.amax() * noise).flatten(1)
    joints, _ = victim.adapter.decode(outputs)
    # Half of the points lie near, half anywhere.
    far = 30 * torch.rand(shape, generator=generator)
    near = joints + 2 * torch.rand(shape, generator=generator) - 1
    pick = torch.rand(shape[:2], generator=generator)[..., None] < 0.5
    return outputs.float(), torch.where(pick, near, far).float()


def test_pose_margins_have_the_sign_of_what_the_decoder_chooses(family):
    name, victim = family
    outputs, points = _responses(name, victim)
    joints, _ = victim.adapter.decode(outputs)
    reach = torch.full(points.shape[:2], REACH)
    margins = victim.adapter.joint_margins(outputs, points, reach)
    gap = (joints - points).abs()
    # What refines the best cell moves it by less than one, of 2 to 6 pixels.
    slack = {'cpm': 8.0, 'mspn': 8.0}.get(name, 0.0 if name in COORDINATES else 4.0)
    if name in BINS:
        outside, inside = (gap > REACH + slack).any(dim=2), (gap < REACH - slack).all(dim=2)
    else:
        distance = gap.square().sum(dim=2).sqrt()
        outside, inside = distance > REACH + slack, distance < REACH - slack
    assert int(outside.sum()) > 5
    assert int(inside.sum()) > (0 if slack > REACH else 5) - 1
    assert bool((margins[outside] > 0).all())
    assert bool((margins[inside] <= 0).all())


def test_pose_margins_have_a_gradient(family):
    name, victim = family
    outputs, points = _responses(name, victim)
    leaf = outputs.double().requires_grad_()
    reach = torch.full(points.shape[:2], REACH)
    margins = victim.adapter.joint_margins(leaf, points.double(), reach.double())
    (gradient,) = torch.autograd.grad(margins.sum(), leaf)
    assert bool(gradient.isfinite().all())
    # A small step along it raises every margin: joints do not share values of a response.
    size = 1e-6 / float(gradient.abs().max())
    higher = victim.adapter.joint_margins(leaf + size * gradient, points.double(), reach.double())
    assert bool((higher > margins).all())


def test_outside_margin_by_hand():
    scores = torch.tensor([[1.0, 5.0, 2.0, 4.0]])
    assert outside_margin(scores, torch.tensor([[False, True, False, False]])).item() == -1
    assert outside_margin(scores, torch.tensor([[True, False, True, True]])).item() == 1
    assert outside_margin(scores, torch.ones(1, 4).bool()).item() == -torch.inf
    assert outside_margin(scores, torch.zeros(1, 4).bool()).item() == torch.inf


class _Adapter:
    """Margins as they are given, whatever the response."""

    refinement = 0.5

    def __init__(self, margins: Tensor) -> None:
        self.margins = margins

    def losses(self):
        return {}

    def joint_margins(self, outputs, keypoints, reach):
        self.reach = reach
        return self.margins


class _Known:
    """What goals read of facts."""

    def __init__(self, margins, visible, weights=None):
        self.adapter, self.visible = _Adapter(margins), visible
        self.joint_scale = torch.full((len(margins), 1), 50.0)
        self.keypoints = torch.zeros(*margins.shape, 2)
        self.weights = torch.ones_like(margins) if weights is None else weights


def _facts(margins, visible=None):
    known = _Known(margins, torch.ones_like(margins) if visible is None else visible)
    return DecodedFacts(known, known)


@pytest.mark.parametrize(
    ('share', 'expected'),
    [(0.5, -0.2 + ENOUGH), (0.6, -0.2 - 0.4 + ENOUGH), (1.0, -0.2 - 0.4 - 9 + ENOUGH)],
)
def test_pose_goal_sums_as_many_margins_as_success_needs(share, expected):
    # The last joint is not visible; one that is lost already asks for no more.
    margins = torch.tensor([[7.0, -0.4, -9.0, -0.2, 5.0]])
    visible = torch.tensor([[1.0, 1, 1, 1, 0]])
    facts = _facts(margins, visible)
    goal = CorruptPose(loss='margin', tau=0.2, share=share)
    outputs = torch.zeros(1, 3)
    assert goal.objective(outputs, facts).item() == pytest.approx(expected)
    # What the decoder may take back is not enough; for a target there is nothing to add.
    assert facts.annotations.adapter.reach.tolist() == [[10.5] * 5]


def test_pose_target_pulls_all_joints_in():
    margins = torch.tensor([[7.0, -0.4, -9.0, 0.3]])
    facts = _facts(margins)
    objective = TargetPose(loss='margin').objective(torch.zeros(1, 3), facts)
    assert objective.item() == pytest.approx(-(7 - ENOUGH - ENOUGH + 0.3))
    assert facts.annotations.adapter.reach.tolist() == [[5.0] * 4]


def test_pose_margin_is_enough_where_the_decoder_takes_a_joint_back():
    """A cell just beyond tau, the next one inside nearly as high: decoded within tau."""
    victim = PoseVictim(build_model('heatmap'))
    scale = torch.as_tensor(victim.adapter.codec.scale_factor).float()
    assert victim.adapter.refinement == pytest.approx(0.25 * float(scale.norm()))
    labels = victim.labels(batch())
    places = (torch.tensor([4.0, 10.0]) * scale).expand(3, 5, 2)
    labels = replace(labels, keypoints=places, visible=torch.ones(3, 5))
    heatmaps = torch.zeros(3, 5, 24, 16)
    heatmaps[..., 10, 8], heatmaps[..., 10, 7], heatmaps[..., 10, 4] = 1.0, 0.9, 0.5
    # The cell is 4 cells away, and decoded at 3.75.
    for away, success in ((3.8, False), (3.7, True)):
        goal = CorruptPose(loss='margin', tau=away * float(scale[0]), unit='pixel')
        goal = goal.bind(labels, heatmaps.flatten(1))
        assert goal.success(heatmaps.flatten(1)).tolist() == [success] * 3
        # It is not taken for enough, or not yet.
        assert (goal.objective(heatmaps.flatten(1)) < 0).all()
    goal = CorruptPose(loss='margin', tau=3.6 * float(scale[0]), unit='pixel')
    assert (goal.bind(labels, heatmaps.flatten(1)).objective(heatmaps.flatten(1)) > 0).all()


def test_pose_refinement_is_that_of_the_codec():
    expected = {'dark': 0.5, 'udp': 0.5, 'mspn': 0.25, 'simcc': 0, 'regression': 0}
    for name, share in expected.items():
        adapter = PoseVictim(build_model(name)).adapter
        scale = torch.as_tensor(getattr(adapter.codec, 'scale_factor', [0.0])).float()
        assert adapter.refinement == pytest.approx(share * float(scale.norm()))
    bins = PoseVictim(build_model('rtmcc')).adapter
    bins.codec.use_dark = True
    assert bins.refinement == 0.25
    several = PerPersonAdapter(bins, 2)
    assert several.refinement == 0.25


def test_pose_losses_of_an_ensemble_are_the_heads_and_the_margin():
    victim = PoseVictim(build_model('heatmap'))
    labels = victim.labels(batch())
    outputs = torch.rand(
        3, victim.adapter.encode(labels.keypoints, labels.visible).response[0].numel()
    )
    goal = CorruptPose(loss='margin').bind(labels, outputs)
    assert list(goal.losses()) == ['heatmap_mse', 'margin', 'soft_argmax']
    assert goal.objective(outputs).isfinite().all()
