"""How a command fails: one line, and a status that scripts see."""

import os
import pickle
import re
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator, Sequence
from itertools import dropwhile
from pathlib import Path
from types import FrameType

import mmrobust
from mmrobust.compat import healed
from mmrobust.functional.checks import suggestion
from mmrobust.functional.naming import from_here
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
PACKAGE = os.path.dirname(mmrobust.__file__)
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
    except Exception as error:
        _show(_told(error), trace)
        return 1
    return 0


def _told(error: Exception) -> str:
    """What is said of an error: what, where in the user's own code, what is kept."""
    text = unregistered(error)
    if isinstance(error, TypeError) and 'unexpected keyword argument' in str(error):
        # An option of OpenMMLab or torch, misspelt in the config.
        text = str(error)
    known = text is not None or isinstance(error, USER_ERRORS)
    if text is None:
        text = str(error) or type(error).__name__
        text = text if known else f'{type(error).__name__}: {error}'
    more = [*_own_place(error, text), *getattr(error, '__notes__', ())]
    more += [] if known else ['unexpected; --traceback shows where']
    return f'{text} ({"; ".join(more)})' if more else text


def _own_place(error: BaseException, text: str) -> list[str]:
    """The last line of code outside of all packages that led to an error, if there is one.

    Nothing where the message names the file already, as for a config's mistake.
    """
    cause: BaseException | None = error
    # At the top stands whoever called `report_errors`, a script for instance, up to the package.
    frames = list(dropwhile(_is_caller, list(traceback.walk_tb(error.__traceback__))[1:]))
    while cause is not None:
        for frame, line in reversed(frames):
            file = frame.f_code.co_filename
            if is_own(file):
                place = f'{from_here(file)}, line {line}, in {frame.f_code.co_qualname}'
                return [] if file in text else [place]
        cause = cause.__cause__
        frames = list(traceback.walk_tb(cause.__traceback__)) if cause is not None else []
    return []


def _is_caller(step: tuple[FrameType, int]) -> bool:
    return not Path(step[0].f_code.co_filename).is_relative_to(PACKAGE)


def is_own(file: str) -> bool:
    """Whether a source file is the user's: of no installed package, and not of Python."""
    path = Path(file)
    installed = {'site-packages', 'dist-packages'}.intersection(path.parts)
    places = (PACKAGE, sysconfig.get_path('stdlib'), sysconfig.get_path('platstdlib'))
    return path.is_file() and not installed and not any(map(path.is_relative_to, places))


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
