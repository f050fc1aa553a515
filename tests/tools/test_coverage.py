"""What a run over all configs says: categories, reductions, comparisons, the page."""

import json
import os
import subprocess
import sys
from collections import Counter
from fnmatch import fnmatch
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.structures import BaseDataElement, InstanceData

from tests.conftest import ROOT

FOLDER = ROOT / 'tools' / 'analysis_tools'


@pytest.fixture(autouse=True)
def _beside(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))


def place(name):
    import coverage_table

    package, _, inside = name.partition('/')
    return coverage_table.Place(package, Path(name), Path(f'{inside}.py'))


def test_families_come_in_turn_the_largest_first():
    from tools.analysis_tools.coverage import spread

    names = [f'a/x/small/{i}' for i in range(2)] + [f'a/x/large/{i}' for i in range(4)]
    found = [p.family for p in spread([place(f'b/y/one/{0}'), *map(place, names)])]
    assert found == ['large', 'small', 'one', 'large', 'small', 'large', 'large']
    assert spread([]) == []


def test_every_config_of_the_wheels_has_a_place():
    from tools.analysis_tools.coverage import chosen, places

    found = places()
    assert Counter(p.package for p in found) == {'mmaction': 215, 'mmpose': 408}
    assert len({p.name for p in found}) == 623
    skeletons = chosen(['mmaction/skeleton/*'], None)
    assert len(skeletons) == 42
    # The first of a sample are one of each family.
    assert len({p.family for p in chosen(['mmaction/skeleton/*'], 4)}) == 4


def recogniser(sampler, crop, head='I3DHead'):
    steps = [sampler, {'type': 'DecordDecode'}, *([crop] if crop else [])]
    data = {'dataset': {'type': 'VideoDataset', 'pipeline': steps}}
    return Config({'model': {'cls_head': {'type': head}}, 'test_dataloader': data})


CROP = {'type': 'ThreeCrop', 'crop_size': 10}


@pytest.mark.parametrize(
    ('sampler', 'head', 'most', 'expected'),
    [
        # 10 clips of 4 frames, 3 crops of 100 pixels: 12,000.
        ({'type': 'SampleFrames', 'clip_len': 4, 'num_clips': 10}, 'I3DHead', 12000, {}),
        ({'type': 'SampleFrames', 'clip_len': 4, 'num_clips': 10}, 'I3DHead', 11999,
         {'0.num_clips': 1}),
        ({'type': 'SampleFrames', 'clip_len': 4, 'num_clips': 10}, 'I3DHead', 1199,
         {'0.num_clips': 1, '2.type': 'CenterCrop'}),
        # Segments that the head is made for; frames that it averages; starts of dense sampling.
        ({'type': 'SampleFrames', 'num_clips': 8}, 'TSMHead', 100, {'2.type': 'CenterCrop'}),
        ({'type': 'SampleFrames', 'num_clips': 8}, 'TSNHead', 900, {'0.num_clips': 3}),
        ({'type': 'DenseSampleFrames', 'num_clips': 8}, 'TSMHead', 2400,
         {'0.num_sample_positions': 1}),
    ],
)  # fmt: skip
def test_clips_go_before_crops_and_no_more_than_needed(sampler, head, most, expected):
    from coverage_smaller import smaller

    cfg = recogniser(sampler, CROP, head)
    before = cfg.to_dict()
    options, words = smaller(cfg, most)
    start = 'test_dataloader.dataset.pipeline.'
    assert options == {start + key: value for key, value in expected.items()}
    assert bool(words) == bool(expected)
    assert cfg.to_dict() == before


def raised(function):
    from coverage_reasons import ending

    try:
        function()
    except Exception as error:
        return ending(error)
    raise AssertionError


def own(text='must be 1, got 2', cause=None):
    from mmrobust.functional.checks import require

    try:
        require(False, 'x', '1', 2)
    except ValueError as error:
        if cause is None:
            raise
        raise error from cause


def foreign(error):
    def run():
        raise error

    return raised(run)


def test_categories_of_endings():
    from coverage_reasons import category

    from mmrobust.compat.mmcv_ext import operation

    rule, theirs = raised(own), foreign(KeyError('x'))
    assert rule.own
    assert not theirs.own
    assert category(None, None, []) == 'passed'
    assert category(None, None, ['gradient zero']) == 'failed'
    assert category(rule, None, []) == 'refused'
    # Asked before the wheels' own fault shows, or after.
    assert category(rule, theirs, []) == 'refused'
    assert category(theirs, theirs, []) == 'broken'
    assert category(theirs, None, []) == 'failed'
    assert category(foreign(ValueError()), foreign(ValueError()), [], tried=False) == 'untried'
    assert category(theirs, theirs, [], tried=False) == 'broken'
    assert category(foreign(MemoryError()), None, []) == 'limits'
    missing = raised(operation('nms'))
    assert missing.operator
    assert category(missing, missing, []) == 'operators'
    # What one of ours words again is not of its own making.
    assert not raised(lambda: own(cause=KeyError('x'))).own


@pytest.mark.parametrize(
    ('text', 'package'),
    [
        ("No module named 'timm'", 'timm'),
        ('model.type of CONFIG needs the package mmpretrain, which is not installed', 'mmpretrain'),
        ('Please install ``poseval`` package for evaluation', 'poseval'),
        ('please install it by `pip install "mmaction2[multimodal]"`', 'mmaction2[multimodal]'),
    ],
)
def test_missing_packages_are_named(text, package):
    from coverage_reasons import category

    found = foreign(ImportError(text))
    assert found.package == package
    assert category(found, None, []) == 'package'


def test_predictions_are_compared_to_the_last_bit():
    from coverage_watch import answers, apart

    sample = BaseDataElement(gt_label=torch.zeros(1), pred_score=torch.tensor([0.5, 0.25]))
    sample.pred_instances = InstanceData(keypoints=torch.ones(1, 2, 2))
    found = answers(sample)
    assert found.keys() == {'pred_score', 'pred_instances.keypoints'}
    assert apart([found], [found]) == 0
    other = found | {'pred_score': found['pred_score'] + torch.tensor([0, 2**-10])}
    assert apart([found], [other]) == 2**-10
    assert apart([found], []) == apart([found], [{}]) == float('inf')


def test_the_bare_networks_gradient_is_that_of_a_formula():
    from coverage_watch import plain_gradient

    weight = torch.tensor([3.0, 0.0])

    def run(data, mode):
        assert mode == 'tensor'
        return [{'a': data['inputs'][0] * weight}]

    model = SimpleNamespace(data_preprocessor=lambda data, training: data, _run_forward=run)
    # d (3 x)^2 / dx = 18 x.
    assert plain_gradient(model, {'inputs': [torch.tensor([2.0, 5.0])]}) == pytest.approx(36)
    assert plain_gradient(model, {'inputs': [torch.tensor([0.0, 5.0])]}) == 0


def test_pretraining_is_left_out_wherever_it_stands():
    from coverage_one import no_pretraining

    model = {
        'backbone': {'pretrained': 'https://x', 'init_cfg': [{'type': 'Pretrained'}]},
        'heads': [{'init_cfg': {'type': 'Normal'}, 'pretrained': True}],
    }
    assert no_pretraining(model, 'model') == {
        'model.backbone.pretrained': None,
        'model.backbone.init_cfg': None,
    }


def row(name, status='passed', **more):
    package, task, family, *_ = name.split('/')
    known = {'config': name, 'package': package, 'task': task, 'family': family}
    return known | {'status': status, 'reason': '', 'stock': 'ok', 'reduced': '', 'space': ''} | {
        'flags': {}} | more  # fmt: skip


def test_the_page_counts_and_names_what_did_not_pass():
    from coverage_table import table

    text = '/tmp/x1/data/list_a.txt has 0.25 rows; see https://a.b/c.html'
    rows = [
        row('a/t/f/one'),
        row('a/t/f/two', reduced='10 clips to 1'),
        row('a/t/g/three', 'failed', reason=text),
        row('a/t/g/four', 'failed', reason=text.replace('x1', 'x2').replace('0.25', '0.5')),
    ]
    about = {'date': '2026-01-02', 'versions': {'torch': '1'}, 'limits': {'seconds': 9}}
    page = table(rows, about | {'configs': 5})
    assert '**2 of 4 passed**; the wheels have 5, and the others were not run.' in page
    assert '| all | 2 | 2 | 4 |' in page
    assert '| g |  | 2 | 2 |' in page
    line = '**failed** (2): list_a.txt has x rows; see https://a.b/c.html. Stock test: runs.'
    assert f'{line}\n\n* a/t/g: four, three' in page
    assert '**Changed: 10 clips to 1** (1).\n\n* a/t/f: two' in page
    assert '/tmp' not in page


# One of most families, small ones: the wheels' largest networks take minutes.
FORTY = {
    'passed': """
        recognition/tsn/*r50_8xb32-1x1x3-100e_kinetics400-rgb
        recognition/tsm/*mobilenetv2_8xb16-1x1x8-100e_kinetics400-rgb
        recognition/x3d/x3d_s_* recognition/c3d/*
        recognition/slowonly/*imagenet-pretrained-r50_8xb16-4x16x1-steplr-150e_kinetics400-rgb
        skeleton/stgcn/*joint-u100-80e_ntu60*2d skeleton/2s-agcn/*bone-u100-80e_ntu60*3d
        skeleton/stgcnpp/*joint-motion-u100-80e_ntu60*2d skeleton/stgcnpp/*bone-u100-80e_ntu60*3d
        animal_2d_keypoint/topdown_heatmap/locust/td-hm_res50*
        body_2d_keypoint/topdown_heatmap/coco/td-hm_mobilenetv2_8xb64-210e_coco-256x192
        body_2d_keypoint/rtmpose/coco/rtmpose-t_8xb256-420e_coco-256x192
        body_2d_keypoint/simcc/coco/*mobilenetv2*
        body_2d_keypoint/topdown_heatmap/jhmdb/td-hm_res50_8xb64-20e_jhmdb-sub1-256x256
        body_2d_keypoint/topdown_regression/coco/td-reg_mobilenetv2_rle*
        face_2d_keypoint/topdown_heatmap/wflw/td-hm_hrnetv2-w18_8xb64-60e_wflw-256x256
        body_2d_keypoint/integral_regression/coco/ipr_res50_8xb64-210e_coco-256x256
        body_2d_keypoint/topdown_heatmap/mpii/td-hm_mobilenetv2*
        body_3d_keypoint/image_pose_lift/* body_3d_keypoint/video_pose_lift/*-1frm*
        face_2d_keypoint/topdown_heatmap/coco_wholebody_face/*mobilenetv2*
        face_2d_keypoint/topdown_regression/wflw/td-reg_res50_8xb64-210e*
        face_2d_keypoint/rtmpose/face6/rtmpose-t* animal_2d_keypoint/rtmpose/*
        hand_2d_keypoint/topdown_heatmap/onehand10k/*mobilenetv2*
        fashion_2d_keypoint/*/deepfashion/td-hm_res50*upper-256x192
        wholebody_2d_keypoint/topdown_heatmap/coco-wholebody/td-hm_vipnas-mbv3_8xb64*
    """,
    'refused': """
        detection/acrn/*cosine-10e_ava21* localization/bmn/*2048* localization/tcanet/*
        recognition_audio/resnet/*
        skeleton/*/rgb_only wholebody_2d_keypoint/dwpose/coco-wholebody/s1_dis/*_l_dis_m_*
        detection/slowfast/*multisports* hand_3d_keypoint/*
    """,
    'operators': 'recognition/tin/tin_*sthv1*',
    'package': 'body_2d_keypoint/topdown_heatmap/posetrack18/td-hm_res50*',
    'broken': """
        localization/drn/*first */edpose* body_2d_keypoint/rtmpose/body8/rtmpose-t*halpe26*
    """,
}


@pytest.mark.slow
def test_forty_configs_are_as_they_should_be(tmp_path):
    tool, work = FOLDER / 'coverage.py', tmp_path / 'work'
    patterns = [f'*/{pattern}' for found in FORTY.values() for pattern in found.split()]
    command = [sys.executable, '-W', 'ignore', tool, '--work-dir', work, '--pixels', '100']
    environment = {**os.environ, 'OMP_NUM_THREADS': '1'}
    done = subprocess.run(
        [*command, '--configs', *patterns], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    rows = [json.loads(line) for line in (work / 'coverage.jsonl').read_text().splitlines()]
    expected = {
        row['config']: status
        for row in rows
        for status, found in FORTY.items()
        if any(fnmatch(row['config'], f'*/{pattern}') for pattern in found.split())
    }
    assert len(rows) == len(expected) == 40
    assert {row['config']: row['status'] for row in rows} == expected
    assert all(row['reason'] for row in rows if row['status'] != 'passed')
