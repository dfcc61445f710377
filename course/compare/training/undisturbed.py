"""Run an engine with settings of our own, and leave those of the student as they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any

from course.compare.training.columns import Column


@contextmanager
def undisturbed(T: Any, column: Column) -> Iterator[Callable[[], AbstractContextManager[Any]]]:
    """Let an engine compute as a column says.

    Parameters
    ----------
    T : module
        ``torch`` or ``course.nptorch``.
    column : Column
        What is asked for.

    Yields
    ------
    callable
        Makes the context in which losses are computed.

    Notes
    -----
    One thread is enough for nets as small as these (several would mostly wait for each other), and adds numbers in
    the same order each time. Nets are made on the CPU and moved, so a GPU's random numbers are not touched at all.
    """
    with ExitStack() as put_back:
        put_back.callback(T.set_rng_state, T.get_rng_state())
        if not T.is_grad_enabled():
            put_back.enter_context(T.enable_grad())
        if column.engine == "nptorch":
            yield nullcontext
            return
        put_back.callback(T.set_num_threads, T.get_num_threads())
        T.set_num_threads(1)
        put_back.enter_context(T.device("cpu"))
        put_back.enter_context(T.autocast(column.device, enabled=False))
        for switch, name, value in _switches(T, column.tf32):
            put_back.callback(setattr, switch, name, getattr(switch, name))
            setattr(switch, name, value)
        yield (lambda: _autocast(T, column)) if column.autocast else nullcontext


@contextmanager
def _autocast(torch: Any, column: Column) -> Iterator[None]:
    """Compute in a narrower dtype where autocast thinks it wise.

    The narrow copies of the weights are kept until the *outermost* autocast is left. In one that a student has left
    open around us (or that we have switched off) it would be the first step's weights that all steps compute with.
    """
    with torch.autocast(column.device, dtype=getattr(torch, str(column.autocast))):
        try:
            yield
        finally:
            torch.clear_autocast_cache()


def _switches(torch: Any, tf32: bool) -> list[tuple[Any, str, Any]]:
    """Return all that decides whether a float32 product is made of float32 factors: object, attribute, value.

    Since torch 2.9 they are called ``fp32_precision``. A program must use either the old names or the new ones, and
    only what was set by the new names can be put back exactly.
    """
    backends = torch.backends
    cuda, cudnn, mkldnn = backends.cuda.matmul, backends.cudnn, backends.mkldnn
    if not hasattr(cuda, "fp32_precision"):
        return [(cuda, "allow_tf32", tf32), (cudnn, "allow_tf32", tf32)]
    wanted = "tf32" if tf32 else "ieee"
    on_gpu = [(one, "fp32_precision", wanted) for one in (cuda, cudnn.conv, cudnn.rnn)]
    return on_gpu + [(one, "fp32_precision", "ieee") for one in (mkldnn.matmul, mkldnn.conv)]
