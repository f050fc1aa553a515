"""tools/transfer.py end to end on two tiny recognisers, and the lines of its errors."""

import csv
import json
import shutil

import pytest
import torch

from mmrobust.cli import verify
from mmrobust.cli.stock import Stock
from mmrobust.cli.transfer import main
from mmrobust.datasets.transforms.synthetic_decode import SyntheticDecode
from mmrobust.registry import FLOWS
from tests.engine.runs import attack_run, outcome, rows
from tests.flow.recognizer_toys import Pointwise, Rounded, build, config_3d
from tests.transfer.specs import (
    PREDICTED,
    chosen,
    fails,
    make_spec,
    sibling,
    small_config,
    transfer_run,
    write_spec,
)

pytestmark = pytest.mark.slow

SAMPLES = ('--max-samples', '3')


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('transfer')


@pytest.fixture(scope='module')
def config(folder):
    return small_config(folder)


@pytest.fixture(scope='module')
def weights(checkpoints, folder):
    return {'own': checkpoints['tiny_3d'], 'near': sibling(folder)}


@pytest.fixture(scope='module')
def source_spec(config, weights, folder):
    return write_spec(folder / 'spec_source.py', make_spec(config, weights))


@pytest.fixture(scope='module')
def finished(source_spec, folder):
    """Every clip crafted once and shown to both."""
    transfer_run(source_spec, folder / 'done', *SAMPLES)
    return folder / 'done'


def saved(work_dir):
    return json.loads((work_dir / 'transfer.json').read_text())


def attacked_alone(config, checkpoint, work_dir, *arguments, attack='IterativeSaliencyRG'):
    """The single run that a cell at eps 8 must equal."""
    options = ('--cfg-options', 'attack.threat.eps=8', 'attack.goal.reference=prediction')
    # All steps, as what is crafted for others has them.
    options += ('attack.steps=2', 'attack.early_stop=False') if attack == 'PGD' else ()
    return attack_run(
        checkpoint,
        work_dir,
        *(*SAMPLES, '--seed', '5', *arguments, '--attack', attack, *options),
        config=str(config),
    )


@pytest.fixture(scope='module')
def alone(config, weights, folder):
    """tools/attack.py on one of them, with its videos saved."""
    adversarial = ('--save-adv', str(folder / 'videos'))
    return attacked_alone(config, weights['own'], folder / 'alone', *adversarial), folder / 'alone'


def compare(lines, expected):
    """The ledger's lines of a job are those of a single run, but for their numbers."""
    assert len(lines) == len(expected) == 3
    for line, row in zip(lines, expected, strict=True):
        assert outcome(line) | {'index': line['sample']} == outcome(row) | {
            'index': row.get('sample', row['index'])
        }
        assert (line['l2'], line['queries']) == (row['l2'], row['queries'])


# --- numbers ------------------------------------------------------------------------------


def test_the_matrix_follows_from_the_ledger(finished):
    card, lines = saved(finished), rows(finished)
    assert len(lines) == 3 * 8
    assert [line['index'] for line in lines] == list(range(24))
    assert len(card['cells']) == 16
    for cell in card['cells']:
        mine = chosen(lines, **{key: cell[key] for key in ('attack', 'eps', 'source')})
        shown = [line['targets'][cell['target']] for line in mine]
        # Goals refer to predictions here: right is who agrees with the source on clean videos.
        agreeing = [
            (line, one)
            for line, one in zip(mine, shown, strict=True)
            if line['clean_prediction'] == one['clean_prediction']
        ]
        fooled = [
            line
            for line, one in agreeing
            if one['adversarial_prediction'] != line['clean_prediction']
        ]
        assert (cell['n'], cell['both_right'], cell['successes']) == (3, len(agreeing), len(fooled))
        assert cell['success_rate'] == len(fooled) / len(agreeing)
        labels = [line['label'] for line in mine]
        hits = sum(o['adversarial_prediction'] == y for o, y in zip(shown, labels, strict=True))
        assert cell['adversarial_accuracy'] == hits / 3
        frames = [line['frames'] for line in fooled]
        assert cell['frames'] == (sum(frames) / len(frames) if frames else None)
    rates = {cell['success_rate'] for cell in card['cells']}
    assert len(rates) > 1
    assert (card['n'], card['evaluated'], card['failed']) == (3, 3, 0)


@pytest.mark.parametrize('attack', ['saliency', 'pgd'])
def test_the_diagonal_is_the_report_of_attack_py(
    finished, alone, config, weights, tmp_path, attack
):
    card, work_dir = alone
    if attack == 'pgd':  # which draws random numbers
        card = attacked_alone(config, weights['own'], tmp_path, attack='PGD')
        work_dir = tmp_path
    cells = saved(finished)['cells']
    (cell,) = chosen(cells, attack=attack, eps=8, source='own', target='own')
    assert cell['success_rate'] == card['success_rate']
    assert [cell['success_rate_low'], cell['success_rate_high']] == card['success_interval']
    assert cell['adversarial_accuracy'] == card['adversarial']['acc/top1']
    assert cell['clean_accuracy'] == card['clean']['acc/top1']
    compare(chosen(rows(finished), attack=attack, eps=8, source='own'), rows(work_dir))


def test_what_a_target_is_shown_is_what_a_video_would_show_it(finished, alone, config, weights):
    """The saved videos of the single run, through the stock test loop of the other victim."""
    _, work_dir = alone
    found = verify.parser().read(
        [str(config), str(weights['near']), str(work_dir), '--batch-size', '3']
    )
    videos = work_dir.parent / 'videos'
    lines = rows(work_dir)
    paths = [videos / line['video'] for line in lines]
    played = Stock(found, work_dir / 'verify').videos(videos, lines, paths)
    lines = chosen(rows(finished), attack='saliency', eps=8, source='own')
    shown = [line['targets']['near']['adversarial_prediction'] for line in lines]
    assert [one['label'] for one in played.predictions] == shown


def test_the_target_says_when_to_stop(finished, config, weights, folder):
    changes = dict(success_on='target', eps=[8], sources=['near'])
    attacks = dict(saliency=dict(type='IterativeSaliencyRG', goal=PREDICTED))
    spec = make_spec(config, weights, attacks=attacks, **changes)
    path = write_spec(folder / 'spec_target.py', spec)
    transfer_run(path, folder / 'target', *SAMPLES)
    lines = rows(folder / 'target')
    moved = chosen(lines, source='near', target='own')
    surrogate = ('--surrogate', str(config), str(weights['near']))
    attacked_alone(config, weights['own'], folder / 'surrogate', *surrogate)
    compare(moved, rows(folder / 'surrogate'))
    assert any(line['queries'] for line in moved)
    assert all(set(line['targets']) == {'own'} for line in moved)
    # The source's own word was the other mode's, and is the diagonal's here.
    expected = chosen(rows(finished), attack='saliency', eps=8, source='near')
    compare(chosen(lines, source='near', target='near'), expected)
    assert [line['frames'] for line in moved] != [line['frames'] for line in expected]


# --- files and resuming -------------------------------------------------------------------


def timeless(lines):
    return [{key: value for key, value in line.items() if key != 'seconds'} for line in lines]


@pytest.mark.slow
def test_resume_equals_an_unbroken_run(finished, source_spec, tmp_path):
    """Kill a run inside the first batch, mid-line, and go on."""
    shutil.copy(finished / 'run.json', tmp_path)
    kept = (finished / 'results.jsonl').read_text().splitlines(keepends=True)
    kept = kept[:6] + kept[8:10] + [kept[10][:40]]
    (tmp_path / 'results.jsonl').write_text(''.join(kept))
    card = transfer_run(source_spec, tmp_path, '--resume', *SAMPLES)
    again, first = rows(tmp_path), rows(finished)
    assert timeless(again) == timeless(first)
    assert again[:6] == first[:6]  # with their times: not done again
    assert card['cells'] == saved(finished)['cells']


def test_resume_of_another_run_is_refused(finished, source_spec, tmp_path, capsys):
    for name in ('run.json', 'results.jsonl'):
        shutil.copy(finished / name, tmp_path)
    arguments = ['--resume', '--seed', '7', '--cfg-options', 'attacks.pgd.goal.loss=margin']
    found = fails(main, capsys, source_spec, '--work-dir', tmp_path, *arguments)
    assert (
        "another run; it differs in: attacks.0.goal.loss: 'cross_entropy', now 'margin'; " in found
    )
    assert 'seed: 5, now 7 (another --work-dir starts anew' in found
    assert rows(tmp_path) == rows(finished)


def test_files_agree_with_each_other(finished, source_spec):
    card = saved(finished)
    with (finished / 'transfer.csv').open(newline='') as file:
        table = list(csv.DictReader(file))
    assert [row.keys() for row in table] == [cell.keys() for cell in card['cells']]
    for row, cell in zip(table, card['cells'], strict=True):
        assert {k: '' if v is None else str(v) for k, v in cell.items()} == row
    page = (finished / 'transfer.html').read_text()
    assert page.count('<svg') == 4 + 4  # heat maps; curves per attack and target
    assert '<script src' not in page
    assert (finished / 'transfer.svg').stat().st_size > 1000
    assert card['spec']['file'] == str(source_spec)
    assert {v['checkpoint_sha256'] is None for v in card['victims'].values()} == {False}


@pytest.mark.slow
def test_videos_that_fail_to_load_are_counted_and_named(source_spec, tmp_path, monkeypatch, capsys):
    decode = SyntheticDecode.transform

    def broken(self, results):
        if results['filename'].endswith('00000'):
            raise OSError('no such frame')
        return decode(self, results)

    monkeypatch.setattr(SyntheticDecode, 'transform', broken)
    options = ('--max-samples', '2', '--cfg-options', 'eps=[8]', 'sources=[near]')
    card = transfer_run(source_spec, tmp_path, *options)
    assert (card['n'], card['evaluated'], card['failed']) == (2, 1, 1)
    assert card['failures'][0]['name'] == 'synthetic/test/00000'
    assert {cell['n'] for cell in card['cells']} == {1}
    assert 'failed to load: synthetic/test/00000: OSError: no such frame' in capsys.readouterr().out
    monkeypatch.undo()
    again = transfer_run(source_spec, tmp_path, '--resume', *options)
    assert (again['evaluated'], again['failed']) == (2, 0)


# --- black boxes --------------------------------------------------------------------------


@pytest.fixture
def flow_spec(tmp_path, monkeypatch):
    """A flow recogniser, and the same with flow that no gradient passes through."""
    monkeypatch.setitem(FLOWS.module_dict, 'Pointwise', Pointwise)
    monkeypatch.setitem(FLOWS.module_dict, 'Rounded', Rounded)
    net = config_3d(flow_estimator=dict(type='Pointwise'))
    torch.save({'state_dict': build(net).state_dict()}, tmp_path / 'flow.pth')
    path = small_config(tmp_path)
    path.write_text(f'{path.read_text()}\nmodel = {net!r}\n')
    spec = make_spec(path, {'white': tmp_path / 'flow.pth', 'black': tmp_path / 'flow.pth'})
    spec['victims']['black']['overrides'] = {'model.flow_estimator': {'type': 'Rounded'}}
    spec |= dict(eps=[8], attacks=dict(saliency=spec['attacks']['saliency']))
    return spec


def test_black_boxes_are_targets_in_both_modes(flow_spec, tmp_path):
    found = {}
    for mode in ('source', 'target'):
        spec = flow_spec | dict(sources=['white'], success_on=mode)
        path = write_spec(tmp_path / f'flow_{mode}.py', spec)
        transfer_run(path, tmp_path / mode, '--max-samples', '1')
        found[mode] = rows(tmp_path / mode)
    assert [set(line['targets']) for line in found['source']] == [{'white', 'black'}]
    white, black = found['target']
    assert (white['target'], black['target']) == ('white', 'black')
    assert (white['queries'], black['queries']) == (0, black['frames'])


def test_a_black_box_is_no_source(flow_spec, tmp_path, capsys):
    path = write_spec(tmp_path / 'spec.py', flow_spec)
    found = fails(main, capsys, path, '--work-dir', tmp_path / 'w')
    assert "sources: 'black' has no gradient to craft clips with: its flow is by Rounded" in found
    stand_in = {'type': 'Rounded', 'backward': {'type': 'Pointwise'}}
    flow_spec['victims']['black']['overrides'] = {'model.flow_estimator': stand_in}
    path = write_spec(tmp_path / 'spec.py', flow_spec | dict(sources=['black']))
    card = transfer_run(path, tmp_path / 'w', '--max-samples', '1')
    assert {cell['source'] for cell in card['cells']} == {'black'}


def test_a_recogniser_of_frames_beside_one_of_clips(checkpoints, config, tmp_path):
    """It is source and target: what the one lets through the other's pixels carry."""
    sized = {'test_dataloader.dataset.pipeline.3.crop_size': 32}
    frames = small_config(tmp_path, 'tiny_2d', **sized)
    paths = {'clips': (config, 'tiny_3d'), 'frames': (frames, 'tiny_2d')}
    victims = {
        name: dict(config=str(cfg), checkpoint=str(checkpoints[kind]))
        for name, (cfg, kind) in paths.items()
    }
    attacks = dict(pgd=dict(type='PGD', steps=4, goal=PREDICTED))
    spec = make_spec(config, {}, victims=victims, attacks=attacks, eps=[16])
    card = transfer_run(write_spec(tmp_path / 'spec.py', spec), tmp_path / 'w', *SAMPLES)
    cells = {(cell['source'], cell['target']): cell for cell in card['cells']}
    assert len(cells) == 4
    for name in paths:
        assert cells[name, name]['successes'] >= 2, name
        assert cells[name, name]['linf'] == 16
    lines = rows(tmp_path / 'w')
    assert all(set(line['targets']) == {'clips', 'frames'} for line in lines)


def test_the_page_of_the_docs_names_every_argument_and_key(root):
    from dataclasses import fields

    from mmrobust.cli import sweep, transfer
    from mmrobust.transfer.spec import TransferSpec

    page = (root / 'docs' / 'transfer.md').read_text()
    for command in (transfer, sweep):
        for flag in command.parser()._option_string_actions:
            assert flag in page or flag in ('-h', '--help'), flag
    for field in fields(TransferSpec):
        assert f'`{field.name}`' in page, field.name
