# Frame by frame, gradients and saliencies refreshed after each (arXiv:1811.11875).
# level='video' goes stack after stack until the whole video is fooled.
attack = dict(
    type='IterativeSaliencyRG',
    threat=dict(type='Linf', eps=0.025 * 255),
    goal=dict(type='Misclassify', loss='cross_entropy'),
    level='stack',
)
