# What both demo victims share: run-time, evaluation, test set.
_base_ = ['runtime.py']

custom_imports = dict(imports=['mmrobust'], allow_failed_imports=False)

val_evaluator = dict(type='AccMetric')
test_evaluator = val_evaluator
train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=12, val_interval=4)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')
