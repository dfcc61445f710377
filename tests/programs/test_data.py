"""Data loaders: the same batches in the same order."""

from __future__ import annotations

import numpy as np
import pytest

from tests.programs.both import same


def epochs(T, note):
    data = T.utils.data
    x, y = T.arange(14.0).reshape(7, 2), T.arange(7)
    loader = data.DataLoader(data.TensorDataset(x, y), batch_size=3, shuffle=True)
    for epoch in range(2):
        note(f"epoch {epoch}", [[xs, ys] for xs, ys in loader])
    note("length", len(loader))
    note("numbers after", T.rand(1))
    full = data.DataLoader(data.TensorDataset(x, y), batch_size=3, drop_last=True)
    note("in order", [ys for _, ys in full] + [len(full)])
    g = T.Generator()
    g.manual_seed(5)
    seeded = data.DataLoader(data.TensorDataset(x, y), batch_size=4, shuffle=True, generator=g)
    for epoch in range(2):
        note(f"own generator {epoch}", [ys for _, ys in seeded])


def items_of_all_kinds(T, note):
    class Mixed(T.utils.data.Dataset):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            return {"x": T.full((2,), float(i)), "n": i, "f": i / 2, "s": str(i), "a": np.ones(2) * i, "t": (i, [i])}

    note("batches", list(T.utils.data.DataLoader(Mixed(), batch_size=2)))
    note("items", [item["n"] for item in T.utils.data.DataLoader(Mixed(), batch_size=None)])
    sums = T.utils.data.DataLoader(Mixed(), batch_size=3, collate_fn=lambda items: sum(item["n"] for item in items))
    note("collated", list(sums))
    note.attempt("unwritten", lambda: T.utils.data.Dataset()[0])


def divided(T, note):
    data = T.utils.data
    whole = data.TensorDataset(T.arange(10))
    train, rest = data.random_split(whole, [7, 3])
    note("parts", [train.indices, [x[0] for x in rest], len(train)])
    g = T.Generator()
    note("fractions", [p.indices for p in data.random_split(range(11), [0.5, 0.3, 0.2], generator=g.manual_seed(3))])
    note.attempt("wrong", data.random_split, whole, [5, 4])
    note.attempt("empty", lambda: [len(p) for p in data.random_split(range(2), [0.9, 0.05, 0.05])])
    note.attempt("unequal", data.TensorDataset, T.ones(2), T.ones(3))


def training(T, note):
    data = T.utils.data
    x = T.randn(20, 3)
    loader = data.DataLoader(data.TensorDataset(x, x.sum(1, keepdim=True)), batch_size=8, shuffle=True)
    net = T.nn.Linear(3, 1)
    optimizer = T.optim.SGD(net.parameters(), lr=0.1)
    for _ in range(2):
        for batch, target in loader:
            optimizer.zero_grad()
            loss = T.nn.functional.mse_loss(net(batch), target)
            loss.backward()
            optimizer.step()
            note("loss", loss)


PROGRAMS = [epochs, items_of_all_kinds, divided, training]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_data(program):
    same(program)
