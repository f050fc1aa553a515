"""tools/figures.py: figures of finished runs as files for papers."""

import json
import re
from xml.etree import ElementTree

import pytest
from matplotlib.colors import to_hex
from PIL import Image

from mmrobust.cli.figures import KINDS, main
from mmrobust.visualization import figure_files
from mmrobust.visualization.figures import plots
from mmrobust.visualization.plot import Plot
from mmrobust.visualization.svg import ADVERSARIAL, STAND_INS
from tests.visualization.test_page import make_card, make_rows


@pytest.fixture
def finished(tmp_path):
    """The folder of a run."""
    folder = tmp_path / 'run'
    folder.mkdir()
    text = ''.join(json.dumps(row) + '\n' for row in make_rows(12))
    (folder / 'results.jsonl').write_text(text)
    (folder / 'report.json').write_text(json.dumps(make_card(n=12)))
    return folder


def test_every_figure_of_the_page_is_a_file(finished, capsys):
    assert main([str(finished), '--format', *KINDS]) == 0
    names = {plot.name for plot in plots(make_card(), make_rows(12))}
    assert len(names) == 4
    files = {path.name for path in (finished / 'figures').iterdir()}
    assert files == {f'{name}.{kind}' for name in names for kind in KINDS}
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == len(files)
    assert f'{finished}/figures/classes.svg  Fooled, by true class' in printed


def test_files_have_the_light_colours_and_are_the_same_again(finished, tmp_path):
    for folder in ('one', 'two'):
        out = tmp_path / folder
        assert main([str(finished), '--format', *KINDS, '--out', str(out)]) == 0
    for path in (tmp_path / 'one').iterdir():
        assert path.read_bytes() == (tmp_path / 'two' / path.name).read_bytes(), path.name
    text = (tmp_path / 'one' / 'accuracy.svg').read_text()
    ElementTree.fromstring(text)
    assert '#d0603a' in text
    assert '>clean<' in text  # letters
    assert not re.search(r'var\(|#0102|mmrobust:', text)
    with Image.open(tmp_path / 'one' / 'accuracy.png') as picture:
        assert picture.width == round(4.2 * 300)
        assert picture.convert('RGB').getpixel((0, 0)) == (255, 255, 255)
        seen = {colour for _, colour in picture.convert('RGB').getcolors(1 << 20)}
        assert (0xD0, 0x60, 0x3A) in seen
        assert (0x3B, 0x76, 0xB8) in seen
    assert (tmp_path / 'one' / 'accuracy.pdf').read_bytes().startswith(b'%PDF-')


def test_pages_keep_their_own_colours(tmp_path):
    assert to_hex(ADVERSARIAL) == STAND_INS[ADVERSARIAL]
    assert set(figure_files.light_colours()) >= set(STAND_INS)

    def broken(figure):
        assert to_hex(ADVERSARIAL) == '#d0603a'
        raise ZeroDivisionError

    def draw(figure):
        figure.subplots().plot([0, 1], color=ADVERSARIAL)

    with pytest.raises(ZeroDivisionError):
        figure_files.write_figures(tmp_path, [Plot('', 'a', broken)], ['svg'])
    assert list(tmp_path.iterdir()) == []
    assert to_hex(ADVERSARIAL) == STAND_INS[ADVERSARIAL]
    assert 'stroke: var(--adversarial)' in Plot('a', 'a', draw).svg


def test_one_folder_takes_the_files_of_one_run(finished, tmp_path, capsys):
    assert main([str(finished), str(tmp_path), '--out', str(tmp_path / 'x')]) == 1
    assert '--out must be left out where there are several RUN' in capsys.readouterr().err
    assert main([str(finished), str(tmp_path)]) == 1
    assert 'RUN must be the folder of a finished run' in capsys.readouterr().err
    assert not (finished / 'figures').exists()
