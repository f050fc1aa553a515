"""The contents of ``.mim``, where mim finds configs and tools; all else is in pyproject.toml."""

import shutil
import subprocess
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent
CONTENTS = ('configs', 'tools', 'model-index.yml')


def tracked() -> list[str]:
    """The files of ``.mim``, relative to the root: those that git knows, in a checkout."""
    command = ['git', 'ls-files', '-z', *CONTENTS]
    if (ROOT / '.git').exists() and shutil.which('git'):
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        # One that is deleted but not yet committed is listed still.
        return [name for name in listed.stdout.split('\0') if name and (ROOT / name).is_file()]
    # An unpacked source distribution holds nothing else.
    found = [path for name in CONTENTS for path in (ROOT / name, *(ROOT / name).rglob('*'))]
    return [str(path.relative_to(ROOT)) for path in found if _is_source(path)]


def _is_source(path: Path) -> bool:
    return path.is_file() and path.suffix != '.pyc'


class BuildWithMim(build_py):
    """Puts ``.mim`` into what is built; as links, where the checkout itself is installed."""

    def run(self) -> None:
        """Build, then add."""
        package = (ROOT if self.editable_mode else Path(self.build_lib)) / 'mmrobust'
        mim = package / '.mim'
        # What an earlier build left would be packed too.
        shutil.rmtree(mim if self.editable_mode else package, ignore_errors=True)
        super().run()
        mim.mkdir(parents=True)
        if self.editable_mode:
            for name in CONTENTS:
                (mim / name).symlink_to(ROOT / name)
            return
        for name in tracked():
            (mim / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, mim / name)


class SdistWithMim(sdist):
    """Adds what ``.mim`` is made of."""

    def make_distribution(self) -> None:
        """Add, then pack."""
        self.filelist.extend([*tracked(), 'CHANGELOG.md', 'CITATION.cff'])
        super().make_distribution()


setup(cmdclass={'build_py': BuildWithMim, 'sdist': SdistWithMim})
