# KAA in the l_inf ball: the K-limiting attack, I-FGSM on the response before it is decoded.
# A sample stops at its first success.
attack = dict(
    type='KLimiting', relation='none', steps=20, step_size=0.1, threat=dict(type='Linf', eps=8)
)
