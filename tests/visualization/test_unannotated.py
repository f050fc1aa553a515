"""Reports of runs of which nothing is annotated."""

import io

from rich.console import Console

from mmrobust.evaluation.summary import summarize
from mmrobust.visualization import summary
from mmrobust.visualization.figures import plots
from mmrobust.visualization.page import render
from mmrobust.visualization.samples import samples_table
from mmrobust.visualization.terminal import print_table

ROW = {
    'label': None,
    'clean_correct': None,
    'adversarial_correct': None,
    'clean_confidence': None,
    'adversarial_confidence': None,
    'attacked': True,
    'success': True,
    'error': None,
    'linf': 4.0,
    'l2': 100.0,
    'mean_abs': 3.0,
    'rmse': 3.5,
    'frames': 8,
    'forwards': 4,
    'backwards': 3,
    'queries': 0,
    'seconds': 0.1,
    'measures': {},
    'flags': [],
}


def videos(*pairs):
    return [
        ROW
        | {'index': i, 'name': f'clip{i}.mp4', 'clean_prediction': a, 'adversarial_prediction': b}
        | {'success': a != b}
        for i, (a, b) in enumerate(pairs)
    ]


def persons(*moved):
    pose = {'clean_joints': [[1.0, 2.0]] * 4, 'adversarial_joints': [[1.0, 2.0]] * 4}
    nothing = {f'{side}_pck': None for side in ('clean', 'adversarial')}
    row = {key: value for key, value in ROW.items() if key != 'label'} | pose | nothing
    return [
        row
        | {'index': i, 'name': f'{i}.jpg', 'joints_moved': count, 'joints_vanished': 1}
        | {'displacement': 0.25, 'success': count > 1}
        for i, count in enumerate(moved)
    ]


def card(rows, space='video', goal='Misclassify', **fields):
    goal = {'type': goal, 'reference': 'prediction'}
    attack = {'type': 'PGD', 'threat': {'type': 'Linf', 'eps': 4.0}, 'goal': goal}
    parts = {'clean': {}, 'adversarial': {}, 'robust': {}, 'query': None}
    found = {'config': 'c.py', 'checkpoint': 'c.pth', 'space': space, 'attack': attack} | parts
    return found | {'classes': ['wave', 'bend', 'jump']} | summarize(rows) | fields


def printed(found):
    console = Console(file=io.StringIO(), width=100)
    print_table(found, console)
    return console.file.getvalue()


FORBIDDEN = (
    'no_annotation',
    'acc/',
    'PCK',
    'EPE',
    'accuracy',
    'true class',
    '>AP<',
    'labelled',
    'metric',
)


def test_unannotated_videos_are_reported_without_any_accuracy():
    rows = videos((0, 1), (1, 1), (2, 0), (0, 2), (1, 0))
    found = card(rows)
    assert summary.verdict(found) == (
        'PGD (l_inf, eps 4) changes the prediction of 80.0 % of the 5 videos.'
    )
    page, text = render(found, rows, []), printed(found)
    for word in FORBIDDEN:
        assert word not in page, word
        assert word not in text, word
    assert '3.6–62.4 %' in text
    assert page.count('No annotation') == text.count('No annotation') == 1
    assert 'Wilson 95 %: 3.6–62.4 %' in page
    columns, cells = samples_table(rows, found['classes'])
    assert [column.name for column in columns[:4]] == ['sample', 'clean', 'adversarial', 'result']
    assert [cell.text for cell in cells[0][:4]] == ['clip0.mp4', 'wave', 'bend', 'fooled']
    titles = [plot.title for plot in plots(found, rows)]
    assert titles == [
        'Fooled, by the class predicted when clean',
        'Which class it becomes',
        'Size of the perturbation',
    ]


def test_unannotated_poses_are_reported_by_what_moved():
    rows = persons(4, 2, 0)
    for row in rows:
        row['flags'] = ['no_annotation']
    found = card(rows, 'crop', 'CorruptPose')
    assert summary.verdict(found) == (
        'PGD (l_inf, eps 4) changes the prediction of 66.7 % of the 3 persons; '
        '50.0 % of the joints move by more than a fifth of the box.'
    )
    page, text = render(found, rows, []), printed(found)
    for word in FORBIDDEN:
        assert word not in page, word
        assert word not in text, word
    for line in ('2 of 4 (50.0 %)', '1 of 4', '25.0 % of the box'):
        assert line in page
        assert line in text


def test_unannotated_pictures_in_which_nobody_is_found():
    rows = [row | {'attacked': False, 'success': False} for row in persons(0, 0)]
    assert summary.verdict(card(rows, 'crop', 'CorruptPersons')) == (
        'PGD (l_inf, eps 4) had nothing to attack: the model predicts nothing on the 2 pictures.'
    )


def test_unannotated_metrics_that_were_left_out_and_files_are_named_once():
    rows = persons(4)
    source = {'folder': '/in', 'files': 3, 'other_files': ['a.txt', 'b.txt'], 'pictures': 9}
    source |= {'boxes': 'boxes.json', 'without_box': ['x.jpg'], 'cut_videos': {'v.mp4': [7, 9]}}
    found = card(rows, 'crop', 'CorruptPose', unscored=['PCKAccuracy', 'EPE'], input=source)
    for text in (render(found, rows, []), printed(found)):
        assert text.count('Not scored, for want of annotations: PCKAccuracy, EPE.') == 1
        for words in ('3 files in /in', '2 (a.txt, b.txt)', '1 (x.jpg)', 'boxes.json'):
            assert words in text
        assert 'v.mp4: 7 of 9 announced frames decode' in text


def test_unannotated_says_nothing_where_a_sample_is_annotated():
    rows = videos((0, 1), (1, 1))
    rows[0] |= {'label': 0, 'clean_correct': True, 'adversarial_correct': False}
    found = card(rows) | {'clean': {'acc/top1': 1.0}, 'adversarial': {'acc/top1': 0.5}}
    assert 'No annotation' not in render(found, rows, [])
    assert 'No annotation' not in printed(found)
