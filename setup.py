"""Package set-up; ``.mim`` carries configs and tools so that mim finds them."""

import shutil
import sys
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
PACKAGE = ROOT / 'mmrobust'
# The commands behind `pip install -e .`, `pip install .` and a release.
PACKAGING = {'develop', 'editable_wheel', 'sdist', 'bdist_wheel', 'build_py'}


def requirements(name: str) -> list[str]:
    """Lines of ``requirements/{name}.txt`` without comments."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    return [line for line in lines if line and not line.startswith('#')]


def add_mim_contents() -> None:
    """Put configs, tools and the model index where mim looks for them."""
    mim = PACKAGE / '.mim'
    shutil.rmtree(mim, ignore_errors=True)
    mim.mkdir()
    editable = bool({'develop', 'editable_wheel'} & set(sys.argv))
    for name in ('configs', 'tools', 'model-index.yml'):
        source, target = ROOT / name, mim / name
        if editable:
            target.symlink_to(source)
        elif source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns('__pycache__'))
        else:
            shutil.copy(source, target)


def version() -> str:
    """The version string, read without importing torch."""
    scope: dict[str, str] = {}
    exec((PACKAGE / 'version.py').read_text(), scope)
    return scope['__version__']


if PACKAGING & set(sys.argv) and (ROOT / 'configs').is_dir():
    add_mim_contents()

no_deps = requirements('no_deps')
setup(
    name='mmrobust',
    version=version(),
    description='Adversarial robustness of OpenMMLab video recognisers and pose estimators',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.10',
    packages=find_packages(include=['mmrobust', 'mmrobust.*']),
    include_package_data=True,
    install_requires=requirements('runtime'),
    extras_require={
        'action': requirements('action') + [no_deps[0]],
        'pose': requirements('pose'),
        'dev': requirements('dev'),
    },
    entry_points={'console_scripts': ['mmrobust=mmrobust.cli:main']},
    zip_safe=False,
)
