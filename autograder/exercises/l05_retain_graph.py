"""Lesson 5, "What is kept, what is freed": 11 points."""

from __future__ import annotations

from autograder.exercises import Exercise

LESSON = "l05_retain_graph"

EXERCISES = [
    Exercise(
        id="saved-tensor",
        lesson=LESSON,
        points=5,
        parts=("SavedTensor",),
        # Nothing here waits for the release rule, which the student has not written yet.
        basics=("saved.the-value-itself", "saved.each-keeps-its-own"),
        scenarios=(
            "saved.read-many-times",
            "saved.let-go-of-a-result",
            "saved.let-go-of-an-input",
            "saved.let-go-of-a-number",
            "saved.let-go-of-zeros",
            "saved.letting-go-frees-memory",
            "saved.one-node-lets-go",
            "saved.a-new-node-keeps-it-again",
            "saved.no-cycle",
            "saved.shares-memory",
        ),
        hidden=("saved.a-whole-chain-dies", "saved.two-layers"),
        advice="Three methods: __init__ keeps, unpack hands out or refuses, release lets go.",
    ),
    Exercise(
        id="release-rule",
        lesson=LESSON,
        points=3,
        parts=("release_saved",),
        companions=("SavedTensor",),
        basics=("saved.new-forward", "saved.retain-graph-keeps-no-gradients"),
        scenarios=(
            "saved.second-backward",
            "saved.released-by-backward",
            "saved.two-losses",
            "saved.two-losses-retained",
            "saved.both-at-once-retained",
            "saved.private-branch-is-still-held",
            "saved.losses-kept-in-a-list",
            "saved.a-branch-that-did-not-run",
            "saved.state-carried-along",
            "saved.backward-from-the-middle",
            "saved.trunk-without-saved-values",
            "saved.graph-can-still-be-walked",
            "saved.every-value-is-freed",
        ),
        hidden=(
            "saved.three-losses",
            "saved.two-trunks",
            "saved.one-keeper-in-a-long-chain",
            "saved.failed-backward-frees-what-ran",
            "saved.after-an-error",
        ),
        waits={
            "SavedTensor": (
                "saved.second-backward",
                "saved.released-by-backward",
                "saved.two-losses",
                "saved.two-losses-retained",
                "saved.both-at-once-retained",
                "saved.private-branch-is-still-held",
                "saved.losses-kept-in-a-list",
                "saved.a-branch-that-did-not-run",
                "saved.state-carried-along",
                "saved.backward-from-the-middle",
                "saved.trunk-without-saved-values",
                "saved.every-value-is-freed",
            )
        },
        advice="The engine calls it after each node. When may that node let go, and of what?",
    ),
    Exercise(
        id="saved-bytes",
        lesson=LESSON,
        points=3,
        parts=("saved_bytes",),
        companions=("SavedTensor", "release_saved"),
        basics=("saved.bytes-of-a-chain",),
        scenarios=(
            "saved.bytes-of-a-diamond",
            "saved.bytes-of-every-input",
            "saved.bytes-of-shared-memory",
            "saved.bytes-after-backward",
            "saved.bytes-half-freed",
            "saved.bytes-by-dtype",
            "saved.bytes-beside-numbers",
            "saved.bytes-without-a-graph",
            "saved.bytes-of-a-long-chain",
        ),
        hidden=("saved.bytes-of-a-random-graph", "saved.bytes-of-unequal-layers"),
        waits=dict.fromkeys(("SavedTensor", "release_saved"), ("saved.bytes-after-backward", "saved.bytes-half-freed")),
        advice="Draw the graph of x.exp().tanh(), and write on each node what it keeps.",
    ),
]
