"""A study from its spec to its results: a tiny one, whose jobs write files."""

import json
import sys
from pathlib import Path

import pytest

from mmrobust.cli.study import folders, parser, run
from mmrobust.studies.job import StudyJob, Written
from mmrobust.studies.pool import carry_out, estimate
from mmrobust.studies.spec import read_study


def test_a_study_does_nothing_twice_and_says_what_it_found(spec, tmp_path, capsys):
    study = read_study(spec, tmp_path / 'out', overrides={})
    assert [victim.name for victim in study.victims] == ['one']
    commands = {'attack': sys.modules['tiny_code'].attack}
    text = carry_out(study, commands, 2)
    assert text.startswith('## one\n\n| claim |')
    assert '2 runs, 2 to do: at most about 1 minutes' in capsys.readouterr().out
    assert carry_out(study, commands, 2) == text == (study.folder / 'results.md').read_text()
    assert '2 runs, 0 to do' in capsys.readouterr().out
    assert (study.folder / 'one' / 'eps1' / 'calls').read_text() == 'x'
    numbers = json.loads((study.folder / 'results.json').read_text())['one']
    assert numbers['claims'][0]['verdict'] == 'held'
    assert [row['victim'] for row in numbers['rows']] == ['one', 'one']
    assert '1 victims, 2 attacks.' in (study.folder / 'results.html').read_text()


def test_a_quick_run_has_other_options_and_a_remark(spec, tmp_path):
    study = read_study(spec, tmp_path / 'out', overrides={'study.title': 'Other'}, quick=True)
    assert (study.eps, study.remark, study.title) == ([1], 'Quick.', 'Other')


def test_sources_are_cut_once_for_each_folder(spec, tmp_path):
    study = read_study(spec, tmp_path / 'out', overrides={}, given={'mine': tmp_path})
    assert [victim.name for victim in study.victims] == ['one', 'two']
    study.folder.mkdir()
    study.cut()
    study.cut()
    assert (study.data('mine') / 'made').read_text() == '--all;'
    study.given = {'mine': spec.parent}
    study.cut()
    assert (study.data('mine') / 'made').read_text() == '--all;--all;'


def test_a_job_is_decided_by_words_options_and_files(tmp_path):
    weights = tmp_path / 'weights.pth'
    weights.write_text('one')
    written = Written('attack.py', {'attack': {'eps': (1, 2)}})
    job = StudyJob(Path('a'), 'attack', ['config.py', weights, '--attack', written], ['x=1'])
    before = job.plan()
    assert json.loads(json.dumps(before)) == before
    weights.write_text('another')
    assert job.plan() != before


@pytest.mark.parametrize(
    ('old', 'new', 'message'),
    [
        ("title='Tiny'", "titel='Tiny'", "study.py: no option 'titel': did you mean 'title'"),
        ("title='Tiny',", '', r"study.py: .*missing 1 required.*'title'"),
        ('study = dict', 'other = dict', 'must be a config with `study`'),
        ("type='tiny_code.Tiny',", '', 'study must be a dict with `type`'),
        ('tiny_code.Tiny', 'tiny_code.Claim', 'a kind of Study'),
        ('tiny_code.Tiny', 'no_code.Tiny', 'MODULE.CLASS of a module beside it'),
        ("weights='one.pth'", "same_as='three'", r"same_as of victim one must be one of \['one', "),
        ("name='one', ", '', r"study.py: .*missing 1 required.*'name'"),
    ],
)
def test_a_spec_that_is_wrong_is_named(old, new, message, spec, tmp_path):
    spec.write_text(spec.read_text().replace(old, new))
    with pytest.raises(ValueError, match=message):
        read_study(spec, tmp_path, overrides={})


def test_a_source_that_the_spec_does_not_know_is_named(spec, tmp_path):
    with pytest.raises(ValueError, match=r"--source must be among mine \(a file\), got 'other'"):
        read_study(spec, tmp_path, overrides={}, given={'other': tmp_path})


def test_the_command_refuses_what_is_no_folder(spec, tmp_path):
    assert folders([f'mine={tmp_path}']) == {'mine': tmp_path}
    with pytest.raises(ValueError, match='--source must be NAME=FOLDER'):
        folders(['mine'])
    with pytest.raises(FileNotFoundError, match='--source mine: .*nowhere is not a folder'):
        folders([f'mine={tmp_path}/nowhere'])
    with pytest.raises(ValueError, match='--processes must be at least 1'):
        run([str(spec), '--processes', '0'])
    assert parser().parse_args([str(spec)]).processes == 2


def test_the_estimate_is_for_jobs_beside_each_other():
    jobs = [StudyJob(Path('a'), 'attack', [], seconds=600)] * 4
    assert estimate(jobs, 2) == 'at most about 20 minutes'
    assert estimate(jobs, 2, 0.5) == 'at most about 10 minutes'
