"""Worker processes for OpenCV's flow.

Shapes: H, W pixels; see :mod:`mmrobust.flow.classical.opencv`.
"""

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import starmap

import cv2

from mmrobust.flow.classical.opencv import Flow, Frame, Method
from mmrobust.processes import end_with_parent


class WorkerPool:
    """Computes pairs of frames in other processes, which start at first use.

    Workers are spawned, not forked: forking a process whose torch threads hold
    locks can hang. A single pair is computed here, where OpenCV has all its
    threads. So is everything in a process that may have no children, such as
    a worker of torch's ``DataLoader``. The workers end with the pool, with
    the interpreter, or when their parent is killed. A copy or a pickle of a
    pool is a new one that has not started.

    Args:
        workers: Number of processes; 0 computes everything here.
    """

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._executor: ProcessPoolExecutor | None = None
        self._owner = 0

    def __reduce__(self) -> tuple[type, tuple[int]]:
        return WorkerPool, (self.workers,)

    def map(self, method: Method, pairs: Sequence[tuple[Frame, Frame]]) -> Iterator[Flow]:
        """Flow (H, W, 2) of each pair, in order, as soon as it is there.

        Raises:
            RuntimeError: A worker died.
        """
        if self.workers == 0 or len(pairs) < 2 or multiprocessing.current_process().daemon:
            yield from starmap(method, pairs)
            return
        try:
            yield from self._started().map(method, *zip(*pairs, strict=True))
        except BrokenProcessPool as error:
            self.close()
            raise RuntimeError(
                'a worker process of the flow estimator ended early: it ran out of memory, or '
                "the script does not start under `if __name__ == '__main__':`, which processes "
                'need; workers=0 does without'
            ) from error

    def close(self) -> None:
        """End the workers; the next call of :meth:`map` starts new ones."""
        executor, self._executor = self._executor, None
        if executor is not None and self._owner == os.getpid():
            executor.shutdown(cancel_futures=True)

    def _started(self) -> ProcessPoolExecutor:
        # A forked process inherits the object, but not the threads that feed it.
        if self._executor is None or self._owner != os.getpid():
            self._owner = os.getpid()
            self._executor = ProcessPoolExecutor(
                self.workers, multiprocessing.get_context('spawn'), _start_worker
            )
        return self._executor


def _start_worker() -> None:
    """One thread per worker; an interrupt is the parent's business."""
    cv2.setNumThreads(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with_parent()
