# Fast gradient sign method, one step of eps.
attack = dict(type='FGSM', threat=dict(type='Linf', eps=8))
