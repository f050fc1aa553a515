"""The pose estimators that are attacked, their weights and their data."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmrobust.cli.scripts import run_script, trained
from mmrobust.compat.checkpoints import load_from_local
from mmrobust.ledger.provenance import file_sha256

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HEADS = ('td-hm', 'simcc', 'td-reg')
# Data set -> (width, height) of the crops.
SIZES = {'synthetic-64x80': (64, 80), 'mirror-mouse-96x96': (96, 96)}
# Data set -> how near to its annotation a joint is right, in longer sides of the box.
WITHIN = {'synthetic-64x80': 0.1, 'mirror-mouse-96x96': 0.05}
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
    def synthetic(self) -> bool:
        """Whether it sees the embedded figures."""
        return self.data.startswith('synthetic')

    @property
    def targets(self) -> tuple[str, ...]:
        """Of the targeted attacks: a mouse neither walks nor sits as the built-in figures do."""
        return ('walk', 'sit') if self.synthetic else ('mirrored',)

    @property
    def within(self) -> float:
        """How near to its annotation a joint is right."""
        return WITHIN[self.data]

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
        self._trained: dict[Victim, Path] = {}

    def prepare(self) -> None:
        """The mouse's annotations, where the configs look for them."""
        if self.mouse is None:
            return
        run_script(HERE / 'prepare.py', self.mouse, self._annotations)
        os.environ['MIRROR_MOUSE_ROOT'] = str(self._annotations)
        write_mirrored(self._annotations / 'train.json', self._annotations / 'mirrored.json')

    @property
    def _annotations(self) -> Path:
        return self.folder / 'mirror_mouse'

    def target(self, goal: str) -> str:
        """What ``victim.target`` has to be for a goal."""
        return str(self._annotations / 'mirrored.json') if goal == 'mirrored' else goal

    def overrides(self, victim: Victim) -> Sequence[str]:
        """What a config has to be told of the test data.

        One frame of every synthetic video: frames of one video are no
        independent samples.
        """
        if not victim.synthetic:
            return []
        fewer = [f'test_dataloader.dataset.num_videos={QUICK_VIDEOS}'] if self.quick else []
        return ['test_dataloader.dataset.frames_per_video=1', *fewer]

    def checkpoint(self, victim: Victim) -> Path:
        """The victim's weights, trained if there are none."""
        if victim not in self._trained:
            self._trained[victim] = trained(
                ROOT / 'tools' / 'train.py',
                victim.config,
                self.folder / 'victims' / victim.name,
                QUICK_TRAINING if self.quick else (),
                () if victim.synthetic else (self._annotations / 'train.json',),
            )
        return self._trained[victim]

    def inputs(self, victim: Victim, goal: str) -> dict[str, str | None]:
        """Hashes of the files that decide a run."""
        found = {'weights': file_sha256(self.checkpoint(victim))}
        if not victim.synthetic:
            found['test'] = file_sha256(self._annotations / 'test.json')
        if goal in victim.targets:
            found['target'] = file_sha256(self.target(goal))
        return found

    def parameters(self, victim: Victim) -> int:
        """How many it has."""
        state = load_from_local(str(self.checkpoint(victim)), map_location='cpu')
        statistics = ('running_mean', 'running_var', 'num_batches_tracked')
        weights = state['state_dict'].items()
        return sum(value.numel() for name, value in weights if not name.endswith(statistics))


def write_mirrored(annotations: Path, path: Path) -> None:
    """The training frame with the most labelled parts, mirrored, as a target pose.

    All frames show the mouse facing one way: every pose of theirs is near to every other,
    so that the mean pose would reach it.
    """
    frames = json.loads(annotations.read_text())['annotations']
    numbers = max(frames, key=lambda frame: int(frame['num_keypoints']))['keypoints']
    triplets = zip(numbers[::3], numbers[1::3], numbers[2::3], strict=True)
    path.write_text(json.dumps([[-x, y] if flag else None for x, y, flag in triplets]) + '\n')
