"""The curve of success against queries."""

from mmrobust.visualization import summary
from mmrobust.visualization.query_figure import query_curve

CARD = {
    'query': {
        'budget': 3000,
        'curve': [(0, 0.0), (20, 0.25), (400, 0.5)],
        'mean_success': 210,
        'outside_share': 0.05,
    }
}


def test_the_figure_shows_readable_numbers():
    plot = query_curve(CARD)
    svg = str(plot.svg)
    assert plot.title == 'Success against queries'
    assert '3,000' in plot.note
    assert 'mathdefault' not in svg
    for text in ('queries', 'fooled', '>100<', '100%'):
        assert text in svg, text


def test_nothing_to_draw():
    for found in (None, {}, {'budget': 5, 'curve': [(0, 0.0)]}, {'budget': None, 'curve': []}):
        assert query_curve({'query': found}) is None


def test_the_numbers_have_names():
    found = dict(summary.queries(CARD))
    assert found['query budget'] == '3000'
    assert found['mean of successes'] == '210'
    assert found['time outside the victim'] == '5.0 %'
    assert found['median of successes'] == '\N{EN DASH}'
    assert summary.queries({}) == []
