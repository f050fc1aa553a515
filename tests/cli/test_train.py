"""Trainings that mmengine would stumble over, or that train nothing."""

import pytest
from mmengine.config import Config

from mmrobust.cli.train import check_training, main
from mmrobust.io import model_config


def config(**changes):
    cfg = Config({'train_cfg': {'type': 'EpochBasedTrainLoop', 'max_epochs': 2}})
    cfg.merge_from_dict({'optim_wrapper.optimizer': {'type': 'SGD', 'lr': 0.1}} | changes)
    return cfg


def test_a_sound_training():
    check_training(config())
    check_training(Config({'model': {}}))


@pytest.mark.parametrize('value', [0, -1, 1.5])
@pytest.mark.parametrize('name', ['max_epochs', 'max_iters'])
def test_a_training_of_nothing(name, value):
    rule = f'train_cfg.{name} must be a whole number >= 1, got {value}'
    with pytest.raises(ValueError, match=rule):
        check_training(config(**{f'train_cfg.{name}': value}))


@pytest.mark.parametrize('scope', ['mmaction', 'mmengine'])
def test_an_unknown_optimizer(scope):
    cfg = config(default_scope=scope, **{'optim_wrapper.optimizer.type': 'Sdg'})
    with pytest.raises(ValueError, match="unknown optimizer 'Sdg' .*: did you mean 'SGD'"):
        check_training(cfg)


@pytest.mark.parametrize('kind', ['mmpretrain.VisionTransformer', 'DWPoseDistiller'])
def test_packages_that_a_model_needs_are_named_and_distillers_are_trained(
    tmp_path, monkeypatch, capsys, kind
):
    monkeypatch.setattr(model_config, 'find_spec', lambda name: None)
    path = tmp_path / 'vit.py'
    path.write_text(f'model = dict(type={kind!r})\ntrain_cfg = dict(max_epochs=0)\n')
    assert main([str(path), '--work-dir', str(tmp_path / 'w')]) == 1
    told = {
        'DWPoseDistiller': 'train_cfg.max_epochs must be a whole number',
        'mmpretrain.VisionTransformer': 'needs the package mmpretrain, which is not installed',
    }[kind]
    assert told in capsys.readouterr().err


def test_options_that_must_hold_options_are_named(tmp_path, capsys):
    path = tmp_path / 'bad.py'
    path.write_text('train_cfg = 3\n')
    assert main([str(path), '--work-dir', str(tmp_path / 'w')]) == 1
    assert 'error: train_cfg must be a dict of options, got 3' in capsys.readouterr().err
