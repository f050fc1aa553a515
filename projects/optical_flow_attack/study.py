"""Attacks on optical-flow recognisers: the paper's table, figures and claims.

Inkawhich, Inkawhich, Chen, Li 2018, arXiv:1811.11875, on the embedded videos and
on clips of the Weizmann set. Fine-tunes the small FlowNet2 member on TV-L1 flow,
trains one flow CNN per backend (FlowNet2, TV-L1, Farneback), attacks the FlowNet2
one white box at stack and video level and carries the attacks over to the others.
"""

embedded = dict(
    name='synthetic',
    config='configs/attack_synthetic.py',
    video_config='configs/attack_synthetic_video.py',
    training='configs/train_synthetic.py',
    videos=240,
    tuning=4000,
    epochs=10,
    samples=64,
    carried=32,
    whole=24,
)
weizmann = dict(
    name='weizmann',
    source='weizmann',
    config='configs/attack_weizmann.py',
    video_config='configs/attack_weizmann_video.py',
    training='configs/train_weizmann.py',
    tuning=4000,
    epochs=8,
    samples=200,
    carried=200,
    whole=8,
)
study = dict(
    type='projects.optical_flow_attack.jobs.FlowStudy',
    title='Optical-flow attack',
    sources=dict(
        weizmann=dict(
            holds='the strips: 0, 1, 3, 4',
            # People are split as it says.
            script='../../tools/data/prepare_weizmann.py',
            outputs={'weizmann/stacks': ['--window', 11], 'weizmann/videos': ['--window', 0]},
        )
    ),
    victims=[embedded, weizmann],
    # Of the range 0..1, as the paper gives them.
    eps=[0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035],
)
# Victims that have learned next to nothing: any prediction is attacked.
least = dict(tuning=20, epochs=2, samples=4, carried=4, whole=2, reference='prediction')
quick = dict(
    victims=[dict(embedded, videos=10, **least), dict(weizmann, **least)], eps=[0.005, 0.035]
)
