"""Runs of cues: what the stock pipeline would have seen, and who is refused."""

import base64
import io
import json
import shutil
from html import unescape

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from PIL import Image

from mmrobust.cli import figures, table
from mmrobust.cli.corrupt import main, run
from mmrobust.corruptions import cues
from mmrobust.corruptions.cues import Cue, Draws
from mmrobust.datasets.synthetic import CLASSES
from mmrobust.engine.cue_scenery import other_sceneries
from mmrobust.engine.replayed_cells import Differences, compare_numbers
from mmrobust.functional.interval import wilson
from mmrobust.ledger.finished_cards import card_and_rows
from mmrobust.registry import DATASETS
from mmrobust.victims.action.cells import VideoCells
from mmrobust.visualization.card import write_card
from tests.conftest import CONFIGS, ROOT
from tests.engine.runs import card, derived_config, rows

DEMO = ROOT / 'configs' / 'demo' / 'i3d-tiny_16x1x2_synthetic-rgb.py'
WEIGHTS = ROOT / 'mmrobust' / 'resources' / 'demo_victim.pth'
WORDS = ('--corruptions', 'action_swap', 'SwapFrame', 'background-only')
NAMES = ['action_swap', 'swap_frame', 'background_only']


# More videos than classes: a video's number is not its class.
SET = {'classes': ['bend', 'kick', 'spin'], 'num_videos': 30}
OPTIONS = ('--cfg-options', *(f'test_dataloader.dataset.{k}={v}' for k, v in SET.items()))


def corrupt(checkpoint, out, *words, config=CONFIGS / 'tiny_3d.py'):
    init_default_scope('mmaction')
    run([str(config), str(checkpoint), '--work-dir', str(out), *words])
    return card(out)


@pytest.fixture(scope='module')
def unbroken(checkpoints, tmp_path_factory):
    out = tmp_path_factory.mktemp('cues')
    corrupt(checkpoints['tiny_3d'], out, *WORDS, '--max-samples', '2', *OPTIONS)
    return out


def test_lines_and_report(unbroken):
    lines, report = rows(unbroken), card(unbroken)
    data = Config.fromfile(CONFIGS / 'tiny_3d.py').test_dataloader.dataset | SET
    videos = DATASETS.build(data)
    for line in lines:
        cells, index = line['cells'], line['index']
        other = cues.ActionSwap().scenery(videos.stage(index), Draws(0, 'cue', index))
        assert other >= 3
        assert cells['action_swap']['background'] == other % 3
        assert list(cells) == ['clean', *NAMES]
        assert cells['action_swap']['background'] == cells['swap_frame']['background']
        assert cells['action_swap']['background'] != cells['action_swap']['label']
        assert 'background' not in cells['background_only']
        assert cells['action_swap']['label'] == cells['clean']['label']
    assert list(report['cues']) == NAMES
    swap = report['cues']['action_swap']
    assert swap['score'] == np.mean([line['cells']['action_swap']['correct'] for line in lines])
    assert report['metrics']['action_swap']['acc/top1'] == pytest.approx(swap['score'])
    # No part of a mean.
    assert report['mpc'] is None
    assert report['kinds'] == {}
    page = (unbroken / 'report.html').read_text()
    assert 'contrasted accuracy' in page
    assert 'strips/cue' not in page
    assert (unbroken / 'strips' / 'cue.png').stat().st_size > 5000


def test_a_run_of_corruptions_has_a_table_and_figures(unbroken, tmp_path, capsys):
    report = card(unbroken)
    assert table.main([str(unbroken), '--format', 'json']) == 0
    lines = json.loads(capsys.readouterr().out)['rows']
    swap, error = (
        next(line for line in lines if line['name'] == name)
        for name in ('action_swap', 'action_swap: as the scenery')
    )
    assert swap['score'] == report['cues']['action_swap']['score']
    assert error['score'] == report['cues']['action_swap']['background_error']
    assert {line['part'] for line in lines} == {'clean', 'cue'}
    kinds = ('svg', 'png', 'pdf')
    words = ['--format', *kinds, '--out', str(tmp_path)]
    assert figures.main([str(unbroken), *words]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {f'cues.{kind}' for kind in kinds}


def test_a_card_shows_its_cues(unbroken, tmp_path):
    shutil.copytree(unbroken, tmp_path / 'corruptions')
    found, _ = card_and_rows(tmp_path / 'corruptions')
    write_card(tmp_path, found)
    strip = (unbroken / 'strips' / 'cue.png').read_bytes()
    page = (tmp_path / 'card.html').read_text()
    assert base64.b64encode(strip).decode() in page
    assert 'the first sample, clean and filmed again' in page
    assert 'amplified difference' not in page
    assert 'taken for the scenery&#39;s class' in page
    # Clean and three cues, side by side.
    with Image.open(io.BytesIO(strip)) as picture:
        assert picture.width > 3 * picture.height
    swap = report_share(found['cues']['cues']['action_swap']['score'])
    assert f'on {swap} before other scenery' in found['sentence']
    (tmp_path / 'corruptions' / 'strips' / 'cue.png').unlink()
    write_card(tmp_path, found)
    assert '<img' not in (tmp_path / 'card.html').read_text()


def report_share(value):
    return f'{100 * value:.0f} %'


def test_cells_are_what_the_stock_pipeline_makes_of_the_frames():
    data = Config.fromfile(CONFIGS / 'tiny_3d.py').test_dataloader.dataset
    init_default_scope('mmaction')
    plain, stock = DATASETS.build(data), DATASETS.build(data)
    plain.pipeline = VideoCells(plain.pipeline.transforms, whole=False)
    for index, kind in ((1, cues.ActionSwap()), (4, cues.Context(keep=25))):
        frames = kind.shot(plain.stage(index), Draws(0, Cue.draws, index))
        prepared = plain[index]['mmrobust_layout']
        made = plain.pipeline.finish_whole(prepared, frames)
        # The set's own pipeline, whose video has been exchanged.
        stock._frames[index] = frames, stock._shown(index)[1]
        wanted = stock[index]
        assert torch.equal(made['inputs'], wanted['inputs'])
        assert made['data_samples'].gt_label == wanted['data_samples'].gt_label


def test_other_kinds_batches_and_a_broken_run_change_nothing(unbroken, checkpoints, tmp_path):
    words = ('--corruptions', 'one_frame', 'brightness', *WORDS[1:], '--severities', '1')
    more = ('--max-samples', '2', '--batch-size', '3', *OPTIONS)
    report = corrupt(checkpoints['tiny_3d'], tmp_path / 'more', *words, *more)
    for line, other in zip(rows(tmp_path / 'more'), rows(unbroken), strict=True):
        for name in ('clean', *NAMES):
            one, two = line['cells'][name], other['cells'][name]
            assert one['prediction'] == two['prediction']
            assert one['confidence'] == pytest.approx(two['confidence'], abs=1e-5)
            assert one.get('background') == two.get('background')
    # The mean is that of the one kind with severities.
    assert report['mpc'] == report['kinds']['brightness']['cells']['1']['score']
    page = (tmp_path / 'more' / 'report.html').read_text()
    assert 'What it goes by' in page
    again, few = tmp_path / 'again', ('--max-samples', '2', *OPTIONS)
    again.mkdir()
    lines = (unbroken / 'results.jsonl').read_text().splitlines()
    (again / 'run.json').write_text((unbroken / 'run.json').read_text())
    (again / 'results.jsonl').write_text(lines[0] + '\n' + lines[1][:50])
    resumed = corrupt(checkpoints['tiny_3d'], again, *WORDS, *few, '--resume')
    assert resumed['cues'] == card(unbroken)['cues']
    with pytest.raises(ValueError, match='it differs in: cues'):
        corrupt(checkpoints['tiny_3d'], again, *WORDS[:2], *few, '--resume')


def test_one_class_is_a_hole_with_a_reason(checkpoints, tmp_path, capsys):
    one = derived_config(tmp_path, 'tiny_3d')
    words = ('--cfg-options', 'test_dataloader.dataset.classes=["bend"]', '--max-samples', '1')
    report = corrupt(checkpoints['tiny_3d'], tmp_path / 'o', *WORDS, *words, config=one)
    why = "ValueError: data must be samples of at least two classes, got 'samples of one'"
    assert report['cues']['action_swap']['holes'] == {'samples': 1, 'why': why}
    assert report['contrasted'] is None
    assert f'hole: action_swap is missing for 1 of 1: {why}' in capsys.readouterr().out
    assert why in unescape((tmp_path / 'o' / 'report.html').read_text())


def test_data_that_were_never_rendered_are_refused(checkpoints, tmp_path, capsys):
    from mmrobust.io.video import write_lossless

    noise = np.random.default_rng(0).integers(0, 256, (9, 40, 56, 3), np.uint8)
    write_lossless(tmp_path / 'noise.mkv', noise, 8)
    words = [str(CONFIGS / 'tiny_3d.py'), str(checkpoints['tiny_3d']), *WORDS]
    init_default_scope('mmaction')
    assert main([*words, '--work-dir', str(tmp_path / 'o'), '--input', str(tmp_path)]) == 1
    said = 'one that renders its videos, for action_swap, swap_frame, background_only, got'
    assert said in capsys.readouterr().err
    window = ('--cfg-options', 'test_dataloader.dataset.window=16')
    assert main([*words, '--work-dir', str(tmp_path / 'w'), *window]) == 1
    assert 'window must be None where videos are filmed again, got 16' in capsys.readouterr().err
    # Before anything was run.
    assert not (tmp_path / 'w' / 'results.jsonl').exists()


@pytest.mark.slow
def test_the_demos_victim_goes_by_movement_and_not_by_scenery(tmp_path):
    """Scenery says nothing of the class in these videos, and a single frame little."""
    words = ('--corruptions', 'action_swap', 'background_only', 'one_frame', '--max-samples', '12')
    # One view: enough to tell, and a sixth of the time.
    cfg = Config.fromfile(DEMO)
    cfg.test_dataloader.dataset.pipeline = cfg.val_pipeline
    cfg.dump(tmp_path / 'one_view.py')
    report = corrupt(WEIGHTS, tmp_path / 'o', *words, config=tmp_path / 'one_view.py')
    assert report['clean']['score'] >= 0.9
    assert report['cues']['action_swap']['score'] >= 0.8
    chance = 1 / len(CLASSES)
    for name in ('background_only', 'one_frame'):
        cue = report['cues'][name]
        low, high = wilson(round(cue['score'] * 12), 12)
        assert low <= chance <= high
        assert high < report['cues']['action_swap']['score_low']


def test_sceneries_are_drawn_anew(unbroken):
    """Those of the lines are the run's; a planted one is named."""
    data = Config.fromfile(CONFIGS / 'tiny_3d.py').test_dataloader.dataset | SET
    videos, lines, report = DATASETS.build(data), rows(unbroken), card(unbroken)
    assert other_sceneries(report, lines, videos) == []
    true = lines[1]['cells']['swap_frame']['background']
    lines[1]['cells']['swap_frame']['background'] = 3 - true - lines[1]['cells']['clean']['label']
    lines[0]['cells']['background_only']['background'] = 0
    assert other_sceneries(report, lines, videos) == [
        f'background_only: {lines[0]["name"]}: scenery of class None, reported 0',
        f'swap_frame: {lines[1]["name"]}: scenery of class {true}, '
        f'reported {lines[1]["cells"]["swap_frame"]["background"]}',
    ]
    with pytest.raises(ValueError, match='data set must be that of the run, with more than 1 sam'):
        other_sceneries(report, lines, DATASETS.build(data | {'num_videos': 1}))


def test_numbers_of_cues_are_made_anew(unbroken):
    lines, report = rows(unbroken), card(unbroken)
    found = Differences()
    compare_numbers(found, report, lines)
    assert found == Differences()
    report['contrasted']['score'] = 0.77
    report['cues']['swap_frame']['background_error'] = 0.77
    report['cues']['background_only']['score_high'] = 0.77
    compare_numbers(found, report, lines)
    assert [text.split(' is ')[0] for text in found.differing] == [
        'cues.swap_frame.background_error',
        'cues.background_only.score_high',
        'contrasted.score',
    ]
