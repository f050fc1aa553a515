"""Ensembles and targets on poses: what they find, what they cost, on every kind of victim."""

import functools
import math
from dataclasses import replace

import bottomup_toys
import pytest
import torch
from lifting_toys import write_h36m
from pose_toys import K, batch, build_model, in_double
from test_pose_cascade import cascade, write_lifter
from test_pose_goals import _outputs, _truth
from test_pose_lifting import bound as bound_lifter

from mmrobust.attacks.apgd import APGD
from mmrobust.attacks.apgd_targeted import APGDT
from mmrobust.attacks.members import PRESETS, preset_members
from mmrobust.attacks.random_noise import RandomNoise
from mmrobust.attacks.worst_case import WorstCase
from mmrobust.goals import CorruptPose, PoseAnnotations, TargetPose
from mmrobust.goals.pose import ENOUGH
from mmrobust.threats import L2, Linf
from mmrobust.victims import BottomupVictim, FunctionVictim, PoseVictim
from mmrobust.victims.bottomup import CorruptPersons
from mmrobust.victims.lifting import Corrupt3DPose

REACH = 6.0
GOAL = CorruptPose(tau=REACH, unit='pixel')
PICTURE = (3, 8, 10)
CELLS = 24 * 16
# Rows and columns of a joint's own cell, of its nearest rival, of one that can win, of a decoy.
OWN, RIVAL, WINNER, DECOY = (6, 4), (6, 12), (20, 4), (20, 12)


@functools.cache
def _adapter(name='heatmap'):
    return PoseVictim(build_model(name)).adapter


def _cell(place):
    return place[0] * 16 + place[1]


def _annotations(n, adapter=None):
    """Joints in their own cell, all visible."""
    adapter = _adapter() if adapter is None else adapter
    scale = torch.as_tensor(adapter.codec.scale_factor).float()
    places = (torch.tensor([OWN[1], OWN[0]]) * scale).float().expand(n, K, 2)
    return PoseAnnotations(
        adapter=adapter,
        keypoints=places,
        visible=torch.ones(n, K),
        scale=torch.full((n,), 40.0, dtype=torch.float64),
        annotated=torch.ones(n, dtype=torch.bool),
    )


def _numbers(pixels):
    """The mean change (N, K) of each joint's own pixels from grey."""
    return (pixels - 128).flatten(1).unflatten(1, (K, -1)).mean(dim=2)


def _pictures(n):
    return torch.full((n, *PICTURE), 128, dtype=torch.uint8)


class Peaks(torch.nn.Module):
    """Heatmaps whose cells follow the mean of a joint's own pixels: linear, but for one."""

    def __init__(self, winner, rival=0.0, decoy=0.0, gap=0.5):
        super().__init__()
        self.winner, self.rival, self.decoy, self.gap = winner, rival, decoy, gap

    def forward(self, pixels):
        number = _numbers(pixels)
        maps = pixels.new_zeros(len(pixels), K, CELLS)
        maps[..., _cell(OWN)] = 1.0
        maps[..., _cell(WINNER)] = 1 - self.gap + self.winner * number
        if self.rival:
            maps[..., _cell(RIVAL)] = 0.9 - 0.05 * torch.tanh(self.rival * number)
        if self.decoy:
            maps[..., _cell(DECOY)] = -1 + self.decoy * number
        return maps.flatten(1)


@pytest.mark.parametrize('threat', [Linf, L2], ids=['linf', 'l2'])
def test_pose_targets_move_joints_at_the_budget_of_the_closed_form(threat):
    """A cell wins once all pixels have moved by gap / winner; half of the joints are enough."""
    victim, labels, pixels = FunctionVictim(Peaks(0.1)), _annotations(2), _pictures(2)
    # Three of five joints, 48 pixels each, by five levels.
    length = 5 if threat is Linf else math.sqrt(3 * 48) * 5
    outcomes = {}
    for share in (0.9, 1.2):
        attack = APGDT(threat=threat(share * length), goal=GOAL, targets=1, steps=20)
        outcomes[share] = attack(victim, pixels, labels)
        assert all(one.attacked for one in outcomes[share])
    assert not any(one.success for one in outcomes[0.9])
    for one in outcomes[1.2]:
        assert one.success
        size = one.linf if threat is Linf else one.l2
        assert length < size <= 1.2 * length + 1e-6


def test_pose_targets_find_the_place_that_all_losses_turn_away_from():
    """The best rival cannot win, a decoy pays the head's loss: only a pull to the third wins."""
    victim = FunctionVictim(Peaks(0.1, rival=0.2, decoy=0.15))
    labels, pixels = _annotations(1), _pictures(1)
    for loss in ('auto', 'margin', 'soft_argmax'):
        goal = replace(GOAL, loss=loss)
        (one,) = APGD(threat=Linf(8), goal=goal, steps=50)(victim, pixels, labels)
        assert one.attacked
        assert not one.success
    (one,) = APGDT(threat=Linf(8), goal=GOAL, targets=1, steps=50)(victim, pixels, labels)
    assert not one.success
    (one,) = APGDT(threat=Linf(8), goal=GOAL, targets=2, steps=50)(victim, pixels, labels)
    assert one.success
    assert one.linf <= 8


def test_pose_ensemble_wins_by_targets_and_says_so():
    victim = FunctionVictim(Peaks(0.1, rival=0.2, decoy=0.15))
    losses = ('heatmap_mse', 'margin', 'soft_argmax')
    members = [{'type': 'APGD', 'loss': loss, 'steps': 10} for loss in losses]
    members.append({'type': 'APGDT', 'targets': 2, 'steps': 20})
    attack = WorstCase(threat=Linf(8), goal=GOAL, members=members)
    (one,) = attack(victim, _pictures(1), _annotations(1))
    assert one.notes['broken_by'] == 'APGDT'


def _spent(**options):
    """What a sample costs whose joints never move, though every loss has a gradient."""
    truth = _truth(1)
    clean = _outputs(truth.keypoints)
    victim = FunctionVictim(lambda pixels: clean + 1e-5 * (pixels.flatten(1)[:, :8] - 127))
    attack = WorstCase(threat=Linf(1), goal=CorruptPose(), **options)
    (one,) = attack(victim, _pictures(1), truth)
    assert one.attacked
    assert not one.success
    spent = sum(calls for name, calls in one.measures.items() if name != 'checks')
    assert spent == one.forwards + one.backwards
    return one.forwards + one.backwards


def _cost(member):
    """Each run looks once more at where it ended; so do several together, if they are several."""
    if member['type'] == 'RandomNoise':
        return 1
    runs = member.get('targets', 1) * member.get('restarts', 1)
    several = member['type'] == 'APGDT' or runs > 1
    return runs * (2 * member['steps'] + 2) + several


def test_pose_presets_cost_what_they_say():
    assert _spent(preset='quick') == 85
    assert _spent(preset='standard') == 1298
    short = [
        {'type': 'APGD', 'loss': 'margin', 'steps': 5, 'restarts': 4},
        {'type': 'APGDT', 'targets': 8, 'steps': 5},
    ]
    assert _spent(members=short) == sum(_cost(member) for member in short)
    labels = replace(_annotations(1), sigmas=torch.ones(K), area=torch.ones(1, dtype=torch.float64))
    for criterion, expected in (('share', [85, 1298, 5342]), ('oks', [85, 1500, 6353])):
        goal = CorruptPose(criterion=criterion).bind(labels, Peaks(0.1)(_pictures(1).float()))
        costs = [
            sum(_cost(member) for member in preset_members(preset, goal, queries=False, norm=True))
            for preset in PRESETS
        ]
        assert costs == expected


def test_pose_presets_are_nested():
    labels = _annotations(1)
    goal = GOAL.bind(labels, Peaks(0.1)(_pictures(1).float()))
    lists = [preset_members(preset, goal, queries=False, norm=True) for preset in PRESETS]
    for shorter, longer in zip(lists, lists[1:], strict=False):
        assert longer[: len(shorter)] == shorter
    assert [one['name'] for one in lists[1]] == [
        'apgd-heatmap_mse-20',
        'apgd-margin-20',
        'noise',
        'apgd-heatmap_mse-100',
        'apgd-margin-100',
        'apgd-soft_argmax-100',
        'apgd-t3-100',
    ]
    # A pose to attain is the one target there is.
    aimed = replace(labels, target=labels.keypoints + 5)
    goal = TargetPose().bind(aimed, Peaks(0.1)(_pictures(1).float()))
    names = [one['name'] for one in preset_members('thorough', goal, queries=False, norm=True)]
    assert not any('apgd-t' in name for name in names)
    attack = APGDT(goal=TargetPose(), steps=1)
    with pytest.raises(ValueError, match='goal must be one that knows likely wrong answers'):
        attack(FunctionVictim(Peaks(0.1)), _pictures(1), aimed)


def _by_hand(maps, places, reach):
    """The objective of one sample, joint by joint: heatmaps (K, H, W) on a grid of two pixels."""
    leads = []
    scale = torch.as_tensor(_adapter().codec.scale_factor).float()
    for heatmap, aim in zip(maps, places, strict=True):
        within = []
        for row in range(24):
            for column in range(16):
                at = torch.tensor([column, row]) * scale
                if float((at - torch.tensor([OWN[1], OWN[0]]) * scale).norm()) <= reach:
                    within.append(float(heatmap[row, column]))
        column, row = (aim / scale).round().long().tolist()
        height = float(heatmap.max() - heatmap.mean())
        leads.append(min(ENOUGH, (float(heatmap[row, column]) - max(within)) / height))
    return sum(sorted(leads, reverse=True)[:3])


def test_pose_objective_of_a_target_is_what_loops_say():
    generator = torch.Generator().manual_seed(0)
    outputs = torch.rand(2, K * CELLS, generator=generator)
    outputs[0, :CELLS] *= 0.01
    goal = GOAL.bind(_annotations(2), outputs)
    # The decoder moves joints by a quarter of a cell.
    scale = torch.as_tensor(_adapter().codec.scale_factor).float()
    within = REACH + 0.25 * float(scale.norm())
    for aim in goal.candidates(outputs, 3):
        found = aim.objective(outputs)
        maps = outputs.reshape(2, K, 24, 16)
        expected = [_by_hand(maps[row], aim.facts.places[row], within) for row in range(len(maps))]
        assert found.tolist() == pytest.approx(expected, abs=1e-5)


def _planted(name):
    victim, data = PoseVictim(build_model(name, backbone='PosePlanted')), batch()
    crops, pixels = victim.bind(data['data_samples']), victim.pixels(data)
    return crops, pixels, victim.labels(data)


@pytest.mark.parametrize('name', ['heatmap', 'rtmcc', 'regression'])
def test_pose_targets_find_what_is_planted_and_noise_does_not(name):
    goal = CorruptPose(tau=2.0, unit='pixel', reference='prediction')
    attack = APGDT(threat=Linf(8), goal=goal, targets=3, steps=10)
    outcomes = attack(*_planted(name))
    assert sum(one.success for one in outcomes) >= 2
    assert all(one.linf <= 8 for one in outcomes)
    noise = RandomNoise(Linf(8), goal, trials=3)(*_planted(name))
    assert sum(one.success for one in noise) <= 1


@pytest.mark.parametrize('name', ['heatmap', 'simcc', 'regression'])
def test_pose_targets_of_a_batch_find_what_they_find_alone(name, monkeypatch):
    victim, data = PoseVictim(build_model(name)), batch()
    in_double(monkeypatch, victim.model)
    attack = APGDT(threat=Linf(4), goal=CorruptPose(reference='prediction'), targets=2, steps=4)
    crops, pixels, labels = (
        victim.bind(data['data_samples']),
        victim.pixels(data),
        victim.labels(data),
    )
    together = attack(crops, pixels, labels, seeds=[5, 6, 7])
    for row, one in enumerate(together):
        rows = torch.tensor([row])
        (alone,) = attack(crops.select(rows), pixels[rows], labels[rows], seeds=[5 + row])
        assert torch.equal(alone.adversarial, one.adversarial)
        assert (alone.success, alone.forwards) == (one.success, one.forwards)


def test_pose_ensemble_goes_after_similarity():
    labels = replace(
        _annotations(1),
        sigmas=torch.full((K,), 0.08, dtype=torch.float64),
        area=torch.full((1,), 600.0, dtype=torch.float64),
    )
    goal = CorruptPose(criterion='oks')
    bound = goal.bind(labels, Peaks(0.1)(_pictures(1).float()))
    names = [one['name'] for one in preset_members('standard', bound, queries=False, norm=True)]
    assert 'apgd-oks-100' in names
    victim = FunctionVictim(Peaks(0.1))
    (one,) = WorstCase(threat=Linf(8), goal=goal)(victim, _pictures(1), labels)
    assert one.success
    (one,) = WorstCase(threat=Linf(4), goal=goal, preset='quick')(victim, _pictures(1), labels)
    assert not one.success


def _in_turn(goal, losses):
    """The ensemble tries the first two losses briefly and then all of them."""
    assert list(goal.losses()) == losses
    names = [one['name'] for one in preset_members('standard', goal, queries=False, norm=True)]
    brief = [f'apgd-{loss}-20' for loss in losses[:2]]
    assert names == [*brief, 'noise', *(f'apgd-{loss}-100' for loss in losses)]


def _both_stay(outcomes, losses):
    """With nothing to change, a sample sees every member of the quick ensemble."""
    for one in outcomes:
        assert one.attacked
        assert not one.success
        brief = [f'calls.apgd-{loss}-20' for loss in losses[:2]]
        assert list(one.measures) == [*brief, 'calls.noise', 'checks']


@pytest.mark.parametrize(
    ('name', 'losses'),
    [
        ('ae', ['heatmap_mse', 'response', 'tags']),
        ('dekr', ['displacement', 'heatmap_mse']),
        ('cid', ['heatmaps', 'coupled', 'decoupled']),
        ('rtmo', ['distance', 'score']),
    ],
)
def test_pose_bottomup_ensemble_takes_its_losses_in_turn(name, losses):
    victim = BottomupVictim(bottomup_toys.build_model(name, backbone='PersonsPlanted'))
    data = bottomup_toys.batch(rows=(0,))
    scene = victim.bind(data['data_samples']), victim.pixels(data), victim.labels(data)
    goal = CorruptPersons(reference='prediction')
    with torch.no_grad():
        _in_turn(goal.bind(scene[2], scene[0](scene[1].float())), losses)
    (one,) = WorstCase(threat=Linf(8), goal=goal)(*scene)
    assert one.success
    assert one.linf <= 8
    assert one.notes['broken_by'] in {f'apgd-{loss}-{n}' for loss in losses for n in (20, 100)}
    _both_stay(WorstCase(threat=Linf(0), goal=goal, preset='quick')(*scene), losses)


def test_pose_lifting_ensemble_takes_its_losses_in_turn(tmp_path):
    _, sequences, joints, labels, _ = bound_lifter('image', write_h36m(tmp_path), count=2)
    losses = ['mpjpe', 'mse', 'l1']
    with torch.no_grad():
        clean = sequences(joints.double())
    near = Corrupt3DPose(tau=1e9).bind(labels, clean)
    _in_turn(near, losses)
    # Just beyond how wrong the poses are anyway.
    tau = 1.02 * float(near.goal.distance(clean, near.facts).max())
    goal = Corrupt3DPose(tau=tau)
    outcomes = WorstCase(threat=Linf(40), goal=goal)(sequences, joints, labels)
    assert all(one.success and one.linf <= 40 for one in outcomes)
    _both_stay(
        WorstCase(threat=Linf(0), goal=goal, preset='quick')(sequences, joints, labels), losses
    )


def test_pose_cascade_ensemble_takes_its_losses_in_turn(tmp_path):
    _, crops, pixels, labels, _ = cascade(write_lifter(tmp_path))
    losses = ['mpjpe', 'mse', 'l1']
    goal = Corrupt3DPose(reference='prediction', tau=1e-3)
    with torch.no_grad():
        _in_turn(goal.bind(labels, crops(pixels.float())), losses)
    outcomes = WorstCase(threat=Linf(8), goal=goal)(crops, pixels, labels)
    assert all(one.success for one in outcomes)
    _both_stay(WorstCase(threat=Linf(0), goal=goal, preset='quick')(crops, pixels, labels), losses)
