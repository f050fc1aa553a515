# NES (Ilyas et al. 2018): e_nes under its usual name.
_base_ = ['e_nes.py']
