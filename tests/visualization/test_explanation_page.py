"""What the page of an explained model says in words."""

import io

import pytest
from rich.console import Console

from mmrobust.evaluation.explanations import explained, gains
from mmrobust.visualization.explanations import (
    baseline_remark,
    print_explanations,
    verdict,
    write_explanations,
)

RANDOM = {'deletion': 0.425, 'insertion': 0.416}
# Better than chance in insertion alone, and on average; in both; in neither.
ONE_SIDED = {'deletion': 0.629, 'insertion': 0.829}
BOTH = {'deletion': 0.391, 'insertion': 0.558}
NEITHER = {'deletion': 0.5, 'insertion': 0.3}


def version(areas, baseline=0.02, share=0.9, chance=0.1, random=RANDOM):
    """One version of a sample, of methods with those areas."""
    curves = {'deletion': [share, baseline], 'insertion': [baseline, share]}
    methods = {
        name: {**curves, **gains(one, random), 'areas': one, 'empty': False}
        for name, one in areas.items()
    }
    line = {'target': 'wave', 'share': share, 'chance': chance, 'baseline': baseline}
    return {**line, 'random': {**curves, 'areas': random}, 'methods': methods}


def report(*samples):
    lines = [{'index': n, 'name': f'v{n}', **sides} for n, sides in enumerate(samples)]
    names = lines[0]['clean']['methods']
    return {
        **{'config': 'toy.py', 'checkpoint': 'toy.pth', 'space': 'video', 'target': 'true'},
        **{'seed': 0, 'noun': 'video', 'versions': {}, 'failures': []},
        'methods': {name: {'type': name} for name in names},
        'explained': explained(lines),
        'samples': lines,
    }


def test_a_map_that_is_worse_than_chance_on_one_side_is_not_truest():
    said = verdict(report({'clean': version({'cam': ONE_SIDED, 'gradient': BOTH})}))
    assert said == (
        'gradient is truest: with its blocks taken away first, the mean score is 39.1 % '
        '(at random 42.5 %, lower is better); put in first, 55.8 % (at random 41.6 %, higher is '
        'better). 1 sample, no interval.'
    )


@pytest.mark.parametrize(
    ('areas', 'words'),
    [
        (
            {'a': NEITHER, 'cam': ONE_SIDED},
            ' in both deletion and insertion; cam does in insertion',
        ),
        # The other way round; and as good as chance is not better.
        (
            {'b': {'deletion': 0.1, 'insertion': RANDOM['insertion']}},
            ' in both deletion and insertion; b does in deletion',
        ),
        ({'a': NEITHER}, ', not even a'),
        (
            {'a': {'deletion': 0.43, 'insertion': 0.41}, 'b': {'deletion': 0.42, 'insertion': 0}},
            ' in both deletion and insertion; a does in neither',
        ),
    ],
)
def test_where_no_map_beats_chance_both_ways_that_is_said(areas, words):
    said = verdict(report({'clean': version(areas)}))
    assert said.startswith(f'No map beats chance{words}: with its blocks taken away first')


def test_a_gain_whose_interval_reaches_zero_is_none():
    unsure = [0.9, -0.5, 0.8, -0.4, 0.9, -0.6]
    samples = []
    for gain in unsure:
        wide = {'deletion': 0.4 - gain, 'insertion': 0.9}
        samples.append({'clean': version({'wide': wide, 'sure': BOTH})})
    found = report(*samples)
    assert found['explained']['clean']['wide']['deletion_gain'] > 0
    said = verdict(found)
    assert said.startswith('sure is truest')
    assert 'no interval' not in said
    assert verdict(report(*samples[:5])).endswith(' 5 samples, no interval.')


@pytest.mark.parametrize(
    ('baseline', 'share', 'chance', 'telling'),
    [
        (0.11, 0.99, 0.2, True),
        (0.09, 0.99, 0.2, False),
        # Above chance alone.
        (0.05, 0.99, 0.04, True),
        # No guess is right about a joint by chance.
        (0.09, 0.8, None, True),
        (0.07, 0.8, None, False),
    ],
)
def test_a_mean_colour_that_is_an_answer_is_named(baseline, share, chance, telling):
    quiet = {'clean': version({'a': BOTH}, 0.01)}
    loud = {'clean': version({'a': BOTH}, baseline, share, chance)}
    said = baseline_remark(report(quiet, loud))
    assert bool(said) == telling
    assert not telling or 'in 1 of 2 versions: the most is ' in said


def test_the_highest_mean_colour_is_on_the_page_and_in_the_terminal(tmp_path):
    sample = {
        'clean': version({'a': BOTH}, 0.3),
        'adversarial': version({'a': BOTH}, 0.759, 0.8),
    }
    found = report(sample)
    words = (
        'alone is an answer to the model in 2 of 2 versions: the most is 75.9 % of wave '
        '(adversarial; the whole sample 80.0 %, by chance 10.0 %). Occlusion'
    )
    write_explanations(tmp_path / 'explain.html', found, {})
    page = (tmp_path / 'explain.html').read_text().replace('\N{NO-BREAK SPACE}', ' ')
    assert words in page
    # The tile's mean does not hide either gain.
    assert 'mean of both gains, clean: deletion 3.4, insertion 14.2' in page
    console = Console(file=io.StringIO(), width=100)
    print_explanations(found, console)
    assert words in console.file.getvalue()
    quiet = report({'clean': version({'a': BOTH})})
    write_explanations(tmp_path / 'explain.html', quiet, {})
    assert 'mean colour' not in (tmp_path / 'explain.html').read_text()
