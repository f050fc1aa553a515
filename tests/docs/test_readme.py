"""README's commands end well, as they stand but for the number of samples and of queries."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import mmaction
import numpy as np
import pytest

from mmrobust.io.video import write_lossless
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

README = (ROOT / 'README.md').read_text(encoding='utf-8')
DEMO = ROOT / 'configs' / 'demo' / 'i3d-tiny_16x1x2_synthetic-rgb.py'
WEIGHTS = ROOT / 'mmrobust' / 'resources' / 'demo_victim.pth'
PLACES = {'CONFIG': DEMO, 'CONFIG2': DEMO, 'CHECKPOINT': WEIGHTS, 'CHECKPOINT2': WEIGHTS}
# Of MMAction2.
PLACES['tools/test.py'] = Path(mmaction.__file__).parent / '.mim' / 'tools' / 'test.py'


def commands() -> list[list[str]]:
    found = re.findall(r'^```bash\n(.*?)^```$', README, flags=re.M | re.S)
    lines = [line for block in found for line in block.replace('\\\n', ' ').splitlines()]
    words = [shlex.split(line, comments=True) for line in lines]
    # What a run leaves is played in tests of its own; the transfer runs for minutes.
    apart = ('tools/analysis_tools/verify_adv.py', 'tools/transfer.py')
    return [line for line in words if line and line[0] == 'python' and line[1] not in apart]


def shortened(words: list[str], folder: Path) -> list[str]:
    """With two samples, and few queries; of the reader's clips there is one."""
    clips = folder / 'clips'
    if 'clips/' in words:
        noise = np.random.default_rng(0).integers(0, 256, (8, 72, 96, 3), np.uint8)
        write_lossless(clips / 'noise.mkv', noise, 8)
    filled = [str((PLACES | {'clips/': clips}).get(word, word)) for word in words[1:]]
    options = ['attack.budget=40'] if any('me_sampler' in word for word in words) else []
    if 'mmrobust.compat' in words:
        options += ['default_hooks.attack.settings.max_samples=2']
        limits = ['--work-dir', folder]
    else:
        limits = ['--work-dir', folder, '--max-samples', 2]
    if '--cfg-options' in filled:
        place = filled.index('--cfg-options')
        limits += [*filled[place:], *options]
        filled = filled[:place]
    elif options:
        limits += ['--cfg-options', *options]
    return [*filled, *map(str, limits)]


@pytest.mark.parametrize('words', commands(), ids=lambda words: ' '.join(words)[:60])
def test_command_of_the_readme_runs(words, tmp_path):
    command = [sys.executable, '-W', 'ignore', *shortened(words, tmp_path)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
    assert list(tmp_path.rglob('report.json')) or list(tmp_path.rglob('sweep.json'))
