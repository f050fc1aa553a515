"""The pose estimators that are attacked, their weights and their data."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmrobust.cli.scripts import run_script

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HEADS = ('td-hm', 'simcc', 'td-reg')
# Data set -> (width, height) of the crops.
SIZES = {'synthetic-64x80': (64, 80), 'mirror-mouse-96x96': (96, 96)}
# A minute of training and a handful of test videos for a run that proves nothing.
QUICK_EPOCHS = 3
QUICK_VIDEOS = 6
QUICK_TRAINING = (
    'train_dataloader.dataset.num_videos=80',
    f'train_cfg.max_epochs={QUICK_EPOCHS}',
    f'param_scheduler.1.end={QUICK_EPOCHS}',
    f'param_scheduler.1.T_max={QUICK_EPOCHS - 1}',
)


@dataclass(frozen=True)
class Victim:
    """One head on one data set.

    Attributes:
        head: Among HEADS.
        data: Among SIZES.
    """

    head: str
    data: str

    @property
    def name(self) -> str:
        """That of its config."""
        return f'{self.head}_tiny-r18_{self.data}'

    @property
    def config(self) -> Path:
        """Of training and test."""
        return HERE / 'configs' / f'{self.name}.py'

    @property
    def targets(self) -> tuple[str, ...]:
        """Of the targeted attacks: a mouse neither walks nor sits as the built-in figures do."""
        return ('walk', 'sit') if self.data.startswith('synthetic') else ('other',)

    @property
    def values(self) -> int:
        """Numbers in a crop: 3 channels of width times height."""
        width, height = SIZES[self.data]
        return 3 * width * height


def chosen(quick: bool, mouse: bool) -> Iterator[Victim]:
    """The victims of a run, data set by data set."""
    for data in list(SIZES)[: 2 if mouse and not quick else 1]:
        for head in HEADS[: 1 if quick else len(HEADS)]:
            yield Victim(head, data)


class Workshop:
    """Where weights and annotations are made, each once.

    Args:
        folder: For everything that is made.
        mouse: The folder ``data/mirror-mouse-example`` of lightning-pose, or None.
        quick: Whether a minute of training is enough.
    """

    def __init__(self, folder: Path, mouse: Path | None, quick: bool) -> None:
        self.folder, self.mouse, self.quick = folder, mouse, quick

    def prepare(self) -> None:
        """The mouse's annotations, where the configs look for them."""
        if self.mouse is None:
            return
        made = self.folder / 'mirror_mouse'
        if not (made / 'test.json').exists():
            run_script(ROOT / 'projects/k_limiting_attack/prepare.py', self.mouse, made)
        os.environ['MIRROR_MOUSE_ROOT'] = str(made)
        _write_pose(made / 'train.json', made / 'other.json')

    def target(self, goal: str) -> str:
        """What ``victim.target`` has to be for a goal."""
        return str(self.folder / 'mirror_mouse' / 'other.json') if goal == 'other' else goal

    def overrides(self, victim: Victim) -> Sequence[str]:
        """What a config has to be told of the test data.

        One frame of every synthetic video: frames of one video are no
        independent samples.
        """
        if not victim.data.startswith('synthetic'):
            return []
        fewer = [f'test_dataloader.dataset.num_videos={QUICK_VIDEOS}'] if self.quick else []
        return ['test_dataloader.dataset.frames_per_video=1', *fewer]

    def checkpoint(self, victim: Victim) -> Path:
        """The victim's weights, trained if there are none."""
        folder = self.folder / 'victims' / victim.name
        # The last checkpoint is written before the training's last lines: this file, after them.
        if not (folder / 'trained').exists():
            words: list[object] = [victim.config, '--work-dir', folder, '--resume']
            words += ['--cfg-options', *QUICK_TRAINING] if self.quick else []
            run_script(ROOT / 'tools/train.py', *words)
            (folder / 'trained').touch()
        return folder / Path((folder / 'last_checkpoint').read_text().strip()).name


def _write_pose(annotations: Path, path: Path) -> None:
    """The training frame with the most labelled parts as a target pose."""
    frames = json.loads(annotations.read_text())['annotations']
    numbers = max(frames, key=lambda frame: int(frame['num_keypoints']))['keypoints']
    triplets = zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)
    path.write_text(json.dumps([[x, y] if flag else None for x, y, flag in triplets]) + '\n')
