# Sigma-zero over frames: the fewest frames that must change, each value by at most 16 grey levels
# (limit=None: by any amount). eps is where it gives up.
attack = dict(type='SigmaZero', steps=100, threat=dict(type='L0', eps=8, unit='frame', limit=16))
