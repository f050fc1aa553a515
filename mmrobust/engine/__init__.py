"""The seam to mmengine: loop, hooks, ledger."""

from mmrobust.engine.attack_hook import AttackHook
from mmrobust.engine.attack_loop import AttackTestLoop
from mmrobust.engine.checkpoint_guard import CheckpointGuard

__all__ = ['AttackHook', 'AttackTestLoop', 'CheckpointGuard']
