# One window of each of the eight test clips (4 classes, 2 people): windows of one clip are
# no independent samples. Classes first, so that the first few have all of them.
_base_ = ['../../weizmann/configs/i3d-tiny_16x1x1_weizmann4-rgb.py']
victim = dict(space='view')
test_dataloader = dict(
    num_workers=0, persistent_workers=False, dataset=dict(indices=[0, 9, 20, 27, 6, 16, 24, 32])
)
