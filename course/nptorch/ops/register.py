"""How a function becomes a Tensor method and a function of the package."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.grad_mode import mode
from course.nptorch.ops.arguments import refuse_arguments, takes_shape
from course.nptorch.ops.careful import careful, explain
from course.nptorch.ops.overlap import overlaps_first
from course.nptorch.ops.write import refuse_leaf, refuse_view, write
from course.nptorch.record import OPS, Op, attach, recorded_first

F = TypeVar("F", bound=Callable[..., Any])
Described = tuple[str, tuple[Any, ...], Any, dict[str, Any] | None]

MISSING: Any = object()
FUNCTIONS: dict[str, Callable[..., Any]] = {}


def op(*names: str, early: bool | None = None) -> Callable[[F], F]:
    """Make a function on a Tensor a method and a package function, under each of `names`.

    With `early` True or False, see `careful`; without it nothing stands between a method's caller
    and the method.
    """

    def add(function: F) -> F:
        for name in names:
            setattr(Tensor, name, function if early is None else careful(name, function, early))
            FUNCTIONS[name] = _checked(name, function, bool(early))
        return function

    return add


def method(*names: str, early: bool | None = None) -> Callable[[F], F]:
    """Make a function on a Tensor a method only, under each of `names`; `early` is as for `op`."""

    def add(function: F) -> F:
        for name in names:
            setattr(Tensor, name, function if early is None else careful(name, function, early))
        return function

    return add


def function(*names: str) -> Callable[[F], F]:
    """Make a function one of the package only, under each of `names`."""

    def add(function: F) -> F:
        for name in names:
            FUNCTIONS[name] = careful(name, function, early=False, own=0)
        return function

    return add


def attribute(*names: str) -> Callable[[F], F]:
    """Make a function on a Tensor a read-only attribute, under each of `names`."""

    def add(function: F) -> F:
        for name in names:
            setattr(Tensor, name, property(function))
        return function

    return add


def recorded(row: str, inputs: tuple[Any, ...], values: Any, facts: dict[str, Any] | None = None) -> Tensor:
    """Return a Tensor of `values`, recorded as an operation of the vjp table."""
    result = wrap(values)
    if mode.enabled:
        attach(OPS[row], inputs, result, facts)
    return result


def described(*names: str, inplace: bool = True) -> Callable[[F], Callable[..., Tensor]]:
    """Make operations of a function that computes and says what it did.

    The function returns ``(row of the vjp table, its inputs, the values, plain facts)``. From
    this come the method, the package function and, unless `inplace` is False, the method
    ``name_`` that writes the values into its first argument.
    """

    def add(describe: F) -> Callable[..., Tensor]:
        @functools.wraps(describe)
        def operation(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            try:
                described = describe(self, *args, **kwargs)
            except Exception as error:
                explain(error, names[0], describe, (self, *args), kwargs, False, 1)
                if isinstance(error, RuntimeError | IndexError):
                    recorded_first(_row(names[0], args), (self, *args))
                raise
            return recorded(*described)

        @functools.wraps(describe)
        def operation_(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
            refuse_leaf(self)
            try:
                described = describe(self, *args, **kwargs)
            except Exception as error:
                explain(error, f"{names[0]}_", describe, (self, *args), kwargs, False, 1)
                if isinstance(error, RuntimeError | IndexError):
                    refuse_view(self, *args)
                    recorded_first(_row(names[0], args), (self, *args))
                    overlaps_first(self, *args)
                raise
            return write(self, *described)

        operation.__annotations__["return"] = "Tensor"
        op(*names)(operation)
        if inplace:
            written(names, operation_)
        return operation

    return add


def _row(name: str, args: tuple[Any, ...]) -> Op | None:
    """Return the row of an operation that turned out to be impossible, for Tensors or numbers."""
    last = bool(args) and isinstance(args[-1], Tensor)
    return (OPS.get(f"{name}_tensor") if last else None) or OPS.get(name)


def written(names: tuple[str, ...], operation: Callable[..., Any]) -> None:
    """Make `operation` the in-place methods ``name_`` of operations called `names`."""
    operation.__name__ = f"{names[0]}_"
    operation.__doc__ = f"Write what `{names[0]}` returns into this tensor."
    for name in names:
        setattr(Tensor, f"{name}_", operation)


def with_words(wrapper: F, like: Callable[..., Any], **defaults: Any) -> F:
    """Make the signature of a wrapper that of the function in it, with more keywords."""
    signature = inspect.signature(like)
    parameters = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    rest = [p for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD]
    words = [
        inspect.Parameter(word, inspect.Parameter.KEYWORD_ONLY, default=default)
        for word, default in defaults.items()
        if word not in signature.parameters
    ]
    wrapper.__signature__ = signature.replace(parameters=[*parameters, *words, *rest])  # type: ignore[attr-defined]
    return wrapper


def _checked(name: str, operation: Callable[..., Any], early: bool) -> Callable[..., Any]:
    """Return `operation` as ``torch.name(input, ...)``, which takes a Tensor first, and a shape in one tuple."""
    spread = takes_shape(operation)

    @functools.wraps(operation)
    def checked(input: Any = MISSING, *args: Any, **kwargs: Any) -> Any:  # noqa: A002 - torch's name
        if not isinstance(input, Tensor):
            if input is MISSING:
                refuse_arguments(name, operation, (), kwargs, 0)
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
        if spread and args and not isinstance(args[0], tuple | list):
            refuse_arguments(name, operation, (input, *args), {"in_one": True, **kwargs}, 0)
        try:
            return operation(input, *args, **kwargs)
        except Exception as error:
            explain(error, name, operation, (input, *args), kwargs, early, 0)
            raise

    checked.__name__ = name
    return checked
