"""What the log says of each event: one short sentence in plain ASCII."""

from __future__ import annotations

from collections import Counter
from typing import Any

from course.widgets.theatre.story import Story
from course.widgets.theatre.values import brief, several

Event = dict[str, Any]


class Teller:
    """Makes the sentences of one story, whose nodes have their labels by now."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.many = Counter(node["name"] for node in story.nodes)

    def tell(self, event: Event) -> str:
        """Return the sentence for one event."""
        text = str(getattr(self, event["kind"])(event))
        return text.encode("ascii", "backslashreplace").decode("ascii").replace("\n", " ")

    def who(self, number: int | None) -> str:
        """Return what a node is called."""
        if number is None:
            return "?"
        node = self.story.nodes[number]
        label = node["label"]
        if node["kind"] == "op":
            name = node["name"].rpartition("::")[2]
            return f"{name} ({label})" if label else name if self.many[node["name"]] == 1 else f"{name} #{number}"
        word = "leaf" if node["kind"] == "leaf" else node["name"]
        return f"{word} {label}" if label else f"{word} #{number}"

    def record(self, event: Event) -> str:
        node = self.story.nodes[event["node"]]
        form = "x".join(str(n) for n in node["shape"]) or "a number"
        text = form if node["value"] is None else brief(node["value"])
        if node["kind"] != "op":
            return f"{self.who(event['node'])} = {text}"
        if event.get("before"):
            return f"{self.who(event['node'])} was recorded before: {text}"
        return f"{self.who(event['node'])} recorded, result {text}"

    def detach(self, event: Event) -> str:
        return f"{self.who(event['node'])} cut off from {self.who(event['of'])}: no gradient passes"

    def save(self, event: Event) -> str:
        version = "" if event["version"] is None or "number" in event else f" at version {event['version']}"
        return f"{self.who(event['node'])} keeps {event['slot']}: {_size(event)}{version}"

    def version(self, event: Event) -> str:
        text = f"memory {event['memory']} was written to: version {event['version']}"
        for held in event["saved"]:
            text += f"; {self.who(held['node'])} keeps {held['slot']} of version {held['version']}"
        return text

    def backward(self, event: Event) -> str:
        words = [word for word in ("retain_graph", "create_graph") if event[word]]
        roots = ", ".join(self.who(root) for root in event["roots"])
        return f"pass {event['pass']} begins at {roots}{', ' if words else ''}{', '.join(f'{w}=True' for w in words)}"

    def arrive(self, event: Event) -> str:
        return f"{self.who(event['node'])} gets {brief(event['value'])}: {event['have']} of {event['need']}"

    def run(self, event: Event) -> str:
        given = several(event["gradients_in"])
        out = f" -> {several(event['gradients_out'])}" if event["gradients_out"] else ""
        return f"{self.who(event['node'])} runs: g = {given}{out}"

    def free(self, event: Event) -> str:
        why = " with its graph" if event.get("dropped") else ""
        return f"{self.who(event['node'])} lets go of {event['slot']}{why}: {_size(event)}"

    def accumulate(self, event: Event) -> str:
        sign = "=" if event["first"] else "+="
        after = "" if event["first"] else f", now {brief(event['total'])}"
        return f"{self.who(event['node'])}: grad {sign} {brief(event['value'])}{after}"

    def hook(self, event: Event) -> str:
        on, name = event["on"], event["name"]
        what = {"tensor": "hook", "pre": "prehook", "post": "hook of the node", "post_accumulate": "hook after adding"}
        before, after = brief(event["before"]), brief(event["after"])
        if on == "retain_grad":
            return f"{self.who(event['node'])}: retain_grad stores {after} in {name or '.grad'}"
        change = f"{before} -> {after}" if event["after"] != event["before"] else f"{before}, left as it is"
        return f"{self.who(event['node'])}: {what[on]} {name} sees {change}"

    def error(self, event: Event) -> str:
        where = f" in {self.who(event['node'])}" if event["node"] is not None else ""
        text = event["text"] if len(event["text"]) < 200 else event["text"][:197] + "..."
        return f"{event['error']}{where}: {text}"

    def end(self, event: Event) -> str:
        return f"pass {event['pass']} {'breaks off' if event['failed'] else 'ends'}"


def _size(event: Event) -> str:
    return f"the number {event['number']}" if "number" in event else f"{event['bytes']} bytes"
