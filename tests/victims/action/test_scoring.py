"""Which views belong together."""

from types import SimpleNamespace

import pytest
import torch
from mmaction.structures import ActionDataSample

from mmrobust.victims.action.scoring import Scorer
from tests.conftest import CONFIGS, build_recognizer


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


def test_a_recogniser_of_frames_sees_those_of_clips_one_after_the_other():
    """Two views of three frames as six frames of its own; in both ways of running it."""
    _, model = build_recognizer(CONFIGS / 'tiny_2d.py')
    scorer, clip = Scorer(model), torch.randint(0, 256, (2, 3, 3, 24, 24), dtype=torch.uint8)
    frames = torch.stack([clip[v, :, t] for v in range(2) for t in range(3)])

    def predicted(inputs):
        with torch.no_grad():
            return scorer.predict({'inputs': [inputs], 'data_samples': [ActionDataSample()]})[1]

    wanted = predicted(frames)
    with pytest.raises((RuntimeError, ValueError)):
        predicted(clip)
    scorer.single_frames = True
    assert torch.equal(predicted(clip), wanted)
    (batch,) = scorer.forwards([clip])
    assert torch.equal(batch['inputs'][0], frames)
    (batch,) = scorer.forwards([frames])
    assert torch.equal(batch['inputs'][0], frames)
