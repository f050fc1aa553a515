"""Batches are full, counts exact, and nobody sees who shares a call."""

import time

import pytest
import torch

from mmrobust.query.black_box import BlackBox
from mmrobust.query.scheduler import QueryScheduler
from tests.query.toys import Counter, Log, clips, state


def asking(rounds, size, heard=None):
    """A search of some rounds, ``size`` questions each, that stands at what it asked last."""

    def search(one):
        for _ in range(rounds):
            noise = torch.randint(-8, 9, (size, *one.clean.shape), generator=one.generator)
            asked = one.clean + noise
            answers = yield asked
            if heard is not None:
                heard.append((asked, answers))
            one.found, one.answer = asked[-1], answers[-1]

    return search


def run(n, batch, search, budget=1000, logs=None, victim=None):
    victim = Counter(n) if victim is None else victim
    states = [state(clean) for clean in clips(n)]
    pool = QueryScheduler(BlackBox(victim, budget=budget), batch, logs)
    return victim, states, pool.run(states, search), pool


@pytest.mark.parametrize('batch', [1, 3, 7, 64])
@pytest.mark.parametrize('size', [1, 2, 5])
def test_every_question_is_asked_once_whatever_the_batch(batch, size):
    victim, states, tasks, pool = run(5, batch, asking(4, size))
    assert victim.asked.tolist() == [4 * size] * 5
    assert max(victim.batches) <= batch
    for one, alone in zip(states, run(5, 1, asking(4, size))[1], strict=True):
        assert torch.equal(one.found, alone.found)
        assert torch.equal(one.answer, alone.answer)
    assert sum(task.calls for task in tasks) == pytest.approx(len(pool.calls))
    assert all(task.inside > 0 and task.outside > 0 for task in tasks)


def test_what_is_done_around_a_call_is_no_time_of_the_victim():
    class Slow(Log):
        def append(self, answers):
            time.sleep(0.002)
            super().append(answers)

    _, _, tasks, _ = run(3, 4, asking(5, 2), logs=[Slow() for _ in range(3)])
    assert sum(task.outside for task in tasks) > 3 * 5 * 2 * 0.002
    assert sum(task.inside for task in tasks) < 3 * 5 * 2 * 0.002


def test_answers_belong_to_their_questions():
    heard = []
    victim, *_ = run(4, 3, asking(3, 4, heard))
    assert len(heard) == 12
    for row in range(4):
        # One question names its sample: the answer of its own weights.
        one = victim.select(torch.tensor([row]))
        matching = [(q, a) for q, a in heard if torch.allclose(one(q[:1]).log_softmax(1)[0], a[0])]
        assert len(matching) == 3
        for asked, answers in matching:
            for question, answer in zip(asked, answers, strict=True):
                torch.testing.assert_close(one(question[None]).log_softmax(dim=1)[0], answer)


def test_calls_are_full_until_no_sample_waits():
    # Searches of 1 to 40 questions: the finished ones make room.
    lengths = iter(range(40, 0, -1))

    def search(one):
        for _ in range(next(lengths)):
            yield one.clean[None]

    _, _, _, pool = run(40, 8, search)
    full = [size == 8 for size in pool.calls]
    assert all(full[: full.index(False)])
    assert full.index(False) >= 0.9 * len(full)
    assert sum(pool.calls) == 40 * 41 / 2


@pytest.mark.parametrize(('budget', 'expected'), [(6, 6), (7, 6), (5, 4), (1, 0)])
def test_a_question_beyond_the_budget_is_not_asked_in_part(budget, expected):
    victim, _, tasks, _ = run(3, 4, asking(9, 2), budget=budget)
    assert victim.asked.tolist() == [expected] * 3
    assert all(task.search.gi_frame is None for task in tasks), 'searches must be closed'


class BrokenError(Exception):
    """The machine went down."""


class Failing(Counter):
    """Breaks in a given call."""

    def __call__(self, pixels):
        if len(self.batches) == self.fails_at:
            raise BrokenError
        return super().__call__(pixels)


@pytest.mark.parametrize('fails_at', [0, 1, 4, 7])
def test_a_broken_run_goes_on_with_the_count_it_had(fails_at):
    search, logs = asking(4, 3), [Log() for _ in range(4)]
    victim = Failing(4)
    victim.fails_at = fails_at
    with pytest.raises(BrokenError):
        run(4, 5, search, logs=logs, victim=victim)
    before = victim.asked.clone()
    assert before.sum() == sum(len(log.rows) for log in logs) == sum(victim.batches)
    again, states, tasks, _ = run(4, 5, search, budget=12, logs=logs)
    assert [r.replayed for r in tasks] == before.tolist()
    assert (before + again.asked).tolist() == [12] * 4
    for one, unbroken in zip(states, run(4, 5, search)[1], strict=True):
        assert torch.equal(one.found, unbroken.found)
        assert torch.equal(one.answer, unbroken.answer)


def test_earlier_queries_are_charged():
    # 7 of 8 queries were asked in an earlier run: one round of two is too many.
    logs = [Log()]
    run(1, 2, asking(3, 2), logs=logs)
    logs[0].rows = logs[0].rows[:6]
    victim, *_ = run(1, 2, asking(4, 2), budget=7, logs=logs)
    assert victim.asked.tolist() == [0]
    victim, *_ = run(1, 2, asking(4, 2), budget=8, logs=logs)
    assert victim.asked.tolist() == [2]
