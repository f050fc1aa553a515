"""YAML files are data: no tag in them shall build objects or call functions.

mmengine reads configs in YAML with PyYAML's full loader, under which
``!!python/object/apply:os.system`` runs a command while the file is read. Here they are read
with the safe loader. A tuple, which mmengine's own dump of a config writes with a tag, is data.
"""

import functools
import importlib
from collections.abc import Callable
from types import ModuleType
from typing import Any

from mmrobust.compat._base import Break
from mmrobust.compat._imports import find_real, when_imported
from mmrobust.compat._scope import within

TUPLE = 'tag:yaml.org,2002:python/tuple'


class TagError(ValueError):
    """A file holds a tag that is not read; ``place`` is where, without the file."""

    def __init__(self, place: str, path: str | None = None) -> None:
        self.place, self.path = place, path
        where = place if path is None else f'{path}, {place}'
        super().__init__(f'{where}: YAML must hold plain values, as a tag can run code')


class SyntaxOfYamlError(ValueError):
    """A file is no YAML; ``path`` is the file, and the message begins with it."""

    def __init__(self, path: str, error: Any) -> None:
        self.path = path
        mark = error.problem_mark or error.context_mark
        line = '' if mark is None else f', line {mark.line + 1}'
        words = ' '.join(text for text in (error.context, error.problem) if text)
        super().__init__(f'{path}{line}: {words or type(error).__name__}')


def _refuse(loader: Any, node: Any) -> Any:
    """Stop at a tag; the file is read from a copy, whose name says nothing."""
    raise TagError(f'line {node.start_mark.line + 1}, tag {node.tag!r}')


@functools.lru_cache(maxsize=1)
def data_loader() -> Any:
    """PyYAML's safe loader, with tuples, and a clear word about other tags."""
    # By name: its types are not published with it.
    yaml: Any = importlib.import_module('yaml')
    base: Any = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)
    # A class of our own: constructors are kept by class.
    loader: Any = type('DataLoader', (base,), {})
    loader.add_constructor(TUPLE, lambda self, node: tuple(self.construct_sequence(node, True)))
    loader.add_constructor(None, _refuse)
    return loader


def _named(read: Callable[..., Any]) -> Callable[..., Any]:
    """A reading of a config by mmengine that says in which file a tag or a mistake is."""

    @functools.wraps(read)
    def reader(filename: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return read(filename, *args, **kwargs)
        except TagError as error:
            # Configs read their bases by this function: the innermost file is the one.
            raise TagError(error.place, error.path or str(filename)) from None
        except importlib.import_module('yaml').MarkedYAMLError as error:
            # mmengine reads from a copy, too: the mark says "<file>".
            raise SyntaxOfYamlError(str(filename), error) from None

    return reader


class UnsafeYaml(Break):
    """mmengine reads YAML with the loader that runs code."""

    name = 'mmengine and tags in YAML files'
    symptom = 'a config with !!python/object/apply runs a command'
    remedy = 'read as data only; a tag is refused, with file and line'
    changes_behaviour = True

    def detect(self) -> bool:
        """Always with mmengine: no release reads YAML otherwise."""
        return find_real('mmengine') is not None

    def heal(self) -> None:
        """Wait for mmengine's handler, and for its configs."""
        when_imported('mmengine.fileio.handlers.yaml_handler', self._patch)
        when_imported('mmengine.config.config', self._name_files)

    def _patch(self, module: ModuleType) -> None:
        # PyYAML calls it with the text, as it does the class.
        loader = module.__dict__['Loader']
        module.__dict__['Loader'] = within(loader, lambda stream: data_loader()(stream))
        self.note()

    def _name_files(self, module: ModuleType) -> None:
        config = module.__dict__['Config']
        read = config._file2dict
        config._file2dict = staticmethod(within(read, _named(read)))
