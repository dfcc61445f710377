"""Hooks, modes and flags: details that changes of the engine's code showed to be unwatched."""

from __future__ import annotations

import inspect
from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, heard, scenario


@scenario(
    "hooks.retained-and-changed",
    lesson=8,
    asks="retain_grad() was called, then the tensor was changed in place: does it still hold?",
)
def retained_and_changed(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    h = x * 2
    h.register_hook(lambda g: None)
    yield "with a hook only", h.retains_grad
    h.retain_grad()
    yield "before", h.retains_grad
    h.mul_(3)
    yield "after", h.retains_grad
    y = x.exp()
    y.retain_grad()
    yield "another tensor of the same node", y.grad_fn._saved_result.retains_grad


@scenario(
    "hooks.order-of-leaf-roots", lesson=8, asks="backward() starts at several leaves: which gets its gradient first?"
)
def order_of_leaf_roots(T: Any, draw: Draw) -> Yields:
    leaves = {name: T.tensor(draw.normal(1), requires_grad=True) for name in "abc"}
    order: list[str] = []
    for name, leaf in leaves.items():
        leaf.register_post_accumulate_grad_hook(lambda t, name=name: order.append(name))
    for start in ("abc", "cab"):
        order.clear()
        T.autograd.backward([leaves[name] for name in start])
        yield f"given {start}", "".join(order)


@scenario(
    "hooks.several-tensors-in-a-graph-with-numbers",
    lesson=8,
    asks="A hook for several gradients: does it find its way where an operation has a number as input?",
)
def several_tensors_with_numbers(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    seen: list[Any] = []
    T.autograd.graph.register_multi_grad_hook((x, w), lambda grads: seen.append([g is None for g in grads]))
    ((x * 2) + 1).sum().backward()
    yield "one of two", list(seen)
    seen.clear()
    ((x * 2) * (w + 1)).sum().backward()
    yield "both", seen


@scenario(
    "hooks.node-hooks-that-give-something-else",
    lesson=8,
    asks="The hook of a node returns no tensor, or another dtype: is that noticed?",
)
def node_hooks_that_give_something_else(T: Any, draw: Draw) -> Yields:
    answers: Cases = {
        "a number": lambda g: 1.0,
        "another dtype": lambda g: g.half(),
        "another shape": lambda g: g[:1],
        "None": lambda g: None,
    }
    for name, answer in answers.items():
        for place in ("before", "after"):
            x = T.tensor(draw.normal(2), requires_grad=True)
            y = (x * 2).exp()
            if place == "before":
                y.grad_fn.register_prehook(lambda gs, answer=answer: (answer(gs[0]),))
            else:
                y.grad_fn.register_hook(lambda out, gs, answer=answer: (answer(out[0]),))
            yield f"{name}, {place}", attempt(y.sum().backward)
            yield f"{name}, {place}: x.grad", x.grad
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = x * 3.0
    y.grad_fn.register_hook(lambda out, gs: (out[0], gs[0])[: len(out)])
    yield "in place of None", attempt(y.sum().backward)


@scenario(
    "hooks.called-when-backward-ends", lesson=8, asks="When is a callback called that was queued during backward?"
)
def called_when_backward_ends(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    queue = T.autograd.Variable._execution_engine.queue_callback
    order: list[str] = []

    def hook(g: Any) -> None:
        queue(lambda: order.append("callback"))
        order.append("hook of the result")

    y = x.exp()
    y.register_hook(hook)
    x.register_hook(lambda g: order.append("hook of the leaf"))
    y.sum().backward()
    yield "order", order
    yield "outside of backward", attempt(queue, lambda: None)


@scenario(
    "reentrant.deeper-than-the-stack",
    lesson=8,
    asks="Each hook starts a backward of its own, 150 deep: does it work, also after many passes?",
)
def deeper_than_the_stack(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(1), requires_grad=True)
    reached: list[int] = []

    def go(depth: int) -> None:
        with T.enable_grad():
            y = x * 2

        def hook(g: Any) -> None:
            reached.append(depth)
            if depth < 150:
                go(depth + 1)

        y.register_hook(hook)
        with T.enable_grad():
            loss = y.sum()
        loss.backward()

    for name in ("at first", "after many passes"):
        reached.clear()
        x.grad = None
        yield name, attempt(go, 1)
        yield f"{name}: depth", max(reached)
        yield f"{name}: x.grad", x.grad
        for _ in range(150):
            (x * 2).sum().backward()


@scenario("modes.inference-mode-without-parentheses", lesson=4, asks="Does @inference_mode work without parentheses?")
def inference_mode_without_parentheses(T: Any, draw: Draw) -> Yields:
    def seen() -> Any:
        return T.is_inference_mode_enabled(), T.ones(1).is_inference()

    yield "bare", T.inference_mode(seen)()
    yield "called", T.inference_mode()(seen)()
    yield "off", T.inference_mode(False)(seen)()


@scenario(
    "modes.what-is-decorated",
    lesson=4,
    asks="Which of function, generator and class may no_grad decorate without a warning?",
)
def what_is_decorated(T: Any, draw: Draw) -> Yields:
    def function() -> None: ...

    def generator() -> Any:
        yield 1

    class Thing: ...

    for thing in (function, generator, Thing):
        name = thing.__name__
        yield name, heard(T.no_grad(), thing)
        if thing is not Thing:
            yield f"{name}: its name afterwards", T.no_grad()(thing).__name__


@scenario(
    "modes.either-factor-of-inference",
    lesson=4,
    asks="One factor was made in inference mode: may it be saved, left or right?",
)
def either_factor_of_inference(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    with T.inference_mode():
        z = T.tensor(draw.normal(3))
    yield "leaf * z", attempt(lambda: x * z)
    yield "z * leaf", attempt(lambda: z * x)
    yield "inner * z", attempt(lambda: (x * 2) * z)
    yield "z * inner", attempt(lambda: z * (x * 2))


@scenario(
    "graph.flag-of-whole-numbers", lesson=4, asks="May requires_grad be set on whole numbers, to True or to False?"
)
def flag_of_whole_numbers(T: Any, draw: Draw) -> Yields:
    n = T.tensor([1, 2])
    for value in (False, True):
        yield f"{value}", attempt(setattr, n, "requires_grad", value)
    inner = T.tensor(draw.normal(2), requires_grad=True) * 2
    for value in (False, True):
        yield f"inner tensor: {value}", attempt(setattr, inner, "requires_grad", value)


@scenario("function.its-methods-are-static", lesson=9, asks="Are forward and backward of Function static methods?")
def its_methods_are_static(T: Any, draw: Draw) -> Yields:
    for name in ("forward", "backward", "vjp"):
        yield name, isinstance(inspect.getattr_static(T.autograd.Function, name), staticmethod)


@scenario(
    "modes.inference-beside-a-kept-result",
    lesson=4,
    asks="May an inference tensor be an operand where only the other operand and the result are kept?",
)
def inference_beside_a_kept_result(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    with T.inference_mode():
        constant = T.tensor(draw.normal(3))
    y = T.hypot(x, constant)
    yield "y", y.detach()
    y.backward(T.ones_like(y))
    yield "gradient", x.grad
    yield "kept as a factor", attempt(lambda: x * constant)


@scenario("hooks.modes-stay-with-the-hook", lesson=8, asks="A hook switches recording on or off: for how long?")
def modes_stay_with_the_hook(T: Any, draw: Draw) -> Yields:
    for wanted in (False, True):
        x = T.tensor(draw.normal(2), requires_grad=True)
        seen: list[tuple[str, bool]] = []

        def switch(name: str, to: bool, seen: list[tuple[str, bool]] = seen) -> Any:
            def hook(*given: Any) -> None:
                seen.append((name, T.is_grad_enabled()))
                T.set_grad_enabled(to)

            return hook

        y = x.sin()
        z = y.exp()
        z.register_hook(switch("z", wanted))
        z.grad_fn.register_prehook(switch("before z", wanted))
        z.grad_fn.register_hook(switch("behind z", wanted))
        y.register_hook(switch("y", not wanted))
        x.register_post_accumulate_grad_hook(switch("x", wanted))
        z.backward(T.ones_like(z))
        yield f"{wanted}: seen", seen
        yield f"{wanted}: afterwards", T.is_grad_enabled()
        yield f"{wanted}: gradient", x.grad
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = x.erf()
    y.register_hook(lambda g: (T.set_grad_enabled(False), None)[1])
    (g,) = T.autograd.grad(y, x, T.ones_like(y), create_graph=True)
    yield "in a recorded pass", (g.detach(), g.requires_grad, T.is_grad_enabled())


@scenario(
    "packing.opened-by-a-hook",
    lesson=8,
    asks="A hook opens saved_tensors_hooks and leaves it open: is it after backward?",
)
def opened_by_a_hook(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    packed: list[str] = []

    def pack(t: Any) -> Any:
        packed.append("packed")
        return t

    hooks = T.autograd.graph.saved_tensors_hooks(pack, lambda t: t)
    y = x.sin()
    y.register_hook(lambda g: hooks.__enter__())
    y.backward(T.ones_like(y))
    x.exp()
    yield "packed", list(packed)
    around: list[str] = []

    def pack_around(t: Any) -> Any:
        around.append("packed")
        return t

    with T.autograd.graph.saved_tensors_hooks(pack_around, lambda t: t):
        y = x.sin()
        y.register_hook(lambda g: hooks.__enter__())
        y.backward(T.ones_like(y))
        x.exp()
    yield "in a block of its own", (packed, around)


@scenario("function.modes-stay-with-it", lesson=9, asks="A backward of my own switches recording on: for how long?")
def modes_stay_with_it(T: Any, draw: Draw) -> Yields:
    seen: list[tuple[str, bool]] = []

    class Switching(T.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            T.set_grad_enabled(True)
            seen.append(("inside", T.is_grad_enabled()))
            return g * 2

    x = T.tensor(draw.normal(2), requires_grad=True)
    x.register_hook(lambda g: seen.append(("behind", T.is_grad_enabled())))
    Switching.apply(x).sum().backward()
    yield "seen", seen
    yield "gradient", x.grad
