"""The front door: ``load_victim``, ``attack`` and ``evaluate``.

All three run under the heals of :mod:`mmrobust.compat`, and leave the process's settings as they
found them (:mod:`mmrobust.engine.process_settings`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmrobust.compat import healed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from mmrobust.attacks import Attack
    from mmrobust.attacks.outcome import Outcome
    from mmrobust.goals import Labels
    from mmrobust.victims.base import Victim
    from mmrobust.victims.bound import BoundVictim

    Given = str | Path | NDArray[np.uint8]
    Inputs = Given | Sequence[Given] | Tensor
    AttackLike = Attack | str | Mapping[str, Any]

# What the command calls the arguments, and Python does; others differ in their dashes alone.
WORDS = {'input': 'inputs', 'cfg-options': 'options'}
OPTION = re.compile(
    r'(?<![^\s(])--(attack|boxes|cfg-options|device|input|max-samples|resume|work-dir)\b'
    r'|(?<!\S)(CONFIG|CHECKPOINT)(?!\S)|^(input)(?= must be)'
)


@contextmanager
def _python_names() -> Iterator[None]:
    """Inside, messages that name an option of the command name Python's argument instead."""

    def named(match: re.Match[str]) -> str:
        word = match[match.lastindex or 0].lower()
        return WORDS.get(word, word.replace('-', '_'))

    try:
        yield
    except (ValueError, OSError) as error:
        # One text alone: an error of the system has its number, too.
        if len(error.args) == 1 and isinstance(error.args[0], str):
            error.args = (OPTION.sub(named, error.args[0]),)
        raise


@healed()
def load_victim(
    config: str | Path | Any,
    checkpoint: str | Path,
    *,
    device: str = 'cpu',
    space: str | None = None,
    options: Mapping[str, Any] | None = None,
    black_box: bool = False,
) -> Victim:
    """A model of MMAction2 or MMPose, ready to be attacked.

    Args:
        config: Path of the model's config, or the config.
        checkpoint: Path or URL of its weights.
        device: Where the model goes: ``cpu``, ``cuda``, ``cuda:N``.
        space: What is perturbed (``video`` or ``view``; ``crop`` or ``image``; ``track``);
            default the victim's own.
        options: More options of the victim, such as ``memory_limit`` or ``target``.
        black_box: ``checkpoint`` is a deployed network (``.onnx``), or ``module:function``: it
            is asked, and has no gradients.

    Raises:
        FileNotFoundError: Config or checkpoint does not exist.
        ValueError: The config has no model, the weights are not its own, or an option is
            unknown.
    """
    from mmrobust.engine.from_python import victim_of
    from mmrobust.engine.process_settings import randomness_kept, settings_kept

    with _python_names(), settings_kept(), randomness_kept():
        return victim_of(config, checkpoint, options or {}, space, device, black_box)


@healed()
def attack(
    victim: Victim | BoundVictim,
    inputs: Inputs,
    attack: AttackLike = 'pgd',
    *,
    labels: Labels | None = None,
    boxes: str | Path | None = None,
    seed: int = 0,
) -> list[Outcome]:
    """Attack videos, pictures or tensors.

    Args:
        victim: From :func:`load_victim`; for tensors any victim.
        inputs: A path of a video or picture, folder or pattern, or several; an array of uint8,
            frames (T, H, W, 3) RGB or a picture (H, W, 3) BGR, or several, which go through the
            config's pipeline as files do; or a tensor (N, C, ..., H, W) of what the victim's
            space is.
        attack: An attack, its usual name, or its config.
        labels: Annotations of the N samples: for a recogniser class indices, a tensor (N,) or a
            list of whole numbers. None: the victim's own clean prediction is the reference.
        boxes: File with the boxes of persons in pictures that are paths.
        seed: Together with a sample's place decides its random numbers.

    Returns:
        One outcome per sample, in the order of the inputs (what is named twice is attacked twice;
        files of a folder in natural order); a person is a sample where the victim takes crops.

    Raises:
        ValueError: An input cannot be loaded, or does not suit the victim or the attack.
    """
    from mmrobust.engine.from_python import attack_inputs
    from mmrobust.engine.process_settings import settings_kept

    # Random numbers are the victim's, should it draw any: the next call's shall be others.
    with _python_names(), settings_kept():
        return attack_inputs(victim, inputs, attack, labels, boxes, seed)


@healed()
def evaluate(
    config: str | Path,
    checkpoint: str | Path,
    attack: AttackLike = 'pgd',
    *,
    work_dir: str | Path,
    inputs: str | Path | Sequence[str | Path] | None = None,
    boxes: str | Path | None = None,
    device: str | None = None,
    max_samples: int | None = None,
    resume: bool = False,
    options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Attack the config's test set, or raw files: what ``mmrobust attack`` does.

    Args:
        config: Path of the model's config.
        checkpoint: Path or URL of its weights.
        attack: An attack, its usual name, its config, or a file that defines ``attack``. One
            that was given no goal takes the victim's own.
        work_dir: Folder for ledger, report and pictures.
        inputs: Videos or pictures in place of the config's test data.
        boxes: File with the boxes of persons in pictures of ``inputs``.
        device: ``cpu``, ``cuda`` or ``cuda:N``; default cuda if there is one.
        max_samples: Attack only the first so many samples.
        resume: Go on from the ledger in ``work_dir``.
        options: Overrides of the config by dotted keys, such as ``{'victim.space': 'view'}``.

    Returns:
        What ``report.json`` in ``work_dir`` holds.

    Raises:
        OSError: A file cannot be read or written.
        ValueError: An option is unknown or out of range, or nothing could be attacked.
    """
    from mmrobust.cli.attack import run_with
    from mmrobust.engine.attack_configs import config_of
    from mmrobust.engine.from_python import check_inputs
    from mmrobust.engine.process_settings import on_device, randomness_kept, settings_kept

    given = config_of(attack)
    check_inputs(inputs)
    words = [inputs] if isinstance(inputs, str | Path) else list(inputs or ())
    arguments = {
        'attack': given,
        'work_dir': str(work_dir),
        'input': [str(word) for word in words] or None,
        'boxes': None if boxes is None else str(boxes),
        'max_samples': max_samples,
        'resume': resume,
    }
    with _python_names(), settings_kept(), randomness_kept(), on_device(device):
        run_with(str(config), str(checkpoint), overrides=dict(options or {}), given=arguments)
    text = (Path(work_dir) / 'report.json').read_text(encoding='utf-8')
    report: dict[str, Any] = json.loads(text)
    return report
