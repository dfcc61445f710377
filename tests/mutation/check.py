"""``python -m tests.mutation.check``: does the engine still agree with torch's recorded results?

What cosmic-ray runs for each mutant, cheapest first: the scenarios against the record, which needs
no torch, and then the tests of the core. It stops at the first difference.
"""

from __future__ import annotations

import subprocess
import sys
import warnings

TESTS = (
    "tests/engine/test_graph_core.py",
    "tests/engine/test_names.py",
    "tests/engine/test_assigned_grad.py",
    "tests/programs",
    "tests/test_parts.py",
    "tests/fuzz/test_engines_agree.py",
    "tests/nn/test_optim.py",
)


def first_difference() -> str:
    """Return the first scenario in which the engine differs from the record; empty if none does."""
    import course.nptorch
    from autograder.oracles import expected, seeds
    from course.compare import backend
    from course.parts import reference
    from course.scenarios import load, scenarios
    from course.scenarios.differences import differences
    from course.scenarios.observation import observe

    load()
    course.nptorch.use(**reference())
    engine = backend("nptorch")
    for scenario in scenarios():
        for seed in seeds(scenario.id):
            found = differences(expected(scenario.id, seed), observe(scenario, engine, seed), scenario.ulps)
            if found:
                return f"{scenario.id}, seed {seed}: {found[0]}"
    return ""


def main() -> int:
    """Return 1 if something notices a change, else 0."""
    warnings.simplefilter("ignore")
    found = first_difference()
    if found:
        print(found)
        return 1
    return subprocess.run([sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *TESTS]).returncode


if __name__ == "__main__":
    sys.exit(main())
