# Sigma-zero: the fewest values that must change, by whatever amount. eps is where it gives up;
# attack.threat.unit=pixel or frame counts those.
attack = dict(type='SigmaZero', steps=100, threat=dict(type='L0', eps=1000))
