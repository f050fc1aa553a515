"""Configs become nouns; what they get wrong is named."""

import logging
from typing import Any

import pytest
from mmengine.config import ConfigDict
from mmengine.logging import MMLogger
from mmengine.registry import DefaultScope

from mmrobust.attacks import Attack
from mmrobust.attacks.mi_fgsm import MIFGSM
from mmrobust.attacks.pgd import PGD
from mmrobust.goals import Goal, LeastLikely, Misclassify, TargetClass
from mmrobust.registry import ATTACKS, GOALS, THREATS, find, nouns_of
from mmrobust.threats import L2, FrameMask, Linf, PixelMask, Threat


@pytest.mark.parametrize('name', ['PGD', 'mmrobust.PGD'])
def test_both_spellings_of_a_name(name):
    attack = ATTACKS.build({'type': name, 'steps': 3})
    assert type(attack) is PGD
    assert attack.steps == 3
    assert find(ATTACKS, name) is PGD


def test_nouns_are_nested():
    attack = ATTACKS.build(
        ConfigDict(
            type='MIFGSM',
            decay=0.5,
            threat=dict(
                type='FrameMask',
                frames=[1, 2],
                threat=dict(type='mmrobust.PixelMask', box=(0, 0, 3, 4), threat=dict(type='L2')),
            ),
            goal=dict(type='TargetClass', target=3, loss='margin'),
        )
    )
    assert type(attack) is MIFGSM
    assert attack.decay == 0.5
    assert attack.threat == FrameMask(PixelMask(L2(1000.0), (0, 0, 3, 4)), [1, 2])
    assert attack.goal == TargetClass(target=3, loss='margin')


def test_nouns_without_a_type_are_the_usual_ones():
    # As left by `--cfg-options attack.threat.eps=4 attack.goal.loss=margin`.
    attack = ATTACKS.build({'type': 'PGD', 'threat': {'eps': 4}, 'goal': {'loss': 'margin'}})
    assert attack.threat == Linf(4)
    assert attack.goal == Misclassify(loss='margin')
    inner = ATTACKS.build({'type': 'PGD', 'threat': {'type': 'PixelMask', 'threat': {'eps': 4}}})
    assert inner.threat.threat == Linf(4)


def test_defaults_and_built_nouns():
    attack = ATTACKS.build({'type': 'PGD'})
    assert (attack.threat, attack.goal) == (Linf(8.0), Misclassify())
    given = ATTACKS.build({'type': 'PGD', 'threat': L2(5), 'goal': LeastLikely()})
    assert (given.threat, given.goal) == (L2(5), LeastLikely())
    assert type(ATTACKS.build({'type': PGD})) is PGD


def test_the_config_is_not_changed():
    config = {'type': 'PGD', 'threat': {'type': 'L2', 'eps': 3}}
    ATTACKS.build(config)
    assert config == {'type': 'PGD', 'threat': {'type': 'L2', 'eps': 3}}


BAD = [
    ({'type': 'PDG'}, "unknown attack 'PDG': did you mean 'PGD'"),
    ({'type': 'mmrobust.PGDD'}, "unknown attack 'PGDD': did you mean 'PGD'"),
    ({'type': 'mi-fgsm'}, "did you mean 'MIFGSM'"),
    ({'type': 'Qqqqqq'}, "unknown attack 'Qqqqqq': known: .*FGSM, .*PGD"),
    ({'type': 'elsewhere.PGD'}, "unknown attack 'elsewhere.PGD'"),
    ({'type': 'mmaction.PGD'}, "unknown attack 'mmaction.PGD'"),
    ({'steps': 3}, 'the attack config needs a type'),
    ('PGD', "attack must be a config dict with a type, got 'PGD'"),
    ({'type': 'PGD', 'eps': 3}, "PGD has no option 'eps': did you mean 'threat.eps'"),
    ({'type': 'PGD', 'loss': 'margin'}, "PGD has no option 'loss': did you mean 'goal.loss'"),
    ({'type': 'PGD', 'stpes': 3}, "PGD has no option 'stpes': did you mean 'steps'"),
    ({'type': 'PGD', 'decay': 1.0}, "PGD has no option 'decay'"),
    ({'type': 'PGD', 'threat': 'L2'}, "threat must be a threat or its config, got 'L2'"),
    ({'type': 'PGD', 'threat': {'type': 'L3'}}, "unknown threat 'L3': did you mean 'L2'"),
    ({'type': 'PGD', 'threat': {'epsilon': 3}}, "Linf has no option 'epsilon': did you mean 'eps'"),
    ({'type': 'PGD', 'threat': {'eps': '8/255'}}, "eps must be a finite number.* got '8/255'"),
    ({'type': 'PGD', 'goal': {'type': 'TargetClas'}}, "'TargetClas': did you mean 'TargetClass'"),
    ({'type': 'PGD', 'goal': {'target': 3}}, "Misclassify has no option 'target'"),
    ({'type': 'PGD', 'goal': {'type': 'PGD'}}, "unknown goal 'PGD'"),
    ({'type': 'PGD', 'goal': {'type': ''}}, "unknown goal '': known: .*Misclassify"),
    ({'type': 'PGD', 'goal': {'type': '.'}}, r"unknown goal '\.': known: "),
    ({'type': 'PGD', 'steps': '10'}, "steps must be a whole number >= 1, got '10'"),
    ({'type': 'PGD', 'steps': None}, 'steps must be a whole number >= 1, got None'),
]


@pytest.mark.parametrize(('config', 'message'), BAD)
def test_mistakes_are_named(config, message):
    with pytest.raises(ValueError, match=message):
        ATTACKS.build(config)


@pytest.fixture
def mmaction_scope():
    """The default scope of an MMAction2 config."""
    with DefaultScope.overwrite_default_scope('mmaction'):
        yield


def test_no_warning_in_another_packages_scope(mmaction_scope, caplog, recwarn, capsys):
    logger = MMLogger.get_current_instance()
    logger.addHandler(caplog.handler)
    try:
        for name in ('PGD', 'mmrobust.PGD'):
            ATTACKS.build({'type': name, 'threat': {'type': 'L2'}, 'goal': {'type': 'LeastLikely'}})
        GOALS.build({'type': 'Misclassify'})
        THREATS.build({'type': 'mmrobust.Linf', 'eps': 3})
    finally:
        logger.removeHandler(caplog.handler)
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []
    assert [str(warning.message) for warning in recwarn] == []
    captured = capsys.readouterr()
    assert captured.out + captured.err == ''


def test_nouns_are_known_by_their_annotations_whatever_they_are_called(monkeypatch):
    class Polished(PGD):
        def __init__(self, first: Attack | None = None, second: Threat | None = None, **_: Any):
            super().__init__()
            self.first, self.second = first, second

    monkeypatch.setitem(ATTACKS.module_dict, 'Polished', Polished)
    options = {'first': {'type': 'MIFGSM', 'threat': {'eps': 2}}, 'second': {'eps': 3}}
    built = ATTACKS.build({'type': 'Polished', **options})
    assert type(built.first) is MIFGSM
    assert (built.first.threat, built.second) == (Linf(2), Linf(3))


def test_names_that_type_checkers_alone_import_leave_the_other_annotations():
    class Foreign:
        def __init__(
            self,
            first: 'Unknown' = None,  # noqa: F821
            threat: 'Unknown' = None,  # noqa: F821
            second: 'Goal | None' = None,
        ) -> None:
            self.first, self.threat, self.second = first, threat, second

    assert nouns_of(Foreign) == {'threat': (THREATS, 'Linf'), 'second': (GOALS, 'Misclassify')}
    assert set(nouns_of(PGD)) == {'threat', 'goal'}
    assert set(nouns_of(FrameMask)) == {'threat'}


def test_threat_and_goal_are_nouns_without_annotations(monkeypatch):
    class Bare(PGD):
        def __init__(self, threat=None, goal=None, *, steps: 'how many' = 5):  # noqa: F722
            super().__init__(threat, goal, steps=steps)

    monkeypatch.setitem(ATTACKS.module_dict, 'Bare', Bare)
    built = ATTACKS.build({'type': 'Bare', 'threat': {'type': 'L2'}, 'goal': {'loss': 'margin'}})
    assert (built.threat, built.goal) == (L2(), Misclassify(loss='margin'))
    assert ATTACKS.build({'type': 'Bare', 'threat': {'eps': 3}}).threat == Linf(3)
    with pytest.raises(ValueError, match=r"Bare has no option 'eps': did you mean 'threat.eps'\?"):
        ATTACKS.build({'type': 'Bare', 'eps': 3})
    with pytest.raises(ValueError, match=r"Linf has no option 'epz': did you mean 'eps'\?"):
        ATTACKS.build({'type': 'Bare', 'threat': {'epz': 3}})


def test_a_constructor_that_hands_options_on_gets_them():
    class Handing(PGD):
        def __init__(self, boost=1, **kw):
            super().__init__(**kw)
            self.boost = boost

    found = ATTACKS.build({'type': Handing, 'boost': 2, 'steps': 3, 'goal': {'loss': 'margin'}})
    assert (found.boost, found.steps, found.goal.loss) == (2, 3, 'margin')
