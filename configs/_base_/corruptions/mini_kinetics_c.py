# Mini-Kinetics-C (Yi et al. 2021, arXiv:2110.06513): its thirteen kinds.
corruptions = [
    dict(type='ShotNoise'),
    dict(type='TemporalBlur'),
    dict(type='Rain', coherent=False),
    dict(type='Fog'),
    dict(type='Brightness'),
    dict(type='Contrast', constants=(0.5, 0.4, 0.3, 0.2, 0.1)),
    dict(type='Saturate'),
    dict(type='H264CRF'),
    dict(type='H265CRF'),
    dict(type='H264ABR'),
    dict(type='H265ABR'),
    dict(type='BitError'),
    dict(type='PacketLoss'),
    dict(type='FrameRate'),
]
