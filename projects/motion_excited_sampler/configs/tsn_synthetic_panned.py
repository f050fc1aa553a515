# The same TSN and the same frames, seen by a camera that pans: all of the picture moves.
_base_ = ['tsn_synthetic.py']
# In the place of the crop from the centre; no multiple of the noise's tiles.
test_pipeline = [
    *_base_.test_pipeline[:3],
    dict(type='mmrobust.PanningCrop', crop_size=72, pan=3),
    *_base_.test_pipeline[4:],
]
test_dataloader = dict(dataset=dict(pipeline=test_pipeline))
