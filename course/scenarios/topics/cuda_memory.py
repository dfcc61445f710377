"""What backward frees, as the GPU's allocator counts it."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, quiet_gc, scenario

#: Large enough that the allocator's rounding to 512 bytes, and scalars, do not show in the tenths.
NUMBERS = 1 << 18


class Meter:
    """Memory that was allocated since the meter was made, in tensors of `NUMBERS` elements."""

    def __init__(self, T: Any, dtype: Any) -> None:
        self.T = T
        self.unit = NUMBERS * T.zeros((), dtype=dtype).element_size()
        T.cuda.synchronize()
        self.start = T.cuda.memory_allocated()

    def read(self) -> float:
        """Tensors held now, to a tenth."""
        self.T.cuda.synchronize()
        return float(round((self.T.cuda.memory_allocated() - self.start) / self.unit, 1))


def leaf(T: Any, draw: Draw) -> Any:
    """A leaf of `NUMBERS` elements, made from a few drawn ones."""
    few = T.tensor(draw.normal(256))
    return few.repeat(NUMBERS // 256).requires_grad_()


@scenario(
    "cuda.freed-by-backward",
    needs="cuda",
    lesson=5,
    asks="How much GPU memory does backward free, and how much with retain_graph=True?",
)
def freed_by_backward(T: Any, draw: Draw) -> Yields:
    x = leaf(T, draw)
    with quiet_gc():
        meter = Meter(T, x.dtype)
        loss = x.exp().tanh().sum()  # exp and tanh each keep their result
        yield "after forward", meter.read()
        loss.backward(retain_graph=True)
        yield "after backward(retain_graph=True): x.grad is new", meter.read()
        loss.backward()
        yield "after backward()", meter.read()
        del loss
        yield "after del loss", meter.read()
        x.grad = None
        yield "after x.grad = None", meter.read()


@scenario("cuda.loss-kept-in-a-list", needs="cuda", lesson=5, asks="Which list of losses eats GPU memory?")
def loss_kept_in_a_list(T: Any, draw: Draw) -> Yields:
    x = leaf(T, draw)
    with quiet_gc():
        meter = Meter(T, x.dtype)
        losses = [x.exp().tanh().sum() for _ in range(3)]
        yield "three losses", meter.read()
        del losses
    with quiet_gc():
        meter = Meter(T, x.dtype)
        losses = [x.exp().tanh().sum().detach() for _ in range(3)]
        yield "three losses, detached", meter.read()
        del losses
    with quiet_gc():
        meter = Meter(T, x.dtype)
        losses = []
        for _ in range(3):
            loss = x.exp().tanh().sum()
            loss.backward()
            losses.append(loss)
            x.grad = None
        yield "three losses after their backward", meter.read()


@scenario(
    "cuda.allocated-and-reserved",
    needs="cuda",
    lesson=5,
    asks="The tensors are gone: why does nvidia-smi still show their memory?",
)
def allocated_and_reserved(T: Any, draw: Draw) -> Yields:
    T.cuda.empty_cache()
    x = leaf(T, draw)
    with quiet_gc():
        meter = Meter(T, x.dtype)
        before = T.cuda.memory_reserved()
        parts = [x.detach() + i for i in range(64)]
        grown = T.cuda.memory_reserved()
        del parts
        yield "tensors held after del", meter.read()
        yield "the allocator took memory", grown > before
        yield "and keeps it after del", T.cuda.memory_reserved() == grown
        T.cuda.empty_cache()
        yield "and gives some back after empty_cache()", T.cuda.memory_reserved() < grown


@scenario("cuda.saved-on-the-cpu", needs="cuda", lesson=5, asks="What does save_on_cpu leave on the GPU?")
def saved_on_the_cpu(T: Any, draw: Draw) -> Yields:
    x = leaf(T, draw)
    with quiet_gc():
        meter = Meter(T, x.dtype)
        with T.autograd.graph.save_on_cpu():
            loss = x.exp().tanh().sum()
        yield "after forward", meter.read()
        loss.backward()
        yield "after backward, x.grad is there", meter.read()
    yield "a few of x.grad", x.grad[:4]
