"""Lesson 11: a recurrent net that is trained chunk by chunk."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, part, scenario, watch


def carry_state(T: Any) -> Any:
    """Return the training: with ``torch.func``, whose gradients leave no graph; or the student's part."""
    if T.__name__ != "torch":
        return part(T, "carry_state")

    def train(net: Any, chunks: Any, state: Any, optimizer: Any, loss_of: Any) -> Any:
        leaves = [w for group in optimizer.param_groups for w in group["params"]]
        losses: list[float] = []
        for inputs, targets in chunks:

            def cost(values: Any, given: Any, inputs: Any = inputs, targets: Any = targets) -> Any:
                output, after = net.on(values, inputs, given)
                price = loss_of(output, targets)
                return price, (price, after)

            gradients, (price, after) = T.func.grad(cost, has_aux=True)([w.data for w in net.weights], net.plain(state))
            for w, g in zip(net.weights, gradients, strict=True):
                if any(w is leaf for leaf in leaves):
                    w.grad = g
            if not losses and not isinstance(state, tuple) and state.requires_grad:
                began = T.func.grad(lambda s, cost=cost: cost([w.data for w in net.weights], s)[0])(state.data)
                state.grad = began
            optimizer.step()
            losses.append(float(price))
            state = after
        return losses, state

    return train


class Net:
    """A recurrent cell with three weights: a function of a chunk and a state.

    Parameters
    ----------
    T : module
        The engine.
    draw : Draw
        Where its weights come from.
    two : bool
        Whether its state is a pair, as an LSTM's is.
    """

    def __init__(self, T: Any, draw: Draw, two: bool = False) -> None:
        self.two = two
        self.weights = [T.tensor(draw.normal(*shape), requires_grad=True) for shape in ((2, 3), (3, 3), (3, 1))]

    def __call__(self, inputs: Any, state: Any) -> Any:
        return self.on(self.weights, inputs, state)

    def on(self, weights: Any, inputs: Any, state: Any) -> Any:
        """Run with these weights over the rows of `inputs`."""
        into, over, out = weights
        h: Any = state[0] if self.two else state
        c: Any = state[1] if self.two else None
        outputs = []
        for row in range(inputs.shape[0]):
            h = (inputs[row : row + 1] @ into + h @ over).tanh()
            if self.two:
                c = c * 0.5 + h
                h = c.tanh()
            outputs.append(h @ out)
        total = outputs[0]
        for one in outputs[1:]:
            total = total + one
        return total, ((h, c) if self.two else h)

    def plain(self, state: Any) -> Any:
        """Return the numbers of a state."""
        return tuple(s.data for s in state) if self.two else state.data


def squared(output: Any, target: Any) -> Any:
    """The loss of these scenarios; it tells output from target."""
    return ((output - 0.5 * target) ** 2).sum()


def chunks_of(T: Any, draw: Draw, count: int) -> list[tuple[Any, Any]]:
    """Return so many chunks of two rows, each with its target."""
    return [(T.tensor(draw.normal(2, 2)), T.tensor(draw.normal(1, 1))) for _ in range(count)]


def sgd(T: Any, net: Any) -> Any:
    """Return plain SGD, so that the change of a weight tells its gradient."""
    return T.optim.SGD(net.weights, lr=0.05)


@scenario("carried.one-chunk", lesson=11, contract=True, ulps=4096, asks="One chunk: what are the loss and the state?")
def one_chunk(T: Any, draw: Draw) -> Yields:
    net = Net(T, draw)
    yield (
        "result",
        attempt(carry_state(T), net, chunks_of(T, draw, 1), T.tensor(draw.normal(1, 3)), sgd(T, net), squared),
    )


@scenario(
    "carried.three-chunks",
    lesson=11,
    contract=True,
    ulps=1 << 16,
    asks="Three chunks: do state and training go on, without an error?",
)
def three_chunks(T: Any, draw: Draw) -> Yields:
    net = Net(T, draw)
    start = T.tensor(draw.normal(1, 3))
    yield "result", attempt(carry_state(T), net, chunks_of(T, draw, 3), start, sgd(T, net), squared)
    yield "weights", list(net.weights)


@scenario(
    "carried.gradient-of-the-last-chunk",
    lesson=11,
    contract=True,
    ulps=1 << 16,
    asks="After two chunks: which gradients are in the weights?",
)
def gradient_of_the_last_chunk(T: Any, draw: Draw) -> Yields:
    net = Net(T, draw)
    for w in net.weights:
        w.grad = T.tensor(draw.normal(*w.shape))
    carry_state(T)(net, chunks_of(T, draw, 2), T.tensor(draw.normal(1, 3)), sgd(T, net), squared)
    yield "gradients", [w.grad for w in net.weights]
    yield "weights", list(net.weights)


@scenario(
    "carried.state-is-a-pair",
    lesson=11,
    contract=True,
    ulps=1 << 16,
    asks="The state is a pair, as an LSTM's is: are both halves carried?",
)
def state_is_a_pair(T: Any, draw: Draw) -> Yields:
    net = Net(T, draw, two=True)
    start = (T.tensor(draw.normal(1, 3)), T.tensor(draw.normal(1, 3)))
    result = attempt(carry_state(T), net, chunks_of(T, draw, 3), start, sgd(T, net), squared)
    yield "result", result
    yield "weights", list(net.weights)


@scenario(
    "carried.result-has-no-history",
    lesson=11,
    contract=True,
    ulps=1 << 16,
    asks="Do the state and the losses that are returned hold on to a graph?",
)
def result_has_no_history(T: Any, draw: Draw) -> Yields:
    for name, two in {"one": False, "pair": True}.items():
        net = Net(T, draw, two=two)
        start = T.tensor(draw.normal(1, 3))
        losses, state = carry_state(T)(
            net, chunks_of(T, draw, 2), (start, start * 2) if two else start, sgd(T, net), squared
        )
        yield f"{name}: losses", [isinstance(one, float) for one in losses]
        yield f"{name}: state", [s.requires_grad for s in (state if two else [state])]


@scenario(
    "carried.learned-start",
    lesson=11,
    contract=True,
    ulps=1 << 16,
    asks="The state at the start requires grad: which gradient does it get?",
)
def learned_start(T: Any, draw: Draw) -> Yields:
    net = Net(T, draw)
    start = T.tensor(draw.normal(1, 3), requires_grad=True)
    carry_state(T)(net, chunks_of(T, draw, 3), start, sgd(T, net), squared)
    yield "start.grad", start.grad
    yield "weights", list(net.weights)


@scenario(
    "carried.losses-are-let-go",
    lesson=11,
    contract=True,
    asks="After three chunks: is any of the losses still alive?",
)
def losses_are_let_go(T: Any, draw: Draw) -> Yields:
    if T.__name__ == "torch":  # what the contract says
        yield "losses", 3
        yield "losses alive at the end", 0
        return
    net = Net(T, draw)
    seen: list[Any] = []

    def priced(output: Any, target: Any) -> Any:
        loss = squared(output, target)
        seen.append(watch(T, loss))
        return loss

    result = carry_state(T)(net, chunks_of(T, draw, 3), T.tensor(draw.normal(1, 3)), sgd(T, net), priced)
    yield "losses", len(result[0])
    yield "losses alive at the end", sum(alive() for alive in seen)


@scenario(
    "carried.walks-its-own-chunk",
    lesson=11,
    contract=True,
    asks="How often does a gradient reach the weights in four chunks of two rows?",
)
def walks_its_own_chunk(T: Any, draw: Draw) -> Yields:
    if T.__name__ == "torch":  # what the contract says: one gradient for each chunk, and none through an older state
        yield "gradients of the weight", 4
        yield "gradients of an older state", 0
        yield "steps", 4
        return
    net = Net(T, draw)
    reached: list[int] = []
    older: list[int] = []
    net.weights[1].register_hook(lambda g: reached.append(1))

    def watched(inputs: Any, state: Any) -> Any:
        if state.requires_grad:
            state.register_hook(lambda g: older.append(1))
        return net(inputs, state)

    optimizer = sgd(T, net)
    steps: list[int] = []
    optimizer.register_step_post_hook(lambda optimizer, args, kwargs: steps.append(1))
    attempt(carry_state(T), watched, chunks_of(T, draw, 4), T.tensor(draw.normal(1, 3)), optimizer, squared)
    yield "gradients of the weight", len(reached)
    yield "gradients of an older state", len(older)
    yield "steps", len(steps)


class Adding:
    """A cell that keeps its inputs and nothing that an optimizer changes."""

    two = False

    def __init__(self, T: Any, draw: Draw) -> None:
        self.weights = [T.tensor(draw.normal(1, 3), requires_grad=True)]

    def __call__(self, inputs: Any, state: Any) -> Any:
        return self.on(self.weights, inputs, state)

    def on(self, weights: Any, inputs: Any, state: Any) -> Any:
        """Run with these weights."""
        after = state * inputs + weights[0]
        return after.sum(), after

    def plain(self, state: Any) -> Any:
        """Return the numbers of a state."""
        return state.data


@scenario(
    "carried.nothing-that-changes-is-kept",
    lesson=11,
    contract=True,
    ulps=4096,
    asks="The weights are only added, so no step disturbs a graph: does the gradient stop at the chunk all the same?",
)
def nothing_that_changes_is_kept(T: Any, draw: Draw) -> Yields:
    net = Adding(T, draw)
    chunks = [(T.tensor(draw.normal(1, 3)), T.tensor(draw.normal(1))) for _ in range(3)]
    start = T.tensor(draw.normal(1, 3))
    yield (
        "runs",
        attempt(lambda: carry_state(T)(net, chunks, start, sgd(T, net), lambda y, t: (y - t.sum()) * 2) and None),
    )
    yield "gradient", net.weights[0].grad
