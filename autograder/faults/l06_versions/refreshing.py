"""Wrong ideas about `refresh_view`: when a view's history is outdated, and what takes its place."""

from __future__ import annotations

from typing import Any

from autograder.faults.registry import fault
from course.nptorch import messages
from course.nptorch.views import view_node
from course.parts import l06_versions as right


@fault(
    "view-never-refreshed",
    exercise="view-history",
    part="refresh_view",
    help="The view keeps the history that it was made with: if the base was written to since, it needs a new node.",
)
def view_never_refreshed(view: Any) -> None:
    return None


@fault(
    "view-always-refreshed",
    exercise="view-history",
    part="refresh_view",
    help="A new node each time is a new graph each time: do nothing while the base's version is the one you have seen.",
)
def view_always_refreshed(view: Any) -> None:
    view._seen_version = -1
    right.refresh_view(view)


@fault(
    "version-seen-not-noted",
    exercise="view-history",
    part="refresh_view",
    help="Note in view._seen_version for which version the new node holds, or each question makes another one.",
)
def version_seen_not_noted(view: Any) -> None:
    before = view._seen_version
    right.refresh_view(view)
    view._seen_version = before


@fault(
    "renewed-only-once",
    exercise="view-history",
    part="refresh_view",
    help="A base may be written to again and again: a node that was made anew once can be outdated as well.",
)
def renewed_only_once(view: Any) -> None:
    if view._grad_fn is None or view._grad_fn.name() != "AsStridedBackward0":
        right.refresh_view(view)


@fault(
    "only-views-with-a-history",
    exercise="view-history",
    part="refresh_view",
    help="A view of plain data gets a history when its base takes one in: do not stop because it has no grad_fn.",
)
def only_views_with_a_history(view: Any) -> None:
    if view._grad_fn is not None:
        right.refresh_view(view)


@fault(
    "takes-over-the-node-of-the-base",
    exercise="view-history",
    part="refresh_view",
    help="The base's node expects a gradient of the base: the view needs a node of its own, view_node(view).",
)
def takes_over_the_node_of_the_base(view: Any) -> None:
    if _outdated(view):
        _refuse_ambiguous(view)
        view._grad_fn, view._output_nr = view._base._grad_fn, 0
        view._seen_version = view._base._version


@fault(
    "history-lost-by-a-change",
    exercise="view-history",
    part="refresh_view",
    help="A view whose base was changed does not become a leaf: it gets a new node in place of the old one.",
)
def history_lost_by_a_change(view: Any) -> None:
    if _outdated(view):
        _refuse_ambiguous(view)
        view._grad_fn = None
        view._seen_version = view._base._version


@fault(
    "ambiguous-views-rebuilt",
    exercise="view-history",
    part="refresh_view",
    help="Views made under no_grad, or several at once, cannot be rebuilt: look at view._made and refuse.",
)
def ambiguous_views_rebuilt(view: Any) -> None:
    if _outdated(view):
        view._grad_fn, view._output_nr = view_node(view), 0
        view._seen_version = view._base._version


@fault(
    "plain-views-refused",
    exercise="view-history",
    part="refresh_view",
    help="Where neither view nor base has a history there is nothing to rebuild, and nothing to refuse.",
)
def plain_views_refused(view: Any) -> None:
    if view._seen_version != view._base._version and view._made:
        raise RuntimeError(messages.view_of_changed_base(view))
    right.refresh_view(view)


@fault(
    "changed-views-refused",
    exercise="view-history",
    part="refresh_view",
    help="An ordinary view may be used after its base changed: refuse only those whose view._made says why.",
)
def changed_views_refused(view: Any) -> None:
    if _outdated(view):
        raise RuntimeError(messages.view_of_changed_base(view) if view._made else "its base was modified inplace")


@fault(
    "refused-by-another-type",
    exercise="view-history",
    part="refresh_view",
    help="torch raises RuntimeError for a view that cannot be rebuilt; raise that type.",
)
def refused_by_another_type(view: Any) -> None:
    try:
        right.refresh_view(view)
    except RuntimeError as error:
        raise ValueError(str(error)) from None


@fault(
    "refused-in-own-words",
    exercise="view-history",
    part="refresh_view",
    help="Say it in torch's words, messages.view_of_changed_base(view), so that people find it when they search.",
)
def refused_in_own_words(view: Any) -> None:
    try:
        right.refresh_view(view)
    except RuntimeError:
        raise RuntimeError("this view cannot be used any more") from None


def _outdated(view: Any) -> bool:
    base = view._base
    return view._seen_version != base._version and (view._grad_fn is not None or base.requires_grad)


def _refuse_ambiguous(view: Any) -> None:
    if view._made:
        raise RuntimeError(messages.view_of_changed_base(view))
