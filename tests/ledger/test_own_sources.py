"""Code that a user has written is part of what a run is."""

import importlib
import sys
from pathlib import Path

import pytest

from mmrobust.attacks.gradient_estimation import GradientEstimation
from mmrobust.attacks.pgd import PGD
from mmrobust.attacks.worst_case import WorstCase
from mmrobust.ledger.own_sources import own_sources
from mmrobust.ledger.provenance import fingerprint
from tests.ledger.test_provenance import Loop, Samples

ATTACK = """
import own_steps
import own_unused_in_pgd
import numpy as np
from mmrobust.attacks.pgd import PGD
from own_threat import OwnThreat
from own_steps import halved as smaller
class OwnPGD(PGD):
    step = staticmethod(smaller)
"""
THREAT = """
from dataclasses import dataclass
from mmrobust.threats import Linf
@dataclass(frozen=True)
class OwnThreat(Linf):
    pass
"""
FILES = {
    'own_attack': ATTACK,
    'own_threat': THREAT,
    'own_steps': 'def halved(x):\n    return x / 2\n',
    'own_unused_in_pgd': 'import own_deep\n',
    'own_deep': '',
    'own_other': '',
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name, text in FILES.items():
        (tmp_path / f'{name}.py').write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.import_module('own_other')
    importlib.import_module('own_attack')
    yield tmp_path
    for name in FILES:
        sys.modules.pop(name, None)


def test_what_is_shipped_has_no_own_source():
    assert own_sources(PGD()) == own_sources(GradientEstimation()) == {}


def test_files_of_the_class_and_of_what_it_imports_beside_it(folder):
    found = own_sources(sys.modules['own_attack'].OwnPGD())
    names = ['own_attack', 'own_deep', 'own_steps', 'own_threat', 'own_unused_in_pgd']
    assert list(found) == names
    assert found['own_deep'] == folder / 'own_deep.py'


def test_a_threat_of_ones_own_counts_in_a_shipped_attack(folder):
    threat = sys.modules['own_threat'].OwnThreat(eps=4)
    assert list(own_sources(PGD(threat=threat))) == ['own_threat']


def test_one_of_several_in_a_list_counts(folder):
    attack = PGD()
    attack.several = [attack.threat, sys.modules['own_threat'].OwnThreat(eps=4)]
    assert list(own_sources(attack)) == ['own_threat']


def attack_files(attack):
    loop = Loop(Samples())
    loop.attack = attack
    return fingerprint(loop)['files of the attack']


@pytest.mark.parametrize('name', ['own_attack', 'own_threat', 'own_deep'])
def test_an_edited_file_is_another_attack_and_a_copy_is_not(folder, name):
    attack = sys.modules['own_attack'].OwnPGD()
    first = attack_files(attack)
    path = folder / f'{name}.py'
    path.touch()
    assert attack_files(attack) == first
    path.write_text(path.read_text() + '\n# edited\n')
    changed = attack_files(attack)
    assert [key for key in first if first[key] != changed[key]] == [name]
    assert not any(str(Path(folder)) in key for key in first)


def test_an_attack_of_ones_own_counts_in_an_ensemble(folder):
    own = {'type': sys.modules['own_attack'].OwnPGD, 'name': 'own'}
    assert 'own_attack' in own_sources(WorstCase(members=[own]))
    assert own_sources(WorstCase(members=[{'type': 'PGD'}])) == own_sources(WorstCase()) == {}
