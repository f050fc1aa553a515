# SimBA (Guo et al. 2019): simba_dct under its usual name.
_base_ = ['simba_dct.py']
