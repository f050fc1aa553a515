"""Adversarial training of any model that mmengine trains (Madry et al. 2018, arXiv:1706.06083).

Shapes: N samples; inputs of the training pipeline (N, ..., H, W), values 0..255.
"""

from __future__ import annotations

from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from torch import Tensor, nn

from mmrobust.attacks.steps import check_step
from mmrobust.functional.checks import require, whole
from mmrobust.functional.randomness import SampleRandom, sample_seed
from mmrobust.registry import HOOKS, THREATS
from mmrobust.threats import Linf, Threat
from mmrobust.victims.frozen import frozen


@HOOKS.register_module()
class AdversarialTraining(Hook):
    """Trains on what PGD makes of each batch, in the place of the batch.

    The attack raises the model's own training loss, so that any recogniser, pose estimator or
    other model of OpenMMLab can be trained so: what it reads has to be a tensor per sample, all
    of one shape. In a config::

        custom_hooks = [
            dict(type='mmrobust.AdversarialTraining', threat=dict(type='Linf', eps=4), steps=3)]

    Gradients are taken in evaluation mode, so that running means see what is trained on alone.
    Official setting: projected gradient descent from a random start, on every batch; 7 steps of
    a quarter of eps 8 for CIFAR-10.

    Args:
        threat: What may be changed; default ``Linf(eps=8)``.
        steps: Steps of the attack, >= 1; each is a forward and a backward more.
        step_size: Their length, > 0, a share of eps.
        seed: Decides the random starts, with the number of the iteration.
    """

    def __init__(
        self,
        threat: Threat | dict[str, Any] | None = None,
        steps: int = 7,
        step_size: float = 0.25,
        seed: int = 0,
    ) -> None:
        built = THREATS.build(threat) if isinstance(threat, dict) else threat
        self.threat = Linf() if built is None else built
        require(isinstance(self.threat, Threat), 'threat', 'a threat or its config', threat)
        require(whole(steps, 1), 'steps', 'a whole number >= 1', steps)
        check_step(step_size, 'eps')
        require(whole(seed), 'seed', 'a whole number', seed)
        self.steps, self.step_size, self.seed = steps, step_size, seed

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Replace the inputs of the batch.

        Raises:
            ValueError: They are no tensors of one shape.
        """
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        clean = stacked(data_batch)
        seeds = [
            sample_seed(self.seed, runner.iter * len(clean) + row) for row in range(len(clean))
        ]
        device = next(model.parameters()).device
        found = self.adversarial(
            model,
            clean.to(device).float(),
            data_batch['data_samples'],
            SampleRandom.from_seeds(seeds),
        )
        data_batch['inputs'] = list(found.to(clean.device, clean.dtype))

    def adversarial(
        self, model: nn.Module, clean: Tensor, samples: Any, rng: SampleRandom
    ) -> Tensor:
        """What PGD makes of ``clean`` (N, ...), rounded to whole levels inside the threat.

        Args:
            model: With data preprocessor and training loss.
            clean: Whole grey levels.
            samples: Data samples, as the pipeline packed them.
            rng: One random stream per sample.
        """
        self.threat.check(clean)
        pixels = self._inside(self.threat.random(clean, rng), clean)
        with frozen(model), torch.enable_grad():
            for _ in range(self.steps):
                leaf = pixels.detach().requires_grad_()
                (gradient,) = torch.autograd.grad(training_loss(model, leaf, samples), leaf)
                step = self.threat.steepest(gradient.nan_to_num(0.0, 0.0, 0.0))
                length = self.step_size * self.threat.eps
                pixels = self._inside(leaf.detach() + length * step, clean)
        return self.threat.quantize(pixels, clean).clamp(0, 255)

    def _inside(self, pixels: Tensor, clean: Tensor) -> Tensor:
        return self.threat.project(pixels, clean).clamp(0, 255)


def stacked(batch: Any) -> Tensor:
    """The inputs of a training batch (N, ...).

    Raises:
        ValueError: They are no tensors of one shape.
    """
    inputs = batch.get('inputs') if isinstance(batch, dict) else None
    listed = list(inputs) if isinstance(inputs, list | tuple | Tensor) else []
    shapes = {tuple(one.shape) if isinstance(one, Tensor) else type(one).__name__ for one in listed}
    rule = 'tensors of one shape, a tensor per sample'
    require(
        len(shapes) == 1 and isinstance(listed[0], Tensor), 'inputs', rule, sorted(map(str, shapes))
    )
    return torch.stack(listed)


def training_loss(model: Any, inputs: Tensor, samples: Any) -> Tensor:
    """The sum of the model's training losses, differentiable in the inputs (N, ...)."""
    data = model.data_preprocessor({'inputs': list(inputs), 'data_samples': samples}, training=True)
    losses = model(**data, mode='loss')
    total: Tensor = model.parse_losses(losses)[0]
    return total
