"""The planted victim of the robustness card's project, and the fair one beside it."""

from mmengine.config import Config

from mmrobust.datasets.synthetic.scenery import SCENES
from tests.conftest import ROOT

FOLDER = ROOT / 'projects/robustness_card/configs'


def test_they_differ_in_the_scenery_of_their_training_alone():
    fair, planted = (Config.fromfile(FOLDER / f'cue_{name}.py') for name in ('fair', 'shortcut'))
    tied = planted.train_dataloader.dataset.pop('tied_scenery')
    assert tied == 0.9
    assert 'tied_scenery' not in fair.train_dataloader.dataset
    assert planted.to_dict() == fair.to_dict()
    # On the same test videos, whose scenery tells the class as often.
    test = fair.test_dataloader.dataset
    assert test.tied_scenery == tied
    assert test.num_videos >= 60
    # Each class has a kind of scenery of its own.
    assert len(test['classes']) == fair.model.cls_head.num_classes == len(SCENES)
    assert not [step for step in fair.train_pipeline if 'flip_label_map' in step]
