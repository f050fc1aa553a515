"""pkg_resources for mmengine, from its own source and a fake MMAction2."""

from importlib.util import find_spec
from pathlib import Path

import pytest

MMACTION = {
    'mmaction/__init__.py': '',
    'mmaction2-1.2.0.dist-info/METADATA': 'Name: mmaction2\nVersion: 1.2.0\n',
    'mmaction2-1.2.0.dist-info/top_level.txt': 'mmaction\n',
}
DETECT = 'from mmrobust.compat.pkg_resources_stand_in import MissingResources as B; '
DETECT += 'print(B().detect()); '
USE = """
from mmengine import get_installed_path, is_installed
assert is_installed('mmaction2') and not is_installed('nothing_of_the_kind')
print(get_installed_path('mmaction2'))
"""


@pytest.fixture(scope='module')
def mmengine() -> dict[str, str]:
    """mmengine's own package_utils, with nothing else of mmengine."""
    origin = find_spec('mmengine').origin
    source = Path(origin).parent / 'utils/package_utils.py'
    return {'mmengine.py': source.read_text(), **MMACTION}


def test_mmengine_fails_unhealed(run, mmengine):
    assert "No module named 'pkg_resources'" in run(USE, mmengine).stderr


def test_mmengine_finds_packages_healed(run, mmengine, tmp_path):
    result = run(DETECT + USE, mmengine)
    assert result.stdout.split() == ['True', str(tmp_path / 'mmaction')], result.stderr


def test_installed_stays_itself(run, mmengine):
    files = {**mmengine, 'pkg_resources.py': 'get_distribution = "own"\n'}
    result = run(DETECT + 'import pkg_resources as p; print(p.get_distribution)', files)
    assert result.stdout.split() == ['False', 'own']


def test_absent_distribution_and_absent_file(run, mmengine):
    code = """
import mmrobust, pkg_resources
assert pkg_resources.get_distribution('mmaction2').version == '1.2.0'
try: pkg_resources.get_distribution('mmaction2').get_metadata('none.txt')
except FileNotFoundError as error: print('no file')
try: pkg_resources.get_distribution('nothing-of-the-kind')
except pkg_resources.DistributionNotFound as error: print(error)
"""
    assert run(code, mmengine).stdout.split('\n')[:2] == ['no file', 'nothing-of-the-kind']


def test_other_names_fail_as_an_import_does(run):
    code = """
import mmrobust
try: __import__('pkg_resources').declare_namespace(__name__)
except ImportError as error: print(error)
"""
    assert 'pkg_resources.declare_namespace needs setuptools<82' in run(code).stdout
