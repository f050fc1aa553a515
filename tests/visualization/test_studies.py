"""Pages on several runs: a transfer matrix, and a sweep over budgets."""

import re
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure

from mmrobust.evaluation.sweep import point
from mmrobust.transfer.matrix import cells
from mmrobust.transfer.report import study, transfer_card, verdict
from mmrobust.transfer.spec import TransferSpec
from mmrobust.visualization import sweep
from mmrobust.visualization.study import numbers_columns, write_study
from mmrobust.visualization.sweep_figures import sweep_plots
from mmrobust.visualization.transfer_figures import heat_map, transfer_svg
from tests.evaluation.test_sweep import ROWS, row
from tests.transfer.specs import make_spec
from tests.transfer.test_matrix import SPEC, lines
from tests.visualization.test_page import EVIL, Elements

HOSTILE = '</svg><script>alert(1)</script>\x00$x_2$"\''


def hostile_card(success=True):
    """A run whose names of victims, attacks and videos are hostile."""
    spec = TransferSpec.from_config(
        make_spec(EVIL, {HOSTILE: EVIL, EVIL: EVIL}, attacks={EVIL: dict(type='FGSM')}, eps=[0, 2])
    )
    verdicts = dict(clean_correct=True, adversarial_correct=False, right=True, success=success)
    rows = [
        dict(
            sample=0,
            attack=job.attack,
            eps=job.eps,
            source=job.source,
            source_right=success,
            targets={name: verdicts for name in spec.targets},
            linf=2.0,
            frames=3,
            error=None,
            flags=[EVIL],
        )
        for job in spec.jobs
    ]
    rows.append(dict(sample=1, name=EVIL, error=EVIL, flags=[]))
    return transfer_card(rows, spec, EVIL, 1.0)


@pytest.mark.parametrize('success', [True, False])
def test_hostile_names_stay_text_on_the_transfer_page(tmp_path, success):
    card = hostile_card(success)
    write_study(tmp_path / 'page.html', study(card, EVIL))
    page = (tmp_path / 'page.html').read_text()
    elements = Elements(page)
    assert len(elements.scripts) == 1
    assert not [tag for tag, _ in elements.tags if tag == 'img']
    assert not [name for _, found in elements.tags for name in found if name.startswith('on')]
    ids = elements.attributes('id')
    assert len(ids) == len(set(ids))
    assert '#0102' not in page
    known = {'http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xlink'}
    shown = page.replace('http://evil.example', '')
    assert set(re.findall(r'https?://[^"\s]*', shown)) <= known


def test_the_figure_of_the_matrix_is_a_file_of_its_own():
    text = transfer_svg(cells(lines(), SPEC))
    root = ElementTree.fromstring(text)
    assert root.tag == '{http://www.w3.org/2000/svg}svg'
    assert float(root.get('width')) > 100
    style = root.find('{http://www.w3.org/2000/svg}style').text
    assert '--adversarial: #' in style
    assert 'prefers-color-scheme: dark' in style
    assert set(re.findall(r'var\((--\w+)\)', text)) <= set(re.findall(r'(--\w+):', style))
    rates = [cell['success_rate'] for cell in cells(lines(), SPEC)]
    for rate in rates:
        assert f'{100 * rate:.1f} %' in text
    assert '<script' not in transfer_svg(hostile_card()['cells'])


def test_a_cell_stands_in_the_row_of_its_source_and_the_column_of_its_target():
    panel = [c for c in cells(lines(), SPEC) if (c['attack'], c['eps']) == ('pgd', 8)]
    axes = Figure().subplots()
    heat_map(axes, panel)
    shown = [(t.get_position(), t.get_text()) for t in axes.texts if '%' in t.get_text()]
    across = [label.get_text() for label in axes.get_xticklabels()]
    down = [label.get_text() for label in axes.get_yticklabels()]
    assert (across, down) == (['a', 'b', 'c'], ['b', 'a'])
    found = {(down[round(y)], across[round(x)]): text for (x, y), text in shown}
    assert found == {(c['source'], c['target']): f'{100 * c["success_rate"]:.1f} %' for c in panel}
    framed = [box for box in axes.patches if box.get_linewidth() > 1]
    assert len(framed) == 2


def test_the_headline_speaks_of_the_largest_budget():
    found = cells(lines(), SPEC)
    largest = [c for c in found if c['eps'] == 8]
    white = [c['success_rate'] for c in largest if c['white_box']]
    moved = [c['success_rate'] for c in largest if not c['white_box']]
    assert verdict(found, 8) == (
        'At eps 8, clips fool the victim that they were crafted on in '
        f'{100 * min(white):.1f} % to {100 * max(white):.1f} % and another one in '
        f'{100 * min(moved):.1f} % to {100 * max(moved):.1f} % of cases.'
    )
    assert verdict(hostile_card(success=False)['cells'], 2).startswith('No sample')


def sweep_shared():
    keys = (*sweep.SHARED, 'versions', 'failures')
    attack = dict(type=EVIL, threat=dict(type='Linf'))
    return dict.fromkeys(keys, EVIL) | dict(
        attack=attack, surrogate=None, versions={EVIL: EVIL}, failures=[]
    )


def test_a_sweep_has_a_page_whatever_came_out(tmp_path):
    place = {'index': 0, 'name': EVIL}
    nothing = {0.0: [row(attacked=False) | place], 2.0: [row(error='broken') | place]}
    fallen = {0.0: [row(3, success=True) | place], 2.0: [row(4) | place]}
    usual = {1.0: ROWS, 2.0: ROWS, 4.0: ROWS}
    for rows, figures in ((nothing, 1), (fallen, 3), (usual, 3)):
        points = [point(eps, found) for eps, found in rows.items()]
        plots = sweep_plots(points, rows)
        assert len(plots) == figures
        write_study(tmp_path / 'page.html', sweep.study(sweep_shared(), points, rows))
        page = (tmp_path / 'page.html').read_text()
        elements = Elements(page)
        assert len(elements.scripts) == 1
        assert not re.search(r'\b(nan|None)\b', ' '.join(elements.text))
        assert '#0102' not in page
    assert 'Accuracy is 80.0 % on clean videos, 20.0 % at eps 1, 20.0 % at eps 4.' in page.replace(
        '\N{NO-BREAK SPACE}', ' '
    )


def test_intervals_stand_behind_their_rates():
    values = dict(eps=1.0, success_rate=0.75, success_rate_low=0.3, success_rate_high=0.95, n=4)
    columns, ((eps, rate, n),) = numbers_columns([values])
    assert [c.name for c in columns] == ['eps', 'success rate', 'n']
    assert (rate.text, rate.limits, rate.key) == ('75.0 %', '(30.0–95.0 %)', 0.75)
    assert (eps.text, n.text) == ('1', '4')


@pytest.mark.parametrize(
    ('value', 'low', 'high', 'text', 'limits'),
    [
        (812.5, 640.0, 985.0, '812.5', '(640 to 985)'),
        (-0.02, -0.05, 0.01, '\N{MINUS SIGN}0.02', '(\N{MINUS SIGN}0.05 to 0.01)'),
        (812.5, None, None, '812.5', ''),
        (None, 1.0, 2.0, '\N{EN DASH}', ''),
    ],
)
def test_limits_of_what_is_no_share_are_in_its_own_unit(value, low, high, text, limits):
    values = dict(queries=value, queries_low=low, queries_high=high)
    columns, ((found,),) = numbers_columns([values])
    assert [c.name for c in columns] == ['queries']
    assert (found.text, found.limits) == (text, limits)
