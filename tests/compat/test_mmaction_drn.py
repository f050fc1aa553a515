"""mmaction2's missing sub-package, in a fake MMAction2."""

import pytest

LOCALIZERS = 'mmaction/models/localizers/__init__.py'
WHEEL = {
    'mmaction/__init__.py': '',
    'mmaction/models/__init__.py': '',
    LOCALIZERS: 'from .drn.drn import DRN\n',
}
SOURCE = {**WHEEL, 'mmaction/models/localizers/drn/drn.py': 'class DRN: own = True\n'}
DETECT = 'from mmrobust.compat.mmaction_drn import MissingDRN as B; print(B().detect()); '


def test_wheel_does_not_import_unhealed(run):
    result = run('import mmaction.models.localizers', WHEEL)
    assert "No module named 'mmaction.models.localizers.drn'" in result.stderr


def test_wheel_imports_healed_and_class_raises(run):
    result = run(DETECT + 'from mmaction.models.localizers import DRN; DRN(1)', WHEEL)
    assert result.stdout.split() == ['True']
    assert 'NotImplementedError: DRN is missing' in result.stderr


def test_source_install_keeps_its_own(run):
    result = run(DETECT + 'from mmaction.models.localizers import DRN; print(DRN.own)', SOURCE)
    assert result.stdout.split() == ['False', 'True']


@pytest.mark.parametrize('missing', ['mmaction.models.localizers.other', 'mmaction.drn'])
def test_other_modules_stay_missing(run, missing):
    result = run(f'import mmrobust, {missing}', WHEEL)
    assert f"No module named '{missing}'" in result.stderr
