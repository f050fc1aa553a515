"""Adds an attack to any test run by a hook alone."""

from contextlib import ExitStack
from typing import Any

from mmengine.hooks import Hook

from mmrobust.compat import healed
from mmrobust.engine.attack_loop import AttackTestLoop
from mmrobust.registry import HOOKS


@HOOKS.register_module()
class AttackHook(Hook):
    r"""Replaces the runner's test loop by an :class:`AttackTestLoop`.

    With MMAction2's own ``tools/test.py``, nothing else changed::

        python tools/test.py CONFIG CHECKPOINT --cfg-options \
            default_hooks.attack.type=mmrobust.AttackHook \
            default_hooks.attack.attack.type=PGD

    The script builds model and data before any hook is asked for, so the stack must
    be healthy by then: where ``mmrobust env`` speaks of heals, run it as
    ``python -m mmrobust.compat tools/test.py ...``, under all of them from the start. Else
    those that change what OpenMMLab does hold from the start of the test to its end; after
    an error that ends it, until the process does.

    Args:
        attack: The attack's config, or its usual name, such as ``me_sampler``.
        victim: Options of the victim: of :class:`~mmrobust.victims.action.ActionVictim`, or of
            those of :mod:`mmrobust.victims.pose`, ``bottomup`` and ``lifting``.
        surrogate: ``config`` and ``checkpoint`` of another recogniser that gives the
            gradients; see :class:`~mmrobust.engine.attack_loop.AttackTestLoop`.
        settings: Options of :class:`~mmrobust.engine.settings.RunSettings`.
    """

    priority = 'VERY_HIGH'

    def __init__(
        self,
        attack: dict[str, Any] | str,
        victim: dict[str, Any] | None = None,
        surrogate: dict[str, Any] | None = None,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.attack, self.victim, self.settings = attack, victim, settings
        self.surrogate = surrogate
        self._held = ExitStack()

    def before_run(self, runner: Any) -> None:
        """Install the loop, unless this is a training run or it is there already."""
        loop = runner._test_loop
        if loop is None or isinstance(loop, dict):
            return
        self._held.enter_context(healed())
        if isinstance(loop, AttackTestLoop):
            return
        runner._test_loop = AttackTestLoop(
            runner,
            loop.dataloader,
            loop.evaluator,
            attack=self.attack,
            fp16=getattr(loop, 'fp16', False),
            victim=self.victim,
            surrogate=self.surrogate,
            settings=self.settings,
        )

    def after_run(self, runner: Any) -> None:
        """What the heals changed is as before."""
        self._held.close()
