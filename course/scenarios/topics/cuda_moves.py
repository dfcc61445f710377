"""Tensors on two devices: what a copy to the other one is to autograd, and what may not be mixed.

These programs need a CUDA device. Tensors are made on torch's default device, which is then the GPU;
what is on the CPU says so.
"""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


def here(T: Any) -> Any:
    """The device that new tensors get."""
    return T.zeros(()).device


def on_cpu(T: Any, values: Any, requires_grad: bool = False) -> Any:
    """A leaf on the CPU."""
    return T.tensor(values, device="cpu", requires_grad=requires_grad)


@scenario("cuda.cpu-in-the-middle", needs="cuda", lesson=4, asks="Does .cpu() in the middle cut the graph?")
def cpu_in_the_middle(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp()
    moved = y.cpu()
    yield "moved has a graph", moved.requires_grad
    yield "its node", type(moved.grad_fn).__name__
    yield "moved is a leaf", moved.is_leaf
    back = (moved * 3).to(here(T))
    (back * y).sum().backward()
    yield "x.grad", x.grad
    yield "x.grad is where x is", x.grad.device == x.device


@scenario("cuda.moved-weight-is-no-leaf", needs="cuda", lesson=4, asks="Why is .grad None after .cuda()?")
def moved_weight_is_no_leaf(T: Any, draw: Draw) -> Yields:
    source = on_cpu(T, draw.normal(3), requires_grad=True)
    weight = source.to(here(T))
    (weight * T.tensor(draw.normal(3))).sum().backward()
    yield "weight is a leaf", weight.is_leaf
    yield "weight.grad", weight.grad
    yield "source.grad", source.grad
    yield "an optimizer", _taken(T, weight)
    repaired = source.detach().to(here(T)).requires_grad_()
    yield "detached, moved, then told to require grad", repaired.is_leaf


def _taken(T: Any, weight: Any) -> object:
    outcome = attempt(T.optim.SGD, [weight], lr=0.1)
    return "takes the weight" if isinstance(outcome, T.optim.Optimizer) else outcome


@scenario(
    "cuda.module-moved-after-its-optimizer",
    needs="cuda",
    lesson=7,
    asks="Must the optimizer be made after the module is moved?",
)
def module_moved_after_its_optimizer(T: Any, draw: Draw) -> Yields:
    layer = T.nn.Linear(2, 1, device="cpu", dtype=T.tensor(draw.array(0.0)).dtype)
    with T.no_grad():
        layer.weight.copy_(on_cpu(T, draw.normal(1, 2)))
        layer.bias.zero_()
    weight = layer.weight
    optimizer = T.optim.SGD(layer.parameters(), lr=0.5)
    layer.to(here(T))
    yield "the same Parameter", layer.weight is weight
    yield "it is where the module went", weight.device == here(T)
    layer(T.tensor(draw.normal(4, 2))).sum().backward()
    yield "the gradient too", weight.grad.device == here(T)
    optimizer.step()
    yield "weight after a step", layer.weight


@scenario("cuda.devices-do-not-mix", needs="cuda", lesson=4, asks="Which operations take one tensor from each device?")
def devices_do_not_mix(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    values = draw.normal(3)
    yield "sum of two", attempt(lambda: x + on_cpu(T, values))
    yield "a number on the CPU", x * on_cpu(T, 2.0)
    yield "matrix product", attempt(lambda: x[None] @ on_cpu(T, values[:, None]))
    yield "copy_", x.detach().clone().copy_(on_cpu(T, values))
    yield "index on the CPU", x[on_cpu(T, [2, 0])]
    yield "a gradient from the CPU", attempt((x * 2).backward, on_cpu(T, values))
    yield ".grad from the CPU", attempt(setattr, x, "grad", on_cpu(T, values))
    yield "numpy()", attempt(lambda: x.detach().numpy().tolist())
    yield "cpu().numpy()", x.detach().cpu()


@scenario("cuda.hooks", needs="cuda", lesson=8, asks="What does a hook on a CUDA tensor get, and what may it return?")
def hooks(T: Any, draw: Draw) -> Yields:
    log: list[str] = []
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    y.register_hook(lambda grad: log.append(f"y: on the device {grad.device == x.device}"))
    x.register_hook(lambda grad: log.append("x: tensor hook"))
    x.register_post_accumulate_grad_hook(lambda leaf: log.append(f"x: post, {leaf.grad.device == x.device}"))
    y.exp().sum().backward()
    yield "log", log
    yield "x.grad", x.grad
    z = x * 3
    z.register_hook(lambda grad: grad.cpu())
    yield "a hook returns a copy on the CPU", attempt(z.sum().backward)


@scenario("cuda.seeds", needs="cuda", lesson=12, asks="Does one seed give the same numbers on CPU and GPU?")
def seeds(T: Any, draw: Draw) -> Yields:
    T.manual_seed(3)
    there = T.rand(8)
    elsewhere = T.rand(8, device="cpu")
    T.manual_seed(3)
    yield "again, the same", bool((T.rand(8) == there).all())
    yield "CPU and here the same", bool((there.cpu() == elsewhere).all())
