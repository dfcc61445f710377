"""One module per workload.

A workload is a module with

``TITLE``
    What it is, in a few words.
``TARGETS``
    Tuple of `benchmarks.targets.Target`.
``problem(quick)``
    The inputs, as a namespace; ``count`` and ``unit`` say what one step consists of.
``hand(p)``, ``tensors(torch, p)``, ``hips(p)``, ``mygrad(p)``, ``micrograd(p)``
    One implementation each (`tensors` serves both nptorch and torch): they return ``step``, and
    ``step()`` returns the loss and the gradients. Peers that cannot do it have no function.
``measure(peer, quick)``
    Optional: numbers other than the time of a step, taken in a fresh process per peer of
    ``MEASURED``; returns a dict of names and floats.
"""

NAMES = (
    "scalar",
    "vector",
    "diamonds",
    "fanout",
    "chain",
    "mlp",
    "conv",
    "srgan",
    "penalty",
    "memory",
)
