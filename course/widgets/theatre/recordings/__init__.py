"""Stories of torch that were recorded once, for readers without torch.

``python -m course.widgets.theatre.recordings`` writes them anew.
"""

from __future__ import annotations

from pathlib import Path

from course.widgets.theatre.story import Story

HERE = Path(__file__).parent


def recorded(name: str) -> Story:
    """Return a story that was recorded on torch; its title says so, with version and device.

    Raises
    ------
    ValueError
        If there is none of this name; the message lists those that there are.
    """
    file = HERE / f"{name}.json"
    if not file.is_file():
        there = ", ".join(sorted(path.stem for path in HERE.glob("*.json")))
        raise ValueError(f"no story {name!r} was recorded; there are: {there}")
    return Story.load(file)
