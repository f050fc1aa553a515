"""Mistakes in what tools/transfer.py is given: one clear line, and nothing written."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmrobust.cli.transfer import main
from tests.conftest import build_recognizer
from tests.transfer.specs import fails, make_spec, small_config, write_spec

HERE = f'the current folder, {Path.cwd()}'


@pytest.fixture
def config(tmp_path):
    return small_config(tmp_path)


@pytest.fixture
def weights(checkpoints):
    return {'own': checkpoints['tiny_3d'], 'near': checkpoints['tiny_3d']}


@pytest.fixture
def source_spec(config, weights, tmp_path):
    return write_spec(tmp_path / 'spec_source.py', make_spec(config, weights))


def test_wrong_arguments(capsys, source_spec, tmp_path):
    assert 'SPEC nowhere.py does not exist' in fails(main, capsys, 'nowhere.py')
    for options, message in (
        (['--cfg-options', 'sorces=own'], "the spec has no key 'sorces': did you mean 'sources'?"),
        (['--cfg-options', 'eps=[-1]'], 'eps must be finite numbers >= 0, got -1'),
        (['--max-samples', '0'], 'max_samples must be a whole number, at least 1, got 0'),
        (['--device', 'tpu'], '--device must be cpu, cuda or cuda:N'),
        (['--cfg-options', 'data=no.py'], f'data no.py does not exist (looked for in {HERE})'),
        (
            ['--cfg-options', 'victims.near.config=no.py'],
            f'victims.near: config no.py does not exist (looked for in {HERE})',
        ),
        (
            ['--cfg-options', 'victims.near.checkpoint=no.pth'],
            f'victims.near: checkpoint no.pth does not exist (looked for in {HERE})',
        ),
    ):
        assert message in fails(main, capsys, source_spec, '--work-dir', tmp_path / 'w', *options)
    assert not (tmp_path / 'w').exists()


def test_a_mistake_in_a_config_that_the_spec_names_is_told_by_file_and_line(
    capsys, source_spec, tmp_path
):
    broken = tmp_path / 'broken.py'
    broken.write_text('model = 1\nother = dict(\n')
    for option, place in (('data', 'data'), ('victims.near.config', 'victims.near: config')):
        words = ['--work-dir', tmp_path / 'w', '--cfg-options', f'{option}={broken}']
        found = fails(main, capsys, source_spec, *words)
        assert f"error: {place} {broken}, line 2: '(' was never closed" in found


def other_victim(config, weights, folder, checkpoint, other=None, overrides=None):
    """A spec whose second victim is another one."""
    spec = make_spec(config, weights)
    spec['victims']['near'] = dict(
        config=str(other or config), checkpoint=str(checkpoint), overrides=overrides or {}
    )
    return write_spec(folder / 'other.py', spec)


def test_victims_that_do_not_fit_together(capsys, checkpoints, config, weights, tmp_path):
    spec = other_victim(config, weights, tmp_path, checkpoints['tiny_2d'])
    found = fails(main, capsys, spec)
    assert 'victims.near: ' in found
    assert 'checkpoint does not match the model' in found

    flat = small_config(tmp_path, 'tiny_2d')
    spec = other_victim(config, weights, tmp_path, checkpoints['tiny_2d'], flat)
    assert (
        "victims must take input of one shape, but a view is (3, 3, 32, 32) for 'own' "
        "and (3, 24, 24) for 'near'"
    ) in fails(main, capsys, spec)

    # Without a test pipeline of its own, it is shown the data's views.
    silent = Config.fromfile(flat)
    for key in ('test_dataloader', 'test_pipeline'):
        silent.pop(key)
    silent.dump(tmp_path / 'silent.py')
    spec = other_victim(config, weights, tmp_path, checkpoints['tiny_2d'], tmp_path / 'silent.py')
    found = fails(main, capsys, spec)
    assert 'victims.near cannot take views of shape (3, 3, 32, 32), which the data give' in found

    cfg = Config.fromfile(config)
    cfg.model.cls_head.num_classes = 7
    cfg.dump(tmp_path / 'seven.py')
    _, model = build_recognizer(tmp_path / 'seven.py')
    torch.save({'state_dict': model.state_dict()}, tmp_path / 'seven.pth')
    spec = other_victim(config, weights, tmp_path, tmp_path / 'seven.pth', tmp_path / 'seven.py')
    assert ("victims must tell the same classes apart, but 'own' knows 10 and 'near' 7") in fails(
        main, capsys, spec
    )


def test_overrides_that_name_nothing(capsys, config, weights, tmp_path):
    for overrides, message in (
        ({'modle.cls_head': {}}, "the config has no key 'modle': did you mean 'model'?"),
        ({'model.cls_head.num_clases': 3}, "unexpected keyword argument 'num_clases'"),
    ):
        spec = other_victim(config, weights, tmp_path, weights['near'], overrides=overrides)
        found = fails(main, capsys, spec)
        assert 'victims.near' in found
        assert message in found
