# MMAction2's SlowOnly on flow, fed with RGB videos: TV-L1 flow is computed inside
# the model. Weights trained on flow images load as they are.
_base_ = 'mmaction::recognition/slowonly/slowonly_r50_8xb16-16x4x1-256e_kinetics400-flow.py'

# The flow fields are four frames apart, each from one frame to the very next.
model = dict(
    type='mmrobust.FlowRecognizer3D',
    flow_estimator=dict(type='TVL1'),
    sampling='pairs',
    data_preprocessor=dict(_delete_=True, type='ActionDataPreprocessor', format_shape='NCTHW'),
)

train_pipeline = [
    dict(type='DecordInit'),
    dict(type='mmrobust.SamplePairs', clip_len=16, frame_interval=4, num_clips=1),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 256)),
    dict(type='RandomResizedCrop'),
    dict(type='Resize', scale=(224, 224), keep_ratio=False),
    dict(type='Flip', flip_ratio=0.5),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
val_pipeline = [
    dict(type='DecordInit'),
    dict(type='mmrobust.SamplePairs', clip_len=16, frame_interval=4, num_clips=2, test_mode=True),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 256)),
    dict(type='CenterCrop', crop_size=224),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]
test_pipeline = [
    dict(type='DecordInit'),
    dict(type='mmrobust.SamplePairs', clip_len=16, frame_interval=4, num_clips=10, test_mode=True),
    dict(type='DecordDecode'),
    dict(type='Resize', scale=(-1, 256)),
    dict(type='ThreeCrop', crop_size=256),
    dict(type='FormatShape', input_format='NCTHW'),
    dict(type='PackActionInputs'),
]

train_videos = dict(
    type='VideoDataset',
    ann_file='data/kinetics400/kinetics400_train_list_videos.txt',
    data_prefix=dict(video='data/kinetics400/videos_train'),
)
val_videos = dict(
    type='VideoDataset',
    ann_file='data/kinetics400/kinetics400_val_list_videos.txt',
    data_prefix=dict(video='data/kinetics400/videos_val'),
    test_mode=True,
)
train_dataloader = dict(dataset=dict(_delete_=True, pipeline=train_pipeline, **train_videos))
val_dataloader = dict(dataset=dict(_delete_=True, pipeline=val_pipeline, **val_videos))
test_dataloader = dict(dataset=dict(_delete_=True, pipeline=test_pipeline, **val_videos))
