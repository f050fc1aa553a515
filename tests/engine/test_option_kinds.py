"""Options that must hold options, and hold something else, are refused by name."""

import pytest
from mmengine.config import Config

from mmrobust.cli.attack import build_config, parser
from mmrobust.cli.options import import_named
from mmrobust.engine.option_kinds import check_kinds
from tests.conftest import CONFIGS

DICTS = [
    'model',
    'env_cfg',
    'default_hooks',
    'test_cfg',
    'test_dataloader',
    'test_dataloader.dataset',
    'test_dataloader.sampler',
    'train_dataloader.dataset',
    'optim_wrapper',
    'optim_wrapper.optimizer',
]


@pytest.mark.parametrize('place', DICTS)
@pytest.mark.parametrize('value', [3, 'text', [1]])
def test_what_must_be_a_dict_is_named(place, value):
    cfg = Config()
    cfg.merge_from_dict({place: value})
    with pytest.raises(ValueError, match=rf'^{place} must be a dict of options, got '):
        check_kinds(cfg)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'test_evaluator': 3}, 'test_evaluator must be a dict of options or a list of such'),
        ({'test_evaluator': [{'type': 'A'}, 3]}, 'test_evaluator.1 must be a dict of options'),
        ({'param_scheduler': 3}, 'param_scheduler must be a dict of options or a list'),
        ({'custom_hooks': {}}, 'custom_hooks must be a list, got {}'),
        ({'test_dataloader.dataset.pipeline': 3}, 'dataset.pipeline must be a list, got 3'),
        ({'optim_wrapper.optimizer.lr': 'abc'}, "optimizer.lr must be a number, got 'abc'"),
    ],
)
def test_lists_and_numbers_likewise(changes, message):
    cfg = Config()
    cfg.merge_from_dict(changes)
    with pytest.raises(ValueError, match=message):
        check_kinds(cfg)


def test_what_is_left_out_or_none_is_no_mistake():
    check_kinds(Config())
    check_kinds(Config({'test_evaluator': None, 'test_dataloader': {'dataset': None}}))
    check_kinds(Config({'test_evaluator': [{'type': 'A'}], 'custom_hooks': [{'type': 'B'}]}))
    check_kinds(Config.fromfile(CONFIGS / 'tiny_3d.py'))


@pytest.mark.parametrize('option', ['model=3', 'test_dataloader=3', 'test_dataloader.dataset=x'])
def test_the_command_says_so_before_anything_is_built(option):
    words = [str(CONFIGS / 'tiny_3d.py'), 'any.pth', '--cfg-options', option]
    with pytest.raises(ValueError, match=f'{option.split("=")[0]} must be a dict of options, got'):
        build_config(parser().read(words))


def test_modules_to_import_are_named_in_a_dict():
    with pytest.raises(ValueError, match='custom_imports must be a dict of options, got 3'):
        import_named({'custom_imports': 3})
