"""Tests that ask for ``attack_class`` run for every registered attack.

Those that ask for ``strong_class`` leave out the controls, which are noise.
"""

import pytest
import torch
from toys import attack_classes, strong_classes


def pytest_generate_tests(metafunc):
    for name, classes in (('attack_class', attack_classes), ('strong_class', strong_classes)):
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, classes(), ids=lambda cls: cls.__name__)


@pytest.fixture(autouse=True)
def _one_thread():
    """Nets this small are slower on several threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
