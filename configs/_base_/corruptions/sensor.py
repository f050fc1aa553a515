# Cameras in bad light and in unsteady hands; noise as by Brooks et al. 2019 (arXiv:1811.11127), ladders of this project.
corruptions = [
    dict(type='LowLight'),
    dict(type='LowLightNoise'),
    dict(type='SensorNoise'),
    dict(type='Flicker'),
    dict(type='Shake'),
]
