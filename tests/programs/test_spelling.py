"""Other ways to write a call: keywords, ``out=``, old constructors, old indices, asking for a GPU first."""

from __future__ import annotations

import pickle

import pytest

from tests.programs.both import same


def keywords(T, note):
    x = T.arange(end=6.0).reshape(shape=(2, 3))
    note("shapes", [x.view(size=(3, 2)), x.permute(dims=(1, 0)), T.permute(input=x, dims=(1, 0)), T.flip(x, dims=[0])])
    note("more", [x[:1].expand(size=(4, 3)), x.repeat(repeats=(2, 1)), x.tile(dims=(1, 2)), x.sum_to_size(size=(1, 3))])
    note("axes", [x.swapaxes(axis0=0, axis1=1), x.swapdims(dim0=0, dim1=1), x.transpose(dim0=0, dim1=1)])
    note("in place", [x.clone().transpose_(dim0=0, dim1=1), x.clone().unsqueeze_(dim=0)])
    note("products", [T.addmm(x, mat1=x, mat2=T.eye(3), beta=2), T.addmv(x[:, 0], mat=x, vec=x[0])])
    note("powers", [T.pow(x, exponent=2), T.pow(2, exponent=x), x.pow(exponent=3)])
    note("split", [T.split(tensor=x, split_size_or_sections=2, dim=1), x.split(split_size=2, dim=1)])
    note("rounded", [x.clone().div_(4, rounding_mode="floor"), T.div(x, 4, rounding_mode="trunc")])
    note("sums", [T.nansum(x, dtype=T.float32), T.diff(x, prepend=x[:, :1], append=x[:, -1:])])
    note("among", [T.isin(x, T.tensor([1.0, 2.0]), invert=True), T.isin(elements=x, test_elements=T.tensor([4.0]))])
    note("broadcast", [T.broadcast_to(x[0], size=(2, 3)), x[0].broadcast_to(2, 3), x[0].expand(2, -1)])


def constructors(T, note):
    note(
        "plain",
        [T.zeros(2, layout=T.strided, pin_memory=False), T.ones_like(T.zeros(1), memory_format=T.preserve_format)],
    )
    note("random", [T.randint(high=9, size=(4,)), T.randint(5, size=(2,)), T.randint_like(T.zeros(3), high=7)])
    note("normal", [T.normal(0.0, 1.0, size=(3,), dtype=T.float32), T.multinomial(T.ones(4), 3)])
    note("one", [T.multinomial(T.tensor([0.1, 0.5, 0.4]), 1, replacement=True), T.rand(1)])
    note("indices", [T.tril_indices(2, 3, dtype=T.int32), T.logspace(0, 2, 3)])
    x = T.zeros(2)
    note("new", [x.new(T.Size([3])).shape, x.new(2, 3).shape, x.new([1.0, 2.0]), x.new_full((2,), 5)])
    note("old", [T.FloatTensor([1, 2]), T.LongTensor([3]), isinstance(x, T.DoubleTensor), isinstance(x, T.FloatTensor)])
    note(
        "type",
        [x.type(), x.type(T.FloatTensor).dtype, T.IntTensor.dtype, repr(T.ByteTensor), isinstance(T.ByteTensor, type)],
    )


def into_what_is_there(T, note):
    a, out = T.tensor([1.0, 2.0]), T.empty(2)
    note("same object", T.add(a, a, out=out) is out)
    note("written", [out, out._version])
    note("resized", T.mul(a, a, out=T.empty(0)))
    note("shrunk", T.exp(a * 0, out=T.ones(3)))
    note("joined", T.cat([a, a], out=T.empty(0)))
    note("cast", T.mul(a.float(), a.float(), out=T.empty(2)))
    note.attempt("no cast", T.mul, a, a, out=T.empty(2, dtype=T.int64))
    note("made", T.zeros(3, out=T.ones(1)))
    values, places = T.empty(2), T.empty(2, dtype=T.int64)
    found = T.max(T.tensor([[1.0, 5.0], [7.0, 2.0]]), 1, out=(values, places))
    note("two", [values, places, found.values is values])
    w = T.ones(2, requires_grad=True)
    note.attempt("recorded", T.add, w, a, out=out)
    note.attempt("into a leaf", T.add, a, a, out=w)
    with T.no_grad():
        note("not recorded", T.add(w, a, out=out).requires_grad)


def lists_as_indices(T, note):
    x = T.arange(9.0).reshape(3, 3)
    note("rows", [x[[0, 1]], x[[True, False, True]], x[[0, 1],]])
    note("tuples", [x[[slice(None), [0, 2]]], x[[1, None]], x[[Ellipsis, 1]], x[[T.tensor([0]), T.tensor([2])]]])
    x[[[0, 1], [0, 2]]] = -1
    note("written", x)


def asks_for_a_gpu(T, note):
    note("answers", [isinstance(T.cuda.is_available(), bool), isinstance(T.cuda.device_count(), int)])
    T.cuda.manual_seed_all(1)
    device = T.device("cpu")
    note("device", [str(device), T.zeros(1).to(device).device.type])


def settings_at_the_top(T, note):
    """What scripts set before they begin."""
    T.backends.cudnn.deterministic = True
    T.backends.cudnn.benchmark = False
    T.use_deterministic_algorithms(True)
    note("deterministic", [T.are_deterministic_algorithms_enabled(), T.backends.cudnn.deterministic])
    T.use_deterministic_algorithms(False)
    T.backends.cudnn.deterministic = False
    before = T.get_num_threads()
    T.set_num_threads(2)
    note("threads", T.get_num_threads())
    T.set_num_threads(before)
    note.attempt("no thread", T.set_num_threads, 0)
    T.set_float32_matmul_precision("highest")
    note("precision", T.get_float32_matmul_precision())
    answers = [T.backends.mps.is_available(), T.backends.cudnn.is_available(), T.accelerator.is_available()]
    note("kinds", [type(answer).__name__ for answer in answers])
    note("version", T.__version__.split("+")[0].split(".")[0])
    note("device", str(T.get_default_device()))


def layers_as_functions(T, note):
    x, w = T.randn(1, 1, 4, 4), T.randn(1, 1, 2, 2)
    note("images", [T.conv2d(x, w), T.conv_transpose2d(x, w), T.pixel_unshuffle(x, 2)])
    note("rows", [T.cosine_similarity(x[0, 0], x[0, 0].flip(0), dim=0), T.prelu(x, T.tensor(0.2)), T.selu(x)])
    note.attempt("nothing", T.nn.functional.pixel_unshuffle, x, 0)


def over_the_wire(T, note):
    """Weights, models and optimisers are pickled and read again."""
    net = T.nn.Sequential(T.nn.Linear(2, 3, bias=False), T.nn.BatchNorm1d(3), T.nn.Linear(3, 1))
    optimizer = T.optim.Adam(net.parameters(), lr=0.1)
    net(T.randn(4, 2)).pow(2).sum().backward()
    optimizer.step()
    again = pickle.loads(pickle.dumps(net))
    note("weights", dict(again.state_dict()))
    note("kinds", [type(p).__name__ for p in again.parameters()] + [p.requires_grad for p in again.parameters()])
    note("gradients", [p.grad for p in again.parameters()])
    resumed = T.optim.Adam(again.parameters(), lr=0.5)
    resumed.load_state_dict(pickle.loads(pickle.dumps(optimizer.state_dict())))
    again(T.randn(3, 2)).pow(2).sum().backward()
    resumed.step()
    note("after a step", dict(again.state_dict()))
    x = pickle.loads(pickle.dumps(T.ones(2, requires_grad=True)))
    note("tensor", [x, x.is_leaf])
    note("dtype", pickle.loads(pickle.dumps([T.float32, T.Size([2, 3]), T.device("cpu")])))
    note.attempt("non-leaf", lambda: pickle.loads(pickle.dumps(T.ones(2, requires_grad=True) * 2)).requires_grad)


PROGRAMS = [
    keywords,
    constructors,
    into_what_is_there,
    lists_as_indices,
    asks_for_a_gpu,
    settings_at_the_top,
    layers_as_functions,
    over_the_wire,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_spelling(program):
    same(program)
