"""``torch.save`` and ``torch.load``, and how a Tensor is pickled.

The files are pickles of the engine's own; torch's zip files are another format.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

from __future__ import annotations

import pickle
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor
from course.nptorch.absent import absent
from course.nptorch.dtypes import device

# what a file of weights may be made of: no code of anybody's runs when it is read
ALLOWED = {
    "collections": {"OrderedDict", "defaultdict", "Counter"},
    "builtins": {"set", "frozenset", "complex", "bytearray"},
    "numpy": {"ndarray", "dtype"},
    "numpy._core.multiarray": {"_reconstruct", "scalar"},
    "numpy._core.numeric": {"_frombuffer"},
    "_codecs": {"encode"},
    "course.nptorch.serialization": {"rebuild"},
    "course.nptorch._tensor": {"Tensor"},
    "course.nptorch.nn.parameter": {"Parameter", "Buffer"},
    "course.nptorch.dtypes": {"Size", "device", "dtype_of"},
}
REFUSED = (
    "Weights only load failed. Re-running `torch.load` with `weights_only` set to `False` will likely succeed, but it "
    "can result in arbitrary code execution. Do it only if you got the file from a trusted source. {why}"
)


def save(obj: Any, f: Any, pickle_module: Any = pickle, pickle_protocol: int = 2) -> None:
    """Write an object to a file: tensors, a ``state_dict``, whatever can be pickled.

    Parameters
    ----------
    obj : object
        What to write. Tensors that share memory share it again when they are read.
    f : path or file
        A path, or a file open for writing bytes.
    pickle_module, pickle_protocol
        As for ``pickle.dump``.
    """
    with _opened(f, "wb") as file:
        pickle_module.dump(obj, file, protocol=max(pickle_protocol, 4))


def load(
    f: Any, map_location: Any = None, pickle_module: Any = None, *, weights_only: bool | None = None, mmap: Any = None,
    **pickle_load_args: Any,
) -> Any:  # fmt: skip
    """Read what `save` has written.

    Parameters
    ----------
    f : path or file
        A path, or a file open for reading bytes.
    map_location : str or device, optional
        Only the CPU is there to be named.
    weights_only : bool, optional
        Read tensors, containers and numbers only, which is safe whoever wrote the file; the default. With False
        whole models can be read, and the file can run any code.

    Raises
    ------
    pickle.UnpicklingError
        If there is something else in the file, or it is no such file.
    """
    if mmap:
        raise absent("load(mmap=True)")
    if map_location is not None and not callable(map_location):
        device(map_location)  # which refuses others than the CPU
    with _opened(f, "rb") as file:
        if weights_only is False:
            return (pickle_module or pickle).load(file, **pickle_load_args)
        try:
            return _Careful(file, **pickle_load_args).load()
        except (pickle.UnpicklingError, EOFError, ValueError, IndexError, KeyError) as error:
            raise pickle.UnpicklingError(REFUSED.format(why=error)) from None


class _Careful(pickle.Unpickler):
    """Reads data, and refuses everything that could be code."""

    def find_class(self, module: str, name: str) -> Any:
        if name not in ALLOWED.get(module, ()):
            raise pickle.UnpicklingError(f"Unsupported global: GLOBAL {module}.{name} was not an allowed global.")
        return super().find_class(module, name)


def _opened(f: Any, how: str) -> Any:
    """Return a file to be used in a ``with`` statement; one that came open stays open."""
    return Path(f).open(how) if isinstance(f, str | Path) else nullcontext(f)


def reduce_ex(self: Tensor, protocol: Any) -> Any:
    """Say how to make this tensor again: its memory, and where it lies in it."""
    if self._backward_hooks:
        for hook in self._backward_hooks.values():
            warnings.warn(f"backward hook {hook!r} on tensor will not be serialized.", UserWarning, stacklevel=2)
    array = root = self._array
    while isinstance(root.base, np.ndarray):
        root = root.base
    if not root.flags.c_contiguous or root.dtype != array.dtype:
        array = root = np.array(array)
    offset = array.__array_interface__["data"][0] - root.__array_interface__["data"][0]
    own = {name: value for name, value in vars(self).items() if name[0] != "_"}
    return rebuild, (type(self), root, offset, array.shape, array.strides, self.requires_grad, own)


def rebuild(
    kind: type, root: Any, offset: int, shape: Any, strides: Any, requires_grad: bool, own: dict[str, Any]
) -> Any:
    """Return the Tensor that `reduce_ex` has described."""
    made: Any = object.__new__(kind)
    if not issubclass(kind, Tensor):
        raise pickle.UnpicklingError(f"{kind.__name__} is no kind of tensor")
    made._data = np.ndarray(shape, root.dtype, root, offset, strides)
    made.requires_grad_(requires_grad)
    vars(made).update(own)
    return made


Tensor.__reduce_ex__ = reduce_ex  # type: ignore[assignment,method-assign]
