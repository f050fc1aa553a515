"""Corruption runs of a tiny recogniser and of the demo's pose estimator, from the command on."""

import json
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

from mmrobust.cli.corrupt import build_config, main, parser, run
from mmrobust.corruptions import Clip, Corruption, Draws
from mmrobust.corruptions.gaussian_noise import GaussianNoise
from mmrobust.datasets.wrappers import leaves
from mmrobust.registry import CORRUPTIONS, DATASETS
from mmrobust.victims.action.cells import VideoCells
from tests.conftest import CONFIGS, ROOT
from tests.engine.runs import attack_run, card, derived_config, rows

POSE = str(ROOT / 'configs' / 'demo' / 'pose' / 'td-hm_tiny-r18_synthetic-64x80.py')
POSE_WEIGHTS = str(ROOT / 'mmrobust' / 'resources' / 'demo_pose_victim.pth')
FEW = ('--corruptions', 'gaussian_noise', '--severities', '1', '3')


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Reordered(Corruption):
    """Planted: 1 leaves the order as it is, 2 turns it round, 3 keeps the first half."""

    group: ClassVar[str] = 'order'
    level: ClassVar = 'order'
    constants: ClassVar = (1, 2, 3)

    def apply(self, clip, drawing, severity):
        return {1: clip.frames, 2: clip.frames[::-1], 3: clip.frames[: len(clip.frames) // 2]}[
            severity
        ]


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Failing(Corruption):
    """Planted: severity 2 fails."""

    group: ClassVar[str] = 'noise'
    constants: ClassVar = (1, 2, 3)

    def apply(self, clip, drawing, severity):
        if severity == 2:
            raise RuntimeError('the encoder libwish is not installed')
        return clip.frames // severity


def corrupt(checkpoint, out, *words, config=CONFIGS / 'tiny_3d.py'):
    # Two runs of one config within a second share mmengine's scope, whatever came between.
    init_default_scope('mmpose' if config == POSE else 'mmaction')
    run([str(config), str(checkpoint), '--work-dir', str(out), *words])
    return card(out)


def told(lines):
    """What must not depend on interruptions."""
    keys = ('index', 'name', 'unit', 'cells', 'evaluator', 'error')
    return [{key: line[key] for key in keys} for line in lines]


@pytest.fixture(scope='module')
def unbroken(checkpoints, tmp_path_factory):
    out = tmp_path_factory.mktemp('corrupted')
    corrupt(checkpoints['tiny_3d'], out, *FEW)
    return out


def test_report_and_lines(unbroken, capsys):
    report, lines = card(unbroken), rows(unbroken)
    assert [line['index'] for line in lines] == [0, 1, 2, 3, 4]
    cells = ['clean', 'gaussian_noise/1', 'gaussian_noise/3']
    assert all(list(line['cells']) == cells for line in lines)
    means = {cell: np.mean([line['cells'][cell]['correct'] for line in lines]) for cell in cells}
    assert report['clean']['score'] == pytest.approx(means['clean'])
    kind = report['kinds']['gaussian_noise']
    assert kind['cells']['3']['score'] == pytest.approx(means['gaussian_noise/3'])
    assert report['mpc'] == pytest.approx((means[cells[1]] + means[cells[2]]) / 2)
    # The config's own evaluator says the same.
    for cell in cells:
        assert report['metrics'][cell]['acc/top1'] == pytest.approx(means[cell])
    assert kind['cells']['1']['psnr'] > kind['cells']['3']['psnr'] > 5
    assert (unbroken / 'strips' / 'gaussian_noise.png').stat().st_size > 500
    page = (unbroken / 'report.html').read_text()
    assert 'gaussian_noise' in page
    assert 'mPC' not in page.replace('no mPC', '')


def test_clean_cell_is_that_of_an_attack_run(unbroken, checkpoints, tmp_path):
    attack_run(checkpoints['tiny_3d'], tmp_path, '--cfg-options', 'attack.steps=1')
    for line, other in zip(rows(unbroken), rows(tmp_path), strict=True):
        assert line['cells']['clean']['prediction'] == other['clean_prediction']
        assert line['cells']['clean']['confidence'] == other['clean_confidence']


def test_cells_are_what_the_stock_test_sees_with_the_transform(unbroken, checkpoints, tmp_path):
    cfg = Config.fromfile(CONFIGS / 'tiny_3d.py')
    step = {'type': 'mmrobust.Corrupt', 'corruption': {'type': 'GaussianNoise'}, 'severity': 3}
    cfg.test_dataloader.dataset.pipeline.insert(3, step)
    cfg.load_from, cfg.work_dir = str(checkpoints['tiny_3d']), str(tmp_path)
    dump = tmp_path / 'dump.pkl'
    cfg.test_evaluator = [
        {'type': 'AccMetric'},
        {'type': 'DumpResults', 'out_file_path': str(dump)},
    ]
    metrics = Runner.from_cfg(cfg).test()
    assert metrics['acc/top1'] == card(unbroken)['metrics']['gaussian_noise/3']['acc/top1']
    from mmengine.fileio import load

    for line, result in zip(rows(unbroken), load(dump), strict=True):
        cell = line['cells']['gaussian_noise/3']
        assert int(result['pred_label']) == cell['prediction']
        assert float(result['pred_score'][line['cells']['clean']['label']]) == pytest.approx(
            cell['confidence'], abs=1e-6
        )


def test_pixels_of_loop_and_transform_are_equal():
    data = Config.fromfile(CONFIGS / 'tiny_3d.py').test_dataloader.dataset
    plain = DATASETS.build(data)
    step = {'type': 'mmrobust.Corrupt', 'corruption': {'type': 'GaussianNoise'}, 'severity': 2}
    stock = DATASETS.build(data | {'pipeline': [*data.pipeline[:3], step, *data.pipeline[3:]]})
    plain.pipeline = VideoCells(plain.pipeline.transforms, whole=False)
    kind = GaussianNoise()
    for index in (0, 3):
        prepared = plain[index]['mmrobust_layout']
        frames = kind(prepared.canvas, 2, Draws(0, 'gaussian_noise', prepared.key))
        made = plain.pipeline.finish(prepared, frames)
        assert torch.equal(made['inputs'], stock[index]['inputs'])
        clean = plain.pipeline.finish(prepared, prepared.canvas.frames)
        assert not torch.equal(made['inputs'], clean['inputs'])


def test_resumed_run_is_the_unbroken_one(unbroken, checkpoints, tmp_path):
    lines = (unbroken / 'results.jsonl').read_text().splitlines()
    (tmp_path / 'run.json').write_text((unbroken / 'run.json').read_text())
    (tmp_path / 'results.jsonl').write_text('\n'.join(lines[:2]) + '\n' + lines[2][:40])
    report = corrupt(checkpoints['tiny_3d'], tmp_path, *FEW, '--resume')
    assert told(rows(tmp_path)) == told(rows(unbroken))
    whole = card(unbroken)
    for name in ('wall_time', 'work_dir'):
        report.pop(name)
        whole.pop(name)
    assert report == whole


@pytest.mark.parametrize('words', [('--severities', '1', '5'), ('--seed', '1')])
def test_another_run_is_not_resumed(unbroken, checkpoints, tmp_path, words):
    for name in ('run.json', 'results.jsonl'):
        (tmp_path / name).write_text((unbroken / name).read_text())
    with pytest.raises(ValueError, match='belong to another run; it differs in: (severities|seed)'):
        corrupt(checkpoints['tiny_3d'], tmp_path, *FEW[:2], *words, '--resume')


def test_batches_workers_and_other_kinds_change_nothing(unbroken, checkpoints, tmp_path):
    words = ['--batch-size', '3', '--cfg-options', 'test_dataloader.num_workers=1']
    more = ['--corruptions', 'Reordered', 'gaussian_noise', '--severities', '3', '1']
    corrupt(checkpoints['tiny_3d'], tmp_path, *more, *words)
    for line, other in zip(rows(tmp_path), rows(unbroken), strict=True):
        for cell, found in other['cells'].items():
            again = line['cells'][cell]
            assert again['prediction'] == found['prediction']
            assert again['psnr'] == found['psnr']
            assert again.get('confidence') == pytest.approx(found.get('confidence'), abs=1e-5)


def test_orders_are_done_to_the_whole_video_before_sampling(checkpoints, tmp_path):
    words = ('--corruptions', 'Reordered', '--severities', '1', '2', '3', '--max-samples', '2')
    corrupt(checkpoints['tiny_3d'], tmp_path, *words)
    for line in rows(tmp_path):
        assert line['cells']['reordered/1']['confidence'] == line['cells']['clean']['confidence']
        assert line['cells']['reordered/2']['confidence'] != line['cells']['clean']['confidence']
    data = Config.fromfile(CONFIGS / 'tiny_3d.py').test_dataloader.dataset
    (leaf,) = leaves(DATASETS.build(data))
    leaf.pipeline = VideoCells(leaf.pipeline.transforms, whole=True)
    prepared = leaf[1]['mmrobust_layout']
    clean = leaf.pipeline.finish(prepared, prepared.canvas.frames)['inputs']
    frames = prepared.whole.frames
    assert torch.equal(leaf.pipeline.finish_whole(prepared, frames)['inputs'], clean)
    # Views are sampled from what is left: of half of the frames none of the second half.
    half = leaf.pipeline.finish_whole(prepared, frames[: len(frames) // 2])['inputs']
    painted = frames.copy()
    painted[len(frames) // 2 :] = 0
    assert torch.equal(
        half, leaf.pipeline.finish_whole(prepared, painted[: len(frames) // 2])['inputs']
    )
    assert half.shape == clean.shape


def test_a_hole_is_named_and_stops_the_mean(checkpoints, tmp_path, capsys):
    words = ('--corruptions', 'failing', 'gaussian_noise', '--severities', '1', '2', '3')
    report = corrupt(checkpoints['tiny_3d'], tmp_path, *words, '--max-samples', '2')
    why = 'RuntimeError: the encoder libwish is not installed'
    assert report['holes'] == {'failing/2': {'samples': 2, 'why': why}}
    assert report['mpc'] is None
    assert report['kinds']['failing']['cells']['3']['score'] is not None
    assert f'hole: failing/2 is missing for 2 of 2: {why}' in capsys.readouterr().out
    assert why in (tmp_path / 'report.html').read_text()


def test_poses_in_pictures(tmp_path):
    report = corrupt(POSE_WEIGHTS, tmp_path, *FEW, '--max-samples', '3', config=POSE)
    lines = rows(tmp_path)
    assert report['clean']['score'] == pytest.approx(
        np.mean([line['cells']['clean']['pck'] for line in lines])
    )
    assert all(0 <= line['cells']['gaussian_noise/3']['pck'] <= 1 for line in lines)
    assert 'joints' not in lines[0]['cells']['clean']
    clean, worse = (report['metrics'][cell] for cell in ('clean', 'gaussian_noise/3'))
    assert clean.keys() == worse.keys()
    with pytest.raises(ValueError, match='videos for reordered'):
        corrupt(
            POSE_WEIGHTS,
            tmp_path / 'b',
            '--corruptions',
            'Reordered',
            '--severities',
            '1',
            config=POSE,
        )


def test_raw_videos_have_no_score_but_what_is_kept(checkpoints, tmp_path, capsys):
    from mmrobust.io.video import write_lossless

    rng = np.random.default_rng(0)
    for number in range(2):
        frames = rng.integers(0, 256, (9, 40, 56, 3), np.uint8)
        write_lossless(tmp_path / f'{number}.mkv', frames, 8)
    out = tmp_path / 'out'
    report = corrupt(checkpoints['tiny_3d'], out, *FEW, '--input', str(tmp_path))
    assert report['clean']['score'] is None
    assert report['mpc'] is None
    assert 0 <= report['consistency'] <= 1
    kept = [line['cells']['gaussian_noise/1'] for line in rows(out)]
    clean = [line['cells']['clean'] for line in rows(out)]
    share = np.mean([a['prediction'] == b['prediction'] for a, b in zip(kept, clean, strict=True)])
    assert report['kinds']['gaussian_noise']['cells']['1']['kept'] == share
    assert 'of the predictions stay as they were' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('words', 'said'),
    [
        (('--corruptions', 'fogg_noise'), "unknown corruption 'fogg_noise': did you mean"),
        (('--corruptions', 'gaussian_noise', 'GaussianNoise'), 'each kind once'),
        (('--severities', '0', '1'), '--severities must be whole numbers from 1 to 5'),
        (('--severities', '6'), '--severities must be whole numbers from 1 to 5'),
        (('--severities', '1', '1'), 'each once'),
        (('--corruptions', 'absent.py'), 'absent.py'),
    ],
)
def test_refused_words(words, said, checkpoints, tmp_path, capsys):
    given = [str(CONFIGS / 'tiny_3d.py'), str(checkpoints['tiny_3d']), '--work-dir', str(tmp_path)]
    more = () if '--corruptions' in words else ('--corruptions', 'gaussian_noise')
    assert main([*given, *words, *more]) != 0
    assert said in capsys.readouterr().err


def test_kinds_from_a_file_with_options(tmp_path, checkpoints):
    file = tmp_path / 'mine.py'
    file.write_text("corruptions = [dict(type='GaussianNoise')]\n")
    words = [str(CONFIGS / 'tiny_3d.py'), str(checkpoints['tiny_3d']), '--corruptions', str(file)]
    cfg = build_config(parser().read(words))
    assert [dict(kind)['type'] for kind in cfg.test_cfg.corruptions] == ['GaussianNoise']
    file.write_text('corruptions = 3\n')
    with pytest.raises(ValueError, match='a file that defines `corruptions'):
        build_config(parser().read(words))


def test_metrics_without_annotations_stay_out(unbroken, checkpoints, tmp_path):
    path = derived_config(tmp_path, 'tiny_3d', test_evaluator=[{'type': 'AccMetric'}])
    report = corrupt(
        checkpoints['tiny_3d'], tmp_path / 'o', *FEW, '--max-samples', '1', config=path
    )
    assert json.dumps(report, allow_nan=False)
    assert report['mpc_low'] is None


def test_flat_clip_of_one_frame_can_be_asked_for():
    clip = Clip(np.zeros((1, 32, 32, 3), np.uint8))
    assert GaussianNoise()(clip, 1, Draws(0, 'gaussian_noise', 'name')).shape == (1, 32, 32, 3)


def test_kinds_that_leave_the_joints_behind_are_refused_for_poses(tmp_path):
    with pytest.raises(ValueError, match='leave annotated joints where they are, got .translation'):
        corrupt(POSE_WEIGHTS, tmp_path, '--corruptions', 'translation', config=POSE)


def test_what_cannot_be_made_is_said_before_anything_is_run(checkpoints, tmp_path, capsys):
    from mmrobust.engine.corruption_configs import cannot_be_made

    @dataclass(frozen=True)
    class Absent(Failing):
        def apply(self, clip, drawing, severity):
            raise ModuleNotFoundError('pip install something')

    assert cannot_be_made(GaussianNoise()) is None
    assert cannot_be_made(Failing()) is None
    assert cannot_be_made(Absent()) == 'ModuleNotFoundError: pip install something'


def test_bit_rate_of_a_file_reaches_the_kinds_of_streams(tmp_path):
    from mmrobust.datasets.clips import bit_rate
    from mmrobust.io.video import write_lossless

    rng = np.random.default_rng(0)
    path = tmp_path / 'noise.mkv'
    write_lossless(path, rng.integers(0, 256, (25, 32, 32, 3), np.uint8), 25)
    bits = 8 * path.stat().st_size
    assert bit_rate({'filename': str(path)}) == pytest.approx(bits, rel=0.05)
    assert bit_rate({'filename': str(tmp_path / 'none.mkv')}) is None
    assert bit_rate({'frame_dir': 'x'}) is None


def test_control_is_noise_of_the_same_size_and_no_part_of_the_mean(checkpoints, tmp_path, capsys):
    words = (
        '--corruptions',
        'brightness',
        'Reordered',
        '--severities',
        '1',
        '3',
        '--max-samples',
        '2',
    )
    plain = corrupt(checkpoints['tiny_3d'], tmp_path / 'plain', *words)
    report = corrupt(checkpoints['tiny_3d'], tmp_path / 'control', *words, '--control')
    for line in rows(tmp_path / 'control'):
        cells = line['cells']
        assert cells['brightness/3/noise']['psnr'] == pytest.approx(
            cells['brightness/3']['psnr'], abs=0.3
        )
        assert 'reordered/1/noise' not in cells
    assert report['kinds']['brightness']['control'] is not None
    assert report['kinds']['reordered']['control'] is None
    assert report['mpc'] == plain['mpc']
    assert plain['kinds']['brightness']['control'] is None
    assert 'noise alike' in capsys.readouterr().out
    with pytest.raises(ValueError, match='belong to another run'):
        corrupt(checkpoints['tiny_3d'], tmp_path / 'control', *words, '--resume')


@pytest.mark.slow
def test_a_walk_turned_round_is_the_walk_the_other_way(tmp_path):
    """Exact on the embedded videos; no other class knows a direction."""
    from mmrobust.datasets.synthetic import CLASSES

    file = tmp_path / 'mine.py'
    file.write_text("corruptions = [dict(type='Reversal', sampled=False)]\n")
    demo = ROOT / 'configs' / 'demo' / 'i3d-tiny_16x1x2_synthetic-rgb.py'
    weights = ROOT / 'mmrobust' / 'resources' / 'demo_victim.pth'
    words = ('--corruptions', str(file), '--severities', '1', '--max-samples', '10')
    corrupt(weights, tmp_path / 'out', *words, config=demo)
    other = {'walk_left': 'walk_right', 'walk_right': 'walk_left'}
    for line in rows(tmp_path / 'out'):
        cells = line['cells']
        label = CLASSES[cells['clean']['label']]
        assert CLASSES[cells['clean']['prediction']] == label
        assert CLASSES[cells['reversal/1']['prediction']] == other.get(label, label)


def test_numbers_go_to_the_visualizers_that_the_config_names(checkpoints, tmp_path):
    backend = {'type': 'LocalVisBackend'}
    visualizer = {'type': 'Visualizer', 'vis_backends': [backend], 'name': 'corruptions'}
    path = derived_config(tmp_path, 'tiny_3d', visualizer=visualizer)
    report = corrupt(
        checkpoints['tiny_3d'], tmp_path / 'out', *FEW, '--max-samples', '1', config=path
    )
    (written,) = (tmp_path / 'out').rglob('scalars.json')
    found = json.loads(written.read_text().splitlines()[-1])
    for cell, metrics in report['metrics'].items():
        for name, value in metrics.items():
            assert found[f'{cell}/{name}'] == pytest.approx(value)


def test_a_picture_too_small_is_a_failed_sample_and_no_hole(tmp_path):
    import cv2

    rng = np.random.default_rng(0)
    for name, size in (('good', (90, 70)), ('speck', (3, 2))):
        cv2.imwrite(str(tmp_path / f'{name}.png'), rng.integers(0, 256, (*size, 3), np.uint8))
    words = ('--corruptions', 'glass_blur', '--severities', '3', '--input', str(tmp_path))
    report = corrupt(POSE_WEIGHTS, tmp_path / 'out', *words, config=POSE)
    assert report['holes'] == {}
    (failure,) = report['failures']
    assert failure['name'] == 'speck.png'
    assert 'at least 10 x 10 pixels' in failure['error']
    assert report['consistency'] is not None
