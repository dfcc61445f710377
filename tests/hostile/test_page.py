"""docs/security.md says what the cases show."""

from __future__ import annotations

from tests.hostile.table import BEGIN, END, PAGE, table


def test_the_table_is_that_of_the_cases() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.partition(BEGIN)[2].partition(END)[0].strip() == table(), "run: python -m tests.hostile.table"
