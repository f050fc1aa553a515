"""Videos as recognisers see them: how much they move, and where an attack may start.

Shapes: C channels, T frames, H, W pixels.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from torch import Tensor

from mmrobust.io.atomic import replacing
from mmrobust.io.video import write_lossless
from mmrobust.ledger.provenance import file_sha256
from mmrobust.registry import FLOWS
from mmrobust.samplers.motion import backward_motion

# Clips of a class from which a targeted attack may start.
STARTS = 2


class Clips:
    """Inputs of a config's test pipeline, one view each."""

    def __init__(self, cfg: Config) -> None:
        import mmaction.datasets  # noqa: F401  (registers them)
        from mmaction.registry import DATASETS

        init_default_scope('mmaction')
        self.dataset = DATASETS.build(cfg.test_dataloader.dataset)

    def packed(self, index: int) -> dict[str, Any]:
        """A sample as the data loader collates it."""
        found: dict[str, Any] = self.dataset[index]
        return found

    def __getitem__(self, index: int) -> Tensor:
        """A clip (C, T, H, W), 0..255."""
        inputs = self.packed(index)['inputs'].float()
        # One view (1, C, T, H, W) of a 3D model, or T frames (T, C, H, W).
        return inputs[0] if inputs.dim() == 5 else inputs.transpose(0, 1)


def start_list(cfg: Config, checkpoint: Path, folder: Path) -> Path:
    """A list of two test clips of every class that a recogniser has right.

    Made once for its weights. As it sees them, for targeted attacks that start from a
    clip of the target class. No attack can meet its own clip there: it aims at another
    class. Of a class of which it has none right, the first clip: the attack flags it and
    starts from the video itself.

    Args:
        cfg: Of the recogniser and its test data.
        checkpoint: Its weights.
        folder: For the clips and the list.
    """
    from mmaction.apis import init_recognizer

    path, mark = folder / 'list.txt', folder / 'weights'
    weights = str(file_sha256(checkpoint))
    if not (path.exists() and mark.exists() and mark.read_text() == weights):
        clips, chosen = Clips(cfg), dict[int, list[int]]()
        firsts = dict[int, int]()
        model = init_recognizer(cfg, str(checkpoint), 'cpu')
        for index in range(len(clips.dataset)):
            label = clips.dataset.get_data_info(index)['label']
            right = chosen.setdefault(label, [])
            firsts.setdefault(label, index)
            if len(right) < STARTS:
                with torch.no_grad():
                    (told,) = model.test_step(pseudo_collate([clips.packed(index)]))
                right += [index] * (int(told.pred_label) == label)
        lines = []
        for label, right in chosen.items():
            for index in right or [firsts[label]]:
                frames = clips[index].permute(1, 2, 3, 0).to(torch.uint8).numpy()
                write_lossless(folder / f'{index}.mkv', frames, fps=10)
                lines.append(f'{index}.mkv {label}\n')
        with replacing(path) as temporary:
            temporary.write_text(''.join(lines))
        mark.write_text(weights)
    return path


def mean_motion(clips: Clips, videos: Sequence[int], store: Path) -> dict[int, float]:
    """Mean length of TV-L1 flow between the frames of a video, pixels; kept in ``store``."""
    known = json.loads(store.read_text()) if store.exists() else {}
    found = {int(video): float(value) for video, value in known.items()}
    estimator = FLOWS.build({'type': 'TVL1'})
    for video in videos:
        if video not in found:
            maps = backward_motion(estimator, clips[video])
            found[video] = float(maps[1:].norm(dim=1).mean())
    store.write_text(json.dumps(found) + '\n')
    return found
