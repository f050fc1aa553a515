"""What the user has typed of a study comes first, or is refused."""

import pytest

from mmrobust.cli.study import run
from mmrobust.studies.spec import read_study


@pytest.mark.parametrize(
    ('typed', 'eps'),
    [
        ({}, [1]),
        ({'study.eps': [3]}, [3]),
        ({'quick.eps': [4]}, [4]),
        ({'quick.eps': [4], 'study.title': 'x'}, [4]),
        ({'study': {'eps': [3]}}, [3]),
    ],
)
def test_what_was_typed_comes_before_the_options_of_a_quick_run(typed, eps, spec, tmp_path):
    study = read_study(spec, tmp_path, overrides=typed, quick=True)
    assert (study.eps, study.remark) == (eps, 'Quick.')


@pytest.mark.parametrize(
    ('typed', 'message'),
    [
        ('study.eps=x', r"SPEC .*study.py: study.eps must be a list, got 'x'"),
        ('study.title=[1]', r'study.title must be text, got \[1\]'),
        ('study.victims.0.name=[1]', r'study.victims.0.name must be text, got \[1\]'),
        ('study.victims.7.name=x', 'study.victims.7.name must be a place in the spec'),
        ('study.victims.0=x', 'study.victims.0 must be a place in the spec'),
        ('study.eps.0=x', 'study.eps.0 must be a place in the spec'),
        ('study.sources.mine.outputs=x', 'study.sources.mine.outputs must be a dict of lists'),
        ('study.sources.mine=x', "study.sources.mine must be a dict of options, got 'x'"),
        ('study.type=1', 'study must be a dict with `type`'),
        ('study=1', '--cfg-options study must be a dict of options, got 1'),
        ('quick.eps=[1]', r'--cfg-options quick.eps must be given with --quick, got \[1\]'),
        ('eps=[1]', "--cfg-options: no key 'eps': known: quick, study"),
    ],
)
def test_an_override_that_cannot_be_meant_is_named(typed, message, spec, tmp_path):
    with pytest.raises(ValueError, match=message) as caught:
        run([str(spec), '--work-dir', str(tmp_path / 'out'), '--cfg-options', typed])
    assert '\n' not in str(caught.value)
    assert not (tmp_path / 'out').exists()


def test_a_quick_run_of_a_spec_without_one_is_refused(spec, tmp_path):
    spec.write_text(spec.read_text().split('quick =')[0])
    with pytest.raises(ValueError, match='--quick must be used with a spec that has `quick`'):
        read_study(spec, tmp_path, overrides={}, quick=True)
    assert read_study(spec, tmp_path, overrides={}).eps == [1, 2]
