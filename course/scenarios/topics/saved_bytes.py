"""How much memory a graph keeps, counted node by node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from course.scenarios import Draw, attempt, chain, part, scenario

Yields = Iterator[tuple[str, object]]


def held(T: Any, tensor: Any) -> int:
    """Bytes that the graph behind ``tensor`` keeps.

    Here the engine's part `saved_bytes` is asked. torch has no such function, but every node shows
    what it keeps as ``_saved_...``, so the same question can be put to torch.
    """
    if T.__name__ != "torch":
        count: int = part(T, "saved_bytes")(tensor)
        return count
    memory: dict[int, int] = {}
    seen, waiting = {tensor.grad_fn}, [tensor.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is None:
            continue
        for name in dir(node):
            if name.startswith("_saved_"):
                for address, size in _memory(T, node, name).items():
                    memory[address] = max(size, memory.get(address, 0))
        fresh = {below for below, _ in node.next_functions} - seen
        seen |= fresh
        waiting += fresh
    return sum(memory.values())


def _memory(T: Any, node: Any, name: str) -> dict[int, int]:
    """Address and size of one saved tensor; nothing if it is freed, or a number.

    The 3 of ``x * 3`` is a number too, though torch wraps it in a tensor without dimensions.
    """
    try:
        value = getattr(node, name)
    except RuntimeError:
        return {}
    return {value.data_ptr(): value.nbytes} if isinstance(value, T.Tensor) and value.ndim else {}


@scenario(
    "saved.bytes-of-a-chain",
    lesson=5,
    contract=True,
    asks="How many bytes does a chain of operations keep for backward?",
)
def bytes_of_a_chain(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(5), requires_grad=True)
    yield "exp", held(T, x.exp())
    yield "exp and sum", held(T, x.exp().sum())
    yield "exp, then tanh", held(T, x.exp().tanh())
    yield "x + 1 keeps nothing", held(T, x + 1)


@scenario(
    "saved.bytes-after-backward",
    lesson=5,
    contract=True,
    asks="How many bytes are left after backward, with and without retain_graph?",
)
def bytes_after_backward(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(5), requires_grad=True)
    loss = x.exp().tanh().sum()
    yield "before", held(T, loss)
    loss.backward(retain_graph=True)
    yield "after a backward that retains", held(T, loss)
    loss.backward()
    yield "after a backward that does not", held(T, loss)


@scenario(
    "saved.bytes-half-freed",
    lesson=5,
    contract=True,
    asks="Two losses share a trunk and one has run: what does the other still keep?",
)
def bytes_half_freed(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(5), requires_grad=True)
    trunk = x.exp()
    first, second = trunk.tanh().sum(), (trunk + 1).sin().sum()
    first.backward()
    yield "first", held(T, first)
    yield "second", held(T, second)


@scenario(
    "saved.bytes-of-a-diamond", lesson=5, contract=True, asks="Two paths lead to one node: are its bytes counted once?"
)
def bytes_of_a_diamond(T: Any, draw: Draw) -> Yields:
    # No memory is shared here, so that only the paths can be counted wrongly.
    x = T.tensor(draw.normal(5), requires_grad=True)
    h = x.exp()
    yield "sum of two branches", held(T, (h + 1) + (h + 2))
    y = x.exp()
    for _ in range(12):
        y = y + y
    yield "twelve diamonds", held(T, y)


@scenario(
    "saved.bytes-of-a-ladder",
    lesson=5,
    contract=True,
    asks="A ladder of 40 diamonds has 2**40 paths and 41 nodes: does the walk come to an end?",
)
def bytes_of_a_ladder(T: Any, draw: Draw) -> Yields:
    y = T.tensor(draw.array([1.0, 2.0]), requires_grad=True).exp()
    for _ in range(40):
        y = y + y
    yield "bytes", held(T, y)


@scenario("saved.bytes-of-every-input", lesson=5, contract=True, asks="Does what the second input keeps count as well?")
def bytes_of_every_input(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    w = T.tensor(draw.normal(2, 2), requires_grad=True)
    yield "x.exp() + w.exp()", held(T, x.exp() + w.exp())
    yield "w.exp() + x", held(T, w.exp() + x)
    yield "x + w.exp()", held(T, x + w.exp())


@scenario(
    "saved.bytes-of-shared-memory",
    lesson=5,
    contract=True,
    asks="Several nodes keep the same memory: how often does it count?",
)
def bytes_of_shared_memory(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(6), requires_grad=True)
    yield "x * x", held(T, x * x)
    yield "sin and cos of x", held(T, x.sin() + x.cos())
    y = x.exp()
    yield "exp keeps y, and so does sin", held(T, y.sin())
    yield "x and a view of x", held(T, x.sin() + x.view(6).cos())
    yield "x and x.detach()", held(T, x.sin() * x.detach())
    # Of two sizes at one address it is the larger, whichever of them comes first.
    yield "x, then its beginning", held(T, x.sin().sum() + x[:2].cos().sum())
    yield "the beginning of x, then x", held(T, x[:2].cos().sum() + x.sin().sum())


@scenario(
    "saved.bytes-by-dtype",
    lesson=5,
    contract=True,
    asks="The same graph in float32 and float64: how do the bytes differ?",
)
def bytes_by_dtype(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4, 2))
    for dtype in (T.float32, T.float64):
        yield str(dtype).rpartition(".")[2], held(T, x.to(dtype).requires_grad_().exp())


@scenario(
    "saved.bytes-beside-numbers", lesson=5, contract=True, asks="A node keeps a tensor and a plain number: what counts?"
)
def bytes_beside_numbers(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(5), requires_grad=True)
    yield "x * 3", held(T, x * 3)
    yield "exp, then times 3", held(T, x.exp() * 3)
    yield "x ** 3", held(T, x**3)


@scenario("saved.bytes-without-a-graph", lesson=5, contract=True, asks="What does a tensor without a graph keep?")
def bytes_without_a_graph(T: Any, draw: Draw) -> Yields:
    yield "a leaf", held(T, T.tensor(draw.normal(5), requires_grad=True))
    yield "a constant", held(T, T.tensor(draw.normal(5)))


@scenario(
    "saved.bytes-of-a-long-chain", lesson=5, contract=True, asks="A chain of 1500 operations: is the walk deep enough?"
)
def bytes_of_a_long_chain(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    yield "bytes", held(T, chain(T, x.exp(), "add", 1500, 1))


@scenario("saved.shares-memory", lesson=5, asks="Is what a node keeps the tensor itself, or a copy?")
def shares_memory(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    y, z = x.exp(), x * w
    yield "exp and its result", y.grad_fn._saved_result.data_ptr() == y.data_ptr()
    yield "a product and its left factor", z.grad_fn._saved_self.data_ptr() == x.data_ptr()
    yield "a product and its right factor", z.grad_fn._saved_other.data_ptr() == w.data_ptr()


@scenario("saved.every-value-is-freed", lesson=5, asks="A product keeps two factors: is each of them freed?")
def every_value_is_freed(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    z = x * w
    z.sum().backward()
    yield "left", attempt(getattr, z.grad_fn, "_saved_self")
    yield "right", attempt(getattr, z.grad_fn, "_saved_other")
