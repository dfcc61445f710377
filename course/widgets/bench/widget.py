"""The bench in the notebook: controls in the browser, the engine in Python."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from course.widgets.bench import page
from course.widgets.bench.programs import PROGRAMS, SWITCHES, Switches
from course.widgets.bench.running import BadInput, Ran, available, numbers, run
from course.widgets.theatre.show import INERT, grading

HERE = Path(__file__).parent


def bench(program: str = "twice", *, engine: str = "mine", **switches: bool) -> Any:
    """Open the lab bench.

    Pick a program, switch ``retain_graph``, ``create_graph``, ``detach``, ``no_grad``, a hook and an in-place
    line on and off, edit the inputs, choose whose engine runs it, and watch.

    Parameters
    ----------
    program : str
        With which program it opens: ``"twice" "two-losses" "diamond" "state" "slope"``.
    engine : {"mine", "reference", "torch"}
        Whose engine: what is plugged in now, the reference parts (where they are installed), torch.
    **switches : bool
        Switches that are on in the beginning, by the names above; ``in_place`` and ``hook`` for the other two.

    Returns
    -------
    object
        What the notebook shows. Where no Python answers (an exported page) it shows the program as it was
        set; while nbgrader runs, one line of text.

    Raises
    ------
    ValueError
        For a program, an engine or a switch that is not there; the message lists those that are.
    """
    if program not in PROGRAMS:
        raise ValueError(f"no program {program!r}; there are: {', '.join(PROGRAMS)}")
    if unknown := sorted(set(switches) - set(SWITCHES)):
        raise ValueError(f"no switch {unknown[0]!r}; there are: {', '.join(SWITCHES)}")
    if engine not in available():
        raise ValueError(f"the engine {engine!r} is not here; there are: {', '.join(available())}")
    if grading():
        return INERT
    return _widget_class()(settings(program, engine, Switches(**switches)))


def settings(program: str, engine: str, switches: Switches) -> dict[str, Any]:
    """Return the state of the controls as plain data, with a program's own inputs."""
    return {
        "program": program,
        "engine": engine,
        "switches": {name: getattr(switches, name) for name in SWITCHES},
        "inputs": {name: ", ".join(f"{one:g}" for one in found) for name, found in PROGRAMS[program].inputs.items()},
    }


def run_settings(chosen: dict[str, Any]) -> Ran:
    """Run what the controls say.

    Raises
    ------
    BadInput
        If an input cannot be used.
    """
    program = PROGRAMS[chosen["program"]]
    inputs = {name: numbers(str(text)) for name, text in chosen["inputs"].items() if name in program.inputs}
    on = Switches(**{name: bool(chosen["switches"].get(name)) for name in SWITCHES})
    return run(program, inputs, on, chosen["engine"])


def choices() -> dict[str, Any]:
    """Return what the controls offer."""
    return {
        "programs": [
            {
                "id": one.id,
                "title": one.title,
                "inputs": {name: ", ".join(f"{number:g}" for number in found) for name, found in one.inputs.items()},
            }
            for one in PROGRAMS.values()
        ],
        "switches": list(SWITCHES.items()),
        "engines": list(available().items()),
    }


_made: list[type] = []


def _widget_class() -> type:
    """Make the widget's class; only here is anywidget imported, which nothing else needs."""
    if _made:
        return _made[0]
    import anywidget
    import traitlets

    class Bench(anywidget.AnyWidget):
        """The bench as a widget: `settings` come from the browser, `told` and `stage` go there."""

        _esm = HERE / "bench.js"
        _css = HERE / "bench.css"
        choices = traitlets.Dict().tag(sync=True)
        settings = traitlets.Dict().tag(sync=True)
        told = traitlets.Unicode().tag(sync=True)
        stage = traitlets.Unicode().tag(sync=True)
        complaint = traitlets.Unicode().tag(sync=True)

        def __init__(self, chosen: dict[str, Any]) -> None:
            super().__init__(choices=choices(), settings=chosen)
            self._run()
            self.observe(lambda change: self._run(), names="settings")

        def _run(self) -> None:
            try:
                self.ran = run_settings(self.settings)
            except BadInput as error:
                self.complaint = str(error)
                return
            with self.hold_sync():
                self.complaint = ""
                self.told, self.stage = page.told(self.ran), page.stage(self.ran)

        def _repr_mimebundle_(self, **options: Any) -> Any:
            made = super()._repr_mimebundle_(**options)
            if made is None:
                return {"text/plain": repr(self)}
            data, metadata = made if isinstance(made, tuple) else (made, {})
            return data | {"text/html": page.still(self.ran), "text/plain": str(self.ran.story)}, metadata

    _made.append(Bench)
    return Bench
