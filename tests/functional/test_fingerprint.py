"""Fingerprints tell any two contents apart, and equal ones never."""

import torch

from mmrobust.functional.fingerprint import fingerprints


def test_equal_content_equal_fingerprint():
    x = torch.rand(3, 3, 5, 7)
    assert torch.equal(fingerprints(x), fingerprints(x.transpose(2, 3).clone().transpose(2, 3)))


def test_single_changes_and_permutations_differ():
    base = torch.randint(0, 256, (3, 5, 7)).float()
    variants = [base]
    for index in range(base.numel()):
        for step in (1.0, -128.0, 2.0**-10):
            other = base.clone().flatten()
            other[index] += step
            variants.append(other.reshape(base.shape))
    variants += [base.flip(0), base.flip(1), base.flip(2), -base]
    names = {tuple(row) for row in fingerprints(torch.stack(variants)).tolist()}
    assert len(names) == len(variants)


def test_double_precision_sees_small_changes():
    x = torch.ones(2, 4, dtype=torch.float64)
    x[1, 0] += 1e-15
    first, second = fingerprints(x).tolist()
    assert first != second
