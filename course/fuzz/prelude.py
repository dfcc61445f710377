"""What programs may name beside ``T``: hooks that leave a trace, and Functions.

The same source serves both engines. Everything that happens out of sight of the statements (a hook that is
called, a Function whose backward runs) is written into ``log``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any


class Hooks:
    """Makers of hooks that write down what they were given.

    Parameters
    ----------
    T : module
        torch or nptorch.
    log : list
        Where to; entries are ``(label, what was given)``.
    note : function
        Makes plain data of what was given, at once.
    """

    def __init__(self, T: Any, log: list[Any], note: Callable[[Any], Any]) -> None:
        self.T = T
        self.log = log
        self.note = note

    def write(self, label: str, *given: Any) -> None:
        """Write one line into the log."""
        self.log.append((label, self.T.is_grad_enabled(), tuple(self.note(one) for one in given)))

    def seen(self, label: str, change: Callable[[Any], Any] | None = None) -> Callable[[Any], Any]:
        """Return a hook of one argument (tensor hook, node pre-hook, post-accumulate hook)."""

        def hook(given: Any) -> Any:
            self.write(label, *(given if isinstance(given, tuple | list) else (given,)))
            return None if change is None else change(given)

        return hook

    def around(self, label: str) -> Callable[[Any, Any], None]:
        """Return a hook that a node calls after its backward."""

        def hook(grad_inputs: Any, grad_outputs: Any) -> None:
            self.write(label, *grad_outputs)  # torch computes some gradients that nobody asked for

        return hook

    def pack(self, label: str, change: Callable[[Any], Any] | None = None) -> Callable[[Any], Any]:
        """Return the first of a pair for ``saved_tensors_hooks``."""

        def hook(given: Any) -> Any:
            self.write(label, given.detach())  # torch shows results with a history here, which is a cycle
            return given if change is None else change(given)

        return hook

    unpack = pack


def fresh(gradients: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return copies: torch may hand out one and the same tensor as the gradient of two inputs."""
    return tuple(None if gradient is None else gradient.clone() for gradient in gradients)


def functions(T: Any, hooks: Hooks) -> dict[str, Any]:
    """Return the Functions of one engine by name."""

    class Scale(T.autograd.Function):  # type: ignore[misc]
        """``x * factor``; keeps the factor on ctx."""

        @staticmethod
        def forward(ctx: Any, x: Any, factor: Any) -> Any:
            ctx.factor = factor
            return x * factor

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            hooks.write("Scale", g)
            return g * ctx.factor, None

    class Product(T.autograd.Function):  # type: ignore[misc]
        """``a * b``; keeps both."""

        @staticmethod
        def forward(ctx: Any, a: Any, b: Any) -> Any:
            ctx.save_for_backward(a, b)
            return a * b

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            hooks.write("Product", g)
            a, b = ctx.saved_tensors
            needs_a, needs_b = ctx.needs_input_grad
            return g * b if needs_a else None, g * a if needs_b else None

    class Exponential(T.autograd.Function):  # type: ignore[misc]
        """``exp(x)``; keeps its result."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            result = x.exp()
            ctx.save_for_backward(result)
            return result

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            hooks.write("Exponential", g)
            (result,) = ctx.saved_tensors
            return g * result

    class Same(T.autograd.Function):  # type: ignore[misc]
        """Its input as it is, with a gradient that is doubled."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            hooks.write("Same", g)
            return g * 2

    class Raise(T.autograd.Function):  # type: ignore[misc]
        """Adds 1 to its input, in place."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            x.add_(1)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            hooks.write("Raise", g)
            return g

    class Pair(T.autograd.Function):  # type: ignore[misc]
        """Two results, the second of which keeps the first."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * 2, x * x

        @staticmethod
        def backward(ctx: Any, g: Any, h: Any) -> Any:
            hooks.write("Pair", g, h)
            (x,) = ctx.saved_tensors
            return g * 2 + h * x * 2

    class Broken(T.autograd.Function):  # type: ignore[misc]
        """A backward that raises."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x + 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            hooks.write("Broken", g)
            raise ValueError("broken on purpose")

    class Split(T.autograd.Function):  # type: ignore[misc]
        """Two results, the second of them without a gradient; missing gradients are None."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            whole = x.floor()
            ctx.mark_non_differentiable(whole)
            ctx.set_materialize_grads(False)
            return x * 3, whole

        @staticmethod
        def backward(ctx: Any, g: Any, h: Any) -> Any:
            hooks.write("Split", g, h)
            return None if g is None else g * 3

    class Once(T.autograd.Function):  # type: ignore[misc]
        """``x * x``, which cannot be differentiated twice."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @T.autograd.function.once_differentiable  # type: ignore[untyped-decorator]
        def backward(ctx: Any, g: Any) -> Any:
            hooks.write("Once", g)
            return g * ctx.saved_tensors[0] * 2

    class Set(T.autograd.Function):  # type: ignore[misc]
        """``sin(x)``, with a context that is set up apart."""

        @staticmethod
        def forward(x: Any) -> Any:
            return x.sin()

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(inputs[0])

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            hooks.write("Set", g)
            return g * ctx.saved_tensors[0].cos()

    class Cut(T.autograd.Function):  # type: ignore[misc]
        """Adds 1, and lets no gradient pass."""

        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x + 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            hooks.write("Cut", g)

    made = (Scale, Product, Exponential, Same, Raise, Pair, Broken, Split, Once, Set, Cut)
    return {cls.__name__: cls for cls in made}


def names_for(T: Any, log: list[Any], note: Callable[[Any], Any]) -> dict[str, Any]:
    """Return everything that a program on engine `T` may name, writing into `log`."""
    hooks = Hooks(T, log, note)
    makers = {"seen": hooks.seen, "around": hooks.around, "pack": hooks.pack, "unpack": hooks.unpack}
    return {"T": T, "fresh": fresh, **makers, **functions(T, hooks)}


@lru_cache
def prelude(T: Any) -> dict[str, Any]:
    """Return the names for a snippet that is run by hand: what is logged is printed."""

    class Printed(list[Any]):
        def append(self, line: Any) -> None:
            print(*line)

    return names_for(T, Printed(), str)
