"""Studies go on with what is there, as long as it is theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmrobust.ledger.ledger import OtherRunError, loaded_json
from mmrobust.studies.used_files import unchanged
from mmrobust.visualization.files import write_json

# Key of ``plan.json`` beside those of the plan: hashes of the files that the run used.
USED = 'used'


def resumed(run: Callable[[Sequence[str]], None], arguments: Sequence[object]) -> None:
    """Run a command with ``--resume``, or anew where its results are of another run.

    That is so where weights, options, code or the package's version have changed since; the earlier
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
    """Whether a run is complete, was made under the same plan, and of the files as they are.

    Args:
        folder: Of the run.
        plan: All that is known to decide it before it is done, hashes of weights and files
            too; as JSON holds it.
        card: The file that the run leaves at its end; an earlier one is set aside.
    """
    path = folder / 'plan.json'
    if not path.exists() or not (folder / card).exists():
        return False
    done = loaded_json(path)
    # Without them it is of an earlier version, which did not ask for them.
    used = done.pop(USED, None) if isinstance(done, dict) else None
    return used is not None and done == plan and unchanged(used)


def finish(folder: Path, plan: Mapping[str, Any], used: Mapping[str, str | None]) -> None:
    """Write down that a run is complete: the last thing that is done in its folder.

    Args:
        folder: Of the run.
        plan: As :func:`finished` takes it.
        used: Hashes by path of the files that the run turned out to use.
    """
    write_json(folder / 'plan.json', {**plan, USED: used})
