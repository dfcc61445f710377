"""Random numbers, drawn as torch draws them on the CPU: the same seed gives the same numbers.

torch's CPU generator is the Mersenne Twister; NumPy has it, too, and seeds it in the same way.
Uniform numbers and integers are equal to torch's bit for bit. Normal ones are, too, up to the last
digits of ``log`` and ``cos``: torch computes those of float32 with vector instructions.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/random.html
"""

from __future__ import annotations

import secrets
from typing import Any

import numpy as np
from numpy.random import RandomState

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.ops import chances
from course.nptorch.ops.axes import listed, not_negative, sizes
from course.nptorch.ops.create import fresh, numpy_of
from course.nptorch.ops.layout import full_like as like
from course.nptorch.ops.layout import in_memory_order
from course.nptorch.ops.register import FUNCTIONS, function, method, op
from course.nptorch.ops.write import check_shapes, refuse_leaf, write

DIGITS = {"float16": 11, "float32": 24, "float64": 53}  # of whole numbers a float can hold
MANTISSA = {"float16": 24, "float32": 24, "float64": 53}


class Generator:
    """A stream of random numbers.

    Parameters
    ----------
    device : str
        Only ``"cpu"``.
    """

    def __init__(self, device: Any = "cpu") -> None:
        self.manual_seed(67280421310721)  # torch's own default seed

    def manual_seed(self, seed: int) -> Generator:
        """Start the stream anew from `seed`; returns the generator."""
        self._seed = int(seed) % 2**64
        self._made: Any = None
        self._spare: float | None = None  # normal numbers come in pairs
        return self

    @property
    def _twister(self) -> Any:
        # Made when it is first needed: it takes a quarter of a millisecond, and most who seed draw nothing.
        if self._made is None:
            self._made = RandomState(self._seed & 0xFFFFFFFF)._bit_generator
        return self._made

    def initial_seed(self) -> int:
        """Return the seed."""
        return self._seed

    def seed(self) -> int:
        """Start anew from a seed that nobody can foresee, and return it."""
        self.manual_seed(secrets.randbits(53))
        return self._seed

    def bits32(self, count: int) -> Any:
        """Return the next `count` draws of 32 bits."""
        return np.asarray(self._twister.random_raw(count), np.uint64).reshape(count)

    def bits64(self, count: int) -> Any:
        """Return the next `count` draws of 64 bits."""
        pairs = self.bits32(2 * count).reshape(count, 2)
        return (pairs[:, 0] << np.uint64(32)) | pairs[:, 1]

    def uniform(self, count: int, numpy_dtype: Any) -> Any:
        """Return numbers from 0 up to, without, 1."""
        digits = MANTISSA[np.dtype(numpy_dtype).name]
        bits = self.bits64(count) if digits > 32 else self.bits32(count)
        kept = bits & np.uint64((1 << digits) - 1)
        return (kept.astype(np.float64) * 2.0**-digits).astype(numpy_dtype)

    def normal(self, count: int, numpy_dtype: Any, in_order: bool = True) -> Any:
        """Return numbers of mean 0 and standard deviation 1; torch draws differently for memory out of order."""
        if count < 16 or not in_order:
            return np.array([self._one_normal() for _ in range(count)], numpy_dtype)
        out = self.uniform(count, numpy_dtype)
        whole = count - count % 16
        out[:whole] = _box_muller(out[:whole])
        if whole != count:  # torch draws the last 16 anew
            out[-16:] = _box_muller(self.uniform(16, numpy_dtype))
        return out

    def _one_normal(self) -> float:
        if self._spare is not None:
            value, self._spare = self._spare, None
            return value
        u1, u2 = self.uniform(2, np.float64)
        radius, angle = np.sqrt(-2.0 * np.log1p(-u2)), 2.0 * np.pi * u1
        self._spare = float(radius * np.sin(angle))
        return float(radius * np.cos(angle))

    def integers(self, low: int, high: int, count: int) -> Any:
        """Return integers from `low` up to, without, `high`."""
        span = high - low
        bits = self.bits64(count) if span >= 1 << 28 else self.bits32(count)
        return (bits % np.uint64(span)).astype(np.int64) + low

    def permutation(self, n: int) -> Any:
        """Return the integers below `n` in a random order."""
        order = np.arange(n)
        for i, draw in enumerate(self.bits32(max(n - 1, 0))):
            j = i + int(draw) % (n - i)
            order[i], order[j] = order[j], order[i]
        return order

    def get_state(self) -> Any:
        """Return the state, for `set_state`."""
        return self._twister.state, self._spare

    def set_state(self, state: Any) -> None:
        """Go back to a state from `get_state`."""
        self._twister.state, self._spare = state


def _box_muller(uniform: Any) -> Any:
    """Turn uniform numbers into normal ones, eight against eight."""
    rows = uniform.reshape(-1, 2, 8)
    kind = uniform.dtype.type
    radius = np.sqrt(kind(-2) * np.log(kind(1) - rows[:, 0]))
    angle = kind(2 * np.pi) * rows[:, 1]
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)


default_generator = Generator()


@function("manual_seed")
def manual_seed(seed: Any) -> Generator:
    """Start torch's stream of random numbers anew from `seed`."""
    return default_generator.manual_seed(seed)


FUNCTIONS["seed"] = lambda: default_generator.seed()
FUNCTIONS["initial_seed"] = lambda: default_generator.initial_seed()
FUNCTIONS["get_rng_state"] = lambda: default_generator.get_state()
FUNCTIONS["set_rng_state"] = lambda state: default_generator.set_state(state)


def _draw(name: str, kind: str) -> None:
    def filled(form: Any, generator: Any) -> Any:
        chances.refuse_kind("check_uniform_bounds" if kind == "uniform" else "normal_kernel_cpu", form)
        source = default_generator if generator is None else generator
        word = {"in_order": form.flags.c_contiguous} if kind == "normal" else {}
        return in_memory_order(getattr(source, kind)(form.size, form.dtype, **word), form)

    @function(name)
    def made(
        *args: Any, size: Any = None, generator: Any = None, dtype: Any = None, device: Any = None,
        requires_grad: bool = False,
    ) -> Tensor:  # fmt: skip
        shape = not_negative(sizes(args if size is None else (size,)))
        return fresh(filled(np.empty(shape, numpy_of(dtype)), generator), requires_grad, device)

    @function(f"{name}_like")
    def made_like(
        input: Tensor, *, generator: Any = None, dtype: Any = None, device: Any = None,  # noqa: A002
        requires_grad: bool = False,
    ) -> Tensor:  # fmt: skip
        wanted = input._data.dtype if dtype is None else dtype.numpy
        return fresh(filled(like(input._data, 0, wanted), generator), requires_grad, device)

    for f in (made, made_like):
        f.__doc__ = f"Return a tensor of {kind} random numbers."


_draw("rand", "uniform")
_draw("randn", "normal")


@function("randint")
def randint(
    low: Any = 0, high: Any = None, size: Any = None, *, generator: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return random integers from `low` (0 if left out) up to, without, `high`."""
    if size is None:
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    if not isinstance(size, tuple | list):
        plain = "randint(): argument 'size' (position 2) must be tuple of ints, not"
        raise TypeError(f"{plain} {type(size).__name__}" if low == 0 else "randint() received an invalid combination")
    shape = not_negative(sizes((size,)))
    chances.for_integers(low, high)
    source = default_generator if generator is None else generator
    values = source.integers(low, high, int(np.prod(shape, dtype=np.int64))).reshape(shape)
    return fresh(values if dtype is None else values.astype(dtype.numpy), requires_grad, device)


@function("randint_like")
def randint_like(
    input: Tensor, low: Any = 0, high: Any = None, *, generator: Any = None, dtype: Any = None,  # noqa: A002
    device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return random integers in the form of `input`."""
    low, high = (0, low) if high is None else (low, high)
    made = randint(low, high, (input._data.size,), generator=generator)._data
    form = like(input._data, 0, input._data.dtype if dtype is None else dtype.numpy)
    return fresh(in_memory_order(made, form).astype(form.dtype), requires_grad, device)


@function("randperm")
def randperm(
    n: int, *, generator: Any = None, dtype: Any = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Return the integers below `n` in a random order."""
    not_negative((n,))
    source = default_generator if generator is None else generator
    order = source.permutation(n)
    return fresh(order if dtype is None else order.astype(dtype.numpy), requires_grad, device)


@function("normal")
def normal(
    mean: Any = 0.0, std: Any = 1.0, size: Any = None, *, generator: Any = None, dtype: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return normal random numbers of the given means and standard deviations."""
    given = [x._data for x in (mean, std) if isinstance(x, Tensor)]
    if size is None and not given:
        raise TypeError("normal() received an invalid combination of arguments")
    for x in given:
        chances.refuse_kind("normal_kernel_cpu", x)
    chances.for_normal(std._data if isinstance(std, Tensor) else std)
    if given:
        check_shapes(*given)
    shape = np.broadcast_shapes(*(x.shape for x in given)) if size is None else not_negative(listed(size))
    source = default_generator if generator is None else generator
    draws = source.normal(int(np.prod(shape, dtype=np.int64)), numpy_of(dtype)).reshape(shape)
    made = wrap(draws).mul(std).add(mean)
    return made.requires_grad_() if requires_grad else made  # type: ignore[no-any-return]


@op("bernoulli", early=False)
def bernoulli(self: Tensor, p: float | None = None, *, generator: Any = None) -> Tensor:
    """Return 1 with the probabilities in `self` (or `p`), else 0."""
    chances.for_bernoulli(np.asarray(self._data) if p is None else p)
    source = default_generator if generator is None else generator
    kind = self._data.dtype if p is None else np.float64
    draws = source.uniform(self._data.size, kind).reshape(self._data.shape)
    return wrap((draws < (self._data if p is None else p)).astype(self._data.dtype))


@op("multinomial", early=False)
def multinomial(self: Tensor, num_samples: int, replacement: bool = False, *, generator: Any = None) -> Tensor:
    """Return positions drawn with the probabilities in the last axis of `self`."""
    chances.for_multinomial(self._data, num_samples, replacement)
    source = default_generator if generator is None else generator
    weights = np.atleast_2d(self._data).astype(np.float64)
    made = []
    for row in weights / weights.sum(-1, keepdims=True):
        if replacement and num_samples > 1:  # a single one is drawn as if there were no replacement
            draws = source.uniform(num_samples, np.float64)
            made.append(np.minimum(np.searchsorted(np.cumsum(row), draws, "right"), row.size - 1))
        else:
            waits = -np.log1p(-source.uniform(row.size, np.float64))
            rank = row / waits
            made.append(np.argsort(-rank, kind="stable")[:num_samples])
    found = np.stack(made).astype(np.int64)
    return wrap(found if self.ndim > 1 else found[0])


# -- filling a tensor in place -------------------------------------------------------------------------


def _fill(self: Tensor, row: str, draw: Any) -> Tensor:
    refuse_leaf(self)
    values = in_memory_order(np.asarray(draw(self._data.size)), self._array).astype(self._data.dtype)
    return write(self, row, (self,), values)


@method("uniform_", early=False)
def uniform_(self: Tensor, from_: float = 0, to: float = 1, *, generator: Any = None, **named: float) -> Tensor:
    """Fill with numbers between two bounds (torch calls them ``from`` and ``to``)."""
    low, source = named.get("from", from_), default_generator if generator is None else generator
    kind = self._data.dtype.type
    chances.refuse_kind("check_uniform_bounds", self._data)
    chances.for_uniform(low, to)
    return _fill(
        self,
        "uniform",
        lambda n: source.uniform(n, self._data.dtype) * (kind(to) - kind(low)) + kind(low),
    )


@method("normal_", early=False)
def normal_(self: Tensor, mean: float = 0, std: float = 1, *, generator: Any = None) -> Tensor:
    """Fill with normal numbers of a mean and a standard deviation."""
    source = default_generator if generator is None else generator
    kind = self._data.dtype.type
    chances.for_normal(std)
    chances.refuse_kind("normal_kernel_cpu", self._data)
    return _fill(
        self, "normal", lambda n: source.normal(n, self._data.dtype, self.is_contiguous()) * kind(std) + kind(mean)
    )


@method("bernoulli_", early=False)
def bernoulli_(self: Tensor, p: Any = 0.5, *, generator: Any = None) -> Tensor:
    """Fill with 1 at probability `p`, else 0."""
    source = default_generator if generator is None else generator
    chances.for_bernoulli(np.asarray(p._data) if isinstance(p, Tensor) else p)
    chance = p.expand(self.shape)._data.reshape(-1) if isinstance(p, Tensor) else p
    return _fill(self, "bernoulli", lambda n: source.uniform(n, np.float64) < chance)


@method("random_", early=False)
def random_(self: Tensor, from_: Any = None, to: int | None = None, *, generator: Any = None, **named: int) -> Tensor:
    """Fill with integers: below one bound, or from one up to, without, another."""
    source = default_generator if generator is None else generator
    low = named.get("from", from_)
    low, to = (0, low) if to is None else (low or 0, to)
    if to is None:
        return _fill(self, "random", lambda n: _of_all(self._data.dtype, source, n))
    chances.for_integers(low, to)
    return _fill(self, "random", lambda n: source.integers(low, to, n))


def _of_all(kind: Any, source: Generator, count: int) -> Any:
    """Return random numbers among all integers from 0 up that a dtype holds exactly."""
    span = (1 << DIGITS[kind.name]) + 1 if kind.kind == "f" else int(np.iinfo(kind).max) + 1
    bits = source.bits64(count) if kind.itemsize == 8 else source.bits32(count)
    return bits % np.uint64(span)


@method("exponential_", early=False)
def exponential_(self: Tensor, lambd: float = 1, *, generator: Any = None) -> Tensor:
    """Fill with numbers of an exponential distribution of rate `lambd`."""
    chances.for_exponential(self._data, lambd)
    source = default_generator if generator is None else generator
    return _fill(self, "exponential", lambda n: -np.log1p(-source.uniform(n, np.float64)) / lambd)
