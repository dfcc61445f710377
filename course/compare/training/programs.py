"""Three programs that train on scikit-learn's digits, written once for torch and for nptorch.

Weights, pictures and batches come from NumPy, and all of them are float32 numbers, which float64 holds exactly: on all
engines and in all types a program starts from the very same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from course.models import srgan

#: How many steps a run has, unless it is told otherwise.
STEPS = 50
#: Pictures in a batch.
BATCH = 32
#: Batches are drawn from these pictures.
PICTURES = 1500
#: Of NumPy's stream of batches; the weights have seeds of their own.
SEED = 0


@dataclass(frozen=True)
class Goal:
    """One loss, and who learns from it.

    Attributes
    ----------
    name
        What the loss is called in tables.
    loss
        Takes the numbers of the pictures in a batch, returns the loss.
    weights
        The parameters that it trains, and no others.
    optimizer
        Steps after each backward pass.
    """

    name: str
    loss: Callable[[list[int]], Any]
    weights: list[Any]
    optimizer: Any


@dataclass(frozen=True)
class Program:
    """A training program.

    Attributes
    ----------
    name
        Its short name.
    title
        What it is, for people.
    goals
        The names of its losses, in the order in which a step trains them.
    settings
        The optimizer, and what it is told.
    build
        Takes the engine, a dtype and a device, returns the goals with fresh nets.
    """

    name: str
    title: str
    goals: tuple[str, ...]
    settings: dict[str, Any]
    build: Callable[[Any, Any, str, dict[str, Any]], list[Goal]]

    @property
    def experiment(self) -> dict[str, Any]:
        """Everything that has to be equal for two runs to be the same experiment, as JSON data."""
        return self.settings | {"batch": BATCH, "pictures": PICTURES, "seed": SEED}

    def at(self, lr: float) -> Program:
        """Return the same program with another learning rate."""
        return replace(self, settings=self.settings | {"lr": lr})


def train(
    program: Program,
    T: Any,
    dtype: Any,
    steps: int = STEPS,
    device: str = "cpu",
    forward: Callable[[], AbstractContextManager[Any]] = nullcontext,
) -> Iterator[tuple[str, float]]:
    """Train, and yield the name and the number of each loss as it comes.

    Parameters
    ----------
    program : Program
        What to train.
    T : module
        The engine, ``torch`` or ``course.nptorch``.
    dtype : dtype
        Of `T`: what weights and pictures are kept in.
    steps : int
        How many batches.
    device : str
        Where.
    forward : callable
        Makes the context in which losses are computed, such as ``torch.autocast``; backward runs outside of it.
    """
    goals = program.build(T, dtype, device, program.settings)
    for pick in srgan.batches(PICTURES, steps, BATCH, SEED):
        for goal in goals:
            goal.optimizer.zero_grad()
            with forward():
                loss = goal.loss(pick)
            loss.backward(inputs=goal.weights)
            goal.optimizer.step()
            yield goal.name, float(loss.item())


def _goal(T: Any, name: str, net: Any, settings: dict[str, Any], loss: Callable[[list[int]], Any]) -> Goal:
    """Return a goal for all weights of one net, with the optimizer that the settings name."""
    weights = list(net.parameters())
    told = {key: value for key, value in settings.items() if key != "optimizer"}
    return Goal(name, loss, weights, getattr(T.optim, settings["optimizer"])(weights, **told))


def _started(T: Any, net: Any, seed: int, dtype: Any, device: str) -> Any:
    """Give a net its first weights: rounded to float32 whatever the type, and the same on every device."""
    return srgan.filled(T, net, seed, T.float32).to(device, dtype)


def _pictures(T: Any, dtype: Any, device: str) -> tuple[Any, Any]:
    """Return the digits at both sizes; their pixels, sixteenths and sixty-fourths, are exact in every type."""
    low, real = srgan.digits(T, dtype)
    return low.to(device), real.to(device)


def _classifier(layers: Callable[[Any], Any]) -> Callable[[Any, Any, str, dict[str, Any]], list[Goal]]:
    """Return what builds a net that says which digit a picture is."""

    def build(T: Any, dtype: Any, device: str, settings: dict[str, Any]) -> list[Goal]:
        from sklearn.datasets import load_digits

        net = _started(T, layers(T.nn), 1, dtype, device)
        _, real = _pictures(T, dtype, device)
        digit = T.tensor(load_digits().target.tolist()).to(device)

        def loss(pick: list[int]) -> Any:
            return T.nn.functional.cross_entropy(net(real[pick]), digit[pick])

        return [_goal(T, "loss", net, settings, loss)]

    return build


def _mlp(nn: Any) -> Any:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))


def _conv(nn: Any) -> Any:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, 10),
    )


def _srgan(T: Any, dtype: Any, device: str, settings: dict[str, Any]) -> list[Goal]:
    """Build both nets; each goal runs its own forward pass, so that neither needs the other's graph."""
    maker = _started(T, srgan.generator(T), 1, dtype, device)
    critic = _started(T, srgan.discriminator(T), 2, dtype, device)
    low, real = _pictures(T, dtype, device)

    def criticised(pick: list[int]) -> Any:
        return 1 - critic(real[pick]).mean() + critic(maker(low[pick])).mean()

    def made(pick: list[int]) -> Any:
        fake = maker(low[pick])
        return srgan.maker_loss(fake, real[pick], critic(fake).mean())

    return [_goal(T, "D", critic, settings, criticised), _goal(T, "G", maker, settings, made)]


#: The learning rates are chosen to be calm, brisk and rash: how fast an error grows is the program's doing.
PROGRAMS: dict[str, Program] = {
    one.name: one
    for one in (
        Program("mlp", "MLP", ("loss",), {"optimizer": "SGD", "lr": 0.1, "momentum": 0.9}, _classifier(_mlp)),
        Program("conv", "Conv net", ("loss",), {"optimizer": "Adam", "lr": 0.02}, _classifier(_conv)),
        Program("srgan", "SRGAN", ("D", "G"), {"optimizer": "Adam", "lr": 0.05}, _srgan),
    )
}
