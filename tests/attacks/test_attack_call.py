"""The final ``__call__``: it refuses bad input and does not trust ``run``."""

import copy
import pickle
from dataclasses import dataclass

import pytest
import torch
from toys import CASES, CLIP, ConvNet, Linear, Wavy, clips, predicted, random_weights

from mmrobust.attacks import Attack
from mmrobust.attacks.fgsm import FGSM
from mmrobust.attacks.mi_fgsm import MIFGSM
from mmrobust.attacks.pgd import PGD
from mmrobust.goals import CorruptPose, Misclassify, TargetClass
from mmrobust.threats import L2, FrameMask, Linf, PixelMask
from mmrobust.victims import FunctionVictim
from mmrobust.victims.base import Victim

VICTIM = FunctionVictim(Linear(random_weights()))


def _call(pixels=None, labels=None, victim=VICTIM, **options):
    pixels = clips(2) if pixels is None else pixels
    labels = torch.tensor([0, 1]) if labels is None else labels
    return FGSM()(victim, pixels, labels, **options)


BAD_PIXELS = {
    'fractions': (clips(2) + 0.25, 'pixels must be whole grey levels'),
    'too bright': (clips(2) + 100, r'pixels must be within 0\.\.255, got \(\S+, 3\d\d'),
    'too dark': (clips(2) - 100, r'pixels must be within 0\.\.255, got \(-'),
    'nan': (clips(2) * torch.nan, r'pixels must be within 0\.\.255, got \(nan'),
    'normalised': ((clips(2) - 128) / 58, 'pixels must be'),
    'no batch': (clips(1)[0, 0, 0], r'pixels must be a batch .* got \(7, 9\)'),
}


@pytest.mark.parametrize(('pixels', 'message'), BAD_PIXELS.values(), ids=BAD_PIXELS)
def test_bad_pixels_are_refused(pixels, message):
    with pytest.raises(ValueError, match=message):
        _call(pixels, torch.zeros(len(pixels), dtype=torch.long))


BAD_LABELS = {
    'too many': (torch.tensor([0, 1, 2]), r'labels must be 2 classes \(N,\), got \(3,\)'),
    'too few': (torch.tensor([0]), r'labels must be 2 classes \(N,\), got \(1,\)'),
    'one-hot': (torch.eye(4)[:2].long(), r'labels must be 2 classes \(N,\), got \(2, 4\)'),
    'scalar': (torch.tensor(1), r'labels must be 2 classes \(N,\), got \(\)'),
    'float': (torch.tensor([0.0, 1.0]), 'labels must be whole numbers, got torch.float32'),
    'too large': (torch.tensor([1, 4]), r'label must be one of the 4 classes.*got 4'),
    'negative': (torch.tensor([1, -1]), r'label must be one of the 4 classes.*got -1'),
}


@pytest.mark.parametrize(('labels', 'message'), BAD_LABELS.values(), ids=BAD_LABELS)
def test_bad_labels_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        _call(labels=labels)


@pytest.mark.parametrize('dtype', [torch.uint8, torch.int32, torch.int64])
def test_any_whole_label_type_will_do(dtype):
    labels = predicted(VICTIM, clips(2))
    (one, _), (other, _) = _call(labels=labels), _call(labels=labels.to(dtype))
    assert one.attacked
    assert torch.equal(one.adversarial, other.adversarial)


@pytest.mark.parametrize('seeds', [[], [1], [1, 2, 3], 3, 'ab', [1.5, 2], [True, False]])
def test_wrong_number_of_seeds_is_refused(seeds):
    with pytest.raises(ValueError, match='seeds must be 2 whole numbers, got'):
        _call(seeds=seeds)


@pytest.mark.parametrize('rows', [1, 3])
def test_outputs_of_another_batch_are_refused(rows):
    with pytest.raises(ValueError, match=rf'outputs must be 2 rows, got \({rows}, 4\)'):
        _call(clean_outputs=torch.zeros(rows, 4))
    with pytest.raises(ValueError, match=rf'outputs must be 2 rows, got \({rows}, 4\)'):
        _call(victim=FunctionVictim(lambda pixels: torch.zeros(rows, 4)))


def test_masks_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r'frames must be below the 5 frames, got \[5\]'):
        FGSM(FrameMask(frames=[5]))(VICTIM, clips(2), torch.tensor([0, 1]))
    with pytest.raises(ValueError, match=r'box must be inside the 7 x 9 frame'):
        FGSM(FrameMask(PixelMask(box=(0, 0, 8, 9))))(VICTIM, clips(2), torch.tensor([0, 1]))


def test_inference_mode_is_refused():
    with torch.inference_mode(), pytest.raises(RuntimeError, match='torch.inference_mode'):
        _call()


def test_pixels_from_inference_mode_are_fine():
    with torch.inference_mode():
        pixels = clips(2) + 0
        labels = predicted(VICTIM, pixels) + 0
    assert all(outcome.linf == 8 for outcome in _call(pixels, labels))


def test_no_clips_no_outcomes():
    assert _call(clips(2)[:0], torch.zeros(0, dtype=torch.long)) == []


@pytest.mark.parametrize('shape', [(3, 3, 7, 9), (2, 17, 2), (3, 3, 2, 5, 7, 9)])
def test_other_layouts(shape):
    """Images, key points, several clips per sample: whatever the victim takes."""
    pixels = torch.randint(40, 216, shape, generator=torch.Generator().manual_seed(0)).double()
    weights = torch.randn(shape[1:], generator=torch.Generator().manual_seed(1)).double()

    def scores(pixels):
        score = (pixels * weights).flatten(1).sum(dim=1)
        return torch.stack([score, -score], dim=1)

    victim = FunctionVictim(scores)
    outcomes = PGD(Linf(4), early_stop=False)(victim, pixels, predicted(victim, pixels))
    for outcome, clean in zip(outcomes, pixels, strict=True):
        assert (outcome.adversarial.double() - clean).abs().unique().tolist() == [4.0]


class Rogue(Attack):
    """Returns whatever it is told to."""

    def __init__(self, threat, result):
        super().__init__(threat)
        self.result = result

    def run(self, victim, pixels, goal, rng):
        return self.result(pixels)


def _spoil_in_place(pixels):
    return pixels.mul_(0).add_(300)


@pytest.mark.parametrize('case', CASES.values(), ids=CASES)
@pytest.mark.parametrize(
    'result',
    [
        lambda pixels: pixels + 1e6,
        lambda pixels: pixels - 1e30,
        lambda pixels: 255 - pixels,
        lambda pixels: (pixels + 3.49).double(),
        _spoil_in_place,
    ],
    ids=['far', 'very far', 'inverse', 'fractions', 'in place'],
)
def test_run_is_not_trusted(case, result):
    pixels = clips(2, low=0, high=256).float()
    victim = FunctionVictim(ConvNet().eval())
    kept = pixels.clone()
    outcomes = Rogue(case.threat, result)(victim, pixels, predicted(victim, pixels))
    assert torch.equal(pixels, kept)
    for outcome, clean in zip(outcomes, pixels, strict=True):
        case.check(outcome.adversarial.double() - clean.double())


@pytest.mark.parametrize('grid', [None, 0.03])
@pytest.mark.parametrize('threat', [Linf(0.5), L2(3)], ids=['linf', 'l2'])
@pytest.mark.parametrize('way', [-1e6, -0.1, 0.1, 1e6])
def test_nor_is_it_for_input_that_is_no_picture(grid, threat, way):
    generator = torch.Generator().manual_seed(0)
    pixels = 2 * torch.rand(2, 3, 2, 5, 6, generator=generator).double() - 1
    options = {'bounds': (-1.0, 1.0), 'dtype': torch.float64, 'grid': grid}
    victim = FunctionVictim(lambda x: x.flatten(1)[:, :2] + torch.tensor([10.0, 0.0]), **options)
    labels = torch.zeros(2, dtype=torch.long)
    outcomes = Rogue(threat, lambda pixels: pixels + way)(victim, pixels, labels)
    for outcome, clean in zip(outcomes, pixels, strict=True):
        delta = outcome.adversarial - clean
        assert float(outcome.adversarial.abs().max()) <= 1
        assert float(threat.distance(outcome.adversarial[None], clean[None])) <= threat.eps + 1e-9
        assert outcome.linf > 0
        assert float((delta * way).min()) >= 0


@pytest.mark.parametrize('value', [torch.nan, torch.inf, -torch.inf])
def test_values_that_are_not_finite_become_clean_ones(value):
    def spoilt(pixels):
        found = pixels + 5
        found[0, 0, 0, 0, 0] = value
        return found

    pixels = clips(2).float()
    first, second = Rogue(Linf(8), spoilt)(VICTIM, pixels, predicted(VICTIM, pixels))
    assert torch.equal(first.adversarial.float(), pixels[0])
    assert first.flags == ('not_finite', 'unchanged')
    assert torch.equal(second.adversarial.float(), pixels[1] + 5)
    assert second.flags == ()


def test_results_of_another_shape_are_refused():
    rogue, labels = Rogue(Linf(8), lambda pixels: pixels[:, :, :1]), predicted(VICTIM, clips(1))
    with pytest.raises(
        ValueError, match=r'\w+\.run\(\) must return pixels of shape \(1, 3, 5, 7, 9\), got'
    ):
        rogue(VICTIM, clips(1), labels)


def test_success_is_that_of_the_rounded_pixels():
    # Fooled by any fraction of a level, yet right on every whole level.
    def scores(pixels):
        fooled = ((pixels - pixels.round()).abs() > 0.1).flatten(1).any(dim=1).double()
        return torch.stack([0.5 - fooled, fooled], dim=1) + 0 * pixels.flatten(1)[:, :2]

    victim, labels = FunctionVictim(scores), torch.zeros(2, dtype=torch.long)
    for attack in (Rogue(Linf(8), lambda pixels: pixels + 0.4), PGD(Linf(8)), PGD(restarts=3)):
        for outcome in attack(victim, clips(2), labels):
            assert not outcome.success
            assert outcome.scores.tolist() == [0.5, 0.0]


BAD_OPTIONS = [
    (PGD, {'steps': 0}, 'steps must be a whole number >= 1, got 0'),
    (PGD, {'steps': 2.5}, 'steps must be a whole number >= 1, got 2.5'),
    (PGD, {'step_size': 0}, 'step_size must be a finite number > 0, got 0'),
    (PGD, {'step_size': '1'}, "step_size must be a finite number > 0, got '1'"),
    (PGD, {'step_size': float('nan')}, 'step_size must be a finite number > 0, got nan'),
    (PGD, {'step_unit': 'percent'}, "step_unit must be eps or pixel, got 'percent'"),
    (PGD, {'restarts': 0}, 'restarts must be a whole number >= 1, got 0'),
    (PGD, {'restarts': 2, 'random_start': False}, 'restarts must be 1 without random_start'),
    (PGD, {'early_stop': 'no'}, "early_stop must be True or False, got 'no'"),
    (PGD, {'random_start': 1}, 'random_start must be True or False, got 1'),
    (MIFGSM, {'decay': -0.1}, 'decay must be a finite number >= 0, got -0.1'),
    (MIFGSM, {'decay': float('inf')}, 'decay must be a finite number >= 0, got inf'),
    (FGSM, {'threat': 'L2'}, "threat must be a threat or its config, got 'L2'"),
    (FGSM, {'goal': 3}, 'goal must be a goal or its config, got 3'),
]


@pytest.mark.parametrize(('cls', 'options', 'message'), BAD_OPTIONS)
def test_bad_options_are_refused(cls, options, message):
    with pytest.raises(ValueError, match=message):
        cls(**options)


def test_targets_are_never_attacked_where_they_stand_already():
    """A targeted goal counts clips that are right, not clips that are wrong the right way."""
    victim, pixels = FunctionVictim(Wavy(random_weights())), clips(6)
    right = predicted(victim, pixels)
    labels = (right + 3) % 4  # so that "next" is what the victim says already
    for goal in (TargetClass(), Misclassify()):
        for outcome in FGSM(Linf(2), goal)(victim, pixels, labels):
            assert not outcome.attacked
            assert not outcome.success


def test_the_prediction_may_stand_in_for_the_label():
    victim, pixels = FunctionVictim(Wavy(random_weights())), clips(4)
    unknown = torch.full((4,), -1)
    goal = Misclassify(reference='prediction')
    given = FGSM(Linf(4))(victim, pixels, predicted(victim, pixels))
    for one, other in zip(FGSM(Linf(4), goal)(victim, pixels, unknown), given, strict=True):
        assert one.attacked
        assert torch.equal(one.adversarial, other.adversarial)
        assert one.adversarial.shape == CLIP


def test_sizes_are_those_of_the_change():
    change = torch.zeros(CLIP, dtype=torch.float64)
    change[:, 1, :2] = 3
    change[:, 3, 2:4] = -4
    (outcome,) = Rogue(Linf(8), lambda pixels: pixels + change)(
        VICTIM, clips(1), predicted(VICTIM, clips(1))
    )
    assert torch.equal(outcome.adversarial.double(), clips(1)[0] + change)
    assert (outcome.linf, outcome.frames) == (4, 2)
    assert outcome.mean_abs == pytest.approx(float(change.abs().mean()))
    assert outcome.rmse == pytest.approx(float((change**2).mean() ** 0.5))
    assert outcome.l2 == pytest.approx(float((change**2).sum() ** 0.5))


def through_pickle(attack):
    return pickle.loads(pickle.dumps(attack))


@dataclass(frozen=True)
class Loose(Misclassify):
    """Takes every clip for right, also one that reaches the goal as it stands."""

    def is_correct(self, outputs, facts):
        return torch.ones(len(outputs), dtype=torch.bool)


def test_a_clip_that_reaches_the_goal_as_it_stands_is_not_attacked():
    pixels = clips(3)
    labels = predicted(VICTIM, pixels)
    labels[1] = (labels[1] + 1) % 4
    first, second, third = FGSM(Linf(3), Loose())(VICTIM, pixels, labels)
    assert (first.attacked, second.attacked, third.attacked) == (True, False, True)
    assert not second.success
    assert torch.equal(second.adversarial.double(), pixels[1])


@pytest.mark.parametrize('copied', [copy.copy, copy.deepcopy, through_pickle])
def test_a_copy_of_an_attack_takes_the_victims_goal_as_the_attack_does(copied):
    class Own(Victim):
        goal = 'CorruptPose'
        install = labels = predict = bind = record = None

    victim = Own()
    assert isinstance(copied(FGSM()).goal_for(victim), CorruptPose)
    assert 'goal' not in copied(FGSM()).config()
    for attack in (copied(FGSM(goal=Misclassify())), copied(FGSM().with_goal(Misclassify()))):
        assert isinstance(attack.goal_for(victim), Misclassify)
        assert 'goal' in attack.config()


def test_a_victim_that_does_not_say_what_its_samples_are():
    class Own(Victim):
        space = 'sound'
        install = labels = predict = bind = record = None

    with pytest.raises(ValueError, match="Own.kinds must be of space 'sound', too, got"):
        _ = Own().kind
