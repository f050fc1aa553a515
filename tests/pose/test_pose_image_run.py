"""Images under attack from the command line: evaluators, files, what is read back."""

import json

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from pose_toys import random_checkpoint

from mmrobust.cli.attack import main
from mmrobust.engine.victims import build_victim
from mmrobust.ledger.ledger import read_entries
from mmrobust.victims import ImageVictim
from mmrobust.victims.pose.image_files import ImageFiles
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

CONFIG = ROOT / 'configs' / 'demo' / 'pose' / 'td-hm_tiny-r18_synthetic-64x80.py'
JOINTS, PERSONS = 14, (1, 2, 3)


def _person(rng, index, number, size):
    """An annotated person somewhere in a picture of this size; one joint is not labelled."""
    width, height = size
    left, top = rng.uniform(0, 0.4 * width), rng.uniform(0, 0.3 * height)
    box = [left, top, rng.uniform(0.35, 0.6) * width, rng.uniform(0.5, 0.7) * height]
    joints = np.array(box[:2]) + rng.uniform(0.1, 0.9, (JOINTS, 2)) * box[2:]
    flags = np.full(JOINTS, 2)
    flags[number % JOINTS] = 0
    return {
        'id': 10 * index + number,
        'image_id': index,
        'category_id': 1,
        'iscrowd': 0,
        'bbox': box,
        'area': 0.5 * box[2] * box[3],
        'keypoints': np.column_stack([joints, flags]).reshape(-1).tolist(),
        'num_keypoints': JOINTS - 1,
    }


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """Three pictures of 1, 2 and 3 persons, of different sizes, one below another folder."""
    where, rng = tmp_path_factory.mktemp('pictures'), np.random.default_rng(0)
    images, annotations = [], []
    for index, count in enumerate(PERSONS):
        size = 90 + 20 * index, 100 + 10 * index
        coarse = rng.integers(0, 256, (12, 12, 3)).astype(np.uint8)
        name = f'more/{index}.jpg' if index == 1 else f'{index}.jpg'
        (where / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(where / name), cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC))
        width, height = size
        images.append({'id': index, 'file_name': name, 'width': width, 'height': height})
        annotations += [_person(rng, index, number, size) for number in range(count)]
    names = [f'joint_{k}' for k in range(JOINTS)]
    categories = [{'id': 1, 'name': 'person', 'keypoints': names, 'skeleton': []}]
    content = {'images': images, 'annotations': annotations, 'categories': categories}
    (where / 'persons.json').write_text(json.dumps(content))
    return where


@pytest.fixture(scope='module')
def config(folder):
    """The demo's estimator on a COCO-style set, judged as MMPose judges."""
    cfg = Config.fromfile(CONFIG)
    annotations = str(folder / 'persons.json')
    cfg.test_dataloader.dataset = {
        'type': 'CrowdPoseDataset',
        'ann_file': annotations,
        'data_prefix': {'img': f'{folder}/'},
        'pipeline': cfg.test_pipeline,
        'test_mode': True,
    }
    cfg.test_evaluator = [
        {'type': 'PCKAccuracy', 'thr': 0.3},
        {'type': 'EPE'},
        {'type': 'CocoMetric', 'ann_file': annotations},
        {'type': 'mmrobust.AttackSuccess'},
    ]
    cfg.dump(folder / 'config.py')
    return folder / 'config.py'


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    return random_checkpoint(CONFIG, tmp_path_factory.mktemp('weights'))


def attack(config, checkpoint, out, *arguments, options=(), space='image'):
    words = [config, checkpoint, '--attack', 'PGD', '--work-dir', out, *arguments]
    words += ['--space', space] if space else []
    words += ['--cfg-options', 'attack.steps=3', 'attack.threat.eps=16']
    words += ['attack.goal.reference=prediction', 'attack.goal.tau=0.05', *options]
    return main([str(word) for word in words])


def card(out):
    return json.loads((out / 'report.json').read_text())


@pytest.fixture(scope='module')
def run(config, checkpoint, tmp_path_factory):
    out = tmp_path_factory.mktemp('run')
    assert attack(config, checkpoint, out, '--save-adv', out / 'adv') == 0
    return out


def test_pose_image_run_is_by_picture(run):
    report, rows = card(run), [read_entries(run)[index] for index in range(len(PERSONS))]
    assert report['space'] == 'image'
    assert report['n'] == report['evaluated'] == len(PERSONS)
    # Metrics that compare both sides are by picture too.
    assert report['robust']['robust/attacked'] == report['attacked']
    assert [row['persons'] for row in rows] == list(PERSONS)
    for row, count in zip(rows, PERSONS, strict=True):
        assert row.keys() >= {*ImageVictim.record_keys}
        assert row['linf'] <= 16
        assert len(row['clean_joints']) == count * JOINTS
        assert len(row['adversarial_joint_errors']) == JOINTS
        assert len(row['by_person']) == len(row['evaluator']) == count
        assert 'scores_disagree' not in row['flags']
    assert len(list((run / 'previews').iterdir())) == report['attacked'] > 0
    assert (run / 'report.html').stat().st_size > 10000


def test_pose_image_clean_metrics_are_those_of_the_crops(run, config, checkpoint, tmp_path):
    quiet = ('settings.previews=0',)
    assert attack(config, checkpoint, tmp_path, options=quiet, space=None) == 0
    assert card(tmp_path)['space'] == 'crop'
    assert card(tmp_path)['n'] == sum(PERSONS)
    clean = card(run)['clean']
    assert clean.keys() >= {'PCK', 'EPE', 'coco/AP'}
    assert clean == pytest.approx(card(tmp_path)['clean'], rel=1e-6)
    rows, persons = read_entries(run), read_entries(tmp_path)
    found = [one['clean_joint_errors'] for i in range(3) for one in rows[i]['by_person']]
    for errors, i in zip(found, range(sum(PERSONS)), strict=True):
        assert errors == pytest.approx(persons[i]['clean_joint_errors'], rel=1e-4)


def test_pose_image_run_in_other_batches_and_broken_off_gives_the_same(
    run, config, checkpoint, tmp_path
):
    saved, quiet = tmp_path / 'adv', ('settings.previews=0',)
    arguments = ('--save-adv', saved, '--batch-size')
    few = (*arguments, 1, '--max-samples', 2)
    assert attack(config, checkpoint, tmp_path, *few, options=quiet) == 0
    kept = read_entries(tmp_path)[0]
    # One that is gone is made again, with those that are still to do.
    (saved / 'more' / '1.jpg').unlink()
    assert attack(config, checkpoint, tmp_path, *arguments, 4, '--resume', options=quiet) == 0
    found, expected = read_entries(tmp_path), read_entries(run)
    assert found[0] == kept
    for index in range(len(PERSONS)):
        for key in ('success', 'linf', 'l2', 'forwards', 'clean_pck', 'joints_moved', 'attacked'):
            assert found[index][key] == expected[index][key], key
        assert found[index]['adversarial_joints'] == expected[index]['adversarial_joints']
        name = found[index]['picture']
        assert (saved / name).read_bytes() == (run / 'adv' / name).read_bytes()
    assert card(tmp_path)['adversarial'] == pytest.approx(card(run)['adversarial'], rel=1e-6)


def test_pose_image_saved_pictures_give_the_reports_predictions(run, folder, config, checkpoint):
    from mmengine.dataset import pseudo_collate
    from mmpose.registry import DATASETS, MODELS

    init_default_scope('mmpose')
    cfg = Config.fromfile(config)
    model = MODELS.build(cfg.model).eval()
    model.load_state_dict(torch.load(checkpoint, weights_only=True)['state_dict'])
    cfg.test_dataloader.dataset.data_prefix.img = str(run / 'adv')
    dataset = DATASETS.build(cfg.test_dataloader.dataset)
    row, changed = 0, 0
    for index, count in enumerate(PERSONS):
        entry = read_entries(run)[index]
        assert entry['picture'] == ['0.jpg', 'more/1.jpg', '2.jpg'][index]
        saved, clean = (cv2.imread(str(at / entry['picture'])) for at in (run / 'adv', folder))
        delta = saved.astype(int) - clean
        assert np.abs(delta).max() == entry['linf']
        changed += int((delta != 0).any())
        items = [dataset[row + i] for i in range(count)]
        row += count
        with torch.no_grad():
            found = model.test_step(pseudo_collate(items))
        joints = np.concatenate([one.pred_instances.keypoints[0] for one in found])
        np.testing.assert_allclose(joints, entry['adversarial_joints'], rtol=1e-4, atol=1e-3)
    assert changed == card(run)['attacked'] > 0
    assert not (run / 'adv' / 'annotations.txt').exists()


def test_pose_image_relation_masks_run_through_the_engine(config, checkpoint, tmp_path):
    options = ('attack.type=KLimiting', 'attack.mask=relation')
    assert attack(config, checkpoint, tmp_path, '--max-samples', 1, options=options) == 0
    (row,) = read_entries(tmp_path).values()
    assert row['attacked']
    assert 0 < row['measures']['density'] < 1
    assert (tmp_path / row['preview']).is_file()


def test_pose_image_target_is_fitted_to_every_person_of_the_embedded_figures(checkpoint, tmp_path):
    words = [CONFIG, checkpoint, '--attack', 'PGD', '--space', 'image', '--work-dir', tmp_path]
    words += ['--save-adv', tmp_path / 'adv', '--cfg-options', 'attack.steps=2']
    words += ['test_dataloader.dataset.num_videos=1', 'attack.goal.type=TargetPose']
    words += ['test_dataloader.dataset.frames_per_video=2', 'victim.target=sit']
    words += ['settings.previews=0']
    assert main([str(word) for word in words]) == 0
    rows = read_entries(tmp_path)
    for row in rows.values():
        x, y = zip(*row['target_joints'], strict=True)
        # In the picture, which is larger than a crop.
        assert max(x) - min(x) < 128
        assert max(y) - min(y) < 96
        assert row['target_error'] > 0
        assert (tmp_path / 'adv' / row['picture']).is_file()
    assert len(rows) == 2


def test_pose_image_bad_input_is_one_line(folder, config, checkpoint, tmp_path, capsys):
    def refused(message, *arguments, options=()):
        assert attack(config, checkpoint, tmp_path, *arguments, options=options) == 1
        lines = capsys.readouterr().err.splitlines()
        found = [line for line in lines if line.startswith('error')]
        assert len(found) == 1
        assert message in found[0]

    refused('save_adv must be another folder', '--save-adv', folder)
    step = 'test_dataloader.dataset.pipeline.1'
    refused('transform RandomFlip', options=(f'{step}.type=RandomFlip', f'{step}.prob=1.0'))
    with pytest.raises(ValueError, match='space must be video or view'):
        build_victim(torch.nn.Linear(1, 1), {'space': 'image'})


def test_pose_image_names_must_be_below_the_prefix_and_differ(tmp_path):
    class Leaf:
        pipeline = None

        def __init__(self, prefix):
            self.data_prefix = {'img': prefix}

    class Two:
        """Images of two data sets."""

        class dataset:  # noqa: N801
            datasets = (Leaf('/a'), Leaf('/b'))

            @staticmethod
            def _get_ori_dataset_idx(index):
                return index, 0

        persons = ((0,), (1,))

        def __init__(self, *paths):
            self.paths = paths

        def __len__(self):
            return 2

    files = ImageFiles(tmp_path, Two('/a/x.png', '/b/sub/x.png'))
    assert files.names == ['x.png', 'sub/x.png']
    with pytest.raises(ValueError, match='its own name'):
        ImageFiles(tmp_path, Two('/a/x.png', '/b/x.png'))
    with pytest.raises(ValueError, match=r'below the data set.s data_prefix.img'):
        ImageFiles(tmp_path, Two('/a/x.png', '/elsewhere/x.png'))
