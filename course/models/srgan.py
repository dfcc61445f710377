"""A small SRGAN for scikit-learn's digits: 4x4 pictures become 8x8.

Every function takes the engine, ``torch`` or ``course.nptorch``, as `T`; the weights come from NumPy, so
that both start alike.

References
----------
.. [1] Ledig et al., "Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network",
   2017, https://arxiv.org/abs/1609.04802
"""

from __future__ import annotations

from typing import Any

import numpy as np


def generator(T: Any, channels: int = 12) -> Any:
    """Return a net ``(n, 1, 4, 4) -> (n, 1, 8, 8)``: a convolution, a residual block, PixelShuffle.

    Parameters
    ----------
    T : module
        The engine.
    channels : int
        How many maps there are between the layers.

    Returns
    -------
    Module
        Its result is added to the picture enlarged by repeating each pixel.
    """
    nn = T.nn

    class Residual(nn.Module):  # type: ignore[misc, name-defined]
        """Two convolutions and a way around them."""

        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(channels, channels, 3, padding=1)
            self.slope = nn.PReLU()
            self.second = nn.Conv2d(channels, channels, 3, padding=1)

        def forward(self, x: Any) -> Any:
            return x + self.second(self.slope(self.first(x)))

    class Generator(nn.Module):  # type: ignore[misc, name-defined]
        """Small pictures in, large ones out."""

        def __init__(self) -> None:
            super().__init__()
            self.entry = nn.Sequential(nn.Conv2d(1, channels, 3, padding=1), nn.PReLU())
            self.residual = Residual()
            self.enlarge = nn.Sequential(nn.Conv2d(channels, 4, 3, padding=1), nn.PixelShuffle(2))

        def forward(self, low: Any) -> Any:
            return enlarged(low) + self.enlarge(self.residual(self.entry(low)))

    return Generator()


def discriminator(T: Any, channels: int = 8) -> Any:
    """Return a net ``(n, 1, 8, 8) -> (n, 1)``: how real each picture looks, between 0 and 1."""
    nn = T.nn
    return nn.Sequential(
        nn.Conv2d(1, channels, 3, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(2 * channels * 4, 1),
        nn.Sigmoid(),
    )


def enlarged(low: Any) -> Any:
    """Repeat each pixel two by two: the least one can do, ``(n, 1, h, w) -> (n, 1, 2 h, 2 w)``."""
    n, c, h, w = low.shape
    return low.reshape(n, c, h, 1, w, 1).expand(n, c, h, 2, w, 2).reshape(n, c, 2 * h, 2 * w)


def total_variation(pictures: Any) -> Any:
    """Return the mean squared step from pixel to pixel, down and across."""
    down = pictures[:, :, 1:] - pictures[:, :, :-1]
    across = pictures[:, :, :, 1:] - pictures[:, :, :, :-1]
    return (down**2).mean() + (across**2).mean()


def maker_loss(fake: Any, real: Any, score: Any, adversarial: float = 0.02, smooth: float = 0.002) -> Any:
    """Return the generator's loss: pixels, what the discriminator says, and smoothness.

    Parameters
    ----------
    fake, real : Tensor
        What was made, and what should have been, ``(n, 1, 8, 8)``.
    score : Tensor
        Mean verdict on `fake`, one number.
    adversarial, smooth : float
        Weights of the second and the third part.
    """
    return ((fake - real) ** 2).mean() + adversarial * (1 - score) + smooth * total_variation(fake)


def filled(T: Any, net: Any, seed: int, dtype: Any = None) -> Any:
    """Give a net weights that are the same on every engine: uniform, as wide as torch's own start.

    Parameters
    ----------
    T : module
        The engine.
    net : Module
        Changed in place, and returned.
    seed : int
        Of NumPy's stream.
    dtype : dtype, optional
        What to turn the net into first.
    """
    if dtype is not None:
        net.to(dtype)
    stream = np.random.RandomState(seed)
    with T.no_grad():
        for module in net.modules():
            if isinstance(module, T.nn.PReLU):
                continue  # its slope begins at a quarter
            for weight in module.parameters(recurse=False):
                width = 1 / np.sqrt(weight[0].numel()) if weight.ndim > 1 else 0.1
                weight.copy_(T.tensor(stream.uniform(-width, width, tuple(weight.shape)), dtype=weight.dtype))
    return net


def fresh(T: Any, lr: float = 2e-3, dtype: Any = None) -> tuple[Any, Any, Any, Any]:
    """Return generator and discriminator, the same each time, and an Adam for each."""
    maker = filled(T, generator(T), 1, dtype)
    judge = filled(T, discriminator(T), 2, dtype)
    return maker, judge, T.optim.Adam(maker.parameters(), lr=lr), T.optim.Adam(judge.parameters(), lr=lr)


def digits(T: Any, dtype: Any = None) -> tuple[Any, Any]:
    """Return scikit-learn's digits at both sizes.

    Returns
    -------
    low : Tensor
        ``(1797, 1, 4, 4)``: the mean of each two by two pixels.
    real : Tensor
        ``(1797, 1, 8, 8)``, from 0 to 1.
    """
    from sklearn.datasets import load_digits

    real = load_digits().images[:, None] / 16.0
    low = real.reshape(len(real), 1, 4, 2, 4, 2).mean((3, 5))
    return T.tensor(low, dtype=dtype or T.float32), T.tensor(real, dtype=dtype or T.float32)


def batches(count: int, steps: int, size: int = 64, seed: int = 0) -> list[list[int]]:
    """Return which pictures go into each step, the same on every engine."""
    stream = np.random.RandomState(seed)
    return [stream.randint(0, count, size).tolist() for _ in range(steps)]
