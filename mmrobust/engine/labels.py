"""Labels of a whole data set, looked at before the first attack: the last line costs no work."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from mmrobust.datasets.wrappers import locate
from mmrobust.functional.checks import SampleError
from mmrobust.functional.checks import whole as is_whole
from mmrobust.goals import ClassGoal, Goal


def check_labels(dataset: Any, model: nn.Module, goal: Goal, total: int | None = None) -> None:
    """Refuse labels that are no class of the model, or that the goal cannot be run on.

    Nothing is decoded. What does not say its classes or labels (heads and data sets of
    somebody else) is left to the batches.

    Args:
        dataset: Wrapped or not.
        model: A recogniser.
        goal: Of the attack; one whose reference is the prediction asks no label.
        total: Only the first so many samples.

    Raises:
        ValueError: The message names list, sample and label.
    """
    classes = _classes(model)
    if classes is None or not isinstance(goal, ClassGoal) or goal.reference != 'label':
        return
    known: list[tuple[int, int]] = []
    for index in range(min(len(dataset), total or len(dataset))):
        label: Any = _info(dataset, index).get('label')
        if is_whole(label):
            known.append((index, label))
    try:
        goal.check_labels(torch.tensor([label for _, label in known]), classes)
    except SampleError as error:
        index, label = known[error.rows[0]]
        info, (leaf, _) = _info(dataset, index), locate(dataset, index)
        name = info.get('filename') or info.get('frame_dir') or f'sample {index}'
        source = getattr(leaf, 'ann_file', None) or type(leaf).__name__
        raise ValueError(f'{error} ({source}: {name} has the label {label})') from error


def _info(dataset: Any, index: int) -> dict[str, Any]:
    leaf, inner = locate(dataset, index)
    found: dict[str, Any] = leaf.get_data_info(inner) if hasattr(leaf, 'get_data_info') else {}
    return found


def _classes(model: nn.Module) -> int | None:
    head = getattr(getattr(model, 'module', model), 'cls_head', None)
    found = getattr(head, 'num_classes', None)
    return found if isinstance(found, int) and is_whole(found, 1) else None
