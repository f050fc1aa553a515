"""What a query attack costs beside the victim, and how full the victim's calls are.

A TSN with a ResNet-18 (random weights; 4 frames of 112 x 112) is asked about
embedded videos. Share of the time outside the victim's forward, without and
with what happens once per video (motion): outside is all that the run takes beyond
the victim, the answers that are kept on disk for a resume included. Share of places
filled before the last video has begun (until the tail) and over the whole run. Videos
are told apart by a bias that lets a third of them fall at once, a third on the way and
a third never, so that finished ones leave.
"""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from mmengine.registry import init_default_scope
from torch import Tensor, nn

import mmrobust  # noqa: F401  (heals the stack before MMAction2 is imported)
from mmrobust.attacks.query_attack import QueryAttack
from mmrobust.datasets.synthetic import synthesize
from mmrobust.functional.randomness import SampleRandom
from mmrobust.goals import BoundGoal
from mmrobust.ledger.answers import AnswerFile
from mmrobust.query.black_box import BlackBox
from mmrobust.query.scheduler import QueryScheduler
from mmrobust.query.state import QueryState, Search
from mmrobust.registry import ATTACKS
from mmrobust.threats import Linf
from mmrobust.victims.bound import BoundVictim

FRAMES, SIDE, BATCH = 4, 112, 8
ARMS: dict[str, dict[str, Any]] = {
    'sparked, TV-L1': {'type': 'GradientEstimation', 'sampler': {'type': 'Sparked'}},
    'sparked, codec': {
        'type': 'GradientEstimation',
        'sampler': {'type': 'Sparked', 'motion': {'type': 'CodecMotion'}, 'form': 'lookup'},
    },
    'multi noise': {'type': 'GradientEstimation', 'sampler': {'type': 'MultiNoise'}},
    'NES': {
        'type': 'GradientEstimation',
        'sampler': {'type': 'MultiNoise'},
        'estimator': {'type': 'NES', 'population': 20},
    },
    'square': {'type': 'Square'},
    'sign hunter': {'type': 'SignHunter'},
    'SimBA, cosines': {'type': 'SimBA'},
    'RayS': {'type': 'RayS'},
}


class Biased(BoundVictim):
    """A network whose lead of class 0 depends on the video; bound to its samples."""

    def __init__(self, network: nn.Module, leads: Tensor) -> None:
        self.network, self.leads = network, leads

    def __call__(self, pixels: Tensor) -> Tensor:
        """Scores (N, K)."""
        frames = (pixels - 114) / 58
        scores = self.network(frames.transpose(1, 2).flatten(0, 1))
        scores = scores.unflatten(0, (len(pixels), -1)).mean(dim=1)
        return scores + self.leads[:, None] * torch.eye(scores.shape[1])[0]

    def select(self, rows: Tensor) -> Biased:
        """Some of the videos."""
        return Biased(self.network, self.leads[rows])


def resnet() -> nn.Module:
    """MMAction2's ResNet-18 with a linear head for 400 classes."""
    from mmaction.registry import MODELS

    init_default_scope('mmaction')
    torch.manual_seed(0)
    backbone = MODELS.build({'type': 'ResNet', 'depth': 18, 'norm_eval': False})
    head = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 400))
    return nn.Sequential(backbone, head).eval().requires_grad_(False)


def videos(n: int) -> Tensor:
    """(N, 3, T, H, W), whole grey levels."""
    frames = [torch.tensor(synthesize(i, seed=0, split='test').frames) for i in range(n)]
    clips = torch.stack([f[:: len(f) // FRAMES][:FRAMES] for f in frames]).permute(0, 4, 1, 2, 3)
    small = nn.functional.interpolate(clips.flatten(1, 2).float(), (SIDE, SIDE), mode='area')
    return small.unflatten(1, (3, FRAMES)).round()


def measure(name: str, config: dict[str, Any], budget: int, n: int, folder: Path) -> None:
    """One attack on all videos, in one pool; answers are kept in ``folder``."""
    attack: QueryAttack = ATTACKS.build(config | {'budget': budget, 'query_batch': BATCH})
    pixels, network = videos(n), resnet()
    with torch.no_grad():
        scores = torch.cat([Biased(network, torch.zeros(1))(clip[None]) for clip in pixels])
    # Ahead of the best other class by nothing, a little, and out of reach.
    gap = scores[:, 1:].amax(dim=1) - scores[:, 0]
    leads = gap + torch.tensor([1e-6, 1e-3, 1e3]).repeat(n)[:n]
    goal: BoundGoal = attack.goal.bind(torch.zeros(n, dtype=torch.long), scores)
    rng = SampleRandom.from_seeds(range(n))
    rows = [torch.tensor([i]) for i in range(n)]
    states = [
        QueryState(pixels[i], goal.select(rows[i]), Linf(8), (0, 255), rng.select(rows[i]))
        for i in range(n)
    ]
    box = BlackBox(Biased(network, leads), budget=budget)
    logs = [AnswerFile(folder / f'{i}.bin') for i in range(n)]
    pool = QueryScheduler(box, BATCH, logs)
    began: list[int] = []
    once: list[float] = []

    def start(state: QueryState) -> Search:
        began.append(len(pool.calls))
        return first_timed(attack.search(state), once)

    clock = time.perf_counter()
    pool.run(states, start)
    inside = box.account.seconds
    outside = time.perf_counter() - clock - inside
    later = outside - sum(once)
    steady = pool.calls[: began[-1]]
    until = sum(steady) / (BATCH * len(steady)) if steady else float('nan')
    filled = sum(pool.calls) / (BATCH * len(pool.calls))
    print(
        f'{name}: {later / (inside + later):.1%} of the time outside the victim (goal <= 10 %), '
        f'{outside / (inside + outside):.1%} with {1e3 * sum(once) / n:.0f} ms once per video; '
        f'places filled until the tail {until:.1%} (goal >= 90 %; {len(steady)} of '
        f'{len(pool.calls)} calls), in all {filled:.1%}; '
        f'{inside / sum(pool.calls) * 1e3:.1f} ms per query in the victim',
        flush=True,
    )


def first_timed(search: Search, seconds: list[float]) -> Search:
    """The same search; what it does before its first question is timed."""
    start = time.perf_counter()
    asked = next(search)
    seconds.append(time.perf_counter() - start)
    while True:
        answers = yield asked
        try:
            asked = search.send(answers)
        except StopIteration:
            return


def run(quick: bool) -> None:
    """Print one line per attack."""
    n, budget = (24, 24) if quick else (48, 150)
    for name, config in ARMS.items():
        with TemporaryDirectory() as folder:
            measure(name, config, budget, n, Path(folder))
