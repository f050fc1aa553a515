# APGD on the mean of 20 answers, for victims that draw at random.
attack = dict(
    type='EOT', attack=dict(type='APGD', steps=100), draws=20, threat=dict(type='Linf', eps=8)
)
