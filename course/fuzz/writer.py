"""Writing a random program, one statement at a time, while torch runs it.

Running it meanwhile tells the writer which names exist and what shapes they have, so that most statements
make sense, and torch's side of the comparison comes for free, unless nobody is to look in between.
"""

from __future__ import annotations

import random
from itertools import accumulate

from course.fuzz.program import Program
from course.fuzz.run import Engine, Run, Step, quiet, run
from course.fuzz.scene import Nothing, Scene
from course.fuzz.words import WORDS, leaves

SHORTEST, LONGEST = 8, 32

_MAKERS = [word.make for word in WORDS]
_UP_TO = list(accumulate(word.weight for word in WORDS))


def write(chance: random.Random, torch: Engine) -> tuple[Program, list[Step]]:
    """Write a program; return it, and what torch showed after each statement."""
    patient = chance.random() < 0.2
    length = SHORTEST + int(chance.random() * (LONGEST - SHORTEST))
    statements: list[str] = []
    steps: list[Step] = []
    with quiet(torch):
        going = Run(torch)
        scene = Scene(chance, going)
        for at in range(length):
            statement = leaves.leaf(scene) if at < 2 else _next(scene)
            statements.append(statement)
            steps.append(going.do(statement, look=not patient or at == length - 1))
    program = Program(tuple(statements), patient)
    # choosing looks at tensors, too, and so makes stale views find their new history
    return program, run(program, torch) if patient else steps


def _next(scene: Scene) -> str:
    """Ask makers until one has something to say."""
    for _ in range(20):
        at = scene.chance.random() * _UP_TO[-1]
        make = next(make for make, up_to in zip(_MAKERS, _UP_TO, strict=True) if at < up_to)
        try:
            return make(scene)
        except (Nothing, RuntimeError, IndexError):
            continue
    return leaves.leaf(scene)
