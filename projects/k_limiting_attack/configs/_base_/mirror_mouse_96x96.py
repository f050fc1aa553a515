# 90 labelled frames of a mouse seen from the side and from below, as crops of 96 x 96
# pixels; see tools/data/prepare_mirror_mouse.py. Another place: set the environment variable MIRROR_MOUSE_ROOT.
data_root = '{{$MIRROR_MOUSE_ROOT:data/mirror_mouse}}'

paws = ('paw1LH', 'paw2LF', 'paw3RF', 'paw4RH')
mirrored = dict(zip(paws, reversed(paws), strict=True))
names = [
    *(f'{part}_top' for part in (*paws, 'tailBase', 'tailMid', 'nose', 'obs')),
    *(f'{part}_bot' for part in (*paws, 'tailBase', 'tailMid', 'nose')),
    'obsHigh_bot',
    'obsLow_bot',
]
bones = [
    ('tailMid', 'tailBase'),
    ('tailBase', 'nose'),
    ('tailBase', 'paw1LH'),
    ('tailBase', 'paw4RH'),
    ('nose', 'paw2LF'),
    ('nose', 'paw3RF'),
]
metainfo = dict(
    dataset_name='mirror_mouse',
    paper_info=dict(
        author='Biderman, Dan and Whiteway, Matthew R. and others',
        title='Lightning Pose: improved animal pose estimation via '
        'semi-supervised learning, Bayesian ensembling and cloud-native '
        'open-source tools',
        container='Nature Methods',
        year='2024',
        homepage='https://github.com/paninski-lab/lightning-pose',
    ),
    keypoint_info={
        i: dict(
            name=name,
            id=i,
            color=[0, 255, 0] if name.endswith('_top') else [255, 128, 0],
            type='upper' if name.endswith('_top') else 'lower',
            swap='_'.join([mirrored[name[:-4]], name[-3:]]) if name[:-4] in mirrored else '',
        )
        for i, name in enumerate(names)
    },
    skeleton_info={
        i: dict(link=link, id=i, color=[51, 153, 255])
        for i, link in enumerate(
            [
                *((f'{start}_top', f'{end}_top') for start, end in bones),
                *((f'{start}_bot', f'{end}_bot') for start, end in bones),
                ('obsHigh_bot', 'obsLow_bot'),
            ]
        )
    },
    joint_weights=[1.0] * len(names),
    # Nobody measured how far annotators differ on these parts: one value for all, of COCO's order.
    sigmas=[0.05] * len(names),
)

input_size = (96, 96)
dataset_type = 'CocoDataset'
# A head's config appends GenerateTarget, with its codec, and PackPoseInputs.
train_augmentation = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.0),
    dict(type='RandomFlip', direction='horizontal'),
    dict(
        type='RandomBBoxTransform',
        shift_factor=0.1,
        shift_prob=0.8,
        scale_factor=(0.8, 1.25),
        rotate_factor=20,
    ),
    dict(type='TopdownAffine', input_size=input_size),
]
test_pipeline = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale', padding=1.0),
    dict(type='TopdownAffine', input_size=input_size),
    dict(type='PackPoseInputs'),
]
train_dataloader = dict(
    batch_size=24,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    # 72 frames, which the pipeline turns, shifts and mirrors at random.
    dataset=dict(
        type='RepeatDataset',
        times=10,
        dataset=dict(
            type=dataset_type, data_root=data_root, ann_file='train.json', metainfo=metainfo
        ),
    ),
)
test_dataloader = dict(
    batch_size=6,
    num_workers=0,
    persistent_workers=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type=dataset_type,
        data_root=data_root,
        ann_file='test.json',
        metainfo=metainfo,
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
# A part is right within a twentieth of the image's longer side: 20 pixels.
test_evaluator = [dict(type='PCKAccuracy', thr=0.05), dict(type='EPE')]
