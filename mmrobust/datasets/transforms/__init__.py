"""Transforms that read the embedded data sets."""

from mmrobust.datasets.transforms.synthetic_decode import SyntheticDecode

__all__ = ['SyntheticDecode']
