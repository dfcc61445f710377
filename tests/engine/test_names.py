"""Every name that the course promises is there, under torch's own spelling."""

from __future__ import annotations

import pytest
import torch as real

import course.nptorch as torch

FUNCTIONS = """
tensor zeros ones full arange linspace eye rand randn zeros_like ones_like full_like rand_like randn_like
empty_like from_numpy manual_seed
exp log sqrt sin cos tanh sigmoid relu abs clamp where maximum minimum pow
sum mean max min var std prod cumsum argmax softmax log_softmax logsumexp
matmul mm bmm outer einsum
reshape flatten squeeze unsqueeze transpose permute cat stack split chunk flip clone
no_grad enable_grad set_grad_enabled inference_mode is_grad_enabled
float16 float32 float64 int64 bool Tensor Size autograd nn optim
"""

METHODS = """
shape ndim dtype numel item tolist numpy requires_grad grad grad_fn is_leaf retains_grad _version
__add__ __radd__ __sub__ __rsub__ __mul__ __rmul__ __truediv__ __rtruediv__ __pow__ __rpow__ __neg__
__matmul__ __eq__ __lt__ __le__ __gt__ __ge__ __ne__ __getitem__ __setitem__ __iadd__ __isub__ __imul__
pow exp log sqrt sin cos tanh sigmoid relu abs clamp where maximum minimum
sum mean max min var std prod cumsum argmax softmax log_softmax logsumexp
matmul mm bmm outer
reshape view flatten squeeze unsqueeze transpose permute T expand split chunk repeat flip
add_ mul_ sub_ div_ copy_ zero_ fill_ clamp_ exp_ relu_
clone detach detach_ data requires_grad_ to double float
backward register_hook register_post_accumulate_grad_hook retain_grad
"""

AUTOGRAD = "backward grad Function gradcheck gradgradcheck graph"
GRAPH = "Node saved_tensors_hooks increment_version"
NODE = "name next_functions register_hook register_prehook metadata"


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ("", FUNCTIONS),
        ("Tensor", METHODS),
        ("autograd", AUTOGRAD),
        ("autograd.graph", GRAPH),
        ("autograd.graph.Node", NODE),
    ],
)
def test_every_promised_name_is_there_as_in_torch(where, names):
    ours, theirs = torch, real
    for step in filter(None, where.split(".")):
        ours, theirs = getattr(ours, step), getattr(theirs, step)
    assert [name for name in names.split() if not hasattr(theirs, name)] == []
    assert [name for name in names.split() if not hasattr(ours, name)] == []


def test_what_is_absent_says_so_and_hasattr_still_works():
    with pytest.raises(NotImplementedError, match=r"course\.nptorch has no torch\.stft"):
        _ = torch.stft
    with pytest.raises(NotImplementedError, match=r"has no torch\.Tensor\.stft"):
        _ = torch.ones(1).stft
    assert not hasattr(torch, "stft")
