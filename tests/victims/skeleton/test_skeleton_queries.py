"""Searches by queries on tracks: what they ask, what they find, which are refused."""

import math

import numpy as np
import pytest
import torch

from mmrobust.attacks.gradient_estimation import GradientEstimation
from mmrobust.attacks.rays import RayS
from mmrobust.attacks.sign_hunter import SignHunter
from mmrobust.attacks.simba import SimBA
from mmrobust.attacks.square import Region, Square
from mmrobust.estimators.nes import NES
from mmrobust.functional.cosine_basis import wave_of_one
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import Misclassify, TargetClass
from mmrobust.query.black_box import BlackBox
from mmrobust.query.state import QueryState
from mmrobust.samplers.multi_noise import MultiNoise
from mmrobust.samplers.one_noise import OneNoise
from mmrobust.samplers.sparked import Sparked
from mmrobust.threats import JointL2, KeptBones, Linf, SmoothJoints
from mmrobust.victims import FunctionVictim

from .test_skeleton_victim import attacked, batch, build
from .toys import sample

NES_OF_TRACKS = {'sampler': MultiNoise(), 'estimator': NES(population=10)}
SEARCHES = [
    (Square, {'shape': 'tube'}),
    (Square, {'shape': 'frame'}),
    (SimBA, {'basis': 'pixel'}),
    (SimBA, {'basis': 'dct'}),
    (SignHunter, {}),
    (RayS, {}),
    (GradientEstimation, NES_OF_TRACKS),
    (GradientEstimation, {**NES_OF_TRACKS, 'sampler': OneNoise()}),
]


@pytest.mark.parametrize('dtype', [np.float32, np.float16])
@pytest.mark.parametrize(('kind', 'options'), SEARCHES)
def test_skeleton_search_stands_where_the_file_can(kind, options, dtype):
    victim, data = build(2)
    info = sample(2, persons=2, frames=9, dtype=dtype)
    # A victim so sure of itself that nobody is done early.
    victim.model.cls_head.fc.bias.data[0] += 30.0
    attack = kind(threat=JointL2(0.05), budget=24, **options)
    loaded, (outcome,) = attacked(victim, data, [info], attack)
    layout = loaded.layouts[0]
    assert 20 < outcome.queries <= 24
    # RayS meets no other class. No flag says that the same track was answered differently, as one
    # that is rounded afterwards would be.
    assert set(outcome.flags) <= {'flat_objective'}
    assert torch.equal(layout.settled(outcome.adversarial), outcome.adversarial)
    clean = layout.pixels()
    moved = (outcome.adversarial != clean).any(dim=0)
    assert bool(moved.any())
    assert not bool((moved & ~(clean != 0).any(dim=0)).any())
    assert float(JointL2(0.05).distance(outcome.adversarial[None], clean[None])) <= 0.05 + 1e-9


@pytest.mark.parametrize('threat', [Linf(0.05), SmoothJoints(0.05), KeptBones(0.05)])
def test_skeleton_search_in_other_balls(threat):
    victim, data = build(2)
    victim.model.cls_head.fc.bias.data[0] += 30.0
    attack = SignHunter(threat=threat, budget=4)
    loaded, (outcome,) = attacked(victim, data, [sample(2, frames=9)], attack)
    assert 'random_outputs' not in outcome.flags
    apart = threat.distance(outcome.adversarial[None], loaded.layouts[0].pixels()[None])
    assert 0 < float(apart) <= 0.05 + 1e-9


def test_skeleton_search_measures_by_bodies():
    torso, data = build(2)
    info = sample(2, frames=9)
    ((_, bound, pixels),) = torso.batches(batch(torso, data, [info]))
    assert bound.span == BlackBox(bound).span == 1.0
    assert (bound.picture, bound.settles) == (False, True)
    native, data = build(2, unit='native')
    ((_, bound, pixels),) = native.batches(batch(native, data, [info]))
    assert bound.span == float(info['keypoint'].max() - 0)
    assert FunctionVictim(lambda x: x, bounds=(-1.0, 3.0)).span == 4.0


@pytest.mark.parametrize(('options', 'words'), [
    ({'sampler': Sparked()}, r'attack.sampler must be MultiNoise or OneNoise with tile=1'),
    ({'sampler': OneNoise(tile=2)}, r'got .OneNoise with tile=2'),
])  # fmt: skip
def test_skeleton_search_of_pictures_is_refused(options, words):
    victim, data = build(3)
    with pytest.raises(ValueError, match=words):
        attacked(
            victim, data, [sample(3, frames=9)], GradientEstimation(JointL2(), budget=60, **options)
        )


class Tracks(FunctionVictim):
    """Tracks of any values, that know a usual range."""

    picture, span = False, 1.0

    def __init__(self, function):
        super().__init__(function, bounds=(-torch.inf, torch.inf), dtype=torch.float64)


def track(seed=0, frames=12):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(1, 2, frames, 5, 2, generator=generator, dtype=torch.float64) + 3


def state_of(clean, threat=None):
    goal = Misclassify().bind(torch.tensor([0]), torch.zeros(1, 2))
    ends, rng = (-torch.inf, torch.inf), SampleRandom.from_seeds([0])
    return QueryState(
        clean[0], goal, threat or Linf(0.1), ends, rng, grid=0.1 / 64, span=1.0, picture=False
    )


def test_square_of_a_track_is_a_run_of_one_joint():
    clean, sizes = track(), set()
    for shape, length in (('frame', 5), ('tube', 12)):
        state, attack = state_of(clean), Square(shape=shape)
        region = Region.of(state)
        ones = torch.ones_like(state.clean)
        for _ in range(40):
            changed = (attack._with_square(ones, 5, region, state) != ones).any(dim=0)
            frames, joints, persons = changed.nonzero(as_tuple=True)
            assert len(frames) == length == int(frames.max() - frames.min()) + 1
            assert len(set(joints.tolist())) == len(set(persons.tolist())) == 1
            sizes.add((shape, int(joints[0]), int(persons[0])))
    # All joints of both persons, in both shapes.
    assert len(sizes) == 20
    # Half of all values, and of twelve frames not more than there are.
    halves = Square(shape='frame', share=0.5)
    assert halves.side(0, Region.of(state)) == 12
    few = Square(shape='frame', share=0.05)
    assert [few.side(i, Region.of(state)) for i in (0, 7 * few.budget // 1000)] == [6, 2]
    start = few._stripes(state)
    assert torch.equal(start, start[:, :1].expand_as(start))


def test_waves_of_one_joint_are_orthonormal():
    like = torch.zeros(1, 6, 2, 1, dtype=torch.float64)
    vectors = [wave_of_one((0, k, row, 0), like).flatten() for k in range(6) for row in range(2)]
    basis = torch.stack(vectors)
    assert torch.allclose(basis @ basis.T, torch.eye(12, dtype=torch.float64))
    assert float(wave_of_one((0, 0, 1, 0), like)[0, :, 1, 0].std()) == pytest.approx(0, abs=1e-12)


def test_simba_of_a_track_uses_slow_waves_of_all_joints():
    state = state_of(track(frames=16))
    found = torch.stack(list(SimBA(frequencies=0.125)._vectors(state)))
    # Two of sixteen frequencies, of two coordinates of five joints of two persons.
    assert len(found) == 2 * 2 * 5 * 2
    assert set((found != 0).any(dim=2).flatten(1).sum(1).tolist()) == {1}


def test_rays_finds_the_border_of_a_linear_victim_of_tracks():
    clean, weights = track(), torch.zeros(2, 12, 5, 2, dtype=torch.float64)
    weights[0] = 1.0
    middle = float((clean[0] * weights).sum())

    def scores(pixels):
        gained = (pixels * weights).flatten(1).sum(1) - middle
        # Each of 120 values by 0.2.
        return torch.stack([torch.full_like(gained, 24.0), gained], dim=1)

    attack = RayS(Linf(0.1), budget=300)
    (outcome,) = attack(Tracks(scores), clean, torch.tensor([0]))
    assert not outcome.success
    assert outcome.measures['border_distance'] == pytest.approx(0.2, abs=1e-3)
    (found,) = RayS(Linf(0.3), budget=300)(Tracks(scores), clean, torch.tensor([0]))
    assert found.success


def test_rays_gives_up_where_a_body_would_be_a_body_away():
    asked = []

    def never(pixels):
        asked.append(float((pixels - clean).abs().max()))
        return torch.tensor([[1.0, 0.0]], dtype=torch.float64).expand(len(pixels), -1)

    clean = track()
    RayS(Linf(0.1), budget=50)(Tracks(never), clean, torch.tensor([0]))
    assert max(asked) == pytest.approx(0.8)
    assert math.isfinite(max(asked))


def test_nes_of_a_track_probes_by_a_thousandth_of_a_body():
    asked = []

    def scores(pixels):
        asked.append(pixels - clean)
        return torch.stack([pixels.flatten(1).sum(1), 0 * pixels.flatten(1).sum(1)], dim=1)

    clean = track()
    attack = GradientEstimation(Linf(0.05), budget=12, query_batch=10, **NES_OF_TRACKS)
    attack(Tracks(scores), clean, torch.tensor([0]))
    probes = next(one for one in asked if len(one) == 10)
    assert float(probes.std()) == pytest.approx(0.001, rel=0.1)


def test_a_start_of_videos_is_refused_for_tracks(tmp_path):
    attack = GradientEstimation(Linf(0.05), TargetClass(), **NES_OF_TRACKS)
    attack.clips, attack.start = object(), 'list.txt'
    with pytest.raises(ValueError, match='attack.start must be None for what is no picture'):
        attack._check_victim(Watched(Tracks(lambda x: x)), track())


class Watched:
    """As much of a counting victim as the check asks."""

    success_on, bounds = None, (-torch.inf, torch.inf)

    def __init__(self, victim):
        self.victim, self.picture, self.span = victim, victim.picture, victim.span
