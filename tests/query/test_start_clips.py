"""Targeted searches that set out from a clip of the target class."""

import numpy as np
import pytest
import torch

from mmrobust.attacks.gradient_estimation import GradientEstimation
from mmrobust.goals import TargetClass
from mmrobust.io.video import write_lossless
from mmrobust.query.shrinking_ball import ShrinkingBall
from mmrobust.query.start_clips import StartClips
from mmrobust.threats import L2, FrameMask, Linf
from mmrobust.victims import FunctionVictim
from tests.query.toys import Log, state

# C, T, H, W of the attacked clips; start videos are of other sizes.
SHAPE = (3, 4, 8, 10)
LEVELS = {0: 40, 1: 200}


def brightness(pixels):
    """Two classes: dark and bright."""
    mean = pixels.flatten(1).mean(dim=1) - 128
    return torch.stack([-mean, mean], dim=1) / 4


@pytest.fixture
def listed(tmp_path):
    """A dark and a bright video, of 3 and 9 frames."""
    lines = []
    for label, level in LEVELS.items():
        frames = np.full((3 + 6 * label, 16, 20, 3), level, np.uint8)
        frames += np.arange(len(frames), dtype=np.uint8)[:, None, None, None]
        write_lossless(tmp_path / 'videos' / f'a film {label}.mkv', frames, 10)
        lines.append(f'videos/a film {label}.mkv {label}\n')
    path = tmp_path / 'clips.txt'
    path.write_text(''.join(lines))
    return str(path)


def clips(level=120, n=2):
    generator = torch.Generator().manual_seed(1)
    return torch.randint(level - 5, level + 6, (n, *SHAPE), generator=generator).float()


def build(listed, threat=None, **options):
    options = {**GradientEstimation.example, 'budget': 400, 'start': listed} | options
    return GradientEstimation(threat or Linf(16), TargetClass(target=1), **options)


def test_a_clip_is_a_run_of_frames_in_the_size_that_is_asked_for(listed):
    source, like = StartClips(listed), torch.zeros(SHAPE)
    firsts = set()
    for seed in range(30):
        clip = source.clip(1, like, torch.Generator().manual_seed(seed))
        assert clip.shape == SHAPE
        assert clip.dtype == like.dtype
        times = (clip - 200)[0, :, 0, 0].tolist()
        assert times == [times[0] + t for t in range(4)]
        assert (clip == clip[:, :, :1, :1]).all()
        firsts.add(times[0])
    assert firsts == {0, 1, 2, 3, 4, 5}
    # Three frames are played again.
    short = source.clip(0, like, torch.Generator())
    assert (short - 40)[0, :, 0, 0].tolist() == [0, 1, 2, 0]


@pytest.mark.parametrize('threat', [Linf(16), L2(16 * 30.98), FrameMask(Linf(40), [1, 2])])
def test_the_search_ends_inside_the_threat_at_the_target(listed, threat):
    clean = clips()
    outcomes = build(listed, threat)(FunctionVictim(brightness), clean, torch.zeros(2).long())
    for pixels, outcome in zip(clean, outcomes, strict=True):
        assert outcome.success
        moved = float(threat.distance(outcome.adversarial[None].float(), pixels[None]))
        assert 0 < moved <= threat.eps * (1 + 1e-6)
        assert outcome.queries < 100
        assert outcome.flags == ()


def test_a_search_that_does_not_arrive_leaves_the_clip_and_says_so(listed):
    clean = clips(level=40)
    victim = FunctionVictim(brightness)
    for outcome, pixels in zip(
        build(listed)(victim, clean, torch.zeros(2).long()), clean, strict=True
    ):
        assert not outcome.success
        assert torch.equal(outcome.adversarial.float(), pixels)
        assert outcome.flags == ('outside_threat', 'unchanged')
        assert 380 < outcome.queries <= 400


def test_a_start_of_another_class_is_flagged_and_the_clip_itself_is_taken(tmp_path, listed):
    wrong = tmp_path / 'wrong.txt'
    wrong.write_text('videos/a film 0.mkv 1\n')
    victim, labels = FunctionVictim(brightness), torch.zeros(2).long()
    attack = build(str(wrong), step_size=0.05, budget=2000)
    for outcome in attack(victim, clips(level=126), labels):
        assert outcome.flags == ('start_not_target',)
        assert outcome.success


@pytest.mark.parametrize('offset', [0, 1000])
def test_random_outputs_on_the_way_are_flagged(listed, offset):
    """The search never stands at a clip inside the threat: the harness looks twice itself.

    Probabilities tell it also where the numbers are large.
    """
    generator = torch.Generator().manual_seed(0)

    def noisy(pixels):
        return offset + brightness(pixels) + 0.1 * torch.randn(len(pixels), 2, generator=generator)

    attack, labels = build(listed, budget=13), torch.zeros(2).long()
    for outcome in attack(FunctionVictim(noisy), clips(level=124), labels):
        assert {'outside_threat', 'random_outputs'} <= set(outcome.flags)


def test_the_list_and_its_videos_decide_what_a_run_is(listed, tmp_path):
    files = build(listed).files()
    assert sorted(path.name for path in files) == ['a film 0.mkv', 'a film 1.mkv', 'clips.txt']
    assert all(path.is_file() for path in files)
    assert GradientEstimation(**GradientEstimation.example).files() == ()


def test_a_resumed_search_goes_on_with_the_count_it_had(listed):
    victim, labels = FunctionVictim(brightness), torch.zeros(2).long()
    logs = [Log(), Log()]
    whole = build(listed)(victim, clips(), labels, answer_logs=logs)
    for kept in (1, 5, 12):
        some = [Log(), Log()]
        for log, other in zip(some, logs, strict=True):
            log.rows = list(other.rows[:kept])
        again = build(listed)(victim, clips(), labels, answer_logs=some)
        for one, other in zip(again, whole, strict=True):
            assert torch.equal(one.adversarial, other.adversarial)
            assert one.queries == other.queries


def test_the_ball_shrinks_while_the_class_holds_and_waits_while_it_does_not():
    goal = TargetClass(target=1)
    one = state(torch.full((3, 2, 4, 4), 100.0), label=0, goal=goal, eps=8)
    way = ShrinkingBall(one, torch.full((3, 2, 4, 4), 180.0))
    assert way.eps == 80
    yes, no = torch.tensor([[-9.0, 0, -9]]), torch.tensor([[0.0, -9, -9]])

    def tell(search, answer):
        asked = next(search)
        with pytest.raises(StopIteration) as stopped:
            search.send(answer)
        return asked[0], stopped.value.value

    assert tell(way.begin(), yes)[1] is True
    step = torch.full_like(one.clean, 16.0)
    asked, done = tell(way.advance(step), yes)
    assert (way.eps, done) == (60, False)
    assert (asked == 160).all()
    assert torch.equal(way.clip, asked)
    asked, done = tell(way.advance(-16 * step), no)
    assert (way.eps, done) == (60, False)
    assert (asked == 55).all()
    assert (way.clip == 160).all()
    # Half as much after a refusal, of the step as well.
    asked, done = tell(way.advance(-4 * step), yes)
    assert (way.eps, float(asked.max())) == (52.5, 128)
    assert torch.equal(way.clip, asked)
    assert (one.found == one.clean).all()
    while not done:
        asked, done = tell(way.advance(step), yes)
    assert (asked == 108).all()
    assert torch.equal(one.found, asked)


@pytest.mark.parametrize(
    ('text', 'rule'),
    [
        ('', 'at least one video'),
        ('a.mp4\n', 'VIDEO LABEL.*line 1'),
        ('clips.txt 1\nb.mp4 cat\n', 'line 2'),
        ('clips.txt 1\nnowhere.mkv 1\n', r'line 2.*nowhere\.mkv'),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path, text, rule):
    path = tmp_path / 'clips.txt'
    path.write_text(text)
    with pytest.raises(ValueError, match=rule):
        build(str(path))


def test_what_else_cannot_be_is_refused(tmp_path, listed):
    with pytest.raises(ValueError, match=r'start must be an annotation list.*missing'):
        build(str(tmp_path / 'missing.txt'))
    with pytest.raises(ValueError, match='start must be None, or a goal that names a class'):
        GradientEstimation(**GradientEstimation.example, start=listed)
    with pytest.raises(ValueError, match='budget must be a whole number >= 12'):
        build(listed, budget=11)
    labels, victim = torch.zeros(1).long(), FunctionVictim(brightness)
    only = tmp_path / 'only.txt'
    only.write_text('videos/a film 0.mkv 0\n')
    asked = []
    spied = FunctionVictim(lambda pixels: asked.append(len(pixels)) or brightness(pixels))
    with pytest.raises(ValueError, match=r'a list with class 1, got \[0\]'):
        build(str(only))(spied, clips(n=3), labels.expand(3))
    # The harness's clean pass, and no query of any sample.
    assert asked == [3]
    broken = tmp_path / 'broken.txt'
    broken.write_text('only.txt 1\n')
    with pytest.raises(ValueError, match=r'readable videos, got .*only\.txt'):
        build(str(broken))(victim, clips(n=1), labels)
    with pytest.raises(ValueError, match=r'film 1\.mkv: no text'):
        build(str(tmp_path / 'videos' / 'a film 1.mkv'))
    with pytest.raises(ValueError, match='start must be an annotation list of video files, got 5'):
        build(5)
    with pytest.raises(ValueError, match='an RGB video'):
        StartClips(listed).clip(0, torch.zeros(1, 2, 3, 4), torch.Generator())
