"""The classes: what a body does, as joint angles over time.

Shapes: T frames. Angles are written in degrees here and returned in radians.
The class lies in the movement: limbs that take no part hold random poses, so
that a raised arm, a turned body or a place in the frame gives little away.
"""

from collections.abc import Callable

import numpy as np

from mmrobust.datasets.synthetic.skeleton import SIDES, Floats, Limb, Pose

Range = tuple[float, float]
Angles = dict[str, Floats]


class Actor:
    """Angles of one body while a movement is being written into them.

    Args:
        rng: Source of randomness.
        length: Number of frames T.
        period: Frames in one repetition of the movement.
    """

    def __init__(self, rng: np.random.Generator, length: int, period: Range = (13.0, 18.0)) -> None:
        self.rng = rng
        self.time = np.arange(length, dtype=np.float64)
        turn = 2 * np.pi / rng.uniform(*period)
        self.phase = rng.uniform(0, 2 * np.pi) + turn * self.time
        self.values: Angles = {}
        sway = rng.uniform(0.5, 2.0) * np.sin(0.5 * self.phase + rng.uniform(0, 6))
        self.values['lean'] = rng.uniform(-3, 3) + sway
        self.values['bow'] = np.full(length, rng.uniform(-2, 6))
        self.values['yaw'] = np.full(length, rng.uniform(-30, 30))
        self.values['lift'] = np.zeros(length)
        self.values['travel'] = np.zeros(length)
        for side in SIDES:
            self.rest_arm(side, raised=bool(rng.random() < 0.35))
            self.rest_leg(side)

    @property
    def cycle(self) -> Floats:
        """0 at rest, 1 at the height of the movement, (T,)."""
        return 0.5 - 0.5 * np.cos(self.phase)

    def between(self, low: float, high: float) -> float:
        """A uniform random number."""
        return float(self.rng.uniform(low, high))

    def side(self) -> str:
        """Left or right, at random."""
        return SIDES[int(self.rng.integers(2))]

    def put(self, side: str, part: str, out: Floats | float, ahead: Floats | float) -> None:
        """Set a limb's two angles; scalars hold still."""
        still = np.zeros_like(self.time)
        self.values[f'{side}.{part}.out'] = still + out
        self.values[f'{side}.{part}.ahead'] = still + ahead

    def rest_arm(self, side: str, raised: bool) -> None:
        """Let an arm hang, or hold it up, without moving."""
        out = self.between(70, 115) if raised else self.between(8, 24)
        bend = self.between(25, 80) if raised else self.between(-8, 25)
        self.put(side, 'upper_arm', out, self.between(-10, 20))
        self.put(side, 'forearm', out + bend, self.between(0, 25))

    def rest_leg(self, side: str) -> None:
        """Stand on a leg."""
        out = self.between(2, 9)
        self.put(side, 'thigh', out, self.between(-4, 8))
        self.put(side, 'shin', out, self.between(-8, 0))

    def face_aside(self, low: float = 40.0, high: float = 75.0) -> None:
        """Turn the body to the left or to the right of the image."""
        sign = 1.0 if self.rng.random() < 0.5 else -1.0
        self.values['yaw'] = np.zeros_like(self.time) + sign * self.between(low, high)

    def pose(self) -> Pose:
        """The finished movement in radians."""
        angle = {name: np.deg2rad(value) for name, value in self.values.items()}
        limbs = {
            (side, part): Limb(angle[f'{side}.{part}.out'], angle[f'{side}.{part}.ahead'])
            for side in SIDES
            for part in ('upper_arm', 'forearm', 'thigh', 'shin')
        }
        return Pose(
            limbs,
            angle['lean'],
            angle['bow'],
            angle['yaw'],
            self.values['lift'],
            self.values['travel'],
        )


def _wave(actor: Actor, sides: tuple[str, ...]) -> None:
    for side in SIDES:
        if side in sides:
            upper = actor.between(80, 110) + 10 * np.sin(actor.phase)
            swing = actor.between(38, 52) * np.sin(actor.phase)
            actor.put(side, 'upper_arm', upper, actor.between(0, 15))
            actor.put(side, 'forearm', actor.between(140, 165) + swing, actor.between(0, 15))
        else:
            actor.rest_arm(side, raised=bool(actor.rng.random() < 0.6))


def wave_left(actor: Actor) -> None:
    """The left hand waves; the right one may be held up, still."""
    _wave(actor, ('left',))


def wave_right(actor: Actor) -> None:
    """The right hand waves; the left one may be held up, still."""
    _wave(actor, ('right',))


def wave_both(actor: Actor) -> None:
    """Both hands wave."""
    _wave(actor, SIDES)


def jumping_jack(actor: Actor) -> None:
    """Arms go up while the legs part, in a small jump."""
    actor.values['lift'] = 0.05 * np.abs(np.sin(actor.phase))
    for side in SIDES:
        arm = 12 + actor.between(135, 155) * actor.cycle
        actor.put(side, 'upper_arm', arm, 5.0)
        actor.put(side, 'forearm', arm + 8, 5.0)
        leg = 3 + actor.between(20, 28) * actor.cycle
        actor.put(side, 'thigh', leg, 0.0)
        actor.put(side, 'shin', leg, 0.0)


def bend(actor: Actor) -> None:
    """The trunk bows forward and comes up again."""
    actor.face_aside()
    bow = actor.between(60, 85) * actor.cycle
    actor.values['bow'] = actor.values['bow'] + bow
    reach = actor.between(0.1, 0.6)
    for side in SIDES:
        actor.put(side, 'upper_arm', actor.between(5, 15), reach * bow)
        actor.put(side, 'forearm', actor.between(5, 15), reach * bow + actor.between(0, 15))


def _walk(actor: Actor, sign: float) -> None:
    backwards = actor.rng.random() < 0.25
    face = sign if backwards else -sign
    actor.values['yaw'] = np.zeros_like(actor.time) + face * actor.between(45, 80)
    pace = actor.between(0.018, 0.028)
    actor.values['travel'] = sign * pace * (actor.time - actor.time.mean())
    stride = -1.0 if backwards else 1.0
    for side, shift in zip(SIDES, (0.0, np.pi), strict=True):
        swing = np.sin(stride * actor.phase + shift)
        knee = np.clip(np.cos(stride * actor.phase + shift), 0, None)
        actor.put(side, 'thigh', 3.0, 28 * swing)
        actor.put(side, 'shin', 3.0, 28 * swing - 8 - 38 * knee)
        if actor.rng.random() < 0.6:
            actor.put(side, 'upper_arm', 8.0, -30 * swing)
            actor.put(side, 'forearm', 8.0, -30 * swing + 20)


def walk_left(actor: Actor) -> None:
    """The body travels to the image's left, mostly forwards, at times backwards."""
    _walk(actor, -1.0)


def walk_right(actor: Actor) -> None:
    """The body travels to the image's right, mostly forwards, at times backwards."""
    _walk(actor, 1.0)


def kick(actor: Actor) -> None:
    """One leg, either one, swings to the front."""
    actor.face_aside()
    side = actor.side()
    thigh = -15 + actor.between(75, 100) * actor.cycle
    actor.put(side, 'thigh', 4.0, thigh)
    actor.put(side, 'shin', 4.0, thigh - 45 * np.clip(np.sin(actor.phase), 0, None))
    actor.values['bow'] = actor.values['bow'] - 8 * actor.cycle


def squat(actor: Actor) -> None:
    """The knees bend and the body sinks."""
    actor.face_aside(20.0, 70.0)
    depth = actor.between(0.75, 1.0) * actor.cycle
    actor.values['bow'] = actor.values['bow'] + 25 * depth
    for side in SIDES:
        out = actor.between(6, 22)
        actor.put(side, 'thigh', out, 78 * depth)
        actor.put(side, 'shin', out * 0.5, -42 * depth)


def spin(actor: Actor) -> None:
    """The body turns about its own axis, either way."""
    sign = 1.0 if actor.rng.random() < 0.5 else -1.0
    rate = 360 / actor.between(22, 30)
    actor.values['yaw'] = actor.between(0, 360) + sign * rate * actor.time


MOTIONS: dict[str, Callable[[Actor], None]] = {
    motion.__name__: motion
    for motion in (
        wave_left,
        wave_right,
        wave_both,
        jumping_jack,
        bend,
        walk_left,
        walk_right,
        kick,
        squat,
        spin,
    )
}
CLASSES = tuple(MOTIONS)


def perform(name: str, rng: np.random.Generator, length: int) -> Pose:
    """A random performance of the class ``name`` over ``length`` frames."""
    if name not in MOTIONS:
        raise ValueError(f'name must be one of {CLASSES}, got {name!r}')
    actor = Actor(rng, length)
    MOTIONS[name](actor)
    return actor.pose()
