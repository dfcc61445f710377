"""``Tensor``: an array that knows which operation made it.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/tensors.html
"""

from __future__ import annotations

import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from course.nptorch import messages
from course.nptorch.assigned import check_data, check_flag, check_gradient
from course.nptorch.dtypes import Size, cpu, dtype, dtype_of, get_default_dtype
from course.nptorch.grad_mode import mode
from course.nptorch.graph import AccumulateGrad, accumulator, hook_onto, hooks_of
from course.nptorch.parts import declare, plugged


class Tensor:
    """A multi-dimensional array with an optional gradient and an optional history.

    Parameters
    ----------
    data : array_like, optional
        Values; the dtype becomes the default dtype, as for ``torch.Tensor``. Use `tensor` to
        keep the dtype of the data.

    Attributes
    ----------
    requires_grad : bool
        Whether operations on it are recorded.
    grad : Tensor or None
        What `backward` has accumulated, for leaves (and where `retain_grad` was called).
    grad_fn : Node or None
        The node that made it; None for leaves.
    is_leaf : bool
        Whether no recorded operation made it.
    """

    # Only what differs from these defaults is stored in the instance.
    _grad_fn: Any = None  # the node that made this tensor
    _output_nr = 0  # as which of that node's outputs
    _requires_grad = False  # the flag of a leaf
    _grad: Any = None
    _accumulator: Any = None  # weak reference to the leaf's AccumulateGrad
    _version_counter: Any = None  # shared with views and detach(); made at first need
    _base: Tensor | None = None  # the tensor this one is a view of
    _steps: tuple[Callable[[Any], Any], ...] = ()  # how this view was made from its base
    _turns: tuple[Callable[[Any], Any], ...] = ()  # how to undo what in-place operations did to the shape of a base
    _turned = 0  # how many of those the base had been through when this view was made
    _seen_version: int  # version of the base for which a view's _grad_fn holds
    _made: str = ""  # how a view came about, where that limits what may be done with it
    _inference = False
    _owned = False  # a gradient in memory that nobody else has, while it is being accumulated
    _backward_hooks: Any = None  # tensor hooks of a leaf
    _post_accumulate_hooks: Any = None
    _data: Any

    def __init__(self, data: Any = ()) -> None:
        self._data = np.array(_arrays(data), dtype=get_default_dtype().numpy)

    if TYPE_CHECKING:  # operations are attached by the modules of course.nptorch.ops

        def __getattr__(self, name: str) -> Any: ...

    # -- the data ------------------------------------------------------------------------------

    @property
    def _array(self) -> np.ndarray[Any, Any]:
        """The data as an array that may be written to and shared.

        Results with no dimensions are NumPy scalars (much cheaper) until someone needs this.
        """
        data = self._data
        if data.__class__ is not np.ndarray:
            data = self._data = np.asarray(data)
        return data  # type: ignore[no-any-return]

    @property
    def shape(self) -> Size:
        """Extent of every dimension."""
        return Size(self._data.shape)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return int(self._data.ndim)

    @property
    def dtype(self) -> dtype:
        """Data type, e.g. ``torch.float32``."""
        return dtype_of(self._data.dtype)

    @property
    def device(self) -> Any:
        """Always ``cpu``."""
        return cpu

    is_cuda = is_sparse = False

    @property
    def _version(self) -> int:
        counter = self._version_counter
        if counter is not None:
            return counter.value  # type: ignore[no-any-return]
        if self._inference:
            raise RuntimeError("Inference tensors do not track version counter.")
        return 0

    def _counter(self) -> Any:
        """Return the version counter, made at first need, so that it can be shared."""
        if self._version_counter is None:
            self._version_counter = plugged.VersionCounter()
        return self._version_counter

    @property
    def data(self) -> Tensor:
        """The same memory without history and with a version counter of its own.

        Changes made through it go unnoticed by the check at backward; prefer `detach`.
        """
        alias = wrap(self._array)
        if alias._inference is not self._inference:
            alias._inference = self._inference
        return alias

    @data.setter
    def data(self, other: Tensor) -> None:
        check_data(self, other)
        self._data = other._array

    @data.deleter
    def data(self) -> None:
        raise RuntimeError("Deleting tensor data is not allowed. Delete tensor instead!")

    def is_inference(self) -> bool:
        """Return whether the tensor was made in inference mode."""
        return self._inference

    @property
    def _replay(self) -> tuple[Callable[[Any], Any], ...]:
        """How to make this view from its base again, as the base is now."""
        turns = () if self._base is None else self._base._turns
        return (*turns[self._turned :][::-1], *self._steps) if turns else self._steps

    def _is_view(self) -> bool:
        return self._base is not None

    # -- history -------------------------------------------------------------------------------

    @property
    def grad_fn(self) -> Any:
        """The node that made this tensor, or None for a leaf."""
        if self._base is not None:
            plugged.refresh_view(self)
        return self._grad_fn

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded."""
        if self._requires_grad or self._grad_fn is not None:
            return True
        return self._base is not None and self._base.requires_grad

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        check_flag(wanted)
        if self._grad_fn is not None:
            extra = "" if wanted else messages.USE_DETACH
            raise RuntimeError(messages.ONLY_LEAVES + extra)
        if wanted and not self.dtype.is_floating_point:
            raise RuntimeError(messages.ONLY_FLOATS.replace("Only", "only"))
        self.requires_grad_(wanted)

    @requires_grad.deleter
    def requires_grad(self) -> None:
        raise RuntimeError("requires_grad must be a bool")

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Switch recording for this leaf on or off, in place.

        Raises
        ------
        RuntimeError
            If the dtype is not floating point, or a non-leaf is switched off.
        """
        check_flag(requires_grad, "requires_grad_")
        if self._grad_fn is not None:
            if not requires_grad:
                raise RuntimeError(messages.ONLY_LEAVES + messages.USE_DETACH)
            return self
        if requires_grad:
            if not self.dtype.is_floating_point:
                raise RuntimeError(messages.ONLY_FLOATS_HERE)
            if self._inference and not mode.inference:
                raise RuntimeError(messages.INFERENCE_LEAF)
        self._requires_grad = bool(requires_grad)
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded operation made this tensor."""
        return self.grad_fn is None

    @property
    def output_nr(self) -> int:
        """Which output of ``grad_fn`` this tensor is."""
        return self._output_nr

    @property
    def grad(self) -> Any:
        """What backward has accumulated here, or None."""
        if self._grad is None and self._grad_fn is not None and not self.retains_grad:
            warnings.warn(messages.NON_LEAF_GRAD, UserWarning, stacklevel=2)
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            check_gradient(self, value)
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def retains_grad(self) -> bool:
        """Whether `retain_grad` was called on this non-leaf."""
        node = self._grad_fn
        if node is None or node.hooks is None:
            return False
        held = node.hooks.retained.get(self._output_nr)
        return held is not None and held() is self

    def backward(
        self,
        gradient: Any = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        """Add the gradient of this tensor with respect to the leaves into their ``.grad``.

        Parameters
        ----------
        gradient : Tensor, optional
            Gradient with respect to this tensor, of its shape; may be left out for one element.
        retain_graph : bool, optional
            Keep the saved tensors for another pass. Defaults to `create_graph`.
        create_graph : bool
            Record the backward pass itself, for gradients of gradients.
        inputs : Tensor or sequence of Tensor, optional
            Accumulate only into these.

        Raises
        ------
        RuntimeError
            No graph; a shape that does not fit; saved tensors freed or changed in place.

        References
        ----------
        .. [1] https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html
        """
        from course.nptorch.autograd import backward

        backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    # -- hooks ---------------------------------------------------------------------------------

    def register_hook(self, hook: Callable[[Tensor], Any]) -> Any:
        """Call ``hook(grad)`` when the gradient of this tensor is computed.

        The hook may return a new gradient, and must not change its argument.

        Returns
        -------
        handle : RemovableHandle
            ``handle.remove()`` takes the hook away again.

        Raises
        ------
        RuntimeError
            If the tensor does not require grad.
        """
        if not self.requires_grad:
            raise RuntimeError(messages.NO_GRAD_TO_HOOK)
        node = self.grad_fn
        if node is None:
            if self._backward_hooks is None:
                self._backward_hooks = OrderedDict()
                hooks_of(accumulator(self)).tensor[0] = self._backward_hooks
            hooks = self._backward_hooks
        else:
            hooks = hooks_of(node).tensor.setdefault(self._output_nr, OrderedDict())
        return hook_onto(hooks, hook)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> Any:
        """Call ``hook(tensor)`` after the gradient of this leaf has been accumulated.

        Raises
        ------
        RuntimeError
            If the tensor does not require grad or is not a leaf.
        """
        if not self.requires_grad:
            raise RuntimeError(messages.NO_GRAD_TO_HOOK)
        if self.grad_fn is not None:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        if self._post_accumulate_hooks is None:
            self._post_accumulate_hooks = OrderedDict()
        return hook_onto(self._post_accumulate_hooks, hook)

    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf in ``.grad`` as well; does nothing on a leaf.

        Raises
        ------
        RuntimeError
            If the tensor does not require grad.
        """
        if not self.requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        done = self._grad_fn is None or self.retains_grad  # then torch does not look behind a view
        node = None if done else self.grad_fn
        if node is not None:
            hooks_of(node).retained[self._output_nr] = weakref.ref(self)

    # -- aliases the engine makes of a tensor ----------------------------------------------------

    def detach_alias(self) -> Tensor:
        """Return the same memory and version counter without history."""
        alias = object.__new__(Tensor)
        data = self._data
        alias._data = data if data.__class__ is np.ndarray else self._array
        alias._grad_fn = alias._base = None
        alias._inference = self._inference
        alias._version_counter = None if self._inference else self._version_counter or self._counter()
        return alias

    def attached_alias(self, node: Any, output_nr: int = 0) -> Tensor:
        """Return the same memory and version counter as a result of `node`, or as its leaf."""
        alias = self.detach_alias()
        if isinstance(node, AccumulateGrad):
            alias._requires_grad, alias._accumulator = True, weakref.ref(node)
        else:
            alias._grad_fn, alias._output_nr = node, output_nr
        return alias

    def detach(self) -> Tensor:
        """Return a tensor on the same memory that is not part of any graph."""
        return plugged.detach(self)  # type: ignore[no-any-return]

    def detach_(self) -> Tensor:
        """Cut this tensor out of its graph, in place: it becomes a leaf."""
        return plugged.detach_(self)  # type: ignore[no-any-return]

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        if self._grad_fn is not None:
            raise RuntimeError(messages.ONLY_LEAVES_COPIED)
        copied = object.__new__(type(self))
        memo[id(self)] = copied
        own = ("_accumulator", "_version_counter", "_backward_hooks")
        copied.__dict__.update({name: value for name, value in self.__dict__.items() if name not in own})
        copied._data = np.array(self._array)
        if self._grad is not None:
            copied._grad = self._grad.__deepcopy__(memo)
        return copied


def wrap(data: Any) -> Tensor:
    """Return a new Tensor on `data` (an array or NumPy scalar) without copying."""
    result = object.__new__(Tensor)
    result._data = data
    # the same as the defaults of the class, but read much faster from the instance
    result._grad_fn = result._base = result._version_counter = None
    result._output_nr = 0
    result._requires_grad = False
    result._inference = mode.inference
    return result


def _arrays(data: Any) -> Any:
    """Replace Tensors inside nested lists by their arrays."""
    if isinstance(data, Tensor):
        return data._data
    if isinstance(data, list | tuple):
        return [_arrays(item) for item in data]
    return data


declare("detach", 4, "the same memory without history")
declare("detach_", 4, "cut a tensor out of its graph in place")
