# The same TSN and the same frames, seen by a camera that pans: all of the picture moves.
_base_ = ['tsn_synthetic.py']
custom_imports = dict(
    imports=['mmrobust', 'projects.motion_excited_sampler.panning'], allow_failed_imports=False
)
# In the place of the crop from the centre; no multiple of the noise's tiles.
test_pipeline = [
    *_base_.test_pipeline[:3],
    dict(type='PanningCrop', crop_size=72, pan=3),
    *_base_.test_pipeline[4:],
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
