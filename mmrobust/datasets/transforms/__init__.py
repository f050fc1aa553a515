"""Transforms that read the embedded data sets, and that sample frames for flow."""

from mmrobust.datasets.transforms.sample_pairs import SamplePairs
from mmrobust.datasets.transforms.sample_stacks import SampleStacks
from mmrobust.datasets.transforms.synthetic_decode import SyntheticDecode

__all__ = ['SamplePairs', 'SampleStacks', 'SyntheticDecode']
