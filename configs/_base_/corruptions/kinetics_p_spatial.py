# Kinetics400-P, HMDB51-P, UCF101-P, SSv2-P (Schiappa et al. 2022, arXiv:2207.01398): kinds of pictures.
corruptions = [
    dict(type='GaussianNoise'),
    dict(type='ShotNoise', constants=(250, 100, 50, 30, 15)),
    dict(type='ImpulseNoise'),
    dict(type='SpeckleNoise', constants=(0.15, 0.2, 0.25, 0.3, 0.35)),
    dict(type='Salt'),
    dict(type='Pepper'),
    dict(type='GaussianBlur', constants=(0.5, 0.75, 1, 1.25, 1.5)),
    dict(type='DefocusBlur'),
    dict(type='MotionBlur', coherent=False),
    dict(type='ZoomBlur'),
    dict(type='JPEGCompression'),
    dict(type='StaticRotation'),
    dict(type='RandomRotation', coherent=False),
    dict(type='Translation', coherent=False),
]
