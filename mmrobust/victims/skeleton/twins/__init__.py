"""Transforms of skeleton pipelines once more, with slopes, each under its transform's name."""

from mmrobust.victims.skeleton.twins.base import State, Twin, Typed

__all__ = ['State', 'Twin', 'Typed']
