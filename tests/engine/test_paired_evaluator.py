"""Clean and adversarial numbers are those that the config's evaluator itself gives."""

import json

import numpy as np
import pytest
from mmengine.evaluator import BaseMetric, Evaluator

from mmrobust.engine.paired_evaluator import ABSENT, PairedEvaluator
from mmrobust.evaluation.metrics import RobustAccuracy

SETS = ('coco', 'Human-Art')


def samples(shift, count=6):
    """Persons of two data sets (the first has more), joints off by multiples of ``shift``."""
    found = []
    for index in range(count):
        truth = np.random.default_rng(index).uniform(0, 50, (1, 17, 2))
        found.append(
            {
                'dataset_name': SETS[index % 3 == 1],
                'pred_instances': {
                    'keypoints': truth + shift * (index + 1) * np.arange(1, 18)[:, None],
                    'keypoint_scores': np.ones((1, 17)),
                },
                'gt_instances': {'keypoints': truth, 'keypoints_visible': np.ones((1, 17))},
            }
        )
    return found


def batches(of, size=4):
    for start in range(0, len(of), size):
        chosen = of[start : start + size]
        yield {'inputs': chosen, 'data_samples': chosen}, chosen


def routing(*extra):
    from mmpose.evaluation.evaluators import MultiDatasetEvaluator
    from mmpose.evaluation.metrics import EPE

    metrics = [EPE(prefix='coco'), EPE(prefix='art'), *extra]
    kinds = ['CocoDataset', 'HumanArtDataset', *['CocoDataset'] * len(extra)]
    made = MultiDatasetEvaluator(metrics, [{'type': kind} for kind in kinds])
    made.dataset_meta = {'dataset_name': 'coco'}
    return made


def partitioned():
    from mmengine.registry import DefaultScope
    from mmpose.evaluation.metrics import KeypointPartitionMetric

    with DefaultScope.overwrite_default_scope('mmpose'):
        parts = {'face': [0, 1, 2], 'legs': [11, 12, 16]}
        made = Evaluator(KeypointPartitionMetric({'type': 'EPE'}, parts))
    made.dataset_meta = {'sigmas': np.ones(17)}
    return made


def stock(evaluator, of):
    for data, chosen in batches(of):
        evaluator.process(chosen, data)
    return evaluator.evaluate(len(of))


def entries(paired, clean, adversarial):
    """What the ledger would hold, through JSON and back."""
    kept = {}
    for side, of in (('clean', clean), ('adversarial', adversarial)):
        kept[side] = [
            one for data, chosen in batches(of) for one in paired.process(side, data, chosen)
        ]
    lines = [
        {'index': i, 'evaluator': {side: kept[side][i] for side in kept}} for i in range(len(clean))
    ]
    return json.loads(json.dumps(lines))


@pytest.mark.parametrize('make', [routing, partitioned])
def test_each_metric_sees_what_the_evaluator_gives_it(make):
    clean, adversarial = samples(1), samples(3)
    paired = PairedEvaluator(make())
    lines = entries(paired, clean, adversarial)
    # Another process goes on from the lines.
    again = PairedEvaluator(make())
    for line in lines:
        again.check(line)
    found = again.evaluate(lines, 0, 1)
    assert found['clean'] == stock(make(), clean)
    assert found['adversarial'] == stock(make(), adversarial)
    assert len(found['clean']) == len(set(found['clean'].values())) == 2


def test_a_metric_that_was_not_shown_a_sample_keeps_nothing_of_it():
    lines = entries(PairedEvaluator(routing()), samples(1), samples(3))
    absent = [[kept == ABSENT for kept in line['evaluator']['clean']['results']] for line in lines]
    assert absent == [[i % 3 == 1, i % 3 != 1] for i in range(6)]


def test_processes_share_what_each_metric_was_given(monkeypatch):
    lines = entries(PairedEvaluator(routing()), samples(1), samples(3))
    shares = []
    for rank in range(2):
        paired = PairedEvaluator(routing())
        paired._fill('clean', [line['evaluator']['clean'] for line in lines], rank, 2)
        shares.append([len(metric.results) for metric in paired.stock['clean']])
    assert shares == [[2, 1], [2, 1]]


def test_a_metric_without_any_sample_is_left_out_and_said(capsys):
    only = [sample for sample in samples(1) if sample['dataset_name'] == 'coco']
    paired = PairedEvaluator(routing())
    found = paired.evaluate(entries(paired, only, only), 0, 1)
    assert list(found['clean']) == ['coco/EPE']
    assert 'EPE (prefix art) was given no sample' in capsys.readouterr().out


class Summing(BaseMetric):
    """Keeps one result of a whole batch."""

    default_prefix = 'sum'

    def process(self, data_batch, data_samples):
        self.results.append(len(data_samples))

    def compute_metrics(self, results):
        return {'all': sum(results)}


def test_one_result_of_a_whole_batch_is_refused():
    paired = PairedEvaluator(Evaluator([Summing()]))
    with pytest.raises(ValueError, match='Summing must keep one result per sample, got 1 for 4'):
        entries(paired, samples(1), samples(1))


def test_evaluators_that_nothing_is_known_of_are_refused():
    class Averaging(Evaluator):
        """Averages over its metrics."""

    with pytest.raises(ValueError, match=r"must be mmengine's Evaluator or .*, got .*Averaging"):
        PairedEvaluator(Averaging([Summing()]))
    with pytest.raises(ValueError, match='predictions alone, got RobustAccuracy'):
        PairedEvaluator(routing(RobustAccuracy()))


@pytest.mark.parametrize(
    'change',
    [
        lambda kept: kept.pop('clean'),
        lambda kept: kept['clean']['results'].pop(),
        lambda kept: kept['clean']['state'].append({}),
        lambda kept: kept['adversarial']['results'].__setitem__(0, {'~': 'array', 'of': 'x'}),
    ],
)
def test_entries_that_hold_something_else_are_refused(change):
    paired = PairedEvaluator(routing())
    line = entries(paired, samples(1), samples(1))[0]
    change(line['evaluator'])
    with pytest.raises(ValueError, match='evaluator must hold, encoded, what each metric keeps'):
        paired.check(line)


class Mixed:
    """Persons of two data sets that number their pictures alike."""

    pipeline = None

    def __len__(self):
        return 4

    def get_data_info(self, index):
        return {'dataset_name': SETS[index % 2], 'img_id': index // 2, 'id': index // 2}


def test_annotations_are_left_out_of_the_data_set_that_they_are_of():
    from mmrobust.engine.routed_samples import samples_of

    chosen, kept = samples_of(SETS[1], Mixed(), {0, 1, 2})
    assert len(chosen) == 2
    assert [chosen.get_data_info(i)['dataset_name'] for i in range(2)] == [SETS[1]] * 2
    # Its first is kept, its second is not, though the other set's second is.
    assert kept == {0}


def test_metrics_that_read_annotations_are_those_of_their_data_set():
    evaluator = routing()
    evaluator.metrics[1].coco = object()
    found = list(PairedEvaluator(evaluator).reading_annotations())
    assert [name for name, _ in found] == [SETS[1]] * 2
    assert found[0][1] != found[1][1]
    plain = partitioned()
    plain.metrics[0].metrics['face'].coco = object()
    assert [name for name, _ in PairedEvaluator(plain).reading_annotations()] == [None, None]
