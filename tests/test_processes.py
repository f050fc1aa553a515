"""Workers end with their parent, in the middle of their work too."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.alive import alive

SCRIPT = """
import os, signal, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from mmrobust.processes import end_with_parent

if __name__ == '__main__':
    pool = ProcessPoolExecutor(2, get_context('spawn'), end_with_parent)
    print(*pool.map(abs, [1, 2]), *pool._processes, flush=True)
    for _ in range(4):
        pool.submit(time.sleep, 60)
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(signal, 'SIGKILL'), reason='no such signal on this system')
def test_workers_of_a_killed_parent_do_not_go_on(tmp_path):
    script, out = tmp_path / 'script.py', tmp_path / 'out'
    script.write_text(SCRIPT)
    environment = {**os.environ, 'PYTHONPATH': os.pathsep.join(sys.path)}
    # A file: a pipe would stay open as long as a worker lives.
    with out.open('w') as stdout:
        run = subprocess.run([sys.executable, str(script)], env=environment, stdout=stdout)
    assert run.returncode == -signal.SIGKILL
    one, two, *workers = map(int, out.read_text().split())
    assert (one, two) == (1, 2)
    assert workers
    until = time.monotonic() + 20
    while any(map(alive, workers)) and time.monotonic() < until:
        time.sleep(0.1)
    left = [worker for worker in workers if alive(worker)]
    for worker in left:
        os.kill(worker, signal.SIGKILL)
    assert not left
