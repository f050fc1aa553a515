"""Trainings that mmengine would stumble over, or that train nothing."""

import pytest
from mmengine.config import Config

from mmrobust.cli.train import check_training


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
