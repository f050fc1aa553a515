"""The trace counts what is entered, and nothing else."""

import importlib.util
import sys

import pytest
import torch

from tests.conftest import ROOT

PATH = ROOT / 'tools' / 'analysis_tools' / 'trace_run.py'


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location('trace_run', PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_files_functions_and_frames_are_counted(tool, tmp_path):
    (tmp_path / 'visualization').mkdir()
    (tmp_path / 'visualization' / 'shown.py').write_text('def draw(run):\n    return run()\n')
    (tmp_path / 'own.py').write_text('def inner(net):\n    return net()\ndef unused():\n    pass\n')
    found = {}
    for name in ('visualization/shown', 'own'):
        path = tmp_path / f'{name}.py'
        exec(compile(path.read_text(), str(path), 'exec'), found)
    trace, net = tool.Trace(tmp_path), torch.nn.Identity()
    net.register_forward_pre_hook(trace.see)
    with tool.traced(trace):
        found['draw'](lambda: found['inner'](lambda: net(0)))
    assert sys.getprofile() is None
    # Two files and functions; one of each in the core; no attack; both frames stand above.
    assert trace.row() == (2, 2, 1, 1, 0, 2)


def test_what_an_attack_enters_is_told_from_what_comes_before_and_after(tool, tmp_path):
    (tmp_path / 'attacks').mkdir()
    files = {
        'attacks/base.py': 'class Attack:\n    def __call__(self, step):\n        return step()\n',
        'step.py': 'def step():\n    return 1\n',
        'check.py': 'def check():\n    return 1\n',
    }
    found = {}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
        exec(compile(text, str(tmp_path / name), 'exec'), found)
    trace = tool.Trace(tmp_path)
    with tool.traced(trace):
        found['check']()
        found['Attack']()(found['step'])
        found['check']()
    assert trace.inside == {'attacks/base.py', 'step.py'}
    assert trace.row()[2] == 3


@pytest.mark.slow
def test_a_run_is_traced(tool, capsys):
    tool.main(['pgd'])
    name, *numbers = capsys.readouterr().out.splitlines()[-1].split()
    files, functions, core, inner, inside, frames = map(int, numbers)
    assert name == 'pgd'
    assert files > core > inside > 10
    assert functions > inner > core
    assert frames > 5
