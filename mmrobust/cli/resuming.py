"""Studies go on with what is there, as long as it is theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mmrobust.engine.ledger import OtherRunError


def resumed(run: Callable[[Sequence[str]], None], arguments: Sequence[object]) -> None:
    """Run a command with ``--resume``, or anew where its results are of another run.

    That is so where weights, options or the package have changed since; the earlier
    results are kept beside the new ones, as the ledger does it.

    Args:
        run: A command's function, for instance :func:`mmrobust.cli.attack.run`.
        arguments: Its words, positional ones first, without ``--resume``.
    """
    words = [str(word) for word in arguments]
    # Not behind --cfg-options, which takes all words after it.
    try:
        run([words[0], '--resume', *words[1:]])
    except OtherRunError as error:
        print(f'{error}\nbeginning again', flush=True)
        run(words)
