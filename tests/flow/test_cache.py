"""The cache on disk: the same bits, and nothing but the right entry is believed."""

import logging
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch

from mmrobust.flow.classical.cache import DiskCache
from mmrobust.flow.estimators.dis import DIS
from mmrobust.registry import FLOWS
from tests.flow.test_classical import clips

SIZE = (5, 7)


def pair(seed=0, size=SIZE):
    return np.random.default_rng(seed).integers(0, 256, (2, *size), np.uint8)


def flow_of(size=SIZE, seed=1):
    return np.random.default_rng(seed).standard_normal((*size, 2)).astype(np.float32)


def entries(folder):
    return sorted(path for path in folder.rglob('*') if path.is_file())


@pytest.mark.parametrize('name', ['TVL1', 'Farneback', 'DIS'])
def test_cached_flow_is_the_computed_flow_bit_for_bit(name, tmp_path):
    frames = clips(n=1, t=3, h=24, w=33)
    expected = FLOWS.build({'type': name})(frames)
    for hits, misses in [(0, 2), (2, 0)]:
        estimator = FLOWS.build({'type': name, 'cache': str(tmp_path)})
        assert torch.equal(estimator(frames), expected)
        assert (estimator.cache.hits, estimator.cache.misses) == (hits, misses)


def test_what_is_cached_is_read_and_not_computed(tmp_path):
    frames = clips(n=1)
    DIS(cache=str(tmp_path))(frames)
    estimator = DIS(cache=str(tmp_path))
    estimator.method = None
    assert estimator(frames).shape == (1, 2, 2, 40, 50)


def test_pairs_that_occur_twice_are_computed_once(tmp_path):
    frames = clips(n=1, t=2).expand(3, 2, 3, 40, 50)
    estimator = DIS(cache=str(tmp_path))
    assert torch.equal(estimator(frames), DIS()(frames))
    assert estimator.cache.misses == len(entries(tmp_path)) == 1


def test_folders_of_two_digits_hold_the_entries(tmp_path):
    folder = tmp_path / 'not' / 'there'
    estimator = DIS(cache=str(folder))
    assert not folder.exists()
    estimator(clips())
    found = entries(folder)
    assert len(found) == 4
    for path in found:
        prefix, name = path.relative_to(folder).parts
        assert len(prefix) == 2
        assert len(path.stem) == 38
        assert path.suffix == '.flow'
        assert path.stat().st_size == 16 + 8 * 40 * 50
        int(prefix + path.stem, 16)
        assert name == path.name


def test_the_key_tells_frames_sizes_and_makers_apart(tmp_path, monkeypatch):
    first, second = pair()
    one = first.copy()
    one[4, 6] ^= 1
    keys = [DiskCache(tmp_path, 'a').key(*frames) for frames in [
        (first, second),
        (second, first),
        (one, second),
        (first, one),
        (first.reshape(7, 5), second.reshape(7, 5)),
    ]]  # fmt: skip
    configs = [
        {'type': 'DIS'},
        {'type': 'DIS', 'preset': 'medium'},
        {'type': 'Farneback'},
        {'type': 'Farneback', 'winsize': 14},
        {'type': 'Farneback', 'levels': 4},
        {'type': 'TVL1'},
        {'type': 'TVL1', 'gamma': 0.1},
        {'type': 'TVL1', 'tau': 0.2},
    ]
    keys += [FLOWS.build({**c, 'cache': str(tmp_path)}).cache.key(first, second) for c in configs]
    monkeypatch.setattr(cv2, '__version__', '9.9.9')
    keys.append(FLOWS.build({'type': 'DIS', 'cache': str(tmp_path)}).cache.key(first, second))
    assert len(set(keys)) == len(keys) == 14
    again = DIS(cache=str(tmp_path / 'elsewhere'), workers=1).cache
    assert again.key(*pair()) == keys[-1]


def emptied(path, other):
    path.write_bytes(b'')


def cut_off(path, other):
    path.write_bytes(path.read_bytes()[:-8])


def one_bit_flipped(path, other):
    content = bytearray(path.read_bytes())
    content[100] ^= 4
    path.write_bytes(content)


def of_another_size(path, other):
    larger = DiskCache(path.parents[1], '')
    larger.store(path.parent.name + path.stem, flow_of((6, 7)))


def of_another_pair(path, other):
    path.write_bytes(other.read_bytes())


@pytest.mark.parametrize(
    'damage', [emptied, cut_off, one_bit_flipped, of_another_size, of_another_pair]
)
def test_damaged_entries_are_computed_again_and_named_once(damage, tmp_path, caplog):
    frames = clips(n=1, t=3)
    expected = DIS(cache=str(tmp_path))(frames)
    one, other = entries(tmp_path)
    good = one.read_bytes(), other.read_bytes()
    damage(one, other)
    if damage is not of_another_pair:
        damage(other, one)
    damaged = 1 if damage is of_another_pair else 2
    estimator = DIS(cache=str(tmp_path))
    with caplog.at_level(logging.WARNING, 'mmrobust'):
        assert torch.equal(estimator(frames), expected)
    cache = estimator.cache
    assert (cache.hits, cache.misses, cache.damaged) == (2 - damaged, damaged, damaged)
    (record,) = caplog.records
    assert 'is damaged and is computed again' in record.getMessage()
    assert any(str(path) in record.getMessage() for path in (one, other))
    assert (one.read_bytes(), other.read_bytes()) == good
    assert torch.equal(estimator(frames), expected)
    assert (cache.hits, cache.damaged) == (4 - damaged, damaged)


def test_a_failed_write_leaves_nothing(tmp_path, monkeypatch):
    cache = DiskCache(tmp_path, '')
    monkeypatch.setattr('mmrobust.flow.classical.cache.os.replace', None)
    with pytest.raises(TypeError):
        cache.store(cache.key(*pair()), flow_of())
    assert entries(tmp_path) == []


def test_an_interrupted_run_keeps_what_it_has_computed(tmp_path):
    estimator = DIS(cache=str(tmp_path))
    method, calls = estimator.method, []

    def interrupted(first, second):
        calls.append(first)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return method(first, second)

    estimator.method = interrupted
    with pytest.raises(KeyboardInterrupt):
        estimator(clips())
    assert len(entries(tmp_path)) == 2


WRITER = """
import sys
from pathlib import Path
import numpy as np
from mmrobust.flow.classical.cache import DiskCache
cache = DiskCache(Path(sys.argv[1]), 'x')
rng = np.random.default_rng(0)
pairs = rng.integers(0, 256, (5, 2, 40, 50), np.uint8)
for turn in range(40):
    for number, pair in enumerate(pairs):
        key = cache.key(*pair)
        flow = cache.load(key, (40, 50))
        assert flow is None or (flow == number).all()
        cache.store(key, np.full((40, 50, 2), number, np.float32))
assert cache.damaged == 0 and cache.hits > 0, vars(cache)
"""


def test_processes_share_a_folder(tmp_path):
    command = [sys.executable, '-c', WRITER, str(tmp_path)]
    runs = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    for run in runs:
        assert run.wait() == 0, run.stderr.read()
        run.stderr.close()
    assert len(entries(tmp_path)) == 5


def test_a_folder_in_the_place_of_an_entry_is_a_miss(tmp_path, caplog):
    cache = DiskCache(tmp_path, 'maker')
    key = cache.key(*pair())
    cache.path(key).mkdir(parents=True)
    with caplog.at_level(logging.WARNING, logger='mmrobust'):
        assert cache.load(key, SIZE) is None
        cache.store(key, flow_of())
    assert 'is damaged and is computed again' in caplog.text
    assert 'nothing can be kept in' in caplog.text
    assert (cache.misses, cache.damaged, cache.lost) == (1, 1, 1)
    assert not list(tmp_path.rglob('*.tmp'))


def test_a_folder_that_cannot_be_made_loses_no_flow(tmp_path, caplog):
    (tmp_path / 'file').write_text('')
    frames = clips(n=1, t=4, h=24, w=33)
    with caplog.at_level(logging.WARNING, logger='mmrobust'):
        estimator = DIS(cache=str(tmp_path / 'file' / 'cache'))
        assert torch.equal(estimator(frames), DIS()(frames))
    assert estimator.cache.lost == 3
    assert caplog.text.count('nothing can be kept in') == 1
