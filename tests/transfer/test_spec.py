"""What a spec may say, and the line that refuses it otherwise."""

import pytest
from mmengine.config import Config

from mmrobust.transfer.report import taken_at
from mmrobust.transfer.spec import Job, TransferSpec
from tests.conftest import ROOT
from tests.transfer.specs import make_spec


def valid(**changes):
    return make_spec('model.py', {'rgb': 'rgb.pth', 'flow': 'flow.pth'}, **changes)


def without(key):
    found = valid()
    del found[key]
    return found


def test_all_victims_are_sources_and_targets_unless_named():
    spec = TransferSpec.from_config(valid(_note='own variable', default_scope='mmaction'))
    assert spec.sources == spec.targets == ('rgb', 'flow')
    assert (spec.success_on, spec.space, spec.batch_size, spec.seed) == ('source', 'video', None, 5)
    part = TransferSpec.from_config(valid(sources=['flow'], targets=['flow']))
    assert part.used == ['flow']


def test_jobs_name_a_target_only_where_it_decides():
    spec = TransferSpec.from_config(valid(eps=[8, 0.5], sources=['rgb']))
    assert spec.eps == (0.5, 8)
    assert spec.jobs == [
        Job('pgd', 0.5, 'rgb'),
        Job('pgd', 8, 'rgb'),
        Job('saliency', 0.5, 'rgb'),
        Job('saliency', 8, 'rgb'),
    ]
    spec = TransferSpec.from_config(valid(success_on='target', eps=[1], sources=['rgb']))
    assert [(job.source, job.target) for job in spec.jobs[:2]] == [('rgb', 'rgb'), ('rgb', 'flow')]


def test_every_attack_is_built_at_every_budget_also_under_a_mask():
    masked = dict(type='FGSM', threat=dict(type='FrameMask', frames=[0]))
    spec = TransferSpec.from_config(valid(attacks=dict(masked=masked, plain=dict(type='FGSM'))))
    built = spec.build_attacks()
    assert {key: attack.threat.eps for key, attack in built.items()} == {
        (name, eps): eps for name in ('masked', 'plain') for eps in (3, 8)
    }
    assert spec.attacks['masked'] == masked


STOPS = dict(
    pgd=dict(type='PGD'),
    own=dict(type='mmrobust.PGD', early_stop=True),
    mi=dict(type='MIFGSM'),
    fgsm=dict(type='FGSM', threat=dict(type='FrameMask', frames=[0])),
    saliency=dict(type='IterativeSaliency'),
)


def test_what_is_crafted_for_others_runs_all_its_steps_unless_asked_otherwise():
    spec = TransferSpec.from_config(valid(attacks=STOPS))
    built = spec.build_attacks()
    early = {name: getattr(built[name, 3], 'early_stop', None) for name in STOPS}
    assert early == dict(pgd=False, own=True, mi=False, fgsm=False, saliency=None)
    told = spec.describe_attacks()
    assert {name: options['stops'] for name, options in told.items()} == dict(
        pgd='last step',
        own='first success',
        mi='last step',
        fgsm='last step',
        saliency='first success',
    )
    assert told['pgd']['steps'] == 10
    assert told['pgd']['early_stop'] is False
    # Budgets are the spec's.
    assert 'eps' not in told['pgd']['threat']
    assert 'eps' not in told['fgsm']['threat']['threat']
    assert taken_at({'attacks': told}) == (
        'the last step (pgd, mi, fgsm), the first success (own, saliency)'
    )


def test_where_the_target_decides_an_attack_stops_as_it_does_alone():
    spec = TransferSpec.from_config(valid(attacks=STOPS, success_on='target'))
    built = spec.build_attacks()
    assert [built[name, 3].early_stop for name in ('pgd', 'own', 'mi')] == [True, True, False]


@pytest.mark.parametrize(
    ('values', 'message'),
    [
        (without('data'), "the spec must have 'data'"),
        (without('victims'), "the spec must have 'victims'"),
        (without('attacks'), "the spec must have 'attacks'"),
        (without('eps'), "the spec must have 'eps'"),
        (valid(victms={}), "the spec has no key 'victms': did you mean 'victims'?"),
        (valid(data=3), 'data must be a path or a dict, got 3'),
        (
            valid(attacks=dict(mine='pdg')),
            "attacks.mine: unknown attack 'pdg': did you mean 'PGD'?",
        ),
        (valid(victims={}), 'victims must be a dict NAME'),
        (valid(victims=dict(a=3)), 'victims.a must be a dict with config and checkpoint, got 3'),
        (valid(victims=dict(a=dict(config='c'))), "victims.a must have 'checkpoint'"),
        (
            valid(victims=dict(a=dict(config='c', checkpont='c'))),
            "victims.a has no key 'checkpont': did you mean 'checkpoint'?",
        ),
        (
            valid(victims=dict(a=dict(config='c', checkpoint=3))),
            'victims.a.checkpoint must be a path, got 3',
        ),
        (valid(sources=['rgp']), "sources: no victim 'rgp': did you mean 'rgb'?"),
        (valid(targets=['flwo']), "targets: no victim 'flwo': did you mean 'flow'?"),
        (valid(targets=[]), 'targets must be a list of at least one victim, got []'),
        (valid(sources=['rgb', 'rgb']), 'sources must be distinct names'),
        (valid(eps=[]), 'eps must be a list of at least one number >= 0, got []'),
        (valid(eps='4'), "eps must be a list of at least one number >= 0, got '4'"),
        (valid(eps=[1, -2]), 'eps must be finite numbers >= 0, got -2'),
        (valid(eps=['1']), "eps must be finite numbers >= 0, got '1'"),
        (valid(eps=[2, 2]), 'eps must be distinct numbers, got [2, 2]'),
        (valid(attacks=dict(a=dict(steps=3))), 'attacks.a must be a dict with a type'),
        (
            valid(attacks=dict(a=dict(type='PGD', threat=dict(eps=4)))),
            'attacks.a.threat.eps must be left out: eps of the spec lists the budgets, got 4',
        ),
        (
            valid(attacks=dict(a=dict(type='PGD', threat=dict(type='Lnif')))),
            "attacks.a: unknown threat 'Lnif': did you mean 'Linf'?",
        ),
        (valid(success_on='both'), "success_on must be source or target, got 'both'"),
        (valid(space='clip'), "space must be video or view or track, got 'clip'"),
        (valid(batch_size=0), 'batch_size must be a whole number >= 1, got 0'),
    ],
)
def test_wrong_specs_are_refused_by_name(values, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        TransferSpec.from_config(values)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ('attack', 'message'),
    [
        (dict(type='PDG'), "attacks.a: unknown attack 'PDG': did you mean 'PGD'?"),
        (dict(type='PGD', stesp=3), "attacks.a: PGD has no option 'stesp': did you mean 'steps'?"),
    ],
)
def test_wrong_attacks_are_refused_by_name(attack, message):
    spec = TransferSpec.from_config(valid(attacks=dict(a=attack)))
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        spec.build_attacks()
    assert message in str(caught.value)


def test_the_shipped_spec_holds_together():
    cfg = Config.fromfile(ROOT / 'configs' / 'transfer' / 'demo.py')
    spec = TransferSpec.from_config(cfg.to_dict())
    assert len(spec.build_attacks()) == len(spec.attacks) * len(spec.eps)
    for recipe in spec.victims.values():
        assert (ROOT / recipe.config).is_file()
        assert (ROOT / recipe.checkpoint).is_file()
