"""Attacks on pictures: what is planted is found, budgets hold, nothing outside changes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from pose_toys import K, build_model, persons, picture

from mmrobust.attacks.fgsm import FGSM
from mmrobust.attacks.k_limiting import KLimiting
from mmrobust.attacks.mi_fgsm import MIFGSM
from mmrobust.attacks.pgd import PGD
from mmrobust.attacks.random_noise import RandomNoise
from mmrobust.functional.affine_crop import affine_crop
from mmrobust.goals import CorruptPose, TargetPose
from mmrobust.threats import L2, Linf
from mmrobust.victims import ImageVictim

# Every joint that counts must move, so those of one person are not enough.
GOAL = CorruptPose(tau=2.0, unit='pixel', share=0.9, reference='prediction')
# Never reached, so that no attack stops before its last step.
FAR = CorruptPose(tau=1e3)


def scene(name, infos=None, backbone='PosePlanted', flip=False):
    victim = ImageVictim(build_model(name, flip=flip, backbone=backbone))
    loaded = picture(victim, infos)
    ((_, photo, pixels),) = victim.batches(loaded)
    truth = victim.labels(loaded.data)
    return victim, loaded, photo, pixels, replace(truth, visible=torch.ones_like(truth.visible))


def apart():
    """Two persons whose crops do not overlap: their signs cannot be at odds."""
    infos = persons()[:2]
    infos[0]['bbox'] = np.array([[8, 15, 44, 75]], np.float32)
    infos[1]['bbox'] = np.array([[64, 15, 100, 75]], np.float32)
    return infos


def planted(victim, loaded, pixels, eps):
    """The picture whose crops lie along the backbone's signs, as far as eps allows."""
    layout = loaded.layouts[0]
    # The preprocessor swaps the channels.
    signs = victim.model.backbone.signs.flip(0).expand(len(layout.matrices), -1, -1, -1)
    leaf = pixels[0].float().requires_grad_()
    crops = affine_crop(leaf, layout.matrices, layout.size, rounded=False)
    (way,) = torch.autograd.grad((crops * signs).sum(), leaf)
    return [(pixels[0] + side * eps * way.sign()).clamp(0, 255) for side in (1, -1)]


@pytest.mark.parametrize('name', ['heatmap', 'simcc', 'regression'])
def test_image_planted_example_is_found(name):
    victim, loaded, photo, pixels, truth = scene(name, apart())
    ends = planted(victim, loaded, pixels, eps=8)
    with torch.no_grad():
        bound = GOAL.bind(truth, photo(pixels.float()))
        assert all(bool(bound.success(photo(end[None]))) for end in ends)
    attack = KLimiting(Linf(8), GOAL, relation='none', random_start=True, steps=20)
    (outcome,) = attack(photo, pixels, truth)
    assert outcome.attacked
    assert outcome.success
    assert not RandomNoise(Linf(8), GOAL, trials=2)(photo, pixels, truth)[0].success


ATTACKS = [
    FGSM(Linf(6), FAR),
    PGD(L2(90), FAR, steps=3),
    MIFGSM(Linf(6), FAR, steps=3),
    RandomNoise(Linf(6), FAR),
    KLimiting(Linf(6), FAR, steps=3),
    KLimiting(Linf(6), FAR, steps=3, relation='mixed', mask='random'),
    KLimiting(L2(90), FAR, steps=3, mask='gradient', alpha=0.99),
    PGD(Linf(6), TargetPose(), steps=3),
]


@pytest.mark.parametrize(
    'attack', ATTACKS, ids=[f'{type(a).__name__}-{i}' for i, a in enumerate(ATTACKS)]
)
def test_image_budget_holds_after_rounding_and_the_test_step_sees_the_same(attack):
    victim, loaded, photo, pixels, truth = scene('regression', backbone='PoseSmooth')
    truth = replace(truth, target=truth.keypoints + 5)
    (outcome,) = attack(photo, pixels, truth, seeds=[3])
    assert outcome.attacked
    assert outcome.adversarial.dtype == torch.uint8
    assert outcome.adversarial.shape == pixels[0].shape
    delta = outcome.adversarial.double() - pixels[0].double()
    size = delta.abs().max() if isinstance(attack.threat, Linf) else delta.norm()
    assert 0 < float(size) <= attack.threat.eps * (1 + 1e-6)
    rendered = victim.render(loaded.layouts[0], outcome.adversarial)
    assert rendered.dtype == torch.uint8
    outputs = victim.predict({**loaded.data, 'inputs': [rendered]})[1]
    torch.testing.assert_close(outputs[0], outcome.scores, rtol=1e-5, atol=1e-6)
    # The same seed leads to the same picture.
    (again,) = attack(photo, pixels, truth, seeds=[3])
    assert torch.equal(again.adversarial, outcome.adversarial)


@pytest.mark.parametrize(
    'attack',
    [
        PGD(Linf(8), FAR, steps=3, random_start=False),
        MIFGSM(Linf(8), FAR, steps=3),
        KLimiting(L2(90), FAR, steps=3, alpha=0.5),
    ],
    ids=lambda attack: type(attack).__name__,
)
def test_image_pixels_outside_all_crops_never_change(attack):
    infos = persons()[:2]
    infos[0]['bbox'] = np.array([[20, 10, 40, 40]], np.float32)
    infos[1]['bbox'] = np.array([[35, 20, 55, 50]], np.float32)
    _, loaded, photo, pixels, truth = scene('regression', infos, backbone='PoseSmooth')
    (outcome,) = attack(photo, pixels, truth)
    outside = torch.ones(pixels.shape[2:], dtype=torch.bool)
    for sample in loaded.data['data_samples']:
        centre, half = np.asarray(sample.input_center), np.asarray(sample.input_scale) / 2
        left, top = np.floor(centre - half - 1).astype(int).clip(0)
        right, bottom = np.ceil(centre + half + 1).astype(int)
        outside[top : bottom + 1, left : right + 1] = False
    assert int(outside.sum()) > 2000
    changed = (outcome.adversarial != pixels[0]).any(dim=0)
    assert int(changed.sum()) > 100
    assert not (changed & outside).any()


def test_image_person_listed_twice_is_attacked_as_once():
    attack = PGD(Linf(8), FAR, steps=3)
    found = []
    for count in (1, 2):
        _, _, photo, pixels, truth = scene('regression', persons()[:1] * count, 'PoseSmooth')
        found.append(attack(photo, pixels, truth, seeds=[5])[0])
    assert torch.equal(found[0].adversarial, found[1].adversarial)
    assert found[0].linf > 0


def test_image_without_any_visible_joint_is_counted_and_left_as_it_is():
    infos = [one | {'keypoints_visible': one['keypoints_visible'] * 0} for one in persons()]
    victim = ImageVictim(build_model('heatmap'))
    loaded = picture(victim, infos)
    ((_, photo, pixels),) = victim.batches(loaded)
    (outcome,) = PGD(Linf(8), CorruptPose())(photo, pixels, victim.labels(loaded.data))
    assert not outcome.attacked
    assert outcome.flags == ('no_visible_joint',)
    assert torch.equal(outcome.adversarial, pixels[0])


def test_image_relation_masks_have_one_row_per_persons_joint():
    victim, loaded, photo, pixels, truth = scene('heatmap', backbone='PoseSmooth')
    goal = CorruptPose().bind(truth, photo(pixels.float()).detach())
    assert goal.groups(photo(pixels.float())).shape == (1, 3 * K)
    (outcome,) = KLimiting(Linf(8), FAR, steps=2, alpha=0.95)(photo, pixels, truth)
    assert 0 < outcome.measures['density'] < 1
    assert outcome.measures['alpha'] > 0
