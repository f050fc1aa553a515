"""Attacks made in Python of what a config would hold, and members that cannot be."""

import pytest
import torch

from mmrobust.attacks.eot import EOT
from mmrobust.attacks.mi_fgsm import MIFGSM
from mmrobust.attacks.pgd import PGD
from mmrobust.attacks.worst_case import WorstCase
from mmrobust.goals import Misclassify, TargetClass
from mmrobust.input_transforms import TI
from mmrobust.threats import L2, Linf


def test_nouns_may_be_configs():
    attack = MIFGSM(
        threat={'type': 'L2', 'eps': 30},
        goal={'type': 'TargetClass', 'loss': 'margin'},
        transforms=[{'type': 'TI', 'size': 5}, TI(size=3)],
    )
    assert attack.threat == L2(30)
    assert attack.goal == TargetClass('margin')
    assert list(attack.transforms) == [TI(size=5), TI(size=3)]
    with pytest.raises(ValueError, match=r"unknown input transform 'TII': did you mean 'TI'"):
        MIFGSM(transforms=[{'type': 'TII'}])
    with pytest.raises(ValueError, match=r"Linf has no option 'epz': did you mean 'eps'"):
        PGD(threat={'type': 'Linf', 'epz': 3})


@pytest.mark.parametrize(
    ('loss', 'message'),
    [
        (5, r'members\[1\]\.loss must be the name of a loss, got 5'),
        ('dlrr', r'members\[1\]\.loss: loss must be .*dlr'),
    ],
)
def test_a_members_loss_is_checked_before_anything_is_attacked(loss, message):
    with pytest.raises(ValueError, match=message):
        WorstCase(goal=Misclassify(), members=[{'type': 'PGD'}, {'type': 'PGD', 'loss': loss}])


@pytest.mark.parametrize(
    ('attack', 'message'),
    [
        ({'type': 'APGDD'}, r"^attack \(APGDD\): unknown attack 'APGDD'"),
        ({}, '^attack must be one with a type'),
        ({'type': 'APGD', 'loss': 7}, r'^attack\.loss must be the name of a loss, got 7'),
    ],
)
def test_the_attack_of_an_expectation_is_called_so(attack, message):
    with pytest.raises(ValueError, match=message):
        EOT(attack=attack)


def test_a_presets_budget_is_checked_before_anything_is_attacked():
    with pytest.raises(ValueError, match='budget must be at least 42, what APGD may take, got 41'):
        WorstCase(budget=41)
    assert WorstCase(Linf(8), budget=42).budget == 42


def test_truths_are_no_classes():
    with pytest.raises(ValueError, match='labels must be whole numbers, got torch.bool'):
        Misclassify().check(torch.tensor([True, False]), 2)
