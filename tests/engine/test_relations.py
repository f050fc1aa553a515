"""Relation maps: closed form on a linear response, and which attacks have any."""

from types import SimpleNamespace

import torch

from mmrobust.attacks.k_limiting import KLimiting
from mmrobust.attacks.pgd import PGD
from mmrobust.engine.relations import Relations, relations
from mmrobust.victims import FunctionVictim
from mmrobust.victims.lifting import CascadeVictim


class Linear(torch.nn.Module):
    """Two joints of two coordinates each, linear in 3 x 2 x 2 pixels."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(4, 3, 2, 2))

    def forward(self, pixels):
        return torch.einsum('gchw,nchw->ng', self.weight, pixels)


GOAL = SimpleNamespace(bind=lambda truth, outputs: SimpleNamespace(groups=lambda found: found))


def maps(model, alpha, unit, pixels):
    attack = SimpleNamespace(goal=GOAL, alpha=alpha, alpha_unit=unit)
    truth = SimpleNamespace(keypoints=torch.zeros(len(pixels), 2, 2))
    return relations(FunctionVictim(model), pixels, truth, attack)


def test_maps_are_the_mean_signs_of_what_exceeds_alpha():
    model = Linear()
    with torch.no_grad():
        # Joint 0, both coordinates: one pixel up in all channels, one down in one channel.
        model.weight[:2, :, 0, 0] = 2.0
        model.weight[0, 1, 0, 1] = -3.0
        # Joint 1: up in x and down in y, which is no sign; a relation below alpha.
        model.weight[2, :, 1, 0], model.weight[3, :, 1, 0] = 5.0, -5.0
        model.weight[2, :, 1, 1] = 0.5
    pixels = torch.full((2, 3, 2, 2), 100, dtype=torch.uint8)
    found = maps(model, 1.0, 'absolute', pixels)
    expected = torch.zeros(2, 2, 2)
    expected[0, 0, 0], expected[0, 0, 1] = 1.0, -1 / 6
    assert torch.allclose(found, expected.expand(2, 2, 2, 2))


def test_a_quantile_leaves_the_largest_share():
    model = Linear()
    with torch.no_grad():
        model.weight.copy_(torch.arange(1, 49).reshape(4, 3, 2, 2) / 10)
    found = maps(model, 0.75, 'quantile', torch.zeros(1, 3, 2, 2))
    # The last 12 of 48 entries: one coordinate of joint 1, in all channels.
    assert torch.allclose(found[0, 0], torch.zeros(2, 2))
    assert torch.allclose(found[0, 1], torch.full((2, 2), 0.5))


def test_pixels_and_model_are_left_as_they_were():
    model, pixels = Linear(), torch.rand(1, 3, 2, 2)
    model.train()
    with torch.no_grad():  # as in a test loop
        maps(model, 0.0, 'absolute', pixels)
    assert not pixels.requires_grad
    assert model.weight.requires_grad
    assert model.weight.grad is None
    assert model.training


def test_only_a_relation_mask_has_maps():
    victim = SimpleNamespace(joints_in_picture=True)
    assert Relations.of(victim, PGD()) is None
    assert Relations.of(victim, KLimiting(relation='none')) is None
    assert Relations.of(victim, KLimiting(mask='random')) is None
    assert Relations.of(victim, KLimiting(mask='gradient')) is None
    for relation in ('any', 'mixed', 'agree'):
        assert Relations.of(victim, KLimiting(relation=relation)) is not None


def test_joints_in_space_are_not_those_of_the_picture():
    cascade = CascadeVictim.__new__(CascadeVictim)
    assert Relations.of(cascade, KLimiting()) is None


def test_a_loaded_sample_is_asked_for_its_own_victim_and_labels():
    model = Linear()
    with torch.no_grad():
        model.weight[0, :, 1, 0] = 1.0
    truth = SimpleNamespace(keypoints=torch.zeros(1, 2, 2))
    pixels = torch.zeros(1, 3, 2, 2)
    victim = SimpleNamespace(
        batches=lambda loaded: [(torch.tensor([0]), FunctionVictim(model), pixels)],
        labels=lambda data: truth if data == 'data' else None,
    )
    attack = SimpleNamespace(goal=GOAL, alpha=0.0, alpha_unit='absolute')
    found = Relations(victim, attack)(SimpleNamespace(data='data'))
    assert found.shape == (2, 2, 2)
    assert found[0, 1, 0] == 0.5
    assert int((found != 0).sum()) == 1
