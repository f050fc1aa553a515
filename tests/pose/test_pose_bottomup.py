"""Bottom-up heads: the response is the deployed one, and what is read from it is right."""

from dataclasses import replace

import pytest
import torch
from bottomup_toys import (
    CODEC,
    FLIP_PAIRS,
    SIZE,
    SPR,
    K,
    batch,
    build_model,
    pictures,
    pipeline,
)
from mmengine.dataset import Compose
from pose_toys import assert_slopes, in_double

from mmrobust.victims import BottomupVictim
from mmrobust.victims.bottomup import CorruptPersons
from mmrobust.victims.bottomup.persons import Persons

pytestmark = pytest.mark.sampled(3)

CASES = [
    ('ae', True),
    ('ae', False),
    ('dekr', True),
    ('dekr', False),
    ('cid', True),
    ('cid', False),
    ('yolox', False),
    ('rtmo', False),
]
SURE = CorruptPersons(reference='prediction')


@pytest.fixture(params=CASES, ids=lambda case: f'{case[0]}{"-flip" if case[1] else ""}')
def family(request):
    name, flip = request.param
    return name, BottomupVictim(build_model(name, flip=flip))


@torch.no_grad()
def test_pose_bottomup_response_and_persons_are_those_of_the_stock_test_step(family):
    name, victim = family
    if name in ('dekr', 'cid'):  # MMPose's own take one picture at a time.
        stock = [victim.model.test_step(batch(rows=(row,)))[0] for row in range(3)]
    else:
        stock = victim.model.test_step(batch())
    data = batch()
    samples, outputs = victim.predict(data)
    torch.testing.assert_close(
        victim.bind(data['data_samples'])(victim.pixels(data).float()), outputs
    )
    for i, found in enumerate(victim.labels(data).decode(outputs)):
        assert len(found.scores) > 1
        for sample in (stock[i], samples[i]):
            own = sample.pred_instances
            # MMPose's own map from input pixels to the picture, in its order of operations.
            mapped = found.joints.numpy() / sample.input_size * sample.input_scale
            mapped += sample.input_center - 0.5 * sample.input_scale
            torch.testing.assert_close(
                torch.from_numpy(mapped),
                torch.as_tensor(own.keypoints).double(),
                rtol=1e-5,
                atol=1e-4,
            )
            unrated = name in ('dekr', 'cid')
            rated = own.keypoint_scores.mean(axis=1) if unrated else own.bbox_scores
            assert found.scores.numpy() == pytest.approx(rated, abs=1e-6)


def test_pose_bottomup_gradient_to_the_pixels_agrees_with_finite_differences(family, monkeypatch):
    _, victim = family
    data = batch()
    pixels = victim.pixels(data).double()
    in_double(monkeypatch, victim.model)
    seen, truth = victim.bind(data['data_samples']), victim.labels(data)
    for loss in victim.adapter.losses():
        with torch.no_grad():
            goal = CorruptPersons(loss=loss).bind(truth, seen(pixels))
        gradient = assert_slopes(lambda x, goal=goal: goal.objective(seen(x)), pixels, rows=3)
        # Of the picture without a person nothing but heatmaps can be wrong.
        assert (gradient[:2].flatten(1).norm(dim=1) > 0).all()


def test_pose_bottomup_objective_of_a_picture_does_not_depend_on_its_neighbours(family):
    _, victim = family
    with torch.no_grad():
        data = batch()
        outputs = victim.bind(data['data_samples'])(victim.pixels(data).float())
    for loss in victim.adapter.losses():
        goal = CorruptPersons(loss=loss).bind(victim.labels(data), outputs)
        together, groups = goal.objective(outputs), goal.groups(outputs)
        for row in range(3):
            alone = batch(rows=(row,))
            own = CorruptPersons(loss=loss).bind(victim.labels(alone), outputs[row : row + 1])
            rows = torch.tensor([row])
            for other in (own, goal.select(rows)):
                found = other.objective(outputs[rows])
                torch.testing.assert_close(found, together[rows], rtol=1e-5, atol=1e-6)
                torch.testing.assert_close(
                    other.groups(outputs[rows]), groups[rows], rtol=1e-5, atol=1e-5
                )


FIELDS = ('heatmaps', 'heatmap_weights', 'displacements', 'displacement_weights')


@pytest.mark.parametrize(
    ('name', 'codec', 'fields'), [('ae', CODEC, FIELDS[:1]), ('dekr', SPR, FIELDS)]
)
def test_pose_bottomup_targets_in_the_test_pipeline_are_those_of_training(name, codec, fields):
    victim = BottomupVictim(build_model(name))
    with torch.no_grad():
        outputs = victim.predict(batch())[1]
    truth = victim.labels(batch())
    aim = victim.adapter.encode(truth.persons, outputs)
    steps = pipeline(target=codec)
    for i, picture in enumerate(pictures()[:2]):
        sample = steps(picture)['data_samples']
        expected = torch.cat([sample.gt_fields.get(field) for field in fields])
        assert torch.equal(aim.response[i], expected)
        assert int((aim.response[i][:K] == 1).sum()) >= 3
    assert not aim.response[2][:K].any()


def test_pose_bottomup_losses_of_dekr_are_those_of_the_head():
    victim = BottomupVictim(build_model('dekr', flip=False))
    model, steps = victim.model, pipeline(target=SPR)
    with torch.no_grad():
        outputs = victim.predict(batch())[1]
        aim = victim.adapter.encode(victim.labels(batch()).persons, outputs)
        found = {name: loss(outputs, aim) for name, loss in victim.adapter.losses().items()}
        for i, picture in enumerate(pictures()[:2]):
            sample = steps(picture)['data_samples']
            data = model.data_preprocessor(batch(rows=(i,)), False)
            own = model.head.loss(model.extract_feat(data['inputs']), [sample])
            torch.testing.assert_close(found['displacement'][i], own['loss/displacement'])
            torch.testing.assert_close(found['heatmap_mse'][i], own['loss/heatmap'])
            assert float(own['loss/displacement']) > 0


@torch.no_grad()
def test_pose_bottomup_flip_test_of_dekr_is_in_what_the_decoder_gets(monkeypatch):
    victim, given = BottomupVictim(build_model('dekr')), []
    head, decode = victim.model.head, victim.model.head.decode

    def record(heatmaps, displacements, *others):
        given.append((heatmaps[0].clone(), displacements[0].clone()))
        return decode(heatmaps, displacements, *others)

    monkeypatch.setattr(head, 'decode', record)
    outputs = victim.predict(batch())[1]
    found = victim.adapter.maps(outputs, victim.labels(batch()).persons)
    for part, own in zip(found, zip(*given, strict=True), strict=True):
        torch.testing.assert_close(part, torch.cat(own))
    first = victim.adapter.unflatten(outputs, SIZE)[0]
    assert not any(torch.allclose(a, b) for a, b in zip(first, found, strict=True))


def test_pose_bottomup_losses_of_associative_embedding_are_those_of_the_head():
    victim = BottomupVictim(build_model('ae', flip=False))
    with torch.no_grad():
        outputs = victim.predict(batch())[1]
    truth = victim.labels(batch())
    aim = victim.adapter.encode(truth.persons, outputs)
    steps, losses = pipeline(target=CODEC), victim.adapter.losses()
    encoded = Compose(steps.transforms[:-1])  # MMPose's packer drops the indices
    found = {name: loss(outputs, aim) for name, loss in losses.items()}
    module = victim.model.head.loss_module
    for i, picture in enumerate(pictures()[:2]):
        sample = steps(picture)['data_samples']
        heatmaps, tags = victim.adapter.unflatten(outputs[i : i + 1], SIZE)[0]
        own = module.keypoint_loss(heatmaps, sample.gt_fields.heatmaps[None])
        torch.testing.assert_close(found['heatmap_mse'][i], own)
        indices = torch.from_numpy(encoded(pictures()[i])['keypoint_indices'])
        assert int(indices[..., 1].sum()) >= 3
        own = sum(module.tag_loss(tags, [indices]))
        torch.testing.assert_close(found['tags'][i], own)
        target = sample.gt_fields.heatmaps
        own = -(heatmaps[0] * target).sum() / target.sum()
        torch.testing.assert_close(found['response'][i], own)


def test_pose_bottomup_flip_test_is_in_the_heatmaps_and_tags():
    data = batch()
    victim = BottomupVictim(build_model('ae'))
    mirrored = {**data, 'inputs': [one.flip(-1) for one in data['inputs']]}
    with torch.no_grad():
        outputs, other = victim.predict(data)[1], victim.predict(mirrored)[1]
    adapter, persons = victim.adapter, victim.labels(data).persons
    assert torch.equal(other, torch.cat(outputs.chunk(2, dim=1)[::-1], dim=1))
    found = adapter.heatmaps(outputs, persons)
    back = adapter.heatmaps(other, persons).flip(-1)[:, FLIP_PAIRS]
    torch.testing.assert_close(found, back)
    plain = adapter.unflatten(outputs, SIZE)[0][0]
    assert not torch.allclose(found, plain)


@pytest.mark.parametrize('name', ['yolox', 'rtmo'])
@torch.no_grad()
def test_pose_bottomup_cells_are_the_persons_that_the_head_predicts(name):
    victim = BottomupVictim(build_model(name))
    data = batch()
    outputs = victim.predict(data)[1]
    grid = victim.adapter.grid(outputs, SIZE)
    count = grid.boxes.shape[1]
    every = torch.arange(count).expand(3, 1, count)
    poses = victim.adapter.poses(grid, every)[:, 0].double()
    scores = grid.logits.sigmoid().prod(dim=2).double()
    for i, found in enumerate(victim.labels(data).decode(outputs)):
        gaps = torch.cdist(found.joints.flatten(1), poses[i].flatten(1))
        nearest = gaps.argmin(dim=1)
        assert gaps.amin(dim=1).max() < 1e-3
        torch.testing.assert_close(scores[i, nearest], found.scores, rtol=1e-5, atol=1e-6)


@torch.no_grad()
def test_pose_bottomup_chosen_cells_are_those_whose_boxes_overlap_and_are_sure():
    victim = BottomupVictim(build_model('yolox'))
    data = batch()
    grid = victim.adapter.grid(victim.predict(data)[1], SIZE)
    person = grid.boxes[:, 7:8]
    persons = victim.labels(data).persons
    joints = torch.zeros(3, 1, K, 2)
    own = Persons(joints, joints[..., 0] + 1, person, persons.data_samples)
    sure = grid._replace(logits=grid.logits.clone())
    sure.logits[:, 7] = 9.0
    assert (sure.chosen(own)[:, 0, 0] == 7).all()
    everything = torch.tensor([-1e3, -1e3, 1e3, 1e3]).expand(3, 1, 4)
    unsure = grid._replace(logits=grid.logits.clone())
    unsure.logits[:, 7] = -9.0
    chosen = unsure.chosen(replace(own, boxes=everything))
    assert chosen.shape == (3, 1, 5)
    assert not (chosen == 7).any()
    unsound = sure._replace(boxes=grid.boxes.clone())
    unsound.boxes[:, 7, 2] = torch.inf
    assert not (unsound.chosen(own) == 7).any()


def test_pose_bottomup_picture_of_nobody_has_nothing_to_attack(family):
    _, victim = family
    with torch.no_grad():
        outputs = victim.predict(batch())[1]
    truth = victim.labels(batch())
    assert truth.persons.visible.sum(dim=(1, 2)).tolist() == [7, 3, 0]
    goal = CorruptPersons().bind(truth, outputs)
    assert goal.is_correct(outputs).tolist() == [True, True, False]
    assert goal.flags()['no_visible_joint'].tolist() == [False, False, True]
    # What the victim itself sees can be attacked everywhere, and is right at first.
    own = SURE.bind(truth, outputs)
    assert own.is_correct(outputs).all()
    assert not own.success(outputs).any()
    broken = outputs.clone()
    broken[1, 3] = torch.nan
    assert own.is_correct(broken).tolist() == [True, False, True]
    assert not own.success(broken)[1]
    record = victim.record(truth[torch.tensor([2])], outputs[2:], outputs[2:], outputs[2:])
    assert record.fields['clean_pck'] is None
    assert record.fields['clean_correct'] is None
    # The persons that it sees there are the reference.
    assert len(record.fields['clean_joints']) == K * len(
        victim.labels(batch()).decode(outputs)[2].scores
    )
    assert record.fields['joints_moved'] == 0


def test_pose_bottomup_victim_leaves_the_model_and_its_input_as_found(family):
    _, victim = family
    data = batch()
    modes = [module.training for module in victim.model.modules()]
    before = [picture.clone() for picture in data['inputs']]
    with torch.no_grad():
        outputs = victim.predict(data)[1]
        kept = outputs.clone()
        victim.labels(data).decode(outputs)
    victim.bind(data['data_samples'])(victim.pixels(data).float().requires_grad_()).sum().backward()
    assert not {'forward', 'predict'} & set(vars(victim.model.head))
    assert modes == [module.training for module in victim.model.modules()]
    assert torch.equal(kept, outputs)
    assert all(torch.equal(a, b) for a, b in zip(before, data['inputs'], strict=True))
    assert 'pred_instances' not in data['data_samples'][0]


def test_pose_bottomup_head_is_restored_after_an_error(monkeypatch):
    victim = BottomupVictim(build_model('ae'))
    data = batch()
    monkeypatch.setattr(victim.model.backbone, 'forward', lambda inputs: inputs / None)
    with pytest.raises(TypeError):
        victim.bind(data['data_samples'])(victim.pixels(data).float())
    with pytest.raises(TypeError):
        victim.predict(data)
    assert 'forward' not in vars(victim.model.head)


@pytest.mark.slow
def test_pose_bottomup_descending_the_losses_leads_the_stock_decoder_to_the_annotation(family):
    """Outputs that training would call perfect are persons where they are annotated."""
    name, victim = family
    data = batch(rows=(0, 1))
    with torch.no_grad():
        outputs = victim.predict(data)[1]
    truth = victim.labels(data)
    losses = victim.adapter.losses()
    goals = {loss: CorruptPersons(loss=loss).bind(truth, outputs) for loss in losses}
    goals.pop('response', None)  # has no minimum
    weights = {'displacement': 1e3, 'score': 1.0}
    found = outputs.clone().requires_grad_()
    # Heatmaps of CID are two layers away from its outputs.
    optimizer = torch.optim.Adam([found], lr=0.1 if name == 'cid' else 0.05)
    for _ in range(300 if name == 'cid' else 200):
        optimizer.zero_grad()
        terms = [weights.get(loss, 10.0) * goal.objective(found) for loss, goal in goals.items()]
        torch.stack(terms).sum().backward()
        optimizer.step()
    for row in range(2):
        one = [part[row : row + 1].detach() for part in (outputs, found, found)]
        fields = victim.record(truth[torch.tensor([row])], *one).fields
        assert fields['clean_pck'] < 0.7
        assert fields['adversarial_pck'] == 1.0
