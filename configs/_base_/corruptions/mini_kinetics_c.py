# Mini-Kinetics-C (Yi et al. 2021, arXiv:2110.06513): its kinds of pictures.
corruptions = [
    dict(type='ShotNoise'),
    dict(type='TemporalBlur'),
    dict(type='Rain', coherent=False),
    dict(type='Fog'),
    dict(type='Brightness'),
    dict(type='Contrast', constants=(0.5, 0.4, 0.3, 0.2, 0.1)),
    dict(type='Saturate'),
]
