"""What saved videos can be verified of."""

import json

import pytest
from mmengine.config import ConfigDict

from mmrobust.cli import verify
from mmrobust.cli.verify import own_pipeline

STEPS = [{'type': 'DecordInit'}]
ONE = {'type': 'VideoDataset', 'pipeline': STEPS}


@pytest.mark.parametrize(
    'dataset',
    [
        ONE,
        {'type': 'RepeatDataset', 'times': 2, 'dataset': ONE},
        {'type': 'ConcatDataset', 'datasets': [ONE, {'type': 'RepeatDataset', 'dataset': ONE}]},
    ],
)
def test_the_pipeline_is_found_inside_wrappers(dataset):
    assert own_pipeline(ConfigDict(dataset)) == STEPS


def test_no_pipeline_and_different_ones_are_refused():
    with pytest.raises(ValueError, match='must have a pipeline, got Own'):
        own_pipeline(ConfigDict(type='Own'))
    other = {'type': 'VideoDataset', 'pipeline': [{'type': 'OpenCVInit'}]}
    with pytest.raises(ValueError, match=r'one pipeline in all its parts, got 2 .* ConcatDataset'):
        own_pipeline(ConfigDict(type='ConcatDataset', datasets=[ONE, other]))


def test_photographs_are_not_played(tmp_path):
    (tmp_path / 'adv').mkdir()
    card = {'n': 1, 'adversarial_videos': str(tmp_path / 'adv')}
    (tmp_path / 'report.json').write_text(json.dumps(card))
    (tmp_path / 'results.jsonl').write_text('{"index": 0, "photograph": "a.png"}\n')
    with pytest.raises(ValueError, match='of a run that saved videos, not photographs'):
        verify.run(['any.py', 'any.pth', str(tmp_path)])


def test_one_is_no_plural(capsys):
    row = {'success': True, 'adversarial_prediction': 3, 'video': '000000.mkv'}
    verify.report([row], [3], 1)
    assert capsys.readouterr().out.splitlines() == [
        '1 of 1 reported success still succeeds through the stock pipeline',
        '1 of 1 prediction is that of the report',
    ]
    verify.report([row, row], [3, 3], 2)
    assert '2 of 2 reported successes still succeed' in capsys.readouterr().out
