# For poses: the ten kinds that PoseBench names (2024, arXiv:2406.14367); darkness and mask with constants of our own.
corruptions = [
    dict(type='MotionBlur', centred=True),
    dict(type='GaussianNoise'),
    dict(type='ImpulseNoise'),
    dict(type='Pixelate'),
    dict(type='JPEGCompression'),
    dict(type='ColorQuantization'),
    dict(type='Brightness'),
    dict(type='Darkness'),
    dict(type='Contrast'),
    dict(type='Mask'),
]
