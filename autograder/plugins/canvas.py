"""``nbgrader export --exporter=autograder.plugins.canvas.CanvasExport``: a file for Canvas's gradebook.

The format is what Canvas's importer reads (``lib/gradebook_importer.rb`` in instructure/canvas-lms, and
"How do I import grades in the Gradebook?" in the Canvas instructor guide):

- the columns ``Student, ID, SIS User ID, SIS Login ID, Section``, then one for each assignment;
- a second line that begins with ``Points Possible``;
- a student is found by ``ID``, else by ``SIS User ID``, else by ``SIS Login ID``, else by name;
- an assignment is found by ``Title (id)``, else by its title, else Canvas offers to make it;
- an empty field means that there is no grade.
"""

from __future__ import annotations

from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin
from traitlets import Bool, Dict, Enum, Unicode

from autograder.plugins.grades import Person, Table, gather, guarded, number, risky, write

HEAD = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")


class CanvasExport(ExportPlugin):  # type: ignore[misc]
    """Writes points after penalties, for Canvas to import."""

    columns = Dict(
        help="What an assignment is called in Canvas, best with its id, as in {'l05_retain_graph': 'Lesson 5 (1234)'}."
    ).tag(config=True)
    student_id_is = Enum(
        ("SIS Login ID", "SIS User ID", "ID"),
        default_value="SIS Login ID",
        help="Which of Canvas's columns holds what nbgrader calls the student's id.",
    ).tag(config=True)
    section = Unicode("", help="What to write under Section; Canvas does not look at it.").tag(config=True)
    missing_is_zero = Bool(False, help="Give 0 points to those who handed nothing in.").tag(config=True)

    def export(self, gradebook: Gradebook) -> None:
        """Write the file, ``canvas.csv`` unless ``--to`` says otherwise."""
        table = gather(gradebook, self.student, self.assignment)
        path = Path(self.to or "canvas.csv")
        people = []
        for person in table.people:
            if risky(person.id) or "Points Possible" in name_of(person):
                self.log.warning("Left out, enter the grade by hand: %r is no name that Canvas could read", person.id)
            else:
                people.append(person)
        for one in table.waiting:
            self.log.warning("Still waits for a grade by hand: %s", one)
        write(path, [self._head(table), self._most(table), *(self._line(person, table) for person in people)])
        self.log.info("Wrote %d students and %d assignments to %s", len(people), len(table.most), path)

    def _head(self, table: Table) -> list[str]:
        return [*HEAD, *(guarded(self.columns.get(name, name)) for name in table.most)]

    @staticmethod
    def _most(table: Table) -> list[str]:
        # Canvas itself writes spaces in front of these words, so that they sort before any name.
        return ["    Points Possible", "", "", "", "", *(number(most) for most in table.most.values())]

    def _line(self, person: Person, table: Table) -> list[str]:
        known = {"ID": person.lms_id if person.lms_id.isdecimal() else "", self.student_id_is: person.id}
        told = [known.get(column, "") for column in HEAD[1:4]]
        nothing = 0.0 if self.missing_is_zero else None
        scores = [number(table.points.get((person.id, name), nothing)) for name in table.most]
        return [guarded(name_of(person)), *told, guarded(self.section), *scores]


def name_of(person: Person) -> str:
    """Return a name as Canvas sorts it, ``Last, First``; the id where no name is known."""
    return ", ".join(part for part in (person.last_name, person.first_name) if part) or person.id
