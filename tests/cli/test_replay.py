"""Corrupted samples kept as files, and played again by the stock test."""

import hashlib
import json
import shutil

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmrobust.cli import corrupt, verify
from mmrobust.corruptions import Draws
from mmrobust.corruptions.gaussian_noise import GaussianNoise
from mmrobust.corruptions.reversal import Reversal
from mmrobust.datasets.reading import reading_files
from mmrobust.engine.predictions import same_prediction
from mmrobust.io.video import read_video
from mmrobust.registry import DATASETS
from mmrobust.victims.action.cells import VideoCells
from mmrobust.visualization.formatting import size
from tests.conftest import CONFIGS
from tests.engine.runs import card, rows

TINY = CONFIGS / 'tiny_3d.py'
CELLS = ['clean', 'gaussian_noise/2', 'gaussian_noise/2/noise', 'reversal/2']
WORDS = ['--corruptions', 'gaussian_noise', 'reversal', '--severities', '2', '--control']
WORDS += ['--max-samples', '3']


def run(checkpoint, out, *words):
    init_default_scope('mmaction')
    corrupt.run([str(TINY), str(checkpoint), *WORDS, '--work-dir', str(out), *map(str, words)])


@pytest.fixture(scope='module')
def weights(checkpoints):
    return checkpoints['tiny_3d']


@pytest.fixture(scope='module')
def saved(weights, tmp_path_factory):
    """A run of four cells with its samples beside it."""
    folder = tmp_path_factory.mktemp('saved')
    run(weights, folder / 'w', '--save', folder / 'samples')
    return folder


@pytest.fixture
def copied(saved, tmp_path):
    shutil.copytree(saved, tmp_path, dirs_exist_ok=True)
    path = tmp_path / 'w' / 'report.json'
    report = json.loads(path.read_text())
    report['saved']['folder'] = str(tmp_path / 'samples')
    path.write_text(json.dumps(report))
    return tmp_path


@pytest.fixture
def played(copied, weights, capsys):
    """Verify the copy; status, and what was said."""

    def verified(checkpoint=weights):
        capsys.readouterr()
        status = verify.main([str(TINY), str(checkpoint), str(copied / 'w')])
        told = capsys.readouterr()
        return status, told.out + told.err

    return verified


def edited(folder, change):
    """Change the lines of a run's ledger."""
    lines = rows(folder)
    change(lines)
    text = ''.join(json.dumps(line) + '\n' for line in lines)
    (folder / 'results.jsonl').write_text(text)


def test_the_index_says_what_is_there(saved):
    folder = saved / 'samples'
    index = [json.loads(line) for line in (folder / 'index.jsonl').read_text().splitlines()]
    assert [line['cell'] for line in index] == CELLS * 3
    assert [line['severity'] for line in index[:4]] == [0, 2, 2, 2]
    assert [line['control'] for line in index[:4]] == [False, False, True, False]
    lines = rows(saved / 'w')
    for line in index:
        content = (folder / line['file']).read_bytes()
        assert line['sha256'] == hashlib.sha256(content).hexdigest()
        assert line['bytes'] == len(content)
        cell = lines[line['index']]['cells'][line['cell']]
        assert line['prediction']['label'] == cell['prediction']
        assert line['label'] == cell['label']
    report = card(saved / 'w')
    total = sum(line['bytes'] for line in index)
    assert report['saved'] == {'folder': str(folder), 'files': 12, 'bytes': total}
    listed = (folder / 'reversal_2' / 'annotations.txt').read_text().splitlines()
    assert listed == [f'{i:06d}.mkv {lines[i]["cells"]["clean"]["label"]}' for i in range(3)]


def test_the_pixels_are_those_that_the_cell_scored(saved):
    """The file holds the corrupted frames, and the stock pipeline makes the cell's inputs of it."""
    data = Config.fromfile(TINY).test_dataloader.dataset
    dataset = DATASETS.build(data)
    pipeline = VideoCells(dataset.pipeline.transforms, whole=True)
    dataset.pipeline = pipeline
    stock = Config.fromfile(TINY).test_pipeline
    for index in (0, 2):
        prepared = dataset[index]['mmrobust_layout']
        sampled = list(prepared.canvas.indices)
        noisy = GaussianNoise()(prepared.canvas, 2, Draws(0, 'gaussian_noise', prepared.key))
        turned = Reversal()(prepared.whole, 2, Draws(0, 'reversal', prepared.key))
        made = {
            'clean': pipeline.finish(prepared, prepared.canvas.frames),
            'gaussian_noise_2': pipeline.finish(prepared, noisy),
            'reversal_2': pipeline.finish_whole(prepared, turned),
        }
        for cell, packed in made.items():
            path = saved / 'samples' / cell / f'{index:06d}.mkv'
            one = {'filename': str(path), 'label': 0, 'start_index': 0, 'modality': 'RGB'}
            steps = DATASETS.build(
                {'type': 'VideoDataset', 'ann_file': '', 'pipeline': reading_files(stock)}
                | {'lazy_init': True, 'test_mode': True}
            ).pipeline
            assert torch.equal(steps(one)['inputs'], packed['inputs'])
        # Of kinds of the canvas the file is of its size, and all other frames are clean.
        frames, _ = read_video(saved / 'samples' / 'gaussian_noise_2' / f'{index:06d}.mkv')
        clean, rate = read_video(saved / 'samples' / 'clean' / f'{index:06d}.mkv')
        assert np.array_equal(frames[sampled], noisy)
        rest = [t for t in range(len(frames)) if t not in sampled]
        assert rest
        assert np.array_equal(frames[rest], clean[rest])
        assert rate == prepared.canvas.rate
        # Those of order are the file's own frames, of its size and in another number.
        found, _ = read_video(saved / 'samples' / 'reversal_2' / f'{index:06d}.mkv')
        assert np.array_equal(found, turned)
        assert len(found) < len(clean)


def test_the_stock_test_says_what_the_report_says(saved, weights, capsys):
    assert verify.main([str(TINY), str(weights), str(saved / 'w')]) == 0
    printed = capsys.readouterr().out
    assert '12 of 12 saved samples are predicted as in the report' in printed
    # Top 1, top 5 and the mean over classes of four cells.
    assert '12 scores of the metrics compared' in printed


def test_a_planted_class_is_reported_by_sample(copied, played):
    def change(lines):
        cell = lines[1]['cells']['reversal/2']
        cell['prediction'] = (cell['prediction'] + 1) % 10

    edited(copied / 'w', change)
    status, told = played()
    assert status == 1
    assert '11 of 12 saved samples' in told
    assert f'reversal/2: {rows(copied / "w")[1]["name"]}: class' in told


def test_planted_right_and_scores_are_reported(copied, played):
    def change(lines):
        cell = lines[2]['cells']['clean']
        cell['correct'] = not cell['correct']

    edited(copied / 'w', change)
    path = copied / 'w' / 'report.json'
    report = json.loads(path.read_text())
    report['metrics']['gaussian_noise/2']['acc/top1'] += 0.01
    report['mpc'] += 0.01
    path.write_text(json.dumps(report))
    status, told = played()
    assert status == 1
    for what in ('clean: synthetic/test/00002: right is', 'acc/top1', 'mpc is', 'clean.score is'):
        assert what in told


def test_samples_in_each_others_place_are_found_out(copied, played):
    """Whole files with the right hashes, but not those that were scored."""
    names = [f'gaussian_noise_2/00000{i}.mkv' for i in (0, 1)]
    contents = [(copied / 'samples' / name).read_bytes() for name in names]
    for name, content in zip(names, reversed(contents), strict=True):
        (copied / 'samples' / name).write_bytes(content)

    def change(lines):
        cells = [line['saved']['gaussian_noise/2'] for line in lines[:2]]
        cells[0]['sha256'], cells[1]['sha256'] = cells[1]['sha256'], cells[0]['sha256']

    edited(copied / 'w', change)
    status, told = played()
    assert status == 1
    assert '10 of 12 saved samples' in told


def test_files_and_checkpoints_that_are_others_are_refused_by_name(
    copied, played, weights, tmp_path
):
    path = copied / 'samples' / 'clean' / '000001.mkv'
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    status, told = played()
    assert status == 1
    assert 'clean/000001.mkv) with another sha256' in told
    path.unlink()
    other = path.with_name('000002.mkv')
    other.write_bytes(content)
    status, told = played()
    assert status == 1
    assert f'1 ({path}) missing and 1 ({other}) with another sha256' in told
    path.write_bytes(content)
    other = torch.load(weights)
    other['meta']['changed'] = True
    torch.save(other, tmp_path / 'other.pth')
    status, told = played(tmp_path / 'other.pth')
    assert status == 1
    assert f'CHECKPOINT {tmp_path / "other.pth"} must be that of the run' in told


def test_a_run_without_files_is_not_played(copied, played):
    path = copied / 'w' / 'report.json'
    path.write_text(json.dumps(json.loads(path.read_text()) | {'saved': None}))
    status, told = played()
    assert status == 1
    assert '--save must be the folder of the saved samples, got None' in told


def test_resumed_files_are_made_again(copied, weights, capsys):
    folder = copied / 'samples'
    gone = folder / 'reversal_2' / '000001.mkv'
    whole = gone.read_bytes()
    gone.unlink()
    # What a kill leaves of a file that was being written.
    left = folder / 'clean' / f'.000002.{"0" * 32}.mkv'
    left.write_bytes(b'half')
    run(weights, copied / 'w', '--save', folder, '--resume')
    assert gone.read_bytes() == whole
    assert not left.exists()
    told = capsys.readouterr()
    assert 'saved: 12 files' in told.out
    # Where progress is told, which a card lets through.
    assert 'are free' in told.err


def test_every_number_of_the_report_is_made_anew(copied, played):
    """One change at each place, and all of them are named."""
    path = copied / 'w' / 'report.json'
    report = json.loads(path.read_text())
    cell = report['kinds']['reversal']['cells']['2']
    for one, key in (
        *((report, key) for key in ('mpc_low', 'rpc_high', 'units', 'evaluated', 'failed')),
        *((cell, key) for key in ('kept', 'score_low', 'n')),
        (report['kinds']['gaussian_noise'], 'control'),
        (report['kinds']['gaussian_noise']['cells']['2'], 'psnr'),
    ):
        one[key] = (one[key] or 0) + 1e-6
    report |= {'worst': 'clean', 'holes': {'reversal/2': {'samples': 1, 'why': 'none'}}}
    path.write_text(json.dumps(report))
    status, told = played()
    assert status == 1
    assert '12 of 12 saved samples' in told
    for place in (
        *('mpc_low', 'rpc_high', 'units', 'evaluated', 'failed', 'worst', 'holes.reversal/2'),
        *(f'kinds.reversal.cells.2.{key}' for key in ('kept', 'score_low', 'n')),
        *('kinds.gaussian_noise.control', 'kinds.gaussian_noise.cells.2.psnr'),
    ):
        assert f'{place} is ' in told


def test_a_line_that_is_gone_is_noticed(copied, played):
    def change(lines):
        # A ledger may hold more than the report is about.
        lines.append(lines[2] | {'index': 3})
        del lines[1]

    edited(copied / 'w', change)
    status, told = played()
    assert status == 1
    assert 'n is 3, of its lines 2' in told
    assert 'evaluated is 3, of its lines 2' in told


def test_kinds_that_the_report_leaves_out_are_noticed(copied, played):
    path = copied / 'w' / 'report.json'
    report = json.loads(path.read_text())
    del report['kinds']['reversal']
    path.write_text(json.dumps(report))
    status, told = played()
    assert status == 1
    assert 'cells of the report alone or of the line alone: reversal/2' in told


def test_resuming_without_the_folder_is_refused(copied, weights):
    before = (copied / 'w' / 'report.json').read_bytes()
    rule = r'--save must be given again: 3 lines of .* tell of saved samples, got None'
    with pytest.raises(ValueError, match=rule):
        run(weights, copied / 'w', '--resume')
    assert (copied / 'w' / 'report.json').read_bytes() == before


@pytest.mark.parametrize('inside', ['', 'w'])
def test_samples_and_results_have_two_folders(weights, tmp_path, inside):
    rule = '--save must be another folder than --work-dir, and not one around it'
    with pytest.raises(ValueError, match=rule):
        run(weights, tmp_path / 'c4' / inside, '--save', tmp_path / 'c4')


def test_folders_with_other_files_are_refused(copied, weights, tmp_path):
    other = tmp_path / 'mine'
    other.mkdir()
    (other / 'thesis.txt').write_text('all of it')
    with pytest.raises(ValueError, match=r"--save must be an empty folder.*\['thesis.txt'\]"):
        run(weights, tmp_path / 'v', '--save', other)
    with pytest.raises(ValueError, match='--save must be an empty folder.*of another run'):
        run(weights, tmp_path / 'v', '--save', copied / 'samples', '--seed', '1')
    assert (other / 'thesis.txt').read_text() == 'all of it'


def test_room_is_asked_for(monkeypatch, weights, tmp_path):
    from mmrobust.engine import saved_cells

    few = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(saved_cells.shutil, 'disk_usage', lambda folder: few)
    with pytest.raises(OSError, match='must have room for about .* more, got 1.0 kB'):
        run(weights, tmp_path / 'v', '--save', tmp_path / 'samples')


def test_sizes_and_sameness():
    assert [size(n) for n in (0, 999, 1000, 2_600_000)] == ['0 B', '999 B', '1.0 kB', '2.6 MB']
    one = {'label': 1, 'scores': [0.5, 1e-6]}
    assert same_prediction(one, {'label': 1, 'scores': [0.5004, 1e-6]})
    assert not same_prediction(one, {'label': 1, 'scores': [0.502, 1e-6]})
    # Of two that are sure the runner-up tells which is which.
    assert not same_prediction(one, {'label': 1, 'scores': [0.5, 1.1e-6]})
    assert not same_prediction(one, {'label': 1, 'scores': [0.5]})
    assert not same_prediction(one, {'label': 2, 'scores': [0.5, 1e-6]})
    pose = {'joints': [[0, 0], [10, 0]], 'scores': [1, 1], 'side': 100}
    assert same_prediction(pose, pose | {'joints': [[0, 0.9], [10, 0]]})
    assert not same_prediction(pose, pose | {'joints': [[0, 0], [10, 1.1]]})
    assert not same_prediction(pose, pose | {'scores': [1, 0.9]})
    assert not same_prediction(pose, one)
