# Frame by frame in the order of the clean clip's saliency (arXiv:1811.11875).
attack = dict(
    type='IterativeSaliency',
    threat=dict(type='Linf', eps=0.025 * 255),
    goal=dict(type='Misclassify', loss='cross_entropy'),
    level='stack',
)
