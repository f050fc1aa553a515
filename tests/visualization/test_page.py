"""The HTML report: complete, safe, offline, and never in the way of a run."""

import base64
import hashlib
import io
import math
import re
from html.parser import HTMLParser

import av
import numpy as np
import pytest
from matplotlib.figure import Figure

from mmrobust.visualization import summary
from mmrobust.visualization.class_figures import confusion
from mmrobust.visualization.figures import plots
from mmrobust.visualization.page import Preview, render, write_page
from mmrobust.visualization.samples import samples_table
from mmrobust.visualization.video import preview_bytes
from tests.conftest import ROOT

pytestmark = pytest.mark.sampled(3)

EVIL = '<script>alert("x")</script>\'"><img src=http://evil.example/x onerror=alert(1)>&amp;$x_2$'
VOID = {'meta', 'link', 'img', 'br', 'path', 'use', 'rect', 'circle'}


def make_rows(n=12, **fields):
    return [
        {
            'index': i,
            'name': f'video_{i:03}',
            'label': i % 3,
            'clean_prediction': i % 3,
            'adversarial_prediction': (i + 1) % 3,
            'clean_correct': True,
            'attacked': i != 5,
            'success': i not in (5, 7),
            'linf': 4.0,
            'l2': 300.0 + i,
            'frames': 8,
            'forwards': 3 + i,
            'backwards': 3 + i,
            'queries': 0,
            'seconds': 0.5,
            'flags': ['zero_gradient'] if i == 2 else [],
            'clean_confidence': 0.9,
            'adversarial_confidence': 0.1,
            'error': None,
        }
        | fields
        for i in range(n)
    ]


def make_card(**fields):
    return {
        'schema': 1,
        'n': 64,
        'evaluated': 64,
        'failed': 0,
        'config': 'configs/demo/tsn_r18.py',
        'checkpoint': 'demo.pth',
        'checkpoint_sha256': 'a' * 64,
        'attack': {
            'type': 'PGD',
            'steps': 10,
            'threat': {'type': 'Linf', 'eps': 4.0},
            'goal': {'type': 'Misclassify', 'loss': 'cross_entropy', 'reference': 'label'},
        },
        'space': 'video',
        'seed': 0,
        'versions': {'torch': '2.13.0'},
        'clean': {'acc/top1': 0.9375, 'acc/top5': 1.0},
        'adversarial': {'acc/top1': 0.0625, 'acc/top5': 0.5},
        'robust': {'acc under noise': 0.921},
        'success_rate': 0.9375,
        'success_interval': [0.85, 0.975],
        'attacked': 60,
        'cost': {'forwards': 6.4, 'backwards': 5.9, 'queries': 0},
        'perturbation': {'linf': 4.0, 'l2': 803.1, 'frames': 16.0},
        'wall_time': 251.0,
        'attack_time': 48.2,
        'flags': {'zero_gradient': 1},
        'failures': [],
    } | fields


class Elements(HTMLParser):
    """Collects tags with attributes, and text; checks that tags nest."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.open, self.text, self.scripts = [], [], [], []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        kind = self.open[-1] if self.open else ''
        {'script': self.scripts, 'style': []}.get(kind, self.text).append(data)

    def attributes(self, name):
        return [found[name] for _, found in self.tags if name in found]


def parse(*arguments):
    page = render(*arguments)
    return page, Elements(page)


def test_verdict_and_numbers_are_on_the_page(tmp_path):
    write_page(tmp_path / 'new' / 'report.html', make_card(), make_rows(), [])
    page = (tmp_path / 'new' / 'report.html').read_text()
    text = ' '.join(' '.join(Elements(page).text).split()).replace('\xa0', ' ')
    sentence = (
        'PGD (l_inf, eps 4) fools 93.8 % of the 60 videos that the model had right; '
        'accuracy falls from 93.8 % to 6.2 %.'
    )
    assert sentence in text
    for words in (
        'tsn_r18 under PGD',
        'Wilson 95 %: 85.0–97.5 %',
        'acc/top5 100.0 % 50.0 % 50.0 pp',
        'acc under noise 92.1 %',
        'l_2 803.1 311',
        'forwards per sample 6.4',
        'whole run 4 min 11 s',
        'threat.eps 4.0',
        'goal.loss cross_entropy',
        'torch 2.13.0',
        'The gradient was exactly zero',
        'a' * 64,
        'video_007 1 1 2 resisted',
        'video_005 2 2 0 not attacked',
        '3 of 4',
    ):
        assert words in text, words
    assert page.count('<svg') == 4
    assert [p.name for p in (tmp_path / 'new').iterdir()] == ['report.html']


def test_sizes_are_said_to_be_of_the_first_success_where_there_was_one():
    words = 'Taken at the first success'
    early = {'attack': make_card()['attack'] | {'early_stop': True}}
    page = render(make_card(**early, success_rate=0.5), make_rows(), [])
    # In the note: a word in a column of numbers would stand outside of it.
    assert f'over the attacked samples. {words}' in page
    assert '>taken at<' not in page
    assert words not in render(make_card(**early, success_rate=0.0), make_rows(), [])
    assert words not in render(make_card(success_rate=0.5), make_rows(), [])
    # As a run writes it: the key is there for every attack.
    assert words not in render(make_card(success_rate=0.5, query=None), make_rows(), [])


def test_nothing_is_asked_from_anywhere():
    previews = [Preview('a', preview_bytes(np.zeros((2, 8, 8, 3), np.uint8), 5))]
    page, elements = parse(make_card(), make_rows(), previews)
    sources = [
        value
        for name in ('src', 'href', 'xlink:href', 'srcset', 'action', 'data', 'poster')
        for value in elements.attributes(name)
    ]
    assert sources
    assert all(value.startswith(('#', 'data:')) for value in sources)
    assert all(url.startswith('#') for url in re.findall(r'url\(["\']?([^)]*)', page))
    assert '@import' not in page
    known = {'http://www.w3.org/2000/svg', 'http://www.w3.org/1999/xlink'}
    assert set(re.findall(r'https?://[^"\s]*', page)) <= known
    assert {t for t, _ in elements.tags} & {'iframe', 'object', 'embed', 'base', 'form'} == set()


def test_hostile_text_stays_text():
    card = make_card(
        config=EVIL,
        checkpoint=EVIL,
        attack={'type': EVIL, EVIL: EVIL, 'threat': {'type': EVIL, 'eps': EVIL}, 'goal': None},
        versions={EVIL: EVIL},
        clean={EVIL: 0.5, 'acc/' + EVIL: 0.5},
        adversarial={EVIL: 0.1, 'acc/' + EVIL: 0.1},
        robust={EVIL: EVIL},
        flags={EVIL: 3},
        failed=1,
        failures=[{'index': 3, 'name': EVIL, 'error': EVIL}],
        classes=[EVIL, EVIL + '2', '</svg></style>\x00\x1b柔'],
        space=EVIL,
        seed=EVIL,
    )
    rows = make_rows(name=EVIL, flags=[EVIL], error=None)
    rows.append(rows[0] | {'error': EVIL, 'label': EVIL, 'clean_prediction': EVIL})
    _, elements = parse(card, rows, [Preview(EVIL, b'', EVIL)])
    assert len(elements.scripts) == 1
    assert not [tag for tag, _ in elements.tags if tag == 'img']
    assert not [name for _, found in elements.tags for name in found if name.startswith('on')]
    assert EVIL in elements.text


def test_policy_allows_the_own_script_alone():
    _, elements = parse(make_card(), make_rows(), [])
    digest = hashlib.sha256(''.join(elements.scripts).encode()).digest()
    policy = next(found['content'] for _, found in elements.tags if 'http-equiv' in found)
    assert f"script-src 'sha256-{base64.b64encode(digest).decode()}';" in policy
    assert "default-src 'none'" in policy


def test_videos_play():
    frames = np.random.default_rng(0).integers(0, 256, (6, 33, 17, 3), dtype=np.uint8)
    _, elements = parse(make_card(), [], [Preview('a', preview_bytes(frames, 12), 'b')] * 2)
    videos = [found for tag, found in elements.tags if tag == 'video']
    assert len(videos) == 2
    assert {'loop', 'muted', 'controls', 'playsinline', 'autoplay'} <= set(videos[0])
    kind, data = videos[0]['src'].split(',')
    assert kind == 'data:video/mp4;base64'
    with av.open(io.BytesIO(base64.b64decode(data))) as container:
        assert len(list(container.decode(video=0))) == 6


@pytest.mark.parametrize('nothing', [None, math.nan])
def test_any_value_may_be_unknown(nothing):
    card = dict.fromkeys(make_card(), nothing)
    if nothing is not None:
        card |= {k: {} for k in ('attack', 'versions', 'clean', 'adversarial', 'robust', 'cost')}
        card |= {'perturbation': {}, 'flags': {}, 'failures': [], 'success_interval': [nothing] * 2}
    row = dict.fromkeys(make_rows()[0], nothing) | {'flags': None}
    for rows in ([], [row], [row | {'attacked': True, 'success': True}] * 3):
        page, elements = parse(card, rows, [])
        assert 'No sample was evaluated.' in page
        assert not re.search(r'\b(nan|None)\b', ' '.join(elements.text))
    parse({}, [{}], [])


@pytest.mark.parametrize('key', list(make_card()))
def test_any_entry_of_the_card_may_be_unknown(key):
    parse(make_card(**{key: None}), [], [])
    if isinstance(make_card()[key], dict):
        _, elements = parse(make_card(**{key: dict.fromkeys(make_card()[key])}), [], [])
        assert 'None' not in elements.text
        assert '–' in elements.text


@pytest.mark.parametrize('key', list(make_rows()[0]))
def test_any_field_of_a_sample_may_be_unknown(key):
    for nothing in (None, math.nan):
        rows = make_rows(**{key: None if key == 'flags' else nothing})
        samples_table(rows, [])
    if key in ('label', 'linf', 'clean_confidence'):
        plots({}, rows)


def test_a_narrow_page_neither_cuts_failures_nor_shrinks_letters():
    failures = [{'index': 3, 'name': 'a.mp4', 'error': 'no frames'}]
    preview = Preview('one', b'', 'two', '.png')
    page = render(make_card(failed=1, failures=failures), make_rows(), [preview])
    assert '<div class="scroll failures">' in page
    assert re.search(r'<div class="wide">\s*<img', page)
    narrow = page.split('(max-width: 560px)')[1]
    assert '.failures .name, .failures .error { min-width: 0; }' in narrow
    assert '.wide > * { width: 800px; }' in narrow


def test_long_tables_are_cut_with_a_note():
    rows = make_rows(501, attacked=False)
    page, elements = parse(make_card(), rows, [])
    assert 'showing 500 of 501' in page
    assert [found.get('class') for _, found in elements.tags].count('not-attacked') == 500
    assert 'video_499' in page
    assert 'video_500' not in page
    assert 'showing' not in parse(make_card(), rows[:500], [])[0]


def test_ids_are_unique_and_references_resolve():
    page, elements = parse(make_card(), make_rows(), [])
    ids = elements.attributes('id')
    assert len(ids) == len(set(ids))
    used = {v[1:] for v in elements.attributes('href') if v.startswith('#')}
    used |= set(re.findall(r'url\(#([^)]*)\)', page))
    assert used <= set(ids)
    assert '#0102' not in page  # every stand-in colour became a variable


@pytest.mark.parametrize(
    ('change', 'sentence'),
    [
        ({'evaluated': 0}, 'No sample was evaluated.'),
        (
            {'attacked': 0, 'success_rate': None},
            'PGD (l_inf, eps 4) had nothing to attack: the model had none of the 64 videos right; '
            'accuracy falls from 93.8 % to 6.2 %.',
        ),
        (
            {'attacked': 0, 'success_rate': None, 'flags': {'no_visible_joint': 60}},
            'PGD (l_inf, eps 4) had nothing to attack: of 64 videos, 60 without a labelled joint, '
            'none of the others right; accuracy falls from 93.8 % to 6.2 %.',
        ),
        (
            {'attacked': 0, 'success_rate': None, 'flags': {'joint_missing': 64}},
            'PGD (l_inf, eps 4) had nothing to attack: of 64 videos, 64 with a joint missing; '
            'accuracy falls from 93.8 % to 6.2 %.',
        ),
        (
            {'flags': {'no_annotation': 3}},
            'PGD (l_inf, eps 4) fools 93.8 % of the 60 videos that the model had right or that '
            'have no annotation; accuracy falls from 93.8 % to 6.2 %.',
        ),
        (
            {'attacked': 1, 'success_rate': 1.0, 'adversarial': {'acc/top1': 0.9375}},
            'PGD (l_inf, eps 4) fools 100.0 % of the 1 video that the model had right; '
            'accuracy stays at 93.8 %.',
        ),
        (
            {'success_rate': None, 'space': None, 'clean': {}},
            'PGD (l_inf, eps 4) was run on 60 samples.',
        ),
        (
            {
                'attack': {'type': 'A', 'goal': {'type': 'LeastLikely'}},
                'clean': {'NME': 0.1},
                'adversarial': {'NME': 0.5},
                'space': 'image',
            },
            'A turns 93.8 % of the 60 images that the model had right into its target class; '
            'NME rises from 0.1 to 0.5.',
        ),
        (
            {
                'attack': {'type': 'A', 'goal': {'type': 'Misclassify', 'reference': 'prediction'}},
                'clean': None,
            },
            'A changes the prediction of 93.8 % of the 60 videos.',
        ),
        (
            {
                'attack': {
                    'type': 'A',
                    'goal': {'type': 'Other'},
                    'threat': {'type': 'FrameMask', 'threat': {'type': 'L2', 'eps': 300.0}},
                },
                'clean': None,
            },
            'A (l_2, eps 300, FrameMask) reaches its goal on 93.8 % of the 60 videos '
            'that the model had right.',
        ),
    ],
)
def test_verdicts(change, sentence):
    assert summary.verdict(make_card(**change)) == sentence


def test_interval_is_computed_where_the_card_has_none():
    low, high = summary.success_limits(make_card(success_interval=None, success_rate=0.95))
    assert (low, high) == pytest.approx((0.8630, 0.9829), abs=5e-5)
    assert summary.success_limits(make_card(success_interval=None, attacked=0)) is None


def test_long_labels_wrap_and_leave_room_for_the_values():
    style = (ROOT / 'mmrobust/visualization/templates/_style.css.j2').read_text()
    (rule,) = re.findall(r'^\.facts tbody th \{(.*)\}$', style, re.M)
    assert 'nowrap' not in rule
    (share,) = re.findall(r'width: (\d+)%', rule)
    assert 25 <= int(share) <= 50


@pytest.mark.parametrize(
    ('name', 'clean', 'adversarial', 'worse'),
    [
        ('NME', 0.1, 0.5, '0.4'),
        ('EPE', 5.0, 2.0, '−3'),
        ('retrieval/MdR', 1.0, 9.0, '8'),
        ('acc/top1', 0.9, 0.1, '80.0 pp'),
        ('AP', 0.1, 0.2, '−10.0 pp'),
        ('coco/AP (M)', 60.0, 20.0, '40'),
    ],
)
def test_what_an_attack_costs_is_above_0_for_scores_and_for_errors(name, clean, adversarial, worse):
    card = make_card(clean={name: clean}, adversarial={name: adversarial})
    assert [metric.worse for metric in summary.metrics(card)] == [worse]


BY_CLASS = [
    {
        'label': 0, 'evaluated': 9, 'right': 8, 'attacked': 8, 'fooled': 7,
        'becomes': {'1': 3, '4': 2, '0': 1, '3': 1, '2': 1},
    },
    {'label': 1, 'evaluated': 2, 'right': 0, 'attacked': 0, 'fooled': 0, 'becomes': {}},
]  # fmt: skip
NAMES = ['wave', 'run', 'jump', 'kick', 'spin']


def test_the_table_by_class_says_what_a_class_becomes_and_names_those_without_attack():
    page, elements = parse(make_card(by_class=BY_CLASS, classes=NAMES), make_rows(), [])
    text = ' '.join(' '.join(elements.text).split())
    assert 'wave 9 8 8 7 run 3, spin 2, kick 1, others 1' in text
    assert 'run 2 0 0 0 –' in text
    # Below the table's heading, and below the figure that lacks the class.
    assert text.count('Nothing was attacked of: run.') == 2
    assert 'By class' not in render(make_card(), make_rows(), [])


def test_the_matrix_has_a_row_per_attacked_class_and_a_column_per_class_it_becomes():
    card = make_card(by_class=BY_CLASS, classes=NAMES)
    figure = Figure()
    confusion(card).draw(figure)
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ['wave']
    across = [label.get_text() for label in axes.get_xticklabels()]
    assert across == NAMES
    cells = {across[round(t.get_position()[0])]: t.get_text() for t in axes.texts}
    assert cells == {'wave': '1', 'run': '3', 'jump': '1', 'kick': '1', 'spin': '2'}
    many = [BY_CLASS[0] | {'becomes': {str(n): 1 for n in range(20)}}]
    assert confusion(make_card(by_class=many)) is None
    assert confusion(make_card()) is None


def test_titles_are_names_inside_of_the_folder_of_all_samples():
    rows = [row | {'name': f'/data/videos/{row["name"]}.mp4'} for row in make_rows()]
    failures = [{'index': 3, 'name': '/data/videos/sub/broken.mp4', 'error': 'no frames'}]
    preview = Preview('/data/videos/video_000.mp4', b'', 'caption')
    card = make_card(failed=1, failures=failures)
    page, elements = parse(card, rows, [preview])
    assert 'video_000.mp4' in elements.text
    assert 'sub/broken.mp4' in elements.text
    assert page.count('/data/videos') == 1
    assert '/data/videos' in elements.text


def test_looks_are_shown_with_the_worst_and_frames_only_where_some_stayed():
    sizes = make_card()['perturbation'] | {'frames_total': 16.0, 'psnr': 35.5, 'ssim': 0.91}
    rows = make_rows(frames=16, frames_total=16, psnr=35.5, ssim=0.91)
    rows[0] |= {'psnr': 31.25, 'ssim': 0.875}
    _, elements = parse(make_card(perturbation=sizes), rows, [])
    text = ' '.join(' '.join(elements.text).split())
    assert 'PSNR, dB 35.5 31.25' in text
    assert 'SSIM 0.91 0.875' in text
    assert 'All frames change.' in text
    assert 'frames changed' not in text
    assert 'frames' not in [column.name for column in samples_table(rows, [])[0]]
    rows[0] |= {'frames': 3}
    text = ' '.join(parse(make_card(perturbation=sizes | {'frames': 14.0}), rows, [])[1].text)
    assert 'All frames change.' not in text
    assert 'frames changed' in text
    assert 'frames' in [column.name for column in samples_table(rows, [])[0]]
    # An earlier version's run has none of it.
    text = ' '.join(parse(make_card(), make_rows(), [])[1].text)
    assert 'PSNR' not in text
    assert 'SSIM' not in text


def test_wide_tables_take_the_room_of_the_window():
    style = (ROOT / 'mmrobust/visualization/templates/_style.css.j2').read_text()
    wide = style.split('@media (min-width: 1128px) {\n')[1].split('\n}\n')[0]
    assert 'width: max-content' in wide
    assert 'max-width: calc(100vw - 64px)' in wide
    # Headings of numbers wrap, numbers do not.
    assert '.scroll th.n, .scroll td.limited { white-space: normal; }' in style
    assert re.search(r'^\.n \{.*white-space: nowrap', style, re.M)


def test_what_coco_has_nothing_to_measure_for_is_no_number():
    sides = {'coco/AP (M)': -1.0, 'coco/AR (L)': -1.0, 'margin': -1.0}
    found = summary.metrics({'clean': sides, 'adversarial': sides | {'margin': -2.0}})
    shown = [(one.clean, one.adversarial, one.worse) for one in found]
    assert shown == [('–',) * 3, ('–',) * 3, ('−1', '−2', '1')]
    # Metrics may be no numbers, and are not asked whether they are -1.
    matrix = np.zeros((3, 3))
    (found,) = summary.metrics({'clean': {'matrix': matrix}, 'adversarial': {'matrix': matrix}})
    assert found.worse == '–'
