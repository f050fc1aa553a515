"""What is compared: the noise samplers on one estimator, and the rivals."""

from __future__ import annotations

from typing import Any

from mmrobust.engine.attack_configs import attack_config
from projects.motion_excited_sampler.against import AgainstTVL1

# Noise is drawn at a quarter of the frames' height and width: without it these
# frames have too many directions for the queries that a CPU can ask, and the
# steps of the warp blur noise of single pixels away.
TILE = 4
# Of eps, that of E-NES and E-Bandits. With the official 0.025 at eps 0.03 the search is in a
# corner after two steps, and either three rounds succeed or a thousand queries do not.
STEP = 0.2
# On one estimator, that of me_sampler.py, and one loss: only the noise differs.
SAMPLERS: dict[str, dict[str, Any]] = {
    'multi_noise': {'type': 'MultiNoise', 'tile': TILE},
    'one_noise': {'type': 'OneNoise', 'tile': TILE},
    'sparked': {'type': 'Sparked', 'motion': {'type': 'TVL1'}, 'form': 'warp', 'tile': TILE},
    'geometric': {'type': 'Geometric', 'kind': 'affine', 'tile': TILE},
    # As released: motion of a few pixels would read one tile alone.
    'sparked_lookup': {'type': 'Sparked', 'motion': {'type': 'CodecMotion'}, 'form': 'lookup'},
    'against': {'type': 'Sparked', 'motion': {'type': AgainstTVL1.__name__}, 'tile': TILE},
    'no_motion': {'type': 'Sparked', 'motion': {'type': 'NoMotion'}, 'tile': TILE},
}
ARMS = ('multi_noise', 'one_noise', 'sparked', 'geometric')
VARIANTS = ('sparked_lookup', 'no_motion')
# Whose gradients are compared after equally many rounds; one moves against the video.
COMPARED = ('multi_noise', 'one_noise', 'sparked', 'against')
# Targeted alone: the sampler's attack from a clip of the target class.
STARTED = 'sparked_start'
# Of these more videos are attacked.
MANY = (*ARMS, *COMPARED, STARTED)
# Noise of whole pixels would be a handicap that the samplers do not have.
TILED = ('e_nes', 'e_bandits')
RIVALS = {
    'e_nes': 'e_nes',
    'e_bandits': 'e_bandits',
    'simba': 'simba_dct',
    'square': 'square',
    'sign_hunter': 'sign_hunter',
    'rays': 'rays',
}
# What draws nothing, or does what an arm that draws does: once is enough.
ONCE = ('no_motion', 'sign_hunter', 'rays')
GOALS = {
    'untargeted': 'Misclassify',
    'targeted': 'TargetClass',
    'far': 'TargetClass',
    'cosine': 'Misclassify',
}
# Candidates per forward; a few videos keep it full.
BATCH = 8
# Every so many answers, the estimate is compared with the true gradient. A
# round is two answers: probes and check; one of E-NES has 50 probes.
CHECKS = {'e_nes': 4}
CHECK = 25


def attack(arm: str, goal: str, eps: float, budget: int) -> dict[str, Any]:
    """The config of an arm; constants and loss are those of its own config file.

    Args:
        arm: Among ARMS, COMPARED, VARIANTS or RIVALS, or STARTED (the list of clips apart).
        goal: Among GOALS.
        eps: Grey levels.
        budget: Queries per video.
    """
    name = RIVALS.get(arm, 'me_sampler')
    found = attack_config(name)
    if arm == STARTED or arm in SAMPLERS:
        found['sampler'] = SAMPLERS['sparked' if arm == STARTED else arm]
        found |= {'step_size': STEP, 'step_unit': 'eps'}
    if arm in TILED:
        found['sampler'] = found['sampler'] | {'tile': TILE}
    found['threat'] = {'type': 'Linf', 'eps': eps}
    found['goal'] |= {'type': GOALS[goal]}
    found |= {'budget': budget, 'query_batch': BATCH}
    if found['type'] in ('GradientEstimation', 'SignHunter'):
        found['gradient_check'] = CHECKS.get(arm, CHECK)
    return found
