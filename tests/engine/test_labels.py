"""A label that is no class is refused before the first attack, wherever in the list it stands."""

import pytest
from torch import nn

from mmrobust.engine.labels import check_labels
from mmrobust.goals import CorruptPose, LeastLikely, Misclassify, TargetClass
from tests.engine.test_bad_input import fails, file_config


class Listed:
    """A data set of labels, as mmengine's; nothing can be loaded from it."""

    pipeline, ann_file = None, 'list.txt'

    def __init__(self, *labels):
        self.labels = labels

    def __len__(self):
        return len(self.labels)

    def get_data_info(self, index):
        return {'filename': f'{index}.mkv', 'label': self.labels[index]}


def model(classes=3):
    found = nn.Module()
    found.cls_head = nn.Module()
    found.cls_head.num_classes = classes
    return found


@pytest.mark.parametrize('label', [3, 77, -1])
def test_the_last_line_is_looked_at_too(label):
    listed = Listed(0, 1, 2, label)
    told = rf'one of the 3 classes, 0..2 .*, got {label} \(list.txt: 3.mkv has the label {label}\)$'
    for goal in (Misclassify(), LeastLikely(), TargetClass(target='next')):
        with pytest.raises(ValueError, match=told):
            check_labels(listed, model(), goal)
        check_labels(listed, model(), goal, total=3)


def test_a_target_that_is_a_label_is_found_out_at_once():
    told = r'target must be different from the label of every sample .*, got 2 \(list.txt: 1.mkv'
    with pytest.raises(ValueError, match=told):
        check_labels(Listed(0, 2, 1), model(), TargetClass(target=2))
    with pytest.raises(ValueError, match='target must be below the 3 classes, got 3'):
        check_labels(Listed(0, 2, 1), model(), TargetClass(target=3))
    check_labels(Listed(0, 1), model(), TargetClass(target=2))


def test_what_asks_no_label_or_has_none_is_left_alone():
    bad = Listed(0, 77)
    check_labels(bad, model(), Misclassify(reference='prediction'))
    check_labels(bad, model(), CorruptPose())
    check_labels(bad, model(classes=None), Misclassify())
    check_labels(bad, nn.Identity(), Misclassify())
    check_labels(Listed([0, 77], None), model(), Misclassify())


@pytest.mark.slow
def test_nothing_is_attacked_before_a_bad_last_line_is_refused(checkpoints, tmp_path, capsys):
    config = file_config(tmp_path, ['good1.mkv', 'good2.mkv'])
    (tmp_path / 'list.txt').write_text('good1.mkv 1\ngood2.mkv 77\n')
    words = ['--work-dir', tmp_path / 'w', '--batch-size', '1']
    words += ['--cfg-options', 'attack.goal.reference=label']
    found = fails(capsys, config, checkpoints['tiny_3d'], *words)
    assert 'got 77' in found
    assert 'good2.mkv has the label 77' in found
    assert not (tmp_path / 'w' / 'results.jsonl').exists()
