"""How a command fails: one line, and a status that scripts see."""

import os
import pickle
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence

from mmrobust.compat import healed
from mmrobust.functional.checks import suggestion
from mmrobust.visualization.plain import never_fail

# Mistakes in what the user gave; anything else may be a bug, and says so.
USER_ERRORS = (
    ValueError,
    OSError,
    ImportError,
    RuntimeError,
    SyntaxError,
    pickle.PickleError,
)
# How mmengine says that a config's type is registered nowhere.
UNREGISTERED = re.compile(r'^(\S+) is not in the (?:(\S+)::)?([\w ]+) registry')


def report_errors(command: Callable[[Sequence[str]], None], argv: Sequence[str]) -> int:
    """Run ``command``, under all heals; a user's mistake is one line on stderr and status 1.

    ``--traceback`` among the arguments shows where it came from.
    """
    arguments = [a for a in argv if a != '--traceback']
    trace = len(arguments) != len(argv)
    for stream in (sys.stdout, sys.stderr):
        never_fail(stream)
    try:
        with healed():
            command(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has left, as `head` does: there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        print('interrupted; finished samples are kept, go on with --resume', file=sys.stderr)
        return 130
    except USER_ERRORS as error:
        _show(str(error) or type(error).__name__, trace)
        return 1
    except Exception as error:
        text = unregistered(error)
        if isinstance(error, TypeError) and 'unexpected keyword argument' in str(error):
            # An option of OpenMMLab or torch, misspelt in the config.
            text = str(error)
        _show(
            text or f'{type(error).__name__}: {error} (unexpected; --traceback shows where)', trace
        )
        return 1
    return 0


def unregistered(error: Exception) -> str | None:
    """A line on a type that is registered nowhere; None if the error is another one."""
    match = UNREGISTERED.match(str(error.args[0])) if error.args else None
    if not isinstance(error, KeyError) or match is None:
        return None
    kind, scope, noun = match.groups()
    return unknown_type(kind, noun, scope or 'mmengine')


def unknown_type(kind: str, noun: str, scope: str) -> str:
    """What is said of a ``type`` that neither ``scope`` nor mmengine has registered."""
    known = suggestion(kind, set(_registered(noun)))
    if scope == 'mmengine':
        return f'unknown {noun} {kind!r} (looked for in mmengine): {known}'
    return f'unknown {noun} {kind!r} (looked for in {scope} and mmengine): {known}'


def _registered(noun: str) -> Iterator[str]:
    """Names in all registries of that noun that are loaded."""
    from mmengine import registry

    roots = [found for found in vars(registry).values() if isinstance(found, registry.Registry)]
    for root in roots:
        if root.name == noun:
            for found in (root, *root.children.values()):
                yield from (found.names() if hasattr(found, 'names') else found.module_dict)


def _show(message: str, trace: bool) -> None:
    if trace:
        traceback.print_exc()
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    print(f'error: {" ".join(lines)}', file=sys.stderr)
