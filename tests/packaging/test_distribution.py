"""What is built from the checkout: its files, and that it works alone, elsewhere."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

import mmrobust
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

BUILD = (
    "import sys; sys.path.insert(0, ''); from setuptools import build_meta; "
    'build_meta.build_{kind}(sys.argv[1])'
)


def call(*words: object, cwd: Path, **more: str) -> str:
    """Standard output of a command; its errors, if it fails, are in the test's."""
    hidden = ('PYTHONPATH', 'GIT_DIR', 'GIT_INDEX_FILE')
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    found = subprocess.run(
        list(map(str, words)), cwd=cwd, env=env | more, capture_output=True, text=True
    )
    assert found.returncode == 0, f'{words}\n{found.stdout}\n{found.stderr}'
    return found.stdout


def build(kind: str, source: Path, into: Path) -> Path:
    call(sys.executable, '-c', BUILD.format(kind=kind), into, cwd=source)
    (built,) = into.iterdir()
    return built


@pytest.fixture(scope='module')
def tracked() -> list[str]:
    """The files that git knows, one that is deleted in the checkout aside."""
    listed = call('git', 'ls-files', '-z', cwd=ROOT).split('\0')
    return [name for name in listed if name and (ROOT / name).is_file()]


@pytest.fixture(scope='module')
def checkout(tracked, tmp_path_factory) -> Path:
    """A checkout of its own, so that a build leaves nothing in this one, with some litter."""
    folder = tmp_path_factory.mktemp('checkout')
    for name in tracked:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)
    call('git', 'init', '-q', cwd=folder)
    call('git', 'add', '-A', cwd=folder)
    # A user's own config, and what an earlier build left of a module that is gone.
    (folder / 'configs' / 'mine.py').write_text('secret = 1\n')
    stale = folder / 'build' / 'lib' / 'mmrobust'
    stale.mkdir(parents=True)
    (stale / 'gone.py').write_text('')
    return folder


@pytest.fixture(scope='module')
def wheel(checkout, tmp_path_factory) -> Path:
    """Built here, or the one that is about to be published."""
    given = os.environ.get('MMROBUST_WHEEL')
    return (
        Path(given).resolve() if given else build('wheel', checkout, tmp_path_factory.mktemp('w'))
    )


@pytest.fixture(scope='module')
def contents(wheel) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_wheel_holds_the_package_and_what_mim_looks_for(contents, tracked):
    mim = ('configs/', 'tools/', 'model-index.yml')
    wanted = {name for name in tracked if name.startswith('mmrobust/')}
    wanted |= {f'mmrobust/.mim/{name}' for name in tracked if name.startswith(mim)}
    assert {name for name in contents if '.dist-info/' not in name} == wanted
    assert {'mmrobust/py.typed', 'mmrobust/resources/demo_victim.pth'} < wanted


def test_metadata(contents):
    (name,) = [name for name in contents if name.endswith('.dist-info/METADATA')]
    found = message_from_string(contents[name].decode())
    assert found['Name'] == 'mmrobust'
    assert found['Version'] == mmrobust.__version__
    assert found['License-Expression'] == 'Apache-2.0'
    extras = {'action', 'pose', 'vitpose', 'ptlflow', 'explain', 'deploy', 'reference', 'dev'}
    assert set(found.get_all('Provides-Extra')) == extras
    required = [line for line in found.get_all('Requires-Dist') if 'extra ==' not in line]
    assert any(line.startswith('mmengine') for line in required)
    assert found.get_payload() == (ROOT / 'README.md').read_text(encoding='utf-8')


def test_source_distribution_gives_the_same_wheel(checkout, contents, tmp_path):
    source = build('sdist', checkout, tmp_path / 'sdist')
    with tarfile.open(source) as archive:
        archive.extractall(tmp_path / 'unpacked', filter='data')
    (unpacked,) = (tmp_path / 'unpacked').iterdir()
    assert (unpacked / 'CHANGELOG.md').is_file()
    with zipfile.ZipFile(build('wheel', unpacked, tmp_path / 'wheel')) as archive:
        again = {name: archive.read(name) for name in archive.namelist()}
    ours = {name: data for name, data in contents.items() if not name.endswith('/RECORD')}
    assert {name: data for name, data in again.items() if not name.endswith('/RECORD')} == ours


@pytest.fixture(scope='module')
def environment(wheel, tmp_path_factory) -> Path:
    """An environment of the wheel, and of the packages that the tests run with."""
    folder = tmp_path_factory.mktemp('environment')
    call(sys.executable, '-m', 'venv', '--without-pip', folder, cwd=folder)
    python = folder / 'bin' / 'python'
    pip = [sys.executable, '-m', 'pip', '--python', python, '--disable-pip-version-check', '-q']
    call(*pip, 'install', '--no-deps', '--no-index', wheel, cwd=folder)
    (site,) = folder.glob('lib/python*/site-packages')
    packages = [path for path in sys.path if path.endswith('site-packages')]
    (site / 'packages.pth').write_text('\n'.join(packages) + '\n')
    return folder


def test_wheel_works_outside_of_any_checkout(environment, tmp_path):
    command, python = environment / 'bin' / 'mmrobust', environment / 'bin' / 'python'
    found = call(python, '-c', 'import mmrobust; print(mmrobust.__path__[0])', cwd=tmp_path)
    package = Path(found.strip())
    assert environment in package.parents
    assert 'attack' in call(command, '--help', cwd=tmp_path)
    assert 'mmengine' in call(command, 'env', cwd=tmp_path)
    configs = package / '.mim' / 'configs'
    words = [configs / 'demo' / 'i3d-tiny_16x1x2_synthetic-rgb.py']
    words += [package / 'resources' / 'demo_victim.pth', '--max-samples', 2, '--work-dir', 'out']
    words += ['--attack', configs / '_base_' / 'attacks' / 'pgd_linf.py']
    call(command, 'attack', *words, '--cfg-options', 'attack.steps=2', cwd=tmp_path)
    report = json.loads((tmp_path / 'out' / 'report.json').read_text())
    assert (report['evaluated'], report['attack']['steps']) == (2, 2)
    assert (tmp_path / 'out' / 'report.html').is_file()
