"""The stable phrases that error messages and warnings are reduced to.

torch's texts carry names of nodes, shapes and versions, and those change from
release to release. An observation keeps only which of these phrases occur.
A phrase is short, has no number and no name of a node in it, and belongs to
one kind of message.
"""

from __future__ import annotations

PHRASES: tuple[str, ...] = (
    # the graph and what it keeps
    "backward through the graph a second time",
    "modified by an inplace operation",
    "has been detached",
    # where backward starts
    "does not require grad and does not have a grad_fn",
    "grad can be implicitly created only for",
    "Mismatch in shape",
    "not have been used in the graph",
    "cannot be empty",
    "Expected allow_unused to be True",
    "One of the differentiated Tensors does not require grad",
    "Using backward() with create_graph=True will create a reference cycle",
    # flags and .grad
    "only change requires_grad flags of leaf variables",
    "of floating point",
    "assign a gradient of size",
    "assign a gradient with dtype",
    "assigned grad expected to be",
    "The .grad attribute of a Tensor that is not a leaf",
    "can't retain_grad on Tensor",
    "Can't call numpy()",
    "cannot be converted to Scalar",
    # in place
    "a leaf Variable that requires grad is being used in an in-place operation",
    "a view of a leaf Variable that requires grad is being used in an in-place operation",
    "a leaf Variable that requires grad has been used in an in-place operation",
    "Can't detach views in-place",
    "more than one element of the written-to tensor",
    "match the broadcast shape",
    "cast to the desired output type",
    # views
    "returns multiple views",
    "view was created in no_grad mode",
    "view size is not compatible",
    "is invalid for input of size",
    # inference mode
    "do not track version counter",
    "cannot be saved for backward",
    "Inplace update to inference tensor",
    "Setting requires_grad=True on inference tensor",
    # hooks
    "cannot register a hook on a tensor",
    "post accumulate grad hooks cannot be registered",
    "expected Variable, but hook returned",
    "has changed the size of value",
    "has changed the type of value",
    "Expects mode to be one of",
    # Functions
    "incorrect number of gradients",
    "returned an invalid gradient",
    "marked with @once_differentiable",
    # names and arguments that are gone, or never were
    "is not defined",
    "unexpected keyword argument",
    "object has no attribute",
    "volatile was removed",
    "`grad_variables` is deprecated",
    "reinforce() was removed",
    "invalid index of a 0-dim tensor",
)


def phrases(message: str) -> list[str]:
    """Return the known phrases that occur in this message, in the order of `PHRASES`."""
    return [phrase for phrase in PHRASES if phrase in message]
