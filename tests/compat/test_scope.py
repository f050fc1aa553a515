"""Heals that change what OpenMMLab does hold where mmrobust is at work, and nowhere else."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from mmrobust.compat import BREAKS, _scope, heal, healed
from mmrobust.engine.attack_hook import AttackHook
from mmrobust.engine.attack_loop import AttackTestLoop

OTHERS = {
    'CodeInTracks',
    'MisreadLists',
    'UnsafeCheckpoints',
    'UnsafeYaml',
    'WrongFrames',
    'EarlyEnds',
    'DeprecationNotes',
    'FlatHeatmaps',
}


@pytest.fixture
def _not_asked(monkeypatch):
    monkeypatch.setattr(_scope, '_asked', False)
    monkeypatch.delenv(_scope.VARIABLE, raising=False)


def test_the_two_kinds():
    assert {type(one).__name__ for one in BREAKS if one.changes_behaviour} == OTHERS


@pytest.mark.usefixtures('_not_asked')
def test_inside_and_outside():
    either = _scope.within(lambda: 'stock', lambda: 'own')
    assert either() == 'stock'
    with healed():
        with healed():
            assert either() == 'own'
        assert either() == 'own'
        assert os.environ[_scope.VARIABLE] == '1'
    assert either() == 'stock'
    assert _scope.VARIABLE not in os.environ

    @healed()
    def fails():
        assert either() == 'own'
        raise ValueError('any')

    with pytest.raises(ValueError, match='any'):
        fails()
    assert either() == 'stock'


@pytest.mark.usefixtures('_not_asked')
def test_the_hook_holds_them_from_the_start_of_a_test_to_its_end():
    hook, loop = AttackHook('pgd'), object.__new__(AttackTestLoop)
    hook.before_run(SimpleNamespace(_test_loop=None))
    assert not _scope.holds()
    hook.before_run(SimpleNamespace(_test_loop=loop))
    assert _scope.holds()
    hook.after_run(SimpleNamespace())
    assert not _scope.holds()


@pytest.mark.usefixtures('_not_asked')
def test_what_was_in_the_environment_stays(monkeypatch):
    monkeypatch.setenv(_scope.VARIABLE, 'own')
    with healed():
        assert _scope.VARIABLE in os.environ
    assert _scope.VARIABLE in os.environ


@pytest.mark.usefixtures('_not_asked')
def test_who_asks_inside_asks_for_good():
    with healed():
        heal()
    assert _scope.holds()
    assert _scope.VARIABLE in os.environ


@pytest.mark.usefixtures('_not_asked')
def test_threads_end_their_own():
    together = threading.Barrier(8)

    def often(_):
        together.wait()
        for _ in range(300):
            with healed():
                assert _scope.holds()
                assert os.environ[_scope.VARIABLE] == '1'

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(often, range(8)))
    assert not _scope.holds()
    assert _scope.VARIABLE not in os.environ


TRAP = """
import os, sys
from pathlib import Path
class Trap:
    def __reduce__(self):
        return print, ('code of the checkpoint ran',)
if not Path('trap.pth').exists():
    import torch
    torch.save({'state_dict': {}, 'meta': Trap()}, 'trap.pth')
    Path('trap.yaml').write_text('a: !!python/object/apply:print ["code of the file ran"]')
    Path('list.txt').write_text('one.mp4 cat')
"""
# What each heal of the other kind changes, tried in turn.
TRIES = """
def tried(call):
    try:
        call()
    except Exception as error:
        print(type(error).__name__)

def everything():
    from mmaction.datasets import VideoDataset
    from mmaction.datasets.transforms import DecordInit
    from mmengine import fileio
    from mmengine.runner import CheckpointLoader
    tried(lambda: CheckpointLoader.load_checkpoint('trap.pth', 'cpu'))
    tried(lambda: fileio.load('trap.yaml'))
    tried(lambda: VideoDataset('list.txt', []))
    given = {'filename': 'v.ts', 'frame_inds': [0]}
    tried(lambda: print(DecordInit().transform(given)['video_reader']))
"""


@pytest.mark.slow
@pytest.mark.parametrize('given', ['mmrobust', 'inside', 'asked', 'child'])
def test_what_openmmlab_does(run, given, tmp_path):
    """As ever after the import alone; each heal's own, inside and when asked for."""
    av = pytest.importorskip('av')
    with av.open(str(tmp_path / 'v.ts'), 'w', format='mpegts') as container:
        stream = container.add_stream('mpeg2video', rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, 'yuv420p'
        for _ in range(4):
            container.mux(stream.encode(av.VideoFrame(64, 64, 'yuv420p')))
        container.mux(stream.encode())
    start = 'import mmrobust\n' + ('mmrobust.compat.heal()\n' if given == 'asked' else '')
    end = (
        'with mmrobust.compat.healed():\n    everything()' if given == 'inside' else 'everything()'
    )
    result = run(
        f'{TRAP}{start}{TRIES}{end}',
        bare=False,
        environment={
            # torch's own way back to what it did before 2.6.
            'TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD': '1',
            **({'MMROBUST_HEAL': '1'} if given == 'child' else {}),
        },
    )
    lines = result.stdout.splitlines()
    found = [line for line in lines if not line.startswith('Loads checkpoint')]
    found = [line for line in found if 'mmengine - ' not in line]
    # DeprecationNotes.
    assert ('FileClient' in result.stdout) == (given == 'mmrobust')
    # WrongFrames: decord reads such a file, or fails; which is its own.
    assert ('OrderedReader' in result.stdout) == (given != 'mmrobust'), result.stderr
    if given == 'mmrobust':
        assert found[:3] == ['code of the checkpoint ran', 'code of the file ran', 'ValueError']
    else:
        assert found[:3] == ['UnpicklingError', 'TagError', 'ValueError']
