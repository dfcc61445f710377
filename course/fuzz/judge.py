"""The verdict on one program: do the two engines show the same?"""

from __future__ import annotations

from course.fuzz.accidents import is_accident
from course.fuzz.compare import Difference, first_difference
from course.fuzz.noise import is_noise
from course.fuzz.program import Program
from course.fuzz.reasons import is_explained
from course.fuzz.run import Step, engine, run


def judge(program: Program, torch_showed: list[Step] | None = None) -> Difference | None:
    """Run a program on both engines and return where they part, or None.

    Parameters
    ----------
    program : Program
        What to run.
    torch_showed : list of Step, optional
        torch's side, where it is known already.
    """
    torch = engine("torch-cpu")
    expected = run(program, torch) if torch_showed is None else torch_showed
    difference = first_difference(program, expected, run(program, engine("nptorch")))
    if difference is None or is_accident(program, difference) or is_noise(program, difference, torch):
        return None
    if is_explained(program, difference, torch):
        return None
    return difference


def makes_sense(program: Program) -> bool:
    """Return whether no statement names what was never made: cutting a program leaves such statements."""
    steps = run(Program(program.statements, patient=True), engine("torch-cpu"))
    return not any(step.failed is not None and step.failed.type == "NameError" for step in steps)
