"""The claims of the two tutorials, and the page made from running them."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from course import claims
from course.build import ROOT
from course.claims_list import VERDICTS
from course.scenarios import Raised, Scenario, get
from course.scenarios.observation import Observation, Observations

PAGE = Path(__file__).parents[1] / "docs" / "claims.md"


@pytest.fixture(scope="module")
def answers():
    return claims.answers()


def test_all_claims_are_there_and_each_has_its_own_scenario():
    a = ["A1", "A1b", "A1c", "A2", "A3", "A4", "A4b", "A4c", *(f"A{n}" for n in range(5, 29))]
    b = [f"B{n}" for n in range(1, 22)]
    assert [claim.id for claim in claims.CLAIMS] == a + b
    assert len({claim.scenario for claim in claims.CLAIMS}) == 53
    for claim in claims.CLAIMS:
        assert get(claim.scenario).id == claim.scenario
        assert claim.verdict in VERDICTS
        assert claim.says.isascii()


@pytest.mark.parametrize("claim", claims.CLAIMS, ids=lambda claim: claim.id)
def test_nptorch_agrees_with_torch(claim, answers):
    (answer,) = [one for one in answers if one.claim is claim]
    assert answer.missing == ""
    assert answer.agrees


def test_the_committed_page_is_what_running_the_claims_gives():
    assert not claims.is_stale(PAGE), "docs/claims.md is stale; to mend it: gradschool claims"


def test_writing_and_staleness(tmp_path, monkeypatch, answers):
    monkeypatch.setattr(claims, "answers", lambda: answers)
    page = tmp_path / "claims.md"
    assert claims.is_stale(page)
    claims.write(page)
    assert not claims.is_stale(page)
    page.write_text(page.read_text().replace("| A", "| B", 1) + "edited by hand\n")
    assert claims.is_stale(page)


def test_the_page_has_every_claim_and_both_columns(monkeypatch, answers):
    monkeypatch.setattr(claims, "answers", lambda: answers)
    text = claims.page()
    assert text.isascii()
    for answer in answers:
        section = text.split(f"\n### {answer.claim.id}\n")[1].split("\n### ")[0]
        assert answer.claim.says in section
        assert all(claims._cell(item.label) in section for item in answer.torch)
    assert "53 claims:" in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {4, 5}


def _answer(nptorch):
    scenario = Scenario("test.it", 1, "What?", lambda T, draw: iter(()))
    claim = claims.Claim("A99", "wrong", "Water is dry.", "test.it")
    torch = Observations((Observation("x", "number", "int", None, 1),))
    return claims.Answer(claim, scenario, torch, Observations(nptorch))


def test_a_missing_feature_and_a_difference_are_said_honestly():
    error = Raised("AttributeError", "course.nptorch has no torch.optim")
    escaped = Observation("raised", "raised", None, None, {"type": error.type, "keywords": []}, error.message)
    missing = _answer((escaped,))
    assert (missing.agrees, missing.status()) == (False, "cannot run it yet")
    assert "cannot run this program to its end yet: `AttributeError: course.nptorch has no torch.optim`" in (
        claims._section(missing, "2.13.0")
    )
    different = _answer((Observation("x", "number", "int", None, 2),))
    assert (different.agrees, different.status()) == (False, "**differs**")
    assert "nptorch differs from torch in: x." in claims._section(different, "2.13.0")
    same = dataclasses.replace(different, nptorch=different.torch)
    assert (same.agrees, same.status()) == (True, "agrees")


def test_every_claim_is_linked_from_the_lesson_that_answers_it():
    lessons = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "course" / "lessons").glob("*.py"))
    linked = set(re.findall(r"docs/claims\.md#(\w+)\)", lessons))
    assert {one.id.lower() for one in claims.CLAIMS} <= linked
