"""The hook that lets mmengine load no checkpoint of another model."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper

from mmrobust.io.checkpoints import load_tensors, named_tensors
from mmrobust.registry import HOOKS


@HOOKS.register_module()
class CheckpointGuard(Hook):
    """Checks every checkpoint before mmengine loads it."""

    priority = 'VERY_HIGH'

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Compare with the runner's model."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        tensors = named_tensors(checkpoint)
        load_tensors(model, tensors)
        # EMAHook reads this next, as a test's weights, and knows no prefix and no plain file.
        checkpoint['state_dict'] = tensors
