"""Config files: modules beside them are found, mistakes named by file and line."""

import sys

import pytest

from mmrobust.io.configs import read_config

SOURCE = 'from mmrobust.registry import THREATS\nVALUE = 3\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder that is on no path, away from the current one; what it adds is taken back."""
    monkeypatch.setattr(sys, 'path', list(sys.path))
    before = set(sys.modules)
    place = tmp_path / 'elsewhere'
    place.mkdir()
    yield place
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('a = 1\nmodel = dict(\n  x=1\nb = 3 +\n', "line 2: '(' was never closed"),
        ('a = 1\nb = a.c\n', "line 2: AttributeError: 'int' object has no attribute 'c'"),
        ('a = 1\nb = nowhere\n', "line 2: NameError: name 'nowhere' is not defined"),
        (
            "custom_imports = dict(imports=['no_such_module'])\n",
            ": No module named 'no_such_module'",
        ),
        (
            'a = 1\nimport no_such_module_either\n',
            "line 2: no module named 'no_such_module_either'",
        ),
        ('from nowhere.at import all\n', "line 1: no module named 'nowhere.at'"),
    ],
)
def test_a_mistake_in_python_is_named_by_file_and_line(folder, text, message):
    path = folder / 'broken.py'
    path.write_text(text)
    with pytest.raises(ValueError, match='^CONFIG') as caught:
        read_config(path, 'CONFIG')
    assert str(caught.value).startswith(f'CONFIG {path}')
    assert message in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize('content', ['[1, 2]', '"PGD"', '{"attack": '])
def test_json_that_is_no_config(folder, content):
    path = folder / 'list.json'
    path.write_text(content)
    with pytest.raises(ValueError, match=r'^--attack .*list\.json: '):
        read_config(path, '--attack')


@pytest.mark.parametrize('suffix', ['yml', 'yaml'])
def test_yaml_that_is_none_is_named_by_file_and_line(folder, suffix):
    path = folder / f'broken.{suffix}'
    path.write_text('attack:\n  threat: {type: Linf, eps: 4\n  steps: 3\n')
    child = folder / f'child.{suffix}'
    child.write_text(f'_base_: broken.{suffix}\n')
    for read in (path, child):
        with pytest.raises(ValueError, match='expected') as caught:
            read_config(read, '--attack')
        assert str(caught.value).startswith(
            f'--attack {path}, line 3: while parsing a flow mapping'
        )
        assert '<file>' not in str(caught.value)


def test_a_mistake_in_a_base_is_named_there(folder):
    (folder / 'base.py').write_text('ok = 1\n\nbad = dict(\n')
    (folder / 'child.py').write_text("_base_ = ['base.py']\n")
    with pytest.raises(ValueError, match=r'base\.py, line 3: '):
        read_config(folder / 'child.py', 'CONFIG')


@pytest.mark.parametrize('decorator', ['', '@ATTACKS.register_module()\n'])
def test_a_class_in_a_config_is_told_where_it_belongs(folder, decorator):
    path = folder / 'mine.py'
    imports = 'from mmrobust.attacks import Attack\nfrom mmrobust.registry import ATTACKS\n\n'
    path.write_text(
        f"{imports}{decorator}class Mine(Attack):\n    x = 1\n\nattack = dict(type='M')\n"
    )
    with pytest.raises(ValueError, match='^--attack') as caught:
        read_config(path, '--attack')
    assert str(caught.value) == (
        f'--attack {path}, line 4: a config file cannot define classes: put Mine into a module '
        'beside it and import it from there (docs/writing_an_attack.md)'
    )


def test_a_file_that_is_no_config_by_its_ending(folder):
    (folder / 'weights.pth').write_text('')
    rule = r'^CONFIG must be a config \(\.py \.json \.yml \.yaml\), got .*weights\.pth$'
    with pytest.raises(ValueError, match=rule):
        read_config(folder / 'weights.pth', 'CONFIG')


def test_a_folder_is_not_a_missing_file(folder):
    with pytest.raises(
        IsADirectoryError, match='CONFIG .*elsewhere is a folder: it must be a file'
    ):
        read_config(folder, 'CONFIG')
    with pytest.raises(FileNotFoundError, match='CONFIG .*nowhere.py does not exist'):
        read_config(folder / 'nowhere.py', 'CONFIG')
    with pytest.raises(
        FileNotFoundError, match=r'nowhere.py does not exist \(looked for in the cur'
    ):
        read_config('nowhere.py', 'CONFIG')


@pytest.mark.parametrize(
    'text',
    [
        'import neighbour_a\nvalue = 1\n',
        'from neighbour_a import VALUE\nvalue = 1\n',
        "custom_imports = dict(imports=['neighbour_a'], allow_failed_imports=False)\nvalue = 1\n",
    ],
)
def test_modules_beside_a_config_are_imported(folder, text):
    (folder / 'neighbour_a.py').write_text(SOURCE)
    (folder / 'config.py').write_text(text)
    assert read_config(folder / 'config.py', 'CONFIG').value == 1
    assert sys.modules['neighbour_a'].VALUE == 3


def test_a_neighbour_does_not_hide_an_installed_module(folder):
    (folder / 'json.py').write_text('raise RuntimeError')
    (folder / 'config.py').write_text('import json\nvalue = 1\n')
    assert read_config(folder / 'config.py', 'CONFIG').value == 1
