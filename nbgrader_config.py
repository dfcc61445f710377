"""nbgrader's settings; this folder is the course directory.

Plain ``nbgrader generate_assignment | validate | autograde | generate_feedback`` need nothing else.
"""

import os
import secrets
import sys
from pathlib import Path

HERE = str(Path(__file__).resolve().parent)  # traitlets gives a config file its own __file__
if HERE not in sys.path:
    sys.path.insert(0, HERE)
# The kernels that nbgrader starts import the course too, whether it is installed or only checked out.
PATHS = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
if HERE not in PATHS:
    os.environ["PYTHONPATH"] = os.pathsep.join([HERE, *PATHS])

# nbgrader starts alembic, a program, to make a gradebook. It stands beside this Python, and is not on the
# path where the environment was not activated.
PROGRAMS = str(Path(sys.executable).parent)
if PROGRAMS not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join([PROGRAMS, os.environ.get("PATH", "")])

from nbgrader import preprocessors as steps  # noqa: E402

from autograder.plugins import configure  # noqa: E402
from course.building.stubs import CODE_STUB, NameGaps  # noqa: E402

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - nbgrader provides it

c.CourseDirectory.course_id = "gradschool"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "my_engine"]
c.NbGrader.logfile = ""  # log to the terminal; leave no .nbgrader.log behind

# A stub says by name what is to be written. Otherwise these are nbgrader's own steps, in their order.
c.ClearSolutions.code_stub = {"python": CODE_STUB}
c.GenerateAssignment.preprocessors = [
    steps.IncludeHeaderFooter,
    steps.InstantiateTests,
    steps.LockCells,
    steps.ClearSolutions,
    NameGaps,
    steps.ClearOutput,
    steps.CheckCellMetadata,
    steps.ComputeChecksums,
    steps.SaveCells,
    steps.ClearHiddenTests,
    steps.ClearMarkScheme,
    steps.ComputeChecksums,
    steps.CheckCellMetadata,
]

# A grade cell that a student deleted is put back and run; without this it would wait for a human.
c.OverwriteCells.add_missing_cells = True

c.Execute.timeout = 30  # for a cell; grade() stops endless loops itself, well before that
c.Execute.interrupt_on_timeout = True
c.Execute.extra_arguments = ["--IPKernelApp.log_level=ERROR"]  # no line about TCP for each student
c.Execute.shutdown_kernel = "immediate"  # a graceful end costs a second for each student
# nbclient does not run cells with this tag, and a grade cell that did not run earns full marks.
# So the tag is one that nobody can guess.
c.Execute.skip_cells_with_tag = secrets.token_hex(16)

# Submissions are judged from outside the process that runs them; see docs/security.md. Without this line
# nbgrader runs them in a kernel, and believes what they say.
configure(c)

c.LimitOutput.max_lines = 400
c.LimitOutput.max_traceback = 60
