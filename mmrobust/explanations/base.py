"""What every explanation offers.

Shapes: S are the places of a sample, (T, H, W) of a video or (H, W) of a picture.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor

from mmrobust.explanations.question import Question
from mmrobust.functional.describe import describe_fields


class Explanation(ABC):
    """A method that gives every pixel a number: how much the score rests on it.

    It sees the victim as an attack does, pixels in and a score out. A subclass is a frozen
    dataclass of its options.
    """

    @abstractmethod
    def map(self, question: Question, random: torch.Generator) -> Tensor:
        """The map (S): the larger a number, the more the score rests on the pixel.

        Args:
            question: The sample, and the score that is asked about.
            random: On the CPU; the sample's own.
        """

    def describe(self) -> dict[str, Any]:
        """The options, as a config would give them."""
        return describe_fields(self)


def captum_attr() -> Any:
    """``captum.attr``; ImportError with what to install where it is not there."""
    try:
        return importlib.import_module('captum.attr')
    except ModuleNotFoundError as error:
        if (error.name or '').split('.')[0] != 'captum':
            raise
        raise ImportError(
            'this explanation needs captum, which pip install mmrobust[explain] brings'
        ) from error
