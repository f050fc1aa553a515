"""``--cfg-options key=value ...`` as mmengine reads them."""

from collections.abc import Sequence
from typing import Any

from mmengine.config import DictAction


def parse_options(options: Sequence[str]) -> dict[str, Any]:
    """Key -> value; numbers, lists and booleans as such.

    Raises:
        ValueError: An option has no ``=``.
    """
    found = {}
    for option in options:
        key, separator, value = option.partition('=')
        if not separator or not key:
            raise ValueError(f'--cfg-options must be KEY=VALUE, got {option!r}')
        found[key] = DictAction._parse_iterable(value)
    return found
