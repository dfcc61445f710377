"""Which products a program forms and how much it adds up: what a tolerance follows from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from course.compare.backends import Backend
from course.scenarios import Scenario
from course.scenarios.observation import observe

#: torch's kernels that multiply matrices.
_MATMULS = ("mm", "bmm", "addmm", "baddbmm", "addbmm", "mv", "addmv", "dot", "vdot")


@dataclass
class Work:
    """What was done, forward and backward.

    Attributes
    ----------
    matmuls, convs
        How many matrix products and convolutions were formed; the backward of a
        convolution forms one for each gradient.
    longest
        The most numbers that were added up to one.
    """

    matmuls: int = 0
    convs: int = 0
    longest: int = 1

    def tf32(self, torch: Any) -> int:
        """Return how many of the products torch may do on a GPU with TF32, as its settings are now."""
        matmuls = self.matmuls if torch.backends.cuda.matmul.allow_tf32 else 0
        return matmuls + (self.convs if torch.backends.cudnn.allow_tf32 else 0)


def work(scenario: Scenario, cpu: Backend, seed: int = 0, dtype: str = "float64") -> Work:
    """Run a scenario on torch's CPU backend and count what it does.

    A program that only runs on a GPU does as little here as it gets to before it fails.
    """
    done = Work()
    with _Counting(cpu.T, done):
        observe(scenario, cpu, seed, dtype)
    return done


def _Counting(torch: Any, done: Work) -> Any:  # noqa: N802
    """Return a context in which every kernel that torch starts is added to `done`.

    The class is made here, because its base is torch's and torch is imported only on request.
    """
    from torch.utils._python_dispatch import TorchDispatchMode

    class Counting(TorchDispatchMode):  # type: ignore[misc]
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = func(*args, **(kwargs or {}))
            _count(torch, done, func.overloadpacket.__name__, args, result)
            return result

    return Counting()


def _count(torch: Any, done: Work, name: str, args: Any, result: Any) -> None:
    tensors = [one for one in args if isinstance(one, torch.Tensor)]
    results = [one for one in (result if isinstance(result, tuple) else (result,)) if isinstance(one, torch.Tensor)]
    made = max((one.numel() for one in results), default=0)
    if not made or not tensors:
        return
    if name in _MATMULS:
        done.matmuls += 1
        done.longest = max(done.longest, tensors[-1].shape[-2] if tensors[-1].dim() > 1 else tensors[-1].numel())
    elif name == "convolution":  # (input, weight, ...)
        done.convs += 1
        done.longest = max(done.longest, args[1][0].numel())
    elif name == "convolution_backward":  # (gradient of the output, input, weight, ...)
        done.convs += len(results)
        done.longest = max(done.longest, *(one.numel() // one.shape[1] for one in (args[0], args[2])))
    else:  # a sum, a mean, a norm: every number of the result is made of so many
        done.longest = max(done.longest, max(one.numel() for one in tensors) // made)
