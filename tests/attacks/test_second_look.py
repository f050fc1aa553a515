"""Whether answers differ, and of whom that is asked."""

import pytest
import torch

from mmrobust.attacks.second_look import answers_anew, differ, other_answers
from mmrobust.victims.bound import BoundVictim
from mmrobust.victims.counting import Counters


def test_answers_differ_by_a_share_of_the_largest():
    outputs = torch.tensor([[0.0, 0.0], [1.0, -10.0], [1.0, -10.0], [1.0, -10.0], [1.0, -10.0]])
    change = torch.tensor([[0.0, 0.0], [0.0, 0.0], [0.15, 0.0], [-0.25, 0.0], [0.0, 0.25]])
    assert differ(outputs, outputs + change).tolist() == [False, False, False, True, True]


class Bound(BoundVictim):
    """Answers with the sample's own number and its pixels; some samples draw a third."""

    def __init__(self, drawing, rows):
        self.drawing, self.rows, self.asked = drawing, rows, []

    def __call__(self, pixels):
        self.asked += self.rows.tolist()
        drawn = torch.isin(self.rows, self.drawing).float()
        return torch.stack([self.rows + 1.0, pixels.flatten(1).sum(dim=1), drawn], dim=1)

    def select(self, rows):
        twin = type(self)(self.drawing, self.rows[rows])
        twin.asked = self.asked
        return twin


@pytest.mark.parametrize(
    ('drawing', 'asked', 'found'),
    [
        ([], [2], []),
        ([2, 4], [2, 3, 4], [2, 4]),
        ([2], [2, 3, 4], [2]),
        # The first stands for all, and those that are not asked about are never asked.
        ([0, 4], [2], []),
    ],
)
def test_others_are_asked_again_where_the_first_differs(drawing, asked, found):
    pixels = torch.arange(10.0).reshape(5, 1, 1, 1, 2) / 10
    known = Bound(torch.tensor([]), torch.arange(5))(pixels)
    success_victim = Bound(torch.tensor(drawing), torch.arange(5))
    other = answers_anew(success_victim, pixels, known, torch.tensor([2, 3, 4]))
    assert success_victim.asked == asked
    assert other.nonzero().flatten().tolist() == found
    assert not answers_anew(success_victim, pixels, known, torch.tensor([], dtype=torch.long)).any()


def test_what_a_search_was_given_is_compared_as_it_was_shown():
    counters = Counters(3)
    outputs = torch.tensor([[1.0, 2.0], [3.0, 5.0], [0.0, 1.0]], dtype=torch.float64)
    given = {0: outputs[0].log_softmax(0), 2: (outputs[2] * 1.02).log_softmax(0)}
    assert other_answers(outputs, given, counters).tolist() == [False, False, True]


@pytest.mark.parametrize('sign', [-1, 1])
def test_one_probability_that_moved_is_enough(sign):
    """What the others gain or lose is little each."""
    shown = torch.full((1, 200), 1 / 200, dtype=torch.float64)
    answer = shown + sign * 1e-5
    answer[0, 0] -= sign * 200e-5
    assert other_answers(shown.log(), {0: answer[0].log()}, Counters(1)).tolist() == [True]
