"""A tiny study, whose jobs write files."""

import sys

import pytest

CODE = '''
from dataclasses import dataclass
from pathlib import Path

from mmrobust.evaluation.claims import Claim, table
from mmrobust.studies.job import StudyJob, Written
from mmrobust.studies.section import Section
from mmrobust.studies.study import Study


def attack(words):
    out = Path(words[words.index('--work-dir') + 1])
    (out / 'report.json').write_text(Path(words[0]).read_text())
    with (out / 'calls').open('a') as file:
        file.write('x')


@dataclass(kw_only=True)
class Tiny(Study):
    """Writes its budgets down."""

    eps: list

    def jobs(self, victim):
        for eps in self.eps:
            words = [Written('attack.py', {'attack': {'eps': eps}}), '--max-samples', 1]
            yield StudyJob(Path(victim.name, f'eps{eps}'), 'attack', words, seconds=60)

    def sections(self):
        for victim in self.victims:
            claims = [Claim('it holds', 'one', '1', (0.5, 1.5))]
            cards = [self.folder / victim.name / f'eps{e}' / 'report.json' for e in self.eps]
            rows = [{'victim': victim.name, 'eps': card.read_text()} for card in cards]
            yield Section(victim.name, table(claims), claims, (), rows)
'''
SPEC = """
study = dict(
    type='tiny_code.Tiny',
    title='Tiny',
    eps=[1, 2],
    sources=dict(mine=dict(holds='a file', script='prepare.py', outputs=dict(cut=['--all']))),
    victims=[
        dict(name='one', config='one.py', weights='one.pth'),
        dict(name='two', config='two.py', weights='two.pth', source='mine'),
    ],
)
quick = dict(eps=[1], remark='Quick.')
"""
PREPARE = """
import pathlib, sys
out = pathlib.Path(sys.argv[2])
out.mkdir(parents=True, exist_ok=True)
with (out / 'made').open('a') as file:
    file.write(' '.join(sys.argv[3:]) + ';')
"""


@pytest.fixture
def spec(tmp_path, monkeypatch):
    folder = tmp_path / 'tiny'
    folder.mkdir()
    for name, text in (('tiny_code.py', CODE), ('study.py', SPEC), ('prepare.py', PREPARE)):
        (folder / name).write_text(text)
    monkeypatch.setattr(sys, 'path', list(sys.path))
    yield folder / 'study.py'
    sys.modules.pop('tiny_code', None)
