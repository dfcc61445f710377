"""The walk, node by node: who runs, how often, in which order, and what is added up on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, chain, scenario
from course.scenarios.topics.l02_probes import asked, at_leaves, edges_to_each, order, walked

#: Variations by name: functions of two tensors.
Joins = Mapping[str, Callable[[Any, Any], Any]]


@scenario("engine.counts-in-a-chain", lesson=2, asks="How many edges lead to each node of a chain?")
def counts_in_a_chain(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    yield "one operation", edges_to_each(T, x.exp())
    yield "below the root", edges_to_each(T, x.exp())[1:]
    yield "three", edges_to_each(T, x.exp().sin().tanh())


@scenario(
    "engine.counts-where-paths-meet", lesson=2, asks="Two operations use the same result: how many edges lead to it?"
)
def counts_where_paths_meet(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x.exp()
    yield "twice", edges_to_each(T, h.sin() * h.tanh())
    yield "past two others", edges_to_each(T, h.sin().tanh() * h)


@scenario("engine.counts-of-a-square", lesson=2, asks="h * h: how many edges lead to the node of h?")
def counts_of_a_square(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x.exp()
    yield "h * h", edges_to_each(T, h * h)
    yield "x * x", edges_to_each(T, x * x)


@scenario("engine.counts-beside-data", lesson=2, asks="Some inputs need no gradient: is there an edge to them?")
def counts_beside_data(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    data = T.tensor(draw.normal(2))
    yield "data and a number", edges_to_each(T, (x * data).exp() * 3 + data)


@scenario("engine.counts-from-several-roots", lesson=2, asks="The walk starts at two nodes: what is counted for them?")
def counts_from_several_roots(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x.exp()
    yield "side by side", edges_to_each(T, h.sin(), h.tanh())
    yield "the second inside the first", edges_to_each(T, h.sin() * h, h)
    yield "the first inside the second", edges_to_each(T, h, h.sin() * h)
    yield "the same one twice", edges_to_each(T, h, h)


@scenario(
    "engine.counts-this-loss-only", lesson=2, asks="A result is used outside of this loss as well: does that count?"
)
def counts_this_loss_only(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x.exp()
    elsewhere = h.sin() + h.tanh()
    yield "this loss", edges_to_each(T, h * 2)
    yield "the other", edges_to_each(T, elsewhere)
    yield "this one again", edges_to_each(T, h * 2)


@scenario(
    "engine.counts-in-a-ladder", lesson=2, asks="12 diamonds in a row have 4096 paths: how many edges lead to each?"
)
def counts_in_a_ladder(T: Any, draw: Draw) -> Yields:
    y = T.tensor(draw.normal(2), requires_grad=True)
    for _ in range(12):
        y = y.sin() * y.exp()
    yield "edges", edges_to_each(T, y)


@scenario("engine.counts-in-a-long-chain", lesson=2, asks="3000 operations in a row: does counting end?")
def counts_in_a_long_chain(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.array([1.0, 2.0]), requires_grad=True)  # nothing drawn: it is run once
    counted = attempt(edges_to_each, T, chain(T, x * 2, "add", 3000, 1))
    yield "edges", counted if not isinstance(counted, list) else [len(counted), *sorted(set(counted))]


@scenario("engine.walk-of-a-chain", lesson=2, asks="A chain of operations: which node runs when, and what is it given?")
def walk_of_a_chain(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    ran = walked(T, [x.exp().sin().tanh()], [T.tensor(draw.normal(2))])
    yield "order", order(ran)
    yield "what each is given", [given[0] for _, given in ran]


@scenario("engine.walk-of-a-diamond", lesson=2, asks="Two paths meet again: what is given to the node where they meet?")
def walk_of_a_diamond(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x.exp()
    ran = walked(T, [h.sin() * h.tanh()], [T.tensor(draw.normal(2))])
    yield "order", order(ran)
    yield "what arrives at x", at_leaves(ran)


@scenario(
    "engine.walk-of-a-short-cut", lesson=2, asks="A short path and a long one lead to a node: does it wait for both?"
)
def walk_of_a_short_cut(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    cases: Cases = {"long, short": lambda h: h.sin().tanh() * h, "short, long": lambda h: h * h.sin().tanh()}
    for name, f in cases.items():
        ran = walked(T, [f(x.exp())], [T.tensor(draw.normal(2))])
        yield f"{name}: order", order(ran)
        yield f"{name}: what arrives at x", at_leaves(ran)


@scenario("engine.walk-of-a-square", lesson=2, asks="h * h: two edges lead to the same node. Are both gradients added?")
def walk_of_a_square(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x.exp()
    ran = walked(T, [h * h], [T.tensor(draw.normal(2))])
    yield "order", order(ran)
    yield "what arrives at x", at_leaves(ran)
    yield "x * x", at_leaves(walked(T, [x * x], [T.tensor(draw.normal(2))]))


@scenario("engine.walk-takes-the-latest-first", lesson=2, asks="Several nodes are complete: which of them runs first?")
def walk_takes_the_latest_first(T: Any, draw: Draw) -> Yields:
    g = T.tensor(draw.normal(2))
    x = T.tensor(draw.normal(2), requires_grad=True)
    early, late = x.exp(), x.sin().tanh()
    yield "early * late", order(walked(T, [early * late], [g]))
    early, late = x.exp(), x.sin().tanh()
    yield "late * early", order(walked(T, [late * early], [g]))


@scenario(
    "engine.walk-serves-leaves-first", lesson=2, asks="A leaf is complete while other nodes wait: when is it served?"
)
def walk_serves_leaves_first(T: Any, draw: Draw) -> Yields:
    g = T.tensor(draw.normal(2))
    x = T.tensor(draw.normal(2), requires_grad=True)
    w = T.tensor(draw.normal(2), requires_grad=True)
    yield "w last", order(walked(T, [x.exp().sin() * w], [g]))
    yield "w first", order(walked(T, [w * x.exp().sin()], [g]))
    yield "two leaves at once", order(walked(T, [(x * w).exp()], [g]))


@scenario(
    "engine.walk-runs-each-node-once",
    lesson=2,
    asks="Ten diamonds in a row have 1024 paths: how often does each node run?",
)
def walk_runs_each_node_once(T: Any, draw: Draw) -> Yields:
    y = T.tensor(draw.normal(2), requires_grad=True)
    for _ in range(10):
        y = y.sin() * y.exp()
    ran = walked(T, [y], [T.tensor(draw.normal(2))])
    labels = [label for label, _ in ran]
    yield "nodes run, by name", {label: labels.count(label) for label in ("Mul", "Exp", "Sin", "Leaf")}
    yield "what arrives at x", at_leaves(ran)


@scenario(
    "engine.walk-from-several-roots", lesson=2, asks="The walk starts at two nodes: does each run once, when complete?"
)
def walk_from_several_roots(T: Any, draw: Draw) -> Yields:
    first, second = T.tensor(draw.normal(2)), T.tensor(draw.normal(2))
    x = T.tensor(draw.normal(2), requires_grad=True)
    cases: Cases = {
        "side by side": lambda h: (h.sin(), h.tanh()),
        "the second inside the first": lambda h: (h.sin() * h, h),
        "the first inside the second": lambda h: (h, h.sin() * h),
        "the same one twice": lambda h: (h, h),
    }
    for name, pick in cases.items():
        ran = walked(T, pick(x.exp()), [first, second])
        yield f"{name}: order", order(ran)
        yield f"{name}: what arrives at x", at_leaves(ran)


@scenario(
    "engine.walk-of-several-outputs",
    lesson=2,
    asks="A node made two results: does it get one gradient for each, and None for one that is not used?",
)
def walk_of_several_outputs(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2, 2), requires_grad=True)
    g = T.tensor(draw.normal(2))
    cases: Joins = {
        "both": lambda a, b: a.exp() * b,
        "the second twice": lambda a, b: b.exp() * b,
        "only the first": lambda a, b: a.exp(),
        "only the second": lambda a, b: b.exp(),
    }
    for name, f in cases.items():
        ran = walked(T, [f(*(x * 2).unbind(0))], [g])
        yield f"{name}: what the node is given", [given for label, given in ran if label == "Unbind"]
    a, b = (x * 2).unbind(0)
    yield "as roots", [given for label, given in walked(T, [b, a], [g, g * 2]) if label == "Unbind"]


@scenario(
    "engine.walk-with-a-missing-gradient",
    lesson=2,
    asks="A node sends None back: are the nodes below still run, and with what?",
)
def walk_with_a_missing_gradient(T: Any, draw: Draw) -> Yields:
    g = T.tensor(draw.normal(2))
    x = T.tensor(draw.normal(2), requires_grad=True)
    w = T.tensor(draw.normal(2), requires_grad=True)
    ran = walked(T, [x.exp().tanh() * w.sin()], [g], silent="Tanh")
    yield "order", order(ran)
    yield "what each is given", [given[0] for _, given in ran]
    h = x.exp()
    yield "None comes last", at_leaves(walked(T, [h.sin() * h.tanh()], [g], silent="Sin"))
    h = x.exp()
    yield "None comes first", at_leaves(walked(T, [h.sin() * h.tanh()], [g], silent="Tanh"))


@scenario(
    "engine.walk-adds-without-writing",
    lesson=2,
    asks="A sum sends one gradient to both of its inputs, and one of them gets more: does the other notice?",
)
def walk_adds_without_writing(T: Any, draw: Draw) -> Yields:
    cases: Joins = {"product first": lambda r, s: r + s, "sum first": lambda r, s: s + r}
    for name, join in cases.items():
        x = T.tensor(draw.normal(2), requires_grad=True)
        y = T.tensor(draw.normal(2), requires_grad=True)
        a, b = x * 1, y * 1
        g = T.tensor(draw.normal(2))
        yield f"{name}: gradients", asked(T, join(a.sin() * b, a + b), (x, y), g)
        yield f"{name}: the gradient given", g


@scenario(
    "engine.walk-twice-along-one-graph",
    lesson=2,
    asks="The same graph is walked twice: is anything left over from the first time?",
)
def walk_twice_along_one_graph(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x * 3
    y = h * h
    for turn in (1, 2, 3):
        yield f"walk {turn}", asked(T, y, x, T.tensor(draw.array([1.0, 1.0])))


@scenario(
    "engine.walk-to-an-inner-tensor",
    lesson=2,
    asks="The gradient of an inner result is asked for: does the walk stop there?",
)
def walk_to_an_inner_tensor(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x.exp()
    y = h.sin() * h
    yield "of h", asked(T, y, h, T.tensor(draw.normal(2)))
    yield "of h and x", asked(T, y, (h, x), T.tensor(draw.normal(2)))
    yield "of itself", asked(T, h, h, T.tensor(draw.normal(2)))


@scenario("engine.walk-of-a-long-chain", lesson=2, asks="3000 operations in a row: is there room for the walk?")
def walk_of_a_long_chain(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.array([1.0, 2.0]), requires_grad=True)  # nothing drawn: it is run once
    y = chain(T, x * 2, "add", 3000, 1)
    yield "gradient", attempt(asked, T, y, x, T.tensor(draw.array([3.0, -1.0])))


@scenario("engine.walk-past-an-unused-result", lesson=2, asks="A result that this loss does not use: is it waited for?")
def walk_past_an_unused_result(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    h = x.exp()
    unused = h.sin() + h.tanh()
    ran = walked(T, [h * 2], [T.tensor(draw.normal(2))])
    yield "order", order(ran)
    yield "what arrives at x", at_leaves(ran)
    yield "the unused result", unused
