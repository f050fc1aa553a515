"""Specs of tiny recognisers, and runs of them inside the test process."""

import json
from pathlib import Path

import torch
from mmengine.config import Config

from tests.conftest import CONFIGS, build_recognizer

PREDICTED = dict(reference='prediction')


def small_config(folder: Path, name: str = 'tiny_3d', **changes) -> Path:
    """The config with one clip per video, which is three views instead of six."""
    cfg = Config.fromfile(CONFIGS / f'{name}.py')
    cfg.pop('attack')
    cfg.merge_from_dict({'test_dataloader.dataset.pipeline.0.num_clips': 1} | changes)
    path = folder / f'{name}_{len(list(folder.glob("*.py")))}.py'
    cfg.dump(path)
    return path


def sibling(folder: Path, noise: float = 0.1) -> Path:
    """Weights near those of the tiny 3D recogniser, which agree with it on clean videos."""
    _, model = build_recognizer(CONFIGS / 'tiny_3d.py')
    generator = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for weight in model.parameters():
            if weight.dim() > 1:
                draw = torch.randn(weight.shape, generator=generator)
                weight.add_(noise * weight.std() * draw)
    torch.save({'state_dict': model.state_dict()}, folder / 'sibling.pth')
    return folder / 'sibling.pth'


def make_spec(config: Path | str, checkpoints: dict[str, Path], **changes) -> dict:
    """Two attacks at two budgets; ``checkpoints`` by victim."""
    victims = {
        name: dict(config=str(config), checkpoint=str(path)) for name, path in checkpoints.items()
    }
    attacks = dict(
        pgd=dict(type='PGD', steps=2, goal=PREDICTED),
        saliency=dict(type='IterativeSaliencyRG', goal=PREDICTED),
    )
    found = dict(data=str(config), victims=victims, attacks=attacks, eps=[3, 8], seed=5)
    return found | changes


def write_spec(path: Path, values: dict) -> Path:
    path.write_text(''.join(f'{key} = {value!r}\n' for key, value in values.items()))
    return path


def transfer_run(path: Path, work_dir: Path, *arguments: str) -> dict:
    """Run tools/transfer.py's own function; returns what transfer.json holds."""
    from mmrobust.cli.transfer import run

    run([str(path), '--work-dir', str(work_dir), *arguments])
    return json.loads((work_dir / 'transfer.json').read_text())


def chosen(things: list[dict], **wanted) -> list[dict]:
    """Those of the ledger's lines, or of the cells, with these values."""
    return [thing for thing in things if wanted.items() <= thing.items()]


def fails(main, capsys, *arguments: object) -> str:
    """Run a command, expect status 1 and a single line; return it."""
    assert main([str(argument) for argument in arguments]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith('error')]
    assert len(lines) == 1
    return lines[0]
