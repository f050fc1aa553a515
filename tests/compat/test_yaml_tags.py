"""YAML configs are data."""

import pytest
from mmengine import fileio
from mmengine.config import Config

from mmrobust.cli.attack import main
from mmrobust.compat.yaml_tags import TagError

RUNS = '!!python/object/apply:os.system'


@pytest.fixture
def trap(tmp_path):
    """A line that makes a file when it is run, and the file."""
    mark = tmp_path / 'was_run'
    return f'x: 1\nevil: {RUNS} ["touch {mark}"]\n', mark


@pytest.mark.parametrize('suffix', ['yaml', 'yml'])
def test_a_tag_is_refused_with_file_and_line(trap, tmp_path, suffix):
    text, mark = trap
    path = tmp_path / f'config.{suffix}'
    path.write_text(text)
    tag = 'tag:yaml.org,2002:python/object/apply:os.system'
    with pytest.raises(TagError, match=f'config.{suffix}, line 2, tag .{tag}.: YAML must hold'):
        Config.fromfile(path)
    with pytest.raises(TagError, match='line 2'):
        fileio.load(str(path))
    assert not mark.exists()


@pytest.mark.parametrize(
    'tag', ['!!python/name:os.system', '!!python/object/new:int [3]', '!own 1']
)
def test_other_tags_too(tmp_path, tag):
    (tmp_path / 'c.yaml').write_text(f'x: {tag}\n')
    with pytest.raises(TagError, match='line 1'):
        Config.fromfile(tmp_path / 'c.yaml')


def test_the_base_that_holds_it_is_named(trap, tmp_path):
    text, mark = trap
    (tmp_path / 'base.yaml').write_text(text)
    (tmp_path / 'child.yaml').write_text('_base_: ./base.yaml\n')
    with pytest.raises(TagError, match=r'base\.yaml, line 2'):
        Config.fromfile(tmp_path / 'child.yaml')
    assert not mark.exists()


def test_plain_files_are_read_as_ever(tmp_path):
    cfg = Config({'a': {'b': [1, 2.5, None, True]}, 'size': (3, (4, 5)), 'name': 'x'})
    cfg.dump(tmp_path / 'dumped.yaml')
    assert '!!python/tuple' in (tmp_path / 'dumped.yaml').read_text()
    assert Config.fromfile(tmp_path / 'dumped.yaml').to_dict() == cfg.to_dict()


@pytest.mark.parametrize('place', ['CONFIG', '--attack'])
def test_commands_refuse_in_one_line(trap, tmp_path, root, capsys, place):
    text, mark = trap
    path, checkpoint = tmp_path / 'evil.yaml', tmp_path / 'c.pth'
    path.write_text(text)
    checkpoint.write_text('')
    config = root / 'tests' / 'configs' / 'tiny_3d.py'
    words = {'CONFIG': [path, checkpoint], '--attack': [config, checkpoint, '--attack', path]}
    assert main([str(word) for word in words[place]]) == 1
    found = capsys.readouterr().err
    assert found.count('\n') == 1
    assert 'evil.yaml, line 2, tag' in found
    assert not mark.exists()
