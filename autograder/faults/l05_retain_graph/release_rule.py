"""Wrong ideas about the release rule: which node lets go, and when."""

from __future__ import annotations

from typing import Any

from autograder.faults.registry import fault

FORUM = "https://discuss.pytorch.org/t/6795"


@fault(
    "ignores-retain-graph",
    exercise="release-rule",
    part="release_saved",
    help="Look at retain_graph: when it is true this function must leave everything as it is.",
)
def ignores_retain_graph(node: Any, retain_graph: bool) -> None:
    for saved in node.saved():
        saved.release()


@fault(
    "the-wrong-way-round",
    exercise="release-rule",
    part="release_saved",
    help="retain_graph=True means keep; you free when it is true and keep when it is false.",
)
def the_wrong_way_round(node: Any, retain_graph: bool) -> None:
    if retain_graph:
        for saved in node.saved():
            saved.release()


@fault(
    "frees-nothing",
    exercise="release-rule",
    part="release_saved",
    help="Nothing is ever freed: unless retain_graph is true, call release() on everything in node.saved().",
    links=[FORUM],
)
def frees_nothing(node: Any, retain_graph: bool) -> None:
    return None


@fault(
    "frees-the-next-nodes",
    exercise="release-rule",
    part="release_saved",
    help="A node was released before its own backward ran: free the node you are given, not those behind it.",
)
def frees_the_next_nodes(node: Any, retain_graph: bool) -> None:
    if not retain_graph:
        for one in (node, *(below for below, _ in node.next_functions if below is not None)):
            for saved in one.saved():
                saved.release()


@fault(
    "frees-only-the-first",
    exercise="release-rule",
    part="release_saved",
    help="A node may keep several values (a product keeps both factors): release every one in node.saved().",
)
def frees_only_the_first(node: Any, retain_graph: bool) -> None:
    if not retain_graph:
        for saved in node.saved()[:1]:
            saved.release()


@fault(
    "cuts-the-graph",
    exercise="release-rule",
    part="release_saved",
    help="Free the saved values, not the edges: after backward the graph can still be walked, in torch too.",
)
def cuts_the_graph(node: Any, retain_graph: bool) -> None:
    if not retain_graph:
        for saved in node.saved():
            saved.release()
        if node.edges:
            node.edges = (None,) * len(node.edges)


@fault(
    "throws-the-list-away",
    exercise="release-rule",
    part="release_saved",
    help="Release each saved value instead of emptying the node: only they can say why a second pass fails.",
)
def throws_the_list_away(node: Any, retain_graph: bool) -> None:
    if not retain_graph and node.saved():
        node.kept = ()
