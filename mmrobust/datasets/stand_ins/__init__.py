"""Small data in a data set's own format, so that a config can be tested without its data."""

from mmrobust.datasets.stand_ins.options import NoStandInError, stand_in_options

__all__ = ['NoStandInError', 'stand_in_options']
