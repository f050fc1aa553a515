"""The benchmarks run, compare like with like, and their shares are shares."""

import re
import sys
from pathlib import Path

import pytest
import torch

from mmrobust.functional.resample import resample

FOLDER = Path(__file__).parents[2] / 'tools' / 'analysis_tools'
LINE = re.compile(
    r'^(.+): ([\d.]+)% of the time outside the victim \(goal <= 10 %\), ([\d.]+)% with (\d+) ms .*'
    r'until the tail ([\d.]+)% \(goal >= 90 %; (\d+) of (\d+) calls\), in all ([\d.]+)%; [\d.]+ ms'
)


@pytest.fixture
def benchmark(monkeypatch):
    monkeypatch.setattr(sys, 'path', [str(FOLDER), *sys.path])
    import benchmarks_query

    monkeypatch.setattr(benchmarks_query, 'SIDE', 32)
    monkeypatch.setattr(benchmarks_query, 'BATCH', 4)
    return benchmarks_query


@pytest.mark.slow
@pytest.mark.parametrize('name', ['square', 'sparked, codec', 'NES'])
def test_query_shares(benchmark, name, tmp_path, capsys):
    benchmark.measure(name, benchmark.ARMS[name], budget=24, n=9, folder=tmp_path)
    found = LINE.match(capsys.readouterr().out)
    assert found
    assert found[1] == name
    later, outside, _, steady, before, calls, filled = map(float, found.groups()[1:])
    assert 0 <= later <= outside < 100
    assert 0 < before < calls
    assert 0 < filled <= steady <= 100
    # Three of the nine videos are never fooled and use up what they may.
    assert filled / 100 * 4 * calls >= 3 * 20
    assert len(list(tmp_path.iterdir())) == 9


def test_sampling_by_flow_is_compared_with_torchs_own(monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(FOLDER))
    import benchmarks_flow

    image, flow = torch.rand(1, 3, 33, 40).double(), torch.randn(1, 2, 33, 40).double()
    theirs = benchmarks_flow.grid_sampled(image, flow)
    torch.testing.assert_close(theirs, resample(image, flow), rtol=0, atol=1e-12)
    benchmarks_flow.measure_resample((1, 3, 64, 80), 2)
    assert 'times grid_sample, with gradients' in capsys.readouterr().out


def test_the_suite_builds_every_attack_in_a_ball_that_it_takes(monkeypatch):
    monkeypatch.setattr(sys, 'path', [str(FOLDER), *sys.path])
    import benchmarks_suite

    from mmrobust.registry import ATTACKS

    pixels = torch.zeros(2, 3, 4, 8, 8)
    built = [type(attack).__name__ for attack in benchmarks_suite.attacks(pixels)]
    assert sorted(built + list(benchmarks_suite.LEFT_OUT)) == sorted(ATTACKS.everything())
