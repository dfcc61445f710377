"""More of what random programs showed to differ: gradients that torch computes in one go, and the order of things."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


def parts(T: Any) -> dict[str, Any]:
    """Return functions of two matrices whose gradients torch computes in one go, or in a way of its own."""
    F = T.nn.functional
    ones: dict[str, Any] = {
        "cos": lambda x, y: x.cos(),
        "erf": lambda x, y: x.erf(),
        "abs": lambda x, y: x.abs(),
        "atanh": lambda x, y: (x / 9).atanh(),
        "softplus": lambda x, y: F.softplus(x),
        "logsigmoid": lambda x, y: F.logsigmoid(x),
        "elu": lambda x, y: F.elu(x),
        "var": lambda x, y: x.var(1),
        "norm": lambda x, y: x.norm(float("inf")),
        "log_softmax": lambda x, y: x.log_softmax(1),
        "index_select": lambda x, y: x.index_select(1, T.tensor([0, 2])),
        "take": lambda x, y: x.take(T.tensor([0, 3])),
        "max_pool2d": lambda x, y: F.max_pool2d(x[None, None], 2, 1),
        "avg_pool2d": lambda x, y: F.avg_pool2d(x[None, None], 2, 1),
        "nll_loss": lambda x, y: F.nll_loss(x, T.tensor([0, 1])),
    }
    several: dict[str, Any] = {
        "atan2": T.atan2,
        "addcdiv": lambda x, y: T.addcdiv(x, x, y, value=2),
        "masked_fill": lambda x, y: x.masked_fill(x.detach() > 0, y.sum()),
        "hypot": T.hypot,
        "mse_loss": F.mse_loss,
        "smooth_l1_loss": F.smooth_l1_loss,
        "huber_loss": lambda x, y: F.huber_loss(x, y, delta=0.5),
        "with logits": F.binary_cross_entropy_with_logits,
        "binary_cross_entropy": lambda x, y: F.binary_cross_entropy(x.sigmoid(), y.sigmoid()),
        "prelu": lambda x, y: F.prelu(x, y[0, :1]),
        "layer_norm": lambda x, y: F.layer_norm(x, (3,), y[0], y[1]),
        "batch_norm": lambda x, y: F.batch_norm(x, None, None, y[0], y[1], True),
        "instance_norm": lambda x, y: F.instance_norm(x[None], None, None, y[:, 0], y[:, 1]),
        "conv2d": lambda x, y: F.conv2d(x[None, None], y[None, None], y[0, :1], padding=1),
        "conv_transpose2d": lambda x, y: F.conv_transpose2d(x[None, None], y[None, None], stride=2),
        "a write to a view": lambda x, y: written(x * 1, y),
    }
    return ones | several


def written(x: Any, y: Any) -> Any:
    """Return `x` with its first row multiplied in place."""
    x[0].mul_(y[1])
    return x


def recorded_gradients(T: Any, f: Any, values: Any, flags: tuple[bool, bool]) -> tuple[Any, ...]:
    """Return inputs, the gradient passed in, and the recorded gradients of what requires grad."""
    leaves = [T.tensor(v, requires_grad=flag) for v, flag in zip(values, flags, strict=True)]
    inner = [x * 1 if x.requires_grad else x for x in leaves]
    result = f(*inner)
    g = T.full_like(result, 0.5)
    asked = [x for x in inner if x.requires_grad]
    made = T.autograd.grad(result, asked, g, create_graph=True, allow_unused=True)
    return leaves, (*inner, g), made


@scenario("double.what-a-gradient-keeps", lesson=10, asks="Which change does a pass through a gradient notice?")
def what_a_gradient_keeps(T: Any, draw: Draw) -> Yields:
    signs = draw.array([[1, -1, 1], [-1, 1, 1]])  # of the dtype of the run, where a list would make float64 of it
    values = draw.uniform(2, 3, low=0.5, high=2.0) * signs, draw.normal(2, 3)
    for name, f in parts(T).items():
        seen = []
        for changed in range(3):
            leaves, kept, made = recorded_gradients(T, f, values, (True, True))
            with T.no_grad():
                kept[changed].mul_(1)
            for d in made:
                if d is not None and d.requires_grad:
                    asked = [x for x in leaves if x.requires_grad]
                    ran = attempt(T.autograd.grad, d.sum(), asked, retain_graph=True, allow_unused=True)
                    seen.append(None if isinstance(ran, tuple) else ran)
        yield name, seen
    a = T.tensor(1.5, requires_grad=True)
    length = T.hypot(a, a)
    (g,) = T.autograd.grad(length, a, create_graph=True)
    length -= 0
    yield "refused twice", (attempt(g.backward), attempt(g.backward))


@scenario("double.one-node-for-all-gradients", lesson=10, asks="Which gradients require grad, and theirs?")
def one_node_for_all_gradients(T: Any, draw: Draw) -> Yields:
    values = draw.normal(2, 3), draw.normal(2, 3)
    for name in ("conv2d", "conv_transpose2d", "layer_norm", "batch_norm", "instance_norm", "prelu", "nll_loss"):
        f = parts(T)[name]
        for flags in ((True, True), (True, False), (False, True)):
            if name == "nll_loss" and not flags[0]:
                continue
            leaves, _, made = recorded_gradients(T, f, values, flags)
            yield f"{name} {flags}", [d is not None and d.requires_grad for d in made]
            for number, d in enumerate(made):
                if d is None or not d.requires_grad:
                    continue
                asked = [x for x in leaves if x.requires_grad]
                again = T.autograd.grad(d.sum(), asked, create_graph=True, allow_unused=True)
                yield f"{name} {flags}: again, {number}", [None if x is None else x.requires_grad for x in again]


@scenario("double.order-of-the-gradients", lesson=10, asks="Which factor's gradient is recorded first?")
def order_of_the_gradients(T: Any, draw: Draw) -> Yields:
    F = T.nn.functional
    functions: dict[str, Any] = {
        "mul": lambda x, y: x * y,
        "div": lambda x, y: x / y,
        "mm": lambda x, y: x @ y,
        "hypot": T.hypot,
        "pow": lambda x, y: x.abs() ** y,
        "mse_loss": F.mse_loss,
        "linear": F.linear,
    }
    for name, f in functions.items():
        x, y = (T.tensor(draw.normal(3, 3), requires_grad=True) for _ in range(2))
        order: list[str] = []
        x.register_post_accumulate_grad_hook(lambda leaf, order=order: order.append("x"))
        y.register_post_accumulate_grad_hook(lambda leaf, order=order: order.append("y"))
        first = T.autograd.grad(f(x, y).sum(), (x, y), create_graph=True)
        sum(g.sum() for g in first).backward()
        yield name, order


@scenario("views.history-of-a-kept-result", lesson=10, asks="Where is a result that was written to a view made?")
def history_of_a_kept_result(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    base = x * 2
    view = base[:2]
    view.tanh_()
    view.retain_grad()
    (first,) = T.autograd.grad(base.sum(), x, create_graph=True)
    yield "before", view.grad
    yield "second derivative", T.autograd.grad(first.sum(), x)
    yield "what the view got of it", view.grad


@scenario("inplace.views-that-lag-behind", lesson=6, asks="May a view be written to that has not seen its base change?")
def views_that_lag_behind(T: Any, draw: Draw) -> Yields:
    w = T.tensor(2.0, requires_grad=True)
    writes: dict[str, Any] = {
        "in place": lambda view: view.mul_(2),
        "copied": lambda view: view.copy_(view),
        "everything": lambda view: view.__setitem__(..., 1.0),
        "a full slice": lambda view: view.__setitem__(slice(0, 2), 1.0),
        "a part": lambda view: view.__setitem__(0, 1.0),
        "after a look": lambda view: (view.grad_fn, view.mul_(2))[1],
    }
    for name, write in writes.items():
        base = T.tensor([1.0, 2.0])
        view = base.view(2)
        base *= w
        ran = attempt(write, view)
        yield name, (type(ran).__name__ == "Raised" and ran, view)


@scenario("packing.before-an-error", lesson=8, asks="Is anything packed for an operation that turns out impossible?")
def before_an_error(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), requires_grad=True)
    y = T.tensor(draw.normal(3))
    packed: list[int] = []

    def pack(kept: Any) -> Any:
        packed.append(kept.numel())
        return kept

    with T.autograd.graph.saved_tensors_hooks(pack, lambda kept: kept):
        for name, f in (
            ("mul", lambda: x * y),
            ("add", lambda: x + y),
            ("div", lambda: y / x),
            ("in place", lambda: (x * 1).mul_(y)),
        ):
            yield name, (attempt(f), list(packed))
            packed.clear()


@scenario("modes_inference.reasons-in-order", lesson=6, asks="Of two reasons to refuse, which one is given?")
def reasons_in_order(T: Any, draw: Draw) -> Yields:
    x = T.tensor([1.0, 2.0], requires_grad=True)
    with T.inference_mode():
        strange = x + 1
    yield "kept, or written twice", attempt((x * 1).sum().expand(2).mul_, strange)
    yield "kron", attempt(T.kron, x, strange)
    second = list(x)[1]
    with T.no_grad():
        x.mul_(2)
    yield "lost, or no matrix", attempt(second.rot90)
    y = x * 1
    with T.no_grad():
        stretched = y.expand(2, -1)
    y.neg_()
    yield "lost, or not to be viewed so", attempt(stretched.view, -1)
    with T.no_grad():
        unseen = T.ones(2, 1).view(2, 1)
    yield "made without recording, or written twice", attempt(unseen.expand(2, -1, 1).add_, x.sum())
    yield "lost, and asked about", (attempt(second.isfinite), attempt(second.isnan))


@scenario("function.dirty-view-of-a-new-leaf", lesson=9, asks="May a view be marked dirty whose base became a leaf?")
def dirty_view_of_a_new_leaf(T: Any, draw: Draw) -> Yields:
    class Raise(T.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            x.add_(1)
            ctx.mark_dirty(x)
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g

    base = T.tensor([1.0, 2.0])
    view = base[0]
    base.requires_grad = True
    yield "applied", attempt(Raise.apply, view)


@scenario("function.nothing-for-several-results", lesson=9, asks="Is what was kept checked where no gradient comes?")
def nothing_for_several_results(T: Any, draw: Draw) -> Yields:
    class Cut(T.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x + 1

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return None

    x = T.tensor([1.0, 2.0], requires_grad=True)
    largest = x.aminmax().max
    Cut.apply(largest).backward(retain_graph=True)
    yield "nothing comes", x.grad
    with T.no_grad():
        largest.mul_(2)
    yield "changed: refused", type(attempt(Cut.apply(largest).backward)).__name__


@scenario("derivatives.mean-of-the-infinite", lesson=10, asks="Which mean does a running mean make of infinity?")
def mean_of_the_infinite(T: Any, draw: Draw) -> Yields:
    inf = float("inf")
    x = T.tensor([[inf, 1.0, 2.0], [1.0, inf, 2.0], [1.0, 2.0, inf], [inf, inf, 1.0]])
    yield "along rows", (T.var_mean(x, 1), T.std_mean(x, 1, keepdim=True))
    yield "of all", (T.var_mean(x), T.var_mean(x[2]))


@scenario("shapes.layout-of-what-is-picked", lesson=4, asks="In which order does what was picked lie in memory?")
def layout_of_what_is_picked(T: Any, draw: Draw) -> Yields:
    picks: dict[str, Any] = {
        "True": T.tensor(True),
        "rows": T.tensor([0, 1]),
        "columns": (slice(None), T.tensor([0, 1])),
        "last": (..., T.tensor([0, 1])),
        "a square": T.tensor([[0, 1], [1, 0]]),
        "apart": (T.tensor([0, 1]), slice(None), T.tensor([1, 0])),
        "a mask": T.tensor([True, True]),
    }
    cube = T.tensor(draw.normal(2, 2, 2, 3))[0]
    for turn in ((0, 1, 2), (2, 0, 1), (1, 2, 0), (1, 0, 2)):
        turned = cube.permute(*turn)
        for name, pick in picks.items():
            if name != "a mask" or turned.shape[0] == 2:
                yield f"{name} of {turn}", turned[pick].stride()
    yield "erf", cube[0].t()[:, :1].expand(3, 4).erf().stride()


@scenario("nn_layers.zeros-of-norms", lesson=6, asks="Which sign has a normalised zero?")
def zeros_of_norms(T: Any, draw: Draw) -> Yields:
    F = T.nn.functional
    x = T.tensor([[0.0, -0.0], [-0.0, 1.0]])
    one = T.ones(2)
    yield "batch_norm", F.batch_norm(x.t(), None, None, None, None, True).signbit()
    yield "batch_norm, scaled", F.batch_norm(x.t(), None, None, one, None, True).signbit()
    yield "layer_norm", (F.layer_norm(x, (2,)).signbit(), F.layer_norm(x, (2,), one).signbit())
    yield "instance_norm", F.instance_norm(x[None]).signbit()
