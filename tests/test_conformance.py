"""The page that says which scenario proves what: every name on it exists, and every topic is on it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import course.nptorch as torch
from course.compare import backend
from course.scenarios import Scenario, scenarios
from course.scenarios.observation import Observation, observe

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "conformance.md"
TEXT = PAGE.read_text(encoding="ascii")
GPU = {one.id: one for one in scenarios(needs="cuda")}
KNOWN = {one.id: one for one in scenarios()}


def items() -> dict[str, list[str]]:
    """Return the items of the page, and what each names as its proof."""
    found: dict[str, list[str]] = {}
    section = ""
    for block in re.split(r"\n(?=- |## |\n)", TEXT):
        if block.startswith("## "):
            section = block.removeprefix("## ")
        elif block.startswith("- "):
            item, _, proof = " ".join(block.split()).rpartition(": ")
            found[f"{section}: {item}"] = re.findall(r"`([^`]+)`", proof)
    return found


ITEMS = items()


def test_there_are_at_least_400_scenarios() -> None:
    assert len(KNOWN) >= 400
    assert len(ITEMS) > 150


@pytest.mark.parametrize("item", ITEMS)
def test_every_item_is_proved_by_what_exists(item: str) -> None:
    proofs = ITEMS[item]
    assert proofs, "nothing proves it"
    for proof in proofs:
        assert proof in KNOWN or proof in GPU or (proof.startswith("tests/") and (ROOT / proof).is_file()), proof
    assert len(set(proofs)) == len(proofs)


def test_every_topic_is_on_the_page() -> None:
    topics = {one.topic for one in KNOWN.values()}
    named = {proof.partition(".")[0] for proofs in ITEMS.values() for proof in proofs}
    assert topics - named == set()


def test_every_program_for_a_gpu_is_on_the_page() -> None:
    assert set(GPU) <= {proof for proofs in ITEMS.values() for proof in proofs}


def test_batches_of_gradients_are_refused_in_clear_words() -> None:
    """torch runs this through vmap, which the engine does not have; so no scenario can show it."""
    x = torch.ones(2, requires_grad=True)
    with torch.use(**_reference()), pytest.raises(NotImplementedError, match=r"is_grads_batched.*once per row"):
        torch.autograd.grad(x * 2, x, grad_outputs=torch.ones(3, 2), is_grads_batched=True)


def _reference() -> dict[str, object]:
    from course import parts

    return parts.reference()


def messages(observation: Observation) -> list[str]:
    """Return the full texts of the exceptions and warnings in an observation, in torch's spelling."""
    if observation.kind == "raised":
        text = observation.message.partition(" (Triggered internally at")[0]
        return [f"{observation.value['type']}: {text.replace('course.nptorch', 'torch')}"]
    if observation.kind in ("list", "dict"):
        return [text for inner in observation.value for text in messages(inner)]
    return []


@pytest.mark.parametrize("one", KNOWN.values(), ids=KNOWN)
def test_messages_are_torchs_word_for_word(one: Scenario) -> None:
    """What is recorded keeps stable phrases only; here the whole text is compared, with the torch at hand."""
    theirs = [text for top in observe(one, backend("torch-cpu")) for text in messages(top)]
    if theirs:
        with torch.use(**_reference()):
            mine = [text for top in observe(one, backend("nptorch")) for text in messages(top)]
        assert mine == theirs
