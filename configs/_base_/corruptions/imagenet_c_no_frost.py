# ImageNet-C without frost, whose photographs no dependency brings: a mean over 14 kinds, no mPC of ImageNet-C.
corruptions = [
    dict(type='GaussianNoise'),
    dict(type='ShotNoise'),
    dict(type='ImpulseNoise'),
    dict(type='DefocusBlur'),
    dict(type='GlassBlur'),
    dict(type='MotionBlur'),
    dict(type='ZoomBlur'),
    dict(type='Snow'),
    dict(type='Fog'),
    dict(type='Brightness'),
    dict(type='Contrast'),
    dict(type='ElasticTransform'),
    dict(type='Pixelate'),
    dict(type='JPEGCompression'),
]
