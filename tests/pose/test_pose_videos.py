"""Poses of consecutive frames, from the command on."""

import numpy as np
import pytest
from mmengine.registry import init_default_scope

from mmrobust.cli import corrupt
from mmrobust.datasets.synthetic import render
from mmrobust.io.video import write_lossless
from tests.conftest import ROOT
from tests.engine.runs import card, rows

POSE = (
    str(ROOT / 'configs' / 'demo' / 'pose' / 'td-hm_tiny-r18_synthetic-64x80.py'),
    str(ROOT / 'mmrobust' / 'resources' / 'demo_pose_victim.pth'),
)
WORDS = ('--corruptions', 'gaussian_noise', '--severities', '5', '--max-samples', '12')


def run(out, *words):
    init_default_scope('mmpose')
    corrupt.run([*POSE, *WORDS, '--work-dir', str(out), *map(str, words)])
    return card(out)


@pytest.mark.slow
def test_jitter_of_the_figures_and_of_a_file_without_annotation(tmp_path, capsys):
    options = ('num_videos=1', 'frames_per_video=32')
    report = run(
        tmp_path / 'a', '--cfg-options', *(f'test_dataloader.dataset.{one}' for one in options)
    )
    found = report['jitter']
    assert (found['reference'], found['tracks'], found['frames']) == ('truth', 1, 12)
    # The renderer's joints move smoothly, the model's tremble, and more so under noise.
    noisy = found['kinds']['gaussian_noise']['cells']['5']
    assert found['clean']['reference_jitter'] < 0.01 < found['clean']['jitter'] < noisy['jitter']
    assert report['units'] == 1
    # From the lines by hand.
    lines = rows(tmp_path / 'a')
    poses = np.array([line['cells']['gaussian_noise/5']['pose'] for line in lines])
    sides = np.array([line['place']['side'] for line in lines])
    third = np.linalg.norm(poses[3:] - 3 * poses[2:-1] + 3 * poses[1:-2] - poses[:-3], axis=-1)
    unit = (sides[3:] + sides[2:-1] + sides[1:-2] + sides[:-3]) / 4
    seen = np.array([line['place']['visible'] for line in lines])
    whole = seen[3:] & seen[2:-1] & seen[1:-2] & seen[:-3]
    assert noisy['jitter'] == pytest.approx((third / unit[:, None])[whole].mean())
    assert 'jitter, truth' in capsys.readouterr().out
    assert 'jitter' in (tmp_path / 'a' / 'report.html').read_text()

    frames = render(0, seed=0, split='test').frames
    write_lossless(tmp_path / 'in' / 'walk.mkv', frames, 16)
    report = run(tmp_path / 'b', '--input', tmp_path / 'in')
    found = report['jitter']
    assert (found['reference'], found['tracks'], found['frames']) == ('clean', 1, 12)
    assert found['clean']['acceleration_error'] == 0
    assert found['kinds']['gaussian_noise']['cells']['5']['acceleration_error'] > 0
    assert 'jitter, truth' not in capsys.readouterr().out
