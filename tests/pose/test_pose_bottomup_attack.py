"""Attacks on bottom-up heads: what is there to find is found, and nothing else is touched."""

from dataclasses import replace

import pytest
import torch
from bottomup_toys import HEADS, batch, build_model
from pose_toys import in_double

from mmrobust.attacks.fgsm import FGSM
from mmrobust.attacks.k_limiting import KLimiting
from mmrobust.attacks.mi_fgsm import MIFGSM
from mmrobust.attacks.pgd import PGD
from mmrobust.attacks.random_noise import RandomNoise
from mmrobust.goals import CorruptPose
from mmrobust.threats import L2, Linf
from mmrobust.victims import BottomupVictim
from mmrobust.victims.bottomup import CorruptPersons

pytestmark = pytest.mark.sampled(3)

GOAL = CorruptPersons(reference='prediction')


def _scene(name, rows=(0, 1, 2), backbone='PersonsPlanted'):
    victim = BottomupVictim(build_model(name, backbone=backbone))
    return victim, batch(rows=rows)


def _attack(attack, victim, data, **options):
    return attack(
        victim.bind(data['data_samples']), victim.pixels(data), victim.labels(data), **options
    )


def _planted(victim, data, eps):
    """Which pictures (N,) have adversarial examples on both sides along the signs."""
    seen, pixels = victim.bind(data['data_samples']), victim.pixels(data).float()
    signs = victim.model.backbone.signs.flip(0)  # the preprocessor swaps the channels
    with torch.no_grad():
        goal = GOAL.bind(victim.labels(data), seen(pixels))
        ends = [(pixels + side * eps * signs).clamp(0, 255) for side in (1, -1)]
        return goal.success(seen(ends[0])) & goal.success(seen(ends[1]))


@pytest.mark.parametrize('name', HEADS)
def test_pose_bottomup_planted_example_is_found(name):
    scene = _scene(name)
    planted = _planted(*scene, eps=8)
    assert planted.all()
    won = torch.zeros(3, dtype=torch.bool)
    for loss in scene[0].adapter.losses():
        goal = CorruptPersons(reference='prediction', loss=loss)
        outcomes = _attack(PGD(Linf(8), goal), *scene)
        assert all(one.attacked and one.linf <= 8 for one in outcomes)
        found = torch.tensor([one.success for one in outcomes])
        # Joints that the classifier of RTMO keeps in a box have optima on the way.
        assert int(found.sum()) >= (2 if (name, loss) == ('rtmo', 'distance') else 3)
        won |= found
    assert won.all()


@pytest.mark.parametrize('name', HEADS)
def test_pose_bottomup_noise_does_not_find_the_planted_example(name):
    outcomes = _attack(RandomNoise(Linf(8), GOAL, trials=3), *_scene(name))
    assert not any(one.success for one in outcomes)
    assert all(one.linf == 8 for one in outcomes)


@pytest.mark.parametrize('attack', [FGSM, MIFGSM])
def test_pose_bottomup_classic_attacks_speak_the_same_nouns(attack):
    for name in ('ae', 'yolox'):
        assert all(one.success for one in _attack(attack(Linf(8), GOAL), *_scene(name)))


@pytest.mark.parametrize('threat', [Linf(6), L2(250)])
@pytest.mark.parametrize('name', HEADS)
def test_pose_bottomup_batch_gets_what_its_pictures_get_alone(name, threat, monkeypatch):
    victim, data = _scene(name, backbone='PersonsSmooth')
    in_double(monkeypatch, victim.model)
    truth = victim.labels(data)
    with torch.no_grad():
        outputs = victim.predict(data)[1]
    # Once for all: MMPose's decoders jump where two cells are equal to rounding.
    truth = replace(truth, persons=GOAL.bind(truth, outputs).facts.reference.persons)
    attack = KLimiting(
        threat, CorruptPersons(tau=0.1), random_start=True, steps=3, early_stop=False
    )
    together = attack(
        victim.bind(data['data_samples']), victim.pixels(data), truth, seeds=[3, 4, 5]
    )
    for row, one in enumerate(together):
        assert one.attacked
        assert one.linf > 0
        assert float(threat.distance(*_pair(one, data, row))) <= threat.eps * (1 + 1e-5)
        alone, rows = batch(rows=(row,)), torch.tensor([row])
        (other,) = attack(
            victim.bind(alone['data_samples']), victim.pixels(alone), truth[rows], seeds=[3 + row]
        )
        assert torch.equal(one.adversarial, other.adversarial)
        assert (one.success, one.forwards) == (other.success, other.forwards)


def _pair(outcome, data, row):
    """Adversarial and clean pixels (1, C, H, W)."""
    return outcome.adversarial[None].float(), data['inputs'][row][None].float()


def test_pose_bottomup_success_is_that_of_the_stock_test_step_on_rounded_pixels():
    victim, data = _scene('ae')
    outcomes = _attack(PGD(Linf(8), GOAL), victim, data)
    with torch.no_grad():
        clean = victim.predict(data)[1]
        rendered = [one.adversarial for one in outcomes]
        assert all(picture.dtype == torch.uint8 for picture in rendered)
        samples, outputs = victim.predict({**data, 'inputs': rendered})
    goal = GOAL.bind(victim.labels(data), clean)
    assert goal.success(outputs).tolist() == [one.success for one in outcomes]
    torch.testing.assert_close(torch.stack([one.scores for one in outcomes]), outputs)
    # The same judgement, from the data samples that an evaluator sees.
    for sample, wanted in zip(samples, goal.facts.reference.persons.keypoints, strict=True):
        found = torch.as_tensor(sample.pred_instances.keypoints).double() / 2
        kept = (found[:, None] - wanted[None]).norm(dim=3).amin(dim=0)
        assert (kept > 0.2).any()


def test_pose_bottomup_goals_of_single_poses_are_refused():
    victim, data = _scene('ae')
    with pytest.raises(
        ValueError, match='labels must be a PoseAnnotations .*got .PersonsAnnotations'
    ):
        _attack(PGD(Linf(8), CorruptPose()), victim, data)
