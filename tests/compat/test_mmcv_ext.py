"""mmcv's compiled operations under mmcv-lite."""

import pytest

from mmrobust.compat.mmcv_ext import operation

LITE = {'mmcv/__init__.py': ''}
FULL = {**LITE, 'mmcv/_ext.py': 'nms = "compiled"\n'}
DETECT = 'from mmrobust.compat.mmcv_ext import MissingExtension as B; print(B().detect()); '


def test_missing_unhealed(run):
    assert "No module named 'mmcv._ext'" in run('import mmcv._ext', LITE).stderr


def test_missing_healed_and_operation_raises(run):
    result = run(DETECT + 'import mmcv._ext as e; print(hasattr(e, "nms")); e.nms(1)', LITE)
    assert result.stdout.split() == ['True', 'True']
    assert "RuntimeError: mmcv operation 'nms' needs full mmcv, compiled" in result.stderr


def test_full_mmcv_keeps_its_own(run):
    result = run(DETECT + 'import mmcv._ext as e; print(e.nms)', FULL)
    assert result.stdout.split() == ['False', 'compiled']


def test_no_mmcv_is_no_break(run):
    assert run(DETECT).stdout.split() == ['False']


def test_module_protocol_is_not_faked(run):
    result = run('import mmrobust, mmcv._ext as e; print(hasattr(e, "__all__"))', LITE)
    assert result.stdout.split() == ['False']


def test_information_asked_by_collect_env():
    assert operation('get_compiling_cuda_version')() == 'n/a'
    with pytest.raises(RuntimeError, match='deform_conv_forward'):
        operation('deform_conv_forward')()
