"""The reproduction runs from nothing to its tables and claims, and does nothing twice."""

import json

import pytest

from projects.k_limiting_attack.arms import AT_TARGET, attack
from projects.k_limiting_attack.baseline import mean_pose
from projects.k_limiting_attack.reproduce import collected, conclude, effort
from projects.k_limiting_attack.runs import plan, planned
from projects.k_limiting_attack.victims import (
    QUICK_EPOCHS,
    QUICK_TRAINING,
    SIZES,
    Victim,
    Workshop,
    chosen,
    write_mirrored,
)
from tests.conftest import ROOT

PROJECT = ROOT / 'projects' / 'k_limiting_attack'


@pytest.mark.slow
def test_quick_reproduction_reaches_its_claims(run_quick, tmp_path):
    printed = run_quick(PROJECT.name, tmp_path)
    folder = tmp_path / 'quick'
    text = (folder / 'results.md').read_text()
    assert text in printed
    assert 'It proves nothing' in text
    for heading in ('| norm | arm |', '| target | norm |', '| arm | eps', '| claim |'):
        assert heading in text
    claims = text.split('| claim |')[1].splitlines()[2:]
    verdicts = [line.split('|')[-2].strip() for line in claims if line.startswith('|')]
    assert len(verdicts) == 50
    assert set(verdicts) <= {'held', 'did not hold', 'undecided'}
    assert (folder / 'results.html').stat().st_size > 10_000
    victim = folder / 'td-hm_tiny-r18_synthetic-64x80'
    assert (victim / 'contact_sheet.png').stat().st_size > 10_000
    attacks = {
        arm: json.loads((victim / f'untargeted_linf_{arm}' / 'report.json').read_text())['attack']
        for arm in ('er', 'noise')
    }
    assert attacks['er']['relation'] == 'any'
    assert attacks['noise']['type'] == 'RandomNoise'

    assert ', trained from scratch.' in text

    again = run_quick(PROJECT.name, tmp_path)
    assert ', 0 to do' in again
    assert (folder / 'results.md').read_text() == text


def test_every_run_has_a_place_of_its_own():
    victims = list(chosen(quick=False, mouse=True))
    assert len(victims) == 6
    for victim in victims:
        runs = list(planned(victim, effort(quick=False)))
        places = [str(run.place) for run in runs]
        assert len(set(places)) == len(places)


def planted_ledgers(runs, folder):
    """Lines of twelve samples for every run, of which one could not be attacked."""
    for run in runs:
        place = folder / run.place
        place.mkdir(parents=True)
        lines = [
            {
                'index': index,
                'error': None,
                'attacked': index != 5,
                'success': index % 3 == 0,
                'l2': 100.0 + index,
                'rmse': 1.0 + index / 100,
                'clean_pck': 1.0,
                'clean_joint_errors': [0.02, 0.02],
                'adversarial_joint_errors': [0.02, 0.3],
                'clean_error': 0.02,
                'adversarial_error': 0.3,
                'measures': {},
            }
            for index in range(12)
        ]
        (place / 'results.jsonl').write_text(''.join(json.dumps(line) + '\n' for line in lines))


def test_all_ledgers_become_tables_figures_and_claims(tmp_path):
    victims = [Victim(head, 'synthetic-64x80') for head in ('td-hm', 'td-reg')]
    spent = effort(quick=False)
    results = {}
    for victim in victims:
        runs = list(planned(victim, spent))
        planted_ledgers(runs, tmp_path)
        results[victim] = collected(runs, tmp_path)
        assert len(results[victim].arms) == 2 * 3 * 6
        assert results[victim].eps == [1, 2, 4, 8]
    seen = dict.fromkeys(victims, 'What it is.')
    text = conclude(results, seen, spent, tmp_path, quick=False)
    assert text.count('What it is.') == 2
    assert '## Heads on synthetic-64x80' in text
    assert 'heatmaps: loses less PCK than regression at eps 1' in text
    assert text.count('36 (15 to 65), n = 11') > 20
    assert 'budget: RMSE 8, at most 20 steps' in text
    page = (tmp_path / 'results.html').read_text()
    assert 'td-reg_tiny-r18_synthetic-64x80, right within 0.1: PCK' in page
    assert '2 victims, 72 attacks.' in page


def test_quick_training_is_an_override_that_the_config_takes():
    from mmengine.config import Config

    from mmrobust.cli.options import parse_options

    for victim in chosen(quick=True, mouse=True):
        cfg = Config.fromfile(victim.config)
        cfg.merge_from_dict(parse_options(QUICK_TRAINING))
        assert cfg.param_scheduler[1].end == cfg.train_cfg.max_epochs == QUICK_EPOCHS
        videos = cfg.train_dataloader.dataset.num_videos
        assert f'train_dataloader.dataset.num_videos={videos}' in QUICK_TRAINING
        width, height = SIZES[victim.data]
        assert tuple(cfg.input_size) == (width, height)
        assert victim.values == 3 * width * height


@pytest.mark.parametrize('norm', ['linf', 'l2'])
def test_the_noise_has_the_length_of_the_whole_budget(norm):
    victim, spent = Victim('td-hm', 'synthetic-64x80'), effort(quick=False)
    runs = [run for run in planned(victim, spent) if run.norm == norm and run.goal == 'untargeted']
    (noise,) = (run for run in runs if run.arm == 'noise' and not run.curve)
    options = attack('noise', norm, 'untargeted', rmse=spent.eps, values=noise.victim.values,
                     steps=spent.steps, stop=True)  # fmt: skip
    threat = options['threat']
    # No change within eps of l_inf is longer than one of eps everywhere.
    assert threat == {'type': 'L2', 'eps': pytest.approx(spent.eps * victim.values**0.5)}


def test_the_frame_with_the_most_labels_is_mirrored_to_be_the_mouse_target(tmp_path):
    from mmrobust.pose_targets import load_target

    frames = [
        {'num_keypoints': 1, 'keypoints': [1, 2, 2, 0, 0, 0, 0, 0, 0]},
        {'num_keypoints': 2, 'keypoints': [3, 4, 2, 0, 0, 0, 5, 6, 2]},
    ]
    (tmp_path / 'train.json').write_text(json.dumps({'annotations': frames}))
    write_mirrored(tmp_path / 'train.json', tmp_path / 'mirrored.json')
    pose = load_target(str(tmp_path / 'mirrored.json'))
    assert pose.known.tolist() == [True, False, True]
    assert pose.places[[0, 2]].tolist() == [[-3, 4], [-5, 6]]
    assert Workshop(tmp_path, None, quick=True).target('walk') == 'walk'


@pytest.mark.real
def test_no_mouse_is_near_the_target_as_it_is(real_data, tmp_path, monkeypatch):
    """Or a victim that says the mean pose would be said to have been led there."""
    import numpy as np

    from mmrobust.pose_targets import load_target

    # The workshop sets it; monkeypatch puts it back.
    monkeypatch.setenv('MIRROR_MOUSE_ROOT', 'elsewhere')
    workshop = Workshop(tmp_path, real_data / 'mirror_mouse', quick=True)
    workshop.prepare()
    pose = load_target(workshop.target('mirrored')).fitted([0, 0, 396, 406])
    for split in ('train', 'test'):
        content = json.loads((tmp_path / 'mirror_mouse' / f'{split}.json').read_text())
        for frame in content['annotations']:
            rows = np.reshape(frame['keypoints'], (-1, 3))
            gaps = np.linalg.norm(rows[:, :2] - pose, axis=1)[rows[:, 2] > 0]
            assert gaps.mean() / 406 > 4 * AT_TARGET


def test_runs_are_of_these_weights_and_this_target(tmp_path, monkeypatch):
    workshop = Workshop(tmp_path, tmp_path, quick=True)
    weights, target = tmp_path / 'epoch.pth', tmp_path / 'mirror_mouse' / 'mirrored.json'
    monkeypatch.setattr(workshop, 'checkpoint', lambda victim: weights)
    target.parent.mkdir()
    for path in (weights, target, target.with_name('test.json')):
        path.write_text('one')
    victim = Victim('td-hm', 'mirror-mouse-96x96')
    runs = list(planned(victim, effort(quick=True)))
    free, aimed = (next(r for r in runs if r.goal == goal) for goal in ('untargeted', 'mirrored'))
    before = [plan(run, workshop) for run in (free, aimed)]
    target.write_text('another')
    assert plan(free, workshop) == before[0]
    assert plan(aimed, workshop) != before[1]
    weights.write_text('another')
    assert plan(free, workshop) != before[0]


def test_the_mean_pose_is_right_where_everybody_stands_alike():
    victim = Victim('td-hm', 'synthetic-64x80')
    options = ['train_dataloader.dataset.num_videos=4', 'test_dataloader.dataset.num_videos=3']
    wide, narrow = (mean_pose(victim.config, options, 2, within) for within in (10.0, 0.0))
    assert wide[0].value == 1.0
    assert narrow[0].value == 0.0
    assert wide[1].n == 2
    assert 0.01 < wide[1].value == narrow[1].value < 0.3
