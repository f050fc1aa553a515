"""Boxes of the truth, of a detector's file, and jittered."""

import json

import numpy as np
import pytest
from detector_toys import write_config, write_set
from mmengine.registry import init_default_scope

from mmrobust.cli import corrupt, verify
from mmrobust.corruptions import Clip, Draws
from mmrobust.corruptions.box_jitter import BoxJitter
from mmrobust.datasets.other_box import with_box
from mmrobust.datasets.synthetic_pose import SyntheticPoseDataset
from mmrobust.engine.predictions import moved
from tests.conftest import CONFIGS, ROOT
from tests.engine.runs import card, rows

WEIGHTS = str(ROOT / 'mmrobust' / 'resources' / 'demo_pose_victim.pth')
BOX = np.array([10.0, 20, 50, 100])
STEPS = [
    {'type': 'LoadImage'},
    {'type': 'GetBBoxCenterScale'},
    {'type': 'TopdownAffine', 'input_size': (64, 80)},
    {'type': 'PackPoseInputs'},
]


def test_boxes_are_moved_and_stretched_as_the_formula_says():
    kind = BoxJitter()
    np.testing.assert_array_equal(kind.changed(BOX, np.zeros(4), 5), BOX)
    # Sides 40 and 80: right by a quarter of the width, up by a quarter of the height.
    found = kind.changed(BOX, np.array([1.0, -1, 0, 0]), 5)
    np.testing.assert_allclose(found, BOX + [10, -20, 10, -20])
    wide, low = 40 * np.exp(0.25), 80 * np.exp(-0.25)
    found = kind.changed(BOX, np.array([0.0, 0, 1, -1]), 5)
    np.testing.assert_allclose(found, [30 - wide / 2, 60 - low / 2, 30 + wide / 2, 60 + low / 2])
    np.testing.assert_allclose(
        kind.changed(BOX, np.ones(4), 2)[:2] + 0,
        [14 + 20 * (1 - np.exp(0.1)), 28 + 40 * (1 - np.exp(0.1))],
    )


def test_draws_are_uniform_and_shared_by_the_severities():
    kind, clip = BoxJitter(), Clip(np.zeros((1, 20, 20, 3), np.uint8))
    drawn = np.stack([kind.draw(clip, Draws(0, kind.name, f'0#{i}')) for i in range(400)])
    assert np.abs(drawn).max() <= 1
    # Mean 0 and variance 1/3, within four standard errors.
    assert np.abs(drawn.mean(0)).max() < 4 / np.sqrt(3 * 400)
    np.testing.assert_allclose(drawn.var(0), 1 / 3, atol=4 * np.sqrt(4 / 45 / 400))
    assert np.abs(np.corrcoef(drawn.T) - np.eye(4)).max() < 0.2


def test_the_person_is_cut_out_with_the_box_and_measured_by_its_own():
    init_default_scope('mmpose')
    dataset = SyntheticPoseDataset(1, STEPS, frames_per_video=1, split='test', test_mode=True)
    load, *rest = dataset.pipeline.transforms
    info = dataset.get_data_info(0)
    own = info['bbox'][0]
    box = BoxJitter().changed(own, np.array([1.0, 0.5, -1, 1]), 5)
    found = with_box(rest, load(dataset.get_data_info(0)), box)
    # As if the data set had said so itself.
    stock = dataset.get_data_info(0) | {'bbox': box[None].astype(np.float32)}
    wanted = dataset.pipeline(stock)
    assert (found['inputs'] == wanted['inputs']).all()
    for name in ('input_center', 'input_scale'):
        np.testing.assert_array_equal(
            found['data_samples'].metainfo[name], wanted['data_samples'].metainfo[name]
        )
    # But what scores are shares of is the truth's.
    np.testing.assert_array_equal(found['data_samples'].gt_instances.bboxes[0], own)
    with pytest.raises(ValueError, match='pipeline must be one with GetBBoxCenterScale'):
        with_box([], load(dataset.get_data_info(0)), box)


def test_a_pose_that_stays_has_not_moved_whatever_its_crop():
    first = {'joints': [[5, 5], [20, 5]], 'scores': [1, 1], 'side': 10}
    assert moved(first, first, 0.2) == {'displacement': 0, 'joints_moved': 0}
    other = first | {'joints': [[5, 8], [20, 6]]}
    assert moved(first, other, 0.2) == {'displacement': pytest.approx(0.2), 'joints_moved': 1}


@pytest.mark.slow
def test_boxes_of_a_file_and_their_jitter_through_the_stock_test(tmp_path, capsys):
    config = str(write_config(write_set(tmp_path)))
    words = ['--corruptions', 'box_jitter', '--severities', '1', '5', '--control']
    out, samples = str(tmp_path / 'w'), str(tmp_path / 'samples')
    corrupt.run([config, WEIGHTS, *words, '--work-dir', out, '--save', samples])
    given = json.loads((tmp_path / 'boxes.json').read_text())
    lines = rows(tmp_path / 'w')
    # A sample is a box of the file, not an annotated person.
    assert len(lines) == len(given)
    assert list(lines[0]['cells']) == ['clean', 'box_jitter/1', 'box_jitter/5']
    offsets = []
    for line in lines:
        near, far = (np.array(line['saved'][f'box_jitter/{s}']['box']) for s in (1, 5))
        mean = (near[:2] + near[2:] - far[:2] - far[2:]) / 2
        offsets.append(tuple(np.round(mean, 6)))
        # The picture is the clean one.
        hashes = {cell['sha256'] for cell in line['saved'].values()}
        assert len(hashes) == 1
    assert len(set(offsets)) == len(lines)
    assert card(tmp_path / 'w')['kinds']['box_jitter']['cells']['5']['psnr'] is None
    capsys.readouterr()
    assert verify.main([config, WEIGHTS, out]) == 0
    assert f'{3 * len(lines)} of {3 * len(lines)} saved samples' in capsys.readouterr().out
    # Another box is another crop: the replay has to notice.
    path = tmp_path / 'w' / 'results.jsonl'
    lines[0]['saved']['box_jitter/5']['box'][0] -= 20
    path.write_text(''.join(json.dumps(line) + '\n' for line in lines))
    assert verify.main([config, WEIGHTS, out]) == 1


def test_videos_have_no_boxes(checkpoints, tmp_path):
    words = ['--corruptions', 'box_jitter', '--work-dir', str(tmp_path)]
    with pytest.raises(ValueError, match='kinds that videos have, got .box_jitter'):
        corrupt.run([str(CONFIGS / 'tiny_3d.py'), str(checkpoints['tiny_3d']), *words])
