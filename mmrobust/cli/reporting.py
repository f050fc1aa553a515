"""How a command fails: one line, and a status that scripts see."""

import pickle
import sys
import traceback
from collections.abc import Callable, Sequence

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


def report_errors(command: Callable[[Sequence[str]], None], argv: Sequence[str]) -> int:
    """Run ``command``; a user's mistake becomes one line on stderr and status 1.

    ``--traceback`` among the arguments shows where it came from.
    """
    arguments = [a for a in argv if a != '--traceback']
    for stream in (sys.stdout, sys.stderr):
        never_fail(stream)
    try:
        command(arguments)
    except KeyboardInterrupt:
        print('interrupted; finished samples are kept, go on with --resume', file=sys.stderr)
        return 130
    except USER_ERRORS as error:
        _show(str(error) or type(error).__name__, trace=len(arguments) != len(argv))
        return 1
    except Exception as error:
        _show(
            f'{type(error).__name__}: {error} (unexpected; --traceback shows where)',
            trace=len(arguments) != len(argv),
        )
        return 1
    return 0


def _show(message: str, trace: bool) -> None:
    if trace:
        traceback.print_exc()
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    print(f'error: {" ".join(lines)}', file=sys.stderr)
