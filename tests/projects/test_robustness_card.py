"""The cards' study runs from nothing to its claims, and does nothing twice."""

import json

import pytest

from mmrobust.cli.study import COMMANDS
from mmrobust.compat import heal
from mmrobust.studies.section import write_results
from mmrobust.studies.spec import read_study
from tests.conftest import ROOT

PROJECT = ROOT / 'projects' / 'robustness_card'


def studied(folder, **overrides):
    return read_study(PROJECT / 'study.py', folder, overrides=overrides, quick=True)


@pytest.fixture
def untrained(tmp_path):
    """Weights that have learned nothing, by place among the victims; training has other tests."""
    import torch
    from mmengine.config import Config
    from mmengine.registry import init_default_scope

    heal()
    init_default_scope('mmaction')
    from mmaction.registry import MODELS

    tsn = ROOT / 'configs' / 'demo' / 'tsn-tiny-r18_1x1x8_synthetic-rgb.py'
    cues = [PROJECT / 'configs' / f'cue_{name}.py' for name in ('fair', 'shortcut')]
    paths = {}
    for place, config in zip((1, 3, 4), (tsn, *cues), strict=True):
        torch.manual_seed(0)
        model = MODELS.build(Config.fromfile(config).model)
        paths[place] = tmp_path / f'untrained{place}.pth'
        torch.save({'state_dict': model.state_dict(), 'meta': {}}, paths[place])
    return paths


@pytest.mark.slow
def test_quick_study_reaches_its_claims(tmp_path, untrained):
    folder = tmp_path / 'quick'
    given = {f'quick.victims.{place}.weights': str(path) for place, path in untrained.items()}
    given |= {'quick.samples': 1, 'quick.victims.3.samples': 1, 'quick.victims.4.samples': 1}
    study = studied(folder, **given)
    study.check()
    jobs = [job for victim in study.victims for job in study.jobs(victim)]
    for job in jobs:
        job.run(folder, COMMANDS)
    text = write_results(folder, study.frame, list(study.sections()), len(study.victims))
    rows = [line.split('|')[1].strip() for line in text.splitlines() if line[:2] == '| ']
    assert set(rows) >= {'gaussian_noise', 'flicker', 'reversal', 'few_frames', 'mask', 'pixelate'}
    assert set(rows) >= {'background_only', 'action_swap: as the scenery'}
    claims = [line for line in text.splitlines() if line.endswith(('held |', 'undecided |'))]
    assert len(claims) == 21
    # One video decides at most what is counted.
    assert all(line.endswith(' undecided |') for line in claims[2:])
    assert 'i3d: walk_left and walk_right change places' in text
    assert (folder / 'results.html').stat().st_size > 10_000
    assert (folder / 'pose' / 'card' / 'card.html').exists()

    # Done, until the kind of the project's own changes.
    assert all(job.finished(folder) for job in jobs)
    plan = folder / 'i3d' / 'card' / 'plan.json'
    found = json.loads(plan.read_text())
    own = str(PROJECT / 'few_frames.py')
    assert own in found['used']
    found['used'][own] = 'another'
    plan.write_text(json.dumps(found))
    assert [job.finished(folder) for job in jobs] == [False, True, True, True, True]


@pytest.mark.parametrize(
    ('key', 'value', 'said'),
    [
        (
            'rival',
            'absent',
            r"rival of victim tsn must be one of \['i3d', 'tsn', 'pose', 'cue_fair', 'cue",
        ),
        ('plain', 'absent', 'plain of victim tsn must be one of'),
        ('fair', 'absent', 'fair of victim tsn must be one of'),
        ('sees', 'nothing', 'sees of victim tsn must be one of'),
    ],
)
def test_refused_victims(key, value, said, tmp_path):
    study = studied(tmp_path, **{f'quick.victims.1.{key}': value})
    with pytest.raises(ValueError, match=said):
        study.check()
