"""What torch says of a call whose arguments are too few, too many or of the wrong kind.

torch looks at the kinds of all arguments before anything else. Here they are looked at once a call
has failed, whatever it failed of: calls that are right do not wait for it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor
from course.nptorch.dtypes import dtype

Function = Callable[..., Any]
SHAPES = ("dims", "repeats", "shape", "size")  # may be spread over arguments


def refuse_arguments(name: str, function: Function, args: tuple[Any, ...], kwargs: dict[str, Any], own: int) -> None:
    """Refuse arguments with which ``name(*args, **kwargs)`` could not be called, by the annotations of `function`.

    Parameters
    ----------
    name : str
        By which it was called.
    function : function
        It says what it takes.
    args, kwargs : tuple, dict
        What it was given.
    own : int
        How many of them torch does not count: 1 for a method, 0 for a function.

    Raises
    ------
    TypeError
        With torch's text. None if the arguments are right, as far as that can be told.
    """
    parameters = list(inspect.signature(function).parameters.values())
    plain = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    rest = next((p for p in parameters if p.kind is p.VAR_POSITIONAL), None)
    word = takes_shape(function)
    if word:
        _refuse_spread(name, word, args[len(plain) :], kwargs, len(plain) - own)
    given = dict(zip([p.name for p in plain], args, strict=False))
    missing = [
        f'"{_torchs(p)}"' for p in plain if p.default is p.empty and p.name not in given and p.name not in kwargs
    ]
    if missing:
        many = "arguments" if len(missing) == 1 else "argument"  # which way round torch has it
        raise TypeError(f"{name}() missing {len(missing)} required positional {many}: {', '.join(missing)}")
    if rest is None and len(args) > len(plain):
        raise TypeError(_too_many(name, len(plain) - own, len(args) - own, plain, bool(own)))
    for position, p in enumerate(plain, 1 - own):
        if position and p.name in given:
            _refuse_kind(f"{name}(): argument '{_torchs(p)}' (position {position})", p, given[p.name])
    for p in parameters:
        if p.name in kwargs:
            _refuse_kind(f"{name}(): argument '{p.name}'", p, kwargs[p.name])


def takes_shape(function: Function) -> str:
    """Return torch's name of the shape that a function takes spread over its arguments; "" if it takes none."""
    parameters = list(inspect.signature(function).parameters.values())
    if not any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return ""
    return next((p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.name in SHAPES), "")


def _torchs(p: inspect.Parameter) -> str:
    return "input" if p.name == "self" else p.name


def _too_many(name: str, most: int, count: int, plain: list[Any], method: bool) -> str:
    if not most and method:
        return f"TensorBase.{name}() takes no arguments ({count} given)"
    least = sum(p.default is p.empty for p in plain) - method
    takes = f"{most} positional argument{'s' if most != 1 else ''}"
    takes = takes if least == most else f"from {least} to {most} positional arguments"
    return f"{name}() takes {takes} but {count} {'was' if count == 1 else 'were'} given"


def _refuse_spread(name: str, word: str, given: tuple[Any, ...], kwargs: dict[str, Any], before: int) -> None:
    """Refuse what was given for a shape, spread over arguments or in one tuple."""
    if not given and word not in kwargs:
        raise TypeError(f'{name}() missing 1 required positional arguments: "{word}"')
    if word in kwargs:
        given, place = (kwargs[word],), f"argument '{word}'"
    else:
        place = f"argument '{word}' (position {before + 1})"
    if len(given) == 1 and isinstance(given[0], tuple | list):
        _refuse_elements(f"{name}(): {place}", given[0])
    elif "in_one" in kwargs or not all(_whole(n) for n in given):
        if "in_one" not in kwargs and _whole(given[0]):
            _refuse_elements(f"{name}(): {place}", given)
        if len(given) == 1:
            raise TypeError(f"{name}(): {place} must be tuple of ints, not {type(given[0]).__name__}")
        raise TypeError(
            f"{name}() takes {before + 1} positional argument{'s' * (before > 0)} but {before + len(given)} were given"
        )


def _refuse_elements(place: str, shape: Any) -> None:
    for at, n in enumerate(shape):
        if at and not _whole(n):
            what = f'"type must be tuple of ints,but got {type(n).__name__}"'
            raise TypeError(f"{place.partition(' (')[0]} failed to unpack the object at pos {at + 1} with error {what}")
        if not _whole(n):
            raise TypeError(f"{place} must be tuple of ints, but found element of type {type(n).__name__} at pos 0")


def _whole(value: Any) -> bool:
    if isinstance(value, Tensor):
        return not value.ndim and value._data.dtype.kind != "f"
    return isinstance(value, int | np.integer)


def _number(value: Any) -> bool:
    return isinstance(value, int | float | np.generic) or (isinstance(value, Tensor) and not value.ndim)


def _shape(value: Any) -> bool:
    return isinstance(value, tuple | list)


def _axes(value: Any) -> bool:
    return _whole(value) or (isinstance(value, tuple | list) and all(_whole(n) for n in value))


def _refuse_either(place: str, fits: bool, value: Any) -> None:
    """Refuse what fits none of several signatures, which torch lists, and we do not."""
    if not fits:
        name = place.partition("(")[0]
        raise TypeError(f"{name}() received an invalid combination of arguments - got {type(value).__name__}")


KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "Tensor": (lambda value: isinstance(value, Tensor), "Tensor"),
    "Operand": (lambda value: isinstance(value, Tensor | bool | int | float | np.generic), "Tensor"),
    "int": (_whole, "int"),
    "float": (_number, "float"),
    "Number": (_number, "Number"),
    "Shape": (_shape, "tuple of ints"),
    "Axes": (lambda value: _whole(value) or _shape(value), "tuple of ints"),
    "str": (lambda value: isinstance(value, str), "str"),
    "Sequence[Tensor]": (_shape, "tuple of Tensors"),
    "bool": (lambda value: isinstance(value, bool | np.bool_), "bool"),
}


def _refuse_kind(place: str, p: inspect.Parameter, value: Any) -> None:
    kind, _, none = str(p.annotation).partition(" | ")
    if p.annotation in ("Tensor | Number", "Tensor | Number | None"):
        nothing = value is None and p.annotation.endswith("None")
        _refuse_either(place, nothing or isinstance(value, Tensor) or _number(value), value)
        return
    if p.annotation == "Dim":
        _refuse_either(place, value is None or _axes(value), value)
        return
    if p.name == "dtype" and "str" not in str(p.annotation):
        fits, wanted, none = isinstance(value, dtype), "torch.dtype", "None"
    elif kind in KINDS and none in ("", "None"):
        fits, wanted = KINDS[kind][0](value), KINDS[kind][1]
        if kind in ("Shape", "Axes") and isinstance(value, tuple | list):
            _refuse_elements(place, value)
    else:
        return
    if not fits and not (none and value is None):
        raise TypeError(f"{place} must be {wanted}, not {type(value).__name__}")
