"""``gradschool fuzz``: run random programs on torch and on the engine, and show what differs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from course.fuzz import corpus
from course.fuzz.campaign import Campaign, Finding, campaign
from course.fuzz.census import CONSTRUCTS

Say = Callable[[str], None]

_STEPS = 20


def main(seed: int, count: int, save: Path | None, say: Say) -> bool:
    """Run a campaign on the reference parts and tell how it went.

    Parameters
    ----------
    seed, count : int
        Which programs.
    save : Path or None
        Folder for what differs.
    say : function
        Prints one line.

    Returns
    -------
    bool
        Whether the engines agreed on all programs.
    """
    import course.nptorch as nptorch
    import course.parts

    def progress(went: Campaign) -> None:
        if went.programs % max(count // _STEPS, 1) == 0 and went.programs < count:
            say(f"{went.programs} of {count} programs, {went.differing} differ, {went.per_program:.1f} ms each")

    def found(finding: Finding) -> None:
        say(f"\n{finding}\n")
        if save is not None:
            note = (
                f"{finding.difference.where}: torch {finding.difference.expected!r}, nptorch {finding.difference.got!r}"
            )
            path = corpus.keep(save, finding.program, note.encode("ascii", "replace").decode())
            say(f"Kept: {path}\n")

    with nptorch.use(**course.parts.reference()):
        went = campaign(seed, count, progress=progress, found=found)
    verdict = f"{went.differing} differ" if went.differing else "no difference"
    say(
        f"{went.programs} programs of {went.statements} statements in {went.seconds:.1f} s "
        f"({went.per_program:.1f} ms each): {verdict}"
    )
    shares = (f"{name} {100 * went.constructs[name] / max(went.programs, 1):.0f}" for name in CONSTRUCTS)
    say(f"Of 100 programs: {', '.join(shares)}")
    return not went.differing
