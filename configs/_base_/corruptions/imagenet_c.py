# ImageNet-C (Hendrycks and Dietterich 2019, arXiv:1903.12261): the 15 kinds that are scored.
corruptions = [
    dict(type='GaussianNoise'),
    dict(type='ShotNoise'),
    dict(type='ImpulseNoise'),
    dict(type='DefocusBlur'),
    dict(type='GlassBlur'),
    dict(type='MotionBlur'),
    dict(type='ZoomBlur'),
    dict(type='Snow'),
    dict(type='Frost'),
    dict(type='Fog'),
    dict(type='Brightness'),
    dict(type='Contrast'),
    dict(type='ElasticTransform'),
    dict(type='Pixelate'),
    dict(type='JPEGCompression'),
]
