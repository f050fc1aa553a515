"""Robustness cards side by side: what costs which model how much, and what is claimed of it.

Natural corruptions beside attacks, on the demo's victims and on those of the Weizmann set. All
are tiny; none is a published model.
"""

sources = dict(
    weizmann=dict(
        holds='the strips: 0, 1, 3, 4',
        # People are split as it says.
        script='../../tools/data/prepare_weizmann.py',
        outputs=dict(weizmann=['--window', 16]),
        variable='WEIZMANN_ROOT',
    ),
    utkinect=dict(
        holds='UTKinect.mat',
        script='../../tools/data/prepare_utkinect.py',
        outputs={'utkinect.pkl': []},
        variable='UTKINECT_ANNOTATIONS',
    ),
)
videos = dict(card='configs/card.py')
i3d = dict(
    videos,
    name='i3d',
    sees='movement',
    config='../../configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py',
    weights='../../mmrobust/resources/demo_victim.pth',
)
tsn = dict(
    videos,
    name='tsn',
    sees='frames',
    rival='i3d',
    config='../../configs/demo/tsn-tiny-r18_1x1x8_synthetic-rgb.py',
)
i3d_adversarial = dict(
    videos,
    name='i3d_adversarial',
    sees='movement',
    plain='i3d',
    config='../../configs/demo/i3d-tiny_16x1x2_synthetic-rgb_adversarial.py',
)
pose = dict(
    name='pose',
    sees='pictures',
    card='configs/card_poses.py',
    config='../../configs/demo/pose/td-hm_tiny-r18_synthetic-64x80.py',
    weights='../../mmrobust/resources/demo_pose_victim.pth',
    # Frames of one video are no independent samples.
    options=['test_dataloader.dataset.frames_per_video=1'],
    seconds=2.0,
)
# All windows: the classes come one after another.
weizmann = dict(videos, source='weizmann', training_data=['train.txt'], windows=True, samples=36)
i3d_weizmann = dict(
    weizmann,
    name='i3d_weizmann',
    sees='movement',
    config='../weizmann/configs/i3d-tiny_16x1x1_weizmann4-rgb.py',
)
tsn_weizmann = dict(
    weizmann,
    name='tsn_weizmann',
    sees='frames',
    rival='i3d_weizmann',
    config='../weizmann/configs/tsn-tiny-r18_1x1x8_weizmann4-rgb.py',
)
joints = dict(
    name='joints',
    sees='joints',
    card='configs/card_joints.py',
    config='../../configs/demo/skeleton/stgcnpp_tiny_synthetic-joints.py',
    seconds=2.0,
)
joints_utkinect = joints | dict(
    name='joints_utkinect',
    source='utkinect',
    training_data=['.'],
    config='../../configs/demo/skeleton/stgcnpp_tiny_utkinect-3d.py',
    samples=100,
)
# Videos filmed again with one cue exchanged or taken away.
cues = dict(card='configs/card_cues.py', samples=120, seconds=2.5)
cue_i3d = i3d | cues | dict(name='cue_i3d', samples=60)
cue_fair = dict(cues, name='cue_fair', sees='movement', config='configs/cue_fair.py')
cue_tied = dict(
    cues, name='cue_tied', sees='movement', fair='cue_fair', config='configs/cue_tied.py'
)
# The shortcut is planted.
cue_shortcut = dict(
    cues, name='cue_shortcut', sees='scenery', fair='cue_fair', config='configs/cue_shortcut.py'
)
study = dict(
    type='projects.robustness_card.jobs.SeeingStudy',
    title='Robustness cards',
    kicker='Natural corruptions beside attacks',
    remark='Tiny victims, none a published model.',
    sources=sources,
    victims=[
        *(i3d, tsn, i3d_adversarial, pose, i3d_weizmann, tsn_weizmann),
        *(joints, joints_utkinect),
        *(cue_i3d, cue_fair, cue_tied, cue_shortcut),
    ],
    samples=60,
)
# It has learned next to nothing.
hasty = dict(
    training_options=[
        'train_cfg.max_epochs=1',
        'train_dataloader.dataset.times=1',
        'train_dataloader.dataset.dataset.num_videos=10',
        'val_dataloader.dataset.num_videos=1',
    ],
)
hasty_cues = dict(
    samples=6,
    training_options=[
        'train_cfg.max_epochs=1',
        'train_dataloader.dataset.num_videos=16',
        'val_dataloader.dataset.num_videos=3',
    ],
)
quick = dict(
    remark='A quick run: every part once, far too little to decide anything.',
    victims=[
        dict(i3d, card='configs/card_quick.py'),
        dict(tsn, card='configs/card_quick.py', **hasty),
        dict(pose, card='configs/card_poses_quick.py'),
        cue_fair | hasty_cues,
        cue_shortcut | hasty_cues,
    ],
    samples=6,
)
