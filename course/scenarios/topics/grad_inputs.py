"""Who is asked for: `autograd.grad` with several ends, and backward towards some inputs only."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


@scenario("grad.several-outputs", lesson=10, asks="grad of two outputs: their gradients, or the gradient of their sum?")
def several_outputs(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    outputs = [(x * w).sum(), x.exp()]
    g = T.tensor(draw.normal(3))
    yield "answers", T.autograd.grad(outputs, [x, w], grad_outputs=[None, g])


@scenario("grad.same-input-twice", lesson=10, asks="The same input stands in the list twice: is each answer whole?")
def same_input_twice(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    one, two = T.autograd.grad((x * x).sum(), [x, x])
    yield "answers", [one, two]
    one.add_(1)
    yield "the second after the first changed", two


@scenario("grad.output-is-input", lesson=10, asks="What is the gradient of x with respect to x?")
def output_is_input(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(), requires_grad=True)
    y = x * 2
    yield "a leaf", T.autograd.grad(x, x)
    yield "an inner tensor", T.autograd.grad(y, y)
    yield "both ends", T.autograd.grad(y, [x, y])


@scenario(
    "grad.input-on-the-way",
    lesson=10,
    asks="A hooked tensor lies on the way to another input: before or after its hook is it handed out?",
)
def input_on_the_way(T: Any, draw: Draw) -> Yields:
    def answers(*asked: str) -> Any:
        x = T.tensor(draw.array(1.0), requires_grad=True)
        y = x * 2
        y.register_hook(lambda g: g * 100)
        x.register_hook(lambda g: g * 10)
        return T.autograd.grad(y * 5, [{"x": x, "y": y}[name] for name in asked])

    yield "y alone", answers("y")
    yield "x alone", answers("x")
    yield "y and x", answers("y", "x")


@scenario("grad.retained-graph", lesson=10, asks="How often may autograd.grad run through the same graph?")
def retained_graph(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp().sum()
    first = T.autograd.grad(y, x, retain_graph=True)
    yield "again", attempt(T.autograd.grad, y, x)
    yield "and again", attempt(T.autograd.grad, y, x)
    yield "first", first


@scenario(
    "grad.memory-of-the-answer",
    lesson=10,
    asks="May I change the answer of autograd.grad without changing anything else?",
)
def memory_of_the_answer(T: Any, draw: Draw) -> Yields:
    x, w = (T.tensor(draw.normal(3), requires_grad=True) for _ in range(2))
    given = T.tensor(draw.normal(3))
    kept = given.clone()
    of_x, of_w = T.autograd.grad(x + w, [x, w], grad_outputs=given)
    of_x.mul_(10)
    yield "the other answer is", of_w.data_ptr() == of_x.data_ptr()
    yield "what I passed in changed", bool((given != kept).any())
    (of_x,) = T.autograd.grad(x.sum(), x)
    yield "one number shown three times", attempt(of_x.mul_, 10)
    (of_x,) = T.autograd.grad((x * w).sum(), x)
    yield "of a product", attempt(of_x.mul_, 10)
    yield "w", w


@scenario("grad.undone-by-no-grad", lesson=10, asks="Can autograd.grad be called under no_grad?")
def undone_by_no_grad(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = (x**3).sum()
    with T.no_grad():
        (plain,) = T.autograd.grad(y, x, retain_graph=True)
        (graphed,) = T.autograd.grad(y, x, create_graph=True)
    yield "plain", plain
    yield "with create_graph: requires_grad", graphed.requires_grad


@scenario(
    "grad.frozen-by-flag", lesson=10, asks="x was switched off after the forward pass: can its gradient be asked for?"
)
def frozen_by_flag(T: Any, draw: Draw) -> Yields:
    x, w = (T.tensor(draw.normal(3), requires_grad=True) for _ in range(2))
    y = (x * w).sum()
    x.requires_grad_(False)
    yield "grad", attempt(T.autograd.grad, y, x, retain_graph=True)
    yield "of the other", attempt(T.autograd.grad, y, w)


@scenario(
    "grad.old-value-of-a-changed-tensor",
    lesson=10,
    asks="y was changed in place: which value of y does grad(z, y) mean?",
)
def old_value_of_a_changed_tensor(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = x * 2
    before = y + 1
    y.mul_(5)
    after = y * 3
    yield "through the old value", attempt(T.autograd.grad, before.sum(), y)
    yield "through the new one", attempt(T.autograd.grad, after.sum(), y)


@scenario("grad.inputs-as-one-tensor", lesson=10, asks="Must inputs and outputs be lists?")
def inputs_as_one_tensor(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    yield "one tensor each", T.autograd.grad(x.sum(), x)
    yield "tuples", T.autograd.grad((x.sum(),), (x,))
    (x * 2).sum().backward(inputs=x)
    yield "backward(inputs=x)", x.grad


@scenario("grad.inputs-of-two-depths", lesson=10, asks="backward(inputs=[h, x]): is h.grad kept although h is no leaf?")
def inputs_of_two_depths(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    h = x.exp()
    loss = (h * h).sum()
    loss.backward(inputs=[h, x], retain_graph=True)
    yield "h.grad", h.grad
    yield "x.grad", x.grad
    loss.backward(inputs=[h])
    yield "h.grad after a second one", h.grad
    yield "x.grad after a second one", x.grad


@scenario("grad.inputs-that-are-not-reached", lesson=10, asks="backward(inputs=[u]) where u was not used: an error?")
def inputs_that_are_not_reached(T: Any, draw: Draw) -> Yields:
    x, u = (T.tensor(draw.normal(3), requires_grad=True) for _ in range(2))
    yield "backward", attempt((x * 2).sum().backward, inputs=[u])
    yield "grads", [x.grad, u.grad]
    yield "plain data", attempt((x * 2).sum().backward, inputs=[T.tensor(draw.normal(3))])


@scenario("grad.inputs-free-what-ran", lesson=10, asks="backward(inputs=[x]): is the way to w freed as well?")
def inputs_free_what_ran(T: Any, draw: Draw) -> Yields:
    x, w = (T.tensor(draw.normal(3), requires_grad=True) for _ in range(2))
    of_x, of_w = x.exp(), w.exp()
    (of_x + of_w).sum().backward(inputs=[x])
    yield "on the way to x", attempt(getattr, of_x.grad_fn, "_saved_result")
    yield "on the way to w", attempt(getattr, of_w.grad_fn, "_saved_result")
    yield "w.grad", w.grad


@scenario(
    "grad.edge-in-place-of-a-tensor", lesson=10, asks="I kept an edge and not the tensor: can I ask for its gradient?"
)
def edge_in_place_of_a_tensor(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    h = x.exp()
    edge = T.autograd.graph.get_gradient_edge(h)
    yield "its node", edge.node is h.grad_fn
    yield "its number", edge.output_nr
    leaf = T.autograd.graph.get_gradient_edge(x)
    yield "of a leaf", leaf.node.name()
    yield "of data", attempt(T.autograd.graph.get_gradient_edge, T.tensor(draw.normal(3)))


@scenario(
    "grad.checks-what-it-does-not-need",
    lesson=10,
    asks="A factor was changed that the asked gradient does not need: is it an error all the same?",
)
def checks_what_it_does_not_need(T: Any, draw: Draw) -> Yields:
    for changed in ("left", "right"):
        x, w = (T.tensor(draw.normal(3), requires_grad=True) for _ in range(2))
        left, right = x * 1, w * 1
        y = (left * right).sum()
        (left if changed == "left" else right).add_(1)
        yield f"{changed} changed: the gradient of x, which needs only the right one", attempt(T.autograd.grad, y, x)
