"""Worker processes that do not outlive the one that started them."""

import multiprocessing
import os
import threading
from multiprocessing.connection import wait


def end_with_parent() -> None:
    """End this process when its parent ends, also where that one is killed.

    For the ``initializer`` of a pool of processes. Workers wait on a pipe that their
    siblings hold open, and go on with what is in it: nobody else ends them.
    """
    threading.Thread(target=_wait_and_end, daemon=True).start()


def _wait_and_end() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
