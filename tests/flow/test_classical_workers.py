"""Flow over processes: the same flow, and no process is left behind."""

import copy
import ctypes
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time

import cv2
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from mmrobust.flow.classical.pool import WorkerPool
from mmrobust.flow.estimators.dis import DIS
from mmrobust.flow.estimators.tvl1 import TVL1
from mmrobust.registry import FLOWS
from tests.alive import alive
from tests.flow.test_classical import clips


@pytest.fixture(scope='module')
def two_workers():
    pool = WorkerPool(2)
    yield pool
    pool.close()


@pytest.mark.parametrize('name', ['TVL1', 'Farneback', 'DIS'])
def test_flow_is_the_same_over_processes(name, two_workers):
    frames, threads = clips(n=2, t=4), cv2.getNumThreads()
    expected = FLOWS.build({'type': name})(frames)
    estimator = FLOWS.build({'type': name, 'workers': 2})
    assert estimator.pool.workers == 2
    estimator.pool = two_workers
    assert torch.equal(estimator(frames), expected)
    assert len(two_workers._executor._processes) == 2
    assert cv2.getNumThreads() == threads


def test_one_worker_and_its_end():
    frames, estimator = clips(n=1), TVL1(workers=1, warps=1)
    assert estimator.pool._executor is None
    estimator(frames[:, :2])
    assert estimator.pool._executor is None, 'one pair needs no worker'
    assert torch.equal(estimator(frames), TVL1(warps=1)(frames))
    (worker,) = estimator.pool._executor._processes
    assert alive(worker)
    estimator.close()
    assert not alive(worker)


class Clips(Dataset):
    """Flow that is computed by the loader's workers."""

    def __init__(self, estimator):
        self.estimator = estimator

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return self.estimator(clips())[index]


@pytest.mark.parametrize('start', ['fork', pytest.param('spawn', marks=pytest.mark.slow)])
def test_inside_a_worker_of_a_data_loader(start, two_workers):
    # Which is daemonic, and was forked from a process with a running pool.
    estimator = DIS(workers=2)
    estimator.pool = two_workers
    expected = estimator(clips())
    loader = DataLoader(Clips(estimator), num_workers=1, multiprocessing_context=start)
    assert torch.equal(torch.cat(list(loader)), expected)


@pytest.mark.parametrize('copied', [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copy_has_workers_of_its_own(copied, two_workers):
    estimator = DIS(workers=2)
    estimator.pool = two_workers
    expected = estimator(clips())
    other = copied(estimator)
    assert other.pool is not two_workers
    assert other.pool._executor is None
    assert other.pool.workers == 2
    other.pool = two_workers
    assert torch.equal(other(clips()), expected)


def test_a_worker_that_dies_is_reported_and_replaced():
    pool = WorkerPool(1)
    with pytest.raises(RuntimeError, match='worker process .* ended early.*workers=0'):
        list(pool.map(ctypes.string_at, [(1, 8), (1, 8)]))
    assert list(pool.map(max, [(1, 2), (4, 3)])) == [2, 4]
    pool.close()


SCRIPT = """
import os, signal, sys
from mmrobust.flow.classical.pool import WorkerPool

def run():
    pool = WorkerPool(2)
    assert list(pool.map(max, [(1, 2), (4, 3)])) == [2, 4]
    print(*pool._executor._processes, flush=True)
    END
"""


def run_script(folder, end, guard="if __name__ == '__main__':"):
    path = folder / 'script.py'
    text = SCRIPT.replace('END', end) + f'\n{guard}\n    run()\n'
    path.write_text(textwrap.dedent(text))
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)}
    out, err = folder / 'out', folder / 'err'
    # Files, as workers that outlive the script would hold the ends of pipes.
    with out.open('w') as stdout, err.open('w') as stderr:
        run = subprocess.run(
            [sys.executable, str(path)], env=environment, stdout=stdout, stderr=stderr
        )
    return run.returncode, out.read_text(), err.read_text()


@pytest.mark.parametrize(('end', 'code'), [
    ('pass', 0),
    ('raise SystemExit(3)', 3),
    ('os.kill(os.getpid(), signal.SIGKILL)', -signal.SIGKILL),
])  # fmt: skip
@pytest.mark.slow
def test_no_worker_outlives_its_parent(tmp_path, end, code):
    found, out, err = run_script(tmp_path, end)
    assert found == code, err
    workers = [int(word) for word in out.split()]
    assert len(workers) == 2
    until = time.monotonic() + 30
    while any(alive(worker) for worker in workers) and time.monotonic() < until:
        time.sleep(0.05)
    left = [worker for worker in workers if alive(worker)]
    for worker in left:
        os.kill(worker, signal.SIGKILL)
    assert left == []


def test_a_script_without_a_guard_is_told_so(tmp_path):
    code, _, err = run_script(tmp_path, 'pass', guard='if True:')
    assert code == 1
    # Python's tracker of semaphores may have a word after the last one.
    told = [line for line in err.splitlines() if line.startswith('RuntimeError: a worker process')]
    assert told[-1].startswith('RuntimeError: a worker process of the flow estimator ended early')
    assert "if __name__ == '__main__':" in told[-1]


def use(estimator, expected):
    assert torch.equal(estimator(clips()), expected)
    estimator.close()


def test_a_forked_process_starts_workers_of_its_own(two_workers):
    estimator = DIS(workers=2)
    estimator.pool = two_workers
    expected = estimator(clips())
    child = multiprocessing.get_context('fork').Process(target=use, args=(estimator, expected))
    child.start()
    child.join(120)
    left = child.is_alive()
    child.kill()
    assert not left
    assert child.exitcode == 0
    assert torch.equal(estimator(clips()), expected)
