"""``nbgrader export --exporter=autograder.plugins.moodle.MoodleExport``: a file for Moodle's gradebook.

The format is what "Grades > Import > CSV file" reads (https://docs.moodle.org/en/Grade_import, and
``grade/import/csv/classes/load_data.php`` in moodle/moodle): a first line with the columns' names, which
the teacher maps to grade items, then one line for each user. What follows from it:

- Users are found by one column, "Map from": e-mail address, ID number or username. A line whose user is
  not found ends the whole import, and a line in which that field is empty gives its grades to the user
  of the line before. So everybody in the file has the field, and whoever has none is left out and named.
- There is no line for the points possible: Moodle's grade item has them.
- An empty field means that there is no grade.
"""

from __future__ import annotations

from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin
from traitlets import Bool, Dict, Enum

from autograder.plugins.grades import Person, gather, guarded, number, risky, write

COLUMNS = {"email": "Email address", "idnumber": "ID number", "username": "Username"}


class MoodleExport(ExportPlugin):  # type: ignore[misc]
    """Writes points after penalties, for Moodle to import."""

    columns = Dict(help="What an assignment is called in Moodle, as in {'l05_retain_graph': 'Lesson 5'}.").tag(
        config=True
    )
    map_from = Enum(
        ("email", "idnumber", "username"),
        default_value="email",
        help="How Moodle finds a user: by e-mail address, or by ID number or username, which is then nbgrader's id.",
    ).tag(config=True)
    missing_is_zero = Bool(False, help="Give 0 points to those who handed nothing in.").tag(config=True)

    def export(self, gradebook: Gradebook) -> None:
        """Write the file, ``moodle.csv`` unless ``--to`` says otherwise."""
        table = gather(gradebook, self.student, self.assignment)
        path = Path(self.to or "moodle.csv")
        people = [person for person in table.people if self._found(person)]
        for one in table.waiting:
            self.log.warning("Still waits for a grade by hand: %s", one)
        for name, most in table.most.items():
            self.log.info("The grade item for %s needs a maximum of %s points", name, number(most))
        nothing = 0.0 if self.missing_is_zero else None
        head = ["First name", "Last name", COLUMNS[self.map_from]]
        rows = [[*head, *(guarded(self.columns.get(name, name)) for name in table.most)]]
        for person in people:
            scores = [number(table.points.get((person.id, name), nothing)) for name in table.most]
            rows.append([guarded(person.first_name), guarded(person.last_name), self._field(person), *scores])
        write(path, rows)
        self.log.info("Wrote %d students and %d assignments to %s", len(people), len(table.most), path)

    def _field(self, person: Person) -> str:
        return person.email.strip() if self.map_from == "email" else person.id

    def _found(self, person: Person) -> bool:
        field = self._field(person)
        if field and not risky(field):
            return True
        what = "an address that a spreadsheet takes for a formula" if field else "no e-mail address in the gradebook"
        self.log.warning("Left out, enter the grade by hand: %r has %s", person.id, what)
        return False
