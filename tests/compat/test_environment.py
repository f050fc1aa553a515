"""The report, its exit status, and scripts run with the heals in place."""

import pytest

from mmrobust.compat import Break, Finding, _scope, environment, healed

HEALTHY = Finding('good', 'none', 'healthy', '')
HEALED = Finding('mended', 'an error', 'healed', 'a stand-in')
BAD = Finding('bad', 'an error', 'needs action', 'pip install "remedy"')


@pytest.mark.parametrize(
    ('findings', 'status'), [([], 0), ([HEALTHY, HEALED], 0), ([HEALED, BAD, HEALTHY], 1)]
)
def test_exit_status(monkeypatch, capsys, findings, status):
    monkeypatch.setattr(environment, 'report', lambda: findings)
    monkeypatch.setattr(environment, 'versions', lambda: {'torch': '9.8.7'})
    assert environment.main([]) == status
    output = capsys.readouterr().out
    assert '9.8.7' in output
    for finding in findings:
        assert finding.name in output
        assert finding.text in output


def test_where_a_heal_holds_is_said(monkeypatch):
    class Own(Break):
        name, symptom, remedy, changes_behaviour = 'own', 'an error', 'done otherwise', True

        def detect(self):
            return True

    class Stack(Own):
        changes_behaviour = False

    assert Own().finding().text == 'done otherwise'
    monkeypatch.setattr(_scope, '_asked', False)
    where = 'in mmrobust alone, or by mmrobust.compat.heal()'
    assert Own().finding().text == f'done otherwise ({where})'
    assert Stack().finding().text == 'done otherwise'
    with healed():
        assert Own().finding().text == 'done otherwise'


def test_versions_name_the_variant_that_is_there(monkeypatch):
    installed = {'mmcv-lite': '2.1.0', 'opencv-python': '4', 'opencv-contrib-python': '4'}
    monkeypatch.setattr(environment, '_version', installed.get)
    monkeypatch.setattr(environment, 'has_tvl1', lambda: False)
    found = environment.versions()
    assert 'mmcv' not in found
    assert found['mmcv-lite'] == '2.1.0'
    assert {'opencv-python', 'opencv-contrib-python'} <= set(found)
    assert found['decord'] == found['torch'] == 'none'
    assert found["opencv's TV-L1 flow"].startswith('no')


def test_real_versions():
    """The wheel with CUDA is installed as 2.13.0 and calls itself 2.13.0+cu130."""
    said = environment.importlib.import_module('torch').__version__
    assert environment.versions()['torch'] in (said, said.split('+')[0])


def test_script_runs_with_arguments_and_heals(run):
    files = {
        'tools/other.py': 'beside = "the script"\n',
        'tools/script.py': (
            'import sys, mmcv._ext, other\n'
            'assert __name__ == "__main__"\n'
            'print(sys.argv[1:], other.beside)\n'
            'sys.exit(3)\n'
        ),
        'mmcv/__init__.py': '',
    }
    code = "import runpy, sys; sys.argv[1:] = ['tools/script.py', '--launcher', 'none', '-h']; "
    result = run(code + "runpy.run_module('mmrobust.compat', run_name='__main__')", files)
    assert result.stdout.strip() == "['--launcher', 'none', '-h'] the script", result.stderr
    assert result.returncode == 3


@pytest.mark.slow
def test_whole_stack_imports_healed(run):
    code = """
import mmrobust
import mmaction.models, mmaction.datasets, mmaction.engine, mmaction.evaluation
import mmpose.models, mmpose.datasets, mmpose.apis
import mmdet.models
from mmengine.config import Config
config = Config.fromfile('config.py')
print(config.model.backbone.type)
from mmrobust.compat import report
print([f for f in report() if f.status == 'needs action'])
"""
    base = 'tsn_imagenet-pretrained-r50_8xb32-1x1x3-100e_kinetics400-rgb.py'
    files = {'config.py': f"_base_ = 'mmaction::recognition/tsn/{base}'\n"}
    result = run(code, files, bare=False)
    assert result.stdout.split('\n')[:2] == ['ResNet', '[]'], result.stderr
