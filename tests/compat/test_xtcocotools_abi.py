"""numpy 2 beside a wheel compiled against numpy 1."""

import pytest

DETECT = 'from mmrobust.compat.xtcocotools_abi import NumpyTwo as B; print(B().finding().status)'
MISMATCH = 'raise ValueError("numpy.dtype size changed, may indicate binary incompatibility")\n'


@pytest.mark.parametrize(
    ('number', 'mask', 'status'),
    [
        ('2.1.0', MISMATCH, 'needs action'),
        ('2.1.0', '', 'healthy'),
        ('1.26.4', MISMATCH, 'healthy'),
    ],
)
def test_status(run, number, mask, status):
    files = {
        'numpy.py': f'__version__ = {number!r}\n',
        'xtcocotools/__init__.py': '',
        'xtcocotools/mask.py': mask,
    }
    assert run(DETECT, files).stdout.strip() == status


def test_without_xtcocotools(run):
    assert run(DETECT, {'numpy.py': '__version__ = "2.1.0"\n'}).stdout.strip() == 'healthy'
