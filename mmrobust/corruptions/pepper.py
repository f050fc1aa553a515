"""Pepper of Kinetics-P (Schiappa et al. 2022, arXiv:2207.01398)."""

from dataclasses import dataclass
from typing import ClassVar

from mmrobust.corruptions.salt import Salt
from mmrobust.registry import CORRUPTIONS


@CORRUPTIONS.register_module()
@dataclass(frozen=True)
class Pepper(Salt):
    """Some values, of single channels, become 0, anew in every frame; else as ``Salt``."""

    value: ClassVar[int] = 0
