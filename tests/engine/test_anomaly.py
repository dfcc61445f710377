"""Anomaly mode on both engines: warnings, errors, and that it costs nothing while it is off."""

from __future__ import annotations

import re
import threading
import traceback
import warnings
from pathlib import Path

import pytest
import torch as real

import course.nptorch as engine
from course.nptorch import messages, record
from course.nptorch.engine import Pass
from course.nptorch.graph import Node
from tests.engine.helper import plug_in

HERE = str(Path(__file__))
PLACES = ((record, "new"), (Node, "__init__"), (Pass, "run_node"), (messages, "MODIFIED"))
AT_FIRST = [getattr(owner, name) for owner, name in PLACES]


def without_library(text):
    """Drop what torch adds to its warnings, and the lines of its own Python files."""
    text = re.sub(r" ?\(Triggered internally at [^)]*\)", "", text)
    text = re.sub(r'  File "[^"]*/torch/[^"]*", line \d+, in .*\n(    .*\n)?', "", text)
    return text.rstrip()


def told(T, program):
    """Return the error and the warnings of a program that runs in anomaly mode."""
    error = None
    with warnings.catch_warnings(record=True) as caught, T.autograd.set_detect_anomaly(True):
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's, as the engine itself has it
        try:
            program(T)
        except Exception as raised:
            error = type(raised).__name__, str(raised)
    return error, [(w.category.__name__, without_library(str(w.message))) for w in caught]


def broken(T):
    """Return a Function whose backward raises, and one whose backward calls it."""

    class Broken(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            raise ValueError("broken")

    class Around(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return Broken.apply(g * 2 * x)

    return Broken, Around


def leaf(T, *values):
    return T.tensor(values or (0.0, 1.0), dtype=T.float64, requires_grad=True)


def fail(*args):
    raise ZeroDivisionError("hook")


def of_nan(T):
    (leaf(T).sqrt() * 0).sum().backward()


def of_nan_from_outside(T):
    (leaf(T) * 2).backward(T.tensor([float("nan"), 1.0], dtype=T.float64))


def of_several_lines(T):
    def inner(t):
        return t.log()

    def outer(t):
        return inner(t) * 0

    outer(leaf(T)).sum().backward()


def of_in_place(T):
    y = leaf(T).exp()
    y += 1
    y.sum().backward()


def of_second_backward(T):
    y = leaf(T).exp().sum()
    y.backward()
    y.backward()


def of_function(T):
    broken(T)[0].apply(leaf(T)).sum().backward()


def of_function_in_function(T):
    (slope,) = T.autograd.grad(broken(T)[1].apply(leaf(T)).sum(), leaf(T), create_graph=True, allow_unused=True)
    assert slope is None
    x = leaf(T)
    (slope,) = T.autograd.grad(broken(T)[1].apply(x).sum(), x, create_graph=True)
    slope.sum().backward()


def of_double_backward(T):
    x = leaf(T)
    (slope,) = T.autograd.grad((x**1.5).sum(), x, create_graph=True)
    T.autograd.grad((slope * 0).sum(), x)


def of_tensor_hook(T):
    y = leaf(T).exp()
    y.register_hook(fail)
    y.sum().backward()


def of_leaf_hook(T):
    x = leaf(T)
    x.register_hook(fail)
    x.exp().sum().backward()


def of_post_accumulate_hook(T):
    x = leaf(T)
    x.register_post_accumulate_grad_hook(fail)
    x.exp().sum().backward()


def of_node_hooks(T):
    y = leaf(T).exp()
    y.grad_fn.register_prehook(fail)
    y.sum().backward()


def of_nan_from_a_hook(T):
    y = leaf(T).exp()
    y.grad_fn.register_hook(lambda grad_inputs, grad_outputs: (grad_inputs[0] * float("nan"),))
    y.sum().backward()


def of_nan_into_a_leaf(T):
    x = leaf(T)
    x.register_hook(lambda g: g * float("nan"))
    x.exp().sum().backward()
    assert x.grad.isnan().all()


def of_a_module(T):
    layer = T.nn.Linear(1, 1)
    layer(T.tensor([[float("nan")]])).sum().backward()


def of_a_view(T):
    rows = leaf(T, 1.0, 2.0).clone().unbind()
    (rows[0] * 0).log().sum().backward()


def of_a_written_view(T):
    x = leaf(T, 1.0, 2.0) * 1
    x[:1].mul_(float("nan"))
    x.sum().backward()


def of_one_input(T):
    x, w = leaf(T, 0.0), leaf(T, float("nan"))
    (x * w).sum().backward(inputs=[w])
    assert not w.grad.isnan().any()
    T.autograd.grad((x * w).sum(), x)


def of_reentrance(T):
    class Inside(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, g):
            with T.enable_grad():
                of_nan(T)

    Inside.apply(leaf(T)).sum().backward()


def of_forward_unseen(T):
    with T.autograd.set_detect_anomaly(False):
        y = (leaf(T).sqrt() * 0).sum()
    y.backward()


def of_graph_half_seen(T):
    x = leaf(T)
    with T.autograd.set_detect_anomaly(False):
        y = (x**1.5).sum()
    (slope,) = T.autograd.grad(y, x, create_graph=True)
    T.autograd.grad((slope * 0).sum(), x)


def of_switching_off_inside(T):
    y = leaf(T).exp()
    y.register_hook(lambda g: T.autograd.set_detect_anomaly(False) and fail())
    y.sum().backward()


def of_nan_after_switching_off_inside(T):
    y = leaf(T).sqrt()
    y.register_hook(lambda g: T.autograd.set_detect_anomaly(False) and None)
    (y * 0).sum().backward()


def of_nothing(T):
    leaf(T).exp().sum().backward()


HARMLESS = [of_nothing, of_nan_into_a_leaf, of_nan_after_switching_off_inside]
PROGRAMS = [value for name, value in list(globals().items()) if name.startswith("of_")]


@pytest.mark.parametrize("program", PROGRAMS)
def test_same_error_and_same_warnings(program):
    plug_in()
    want, got = told(real, program), told(engine, program)
    assert got == want
    assert (want[0] is None) == (program in HARMLESS)


def test_the_line_of_the_users_own_forward_is_the_last_one():
    plug_in()
    ((_, text),) = told(engine, of_several_lines)[1]
    last, line = text.splitlines()[-2:]
    assert HERE in last
    assert last.endswith("in inner")
    assert line.strip() == "return t.log()"
    assert "nptorch" not in text


def test_the_warning_stands_at_the_line_that_went_back():
    plug_in()
    with warnings.catch_warnings(record=True) as caught, engine.autograd.set_detect_anomaly(True):
        warnings.simplefilter("always")
        with pytest.raises(RuntimeError) as raised:
            of_nan(engine)
    line = next(at.lineno for at in traceback.extract_tb(raised.value.__traceback__) if at.name == "of_nan")
    assert (caught[0].filename, caught[0].lineno) == (HERE, line)


@pytest.mark.parametrize("T", [real, engine])
def test_a_warning_made_an_error_is_printed_and_does_not_hide_the_error(T, capfd):
    plug_in()
    with warnings.catch_warnings(), T.autograd.set_detect_anomaly(True):
        warnings.simplefilter("error", UserWarning)
        with pytest.raises(RuntimeError, match="returned nan values"):
            of_nan(T)
        of_nothing(T)
    printed = capfd.readouterr().err
    assert "UserWarning: Error detected in SqrtBackward0. Traceback of forward call" in printed
    assert "(leaf(T).sqrt() * 0)" in printed
    assert "RuntimeError" not in printed


def notes(T):
    with T.autograd.set_detect_anomaly(True):
        x = leaf(T)
        y = x.exp()
        (slope,) = T.autograd.grad(y.sum(), x, create_graph=True)
        return (
            sorted(y.grad_fn.metadata),
            sorted(y.grad_fn.next_functions[0][0].metadata),
            sorted(slope.grad_fn.metadata),
            slope.grad_fn.metadata["parent_"] is y.grad_fn,
            y.grad_fn.metadata["traceback_"][-1],
        )


def test_the_notes_are_in_the_metadata_of_the_node():
    plug_in()
    assert notes(engine) == notes(real)


def test_while_it_is_off_nothing_of_it_is_there():
    def places():
        return [getattr(owner, name) for owner, name in PLACES]

    plug_in()
    assert places() == AT_FIRST
    with engine.autograd.set_detect_anomaly(True):
        assert all(now is not before for now, before in zip(places(), AT_FIRST, strict=True))
    assert all(now is before for now, before in zip(places(), AT_FIRST, strict=True))
    assert not leaf(engine).exp().grad_fn.metadata


def state(T):
    return T.is_anomaly_enabled(), T.is_anomaly_check_nan_enabled()


@pytest.mark.parametrize(
    "args", [(True,), (False,), (True, False), (False, False), (1,), (None,), (True, 0), ("on",), (True, "no")]
)
def test_arguments(args):
    def answers(T):
        try:
            with T.autograd.set_detect_anomaly(*args):
                inside = state(T)
        except TypeError as error:
            return str(error), state(T)
        return inside, state(T)

    assert answers(engine) == answers(real)


def test_detect_anomaly_warns_where_it_was_asked_for():
    for T in (real, engine):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            mode = T.autograd.detect_anomaly(check_nan=False)
            assert state(T) == (False, True)
            with mode:
                assert state(T) == (True, False)
            assert state(T) == (False, True)
        assert [w.filename for w in caught] == [HERE]
        assert str(caught[0].message).startswith("Anomaly Detection has been enabled. This mode will increase")
        assert issubclass(caught[0].category, UserWarning)


def test_the_mode_is_one_for_all_threads():
    for T in (real, engine):
        seen = []
        with T.autograd.set_detect_anomaly(True):
            worker = threading.Thread(target=lambda T=T, seen=seen: seen.append(state(T)))
            worker.start()
            worker.join()
        assert seen == [(True, True)]


def test_module_names():
    for T in (real, engine):
        assert T.autograd.anomaly_mode.detect_anomaly is T.autograd.detect_anomaly
        assert T.autograd.anomaly_mode.set_detect_anomaly is T.autograd.set_detect_anomaly
