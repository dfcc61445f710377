"""Hooks of modules: before and after forward, and when gradients pass through."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, heard, scenario
from course.scenarios.nets import known


@scenario("nn_hooks.forward", lesson=8, asks="What do forward hooks and pre-hooks see, and what may they replace?")
def forward(T: Any, draw: Draw) -> Yields:
    layer, log = known(T, draw, T.nn.Linear(2, 2)), []
    layer.register_forward_pre_hook(lambda m, args: log.append(["pre", args[0].detach().clone()]))
    layer.register_forward_pre_hook(lambda m, args: args[0] * 2)
    layer.register_forward_hook(lambda m, args, out: log.append(["post", args[0].clone(), out.detach().clone()]))
    layer.register_forward_hook(lambda m, args, out: out + 1)
    yield "output", layer(T.tensor(draw.normal(1, 2)))
    yield "log", log


@scenario(
    "nn_hooks.forward-order", lesson=8, asks="In which order do a module's hooks run, with prepend and after removal?"
)
def forward_order(T: Any, draw: Draw) -> Yields:
    layer, log = T.nn.Identity(), []
    handles = [layer.register_forward_hook(lambda m, a, o, n=n: log.append(n)) for n in ("first", "second", "third")]
    layer.register_forward_hook(lambda m, a, o: log.append("prepended"), prepend=True)
    handles[1].remove()
    layer(T.ones(1))
    yield "log", log


@scenario("nn_hooks.forward-with-keywords", lesson=8, asks="How does a forward hook see and change keyword arguments?")
def forward_with_keywords(T: Any, draw: Draw) -> Yields:
    class Scale(T.nn.Module):  # type: ignore[misc]
        def forward(self, x: Any, by: float = 1.0) -> Any:
            return x * by

    layer, seen = Scale(), []
    layer.register_forward_pre_hook(lambda m, args, kwargs: (args, {"by": kwargs["by"] + 1}), with_kwargs=True)
    layer.register_forward_hook(lambda m, args, kwargs, out: seen.append(kwargs), with_kwargs=True)
    layer.register_forward_hook(lambda m, args, out: seen.append(len(args)))
    yield "output", layer(T.tensor(draw.normal(2)), by=3.0)
    yield "seen", seen


@scenario(
    "nn_hooks.calling-forward-skips-them", lesson=8, asks="I call layer.forward(x) and not layer(x): which hooks run?"
)
def calling_forward_skips_them(T: Any, draw: Draw) -> Yields:
    layer, log = known(T, draw, T.nn.Linear(2, 2)), []
    layer.register_forward_hook(lambda m, a, o: log.append("forward"))
    layer.register_full_backward_hook(lambda m, i, o: log.append("backward"))
    x = T.tensor(draw.normal(1, 2), requires_grad=True)
    layer.forward(x).sum().backward()
    yield "through forward()", list(log)
    layer(x).sum().backward()
    yield "through a call", log


@scenario("nn_hooks.exception-in-forward", lesson=8, asks="forward raises: which forward hooks run all the same?")
def exception_in_forward(T: Any, draw: Draw) -> Yields:
    layer, log = T.nn.Module(), []
    layer.register_forward_hook(lambda m, a, o: log.append("plain"))
    layer.register_forward_hook(lambda m, a, o: log.append("always"), always_call=True)
    yield "call", attempt(layer, 1)
    yield "log", log


@scenario(
    "nn_hooks.full-backward",
    lesson=9,
    asks="What does a full backward hook see, and in which order do the layers come?",
)
def full_backward(T: Any, draw: Draw) -> Yields:
    net, log = known(T, draw, T.nn.Sequential(T.nn.Linear(2, 2), T.nn.Tanh(), T.nn.Linear(2, 1))), []
    for name, layer in net.named_children():
        layer.register_full_backward_hook(lambda m, i, o, n=name: log.append([n, [*i], [*o]]))
    x = T.tensor(draw.normal(2, 2), requires_grad=True)
    net(x).sum().backward()
    yield "log", log
    yield "x.grad", x.grad


@scenario(
    "nn_hooks.full-backward-replaces", lesson=9, asks="A full backward hook returns something: whose gradient changes?"
)
def full_backward_replaces(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.Linear(2, 2))
    layer.register_full_backward_pre_hook(lambda m, out: (out[0] * 10,))
    layer.register_full_backward_hook(lambda m, into, out: (into[0] + 1,))
    x = T.tensor(draw.normal(1, 2), requires_grad=True)
    layer(x).sum().backward()
    yield "x.grad", x.grad
    yield "weight.grad", layer.weight.grad


@scenario(
    "nn_hooks.full-backward-first-layer",
    lesson=9,
    asks="The first layer's input wants no gradient: does its backward hook run?",
)
def full_backward_first_layer(T: Any, draw: Draw) -> Yields:
    layer, log = known(T, draw, T.nn.Linear(2, 2)), []
    layer.register_full_backward_hook(lambda m, into, out: log.append([[*into], [*out]]))
    x = T.tensor(draw.normal(1, 2))
    yield "warning", heard(lambda: layer(x).sum().backward())
    yield "log", log


@scenario(
    "nn_hooks.full-backward-and-in-place",
    lesson=9,
    asks="Grad-CAM on a network with ReLU(inplace=True): why does it fail?",
)
def full_backward_and_in_place(T: Any, draw: Draw) -> Yields:
    for inplace in (True, False):
        net = known(T, draw, T.nn.Sequential(T.nn.Linear(2, 2), T.nn.ReLU(inplace=inplace)))
        net[0].register_full_backward_hook(lambda m, into, out: None)
        x = T.tensor(draw.normal(1, 2), requires_grad=True)
        yield f"inplace={inplace}", attempt(lambda net=net, x=x: net(x).sum().backward())
        yield f"inplace={inplace}: x.grad", x.grad


@scenario(
    "nn_hooks.full-backward-refused",
    lesson=9,
    asks="A backward hook returns too much, or meets the old kind: what is said?",
)
def full_backward_refused(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.Linear(2, 2))
    layer.register_full_backward_hook(lambda m, into, out: (into[0], into[0]))
    x = T.tensor(draw.normal(1, 2), requires_grad=True)
    yield "two gradients for one input", attempt(layer(x).sum().backward)
    yield "the old kind beside it", attempt(layer.register_backward_hook, lambda m, into, out: None)


@scenario(
    "nn_hooks.old-backward-hook",
    lesson=8,
    asks="The old register_backward_hook: what does it miss, and when does it say so?",
)
def old_backward_hook(T: Any, draw: Draw) -> Yields:
    forwards = {
        "one operation": lambda t: t.exp(),
        "two operations": lambda t: t.exp() * 3,
        "two outputs": lambda t: (t.exp(), t.sin()),
        "outputs in a dict": lambda t: {"a": t.exp()},
    }
    for name, f in forwards.items():
        log: list[object] = []
        layer = type("Layer", (T.nn.Module,), {"forward": lambda self, x, f=f: f(x)})()
        layer.register_backward_hook(lambda m, into, out, log=log: log.append([[*into], [*out]]))
        x = T.tensor(draw.normal(2), requires_grad=True)
        h = x * 2
        results: list[Any] = []
        yield f"{name}: warnings", heard(lambda layer=layer, h=h, results=results: results.append(layer(h)))
        first = results[0]
        while not isinstance(first, T.Tensor):
            first = first["a"] if isinstance(first, dict) else first[0]
        first.sum().backward()
        yield f"{name}: seen", log


@scenario(
    "nn_hooks.activations-kept", lesson=8, asks="A forward hook appends outputs to a list: do the graphs stay alive?"
)
def activations_kept(T: Any, draw: Draw) -> Yields:
    layer, attached, cut = known(T, draw, T.nn.Linear(2, 2)), [], []
    handle = layer.register_forward_hook(lambda m, a, o: attached.append(o))
    layer.register_forward_hook(lambda m, a, o: cut.append(o.detach()))
    layer(T.tensor(draw.normal(1, 2)))
    handle.remove()
    layer(T.tensor(draw.normal(1, 2)))
    yield "attached", [t.requires_grad for t in attached]
    yield "cut", [t.requires_grad for t in cut]


@scenario("nn_hooks.gradient-penalty", lesson=10, asks="Do module hooks see the second backward of a gradient penalty?")
def gradient_penalty(T: Any, draw: Draw) -> Yields:
    net = known(T, draw, T.nn.Sequential(T.nn.Linear(2, 2), T.nn.Tanh(), T.nn.Linear(2, 1)))
    log: list[object] = []
    net[1].register_full_backward_hook(
        lambda m, into, out: log.append([into[0].detach().clone(), into[0].requires_grad])
    )
    x = T.tensor(draw.normal(3, 2), requires_grad=True)
    (slope,) = T.autograd.grad(net(x).sum(), x, create_graph=True)
    ((slope.norm(dim=1) - 1) ** 2).mean().backward()
    yield "log", log
    yield "gradients", [p.grad for p in net.parameters()]
