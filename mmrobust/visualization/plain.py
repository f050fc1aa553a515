"""Text on streams that cannot write it: ASCII and Latin-1 terminals, pipes under ``LC_ALL=C``."""

import codecs
from typing import Any

# What pages and tables are set with, and how a typewriter would have it.
PLAIN = str.maketrans(
    {
        '–': '-',
        '—': '-',
        '−': '-',
        '─': '-',
        '×': 'x',
        '±': '+-',
        '≤': '<=',
        '≥': '>=',
        '→': '->',
        '…': '...',
        '·': '.',
        '’': "'",
        '\u00a0': ' ',
        '\u202f': ' ',
    }
)
ERRORS = 'mmrobust_plain'


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(PLAIN)
    return text.encode('ascii', 'backslashreplace').decode('ascii'), error.end


codecs.register_error(ERRORS, _replaced)


def never_fail(stream: Any) -> None:
    """Let a text stream write a plain character where its encoding lacks one.

    A run that is done must not end in an error over a dash; and names of files need not be text
    in any encoding.

    Args:
        stream: Such as ``sys.stdout``; one that knows no encodings is left alone.
    """
    if hasattr(stream, 'reconfigure') and getattr(stream, 'errors', None) == 'strict':
        stream.reconfigure(errors=ERRORS)
