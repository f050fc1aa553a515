import pytest

from mmrobust.ledger.ledger import OtherRunError
from mmrobust.ledger.provenance import file_sha256
from mmrobust.studies.resuming import finish, finished, resumed


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


def test_a_run_is_finished_under_its_own_plan_alone(tmp_path):
    plan = {'attack': {'eps': 8}, 'weights': 'abc'}
    assert not finished(tmp_path, plan)
    (tmp_path / 'report.json').write_text('{}')
    assert not finished(tmp_path, plan)
    finish(tmp_path, plan, {})
    assert finished(tmp_path, plan)
    assert not finished(tmp_path, plan | {'weights': 'abd'})


def test_a_run_is_finished_as_long_as_its_files_are_as_they_were(tmp_path):
    code = tmp_path / 'own.py'
    code.write_text('eps = 8')
    (tmp_path / 'report.json').write_text('{}')
    finish(tmp_path, {'eps': 8}, {str(code): file_sha256(code)})
    assert finished(tmp_path, {'eps': 8})
    code.write_text('eps = 4')
    assert not finished(tmp_path, {'eps': 8})
    code.unlink()
    assert not finished(tmp_path, {'eps': 8})


def test_a_plan_that_says_nothing_of_files_is_of_no_finished_run(tmp_path):
    for name in ('report.json', 'plan.json'):
        (tmp_path / name).write_text('{}')
    assert not finished(tmp_path, {})
