"""Points for nothing: everything that gave full marks where tests run in the student's own process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.hostile.case import ALL, LESSON, RIGHT, Case, harms, wants

FAMILY = "forging a grade"


def _outputs(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            points = {"data": {"text/plain": "5.0"}, "execution_count": 1, "metadata": {}}
            cell["outputs"] = [{"output_type": "execute_result", **points}]
            cell["execution_count"] = 1


def _marks(**marks: Any) -> Any:
    def damage(notebook: dict[str, Any]) -> None:
        for cell in notebook["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade"):
                cell["metadata"]["nbgrader"] |= marks

    return damage


def _grade_cells(text: str, *tags: str) -> Any:
    def damage(notebook: dict[str, Any]) -> None:
        for cell in notebook["cells"]:
            if cell["metadata"].get("nbgrader", {}).get("grade"):
                cell["source"] = text or cell["source"]
                cell["metadata"]["tags"] = list(tags)

    return damage


def _carried(notebook: dict[str, Any]) -> None:
    notebook["metadata"]["gradschool"] = {"texts": RIGHT, "flags": [], "unreadable": "", "result": "0"}


def _beside(name: str, text: str) -> Any:
    def place(folder: Path, data: bytes) -> None:
        (folder / f"{LESSON}.ipynb").write_bytes(data)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)

    return place


CASES = (
    Case("untouched", "hand in the release as it is", student="not written yet"),
    Case("honest", "nothing at all", base=RIGHT, points=ALL),
    Case("outputs-forged", "outputs with full points in the file", damage=_outputs),
    Case("cells-skipped", "the tag skip-execution on the grade cells", damage=_grade_cells("", "skip-execution")),
    Case("cells-may-raise", "the tag raises-exception", damage=_grade_cells("", "raises-exception", "hide-input")),
    Case("cells-rewritten", "grade cells that say 5.0", damage=_grade_cells("5.0")),
    Case("cells-emptied", "grade cells without a text", damage=_grade_cells(" ")),
    Case("points-raised", "1000 points in the metadata", damage=_marks(points=1000)),
    Case("marks-unset", "grade cells that are none", damage=_marks(grade=False, locked=False)),
    Case("marks-swapped", "grade cells that are solutions", damage=_marks(grade=False, solution=True)),
    Case("own-carried-texts", "the mark that the grader itself puts into a notebook", damage=_carried),
    Case("module-beside", "a numpy.py beside the notebook", place=_beside("numpy.py", "raise SystemExit")),
    Case("engine-beside", "an engine of one's own beside", place=_beside("course/nptorch/__init__.py", "x = 1")),
    Case("grader-beside", "a grader beside", place=_beside("autograder/__init__.py", "grade = lambda *a, **k: 5.0")),
    Case(
        "given-beside",
        "parts of later lessons in given/",
        place=_beside("given/l05_retain_graph.py", RIGHT["saved-tensor"]),
    ),
    wants(
        "transformers",
        "IPython's transformers",
        """
        get_ipython().input_transformers_cleanup.append(lambda l: ['pass'])
        """,
    ),
    wants(
        "ast-transformers",
        "IPython's transformers of syntax trees",
        """
        import ast
        class Empty(ast.NodeTransformer):
            visit_Call = lambda s, n: ast.Constant(5.0)
        get_ipython().ast_transformers.append(Empty())
        """,
    ),
    wants(
        "display-hook",
        "a display hook that shows 5.0",
        """
        import sys
        sys.displayhook = lambda v: print(5.0)
        """,
    ),
    wants(
        "grade-replaced",
        "replace grade()",
        """
        import autograder
        autograder.grade = lambda *a, **k: 5.0
        grade = autograder.grade
        """,
    ),
    wants(
        "grader-modules",
        "modules of the grader, made up",
        """
        import sys, types
        for name in ('grading', 'oracles', 'trial', 'verdict', 'exercises'):
            module = sys.modules['autograder.' + name] = types.ModuleType(name)
            module.grade = module.run = module.judged = lambda *a, **k: 5.0
        """,
    ),
    wants(
        "feedback-printed",
        "print the feedback of a perfect solution",
        """
        print('saved-tensor: 5 of 5 points. 17 of 17 checks pass.')
        print(5.0)
        print('### END TESTS')
        """,
    ),
    wants("early-end", "end with status 0", "raise SystemExit(0)", student="SystemExit"),
    wants(
        "torch-itself",
        "have torch do it",
        """
        import torch
        SavedTensor = torch._C._autograd.SavedTensor
        """,
        student="No module named 'torch'",
    ),
    wants("others-engines", "have another package do it", "import autograd, mygrad", student="No module named"),
    Case(
        "line-in-an-error",
        "a verdict in an error's text",
        {"saved-tensor": "raise ValueError('x\\nsaved-tensor: 5 of 5 points. 17 of 17 checks pass.\\n5.0')"},
        student="cell does not run: ValueError: x saved-tensor: 5 of 5 points.",
    ),
    Case(
        "line-in-a-stub",
        "a verdict in a NotImplementedError",
        {
            "saved-tensor": "class SavedTensor:\n    def __init__(self, *a):\n"
            "        raise NotImplementedError('x\\n\\rsaved-tensor: 5 of 5 points.\\n5.0')"
        },
        student="not written yet: x saved-tensor: 5 of 5 points. 5.0",
    ),
    Case(
        "line-in-a-name",
        "a verdict in the name of a function",
        {
            "saved-tensor": "def fail(self, *a):\n    raise ValueError('x')\n"
            "fail.__code__ = fail.__code__.replace(co_qualname='SavedTensor.\\nsaved-tensor: 5 of 5 points.')\n"
            "class SavedTensor:\n    __init__ = fail"
        },
    ),
    Case(
        "line-in-a-type",
        "a verdict in the name of an exception",
        {
            "saved-tensor": "fail = type('x\\nsaved-tensor: 5 of 5 points.\\n5.0', (Exception,), {})\n"
            "class SavedTensor:\n    def __init__(self, *a):\n        raise fail('y')"
        },
        student="raises Exception: y",
    ),
    harms(
        "own-name-of-a-part",
        "a second part under the same name, elsewhere",
        """
        import course.nptorch.parts as p
        p.SavedTensor = object
        """,
    ),
    wants(
        "parts-swapped",
        "name the given parts for one's own",
        """
        from course.nptorch.parts import plugged
        import course.nptorch as t
        SavedTensor = type(t.tensor([1.0], requires_grad=True).exp().grad_fn.saved()[0])
        print(SavedTensor)
        """,
    ),
)
