"""The benchmark of the query attacks: it runs, and its shares are shares."""

import re
import sys
from pathlib import Path

import pytest

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
