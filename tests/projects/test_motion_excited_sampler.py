"""The reproduction runs from nothing to its table of claims, and does nothing twice."""

import json
from types import SimpleNamespace

import pytest
import torch

from mmrobust.studies.clips import start_list
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


class Six:
    """Six clips of three classes, and what a victim makes of them."""

    labels = (0, 1, 2, 0, 0, 0)
    seen = (0, 1, 0, 1, 0, 0)

    def __init__(self, *_):
        self.dataset = self

    def __len__(self):
        return len(self.labels)

    def get_data_info(self, index):
        return {'label': self.labels[index]}

    def packed(self, index):
        return {'index': index}

    def __getitem__(self, index):
        return torch.full((3, 2, 16, 16), 40.0 * index)

    def test_step(self, batch):
        return [SimpleNamespace(pred_label=self.seen[batch['index'][0]])]


def test_starts_are_two_right_clips_of_a_class_or_else_its_first_one(tmp_path, monkeypatch):
    monkeypatch.setattr('mmrobust.studies.clips.Clips', Six)
    monkeypatch.setattr('mmaction.apis.init_recognizer', lambda *_: Six())
    weights = tmp_path / 'weights.pth'
    weights.write_text('one')
    path = start_list(None, weights, tmp_path / 'starts')
    # Clip 3 is not right, clip 5 is one too many; of class 2 none is right.
    assert path.read_text().split('\n') == ['0.mkv 0', '4.mkv 0', '1.mkv 1', '2.mkv 2', '']
    assert {file.name for file in path.parent.glob('*.mkv')} == {f'{i}.mkv' for i in (0, 1, 2, 4)}
    (path.parent / '0.mkv').unlink()
    start_list(None, weights, path.parent)
    assert not (path.parent / '0.mkv').exists()
    weights.write_text('another')
    start_list(None, weights, path.parent)
    assert (path.parent / '0.mkv').exists()
