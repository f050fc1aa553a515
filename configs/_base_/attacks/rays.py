# RayS (Chen and Gu 2020): the victim shows its predicted class alone.
attack = dict(
    type='RayS', budget=10000, threat=dict(type='Linf', eps=7.65), goal=dict(type='Misclassify')
)
