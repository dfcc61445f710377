"""``theatre.compare(story_a, story_b)``: two engines on one timeline."""

from __future__ import annotations

from course.widgets.theatre.align import Aligned, align
from course.widgets.theatre.show import INERT, Shown, grading
from course.widgets.theatre.story import Story


def compare(story_a: Story, story_b: Story) -> Shown:
    """Step two stories together, and mark the first event in which they differ.

    What counts as a difference is told in `course.widgets.theatre.align`.

    Parameters
    ----------
    story_a, story_b : Story
        Of your engine and of torch, of the same program; or of one program before and after a change.

    Returns
    -------
    Shown
        As `show` gives it, with two stages.
    """
    if grading():
        return INERT
    aligned = align(story_a, story_b)
    return Shown(_log(story_a, story_b, aligned), lambda: _page(story_a, story_b, aligned))


def verdict(aligned: Aligned) -> str:
    """Say in one line whether the stories differ, and where."""
    steps = len(aligned.counts) - 1
    if aligned.differ is None:
        return f"No difference in {steps} steps."
    return f"First difference, at step {aligned.differ} of {steps}: {aligned.why}"


def _rows(a: Story, b: Story, aligned: Aligned) -> list[tuple[str, str]]:
    """Return what each side tells at each step of the common timeline."""
    rows = []
    for before, after in zip(aligned.counts, aligned.counts[1:], strict=False):
        sides = zip((a, b), before, after, strict=True)
        rows.append(tuple("; ".join(one["says"] for one in story.events[old:new]) for story, old, new in sides))
    return [(left, right) for left, right in rows]


def _log(a: Story, b: Story, aligned: Aligned) -> str:
    lines = [f"{a.title or 'story'} ({a.engine}) beside {b.title or 'story'} ({b.engine})", verdict(aligned)]
    for step, (left, right) in enumerate(_rows(a, b, aligned), start=1):
        mark = "*" if step == aligned.differ else " "
        lines += [f"{step:>4}{mark} {left or '-'}"] + ([f"      {right or '-'}"] if left != right else [])
    return "\n".join(lines)


def _page(a: Story, b: Story, aligned: Aligned) -> str:
    from course.widgets.theatre import data, html, picture, steps
    from course.widgets.theatre.layout import lay_out
    from course.widgets.theatre.states import opening

    layouts = lay_out(a), lay_out(b)
    rows = []
    for step, sides in enumerate(_rows(a, b, aligned)[: steps.MOST_ROWS], start=1):
        mark = " <b>first difference</b>" if step == aligned.differ else ""
        rows.append(f"<tr><td>{step}{mark}" + "".join(f"<td>{picture.clean(side)}" for side in sides))
    said = f"<p><b>{picture.clean(verdict(aligned))}</b></p>"
    more = len(aligned.counts) > steps.MOST_ROWS
    heads = ("step", f"{a.title} ({a.engine})", f"{b.title} ({b.engine})")
    table = said + steps.folded(f"The {len(aligned.counts) - 1} steps as a table", rows, more, heads)
    begun = (opening(a), opening(b))
    start = next((at for at, pair in enumerate(aligned.counts) if pair[0] >= begun[0] and pair[1] >= begun[1]), 0)
    play = {
        "stages": [data.stage(story, layout, ()) for story, layout in zip((a, b), layouts, strict=True)],
        "start": start,
        "counts": aligned.counts,
        **({} if aligned.differ is None else {"differ": aligned.differ, "why": aligned.why}),
    }
    pictures = [
        (f"{story.title} ({story.engine})", picture.src(story, layout), picture.alt(story, layout))
        for story, layout in zip((a, b), layouts, strict=True)
    ]
    return html.page(pictures, table, play)
