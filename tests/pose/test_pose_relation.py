"""Relation maps, the readings of their signs, and the attack that stays inside them."""

import numpy as np
import pytest
import torch
from torch.autograd.functional import jacobian

from mmrobust.attacks.gradient_loop import GradientLoop
from mmrobust.attacks.k_limiting import KLimiting, MaskState
from mmrobust.functional.relation import (
    READINGS,
    any_sign,
    indicator,
    largest,
    relation_map,
    threshold,
)
from mmrobust.threats import L2, FrameMask, Linf
from mmrobust.victims import FunctionVictim

SHAPE, K = (3, 5, 4, 6), 4


def _generator(seed):
    return torch.Generator().manual_seed(seed)


def _weights(seed=0):
    """(K, P); a third of the pixels matter to no output, another third to few."""
    weights = torch.randn(K, *SHAPE, generator=_generator(seed), dtype=torch.float64) / 300
    weights[:, 0] = 0
    weights[1:, 1] *= 1e-3
    return weights


WEIGHTS = _weights()


def _scores(pixels):
    return (20 * torch.sin(pixels[:, None] / 40) * WEIGHTS).flatten(2).sum(dim=2)


def _pixels(n=3, seed=1):
    return torch.randint(40, 216, (n, *SHAPE), generator=_generator(seed)).double()


def _run(attack, n=3, victim=None, lead=0.0, seeds=None):
    bias = torch.tensor([lead, 0, 0, 0], dtype=torch.float64)
    victim = FunctionVictim(lambda pixels: _scores(pixels) + bias) if victim is None else victim
    pixels = _pixels(n)
    labels = victim(pixels).argmax(dim=1)
    outcomes = attack(victim, pixels, labels, seeds=seeds)
    deltas = torch.stack([one.adversarial.double() for one in outcomes]) - pixels
    return outcomes, deltas, pixels


def test_pose_relation_map_is_the_full_jacobian():
    pixels = _pixels(2).requires_grad_()
    found = torch.stack(list(relation_map(_scores(pixels), pixels)), dim=1)
    whole = jacobian(_scores, pixels.detach())
    assert found.shape == (2, K, *SHAPE)
    for i in range(2):
        torch.testing.assert_close(found[i], whole[i, :, i])
        assert not whole[i, :, 1 - i].any()


@pytest.mark.parametrize('alpha', [0.0, 0.1, 0.5, 0.999])
def test_pose_relation_threshold_leaves_out_the_smallest_share(alpha):
    values = torch.randn(3, K, *SHAPE, generator=_generator(2), dtype=torch.float64)
    level = threshold(values, alpha, quantile=True)
    left = (values.abs() > level.reshape(-1, 1, 1, 1, 1, 1)).flatten(1).sum(dim=1)
    size = values[0].numel()
    assert left.tolist() == [size - int(alpha * size)] * 3
    for i in range(3):
        ordered = np.sort(values[i].abs().numpy().ravel())
        assert float(level[i]) == (ordered[int(alpha * size) - 1] if alpha else 0)


@pytest.mark.parametrize('alpha', [0.0, 0.3, 0.9])
def test_pose_relation_share_does_not_depend_on_groups_that_stand_for_nothing(alpha):
    values = torch.randn(2, K, *SHAPE, generator=_generator(2), dtype=torch.float64)
    padded = torch.cat([values, torch.zeros_like(values), torch.zeros_like(values)], dim=1)
    # A different number of labelled joints in either sample.
    padded[1, -1] = values[1, 0]
    level = threshold(padded, alpha, quantile=True)
    assert level[0] == threshold(values, alpha, quantile=True)[0]
    whole = torch.cat([values, padded[:, -1:]], dim=1)
    assert level[1] == threshold(whole, alpha, quantile=True)[1]
    assert threshold(torch.zeros_like(values), alpha, quantile=True).tolist() == [0, 0]


def test_pose_groups_agree_whatever_those_without_a_relation_do():
    signs = torch.tensor([[[1, 1, -1, 0], [0, 0, 0, 0], [1, -1, -1, 0]]], dtype=torch.int8)
    assert READINGS['agree'](signs)[0].tolist() == [True, False, True, False]
    assert not READINGS['agree'](torch.zeros_like(signs)).any()


def test_pose_relation_threshold_may_be_a_number():
    values = torch.randn(2, K, *SHAPE, generator=_generator(2))
    assert threshold(values, 0.7, quantile=False).tolist() == pytest.approx([0.7, 0.7])


def test_pose_relation_readings_by_hand():
    # Columns are pixels, rows are groups; alpha is 1 for this sample and 4 for the next.
    values = torch.tensor([[2.0, 2, 0.5, -3, 2, -1], [3, -2, 0, -2, 0, 1]])
    signs = indicator(torch.stack([values, values]), torch.tensor([1.0, 4.0]))
    assert signs[0].tolist() == [[1, 1, 0, -1, 1, 0], [1, -1, 0, -1, 0, 0]]
    assert not signs[1].any()
    expected = {
        'any': [True, True, False, True, True, False],
        'mixed': [False, True, False, False, False, False],
        'agree': [True, False, False, True, False, False],
    }
    assert expected.keys() == READINGS.keys()
    for name, pixels in expected.items():
        assert READINGS[name](signs)[0].tolist() == pixels
        assert not READINGS[name](signs)[1].any()


def test_pose_relation_control_has_exactly_the_density():
    scores = torch.tensor([[[1.0, 3], [3, 0]], [[0, 0], [0, 0]], [[4, 1], [2, 3]]])
    found = largest(scores, torch.tensor([2, 3, 0]))
    assert found.flatten(1).tolist() == [
        [False, True, True, False],
        [True, True, True, False],
        [False] * 4,
    ]


def _mask(attack, pixels):
    """The relation mask at the clean pixels, from the full Jacobian."""
    rows = []
    for i in range(len(pixels)):
        values = jacobian(_scores, pixels[i : i + 1])[:, :, 0].reshape(1, K, *SHAPE)
        level = threshold(values, attack.alpha, quantile=attack.alpha_unit == 'quantile')
        rows.append(READINGS[attack.relation](indicator(values, level))[0])
    return torch.stack(rows)


@pytest.mark.parametrize('threat', [Linf(6), L2(60)], ids=['linf', 'l2'])
@pytest.mark.parametrize(
    'options',
    [
        {},
        {'relation': 'mixed', 'alpha': 0.5},
        {'relation': 'agree', 'alpha': 0.3},
        {'alpha': 2e-3, 'alpha_unit': 'absolute'},
    ],
    ids=['any', 'mixed', 'agree', 'absolute'],
)
def test_pose_relation_mask_bounds_the_change(threat, options):
    attack = KLimiting(threat, early_stop=False, **options)
    outcomes, deltas, pixels = _run(attack)
    mask = _mask(attack, pixels)
    assert not deltas[~mask].any()
    for outcome, delta, allowed in zip(outcomes, deltas, mask, strict=True):
        density = float(allowed.double().mean())
        assert 0 < density < 0.7
        assert outcome.measures['density'] == pytest.approx(density)
        assert outcome.rmse == pytest.approx(float(delta.square().mean().sqrt()))
        # Steps on an l_inf ball move all of the mask, of which a few come back to 0.
        if isinstance(threat, Linf):
            assert float((delta != 0)[allowed].double().mean()) > 0.9


def test_pose_no_relation_is_plain_gradient_loop():
    options = {'steps': 7, 'step_size': 0.2, 'early_stop': False}
    found = _run(KLimiting(Linf(6), relation='none', **options))
    plain = _run(GradientLoop(Linf(6), **options))
    assert torch.equal(found[1], plain[1])
    assert not found[0][0].measures
    assert found[0][0].backwards == 7


def test_pose_literal_form_of_the_slides_needs_no_projection():
    eps, steps = 1.0, 5
    threat = Linf(steps * eps)
    attack = KLimiting(threat, relation='none', steps=steps, step_size=eps, step_unit='pixel',
                       early_stop=False)  # fmt: skip
    _, deltas, pixels = _run(attack)
    labels = _scores(pixels).argmax(dim=1)
    moved = pixels
    for _ in range(steps):
        leaf = moved.clone().requires_grad_()
        loss = torch.nn.functional.cross_entropy(_scores(leaf), labels, reduction='sum')
        moved = moved + eps * torch.autograd.grad(loss, leaf)[0].sign()
    assert torch.equal(deltas, moved - pixels)


@pytest.mark.parametrize('mask', ['random', 'gradient'])
def test_pose_controls_have_the_density_of_the_relation_mask(mask):
    related, _, _ = _run(KLimiting(Linf(6), early_stop=False))
    control, deltas, pixels = _run(KLimiting(Linf(6), mask=mask, early_stop=False))
    for one, other, delta in zip(related, control, deltas, strict=True):
        assert one.measures['density'] == other.measures['density']
        changed = float((delta != 0).double().mean())
        assert changed <= one.measures['density']
        # Random values include those that move nothing.
        assert mask == 'random' or changed == pytest.approx(one.measures['density'])
    if mask == 'gradient':
        leaf = pixels.clone().requires_grad_()
        labels = _scores(pixels).argmax(dim=1)
        loss = torch.nn.functional.cross_entropy(_scores(leaf), labels, reduction='sum')
        size = torch.autograd.grad(loss, leaf)[0].abs()
        for i, delta in enumerate(deltas):
            assert size[i][delta != 0].min() >= size[i][delta == 0].max()
    again, same, _ = _run(KLimiting(Linf(6), mask=mask, early_stop=False), seeds=[7, 8, 9])
    assert torch.equal(deltas, same) == (mask == 'gradient')


def test_pose_refresh_makes_masks_again_and_keeps_what_was_done():
    once, _, pixels = _run(KLimiting(Linf(30), early_stop=False, steps=6))
    often, deltas, _ = _run(KLimiting(Linf(30), early_stop=False, steps=6, refresh=2))
    attack = KLimiting()
    first = _mask(attack, pixels)
    for i in range(3):
        assert once[i].backwards == 6 + K
        assert often[i].backwards == 6 + 3 * K
        assert often[i].forwards == once[i].forwards == 6
        assert often[i].measures['density'] > once[i].measures['density']
        assert float((deltas[i] != 0)[first[i]].double().mean()) > 0.9
        assert bool((deltas[i] != 0)[~first[i]].any())


def test_pose_refresh_counts_steps_of_the_attack_alone():
    """The mask of the clean pixels, within which a random start lies, is made before the first."""
    options = {'early_stop': False, 'steps': 6, 'refresh': 3, 'random_start': True}
    outcomes, _, _ = _run(KLimiting(Linf(30), **options), seeds=[0, 1, 2])
    assert [one.backwards for one in outcomes] == [(1 + K) + 6 + K] * 3


@pytest.mark.parametrize('mask', ['random', 'gradient'])
def test_pose_masks_of_controls_grow_with_every_refresh(mask):
    options = {'early_stop': False, 'steps': 6, 'refresh': 2}
    related, _, _ = _run(KLimiting(Linf(30), **options))
    control, deltas, _ = _run(KLimiting(Linf(30), mask=mask, **options))
    first, _, _ = _run(KLimiting(Linf(30), early_stop=False, steps=6))
    for one, other, before, delta in zip(related, control, first, deltas, strict=True):
        assert one.measures['density'] > before.measures['density']
        # How much depends on where the control has gone; given the same relation masks,
        # exactly as much (next test).
        assert other.measures['density'] > before.measures['density']
        changed = float((delta != 0).double().mean())
        assert changed <= other.measures['density']


@pytest.mark.parametrize('mask', ['random', 'gradient'])
def test_pose_control_grows_exactly_as_the_relation_masks_do(mask):
    attack = KLimiting(mask=mask)
    pixels = torch.zeros(2, 1, 20)
    joined = torch.zeros(2, 1, 20, dtype=torch.bool)
    state = MaskState(
        *(None, None, pixels, pixels, None, 0),
        mask=None,
        ever=joined.clone(),
        related=joined.clone(),
        alpha=torch.zeros(2),
        noise=torch.rand(2, 1, 20, generator=_generator(3)),
    )
    for step in range(4):
        related = torch.rand(2, 1, 20, generator=_generator(10 + step)) < 0.3
        joined |= related
        gradient = torch.randn(2, 1, 20, generator=_generator(step))
        found = attack._controlled(state, related, gradient)
        state.ever |= found
        assert torch.equal(found.sum(dim=2), related.sum(dim=2))
        assert torch.equal(state.ever.sum(dim=2), joined.sum(dim=2))


def test_pose_random_start_is_inside_the_mask():
    plain, _, _ = _run(KLimiting(Linf(6), early_stop=False))
    started, deltas, pixels = _run(KLimiting(Linf(6), early_stop=False, random_start=True))
    mask = _mask(KLimiting(), pixels)
    assert not deltas[~mask].any()
    for one, other in zip(plain, started, strict=True):
        assert one.measures == other.measures
        assert other.forwards == one.forwards + 1
    assert not torch.equal(*(torch.stack([o.adversarial for o in of]) for of in (plain, started)))


def test_pose_masks_are_each_samples_own():
    attack = KLimiting(Linf(6), mask='random', refresh=3, early_stop=False)
    together, deltas, pixels = _run(attack, n=4, seeds=[3, 1, 4, 2])
    victim = FunctionVictim(_scores)
    labels = _scores(pixels).argmax(dim=1)
    for i, seed in enumerate([3, 1, 4, 2]):
        (alone,) = attack(victim, pixels[i : i + 1], labels[i : i + 1], seeds=[seed])
        assert torch.equal(alone.adversarial, together[i].adversarial)
        assert alone.measures == together[i].measures
    assert len({(delta != 0).numpy().tobytes() for delta in deltas}) == 4


def test_pose_masks_of_the_threat_and_of_the_relation_both_hold():
    attack = KLimiting(FrameMask(Linf(6), frames=[1, 4]), early_stop=False)
    _, deltas, pixels = _run(attack)
    mask = _mask(attack, pixels)
    mask[:, :, [0, 2, 3]] = False
    assert not deltas[~mask].any()
    assert float((deltas != 0)[mask].double().mean()) > 0.9


def test_pose_relation_that_nothing_has_leaves_the_sample_alone():
    attack = KLimiting(Linf(6), alpha=1e6, alpha_unit='absolute')
    outcomes, deltas, _ = _run(attack)
    assert not deltas.any()
    assert all(one.flags == ('unchanged', 'zero_gradient') for one in outcomes)
    assert all(one.measures['density'] == 0 for one in outcomes)


class _Broken(torch.autograd.Function):
    """Far too low to count, with a slope that is no number for some samples."""

    @staticmethod
    def forward(ctx, values, whose):
        ctx.save_for_backward(whose)
        return torch.full_like(values, -1e3)

    @staticmethod
    def backward(ctx, gradient):
        (whose,) = ctx.saved_tensors
        return torch.where(whose & (gradient != 0), torch.nan, 0.0).to(gradient), None


def test_pose_jacobian_that_is_not_finite_is_flagged_and_guarded():
    def scores(pixels):
        first = pixels[:, 0, 0, 0, 0]
        whose = torch.arange(len(pixels)) == 1
        broken = _Broken.apply(first, whose)
        return torch.cat([_scores(pixels), broken[:, None]], dim=1)

    outcomes, deltas, _ = _run(KLimiting(Linf(6), early_stop=False), victim=FunctionVictim(scores))
    assert ['not_finite' in one.flags for one in outcomes] == [False, True, False]
    assert deltas.flatten(1).any(dim=1).all()


def test_pose_attack_stops_at_success_with_the_rmse_of_that_step():
    stopped, _, _ = _run(KLimiting(Linf(20), steps=20, step_size=1, step_unit='pixel'))
    ran, _, _ = _run(KLimiting(Linf(20), steps=20, step_size=1, step_unit='pixel',
                               early_stop=False))  # fmt: skip
    assert any(one.success for one in stopped)
    for one, other in zip(stopped, ran, strict=True):
        if one.success:
            assert one.rmse < other.rmse


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'relation': 'some'}, "relation must be one of any, mixed, agree, none, got 'some'"),
        ({'alpha': -1}, 'alpha must be a finite number >= 0, got -1'),
        ({'alpha': 1.0}, 'alpha must be below 1 as a quantile, got 1.0'),
        ({'alpha_unit': 'share'}, "alpha_unit must be quantile or absolute, got 'share'"),
        ({'refresh': -1}, 'refresh must be a whole number >= 0, got -1'),
        ({'mask': 'top'}, "mask must be one of relation, random, gradient, got 'top'"),
        ({'relation': 'none', 'mask': 'random'}, 'mask must be relation where there is no'),
        ({'mask': 'gradient', 'random_start': True}, 'mask must be relation or random with a'),
    ],
)
def test_pose_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        KLimiting(**options)


def test_pose_any_sign_is_what_the_union_of_groups_says():
    signs = torch.randint(-1, 2, (2, K, *SHAPE), generator=_generator(5))
    assert torch.equal(any_sign(signs), signs.abs().sum(dim=1) > 0)
