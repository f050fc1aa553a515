# Coding and transport: Mini Kinetics-C (Yi et al. 2021, arXiv:2110.06513) and, of MPEG, the -P sets (Schiappa et al. 2023, arXiv:2207.01398).
corruptions = [
    dict(type='H264CRF'),
    dict(type='H265CRF'),
    dict(type='H264ABR'),
    dict(type='H265ABR'),
    dict(type='MPEG2'),
    dict(type='MPEG4'),
    dict(type='BitError'),
    dict(type='PacketLoss'),
    dict(type='FrameRate'),
]
