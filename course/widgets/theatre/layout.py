"""Where each node stands: leaves on the left, the loss on the right, edges in one direction.

Layers by longest path, then a few sweeps in which each node asks for the mean height of its neighbours
and gets the nearest place that keeps the order (isotonic regression, so one pass over a layer). Long edges
get no dummy nodes: with them, graphs whose leaves are used hundreds of times take minutes. Such a leaf is
drawn once for each layer that uses it instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from course.widgets.theatre.labels import measure
from course.widgets.theatre.story import Story

ACROSS, DOWN, EDGE = 58, 22, 24  # between layers, between nodes of a layer, round the whole
FAR = 3  # layers: a leaf whose uses lie further apart is drawn for each of them
SWEEPS = 6


@dataclass(frozen=True)
class Box:
    """One drawing of a node: the corner at the top left, and the size."""

    node: int
    x: int
    y: int
    w: int
    h: int


@dataclass(frozen=True)
class Layout:
    """Where everything stands.

    Attributes
    ----------
    boxes : list of Box
        At least one for each node.
    lines : list of tuple of int
        For each edge of the story: the box that it leaves, and the one it goes to.
    width, height : int
        Of the whole.
    """

    boxes: list[Box]
    lines: list[tuple[int, int]]
    width: int
    height: int


def layers_of(story: Story) -> list[int]:
    """Return the layer of each node: an operation after all of its inputs, a leaf just before its first use.

    A branch that begins at leaves and joins late stands near where it joins, not far off at the left.

    Edges of a loop, which no engine records, are not waited for.
    """
    count = len(story.nodes)
    users: list[list[int]] = [[] for _ in range(count)]
    waits = [0] * count
    for edge in story.edges:
        users[edge["to"]].append(edge["from"])
        waits[edge["from"]] += 1
    layer = [0] * count
    ready = [node for node in range(count) if not waits[node]]
    done = 0
    while done < count:
        if not ready:  # a loop: take up the first node of it as it is
            ready = [next(node for node in range(count) if waits[node] > 0)]
            waits[ready[0]] = 0
        node = ready.pop()
        done += 1
        for user in users[node]:
            waits[user] -= 1
            if waits[user] == 0:
                ready.append(user)
            if waits[user] >= 0:
                layer[user] = max(layer[user], layer[node] + 1)
    inputs: list[list[int]] = [[] for _ in range(count)]
    for edge in story.edges:
        inputs[edge["from"]].append(edge["to"])
    order = sorted(range(count), key=layer.__getitem__)
    loose = [False] * count  # nothing else hangs on where it stands
    for node in order:
        loose[node] = all(story.nodes[one]["kind"] == "leaf" or loose[one] for one in inputs[node])
        loose[node] &= len(users[node]) == 1 or not inputs[node]
    for node in reversed(order):
        if users[node] and loose[node]:
            layer[node] = max(layer[node], min(layer[user] for user in users[node]) - 1)
    return layer


def lay_out(story: Story) -> Layout:
    """Return the places of a story's nodes, in O(E log E)."""
    owners, columns, lines = _split(story)
    sizes = measure(story)
    heights = [sizes[node][1] for node in owners]
    before: list[list[int]] = [[] for _ in owners]
    after: list[list[int]] = [[] for _ in owners]
    for start, end in lines:
        before[start].append(end)
        after[end].append(start)
    rows = _rows(columns)
    pulls = [[_pull(story, owners, side) for side in sides] for sides in (before, after)]
    middle = _heights(rows, heights, *pulls)
    lefts, width = _lefts(rows, [sizes[node][0] for node in owners])
    top = min((middle[box] - heights[box] / 2 for box in range(len(owners))), default=0) - EDGE
    boxes = []
    for box, node in enumerate(owners):
        w, h = sizes[node]
        left, wide = lefts[columns[box]]
        boxes.append(Box(node, round(left + (wide - w) / 2), round(middle[box] - h / 2 - top), w, h))
    bottom = max((box.y + box.h for box in boxes), default=0)
    return Layout(boxes, lines, round(width), bottom + EDGE)


def _pull(story: Story, owners: Sequence[int], neighbours: list[int]) -> list[int]:
    """Return the neighbours that a box wants to be level with: operations, if there are any."""
    return [one for one in neighbours if story.nodes[owners[one]]["kind"] == "op"] or neighbours


def _split(story: Story) -> tuple[list[int], list[int], list[tuple[int, int]]]:
    """Decide how often each node is drawn: return the node and the column of each box, and the lines."""
    layer = layers_of(story)
    uses: list[set[int]] = [set() for _ in story.nodes]
    for edge in story.edges:
        uses[edge["to"]].add(layer[edge["from"]] - 1)
    owners: list[int] = []
    columns: list[int] = []
    first: list[int] = []  # the first box of each node
    chips: dict[tuple[int, int], int] = {}
    for node, at in enumerate(uses):
        first.append(len(owners))
        many = story.nodes[node]["kind"] != "op" and at and max(at) - min(at) >= FAR
        for column in sorted(at) if many else [layer[node]]:
            if many:
                chips[node, column] = len(owners)
            owners.append(node)
            columns.append(column)
    lines = []
    for edge in story.edges:
        user, used = edge["from"], edge["to"]
        lines.append((first[user], chips.get((used, layer[user] - 1), first[used])))
    return owners, columns, lines


def _rows(columns: Sequence[int]) -> list[list[int]]:
    rows: list[list[int]] = [[] for _ in range(max(columns, default=-1) + 1)]
    for box, column in enumerate(columns):
        rows[column].append(box)
    return rows


def _heights(
    rows: list[list[int]], heights: Sequence[float], before: list[list[int]], after: list[list[int]]
) -> list[float]:
    """Return the height of the middle of each box."""
    middle = [0.0] * len(heights)
    for row in rows:
        _place(row, middle, heights, lambda box: 0.0)

    def mean(neighbours: Sequence[int], box: int) -> float:
        return sum(middle[one] for one in neighbours) / len(neighbours) if neighbours else middle[box]

    for sweep in range(SWEEPS):
        forth = sweep % 2 == 0
        side = before if forth else after
        for row in rows if forth else reversed(rows):
            wanted = {box: mean(side[box] or before[box] or after[box], box) for box in row}
            row.sort(key=wanted.__getitem__)
            _place(row, middle, heights, wanted.__getitem__)
    for row in reversed(rows):  # at last with both sides, in the order that was found
        wanted = {box: mean(before[box] + after[box], box) for box in row}
        _place(row, middle, heights, wanted.__getitem__)
    _level(rows, middle)
    return middle


def _level(rows: list[list[int]], middle: list[float]) -> None:
    """Take out the slope: many steps that each lean a little would climb off the stage."""
    points = [(float(at), sum(middle[box] for box in row) / len(row)) for at, row in enumerate(rows) if row]
    across = sum(x for x, _ in points) / max(len(points), 1)
    spread = sum((x - across) ** 2 for x, _ in points)
    slope = sum((x - across) * y for x, y in points) / spread if spread else 0.0
    for at, row in enumerate(rows):
        for box in row:
            middle[box] -= slope * at


def _place(row: Sequence[int], middle: list[float], heights: Sequence[float], wanted: Callable[[int], float]) -> None:
    """Put a layer's boxes as near as can be to where they want to be, in this order, without overlap."""
    offset, offsets = 0.0, []
    for nth, box in enumerate(row):
        if nth:
            offset += (heights[row[nth - 1]] + heights[box]) / 2 + DOWN
        offsets.append(offset)
    blocks: list[list[float]] = []  # (sum, count) of neighbours that push each other
    for box, moved in zip(row, offsets, strict=True):
        blocks.append([wanted(box) - moved, 1])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] > blocks[-1][0] * blocks[-2][1]:
            total, count = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += count
    nth = 0
    for total, count in blocks:
        for _ in range(int(count)):
            middle[row[nth]] = total / count + offsets[nth]
            nth += 1


def _lefts(rows: list[list[int]], widths: Sequence[float]) -> tuple[list[tuple[float, float]], float]:
    """Return left side and width of each column, and the width of all."""
    lefts, x = [], float(EDGE)
    for row in rows:
        wide = max((widths[box] for box in row), default=0.0)
        lefts.append((x, wide))
        x += wide + ACROSS
    return lefts, x - ACROSS + EDGE if rows else 2.0 * EDGE
