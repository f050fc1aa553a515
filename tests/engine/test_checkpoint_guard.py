import pytest
import torch

from mmrobust.engine.checkpoint_guard import check_state

MODEL = {'a.weight': torch.zeros(2, 3), 'a.bias': torch.zeros(2), 'n.num_batches_tracked': 0}


def state(**changes):
    found = {'a.weight': torch.ones(2, 3), 'a.bias': torch.ones(2)} | changes
    return {k: v for k, v in found.items() if v is not None}


def test_a_matching_checkpoint_passes():
    check_state(state(), MODEL)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        ({'a.bias': None}, 'has no values for a.bias'),
        ({'a.bias': torch.ones(3)}, r'a.bias is \(3,\) instead of \(2,\)'),
        ({'b': torch.ones(1)}, 'does not have: b'),
        ({'a.bias': torch.tensor([1.0, float('nan')])}, 'NaN or inf in a.bias'),
    ],
)
def test_a_mismatch_is_named(changes, message):
    with pytest.raises(ValueError, match=message):
        check_state(state(**changes), MODEL)
