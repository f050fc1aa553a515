"""A noun's options as a config would give them, for reports and fingerprints."""

from dataclasses import fields
from typing import Any


def describe_fields(noun: Any) -> dict[str, Any]:
    """``type`` and every option of a dataclass; nouns inside it likewise.

    Fields that a config cannot set (``init=False``) are left out.
    """
    found: dict[str, Any] = {'type': type(noun).__name__}
    for field in fields(noun):
        if field.init:
            value = getattr(noun, field.name)
            nested = getattr(value, 'describe', None)
            found[field.name] = nested() if nested else value
    return found
