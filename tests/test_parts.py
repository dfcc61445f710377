"""Parts: plugging in, null parts, loading and saving."""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

import course.nptorch as torch
from course.nptorch.loading import PartFileError
from course.nptorch.parts import DECLARED, MissingPart, plugged
from course.parts import modules, reference


@pytest.fixture(autouse=True)
def null_parts():
    """Start every test with nothing plugged in."""
    with torch.use(**dict.fromkeys(DECLARED)):
        yield


@pytest.fixture
def shell():
    """Give a notebook's shell, as a kernel has one."""
    shell = InteractiveShell.instance()
    yield shell
    shell.reset()


def test_every_declared_part_has_a_reference_in_the_module_of_its_lesson():
    for name, part in reference().items():
        assert part.__module__.startswith(f"course.parts.l{DECLARED[name].lesson:02d}_"), name
    assert set(reference()) == set(DECLARED)


def test_reference_up_to_a_lesson():
    assert {DECLARED[name].lesson for name in reference(5)} == {1, 2, 3, 4, 5}
    assert modules()[5] == "l05_retain_graph"


def test_without_parts_an_error_names_the_lesson():
    x = torch.tensor([1.0], requires_grad=True)
    with pytest.raises(MissingPart, match=r"lesson 2 \(The walk back\).*load_parts"):
        x.sum().backward()
    assert issubclass(MissingPart, NotImplementedError)


def test_null_saved_tensor_keeps_for_ever():
    with torch.use(**reference(4)):
        x = torch.tensor([1.0], requires_grad=True)
        y = x.exp().sum()
        y.backward()
        y.backward()
        assert x.grad.item() == pytest.approx(2 * 2.718281828, rel=1e-6)


def test_use_takes_effect_at_once_and_a_with_block_restores():
    with torch.use(**reference(2)):
        walked = []

        def run_backward(roots, run_node):
            walked.append(len(roots))
            reference()["run_backward"](roots, run_node)

        x = torch.tensor([1.0], requires_grad=True)
        with torch.use(**reference(4)), torch.use(run_backward=run_backward):
            (x + x).sum().backward()
        assert walked == [1]
        assert plugged.run_backward is reference()["run_backward"]


def test_unknown_part_is_refused_and_nothing_is_plugged():
    with pytest.raises(TypeError, match="no part named run_forward"):
        torch.use(run_forward=print, run_backward=print)
    assert torch.parts()["run_backward"].whose == "null"


@pytest.mark.parametrize(("rule", "takes"), [(lambda g, x: g, "x"), (lambda g, a: g, "a")])
def test_a_rule_must_ask_for_what_the_operation_keeps(rule, takes):
    with pytest.raises(TypeError, match=rf"exp_self must take \(g, result\).*yours takes \(g, {takes}\)"):
        torch.use(exp_self=rule)
    assert torch.parts()["exp_self"].whose == "null"


def test_parts_table_says_whose():
    torch.use(**reference(1), run_backward=lambda roots, run_node: None)
    table = torch.parts()
    assert table["exp_self"].whose == "given"
    assert table["run_backward"].whose == "mine"
    assert table["SavedTensor"].whose == "null"
    assert "<th scope='row'><code>exp_self</code></th>" in table._repr_html_()
    assert "SavedTensor" in repr(table)


def test_load_given_takes_only_lessons_before(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.load_parts("given", lesson=5)
    whose = {row.lesson: row.whose for row in torch.parts()}
    assert whose[4] == "given"
    assert whose[5] == "null"


def test_load_given_prefers_the_folder_beside_the_notebook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "l04_graph.py").write_text("def detach(t):\n    return 'beside'\n")
    torch.load_parts("given", lesson=5)
    assert torch.tensor([1.0]).detach() == "beside"
    assert torch.parts()["run_backward"].whose == "null"


@pytest.mark.parametrize(
    ("source", "hint"),
    [("mine", "save_part"), ("nowhere", "path of a folder")],
)
def test_load_from_a_missing_folder_says_what_to_do(tmp_path, monkeypatch, source, hint):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError, match=hint):
        torch.load_parts(source)


def test_a_broken_part_file_is_named(tmp_path):
    (tmp_path / "detach.py").write_text("def detach(t) return t\n")
    with pytest.raises(PartFileError, match=r"detach\.py does not run: SyntaxError"):
        torch.load_parts(tmp_path)


CELL = """
import itertools
import course.nptorch as torch
FREED = "gone"

def helper(value):
    return value

class SavedTensor:
    '''Mine.'''
    version = 0
    def __init__(self, value, is_output=False):
        self.value = helper(value)
    def unpack(self):
        if self.value is None:
            raise RuntimeError(FREED)
        return self.value
    def release(self):
        self.value = None

print("an experiment that is not saved")
"""


def test_save_part_from_a_notebook_cell_and_load_it_again(shell, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shell.run_cell(CELL, store_history=True).raise_error()
    path = torch.save_part(shell.user_ns["SavedTensor"])
    assert path == Path("my_engine/SavedTensor.py")
    assert "experiment" not in path.read_text()
    capsys.readouterr()
    torch.load_parts("mine")
    assert capsys.readouterr().out == ""
    assert torch.parts()["SavedTensor"].whose == "mine"
    kept = plugged.SavedTensor(3)
    kept.release()
    with pytest.raises(RuntimeError, match="gone"):
        kept.unpack()


def test_save_part_refuses_what_another_cell_defines(shell, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shell.run_cell("def elsewhere(t):\n    return t\n", store_history=True).raise_error()
    shell.run_cell("def detach(t):\n    return elsewhere(t)\n", store_history=True).raise_error()
    with pytest.raises(PartFileError, match="uses elsewhere, which another cell defines"):
        torch.save_part(shell.user_ns["detach"])
    assert not (tmp_path / "my_engine").exists()


STUBS = {
    "a method": (
        """
class SavedTensor:
    def __init__(self, value, is_output=False):
        self.value = value
    def unpack(self):
        return self.value
    def release(self):
        'Let go.'
        # YOUR CODE HERE
        raise NotImplementedError("write SavedTensor.release")
""",
        "SavedTensor.release is not written yet",
    ),
    "a function": (
        """
def release_saved(node, retain_graph):
    raise NotImplementedError
""",
        "release_saved is not written yet",
    ),
}


@pytest.mark.parametrize(("cell", "said"), STUBS.values(), ids=STUBS)
def test_save_part_refuses_what_is_not_written(shell, tmp_path, cell, said):
    shell.run_cell(cell, store_history=True).raise_error()
    part = shell.user_ns["SavedTensor" if "class" in cell else "release_saved"]
    with pytest.raises(PartFileError, match=said):
        torch.save_part(part, tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


def test_save_part_takes_what_raises_only_sometimes(shell, tmp_path):
    cell = """
class Unused:
    def later(self):
        raise NotImplementedError
def release_saved(node, retain_graph):
    if retain_graph is None:
        return
    raise NotImplementedError("not for this kind of node")
"""
    shell.run_cell(cell, store_history=True).raise_error()
    assert torch.save_part(shell.user_ns["release_saved"], tmp_path).is_file()


def test_save_part_takes_methods_that_must_be_overridden(shell, tmp_path):
    cell = """
class Function:
    @staticmethod
    def forward(*args):
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")
"""
    shell.run_cell(cell, store_history=True).raise_error()
    assert torch.save_part(shell.user_ns["Function"], tmp_path).is_file()


def test_a_part_that_derives_from_another_is_saved_and_loaded_with_it(shell, tmp_path):
    base = """
from course.nptorch.autograd.function import FunctionBase
class Function(FunctionBase):
    @classmethod
    def apply(cls, *args):
        return "mine"
"""
    derived = """
class SlidingConv2d(Function):
    @staticmethod
    def forward(ctx, x, weight, stride=1):
        return x
"""
    shell.run_cell(base, store_history=True).raise_error()
    shell.run_cell(derived, store_history=True).raise_error()
    for name in ("Function", "SlidingConv2d"):
        torch.save_part(shell.user_ns[name], tmp_path)
    assert "class Function" not in (tmp_path / "SlidingConv2d.py").read_text()
    with torch.load_parts(tmp_path):
        assert plugged.SlidingConv2d.__mro__[1] is plugged.Function
        assert plugged.SlidingConv2d.apply(1, 2) == "mine"


def test_save_part_takes_along_the_counter_that_a_part_uses(shell, tmp_path):
    cell = """
import itertools
start = 7
_ids = itertools.count(start)
_other = itertools.count()
class RemovableHandle:
    def __init__(self, hooks):
        self.id = next(_ids)
"""
    shell.run_cell(cell, store_history=True).raise_error()
    text = torch.save_part(shell.user_ns["RemovableHandle"], tmp_path).read_text()
    assert "_other" not in text
    names = {}
    exec(text, names)
    assert names["RemovableHandle"]({}).id == 7


def test_save_part_refuses_what_is_no_part(tmp_path):
    def sort(t):
        return t

    with pytest.raises(TypeError, match="sort is not a part of the engine"):
        torch.save_part(sort, tmp_path)


def test_the_engine_imports_neither_torch_nor_the_parts():
    import subprocess

    code = textwrap.dedent("""
        import sys
        import course.nptorch
        loaded = [m for m in sys.modules if m == "torch" or m.startswith(("torch.", "course.parts"))]
        assert not loaded, loaded
    """)
    subprocess.run([sys.executable, "-c", code], check=True)
