"""The reproduction runs from nothing to its table of claims."""

import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT

PROJECT = ROOT / 'projects' / 'optical_flow_attack'


@pytest.mark.slow
def test_quick_reproduction_reaches_its_claims(tmp_path):
    command = [sys.executable, '-W', 'ignore', PROJECT / 'reproduce.py', '--quick']
    done = subprocess.run(
        [*command, '--work-dir', tmp_path], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    folder = tmp_path / 'quick' / 'synthetic'
    text = (folder / 'results.md').read_text()
    assert text in done.stdout
    verdicts = [line.split('|')[-2].strip() for line in text.splitlines() if line[:3] == '| (']
    assert len(verdicts) == 17
    assert set(verdicts) <= {'held', 'did not hold', 'undecided'}
    sweep = json.loads((folder / 'stack_oneshot' / 'sweep.json').read_text())
    last = sweep['points'][-1]
    assert last['adversarial_accuracy'] < last['clean_accuracy']
    card = json.loads((folder / 'transfer_oneshot' / 'transfer.json').read_text())
    white, *_ = [cell for cell in card['cells'] if cell['white_box'] and cell['eps'] > 5]
    assert white['success_rate'] > 0.5
