"""One run at a time in a folder, whatever became of the one before."""

import os
import signal
import time

import pytest

from mmrobust.ledger.lock import FolderInUseError, alone_in


def in_child(folder, then):
    """Another process that holds the folder; ``then`` is called in it. Its id."""
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        with alone_in(folder):
            os.write(told, b'.')
            then()
        os._exit(0)
    os.read(ready, 1)
    return child


def test_a_second_process_is_refused_and_told_who_is_there(tmp_path):
    child = in_child(tmp_path, lambda: time.sleep(60))
    try:
        said = rf'another run is at work in .* \(process {child} on .*\): wait'
        with pytest.raises(FolderInUseError, match=said), alone_in(tmp_path):
            pass
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    # What a killed process leaves does not count.
    with alone_in(tmp_path):
        pass


def test_workers_of_a_killed_process_do_not_hold_the_folder(tmp_path):
    def worker():
        if os.fork() == 0:
            time.sleep(3)
            os._exit(0)
        os.kill(os.getpid(), signal.SIGKILL)

    os.waitpid(in_child(tmp_path, worker), 0)
    with alone_in(tmp_path):
        pass


def test_one_process_may_enter_twice_and_keeps_the_folder_until_the_outer_end(tmp_path):
    with alone_in(tmp_path):
        with alone_in(tmp_path / '..' / tmp_path.name):
            pass
        child = os.fork()
        if child == 0:
            # A fork is another process, whatever it remembers.
            try:
                with alone_in(tmp_path):
                    os._exit(0)
            except FolderInUseError:
                os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_link_in_the_place_of_the_lock_is_not_followed(tmp_path):
    theirs = tmp_path / 'theirs.txt'
    theirs.write_text('mine')
    (tmp_path / 'work').mkdir()
    (tmp_path / 'work' / '.lock').symlink_to(theirs)
    with pytest.raises(OSError, match='symbolic link'), alone_in(tmp_path / 'work'):
        pass
    assert theirs.read_text() == 'mine'
