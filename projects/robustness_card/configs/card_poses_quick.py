# The same for pictures, which have no order.
_base_ = ['card_quick.py']
card = dict(corruptions=['gaussian_noise', 'pixelate', 'mask'])
