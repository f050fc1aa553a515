# Attacks that are made to transfer, from the demo's I3D to its TSN and back. Run it from the root
# of the repository; README.md beside it has the commands before it and the results.
_base_ = ['attacks.py']
victims = dict(
    i3d=dict(
        config='configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py',
        checkpoint='mmrobust/resources/demo_victim.pth',
    ),
    tsn=dict(
        config='configs/demo/tsn-tiny-r18_1x1x8_synthetic-rgb.py',
        checkpoint='work_dirs/tsn-tiny-r18_1x1x8_synthetic-rgb/epoch_12.pth',
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
    batch_size=8,
    dataset=dict(
        type='mmrobust.SyntheticVideoDataset',
        num_videos=120,
        split='test',
        pipeline=_pipeline,
        test_mode=True,
    ),
)
attacks = dict(
    admix=dict(transforms=[dict(type='Admix', bank='work_dirs/transfer_family/demo.npy')])
)
