"""autograd.grad and backward(inputs=...): gradients for those who asked, and nobody else."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


@scenario("grad.leaves-grad-alone", lesson=10, asks="Does autograd.grad fill x.grad?")
def leaves_grad_alone(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    (answer,) = T.autograd.grad((x.exp() * x).sum(), x)
    yield "answer", answer
    yield "x.grad", x.grad
    yield "answer.requires_grad", answer.requires_grad


@scenario(
    "grad.inner-tensors-too",
    lesson=10,
    asks="Can I ask for the gradient of inner tensors and of the loss itself?",
)
def inner_tensors_too(T: Any, draw: Draw) -> Yields:
    a = T.tensor(draw.normal(3), requires_grad=True)
    b = a.exp()
    y = (b * b).sum()
    yield "answers", T.autograd.grad(y, [a, b, y])


@scenario(
    "grad.only-the-way-to-the-input-runs",
    lesson=10,
    asks="grad(y, h): what is freed, and does the part below h still work?",
)
def only_the_way_to_the_input_runs(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    h = x.exp()
    y = h.sin().sum()
    yield "grad(y, h)", T.autograd.grad(y, h)
    yield "below h", attempt(h.sum().backward)
    yield "x.grad", x.grad
    yield "grad(y, h) again", attempt(T.autograd.grad, y, h)


@scenario("grad.unused-input", lesson=10, asks="What if an input was not used, and when is it noticed?")
def unused_input(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    u = T.tensor(draw.normal(3), requires_grad=True)
    y = x.exp().sum()
    yield "refused", attempt(T.autograd.grad, y, [x, u])
    yield "and freed all the same", attempt(T.autograd.grad, y, x)
    yield "allowed", T.autograd.grad(x.exp().sum(), [x, u], allow_unused=True)


@scenario("grad.materialized", lesson=10, asks="What does materialize_grads give for an unused input?")
def materialized(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    u = T.tensor(draw.normal(2), requires_grad=True)
    answers = T.autograd.grad(x.exp().sum(), [x, u], materialize_grads=True)
    yield "answers", answers
    yield "zeros.requires_grad", answers[1].requires_grad
    yield (
        "with allow_unused=False",
        attempt(T.autograd.grad, x.exp().sum(), [x, u], allow_unused=False, materialize_grads=True),
    )


@scenario("grad.hooks", lesson=10, asks="Which hooks run in autograd.grad?")
def hooks(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = x * 2
    log: list[str] = []
    x.register_post_accumulate_grad_hook(lambda t: log.append("post accumulate"))
    x.register_hook(lambda g: g * 10)
    y.retain_grad()
    (answer,) = T.autograd.grad(y.sum(), x)
    yield "answer", answer
    yield "log", log
    yield "x.grad", x.grad
    yield "retained y.grad", y.grad


@scenario("grad.backward-with-inputs", lesson=10, asks="backward(inputs=[h]): who gets a gradient?")
def backward_with_inputs(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    log: list[str] = []
    w.register_hook(lambda g: log.append("hook of w"))
    h = x * 2
    (h * w).sum().backward(inputs=[h])
    yield "h.grad", h.grad
    yield "h.retains_grad", h.retains_grad
    yield "x.grad", x.grad
    yield "w.grad", w.grad
    yield "log", log


@scenario("grad.no-inputs", lesson=10, asks="May the list of inputs be empty?")
def no_inputs(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    yield "backward", attempt((x * 2).sum().backward, inputs=[])
    yield "grad", attempt(T.autograd.grad, (x * 2).sum(), [])


@scenario("grad.of-a-vector", lesson=10, asks="Is grad_outputs needed for a vector, and must it fit?")
def of_a_vector(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    g = T.tensor(draw.normal(3))
    yield "without", attempt(T.autograd.grad, x.exp(), x)
    yield "with", T.autograd.grad(x.exp(), x, grad_outputs=g)
    yield "wrong shape", attempt(T.autograd.grad, x.exp(), x, grad_outputs=g[:2])


@scenario("grad.of-something-untracked", lesson=10, asks="Whose gradient can not be asked for?")
def of_something_untracked(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    plain = T.tensor(draw.normal(3))
    yield "input without requires_grad", attempt(T.autograd.grad, (x * plain).sum(), plain)
    yield "output without a graph", attempt(T.autograd.grad, plain.sum(), x)
