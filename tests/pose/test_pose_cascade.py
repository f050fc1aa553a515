"""Pixels to 2-D joints to places: as MMPose's own inferencer joins the two, with gradients."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from lifting_toys import TCN, VIDEO
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from pose_toys import (
    FLIP_PAIRS,
    K,
    PersonSet,
    assert_slopes,
    build_model,
    distance,
    in_double,
    persons,
)

from mmrobust.attacks.pgd import PGD
from mmrobust.attacks.random_noise import RandomNoise
from mmrobust.cli.attack import main
from mmrobust.ledger.ledger import read_entries
from mmrobust.threats import Linf
from mmrobust.victims import CascadeVictim
from mmrobust.victims.lifting import Corrupt3DPose
from mmrobust.victims.lifting.lifter_chain import Lifter

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / 'configs' / 'demo' / 'pose' / 'td-hm_tiny-r18_synthetic-64x80.py'
WEIGHTS = ROOT / 'mmrobust' / 'resources' / 'demo_pose_victim.pth'
NAMES = [f'joint {i}' for i in range(K)]


def write_lifter(folder, names=NAMES, pairs=FLIP_PAIRS, dataset_name='toy', frames=9):
    """A lifter of these joints with random weights; its options."""
    init_default_scope('mmpose')
    import mmpose.models  # noqa: F401
    from mmpose.registry import MODELS

    count = len(names)
    codec = VIDEO | {'num_keypoints': count}
    shape = {'in_channels': 2 * count, 'num_blocks': 1, 'kernel_sizes': (3, 3)}
    head = {'type': 'TemporalRegressionHead', 'in_channels': 16, 'num_joints': count}
    model = {'type': 'PoseLifter', 'backbone': TCN | shape, 'head': head | {'decoder': codec}}
    pipeline = [
        {'type': 'GenerateTarget', 'encoder': codec},
        {'type': 'PackPoseInputs', 'meta_keys': ('flip_indices', 'target_root')},
    ]
    dataset = {'type': 'Human36mDataset', 'seq_len': frames, 'pipeline': pipeline}
    config = {'default_scope': 'mmpose', 'model': model, 'test_dataloader': {'dataset': dataset}}
    Config(config).dump(folder / 'lifter.py')
    torch.manual_seed(3)
    meta = {
        'dataset_name': dataset_name,
        'num_keypoints': count,
        'keypoint_id2name': dict(enumerate(names)),
        'flip_indices': list(pairs),
    }
    weights = {
        'state_dict': MODELS.build(model).state_dict(),
        'meta': {'dataset_meta': meta},
    }
    torch.save(weights, folder / 'lifter.pth')
    return {'config': str(folder / 'lifter.py'), 'checkpoint': str(folder / 'lifter.pth')}


@pytest.fixture(scope='module')
def lifter(tmp_path_factory):
    return write_lifter(tmp_path_factory.mktemp('lifter'))


def cascade(lifter, head='heatmap', visible=True):
    """BoundVictim, and three persons as the engine hands them over."""
    victim = CascadeVictim(build_model(head, flip=True), lifter=lifter)
    infos = persons()
    for info in infos:
        info['keypoints_visible'] = np.ones_like(info['keypoints_visible'])
        info['keypoints_visible'][0, 0] = visible
    dataset = PersonSet(infos)
    dataset.metainfo = {'dataset_name': 'toy', 'keypoint_id2name': dict(enumerate(NAMES))}
    victim.install(dataset)
    loaded = victim.collate(pseudo_collate)([dataset[i] for i in range(3)])
    ((_, crops, pixels),) = victim.batches(loaded)
    return victim, crops, pixels, victim.labels(loaded.data), loaded


@pytest.mark.parametrize('head', ['heatmap', 'simcc', 'regression'])
def test_pose_cascade_places_are_those_of_the_inferencer(head, lifter):
    from mmpose.apis import inference_pose_lifter_model

    victim, _, _, truth, loaded = cascade(lifter, head)
    with torch.no_grad():
        samples, outputs = victim.predict(loaded.data)
    places = truth.places(outputs)
    model = victim.lifter.victim.model
    height, width = samples[0].metainfo['ori_shape'][:2]
    for found, sample in zip(places, samples, strict=True):
        sample.track_id = 0
        sequence = [[sample]] * victim.lifter.frames
        (stock,) = inference_pose_lifter_model(model, sequence, image_size=(width, height))
        expected = torch.as_tensor(np.asarray(stock.pred_instances.keypoints)).double()
        torch.testing.assert_close(found, expected.reshape(found.shape), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize('head', ['heatmap', 'regression'])
def test_pose_cascade_gradient_agrees_with_finite_differences(head, lifter, monkeypatch):
    _, crops, pixels, truth, _ = cascade(lifter, head)
    in_double(monkeypatch, crops.model, crops.owner.lifter.victim.model)
    pixels = pixels.double()
    with torch.no_grad():
        goal = Corrupt3DPose().bind(truth, crops(pixels))
    gradient = assert_slopes(lambda x: goal.objective(crops(x)), pixels, rows=2)
    assert (gradient.flatten(1).norm(dim=1) > 0).all()


def test_pose_cascade_attack_moves_the_pose_in_space_further_than_noise(lifter):
    _, crops, pixels, truth, _ = cascade(lifter)
    goal = Corrupt3DPose(tau=100.0)
    errors = {}
    for attack in (PGD(Linf(8.0), goal), RandomNoise(Linf(8.0), goal)):
        rows = attack(crops, pixels, truth)
        with torch.no_grad():
            found = torch.stack([row.adversarial for row in rows]).float()
            told = goal.bind(truth, crops(pixels.float()))
            errors[type(attack)] = distance(told, crops(found))
        assert all(row.adversarial.dtype == torch.uint8 for row in rows)
    assert (errors[PGD] > errors[RandomNoise]).all(), errors


def test_pose_cascade_person_with_a_joint_missing_has_no_places(lifter):
    _, crops, pixels, truth, _ = cascade(lifter, visible=False)
    outcomes = PGD(goal=Corrupt3DPose())(crops, pixels, truth)
    assert all(not o.attacked and o.flags == ('joint_missing',) for o in outcomes)
    goal = Corrupt3DPose(reference='prediction', tau=1e-6)
    assert any(o.success for o in PGD(goal=goal)(crops, pixels, truth))


def test_pose_cascade_person_without_a_label_has_no_visible_joint(lifter):
    _, crops, pixels, truth, _ = cascade(lifter)
    bare = replace(truth.pose, visible=torch.zeros_like(truth.pose.visible))
    weights = torch.zeros_like(truth.reference.weights)
    truth = replace(truth, pose=bare, reference=replace(truth.reference, weights=weights))
    outcomes = PGD(goal=Corrupt3DPose())(crops, pixels, truth)
    assert all(not o.attacked and o.flags == ('no_visible_joint',) for o in outcomes)


def test_pose_cascade_measures_boxes_of_a_detector_from_their_own_prediction(lifter):
    _, crops, pixels, truth, _ = cascade(lifter)
    annotated = torch.tensor([True, False, True])
    weights = truth.reference.weights * annotated[:, None, None]
    pose = replace(truth.pose, annotated=annotated)
    truth = replace(truth, pose=pose, reference=replace(truth.reference, weights=weights))
    clean = crops(pixels.float()).detach()
    goal = Corrupt3DPose()
    goal.check(truth, 3)
    bound, own = (each.bind(truth, clean) for each in (goal, Corrupt3DPose(reference='prediction')))
    assert distance(bound, clean)[1] == 0
    assert (distance(bound, clean)[::2] > 0).all()
    assert torch.equal(bound.facts.reference.places[1], own.facts.reference.places[1])
    assert bound.goal.counted(bound.facts).all()
    flags = bound.flags()
    assert flags['no_annotation'].tolist() == [False, True, False]
    assert not flags['no_visible_joint'].any()
    assert not flags['joint_missing'].any()
    found = PGD(goal=Corrupt3DPose(tau=1e-6))(crops, pixels, truth)
    assert 'no_annotation' in found[1].flags


def test_pose_cascade_refuses_weights_of_another_model(lifter, tmp_path):
    found = torch.load(lifter['checkpoint'], weights_only=False)
    path = tmp_path / 'other.pth'
    name = next(iter(found['state_dict']))
    cases = {
        'it has no values for': {**found, 'state_dict': {}},
        'NaN or inf': found | {'state_dict': found['state_dict'] | {name: torch.tensor(np.nan)
                               .expand_as(found['state_dict'][name])}},
        'neither .* says which joints the lifter has': found | {'meta': {}},
    }  # fmt: skip
    for message, content in cases.items():
        torch.save(content, path)
        with pytest.raises(ValueError, match=message):
            CascadeVictim(build_model('heatmap'), lifter=lifter | {'checkpoint': str(path)})


def test_pose_cascade_converts_joints_as_mmpose_does(tmp_path):
    from mmpose.apis.inference_3d import convert_keypoint_definition
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    own = parse_pose_metainfo({'from_file': 'configs/_base_/datasets/h36m.py'})
    names = list(own['keypoint_id2name'].values())
    options = write_lifter(tmp_path, names, own['flip_indices'], 'h36m')
    lifter = Lifter(options, torch.device('cpu'))
    coco = parse_pose_metainfo({'from_file': 'configs/_base_/datasets/coco.py'})
    joints = np.random.default_rng(0).normal(size=(4, 17, 2))
    mixed = lifter.conversion(coco).numpy() @ joints
    np.testing.assert_allclose(mixed, convert_keypoint_definition(joints, 'coco', 'h36m'))
    assert torch.equal(lifter.conversion(own), torch.eye(17).double())
    face = parse_pose_metainfo({'from_file': 'configs/_base_/datasets/300w.py'})
    with pytest.raises(ValueError, match='the 2-D data set must be one whose joints'):
        lifter.conversion(face)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'config': None}, 'lifter.config must be a path'),
        ({'checkpoint': 'nothing.pth'}, r'lifter.checkpoint nothing.pth does not exist \(looked'),
        ({'config': 'setup.cfg.py'}, r'lifter.config setup.cfg.py does not exist \(looked'),
        ({'config': str(DEMO)}, 'lifter.config must be that of a PoseLifter'),
        ({'weights': 'x'}, "lifter has no option 'weights'"),
    ],
)
def test_pose_cascade_refuses_what_is_no_lifter(change, message, lifter):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        CascadeVictim(build_model('heatmap'), lifter=lifter | change)


@pytest.mark.slow
@pytest.mark.parametrize('attack', ['PGD', 'KLimiting'])
def test_pose_cascade_run_from_the_command_line(attack, tmp_path):
    from mmrobust.datasets.synthetic_pose import SyntheticPoseDataset

    meta = SyntheticPoseDataset(1, pipeline=[], frames_per_video=1).metainfo
    names = list(meta['keypoint_id2name'].values())
    options = write_lifter(tmp_path, names, meta['flip_indices'])
    status = main(
        [
            str(DEMO),
            str(WEIGHTS),
            *('--attack', attack, '--max-samples', '3', '--work-dir', str(tmp_path / 'work')),
            '--cfg-options',
            *(f'victim.lifter.{key}={value}' for key, value in options.items()),
            'attack.goal.reference=prediction',
            'attack.goal.tau=0.001',
            'attack.random_start=True',
        ]
    )
    assert status == 0
    card = json.loads((tmp_path / 'work' / 'report.json').read_text())
    assert (card['space'], card['attacked'], card['success_rate']) == ('crop', 3, 1.0)
    for row in read_entries(tmp_path / 'work').values():
        assert row.keys() >= {*CascadeVictim.record_keys}
        assert row['shift'] > 0.001
        assert len(row['joint_shifts']) == len(row['clean_joints']) == len(names)
