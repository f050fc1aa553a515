# The same TSN and the same frames, seen by a camera that pans: all of the picture moves.
_base_ = ['tsn_synthetic.py']
custom_imports = dict(
    imports=['mmrobust', 'projects.motion_excited_sampler.panning'],
    allow_failed_imports=False)
test_pipeline = [
    dict(
        type='SampleFrames',
        clip_len=4,
        frame_interval=2,
        num_clips=1,
        test_mode=True),
    dict(type='mmrobust.SyntheticDecode'),
    dict(type='Resize', scale=(-1, 72)),
    dict(type='PanningCrop', crop_size=72, pan=4),
    dict(type='FormatShape', input_format='NCHW'),
    dict(type='PackActionInputs')
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
