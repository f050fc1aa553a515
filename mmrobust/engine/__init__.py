"""The seam to mmengine: loop, hooks, ledger."""

from mmrobust.engine.attack_hook import AttackHook
from mmrobust.engine.attack_loop import AttackTestLoop
from mmrobust.engine.checkpoint_guard import CheckpointGuard
from mmrobust.engine.motion_stem import MotionStemHook

__all__ = ['AttackHook', 'AttackTestLoop', 'CheckpointGuard', 'MotionStemHook']
