"""K-limiting attacks on small pose estimators: the slides' tables, curves and claims.

"Explainable K-limiting Relational Adversarial Attack on Coordinate Regression"
(slides), on three heads on one backbone: heatmaps, SimCC, regression; on the
embedded figures and on real frames of a mouse.
"""

heads = ['td-hm', 'simcc', 'td-reg']
# One frame of every video: frames of one video are no independent samples.
frames = 'test_dataloader.dataset.frames_per_video=1'
figures = dict(
    data='synthetic-64x80',
    size=(64, 80),
    within=0.1,
    targets=['walk', 'sit'],
    options=[frames],
)
mouse = dict(
    data='mirror-mouse-96x96',
    size=(96, 96),
    within=0.05,
    # It neither walks nor sits as the built-in figures do.
    targets=['mirrored'],
    source='mouse',
    training_data=['train.json'],
)
victims = [
    dict(
        data,
        head=head,
        name=f'{head}_tiny-r18_{data["data"]}',
        config=f'configs/{head}_tiny-r18_{data["data"]}.py',
    )
    for data in (figures, mouse)
    for head in heads
]
study = dict(
    type='projects.k_limiting_attack.jobs.KLimitingStudy',
    title='K-limiting attack',
    kicker='KAA and KAA+ER',
    sources=dict(
        mouse=dict(
            holds='CollectedData.csv and labeled-data of mirror-mouse-example',
            script='../../tools/data/prepare_mirror_mouse.py',
            outputs=dict(mirror_mouse=[]),
            variable='MIRROR_MOUSE_ROOT',
        )
    ),
    victims=victims,
    samples=50,
    steps=20,
    eps=8,
    curve=[1, 2, 4, 8],
    pictures=3,
)
# A minute of training and a handful of test videos.
epochs = 3
quick = dict(
    remark='A quick run: one victim after a minute of training, few samples. It proves nothing.',
    victims=[
        dict(
            victims[0],
            options=[frames, 'test_dataloader.dataset.num_videos=6'],
            training_options=[
                'train_dataloader.dataset.num_videos=80',
                f'train_cfg.max_epochs={epochs}',
                f'param_scheduler.1.end={epochs}',
                f'param_scheduler.1.T_max={epochs - 1}',
            ],
        )
    ],
    samples=3,
    steps=4,
    curve=[8],
    pictures=1,
)
