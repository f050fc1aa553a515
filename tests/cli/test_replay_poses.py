"""Corrupted photographs kept as files, and played again by MMPose's own test."""

import json

import cv2
import numpy as np
import pytest
from mmengine.registry import init_default_scope

from mmrobust.cli import corrupt, verify
from mmrobust.corruptions import Clip, Draws
from mmrobust.corruptions.fog import Fog
from tests.conftest import ROOT
from tests.engine.runs import card, rows

POSE = (
    str(ROOT / 'configs' / 'demo' / 'pose' / 'td-hm_tiny-r18_synthetic-64x80.py'),
    str(ROOT / 'mmrobust' / 'resources' / 'demo_pose_victim.pth'),
)
# Few are rendered.
FEW = ('--cfg-options', 'test_dataloader.dataset.num_videos=1')
FOG = ['--corruptions', 'fog', '--severities', '3']


def run(out, saved, *words):
    init_default_scope('mmpose')
    given = [*POSE, *FOG, '--work-dir', str(out), '--save', str(saved), *map(str, words)]
    corrupt.run(given)
    return rows(out)


def played(out, capsys, *words):
    capsys.readouterr()
    status = verify.main([*POSE, str(out), *map(str, words)])
    told = capsys.readouterr()
    return status, told.out + told.err


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
    """Two persons of the data set that draws itself."""
    folder = tmp_path_factory.mktemp('drawn')
    run(folder / 'w', folder / 'samples', '--max-samples', 2, *FEW)
    return folder


def test_poses_are_predicted_again(drawn, capsys):
    status, told = played(drawn / 'w', capsys, *FEW)
    assert status == 0
    assert '4 of 4 saved samples are predicted as in the report' in told
    report = card(drawn / 'w')
    compared = sum(map(len, report['metrics'].values()))
    assert compared > 4
    assert f'{compared} scores of the metrics compared' in told


def test_planted_joints_and_scores_are_reported_by_sample(drawn, capsys):
    path = drawn / 'w' / 'results.jsonl'
    before = path.read_text()
    for place, change, said in (
        ('saved', lambda one: one['prediction']['joints'][3].__setitem__(0, -9), 'another pose'),
        ('cells', lambda one: one['joint_errors'].__setitem__(2, 0.9), 'off, reported 0.900'),
        ('cells', lambda one: one.update(pck=0.1), 'joints right, reported 0.1'),
    ):
        lines = [json.loads(line) for line in before.splitlines()]
        change(lines[1][place]['fog/3'])
        path.write_text(''.join(json.dumps(line) + '\n' for line in lines))
        status, told = played(drawn / 'w', capsys, *FEW)
        assert status == 1
        assert '3 of 4 saved samples' in told
        assert f'fog/3: {lines[1]["name"]}: ' in told
        assert said in told
    path.write_text(before)


def test_persons_of_a_photograph_share_its_file(tmp_path, capsys):
    """Boxes of a detector, with scores, in COCO's format; the annotations are nobody's."""
    rng = np.random.default_rng(0)
    pictures, boxes = {}, []
    (tmp_path / 'in').mkdir()
    for name, persons in (('a.jpg', 2), ('b.png', 1)):
        coarse = rng.integers(0, 256, (9, 12, 3), np.uint8)
        picture = cv2.resize(coarse, (120, 90), interpolation=cv2.INTER_CUBIC)
        cv2.imwrite(str(tmp_path / 'in' / name), picture)
        pictures[name] = cv2.imread(str(tmp_path / 'in' / name))
        boxes += [
            {'file_name': name, 'bbox': [10 + 40 * i, 5, 40, 70], 'score': 0.9, 'category_id': 1}
            for i in range(persons)
        ]
    (tmp_path / 'boxes.json').write_text(json.dumps(boxes))
    raw = (*FEW, '--input', tmp_path / 'in', '--boxes', tmp_path / 'boxes.json')
    lines = run(tmp_path / 'w', tmp_path / 'samples', *raw)
    assert len(lines) == 3
    files = [line['saved']['fog/3']['file'] for line in lines]
    assert files == ['fog_3/a.jpg', 'fog_3/a.jpg', 'fog_3/b.png']
    assert card(tmp_path / 'w')['saved']['files'] == 4
    for number, (name, picture) in enumerate(pictures.items()):
        # The photograph, not the crop, and to the last grey level.
        found = cv2.imread(str(tmp_path / 'samples' / 'fog_3' / name))
        clip = Clip(np.ascontiguousarray(picture[None, ..., ::-1]))
        worse = Fog()(clip, 3, Draws(0, 'fog', number))[0][..., ::-1]
        assert np.array_equal(found, worse)
        clean = cv2.imread(str(tmp_path / 'samples' / 'clean' / name))
        assert np.array_equal(clean, picture)
    # Persons of one photograph have joints of their own.
    assert lines[0]['saved']['fog/3']['prediction'] != lines[1]['saved']['fog/3']['prediction']
    status, told = played(tmp_path / 'w', capsys, *raw)
    assert status == 0
    assert '6 of 6 saved samples' in told
