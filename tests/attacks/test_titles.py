"""What reports call an attack."""

import pytest

from mmrobust.attacks.fgsm import FGSM
from mmrobust.attacks.gradient_estimation import GradientEstimation
from mmrobust.attacks.k_limiting import KLimiting
from mmrobust.attacks.pgd import PGD
from mmrobust.estimators.bandits import AdditiveBandits
from mmrobust.estimators.nes import NES
from mmrobust.goals import CorruptPose, LeastLikely, Misclassify, TargetClass, TargetPose
from mmrobust.samplers import Geometric, MultiNoise, OneNoise, Sparked
from mmrobust.visualization.summary import attack_text, verdict


@pytest.mark.parametrize(
    ('attack', 'title'),
    [
        (PGD(), 'PGD'),
        (PGD(random_start=False), 'BIM'),
        (PGD(goal=TargetClass(target=3)), 'PGD, targeted at class 3'),
        (PGD(goal=TargetClass()), 'PGD, targeted at the next class'),
        (FGSM(goal=LeastLikely()), 'FGSM, least likely class'),
        (PGD(goal=TargetPose()), 'PGD, targeted at a pose'),
        (PGD(goal=CorruptPose()), 'PGD'),
        (KLimiting(), 'KAA+ER'),
        (KLimiting(relation='none'), 'KAA'),
        (KLimiting(mask='random'), 'KAA with a random mask'),
        (GradientEstimation(), 'ME-Sampler'),
        (GradientEstimation(sampler=MultiNoise(), estimator=NES()), 'NES'),
        (GradientEstimation(sampler=Geometric()), 'Geo-TRAP'),
        (
            GradientEstimation(sampler=Geometric(form='chain')),
            'AdditiveBandits with Geometric (chain)',
        ),
        (GradientEstimation(sampler=OneNoise()), 'AdditiveBandits with OneNoise'),
        (GradientEstimation(sampler=Sparked(), estimator=NES()), 'NES with Sparked'),
    ],
)
def test_titles(attack, title):
    assert attack.title == title
    described = {'attack': attack.describe(), 'title': attack.title}
    assert attack_text(described) == f'{title} (l_inf, eps 8)'


def test_a_variant_of_an_attack_has_its_own_name():
    class Mine(PGD):
        pass

    class Aim(Misclassify):
        title = 'goal of mine'

    assert Mine().title == 'Mine'
    assert Mine(goal=Aim()).title == 'Mine, goal of mine'


def test_the_verdict_begins_with_the_title():
    attack = PGD(goal=TargetClass(target=3))
    card = {'attack': attack.describe(), 'title': attack.title, 'evaluated': 4, 'attacked': 4}
    sentence = verdict(card | {'success_rate': 0.5})
    assert sentence.startswith('PGD, targeted at class 3 (l_inf, eps 8) turns 50.0 % of the 4')


def test_a_card_without_a_title_keeps_the_type():
    assert attack_text({'attack': PGD().describe()}) == 'PGD (l_inf, eps 8)'
    seen = {'attack': PGD().describe(), 'space': 'view', 'surrogate': {'config': 'other.py'}}
    words = 'each view on its own, gradients of another model'
    assert attack_text(seen) == f'PGD (l_inf, eps 8, {words})'
    assert attack_text({}) == 'The attack'


def test_bandits_with_independent_noise_are_no_paper():
    attack = GradientEstimation(sampler=MultiNoise(), estimator=AdditiveBandits())
    assert attack.title == 'AdditiveBandits with MultiNoise'
