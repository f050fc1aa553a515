# What cameras and pose estimators do to skeletons; forms of losing frames after SHARDeg (Malzard et al. 2025, arXiv:2505.18048), ladders of this project.
# The last two ask for the joints of each limb (limbs=...) where a skeleton has other than 17, 20 or 25.
corruptions = [
    dict(type='UniformDrop'),
    dict(type='RandomDrop'),
    dict(type='BlockDrop'),
    dict(type='JointNoise'),
    dict(type='JointDropout'),
    dict(type='Outliers'),
    dict(type='Lag'),
    dict(type='PartDropout'),
    dict(type='JointSwap'),
]
