"""Each hostile or broken submission, graded between two honest ones on one warm worker."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from tests.hostile import cases
from tests.hostile.case import Case
from tests.hostile.harness import Ground

FAMILIES = {
    name: importlib.import_module(f"tests.hostile.cases.{name}") for _, name, _ in pkgutil.iter_modules(cases.__path__)
}
NAMED: dict[str, Case] = {f"{name}-{case.id}": case for name, family in FAMILIES.items() for case in family.CASES}
CASES = list(NAMED.values())


@pytest.mark.parametrize("case", CASES, ids=list(NAMED))
def test_it_harms_nobody_and_earns_nothing(ground: Ground, case: Case) -> None:
    ground.check(case)


def test_there_are_enough_and_no_two_of_one_name() -> None:
    assert len(CASES) >= 120
    assert len({case.id for case in CASES}) == len(CASES)
