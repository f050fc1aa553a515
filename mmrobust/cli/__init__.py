"""The command line: ``mmrobust attack|train|env ...``."""

from typing import Any


def __getattr__(name: str) -> Any:
    """``main``, by which console scripts of earlier installations call the command.

    Only when asked for: a package that imports its module ``main`` beforehand makes
    ``python -m mmrobust.cli.main`` warn that it runs twice.
    """
    if name != 'main':
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    from mmrobust.cli.main import main

    # The import has put the module in the function's place.
    globals()[name] = main
    return main
