"""The graph itself: depth, width, order, and that it dies by reference counts alone."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import weakref

import numpy as np
import pytest
import torch as real

import course.nptorch as torch
from course.parts import reference


@pytest.fixture(autouse=True)
def reference_parts():
    with torch.use(**reference()):
        yield


@pytest.fixture
def no_collector():
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def test_a_chain_of_a_million_nodes_runs_and_is_freed_without_recursion(no_collector):
    x = torch.tensor(1.0, requires_grad=True, dtype=torch.float64)
    y = x
    for _ in range(1_000_000):
        y = y + 0.0
    first = weakref.ref(y.grad_fn)
    y.backward()
    assert x.grad.item() == 1.0
    del y
    assert first() is None
    assert gc.collect() == 0


def test_a_long_graph_that_never_ran_backward_is_freed_too(no_collector):
    x = torch.tensor(1.0, requires_grad=True)
    y = x
    for _ in range(200_000):
        y = y * 1.0
    deep = weakref.ref(y.grad_fn)
    del y
    assert deep() is None


def test_sixty_diamonds_run_each_node_once():
    ran = []
    walk = reference()["run_backward"]

    def counting(roots, run_node):
        def counted(node, gradients):
            ran.append(node)
            return run_node(node, gradients)

        walk(roots, counted)

    x = torch.tensor(1.0, requires_grad=True, dtype=torch.float64)
    y = x
    for _ in range(60):
        y = y + y
    with torch.use(run_backward=counting):
        y.backward()
    assert x.grad.item() == 2.0**60
    assert len(ran) == len(set(ran)) == 61


@pytest.mark.parametrize("name", ["exp", "tanh", "sin", "sqrt", "sigmoid", "relu", "log", "abs"])
def test_every_intermediate_dies_by_reference_count(no_collector, name):
    x = torch.tensor(np.full(4, 0.5), requires_grad=True)
    y = getattr(x, name)()
    z = (y * y).sum()
    dead = [weakref.ref(t) for t in (y, z)] + [weakref.ref(t.grad_fn) for t in (y, z)]
    z.backward(retain_graph=True)
    z.backward()
    del y, z
    assert [ref() for ref in dead] == [None] * 4


def test_order_of_work_is_torchs():
    def order(T):
        log = []
        x = T.tensor(1.0, requires_grad=True)
        a, b, c = x * 2, x * 3, x * 4
        for name, t in zip("abc", (a, b, c), strict=True):
            t.register_hook(lambda g, name=name: log.append(name))
        (b + (a + c)).backward()
        return log

    assert order(torch) == order(real)


def test_an_error_in_a_hook_leaves_the_engine_usable():
    def story(T):
        x = T.tensor([1.0, 2.0], requires_grad=True)
        y = x.exp()

        def broken(g):
            raise ZeroDivisionError("in a hook")

        handle = y.register_hook(broken)
        with pytest.raises(ZeroDivisionError):
            y.sum().backward()
        assert T.is_grad_enabled()
        handle.remove()
        y.sum().backward()
        return x.grad.tolist()

    assert np.allclose(story(torch), story(real))


def test_backward_inside_a_hook():
    def story(T):
        x = T.tensor([1.0, 2.0], requires_grad=True)
        w = T.tensor([3.0, 4.0], requires_grad=True)

        def hook(g):
            with T.enable_grad():
                (w * w).sum().backward()
            return g * 10

        y = x * 2
        y.register_hook(hook)
        y.sum().backward()
        return x.grad.tolist(), w.grad.tolist()

    assert story(torch) == story(real)


def test_grad_mode_belongs_to_the_thread():
    def story(T):
        seen = []
        with T.no_grad():
            other = threading.Thread(target=lambda: seen.append(T.is_grad_enabled()))
            other.start()
            other.join()
            seen.append(T.is_grad_enabled())
        return seen

    assert story(torch) == story(real) == [True, False]


def test_gradients_do_not_alias_each_other():
    def story(T):
        x = T.tensor([1.0, 2.0], requires_grad=True)
        y = T.tensor([3.0, 4.0], requires_grad=True)
        g = T.tensor([1.0, 1.0])
        (x + y).backward(g)
        with T.no_grad():
            x.grad.add_(5)
        return x.grad.tolist(), y.grad.tolist(), g.tolist()

    assert story(torch) == story(real)


SILENT = """
import threading
import course.nptorch as torch
from course.parts import reference
torch.use(**reference())

def compute():
    x = torch.tensor([0.0, -1.0, 800.0], requires_grad=True, dtype=torch.float64)
    (x.log() + x.sqrt() + x.exp() + 1 / x).sum().backward()
    y = torch.tensor(0.0, requires_grad=True)
    (1 / y).log().backward()

compute()
other = threading.Thread(target=compute)
other.start()
other.join()
"""


def test_inf_and_nan_come_silently_also_in_threads():
    ran = subprocess.run([sys.executable, "-c", SILENT], capture_output=True, text=True, check=True)
    assert ran.stderr == ""
