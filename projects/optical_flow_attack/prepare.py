"""What the reproduction needs before anything is attacked: flow and victims.

Shapes: T frames, H, W pixels.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from mmengine.config import Config
from numpy.typing import NDArray

from mmrobust.datasets.synthetic import CLASSES, render
from mmrobust.flow.estimator import FlowEstimator
from mmrobust.registry import FLOWS
from mmrobust.studies.scripts import run_script
from projects.optical_flow_attack.flow_stacks import write_flow
from projects.optical_flow_attack.train_flownet import read_video, resized

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WHITE = 'FlowNet2SD'
MEMBER = {'type': WHITE, 'width': 0.2}
SHIPPED = ROOT / 'mmrobust' / 'resources' / 'flownet2sd_small.pth'

# Of the embedded videos' frames, and every how many of them, as in
# configs/attack_synthetic.py.
HEIGHT = 64
EVERY = 2
# Processes that compute OpenCV's flow of the training videos.
WORKERS = 2
# Frames of 64 pixels are what the member takes without padding, and most of
# their pixels do not move.
TUNING: tuple[object, ...] = ('--crop', HEIGHT, HEIGHT, '--still', 0.85, '--emphasis', 8)
TUNING += ('--lr', 1e-3, '--interval', 1000)

Video = tuple[NDArray[np.uint8], int]


@dataclass(frozen=True)
class Effort:
    """How much is spent on a data set.

    Attributes:
        videos: Training videos (embedded set).
        tuning: Iterations of fine-tuning FlowNet2 on TV-L1 flow. With fewer of them, its
            flow is so easily moved that accuracy is lost at the first grey level.
        epochs: Of every flow CNN.
        samples: Stacks that are attacked, at most.
        carried: Stacks that are carried over to the other victims, at most.
        whole: Videos that are attacked at the video level, at most.
        eps: Budgets in grey levels; the first, middle and last are carried over.
        reference: What counts as right: the label, or the victim's prediction.
    """

    videos: int
    tuning: int
    epochs: int
    samples: int
    carried: int
    whole: int
    eps: tuple[float, ...]
    reference: Literal['label', 'prediction'] = 'label'


class DataSet:
    """One data set of the reproduction and where its files go.

    Args:
        name: synthetic or weizmann.
        folder: For everything that is made.
        effort: How much is spent.
        source: The Weizmann strips.
    """

    def __init__(self, name: str, folder: Path, effort: Effort, source: Path | None) -> None:
        self.name, self.folder, self.effort, self.source = name, folder, effort, source

    def config(self, level: str) -> Path:
        """The config of the attacks at stack or video level."""
        ending = '' if level == 'stack' else '_video'
        return HERE / 'configs' / f'attack_{self.name}{ending}.py'

    def data_options(self, level: str) -> dict[str, Any]:
        """What the config has to be told of the data."""
        if self.name == 'synthetic':
            return {}
        folder = 'stacks' if level == 'stack' else 'videos'
        return {'test_dataloader.dataset.data_root': str(self.folder / folder)}

    @property
    def tuned(self) -> Path:
        """The weights of the fine-tuned FlowNet2 member."""
        return self.folder / 'flownet.pth'

    def estimator(self, backend: str, workers: int = 0) -> dict[str, Any]:
        """The config of a backend's estimator; OpenCV's take worker processes."""
        if backend != WHITE:
            cache = str(self.folder / 'cache')
            return {'type': backend, 'cache': cache, 'workers': workers}
        return MEMBER | {'checkpoint': str(self.tuned)}

    def checkpoint(self, backend: str) -> Path:
        """The weights of the flow CNN of a backend."""
        folder = self.folder / f'cnn_{backend.lower()}'
        return folder / Path((folder / 'last_checkpoint').read_text().strip()).name

    def prepare(self, backends: Iterable[str]) -> None:
        """Files, estimator, flow and flow CNNs, each unless it is there and up to date."""
        self._forget()
        videos: list[Path] = []
        if self.name == 'weizmann':
            self._cut()
            videos = [self.folder / 'stacks' / 'train.txt']
        if stale(self.tuned, SHIPPED, *videos):
            self._tune()
        for backend in backends:
            stored = self.folder / f'flow_{backend.lower()}.npz'
            estimator = [self.tuned] if backend == WHITE else []
            if stale(stored, *estimator, *videos):
                self._flow(backend, stored)
            # Written after the weights, when the training is over.
            if stale(self.folder / f'cnn_{backend.lower()}' / 'last_checkpoint', stored):
                self._train(backend, stored)

    def training_videos(self) -> Iterable[Video]:
        """Frames (T, H, W, 3) and label."""
        if self.name == 'synthetic':
            for index in range(self.effort.videos):
                frames = resized(render(index, split='train').frames, HEIGHT)
                for first in range(EVERY):
                    yield frames[first::EVERY], index % len(CLASSES)
            return
        root = self.folder / 'stacks'
        for line in (root / 'train.txt').read_text().splitlines():
            name, label = line.split()
            yield read_video(root / 'videos' / name), int(label)

    def _forget(self) -> None:
        """Remove what was trained with another effort."""
        path, effort = self.folder / 'training.json', self.effort
        text = json.dumps([effort.videos, effort.tuning, effort.epochs, *TUNING])
        if path.exists() and path.read_text() != text:
            made = self.folder.glob('flow_*.npz'), self.folder.glob('cnn_*/last_checkpoint')
            for old in (self.tuned, *chain(*made)):
                old.unlink(missing_ok=True)
        path.write_text(text)

    def _cut(self) -> None:
        tool = ROOT / 'tools' / 'data' / 'prepare_weizmann.py'
        for folder, window in (('stacks', 11), ('videos', 0)):
            out = self.folder / folder
            if not (out / 'test.txt').exists():
                run_script(tool, self.source, out, '--window', window)

    def _tune(self) -> None:
        """Fine-tune the shipped member on TV-L1 flow of the training videos."""
        number = self.effort.videos
        options: list[object] = ['--height', HEIGHT, '--every', EVERY, '--number', number]
        if self.name == 'weizmann':
            root = self.folder / 'stacks'
            options = ['--videos', root / 'train.txt', '--root', root / 'videos']
        run_script(
            HERE / 'train_flownet.py',
            self.tuned,
            '--member',
            WHITE,
            '--width',
            MEMBER['width'],
            '--start',
            SHIPPED,
            '--teacher',
            'TVL1',
            '--cache',
            self.folder / 'cache',
            '--workers',
            WORKERS,
            '--iterations',
            self.effort.tuning,
            *TUNING,
            *options,
        )

    def _flow(self, backend: str, stored: Path) -> None:
        """Flow of the training videos."""
        estimator = FLOWS.build(self.estimator(backend, WORKERS)).eval()
        clips = list(self.training_videos())
        flows = [flow_of(estimator, frames) for frames, _ in clips]
        if backend != WHITE:
            estimator.close()
        bound = Config.fromfile(self.config('stack')).bound
        write_flow(stored, flows, [label for _, label in clips], bound)

    def _train(self, backend: str, flow: Path) -> None:
        from mmengine.runner import Runner

        cfg = Config.fromfile(HERE / 'configs' / f'train_{self.name}.py')
        cfg.train_dataloader.dataset.dataset.ann_file = str(flow)
        cfg.train_cfg.max_epochs = self.effort.epochs
        cfg.param_scheduler[0].T_max = self.effort.epochs
        cfg.work_dir = str(self.folder / f'cnn_{backend.lower()}')
        print(f'training the flow CNN on {backend} flow of {self.name}', flush=True)
        runner = Runner.from_cfg(cfg)
        # Convolutions of many channels are faster so on a CPU.
        runner.model.to(memory_format=torch.channels_last)
        runner.train()


def stale(made: Path, *inputs: Path) -> bool:
    """Whether a file is missing or older than what it is made of."""
    if not made.exists():
        return True
    changed = made.stat().st_mtime_ns
    return any(path.stat().st_mtime_ns > changed for path in inputs)


def flow_of(estimator: FlowEstimator, frames: NDArray[np.uint8]) -> torch.Tensor:
    """Flow (T-1, 2, H, W), pixels, of a video (T, H, W, 3)."""
    clip = torch.from_numpy(np.ascontiguousarray(frames)).float().permute(0, 3, 1, 2)
    with torch.no_grad():
        return estimator(clip[None])[0]
