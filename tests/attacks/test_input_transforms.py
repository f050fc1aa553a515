"""What every registered input transform owes; a new file in mmrobust/input_transforms is tested."""

import math
import tempfile
from pathlib import Path

import numpy as np
import pytest
import torch
from toys import ConvNet, Counting, PerClip, Wavy, clips, predicted, random_weights

from mmrobust.attacks.emi_fgsm import EMIFGSM
from mmrobust.attacks.mi_fgsm import MIFGSM
from mmrobust.attacks.ni_fgsm import NIFGSM
from mmrobust.attacks.vmi_fgsm import VMIFGSM
from mmrobust.attacks.vni_fgsm import VNIFGSM
from mmrobust.functional.randomness import SampleRandom
from mmrobust.functional.smoothing import gaussian_kernel, smoothed
from mmrobust.input_transforms import DI, SI, TI, InputTransform
from mmrobust.registry import ATTACKS, INPUT_TRANSFORMS
from mmrobust.threats import L2, Linf
from mmrobust.victims import FunctionVictim

pytestmark = pytest.mark.sampled(4)

BOUNDS = (0.0, 255.0)
EVERY = INPUT_TRANSFORMS.everything()
# Of one frame each, of other sizes than the samples, and brighter than those.
STILLS = np.random.default_rng(0).integers(200, 256, (4, 1, 5, 6, 3), dtype=np.uint8)
FOLDER = tempfile.TemporaryDirectory()
BANK = str(Path(FOLDER.name) / 'stills.npy')
np.save(BANK, STILLS)
# What they cannot do without; their usual number of copies takes time and tells no more.
FEW = {'SSA': {'copies': 3}, 'Admix': {'bank': BANK}}
every = pytest.mark.parametrize(
    'transform', [cls(**FEW.get(name, {})) for name, cls in EVERY.items()], ids=EVERY
)


def _copies(transform, pixels, seed=0):
    rng = SampleRandom.from_seeds(range(seed, seed + len(pixels)))
    return [transform.copy(pixels, i, BOUNDS, rng) for i in range(len(transform.weights()))]


@every
def test_copies_are_like_the_samples_and_shares_add_up(transform):
    pixels = clips(3).requires_grad_()
    transform.check(pixels, BOUNDS)
    assert math.fsum(transform.weights()) == pytest.approx(1)
    for copy in _copies(transform, pixels):
        assert copy.shape == pixels.shape
        assert copy.dtype == pixels.dtype
        (gradient,) = torch.autograd.grad(copy.square().sum(), pixels)
        assert gradient.flatten(1).any(dim=1).all()
    assert torch.equal(pixels, clips(3))


@every
def test_samples_keep_apart_and_global_numbers_stay(transform):
    pixels, before = clips(3), torch.get_rng_state()
    together = _copies(transform, pixels, seed=4)
    for row in range(3):
        alone = _copies(transform, pixels[row : row + 1], seed=4 + row)
        for one, other in zip(together, alone, strict=True):
            assert torch.equal(one[row], other[0])
    assert torch.equal(before, torch.get_rng_state())


@every
def test_all_frames_get_the_same(transform):
    """A clip that stands still does so afterwards."""
    still = clips(2)[:, :, :1].expand(-1, -1, 5, -1, -1)
    for copy in _copies(transform, still):
        torch.testing.assert_close(copy, copy[:, :, :1].expand_as(copy))


@every
def test_description_builds_it_again(transform):
    described = transform.describe()
    assert INPUT_TRANSFORMS.build(described) == transform
    attack = ATTACKS.build({'type': 'MIFGSM', 'transforms': [described]})
    assert list(attack.transforms) == [transform]
    assert attack.describe()['transforms'] == [described]
    assert attack.title == f'{type(transform).__name__}-MI-FGSM'


@every
@pytest.mark.parametrize('cls', [MIFGSM, NIFGSM, VMIFGSM, VNIFGSM, EMIFGSM])
@pytest.mark.parametrize('early_stop', [False, True])
def test_batch_equals_singles(transform, cls, early_stop):
    victim, pixels = PerClip.of(3), clips(3, seed=5)
    labels, seeds = predicted(victim, pixels), [17, 3, 99]
    options = getattr(cls, 'example', {}) | {'steps': 3, 'step_size': 0.4}
    attack = cls(Linf(3), transforms=[transform], early_stop=early_stop, **options)
    for row, outcome in enumerate(attack(victim, pixels, labels, seeds=seeds)):
        one = torch.tensor([row])
        (alone,) = attack(victim.select(one), pixels[one], labels[one], seeds=[seeds[row]])
        assert torch.equal(outcome.adversarial, alone.adversarial)
        assert (outcome.forwards, outcome.backwards) == (alone.forwards, alone.backwards)


@every
def test_each_copy_costs_a_forward_and_a_backward(transform):
    lead = torch.tensor([1e4, 0, 0, 0], dtype=torch.float64)
    victim, pixels = Counting(FunctionVictim(Wavy(random_weights(), lead))), clips(2)
    labels = predicted(victim, pixels)
    victim.count.update(forwards=0)
    outcomes = MIFGSM(Linf(3), steps=4, transforms=[transform, transform])(victim, pixels, labels)
    wanted = 4 * len(transform.weights()) ** 2
    assert [(one.forwards, one.backwards) for one in outcomes] == [(wanted, wanted)] * 2
    # Both clips before, both after, the first one once more.
    assert victim.count == {'forwards': 2 * wanted + 5, 'backwards': 2 * wanted}


@every
@pytest.mark.parametrize('threat', [Linf(8), L2(100)], ids=['linf', 'l2'])
def test_it_works_on_single_precision_and_pictures(transform, threat):
    net = ConvNet().eval()
    attack = MIFGSM(threat, transforms=[transform], steps=2)
    for outcome in attack(FunctionVictim(net), clips(2).byte(), net(clips(2).float()).argmax(1)):
        assert outcome.linf > 0
    pictures = clips(2)[:, :, 0].float()
    try:
        transform.check(pictures, BOUNDS)
    except ValueError as error:
        assert 'pixels must be clips (N, C, T, H, W) for' in str(error)  # noqa: PT017
        return
    frame = FunctionVictim(lambda x: net(x[:, :, None].expand(-1, -1, 5, -1, -1)))
    outcomes = attack(frame, pictures, predicted(frame, pictures))
    assert all(outcome.linf > 0 for outcome in outcomes)


def test_early_stop_looks_at_the_samples_and_not_at_their_copies():
    """One that succeeds in no copy leaves all the same."""

    class Blank(InputTransform):
        def copy(self, pixels, index, bounds, rng):
            return 128 + 0 * pixels

        def describe(self):
            return {'type': 'Blank'}

    victim, pixels = FunctionVictim(Wavy(random_weights())), clips(4)
    attack = MIFGSM(Linf(3), transforms=[Blank()], steps=3, early_stop=True)
    for outcome in attack(victim, pixels, predicted(victim, pixels)):
        # Three gradients of nothing, three looks.
        assert (outcome.forwards, outcome.backwards) == (6, 3)
        assert 'zero_gradient' in outcome.flags


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'type': 'TJ'}, "unknown input transform 'TJ': "),
        ({'type': 'TI', 'sise': 3}, "TI has no option 'sise': did you mean 'size'?"),
        ({'type': 'TI', 'size': 4}, 'size must be an odd whole number >= 1, got 4'),
        ({'type': 'TI', 'frames': 0}, 'frames must be an odd whole number >= 1, got 0'),
        ({'type': 'TI', 'nsigma': 0}, 'nsigma must be a finite number > 0, got 0'),
        ({'type': 'DI', 'probability': 1.1}, 'probability must be a number 0..1, got 1.1'),
        ({'type': 'DI', 'enlarge': 1}, 'enlarge must be a finite number > 1, got 1'),
        ({'type': 'DI', 'padding': 'white'}, "padding must be dark or grey, got 'white'"),
        ({'type': 'SI', 'scales': 0}, 'scales must be a whole number >= 1, got 0'),
        ({'type': 'SI', 'origin': 0}, 'origin must be dark or grey, got 0'),
        ({'type': 'TT', 'shifts': -1}, 'shifts must be a whole number >= 0, got -1'),
        ({'type': 'Admix'}, "bank must be the path of a .npy file, got ''"),
        ({'type': 'Admix', 'bank': 'no.npy'}, "bank must be an existing .npy file, got 'no.npy'"),
        ({'type': 'Admix', 'bank': __file__}, 'bank must be a .npy file of clips, got '),
        ({'type': 'Admix', 'bank': BANK, 'mixes': 0}, 'mixes must be a whole number >= 1, got 0'),
        ({'type': 'Admix', 'bank': BANK, 'share': -1}, 'share must be a finite number >= 0'),
        (
            {'type': 'TT', 'weighting': 'x'},
            "weighting must be gaussian, linear or uniform, got 'x'",
        ),
        ('TI', r"transforms\[0\] must be an input transform or its config, got 'TI'"),
    ],
)
def test_bad_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ATTACKS.build({'type': 'MIFGSM', 'transforms': [options]})


@pytest.mark.parametrize('transforms', [TI(), 'TI', None, {'type': 'TI'}])
def test_what_is_no_list_is_refused(transforms):
    with pytest.raises(ValueError, match='transforms must be a list of input transforms or'):
        ATTACKS.build({'type': 'MIFGSM', 'transforms': transforms})


def test_smoothing_in_time_needs_frames():
    victim = FunctionVictim(lambda x: x.flatten(1)[:, :4])
    attack, pictures = MIFGSM(transforms=[TI(frames=3)]), clips(2)[:, :, 0]
    with pytest.raises(ValueError, match=r'pixels must be clips \(N, C, T, H, W\) for TI, got'):
        attack(victim, pictures, predicted(victim, pictures))


@pytest.mark.parametrize('transform', [DI(), DI(padding='grey'), SI()])
def test_what_counts_grey_levels_needs_a_range_of_them(transform):
    victim = FunctionVictim(Wavy(random_weights()), bounds=(-math.inf, math.inf))
    attack, pixels = MIFGSM(transforms=[transform]), clips(2)
    with pytest.raises(ValueError, match='bounds must be finite for this input transform, got'):
        attack(victim, pixels, predicted(victim, pixels))


def test_frames_that_weigh_alike_must_be_there():
    victim = FunctionVictim(lambda x: x.flatten(1)[:, :4])
    pictures = clips(2)[:, :, 0]
    with pytest.raises(ValueError, match=r'pixels must be clips \(N, C, T, H, W\) with per_frame'):
        MIFGSM(per_frame=True)(victim, pictures, predicted(victim, pictures))


def test_kernels_and_smoothing():
    kernel = gaussian_kernel(15, 3.0)
    assert float(kernel.sum()) == pytest.approx(1)
    # linspace(-3, 3, 15): three standard deviations are seven pixels.
    assert float(kernel[7 + 7] / kernel[7]) == pytest.approx(math.exp(-4.5))
    assert float(gaussian_kernel(1, 3.0)) == 1
    x = torch.arange(5.0)
    weights = torch.tensor([1.0, 2.0, 4.0])
    # Zeros outside: x[-1] = x[5] = 0.
    assert smoothed(x, weights, 0).tolist() == [4, 10, 17, 24, 11]
    wide = smoothed(x[:2], torch.ones(7), 0)
    assert wide.tolist() == [1, 1]
    with pytest.raises(ValueError, match='kernel must be of odd length, got 2'):
        smoothed(x, torch.ones(2), 0)
