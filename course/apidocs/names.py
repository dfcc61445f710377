"""What the public names of `course.nptorch` are, page by page.

Public is what torch has under the same name: a snippet of torch may use it. What the engine calls
its own (helpers, attributes for the parts) is not; `OURS` are the exceptions.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import course.nptorch as engine

#: Names that torch does not have, and students need: plugging parts in.
OURS = ("load_parts", "parts", "save_part", "use")
#: Names that stand in no ``dir``.
_HIDDEN = {"autograd": ("Function",), "": ("no_grad", "enable_grad", "set_grad_enabled", "inference_mode")}
#: Methods that every layer or optimizer writes anew: the base class says what they do.
_SAME_EVERYWHERE = ("extra_repr", "forward", "reset_parameters")
_ENGINE = "course.nptorch"


@dataclass(frozen=True)
class Area:
    """One part of the package: where its names are, and the page that lists them.

    Attributes
    ----------
    path : str
        Below torch, such as ``nn.functional``; empty for the package itself.
    page : str
        Name of the file, without its ending.
    title : str
        In a few words.
    """

    path: str
    page: str
    title: str


AREAS = (
    Area("", "torch", "The package: creation, operations, modes"),
    Area("Tensor", "tensor", "Tensor"),
    Area("autograd", "autograd", "autograd"),
    Area("autograd.functional", "autograd", "autograd.functional"),
    Area("autograd.graph", "autograd", "autograd.graph"),
    Area("autograd.function", "autograd", "autograd.function"),
    Area("nn", "nn", "nn"),
    Area("nn.functional", "nn.functional", "nn.functional"),
    Area("nn.init", "nn.functional", "nn.init"),
    Area("nn.utils", "nn.functional", "nn.utils"),
    Area("optim", "optim", "optim"),
    Area("optim.lr_scheduler", "optim", "optim.lr_scheduler"),
    Area("distributions", "distributions", "distributions"),
    Area("testing", "testing", "testing"),
)


@dataclass(frozen=True)
class Entry:
    """One public function, class, method or attribute.

    Attributes
    ----------
    area : Area
        Where it is listed.
    name : str
        Below the area; of a method, with its class: ``Module.apply``.
    object : object
        What it is.
    counterpart : object
        What torch has under this name; None for `OURS`.
    members : tuple of Entry
        Methods and attributes, of a class.
    """

    area: Area
    name: str
    object: Any
    counterpart: Any = field(repr=False)
    members: tuple[Entry, ...] = ()

    @property
    def path(self) -> str:
        """The name as a program writes it, such as ``torch.nn.Module.apply``."""
        return ".".join(filter(None, ("torch", self.area.path, self.name)))

    @property
    def doc(self) -> str:
        """The docstring; of a method that has none, that of the method it replaces; ``self`` is named as called."""
        if inspect.isclass(self.object):
            return inspect.cleandoc(vars(self.object).get("__doc__") or "")
        text = inspect.getdoc(self.object) or ""
        return re.sub(r"\bself\b", "input", text) if self._is_operation else text

    @property
    def _is_operation(self) -> bool:
        """Whether this is a function of what the method of its name calls ``self``."""
        if inspect.isclass(self.object) or not callable(self.object) or self.area.path == "Tensor" or "." in self.name:
            return False
        return next(iter(inspect.signature(self.object).parameters), "") == "self"

    @property
    def parameters(self) -> list[inspect.Parameter]:
        """The parameters, without ``self`` of a method; none of an attribute."""
        if not callable(self.object):
            return []
        found = list(inspect.signature(self.object).parameters.values())
        if self._is_operation:
            found[0] = found[0].replace(name="input")
        elif found and found[0].name == "self":
            found = found[1:]
        return [one for one in found if not one.name.startswith("_")]

    @property
    def arguments(self) -> list[str]:
        """The names of the parameters that a reader has to be told about: those that are not ``*`` or ``**``."""
        return [one.name for one in self.parameters if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)]


def entries(area: Area) -> list[Entry]:
    """Return the public names of an area, in alphabetical order, those of classes with theirs.

    The parts have to be plugged in.

    Raises
    ------
    RuntimeError
        If torch is not installed.
    """
    try:
        judge = importlib.import_module("torch")
    except ImportError as error:
        raise RuntimeError("the names that are public are those that torch has, and torch is not installed") from error
    here, there = _at(engine, area.path), _at(judge, area.path)
    found = []
    for name in sorted({*dir(here), *_HIDDEN.get(area.path, ())}):
        if name.startswith("_"):
            continue
        thing = inspect.getattr_static(here, name) if inspect.isclass(here) else getattr(here, name)
        if not _is_listed(thing, area, name, there, name in getattr(here, "__all__", ())):
            continue
        counterpart = getattr(there, name, None)
        entry = Entry(area, name, thing, counterpart)
        found.append(Entry(area, name, thing, counterpart, tuple(_members(entry))))
    return found


def _at(root: Any, path: str) -> Any:
    for piece in filter(None, path.split(".")):
        root = getattr(root, piece)
    return root


def _is_listed(thing: Any, area: Area, name: str, there: Any, exported: bool) -> bool:
    if not hasattr(there, name):
        return name in OURS and not area.path
    if area.path == "Tensor":
        return callable(thing) or isinstance(thing, property)
    home = _ENGINE if exported else f"{_ENGINE}.{area.path}".rstrip(".")
    return callable(thing) and str(getattr(thing, "__module__", "")).startswith((home, "course.parts"))


def _members(owner: Entry) -> Iterator[Entry]:
    """Yield what a class has and its public base classes have not; Tensor's methods have their own page."""
    if not inspect.isclass(owner.object) or owner.name == "Tensor":
        return
    here = _at(engine, owner.area.path)
    for name in sorted(dir(owner.object)):
        maker = next((one for one in owner.object.__mro__ if name in vars(one)), object)
        inherited = any(issubclass(base, maker) for base in owner.object.__mro__[1:] if _is_public(base, here))
        ours = maker.__module__.startswith((_ENGINE, "course.parts"))
        if name.startswith("_") or inherited or not ours or not hasattr(owner.counterpart, name):
            continue
        if name in _SAME_EVERYWHERE and owner.name != "Module":
            continue
        thing = vars(maker)[name]
        if isinstance(thing, classmethod | staticmethod):
            thing = getattr(owner.object, name)
        if callable(thing) or isinstance(thing, property):
            yield Entry(owner.area, f"{owner.name}.{name}", thing, getattr(owner.counterpart, name))


def _is_public(base: type, here: Any) -> bool:
    return base in (getattr(here, base.__name__, None), getattr(engine, base.__name__, None))
