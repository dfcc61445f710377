"""Modules: what they register, how they are walked, saved and loaded."""

from __future__ import annotations

import copy
from typing import Any

from course.scenarios import Draw, Yields, attempt, heard, scenario
from course.scenarios.nets import known


def _network(T: Any) -> Any:
    """Return a module with a child, a child of a child, a buffer and a shared parameter."""
    nn = T.nn

    class Network(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(2, 3)
            self.body = nn.Sequential(nn.Tanh(), nn.Linear(3, 3))
            self.shared = self.first.weight
            self.register_buffer("mean", T.zeros(2))
            self.register_buffer("scratch", T.zeros(1), persistent=False)
            self.plain = T.ones(2)

        def forward(self, x: Any) -> Any:
            return self.body(self.first(x - self.mean))

    return Network()


@scenario(
    "nn_modules.parameter",
    lesson=7,
    asks="What makes a Parameter out of a tensor, and is an expression of one still one?",
)
def parameter(T: Any, draw: Draw) -> Yields:
    data = T.tensor(draw.normal(3))
    p = T.nn.Parameter(data)
    yield "requires_grad, is_leaf", [p.requires_grad, p.is_leaf]
    yield "is a tensor", isinstance(p, T.Tensor)
    yield "shares memory", p.data_ptr() == data.data_ptr()
    yield "p * 2 is one", isinstance(p * 2, T.nn.Parameter)
    yield "detached is one", isinstance(p.detach(), T.nn.Parameter)
    with T.no_grad():
        yield "made under no_grad", T.nn.Parameter(data).requires_grad
    yield "of whole numbers", attempt(T.nn.Parameter, T.tensor([1, 2]))
    yield "of whole numbers, without gradient", T.nn.Parameter(T.tensor([1, 2]), requires_grad=False).dtype


@scenario(
    "nn_modules.parameter-of-a-result",
    lesson=7,
    asks="I make a Parameter of a computed tensor: does gradient reach behind it?",
)
def parameter_of_a_result(T: Any, draw: Draw) -> Yields:
    x = T.tensor(draw.normal(3), requires_grad=True)
    p = T.nn.Parameter(x * 2)
    (p * p).sum().backward()
    yield "is_leaf", p.is_leaf
    yield "p.grad", p.grad
    yield "x.grad", x.grad


@scenario(
    "nn_modules.registration", lesson=7, asks="Which attributes of a module become parameters, buffers, children?"
)
def registration(T: Any, draw: Draw) -> Yields:
    net = _network(T)
    yield "parameters", [name for name, _ in net.named_parameters()]
    yield "with duplicates", [name for name, _ in net.named_parameters(remove_duplicate=False)]
    yield "its own only", [name for name, _ in net.named_parameters(recurse=False)]
    yield "buffers", [name for name, _ in net.named_buffers()]
    yield "children", [name for name, _ in net.named_children()]
    yield "modules", [name for name, _ in net.named_modules()]
    yield "counts", [len(list(net.parameters())), len(list(net.children())), len(list(net.modules()))]


@scenario("nn_modules.reassigned", lesson=7, asks="I assign to an attribute that was a parameter: what is it then?")
def reassigned(T: Any, draw: Draw) -> Yields:
    net = T.nn.Linear(2, 2)

    def assign(value: Any) -> None:
        net.weight = value

    yield "a plain tensor", attempt(assign, T.ones(2, 2))
    yield "another parameter", attempt(assign, T.nn.Parameter(T.ones(2, 2)))
    yield "None", attempt(assign, None)
    yield "then the names are", [name for name, _ in net.named_parameters()]
    del net.bias
    yield "after del", [name for name, _ in net.named_parameters()]
    yield "a name that is not there", attempt(getattr, net, "bias")


@scenario(
    "nn_modules.in-a-plain-list", lesson=7, asks="Layers kept in a Python list: does the module know their parameters?"
)
def in_a_plain_list(T: Any, draw: Draw) -> Yields:
    for name, keep in {"list": list, "ModuleList": T.nn.ModuleList}.items():
        net: Any = T.nn.Module()
        net.layers = keep([T.nn.Linear(1, 1), T.nn.Linear(1, 1)])
        yield name, [key for key, _ in net.named_parameters()]
    table = T.nn.ModuleDict({"a": T.nn.Linear(1, 1), "b": T.nn.ReLU()})
    yield "ModuleDict", [key for key, _ in table.named_parameters()]
    yield "ParameterList", [key for key, _ in T.nn.ParameterList([T.ones(1), T.ones(1)]).named_parameters()]


@scenario("nn_modules.without-super-init", lesson=7, asks="I forgot super().__init__(): where does it fail, and how?")
def without_super_init(T: Any, draw: Draw) -> Yields:
    class Lazy(T.nn.Module):  # type: ignore[misc]
        def __init__(self, value: Any) -> None:
            self.x = value

    yield "a layer", attempt(Lazy, T.nn.Linear(1, 1))
    yield "a parameter", attempt(Lazy, T.nn.Parameter(T.ones(1)))


@scenario(
    "nn_modules.registering-by-hand",
    lesson=7,
    asks="Which names and values do register_parameter and register_buffer refuse?",
)
def registering_by_hand(T: Any, draw: Draw) -> Yields:
    net = T.nn.Module()
    yield "a dot in the name", attempt(net.register_parameter, "a.b", None)
    yield "no name", attempt(net.register_parameter, "", None)
    yield "a plain tensor", attempt(net.register_parameter, "a", T.ones(1))
    yield "an attribute that exists", attempt(net.register_buffer, "training", T.ones(1))
    yield "a number as buffer", attempt(net.register_buffer, "a", 1.0)
    yield "a number as module", attempt(net.add_module, "a", 1.0)
    net.register_parameter("none", None)
    yield "None is remembered, and not listed", [net.none is None, len(list(net.parameters())), list(net.state_dict())]


@scenario("nn_modules.state-dict", lesson=7, asks="What is in a state_dict, is it a copy, and does it carry a graph?")
def state_dict(T: Any, draw: Draw) -> Yields:
    net = known(T, draw, _network(T))
    state = net.state_dict()
    yield "names", list(state)
    yield "with a prefix", list(net.state_dict(prefix="net."))
    yield "requires_grad", state["first.weight"].requires_grad
    with T.no_grad():
        net.first.weight.zero_()
    yield "changed with the parameter", bool((state["first.weight"] == 0).all())


@scenario("nn_modules.load-state-dict", lesson=7, asks="What does load_state_dict write into, and what does it answer?")
def load_state_dict(T: Any, draw: Draw) -> Yields:
    source, target = known(T, draw, T.nn.Linear(2, 2)), known(T, draw, T.nn.Linear(2, 2))
    weight, version = target.weight, target.weight._version
    answer = target.load_state_dict(source.state_dict())
    yield "missing, unexpected", [list(answer.missing_keys), list(answer.unexpected_keys)]
    yield "same object, version moved by", [target.weight is weight, target.weight._version - version]
    yield "weight", target.weight
    yield "same memory as the source", target.weight.data_ptr() == source.weight.data_ptr()


@scenario(
    "nn_modules.load-state-dict-refuses",
    lesson=7,
    asks="Keys missing, unexpected or of another shape: what does load_state_dict say?",
)
def load_state_dict_refuses(T: Any, draw: Draw) -> Yields:
    net = known(T, draw, T.nn.Linear(2, 2))
    before = net.weight.clone()
    zeros = {"weight": T.zeros(2, 2), "bias": T.zeros(2)}
    yield "missing", attempt(net.load_state_dict, {"weight": zeros["weight"]})
    yield "what was there is loaded all the same", bool((net.weight == 0).all())
    yield "unexpected", attempt(net.load_state_dict, {**zeros, "scale": T.ones(1)})
    yield "another shape", attempt(net.load_state_dict, {**zeros, "bias": T.zeros(3)})
    loose = net.load_state_dict({"weight": before, "scale": T.ones(1)}, strict=False)
    yield "strict=False", [list(loose.missing_keys), list(loose.unexpected_keys)]
    yield "weight", net.weight


@scenario(
    "nn_modules.train-and-eval", lesson=7, asks="How far down do train() and eval() reach, and whom do they change?"
)
def train_and_eval(T: Any, draw: Draw) -> Yields:
    net = T.nn.Sequential(T.nn.Dropout(0.5), T.nn.Sequential(T.nn.BatchNorm1d(2)))
    yield "at first", [m.training for m in net.modules()]
    yield "eval() returns the module", net.eval() is net
    yield "after eval", [m.training for m in net.modules()]
    net[1].train()
    yield "one child trained", [m.training for m in net.modules()]
    x = T.ones(2, 2)
    yield "needs a bool", attempt(net.train, "yes")
    yield "eval() leaves grad mode alone", [T.is_grad_enabled(), net.eval()(x).requires_grad]


@scenario(
    "nn_modules.zero-grad", lesson=7, asks="Does Module.zero_grad leave None or zeros, and for frozen parameters?"
)
def zero_grad(T: Any, draw: Draw) -> Yields:
    net = known(T, draw, T.nn.Linear(2, 1))
    for kwargs in ({}, {"set_to_none": False}):
        net(T.tensor(draw.normal(3, 2))).sum().backward()
        net.bias.requires_grad_(False)
        held = net.weight.grad
        net.zero_grad(**kwargs)
        net.bias.requires_grad_(True)
        yield f"{kwargs}: grads", [p.grad for p in net.parameters()]
        yield f"{kwargs}: the old gradient", held


@scenario("nn_modules.apply", lesson=7, asks="In which order does apply() visit the modules?")
def apply(T: Any, draw: Draw) -> Yields:
    net, visited = _network(T), []
    yield "returns the module", net.apply(lambda m: visited.append(type(m).__name__)) is net
    yield "visited", visited

    def fill(m: Any) -> None:
        if isinstance(m, T.nn.Linear):
            T.nn.init.ones_(m.weight)

    net.apply(fill)
    yield "weights", [net.first.weight, net.body[1].weight]


@scenario(
    "nn_modules.frozen", lesson=7, asks="requires_grad_(False) on a module: who still gets a gradient, and from where?"
)
def frozen(T: Any, draw: Draw) -> Yields:
    net = known(T, draw, T.nn.Sequential(T.nn.Linear(2, 2), T.nn.Tanh(), T.nn.Linear(2, 1)))
    yield "returns the module", net[2].requires_grad_(False) is net[2]
    yield "flags", [p.requires_grad for p in net.parameters()]
    net(T.tensor(draw.normal(3, 2))).sum().backward()
    yield "gradients", [p.grad for p in net.parameters()]
    net.requires_grad_(False)
    yield "all frozen", attempt(net(T.tensor(draw.normal(3, 2))).sum().backward)


@scenario(
    "nn_modules.shared-layer",
    lesson=7,
    asks="One layer is used twice: is its gradient the sum, and is it counted once?",
)
def shared_layer(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.Linear(2, 2))
    net = T.nn.Sequential(layer, T.nn.Tanh(), layer)
    yield "parameters", len(list(net.parameters()))
    yield "state_dict", list(net.state_dict())
    net(T.tensor(draw.normal(3, 2))).sum().backward()
    yield "weight.grad", layer.weight.grad


@scenario("nn_modules.converted", lesson=7, asks="net.half(): the same parameters, and what of their gradients?")
def converted(T: Any, draw: Draw) -> Yields:
    net = known(T, draw, T.nn.Sequential(T.nn.Linear(2, 2), T.nn.BatchNorm1d(2)))
    weight = net[0].weight
    net(T.tensor(draw.normal(3, 2))).sum().backward()
    for name in ("half", "float", "double"):
        getattr(net, name)()
        yield f"{name}: dtypes", [t.dtype for t in net.state_dict().values()]
        yield f"{name}: gradient", weight.grad.dtype
        yield f"{name}: same parameter", net[0].weight is weight
    yield "to whole numbers", attempt(net.to, T.int64)


@scenario(
    "nn_modules.deep-copy", lesson=7, asks="copy.deepcopy of a module: are weights, gradients and sharing copied?"
)
def deep_copy(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.Linear(2, 2))
    net = T.nn.Sequential(layer, layer)
    net(T.tensor(draw.normal(1, 2))).sum().backward()
    twin = copy.deepcopy(net)
    with T.no_grad():
        net[0].weight.zero_()
    yield "twin's weight", twin[0].weight
    yield "twin's gradient", twin[0].weight.grad
    yield "still shared in the twin", twin[0] is twin[1]
    yield "a leaf that requires grad", [twin[0].weight.is_leaf, twin[0].weight.requires_grad]


@scenario("nn_modules.sequential", lesson=7, asks="Can a Sequential be sliced, indexed, and grown?")
def sequential(T: Any, draw: Draw) -> Yields:
    nn = T.nn
    net = known(T, draw, nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2), nn.ReLU()))
    x = T.tensor(draw.normal(2, 2))
    yield "len", len(net)
    yield "a slice is a Sequential", type(net[1:3]).__name__
    yield "names in a slice", [name for name, _ in net[1:3].named_parameters()]
    yield "a slice shares its layers", net[2:][0] is net[2]
    yield "feature extractor", net[:-1](x)
    net.append(nn.Sigmoid())
    net.insert(0, nn.Identity())
    yield "grown", [type(layer).__name__ for layer in net]
    yield "names then", [name for name, _ in net.named_parameters()]
    del net[0]
    net[-1] = nn.Identity()
    yield "shrunk", [type(layer).__name__ for layer in net]
    yield "beyond the end", attempt(lambda: net[9])
    yield "a function is no layer", attempt(nn.Sequential, lambda t: t)


@scenario("nn_modules.printed", lesson=7, asks="What does a printed network look like?")
def printed(T: Any, draw: Draw) -> Yields:
    nn = T.nn
    body = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(2), nn.PReLU())
    yield "text", repr(nn.Sequential(body, nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.25), nn.Linear(8, 2)))


@scenario("nn_modules.dotted-names", lesson=7, asks="How do I reach a layer deep inside by its dotted name?")
def dotted_names(T: Any, draw: Draw) -> Yields:
    net = _network(T)
    yield "get_submodule", net.get_submodule("body.1") is net.body[1]
    yield "get_parameter", net.get_parameter("body.1.bias") is net.body[1].bias
    yield "get_buffer", net.get_buffer("mean") is net.mean
    yield "not there", attempt(net.get_submodule, "body.7")
    yield "no parameter", attempt(net.get_parameter, "mean")


@scenario("nn_modules.no-forward", lesson=7, asks="A module without forward is called: what is said?")
def no_forward(T: Any, draw: Draw) -> Yields:
    yield "call", attempt(T.nn.Module(), 1)
    yield "what ModuleList is for", attempt(T.nn.ModuleList([T.nn.Identity()]), 1)


@scenario(
    "nn_modules.grad-of-an-output", lesson=7, asks="May I read .grad of a layer's output, as I may of its weight?"
)
def grad_of_an_output(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.Linear(2, 2))
    out = layer(T.tensor(draw.normal(1, 2)))
    out.sum().backward()
    yield "out.grad", heard(lambda: out.grad)
    yield "weight.grad", heard(lambda: layer.weight.grad)
