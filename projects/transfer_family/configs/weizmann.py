# Likewise between the I3D and the TSN of projects/weizmann, on people whom neither has seen.
_base_ = ['attacks.py']
_configs = 'projects/weizmann/configs'
victims = dict(
    i3d=dict(
        config=f'{_configs}/i3d-tiny_16x1x1_weizmann4-rgb.py',
        checkpoint='work_dirs/i3d-tiny_16x1x1_weizmann4-rgb/epoch_15.pth',
    ),
    tsn=dict(
        config=f'{_configs}/tsn-tiny-r18_1x1x8_weizmann4-rgb.py',
        checkpoint='work_dirs/tsn-tiny-r18_1x1x8_weizmann4-rgb/epoch_15.pth',
    ),
)
data = f'{_configs}/i3d-tiny_16x1x1_weizmann4-rgb.py'
attacks = dict(
    admix=dict(transforms=[dict(type='Admix', bank='work_dirs/transfer_family/weizmann.npy')])
)
