"""importlib_metadata, imported by mmaction2 but not declared."""

MMACTION = {
    'mmaction/__init__.py': 'from importlib_metadata import PackageNotFoundError, distribution\n'
}
DETECT = 'from mmrobust.compat.metadata_backport import MissingBackport as B; print(B().detect()); '


def test_missing_unhealed(run):
    assert "No module named 'importlib_metadata'" in run('import mmaction', MMACTION).stderr


def test_missing_healed_by_the_standard_library(run):
    code = """
import importlib.metadata as own, importlib_metadata as stand_in, mmaction
assert mmaction.distribution is own.distribution
assert own.__spec__.name == own.__name__ == 'importlib.metadata'
"""
    result = run(DETECT + code, MMACTION)
    assert (result.returncode, result.stdout.split()) == (0, ['True']), result.stderr


def test_installed_stays_itself(run):
    files = {**MMACTION, 'importlib_metadata.py': 'distribution = PackageNotFoundError = "own"\n'}
    result = run(DETECT + 'import mmaction; print(mmaction.distribution)', files)
    assert result.stdout.split() == ['False', 'own']
