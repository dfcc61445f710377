"""Hooks of modules: order, arguments, replacing, removing, errors."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

from .agree import BACKENDS, same_error


def shown(x: Any) -> Any:
    """Return nested tensors as lists."""
    if isinstance(x, tuple | list):
        return [shown(item) for item in x]
    return [round(v, 12) for v in x.reshape(-1).tolist()] if hasattr(x, "tolist") else x


def both_say(program: Any) -> Any:
    """Assert that both sides log the same, and return it."""
    logs = []
    for T in BACKENDS:
        log: list[Any] = []
        program(T, log)
        logs.append(log)
    assert logs[0] == logs[1]
    assert logs[0]
    return logs[0]


def layer(T: Any) -> Any:
    """Return a linear layer with fixed weights."""
    made = T.nn.Linear(2, 2)
    with T.no_grad():
        made.weight.copy_(T.tensor([[1.0, 2.0], [3.0, 4.0]]))
        made.bias.fill_(0.5)
    return made


def test_forward_hooks() -> None:
    def program(T: Any, log: list[Any]) -> None:
        module = layer(T)
        module.register_forward_pre_hook(lambda m, args: log.append(["pre", shown(args)]))
        handle = module.register_forward_pre_hook(lambda m, args: args[0] * 2)
        module.register_forward_pre_hook(lambda m, args: log.append(["first", shown(args)]), prepend=True)
        module.register_forward_hook(lambda m, args, out: log.append([shown(args), shown(out)]))
        module.register_forward_hook(lambda m, args, out: out + 1)
        log.append(shown(module(T.ones(1, 2))))
        handle.remove()
        log.append(shown(module(T.ones(1, 2))))

    both_say(program)


def test_forward_hooks_with_keywords() -> None:
    def program(T: Any, log: list[Any]) -> None:
        class Scaled(T.nn.Module):  # type: ignore[misc,name-defined]
            def forward(self, x: Any, by: float = 1.0) -> Any:
                return x * by

        module = Scaled()
        module.register_forward_pre_hook(lambda m, args, kw: (args, {"by": 5.0}), with_kwargs=True)
        module.register_forward_hook(lambda m, args, kw, out: log.append([shown(args), kw]), with_kwargs=True)
        log.append(shown(module(T.ones(1), by=2.0)))

    both_say(program)


def test_hooks_that_are_always_called() -> None:
    def program(T: Any, log: list[Any]) -> None:
        module = T.nn.Module()
        module.register_forward_hook(lambda m, args, out: log.append(["always", out]), always_call=True)
        module.register_forward_hook(lambda m, args, out: log.append("never"))
        with pytest.raises(NotImplementedError):
            module(1)

    both_say(program)


def test_full_backward_hooks() -> None:
    def program(T: Any, log: list[Any]) -> None:
        module = T.nn.Sequential(layer(T), T.nn.Tanh(), layer(T))
        for name, m in module.named_modules():
            m.register_full_backward_pre_hook(lambda m, out, name=name: log.append([name, "before", shown(out)]))
            m.register_full_backward_hook(lambda m, into, out, name=name: log.append([name, shown(into), shown(out)]))
        x = T.full((1, 2), 0.1, requires_grad=True)
        module(x).sum().backward()
        log.append([shown(x.grad), [shown(p.grad) for p in module.parameters()]])

    both_say(program)


def test_backward_hooks_replace_gradients() -> None:
    def program(T: Any, log: list[Any]) -> None:
        module = layer(T)
        module.register_full_backward_pre_hook(lambda m, out: (out[0] * 10,))
        module.register_full_backward_hook(lambda m, into, out: (into[0] * 3,))
        handle = module.register_full_backward_hook(lambda m, into, out: (into[0] + 1,))
        for _ in range(2):
            x = T.ones(1, 2, requires_grad=True)
            module.zero_grad()
            module(x).sum().backward()
            log.append([shown(x.grad), shown(module.weight.grad)])
            handle.remove()

    both_say(program)


def test_several_inputs_and_outputs() -> None:
    def program(T: Any, log: list[Any]) -> None:
        class Pair(T.nn.Module):  # type: ignore[misc,name-defined]
            def forward(self, x: Any, number: Any, y: Any) -> Any:
                return x * y, number, y * 2

        module = Pair()
        module.register_full_backward_hook(lambda m, into, out: log.append([shown(into), shown(out)]))
        x, y = T.ones(2, requires_grad=True), T.full((2,), 3.0)
        product, _, double = module(x, 5, y)
        (product.sum() + double.sum()).backward()
        log.append(shown(x.grad))

    both_say(program)


def test_without_inputs_that_require_grad() -> None:
    def program(T: Any, log: list[Any]) -> None:
        module = layer(T)
        module.register_full_backward_hook(lambda m, into, out: log.append([shown(into), shown(out)]))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            module(T.ones(1, 2)).sum().backward()
        log.append([str(w.message)[:60] for w in caught])
        with T.no_grad():
            log.append(shown(module(T.ones(1, 2))))

    both_say(program)


def test_old_backward_hooks() -> None:
    def program(T: Any, log: list[Any]) -> None:
        module = T.nn.Tanh()
        module.register_backward_hook(lambda m, into, out: log.append([shown(into), shown(out)]))
        x = T.full((2,), 0.3, requires_grad=True)
        module(x).sum().backward()

    both_say(program)


def test_gradient_penalty_through_hooked_modules() -> None:
    def program(T: Any, log: list[Any]) -> None:
        module = T.nn.Sequential(layer(T), T.nn.Tanh(), layer(T))
        module[0].register_full_backward_hook(lambda m, into, out: log.append(shown(into)))
        x = T.full((1, 2), 0.1, requires_grad=True)
        (g,) = T.autograd.grad(module(x).sum(), x, create_graph=True)
        (g * g).sum().backward()
        log.append([shown(p.grad) for p in module.parameters()])

    logs = []
    for T in BACKENDS:
        log: list[Any] = []
        program(T, log)
        logs.append(log)
    import numpy as np

    for mine, theirs in zip(*logs, strict=True):
        for a, b in zip(_flat(mine), _flat(theirs), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)


def _flat(x: Any) -> list[Any]:
    return [v for item in x for v in _flat(item)] if isinstance(x, list) else [x if x is not None else 0.0]


ERRORS: dict[str, Any] = {
    "old and full": lambda T: both_kinds(T),
    "too many": lambda T: hooked(T, lambda m, into, out: (into[0], into[0])),
    "pre too many": lambda T: hooked(T, None, lambda m, out: (out[0], out[0])),
    "in place": lambda T: overwritten(T),
    "pre-hook": lambda T: badly(T),
}


def both_kinds(T: Any) -> None:
    """Register hooks that do not go together."""
    module = T.nn.Tanh()
    module.register_full_backward_hook(lambda *a: None)
    module.register_backward_hook(lambda *a: None)


def hooked(T: Any, hook: Any, pre: Any = None) -> None:
    """Run backward through hooks."""
    module = layer(T)
    if hook:
        module.register_full_backward_hook(hook)
    if pre:
        module.register_full_backward_pre_hook(pre)
    module(T.ones(1, 2, requires_grad=True)).sum().backward()


def overwritten(T: Any) -> None:
    """Overwrite the output of a hooked module, as Grad-CAM on a network with ReLU(inplace) does."""
    module = T.nn.Sequential(layer(T), T.nn.ReLU(inplace=True))
    module[0].register_full_backward_hook(lambda *a: None)
    module(T.ones(1, 2, requires_grad=True))


def badly(T: Any) -> None:
    """Return the wrong thing from a forward pre-hook with keywords."""
    module = layer(T)
    module.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
    module(T.ones(1, 2))


@pytest.mark.parametrize("program", ERRORS.values(), ids=ERRORS.keys())
def test_error(program: Any) -> None:
    same_error(program)
