"""The wheel that students install: complete enough to work, with nothing in it that they should not have."""

from __future__ import annotations

import ast
import importlib.metadata
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.leaks import leaks, secrets

SECRET = ("course/parts", "autograder/alternatives", "autograder/hidden", "autograder/faults", "autograder/prove")
LEFT_OUT = (*SECRET, "course/lessons", "autograder/examples", "source", "release", "tests")


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, unpacked."""
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(root)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = out.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(out / "unpacked")
    return out / "unpacked"


@pytest.fixture(scope="module")
def project(root: Path) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def test_wheel_leaves_out_solutions(wheel: Path) -> None:
    files = [path.relative_to(wheel).as_posix() for path in wheel.rglob("*") if path.is_file()]
    wrong = [file for file in files if file.startswith(tuple(f"{folder}/" for folder in LEFT_OUT))]
    wrong += [file for file in files if "hidden" in Path(file).parts[:-1] or file.endswith(".ipynb")]
    assert not wrong
    assert {Path(file).parts[0] for file in files} == {"course", "autograder", "gradschool-0.1.0.dist-info"}


def test_the_theatre_has_its_script_and_style(root: Path, wheel: Path) -> None:
    for name in ("script.js", "style.css"):
        file = f"course/widgets/theatre/{name}"
        assert (wheel / file).read_bytes() == (root / file).read_bytes()


def test_what_was_recorded_on_gpus_travels_with_the_students(root: Path, wheel: Path) -> None:
    """All of it but what GPUs did in hidden programs; where there is nothing, the page that says so."""
    recorded = [
        path for path in (root / "course" / "compare" / "recorded").rglob("*") if path.suffix in (".json", ".md")
    ]
    oracles = [path for path in (root / "autograder" / "oracles").rglob("*.json") if "hidden" not in path.parts]
    assert root / "course" / "compare" / "recorded" / "README.md" in recorded
    for path in (*recorded, *oracles, root / "autograder" / "oracles" / "cuda" / "README.md"):
        assert (wheel / path.relative_to(root)).read_bytes() == path.read_bytes()


def test_folders_that_are_left_out_exist(root: Path, project: dict) -> None:
    """A folder that was renamed must not slip into the wheel."""
    for pattern in project["tool"]["hatch"]["build"]["targets"]["wheel"]["exclude"]:
        assert list(root.glob(pattern.lstrip("/"))), f"nothing is at {pattern}"


def test_no_secret_body_is_in_the_wheel(root: Path, wheel: Path) -> None:
    """No reference part, hidden scenario or fault has been copied into another file."""
    secret = secrets(*(root / folder for folder in SECRET))
    assert len(secret) > 10
    assert leaks(secret, wheel) == []


def test_a_copied_body_is_found(tmp_path: Path) -> None:
    """The check above can fail: it sees through new names, docstrings, annotations and line breaks."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "l01.py").write_text(
        "def walk(node: int) -> int:\n"
        '    """Contract."""\n'
        "    total: int = 0\n"
        "    for child in range(node):\n"
        "        total += child\n"
        "    return total\n"
    )
    (tmp_path / "wheel").mkdir()
    copied = tmp_path / "wheel" / "helper.py"
    copied.write_text(
        "def go(node):\n"
        "    total = 0  # start\n"
        "    for child in range(\n        node):\n"
        "        total += child\n"
        "    return (total)\n"
    )
    secret = secrets(tmp_path / "parts")
    assert leaks(secret, tmp_path / "wheel") == ["walk of parts/l01.py is in helper.py"]
    copied.write_text(copied.read_text().replace("+=", "-="))
    assert leaks(secret, tmp_path / "wheel") == []


def test_wheel_works_by_itself(wheel: Path, tmp_path: Path) -> None:
    """The engine imports without torch, and the command line says what is not there."""
    program = (
        f"import sys; sys.path.insert(0, {str(wheel)!r})\n"
        "import course, course.nptorch, autograder\n"
        f"assert course.__file__.startswith({str(wheel)!r}), course.__file__\n"
        "assert 'torch' not in sys.modules\n"
        "from autograder.cli import app\n"
        "app(['demo'])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "needs the course's repository" in done.stderr
    assert "Traceback" not in done.stderr


def _declared(project: dict) -> set[str]:
    extras = project["project"]["optional-dependencies"].values()
    lines = [*project["project"]["dependencies"], *(line for extra in extras for line in extra)]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def _pins(root: Path) -> dict[str, Requirement]:
    lines = (root / "constraints.txt").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def test_constraints_are_exact_and_portable(root: Path, project: dict) -> None:
    pins = _pins(root)
    for requirement in pins.values():
        assert requirement.url is None
        (pin,) = requirement.specifier
        assert pin.operator == "=="
        assert "+" not in pin.version
    assert _declared(project) <= set(pins)


def _brought_in(name: str, extras: set[str], seen: set[tuple[str, str]]) -> None:
    """Collect (package, extra) for all that installing `name` installs here, from what is installed."""
    try:
        lines = importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return
    for extra in extras | {""}:
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for requirement in map(Requirement, lines):
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                _brought_in(canonicalize_name(requirement.name), requirement.extras, seen)


def test_constraints_pin_what_dependencies_bring_in(root: Path, project: dict) -> None:
    seen: set[tuple[str, str]] = set()
    for name in _declared(project):
        _brought_in(name, set(), seen)
    assert {name for name, _ in seen} <= set(_pins(root))


def test_constraints_are_what_these_tests_run_with(root: Path) -> None:
    """The pins are called tested, so they must be the versions that are installed here."""
    wrong = []
    for name, requirement in _pins(root).items():
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        try:
            version = importlib.metadata.version(name).partition("+")[0]
        except importlib.metadata.PackageNotFoundError:
            continue  # a pin for a package that only other platforms install
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{name} {version} is installed, {requirement} is pinned")
    assert not wrong, "\n".join([*wrong, "Install with: pip install -c constraints.txt ..."])


def test_every_import_is_declared(root: Path, project: dict) -> None:
    """What the code imports is a dependency, not something that another package happens to bring."""
    known = sys.stdlib_module_names | {"course", "autograder", "benchmarks"}
    distributions = importlib.metadata.packages_distributions()
    undeclared = set()
    for folder in ("course", "autograder", "benchmarks"):
        for path in sorted((root / folder).rglob("*.py")):
            if "examples" in path.parts:  # what students handed in, broken code and all
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                    names = [node.module]
                for name in {name.partition(".")[0] for name in names} - known:
                    owners = {canonicalize_name(owner) for owner in distributions.get(name, [name])}
                    if not owners & _declared(project):
                        undeclared.add(f"{name} in {path.relative_to(root)}")
    assert not undeclared


def test_pre_commit_uses_the_pinned_tools(root: Path) -> None:
    text = (root / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    pins = _pins(root)
    for tool in ("ruff", "nbstripout"):
        assert f'"{pins[tool].name}{pins[tool].specifier}"' in text


def test_pre_commit_leaves_built_notebooks_alone(root: Path, tmp_path: Path) -> None:
    """The hook takes outputs out; what the build makes has none, so it must not change a byte of it."""
    text = (root / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    (entry,) = (line.split("entry: ")[1] for line in text.splitlines() if "entry: nbstripout" in line)
    built = sorted((root / "source").glob("*/*.ipynb"))
    assert built
    copies = [shutil.copy(notebook, tmp_path) for notebook in built]
    subprocess.run([sys.executable, "-m", *entry.split(), *copies], check=True, capture_output=True)
    for notebook, copy in zip(built, copies, strict=True):
        assert Path(copy).read_bytes() == notebook.read_bytes()
