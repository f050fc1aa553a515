"""Names are there when they are asked for, and nothing is imported before."""

import subprocess
import sys

import pytest

import mmrobust as mr
from mmrobust import registry
from mmrobust.lazy import registered


def run(code: str) -> str:
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_registered_noun_is_a_name_of_the_package():
    for noun in ('ATTACKS', 'THREATS', 'GOALS', 'SAMPLERS', 'ESTIMATORS', 'INPUT_TRANSFORMS'):
        for name, cls in getattr(registry, noun).everything().items():
            if cls.__module__.startswith('mmrobust.'):
                assert getattr(mr, name) is cls
                assert name in dir(mr)


def test_the_index_of_the_files_is_what_importing_them_registers():
    for noun, found in registered().items():
        classes = getattr(registry, noun).everything()
        own = {name: cls for name, cls in classes.items() if cls.__module__.startswith('mmrobust.')}
        assert {name: cls.__module__ for name, cls in own.items()} == found


def test_names_can_be_imported_from_their_packages():
    from mmrobust.attacks import PGD
    from mmrobust.samplers import Sparked
    from mmrobust.victims import ActionVictim

    assert [cls.__name__ for cls in (PGD, Sparked, ActionVictim)] == [
        'PGD',
        'Sparked',
        'ActionVictim',
    ]


@pytest.mark.parametrize('name', ['PDG', '__nope__'])
def test_other_names_are_attribute_errors(name):
    with pytest.raises(AttributeError, match=f"module 'mmrobust' has no attribute '{name}'"):
        getattr(mr, name)


def test_importing_the_package_imports_nothing_heavy():
    heavy = ('torch', 'numpy', 'mmengine', 'mmcv')
    assert run(f'import sys, mmrobust; print([n for n in {heavy} if n in sys.modules])') == '[]\n'


def test_one_attack_imports_no_other():
    code = (
        'import sys, mmrobust as mr; mr.PGD(threat=mr.L2(5)); from mmrobust.registry import '
        "ATTACKS; ATTACKS.build({'type': 'PGD', 'goal': {'type': 'LeastLikely'}}); "
        "print(sorted(n for n in sys.modules if n.startswith('mmrobust.attacks.')))"
    )
    found = run(code)
    assert 'mmrobust.attacks.pgd' in found
    for other in ('square', 'rays', 'k_limiting', 'mi_fgsm', 'frame_saliency'):
        assert other not in found


def test_a_class_that_others_register_is_a_name_of_its_registry(monkeypatch):
    monkeypatch.setitem(registry.ATTACKS.module_dict, 'Foreign', mr.PGD)
    assert 'Foreign' in registry.ATTACKS.names()
    assert registry.ATTACKS.everything()['Foreign'] is mr.PGD
    assert registry.find(registry.ATTACKS, 'Foreign') is mr.PGD
