"""State of an environment on one page, and scripts run with the heals in place.

Without arguments the versions and the known breaks are printed; the exit status
is 1 when something needs action. With a script, for example MMAction2's own
``tools/test.py``, the script is run as if Python had been given it.
"""

import argparse
import importlib
import importlib.metadata
import platform
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from mmrobust.compat import Finding, heal, report

# Each under the names of its variants: one of them is enough.
PACKAGES = {
    'torch': ('torch',),
    'torchvision': ('torchvision',),
    'numpy': ('numpy',),
    'mmengine': ('mmengine',),
    'mmcv': ('mmcv', 'mmcv-lite'),
    'mmaction2': ('mmaction2',),
    'mmpose': ('mmpose',),
    'mmdet': ('mmdet',),
    'opencv': (
        'opencv-python',
        'opencv-contrib-python',
        'opencv-python-headless',
        'opencv-contrib-python-headless',
    ),
    'decord': ('decord',),
    'av': ('av',),
    'setuptools': ('setuptools',),
}
COLOURS = {'healthy': 'green', 'healed': 'yellow', 'needs action': 'bold red'}


def versions() -> dict[str, str]:
    """Installed version of each package that matters, 'none' for an absent one."""
    found = {'python': platform.python_version()}
    for name, variants in PACKAGES.items():
        installed = {each: number for each in variants if (number := _version(each))}
        found.update(installed or {name: 'none'})
    found["opencv's TV-L1 flow"] = 'yes' if has_tvl1() else 'no: install opencv-contrib-python last'
    return found


def _version(distribution: str) -> str | None:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def has_tvl1() -> bool:
    """Whether the OpenCV in use has contrib's dual TV-L1 optical flow."""
    try:
        optflow = importlib.import_module('cv2').optflow
    except (ImportError, AttributeError):
        return False
    return hasattr(optflow, 'DualTVL1OpticalFlow_create')


def show(found: dict[str, str], findings: Sequence[Finding]) -> None:
    """Print both tables."""
    from rich.console import Console
    from rich.table import Table

    packages = Table('package', 'version')
    for name, number in found.items():
        packages.add_row(name, number)
    breaks = Table('known break', 'state', 'what the heal does, or what to install')
    for finding in findings:
        colour = COLOURS[finding.status]
        breaks.add_row(finding.name, f'[{colour}]{finding.status}[/]', finding.text)
    console = Console()
    console.print(packages)
    console.print(breaks)


def run_script(script: str, arguments: Sequence[str]) -> None:
    """Run a script as ``__main__``, as ``python SCRIPT ARGUMENTS`` does."""
    sys.argv = [script, *arguments]
    sys.path.insert(0, str(Path(script).resolve().parent))
    runpy.run_path(script, run_name='__main__')


def main(argv: Sequence[str] | None = None) -> int:
    """Print the state of the environment, or run a script in it.

    Args:
        argv: Arguments without the program's name; by default those of the process.

    Returns:
        Exit status: 1 when a break needs action, 2 without the script.
    """
    module = Path(sys.argv[0]).parent.name == 'compat'
    name = 'python -m mmrobust.compat' if module else 'mmrobust env'
    parser = argparse.ArgumentParser(prog=name, description=__doc__)
    parser.add_argument('script', nargs='?', help='script to run with the heals in place')
    parser.add_argument('arguments', nargs=argparse.REMAINDER, help='arguments of the script')
    options = parser.parse_args(argv)
    if options.script is not None and not Path(options.script).is_file():
        print(f'error: script {options.script} does not exist', file=sys.stderr)
        return 2
    if options.script is not None:
        heal()
        run_script(options.script, options.arguments)
        return 0
    findings = report()
    show(versions(), findings)
    return int(any(finding.status == 'needs action' for finding in findings))
