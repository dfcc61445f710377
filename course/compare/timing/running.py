"""What a notebook calls: measure what is here, and put beside it what was recorded elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from course.compare import recorded
from course.compare.backends import at_hand, grading
from course.compare.provenance import GPUS
from course.compare.timing.measuring import BUDGET, measure
from course.compare.timing.operations import SIZES
from course.compare.timing.show import Sweep


def sweep(
    budget: float = BUDGET,
    sizes: Sequence[int] = SIZES,
    say: Callable[[str], None] | None = None,
) -> Sweep:
    """Time every engine at hand, on your GPU if there is one, else beside what was recorded on others'.

    Parameters
    ----------
    budget : float
        Seconds that it may take, about. Large sizes are left out where they would take longer, and it is said.
    sizes : sequence of int
        Numbers of elements, in rising order.
    say : callable, optional
        Called with a line of progress now and then.

    Returns
    -------
    Sweep
        To be shown; its ``plot()`` draws it.
    """
    found, _ = at_hand("float32")
    device = next((one.device for one in found if one.device in GPUS), "cpu")
    data = measure(device, None if grading() else budget, sizes, say)
    return Sweep(data, () if device in GPUS else recorded.read("timing"))
