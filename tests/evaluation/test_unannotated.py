"""Metrics are only asked where there is something to compare with."""

import numpy as np
import pytest
import torch
from mmengine.evaluator import BaseMetric, DumpResults, Evaluator

from mmrobust.engine.paired_evaluator import PairedEvaluator
from mmrobust.evaluation.metrics import AttackSuccess, RobustAccuracy
from mmrobust.evaluation.unannotated import has_annotation, needs_samples, says_nothing


class Share(BaseMetric):
    """Share of predictions that are the label."""

    def process(self, data_batch, data_samples):
        self.results += [int(s['pred_label'] == s['gt_label']) for s in data_samples]

    def compute_metrics(self, results):
        return {'share': sum(results) / len(results)}


class OwnFile(Share):
    """Compares with a file of its own, as COCO's metric does."""

    coco = object()
    value = 0.5

    def compute_metrics(self, results):
        return {'AP': self.value, 'AR': self.value}


def pose(**fields):
    return {'pred_instances': {}, **fields}


@pytest.mark.parametrize(
    ('sample', 'known'),
    [
        ({'gt_label': torch.tensor([3])}, True),
        ({'gt_label': torch.tensor([0])}, True),
        ({'gt_label': torch.tensor([-1])}, False),
        (pose(gt_instances={'keypoints': np.ones((1, 5, 2))}), True),
        (pose(gt_instances={'keypoints': np.zeros((1, 5, 2))}), False),
        (pose(gt_instances={'keypoints': np.zeros((1, 5, 2))}, raw_ann_info={'id': 1}), True),
        (pose(gt_instances={'bboxes': np.ones((1, 4))}, raw_ann_info=None), False),
        (pose(), False),
        (pose(gt_instances={'lifting_target': np.ones((1, 5, 3))}), True),
        ({'something': 'else'}, True),
    ],
)
def test_unannotated_samples_are_told_from_others(sample, known):
    assert has_annotation(sample) is known


def test_unannotated_metrics_are_told_from_others():
    assert needs_samples(Share())
    assert needs_samples(RobustAccuracy())
    assert not needs_samples(AttackSuccess())
    assert not needs_samples(DumpResults('x.pkl'))
    assert not needs_samples(DumpResults)
    assert needs_samples(RobustAccuracy)
    assert not needs_samples(OwnFile())
    assert says_nothing({'AP': -1.0, 'AR': -1})
    assert not says_nothing({'AP': -1.0, 'AR': 0.0})
    assert not says_nothing({})
    assert not says_nothing({'matrix': torch.full((2, 2), -1), 'AP': -1})


def entries(evaluator, labels):
    found = []
    for label in labels:
        sample = {'pred_label': torch.tensor([1]), 'gt_label': torch.tensor([label])}
        kept = {side: evaluator.process(side, {}, [sample])[0] for side in ('clean', 'adversarial')}
        row = {'error': None, 'attacked': True, 'success': True, 'adversarial_correct': None}
        found.append({'evaluator': kept, **row})
    return found


def evaluated(labels, metrics):
    evaluator = PairedEvaluator(Evaluator(metrics))
    return evaluator.evaluate(entries(evaluator, labels), 0, 1), evaluator.unscored


def test_unannotated_runs_have_no_metric_that_compares_with_samples():
    metrics = [Share(), OwnFile(), RobustAccuracy(), AttackSuccess()]
    found, unscored = evaluated([-1, -1], metrics)
    assert found['clean'] == found['adversarial'] == {'AP': 0.5, 'AR': 0.5}
    assert found['robust'] == {'robust/success_rate': 1.0, 'robust/attacked': 2.0}
    assert unscored == ['Share', 'RobustAccuracy']


def test_unannotated_samples_among_others_change_nothing():
    found, unscored = evaluated([1, -1], [Share()])
    assert found['clean'] == {'share': 0.5}
    assert unscored == []


def test_unannotated_file_of_a_metric_says_nothing(monkeypatch):
    monkeypatch.setattr(OwnFile, 'value', -1)
    found, unscored = evaluated([1], [OwnFile(), Share()])
    assert found['clean'] == {'share': 1.0}
    assert unscored == ['OwnFile']
