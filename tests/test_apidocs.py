"""The API reference, and the docstrings that it is made of."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

import course.nptorch as engine
from course import apidocs
from course.apidocs.glossary import _ANY, _BY_AREA, shared_meaning
from course.apidocs.links import ROOT, link
from course.apidocs.names import AREAS, OURS, Area, Entry, entries
from course.apidocs.page import described, meaning, parsed, row, section, signature
from course.parts import reference

PLUGGED = engine.use(**reference())
EVERY = [one for area in AREAS for listed in entries(area) for one in (listed, *listed.members)]
PLUGGED.__exit__(None, None, None)
BY_PATH = {one.path: one for one in EVERY}
PUBLIC = [
    *("torch.exp", "torch.no_grad", "torch.use", "torch.Tensor", "torch.is_anomaly_enabled"),
    *("torch.Tensor.exp_", "torch.Tensor.grad", "torch.Tensor.backward"),
    *("torch.autograd.grad", "torch.autograd.Function", "torch.autograd.functional.hvp"),
    *("torch.autograd.graph.saved_tensors_hooks", "torch.autograd.graph.Node", "torch.autograd.detect_anomaly"),
    *("torch.nn.Module.state_dict", "torch.nn.Sequential.append", "torch.nn.Conv2d", "torch.nn.functional.relu"),
    *("torch.nn.init.zeros_", "torch.nn.utils.clip_grad_norm_", "torch.optim.lr_scheduler.StepLR"),
    *("torch.optim.Adam", "torch.optim.Optimizer.step", "torch.distributions.Normal.log_prob"),
]
# a helper, and two methods that the base class explains
NOT_PUBLIC = [
    "torch.Tensor.detach_alias",
    "torch.nn.Conv2d.zero_grad",
    "torch.nn.Conv2d.forward",
    "torch.nn.init.Tensor",
]


@pytest.fixture(autouse=True)
def parts():
    with engine.use(**reference()):
        yield


def test_what_is_public():
    assert len(BY_PATH) == len(EVERY) > 800
    assert set(PUBLIC) <= set(BY_PATH)
    assert not set(NOT_PUBLIC) & set(BY_PATH)


def problems(one):
    """Say what is wrong with a docstring."""
    doc = parsed(one)
    summary, told = doc.short_description or "", described(doc)
    names = [parameter.name for parameter in one.parameters]
    open_ended = len(names) > len(one.arguments)  # *args and **kwargs may be told one by one
    if not summary.endswith(".") or "\n" in summary:
        yield f"its summary is no sentence on a line of its own: {summary!r}"
    if not one.doc.isascii():
        yield "it is not plain ASCII"
    for name in one.arguments:
        if meaning(one, doc, name) is None:
            yield f"{name} is neither in it nor in course/apidocs/glossary.py"
    for name in told:
        if not open_ended and not any(fnmatch(real, name) for real in names):
            yield f"its {name} is not in the signature"


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.path or "torch")
def test_docstrings(area):
    found = [f"{one.path}: {what}" for one in EVERY if one.area == area for what in problems(one)]
    assert not found, "\n".join(found)


def test_a_bad_docstring_is_found():
    def bad(self, x, nobody_knows):
        """Do it

        Parameters
        ----------
        x : int
            Known.
        gone : int
            Was here before.
        """

    assert [what.split()[0:2] for what in problems(entry(bad))] == [
        ["its", "summary"],
        ["nobody_knows", "is"],
        ["its", "gone"],
    ]


def test_links_lead_to_a_page_of_torchs_documentation():
    pattern = re.compile(re.escape(ROOT) + r"(generated/torch\.[\w.]+|[a-z][\w.]*)\.html(#[\w.-]+)?")
    wrong = [one.path for one in EVERY if not pattern.fullmatch(link(one)) and one.name not in OURS]
    assert not wrong
    assert [link(BY_PATH[f"torch.{name}"]) for name in OURS] == [""] * len(OURS)


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("torch.exp", "generated/torch.exp.html"),
        ("torch.Tensor.exp_", "generated/torch.Tensor.exp_.html"),
        ("torch.Tensor.new", "tensors.html"),  # torch does not explain it
        ("torch.nn.Linear", "generated/torch.nn.Linear.html"),
        ("torch.nn.Module.apply", "generated/torch.nn.Module.html#torch.nn.Module.apply"),
        ("torch.nn.functional.relu", "generated/torch.nn.functional.relu.html"),
        ("torch.nn.init.zeros_", "nn.init.html#torch.nn.init.zeros_"),
        ("torch.autograd.functional.jvp", "generated/torch.autograd.functional.jvp.html"),
        ("torch.autograd.graph.saved_tensors_hooks", "autograd.html#torch.autograd.graph.saved_tensors_hooks"),
        ("torch.finfo", "type_info.html#torch.finfo"),
    ],
)
def test_links_that_are_known(path, address):
    assert link(BY_PATH[path]) == ROOT + address


def test_every_word_of_the_glossary_is_used():
    used = {(one.area.path.partition(".")[0], name) for one in EVERY for name in one.arguments}
    names = {name for _, name in used} | {"out"}
    assert set(_ANY) <= names
    for area, words in _BY_AREA.items():
        assert set(words) <= {name for where, name in used if where == area}


def test_what_a_parameter_means_depends_on_the_area():
    assert "norm" in shared_meaning("", "p")
    assert "probability" in shared_meaning("nn.functional", "p")
    assert shared_meaning("optim", "no_such_name") == ""


AREA = Area("nn", "nn", "nn")


def entry(function, area=AREA, counterpart=len):
    return Entry(area, function.__name__, function, counterpart)


def scale(self, factor, *args, dim=1, how="a|b", **kwargs):
    """Return self times `factor`.

    More of it, with ``code``.

    Parameters
    ----------
    factor : {1, 2}
        How much.
        And more.

    Returns
    -------
    result : Tensor
        Of the same shape.

    Raises
    ------
    ValueError
        If it is odd.

    Examples
    --------
    >>> scale(x, 2)  # doctest: +SKIP
    """


def test_a_section():
    assert section(entry(scale)) == (
        "### nn.scale\n\n"
        "    torch.nn.scale(input, factor, *args, dim=1, how='a|b', **kwargs)\n\n"
        "Return input times `factor`.\n\n"
        "More of it, with ``code``.\n\n"
        "Parameters:\n\n"
        "- `input`: Tensor.\n"
        "- `factor` ({1, 2}): How much. And more.\n"
        f"- `dim`: {_ANY['dim']}\n\n"
        "Returns `result` (Tensor): Of the same shape.\n\n"
        "Raises ValueError: If it is odd.\n\n"
        "```python\n>>> scale(x, 2)\n```\n\n"
        f"In torch: [torch.nn.scale]({ROOT}generated/torch.nn.scale.html)\n"
    )


def test_a_row():
    assert row(entry(scale)) == (
        "| `nn.scale(input, factor, *args, dim=1, how='a\\|b', **kwargs)` | Return input times `factor`. "
        f"| [torch]({ROOT}generated/torch.nn.scale.html) |\n"
    )
    own = entry(scale, counterpart=None)
    assert row(own).endswith("|  |\n")
    assert "The course's own" in section(own)


def test_signatures():
    assert signature(BY_PATH["torch.exp"]) == "torch.exp(input, *, out=None)"
    assert signature(BY_PATH["torch.Tensor.exp"]) == "torch.Tensor.exp()"
    assert signature(BY_PATH["torch.Tensor.grad"]) == "torch.Tensor.grad"
    assert signature(BY_PATH["torch.nn.Linear"]).startswith("torch.nn.Linear(in_features, out_features, bias=True")


def test_pages_have_every_name_and_no_address_in_memory():
    texts = apidocs.pages()
    assert set(texts) == {"README.md", *(f"{area.page}.md" for area in AREAS)}
    for text in texts.values():
        assert text.isascii()
        assert "0x" not in text
        assert "\n\n\n" not in text
        assert not re.search(r"[ \t]$", text, re.MULTILINE)
    for one in EVERY:
        page = texts[f"{one.area.page}.md"]
        short = signature(one).removeprefix("torch.").replace("|", "\\|")
        assert f"| `{short}` |" in page or f"    torch.{signature(one).removeprefix('torch.')}\n" in page


def test_same_input_same_bytes():
    assert apidocs.pages() == apidocs.pages()


def test_write_and_stale(tmp_path: Path):
    folder = tmp_path / "api"
    assert len(apidocs.write(folder)) == len(apidocs.pages())
    assert apidocs.stale(folder) == apidocs.write(folder) == []
    (folder / "torch.md").write_text("changed")
    (folder / "optim.md").unlink()
    (folder / "old.md").write_text("of a page that is no more")
    assert apidocs.stale(folder) == ["old.md", "optim.md", "torch.md"]
    assert {path.name for path in apidocs.write(folder)} == {"old.md", "optim.md", "torch.md"}
    assert not (folder / "old.md").exists()
    assert apidocs.stale(folder) == []


def test_a_docstring_that_changed_makes_the_page_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    apidocs.write(tmp_path)
    monkeypatch.setattr(engine.optim.SGD, "__doc__", "Another summary.")
    assert apidocs.stale(tmp_path) == ["optim.md"]


def test_without_torch_the_error_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    with pytest.raises(RuntimeError, match="torch is not installed"):
        apidocs.pages()


def test_help_shows_every_operation():
    """What was made by a factory has its docstring where Python looks for it."""
    from course.nptorch.ops.register import FUNCTIONS

    assert [name for name, function in FUNCTIONS.items() if not function.__doc__] == []
    assert engine.exp.__doc__ == engine.Tensor.exp.__doc__
    assert "sign of `self`" in engine.fmod.__doc__
