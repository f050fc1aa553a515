"""Which views belong together."""

from types import SimpleNamespace

import pytest

from mmrobust.victims.action.scoring import Scorer


@pytest.mark.parametrize(
    ('head', 'backbone', 'test_cfg', 'unit'),
    [
        # TSM says it twice; TRN in the head alone; a 2D recogniser in its test_cfg.
        (8, 8, None, 8),
        (8, None, None, 8),
        (None, 8, {}, 8),
        (None, None, {'num_segs': 4}, 4),
        (8, None, {'num_segs': 4}, 8),
        (None, None, {}, 1),
        (None, None, 'none', 1),
    ],
)
def test_the_unit_is_the_largest_number_of_segments(head, backbone, test_cfg, unit):
    model = SimpleNamespace(
        cls_head=SimpleNamespace(num_segments=head),
        backbone=SimpleNamespace(num_segments=backbone),
        test_cfg=test_cfg,
    )
    if test_cfg == 'none':
        # RecognizerOmni.
        del model.test_cfg
    assert Scorer(model).unit == unit
    assert Scorer(model).test_cfg == (test_cfg if isinstance(test_cfg, dict) else {})
