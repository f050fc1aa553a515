# Bandits with a time prior (Ilyas et al. 2019): e_bandits under its usual name.
_base_ = ['e_bandits.py']
