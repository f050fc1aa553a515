# Temporal kinds of HMDB51-P, UCF101-P, Kinetics400-P and SSv2-P (Schiappa et al. 2023, arXiv:2207.01398).
# Both kinds of jumbling grow milder with the severity, as published.
corruptions = [
    dict(type='Sampling'),
    dict(type='Reversal'),
    dict(type='Jumble'),
    dict(type='BoxJumble'),
    dict(type='Freeze'),
]
