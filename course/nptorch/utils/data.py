"""``torch.utils.data``: data in batches.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/data.html
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.absent import absent, nothing_else_in
from course.nptorch.dtypes import float64, int64
from course.nptorch.ops.random import Generator, default_generator
from course.nptorch.ops.register import FUNCTIONS

__all__ = ["DataLoader", "Dataset", "Subset", "TensorDataset", "default_collate", "random_split"]


class Dataset:
    """Base class of data that can be asked for one item after the other.

    A subclass writes ``__getitem__`` and ``__len__``.
    """

    def __class_getitem__(cls, item: Any) -> Any:
        return cls

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")


class TensorDataset(Dataset):
    """Rows of several tensors together.

    Parameters
    ----------
    *tensors : Tensor
        Of the same extent along their first axis.
    """

    def __init__(self, *tensors: Tensor) -> None:
        if any(t.size(0) != tensors[0].size(0) for t in tensors):
            raise AssertionError("Size mismatch between tensors")
        self.tensors: tuple[Any, ...] = tensors

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return int(self.tensors[0].size(0))


class Subset(Dataset):
    """Some items of a dataset.

    Parameters
    ----------
    dataset : Dataset
        Which has them all.
    indices : sequence of int
        Which of them.
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> Any:
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)


def random_split(dataset: Any, lengths: Sequence[float], generator: Any = default_generator) -> list[Subset]:
    """Divide a dataset at random.

    Parameters
    ----------
    dataset : Dataset
        What to divide.
    lengths : sequence of int, or of fractions that sum to 1
        How many items each part gets.
    generator : Generator
        Where the random numbers come from.

    Raises
    ------
    ValueError
        If the lengths do not add up.
    """
    counts = list(lengths)
    if math.isclose(sum(counts), 1) and sum(counts) <= 1:
        for i, part in enumerate(counts):
            if not 0 <= part <= 1:
                raise ValueError(f"Fraction at index {i} is not between 0 and 1")
        counts = [math.floor(len(dataset) * part) for part in counts]
        for i in range(len(dataset) - int(sum(counts))):
            counts[i % len(counts)] += 1
        for i, count in enumerate(counts):
            if not count:
                text = f"Length of split at index {i} is 0. This might result in an empty dataset."
                warnings.warn(text, UserWarning, stacklevel=2)
    if sum(counts) != len(dataset):
        raise ValueError("Sum of input lengths does not equal the length of the input dataset!")
    order = FUNCTIONS["randperm"](int(sum(counts)), generator=generator).tolist()
    ends = np.cumsum([int(n) for n in counts]).tolist()
    return [Subset(dataset, order[end - int(n) : end]) for end, n in zip(ends, counts, strict=True)]


def default_collate(batch: Sequence[Any]) -> Any:
    """Return one batch of items: tensors stacked, numbers as a tensor, containers item by item."""
    first = batch[0]
    if isinstance(first, Tensor):
        return FUNCTIONS["stack"](list(batch))
    if isinstance(first, np.ndarray | np.generic):
        return wrap(np.stack([np.asarray(x) for x in batch]))
    if isinstance(first, float):
        return FUNCTIONS["tensor"](list(batch), dtype=float64)
    if isinstance(first, int):
        return FUNCTIONS["tensor"](list(batch))
    if isinstance(first, str | bytes):
        return list(batch)
    if isinstance(first, Mapping):
        return type(first)({key: default_collate([x[key] for x in batch]) for key in first})  # type: ignore[call-arg]
    if isinstance(first, tuple | list):
        if any(len(item) != len(first) for item in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        columns = [default_collate(column) for column in zip(*batch, strict=True)]
        return type(first)(*columns) if hasattr(first, "_fields") else columns
    raise TypeError(
        f"default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {type(first)}"
    )


class DataLoader:
    """Batches of a dataset, in order or shuffled anew in every epoch.

    Parameters
    ----------
    dataset : Dataset
        Anything with ``len`` and items by number.
    batch_size : int or None
        Items in a batch; None for single items.
    shuffle : bool, optional
        Whether the order is random; it is torch's order for the same seed.
    drop_last : bool
        Leave out a last batch that is not full.
    collate_fn : function, optional
        Makes a batch of a list of items; `default_collate` without it.
    generator : Generator, optional
        Where the random numbers come from.
    num_workers : int
        Accepted; the engine loads in the process that asks.

    Raises
    ------
    NotImplementedError
        For samplers of your own.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Any = None,
        batch_sampler: Any = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Any = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        if num_workers < 0:
            raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
        if batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        if batch_size is not None and (type(batch_size) is not int or batch_size <= 0):
            raise ValueError(f"batch_size should be a positive integer value, but got batch_size={batch_size}")
        if sampler is not None or batch_sampler is not None:
            raise absent("utils.data.DataLoader(sampler=...)")
        self.dataset = dataset
        self.batch_size = batch_size
        self.shuffle = bool(shuffle)
        self.drop_last = drop_last
        self.generator = generator
        self.collate_fn = collate_fn or (default_collate if batch_size is not None else lambda item: item)

    def __len__(self) -> int:
        if self.batch_size is None:
            return len(self.dataset)
        whole = len(self.dataset) / self.batch_size
        return math.floor(whole) if self.drop_last else math.ceil(whole)

    def __iter__(self) -> Iterator[Any]:
        _seed(self.generator)  # torch's, for its worker processes
        return self._batches()

    def _batches(self) -> Iterator[Any]:
        order = self._order()
        if self.batch_size is None:
            yield from (self.collate_fn(self.dataset[i]) for i in order)
            return
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            yield self.collate_fn([self.dataset[i] for i in order[start : start + self.batch_size]])

    def _order(self) -> list[int]:
        if not self.shuffle:
            return list(range(len(self.dataset)))
        generator = self.generator
        if generator is None:
            generator = Generator()
            generator.manual_seed(_seed(None))
        order: list[int] = FUNCTIONS["randperm"](len(self.dataset), generator=generator).tolist()
        FUNCTIONS["randperm"](len(self.dataset), generator=generator)  # torch draws one more, for a part of an epoch
        return order


def _seed(generator: Generator | None) -> int:
    """Draw a seed."""
    return int(FUNCTIONS["empty"]((), dtype=int64).random_(generator=generator).item())


__getattr__ = nothing_else_in("utils.data")
