"""A study sees that the code of its own attacks has changed, as a run with --resume does."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mmrobust.ledger.provenance import file_sha256
from mmrobust.studies import used_files as module
from mmrobust.studies.job import StudyJob
from mmrobust.studies.used_files import SEVERAL, unchanged, used_files
from tests.conftest import ROOT


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A module of the user's, loaded in a process that has run nothing; its path."""
    monkeypatch.setattr(module, '_loaded_code', {})
    path = tmp_path / 'own_goal.py'
    path.write_text('eps = 8\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    __import__('own_goal')
    yield path
    sys.modules.pop('own_goal', None)


def ledger(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    content = {'seed': 0, **{f'files of the {noun}': found for noun, found in files.items()}}
    (folder / 'run.json').write_text(json.dumps(content))


def test_modules_and_files_are_found_again_by_their_paths(own, tmp_path, monkeypatch):
    flow = tmp_path / 'flow.pth'
    flow.write_text('weights')
    monkeypatch.chdir(tmp_path)
    codes = {'own_goal': file_sha256(own)}
    ledger(tmp_path / 'attack', attack=codes, model={'flow.pth': file_sha256(flow)}, data={})
    found = used_files(tmp_path / 'attack', 'attack')
    assert found == {str(flow): file_sha256(flow), str(own): file_sha256(own)}
    # As a transfer has them: for every attack, for every model.
    ledger(tmp_path / 'many', attacks=[{}, codes], models={'a': {}, 'b': {str(flow): 'x'}})
    assert used_files(tmp_path / 'many', 'transfer') == {
        str(flow): 'x',
        **{str(own): codes['own_goal']},
    }
    monkeypatch.chdir('/')
    assert unchanged(found)
    flow.write_text('others')
    assert not unchanged(found)
    assert used_files(tmp_path / 'nowhere', 'attack') == {}


def test_of_a_sweep_the_budgets_count_that_it_has(own, tmp_path):
    now = file_sha256(own)
    for eps, sha256 in (('1', now), ('2.5', now), ('4', 'earlier')):
        ledger(tmp_path / f'eps{eps}', attack={'own_goal': sha256})
    for budgets, expected in (((1.0, 2.5), now), ((1.0, 4.0), SEVERAL)):
        points = [{'eps': eps} for eps in budgets]
        (tmp_path / 'sweep.json').write_text(json.dumps({'points': points}))
        assert used_files(tmp_path, 'sweep') == {str(own): expected}
    assert not unchanged({str(own): SEVERAL})


def test_of_a_card_its_corruptions_and_attacks_count(own, tmp_path):
    ledger(tmp_path / 'corruptions', corruptions={'own_goal': file_sha256(own)})
    ledger(tmp_path / 'pgd', attack={'other.pth': 'now'})
    ledger(tmp_path / 'dropped', attack={'other.pth': 'earlier'})
    (tmp_path / 'card.json').write_text(json.dumps({'attacks': [{'name': 'pgd'}]}))
    other = str(Path('other.pth').resolve())
    assert used_files(tmp_path, 'card') == {str(own): file_sha256(own), other: 'now'}


def attack_with(own):
    """A command that writes what a run with the module writes."""

    def attack(words):
        out = Path(words[words.index('--work-dir') + 1])
        ledger(out, attack={'own_goal': file_sha256(own)})
        (out / 'report.json').write_text('{}')

    return attack


def test_a_job_is_done_again_for_code_that_has_changed(own, tmp_path, monkeypatch):
    commands = {'attack': attack_with(own)}
    job = StudyJob(Path('a'), 'attack', ['config.py'])
    job.run(tmp_path, commands)
    assert job.finished(tmp_path)
    own.write_text('eps = 4\n')
    assert not job.finished(tmp_path)
    # In another process, which loads it anew.
    monkeypatch.setattr(module, '_loaded_code', {})
    job.run(tmp_path, commands)
    assert job.finished(tmp_path)


def test_a_process_that_has_loaded_code_does_nothing_more_once_it_was_edited(own, tmp_path):
    commands = {'attack': attack_with(own)}
    StudyJob(Path('a'), 'attack', ['config.py']).run(tmp_path, commands)
    StudyJob(Path('b'), 'attack', ['config.py']).run(tmp_path, commands)
    own.write_text('eps = 4\n')
    with pytest.raises(ValueError, match='own_goal.py must stay as it is while a study runs'):
        StudyJob(Path('c'), 'attack', ['config.py']).run(tmp_path, commands)
    assert not (tmp_path / 'c').exists()


def test_a_job_is_another_one_with_another_base_of_its_config(tmp_path):
    config, base, root = (tmp_path / f'{name}.py' for name in ('config', 'base', 'root'))
    config.write_text("_base_ = 'base.py'")
    base.write_text("_base_ = ['root.py', 'mmaction::_base_/default_runtime.py']")
    root.write_text('eps = 8')
    before = StudyJob(Path('a'), 'attack', [config]).plan()
    root.write_text('eps = 4')
    assert StudyJob(Path('a'), 'attack', [config]).plan() != before
    # What only mmengine can tell.
    config.write_text("_base_ = './' + 'base.py'")
    assert StudyJob(Path('a'), 'attack', [config]).plan()['files'].keys() == {str(config)}


ATTACK = """
from dataclasses import dataclass
from mmrobust.attacks.pgd import PGD
from mmrobust.registry import ATTACKS

@ATTACKS.register_module()
@dataclass(kw_only=True, eq=False)
class Mine(PGD):
    def direction(self, state, gradient):
        return super().direction(state, SIGN * gradient)
"""
JOBS = """
from dataclasses import dataclass
from pathlib import Path
from mmrobust.studies.attack_study import AttackStudy, Run
from mmrobust.studies.section import Section

@dataclass(kw_only=True)
class Own(AttackStudy):
    def runs(self, victim):
        options = ['custom_imports.imports=[own_attack]']
        yield Run(key=('own',), place=Path('own'), attack=dict(type='Mine', steps=2),
                  options=options, samples=2, seconds=9)
        yield Run(key=('pgd',), place=Path('pgd'), attack=dict(type='PGD', steps=2), samples=2,
                  seconds=9)

    def sections(self):
        yield Section('all', 'done')
"""
SPEC = f"""
root = {str(ROOT)!r}
study = dict(
    type='own_jobs.Own',
    title='Own',
    victims=[
        dict(
            name='i3d',
            config=f'{{root}}/configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py',
            weights=f'{{root}}/mmrobust/resources/demo_victim.pth',
        )
    ],
)
"""


@pytest.mark.slow
def test_an_attack_beside_the_spec_is_run_again_when_it_was_edited(tmp_path):
    attack = tmp_path / 'own_attack.py'
    attack.write_text(ATTACK.replace('SIGN', '1'))
    (tmp_path / 'own_jobs.py').write_text(JOBS)
    (tmp_path / 'study.py').write_text(SPEC)

    def studied():
        words = [sys.executable, '-W', 'ignore', ROOT / 'tools' / 'study.py', tmp_path / 'study.py']
        words += ['--work-dir', tmp_path / 'out', '--processes', 1]
        env = os.environ | {'OMP_NUM_THREADS': '1'}
        done = subprocess.run(
            map(str, words), capture_output=True, text=True, check=False, env=env, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr
        lines = (tmp_path / 'out' / 'full' / 'i3d' / 'own' / 'results.jsonl').read_text()
        return done.stdout, [json.loads(line)['l2'] for line in lines.splitlines()]

    printed, first = studied()
    assert '2 runs, 2 to do' in printed
    assert '2 runs, 0 to do' in studied()[0]
    attack.write_text(ATTACK.replace('SIGN', '-1'))
    printed, second = studied()
    # The shipped attack has not changed.
    assert '2 runs, 1 to do' in printed
    assert 'beginning again' in printed
    assert len(second) == len(first) == 2
    assert second != first
    assert '2 runs, 0 to do' in studied()[0]
