"""dtypes, ``Size`` and ``device`` under torch's names, and torch's type promotion.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/tensor_attributes.html
"""

from __future__ import annotations

from typing import Any

import numpy as np

from course.nptorch.absent import absent


class dtype:  # noqa: N801 - torch's own name
    """A data type that prints as torch's does; ``numpy`` is the NumPy dtype behind it.

    ``category`` orders bool < integer < floating, which is what promotion compares.
    """

    __slots__ = ("category", "is_floating_point", "name", "numpy", "tensor_type")

    def __init__(self, name: str, numpy: type, category: int, tensor_type: str) -> None:
        self.name = name
        self.numpy = np.dtype(numpy)
        self.category = category
        self.is_floating_point = category == FLOATING
        self.tensor_type = tensor_type

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self.numpy.itemsize

    @property
    def is_complex(self) -> bool:
        """Always False: the engine has no complex numbers."""
        return False

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return (dtype_of, (self.numpy,))


BOOL, INTEGER, FLOATING = range(3)

float16 = dtype("float16", np.float16, FLOATING, "HalfTensor")
float32 = dtype("float32", np.float32, FLOATING, "FloatTensor")
float64 = dtype("float64", np.float64, FLOATING, "DoubleTensor")
uint8 = dtype("uint8", np.uint8, INTEGER, "ByteTensor")
int8 = dtype("int8", np.int8, INTEGER, "CharTensor")
int16 = dtype("int16", np.int16, INTEGER, "ShortTensor")
int32 = dtype("int32", np.int32, INTEGER, "IntTensor")
int64 = dtype("int64", np.int64, INTEGER, "LongTensor")
boolean = dtype("bool", np.bool_, BOOL, "BoolTensor")

ALL = (float16, float32, float64, uint8, int8, int16, int32, int64, boolean)
_BY_NUMPY = {d.numpy: d for d in ALL}
_default = float32


def dtype_of(numpy_dtype: np.dtype[Any]) -> dtype:
    """Return the torch dtype of a NumPy dtype.

    Raises
    ------
    TypeError
        If torch (or this engine) has no such dtype, e.g. strings, objects, complex.
    """
    found = _BY_NUMPY.get(numpy_dtype)
    if found is None:
        if numpy_dtype.kind == "c":
            raise absent(numpy_dtype.name)
        names = ", ".join(d.name for d in ALL)
        raise TypeError(
            f"can't convert np.ndarray of type numpy.{numpy_dtype.name}. The only supported types are: {names}."
        )
    return found


def get_default_dtype() -> dtype:
    """Return the dtype that Python floats become (float32 unless changed)."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Set the dtype that Python floats become.

    Raises
    ------
    TypeError
        If `d` is not a floating-point dtype.
    """
    global _default
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    _default = d


def result_type(*operands: Any) -> np.dtype[Any]:
    """Return the NumPy dtype in which torch computes with all `operands`.

    They are arrays, NumPy scalars or Python numbers. Tensors with dimensions outrank
    0-d tensors, which outrank Python numbers, unless the lower rank has the higher category
    (a float among integers).
    """
    best: list[np.dtype[Any] | None] = [None, None, None]
    for operand in operands:
        rank, d = _rank(operand)
        held = best[rank]
        best[rank] = d if held is None else np.promote_types(_same(held, d), _same(d, held))
    result: np.dtype[Any] | None = None
    for d_or_none in best:
        if d_or_none is None:
            continue
        if result is None or _BY_NUMPY[d_or_none].category > _BY_NUMPY[result].category:
            result = d_or_none
    assert result is not None
    return result


def _rank(operand: Any) -> tuple[int, np.dtype[Any]]:
    """Return (0 for an array with dimensions, 1 for a 0-d one, 2 for a number) and its dtype."""
    if isinstance(operand, np.ndarray | np.generic):
        return (1 if operand.ndim == 0 else 0), operand.dtype
    if isinstance(operand, bool):
        return 2, boolean.numpy
    if isinstance(operand, int):
        return 2, int64.numpy
    return 2, _default.numpy


def _same(d: np.dtype[Any], other: np.dtype[Any]) -> np.dtype[Any]:
    """Return `d`, or the float type of `other`: torch's float32 + int64 stays float32."""
    mine, theirs = _BY_NUMPY[d], _BY_NUMPY[other]
    return other if theirs.category == FLOATING and mine.category < FLOATING else d


class Size(tuple[Any, ...]):
    """A shape: a tuple that prints as ``torch.Size([2, 3])`` and knows ``numel()``."""

    __slots__ = ()

    def numel(self) -> int:
        """Return the number of elements a tensor of this shape has."""
        n: int = 1
        for extent in self:
            n *= extent
        return n

    def __repr__(self) -> str:
        return f"torch.Size([{', '.join(str(extent) for extent in self)}])"

    def __getitem__(self, key: Any) -> Any:
        got = tuple.__getitem__(self, key)
        return Size(got) if isinstance(key, slice) else got

    def __add__(self, other: Any) -> Size:
        return Size(tuple.__add__(self, tuple(other)))


class device:  # noqa: N801 - torch's own name
    """The place of a tensor. This engine computes in NumPy, so the only type is ``cpu``.

    Raises
    ------
    RuntimeError
        For any other device: the engine has none.
    """

    __slots__ = ("index", "type")

    def __init__(self, type: Any = "cpu", index: Any = None) -> None:  # noqa: A002
        name: str = type.type if isinstance(type, device) else type
        if name != "cpu":
            raise RuntimeError(f"course.nptorch computes in NumPy on the CPU: it has no device {name!r}")
        self.type: str = name
        self.index = index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and other.type == self.type

    def __hash__(self) -> int:
        return hash(self.type)

    def __str__(self) -> str:
        return str(self.type)

    def __repr__(self) -> str:
        return f"device(type='{self.type}')"


cpu = device("cpu")


class finfo:  # noqa: N801 - torch's own name
    """Limits of a floating-point dtype: ``eps max min tiny smallest_normal resolution bits``."""

    def __init__(self, type: dtype | None = None) -> None:  # noqa: A002 - torch's name
        kind = _default if type is None else type
        if not kind.is_floating_point:
            raise TypeError("torch.finfo() requires a floating point input type. Use torch.iinfo to "
                            "handle 'torch.finfo'")  # fmt: skip
        limits = np.finfo(kind.numpy)
        self.dtype = kind.name
        self.bits = int(limits.bits)
        self.eps, self.max, self.min = float(limits.eps), float(limits.max), float(limits.min)
        self.tiny = self.smallest_normal = float(limits.tiny)
        self.resolution = float(limits.resolution)


class iinfo:  # noqa: N801 - torch's own name
    """Limits of an integer dtype: ``max min bits``."""

    def __init__(self, type: dtype) -> None:  # noqa: A002 - torch's name
        if type.category != INTEGER:
            raise TypeError("torch.iinfo() requires an integer input type. Use torch.finfo to handle "
                            "'torch.iinfo'")  # fmt: skip
        limits: Any = np.iinfo(type.numpy)
        self.dtype = type.name
        self.bits, self.max, self.min = limits.bits, int(limits.max), int(limits.min)
