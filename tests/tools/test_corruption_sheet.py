"""The picture of all corruptions in the documentation."""

import numpy as np
from PIL import Image

from mmrobust.corruptions import frost
from tools.analysis_tools import corruption_sheet


def test_all_kinds_that_can_run_stand_under_their_names(tmp_path, monkeypatch, capsys):
    some = [kind for kind in corruption_sheet.kinds() if kind.name in ('frost', 'pixelate', 'mask')]
    monkeypatch.setattr(corruption_sheet, 'kinds', lambda: some)
    monkeypatch.setattr(frost, 'find_spec', lambda _: None)
    frost.photographs.cache_clear()
    pictures = corruption_sheet.tiles(3, 0)
    assert list(pictures) == ['clean', 'pixelate', 'mask']
    assert 'left out: frost' in capsys.readouterr().out
    corruption_sheet.sheet(pictures).save(tmp_path / 'sheet.png')
    page = np.asarray(Image.open(tmp_path / 'sheet.png'))
    rows, columns = pictures['clean'].shape[:2]
    top, left = corruption_sheet.GAP + corruption_sheet.LINE, 2 * corruption_sheet.GAP + columns
    there = page[top : top + rows, left : left + columns]
    np.testing.assert_array_equal(there, pictures['pixelate'])


def test_cues_stand_beside_the_clean_frame():
    pictures = corruption_sheet.cue_tiles(0)
    assert list(pictures)[:3] == ['clean', 'action_swap', 'swap_frame']
    assert len(pictures) == 22
    top = pictures['clean'][:12]
    np.testing.assert_array_equal(pictures['background_only'][:12], top)
    assert (pictures['action_swap'][:12] != top).any()
