"""The reproduction runs from nothing to its table of claims, and does nothing twice."""

import json

import pytest

from projects.motion_excited_sampler.arms import ARMS, RIVALS, STARTED, VARIANTS
from tests.conftest import ROOT

PROJECT = ROOT / 'projects' / 'motion_excited_sampler'


@pytest.mark.slow
def test_quick_reproduction_reaches_its_claims(run_quick, tmp_path):
    printed = run_quick(PROJECT.name, tmp_path)
    folder = tmp_path / 'quick'
    text = (folder / 'results.md').read_text()
    assert text in printed
    rows = [line.split('|')[1].strip() for line in text.splitlines() if line[:2] == '| ']
    assert set(rows) >= {*ARMS, *VARIANTS, *RIVALS, STARTED}
    verdicts = [line.split('|')[-2].strip() for line in text.splitlines() if ' < ' in line]
    assert set(verdicts) == {'undecided'}
    assert 'did exactly what one_noise did on 2 of 2 videos' in text
    started = folder / 'i3d_synthetic' / f'targeted_{STARTED}' / 'seed0' / 'report.json'
    assert json.loads(started.read_text())['attack']['start'].endswith('list.txt')
    assert (folder / 'results.html').stat().st_size > 10_000
    assert (folder / 'i3d_synthetic' / 'noise.png').stat().st_size > 10_000
    place = folder / 'i3d_synthetic' / 'untargeted_sparked' / 'seed0'
    card = json.loads((place / 'report.json').read_text())
    assert card['attack']['sampler']['type'] == 'Sparked'
    assert card['query']['gradient_cosine'] is not None

    again = run_quick(PROJECT.name, tmp_path)
    assert ', 0 to do' in again
    assert (folder / 'results.md').read_text() == text
