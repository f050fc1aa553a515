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
# What a stream does by itself -> the handler in its place. Under the C locale Python's streams give
# bytes of names that are no text back as they were, and fail at all else.
ERRORS = {'strict': 'mmrobust_plain', 'surrogateescape': 'mmrobust_plain_or_bytes'}


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(PLAIN)
    return text.encode('ascii', 'backslashreplace').decode('ascii'), error.end


def _replaced_or_bytes(error: UnicodeError) -> tuple[str | bytes, int]:
    try:
        return codecs.lookup_error('surrogateescape')(error)
    except UnicodeEncodeError:
        # Of several characters, some may be bytes: one at a time.
        assert isinstance(error, UnicodeEncodeError)
        if error.end - error.start == 1:
            return _replaced(error)
        one = UnicodeEncodeError(
            error.encoding, error.object, error.start, error.start + 1, error.reason
        )
        return _replaced_or_bytes(one)


codecs.register_error(ERRORS['strict'], _replaced)
codecs.register_error(ERRORS['surrogateescape'], _replaced_or_bytes)


def never_fail(stream: Any) -> None:
    """Let a text stream write a plain character where its encoding lacks one.

    A run that is done must not end in an error over a dash; and names of files need not be text
    in any encoding.

    Args:
        stream: Such as ``sys.stdout``; one that knows no encodings is left alone.
    """
    errors = ERRORS.get(getattr(stream, 'errors', None) or '')
    if hasattr(stream, 'reconfigure') and errors is not None:
        stream.reconfigure(errors=errors)
