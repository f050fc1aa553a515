"""How a command fails: one line, and a status that scripts see."""

import pickle
import sys
import traceback
from collections.abc import Callable, Sequence

# Mistakes in what the user gave; anything else is a bug and keeps its traceback.
USER_ERRORS = (ValueError, OSError, KeyError, ImportError, RuntimeError, pickle.PickleError)


def report_errors(command: Callable[[Sequence[str]], None], argv: Sequence[str]) -> int:
    """Run ``command``; a user's mistake becomes one line on stderr and status 1.

    ``--traceback`` among the arguments shows where it came from.
    """
    arguments = [a for a in argv if a != '--traceback']
    try:
        command(arguments)
    except KeyboardInterrupt:
        print('interrupted; finished samples are kept, go on with --resume', file=sys.stderr)
        return 130
    except USER_ERRORS as error:
        if len(arguments) != len(argv):
            traceback.print_exc()
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        print(f'error: {" ".join(lines) or type(error).__name__}', file=sys.stderr)
        return 1
    return 0
