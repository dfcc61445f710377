"""Second derivatives of every family of rules, and what people build on them."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, heard, scenario
from course.scenarios.nets import known


def _twice(T: Any, draw: Draw, cases: Cases, *inputs: Any) -> Yields:
    """Yield first gradients, and the gradients of a function of those."""
    for name, f in cases.items():
        leaves = [T.tensor(values, requires_grad=True) for values in inputs]
        y = f(*leaves) if len(leaves) > 1 else f(leaves[0])
        weights = T.tensor(draw.normal(*y.shape))
        first = T.autograd.grad((y * y * weights).sum(), leaves, create_graph=True)
        yield f"{name}: first", first
        mixed = sum((g * g).sum() for g in first)
        yield f"{name}: second", T.autograd.grad(mixed, leaves, allow_unused=True)


@scenario("double.all-elementary", lesson=10, ulps=512, asks="Can every elementary function be differentiated twice?")
def all_elementary(T: Any, draw: Draw) -> Yields:
    names = [
        "tan",
        "asin",
        "acos",
        "atan",
        "sinh",
        "cosh",
        "asinh",
        "atanh",
        "rsqrt",
        "reciprocal",
        "erf",
        "expm1",
        "log1p",
        "log2",
        "log10",
        "square",
    ]
    names += ["softplus", "logsigmoid", "silu", "gelu", "elu"]

    def function(name: str) -> Any:
        functional = T.nn.functional
        return (lambda t: getattr(t, name)()) if hasattr(T.Tensor, name) else getattr(functional, name)

    cases = {name: function(name) for name in names}
    yield from _twice(T, draw, cases, draw.uniform(3, low=0.2, high=0.8))


@scenario(
    "double.with-two-inputs",
    lesson=10,
    ulps=512,
    asks="Second derivatives of powers, quotients, hypot, atan2, lerp: also the mixed ones?",
)
def with_two_inputs(T: Any, draw: Draw) -> Yields:
    cases: dict[str, Any] = {
        "power": lambda a, b: a**b,
        "quotient": lambda a, b: a / b,
        "hypot": T.hypot,
        "atan2": T.atan2,
        "logaddexp": T.logaddexp,
        "lerp": lambda a, b: T.lerp(a, b, 0.25),
        "maximum": T.maximum,
        "where": lambda a, b: T.where(a > b, a * a, b * a),
    }
    yield from _twice(T, draw, cases, draw.uniform(3, low=0.5, high=2.0), draw.uniform(3, low=0.5, high=2.0))


@scenario(
    "double.sums-and-spreads",
    lesson=10,
    ulps=512,
    asks="Second derivatives of sum, mean, prod, var, std, norm and logsumexp?",
)
def sums_and_spreads(T: Any, draw: Draw) -> Yields:
    cases: Cases = {
        "sum": lambda t: t.sum(0),
        "mean": lambda t: t.mean(1, keepdim=True),
        "prod": lambda t: t.prod(1),
        "var": lambda t: t.var(0),
        "std": lambda t: t.std(),
        "norm": lambda t: t.norm(dim=1),
        "logsumexp": lambda t: t.logsumexp(1),
        "cumsum": lambda t: t.cumsum(0),
        "softmax": lambda t: t.softmax(1),
        "log_softmax": lambda t: t.log_softmax(1),
    }
    yield from _twice(T, draw, cases, draw.uniform(2, 3, low=0.5, high=2.0))


@scenario(
    "double.product-with-a-zero", lesson=10, asks="prod() with a zero factor: is the second derivative exact too?"
)
def product_with_a_zero(T: Any, draw: Draw) -> Yields:
    for name, values in {"one zero": [2.0, 0.0, 3.0], "two zeros": [0.0, 0.0, 3.0]}.items():
        x = T.tensor(draw.array(values), requires_grad=True)
        (first,) = T.autograd.grad(x.prod(), x, create_graph=True)
        yield f"{name}: first", first
        yield f"{name}: second", T.autograd.grad(first.sum(), x)


@scenario(
    "double.picking-and-sorting",
    lesson=10,
    asks="Second derivatives through max, sort, index, gather and masks: is the choice kept?",
)
def picking_and_sorting(T: Any, draw: Draw) -> Yields:
    index = T.tensor([[0, 0, 2], [1, 1, 1]])
    cases: Cases = {
        "max(dim)": lambda t: t.max(1)[0],
        "amax": lambda t: t.amax(1),
        "sort": lambda t: t.sort(1)[0],
        "topk": lambda t: t.topk(2, dim=1)[0],
        "index": lambda t: t[:, [0, 0, 1]],
        "gather": lambda t: t.gather(1, index),
        "masked_fill": lambda t: t.masked_fill(t > 1, 0.0),
        "clamp": lambda t: t.clamp(0.7, 1.3),
        "scatter_add": lambda t: T.zeros_like(t).scatter_add(1, index, t),
    }
    yield from _twice(T, draw, cases, draw.uniform(2, 3, low=0.5, high=2.0))


@scenario(
    "double.shapes",
    lesson=10,
    asks="Second derivatives through reshape, permute, expand, cat, split, flip, roll, diagonal?",
)
def shapes(T: Any, draw: Draw) -> Yields:
    cases: Cases = {
        "reshape": lambda t: t.reshape(3, 2),
        "permute": lambda t: t.permute(1, 0),
        "expand": lambda t: t[:, :1].expand(2, 4),
        "cat": lambda t: T.cat([t, t * 2], dim=1),
        "stack": lambda t: T.stack([t, t]),
        "split": lambda t: t.split(2, dim=1)[1],
        "unbind": lambda t: t.unbind(0)[1],
        "flip": lambda t: t.flip(1),
        "roll": lambda t: t.roll(1, 0),
        "repeat": lambda t: t.repeat(2, 1),
        "diagonal": lambda t: t.diagonal(),
        "tril": lambda t: t.tril(),
    }
    yield from _twice(T, draw, cases, draw.normal(2, 3))


@scenario("double.matrices", lesson=10, ulps=512, asks="Second derivatives of matrix products of every shape?")
def matrices(T: Any, draw: Draw) -> Yields:
    cases: dict[str, Any] = {
        "matrix @ matrix": lambda a, b: a @ b,
        "matrix @ vector": lambda a, b: a @ b[:, 0],
        "dot": lambda a, b: a[0] @ b[:, 0],
        "outer": lambda a, b: T.outer(a[0], b[0]),
        "bmm": lambda a, b: a.expand(2, 2, 3) @ b.expand(2, 3, 2),
        "einsum": lambda a, b: T.einsum("ij,jk->k", a, b),
        "addmm": lambda a, b: T.addmm(b[:2], a, b, beta=0.5, alpha=2),
    }
    yield from _twice(T, draw, cases, draw.normal(2, 3), draw.normal(3, 2))


@scenario("double.in-place", lesson=10, asks="Is an in-place history differentiable twice?")
def in_place(T: Any, draw: Draw) -> Yields:
    def changed(t: Any) -> Any:
        y = t * 1
        y[0].mul_(t[1])
        y[1] = y[0].clone() * t[0]
        return y.mul_(t)

    yield from _twice(T, draw, {"changed": changed}, draw.normal(2, 2))


@scenario(
    "double.convolution",
    lesson=10,
    ulps=512,
    asks="Can a convolution be differentiated twice, by picture and by weight?",
)
def convolution(T: Any, draw: Draw) -> Yields:
    functional = T.nn.functional
    cases: dict[str, Any] = {
        "conv2d": lambda x, w: functional.conv2d(x, w, stride=2, padding=1),
        "conv_transpose2d": lambda x, w: functional.conv_transpose2d(x, w, stride=2),
    }
    yield from _twice(T, draw, cases, draw.normal(1, 1, 3, 3), draw.normal(1, 1, 2, 2))


@scenario(
    "double.pooling-and-norms", lesson=10, ulps=4096, asks="Second derivatives through pooling and batch normalisation?"
)
def pooling_and_norms(T: Any, draw: Draw) -> Yields:
    functional = T.nn.functional
    cases: Cases = {
        "max_pool2d": lambda t: functional.max_pool2d(t, 2, 1),
        "avg_pool2d": lambda t: functional.avg_pool2d(t, 2, 1),
        "adaptive": lambda t: functional.adaptive_avg_pool2d(t, 2),
        "batch_norm": lambda t: functional.batch_norm(t, None, None, training=True),
    }
    yield from _twice(T, draw, cases, draw.normal(2, 1, 3, 3))


@scenario("double.losses", lesson=10, ulps=512, asks="Which losses can be differentiated twice, also by their target?")
def losses(T: Any, draw: Draw) -> Yields:
    functional = T.nn.functional
    cases: dict[str, Any] = {
        "mse": functional.mse_loss,
        "smooth_l1": functional.smooth_l1_loss,
        "bce with logits": functional.binary_cross_entropy_with_logits,
        "cross entropy": functional.cross_entropy,
        "kl": functional.kl_div,
    }
    yield from _twice(T, draw, cases, draw.uniform(2, 3, low=0.2, high=0.8), draw.uniform(2, 3, low=0.2, high=0.8))


# torch adds 1e-12 to x and to 1 - x where it differentiates this loss a second time: hence the ulps.
@scenario(
    "double.bce", lesson=10, ulps=2**17, asks="And BCELoss: is its slope differentiable, by probability and by target?"
)
def bce(T: Any, draw: Draw) -> Yields:
    cases: dict[str, Any] = {"bce": T.nn.functional.binary_cross_entropy}
    yield from _twice(T, draw, cases, draw.uniform(2, 3, low=0.2, high=0.8), draw.uniform(2, 3, low=0.2, high=0.8))


@scenario(
    "double.hessian-vector-product", lesson=10, asks="How do I get the Hessian times a vector without the Hessian?"
)
def hessian_vector_product(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    v = T.tensor(draw.normal(3))
    y = (x.exp() * x.roll(1, 0)).sum()
    (slope,) = T.autograd.grad(y, x, create_graph=True)
    yield "through a second grad", T.autograd.grad(slope, x, grad_outputs=v, retain_graph=True)
    yield "through a scalar product", T.autograd.grad((slope * v).sum(), x, retain_graph=True)
    rows = [T.autograd.grad(one, x, retain_graph=True)[0] for one in slope]
    yield "from the whole Hessian", T.stack(rows) @ v


@scenario(
    "double.forward-by-two-backwards",
    lesson=10,
    asks="Can two backward passes compute a directional derivative, as forward mode does?",
)
def forward_by_two_backwards(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    v = T.tensor(draw.normal(3))
    y = T.stack([x[0] * x[1], x[2].exp()])
    dummy = T.zeros_like(y).requires_grad_()
    (slope,) = T.autograd.grad(y, x, grad_outputs=dummy, create_graph=True)
    yield "J @ v", T.autograd.grad(slope, dummy, grad_outputs=v)


@scenario(
    "double.penalty-without-create-graph",
    lesson=10,
    asks="A gradient penalty without create_graph: an error, or a silently missing term?",
)
def penalty_without_create_graph(T: Any, draw: Draw) -> Yields:
    values, start = draw.normal(4, 2), draw.normal(2)
    for create in (False, True):
        w = T.tensor(start, requires_grad=True)
        x = T.tensor(values, requires_grad=True)
        score = (x @ w).tanh().sum()
        (slope,) = T.autograd.grad(score, x, create_graph=create, retain_graph=True)
        yield f"create_graph={create}: backward", attempt((score + 10 * (slope**2).sum()).backward)
        yield f"create_graph={create}: w.grad", w.grad


@scenario(
    "double.wgan-gp",
    lesson=10,
    ulps=4096,
    asks="WGAN-GP on a small critic: does the penalty reach every weight and bias?",
)
def wgan_gp(T: Any, draw: Draw) -> Yields:
    nn = T.nn
    layers = [nn.Conv2d(1, 2, 2), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(8, 1)]
    critic = known(T, draw, nn.Sequential(*layers))
    real, fake = T.tensor(draw.normal(2, 1, 3, 3)), T.tensor(draw.normal(2, 1, 3, 3))
    share = T.tensor(draw.uniform(2, 1, 1, 1))
    between = (share * real + (1 - share) * fake).requires_grad_()
    (slope,) = T.autograd.grad(critic(between).sum(), between, create_graph=True)
    penalty = ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
    loss = critic(fake).mean() - critic(real).mean() + 10 * penalty
    loss.backward()
    yield "penalty", penalty
    yield "gradients", [p.grad for p in critic.parameters()]


@scenario(
    "double.inner-step",
    lesson=10,
    asks="A step of gradient descent inside the loss: can the learning rate be learned through it?",
)
def inner_step(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    rate = T.tensor(draw.array(0.1), requires_grad=True)
    data = T.tensor(draw.normal(3))
    moved = w
    for _ in range(2):
        (slope,) = T.autograd.grad(((moved - data) ** 2 * w.exp()).sum(), moved, create_graph=True)
        moved = moved - rate * slope
    (moved**2).sum().backward()
    yield "w.grad", w.grad
    yield "rate.grad", rate.grad


@scenario(
    "double.function-inside",
    lesson=10,
    asks="A Function whose backward uses another Function: is the second derivative right?",
)
def function_inside(T: Any, draw: Draw) -> Yields:
    def make(name: str, forward: Any, backward: Any) -> Any:
        body = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
        return type(name, (T.autograd.Function,), body)

    def save(f: Any) -> Any:
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return f(x)

        return forward

    cosine: Any = make("Cosine", save(lambda x: x.cos()), lambda ctx, g: -g * sine.apply(ctx.saved_tensors[0]))
    sine: Any = make("Sine", save(lambda x: x.sin()), lambda ctx, g: g * cosine.apply(ctx.saved_tensors[0]))
    x = T.tensor(draw.normal(3), requires_grad=True)
    y = sine.apply(x)
    for order in (1, 2, 3):
        (y,) = T.autograd.grad(y.sum(), x, create_graph=True)
        yield f"order {order}", y


@scenario(
    "double.release-of-both-graphs",
    lesson=10,
    asks="After a second derivative, what is freed of the first graph and of the second?",
)
def release_of_both_graphs(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    h = x.exp()
    y = h.sin().sum()
    (slope,) = T.autograd.grad(y, x, create_graph=True)
    yield "second derivative", T.autograd.grad(slope.sum(), x)
    yield "of the first graph", attempt(getattr, h.grad_fn, "_saved_result")
    yield "first again", attempt(T.autograd.grad, y, x)
    yield "second again", attempt(T.autograd.grad, slope.sum(), x)


@scenario(
    "double.gradcheck-finds-a-mistake",
    lesson=10,
    asks="Does gradcheck find a wrong backward, a wrong sign, a forgotten factor?",
)
def gradcheck_finds_a_mistake(T: Any, draw: Draw) -> Yields:
    backwards = {
        "right": lambda ctx, g: 2 * g * ctx.saved_tensors[0],
        "wrong sign": lambda ctx, g: -2 * g * ctx.saved_tensors[0],
        "forgotten factor": lambda ctx, g: g * ctx.saved_tensors[0],
        "forgotten incoming gradient": lambda ctx, g: 2 * ctx.saved_tensors[0],
        "not differentiable again": lambda ctx, g: 2 * g * ctx.saved_tensors[0].detach(),
    }

    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x * x

    for name, backward in backwards.items():
        body = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
        square: Any = type("Square", (T.autograd.Function,), body)
        x = T.tensor(draw.uniform(3, low=0.5, high=1.5), dtype=T.float64, requires_grad=True)
        first, second = T.autograd.gradcheck, T.autograd.gradgradcheck
        f = lambda t, square=square: square.apply(t) * 3  # noqa: E731
        yield f"{name}: gradcheck", first(f, (x,), raise_exception=False)
        yield f"{name}: gradgradcheck", second(f, (x,), raise_exception=False)


@scenario(
    "double.gradcheck-says-what-is-wrong",
    lesson=10,
    asks="What does gradcheck raise, and what does it say of float32 inputs?",
)
def gradcheck_says_what_is_wrong(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.uniform(3, low=0.5, high=1.5), dtype=T.float64, requires_grad=True)
    yield "detached by mistake", attempt(T.autograd.gradcheck, lambda t: t * t.detach(), (x,))
    yield "no input wants a gradient", attempt(T.autograd.gradcheck, lambda t: t * 2, (x.detach(),))
    single = x.detach().to(T.float32).requires_grad_()
    yield "float32: warnings", heard(T.autograd.gradcheck, lambda t: t * 3, (single,), raise_exception=False)
    yield "relu away from 0", T.autograd.gradcheck(lambda t: t.relu(), (x,))
