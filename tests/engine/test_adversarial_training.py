"""PGD in the place of a training batch, on a model whose loss is known."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from torch import nn

from mmrobust.cli.train import main
from mmrobust.engine.adversarial_training import AdversarialTraining, stacked
from mmrobust.functional.randomness import SampleRandom
from mmrobust.threats import L2, Linf

SHAPE = (1, 3, 4, 5, 6)


class Known(nn.Module):
    """Its loss is the weighted sum of its input, in units of 255; dropout tells the mode."""

    def __init__(self) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(0)
        self.weights = nn.Parameter(torch.randn(SHAPE, generator=generator))
        self.drop = nn.Dropout(0.9)
        self.modes: list[bool] = []

    def data_preprocessor(self, data, training):
        assert training
        return {
            'inputs': torch.stack(data['inputs']).float() / 255,
            'samples': data['data_samples'],
        }

    def forward(self, inputs, samples, mode):
        assert mode == 'loss'
        assert len(samples) == len(inputs)
        self.modes.append(self.training)
        return {'loss': (self.drop(inputs) * self.weights).sum(), 'accuracy': torch.tensor(0.5)}

    def parse_losses(self, losses):
        return losses['loss'], losses


def batch(n=3, low=60, high=200):
    generator = torch.Generator().manual_seed(1)
    inputs = torch.randint(low, high, (n, *SHAPE), generator=generator, dtype=torch.uint8)
    return {'inputs': list(inputs), 'data_samples': [object()] * n}


def trained_on(hook, model, data, iteration=0):
    hook.before_train_iter(SimpleNamespace(model=model, iter=iteration), 0, data)
    return torch.stack(data['inputs'])


def test_it_reaches_the_corner_that_raises_the_training_loss():
    model, data = Known(), batch()
    clean = torch.stack(data['inputs'])
    found = trained_on(
        AdversarialTraining({'type': 'Linf', 'eps': 4}, steps=5, step_size=0.5), model, data
    )
    assert found.dtype == torch.uint8
    assert isinstance(data['inputs'], list)
    assert torch.equal(found.int(), (clean.int() + 4 * model.weights.sign().int()))


def test_values_stay_pixels():
    model, data = Known(), batch(low=0, high=3)
    found = trained_on(AdversarialTraining(Linf(8), steps=4, step_size=0.5), model, data)
    up = (model.weights > 0).expand_as(found)
    assert (found[~up] == 0).all()
    assert (found[up] >= 8).all()


def test_any_threat_keeps_its_budget_after_rounding():
    model, data = Known(), batch()
    clean = torch.stack(data['inputs']).double()
    found = trained_on(AdversarialTraining(L2(40), steps=6), model, data)
    length = (found.double() - clean).flatten(1).norm(dim=1)
    assert (length <= 40).all()
    assert (length > 34).all()


def test_the_model_is_left_as_it_was_and_frozen_on_the_way():
    model = Known().train()
    trained_on(AdversarialTraining(steps=2), model, batch())
    assert model.training
    assert model.weights.requires_grad
    assert model.weights.grad is None
    assert model.modes == [False, False]


def test_starts_are_random_by_seed_and_iteration_alone():
    hook, model = AdversarialTraining(steps=1, step_size=1e-6), Known()
    first, again, later = (trained_on(hook, model, batch(), i) for i in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, later)
    other = trained_on(AdversarialTraining(steps=1, step_size=1e-6, seed=5), model, batch())
    assert not torch.equal(first, other)
    alone = hook.adversarial(model, first[:1].float(), [object()], SampleRandom.from_seeds([3]))
    pair = hook.adversarial(
        model, first[:2].float(), [object()] * 2, SampleRandom.from_seeds([3, 4])
    )
    assert torch.equal(alone, pair[:1])


def test_bad_input_is_named():
    for options, rule in (
        ({'steps': 0}, 'steps must be'),
        ({'step_size': -1}, 'step_size must be'),
        ({'seed': 0.5}, 'seed must be'),
        ({'threat': 8}, 'threat must be'),
    ):
        with pytest.raises(ValueError, match=rule):
            AdversarialTraining(**options)
    mixed = [torch.zeros(1, 3), torch.zeros(1, 4)]
    for inputs in (mixed, [], 'text', [{'slow': 1}]):
        with pytest.raises(ValueError, match='inputs must be tensors of one shape'):
            stacked({'inputs': inputs})
    with pytest.raises(ValueError, match='inputs must be tensors of one shape'):
        stacked([1, 2])


CONFIGS = ('i3d-tiny_16x1x2_synthetic-rgb', 'pose/td-hm_tiny-r18_synthetic-64x80')


@pytest.mark.slow
@pytest.mark.parametrize('name', CONFIGS)
def test_shipped_configs_train(name, root, tmp_path):
    small = {'train_cfg.max_epochs': 1, 'train_dataloader.batch_size': 4}
    small |= {'train_dataloader.dataset.num_videos': 4, 'train_cfg.val_interval': 5}
    config = root / 'configs' / 'demo' / f'{name}_adversarial.py'
    assert 'AdversarialTraining' in str(Config.fromfile(config).custom_hooks)
    words = [f'{key}={value}' for key, value in small.items()]
    assert main([str(config), '--work-dir', str(tmp_path), '--cfg-options', *words]) == 0
    assert (tmp_path / 'epoch_1.pth').exists()
