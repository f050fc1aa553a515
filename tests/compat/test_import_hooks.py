"""The finders: quick, light, idempotent, and out of the way of everything else."""

import inspect
import sys

import pytest

from mmrobust.compat import BREAKS, _imports, heal


@pytest.fixture
def module(tmp_path, monkeypatch) -> str:
    """Name of a module that can be imported and is not."""
    name = f'hooked_{tmp_path.name}'
    (tmp_path / f'{name}.py').write_text('value = 1\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    sys.modules.pop(name, None)
    _imports._HOOKS.waiting.pop(name, None)


def test_import_is_light_and_quick(run):
    code = """
import sys, time
import mmrobust.compat
start = time.process_time()
mmrobust.compat.heal()
assert time.process_time() - start < 0.05
heavy = {'torch', 'torchvision', 'numpy', 'mmengine', 'mmcv', 'mmaction', 'mmpose', 'rich'}
print(sorted(heavy & set(sys.modules)))
"""
    assert run(code, bare=False).stdout.strip() == '[]'


def test_heal_is_idempotent():
    heal()
    finders = list(sys.meta_path)
    waiting = {name: list(actions) for name, actions in _imports._HOOKS.waiting.items()}
    heal()
    assert sys.meta_path == finders
    assert _imports._HOOKS.waiting == waiting
    assert finders.count(_imports._HOOKS) == finders.count(_imports._STAND_INS) == 1


def test_action_follows_the_import_once(module):
    seen = []
    for _ in range(2):
        _imports.when_imported(module, seen.append)
    assert seen == []
    imported = __import__(module)
    __import__(module)
    assert seen == [imported]
    assert imported.value == 1


def test_action_on_an_imported_module_runs_at_once(module):
    imported = __import__(module)
    seen = []
    _imports.when_imported(module, seen.append)
    assert seen == [imported]


def test_hooked_module_looks_as_ever(module):
    _imports.when_imported(module, lambda imported: None)
    imported = __import__(module)
    assert type(imported.__loader__).__name__ == 'SourceFileLoader'
    assert imported.__spec__.loader is imported.__loader__
    assert inspect.getsource(imported) == 'value = 1\n'


def test_looking_for_a_module_does_not_act(module):
    seen = []
    _imports.when_imported(module, seen.append)
    assert _imports.find_real(module) is not None
    assert seen == []
    assert module not in sys.modules


def test_find_real_sees_no_stand_in_and_imports_no_parent(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / 'outer_package').mkdir()
    (tmp_path / 'outer_package/__init__.py').write_text('raise RuntimeError\n')
    (tmp_path / 'outer_package/inner.py').write_text('')
    assert _imports.find_real('outer_package.inner') is not None
    assert _imports.find_real('outer_package.absent') is None
    assert _imports.find_real('outer_package.inner.deeper') is None
    _imports.stand_in('outer_package.absent', lambda module: None)
    assert _imports.find_real('outer_package.absent') is None
    assert 'outer_package' not in sys.modules


def test_heal_is_logged_once_at_debug_level(caplog):
    caplog.set_level('DEBUG', 'mmrobust.compat')
    each = type(BREAKS[0])()
    each.note()
    each.note()
    assert [(r.levelname, r.name) for r in caplog.records] == [('DEBUG', 'mmrobust.compat')]
