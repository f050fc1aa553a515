"""Shared fixtures: the root of the checkout, real data, tiny recognisers."""

import gc
import os
import zlib
from pathlib import Path

import pytest
import torch

import mmrobust  # before anything imports the stack: it heals what keeps it from that

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / 'tests' / 'configs'
# As in mmrobust's commands, whose parts are tested; for themselves: tests/compat/test_scope.py.
mmrobust.compat.heal()
# Processes that tests start begin as a user's do.
os.environ.pop('MMROBUST_HEAL')
# Small models gain nothing from more threads, and parallel workers lose by them.
torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', '1')))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a test marked ``sampled(n)`` the fast suite runs every n-th case, by name.

    The others are slow ones; the first case of each test is always among the fast.
    """
    seen: set[str] = set()
    for item in items:
        marker = item.get_closest_marker('sampled')
        if marker is None:
            continue
        test = item.nodeid.split('[')[0]
        if test in seen and zlib.crc32(item.nodeid.encode()) % marker.args[0]:
            item.add_marker(pytest.mark.slow)
        seen.add(test)


@pytest.fixture(scope='session', autouse=True)
def _quick_habits_of_mmengine() -> None:
    """What a run in a process of its own hardly feels, and two thousand in one do."""
    import mmaction.models  # noqa: F401
    import mmengine.config.config as config
    import mmpose.models  # noqa: F401

    # Every data set collects garbage: not among all that has been imported.
    gc.collect()
    gc.freeze()
    # A config is laid out by yapf four times a run.
    config.FormatCode = lambda text, **options: (text, False)


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
