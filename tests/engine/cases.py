"""Inputs for the tables of operations."""

from __future__ import annotations

import numpy as np

_draw = np.random.default_rng(20)


def normal(*shape: int) -> np.ndarray:
    return np.asarray(_draw.standard_normal(shape))


def positive(*shape: int) -> np.ndarray:
    return np.asarray(_draw.uniform(0.3, 2.0, shape))


def inside(*shape: int) -> np.ndarray:
    return np.asarray(_draw.uniform(-0.9, 0.9, shape))


X, Y, Z = normal(3, 4), normal(3, 4), normal(3, 4)
P, Q = positive(3, 4), positive(3, 4)
I = inside(3, 4)  # noqa: E741
V, W = normal(4), normal(4)
B, C = normal(2, 3, 4), normal(2, 4, 5)
M = normal(4, 5)
SQUARE = normal(4, 4)
S = np.asarray(0.7)
EMPTY = np.zeros((0, 3))
MASK = _draw.random((3, 4)) > 0.5
INDEX = np.array([2, 0, 2])
ALONG = np.array([[0, 2, 1, 0], [1, 1, 0, 2]])
TIES = np.array([[1.0, 3.0, 3.0, 2.0], [2.0, 2.0, 2.0, 2.0], [0.0, -1.0, 0.0, -1.0]])
ODD = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0])
COUNTS = np.array([[3, 0, -2, 7], [1, 2, 3, 4]])
FLAGS = np.array([[True, False, True, True], [False, False, True, False]])
