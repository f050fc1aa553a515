"""The command line: ``mmrobust attack|train|env ...``."""

from mmrobust.cli.main import main

__all__ = ['main']
