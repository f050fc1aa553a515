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

import torch
from mmengine.config import Config

from mmrobust.datasets.flow_stacks import write_flow
from mmrobust.registry import FLOWS
from mmrobust.studies.scripts import run_script, stale
from mmrobust.studies.study import VictimSpec
from mmrobust.studies.training_clips import Video, embedded_clips, flow_of, listed_clips

ROOT = Path(__file__).resolve().parents[2]
TRAINER = ROOT / 'tools' / 'train_flownet.py'
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


@dataclass(frozen=True, kw_only=True)
class FlowVictim(VictimSpec):
    """The recognisers on one data set, and how much is spent on them.

    Attributes:
        video_config: Of the attacks at the video level.
        videos: Training videos (embedded set).
        tuning: Iterations of fine-tuning FlowNet2 on TV-L1 flow. With fewer of them, its
            flow is so easily moved that accuracy is lost at the first grey level.
        epochs: Of every flow CNN.
        samples: Stacks that are attacked, at most.
        carried: Stacks that are carried over to the other victims, at most.
        whole: Videos that are attacked at the video level, at most.
        reference: What counts as right: the label, or the victim's prediction.
    """

    video_config: str
    videos: int = 0
    tuning: int
    epochs: int
    samples: int
    carried: int
    whole: int
    reference: Literal['label', 'prediction'] = 'label'


class DataSet:
    """A data set's flow, and the recognisers on it.

    Args:
        victim: What is trained.
        home: Folder of its configs.
        folder: For everything that is made; with the files cut from the source.
    """

    def __init__(self, victim: FlowVictim, home: Path, folder: Path) -> None:
        self.victim, self.home, self.folder = victim, home, folder

    def config(self, level: str) -> Path:
        """The config of the attacks at stack or video level."""
        name = self.victim.config if level == 'stack' else self.victim.video_config
        return (self.home / name).resolve()

    def data_options(self, level: str) -> dict[str, Any]:
        """What the config has to be told of the data."""
        if not self.victim.source:
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
        videos = [self.folder / 'stacks' / 'train.txt'] if self.victim.source else []
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
        """Clips and their labels."""
        if not self.victim.source:
            return embedded_clips(self.victim.videos, HEIGHT, EVERY)
        return listed_clips(self.folder / 'stacks' / 'train.txt', self.folder / 'stacks' / 'videos')

    def _forget(self) -> None:
        """Remove what was trained with another effort."""
        path, effort = self.folder / 'training.json', self.victim
        text = json.dumps([effort.videos, effort.tuning, effort.epochs, *TUNING])
        if path.exists() and path.read_text() != text:
            made = self.folder.glob('flow_*.npz'), self.folder.glob('cnn_*/last_checkpoint')
            for old in (self.tuned, *chain(*made)):
                old.unlink(missing_ok=True)
        path.write_text(text)

    def _tune(self) -> None:
        """Fine-tune the shipped member on TV-L1 flow of the training videos."""
        options: list[object] = ['--height', HEIGHT, '--every', EVERY]
        options += ['--number', self.victim.videos]
        if self.victim.source:
            root = self.folder / 'stacks'
            options = ['--videos', root / 'train.txt', '--root', root / 'videos']
        options += ['--member', WHITE, '--width', MEMBER['width'], '--start', SHIPPED]
        options += ['--teacher', 'TVL1', '--cache', self.folder / 'cache', '--workers', WORKERS]
        options += ['--iterations', self.victim.tuning, *TUNING]
        run_script(TRAINER, self.tuned, *options)

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

        cfg = Config.fromfile(self.home / self.victim.training)
        cfg.train_dataloader.dataset.dataset.ann_file = str(flow)
        cfg.train_cfg.max_epochs = self.victim.epochs
        cfg.param_scheduler[0].T_max = self.victim.epochs
        cfg.work_dir = str(self.folder / f'cnn_{backend.lower()}')
        print(f'training the flow CNN on {backend} flow of {self.victim.name}', flush=True)
        runner = Runner.from_cfg(cfg)
        # Convolutions of many channels are faster so on a CPU.
        runner.model.to(memory_format=torch.channels_last)
        runner.train()
