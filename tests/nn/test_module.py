"""``Module``: what it holds, how it is walked, saved, loaded, converted and shown."""

from __future__ import annotations

import copy
import pickle
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest

import course.nptorch as nptorch

from .agree import BACKENDS, array, close, same_error


def both_say(program: Any) -> Any:
    """Assert that a program returns equal plain data on both sides, and return it."""
    mine, theirs = (program(T) for T in BACKENDS)
    assert mine == theirs
    return mine


def tree(T: Any) -> Any:
    """Return a module with children, a shared parameter, buffers and a None."""
    nn = T.nn

    class Block(nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Linear(2, 3)
            self.second = nn.Linear(3, 2)
            self.second.bias = self.first.register_parameter("extra", nn.Parameter(T.ones(2)))
            self.shared = self.first.weight
            self.register_buffer("mean", T.zeros(3))
            self.register_buffer("secret", T.zeros(2), persistent=False)
            self.register_buffer("nothing", None)
            self.nobody = None
            self.plain = T.zeros(4)
            self.norm = nn.BatchNorm1d(2)

    return Block()


def test_names() -> None:
    both_say(lambda T: [name for name, _ in tree(T).named_parameters()])
    both_say(lambda T: [name for name, _ in tree(T).named_parameters(remove_duplicate=False)])
    both_say(lambda T: [name for name, _ in tree(T).named_parameters(prefix="a", recurse=False)])
    both_say(lambda T: [name for name, _ in tree(T).named_buffers()])
    both_say(lambda T: [name for name, _ in tree(T).named_modules()])
    both_say(lambda T: [name for name, _ in tree(T).named_children()])
    both_say(lambda T: list(tree(T).state_dict()))
    both_say(lambda T: list(tree(T).state_dict()._metadata.items()))
    both_say(lambda T: repr(tree(T)))
    both_say(lambda T: [len(list(tree(T).parameters())), len(list(tree(T).buffers()))])


def test_attributes_are_sorted_by_what_they_are() -> None:
    def program(T: Any) -> list[Any]:
        module = tree(T)
        module.plain = T.nn.Parameter(T.ones(1))
        module.mean = T.ones(3)
        module.first = T.nn.Linear(1, 1)
        del module.norm
        module.kept = T.nn.Buffer(T.ones(1), persistent=False)
        return [*module.state_dict(), hasattr(module, "norm"), "plain" in dir(module), "plain" in module.__dict__]

    both_say(program)


def nested(T: Any) -> Any:
    """Return a module inside a module."""
    return T.nn.Sequential(OrderedDict(a=T.nn.Sequential(T.nn.Linear(2, 2)), b=T.nn.BatchNorm1d(2)))


def test_dotted_names() -> None:
    def program(T: Any) -> list[Any]:
        module = nested(T)
        return [
            module.get_submodule("a.0") is module.a[0],
            module.get_submodule("") is module,
            module.get_parameter("a.0.weight") is module.a[0].weight,
            module.get_buffer("b.running_mean") is module.b.running_mean,
        ]

    assert all(both_say(program))


class NoInit:
    """Makes modules that forgot ``super().__init__()``."""

    @staticmethod
    def of(T: Any, value: Any) -> None:
        class Lazy(T.nn.Module):  # type: ignore[misc,name-defined]
            def __init__(self) -> None:
                self.x = value

        Lazy()


ERRORS: dict[str, Any] = {
    "parameter before init": lambda T: NoInit.of(T, T.nn.Parameter(T.ones(1))),
    "module before init": lambda T: NoInit.of(T, T.nn.Linear(1, 1)),
    "number as parameter": lambda T: setattr(T.nn.Linear(1, 1), "weight", 3),
    "tensor as parameter": lambda T: setattr(T.nn.Linear(1, 1), "weight", T.ones(1, 1)),
    "number as module": lambda T: setattr(nested(T), "a", 3),
    "number as buffer": lambda T: setattr(T.nn.BatchNorm1d(1), "running_mean", 3),
    "unknown attribute": lambda T: T.nn.Linear(1, 1).foo,
    "parameter name": lambda T: T.nn.Module().register_parameter("a.b", None),
    "parameter no name": lambda T: T.nn.Module().register_parameter("", None),
    "parameter name type": lambda T: T.nn.Module().register_parameter(3, None),
    "parameter exists": lambda T: T.nn.Module().register_parameter("training", None),
    "parameter type": lambda T: T.nn.Module().register_parameter("a", T.ones(1)),
    "parameter not a leaf": lambda T: non_leaf(T),
    "buffer name": lambda T: T.nn.Module().register_buffer("a.b", None),
    "buffer type": lambda T: T.nn.Module().register_buffer("a", 3),
    "buffer exists": lambda T: T.nn.Module().register_buffer("training", None),
    "module type": lambda T: T.nn.Module().add_module("a", 3),
    "module name": lambda T: T.nn.Module().add_module("a.b", None),
    "no submodule": lambda T: nested(T).get_submodule("a.5"),
    "no module": lambda T: nested(T).get_submodule("a.0.weight"),
    "no parameter": lambda T: nested(T).get_parameter("b.running_mean"),
    "no buffer": lambda T: nested(T).get_buffer("b.weight"),
    "train mode": lambda T: nested(T).train(3),
    "to int": lambda T: nested(T).to(T.int64),
    "missing key": lambda T: nested(T).load_state_dict({}),
    "unexpected key": lambda T: nested(T).load_state_dict({**nested(T).state_dict(), "x": T.ones(1), "a.z": 1}),
    "wrong shape": lambda T: T.nn.Linear(2, 2).load_state_dict(T.nn.Linear(2, 3).state_dict()),
    "no tensor": lambda T: T.nn.Linear(2, 2, bias=False).load_state_dict({"weight": 3}),
    "no dict": lambda T: T.nn.Linear(2, 2).load_state_dict([1]),
    "sequential index": lambda T: nested(T)[5],
    "sequential item": lambda T: T.nn.Sequential(3),
    "parameter of integers": lambda T: T.nn.Parameter(T.tensor([1, 2])),
}


def non_leaf(T: Any) -> None:
    """Try to register something computed."""
    parameter = T.nn.Parameter(T.ones(1))
    with T.no_grad():
        module = T.nn.Module()
    parameter.data = T.ones(1)
    result = T.nn.Parameter(T.ones(1).requires_grad_())
    with T.no_grad():
        result.mul_(1)
    raise_if = T.nn.Parameter(T.ones(2), requires_grad=False)
    raise_if.mul_(parameter)
    module.register_parameter("a", raise_if)


@pytest.mark.parametrize("program", ERRORS.values(), ids=ERRORS.keys())
def test_error(program: Any) -> None:
    same_error(program)


def test_loading() -> None:
    def program(T: Any) -> list[Any]:
        module, other = nested(T), nested(T)
        weight = module.a[0].weight
        before = weight._version
        answer = module.load_state_dict(other.state_dict())
        partial = module.load_state_dict({"a.0.weight": T.ones(2, 2), "x": T.ones(1)}, strict=False)
        same = module.a[0].weight is weight
        assigned = T.ones(2, 2) * 3
        state = {**other.state_dict(), "a.0.weight": assigned}
        module.load_state_dict(state, assign=True)
        return [
            repr(answer),
            list(partial.missing_keys),
            list(partial.unexpected_keys),
            same,
            weight._version - before,
            module.a[0].weight is weight,
            module.a[0].weight.tolist(),
            type(module.a[0].weight).__name__,
        ]

    both_say(program)


def test_state_dict_shares_memory_and_has_no_history() -> None:
    def program(T: Any) -> list[Any]:
        layer = T.nn.Linear(2, 2)
        held = layer.state_dict()["weight"]
        kept = layer.state_dict(keep_vars=True)["weight"]
        with T.no_grad():
            layer.weight.fill_(5.0)
        return [held.tolist(), held.requires_grad, kept is layer.weight, type(held).__name__]

    both_say(program)


def test_modes_freezing_and_gradients() -> None:
    def program(T: Any) -> list[Any]:
        module = nested(T)
        module.eval()
        seen = [m.training for m in module.modules()]
        module.train()
        module.a.requires_grad_(False)
        frozen = [p.requires_grad for p in module.parameters()]
        module(T.ones(3, 2)).sum().backward()
        some = [p.grad is None for p in module.parameters()]
        module.zero_grad(set_to_none=False)
        zero = [None if p.grad is None else p.grad.tolist() for p in module.parameters()]
        module.zero_grad()
        visited: list[str] = []
        module.apply(lambda m: visited.append(type(m).__name__))
        return [seen, frozen, some, zero, [p.grad for p in module.parameters()], visited]

    both_say(program)


def test_conversions() -> None:
    def program(T: Any) -> list[Any]:
        module = nested(T)
        weight = module.a[0].weight
        module(T.ones(3, 2)).sum().backward()
        kinds = []
        for convert in (
            lambda m: m.float(),
            lambda m: m.double(),
            lambda m: m.half(),
            lambda m: m.to(T.float32),
            lambda m: m.to("cpu"),
            lambda m: m.to(T.ones(1, dtype=T.float64)),
            lambda m: m.type(T.float32),
        ):
            assert convert(module) is module
            kinds.append([str(x.dtype) for x in module.state_dict().values()] + [str(weight.grad.dtype)])
        return [kinds, module.a[0].weight is weight, weight._version]

    both_say(program)


def test_parameter() -> None:
    def program(T: Any) -> list[Any]:
        x = T.zeros(3)
        p = T.nn.Parameter(x)
        x.add_(1)
        with T.no_grad():
            made = T.nn.Parameter(T.ones(1))
        return [
            p.tolist(),
            p._version,
            p.is_leaf,
            p.requires_grad,
            made.requires_grad,
            T.nn.Parameter(x, requires_grad=False).requires_grad,
            isinstance(p, T.Tensor),
            type(p * 2) is T.Tensor,
            T.nn.Parameter().shape == (0,),
            repr(p),
        ]

    both_say(program)


def test_copies_are_independent() -> None:
    for T in BACKENDS:
        module = nested(T)
        twin = copy.deepcopy(module)
        with T.no_grad():
            twin.a[0].weight.zero_()
        assert array(module.a[0].weight).any()
        assert twin.a[0].weight.requires_grad
        assert type(twin.a[0].weight) is T.nn.Parameter


def test_pickle() -> None:
    layer = nptorch.nn.Linear(2, 3)
    again = pickle.loads(pickle.dumps(layer))
    np.testing.assert_array_equal(array(layer.weight), array(again.weight))
    assert again.weight.requires_grad


def test_sequential() -> None:
    def program(T: Any) -> list[Any]:
        nn = T.nn
        module = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 2))
        seen = [len(module), repr(module[:2]), repr(module[-1]), repr(module[1:]), list(module[1:].state_dict())]
        module.append(nn.Tanh())
        module.insert(1, nn.Sigmoid())
        module.extend([nn.ReLU()])
        del module[0]
        module[0] = nn.Tanh()
        popped = module.pop(1)
        joined = nn.Sequential(nn.ReLU()) + nn.Sequential(nn.Tanh())
        seen += [repr(module), repr(popped), repr(joined), [type(m).__name__ for m in module]]
        named = nn.Sequential(OrderedDict(one=nn.ReLU(), two=nn.Tanh()))
        return [*seen, repr(named), repr(named.two), repr(named[:1]), repr(nn.Sequential())]

    both_say(program)


def test_lists_and_dicts() -> None:
    def program(T: Any) -> list[Any]:
        nn = T.nn
        many = nn.ModuleList([nn.Linear(2, 2), nn.ReLU()])
        many.append(nn.Tanh())
        many += [nn.Sigmoid()]
        many.insert(0, nn.Sigmoid())
        table = nn.ModuleDict({"a": nn.Linear(1, 1), "b": nn.ReLU()})
        table["c"] = nn.Tanh()
        del table["b"]
        parameters = nn.ParameterList([nn.Parameter(T.ones(2)), T.ones(1)])
        return [
            [type(m).__name__ for m in many],
            repr(many[1:3]),
            list(many.state_dict()),
            list(table),
            "a" in table,
            len(table),
            list(table.keys()),
            [type(m).__name__ for m in table.values()],
            repr(table),
            [name for name, _ in parameters.named_parameters()],
            len(parameters),
        ]

    both_say(program)


def test_one_line_for_equal_modules() -> None:
    both_say(lambda T: repr(T.nn.ModuleList([T.nn.ReLU(), T.nn.ReLU(), T.nn.Tanh()])))


def test_extra_state() -> None:
    def program(T: Any) -> list[Any]:
        class Counted(T.nn.Module):  # type: ignore[misc,name-defined]
            count = 3

            def get_extra_state(self) -> int:
                return self.count

            def set_extra_state(self, state: int) -> None:
                self.count = state

        module, other = Counted(), Counted()
        module.count = 8
        other.load_state_dict(module.state_dict())
        return [list(module.state_dict().items()), other.count]

    both_say(program)


def test_fresh_parameters_have_torchs_range_and_version() -> None:
    def program(T: Any) -> list[Any]:
        nn = T.nn
        layers = [nn.Linear(40, 30), nn.Conv2d(8, 16, 5), nn.BatchNorm2d(3), nn.Embedding(9, 5, padding_idx=0)]
        return [
            [p._version for layer in layers for p in layer.parameters()],
            [round(float(p.detach().abs().max()) * 50) / 50 for p in list(layers[0].parameters())[:1]],
            [p.shape for layer in layers for p in layer.parameters()],
        ]

    mine, theirs = (program(T) for T in BACKENDS)
    assert mine[0] == theirs[0]
    assert abs(mine[1][0] - theirs[1][0]) < 0.03
    close([tuple(x) for x in mine[2]], [tuple(x) for x in theirs[2]])


def test_shared_parameter_gets_both_gradients() -> None:
    def program(T: Any) -> Any:
        layer = T.nn.Linear(2, 2, bias=False)
        with T.no_grad():
            layer.weight.fill_(0.5)
        T.nn.Sequential(layer, layer)(T.ones(1, 2)).sum().backward()
        return layer.weight.grad.tolist()

    both_say(program)
