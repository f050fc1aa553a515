# Basic iterative method, or I-FGSM (Kurakin et al. 2017): PGD without its random start.
attack = dict(
    type='PGD', steps=10, step_size=0.1, random_start=False, threat=dict(type='Linf', eps=8)
)
