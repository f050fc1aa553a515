"""Package set-up; ``.mim`` carries configs and tools so that mim finds them."""

import shutil
import sys
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
PACKAGE = ROOT / 'mmrobust'
# The commands behind `pip install -e .`, `pip install .` and a release.
PACKAGING = {'develop', 'editable_wheel', 'sdist', 'bdist_wheel', 'build_py'}


# Ranges for users; the exact versions that are tested are in requirements/.
CORE = [
    'torch>=2.1',
    'numpy',
    'opencv-python',
    'mmengine>=0.10.6',
    'av>=12',
    'jinja2',
    'matplotlib',
    'rich',
]
EXTRAS = {
    # mmcv-lite is enough for recognition; with full mmcv, install without extras.
    'action': [
        'mmaction2>=1.2',
        'mmcv-lite>=2.1,<2.2',
        'decord',
        'einops',
        'importlib_metadata',
        'scipy',
        'setuptools<81',
    ],
    # mmpose itself goes with --no-deps: it asks for chumpy, which does not build.
    'pose': [
        'mmcv-lite>=2.1,<2.2',
        'json_tricks',
        'munkres',
        'pycocotools',
        'scipy',
        'shapely',
        'six',
        'terminaltables',
        'tqdm',
        'xtcocotools',
    ],
    'ptlflow': ['ptlflow>=0.4'],
    'dev': ['mypy', 'pytest', 'pytest-xdist', 'ruff'],
}


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

setup(
    name='mmrobust',
    version=version(),
    description='Adversarial robustness of OpenMMLab video recognisers and pose estimators',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.11',
    packages=find_packages(include=['mmrobust', 'mmrobust.*']),
    include_package_data=True,
    install_requires=CORE,
    extras_require=EXTRAS,
    entry_points={'console_scripts': ['mmrobust=mmrobust.cli:main']},
    zip_safe=False,
)
