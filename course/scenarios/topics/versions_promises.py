"""What version counters and the check at backward promise: how often, since when, and in which words."""

from __future__ import annotations

from typing import Any

from course.scenarios import Cases, Draw, Yields, attempt, part, scenario


@scenario(
    "versions.changed-before-it-was-saved",
    lesson=6,
    asks="A tensor was changed first and saved then: is that an error too?",
)
def changed_before_it_was_saved(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    partner = T.tensor(draw.normal(3))
    with T.no_grad():
        partner.mul_(2).add_(1)
    loss = (x * partner).sum()
    yield "changed before", attempt(loss.backward, retain_graph=True)
    yield "x.grad", x.grad
    partner.mul_(3)
    yield "changed before and after", attempt(loss.backward)


@scenario(
    "versions.checked-by-hand",
    lesson=6,
    contract=True,
    asks="A tensor was changed so often before it was saved, and so often after: does the check refuse it?",
)
def checked_by_hand(T: Any, draw: Draw) -> Yields:
    # The engine asks the part only where something changed; here it is asked in any case.
    check = part(T, "check_version")
    for before, after in ((0, 0), (2, 0), (0, 1), (1, 1), (2, 3)):
        x = T.tensor(draw.normal(3), requires_grad=True)
        partner = T.tensor(draw.normal(3))
        for _ in range(before):
            partner.add_(1)
        y = x * partner
        for _ in range(after):
            partner.add_(1)
        refused = attempt(y.sum().backward) if check is None else attempt(check, before, partner, y.grad_fn, False)
        yield f"{before} before, {after} after", refused


@scenario("versions.how-often", lesson=6, asks="Does a tensor know how often it was changed, or only that it was?")
def how_often(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    partner = T.tensor(draw.normal(3))
    yield "version of a new tensor", partner._version
    versions = []
    for _ in range(4):
        loss = (x * partner).sum()
        partner.add_(1)
        versions.append(partner._version)
        yield f"saved before change {len(versions)}", attempt(loss.backward)
    yield "versions", versions


@scenario(
    "versions.each-its-own",
    lesson=6,
    asks="Two tensors have nothing in common and one is changed: what is the version of the other?",
)
def each_its_own(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    kept, changed = T.tensor(draw.normal(3)), T.tensor(draw.normal(3))
    kept.mul_(1)
    loss = (x * kept).sum()
    changed.add_(1).add_(1)
    yield "versions", [kept._version, changed._version]
    yield "backward of what kept the other", attempt(loss.backward)
    copy = kept.clone()
    copy.add_(1)
    yield "a clone's version, and the tensor's", [copy._version, kept._version]


@scenario(
    "versions.counted-in-every-mode",
    lesson=6,
    asks="Under no_grad nothing is recorded: is a write counted all the same?",
)
def counted_in_every_mode(T: Any, draw: Draw) -> Yields:
    for name, mode in {"no_grad": T.no_grad, "enable_grad": T.enable_grad, "inference_mode": T.inference_mode}.items():
        x = T.tensor(draw.normal(3), requires_grad=True)
        partner = T.tensor(draw.normal(3))
        loss = (x * partner).sum()
        with mode():
            partner.add_(1)
        yield f"{name}: version", partner._version
        yield f"{name}: backward", attempt(loss.backward)


@scenario(
    "versions.input-or-result",
    lesson=6,
    asks="A node kept an input, its result, or a leaf, and that is changed: is each of them refused?",
)
def input_or_result(T: Any, draw: Draw) -> Yields:
    kept: Cases = {
        "an input": lambda x: (x * 1, T.sin),
        "a result": lambda x: (x * 1, T.exp),
        "a leaf": lambda x: (x, T.sin),
    }
    for name, make in kept.items():
        h, f = make(T.tensor(draw.normal(3), requires_grad=True))
        y = f(h)
        with T.no_grad():
            (y if name == "a result" else h).add_(1)
        yield name, attempt(y.sum().backward)


@scenario(
    "versions.what-the-error-says",
    lesson=6,
    asks="'modified by an inplace operation': which tensor, made by what, at which version?",
)
def what_the_error_says(T: Any, draw: Draw) -> Yields:
    for name in ("an input", "a result", "a leaf"):
        x = T.tensor(draw.normal(2, 3), dtype=T.float64, requires_grad=True)
        h = x if name == "a leaf" else x * 1
        with T.no_grad():
            h.mul_(0.5)
        y = h.exp() if name == "a result" else h.sin()
        with T.no_grad():
            (y if name == "a result" else h).add_(1).add_(1)
        said = str(getattr(attempt(y.sum().backward), "message", "nothing"))
        begins, _, tensor = said.partition(" operation: ")
        yield f"{name}: the error begins", begins
        yield f"{name}: the tensor", tensor.partition(" Hint: ")[0].replace("torch.cuda.", "torch.")
        yield f"{name}: a hint", "Hint: enable anomaly detection" in said


@scenario(
    "versions.after-a-refusal",
    lesson=6,
    asks="A backward was refused because of a change: what of the gradients, and of the next forward pass?",
)
def after_a_refusal(T: Any, draw: Draw) -> Yields:
    w = T.tensor(draw.normal(3), requires_grad=True)
    x = T.tensor(draw.normal(3))
    loss = (w * x).sum()
    x.add_(1)
    yield "refused", attempt(loss.backward)
    yield "w.grad", w.grad
    yield "refused again", attempt(loss.backward)
    yield "a new forward pass", attempt((w * x).sum().backward)
    yield "w.grad then", w.grad
