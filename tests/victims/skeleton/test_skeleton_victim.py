"""Skeleton recognisers under attack: what moves, by how much, and what never does."""

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope

from mmrobust.attacks.fgsm import FGSM
from mmrobust.attacks.iterative_saliency import IterativeSaliency
from mmrobust.attacks.pgd import PGD
from mmrobust.attacks.random_noise import RandomNoise
from mmrobust.engine.victims import build_attack, build_victim
from mmrobust.threats import L2, FrameMask, FreeJoints, JointL2, Linf, SmoothJoints
from mmrobust.victims.samples import LAYOUT_KEY, NAME_KEY
from mmrobust.victims.skeleton import SkeletonVictim
from mmrobust.victims.skeleton.bodies import BODIES, BONES, Body, box_sizes, torso_sizes
from mmrobust.victims.skeleton.loading import Measure

from .toys import graph_pipeline, sample, transforms


def build(dimensions=2, *, feats=('j',), persons=2, space='track', unit=None, **options):
    """A tiny STGCN with random weights, and its pipeline."""
    init_default_scope('mmaction')
    import mmaction.models  # noqa: F401
    from mmaction.registry import MODELS

    torch.manual_seed(0)
    channels = 3 * len(feats)
    backbone = {
        'type': 'STGCN',
        'graph_cfg': {'layout': 'coco' if dimensions == 2 else 'nturgb+d', 'mode': 'spatial'},
        'in_channels': channels,
        'base_channels': 8,
        'num_stages': 2,
        'inflate_stages': [2],
        'down_stages': [2],
    }
    head = {'type': 'GCNHead', 'num_classes': 5, 'in_channels': 16}
    model = MODELS.build({'type': 'RecognizerGCN', 'backbone': backbone, 'cls_head': head})
    # Far from the tie at which random weights begin.
    torch.nn.init.normal_(model.cls_head.fc.weight, std=3.0)
    victim = build_victim(model.eval(), {'space': space, 'unit': unit, **options})
    return victim, Data(graph_pipeline(dimensions, feats, persons=persons))


class Data:
    """As much of a data set as victims ask for."""

    def __init__(self, configs):
        class Pipeline:
            pass

        self.pipeline = Pipeline()
        self.pipeline.transforms = transforms(configs)


def batch(victim, data, infos):
    """Loaded samples of a data set."""
    if not callable(data.pipeline):
        victim.install(data)
    return victim.collate(pseudo_collate)([data.pipeline(info) for info in infos])


def attacked(victim, data, infos, attack, seed=0):
    """Loaded samples and the outcomes of an attack whose reference is the prediction."""
    loaded = batch(victim, data, infos)
    outcomes = {}
    for rows, bound, pixels in victim.batches(loaded):
        found = attack(bound, pixels, seeds=(rows + seed).tolist())
        outcomes |= dict(zip(rows.tolist(), found, strict=True))
    return loaded, [outcomes[row] for row in range(len(infos))]


def test_skeleton_victim_is_found_by_the_model():
    victim, _ = build()
    assert type(victim) is SkeletonVictim
    assert (victim.space, victim.unit, victim.kind.unit) == (
        'track',
        'torso',
        'lengths of the torso',
    )


@pytest.mark.parametrize('space', ['track', 'view'])
@pytest.mark.parametrize(('dimensions', 'feats'), [(2, ('j',)), (3, ('jm',)), (3, ('j', 'b'))])
def test_skeleton_outputs_are_those_of_the_test_step(space, dimensions, feats):
    victim, data = build(dimensions, feats=feats, space=space)
    loaded = batch(victim, data, [sample(dimensions, frames=14, seed=s) for s in range(3)])
    samples, outputs = victim.predict(loaded.data)
    for rows, bound, pixels in victim.batches(loaded):
        found = bound(pixels)
        assert torch.allclose(found, outputs[rows], atol=1e-5)
        scores = torch.stack([samples[row].pred_score for row in rows.tolist()])
        assert torch.allclose(found.softmax(1), scores, atol=1e-6)
        assert pixels.shape[1:3] == ((dimensions, 14) if space == 'track' else (3 * len(feats), 36))


THREATS = [JointL2(0.05), Linf(0.05), L2(0.5), FrameMask(JointL2(0.05), frames=[2])]


@pytest.mark.parametrize('space', ['track', 'view'])
@pytest.mark.parametrize('dimensions', [2, 3])
@pytest.mark.parametrize('threat', THREATS, ids=lambda one: type(one).__name__)
def test_skeleton_attack_moves_what_may_move_alone(space, dimensions, threat):
    victim, data = build(dimensions, space=space)
    if isinstance(threat, JointL2 | FrameMask) and space == 'view' and dimensions == 2:
        # A score is a channel there, and does not move.
        assert victim.kind.unit == "units of the network's input"
    infos = [sample(dimensions, persons=2, frames=9, seed=s) for s in range(2)]
    infos[1]['keypoint'][1] = 0
    loaded, outcomes = attacked(
        victim, data, infos, PGD(threat=threat, steps=2, random_start=True, early_stop=False)
    )
    for info, layout, outcome in zip(infos, loaded.layouts, outcomes, strict=True):
        clean = layout.pixels()
        moved = (outcome.adversarial != clean).any(dim=0)
        assert outcome.attacked
        assert bool(moved.any())
        assert float(threat.distance(outcome.adversarial[None], clean[None])) <= threat.eps + 1e-9
        assert not bool((moved & ~(clean != 0).any(dim=0)).any())
        assert torch.equal(layout.settled(outcome.adversarial), outcome.adversarial)
        inputs = victim.render(layout, outcome.adversarial)
        if space == 'track':
            again = info | {'keypoint': layout.stored.track(outcome.adversarial)[1]}
            same = info['keypoint'] == again['keypoint']
            missing = (info['keypoint'] == 0).all(-1)
            assert bool(same[missing].all())
            assert bool((again['keypoint'][~missing] != 0).all())
            assert again['keypoint'].dtype == info['keypoint'].dtype
            # Stock transforms on what a file would hold.
            state = {k: v.copy() if hasattr(v, 'copy') else v for k, v in again.items()}
            for step in data.pipeline.transforms:
                state = step(state)
            assert torch.equal(inputs, state['inputs'])
        elif dimensions == 2:
            assert torch.equal(inputs[..., 2], layout.inputs[..., 2])


def test_skeleton_track_of_half_precision_stays_on_its_grid_and_inside():
    victim, data = build(2)
    info = sample(2, frames=9, dtype=np.float16)
    loaded, (outcome,) = attacked(victim, data, [info], PGD(threat=Linf(0.002), steps=3))
    layout = loaded.layouts[0]
    stored = layout.stored.track(outcome.adversarial)[1]
    assert stored.dtype == np.float16
    moved = np.abs(stored.astype(float) - info['keypoint'].astype(float))
    size = float(layout.stored.sizes[0])
    # Half a pixel to a pixel is the file's step: few steps fit, and none goes beyond.
    assert 0 < moved.max() <= 0.002 * size
    held = layout.stored.kept(outcome.adversarial).numpy()
    assert np.array_equal(held, stored.astype(float))
    assert outcome.linf <= 0.002 + 1e-12


def test_skeleton_budget_below_the_file_s_step_changes_nothing():
    victim, data = build(2)
    info = sample(2, frames=9, dtype=np.float16)
    info['keypoint'] = (info['keypoint'] / 2 + 520).astype(np.float16) * (info['keypoint'] != 0)
    size = float(victim.measure.sizes(info['keypoint'])[0])
    # Steps of half a pixel from 512 on.
    _, (outcome,) = attacked(victim, data, [info], FGSM(threat=Linf(0.4 / size)))
    assert outcome.linf == 0
    assert 'unchanged' in outcome.flags


def test_skeleton_coordinate_never_becomes_zero():
    victim, data = build(3, unit='native')
    info = sample(3, frames=6)
    loaded = batch(victim, data, [info])
    layout = loaded.layouts[0]
    pixels = layout.pixels()
    pixels[1, 0, 2, 0] = 0.0
    held = layout.stored.kept(pixels)
    assert float(held[0, 0, 2, 1]) == float(info['keypoint'][0, 0, 2, 1])
    assert torch.equal(layout.settled(pixels), layout.pixels())


@pytest.mark.parametrize(
    'attack', [IterativeSaliency(threat=Linf(0.05)), RandomNoise(threat=JointL2())]
)
def test_skeleton_frames_are_the_axis_of_time(attack):
    victim, data = build(2)
    _, (outcome,) = attacked(victim, data, [sample(2, frames=8)], attack)
    assert outcome.adversarial.shape == (2, 8, 17, 1)
    assert 0 < outcome.frames <= 8


def test_skeleton_samples_of_a_batch_are_what_they_are_alone():
    victim, data = build(3)
    victim.model.double()
    victim.model.data_preprocessor.to_float32 = False
    infos = [sample(3, frames=9, seed=s) for s in range(3)]
    attack = PGD(threat=JointL2(0.05), steps=2)
    _, together = attacked(victim, data, infos, attack)
    for seed, (info, one) in enumerate(zip(infos, together, strict=True)):
        _, (alone,) = attacked(victim, data, [info], attack, seed)
        assert torch.allclose(alone.adversarial, one.adversarial, atol=1e-6)


def test_skeleton_outputs_in_chunks_of_clips_are_those_of_all():
    victim, data = build(2)
    (_, bound, pixels), = victim.batches(batch(victim, data, [sample(2, frames=30)]))  # fmt: skip
    leaf = pixels.clone().requires_grad_()
    whole = bound(leaf)
    slopes = torch.autograd.grad(whole[0, 0], leaf)[0]
    victim.memory_limit, victim._view_bytes = 1e-6, {}
    apart = bound(leaf)
    assert torch.allclose(apart, whole, atol=1e-5)
    assert torch.allclose(torch.autograd.grad(apart[0, 0], leaf)[0], slopes, atol=1e-5)


def test_skeleton_model_and_file_are_left_as_found():
    victim, data = build(2)
    info = sample(2, frames=8)
    before = info['keypoint'].copy(), info['keypoint_score'].copy()
    victim.model.train()
    modes = [module.training for module in victim.model.modules()]
    flags = [p.requires_grad for p in victim.model.parameters()]
    state = np.random.get_state()[1].copy()
    loaded = batch(victim, data, [info])
    kept = loaded.layouts[0].stored.keypoint.copy()
    for _, bound, pixels in victim.batches(loaded):
        PGD(threat=JointL2(), steps=1)(bound, pixels)
    assert [module.training for module in victim.model.modules()] == modes
    assert [p.requires_grad for p in victim.model.parameters()] == flags
    assert np.array_equal(loaded.layouts[0].stored.keypoint, kept)
    assert np.array_equal(kept, before[0])
    assert np.array_equal(info['keypoint_score'], before[1])
    assert np.array_equal(np.random.get_state()[1], state)


def test_skeleton_size_is_the_torso_of_each_person():
    track = np.zeros((2, 10, 20, 3))
    # Kinect v1: hip centre 0, shoulder centre 2; bowed in half of the frames.
    track[0, :, 0], track[0, :, 2] = [1, 1, 1], [1, 1.4, 1]
    track[0, ::2, 2] = [1, 1.2, 1]
    track[1, 3, 0], track[1, 3, 2] = [1, 1, 1], [1, 1, 2]
    assert torso_sizes(track, BODIES[20]).tolist() == pytest.approx([0.4, 1.0])
    assert box_sizes(track).tolist() == pytest.approx([0.4, 1.0])
    flat = np.zeros((1, 1, 17, 2))
    flat[0, 0, [5, 6, 11, 12]] = [[1, 1], [3, 1], [1, 9], [3, 11]]
    assert torso_sizes(flat, BODIES[17]).tolist() == pytest.approx([9.0])
    assert box_sizes(flat).tolist() == [10.0]


def test_skeleton_pixels_are_shares_of_each_person_s_own_body():
    victim, data = build(3)
    info = sample(3, persons=2, frames=9)
    info['keypoint'][1] *= 10
    layout = batch(victim, data, [info]).layouts[0]
    sizes = torso_sizes(info['keypoint'], BODIES[25])
    assert layout.stored.sizes.tolist() == pytest.approx(sizes.tolist())
    assert sizes[1] > 3 * sizes[0]
    places = torch.from_numpy(info['keypoint'].astype(float))
    for person in (0, 1):
        found = layout.pixels()[..., person] * sizes[person]
        wanted = places[person].permute(2, 0, 1)
        seen = layout.stored.moves[person]
        assert torch.allclose(found[:, seen], wanted[:, seen])


def test_skeleton_bones_are_those_of_the_graph():
    for dimensions, joints in ((2, 17), (3, 25)):
        graph = build(dimensions)[0].bones(joints)
        assert {frozenset(pair) for pair in graph} == {frozenset(pair) for pair in BONES[joints]}
    assert build(2)[0].bones(13) == []


def test_skeleton_attack_gets_a_budget_that_suits():
    victim, _ = build()
    assert build_attack('PGD', victim).threat == JointL2(0.05)
    assert build_attack({'type': 'PGD', 'threat': {'eps': 0.1}}, victim).threat == JointL2(0.1)
    linf = {'type': 'PGD', 'threat': {'type': 'Linf', 'eps': 0.1}}
    assert build_attack(linf, victim).threat == Linf(0.1)
    with pytest.raises(ValueError, match=r'attack.threat.eps must be at most 1 \(lengths of the t'):
        build_attack({'type': 'PGD', 'threat': {'type': 'Linf'}}, victim)
    # What is published without a budget has none until somebody names one.
    for name in ('SMART', 'smart', 'BoneLength'):
        assert build_attack(name, victim).threat == FreeJoints()
        small = build_attack({'type': name, 'threat': {'eps': 0.1}}, victim)
        assert small.threat == JointL2(0.1)
    native, _ = build(unit='native')
    assert build_attack({'type': 'PGD', 'threat': {'type': 'Linf'}}, native).threat == Linf(8)


@pytest.mark.parametrize(('options', 'words'), [
    ({'space': 'video'}, 'space must be track or view for skeletons'),
    ({'unit': 'metre'}, 'unit must be one of torso, box, native'),
    ({'space': 'view', 'unit': 'torso'}, 'unit must be native in view space'),
    ({'body': {'hips': [1]}}, r'victim.body must be dict\(shoulders'),
    ({'body': {'hips': [1], 'shoulders': [-1]}}, r'victim.body must be dict\(shoulders'),
])  # fmt: skip
def test_skeleton_options_that_are_none(options, words):
    model = build()[0].model
    with pytest.raises(ValueError, match=words):
        SkeletonVictim(model, **options)


def test_skeleton_body_that_nobody_knows_is_asked_for():
    track = np.ones((1, 2, 14, 2))
    track[0, :, 8] = 5
    with pytest.raises(ValueError, match='victim.body must be given .* got .14 joints'):
        Measure('torso').sizes(track)
    assert Measure('torso', Body((2,), (8,))).sizes(track).tolist() == pytest.approx([32**0.5])
    with pytest.raises(ValueError, match='victim.body must be of joints below 14'):
        Measure('torso', Body((2,), (14,))).sizes(track)
    assert Measure('native').sizes(track).tolist() == [1.0]


def test_skeleton_pixels_without_a_file_are_refused():
    victim, _ = build()
    with pytest.raises(ValueError, match='must be given samples of a data set'):
        victim.bind_pixels(torch.zeros(1, 2, 3, 17, 1))


def test_skeleton_sample_that_fails_is_counted():
    victim, data = build()
    bad = sample(2)
    bad['keypoint'][0, 1, 1, 1] = np.inf
    loaded = batch(victim, data, [sample(2), bad])
    assert loaded.slots == [0]
    assert list(loaded.failures) == [1]
    assert loaded.names == ['x']
    assert {LAYOUT_KEY, NAME_KEY}.isdisjoint(loaded.data)


def config_of(dimensions, feats, persons=2):
    pipeline = graph_pipeline(dimensions, feats, persons=persons)
    return {'test_dataloader': {'dataset': {'dataset': {'pipeline': pipeline}}}}


def test_skeleton_surrogate_sees_the_tracks_by_its_own_pipeline():
    victim, data = build(2)
    bones, own = build(2, feats=('b',))
    surrogate = victim.like(bones.model, config_of(2, ['b']))
    info = sample(2, frames=9)
    loaded = batch(victim, data, [info])
    ((_, bound, pixels),) = victim.batches(loaded)
    found = surrogate.bind(bound.data_samples, bound.layouts)(pixels)
    ((_, alone, same),) = bones.batches(batch(bones, own, [info]))
    assert torch.equal(pixels, same)
    assert torch.allclose(found, alone(same))
    assert not torch.allclose(found, bound(pixels), atol=1e-3)
    attack = PGD(threat=JointL2(), steps=1)
    (outcome,) = attack(
        surrogate.bind(bound.data_samples, bound.layouts), pixels, success_on=bound, seeds=[0]
    )
    assert outcome.queries > 0


def test_skeleton_surrogate_in_view_space_has_the_same_pipeline():
    victim, data = build(2, space='view')
    loaded = batch(victim, data, [sample(2, frames=9)])
    ((_, bound, pixels),) = victim.batches(loaded)
    same = victim.like(build(2)[0].model, config_of(2, ['j']))
    assert torch.allclose(same.bind(bound.data_samples, bound.layouts)(pixels), bound(pixels))
    other = victim.like(build(2)[0].model, config_of(2, ['b']))
    with pytest.raises(ValueError, match='surrogate.config must be of the same test pipeline'):
        other.bind(bound.data_samples, bound.layouts)
    with pytest.raises(ValueError, match='surrogate.config must be one with a test pipeline'):
        victim.like(build(2)[0].model, {'model': {}})


@pytest.mark.parametrize('space', ['track', 'view'])
@pytest.mark.parametrize('dimensions', [2, 3])
def test_skeleton_gradient_is_none_where_nothing_may_move(space, dimensions):
    victim, data = build(dimensions, space=space)
    info = sample(dimensions, persons=2, frames=9)
    if dimensions == 2:
        # A place without a score: its channel would see it, but nobody knows where it is.
        info['keypoint_score'][0, 4, 6] = 0
    loaded = batch(victim, data, [info])
    ((_, bound, pixels),) = victim.batches(loaded)
    leaf = pixels.clone().requires_grad_()
    gradient = torch.autograd.grad(bound(leaf)[0, 0], leaf)[0]
    still = ~loaded.layouts[0].stored.moves
    if space == 'track':
        assert not bool(gradient[0].permute(3, 1, 2, 0)[still].any())
        assert not bool(pixels[0].permute(3, 1, 2, 0)[still].any())
        assert bool(still[0, 4, 6]) == (dimensions == 2)
        assert bool(still[0, 3].all())
    else:
        assert torch.equal(gradient[pixels == 0], torch.zeros_like(gradient[pixels == 0]))
    assert float(gradient.abs().sum()) > 0


def test_skeleton_slow_change_goes_on_through_frames_that_no_clip_sees():
    victim, data = build(2)
    data.pipeline.transforms = transforms(graph_pipeline(2, clip_len=4, num_clips=1))
    info = sample(2, frames=24)
    info['keypoint'][0, 3] = 300
    loaded, (outcome,) = attacked(
        victim, data, [info], PGD(threat=SmoothJoints(0.05, waves=1), steps=2, early_stop=False)
    )
    layout = loaded.layouts[0]
    assert int(layout.stored.seen[0].any(dim=1).sum()) == 4
    delta = (outcome.adversarial - layout.pixels())[..., 0]
    there = layout.stored.moves[0]
    for joint in range(17):
        ways = delta[:, there[:, joint], joint]
        assert torch.allclose(ways, ways[:, :1].expand_as(ways), atol=1e-6)
    assert float(delta.abs().max()) > 0.01
    changes = victim.changes(layout, outcome.adversarial, torch.zeros(1), torch.zeros(1))
    assert changes['acceleration_change'] < 1e-5
    assert changes['deviation'] > 0.01
