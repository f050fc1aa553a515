"""Tests that ask for ``attack_class`` run for every registered attack.

Those that ask for ``strong_class`` leave out the controls, which are noise. At the end stands
how many checks each attack has passed, here and in the other folders that were run.
"""

from collections import Counter

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


def pytest_terminal_summary(terminalreporter):
    names = {cls.__name__ for cls in attack_classes()}
    ends = {
        end: Counter(name for report in terminalreporter.stats.get(end, ()) for name in of(report))
        for end in ('passed', 'failed', 'skipped')
    }
    if not any(ends.values()):
        return
    terminalreporter.section('attacks x checks')
    for name in sorted(names):
        counts = ', '.join(f'{found[name]} {end}' for end, found in ends.items() if found[name])
        terminalreporter.line(f'{name:26} {counts or "none was run"}')


def of(report):
    """Attacks in the brackets of a test's name."""
    inside = report.nodeid.partition('[')[2].rstrip(']').split('-')
    # A test has one report that counts; that of its set-up does where it skips.
    counts = getattr(report, 'when', '') == 'call' or report.outcome == 'skipped'
    return set(inside) & {cls.__name__ for cls in attack_classes()} if counts else set()


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
