"""The GPU works while Python goes on: copies, errors, streams and threads.

`torch.cuda._sleep` keeps the GPU busy for a number of its cycles, so that what depends on who
is first comes out the same each time.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from typing import Any

from course.scenarios import Draw, Raised, Yields, attempt, scenario
from course.scenarios.topics.cuda_moves import here

#: About a tenth of a second on a GPU of 1 to 2 GHz.
CYCLES = 200_000_000


@scenario(
    "cuda.read-before-it-arrived",
    needs="cuda",
    lesson=12,
    asks="A non_blocking copy to the CPU: what is read without waiting?",
)
def read_before_it_arrived(T: Any, draw: Draw) -> Yields:
    values = T.tensor(draw.normal(4))
    landing = T.zeros(4, dtype=values.dtype, device="cpu").pin_memory()
    T.cuda.synchronize()
    T.cuda._sleep(CYCLES)
    landing.copy_(values, non_blocking=True)
    yield "at once", landing.clone()
    T.cuda.synchronize()
    yield "after synchronize", landing.clone()


@scenario(
    "cuda.non-blocking-to-the-device",
    needs="cuda",
    lesson=12,
    asks="A non_blocking copy to the GPU: must one wait before using it?",
)
def non_blocking_to_the_device(T: Any, draw: Draw) -> Yields:
    source = T.tensor(draw.normal(4), device="cpu", requires_grad=True)
    pinned = source.detach().clone().pin_memory().requires_grad_()
    for name, leaf in (("pageable", source), ("pinned", pinned)):
        there = leaf.to(here(T), non_blocking=True)
        loss = (there * there).sum()  # queued behind the copy: the GPU waits, Python need not
        loss.backward()
        yield f"{name}: loss", loss
        yield f"{name}: gradient", leaf.grad
        yield f"{name}: gradient is on the CPU", leaf.grad.device.type == "cpu"


@scenario("cuda.item-waits", needs="cuda", lesson=12, asks="Which calls wait until the GPU is done?")
def item_waits(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4))
    stream = T.cuda.current_stream()
    waits = {
        "x * 2": lambda: x * 2,
        "x.sum()": lambda: x.sum(),
        "x.shape": lambda: x.shape,
        "x.sum().item()": lambda: x.sum().item(),
        "x.cpu()": lambda: x.cpu(),
        "x[x > 0]": lambda: x[x > 0],
        "if x.sum() > 0": lambda: bool(x.sum() > 0),
        "synchronize": T.cuda.synchronize,
    }
    for name, call in waits.items():
        T.cuda.synchronize()
        T.cuda._sleep(CYCLES)
        call()
        yield f"{name} waits", stream.query()
    T.cuda.synchronize()


#: The program of `asynchronous_error`. It runs by itself: such an error ends the use of the GPU.
_OUT_OF_BOUNDS = """
import json, sys, torch
done = []
def told(error):
    done.append({"type": type(error).__name__, "message": str(error)})
try:
    x = torch.zeros(4, device=sys.argv[1], requires_grad=True)
    y = x[torch.tensor([10], device=sys.argv[1])]
    done.append("indexing returned")
    z = y * 2
    done.append("a later line ran")
    print_it = z.sum().item()
except Exception as error:
    told(error)
try:
    torch.ones(2, device=sys.argv[1]).sum().item()
    done.append("the device can be used again")
except Exception as error:
    told(error)
print(json.dumps(done))
"""


@scenario(
    "cuda.error-after-the-line",
    needs="cuda",
    lesson=12,
    asks="An index out of range on the GPU: which line raises, and what works after it?",
)
def error_after_the_line(T: Any, draw: Draw) -> Yields:
    yield "in order", _run_alone(here(T).type)


def _run_alone(device: str) -> list[object]:
    ran = subprocess.run(
        [sys.executable, "-c", _OUT_OF_BOUNDS, device], capture_output=True, text=True, timeout=300, check=True
    )
    told = json.loads(ran.stdout.splitlines()[-1])
    return [Raised(one["type"], one["message"]) if isinstance(one, dict) else one for one in told]


@scenario("cuda.two-streams", needs="cuda", lesson=12, asks="Forward on another stream: where does its backward run?")
def two_streams(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    seen = []
    main, side = T.cuda.current_stream(), T.cuda.Stream()
    side.wait_stream(main)  # x is ready before the side stream reads it
    with T.cuda.stream(side):
        y = x.exp()
    main.wait_stream(side)
    y.grad_fn.register_prehook(lambda grads: seen.append(T.cuda.current_stream() == side))
    (y * 2).sum().backward()
    yield "backward of exp on the stream of its forward", seen
    yield "current stream after backward", T.cuda.current_stream() == main
    yield "x.grad, read without waiting", x.grad


@scenario("cuda.threads", needs="cuda", lesson=8, asks="In which thread does a hook run?")
def threads(T: Any, draw: Draw) -> Yields:
    mine = threading.get_ident()
    seen: dict[str, bool] = {}
    for name, device in (("CPU", "cpu"), ("default device", here(T))):
        x = T.tensor(draw.normal(3), device=device, requires_grad=True)
        y = x * 2
        y.register_hook(lambda grad, name=name: seen.update({name: threading.get_ident() == mine}))
        y.sum().backward()
    yield "the thread that called backward", seen
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    y.register_hook(lambda grad: 1 / 0)
    yield "an exception in a hook arrives", attempt(y.sum().backward)
