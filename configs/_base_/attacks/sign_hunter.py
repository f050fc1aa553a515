# SignHunter (Al-Dujaili and O'Reilly 2020).
attack = dict(
    type='SignHunter',
    budget=60000,
    threat=dict(type='Linf', eps=7.65),
    goal=dict(type='Misclassify', loss='cross_entropy'),
)
