"""The examples of docs/examples, run as a user would: from another folder, by the command."""

import importlib
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch

from mmrobust.attacks.pgd import PGD
from mmrobust.cli.attack import build_config, parser
from mmrobust.corruptions import Clip, Draws
from mmrobust.registry import ATTACKS, CORRUPTIONS, GOALS, THREATS
from mmrobust.studies.spec import read_study
from mmrobust.threats import L2, Linf
from mmrobust.victims import FunctionVictim
from tests.conftest import CONFIGS, ROOT

EXAMPLES = ROOT / 'docs' / 'examples'
STUDY = EXAMPLES / 'study'
TITLES = {'bim': 'BIM', 'border': 'PGD', 'out_of_top': 'PGD, out of the first 3'}


@pytest.fixture(autouse=True)
def _forgotten(monkeypatch):
    monkeypatch.setattr(sys, 'path', list(sys.path))
    yield
    for registry in (ATTACKS, THREATS, GOALS, CORRUPTIONS):
        for name, cls in list(registry.module_dict.items()):
            if cls.__module__ in (*TITLES, 'vignette'):
                registry.module_dict.pop(name)
    for name in (*TITLES, 'jobs', 'claims', 'vignette'):
        sys.modules.pop(name, None)


@pytest.mark.parametrize('name', TITLES)
def test_an_example_is_found_from_another_folder(name, tmp_path, monkeypatch):
    """Without a run: the file beside the config is imported, and the attack can be built."""
    monkeypatch.chdir(tmp_path)
    words = [CONFIGS / 'tiny_3d.py', 'any.pth', '--attack', EXAMPLES / f'attack_{name}.py']
    cfg = build_config(parser().read([str(word) for word in words]))
    assert ATTACKS.build(cfg.test_cfg.attack.to_dict()).title == TITLES[name]
    assert sys.modules[name].__file__ == str(EXAMPLES / f'{name}.py')


def test_an_example_is_named_on_the_command_line(tmp_path, monkeypatch):
    shutil.copy(EXAMPLES / 'bim.py', tmp_path)
    monkeypatch.chdir(tmp_path)
    words = [CONFIGS / 'tiny_3d.py', 'any.pth', '--attack', 'BIM', '--cfg-options']
    words += ['custom_imports.imports=[bim]', 'attack.steps=3']
    cfg = build_config(parser().read([str(word) for word in words]))
    assert cfg.test_cfg.attack == {'type': 'BIM', 'steps': 3}


@pytest.mark.slow
@pytest.mark.parametrize('name', TITLES)
def test_an_example_runs_as_a_user_would_run_it(name, tmp_path, checkpoints):
    theirs, here = tmp_path / 'theirs', tmp_path / 'here'
    theirs.mkdir()
    here.mkdir()
    for file in (f'{name}.py', f'attack_{name}.py'):
        shutil.copy(EXAMPLES / file, theirs)
    words = [sys.executable, '-W', 'ignore', ROOT / 'tools' / 'attack.py', CONFIGS / 'tiny_3d.py']
    words += [checkpoints['tiny_3d'], '--attack', theirs / f'attack_{name}.py', '--work-dir', 'out']
    words += ['--max-samples', '2', '--device', 'cpu']
    done = subprocess.run(map(str, words), cwd=here, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    card = json.loads((here / 'out' / 'report.json').read_text())
    assert card['title'] == TITLES[name]
    assert TITLES[name] in done.stdout
    assert card['evaluated'] == 2


def imported(name, monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLES))
    return importlib.import_module(name)


@pytest.mark.parametrize('ball', [Linf(8), L2(300)], ids=['linf', 'l2'])
def test_the_border_alone_changes(ball, monkeypatch):
    border = imported('border', monkeypatch).Border(threat=ball, width=2)
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 2 * 9 * 11, 4))
    pixels = torch.randint(0, 256, (2, 3, 2, 9, 11))
    labels = net(pixels.float()).argmax(dim=1)
    attack = PGD(threat=border, steps=3, early_stop=False)
    for outcome, clean in zip(attack(FunctionVictim(net), pixels, labels), pixels, strict=True):
        changed = (outcome.adversarial != clean).any(dim=(0, 1))
        assert changed.any()
        assert not changed[2:-2, 2:-2].any()
    with pytest.raises(ValueError, match='width must be at most 4, half a frame, got 5'):
        imported('border', monkeypatch).Border(width=5).check(pixels)


def test_the_right_class_leaves_the_first_three(monkeypatch):
    goal = imported('out_of_top', monkeypatch).OutOfTop(k=3)
    labels = torch.tensor([0, 1, 2])
    outputs = torch.tensor([[1.0, 2, 3, 4], [1, 2, 3, 4], [1, 9, 3, 8]])
    bound = goal.bind(labels, outputs)
    assert bound.success(outputs).tolist() == [True, False, False]
    assert not bound.success(outputs * torch.nan).any()
    with pytest.raises(ValueError, match='k must be below the 3 classes, got 3'):
        goal.bind(labels, outputs[:, :3])


def test_every_file_of_the_study_is_on_its_page():
    page = (ROOT / 'docs' / 'studies.md').read_text()
    for path in STUDY.glob('*.py'):
        assert f'{{literalinclude}} examples/study/{path.name}\n' in page


@pytest.mark.parametrize('quick', [False, True], ids=['full', 'quick'])
def test_the_study_has_runs_and_weighs_what_they_find(quick, tmp_path):
    study = read_study(STUDY / 'study.py', tmp_path, overrides={}, quick=quick)
    study.check()
    (victim,) = study.victims
    assert study.config(victim).is_file()
    assert study.checkpoint(victim).is_file()
    for run in study.runs(victim):
        place = study.at(victim, run)
        place.mkdir(parents=True)
        fooled = run.key[0] == 'mi_fgsm' or run.key[1] > 1
        lines = [
            {'index': index, 'error': None, 'attacked': True, 'success': fooled or index == 0}
            for index in range(12)
        ]
        (place / 'results.jsonl').write_text(''.join(json.dumps(line) + '\n' for line in lines))
    (section,) = study.sections()
    verdicts = {claim.text: claim.verdict for claim in section.claims}
    first = 'mi_fgsm at 1 fools it more often than pgd at 1'
    # Of the quick run's four samples nothing is said.
    assert verdicts[first] == ('undecided' if quick else 'held')
    if not quick:
        assert verdicts['mi_fgsm at 2 fools it more often than pgd at 2'] == 'undecided'
        assert verdicts['pgd at 2 fools it more often than pgd at 1'] == 'held'
    assert section.rows[0]['fooled'].endswith('n = 4' if quick else 'n = 12')


@pytest.mark.slow
def test_the_study_runs_as_a_user_would_run_it(tmp_path):
    words = [sys.executable, '-W', 'ignore', ROOT / 'tools' / 'study.py', STUDY / 'study.py']
    words += ['--quick', '--work-dir', 'out', '--cfg-options', 'study.samples=2']
    env = os.environ | {'OMP_NUM_THREADS': '1'}
    done = subprocess.run(
        map(str, words), cwd=tmp_path, capture_output=True, text=True, check=False, env=env
    )
    assert done.returncode == 0, done.stderr
    assert '2 runs, 2 to do' in done.stdout
    results = json.loads((tmp_path / 'out' / 'quick' / 'results.json').read_text())
    assert len(results['i3d']['claims']) == 1
    assert [row['fooled'][-5:] for row in results['i3d']['rows']] == ['n = 2'] * 2
    assert (tmp_path / 'out' / 'quick' / 'results.html').exists()


def test_a_corruption_of_ones_own_is_found_from_another_folder(tmp_path, monkeypatch):
    from mmrobust.engine.corruption_configs import corruptions_of

    monkeypatch.chdir(tmp_path)
    own, known = corruptions_of([str(EXAMPLES / 'corruptions_vignette.py')])
    assert (own.name, known.name) == ('vignette', 'brightness')
    clip = Clip(np.full((2, 33, 41, 3), 200, np.uint8))
    milder, worse = own.ladder(clip, Draws(0, own.name, 0), [1, 5])
    assert milder[0, 16, 20].tolist() == worse[0, 16, 20].tolist() == [200, 200, 200]
    assert milder[0, 0, 0].tolist() == [160, 160, 160]
    assert worse[1, -1, -1].tolist() == [40, 40, 40]
