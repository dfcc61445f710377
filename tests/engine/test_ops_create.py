"""Making tensors, random numbers, conversions and printing agree with torch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

import course.nptorch as engine
from tests.engine.cases import COUNTS, EMPTY, FLAGS, ODD, TIES, X
from tests.engine.helper import agree, plug_in

MADE = {
    "zeros": lambda T: [T.zeros(2, 3), T.zeros((2,)), T.zeros(()), T.zeros([0, 2]), T.zeros(size=(2,))],
    "ones": lambda T: [T.ones(2, dtype=T.int64), T.ones(3, dtype=T.bool), T.ones(1, dtype=T.float16)],
    "full": lambda T: [T.full((2, 2), 3.5), T.full((2,), 3), T.full((1,), True), T.full((2,), 1, dtype=T.float64)],
    "arange": lambda T: [T.arange(5), T.arange(1, 4), T.arange(0, 1, 0.3), T.arange(5.0), T.arange(4, 0, -1)],
    "arange dtype": lambda T: [T.arange(5, dtype=T.float32), T.arange(0, 2, 0.5, dtype=T.float64)],
    "linspace": lambda T: [T.linspace(0, 1, 5), T.linspace(-3, 7, 11), T.linspace(0, 1, 1), T.linspace(0, 1, 0)],
    "linspace double": lambda T: T.linspace(0.1, 0.9, 7, dtype=T.float64),
    "eye": lambda T: [T.eye(3), T.eye(2, 4), T.eye(2, dtype=T.int64)],
    "tensor": lambda T: [T.tensor(1), T.tensor(1.5), T.tensor(True), T.tensor([]), T.tensor([[1, 2], [3, 4]])],
    "tensor mixed": lambda T: [T.tensor([1, 2.5]), T.tensor([True, 2]), T.tensor((1, 2)), T.tensor([[]])],
    "tensor of numpy": lambda T: [T.tensor(X), T.tensor(X.astype(np.float32)), T.tensor(COUNTS)],
    "tensor of numpy numbers": lambda T: [T.tensor(np.float64(2)), T.tensor(np.float32(2)), T.tensor(np.int64(3))],
    "tensor of tensors": lambda T: T.tensor([T.tensor(1.0), T.tensor(2.0)]),
    "tensor dtype": lambda T: T.tensor([1.7, 2], dtype=T.int64),
    "from_numpy": lambda T: [T.from_numpy(X), T.from_numpy(FLAGS)],
    "as_tensor": lambda T: [T.as_tensor([1.0]), T.as_tensor(X), T.as_tensor(3, dtype=T.float64)],
    "Tensor": lambda T: [T.Tensor([1, 2]), T.Tensor(2, 3).shape, T.Tensor().shape],
    "typed": lambda T: [T.LongTensor([1, 2]), T.FloatTensor([1]), T.DoubleTensor([[1]]), T.BoolTensor([True])],
    "like": lambda T: [T.zeros_like(T.ones(2, dtype=T.int32)), T.full_like(T.ones(2), 3)],
    "requires_grad": lambda T: [T.zeros(2, requires_grad=True), T.eye(2, requires_grad=True)],
    "integers with grad": lambda T: T.ones(2, dtype=T.int64, requires_grad=True),
    "tensor of integers with grad": lambda T: T.tensor([1], requires_grad=True),
    "ragged": lambda T: T.tensor([[1], [1, 2]]),
    "string": lambda T: T.tensor("a"),
    "none": lambda T: T.tensor(None),
    "object": lambda T: T.tensor(object()),
    "step 0": lambda T: T.arange(0, 1, 0),
    "backwards": lambda T: T.arange(1, 0),
    "negative steps": lambda T: T.linspace(0, 1, -1),
    "negative eye": lambda T: T.eye(-1),
    "negative size": lambda T: T.zeros(-1),
    "size": lambda T: T.zeros("a"),
    "from_numpy list": lambda T: T.from_numpy([1]),
    "rand of integers": lambda T: T.rand(2, dtype=T.int64),
    "randint empty": lambda T: T.randint(3, 3, (2,)),
    "tril_indices": lambda T: [T.tril_indices(3, 3), T.triu_indices(3, 3, 1)],
    "dtypes": lambda T: [str(T.float), str(T.half), str(T.double), str(T.long), str(T.int), str(T.bool)],
    "finfo": lambda T: [T.finfo(T.float32).eps, T.finfo(T.float64).max, T.iinfo(T.int32).max],
    "constants": lambda T: [T.pi, T.inf, T.e],
    "size type": lambda T: [repr(T.Size([2, 3])), T.zeros(2, 3).shape.numel(), repr(T.zeros(2, 3).shape[:1])],
}


@pytest.mark.parametrize("name", MADE)
def test_made(name):
    agree(lambda T: MADE[name](T))


SEEDED = {
    "rand": lambda T: T.rand(3, 4),
    "rand double": lambda T: T.rand(5, dtype=T.float64),
    "rand half": lambda T: T.rand(5, dtype=T.float16),
    "randn few": lambda T: T.randn(3),
    "randn odd": lambda T: [T.randn(3), T.randn(2)],
    "randn": lambda T: T.randn(16),
    "randn more": lambda T: T.randn(5, 7),
    "randn double": lambda T: [T.randn(40, dtype=T.float64), T.randn(3, dtype=T.float64)],
    "randint": lambda T: T.randint(10, (5,)),
    "randint low": lambda T: T.randint(-3, 4, (2, 3)),
    "randperm": lambda T: T.randperm(20),
    "like": lambda T: [T.rand_like(T.zeros(3)), T.randn_like(T.zeros(20))],
    "uniform_": lambda T: T.empty(4, 5).uniform_(-2, 3),
    "normal_": lambda T: [T.empty(20).normal_(1, 2), T.empty(3).normal_(1, 2)],
    "mixed": lambda T: [T.rand(2), T.randn(20), T.randint(5, (3,)), T.rand(1)],
    "normal": lambda T: T.normal(0.0, 1.0, (3,)),
}


@pytest.mark.parametrize("name", SEEDED)
def test_the_same_seed_gives_the_same_numbers(name):
    def program(T):
        T.manual_seed(7)
        return SEEDED[name](T)

    agree(program)


TEXTS = {
    "matrix": lambda T: T.tensor(X),
    "float": lambda T: T.tensor(X, dtype=T.float32),
    "half": lambda T: T.tensor(X, dtype=T.float16),
    "integers": lambda T: T.tensor(COUNTS),
    "int32": lambda T: T.tensor([1, -200], dtype=T.int32),
    "uint8": lambda T: T.tensor([1, 200], dtype=T.uint8),
    "bools": lambda T: T.tensor(FLAGS),
    "whole": lambda T: T.tensor([1.0, 2.0, -30.0]),
    "whole large": lambda T: T.tensor([1.0, 2e9]),
    "whole spread": lambda T: T.tensor([1.0, 5000.0]),
    "scientific": lambda T: T.tensor([1e-5, 1.0]),
    "large": lambda T: T.tensor([1.5e10, 2.25]),
    "tiny": lambda T: T.tensor(1e-20),
    "mixed": lambda T: T.tensor([0.1, 1000.0]),
    "odd": lambda T: T.tensor(ODD),
    "odd and fractions": lambda T: T.tensor([0.5, float("nan"), float("-inf"), 100.25]),
    "only nan": lambda T: T.tensor([float("nan"), float("inf")]),
    "nan": lambda T: T.tensor(float("nan")),
    "zeros": lambda T: T.zeros(2, 3),
    "negative zero": lambda T: T.tensor([-0.0, 0.0]),
    "scalar": lambda T: T.tensor(3.14159),
    "scalar int": lambda T: T.tensor(7),
    "scalar bool": lambda T: T.tensor(True),
    "scalar double": lambda T: T.tensor(2.0, dtype=T.float64),
    "empty": lambda T: T.zeros(0),
    "empty matrix": lambda T: T.zeros(0, 3),
    "empty int": lambda T: T.zeros(0, dtype=T.int64),
    "empty double": lambda T: T.tensor(EMPTY),
    "three axes": lambda T: T.arange(24).view(2, 3, 4),
    "four axes": lambda T: T.arange(16.0).view(2, 2, 2, 2),
    "long": lambda T: T.arange(40.0),
    "long fractions": lambda T: T.linspace(0, 1, 30),
    "summarised": lambda T: T.arange(2000),
    "summarised matrix": lambda T: T.arange(4000.0).view(40, 100),
    "summarised thin": lambda T: T.arange(1200.0).view(600, 2),
    "summarised deep": lambda T: T.arange(8000.0).view(20, 20, 20),
    "exactly 1000": lambda T: T.arange(1000),
    "requires grad": lambda T: T.tensor([1.5], requires_grad=True),
    "requires grad double": lambda T: T.tensor(X, requires_grad=True),
    "grad_fn": lambda T: T.tensor([1.5], requires_grad=True) * 2,
    "grad_fn double": lambda T: T.tensor(X, requires_grad=True).exp(),
    "grad_fn scalar": lambda T: T.tensor(X, requires_grad=True).sum(),
    "grad_fn whole": lambda T: T.ones(3, requires_grad=True).view(1, 3),
    "copy slices": lambda T: (lambda y: (y[0].zero_(), y)[1])(T.ones(3, requires_grad=True) * 2),
    "many columns": lambda T: T.tensor(np.linspace(-1, 1, 26).reshape(1, 26), requires_grad=True),
    "parameter": lambda T: T.nn.Parameter(T.tensor([1.5, 2.0])),
    "parameter matrix": lambda T: T.nn.Parameter(T.tensor(X)),
    "list": lambda T: [T.tensor([1.0]), T.tensor(2)],
    "max": lambda T: T.tensor(TIES).max(0),
    "sort": lambda T: T.tensor([3.0, 1.0]).sort(),
    "view of zeros": lambda T: T.zeros(3, 0, 2),
    "wide integers": lambda T: T.tensor([[1, 100000], [-5, 12]]),
    "precise": lambda T: T.tensor([0.00012345, 0.5]),
    "0.0001": lambda T: T.tensor([0.0001, 0.1]),
    "1e8": lambda T: T.tensor([1e8, 1.5]),
    "half large": lambda T: T.tensor([60000.0, 0.5], dtype=T.float16),
}


@pytest.mark.parametrize("name", TEXTS)
def test_printing(name):
    agree(lambda T: repr(TEXTS[name](T)))
    agree(lambda T: str(TEXTS[name](T)))


def test_print_options():
    def program(T):
        T.set_printoptions(precision=2, edgeitems=1, threshold=10, linewidth=40)
        try:
            return [repr(T.arange(50.0).view(5, 10) / 3), repr(T.tensor([0.123456]))]
        finally:
            T.set_printoptions(profile="default")

    agree(program)


def test_any_numbers_print_alike():
    plug_in()
    draw = np.random.default_rng(11)
    for i in range(300):
        shape = tuple(draw.integers(1, 6, draw.integers(0, 4)))
        x = draw.standard_normal(shape) * 10.0 ** draw.integers(-6, 9)
        if i % 3 == 0:
            x = np.round(x)
        if i % 7 == 0 and x.size:
            x.reshape(-1)[0] = [np.nan, np.inf, 0.0][i % 3]
        kind = [np.float64, np.float32][i % 2]
        x = np.asarray(x, kind)
        assert repr(engine.tensor(x)) == repr(torch.tensor(x))


CONVERTED = {
    "item": lambda T, x: [x[0, 0].item(), type(x[0, 0].item()).__name__],
    "tolist": lambda T, x: [x.tolist(), x[0, 0].tolist()],
    "numpy": lambda T, x: [x.detach().numpy().tolist(), np.asarray(x.detach()).dtype.name],
    "numbers": lambda T, x: [int(x[0, 0]), float(x[0, 0]), bool(x[0, 0])],
    "format": lambda T, x: f"{x[0, 0].item():.2f} {x.sum().detach():.3f}",
    "range": lambda T, x: [list(range(T.tensor(3))), [1, 2, 3][T.tensor(1)]],
    "is": lambda T, x: [T.is_tensor(x), T.is_tensor(1), T.is_floating_point(x), x.is_floating_point(), T.numel(x)],
    "type": lambda T, x: [x.type(), x.float().type(), x.type(T.float32)],
    "device": lambda T, x: [str(x.device), x.cpu() is x, x.is_cuda, x.to("cpu") is x],
    "memory": lambda T, x: x[1:].data_ptr() - x.data_ptr(),
    "offset": lambda T, x: [x[1:].storage_offset(), x[1, 2:].storage_offset()],
    "copy constructor": lambda T, x: T.tensor(x.detach()),
}


@pytest.mark.parametrize("name", CONVERTED)
def test_converted(name):
    agree(CONVERTED[name], X)


def test_memory_is_shared_with_numpy():
    plug_in()
    x = np.zeros(3)
    y = engine.from_numpy(x)
    y.add_(1)
    assert x.tolist() == [1, 1, 1]
    y.numpy()[0] = 5
    assert y[0].item() == 5
    z = engine.tensor(1.0)
    z.numpy()[...] = 4
    assert z.item() == 4


def test_what_is_absent_says_so():
    for look in (lambda: engine.fft, lambda: engine.ones(2).bfloat16, lambda: engine.ones(2).lgamma()):
        with pytest.raises(NotImplementedError, match=r"course\.nptorch has no torch\.") as caught:
            look()
        assert isinstance(caught.value, AttributeError)
    assert not hasattr(engine, "sparse_coo_tensor")
    assert not hasattr(engine.ones(2), "lgamma")


LOUD = """
import threading
import course.nptorch as T
from course.parts import reference
T.use(**reference())

def run():
    x = T.tensor([0.0, -1.0, 1e300, float("nan")], dtype=T.float64, requires_grad=True)
    results = [
        x.log(), 1 / x, x * x * x, x.exp(), x.sqrt(), x.std(), x.var(0, correction=9), x.softmax(0),
        x.logsumexp(0), x.norm(), x.norm(3), x.prod(), x**x, x.pow(-2), x % 0, x.half(), x.float().exp(),
        T.where(x > 0, x.log(), 0), x.cumsum(0), x.acos(), x.mean() / 0, x.median(), x.long(),
        x.round(decimals=2), T.addcdiv(x, x, x), x.atan2(x), x.isclose(x), x.erf(), x.logaddexp(x),
        T.tensor(1e300) * 1e10, x.detach() // 0,
    ]
    for y in results:
        if y.requires_grad:
            y.sum().backward(retain_graph=True)
    repr(x)

run()
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


def test_infinities_come_silently():
    ran = subprocess.run([sys.executable, "-c", LOUD], capture_output=True, text=True, check=True)
    assert ran.stderr == ""


@pytest.mark.parametrize(
    "values",
    [
        [np.float32(1), 2.0],
        [2.0, np.float64(1)],
        [[1.0, 2.0], np.ones(2)],
        [np.ones(2, np.float32), [1.0, 2.0]],
        [np.int64(1), 2.5],
        [np.float16(1), 2.0],
    ],
)
@pytest.mark.filterwarnings("ignore:Creating a tensor from a list")
def test_dtype_of_numbers_of_several_kinds(values):
    assert str(engine.tensor(values).dtype) == str(torch.tensor(values).dtype)
