"""tools/sweep.py: every budget is a run of its own, and the page puts them together."""

import csv
import json

import pytest

from mmrobust.cli.sweep import main, run
from tests.engine.runs import attack_run, outcome, rows
from tests.transfer.specs import fails, small_config

SAMPLES = ('--max-samples', '2')
PREDICTED = ('--cfg-options', 'attack.goal.reference=prediction')


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp('sweep')


@pytest.fixture(scope='module')
def config(folder):
    return str(small_config(folder))


def sweep_run(config, checkpoint, work_dir, *arguments):
    run([config, str(checkpoint), '--work-dir', str(work_dir), *SAMPLES, *arguments, *PREDICTED])
    return json.loads((work_dir / 'sweep.json').read_text())


@pytest.fixture(scope='module')
def finished(config, checkpoints, folder):
    options = ('--attack', 'IterativeSaliencyRG', '--eps', '8', '0', '--seed', '5')
    sweep_run(config, checkpoints['tiny_3d'], folder / 'done', *options)
    return folder / 'done'


def saved(work_dir):
    return json.loads((work_dir / 'sweep.json').read_text())


@pytest.mark.slow
def test_a_budget_is_what_a_single_run_gives(finished, config, checkpoints, tmp_path):
    options = ('--attack', 'IterativeSaliencyRG', '--seed', '5', *SAMPLES, *PREDICTED)
    card = attack_run(
        checkpoints['tiny_3d'], tmp_path, *options, 'attack.threat.eps=8', config=config
    )
    none, eight = saved(finished)['points']
    assert [outcome(r) for r in rows(finished / 'eps8')] == [outcome(r) for r in rows(tmp_path)]
    assert (none['eps'], eight['eps']) == (0, 8)
    assert eight['success_rate'] == card['success_rate']
    assert [eight['success_rate_low'], eight['success_rate_high']] == card['success_interval']
    assert eight['adversarial_accuracy'] == card['adversarial']['acc/top1']
    assert eight['clean_accuracy'] == card['clean']['acc/top1']
    assert {key: eight[key] for key in card['cost']} == card['cost']
    assert eight['attacked'] == card['attacked'] == 2


def test_no_budget_changes_nothing(finished):
    none = saved(finished)['points'][0]
    assert none['success_rate'] == 0
    assert none['adversarial_accuracy'] == none['clean_accuracy']
    assert all(row['linf'] == row['frames'] == 0 for row in rows(finished / 'eps0'))


@pytest.mark.slow
def test_resume_runs_only_what_is_missing(finished, config, checkpoints, capsys):
    before, sweep = rows(finished / 'eps8'), saved(finished)
    options = ('--attack', 'IterativeSaliencyRG', '--seed', '5', '--resume')
    again = sweep_run(config, checkpoints['tiny_3d'], finished, '--eps', '0', '8', '4', *options)
    assert rows(finished / 'eps8') == before  # with their times
    assert [p['eps'] for p in again['points']] == [0, 4, 8]
    assert [again['points'][0], again['points'][2]] == sweep['points']
    assert 'tiny_3d_0 under Iterative saliency (RG) (l_inf)' in capsys.readouterr().out
    arguments = ('--work-dir', finished, '--eps', '8', '--resume')
    found = fails(main, capsys, config, checkpoints['tiny_3d'], *arguments)
    assert (
        "another run; it differs in: attack.type: 'IterativeSaliencyRG', now 'PGD'; seed: 5, now 0"
        in found
    )


def test_files_agree_with_each_other(finished):
    card = saved(finished)
    with (finished / 'sweep.csv').open(newline='') as file:
        table = list(csv.DictReader(file))
    for row, found in zip(table, card['points'], strict=True):
        assert {k: '' if v is None else str(v) for k, v in found.items()} == row
    assert 'eps' not in card['attack']['threat']
    page = (finished / 'sweep.html').read_text()
    assert 'Accuracy over eps' in page
    assert page.count('<svg') in (1, 2, 3)  # the others need successes


def test_a_masked_threat_and_a_surrogate(config, checkpoints, root, tmp_path):
    attack = str(root / 'configs' / '_base_' / 'attacks' / 'pgd_linf_one-frame.py')
    other = ('--surrogate', config, str(checkpoints['tiny_3d']))
    options = ('--attack', attack, '--eps', '2.5', '--max-samples', '1', *other, *PREDICTED)
    arguments = ['--work-dir', str(tmp_path), *options, 'attack.steps=1']
    run([config, str(checkpoints['tiny_3d']), *arguments])
    (row,) = rows(tmp_path / 'eps2.5')
    assert (row['linf'], row['frames']) == (2, 1)
    card = json.loads((tmp_path / 'eps2.5' / 'report.json').read_text())
    assert card['threat']['threat']['eps'] == 2.5
    assert card['surrogate']['config'] == saved(tmp_path)['surrogate']['config'] == config


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--eps', '-1'], 'eps must be finite numbers >= 0, got -1.0'),
        (['--eps', 'nan'], 'eps must be finite numbers >= 0, got nan'),
        (['--eps', '2', '2'], 'eps must be distinct numbers, got [2.0, 2.0]'),
        (['--eps', '2', '--attack', 'PDG'], "unknown attack 'PDG': did you mean 'PGD'?"),
        (['--eps', '2', '--device', 'tpu'], '--device must be cpu, cuda or cuda:N'),
        (
            ['--eps', '2', '--cfg-options', 'attack.threat.eps=3'],
            '--cfg-options attack.threat.eps must be left out: --eps lists the budgets',
        ),
    ],
)
def test_wrong_options(capsys, config, checkpoints, tmp_path, options, message):
    arguments = ('--work-dir', tmp_path / 'w', *options)
    found = fails(main, capsys, config, checkpoints['tiny_3d'], *arguments)
    assert message in found
    assert not (tmp_path / 'w').exists()


def test_missing_files(capsys, config, checkpoints):
    found = fails(main, capsys, 'nowhere.py', checkpoints['tiny_3d'], '--eps', '2')
    assert 'CONFIG nowhere.py does not exist' in found
    assert 'CHECKPOINT no.pth does not exist' in fails(main, capsys, config, 'no.pth', '--eps', '2')


def test_budgets_must_be_given(capsys):
    with pytest.raises(SystemExit):
        main(['config.py', 'checkpoint.pth'])
    assert '--eps' in capsys.readouterr().err
