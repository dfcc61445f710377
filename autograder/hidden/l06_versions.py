"""Hidden scenarios of lesson 6: who changed the memory."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, quiet_gc, scenario, watch

# --- counters and their check -----------------------------------------------------------------------


@scenario(
    "versions.trained-in-the-wrong-order",
    lesson=6,
    hidden=True,
    asks="Two losses share weights, and the weights are stepped between their backwards: which step goes wrong?",
)
def trained_in_the_wrong_order(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4, 3))
    first = T.tensor(draw.normal(3, 3), requires_grad=True)
    second = T.tensor(draw.normal(3, 1), requires_grad=True)
    for step in range(2):
        out = (x @ first).tanh() @ second
        one, other = out.sum(), (out * out).sum()
        yield f"step {step}: one", attempt(one.backward, retain_graph=True)
        with T.no_grad():
            if step:
                second -= 0.1 * second.grad
            first -= 0.1 * first.grad
        yield f"step {step}: versions", [first._version, second._version]
        yield f"step {step}: other", attempt(other.backward)
        yield f"step {step}: gradients", [first.grad, second.grad]


@scenario(
    "versions.changed-at-random",
    lesson=6,
    hidden=True,
    asks="Plain tensors are used and changed at random: which products can still run backward?",
)
def changed_at_random(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    partners = [T.tensor(draw.normal(3)) for _ in range(4)]
    losses = []
    for turn, which, how in draw.integers(0, 1000, 16, 3).tolist():
        partner = partners[which % 4]
        if turn % 2:
            losses.append((w * partner).sum())
        elif how % 3 == 0:
            partner.detach().add_(1)
        elif how % 3 == 1:
            partner[1:].mul_(2)
        else:
            partner.data.add_(1)
    losses.append((w * partners[0]).sum())
    yield "versions", [partner._version for partner in partners]
    for number, loss in enumerate(losses):
        w.grad = None
        yield f"loss {number}", attempt(loss.backward)
        yield f"loss {number}: w.grad", w.grad


@scenario(
    "versions.shared-by-all-views",
    lesson=6,
    hidden=True,
    asks="Views of views, and what detach() gives of them: which version has each after a write to one?",
)
def shared_by_all_views(T: Any, draw: Draw) -> Yields:
    base = T.tensor(draw.normal(2, 3))
    row = base[1]
    end = row[1:]
    family = [base, row, end, end.detach(), base.t(), base.view(-1), base.detach()[0]]
    strangers = [base.clone(), base.data, base + 0, row.data]
    for number, writer in enumerate((end, base, family[3], family[6], strangers[1])):
        writer.add_(1)
        yield f"write {number}: family", [t._version for t in family]
        yield f"write {number}: strangers", [t._version for t in strangers]


@scenario(
    "versions.words-for-one-number",
    lesson=6,
    hidden=True,
    asks="A result without dimensions was changed twice: what does the refusal say of it?",
)
def words_for_one_number(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(2), dtype=T.float64, requires_grad=True)
    y = x.sum().exp()
    y.detach().mul_(3).add_(1).add_(1)
    said = str(getattr(attempt(y.backward), "message", "nothing"))
    yield "type and shape", "DoubleTensor []]" in said
    yield "versions", "is at version 3; expected version 0" in said
    yield "made by", "which is output 0 of Exp, is" in said
    x32 = T.tensor(draw.normal(4, 2, 1), dtype=T.float32, requires_grad=True)
    loss = (x32 * x32).sum()
    with T.no_grad():
        x32.zero_()
    said = str(getattr(attempt(loss.backward), "message", "nothing"))
    yield "a leaf: type and shape", "FloatTensor [4, 2, 1]] is at version 1; expected version 0" in said


# --- history in place -------------------------------------------------------------------------------


@scenario(
    "inplace.written-at-random",
    lesson=6,
    hidden=True,
    asks="Rows, columns and corners of a tensor are changed in turn, and used in between: is the gradient right?",
)
def written_at_random(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3, 3), requires_grad=True)
    w = T.tensor(draw.normal(3), requires_grad=True)
    base = x * 1
    views = [base[0], base[:, 1], base.t()[2], base[1:, 1:], base.view(-1)[2:7], base]
    collected = w.sum() * 0
    for which, how in draw.integers(0, 1000, 10, 2).tolist():
        view = views[which % len(views)]
        if how % 4 == 0:
            view.mul_(2)
        elif how % 4 == 1:
            view.add_(w.sum())
        elif how % 4 == 2:
            view.neg_()
        else:
            view.copy_(w.sum() * 3)
        collected = collected + views[how % len(views)].sum() * (1 + how % 5)
    yield "base", base
    yield "versions", [t._version for t in (base, *views)]
    collected.backward(retain_graph=True)
    yield "gradients of what was collected", [x.grad, w.grad]
    x.grad = w.grad = None
    (base * T.tensor(draw.normal(3, 3))).sum().backward()
    yield "gradients of the base", [x.grad, w.grad]


@scenario(
    "inplace.several-operands",
    lesson=6,
    hidden=True,
    asks="A slice is changed by an operation with several tracked operands: does each of them get its gradient?",
)
def several_operands(T: Any, draw: Draw) -> Yields:
    x, a, b = (T.tensor(draw.uniform(4, low=0.5, high=2.0), requires_grad=True) for _ in range(3))
    weights = T.tensor(draw.normal(4))
    changes: Cases = {
        "addcmul_": lambda t: t.addcmul_(a[:2], b[:2]),
        "div_": lambda t: t.div_(a[1:3]),
        "lerp_": lambda t: t.lerp_(a[2:], 0.25),
        "copy_": lambda t: t.copy_(a[:2] * b[2:]),
        "exp_": lambda t: t.exp_(),
        "zero_": lambda t: t.zero_(),
    }
    for name, change in changes.items():
        x.grad = a.grad = b.grad = None
        base = x * 1
        change(base[1:3])
        (base * weights).sum().backward()
        yield f"{name}: base", base
        yield f"{name}: gradients", [x.grad, a.grad, b.grad]


@scenario(
    "inplace.buffer-of-a-recurrence",
    lesson=6,
    hidden=True,
    asks="The states of a recurrence are written into one plain buffer: does the gradient go all the way back?",
)
def buffer_of_a_recurrence(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(2), requires_grad=True)
    start = T.tensor(draw.normal(2), requires_grad=True)
    states = T.tensor(draw.normal(4, 2))
    state = start
    for step in range(4):
        state = (state * w).tanh()
        states[step] = state
    yield "states", [states.requires_grad, states.is_leaf, states._version]
    yield "names", [states.grad_fn.name(), states[1].grad_fn.name()]
    loss = (states * T.tensor(draw.normal(4, 2))).sum()
    loss.backward(retain_graph=True)
    yield "gradients", [w.grad, start.grad]
    loss.backward()
    yield "gradients of two", [w.grad, start.grad]
    yield "a third", attempt(loss.backward)


@scenario(
    "inplace.dies-with-its-views",
    lesson=6,
    hidden=True,
    asks="A view is changed and kept while its base is dropped, and the other way round: what stays alive?",
)
def dies_with_its_views(T: Any, draw: Draw) -> Yields:
    with quiet_gc():
        x = T.tensor(draw.normal(4), requires_grad=True)
        base = x * 2
        view, sister = base[:2], base[1:]
        view.mul_(3)
        alive = {"base": watch(T, base), "view": watch(T, view), "sister": watch(T, sister)}
        del base, sister
        yield "view kept", {name: still() for name, still in alive.items()}
        yield "its backward", attempt(view.sum().backward)
        yield "x.grad", x.grad
        del view
        yield "nothing kept", {name: still() for name, still in alive.items()}


# --- history of views -------------------------------------------------------------------------------


@scenario(
    "views.gradient-of-every-relative",
    lesson=6,
    hidden=True,
    asks="A base is changed twice, with views made before, between and after: whose gradient knows which change?",
)
def gradient_of_every_relative(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3, 2), requires_grad=True)
    base = x * 1
    relatives = {"before": base[1], "turned before": base.t()[0]}
    used_early = relatives["before"] * 1
    base.mul_(2)
    relatives |= {"between": base[1], "flat": base.view(-1)[1:4]}
    used_between = relatives["turned before"] * 1
    base.exp_()
    relatives |= {"after": base[:2, 1:], "used early": used_early, "used between": used_between}
    for name, t in relatives.items():
        x.grad = None
        yield f"{name}: values", t
        yield f"{name}: backward", attempt(t.sum().backward, retain_graph=True)
        yield f"{name}: x.grad", x.grad


@scenario(
    "views.nodes-of-two-views",
    lesson=6,
    hidden=True,
    asks="One of two views is asked for its grad_fn after each change, the other only at the end: do they agree?",
)
def nodes_of_two_views(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(4), requires_grad=True)
    base = x * 1
    asked, forgotten = base[:2], base[2:]
    names, same = [], []
    for change in ("mul_", "add_", "div_"):
        getattr(base, change)(2)
        node = asked.grad_fn
        names.append(node.name())
        same.append(asked.grad_fn is node)
    yield "names", [*names, forgotten.grad_fn.name()]
    yield "the same when asked twice", same
    below = [view.grad_fn.next_functions[0][0] for view in (asked, forgotten)]
    yield "both lead to the node of the base", [node is base.grad_fn for node in below]
    (asked * forgotten).sum().backward()
    yield "x.grad", x.grad


@scenario(
    "views.silent-views",
    lesson=6,
    hidden=True,
    asks="Views made under no_grad or in inference_mode: which changes of their base make them unusable?",
)
def silent_views(T: Any, draw: Draw) -> Yields:
    for name, mode in {"no_grad": T.no_grad, "inference_mode": T.inference_mode}.items():
        for kind, tracked in {"tracked": True, "plain": False}.items():
            base = T.tensor(draw.normal(3), requires_grad=tracked) * 1
            with mode():
                view = base[:2]
            yield f"{name}, {kind}: before", attempt(lambda view=view: [view.requires_grad, view.grad_fn is None])
            with T.no_grad():
                base.add_(1)
            yield f"{name}, {kind}: changed silently", attempt(lambda view=view: view.grad_fn is None)
            base.mul_(2)
            yield f"{name}, {kind}: changed", attempt(lambda view=view: view.grad_fn is None)
            yield f"{name}, {kind}: used", attempt(lambda view=view: (view * 2).requires_grad)
            yield f"{name}, {kind}: detached", attempt(view.detach)
