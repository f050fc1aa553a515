"""ONNX files, by onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import NDArray

from mmrobust.functional.checks import require, whole
from mmrobust.io.configs import check_file
from mmrobust.registry import RUNTIMES
from mmrobust.victims.deployed.runtimes.base import Arrays, Runtime, known_batch

TYPES = {
    'tensor(float)': 'float32',
    'tensor(float16)': 'float16',
    'tensor(double)': 'float64',
    'tensor(uint8)': 'uint8',
    'tensor(int32)': 'int32',
}


@RUNTIMES.register_module()
class OnnxRuntime(Runtime):
    """An ONNX file on the processor.

    Threads do not spin between calls: on few cores they would starve whatever else runs.

    Args:
        path: The file.
        threads: Of one call; 0: as many as there are cores.

    Raises:
        FileNotFoundError: There is no such file.
        ModuleNotFoundError: onnxruntime is not installed.
        ValueError: It is no ONNX file, or has more than one input.
    """

    suffixes: ClassVar[tuple[str, ...]] = ('.onnx',)

    def __init__(self, path: str | Path, threads: int = 0) -> None:
        check_file(path, 'the deployed model')
        require(whole(threads, 0), 'threads', 'a whole number >= 0', threads)
        try:
            import onnxruntime
        except ModuleNotFoundError as error:
            rule = 'pip install "mmrobust[deploy]"'
            raise ModuleNotFoundError(
                f'{path} needs the package onnxruntime, which is not installed: {rule}'
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = threads, 3
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        self.path = Path(path)
        try:
            self.session = onnxruntime.InferenceSession(
                str(path), options, providers=['CPUExecutionProvider']
            )
        except Exception as error:
            first = str(error).strip().splitlines()[0]
            raise ValueError(
                f'{path} must be an ONNX file that onnxruntime runs: {first}'
            ) from error
        inputs = self.session.get_inputs()
        names = [one.name for one in inputs]
        require(len(inputs) == 1, str(path), 'a network of one input', names)
        (self.input,) = inputs
        require(self.input.type in TYPES, f'the input of {path}', 'numbers', self.input.type)
        self.dtype = TYPES[self.input.type]
        self.batch, self.rank = known_batch(self.input.shape), len(self.input.shape) or None
        self.names = [one.name for one in self.session.get_outputs()]

    def __call__(self, array: NDArray[Any]) -> Arrays:
        """See :class:`~mmrobust.victims.deployed.runtimes.base.Runtime`."""
        try:
            found = self.session.run(None, {self.input.name: array})
        except Exception as error:
            raise ValueError(
                f'{self.path} does not take an input of shape {array.shape} ({self.says}): '
                f'{_first_line(error)}'
            ) from error
        return dict(zip(self.names, found, strict=True))

    @property
    def versions(self) -> Mapping[str, str]:
        """Of onnxruntime."""
        import onnxruntime

        return {'onnxruntime': str(onnxruntime.__version__)}

    @property
    def says(self) -> str:
        """Shapes as the file declares them."""
        parts = [self.input, *self.session.get_outputs()]
        shapes = [f'{one.name} {[size or "?" for size in one.shape]}' for one in parts]
        return f'{shapes[0]} -> {", ".join(shapes[1:])}'


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]
