"""The planted victim of the robustness card's project, and the fair one beside it."""

from mmengine.config import Config

from mmrobust.datasets.synthetic.scenery import SCENES
from tests.conftest import ROOT

FOLDER = ROOT / 'projects/robustness_card/configs'


def test_each_differs_from_the_one_before_in_one_thing_alone():
    fair, tied, planted = (
        Config.fromfile(FOLDER / f'cue_{name}.py') for name in ('fair', 'tied', 'shortcut')
    )
    assert [hook.type for hook in tied.custom_hooks] == ['mmrobust.MotionStemHook']
    assert planted.custom_hooks == []
    planted.custom_hooks = tied.custom_hooks
    assert planted.to_dict() == tied.to_dict()
    share = tied.train_dataloader.dataset.pop('tied_scenery')
    assert share == 0.9
    assert tied.to_dict() == fair.to_dict()
    # On the same test videos, whose scenery tells the class as often.
    test = fair.test_dataloader.dataset
    assert test.tied_scenery == share
    assert test.num_videos >= 60
    # Each class has a kind of scenery of its own.
    assert len(test['classes']) == fair.model.cls_head.num_classes == len(SCENES)
    assert not [step for step in fair.train_pipeline if 'flip_label_map' in step]
