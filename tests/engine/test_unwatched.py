"""What changes of the engine's code showed to be unwatched, and no scenario can show: torch has no such names."""

from __future__ import annotations

import inspect
import warnings
import weakref

import numpy as np
import pytest

import course.nptorch as torch
from course.nptorch.parts import DECLARED
from course.parts import reference
from course.scenarios import quiet_gc


@pytest.fixture(autouse=True)
def parts():
    """Plug the reference parts in, and put back what was there."""
    with torch.use(**reference()):
        yield


def recorded_pass():
    x = torch.ones(1, requires_grad=True)
    torch.autograd.backward(x * 2, create_graph=True)


def old_name():
    x = torch.ones(1, requires_grad=True)
    torch.autograd.backward(x * 2, grad_variables=torch.ones(1))


WARNING = {
    "grad of a non-leaf": lambda: (torch.ones(1, requires_grad=True) * 2).grad,
    "backward with create_graph": recorded_pass,
    "grad_variables": old_name,
    "a decorated class": lambda: torch.no_grad()(type("Thing", (), {})),
}


@pytest.mark.parametrize("call", WARNING.values(), ids=WARNING.keys())
def test_a_warning_names_the_line_that_called(call):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    assert [warning.filename for warning in caught] == [__file__]
    assert caught[0].lineno in {line for _, _, line in call.__code__.co_lines()}


def test_everything_is_on_the_cpu():
    assert torch.ones(1).is_cuda is False


def test_a_gradient_added_by_hand_is_copied():
    x, w = torch.ones(3, requires_grad=True), torch.ones(3, requires_grad=True)
    (x * 2).sum().backward()
    for gradient in (torch.ones(3), x.grad):
        w.grad = None
        reference()["accumulate_grad"](w, gradient)
        assert not np.shares_memory(w.grad.numpy(), gradient.numpy())


@pytest.mark.parametrize("name", ["sgd_step", "adam_step"])
def test_options_of_a_step_go_by_name(name):
    """A step by position would take beta for eps, and nobody would notice."""
    kinds = [parameter.kind for parameter in inspect.signature(reference()[name]).parameters.values()]
    assert kinds[:3] == [inspect.Parameter.POSITIONAL_OR_KEYWORD] * 3
    assert set(kinds[3:]) == {inspect.Parameter.KEYWORD_ONLY}


def test_saved_bytes_of_what_has_none_and_of_what_is_left():
    saved_bytes = reference()["saved_bytes"]
    empty = torch.zeros(0, requires_grad=True)
    assert saved_bytes(empty * empty) == 0
    x, w = torch.ones(3, requires_grad=True), torch.ones(5, 3, requires_grad=True)
    product = x * w
    product.grad_fn.saved()[0].release()
    assert saved_bytes(product) in (x.nbytes, w.nbytes)


def test_null_parts_count_nothing():
    with torch.use(**{**dict.fromkeys(DECLARED), **reference(5)}):
        x = torch.zeros(2)
        view = x[:1]
        view.add_(1)
        assert (x._version, view._version) == (0, 0)


def test_null_saved_tensor_has_the_version_of_a_new_tensor():
    with torch.use(SavedTensor=None):
        x = torch.ones(2, requires_grad=True)
        _ = x[:1]  # from now on there is a counter, and its number is compared
        x.sin().sum().backward()
        assert x.grad is not None


def test_null_saved_tensor_keeps_no_cycle():
    with torch.use(SavedTensor=None), quiet_gc():
        result = torch.ones(2, requires_grad=True).exp()
        ref = weakref.ref(result)
        del result
        assert ref() is None
