"""What mmpose imports without declaring it, and chumpy, which it declares in vain."""

import pytest

FINDING = 'from mmrobust.compat import {module} as m; print(m.{name}().finding()[2:])'
REQUIREMENTS = FINDING.format(module='mmpose_requirements', name='MissingRequirements')
CHUMPY = FINDING.format(module='chumpy', name='NeedlessChumpy')
MMPOSE, SIX, MMDET = ({name: ''} for name in ('mmpose/__init__.py', 'six.py', 'mmdet/__init__.py'))


@pytest.mark.parametrize(
    ('files', 'wanted', 'unwanted'),
    [(SIX, 'install --no-deps "mmdet', 'six'), (MMDET, 'install six', 'mmdet'), ({}, '; ', 'None')],
)
def test_missing_ones_are_named(run, files, wanted, unwanted):
    output = run(REQUIREMENTS, {**MMPOSE, **files}).stdout
    assert 'needs action' in output
    assert wanted in output
    assert unwanted not in output


@pytest.mark.parametrize('files', [{}, {**MMPOSE, **SIX, **MMDET}])
def test_healthy(run, files):
    assert run(REQUIREMENTS, files).stdout.strip() == "('healthy', '')"


def test_absent_chumpy_is_healthy_and_explained(run):
    assert run(CHUMPY, MMPOSE).stdout.startswith("('healthy', 'absent and not needed")
    assert run(CHUMPY, {**MMPOSE, 'chumpy.py': ''}).stdout.strip() == "('healthy', '')"
