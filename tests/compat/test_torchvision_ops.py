"""torchvision whose extension does not load, as a fake beside the real torch."""

import pytest

BROKEN = {
    'torchvision/__init__.py': (
        'import torch\nfrom . import extension\n'
        'torch.library.register_fake("torchvision::nms")(lambda dets, scores, iou: scores)\n'
        'torch.library.register_fake("torchvision::qnms")(lambda dets, scores, iou: scores)\n'
    ),
    'torchvision/extension.py': 'def _has_ops(): return False\n',
}
LOADED = """
import torch
library = torch.library.Library('torchvision', 'DEF')
for name in ('nms', 'qnms'):
    library.define(name + '(Tensor dets, Tensor scores, float iou_threshold) -> Tensor')
library.impl('nms', lambda dets, scores, iou: scores + 1, 'CPU')
def _has_ops(): return True
"""
HEALTHY = {**BROKEN, 'torchvision/extension.py': LOADED}
DETECT = (
    'from mmrobust.compat.torchvision_ops import UnloadableOperators as B; print(B().detect())\n'
)
CALL = """
import gc, torch, torchvision
gc.collect()
print(torch.ops.torchvision.nms(torch.zeros(1, 4), torch.zeros(1), 0.5).item())
"""


@pytest.mark.slow
def test_fails_unhealed(run):
    result = run(CALL, BROKEN, bare=False)
    assert 'operator torchvision::nms does not exist' in result.stderr


def test_imports_healed_and_operator_raises(run):
    result = run(DETECT + CALL, BROKEN, bare=False)
    assert result.stdout.split() == ['True']
    assert "RuntimeError: torchvision's compiled operators do not load" in result.stderr


def test_loaded_extension_is_left_alone(run):
    result = run(DETECT + CALL, HEALTHY, bare=False)
    assert result.stdout.split() == ['False', '1.0'], result.stderr


@pytest.mark.parametrize('error', ['RuntimeError("another CUDA")', 'OSError("no such library")'])
def test_what_schemas_cannot_heal_needs_action(run, error):
    files = {'torchvision/__init__.py': f'raise {error}\n'}
    code = 'from mmrobust.compat.torchvision_ops import UnloadableOperators as B; '
    result = run(code + 'print(B().finding().status)', files)
    assert result.stdout.strip() == 'needs action'
