"""The reproduction runs from nothing to its tables and claims, and does nothing twice."""

import json

import pytest

from mmrobust.cli.options import overridden
from mmrobust.studies.mean_pose import mean_pose
from mmrobust.studies.section import write_results
from mmrobust.studies.spec import read_study
from projects.k_limiting_attack import jobs
from projects.k_limiting_attack.arms import AT_TARGET
from tests.conftest import ROOT

PROJECT = ROOT / 'projects' / 'k_limiting_attack'
SPEC = PROJECT / 'study.py'


def studied(folder, quick=False, mouse=None):
    given = {'mouse': mouse} if mouse else {}
    return read_study(SPEC, folder, overrides={}, quick=quick, given=given)


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


@pytest.fixture(autouse=True)
def _no_mouse_is_left(monkeypatch):
    """A study with the mouse sets the variable; monkeypatch puts it back."""
    monkeypatch.setenv('MIRROR_MOUSE_ROOT', 'elsewhere')


def test_every_run_has_a_place_of_its_own(tmp_path):
    study = studied(tmp_path, mouse=tmp_path)
    assert len(study.victims) == 6
    places = [study.at(victim, run) for victim in study.victims for run in study.runs(victim)]
    assert len(set(places)) == len(places) == 348


def planted_ledgers(study, victim):
    """Lines of twelve samples for every run, of which one could not be attacked."""
    for run in study.runs(victim):
        place = study.at(victim, run)
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


def test_all_ledgers_become_tables_figures_and_claims(tmp_path, monkeypatch):
    study = studied(tmp_path)
    study.victims = [victim for victim in study.victims if victim.head != 'simcc']
    for victim in study.victims:
        planted_ledgers(study, victim)
        found = study.found(victim)
        assert len(found.arms) == 2 * 3 * 6
        assert found.eps == [1, 2, 4, 8]
    monkeypatch.setattr(jobs.KLimitingStudy, 'contact_sheet', lambda *_: None)
    monkeypatch.setattr(jobs.KLimitingStudy, 'sight', lambda *_: 'What it is.')
    text = write_results(tmp_path, study.frame, list(study.sections()), 2)
    assert text.count('What it is.') == 2
    assert '## Heads on synthetic-64x80' in text
    assert 'heatmaps: loses less PCK than regression at eps 1' in text
    assert text.count('36 (15 to 65), n = 11') > 20
    assert 'budget: RMSE 8, at most 20 steps' in text
    page = (tmp_path / 'results.html').read_text()
    assert 'td-reg_tiny-r18_synthetic-64x80, right within 0.1: PCK' in page
    assert '2 victims, 72 attacks.' in page
    numbers = json.loads((tmp_path / 'results.json').read_text())
    assert {len(part['rows']) for part in numbers.values()} == {36, 0}
    assert {len(part['claims']) for part in numbers.values()} == {50, 6}


def test_quick_training_is_an_override_that_the_config_takes(tmp_path):
    from mmengine.config import Config

    for victim in studied(tmp_path, mouse=tmp_path).victims:
        width, height = victim.size
        cfg = Config.fromfile(PROJECT / victim.config)
        assert tuple(cfg.input_size) == (width, height)
        assert victim.values == 3 * width * height
    (victim,) = studied(tmp_path, quick=True).victims
    cfg = overridden(str(PROJECT / victim.config), 'CONFIG', victim.training_options)
    assert cfg.param_scheduler[1].end == cfg.train_cfg.max_epochs == 3
    videos = cfg.train_dataloader.dataset.num_videos
    assert f'train_dataloader.dataset.num_videos={videos}' in victim.training_options


@pytest.mark.parametrize('norm', ['linf', 'l2'])
def test_the_noise_has_the_length_of_the_whole_budget(norm, tmp_path):
    study = studied(tmp_path)
    victim = study.victims[0]
    noise = study.run(victim, 'untargeted', norm, 'noise')
    assert noise in study.runs(victim)
    threat = noise.attack['threat']
    # No change within eps of l_inf is longer than one of eps everywhere.
    assert threat == {'type': 'L2', 'eps': pytest.approx(study.eps * victim.values**0.5)}


def test_the_frame_with_the_most_labels_is_mirrored_to_be_the_mouse_target(tmp_path):
    from mmrobust.pose_targets import load_target
    from tools.data.prepare_mirror_mouse import write_mirrored

    frames = [
        {'num_keypoints': 1, 'keypoints': [1, 2, 2, 0, 0, 0, 0, 0, 0]},
        {'num_keypoints': 2, 'keypoints': [3, 4, 2, 0, 0, 0, 5, 6, 2]},
    ]
    write_mirrored(frames, tmp_path / 'mirrored.json')
    pose = load_target(str(tmp_path / 'mirrored.json'))
    assert pose.known.tolist() == [True, False, True]
    assert pose.places[[0, 2]].tolist() == [[-3, 4], [-5, 6]]
    assert studied(tmp_path).target('walk') == 'walk'


@pytest.mark.real
def test_no_mouse_is_near_the_target_as_it_is(real_data, tmp_path):
    """Or a victim that says the mean pose would be said to have been led there."""
    import numpy as np

    from mmrobust.pose_targets import load_target

    study = studied(tmp_path, mouse=real_data / 'mirror_mouse')
    study.cut()
    pose = load_target(study.target('mirrored')).fitted([0, 0, 396, 406])
    for split in ('train', 'test'):
        content = json.loads((tmp_path / 'mirror_mouse' / f'{split}.json').read_text())
        for frame in content['annotations']:
            rows = np.reshape(frame['keypoints'], (-1, 3))
            gaps = np.linalg.norm(rows[:, :2] - pose, axis=1)[rows[:, 2] > 0]
            assert gaps.mean() / 406 > 4 * AT_TARGET


def test_runs_are_of_these_weights_and_this_target(tmp_path, monkeypatch):
    study = studied(tmp_path, mouse=tmp_path)
    weights, target = tmp_path / 'epoch.pth', tmp_path / 'mirror_mouse' / 'mirrored.json'
    monkeypatch.setattr(jobs.KLimitingStudy, 'checkpoint', lambda *_: weights)
    target.parent.mkdir()
    for path in (weights, target, target.with_name('test.json')):
        path.write_text('one')
    victim = next(victim for victim in study.victims if victim.source)
    places = [f'{victim.name}/{goal}_linf_kaa' for goal in ('untargeted', 'mirrored')]

    def plans():
        found = {job.place.as_posix(): job.plan() for job in study.jobs(victim)}
        return [found[place] for place in places]

    before = plans()
    target.write_text('another')
    free, aimed = plans()
    assert free == before[0]
    assert aimed != before[1]
    weights.write_text('another')
    assert plans()[0] != before[0]


def test_the_mean_pose_is_right_where_everybody_stands_alike():
    options = ['train_dataloader.dataset.num_videos=4', 'test_dataloader.dataset.num_videos=3']
    config = PROJECT / 'configs' / 'td-hm_tiny-r18_synthetic-64x80.py'
    cfg = overridden(str(config), 'CONFIG', options)
    wide, narrow = (mean_pose(cfg, 2, within) for within in (10.0, 0.0))
    assert wide[0].value == 1.0
    assert narrow[0].value == 0.0
    assert wide[1].n == 2
    assert 0.01 < wide[1].value == narrow[1].value < 0.3
