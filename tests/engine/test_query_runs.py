"""Query attacks through the loop: report, batches, and going on after a break."""

import pytest

from mmrobust.victims.action.bound import BoundClips
from tests.engine.runs import attack_run, card, outcome, rows

pytestmark = pytest.mark.slow

OPTIONS = ['--batch-size', '4', '--attack', 'SignHunter', '--cfg-options', 'attack.budget=40']
# One call holds the answers of several samples.
OPTIONS += ['attack.query_batch=3', 'attack.threat.eps=3', 'attack.goal.reference=prediction']


@pytest.fixture(scope='module')
def unbroken(checkpoints, tmp_path_factory):
    folder = tmp_path_factory.mktemp('query')
    attack_run(checkpoints['tiny_3d'], folder, *OPTIONS)
    return folder


def test_report_says_what_was_asked(unbroken, capsys):
    found, every = card(unbroken), rows(unbroken)
    query, tried = found['query'], [row for row in every if row['attacked']]
    used = [row['queries'] for row in tried if row['success']]
    assert query['budget'] == 40
    assert len(tried) == 5
    assert query['mean_capped'] == pytest.approx(
        sum(row['queries'] if row['success'] else 40 for row in tried) / len(tried)
    )
    assert query['mean_success'] == (pytest.approx(sum(used) / len(used)) if used else None)
    assert query['curve'][0] == [0, 0.0]
    assert query['curve'][-1][1] == pytest.approx(found['success_rate'] if used else 0)
    assert 0 < query['outside_share'] < 1
    assert 0 < query['occupancy'] <= 1
    assert query['gradient_cosine'] is None
    assert found['cost']['queries'] == found['cost']['forwards'] <= 40
    assert found['cost']['backwards'] == 0
    assert found['perturbation']['mean_abs'] > 0
    assert not list(unbroken.glob('answers/*'))
    assert 'Success against queries' in (unbroken / 'report.html').read_text() or not used


def test_a_white_box_attack_has_no_queries(checkpoints, tmp_path):
    assert attack_run(checkpoints['tiny_3d'], tmp_path, '--max-samples', '1')['query'] is None


@pytest.mark.slow
def test_batch_size_changes_nothing(unbroken, checkpoints, tmp_path):
    single = ['--batch-size', '1', *OPTIONS[2:]]
    attack_run(checkpoints['tiny_3d'], tmp_path, *single)
    assert [outcome(r) for r in rows(tmp_path)] == [outcome(r) for r in rows(unbroken)]


class PowerCutError(Exception):
    """The run ends here."""


@pytest.mark.parametrize('calls', [4, 30])
def test_a_broken_run_goes_on_inside_its_samples(
    unbroken, checkpoints, tmp_path, monkeypatch, calls
):
    left, asked, real = [calls], [0], BoundClips.__call__

    def breaking(self, pixels):
        if left[0] == 0:
            raise PowerCutError
        left[0] -= 1
        asked[0] += len(pixels)
        return real(self, pixels)

    monkeypatch.setattr(BoundClips, '__call__', breaking)
    with pytest.raises(PowerCutError):
        attack_run(checkpoints['tiny_3d'], tmp_path, *OPTIONS)
    assert list(tmp_path.glob('answers/*.bin'))
    before, left[0], asked[0] = asked[0], 10**6, 0
    attack_run(checkpoints['tiny_3d'], tmp_path, '--resume', *OPTIONS)
    assert [outcome(r) for r in rows(tmp_path)] == [outcome(r) for r in rows(unbroken)]
    # Everything asked before is not asked again: all queries, and one last check each.
    tried = [row for row in rows(tmp_path) if row['attacked']]
    assert before + asked[0] == sum(row['queries'] + 1 for row in tried)
    assert not list(tmp_path.glob('answers/*'))
    assert 0 < card(tmp_path)['query']['occupancy'] <= 1


def test_a_new_run_forgets_the_answers_of_the_last(unbroken, checkpoints, tmp_path):
    stale = tmp_path / 'answers' / '000000.bin'
    stale.parent.mkdir()
    stale.write_bytes(b'{"dtype": "float32", "classes": 4}\n' + bytes(160))
    attack_run(checkpoints['tiny_3d'], tmp_path, *OPTIONS)
    assert [outcome(r) for r in rows(tmp_path)] == [outcome(r) for r in rows(unbroken)]
