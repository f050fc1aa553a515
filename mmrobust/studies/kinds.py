"""Whether the options of a spec are what the annotations of their class say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from mmrobust.functional.checks import require, whole

LISTS = (list, tuple, Sequence, Collection, Iterable)
DICTS = (dict, Mapping)
UNIONS = (Union, UnionType)
# One, and several of them.
WORDS: dict[Any, tuple[str, str]] = {
    float: ('a number', 'numbers'),
    int: ('a whole number', 'whole numbers'),
    str: ('text', 'texts'),
    bool: ('true or false', 'truth values'),
    NoneType: ('None', 'None'),
}


def check_kinds(cls: type, options: object, where: str) -> None:
    """Raise ValueError unless a value is a dict of options, each of its annotation's kind.

    Numbers, text, lists and dicts of such are told apart; other annotations exclude nothing.

    Args:
        cls: Whose attributes the options are.
        options: As the spec has them.
        where: Their place in the spec, for messages.
    """
    require(isinstance(options, Mapping), where, 'a dict of options', options)
    try:
        kinds = get_type_hints(cls)
    except NameError:
        # One is of a name that is imported for type checkers alone.
        return
    for name, value in options.items() if isinstance(options, Mapping) else ():
        kind = kinds.get(name, Any)
        require(fits(value, kind), f'{where}.{name}', told(kind)[0], value)


def fits(value: object, kind: Any) -> bool:
    """Whether a value is of an annotation's kind; a whole number is a number, a tuple a list."""
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin in UNIONS:
        return any(fits(value, each) for each in inner)
    if origin in LISTS:
        return isinstance(value, list | tuple) and _all_fit(value, origin, inner)
    if origin in DICTS:
        kinds = inner or (Any, Any)
        pairs = value.items() if isinstance(value, Mapping) else ()
        each = all(fits(a, kinds[0]) and fits(b, kinds[1]) for a, b in pairs)
        return isinstance(value, Mapping) and each
    if kind is float:
        return isinstance(value, float) or whole(value)
    return whole(value) if kind is int else kind not in WORDS or isinstance(value, kind)


def _all_fit(values: Sequence[object], origin: Any, inner: Sequence[Any]) -> bool:
    if origin is tuple and inner and inner[-1] is not Ellipsis:
        pairs = zip(values, inner, strict=False)
        return len(values) == len(inner) and all(fits(*pair) for pair in pairs)
    return all(fits(value, inner[0]) for value in values) if inner else True


def told(kind: Any) -> tuple[str, str]:
    """What an annotation asks for: one, and several."""
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin in UNIONS:
        ones, many = zip(*map(told, inner), strict=True)
        return ' or '.join(ones), ' or '.join(many)
    if origin is tuple and inner and inner[-1] is not Ellipsis:
        return f'a list of {len(inner)} {told(inner[0])[1]}', f'lists of {len(inner)}'
    if origin in LISTS:
        of = f' of {told(inner[0])[1]}' if inner else ''
        return f'a list{of}', f'lists{of}'
    if origin in DICTS:
        of = f' of {told(inner[1])[1]}' if inner else ''
        return f'a dict{of}', f'dicts{of}'
    return WORDS.get(kind, ('a value', 'values'))
