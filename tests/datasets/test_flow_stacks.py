"""Stacks of stored flow: what the flow CNNs of the reproduction are trained on."""

import numpy as np
import pytest
import torch

from mmrobust.datasets.flow_stacks import FlowStackDataset, write_flow
from mmrobust.functional.flow_encoding import encode

BOUND = 3.0
# Fields of two videos, more than a stack of four needs; H and W differ.
FLOWS = [torch.linspace(-2, 2, 6 * 2 * 5 * 7).reshape(6, 2, 5, 7) * sign for sign in (1, -1)]
QUIET = dict(bound=BOUND, length=4, shift=0, noise=0.0, gain=1.0)


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / 'new' / 'flow.npz'
    write_flow(path, FLOWS, [0, 1], BOUND)
    return path


def stacks(dataset, index, draws=40):
    """Pairs of a stack (L, 2, H, W) and its label."""
    found = []
    for _ in range(draws):
        sample = dataset.prepare_data(index)
        images = sample['inputs'].reshape(-1, 2, *sample['inputs'].shape[2:])
        found.append((images.numpy(), int(sample['data_samples'].gt_label)))
    return found


def test_stacks_hold_the_very_values_that_the_model_encodes(stored):
    images = encode(FLOWS[1], BOUND).to(torch.uint8).numpy()
    windows = [images[start : start + 4] for start in range(3)]
    plain = [s for s, label in stacks(FlowStackDataset(str(stored), **QUIET), 1) if label == 1]
    assert any(np.array_equal(stack, window) for stack in plain for window in windows)


def test_a_mirrored_stack_has_x_negated_and_the_mirrored_label(stored):
    dataset = FlowStackDataset(str(stored), mirrored_labels={0: 7}, **QUIET)
    images = encode(FLOWS[0], BOUND).to(torch.uint8).numpy()
    turned = images[..., ::-1].copy()
    turned[:, 0] = 255 - turned[:, 0]
    expected = {0: images, 7: turned}
    seen = set()
    for stack, label in stacks(dataset, 0):
        windows = [expected[label][start : start + 4] for start in range(3)]
        assert any(np.array_equal(stack, window) for window in windows)
        seen.add(label)
    assert seen == {0, 7}


def test_shift_moves_the_whole_stack_by_whole_pixels(stored):
    dataset = FlowStackDataset(str(stored), **QUIET | {'shift': 2})
    # One row and column that tell where they are; the border is repeated.
    dataset.data_list[0]['flow'][:] = np.arange(7, dtype=np.uint8) + 100
    rights = set()
    for stack, _ in stacks(dataset, 0):
        assert (stack == stack[:1, :, :1]).all()
        row = stack[0, 1, 0].astype(int)
        row = row if row[-1] > row[0] else row[::-1]
        rights.add(int(row[3]) - 103)
        assert row.min() >= 100
        assert row.max() <= 106
    assert rights == {-2, -1, 0, 1, 2}


def test_clutter_is_smooth_wrong_flow_that_grows_with_the_stacks_drawn(tmp_path):
    path = tmp_path / 'flow.npz'
    still = [torch.zeros(4, 2, 40, 50)]
    write_flow(path, still, [0], BOUND)
    dataset = FlowStackDataset(str(path), **QUIET, clutter=20.0, ramp=40)
    changes = [stack.astype(float) - 127.5 for stack, _ in stacks(dataset, 0, draws=120)]
    sizes = np.array([change.std() for change in changes])
    assert sizes[:4].max() < 3
    assert 7 < sizes[40:].mean() < 13
    assert sizes.max() < 21
    # Neighbours alike, fields not.
    large = changes[40 + int(sizes[40:].argmax())]
    right = np.corrcoef(large[..., 1:].ravel(), large[..., :-1].ravel())[0, 1]
    after = np.corrcoef(large[1:].ravel(), large[:-1].ravel())[0, 1]
    assert right > 0.4
    assert abs(after) < 0.3


def test_flow_of_another_bound_is_refused(stored):
    with pytest.raises(ValueError, match=r'flow\.npz must be of bound 6\.0.*got 3\.0'):
        FlowStackDataset(str(stored), bound=6.0)


def test_a_file_without_a_bound_is_refused(tmp_path):
    path = tmp_path / 'flow.npz'
    np.savez(path, labels=np.array([0]), flow0=np.zeros((10, 2, 5, 7), np.uint8))
    with pytest.raises(ValueError, match=r'must be of bound 3\.0.*got None'):
        FlowStackDataset(str(path), bound=BOUND)


def test_an_interrupted_write_leaves_no_file(tmp_path, monkeypatch):
    def interrupted(path, **arrays):
        path.write_bytes(b'half')
        raise KeyboardInterrupt

    monkeypatch.setattr(np, 'savez', interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_flow(tmp_path / 'flow.npz', FLOWS, [0, 1], BOUND)
    assert list(tmp_path.iterdir()) == []
