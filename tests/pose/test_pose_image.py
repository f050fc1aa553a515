"""A picture and all its persons as one sample: crops, gradients, what is shared."""

from functools import partial

import pytest
import torch
from pose_toys import (
    SIZE,
    K,
    PersonSet,
    batch,
    build_model,
    distance,
    persons,
    picture,
    pipeline,
)

from mmrobust.functional.affine_crop import affine_crop
from mmrobust.goals import CorruptPose
from mmrobust.victims import ImageVictim, PoseVictim
from mmrobust.victims.pose import image as module
from mmrobust.victims.pose.head_adapters import PerPersonAdapter
from mmrobust.victims.pose.image import BoundImage
from mmrobust.victims.pose.image_loading import ImageLayout
from mmrobust.victims.pose.images import Images
from mmrobust.victims.samples import Failure

FAMILIES = ['heatmap', 'mspn', 'simcc', 'rtmcc', 'regression', 'rle', 'dsnt']


def bound(victim, loaded):
    ((rows, photo, pixels),) = victim.batches(loaded)
    assert rows.tolist() == [0]
    return photo, pixels


@pytest.mark.parametrize('udp', [False, True])
@pytest.mark.parametrize('turned', [False, True])
def test_image_crops_are_the_pipelines_inputs(udp, turned):
    victim = ImageVictim(build_model('heatmap'))
    infos = persons()
    if turned:
        import numpy as np

        infos = [one | {'bbox_rotation': np.array([25.0 * i])} for i, one in enumerate(infos)]
    loaded = picture(victim, infos, pipeline(udp=udp))
    assert loaded.names == ['picture.png']
    layout = loaded.layouts[0]
    assert torch.equal(layout.pixels(), torch.from_numpy(infos[0]['img']).permute(2, 0, 1))
    crops = layout.render(layout.pixels())
    for crop, info in zip(crops, infos, strict=True):
        assert torch.equal(crop, pipeline(udp=udp)(dict(info))['inputs'])


@pytest.mark.parametrize('name', FAMILIES)
def test_image_responses_are_those_of_the_crops(name):
    model = build_model(name, flip=name in ('heatmap', 'rtmcc'))
    crop, victim = PoseVictim(model), ImageVictim(model)
    data, loaded = batch(), picture(victim)
    samples, expected = crop.predict(data)
    found, outputs = victim.predict(loaded.data)
    assert torch.equal(outputs, expected.reshape(1, -1))
    photo, pixels = bound(victim, loaded)
    with torch.no_grad():
        torch.testing.assert_close(photo(pixels.float()), outputs, rtol=1e-4, atol=1e-5)
        # Versions of the picture do not mix.
        two = photo(torch.cat([pixels.float(), 255 - pixels.float()]))
        torch.testing.assert_close(two[:1], outputs, rtol=1e-4, atol=1e-5)
        assert not torch.allclose(two[1:], outputs, rtol=1e-4)
    rendered = victim.render(loaded.layouts[0], pixels[0])
    again = victim.predict({**loaded.data, 'inputs': [rendered]})[1]
    assert torch.equal(again, outputs)
    for one, other in zip(found, samples, strict=True):
        assert (one.pred_instances.keypoints == other.pred_instances.keypoints).all()


@pytest.mark.parametrize('name', FAMILIES)
def test_image_readout_speaks_of_every_person(name):
    model = build_model(name)
    single = PoseVictim(model).adapter
    crop = PoseVictim(model)
    batches = [batch(seed=0), batch(seed=1)]
    truths = [crop.labels(data) for data in batches]
    with torch.no_grad():
        outputs = torch.cat([crop.predict(data)[1] for data in batches])
    keypoints = torch.cat([truth.keypoints for truth in truths])
    visible = torch.cat([truth.visible for truth in truths])
    # Two pictures of three persons each.
    many = PerPersonAdapter(single, 3)
    aim, pooled = single.encode(keypoints, visible), outputs.reshape(2, -1)
    aims = many.encode(keypoints.reshape(2, -1, 2), visible.reshape(2, -1))
    assert torch.equal(aims.response.flatten(0, 1), aim.response)
    assert torch.equal(aims.weights, aim.weights.reshape(2, 3 * K))
    joints, scores = many.decode(pooled)
    assert torch.equal(joints, single.decode(outputs)[0].reshape(2, 3 * K, 2))
    assert torch.equal(scores, single.decode(outputs)[1].reshape(2, 3 * K))
    assert torch.equal(
        many.soft_coordinates(pooled), single.soft_coordinates(outputs).reshape(2, -1, 2)
    )
    assert torch.equal(many.groups(pooled, aims), single.groups(outputs, aim).reshape(2, -1))
    assert list(many.losses()) == list(single.losses())
    for loss, expected in single.losses().items():
        sums = expected(outputs, aim).reshape(2, 3).sum(dim=1)
        torch.testing.assert_close(many.losses()[loss](pooled, aims), sums)
    one = torch.tensor([1])
    assert torch.equal(many.groups(pooled[one], aims.select(one)), many.groups(pooled, aims)[one])
    with pytest.raises(ValueError, match='persons must be at least 1, got 0'):
        PerPersonAdapter(single, 0)


@pytest.mark.parametrize('name', ['heatmap', 'simcc', 'regression'])
def test_image_gradient_agrees_with_finite_differences(name, monkeypatch):
    victim = ImageVictim(build_model(name, flip=True).double())
    # The preprocessor casts to single precision, too coarse for differences.
    monkeypatch.setattr(torch.Tensor, 'float', torch.Tensor.double)
    # Rounding has no slope; what it does to gradients is the next test.
    monkeypatch.setattr(module, 'affine_crop', partial(affine_crop, rounded=False))
    loaded = picture(victim, persons()[:2])
    photo, pixels = bound(victim, loaded)
    pixels, truth = pixels.double(), victim.labels(loaded.data)
    for loss in truth.adapter.losses():
        with torch.no_grad():
            goal = CorruptPose(loss=loss).bind(truth, photo(pixels))
        leaf = pixels.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(goal.objective(photo(leaf)).sum(), leaf)
        generator = torch.Generator().manual_seed(1)
        for _ in range(4):
            way = torch.randn(pixels.shape, generator=generator, dtype=torch.float64)
            with torch.no_grad():
                ends = [goal.objective(photo(pixels + sign * 1e-5 * way)) for sign in (1, -1)]
            slope = (ends[0] - ends[1]) / 2e-5
            expected = (gradient * way).flatten(1).sum(dim=1)
            torch.testing.assert_close(slope, expected, rtol=1e-4, atol=1e-10)


def gradient_of(victim, loaded, pixels=None):
    photo, clean = bound(victim, loaded)
    leaf = (clean if pixels is None else pixels).float().clone().requires_grad_()
    outputs = photo(leaf)
    goal = CorruptPose().bind(victim.labels(loaded.data), outputs.detach())
    return torch.autograd.grad(goal.objective(outputs).sum(), leaf)[0]


def test_image_gradient_is_that_of_the_real_crops_carried_back():
    model = build_model('heatmap')
    crop, victim = PoseVictim(model), ImageVictim(model)
    loaded, data = picture(victim), batch()
    crops = crop.pixels(data).float().requires_grad_()
    goal = CorruptPose().bind(crop.labels(data), crop.bind(data['data_samples'])(crops).detach())
    (own,) = torch.autograd.grad(
        goal.objective(crop.bind(data['data_samples'])(crops)).sum(), crops
    )
    layout = loaded.layouts[0]
    leaf = layout.pixels().float().requires_grad_()
    cut = affine_crop(leaf, layout.matrices, layout.size, rounded=False)
    (expected,) = torch.autograd.grad(cut, leaf, own)
    found = gradient_of(victim, loaded)[0]
    torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-9)


def test_image_gradients_of_persons_add_where_they_overlap():
    victim = ImageVictim(build_model('heatmap'))
    both = gradient_of(victim, picture(victim, persons()[:2]))
    alone = [gradient_of(victim, picture(victim, [one])) for one in persons()[:2]]
    torch.testing.assert_close(both, alone[0] + alone[1], rtol=1e-3, atol=1e-9)
    shared = (alone[0] != 0) & (alone[1] != 0)
    assert int(shared.sum()) > 1000


def test_image_person_without_visible_joints_is_left_out():
    victim = ImageVictim(build_model('heatmap'))
    infos = persons()[:2]
    infos[0]['keypoints_visible'] = infos[0]['keypoints_visible'] * 0
    pooled = victim.labels(picture(victim, infos).data)
    both = gradient_of(victim, picture(victim, infos))
    alone = gradient_of(victim, picture(victim, infos[1:]))
    torch.testing.assert_close(both, alone, rtol=1e-3, atol=1e-9)
    assert int(pooled.visible.sum()) == K - 1
    assert len(pooled) == 1


def test_image_truth_joins_the_persons():
    victim, crop = (kind(build_model('heatmap')) for kind in (ImageVictim, PoseVictim))
    truth, single = victim.labels(picture(victim).data), crop.labels(batch())
    assert len(truth) == 1
    assert truth.keypoints.shape == (1, 3 * K, 2)
    assert torch.equal(truth.keypoints.reshape(3, K, 2), single.keypoints)
    assert torch.equal(truth.scale.reshape(3, K), single.scale[:, None].expand(3, K))
    chosen = truth[torch.tensor([0])]
    assert torch.equal(chosen.persons.keypoints, single.keypoints)
    # Half of a person's box is another length for another person.
    outputs = victim.predict(picture(victim).data)[1]
    box = distance(CorruptPose().bind(truth, outputs), outputs).reshape(3, K)
    own = crop.predict(batch())[1]
    assert torch.equal(box, distance(CorruptPose().bind(single, own), own))
    assert len(set(single.scale.tolist())) == 3


def test_image_places_are_where_mmpose_puts_its_predictions():
    victim = ImageVictim(build_model('simcc'))
    loaded = picture(victim)
    samples, outputs = victim.predict(loaded.data)
    truth = victim.labels(loaded.data)
    record = victim.record(truth, outputs, outputs, outputs)
    found = torch.tensor(record.fields['clean_joints']).reshape(3, K, 2)
    for joints, sample in zip(found, samples, strict=True):
        expected = torch.from_numpy(sample.pred_instances.keypoints[0])
        torch.testing.assert_close(joints, expected.to(joints), rtol=1e-4, atol=1e-3)


def test_image_facts_are_those_of_the_persons():
    crop, victim = (kind(build_model('simcc')) for kind in (PoseVictim, ImageVictim))
    victim.sigmas = crop.sigmas = torch.full((K,), 0.3, dtype=torch.float64)
    infos = [one | {'raw_ann_info': {'keypoints': [], 'area': 900.0}} for one in persons()]
    infos[2]['keypoints_visible'] = infos[2]['keypoints_visible'] * 0
    loaded = picture(victim, infos)
    clean = victim.predict(loaded.data)[1]
    adversarial = clean.flip(1)
    record = victim.record(victim.labels(loaded.data), clean, adversarial, adversarial)
    truth = crop.annotations(loaded.data['data_samples'])
    sides = [side.reshape(3, -1) for side in (clean, adversarial, adversarial)]
    each = []
    for i in range(3):
        one = crop.record(truth[torch.tensor([i])], *(side[i : i + 1] for side in sides))
        each.append(dict(one.fields))
    fields = dict(record.fields)
    assert fields['by_person'] == each
    assert fields['persons'] == 3
    assert record.agree
    assert not victim.record(victim.labels(loaded.data), clean, adversarial, clean).agree
    errors = [e for one in each for e in one['adversarial_joint_errors'] if e is not None]
    assert len(errors) == 2 * (K - 1)
    assert fields['adversarial_error'] == pytest.approx(sum(errors) / len(errors))
    assert fields['adversarial_pck'] == pytest.approx(sum(e < 0.2 for e in errors) / len(errors))
    assert fields['adversarial_correct'] == (fields['adversarial_pck'] >= 0.5)
    assert each[2]['adversarial_oks'] is None
    oks = [one['adversarial_oks'] for one in each[:2]]
    assert fields['adversarial_oks'] == pytest.approx(sum(oks) / 2)
    moved = [one['displacement'] for one in each]
    assert fields['displacement'] == pytest.approx(sum(moved) / 3)
    assert fields['joints_moved'] == sum(one['joints_moved'] for one in each)
    for name in ('clean_joint_errors', 'adversarial_joint_errors'):
        assert len(fields[name]) == K
    assert fields['clean_joint_errors'][0] == each[1]['clean_joint_errors'][0]


def test_image_boxes_of_a_detector_are_measured_from_what_is_predicted():
    victim = ImageVictim(build_model('heatmap'))
    infos = persons()
    infos[1].update(keypoints=infos[1]['keypoints'] * 0)
    del infos[1]['raw_ann_info']
    loaded = picture(victim, infos)
    truth = victim.labels(loaded.data)
    clean = victim.predict(loaded.data)[1].detach()
    goal = CorruptPose()
    goal.check(truth, 1)
    goal = goal.bind(truth, clean)
    away = distance(goal, clean).reshape(3, K)
    assert not away[1].any()
    assert away[::2].all()
    assert goal.flags()['no_annotation'].tolist() == [True]
    fields = dict(victim.record(truth, clean, clean, clean).fields)
    assert [one['clean_pck'] is None for one in fields['by_person']] == [False, True, False]
    assert fields['clean_pck'] is not None


class Changed:
    """A transform of another name that may change pixels."""

    def __init__(self, change):
        self.change = change

    def __call__(self, results):
        return {**results, 'img': self.change(results['img'])}


@pytest.mark.parametrize('place', [1, 2])
def test_image_pipeline_with_other_pixels_is_refused_by_name(place):
    victim = ImageVictim(build_model('heatmap'))
    for change, refused in ((lambda image: image.copy(), False), (lambda image: image // 2, True)):
        steps = pipeline()
        steps.transforms.insert(place, Changed(change))
        dataset = PersonSet(persons(), steps)
        victim.install(dataset)
        item = Images(dataset)[0]
        assert isinstance(item, Failure) == refused
    assert item.refused
    assert "space='image' cannot follow the pipeline's transform Changed" in item.error
    assert 'it computes new pixels' in item.error


def test_image_pipeline_without_an_affine_crop_is_refused():
    victim = ImageVictim(build_model('heatmap'))
    steps = pipeline()
    del steps.transforms[1]
    infos = [one | {'transformed_keypoints': one['keypoints']} for one in persons()]
    dataset = PersonSet(infos, steps)
    victim.install(dataset)
    item = Images(dataset)[0]
    assert item.refused
    assert 'PackPoseInputs: no TopdownAffine comes before it' in item.error


def test_image_pipeline_with_another_warp_is_refused():
    from mmpose.datasets.transforms import TopdownAffine

    class Smoothed(TopdownAffine):
        def transform(self, results):
            after = super().transform(results)
            return {**after, 'img': after['img'] // 2 * 2}

    victim = ImageVictim(build_model('heatmap'))
    steps = pipeline()
    steps.transforms[1] = Smoothed(SIZE)
    dataset = PersonSet(persons(), steps)
    victim.install(dataset)
    item = Images(dataset)[0]
    assert item.refused
    assert 'Smoothed: its crop differs' in item.error


def test_image_picture_that_is_no_uint8_picture_is_refused():
    victim = ImageVictim(build_model('heatmap'))
    infos = [one | {'img': one['img'].astype('float32')} for one in persons()]
    dataset = PersonSet(infos)
    victim.install(dataset)
    item = Images(dataset)[0]
    assert item.refused
    assert 'TopdownAffine: it is given float32 (90, 110, 3)' in item.error


def test_image_items_are_grouped_in_order_and_failures_are_kept():
    infos = [dict(one, img_path=path) for one, path in zip(persons(), 'bab', strict=True)]
    dataset = PersonSet(infos)
    victim = ImageVictim(build_model('heatmap'))
    victim.install(dataset)
    pictures = victim.samples(dataset)
    assert pictures.paths == ['b', 'a']
    assert pictures.persons == [[0, 2], [1]]
    assert len(pictures) == 2
    infos[2]['img'] = None
    infos[2]['img_path'] = 'missing.png'
    dataset = PersonSet(infos[2:])
    victim.install(dataset)
    item = Images(dataset)[0]
    assert isinstance(item, Failure)
    assert (item.name, item.refused) == ('missing.png', False)
    with pytest.raises(ValueError, match="img_path must be a picture's path for every item"):
        Images(PersonSet([{'img_path': None}]))


def test_image_persons_must_be_of_one_picture():
    infos = persons()
    infos[1]['img'] = infos[1]['img'] + 1
    dataset = PersonSet(infos)
    victim = ImageVictim(build_model('heatmap'))
    victim.install(dataset)
    item = Images(dataset)[0]
    assert item.refused
    assert 'decoded to the same pixels for every person' in item.error


def test_image_a_batch_holds_one_picture():
    victim = ImageVictim(build_model('heatmap'))
    loaded = picture(victim)
    loaded.layouts.append(loaded.layouts[0])
    with pytest.raises(ValueError, match='batch must be of one sample, got 2'):
        victim.batches(loaded)
    assert loaded.alone(0).layouts == loaded.layouts[:1]


@pytest.mark.parametrize('kind', [PoseVictim, ImageVictim])
def test_image_space_is_named_where_it_is_another(kind):
    with pytest.raises(ValueError, match='space must be'):
        kind(build_model('heatmap'), space='video')
    with pytest.raises(ValueError, match='space must be'):
        kind(build_model('heatmap'), space='image' if kind is PoseVictim else 'crop')


def test_image_layout_renders_crops_of_its_size():
    layout = ImageLayout(
        torch.zeros(3, 6, 8, dtype=torch.uint8), torch.eye(3, dtype=torch.float64)[None, :2], SIZE
    )
    assert layout.render(layout.pixels()).shape == (1, 3, SIZE[1], SIZE[0])
    assert layout.signature == ((3, 6, 8), 1)
    photo = BoundImage(ImageVictim(build_model('heatmap')), [], [layout])
    assert photo.select(torch.tensor([0])) is photo
