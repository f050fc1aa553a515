"""Every head family: the response is the deployed one, and what is read from it is right."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from pose_toys import (
    BINS,
    COORDINATES,
    ENCODERS,
    HEADS,
    SIZE,
    WIDTH,
    Dataset,
    K,
    assert_slopes,
    batch,
    build_model,
    codec,
    pipeline,
)

from mmrobust.attacks.pgd import PGD
from mmrobust.goals import CorruptPose, TargetPose
from mmrobust.registry import VICTIMS
from mmrobust.threats import Linf
from mmrobust.victims import PoseVictim
from mmrobust.victims.pose.annotations import pose_annotations

pytestmark = pytest.mark.sampled(3)

FAMILIES = [(name, flip) for name in HEADS for flip in (False, True)]


@pytest.fixture(params=FAMILIES, ids=lambda case: f'{case[0]}{"-flip" if case[1] else ""}')
def family(request):
    name, flip = request.param
    return name, PoseVictim(build_model(name, flip=flip))


def _image_space(joints, sample):
    """MMPose's own map from input pixels to the picture, in its order of operations."""
    size, scale, center = sample.input_size, sample.input_scale, sample.input_center
    return joints.numpy() / size * scale + center - 0.5 * scale


def test_pose_response_and_decoded_joints_are_those_of_the_stock_test_step(family):
    _, victim = family
    stock = victim.model.test_step(batch())
    data = batch()
    samples, outputs = victim.predict(data)
    assert outputs.shape[0] == 3
    with torch.no_grad():
        again = victim.bind(data['data_samples'])(victim.pixels(data).float())
    # To rounding: convolutions of the same batch in one piece.
    torch.testing.assert_close(again, outputs.detach())
    joints, scores = victim.adapter.decode(outputs)
    assert joints.shape == (3, K, 2)
    for i, (one, own) in enumerate(zip(stock, samples, strict=True)):
        for sample in (one, own):
            found = sample.pred_instances
            mapped = _image_space(joints[i], sample).astype(found.keypoints.dtype)
            assert (mapped == found.keypoints[0]).all()
            assert (scores[i].numpy() == found.keypoint_scores[0]).all()


def test_pose_gradient_to_the_pixels_agrees_with_finite_differences(family, monkeypatch):
    name, victim = family
    data = batch()
    pixels = victim.pixels(data).double()
    victim.model.double()
    # The preprocessor casts to single precision, too coarse for differences.
    monkeypatch.setattr(torch.Tensor, 'float', torch.Tensor.double)
    crops, truth = victim.bind(data['data_samples']), victim.labels(data)
    losses = list(victim.adapter.losses())
    assert losses[0] == {**dict.fromkeys(COORDINATES, 'l1'), **dict.fromkeys(BINS, 'kl')}.get(
        name, 'heatmap_mse'
    )
    for loss in ('auto', *losses[1:]):
        with torch.no_grad():
            goal = CorruptPose(loss=loss).bind(truth, crops(pixels))
        assert_slopes(lambda x, goal=goal: goal.objective(crops(x)), pixels)


def test_pose_targets_in_the_test_pipeline_are_those_of_training(family):
    name, victim = family
    udp = name == 'udp'
    target = ENCODERS.get(name, {'encoder': codec(name)})
    trained = batch(pipeline(target, udp=udp))['data_samples']
    truth = victim.labels(batch(pipeline(udp=udp)))
    aim = victim.adapter.encode(truth.keypoints, truth.visible)
    for i, sample in enumerate(trained):
        labels = sample.gt_instance_labels
        weights = labels.keypoint_weights
        if name == 'mspn':
            expected, weights = sample.gt_fields[1].heatmaps, weights[-1]
        elif name in COORDINATES:
            expected = labels.keypoint_labels[0]
        elif name in BINS:
            axes = (labels.keypoint_x_labels[0], labels.keypoint_y_labels[0])
            expected = torch.cat(axes, dim=1)
        else:
            expected = sample.gt_fields.heatmaps
        assert torch.equal(aim.response[i], expected)
        assert torch.equal(aim.weights[i], weights.reshape(-1))
        assert 0 < int((aim.weights[i] > 0).sum()) < K


@pytest.mark.parametrize('name', [name for name in HEADS if name not in ('rle', 'integral')])
def test_pose_losses_are_the_heads_own_where_it_has_one(name):
    victim = PoseVictim(build_model(name))
    target = ENCODERS.get(name, {'encoder': codec(name)})
    data = batch(pipeline(target))
    outputs = victim.predict(data)[1]
    losses = victim.adapter.losses()
    goal = CorruptPose().bind(victim.labels(data), outputs)
    found = goal.objective(outputs)
    assert torch.equal(found, losses[next(iter(losses))](outputs, goal.facts.reference))
    head, response = victim.adapter.head, victim.adapter.unflatten(outputs)
    for i, sample in enumerate(data['data_samples']):
        own = response[i : i + 1] if torch.is_tensor(response) else [x[i : i + 1] for x in response]
        weights = goal.facts.reference.weights[i : i + 1]
        wanted = goal.facts.reference.response[i : i + 1]
        if name in BINS:
            labels = sample.gt_instance_labels
            wanted = (labels.keypoint_x_labels, labels.keypoint_y_labels)
        if name in COORDINATES:
            own, weights = own[:, 0], weights[..., None]
        loss = torch.nn.L1Loss() if name == 'dsnt' else head.loss_module
        if name == 'dsnt':
            expected = loss(own * weights, wanted * weights)
        else:
            expected = loss(own, wanted, weights)
        torch.testing.assert_close(found[i], expected)


def test_pose_soft_coordinates_follow_a_sharp_response(family):
    name, victim = family
    truth = victim.labels(batch())
    aim = victim.adapter.encode(truth.keypoints, truth.visible)
    if name in COORDINATES:
        values = victim.adapter.values
        flat = torch.zeros(3, 1, K, values)
        flat[:, 0, :, :2] = aim.response
        outputs = victim.adapter.flatten(flat)
    elif name in BINS:
        outputs = 60 * aim.response.flatten(1)
    else:
        outputs = aim.response.flatten(1)
    joints, _ = victim.adapter.decode(outputs)
    soft = victim.adapter.soft_coordinates(outputs)
    inside = (aim.weights > 0) & ((truth.keypoints > 6) & (truth.keypoints < 26)).all(dim=2)
    assert int(inside.sum()) >= 3
    # A cell is 2 or 4 pixels wide, a bin half of one; Megvii's wide peaks are cut by the border.
    cell = {'cpm': 4.0, 'mspn': 6.0}.get(name, 2.0)
    assert (soft - truth.keypoints)[inside].abs().max() < cell
    assert (joints - truth.keypoints)[inside].abs().max() < cell
    loss = victim.adapter.soft_argmax(outputs, aim)
    assert (loss < cell / max(SIZE)).all() or name in ('cpm', 'mspn')


def test_pose_victim_leaves_the_model_and_its_input_as_found(family):
    _, victim = family
    model, data = victim.model, batch()
    model.train()
    first = next(model.parameters())
    first.requires_grad_(False)
    modes = [module.training for module in model.modules()]
    flags = [parameter.requires_grad for parameter in model.parameters()]
    before = [crop.clone() for crop in data['inputs']]
    victim.predict(data)
    model.eval()
    crops = victim.bind(data['data_samples'])
    crops(victim.pixels(data).float().requires_grad_()).sum().backward()
    model.train()
    assert 'decode' not in vars(victim.adapter.head)
    assert modes == [module.training for module in model.modules()]
    assert flags == [parameter.requires_grad for parameter in model.parameters()]
    assert all(torch.equal(a, b) for a, b in zip(before, data['inputs'], strict=True))
    assert 'pred_instances' not in data['data_samples'][0]


def test_pose_decoder_is_restored_after_an_error(monkeypatch):
    victim = PoseVictim(build_model('heatmap'))
    data = batch()
    monkeypatch.setattr(victim.model.backbone, 'forward', lambda inputs: inputs / None)
    with pytest.raises(TypeError):
        victim.bind(data['data_samples'])(victim.pixels(data).float())
    with pytest.raises(TypeError):
        victim.predict(data)
    assert 'decode' not in vars(victim.adapter.head)


def test_pose_flip_test_is_in_the_response():
    data = batch()
    plain, flipped = (PoseVictim(build_model('simcc', flip=flip)) for flip in (False, True))
    one, other = plain.predict(data)[1], flipped.predict(data)[1]
    assert not torch.allclose(one, other)
    mirrored = {**data, 'inputs': [crop.flip(-1) for crop in data['inputs']]}
    x, y = plain.adapter.unflatten(plain.predict(mirrored)[1])
    pairs = [0, 2, 1, 4, 3]
    back = plain.adapter.flatten((x[:, pairs].flip(-1), y[:, pairs]))
    torch.testing.assert_close(other, (one + back) / 2)


def test_pose_victim_is_registered_and_speaks_of_input_pixels():
    model = build_model('heatmap')
    victim = VICTIMS.build({'type': 'PoseVictim', 'model': model})
    assert isinstance(victim, PoseVictim)
    truth = victim.labels(batch())
    sample = batch()['data_samples'][1]
    zoom = WIDTH / sample.input_scale[0]
    assert float(truth.scale[1]) == pytest.approx(65 * zoom, rel=1e-5)
    assert ((truth.keypoints > 0) & (truth.keypoints < torch.tensor(SIZE))).all()
    some = truth.select(torch.tensor([2, 0]))
    assert torch.equal(some.keypoints, truth.keypoints[[2, 0]])
    assert len(some) == 2


@pytest.mark.parametrize('kind', ['AssociativeEmbeddingHead', 'InternetHead'])
def test_pose_head_without_a_readout_is_refused_by_name(kind):
    model = build_model('heatmap')
    model.head.__class__ = type(kind, (type(model.head),), {})
    with pytest.raises(
        ValueError,
        match=f'head of a pose estimator must be one with an adapter .*HeatmapHead.*{kind}',
    ):
        PoseVictim(model)


def test_pose_victims_that_do_not_fit_are_refused():
    with pytest.raises(
        ValueError, match='must be one with an adapter .* got Linear without a head'
    ):
        PoseVictim(torch.nn.Linear(1, 1))
    model = build_model('heatmap')
    model.head.decoder = None
    with pytest.raises(ValueError, match='decoder must be for HeatmapHead one of MSRAHeatmap'):
        PoseVictim(model)
    model = build_model('udp')
    model.head.decoder.heatmap_type = 'combined'
    with pytest.raises(ValueError, match='heatmap_type must be gaussian'):
        PoseVictim(model)
    victim, data = PoseVictim(build_model('heatmap')), batch()
    victim.model.head.decoder.heatmap_size = (8, 12)
    with pytest.raises(ValueError, match="heatmaps must be of the codec's"):
        victim.predict(data)


def test_pose_batches_that_do_not_fit_are_refused():
    victim, data = PoseVictim(build_model('heatmap')), batch()
    data['inputs'][1] = data['inputs'][1][:, :-1]
    with pytest.raises(ValueError, match='inputs must be crops of one size'):
        victim.pixels(data)
    unpacked = batch()
    del unpacked['data_samples'][0].gt_instances.transformed_keypoints
    with pytest.raises(ValueError, match='transformed_keypoints .PoseVictim.install'):
        victim.labels(unpacked)
    from mmengine.dataset import Compose

    with pytest.raises(ValueError, match='pipeline must be one with PackPoseInputs'):
        victim.install(Dataset(Compose([])))


def test_pose_target_of_another_number_of_joints_is_refused():
    victim, data = PoseVictim(build_model('heatmap')), batch()
    with pytest.raises(ValueError, match=r'target must be of shape \(3, 5, 2\), one point.*\(3, 4'):
        pose_annotations(data['data_samples'], victim.adapter, torch.zeros(3, 4, 2))
    with pytest.raises(ValueError, match='target must be finite'):
        pose_annotations(data['data_samples'], victim.adapter, torch.full((3, K, 2), torch.nan))
    with pytest.raises(ValueError, match='labels must be poses with a target'):
        TargetPose().check(victim.labels(data), 3)


def test_pose_visibility_with_weights_beside_is_read_as_generate_target_does():
    visible = np.ones((1, K, 2), np.float32)
    visible[0, 3] = (0, 1)
    truth = PoseVictim(build_model('heatmap')).labels(batch(keypoints_visible=visible))
    assert truth.visible.tolist() == [[1, 1, 1, 0, 1]] * 3


@pytest.mark.parametrize('name', [name for name in HEADS if name not in COORDINATES])
def test_pose_joint_without_a_response_has_vanished(name):
    victim = PoseVictim(build_model(name))
    data = batch()
    truth, (_, outputs) = victim.labels(data), victim.predict(data)
    one = torch.tensor([0])
    sound, none = 1 + outputs[:1].detach().abs(), -1 - outputs[:1].detach().abs()
    record = victim.record(truth[one], sound, none, none)
    assert record.fields['joints_vanished'] == K
    assert record.fields['joint_vanished'] == [True] * K
    assert victim.record(truth[one], none, none, none).fields['joints_vanished'] == 0
    assert victim.record(truth[one], sound, sound, sound).fields['joints_vanished'] == 0


def test_pose_with_half_of_its_joints_wrong_is_fooled_and_not_right():
    victim = PoseVictim(build_model('regression'))
    data = batch()
    one = torch.tensor([0])
    truth = victim.labels(data)[one]
    truth = replace(truth, visible=torch.tensor([[1.0, 1, 1, 1, 0]]))
    size = torch.tensor(SIZE)
    exact = (truth.keypoints / size).flatten(1)
    half = truth.keypoints.clone()
    half[:, :2] += 0.3 * truth.scale
    half = (half / size).flatten(1)
    goal = CorruptPose().bind(truth, exact)
    record = victim.record(truth, exact, half, half)
    assert goal.success(half).all()
    assert record.fields['adversarial_pck'] == 0.5
    assert not record.fields['adversarial_correct']
    assert record.fields['clean_correct']


@pytest.mark.parametrize('sigmas', [[], None])
def test_pose_without_falloffs_has_no_similarity_and_keeps_the_rest(sigmas):
    victim = PoseVictim(build_model('heatmap'))
    dataset = Dataset(pipeline())
    dataset.metainfo = {'sigmas': sigmas if sigmas is None else np.array(sigmas)}
    victim.install(dataset)
    data = batch(raw_ann_info={'keypoints': [], 'area': 900.0})
    truth, (_, outputs) = victim.labels(data), victim.predict(data)
    fields = victim.record(truth[torch.tensor([0])], *[outputs[:1].detach()] * 3).fields
    assert fields['clean_oks'] is None
    assert fields['clean_pck'] is not None
    dataset.metainfo = {'sigmas': np.full(K, 0.1)}
    victim.install(dataset)
    fields = victim.record(truth[torch.tensor([0])], *[outputs[:1].detach()] * 3).fields
    assert fields['clean_oks'] is not None


REPORTED = [4, 0, 2]


@pytest.mark.parametrize('name', [name for name in HEADS if name != 'visibility'])
def test_pose_joints_are_those_that_the_model_reports(name):
    model = build_model(name)
    model.test_cfg['output_keypoint_indices'] = REPORTED
    victim, whole = PoseVictim(model), PoseVictim(build_model(name))
    data = batch()
    for sample in data['data_samples']:
        # The data set is annotated with the reported joints, in their order.
        sample.gt_instances.keypoints = sample.gt_instances.keypoints[:, REPORTED]
        for key in ('transformed_keypoints', 'keypoints_visible'):
            sample.gt_instances.set_field(sample.gt_instances[key][:, REPORTED], key)
    samples, outputs = victim.predict(data)
    joints, scores = victim.adapter.decode(outputs)
    for found, own, one in zip(samples, scores, joints, strict=True):
        stock = found.pred_instances
        mapped = _image_space(one, found).astype(stock.keypoints.dtype)
        assert (mapped == stock.keypoints[0]).all()
        assert (own.numpy() == stock.keypoint_scores[0]).all()
    every = whole.labels(batch())
    truth, clean = victim.labels(data), outputs.detach()
    assert torch.equal(truth.keypoints, every.keypoints[:, REPORTED])
    goal = CorruptPose().bind(truth, clean)
    assert goal.facts.reference.weights.shape == (3, len(REPORTED))
    # The loss of a joint is what it is among all joints.
    alone = torch.zeros(3, K)
    alone[:, REPORTED] = every.visible[:, REPORTED]
    other = CorruptPose().bind(replace(every, visible=alone), whole.predict(batch())[1].detach())
    share = len(REPORTED) / K
    torch.testing.assert_close(
        share * goal.objective(clean), other.objective(whole.predict(batch())[1].detach())
    )
    fields = victim.record(truth[torch.tensor([0])], *[clean[:1]] * 3).fields
    assert len(fields['clean_joints']) == len(fields['clean_joint_errors']) == len(REPORTED)
    pixels = victim.pixels(data)
    (outcome, *_) = PGD(Linf(4), steps=1, goal=CorruptPose(reference='prediction'))(
        victim.bind(data['data_samples']), pixels, truth, seeds=range(3)
    )
    assert outcome.scores.shape == clean[0].shape
