"""Attacks on tracks without a budget: what one step is, what is found, what is refused."""

import pickle

import numpy as np
import pytest
import torch
from scipy.optimize import approx_fprime

from mmrobust.attacks.bone_length import BoneLength
from mmrobust.attacks.pgd import PGD
from mmrobust.attacks.smart import SMART
from mmrobust.attacks.swap_part import PARTS, SwapPart
from mmrobust.datasets.donor_tracks import DonorTracks
from mmrobust.functional.bones import PARENTS, outwards, stretched, turned
from mmrobust.functional.track_costs import acceleration_cost, bone_cost, distance_cost
from mmrobust.goals import Misclassify, TargetClass
from mmrobust.registry import ATTACKS
from mmrobust.threats import FrameMask, FreeJoints, JointL2
from mmrobust.victims import FunctionVictim
from mmrobust.visualization.threat_text import budget, threat_text

TREE = (1, 1, 1, 2, 3)
BONES = outwards(TREE)
ANY = {'bounds': (-torch.inf, torch.inf), 'dtype': torch.float64}


@pytest.fixture
def tracks():
    """Two tracks of two persons; a joint that is lost, and a person who is not there."""
    generator = torch.Generator().manual_seed(0)
    found = torch.randn(2, 3, 6, 5, 2, generator=generator, dtype=torch.float64)
    found[0, :, 2, 4, 0] = 0
    found[1, ..., 1] = 0
    return found


def linear(lead=0.0, seed=2):
    """A victim of two classes whose scores are linear in the track, and its weights."""
    generator = torch.Generator().manual_seed(seed)
    weights = torch.randn(2, 3, 6, 5, 2, generator=generator, dtype=torch.float64)

    def scores(pixels):
        found = (pixels[:, None] * weights).flatten(2).sum(dim=2)
        return found + torch.tensor([lead, 0.0], dtype=torch.float64)

    return FunctionVictim(scores, **ANY), weights


def seen_by_numpy(changed, clean, distance, bone, rate):
    """The loss of one track (C, T, V, M), as sums over frames, joints and persons."""
    total = 0.0
    for frame in range(clean.shape[1]):
        for person in range(clean.shape[3]):
            for joint, parent in enumerate(TREE):
                moved = changed[:, frame, joint, person] - clean[:, frame, joint, person]
                total += distance * 0.02 * np.sum(moved**2)
                after, before = (
                    np.linalg.norm(t[:, frame, joint, person] - t[:, frame, parent, person])
                    for t in (changed, clean)
                )
                there = all(clean[:, frame, end, person].any() for end in (joint, parent))
                total += there * (1 - distance) * bone * (after - before) ** 2
                if frame > 1:
                    change = changed - clean
                    second = (
                        change[:, frame, joint, person]
                        - 2 * change[:, frame - 1, joint, person]
                        + change[:, frame - 2, joint, person]
                    ) * rate**2
                    total += (1 - distance) * (1 - bone) * np.sum(second**2)
    return total


def test_smart_loss_is_the_sum_that_loops_give(tracks):
    generator = torch.Generator().manual_seed(1)
    changed = tracks + 0.1 * torch.randn(tracks.shape, generator=generator, dtype=torch.float64)
    attack = SMART(parents=TREE, distance_weight=0.3, bone_weight=0.8, rate=2.0)
    found = attack.cost(changed, tracks)
    for row in range(2):
        wanted = seen_by_numpy(changed[row].numpy(), tracks[row].numpy(), 0.3, 0.8, 2.0)
        assert float(found[row]) == pytest.approx(wanted, rel=1e-7)
    # All of a body moved alike: bones and accelerations stay as they are.
    shifted = tracks + 0.5
    shifted[0, :, 2, 4, 0] = 0
    assert float(bone_cost(shifted, tracks, BONES).max()) < 1e-20
    assert float(acceleration_cost(shifted, tracks, 30.0)[1]) < 1e-20
    assert distance_cost(shifted, tracks).tolist() == pytest.approx([177 * 0.25, 180 * 0.25])


def by_hand(pixels, clean, weights, steps, size=0.05):
    """SMART of a victim whose gradient never turns: the way from class 0 to class 1."""
    way = (weights[1] - weights[0]).numpy() * (clean != 0).any(0)
    moved = pixels.copy()
    for _ in range(steps):

        def loss(flat):
            return seen_by_numpy(flat.reshape(clean.shape), clean, 0.4, 0.7, 1.0)

        slope = approx_fprime(moved.ravel(), loss, 1e-7).reshape(clean.shape)
        slope = slope if moved is not pixels and np.abs(moved - clean).max() > 0 else 0 * slope
        step = np.zeros_like(clean)
        for frame in range(clean.shape[1]):
            for gradient, weight in ((way, 0.6), (-slope, 0.4)):
                length = np.linalg.norm(gradient[:, frame])
                step[:, frame] += weight * gradient[:, frame] / (length or 1.0)
        moved = moved + size * step * (clean != 0).any(0)
    return moved


def test_smart_steps_are_those_of_the_paper_done_by_hand():
    generator = torch.Generator().manual_seed(0)
    tracks = torch.randn(1, 3, 6, 5, 1, generator=generator, dtype=torch.float64)
    victim, weights = linear(lead=1e4)
    one = FunctionVictim(lambda x: victim(torch.cat([x, torch.zeros_like(x)], dim=4)), **ANY)
    attack = SMART(parents=TREE, steps=3, step_size=0.05, rate=1.0, goal=Misclassify('margin'))
    (outcome,) = attack(one, tracks, torch.tensor([0]))
    clean = tracks[0].numpy()
    wanted = by_hand(clean.copy(), clean, weights[..., :1], 3)
    assert np.allclose(outcome.adversarial.numpy(), wanted, atol=1e-5)
    assert np.abs(wanted - clean).max() > 0.02


def test_smart_stays_in_a_budget_if_it_has_one(tracks):
    victim, _ = linear(lead=1e4)
    furthest = []

    def watched(pixels):
        if len(pixels) == len(tracks):
            furthest.append(float((pixels - tracks).detach().norm(dim=1).max()))
        return victim(pixels)

    attack = SMART(JointL2(0.03), parents=TREE, steps=5, step_size=1.0)
    outcomes = attack(FunctionVictim(watched, **ANY), tracks, torch.zeros(2).long())
    assert max(furthest) == pytest.approx(0.03)
    for outcome, clean in zip(outcomes, tracks, strict=True):
        ways = (outcome.adversarial - clean).norm(dim=0)
        assert float(ways.max()) == pytest.approx(0.03)
        assert not bool(ways[(clean == 0).all(0)].any())


def gain(weights, track):
    return float(((weights[1] - weights[0]) * track).sum())


def test_bone_length_finds_the_best_of_a_linear_victim(tracks):
    victim, weights = linear(lead=1e4)
    attack = BoneLength(parents=TREE, goal=Misclassify('margin'), limit=0.2, step_size=0.03)
    outcomes = attack(victim, tracks, torch.zeros(2).long())
    for row, outcome in enumerate(outcomes):
        clean, found = tracks[row], (tracks[row] != 0).any(0)

        def moved(factors, clean=clean, found=found):
            """A walk by hand, joint by joint."""
            track = clean.clone()
            for bone, (joint, parent) in enumerate(BONES):
                for frame in range(6):
                    for person in range(2):
                        if found[frame, joint, person] and found[frame, parent, person]:
                            way = clean[:, frame, joint, person] - clean[:, frame, parent, person]
                            place = track[:, frame, parent, person] + factors[bone, person] * way
                            track[:, frame, joint, person] = place
            return track

        def value(flat, moved=moved):
            return gain(weights, moved(flat.reshape(4, 2)))

        slope = approx_fprime(np.ones(8), value, 1e-6).reshape(4, 2)
        best = moved(1 + 0.2 * np.sign(np.where(np.abs(slope) > 1e-6, slope, 0)))
        assert torch.allclose(outcome.adversarial, best, atol=1e-9)
        assert gain(weights, best) > gain(weights, clean)
        assert outcome.backwards == 50


def test_bone_length_keeps_one_factor_and_all_directions(tracks):
    generator = torch.Generator().manual_seed(1)
    factors = 0.9 + 0.2 * torch.rand(2, 4, 2, generator=generator, dtype=torch.float64)
    found = (tracks != 0).any(1, keepdim=True)
    longer = stretched(tracks, found, BONES, factors)
    for bone, (joint, parent) in enumerate(BONES):
        before = tracks[:, :, :, joint] - tracks[:, :, :, parent]
        after = longer[:, :, :, joint] - longer[:, :, :, parent]
        there = found[:, 0, :, joint] & found[:, 0, :, parent]
        wanted = factors[:, bone][:, None, None].expand_as(before) * before
        assert torch.allclose(after.transpose(1, 0)[:, there], wanted.transpose(1, 0)[:, there])
    assert torch.equal(longer[:, :, :, 1], tracks[:, :, :, 1])
    lost = ~found.expand_as(tracks)
    assert torch.equal(longer[lost], tracks[lost])


@pytest.mark.parametrize('kind', [SMART, BoneLength])
def test_success_ends_it_and_bodies_are_asked_for(kind, tracks):
    victim, _ = linear()
    labels = victim(tracks).argmax(1)
    early = kind(parents=TREE, steps=40)(victim, tracks, labels)
    late = kind(parents=TREE, steps=40, early_stop=False)(victim, tracks, labels)
    for one, other in zip(early, late, strict=True):
        assert one.forwards <= other.forwards
        assert one.l2 <= other.l2
        assert other.backwards == 40
    with pytest.raises(ValueError, match='attack.parents must be given for other skeletons'):
        kind()(victim, tracks, labels)
    with pytest.raises(ValueError, match='attack.parents must be of 5 joints, got 4'):
        kind(parents=(0, 0, 1, 2))(victim, tracks, labels)
    with pytest.raises(ValueError, match='parents must be of one root'):
        kind(parents=(0, 1, 1))


def test_no_budget_is_said_and_never_taken_for_one():
    assert SMART().threat == BoneLength().threat == FreeJoints()
    assert SMART().describe()['threat'] == {'type': 'FreeJoints'}
    for threat in (FreeJoints(), FrameMask(FreeJoints(), frames=[1])):
        with pytest.raises(ValueError, match='threat must be one with a budget for PGD'):
            PGD(threat)
        assert SMART(threat).threat is threat
    with pytest.raises(ValueError, match="FreeJoints has no option 'eps'"):
        ATTACKS.build({'type': 'SMART', 'threat': {'type': 'FreeJoints', 'eps': 1}})
    card = {'attack': SMART().describe()}
    assert threat_text(card) == 'no budget for joints'
    assert budget(card) is None


def test_free_joints_are_any_but_those_not_found(tracks):
    threat, away = FreeJoints(), tracks + 7.3
    found = threat.project(away, tracks)
    there = (tracks != 0).any(1, keepdim=True).expand_as(tracks)
    assert torch.equal(found[there], away[there])
    assert torch.equal(found[~there], tracks[~there])
    assert threat.distance(found, tracks).tolist() == pytest.approx([7.3 * 3**0.5] * 2)
    assert threat.distance(away, tracks).tolist() == [torch.inf] * 2
    with pytest.raises(ValueError, match='pixels must be tracks'):
        threat.check(torch.zeros(1, 4, 2, 3, 1))
    assert threat.resized(0.1) == JointL2(0.1)


def donors(tracks, labels=(0, 1)):
    """Annotations (M, T, V, C) of other lengths, with a score behind the places."""
    found = []
    for number, label in enumerate(labels):
        generator = torch.Generator().manual_seed(50 + number)
        place = torch.randn(2, 12, 5, 4, generator=generator, dtype=torch.float64)
        found.append({'label': label, 'keypoint': place.numpy()})
    return found


def test_swapped_parts_point_as_the_donor_s_and_keep_their_bones(tracks):
    victim, _ = linear(lead=1e4)
    given = donors(tracks)
    given[1]['keypoint'][0, 11, 3] = 0
    attack = SwapPart(donors=given, part=(3,), parents=TREE)
    outcomes = attack(victim, tracks, torch.zeros(2).long())
    for outcome, clean in zip(outcomes, tracks, strict=True):
        found = outcome.adversarial
        assert (outcome.forwards, outcome.backwards, outcome.queries) == (0, 0, 0)
        for frame in range(6):
            # Twelve frames of the donor in six of the sample: 0, 2.2, 4.4, ...
            donor = given[1]['keypoint'][0, [0, 2, 4, 7, 9, 11][frame], :, :3]
            for person in range(2):
                if not clean[:, frame, 1, person].any():
                    assert not found[:, frame, :, person].any()
                    continue
                before = (clean[:, frame, 3, person] - clean[:, frame, 2, person]).numpy()
                after = (found[:, frame, 3, person] - found[:, frame, 2, person]).numpy()
                way = donor[3] - donor[2] if frame < 5 else before
                wanted = way / np.linalg.norm(way) * np.linalg.norm(before)
                assert np.allclose(after, wanted)
                # Joint 4 hangs on joint 3 and goes along as it was; the others stay.
                if clean[:, frame, 4, person].any():
                    assert torch.allclose(
                        found[:, frame, 4, person] - found[:, frame, 3, person],
                        clean[:, frame, 4, person] - clean[:, frame, 3, person],
                    )
                assert torch.equal(found[:, frame, :3, person], clean[:, frame, :3, person])


def test_what_hangs_on_a_lost_joint_stays():
    places = torch.arange(1.0, 16.0, dtype=torch.float64).reshape(1, 3, 1, 5, 1).clone()
    places[:, :, 0, 2] = 0
    ways = torch.ones(1, 3, 1, 4, 1, dtype=torch.float64)
    ways[:, 0] = 0
    found = (places != 0).any(1, keepdim=True)
    for moved in (
        turned(places, found, BONES, ways, range(5)),
        stretched(places, found, BONES, torch.full((1, 4, 1), 2.0, dtype=torch.float64)),
    ):
        # Joint 3 hangs on joint 2, which is lost; joint 4 hangs on joint 3.
        assert torch.equal(moved[:, :, 0, 1:4], places[:, :, 0, 1:4])
        assert not torch.equal(moved[:, :, 0, 0], places[:, :, 0, 0])
        assert not torch.equal(moved[:, :, 0, 4], places[:, :, 0, 4])


def test_swapped_part_is_of_another_class_or_of_the_target(tracks, tmp_path):
    victim, _ = linear(lead=1e4)
    given = donors(tracks, labels=(0, 1, 0))
    for goal in (Misclassify(), TargetClass(target=1)):
        one, other = (
            SwapPart(goal=goal, donors=these, part=(3,), parents=TREE)(
                victim, tracks, torch.zeros(2).long()
            )
            for these in (given, given[1:2])
        )
        for a, b in zip(one, other, strict=True):
            assert torch.equal(a.adversarial, b.adversarial)
    path = tmp_path / 'donors.pkl'
    path.write_bytes(pickle.dumps({'split': {'train': []}, 'annotations': given}))
    from_file = SwapPart(donors=str(path), part=(3,), parents=TREE)
    same = from_file(victim, tracks, torch.zeros(2).long())
    assert torch.equal(same[0].adversarial, one[0].adversarial)
    with pytest.raises(ValueError, match=r'of another class, got .those of classes \[0\]'):
        SwapPart(donors=given[:1], part=(3,), parents=TREE)(victim, tracks, torch.zeros(2).long())


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        ({'donors': 'nowhere.pkl'}, 'donors must be an annotation file'),
        ({'donors': []}, 'donors must be an annotation file'),
        ({'donors': [{'label': 1}]}, r'donors\[0\] must be a dict with label and keypoint'),
        ({'donors': [{'label': -1, 'keypoint': [[[[1, 2]]]]}]}, r'donors\[0\].label'),
        ({'donors': [{'label': 1, 'keypoint': [1]}]}, r'donors\[0\].keypoint must be finite'),
        ({'part': 'head'}, 'part must be arms, legs, or a list of joints'),
        ({'part': []}, 'part must be arms, legs, or a list of joints'),
        ({'part': [-1]}, 'part must be arms, legs, or a list of joints'),
    ],
)
def test_swapped_part_refuses(options, words):
    with pytest.raises(ValueError, match=words):
        SwapPart(**SwapPart.example | options)


def test_swapped_arms_and_legs_hang_on_shoulders_and_hips():
    for part, count in [(name, number) for name in PARTS for number in PARTS[name]]:
        joints = PARTS[part][count]
        body = {joint for joint in range(count) if joint not in joints}
        hung = [joint for joint in joints if PARENTS[count][joint] in body]
        # One begins on the left and one on the right, and both are as long.
        assert len(hung) == 2
        assert len(joints) % 2 == 0
    assert SwapPart(**SwapPart.example | {'part': 'legs'}).title == 'Swapped legs'
    with pytest.raises(ValueError, match=r'attack.part must be a list of joints for other bodies'):
        SwapPart(**SwapPart.example | {'part': 'arms'})._joints(5)
    assert DonorTracks(SwapPart.example['donors']).classes == {0, 1, 2, 3}
