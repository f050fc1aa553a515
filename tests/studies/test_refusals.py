"""What a study refuses before anything is run."""

import sys
from pathlib import Path

import pytest

from mmrobust.studies.job import StudyJob
from mmrobust.studies.places import check_jobs
from mmrobust.studies.pool import carry_out
from mmrobust.studies.spec import read_study

# A study of attacks whose runs a test writes.
ATTACKS = """
from dataclasses import dataclass
from pathlib import Path
from mmrobust.studies.attack_study import AttackStudy, Run

@dataclass(kw_only=True)
class Tiny(AttackStudy):
    eps: list[float]

    def runs(self, victim):
        for eps in self.eps:
            yield Run(key=KEY, place=PLACE, attack={'type': 'PGD'}, samples=1, seconds=1)

    def sections(self):
        raise AssertionError('nothing is to be done')
"""


def study_of_attacks(spec, folder, key, place, **overrides):
    text = ATTACKS.replace('KEY', key).replace('PLACE', place)
    (spec.parent / 'tiny_code.py').write_text(text)
    return read_study(spec, folder, overrides=overrides)


def refused(study, message):
    """By the study as a whole, before anything is run."""
    with pytest.raises(ValueError, match=message):
        carry_out(study, {'attack': None}, 1)
    assert not [path for path in study.folder.rglob('*') if path.is_file()]


def test_two_runs_in_one_place_are_refused(spec, tmp_path):
    study = study_of_attacks(spec, tmp_path / 'out', "('pgd', eps)", "Path('.') / 'same'")
    refused(study, r"^the place of a run .* got 'one/same' for \('pgd', 1\) and \('pgd', 2\)$")


def test_two_runs_of_one_key_are_refused(spec, tmp_path):
    study = study_of_attacks(spec, tmp_path / 'out', "('pgd',)", "Path(f'eps{eps}')")
    refused(study, r"^the key of a run .* got \('pgd',\) for 'one/eps1' and 'one/eps2'$")


@pytest.mark.parametrize('place', ['a/b', './a//b', 'c/../a/b'])
def test_two_jobs_in_one_place_are_refused(place):
    jobs = [
        StudyJob(Path('a/b'), 'attack', ['x.py'], ['seed=1']),
        StudyJob(Path('a'), 'attack', ['x.py']),
        StudyJob(Path(place), 'sweep', ['y.py']),
    ]
    with pytest.raises(ValueError, match="got 'a/b' for 'attack x.py seed=1' and 'sweep y.py'$"):
        check_jobs(jobs)
    check_jobs(jobs[:2])


def test_two_victims_of_one_name_are_refused(spec, tmp_path):
    spec.write_text(spec.read_text().replace("name='two'", "name='one'"))
    with pytest.raises(ValueError, match=r"name of a victim .* 'one' for 'one.py' and 'two.py'"):
        read_study(spec, tmp_path, overrides={})


def test_a_study_without_any_run_is_refused(spec, tmp_path):
    study = read_study(spec, tmp_path / 'out', overrides={'study.eps': []})
    refused(study, r'^the runs of a study must be at least one, got \[\]$')
    sys.modules.pop('tiny_code')
    study = study_of_attacks(spec, tmp_path / 'two', 'eps', 'str(eps)', **{'study.eps': []})
    refused(study, r'^the runs on one must be at least one, got \[\]$')


def test_a_study_without_any_victim_is_refused(spec, tmp_path):
    with pytest.raises(ValueError, match=r'^study.victims must be at least one victim, got \[\]$'):
        read_study(spec, tmp_path, overrides={'study.victims': []})
    spec.write_text(spec.read_text().replace("weights='one.pth'", "source='mine'"))
    with pytest.raises(ValueError, match=r'^--source must be NAME=FOLDER .* mine \(a file\), got'):
        read_study(spec, tmp_path, overrides={})
