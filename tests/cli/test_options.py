"""``--cfg-options`` as mmengine reads them, with blanks and dicts besides."""

import sys

import pytest
from mmengine.config import DictAction

from mmrobust.cli.options import import_named, parse_options

ALIKE = [
    *('1', '1.5', '1e3', '-3', 'abc', 'True', 'false', 'None', 'x=3', '/a/b.c', '/x(1).py', '"q"'),
    *('1,2,3', '[1,2]', '(1,2)', '[]', '()', 'a,', '(1,)', '[1]', "'a','b'", "['a','b']"),
    *('[a,b,c]', '[(1,2,3),[a,b],c]', '[[1,2],[3]]', '1,(2,3)'),
]


@pytest.mark.parametrize('text', [*ALIKE, ''])
def test_values_are_those_of_mmengine(text):
    (found,) = parse_options([f'key.of={text}']).values()
    expected = DictAction._parse_iterable(text)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ('text', 'expected'),
    [
        ('/a folder/b c.txt', '/a folder/b c.txt'),
        ('[a b, c d]', ['a b', 'c d']),
        ('dict(type="L2",eps=3)', {'type': 'L2', 'eps': 3}),
        ('dict(type=L2, eps=3.5, on=true)', {'type': 'L2', 'eps': 3.5, 'on': True}),
        ("{'type': 'L2', 'eps': -3}", {'type': 'L2', 'eps': -3}),
        ('dict(threat=dict(eps=2), frames=[0, 1])', {'threat': {'eps': 2}, 'frames': [0, 1]}),
        ('f(1,2)', 'f(1,2)'),
    ],
)
def test_blanks_are_kept_and_dicts_read(text, expected):
    assert parse_options([f'key={text}']) == {'key': expected}


@pytest.mark.parametrize(
    ('option', 'message'),
    [
        ('key', "must be KEY=VALUE, got 'key'"),
        ('=3', 'must be KEY=VALUE'),
        ('key=[1,2', r"--cfg-options key: brackets must match, got '\[1,2'"),
        ('key=a,b)', '--cfg-options key: brackets must match'),
        ('key=dict(1)', '--cfg-options key: a dict must be dict'),
        ('key=dict(a=__import__("os").getcwd())', 'plain values'),
        ('key={**a}', 'plain values'),
        ('key=dict(a=', 'plain values'),
    ],
)
def test_what_is_no_option(option, message):
    with pytest.raises(ValueError, match=message):
        parse_options([option])


@pytest.mark.parametrize(
    'how', ['custom_imports.imports=[{}]', 'custom_imports=dict(imports=[{}])']
)
def test_modules_are_imported_from_the_current_folder(how, tmp_path, monkeypatch):
    name = f'typed_{len(how)}'
    (tmp_path / f'{name}.py').write_text('VALUE = 3\n')
    monkeypatch.setattr(sys, 'path', list(sys.path))
    monkeypatch.chdir(tmp_path)
    import_named(parse_options([how.format(name)]))
    assert sys.modules.pop(name).VALUE == 3


def test_a_module_that_is_not_there():
    with pytest.raises(ValueError, match="--cfg-options custom_imports: No module named 'nope_x'"):
        import_named(parse_options(['custom_imports.imports=[nope_x]']))


def test_a_target_class_may_be_named(root):
    from mmrobust.cli.attack import build_config, parser

    config = str(root / 'configs' / 'demo' / 'i3d-tiny_16x1x2_synthetic-rgb.py')
    goal = ['--cfg-options', 'attack.goal.type=TargetClass']

    def target(value):
        words = [config, 'any.pth', *goal, f'attack.goal.target={value}']
        return build_config(parser().read(words)).test_cfg.attack.goal.target

    assert target('wave_left') == 0
    assert target('jumping_jack') == 3
    assert (target('next'), target('7')) == ('next', 7)
    with pytest.raises(
        ValueError, match=r'"next" or the name of .*: did you mean \'jumping_jack\''
    ):
        target('jumping_jak')


def test_a_target_class_of_data_without_names_is_refused():
    from mmengine.config import Config

    from mmrobust.cli.targets import numbered

    cfg = Config({'test_dataloader': {'dataset': {'type': 'VideoDataset', 'pipeline': [1]}}})
    attack = {'type': 'PGD', 'goal': {'type': 'TargetClass', 'target': 'run'}}
    cfg.default_scope = 'mmaction'
    with pytest.raises(ValueError, match='the data set has no names of classes'):
        numbered(attack, cfg)
    # What is no name of a class is not looked at.
    for other in ({'type': 'TargetClass', 'target': 'next'}, {'type': 'Misclassify'}, None):
        assert numbered({'goal': other}, cfg) == {'goal': other}
