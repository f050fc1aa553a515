"""The same attack through MMAction2's own test script, a hook, and two processes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import mmaction
import pytest

from tests.conftest import CONFIGS, ROOT
from tests.engine.runs import attack_run, card, outcome, rows

STOCK_TEST = Path(mmaction.__file__).parent / '.mim' / 'tools' / 'test.py'
HOOK = 'default_hooks.attack'
BY_OPTIONS = [
    f'{HOOK}.type=mmrobust.AttackHook',
    f'{HOOK}.attack.type=PGD',
    f'{HOOK}.attack.steps=4',
    f'{HOOK}.attack.goal.type=Misclassify',
    f'{HOOK}.attack.goal.reference=prediction',
]


@pytest.fixture(scope='module')
def expected(checkpoints, tmp_path_factory):
    folder = tmp_path_factory.mktemp('expected')
    attack_run(checkpoints['tiny_3d'], folder)
    return folder


def run(*command: object) -> str:
    environment = {**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHONPATH': str(ROOT)}
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def printed_metrics(text: str) -> dict[str, float]:
    return {k: float(v) for k, v in re.findall(r'((?:clean|adv)/\S+): ([\d.]+)', text)}


def assert_same(expected: Path, work_dir: Path, text: str) -> None:
    want, shown = card(expected), printed_metrics(text)
    for prefix, side in (('clean', 'clean'), ('adv', 'adversarial')):
        for name, value in want[side].items():
            assert shown[f'{prefix}/{name}'] == pytest.approx(value, abs=1e-4)
    assert [outcome(r) for r in rows(work_dir)] == [outcome(r) for r in rows(expected)]


@pytest.mark.slow
def test_stock_script_with_options(expected, checkpoints, tmp_path):
    text = run(
        STOCK_TEST,
        CONFIGS / 'tiny_3d.py',
        checkpoints['tiny_3d'],
        '--work-dir',
        tmp_path,
        '--cfg-options',
        *BY_OPTIONS,
        'log_level=INFO',
    )
    assert_same(expected, tmp_path, text)


@pytest.mark.slow
@pytest.mark.parametrize('how', ['custom_hooks', 'test_cfg'])
def test_stock_script_with_a_child_config(expected, checkpoints, tmp_path, how):
    attack = "dict(type='PGD', steps=4, goal=dict(type='Misclassify', reference='prediction'))"
    wiring = {
        'custom_hooks': f"custom_hooks = [dict(type='mmrobust.AttackHook', attack={attack})]",
        'test_cfg': f"test_cfg = dict(type='mmrobust.AttackTestLoop', attack={attack})",
    }[how]
    config = tmp_path / 'child.py'
    config.write_text(f"_base_ = [{str(CONFIGS / 'tiny_3d.py')!r}]\nlog_level = 'INFO'\n{wiring}\n")
    text = run(STOCK_TEST, config, checkpoints['tiny_3d'], '--work-dir', tmp_path / 'w')
    assert_same(expected, tmp_path / 'w', text)


@pytest.mark.slow
def test_two_processes(expected, checkpoints, tmp_path):
    run(
        '-m',
        'torch.distributed.run',
        '--nproc_per_node=2',
        '--standalone',
        ROOT / 'tools' / 'attack.py',
        CONFIGS / 'tiny_3d.py',
        checkpoints['tiny_3d'],
        '--work-dir',
        tmp_path,
        '--launcher',
        'pytorch',
    )
    assert [outcome(r) for r in rows(tmp_path)] == [outcome(r) for r in rows(expected)]
    ours, theirs = card(tmp_path), card(expected)
    for key in ('n', 'clean', 'adversarial', 'success_rate', 'cost', 'flags'):
        assert ours[key] == theirs[key]
    assert not list(tmp_path.glob('results.1.jsonl'))


@pytest.mark.slow
def test_console_script_and_module(checkpoints, tmp_path):
    text = run(
        '-m',
        'mmrobust.cli.main',
        'attack',
        CONFIGS / 'tiny_3d.py',
        checkpoints['tiny_3d'],
        '--attack',
        ROOT / 'configs' / '_base_' / 'attacks' / 'fgsm.py',
        '--max-samples',
        1,
        '--work-dir',
        tmp_path,
    )
    assert 'FGSM' in text
    assert json.loads((tmp_path / 'report.json').read_text())['n'] == 1
