"""What torch has and the engine does not is refused in words, wherever a program reaches for it."""

from __future__ import annotations

import functools
import sys

import numpy as np
import pytest

import course.nptorch as torch
from tests.engine.helper import plug_in

NAMES = """
jit nn.Transformer nn.functional.ctc_loss nn.init.sparse_ nn.utils.rnn optim.LBFGS optim.lr_scheduler.OneCycleLR
distributions.Dirichlet autograd.forward_ad autograd.graph.allow_mutation_on_saved_tensors
autograd.function.InplaceFunction autograd.gradcheck.get_numerical_jacobian cuda.memory_allocated ops.aten
utils.tensorboard utils.checkpoint.create_selective_checkpoint_contexts utils.data.WeightedRandomSampler
backends.opt_einsum backends.cudnn.version accelerator.synchronize
"""


@pytest.mark.parametrize("path", NAMES.split())
def test_names(path):
    *way, name = path.split(".")
    where = functools.reduce(getattr, way, torch)
    if path.startswith("autograd.gradcheck"):  # the function, and the module of the same name behind it
        where = sys.modules["course.nptorch.autograd.gradcheck"]
    with pytest.raises(NotImplementedError, match=rf"course\.nptorch has no torch\.{path}"):
        getattr(where, name)
    assert not hasattr(where, name)
    assert not hasattr(where, "__name_of_no_module__")


def backward_from_an_edge_made_by_hand():
    x = torch.ones(1, requires_grad=True)
    torch.autograd.grad(torch.autograd.graph.GradientEdge((x * 2).grad_fn, 0), x)


PROGRAMS = {
    "complex number": lambda: torch.ones(2) * 1j,
    "complex data": lambda: torch.tensor([1j]),
    "complex array": lambda: torch.from_numpy(np.array([1j])),
    "sparse": lambda: torch.zeros(2, layout="sparse_coo"),
    "subclass by hand": lambda: torch.Tensor._make_subclass(torch.Tensor, torch.ones(1)),
    "subclass that changes operations": lambda: type("Mine", (torch.Tensor,), {"__torch_function__": None}),
    "inside of a node": lambda: (torch.ones(1, requires_grad=True) * 2).grad_fn._input_metadata,
    "scatter that reduces": lambda: torch.zeros(2).scatter(0, torch.tensor([0]), torch.ones(1), reduce="add"),
    "samplers": lambda: torch.utils.data.DataLoader([1], sampler=[0]),
    "reading by pages": lambda: torch.load("nothing", mmap=True),
    "pinned memory": lambda: torch.autograd.graph.save_on_cpu(pin_memory=True),
    "debugging checkpoints": lambda: torch.utils.checkpoint.checkpoint(torch.sin, use_reentrant=False, debug=True),
    "edge of unknown form": lambda: backward_from_an_edge_made_by_hand(),
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_uses(program):
    plug_in()
    with pytest.raises(NotImplementedError, match=r"course\.nptorch has no "):
        program()
