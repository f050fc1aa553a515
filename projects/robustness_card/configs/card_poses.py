# The same for pictures, which have no order.
_base_ = ['card.py']
card = dict(corruptions=['pose'])
