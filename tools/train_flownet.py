"""Train a small FlowNet2 member on the embedded videos.

    python tools/train_flownet.py OUT.pth --iterations 4000
    python tools/train_flownet.py TUNED.pth --start OUT.pth \
        --teacher TVL1 --iterations 2000 [--videos LIST --root FOLDER]

The first form is supervised by the videos' ground-truth flow. The second
fine-tunes on the flow of another estimator, as the paper did with TV-L1, on the
embedded videos or on the video files of an annotation list. Prints the
endpoint error on embedded videos that were not trained on.

Shapes: M pairs of frames, T frames of a video, H, W pixels.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from mmrobust.datasets.synthetic import render, synthesize
from mmrobust.datasets.synthetic.flow import optical_flow
from mmrobust.flow.estimators.flownet2 import FlowNet2Member
from mmrobust.io.atomic import replacing
from mmrobust.io.frames import resized
from mmrobust.registry import FLOWS

Frames = NDArray[np.uint8]
# How much each level of the pyramid counts, finest first.
LEVELS = (0.32, 0.08, 0.04, 0.02, 0.01)
CROP = (64, 96)
# The second frame is cut elsewhere by up to so many pixels, which adds to the flow.
OFFSET = 5
# But not in this share of the pairs.
STILL = 0.4
# Embedded videos give flow to the next frame and, as limbs barely move between
# neighbours, over as many frames as this.
GAPS = (1, 2, 4)
# Of the camera, pixels, in every other training video and in the test.
DRIFT = 14.0


class Pairs:
    """Neighbouring frames of some videos with flow, drawn at random.

    Args:
        videos: Frames (T, H, W, 3) and flow (T-1, 2, H, W) of each.
        seed: Of the draws.
        crop: H and W of what is cut out, at most.
        still: Share of pairs that are not shifted against each other.
        emphasis: A pixel that moves by v pixels counts 1 + emphasis * v times.
            Without it a network that is not trained for long finds that nothing
            moves, which is right for most of the pixels.
    """

    def __init__(
        self,
        videos: list[tuple[Frames, NDArray[np.float32]]],
        seed: int,
        *,
        crop: Sequence[int] = CROP,
        still: float = STILL,
        emphasis: float = 0.0,
    ) -> None:
        self.videos = videos
        self.crop, self.still, self.emphasis = crop, still, emphasis
        self.rng = np.random.default_rng(seed)

    def batch(self, size: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Both frames (M, 3, H, W), 0..255, flow (M, 2, H, W) and weights (M, 1, H, W)."""
        drawn = [self._one() for _ in range(size)]
        first, second, flow, weight = (torch.stack(part) for part in zip(*drawn, strict=True))
        return first, second, flow, weight

    def _one(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """A random crop, mirrored at random, with changed light and one more shift."""
        rng = self.rng
        frames, flow = self.videos[rng.integers(len(self.videos))]
        t = int(rng.integers(len(flow)))
        size = [min(c, s) for c, s in zip(self.crop, frames.shape[1:3], strict=True)]
        first, second = self._corners(frames.shape[1:3], size)
        places = [(slice(y, y + size[0]), slice(x, x + size[1])) for y, x in (first, second)]
        images = np.stack([frames[t][places[0]], frames[t + 1][places[1]]])
        shift = np.array([first[1] - second[1], first[0] - second[0]], np.float32)
        moved = flow[t][:, *places[0]]
        field = torch.from_numpy(moved + shift[:, None, None])
        speed = torch.from_numpy(np.linalg.norm(moved, axis=0, keepdims=True))
        pair = torch.from_numpy(images).float().permute(0, 3, 1, 2)
        for axis in (0, 1):
            if rng.random() < 0.5:
                pair, field = pair.flip(-1 - axis), field.flip(-1 - axis)
                field[axis], speed = -field[axis], speed.flip(-1 - axis)
        gain = torch.from_numpy(rng.uniform(0.7, 1.3, (1, 3, 1, 1))).float()
        noise = torch.from_numpy(rng.normal(0, rng.uniform(0, 3), pair.shape)).float()
        pair = (pair * gain + float(rng.uniform(-20, 20)) + noise).clamp(0, 255)
        return pair[0], pair[1], field, 1 + self.emphasis * speed

    def _corners(self, sides: tuple[int, ...], size: list[int]) -> list[list[int]]:
        """Upper left corners of both crops."""
        room = [side - crop for side, crop in zip(sides, size, strict=True)]
        first = [int(self.rng.integers(space + 1)) for space in room]
        if self.rng.random() < self.still:
            return [first, first]
        moved = [c + int(self.rng.integers(-OFFSET, OFFSET + 1)) for c in first]
        return [first, [min(max(c, 0), space) for c, space in zip(moved, room, strict=True)]]


def multi_scale_loss(levels: list[Tensor], flow: Tensor, weight: Tensor) -> Tensor:
    """Weighted endpoint errors of a pyramid against flow (M, 2, H, W).

    Levels may be of a padded frame; the part that belongs to it counts. The
    weights of pixels are (M, 1, H, W), those of levels LEVELS.
    """
    height, width = flow.shape[-2:]
    side = math.ceil(height / 64) * 64, math.ceil(width / 64) * 64
    loss = flow.new_zeros(())
    for share, found in zip(LEVELS, levels, strict=False):
        step = side[0] // found.shape[-2]
        wanted, counts = (F.avg_pool2d(x, step) if step > 1 else x for x in (flow, weight))
        found = found[..., : wanted.shape[-2], : wanted.shape[-1]]
        error = (found - wanted).square().sum(dim=1, keepdim=True).add(1e-4).sqrt()
        loss = loss + share * (counts * error).mean()
    return loss


def endpoint_error(member: FlowNet2Member, videos: range) -> tuple[float, float]:
    """Mean endpoint error on embedded test videos, and that of no motion at all.

    With a camera that moves fast: of the default one, the background is as good
    as still, and no estimator could beat no motion by much.
    """
    errors, still = [], []
    for index in videos:
        sample = synthesize(index, split='test', drift=DRIFT)
        frames = torch.from_numpy(sample.frames[::4]).float().permute(0, 3, 1, 2)
        after = torch.from_numpy(sample.frames[1::4]).float().permute(0, 3, 1, 2)
        flow = torch.from_numpy(sample.flow[::4])
        with torch.no_grad():
            found = member.eval().estimate(frames, after)
        errors.append(float((found - flow).norm(dim=1).mean()))
        still.append(float(flow.norm(dim=1).mean()))
    return float(np.mean(errors)), float(np.mean(still))


def embedded(index: int) -> list[tuple[Frames, NDArray[np.float32]]]:
    """An embedded training video at several speeds, with ground-truth flow."""
    scene = render(index, split='train', drift=DRIFT if index % 2 else 3.0)
    return [
        (scene.frames[::gap], optical_flow(scene.affine[::gap], scene.parts[::gap])) for gap in GAPS
    ]


def read_video(path: Path) -> Frames:
    """Frames (T, H, W, 3), RGB."""
    reader, frames = cv2.VideoCapture(str(path)), []
    while True:
        good, frame = reader.read()
        if not good:
            break
        frames.append(frame[:, :, ::-1])
    if len(frames) < 2:
        raise ValueError(f'{path} must hold at least two readable frames, got {len(frames)}')
    return np.stack(frames)


def load(args: argparse.Namespace) -> list[tuple[Frames, NDArray[np.float32]]]:
    """The videos to train on, with the flow to learn."""
    if args.teacher is None:
        return [video for i in range(args.number) for video in embedded(i)]
    if args.videos is None:
        # As they are rendered for recognisers, so that a cache serves both.
        scenes = [render(i, split='train').frames for i in range(args.number)]
        clips = [f[first :: args.every] for f in scenes for first in range(args.every)]
    else:
        names = [line.split()[0] for line in args.videos.read_text().splitlines()]
        clips = [read_video(args.root / name) for name in names]
    options = {'type': args.teacher, 'cache': args.cache, 'workers': args.workers}
    teacher, taught = FLOWS.build(options), []
    for clip in clips:
        frames = resized(clip, args.height or clip.shape[1])
        tensor = torch.from_numpy(frames).float().permute(0, 3, 1, 2)[None]
        taught.append((frames, teacher(tensor)[0].numpy()))
    teacher.close()
    return taught


def initialise(network: torch.nn.Module, seed: int) -> None:
    """He's normal initialisation, and flow layers that begin near zero.

    NVIDIA's own (uniform weights, biases up to 1) takes a hundred thousand
    iterations to leave.
    """
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if not isinstance(module, torch.nn.Conv2d | torch.nn.ConvTranspose2d):
            continue
        fan: Literal['fan_in', 'fan_out']
        fan = 'fan_in' if isinstance(module, torch.nn.Conv2d) else 'fan_out'
        with torch.no_grad():
            torch.nn.init.kaiming_normal_(module.weight, 0.1, fan, generator=generator)
            if module.weight.shape[0 if fan == 'fan_in' else 1] == 2:
                module.weight.mul_(0.1)
            if module.bias is not None:
                module.bias.zero_()


def train(member: FlowNet2Member, pairs: Pairs, args: argparse.Namespace) -> None:
    """Adam with a warm-up and a cosine decay."""
    # Convolutions of many channels are faster so on a CPU.
    network: Any = member.network.train()
    network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=args.lr, weight_decay=1e-4)
    began = time.perf_counter()
    for iteration in range(args.iterations):
        share = iteration / args.iterations
        rate = min(1.0, (iteration + 1) / 100) * 0.5 * (1 + math.cos(math.pi * share))
        for group in optimizer.param_groups:
            group['lr'] = args.lr * rate
        first, second, flow, weight = pairs.batch(args.batch_size)
        loss = multi_scale_loss(member.pyramid(first, second), flow, weight)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        if (iteration + 1) % args.interval == 0 or iteration + 1 == args.iterations:
            error, still = endpoint_error(member, range(5))
            network.train()
            seconds = time.perf_counter() - began
            line = f'loss {loss.item():.4f}, endpoint error {error:.3f} (no motion {still:.3f})'
            print(f'{iteration + 1}/{args.iterations}: {line}, {seconds:.0f} s', flush=True)


def arguments() -> argparse.Namespace:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('out', type=Path, help="where the weights go, in NVIDIA's layout")
    parser.add_argument('--member', default='FlowNet2SD', help='which member of the family')
    parser.add_argument('--width', type=float, default=0.2, help='multiplier of its channels')
    parser.add_argument('--start', help='weights to start from')
    parser.add_argument('--teacher', help='TVL1, Farneback or DIS; default ground truth')
    parser.add_argument('--videos', type=Path, help='annotation list of video files')
    parser.add_argument('--root', type=Path, default=Path(), help='folder of those files')
    parser.add_argument('--cache', help='folder where the flow of the teacher is kept')
    parser.add_argument('--workers', type=int, default=0, help='processes of the teacher')
    parser.add_argument('--height', type=int, help='frames are resized to it')
    parser.add_argument('--number', type=int, default=200, help='embedded videos to train on')
    parser.add_argument('--every', type=int, default=1, help='every so many frames of them')
    parser.add_argument('--iterations', type=int, default=4000)
    parser.add_argument('--batch-size', type=int, default=8)
    parser.add_argument('--lr', type=float, default=1e-3)
    parser.add_argument('--crop', type=int, nargs=2, default=CROP, help='height and width')
    parser.add_argument('--still', type=float, default=STILL, help='share of unshifted pairs')
    parser.add_argument('--emphasis', type=float, default=0.0, help='on pixels that move')
    parser.add_argument('--interval', type=int, default=200, help='iterations between reports')
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    if args.teacher is None and (args.videos is not None or args.height or args.every > 1):
        parser.error('--videos, --height and --every have no ground truth: name a --teacher')
    if args.every < 1:
        parser.error(f'--every must be at least 1, got {args.every}')
    if args.videos is not None and args.every > 1:
        parser.error('--every is about embedded videos: leave it out with --videos')
    return args


def main() -> int:
    """Train, store, measure."""
    args = arguments()
    torch.manual_seed(args.seed)
    options = {'type': args.member, 'width': args.width, 'checkpoint': args.start}
    member = FLOWS.build(options)
    if args.start is None:
        initialise(member.network, args.seed)
    options = {'crop': args.crop, 'still': args.still, 'emphasis': args.emphasis}
    train(member, Pairs(load(args), args.seed, **options), args)
    with replacing(args.out) as path:
        torch.save({'state_dict': member.network.state_dict()}, path)
    error, still = endpoint_error(member, range(20))
    size = args.out.stat().st_size / 1e6
    print(
        f'{args.out}: {size:.1f} MB, endpoint error {error:.3f} px on 20 test videos '
        f'(no motion {still:.3f})'
    )
    return 0


if __name__ == '__main__':
    sys.exit(main())
