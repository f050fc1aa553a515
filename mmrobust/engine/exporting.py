"""The network of a model as an ONNX file, between its data preprocessor and its decoder.

Shapes: N samples, V views, R rows of logits per sample, K classes or joints.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import DATASETS, init_default_scope
from torch import Tensor, nn

from mmrobust.functional.checks import require
from mmrobust.victims.deployed.config import RECOGNIZERS, TOPDOWN

INPUT = 'input'
SIMCC = ('simcc_x', 'simcc_y')
# Version of ONNX's operators.
OPSET = 17


class DeployedPart(nn.Module):
    """What is exported of a model: a plain function of the preprocessed input.

    Args:
        model: A recogniser, or a top-down pose estimator, in evaluation mode.

    Raises:
        ValueError: It is another one, or its head averages nothing.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        kinds = {one.__name__ for one in type(model).__mro__}
        self.poses = bool(kinds & {*TOPDOWN})
        rule = f'one of {", ".join((*RECOGNIZERS, *TOPDOWN))}'
        known = self.poses or bool(kinds & {*RECOGNIZERS})
        require(known, 'model.type', rule, type(model).__name__)
        self.model = model
        if not self.poses:
            averaging = model.cls_head.average_clips
            rule = "'prob' or 'score': a deployed network averages over its views"
            require(averaging in ('prob', 'score'), 'model.cls_head.average_clips', rule, averaging)
        # The exporter restores the outermost module's mode in all of them.
        self.eval()

    def forward(self, inputs: Tensor) -> Any:
        """Scores (N, K), averaged over views; or what the head hands to its decoder."""
        if self.poses:
            return self.model.head.forward(self.model.extract_feat(inputs))
        features, options = self.model.extract_feat(inputs, test_mode=True)
        head = self.model.cls_head
        rows = head(features, **options)
        rows = rows.reshape(inputs.shape[0], -1, rows.shape[-1])
        return (rows.softmax(dim=2) if head.average_clips == 'prob' else rows).mean(dim=1)

    @property
    def names(self) -> list[str]:
        """Of the outputs, as MMDeploy calls them."""
        simcc = self.poses and hasattr(self.model.head.decoder, 'simcc_split_ratio')
        return [*SIMCC] if simcc else ['output']


def first_inputs(cfg: Any, model: Any, count: int) -> Tensor:
    """The first samples of a config's test data, preprocessed (N, ...).

    Args:
        cfg: The config.
        model: Its model.
        count: How many, at most.
    """
    init_default_scope(cfg.get('default_scope') or 'mmaction')
    dataset = DATASETS.build({**cfg.test_dataloader.dataset, 'test_mode': True})
    samples = [dataset[index] for index in range(min(count, len(dataset)))]
    inputs = model.data_preprocessor(pseudo_collate(samples), False)['inputs']
    rule = 'tensors of one shape'
    require(isinstance(inputs, Tensor), 'inputs', rule, type(inputs).__name__)
    found: Tensor = inputs
    return found


def export_onnx(part: DeployedPart, inputs: Tensor, path: Path) -> None:
    """Write the network as ONNX, for any number of samples.

    Args:
        part: The network.
        inputs: (N, ...), to trace it with.
        path: Of the file.

    Raises:
        ModuleNotFoundError: onnx is not installed.
    """
    try:
        import onnx  # noqa: F401
    except ModuleNotFoundError as error:
        rule = 'pip install "mmrobust[deploy]"'
        raise ModuleNotFoundError(
            f'mmrobust export needs the package onnx, which is not installed: {rule}'
        ) from error
    training = [name for name, one in part.named_modules() if one.training]
    require(not training, 'the model', 'in evaluation mode', training)
    axes = {name: {0: 'batch'} for name in (INPUT, *part.names)}
    # Traced with two samples, so that nothing of one is taken for a constant.
    example = torch.cat([inputs[:1], inputs[-1:]])
    with torch.no_grad(), _quiet():
        torch.onnx.export(
            part,
            (example,),
            str(path),
            input_names=[INPUT],
            output_names=part.names,
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Tracers warn of every shape that Python looks at; the answers are compared instead."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        yield
