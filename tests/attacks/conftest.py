"""Tests that ask for ``attack_class`` run for every registered attack."""

import pytest
import torch
from toys import attack_classes


def pytest_generate_tests(metafunc):
    if 'attack_class' in metafunc.fixturenames:
        metafunc.parametrize('attack_class', attack_classes(), ids=lambda cls: cls.__name__)


@pytest.fixture(autouse=True)
def _one_thread():
    """Nets this small are slower on several threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
