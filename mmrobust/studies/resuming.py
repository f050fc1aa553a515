"""Studies go on with what is there, as long as it is theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmrobust.ledger.ledger import OtherRunError, loaded_json
from mmrobust.visualization.files import write_json


def resumed(run: Callable[[Sequence[str]], None], arguments: Sequence[object]) -> None:
    """Run a command with ``--resume``, or anew where its results are of another run.

    That is so where weights, options or the package's version have changed since; the earlier
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


def finished(folder: Path, plan: Mapping[str, Any], card: str = 'report.json') -> bool:
    """Whether a run is complete, and was made under the same plan.

    Args:
        folder: Of the run.
        plan: All that decides it, hashes of weights and files too; as JSON holds it.
        card: The file that the run leaves at its end; an earlier one is set aside.
    """
    path = folder / 'plan.json'
    if not path.exists() or not (folder / card).exists():
        return False
    return bool(loaded_json(path) == plan)


def finish(folder: Path, plan: Mapping[str, Any]) -> None:
    """Write down that a run is complete: the last thing that is done in its folder."""
    write_json(folder / 'plan.json', plan)
