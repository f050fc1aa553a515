# KAA in the l_2 ball: the K-limiting attack, I-FGSM on the response before it is decoded.
# A sample stops at its first success.
# eps is the Euclidean length of the whole crop's perturbation, in grey levels.
attack = dict(
    type='KLimiting', relation='none', steps=20, step_size=0.1, threat=dict(type='L2', eps=1000)
)
