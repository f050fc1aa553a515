"""Attacks on every head family: what is there to find is found, and nothing else is touched."""

from dataclasses import replace

import pytest
import torch
from pose_toys import HEADS, SIZE, K, batch, build_model, in_double

from mmrobust.attacks.fgsm import FGSM
from mmrobust.attacks.k_limiting import KLimiting
from mmrobust.attacks.mi_fgsm import MIFGSM
from mmrobust.attacks.pgd import PGD
from mmrobust.attacks.random_noise import RandomNoise
from mmrobust.goals import CorruptPose, PoseAnnotations, TargetPose
from mmrobust.registry import ATTACKS
from mmrobust.threats import L2, Linf
from mmrobust.victims import PoseVictim

pytestmark = pytest.mark.sampled(3)

# Coordinates move by the pixel, argmaxes jump: what the planted example moves by far.
GOAL = CorruptPose(tau=2.0, unit='pixel')


def _scene(name, flip=False, backbone='PosePlanted'):
    """A victim, its batch, and truth that the clean prediction agrees with."""
    victim = PoseVictim(build_model(name, flip=flip, backbone=backbone))
    data = batch()
    with torch.no_grad():
        clean = victim.bind(data['data_samples'])(victim.pixels(data).float())
    joints, _ = victim.adapter.decode(clean)
    truth = victim.labels(data)
    inside = ((joints >= 1) & (joints < torch.tensor(SIZE) - 1)).all(dim=2)
    assert int(inside.sum(dim=1).min()) >= 1
    return (
        victim,
        data,
        PoseAnnotations(
            adapter=truth.adapter,
            keypoints=joints.float(),
            visible=inside.float(),
            scale=truth.scale,
            annotated=truth.annotated,
        ),
    )


def _attack(attack, victim, data, truth, **options):
    return attack(victim.bind(data['data_samples']), victim.pixels(data), truth, **options)


def _planted(victim, data, truth, eps):
    """Which samples (N,) have adversarial examples on both sides along the signs."""
    crops, pixels = victim.bind(data['data_samples']), victim.pixels(data).float()
    signs = victim.model.backbone.signs.flip(0)  # the preprocessor swaps the channels
    with torch.no_grad():
        goal = GOAL.bind(truth, crops(pixels))
        ends = [(pixels + side * eps * signs).clamp(0, 255) for side in (1, -1)]
        return goal.success(crops(ends[0])) & goal.success(crops(ends[1]))


@pytest.mark.parametrize('flip', [False, True], ids=['plain', 'flip'])
@pytest.mark.parametrize('name', HEADS)
def test_pose_planted_example_is_found(name, flip):
    victim, data, truth = _scene(name, flip)
    planted = _planted(victim, data, truth, eps=8)
    assert int(planted.sum()) >= 2
    attack = KLimiting(Linf(8), GOAL, relation='none', random_start=True)
    outcomes = _attack(attack, victim, data, truth)
    for there, outcome in zip(planted, outcomes, strict=True):
        assert outcome.attacked
        assert outcome.success or not there
        assert outcome.linf <= 8
        assert outcome.rmse <= 8


def test_pose_noise_does_not_find_the_planted_examples():
    found = {KLimiting: 0, RandomNoise: 0}
    for name in ('heatmap', 'udp', 'regression', 'simcc', 'rtmcc'):
        scene = _scene(name)
        for attack in (KLimiting(Linf(8), GOAL, relation='none', random_start=True),
                       RandomNoise(Linf(8), GOAL, trials=2)):  # fmt: skip
            found[type(attack)] += sum(one.success for one in _attack(attack, *scene))
    assert found[KLimiting] >= 14
    assert found[RandomNoise] <= found[KLimiting] / 2


@pytest.mark.parametrize('name', ['heatmap', 'rtmcc'])
def test_pose_relation_mask_moves_fewer_values_for_the_planted_example(name):
    victim, data, truth = _scene(name)
    truth = replace(truth, keypoints=truth.keypoints + 1)
    pixels, shares = victim.pixels(data).float(), {}
    for relation in ('any', 'none'):
        attack = KLimiting(Linf(24), GOAL, relation=relation, steps=20, early_stop=False)
        outcomes = _attack(attack, victim, data, truth)
        assert sum(one.success for one in outcomes) >= 2
        found = torch.stack([one.adversarial.float() for one in outcomes])
        shares[relation] = (found != pixels).flatten(1).double().mean(dim=1)
        if relation == 'any':
            allowed = torch.tensor([one.measures['density'] for one in outcomes]).double()
            assert (shares['any'] <= allowed).all()
            assert (allowed < 0.9).all()
    assert (shares['any'] < shares['none']).all()


@pytest.mark.parametrize('name', ['heatmap', 'regression', 'simcc'])
@pytest.mark.parametrize('attack', [PGD, MIFGSM, FGSM])
def test_pose_classic_attacks_speak_the_same_nouns(attack, name):
    victim, data, truth = _scene(name)
    if attack is not PGD:
        # No random start: a head of coordinates is at its optimum there.
        truth = replace(truth, keypoints=truth.keypoints + 1)
    outcomes = _attack(attack(Linf(8), GOAL), victim, data, truth)
    assert all(one.success for one in outcomes)


@pytest.mark.parametrize('name', ['regression', 'rle'])
def test_pose_target_that_is_known_to_be_there_is_attained(name):
    victim, data, truth = _scene(name)
    attack = KLimiting(Linf(4), GOAL, relation='none', random_start=True, early_stop=False)
    reached = torch.stack([one.scores for one in _attack(attack, victim, data, truth)])
    target, _ = victim.adapter.decode(reached)
    truth = replace(truth, target=target.float())
    goal = TargetPose(tau=1.5, unit='pixel')
    attack = KLimiting(Linf(8), goal, relation='none', steps=40, step_size=0.05)
    outcomes = _attack(attack, victim, data, truth)
    assert all(one.attacked and one.success for one in outcomes)
    noise = _attack(RandomNoise(Linf(8), goal, trials=3), victim, data, truth)
    assert not any(one.success for one in noise)


@pytest.mark.parametrize('name', ['heatmap', 'mspn', 'simcc', 'rtmcc'])
def test_pose_response_comes_nearer_to_a_target(name):
    victim, data, truth = _scene(name, flip=True, backbone='PoseSmooth')
    truth = replace(truth, target=truth.keypoints.flip(1).clamp(2, 30))
    goal = TargetPose(tau=1e-3, unit='pixel')
    clean = victim.predict(data)[1].detach()
    bound = goal.bind(truth, clean)
    outcomes = _attack(KLimiting(Linf(6), goal), victim, data, truth)
    found = torch.stack([one.scores for one in outcomes])
    assert (bound.objective(found) > bound.objective(clean)).all()


@pytest.mark.parametrize('name', ['heatmap', 'mspn', 'rle', 'dsnt', 'rtmcc'])
@pytest.mark.parametrize('threat', [Linf(6), L2(150)], ids=['linf', 'l2'])
def test_pose_attack_raises_the_loss_far_more_than_noise_does(name, threat):
    victim, data, truth = _scene(name, flip=True, backbone='PoseSmooth')
    truth = replace(truth, keypoints=truth.keypoints + 2)
    # Nobody succeeds and stops early.
    goal = CorruptPose(tau=1e3, unit='pixel')
    clean = victim.predict(data)[1].detach()
    bound = goal.bind(truth, clean)
    gains = {}
    for attack in (KLimiting(threat, goal, relation='none'), RandomNoise(threat, goal)):
        outcomes = _attack(attack, victim, data, truth)
        found = torch.stack([one.scores for one in outcomes])
        gains[type(attack)] = bound.objective(found) - bound.objective(clean)
    assert (gains[KLimiting] > 0).all()
    assert gains[KLimiting].mean() > 3 * gains[RandomNoise].abs().mean()


@pytest.mark.parametrize('name', HEADS)
def test_pose_batch_equals_singles(name, monkeypatch):
    victim, data, truth = _scene(name, flip=True, backbone='PoseSmooth')
    in_double(monkeypatch, victim.model)
    goal = CorruptPose(tau=1.0, unit='pixel', reference='prediction')
    attack = KLimiting(Linf(3), goal, random_start=True, steps=4)
    together = _attack(attack, victim, data, truth, seeds=[5, 6, 7])
    for i in range(3):
        one = {key: values[i : i + 1] for key, values in data.items()}
        row = torch.tensor([i])
        (alone,) = _attack(attack, victim, one, truth.select(row), seeds=[5 + i])
        assert torch.equal(alone.adversarial, together[i].adversarial)
        assert alone.success == together[i].success
        assert alone.forwards == together[i].forwards
        assert alone.backwards == together[i].backwards
        assert alone.measures['density'] == pytest.approx(together[i].measures['density'], abs=0.01)


@pytest.mark.parametrize('name', ['heatmap', 'regression', 'rtmw', 'visibility'])
def test_pose_attack_leaves_model_and_input_as_found(name):
    victim, data, truth = _scene(name, flip=True, backbone='PoseSmooth')
    model = victim.model.train()
    next(model.parameters()).requires_grad_(False)
    modes = [module.training for module in model.modules()]
    flags = [parameter.requires_grad for parameter in model.parameters()]
    state = {key: value.clone() for key, value in model.state_dict().items()}
    crops, joints = [crop.clone() for crop in data['inputs']], truth.keypoints.clone()
    _attack(KLimiting(Linf(4), GOAL), victim, data, truth)
    assert modes == [module.training for module in model.modules()]
    assert flags == [parameter.requires_grad for parameter in model.parameters()]
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())
    assert all(torch.equal(a, b) for a, b in zip(crops, data['inputs'], strict=True))
    assert torch.equal(truth.keypoints, joints)
    assert 'decode' not in vars(victim.adapter.head)


def test_pose_sample_without_a_visible_joint_is_counted_and_left_as_it_is():
    victim, data, truth = _scene('heatmap')
    visible = truth.visible.clone()
    visible[1] = 0
    truth = replace(truth, visible=visible)
    outcomes = _attack(KLimiting(Linf(8), GOAL), victim, data, truth)
    assert [one.attacked for one in outcomes] == [True, False, True]
    assert [one.linf > 0 for one in outcomes] == [True, False, True]
    assert outcomes[1].flags == ('no_visible_joint',)
    assert torch.equal(outcomes[1].adversarial, data['inputs'][1])
    assert not any('no_visible_joint' in one.flags for one in outcomes[::2])


def test_pose_boxes_of_a_detector_have_their_own_prediction_as_reference():
    import numpy as np

    victim = PoseVictim(build_model('heatmap', backbone='PosePlanted'))
    data = batch(keypoints=np.zeros((1, K, 2), np.float32),
                 keypoints_visible=np.ones((1, K), np.float32), raw_ann_info=None)  # fmt: skip
    truth = victim.labels(data)
    assert not truth.annotated.any()
    goal = CorruptPose(tau=2.0, unit='pixel', reference='prediction')
    labelled = CorruptPose(tau=2.0, unit='pixel')
    outcomes, same = (
        _attack(KLimiting(Linf(8), each, relation='none'), victim, data, truth)
        for each in (goal, labelled)
    )
    for one, other in zip(outcomes, same, strict=True):
        assert one.success
        assert torch.equal(one.adversarial, other.adversarial)
        assert 'no_annotation' in other.flags
    # Data sets without raw annotations may well have keypoints, and these lack theirs.
    assert victim.labels(batch(raw_ann_info=None)).annotated.all()
    # InterHand2D has joints in a file of their own.
    bare = {'bbox': [0, 0, 1, 1]}
    assert victim.labels(batch(raw_ann_info=bare)).annotated.all()
    nothing = batch(keypoints=np.zeros((1, K, 2), np.float32), raw_ann_info=bare)
    assert not victim.labels(nothing).annotated.any()


def test_pose_response_that_is_not_finite_is_flagged_and_guarded(monkeypatch):
    victim, data, truth = _scene('heatmap', backbone='PoseSmooth')
    forward, prepare = victim.model.backbone.forward, victim.model.data_preprocessor
    clean = prepare({**data, 'inputs': [crop.clone() for crop in data['inputs']]})['inputs'][1]

    def spoilt(inputs):
        # The second crop gives nonsense as soon as it has moved.
        (features,) = forward(inputs)
        gap = (inputs - clean).abs().flatten(1).mean(dim=1)
        bad = (gap > 1e-4) & (gap < 0.1)
        nothing = torch.full_like(features, torch.nan)
        return (torch.where(bad[:, None, None, None], nothing, features),)

    monkeypatch.setattr(victim.model.backbone, 'forward', spoilt)
    goal = CorruptPose(tau=1e3, unit='pixel')
    attack = KLimiting(Linf(2), goal, relation='none', steps=3, step_size=1, step_unit='pixel')
    outcomes = _attack(attack, victim, data, truth)
    assert 'not_finite' in outcomes[1].flags
    assert not outcomes[1].success
    assert all(one.linf > 0 for one in outcomes[::2])
    assert not any('not_finite' in one.flags for one in outcomes[::2])


@pytest.mark.parametrize('name', ['kaa_linf', 'kaa_l2', 'kaa_er_linf', 'kaa_er_l2'])
def test_pose_configs_build_and_attack(name, root):
    from mmengine.config import Config

    config = Config.fromfile(root / 'configs' / '_base_' / 'attacks' / f'{name}.py')
    # The goal is the victim's own, or that of the command line.
    assert 'goal' not in config.attack
    attack = ATTACKS.build(config.attack.to_dict() | {'goal': {'type': 'CorruptPose'}})
    assert isinstance(attack, KLimiting)
    assert (attack.relation == 'any') == ('er' in name)
    victim, data, truth = _scene('heatmap')
    outcomes = _attack(attack, victim, data, truth)
    assert any(one.linf > 0 for one in outcomes)
    assert all(('density' in one.measures) == ('er' in name) for one in outcomes)
