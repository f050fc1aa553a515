"""Which class each class becomes, also one of which nothing was attacked."""

from mmrobust.evaluation.by_class import by_class


def row(label, clean, adversarial, attacked=True):
    return {
        'label': label,
        'clean_prediction': clean,
        'adversarial_prediction': adversarial,
        'clean_correct': None if label is None else label == clean,
        'attacked': attacked,
        'success': attacked and clean != adversarial,
    }


def test_every_class_is_there_with_what_became_of_it():
    rows = [row(2, 2, 0), row(2, 2, 1), row(2, 2, 1), row(2, 2, 2), row(2, 0, 0, attacked=False)]
    rows.append(row(1, 0, 0, attacked=False))
    assert by_class(rows) == [
        {'label': 1, 'evaluated': 1, 'right': 0, 'attacked': 0, 'fooled': 0, 'becomes': {}},
        {
            'label': 2,
            'evaluated': 5,
            'right': 4,
            'attacked': 4,
            'fooled': 3,
            'becomes': {'1': 2, '0': 1, '2': 1},
        },
    ]
    assert list(by_class(rows)[1]['becomes']) == ['1', '0', '2']


def test_without_annotation_classes_are_those_predicted_when_clean():
    rows = [row(None, 3, 1), row(None, 3, 3)]
    found = {'label': 3, 'evaluated': 2, 'right': None, 'attacked': 2, 'fooled': 1}
    assert by_class(rows) == [found | {'becomes': {'1': 1, '3': 1}}]


def test_a_sample_without_a_label_among_others_is_of_no_class():
    assert [one['evaluated'] for one in by_class([row(1, 1, 2), row(None, 1, 2)])] == [1]


def test_poses_have_no_classes():
    assert by_class([{'clean_pck': 1.0, 'attacked': True}]) is None
    assert by_class([]) is None
