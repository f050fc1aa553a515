"""Scores over severity: the points and bands that are drawn are those of the card."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from mmrobust.functional.bootstrap import SHARE, bootstrap
from mmrobust.visualization.cues import cue_plots
from mmrobust.visualization.severity_curves import NOTE, severity_plots


def cell(score, low=None, high=None, kept=0.5):
    return {'score': score, 'score_low': low, 'score_high': high, 'kept': kept}


def kind(group, *cells):
    return {'group': group, 'cells': {str(2 * s + 1): one for s, one in enumerate(cells)}}


FOG = kind('weather', cell(0.8, 0.6, 0.9), cell(0.4, 0.2, 0.6))
CARD = {'severities': [1, 3], 'kinds': {'fog': FOG, 'shot_noise': kind('noise', *[cell(0.1)] * 2)}}
CLEAN = cell(0.9, 0.7, 0.97)


def drawn(plot):
    """Axes of a figure."""
    figure = Figure()
    plot.draw(figure)
    return figure.axes[0]


def band(axes):
    """Lower and upper end at each place of the only band."""
    (area,) = axes.collections
    points = area.get_paths()[0].vertices
    ends = {}
    for x, y in points:
        ends.setdefault(float(x), set()).add(round(float(y), 6))
    return {x: (min(of), max(of)) for x, of in ends.items()}


def test_a_recognisers_curve_has_the_cells_and_their_intervals():
    weather, noise = severity_plots(CARD, CLEAN)
    axes = drawn(weather)
    (line,) = axes.lines
    assert line.get_xydata().tolist() == [[0, 0.9], [1, 0.8], [3, 0.4]]
    assert band(axes) == {0: (0.7, 0.97), 1: (0.6, 0.9), 3: (0.2, 0.6)}
    assert (weather.title, weather.note) == ('weather: fog', NOTE)
    # Of one whose cells have none there is no band.
    assert (noise.note, len(drawn(noise).collections)) == ('', 0)


def test_of_poses_the_lines_of_the_run_have_the_intervals():
    shares = np.linspace(0, 1, 8)
    # Two persons of one picture are one unit; what failed says nothing.
    rows = [
        {
            'unit': i // 2,
            'error': None,
            'cells': {name: {'pck': share} for name in ('clean', 'fog/1', 'fog/3')},
        }
        for i, share in enumerate(np.repeat(shares, 2))
    ] + [{'unit': 99, 'error': 'broken', 'cells': {}}]
    card = {'severities': [1, 3], 'kinds': {'fog': kind('weather', cell(0.5), cell(0.5))}}
    (plain,) = severity_plots(card, cell(0.5))
    assert not drawn(plain).collections
    (plot,) = severity_plots(card, cell(0.5), rows)
    expected = pytest.approx(bootstrap(shares, SHARE))
    assert [band(drawn(plot))[x] for x in (0, 1, 3)] == [expected] * 3


def test_what_nobody_has_annotated_starts_whole():
    (plot, _) = severity_plots(CARD, cell(None))
    axes = drawn(plot)
    assert axes.lines[0].get_xydata().tolist() == [[0, 1], [1, 0.5], [3, 0.5]]
    assert not axes.collections


def test_cues_are_bars_with_who_is_taken_in():
    swap = cell(0.2, 0.1, 0.3) | {f'background_error{end}': v for end, v in
        (('', 0.7), ('_low', 0.6), ('_high', 0.8))}  # fmt: skip
    alone = cell(0.4, 0.3, 0.5) | {'background_error': None}
    (plot,) = cue_plots({'cues': {'action_swap': swap, 'background_only': alone}}, CLEAN)
    axes = drawn(plot)
    names = [text.get_text() for text in axes.get_yticklabels()]
    lengths = [bar.get_width() for bar in axes.patches]
    assert dict(zip(names, lengths, strict=True)) == {
        'clean': 0.9,
        'action_swap': 0.2,
        'action_swap: as the scenery': 0.7,
        'background_only': 0.4,
    }
    limits = [line.get_xdata().tolist() for line in axes.lines]
    assert limits == [[0.7, 0.97], [0.1, 0.3], [0.6, 0.8], [0.3, 0.5]]
    assert cue_plots({}, CLEAN) == []
