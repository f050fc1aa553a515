"""The reproduction runs from nothing to its tables and claims, and does nothing twice."""

import json

import pytest

from projects.k_limiting_attack.reproduce import collected, conclude, effort
from projects.k_limiting_attack.runs import plan, planned
from projects.k_limiting_attack.victims import (
    QUICK_EPOCHS,
    QUICK_TRAINING,
    SIZES,
    Victim,
    Workshop,
    chosen,
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
    assert len(verdicts) == 38
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
                'adversarial_pck': 0.5,
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
        assert len(results[victim].arms) == 2 * 6 + 2 * 2 * 3
        assert results[victim].eps == [1, 2, 4, 8, 16]
    text = conclude(results, spent, tmp_path, quick=False)
    assert '## Heads on synthetic-64x80' in text
    assert 'heatmaps more robust than regression at eps 1' in text
    assert text.count('36 (15 to 65), n = 11') > 20
    assert 'budget: RMSE 8, at most 20 steps' in text
    page = (tmp_path / 'results.html').read_text()
    assert 'td-reg_tiny-r18_synthetic-64x80: PCK@0.2' in page
    assert '2 victims, 48 attacks.' in page


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
    threat = plan(noise)['attack']['threat']
    # No change within eps of l_inf is longer than one of eps everywhere.
    assert threat == {'type': 'L2', 'eps': pytest.approx(spent.eps * victim.values**0.5)}


def test_the_frame_with_the_most_labels_is_the_mouse_target(tmp_path, monkeypatch):
    from mmrobust.pose_targets import load_target

    made = tmp_path / 'mirror_mouse'
    made.mkdir()
    frames = [
        {'num_keypoints': 1, 'keypoints': [1, 2, 2, 0, 0, 0, 0, 0, 0]},
        {'num_keypoints': 2, 'keypoints': [3, 4, 2, 0, 0, 0, 5, 6, 2]},
    ]
    (made / 'train.json').write_text(json.dumps({'annotations': frames}))
    (made / 'test.json').write_text('{}')
    monkeypatch.setenv('MIRROR_MOUSE_ROOT', 'elsewhere')
    workshop = Workshop(tmp_path, tmp_path, quick=True)
    workshop.prepare()
    pose = load_target(workshop.target('other'))
    assert pose.known.tolist() == [True, False, True]
    assert pose.places[[0, 2]].tolist() == [[3, 4], [5, 6]]
    assert workshop.target('walk') == 'walk'
