"""The attack loop, end to end on tiny recognisers."""

import json

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from tests.conftest import CONFIGS
from tests.engine.runs import attack_run, card, outcome, rows


@pytest.fixture(scope='module')
def unbroken(checkpoints, tmp_path_factory):
    folder = tmp_path_factory.mktemp('unbroken')
    attack_run(checkpoints['tiny_3d'], folder, '--save-adv', str(folder / 'adv'))
    return folder


def without_time(found):
    timing = ('wall_time', 'attack_time', 'work_dir', 'adversarial_videos')
    return {key: value for key, value in found.items() if key not in timing}


def test_report_has_the_keys_that_scripts_rely_on(unbroken):
    found = card(unbroken)
    assert found['schema'] == 1
    assert found['n'] == 5
    assert set(found['cost']) == {'forwards', 'backwards', 'queries'}
    sizes = {'linf', 'l2', 'l1', 'mean_abs', 'rmse', 'values', 'pixels', 'frames'}
    assert set(found['perturbation']) == sizes | {'frames_total', 'psnr', 'ssim'}
    assert (
        found['clean'].keys()
        == found['adversarial'].keys()
        == {
            'acc/top1',
            'acc/top5',
            'acc/mean1',
        }
    )
    assert isinstance(found['flags'], dict)
    assert 0 < found['success_rate'] <= 1
    assert found['perturbation']['linf'] <= 8
    assert len(found['checkpoint_sha256']) == 64
    assert found['threat'] == {'type': 'Linf', 'eps': 8}


def test_rows_agree_with_the_card(unbroken):
    found, lines = card(unbroken), rows(unbroken)
    assert [row['index'] for row in lines] == list(range(5))
    tried = [row for row in lines if row['attacked']]
    assert found['success_rate'] == sum(row['success'] for row in tried) / len(tried)
    assert found['clean']['acc/top1'] == sum(row['clean_correct'] for row in lines) / 5
    assert found['adversarial']['acc/top1'] == sum(r['adversarial_correct'] for r in lines) / 5
    assert all(
        row['success'] == (row['adversarial_prediction'] != row['clean_prediction'])
        for row in tried
    )


def test_clean_metrics_are_those_of_the_stock_loop(unbroken, checkpoints, tmp_path):
    cfg = Config.fromfile(CONFIGS / 'tiny_3d.py')
    cfg.work_dir, cfg.load_from = str(tmp_path), str(checkpoints['tiny_3d'])
    assert Runner.from_cfg(cfg).test() == card(unbroken)['clean']


@pytest.mark.parametrize('size', [1, 4])
@pytest.mark.slow
def test_batch_size_changes_nothing(unbroken, checkpoints, tmp_path, size):
    found = attack_run(checkpoints['tiny_3d'], tmp_path, '--batch-size', str(size))
    assert [outcome(r) for r in rows(tmp_path)] == [outcome(r) for r in rows(unbroken)]
    assert found['adversarial'] == card(unbroken)['adversarial']


@pytest.mark.slow
def test_workers_change_nothing(unbroken, checkpoints, tmp_path):
    attack_run(checkpoints['tiny_3d'], tmp_path, '--cfg-options', 'test_dataloader.num_workers=2')
    assert [outcome(r) for r in rows(tmp_path)] == [outcome(r) for r in rows(unbroken)]


@pytest.mark.slow
def test_seed_changes_the_result(unbroken, checkpoints, tmp_path):
    attack_run(checkpoints['tiny_3d'], tmp_path, '--seed', '1')
    assert [r['l2'] for r in rows(tmp_path)] != [r['l2'] for r in rows(unbroken)]


def test_resume_equals_an_unbroken_run(unbroken, checkpoints, tmp_path):
    """Kill a run after two samples, mid-line, and go on."""
    for name in ('run.json', 'results.jsonl'):
        text = (unbroken / name).read_text()
        if name == 'results.jsonl':
            lines = text.splitlines(keepends=True)
            text = ''.join(lines[:2]) + lines[2][: len(lines[2]) // 2]
        (tmp_path / name).write_text(text)
    attack_run(checkpoints['tiny_3d'], tmp_path, '--resume')
    again, first = rows(tmp_path), rows(unbroken)
    assert again[:2] == first[:2]
    assert [outcome(r) for r in again] == [outcome(r) for r in first]
    ours, theirs = without_time(card(tmp_path)), without_time(card(unbroken))
    # A single float sum over the rows: equal to rounding.
    assert ours.pop('perturbation') == pytest.approx(theirs.pop('perturbation'), rel=1e-6)
    assert ours == theirs


def test_resume_of_a_finished_run_only_reports(unbroken, checkpoints, tmp_path):
    for name in ('run.json', 'results.jsonl'):
        (tmp_path / name).write_text((unbroken / name).read_text())
    attack_run(checkpoints['tiny_3d'], tmp_path, '--resume')
    assert rows(tmp_path) == rows(unbroken)


def test_resume_of_another_run_is_refused(unbroken, checkpoints, tmp_path):
    for name in ('run.json', 'results.jsonl'):
        (tmp_path / name).write_text((unbroken / name).read_text())
    rule = r'another run; it differs in: attack.threat.eps: [\d.]+, now 2(\.0)?; seed: 0, now 3 '
    with pytest.raises(ValueError, match=rule):
        attack_run(
            checkpoints['tiny_3d'],
            tmp_path,
            *('--resume', '--seed', '3', '--cfg-options', 'attack.threat.eps=2'),
        )


@pytest.mark.slow
def test_a_second_run_keeps_the_first_results(unbroken, checkpoints, tmp_path):
    for name in ('run.json', 'results.jsonl'):
        (tmp_path / name).write_text((unbroken / name).read_text())
    attack_run(checkpoints['tiny_3d'], tmp_path, '--max-samples', '1')
    (kept,) = tmp_path.glob('results.before_*.jsonl')
    assert kept.read_text() == (unbroken / 'results.jsonl').read_text()
    assert card(tmp_path)['n'] == 1


def test_saved_videos_fool_the_stock_pipeline(unbroken, checkpoints, capsys):
    from mmrobust.cli.verify import run

    run([str(CONFIGS / 'tiny_3d.py'), str(checkpoints['tiny_3d']), str(unbroken)])
    printed = capsys.readouterr().out
    tried = sum(row['success'] for row in rows(unbroken))
    assert f'{tried} of {tried} reported successes still succeed' in printed
    assert '5 of 5 predictions' in printed


def test_verify_notices_a_clean_video(unbroken, checkpoints, tmp_path):
    """The check can fail: swap one adversarial video for another."""
    import shutil

    from mmrobust.cli.verify import run

    folder = tmp_path / 'run'
    shutil.copytree(unbroken, folder)
    lines = rows(folder)
    lines[0]['adversarial_prediction'] = (lines[0]['adversarial_prediction'] + 1) % 10
    (folder / 'results.jsonl').write_text('\n'.join(json.dumps(line) for line in lines) + '\n')
    with pytest.raises(RuntimeError, match=lines[0]['video']):
        run([str(CONFIGS / 'tiny_3d.py'), str(checkpoints['tiny_3d']), str(folder)])


def test_verify_makes_the_report_anew(unbroken, checkpoints, tmp_path):
    import shutil

    from mmrobust.cli.verify import run

    folder = shutil.copytree(unbroken, tmp_path / 'run')
    report = card(folder)
    true = report['success_rate']
    report['success_rate'] = 0.123
    report['success_interval'][0] += 1e-6
    report['attacked'] += 1
    report['perturbation']['rmse'] *= 1.001
    report['cost']['backwards'] += 1
    (folder / 'report.json').write_text(json.dumps(report))
    with pytest.raises(RuntimeError) as told:
        run([str(CONFIGS / 'tiny_3d.py'), str(checkpoints['tiny_3d']), str(folder)])
    assert f'success_rate is 0.123, of its lines {true}' in str(told.value)
    places = ('success_interval.0', 'attacked', 'perturbation.rmse', 'cost.backwards')
    for place in places:
        assert f'{place} is ' in str(told.value)
    # Nothing else.
    assert str(told.value).count(' is ') == 1 + len(places)


@pytest.mark.slow
def test_view_space_is_no_weaker_and_saves_no_video(checkpoints, tmp_path):
    found = attack_run(checkpoints['tiny_3d'], tmp_path, '--space', 'view')
    assert found['space'] == 'view'
    assert found['success_rate'] > 0
    with pytest.raises(ValueError, match=r'space must be "video" with save_adv .*, got .view'):
        attack_run(
            checkpoints['tiny_3d'], tmp_path, '--space', 'view', '--save-adv', str(tmp_path / 'a')
        )


@pytest.mark.slow
def test_recognizer_2d_runs(checkpoints, tmp_path):
    found = attack_run(checkpoints['tiny_2d'], tmp_path, config='tiny_2d')
    assert found['n'] == 5
    assert found['success_rate'] > 0
    assert found['flags'].get('scores_disagree', 0) == 0


def test_paired_metrics_and_dump_by_config(checkpoints, tmp_path):
    from mmrobust.cli.attack import build_config, parser

    args = parser().parse_args(
        [str(CONFIGS / 'tiny_3d.py'), str(checkpoints['tiny_3d']), '--work-dir', str(tmp_path)]
    )
    cfg = build_config(args)
    names = ('RobustAccuracy', 'AttackSuccess', 'PerturbationSize', 'AttackCost')
    dump = dict(type='DumpResults', out_file_path=str(tmp_path / 'dump.pkl'))
    cfg.test_evaluator = [dict(type='AccMetric'), dump]
    cfg.test_evaluator += [dict(type=f'mmrobust.{name}') for name in names]
    metrics = Runner.from_cfg(cfg).test()
    found = card(tmp_path)
    assert metrics['robust/accuracy'] == metrics['adv/acc/top1'] == found['adversarial']['acc/top1']
    assert metrics['robust/success_rate'] == found['success_rate']
    assert metrics['robust/linf'] == found['perturbation']['linf']
    assert metrics['robust/forwards'] == found['cost']['forwards']
    assert metrics['clean/acc/top1'] == found['clean']['acc/top1']
    assert {p.name for p in tmp_path.glob('dump*')} == {'dump.clean.pkl', 'dump.adversarial.pkl'}


def test_paired_metric_without_attack_is_an_error(checkpoints, tmp_path):
    cfg = Config.fromfile(CONFIGS / 'tiny_3d.py')
    cfg.work_dir, cfg.load_from = str(tmp_path), str(checkpoints['tiny_3d'])
    cfg.test_evaluator = dict(type='mmrobust.AttackSuccess')
    with pytest.raises(RuntimeError, match='AttackSuccess needs attacked samples'):
        Runner.from_cfg(cfg).test()


def test_page_is_written(unbroken):
    page = (unbroken / 'report.html').read_text()
    assert 'data:video/mp4;base64,' in page
    assert len(list((unbroken / 'previews').glob('*.mp4'))) == 4


def test_a_test_cfg_with_the_loop_is_taken_up(checkpoints, tmp_path):
    loop = dict(
        type='mmrobust.AttackTestLoop',
        attack=dict(type='FGSM', threat=dict(eps=2), goal=dict(reference='prediction')),
        victim=dict(space='view'),
        settings=dict(seed=7, max_samples=2),
    )
    cfg = Config.fromfile(CONFIGS / 'tiny_3d.py')
    cfg.pop('attack')
    cfg.test_cfg = loop
    cfg.dump(tmp_path / 'own.py')
    found = attack_run(checkpoints['tiny_3d'], tmp_path / 'w', config=str(tmp_path / 'own.py'))
    assert (found['attack']['type'], found['threat']['eps']) == ('FGSM', 2)
    assert (found['space'], found['seed'], found['n']) == ('view', 7, 2)


@pytest.mark.slow
def test_concatenated_and_repeated_data_sets(checkpoints, unbroken, tmp_path):
    cfg = Config.fromfile(CONFIGS / 'tiny_3d.py')
    one = cfg.test_dataloader.dataset
    cfg.test_dataloader.dataset = dict(
        type='ConcatDataset', datasets=[one, dict(type='RepeatDataset', times=1, dataset=one)]
    )
    cfg.dump(tmp_path / 'concat.py')
    adversarial = str(tmp_path / 'adv')
    found = attack_run(
        checkpoints['tiny_3d'],
        tmp_path / 'w',
        *('--save-adv', adversarial, '--max-samples', '7'),
        config=str(tmp_path / 'concat.py'),
    )
    assert found['n'] == 7
    assert len(list((tmp_path / 'adv').glob('*.mkv'))) == 7
    names = [row['name'] for row in rows(tmp_path / 'w')]
    assert names[5:] == names[:2]


@pytest.mark.slow
def test_a_metric_with_state_survives_resume(checkpoints, tmp_path):
    cfg = Config.fromfile(CONFIGS / 'tiny_3d.py')
    cfg.test_evaluator = dict(type='ConfusionMatrix')
    cfg.dump(tmp_path / 'confusion.py')
    config = str(tmp_path / 'confusion.py')
    first = attack_run(checkpoints['tiny_3d'], tmp_path / 'w', config=config)
    again = attack_run(checkpoints['tiny_3d'], tmp_path / 'w', '--resume', config=config)
    (name,) = first['clean']
    assert first['clean'][name] == again['clean'][name]
    assert sum(map(sum, first['clean'][name])) == 5


@pytest.mark.slow
def test_videos_missing_from_the_folder_are_made_on_resume(checkpoints, tmp_path, capsys):
    attack_run(checkpoints['tiny_3d'], tmp_path / 'w', '--max-samples', '2')
    saved = ('--save-adv', str(tmp_path / 'adv'))
    attack_run(checkpoints['tiny_3d'], tmp_path / 'w', '--resume', '--max-samples', '3', *saved)
    assert len(list((tmp_path / 'adv').glob('*.mkv'))) == 3
    from mmrobust.cli.verify import run

    arguments = [str(CONFIGS / 'tiny_3d.py'), str(checkpoints['tiny_3d']), str(tmp_path / 'w')]
    run(arguments)
    tried = sum(row['success'] for row in rows(tmp_path / 'w'))
    assert f'{tried} of {tried} reported successes' in capsys.readouterr().out
    winner = next(row['video'] for row in rows(tmp_path / 'w') if row['success'])
    (tmp_path / 'adv' / winner).unlink()
    told = f'1 saved video missing: {winner}; 1 reported success has no saved video'
    with pytest.raises(RuntimeError, match=told):
        run(arguments)


def test_verify_leaves_the_attack_out(unbroken, checkpoints, tmp_path, capsys):
    from mmrobust.cli.verify import run

    config = tmp_path / 'hooked.py'
    hook = "dict(type='mmrobust.AttackHook', attack=dict(type='PGD'))"
    config.write_text(
        f'_base_ = [{str(CONFIGS / "tiny_3d.py")!r}]\ncustom_hooks = [{hook}]\n'
        "test_evaluator = [dict(type='mmrobust.RobustAccuracy')]\n"
    )
    run([str(config), str(checkpoints['tiny_3d']), str(unbroken)])
    assert '5 of 5 predictions' in capsys.readouterr().out
