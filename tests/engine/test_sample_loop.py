"""The loop over samples says what it keeps where an attack fails."""

import pytest

from mmrobust.engine.sample_loop import attack_samples
from mmrobust.ledger.ledger import Ledger
from mmrobust.victims.samples import Loaded


def batches(count):
    return [Loaded({}, [None], [f'video {number}'], [0], {}) for number in range(count)]


@pytest.mark.parametrize(('good', 'told'), [(0, []), (1, ['1 line is']), (2, ['2 lines are'])])
def test_a_failure_says_that_finished_lines_are_kept(tmp_path, good, told):
    ledger = Ledger(tmp_path, {}, rank=0, resume=False)
    ledger.start()

    def work(number, loaded, indices):
        if number == good:
            raise KeyError('oops')
        return [{'index': index} for index in indices]

    with pytest.raises(KeyError, match='oops') as caught:
        list(attack_samples(batches(3), [0, 1, 2], work, ledger, strict=False))
    notes = [f'{what} kept in {tmp_path / "results.jsonl"}' for what in told]
    assert getattr(caught.value, '__notes__', []) == notes
    assert len((tmp_path / 'results.jsonl').read_text().splitlines()) == good
