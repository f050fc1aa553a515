"""Tests that ask for ``attack_class`` run for every registered attack.

Those that ask for ``strong_class`` leave out the controls, which are noise.
"""

import pytest
import torch
from toys import ConvNet, Recording, attack_classes, clips, predicted, strong_classes

from mmrobust.attacks.query_attack import QueryAttack


def pytest_generate_tests(metafunc):
    for name, classes in (('attack_class', attack_classes), ('strong_class', strong_classes)):
        if name in metafunc.fixturenames:
            # Query attacks need hundreds of forwards where others need ten.
            thorough = 'build_thorough' in metafunc.function.__code__.co_names
            slow = thorough or metafunc.module.__name__ in (
                'test_independence',
                'test_attack_options',
            )
            found = [_slow_if(slow and issubclass(cls, QueryAttack), cls) for cls in classes()]
            metafunc.parametrize(name, found)


def _slow_if(slow, cls):
    return pytest.param(cls, marks=pytest.mark.slow if slow else (), id=cls.__name__)


@pytest.fixture(autouse=True)
def _one_thread():
    """Nets this small are slower on several threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def scene():
    """A net, clips of the full range, labels, and a victim that remembers.

    As many clips as channels: norms and momenta over the wrong axes would still broadcast.
    """
    net, pixels = ConvNet(seed=3).double().eval(), clips(3, low=0, high=256)
    victim = Recording(net)
    labels = predicted(victim, pixels)
    victim.seen.clear()
    return net, pixels, labels, victim
