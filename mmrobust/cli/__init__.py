"""The command line: ``mmrobust attack|train|env ...``."""
