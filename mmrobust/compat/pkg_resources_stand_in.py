"""setuptools 82 dropped ``pkg_resources``, which mmengine 0.10.7 imports.

mmengine needs it for every ``_base_ = 'mmaction::...'``; what it uses of it is
built here on :mod:`importlib.metadata`.
"""

import importlib
import os.path
from types import ModuleType
from typing import Any, NoReturn

from mmrobust.compat._base import Break
from mmrobust.compat._imports import find_real, stand_in

RESOURCES = 'pkg_resources'


class DistributionNotFound(Exception):  # noqa: N818 (pkg_resources' own name)
    """No distribution of this name is installed."""


class Distribution:
    """What mmengine asks of an installed distribution.

    Args:
        found: A distribution of :mod:`importlib.metadata`.
    """

    def __init__(self, found: Any) -> None:
        self._found = found
        self.project_name: str = found.metadata['Name']
        self.version: str = found.version
        self.location = os.path.abspath(found.locate_file(''))

    def has_metadata(self, name: str) -> bool:
        """Whether the distribution has a metadata file of this name."""
        return self._found.read_text(name) is not None

    def get_metadata(self, name: str) -> str:
        """Text of the metadata file of this name."""
        text: str | None = self._found.read_text(name)
        if text is None:
            raise FileNotFoundError(f'{self.project_name} has no metadata file {name!r}')
        return text


def get_distribution(name: str) -> Distribution:
    """The installed distribution of this name, or DistributionNotFound."""
    metadata = importlib.import_module('importlib.metadata')
    try:
        return Distribution(metadata.distribution(name))
    except (metadata.PackageNotFoundError, ValueError):
        raise DistributionNotFound(name) from None


def _refuse(name: str) -> NoReturn:
    if name.startswith('__'):
        raise AttributeError(f'module {RESOURCES!r} has no attribute {name!r}')
    # An ImportError, because others guard their use by `except ImportError`.
    raise ImportError(f'{RESOURCES}.{name} needs setuptools<82: pip install "setuptools<81"')


class MissingResources(Break):
    """setuptools without pkg_resources, or no setuptools at all."""

    name = 'setuptools without pkg_resources'
    symptom = f"No module named '{RESOURCES}'"
    remedy = 'a stand-in with the few names that mmengine uses'

    def detect(self) -> bool:
        """There is mmengine, but no pkg_resources."""
        return find_real('mmengine') is not None and find_real(RESOURCES) is None

    def heal(self) -> None:
        """Offer pkg_resources."""
        stand_in(RESOURCES, self._fill)

    def _fill(self, module: ModuleType) -> None:
        module.__dict__.update(
            DistributionNotFound=DistributionNotFound,
            Distribution=Distribution,
            get_distribution=get_distribution,
            __getattr__=_refuse,
        )
        self.note()
