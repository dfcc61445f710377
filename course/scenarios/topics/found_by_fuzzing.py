"""What random programs showed to differ once, and a program might rely on."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario


def gradients(T: Any, result: Any, *inputs: Any) -> list[Any]:
    """Return first and second derivatives of the sum of `result`."""
    first = T.autograd.grad(result.sum(), inputs, create_graph=True)
    total = sum((g * g).sum() for g in first)
    return [*first, *T.autograd.grad(total, inputs, retain_graph=True, allow_unused=True)]


@scenario("views.of-a-base-that-turns", lesson=10, asks="What does a view see once its base was transposed in place?")
def of_a_base_that_turns(T: Any, draw: Draw) -> Yields:
    turns: dict[str, Any] = {
        "t_": lambda x: x.t_(),
        "transpose_": lambda x: x.transpose_(0, 1),
        "unsqueeze_": lambda x: x.unsqueeze_(1),
        "squeeze_": lambda x: x.unsqueeze_(0).squeeze_(0),
    }
    values = draw.normal(2, 3)
    for name, turn in turns.items():
        x = T.tensor(values, requires_grad=True)
        base = x * x
        row, flat = base[0], base.view(-1)
        turn(base)
        yield (
            f"{name}: before a write",
            (row.shape, row.grad_fn.name(), T.autograd.grad(row.sum(), x, retain_graph=True)),
        )
        row.mul_(3)
        yield f"{name}: written through the view", gradients(T, base.sin(), x)
        base.mul_(2)
        yield f"{name}: written through the base", gradients(T, flat * flat + row.sum(), x)
        yield f"{name}: a view of the view", gradients(T, row[1:] * flat[:2], x)


@scenario("graph.edges-of-what-has-no-derivative", lesson=6, asks="Where do the edges of a floor division lead?")
def edges_of_what_has_no_derivative(T: Any, draw: Draw) -> Yields:
    x = T.tensor([1.5, 2.5], requires_grad=True)
    plain = T.tensor([1.0, 2.0])

    def edges(tensor: Any) -> list[Any]:
        return [None if node is None else node.name() for node, _ in tensor.grad_fn.next_functions]

    yield "by a tensor", edges(x // plain)
    yield "of a tensor", edges(plain // x)
    yield "of both", edges(x // x)
    yield "by a number", (edges(x // 2), edges(2 // x), edges(2 % x))
    base = x * 1
    view = base.view(-1)
    view //= plain
    yield "written to a view", edges(base)
    yield "backward", attempt(view.sum().backward)
    yield "of a number", attempt((2 % x).sum().backward)


@scenario("engine.unique-has-no-derivative", lesson=8, asks="When is the missing derivative of unique() missed?")
def unique_has_no_derivative(T: Any, draw: Draw) -> Yields:
    x = T.tensor([1.5, 2.5, 1.5], requires_grad=True)
    for name in ("everything", "the input", "itself"):
        found = (x * 1).unique()
        inputs = {"everything": None, "the input": [x], "itself": [found]}[name]
        yield f"asked for {name}", attempt(found.sum().backward, inputs=inputs)
        yield f"{name}: gradients", (x.grad, found.grad if name == "itself" else None)


@scenario("nn_layers.outputs-of-norms", lesson=8, asks="How many gradients does the node of a normalisation take?")
def outputs_of_norms(T: Any, draw: Draw) -> Yields:
    F = T.nn.functional
    x = T.tensor(draw.normal(2, 4, 3), requires_grad=True)
    results = {
        "group_norm": F.group_norm(x, 2),
        "layer_norm": F.layer_norm(x, (3,)),
        "batch_norm": F.batch_norm(x, None, None, None, None, True),
    }
    for name, result in results.items():
        seen: list[Any] = []
        result.grad_fn.register_prehook(lambda gradients, seen=seen: seen.append([g is None for g in gradients]))
        (result * result).sum().backward()
        yield name, seen


@scenario("nn_layers.pooling-of-one-image", lesson=10, asks="Is the pooling of one image a view of something?")
def pooling_of_one_image(T: Any, draw: Draw) -> Yields:
    F = T.nn.functional
    x = T.tensor(draw.normal(2, 4, 5), requires_grad=True)
    for name, result in (
        ("max", F.max_pool2d(x, 2)),
        ("average", F.avg_pool2d(x, 2, 1)),
        ("adaptive", F.adaptive_avg_pool2d(x, 3)),
    ):
        yield name, (result.shape, result.grad_fn.name(), result._is_view())
        yield f"{name}: gradients", gradients(T, result * result, x)
    yield "of a matrix", (attempt(F.max_pool2d, x[0], 2), attempt(F.avg_pool2d, x[0], 2))


@scenario("nn_layers.pooling-of-an-infinite-pixel", lesson=6, asks="How far does one infinite pixel reach?")
def pooling_of_an_infinite_pixel(T: Any, draw: Draw) -> Yields:
    F = T.nn.functional
    values = draw.normal(1, 1, 4, 4)
    values[0, 0, 1, 2] = float("inf")
    x = T.tensor(values, requires_grad=True)
    for name, result in (
        ("average", F.avg_pool2d(x, 2)),
        ("padded", F.avg_pool2d(x, 3, 2, 1)),
        ("adaptive", F.adaptive_avg_pool2d(x, 2)),
        ("nearest", F.interpolate(x, scale_factor=2)),
    ):
        yield name, result
        yield f"{name}: gradient", T.autograd.grad((result * result).sum(), x)


@scenario("nn_losses.slopes-at-infinity", lesson=10, asks="What are the derivatives of infinite losses?")
def slopes_at_infinity(T: Any, draw: Draw) -> Yields:
    F = T.nn.functional
    far = [float("-inf"), -2.0, 0.5, float("inf"), float("nan")]
    x = T.tensor(far, requires_grad=True)
    losses: dict[str, Any] = {
        "smooth_l1_loss": lambda t: F.smooth_l1_loss(x, t, reduction="sum", beta=0.5),
        "huber_loss": lambda t: F.huber_loss(x, t, reduction="sum", delta=0.5),
        "with logits": lambda t: F.binary_cross_entropy_with_logits(x, t, reduction="sum"),
        "weighted": lambda t: F.binary_cross_entropy_with_logits(x, t, pos_weight=T.full((5,), 2.0)),
    }
    for name, loss in losses.items():
        for target in (0.0, 0.5, float("inf")):
            t = T.full_like(x, target)
            first = T.autograd.grad(loss(t), x, create_graph=True)[0]
            yield f"{name} against {target}", (first, T.autograd.grad(first.sum(), x))


@scenario("derivatives.norms-of-nothing", lesson=10, asks="What are the derivatives of a norm where it is 0?")
def norms_of_nothing(T: Any, draw: Draw) -> Yields:
    x = T.tensor([[0.0, 0.0], [1.0, -2.0]], requires_grad=True)
    for p in (1, 2, 3, 4):
        first = T.autograd.grad(x.norm(p, 1).sum(), x, create_graph=True)[0]
        yield f"order {p}", first
        if first.requires_grad:
            yield f"order {p}: again", T.autograd.grad(first.sum(), x)


@scenario("shapes.layout-of-results", lesson=4, asks="In which order do results lie in memory?")
def layout_of_results(T: Any, draw: Draw) -> Yields:
    turned = T.tensor(draw.normal(3, 2)).t()
    straight = T.tensor(draw.normal(2, 3))
    whole = T.tensor([1, 2, 3]).expand(2, 3)
    for name in ("rand_like", "randn_like", "zeros_like", "ones_like"):
        yield name, getattr(T, name)(turned).stride()
    yield "randint_like", T.randint_like(turned, 5).stride()
    yield "dropout", T.nn.functional.dropout(turned).stride()
    yield "comparisons", [(turned > straight).stride(), (straight > turned).stride(), (turned == turned).stride()]
    yield "logic", [T.logical_or(turned, straight).stride(), ((turned > 0) & (straight > 0)).stride()]
    yield "isclose", T.isclose(turned, straight).stride()
    yield "xlogy", T.xlogy(turned, straight).stride()
    yield "repeated integers", [(2 / whole).stride(), whole.exp().stride(), (whole * turned).stride()]
    yield "repeated bools", (whole > 1).expand(2, 2, 3).double().stride()
    yield "rounded integers", T.tensor([[1, 2], [3, 4], [5, 6]]).t().round().stride()


@scenario("shapes.random-numbers-after-a-turned-tensor", lesson=4, asks="In which order are numbers drawn?")
def after_a_turned_tensor(T: Any, draw: Draw) -> Yields:
    turned = T.tensor(draw.normal(5, 4)).t()
    for name in ("rand_like", "randn_like"):
        T.manual_seed(2)
        yield name, getattr(T, name)(turned)
    T.manual_seed(2)
    yield "randint_like", T.randint_like(turned, 9)
    T.manual_seed(2)
    yield "dropout", T.nn.functional.dropout(turned) / turned
    for name in ("uniform_", "normal_"):
        T.manual_seed(2)
        yield name, getattr(turned.clone(), name)()


@scenario("shapes.products-that-do-not-fit", lesson=4, asks="What is said of matrices that do not fit?")
def products_that_do_not_fit(T: Any, draw: Draw) -> Yields:
    F = T.nn.functional
    a, m, v = T.ones(2, 3, 4), T.ones(3, 4), T.ones(3)
    yield "batches", (attempt(T.matmul, a, T.ones(3, 4, 2)), attempt(T.matmul, a, T.ones(2, 5, 6)))
    yield "baddbmm", (attempt(T.baddbmm, a, a, T.ones(2, 5, 6)), attempt(T.baddbmm, m, a, T.ones(2, 4, 5)))
    yield "addmm", (attempt(T.addmm, m, m, T.ones(4, 2)), attempt(T.addmm, a, m, T.ones(4, 2)))
    yield "addmv", (attempt(T.addmv, v, m, v), attempt(T.addmv, T.ones(2), m, T.ones(4)))
    yield "bias", (attempt(F.linear, m, T.ones(2, 4), v), attempt(F.linear, a, T.ones(2, 4), v))
    yield "cross", (attempt(T.cross, v, T.ones(2)), attempt(T.cross, T.ones(2), v))
    yield "onto itself", attempt(v.expand(2, 3).mul_, T.ones(2))


@scenario("function.input-returned-without-recording", lesson=9, asks="What is an input returned under no_grad?")
def input_returned_without_recording(T: Any, draw: Draw) -> Yields:
    class Same(T.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            return x

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return g

    for flag in (False, True):
        x = T.tensor([1.0, 2.0], requires_grad=flag)
        with T.no_grad():
            same = Same.apply(x)
        x.requires_grad_()
        yield f"required grad before: {flag}", (same._is_view(), same.requires_grad, same.is_leaf)
        yield f"{flag}: written to", attempt(same.mul_, 2)


@scenario("derivatives.gelu-far-to-the-left", lesson=10, asks="Is gelu exactly 0 far to the left?")
def gelu_far_to_the_left(T: Any, draw: Draw) -> Yields:
    x = T.tensor([-9.0, -12.0, -40.0], requires_grad=True)
    result = T.nn.functional.gelu(x)
    yield "values", (result == 0, result.signbit())
    yield "derivatives", gradients(T, result, x)
    single = T.nn.functional.gelu(T.tensor([-9.0, -6.0], dtype=T.float32))
    yield "in float32", (single == 0, single.signbit())


@scenario("grad.inputs-look-behind-a-view", lesson=8, asks="Is the gradient of a view kept whose base was written to?")
def inputs_look_behind_a_view(T: Any, draw: Draw) -> Yields:
    x = T.tensor([0.5, 2.0], requires_grad=True)
    base = T.tensor([1.0, 3.0])
    asked, retained = base[...], base[...]
    base *= x
    retained.retain_grad()
    asked.sum().backward(inputs=[asked], retain_graph=True)
    yield "asked for", (asked.retains_grad, asked.grad)
    yield "retained", (retained.retains_grad, retained.grad)
    asked.sigmoid_()
    yield "written to", T.autograd.grad(asked.sum(), x)
    yield "asked for, again", (asked.retains_grad, asked.grad)
