"""3-D lifters: the same poses as MMPose's own test path, and right gradients to the 2-D joints."""

import functools

import numpy as np
import pytest
import torch
from lifting_toys import LIFTERS, build_dataset, build_lifter, write_h36m
from mmengine.dataset import pseudo_collate
from pose_toys import assert_slopes, distance

from mmrobust.attacks.k_limiting import KLimiting
from mmrobust.attacks.pgd import PGD
from mmrobust.attacks.random_noise import RandomNoise
from mmrobust.goals import CorruptPose
from mmrobust.threats import Linf
from mmrobust.victims import LifterVictim
from mmrobust.victims.lifting import Corrupt3DPose
from mmrobust.victims.lifting.flip import flip_averaged
from mmrobust.victims.lifting.loading import LiftPipeline, linear_layout

pytestmark = pytest.mark.sampled(4)


@pytest.fixture(scope='module')
def h36m(tmp_path_factory):
    return write_h36m(tmp_path_factory.mktemp('h36m'))


@pytest.fixture(params=LIFTERS)
def family(request):
    return request.param


def loaded_batch(name, folder, count=2, seed=0):
    """BoundVictim and a batch of the last samples of its data set."""
    victim = LifterVictim(build_lifter(name, seed))
    dataset = build_dataset(name, folder)
    victim.install(dataset)
    samples = [dataset[i] for i in range(len(dataset) - count, len(dataset))]
    return victim, victim.collate(pseudo_collate)(samples)


def bound(name, folder, **options):
    victim, loaded = loaded_batch(name, folder, **options)
    ((_, sequences, joints),) = victim.batches(loaded)
    return victim, sequences, joints, victim.labels(loaded.data), loaded


def test_pose_lifting_input_is_that_of_the_pipeline(family, h36m):
    victim, loaded = loaded_batch(family, h36m)
    stock = build_dataset(family, h36m)
    for i, layout in enumerate(loaded.layouts):
        given = stock[len(stock) - len(loaded.layouts) + i]['inputs'].float()
        torch.testing.assert_close(loaded.data['inputs'][i].float(), given, rtol=0, atol=0)
        rendered = victim.render(layout, layout.pixels())
        torch.testing.assert_close(rendered, given, rtol=1e-6, atol=1e-6)


def test_pose_lifting_every_coordinate_moves_its_own_inputs_alone(family, h36m):
    """Against the codec itself, on joints moved at random."""
    victim, loaded = loaded_batch(family, h36m)
    dataset = build_dataset(family, h36m)
    info = dataset.get_data_info(len(dataset) - 1)
    way = np.random.default_rng(0).normal(size=info['keypoints'].shape).astype(np.float32)
    info['keypoints'] = info['keypoints'] + 9 * way
    given = dataset.pipeline(info)['inputs'].float()
    moved = torch.from_numpy(info['keypoints']).permute(2, 0, 1)[..., None].double()
    rendered = victim.render(loaded.layouts[-1], moved)
    torch.testing.assert_close(rendered, given, rtol=1e-5, atol=1e-5)


def test_pose_lifting_places_are_those_that_mmpose_predicts(family, h36m):
    victim, loaded = loaded_batch(family, h36m)
    with torch.no_grad():
        samples, outputs = victim.predict(loaded.data)
    places = victim.labels(loaded.data).places(outputs)
    for found, sample in zip(places, samples, strict=True):
        stock = torch.as_tensor(np.asarray(sample.pred_instances.keypoints)).double()
        torch.testing.assert_close(found, stock.reshape(found.shape), rtol=1e-5, atol=1e-5)


def test_pose_lifting_responses_are_those_of_the_test_step(family, h36m):
    victim, sequences, joints, _, loaded = bound(family, h36m)
    with torch.no_grad():
        _, outputs = victim.predict(loaded.data)
        torch.testing.assert_close(sequences(joints), outputs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize('shift', [True, False])
def test_pose_lifting_flip_test_is_mmposes_bit_for_bit(h36m, shift):
    victim, loaded = loaded_batch('motionbert', h36m)
    model = victim.model
    model.test_cfg['shift_coords'] = shift
    data = model.data_preprocessor(loaded.data, False)
    samples = data['data_samples']
    with torch.no_grad():
        _, stock = victim.predict(loaded.data)
        inputs = torch.stack(list(data['inputs']))
        own = flip_averaged(model, inputs, samples)
    assert torch.equal(victim.adapter.flatten((own,)), stock)
    # Mirrored coordinates are copies: what was given is as it was.
    before = inputs.clone()
    flip_averaged(model, inputs.requires_grad_(), samples).sum().backward()
    assert torch.equal(inputs, before)
    assert inputs.grad.abs().sum() > 0


def test_pose_lifting_gradient_agrees_with_finite_differences(family, h36m):
    victim, sequences, joints, truth, _ = bound(family, h36m)
    sequences.model.double()
    for loss in victim.adapter.losses():
        with torch.no_grad():
            goal = Corrupt3DPose(loss=loss).bind(truth, sequences(joints))
        objective = functools.partial(lambda goal, x: goal.objective(sequences(x)), goal)
        gradient = assert_slopes(objective, joints, rows=2)
        assert (gradient.flatten(1).norm(dim=1) > 0).all()


def test_pose_lifting_sequences_do_not_mix(family, h36m):
    _, sequences, joints, truth, _ = bound(family, h36m)
    attack = PGD(Linf(20.0), Corrupt3DPose(tau=100.0), steps=3, random_start=False)
    together = attack(sequences, joints, truth, seeds=[3, 4])
    for row in range(2):
        one = torch.tensor([row])
        alone = attack(sequences.select(one), joints[one], truth[one], seeds=[3 + row])
        torch.testing.assert_close(
            alone[0].adversarial, together[row].adversarial, rtol=0, atol=1e-9
        )


def test_pose_lifting_budget_is_pixels_of_the_picture_without_rounding(family, h36m):
    _, sequences, joints, truth, _ = bound(family, h36m)
    before = joints.clone()
    attack = PGD(Linf(2.5), Corrupt3DPose(tau=100.0), steps=4, step_size=1.1)
    for clean, outcome in zip(joints, attack(sequences, joints, truth), strict=True):
        assert outcome.adversarial.dtype == torch.float64
        change = (outcome.adversarial - clean).abs()
        assert float(change.max()) == pytest.approx(2.5, abs=1e-9)
        assert outcome.linf == pytest.approx(2.5, abs=1e-6)
    assert torch.equal(joints, before)


def test_pose_lifting_attack_moves_the_pose_further_than_noise(family, h36m):
    _, sequences, joints, truth, _ = bound(family, h36m)
    goal = Corrupt3DPose(tau=100.0, reference='prediction')
    shifts = {}
    for attack in (PGD(Linf(10.0), goal, random_start=True), RandomNoise(Linf(10.0), goal)):
        rows = attack(sequences, joints, truth)
        with torch.no_grad():
            told = goal.bind(truth, sequences(joints))
            found = torch.stack([row.adversarial for row in rows])
            shifts[type(attack)] = distance(told, sequences(found))
    # Untrained attention moves every joint with its own coordinates, by hardly more or less.
    assert (shifts[PGD] > (1.0 if family == 'motionbert' else 1.2) * shifts[RandomNoise]).all()


def test_pose_lifting_planted_adversarial_pose_is_found(h36m):
    """A linear lifter: the best attack is the sign of its gradient, in closed form."""
    victim, sequences, joints, truth, _ = bound('image', h36m)
    head = victim.model.head
    victim.model.backbone.forward = lambda inputs: (inputs,)
    # Joint 3's depth is 10 times its normalised x, and nothing else moves.
    head.conv = torch.nn.Conv1d(34, 48, 1)
    with torch.no_grad():
        head.conv.weight.zero_()
        head.conv.bias.zero_()
        head.conv.weight[2 * 3 + 3 * 1 - 1, 2 * 3] = 10.0
    with torch.no_grad():
        clean = truth.places(sequences(joints))
        response = sequences(joints)
        start = distance(Corrupt3DPose().bind(truth, response), response)
    # The depth goes further from where it belongs, as far as eps lets joint 3 go.
    signs = (clean - truth.reference.places)[:, 0, 3, 2].sign()
    goal = Corrupt3DPose(tau=float(start.max()) + 1e-4)
    attack = PGD(Linf(7.0), goal, steps=1, step_size=1.0, random_start=False)
    rows = attack(sequences, joints, truth)
    for row, before, sign in zip(rows, joints, signs, strict=True):
        expected = torch.zeros_like(before)
        expected[0, 0, 3, 0] = 7 * sign
        assert row.attacked
        torch.testing.assert_close(row.adversarial - before, expected)
    assert any(row.success for row in rows)


def test_pose_lifting_of_half_the_joints_hidden_counts_the_others(h36m):
    _, sequences, joints, truth, _ = bound('video', h36m)
    truth.reference.weights[:, :, ::2] = 0
    with torch.no_grad():
        outputs = sequences(joints)
        goal = Corrupt3DPose().bind(truth, outputs)
        gap = (
            (truth.places(outputs) - truth.reference.places)
            .norm(dim=3)[:, :, 1::2]
            .mean(dim=(1, 2))
        )
    torch.testing.assert_close(distance(goal, outputs), gap)
    truth.reference.weights.zero_()
    outcomes = PGD(goal=Corrupt3DPose())(sequences, joints, truth)
    assert all(not o.attacked and 'no_visible_joint' in o.flags for o in outcomes)


def test_pose_lifting_refuses_what_it_cannot_attack(h36m):
    model = build_lifter('image')
    with pytest.raises(ValueError, match='space must be keypoints'):
        LifterVictim(model, space='crop')
    model.head = torch.nn.Linear(2, 2)
    with pytest.raises(ValueError, match='head of a lifter must be one with an adapter .*Temporal'):
        LifterVictim(model)
    victim, sequences, joints, truth, loaded = bound('image', h36m)
    with pytest.raises(ValueError, match='a PoseAnnotations|poses'):
        PGD(goal=CorruptPose())(sequences, joints, truth)
    del loaded.data['data_samples'][0].gt_instances.lifting_target
    with pytest.raises(ValueError, match='lifting_target'):
        victim.labels(loaded.data)
    keypoints = np.random.default_rng(0).random((1, 4, 2))
    with pytest.raises(ValueError, match='linear in each coordinate'):
        linear_layout(keypoints, torch.zeros(8), lambda x: torch.from_numpy(x).flatten() ** 2)
    mixed = np.random.default_rng(1).random((8, 8))
    with pytest.raises(ValueError, match='linear in each coordinate'):
        linear_layout(
            keypoints,
            torch.from_numpy(mixed @ keypoints.reshape(-1)),
            lambda x: torch.from_numpy(mixed @ x.reshape(-1)),
        )


@pytest.mark.parametrize('relation', ['none', 'any'])
def test_pose_lifting_k_limiting_attack_changes_what_the_relation_allows(relation, h36m):
    _, sequences, joints, truth, _ = bound('video', h36m)
    goal = Corrupt3DPose(tau=100.0)
    attack = KLimiting(Linf(5.0), goal, relation=relation, alpha=0.5, steps=3)
    with torch.no_grad():
        told = goal.bind(truth, sequences(joints))
        before = told.objective(sequences(joints))
        found = torch.stack([one.adversarial for one in attack(sequences, joints, truth)])
        after = told.objective(sequences(found))
    assert (after > before).all()
    share = ((found != joints).flatten(1).double().mean(dim=1)).tolist()
    assert all(s == 1.0 if relation == 'none' else 0.0 < s < 1.0 for s in share), share


def test_pose_lifting_codec_that_mixes_coordinates_ends_the_run(h36m):
    """It is refused at the first sample, not counted as so many broken files."""

    class Centred:
        encoder = None

        def __call__(self, results):
            joints = results['keypoints']
            return {'inputs': torch.from_numpy(joints - joints.mean(axis=1, keepdims=True))}

    info = build_dataset('image', h36m).get_data_info(0)
    found = LiftPipeline([Centred()])(info)
    assert found.refused
    assert 'linear in each coordinate' in found.error
    broken = LiftPipeline([Centred()])({'target_img_path': ['a.jpg'], 'id': 3})
    assert not broken.refused
    assert broken.name == 'a.jpg#3'
