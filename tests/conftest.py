"""Shared fixtures: the root of the checkout, real data, tiny recognisers."""

import os
from pathlib import Path

import pytest
import torch

import mmrobust  # noqa: F401  (heals the stack before anything imports it)

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / 'tests' / 'configs'
# Small models gain nothing from more threads, and parallel workers lose by them.
torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', '1')))


@pytest.fixture(scope='module', autouse=True)
def _scope_of_the_last_module_is_gone() -> None:
    # The default scope outlives whoever sets it: which tests ran before must not count.
    from mmengine.registry import init_default_scope

    init_default_scope('mmaction')


@pytest.fixture(scope='session')
def root() -> Path:
    return ROOT


@pytest.fixture(scope='session')
def real_data() -> Path:
    folder = Path(os.environ.get('MMROBUST_DATA', ROOT.parent / 'shared' / 'data'))
    if not folder.is_dir():
        pytest.skip(f'no real data at {folder}; set MMROBUST_DATA')
    return folder


def build_recognizer(path: Path, seed: int = 0):
    """A recogniser of a config, with seeded random weights whose logits differ."""
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    init_default_scope('mmaction')
    import mmaction.models  # noqa: F401
    from mmaction.registry import MODELS

    torch.manual_seed(seed)
    cfg = Config.fromfile(path)
    model = MODELS.build(cfg.model)
    with torch.no_grad():
        # The heads start near zero, which would leave every class alike.
        model.cls_head.fc_cls.weight.mul_(100)
    return cfg, model.eval()


@pytest.fixture(scope='session', params=['tiny_3d', 'tiny_2d'])
def recognizer(request):
    return build_recognizer(CONFIGS / f'{request.param}.py')


@pytest.fixture(scope='session')
def checkpoints(tmp_path_factory) -> dict[str, Path]:
    """Checkpoints with random weights for the tiny configs."""
    folder = tmp_path_factory.mktemp('checkpoints')
    found = {}
    for name in ('tiny_3d', 'tiny_2d'):
        found[name] = folder / f'{name}.pth'
        _, model = build_recognizer(CONFIGS / f'{name}.py')
        torch.save({'state_dict': model.state_dict(), 'meta': {}}, found[name])
    return found
