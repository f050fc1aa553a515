"""Every option of every attack does something, and ``describe`` tells all of them."""

import contextlib
import functools
import inspect
import typing

import numpy as np
import pytest
import torch
from toys import Linear, TwoClips, Wavy, attack_classes, clips, predicted, random_weights, suited

from mmrobust.attacks.minimal_norm import MinimalNorm
from mmrobust.attacks.pgd import PGD
from mmrobust.attacks.query_attack import QueryAttack
from mmrobust.attacks.swap_part import SwapPart
from mmrobust.estimators.bandits import AdditiveBandits
from mmrobust.estimators.nes import NES
from mmrobust.goals import Misclassify, TargetClass
from mmrobust.input_transforms import TI
from mmrobust.io.video import write_lossless
from mmrobust.registry import ATTACKS
from mmrobust.samplers.multi_noise import MultiNoise
from mmrobust.samplers.one_noise import OneNoise
from mmrobust.threats import L0, L2, Linf
from mmrobust.victims import FunctionVictim

pytestmark = pytest.mark.sampled(6)

NOUNS = {
    'threat': (Linf(8), [L2(100), Linf(2), L0(2, 'frame', 9.0)]),
    'goal': (Misclassify(), [TargetClass('margin'), Misclassify('logit')]),
    'inner': (None, [PGD(steps=3)]),
    'sampler': (MultiNoise(), [OneNoise(), MultiNoise(tile=2)]),
    'transforms': ((), [[TI(size=3)]]),
    'attack': ({'type': 'PGD'}, [{'type': 'PGD', 'steps': 2}]),
    'members': (None, [[{'type': 'PGD', 'steps': 2}]]),
    'donors': (
        SwapPart.example['donors'],
        [[{'label': n, 'keypoint': np.eye(7, 3)[None, None].tolist()} for n in range(4)]],
    ),
    'part': ((1, 2, 3, 4, 5, 6), [(2, 3)]),
    'parents': ((0, 0, 1, 1, 0, 4, 4), [(1, 1, 1, 2, 3, 4, 5)]),
    'estimator': (AdditiveBandits(), [NES(population=4), AdditiveBandits(exploration=1.0)]),
}


# What an option needs beside it.
BESIDE = {'start': {'goal': TargetClass('margin')}}


def _start_list(folder):
    """A video for every class of the nets below."""
    rng, lines = np.random.default_rng(0), ''
    for label in range(4):
        frames = rng.integers(0, 256, (5, 7, 9, 3), np.uint8)
        write_lossless(folder / f'{label}.mkv', frames, 10)
        lines += f'{label}.mkv {label}\n'
    (folder / 'list.txt').write_text(lines)
    return str(folder / 'list.txt')


def _options(cls):
    """Name -> (value to start from, hint) of every option in the signature."""
    hints = typing.get_type_hints(cls)
    example = getattr(cls, 'example', {})
    found = {}
    for name, parameter in inspect.signature(cls).parameters.items():
        value = example.get(name, parameter.default)
        assert value is not parameter.empty, f'{cls.__name__}.example lacks {name!r}'
        value = NOUNS[name][0] if name in NOUNS else value
        if name == 'threat' and issubclass(cls, MinimalNorm):
            # A smallest l_inf is a whole level, in which fine steps do not show.
            value = suited(cls, L2(250))
        found[name] = value, hints[name]
    return found


def _other_values(name, value, hint):
    """Values that the option could have instead."""
    if name in NOUNS:
        return NOUNS[name][1]
    choices = typing.get_args(hint)
    if value is None and float in choices:
        return [0.3, 3.0]
    if value is None and int in choices:
        # Room for the first attack of an ensemble, and not for all.
        return [50]
    if choices and all(isinstance(choice, str) for choice in choices):
        return [choice for choice in choices if choice != value]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [other for other in (value + 1, 2 * value + 1, 1) if other != value]
    if isinstance(value, float):
        others = (0.3 * value, 0.7 * value, 2.5 * value, value + 0.5)
        return [other for other in others if other != value]
    raise AssertionError(f'no other value known for {name}={value!r}: give this test one')


def _usual(cls):
    """Every option as ``_options`` says."""
    return {name: value for name, (value, _) in _options(cls).items()}


@functools.cache
def _usual_behaviour(cls):
    return _behaviour(cls(**_usual(cls)))


def _behaviour(attack):
    """Pixels, costs and reports on victims that yield soon, late and never."""
    seen = []
    cases = ((FunctionVictim, Linear, 0.0), (FunctionVictim, Wavy, 0.0), (TwoClips, Wavy, 0.0))
    for kind, net, lead in (*cases, (FunctionVictim, Wavy, 30.0)):
        bias = torch.tensor([lead, 0, 0, 0])
        victim, pixels = kind(net(random_weights(), bias)), clips(3)
        try:
            outcomes = attack(victim, pixels, predicted(victim, pixels))
        except ValueError as error:
            # Such as numbers that are not what an option says they are.
            seen.append((str(error),))
            continue
        for outcome in outcomes:
            costs = (outcome.forwards, outcome.backwards, outcome.queries)
            reports = (dict(outcome.measures), outcome.timing.get('calls'))
            seen.append((outcome.adversarial.numpy().tobytes(), costs, reports))
    return seen


CASES = [
    (cls, name)
    for cls in attack_classes()
    for name in _options(cls)
    # A control does not look at the goal before its second trial.
    if not (cls.control and name == 'goal')
]


@pytest.mark.parametrize(
    ('cls', 'name'),
    [
        pytest.param(
            cls,
            name,
            id=f'{cls.__name__}-{name}',
            marks=pytest.mark.slow if issubclass(cls, QueryAttack) else (),
        )
        for cls, name in CASES
    ],
)
def test_every_option_changes_behaviour_and_description(cls, name, tmp_path):
    options = _usual(cls) | BESIDE.get(name, {})
    usual, allowed = cls(**options), []
    started = name == 'start'
    others = [_start_list(tmp_path)] if started else _other_values(name, *_options(cls)[name])
    for value in others:
        # Some values may not be allowed beside the other options.
        with contextlib.suppress(ValueError):
            allowed.append(cls(**options | {name: value}))
    assert allowed, f'{cls.__name__} refuses every other {name}'
    for attack in allowed:
        assert attack.describe()[name] != usual.describe()[name]
    before = _behaviour(usual) if name in BESIDE else _usual_behaviour(cls)
    assert any(_behaviour(attack) != before for attack in allowed), f'{name} is dead'


def test_description_builds_the_same_attack(attack_class):
    attack = attack_class(**_usual(attack_class))
    described = attack.describe()
    assert set(described) == {'type', *_usual(attack_class)}
    rebuilt = ATTACKS.build(described)
    assert type(rebuilt) is attack_class
    assert rebuilt.describe() == described
    assert _behaviour(rebuilt) == _usual_behaviour(attack_class)


def test_options_are_keyword_only(attack_class):
    for name, parameter in inspect.signature(attack_class).parameters.items():
        assert parameter.kind is not parameter.VAR_KEYWORD
        assert name in ('threat', 'goal') or parameter.kind is parameter.KEYWORD_ONLY


def test_docstring_names_paper_and_every_option(attack_class):
    module = inspect.getmodule(attack_class).__doc__
    card = inspect.getdoc(attack_class)
    assert attack_class.control or 'arXiv' in module + card or 'doi' in (module + card).lower()
    for name in inspect.signature(attack_class).parameters:
        assert f'{name}: ' in card
