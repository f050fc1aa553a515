# Attacks that are made to transfer, from the demo's I3D to its TSN and back. Run it from the root
# of the repository; README.md has the commands before it.
_base_ = ['attacks.py']
_i3d = 'configs/demo/i3d-tiny_16x1x2_synthetic-rgb.py'
victims = dict(
    i3d=dict(config=_i3d, checkpoint='mmrobust/resources/demo_victim.pth'),
    tsn=dict(
        config='configs/demo/tsn-tiny-r18_1x1x8_synthetic-rgb.py',
        checkpoint='work_dirs/tsn-tiny-r18_1x1x8_synthetic-rgb/epoch_12.pth',
    ),
)
data = _i3d
attacks = dict(
    admix=dict(transforms=[dict(type='Admix', bank='work_dirs/transfer_family/demo.npy')])
)
