# All frames at once, one signed step (arXiv:1811.11875). The paper goes from
# eps 0.005 to 0.035 of the range, here in grey levels.
attack = dict(type='OneShot', threat=dict(type='Linf', eps=0.025 * 255))
