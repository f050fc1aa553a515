import pytest

from mmrobust.cli.resuming import resumed
from mmrobust.engine.ledger import OtherRunError


def test_what_is_there_is_gone_on_with():
    seen = []
    resumed(seen.append, ['config', 3, '--cfg-options', 'a=1'])
    assert seen == [['config', '--resume', '3', '--cfg-options', 'a=1']]


def test_results_of_another_run_are_begun_again(capsys):
    seen = []

    def run(words):
        seen.append(words)
        if '--resume' in words:
            raise OtherRunError('the results belong to another run')

    resumed(run, ['config', 'weights'])
    assert seen == [['config', '--resume', 'weights'], ['config', 'weights']]
    assert capsys.readouterr().out == 'the results belong to another run\nbeginning again\n'


def test_any_other_error_is_passed_on():
    def run(words):
        raise ValueError('eps must be >= 0')

    with pytest.raises(ValueError, match='eps must be'):
        resumed(run, ['config'])
