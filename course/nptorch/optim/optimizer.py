"""``Optimizer``: what all optimisers share: groups of parameters, state, hooks.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/optim.html
"""

from __future__ import annotations

import functools
import warnings
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import numpy as np

from course.nptorch._tensor import Tensor, wrap
from course.nptorch.grad_mode import recording
from course.nptorch.graph import hook_onto
from course.nptorch.nn.module_attributes import typename


class _Required:
    """Marks an option that has no default."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


def _with_hooks(step: Callable[..., Any]) -> Callable[..., Any]:
    """Return `step` with the optimiser's step hooks around it."""

    @functools.wraps(step)
    def hooked(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        for hook in list(self._optimizer_step_pre_hooks.values()):
            changed = hook(self, (self, *args), kwargs)
            if changed is None:
                continue
            if not isinstance(changed, tuple) or len(changed) != 2:
                raise RuntimeError(f"{step} must return None or a tuple of (new_args, new_kwargs), but got {changed}.")
            (_, *args), kwargs = changed
        self._opt_called = True
        out = step(self, *args, **kwargs)
        for hook in list(self._optimizer_step_post_hooks.values()):
            hook(self, (self, *args), kwargs)
        return out

    return hooked


class Optimizer:
    """Base class of optimisers; a subclass writes `step`, or `update` for one parameter.

    Parameters
    ----------
    params : iterable of Tensor, of (str, Tensor), or of dict
        What to optimise; dictionaries are groups with options of their own.
    defaults : dict
        Options of groups that do not set them.

    Attributes
    ----------
    param_groups : list of dict
        Each with its ``params`` and options.
    state : dict
        Per parameter, what the optimiser remembers, e.g. momentum.

    Raises
    ------
    TypeError, ValueError
        If there is nothing to optimise, or something that cannot be.
    """

    _opt_called = False
    _optimizer_step_pre_hooks: OrderedDict[int, Any]
    _optimizer_step_post_hooks: OrderedDict[int, Any]
    _optimizer_state_dict_pre_hooks: OrderedDict[int, Any]
    _optimizer_state_dict_post_hooks: OrderedDict[int, Any]
    _optimizer_load_state_dict_pre_hooks: OrderedDict[int, Any]
    _optimizer_load_state_dict_post_hooks: OrderedDict[int, Any]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _with_hooks(cls.__dict__["step"])  # type: ignore[method-assign]

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {params.type()}"
            )
        self.defaults = defaults
        for name in Optimizer.__annotations__:
            setattr(self, name, OrderedDict())
        self.state: defaultdict[Any, Any] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for number, group in enumerate(self.param_groups):
            text += f"\nParameter Group {number}\n"
            text += "".join(f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params")
        return f"{text})"

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters with options of their own, e.g. a layer that is thawed later.

        Raises
        ------
        TypeError, ValueError
            If a parameter cannot be optimised, or is in another group already.
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params = param_group["params"]
        if isinstance(params, set):
            raise TypeError(
                "optimizer parameters need to be organized in ordered collections, but the ordering "
                "of tensors in sets will change between runs. Please use a list instead."
            )
        given = [params] if isinstance(params, Tensor) else list(params)
        names = [x[0] for x in given if isinstance(x, tuple)]
        tensors = [x[1] if isinstance(x, tuple) else x for x in given]
        if names and len(names) != len(tensors):
            raise ValueError("all optimizer params should be with/without names. Some param names are missing")
        param_group["params"] = tensors
        if names:
            param_group["param_names"] = names
        for param in tensors:
            self._check(param)
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
            param_group.setdefault(name, default)
        self._check_group(param_group)
        self.param_groups.append(param_group)

    def _check(self, param: Any) -> None:
        if not isinstance(param, Tensor):
            raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {typename(param)}")
        if not self.defaults.get("differentiable") and not (param.is_leaf or param.retains_grad):
            raise ValueError("can't optimize a non-leaf Tensor")

    def _check_group(self, group: dict[str, Any]) -> None:
        wanted = {id(param) for param in group["params"]}
        if len(wanted) != len(group["params"]):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; in future, this "
                "will cause an error; see github.com/pytorch/pytorch/issues/40967 for more "
                "information",
                stacklevel=4,
            )
        for other in self.param_groups:
            if ("param_names" in group) != ("param_names" in other):
                which = "with names" if "param_names" in group else "without names"
                raise ValueError(
                    "all optimizer param groups should be with/without names. cannot add param group "
                    f"{which} to the optimizer"
                )
            if not wanted.isdisjoint(id(param) for param in other["params"]):
                raise ValueError("some parameters appear in more than one parameter group")

    # -- stepping ----------------------------------------------------------------------------------

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters, so that the next backward starts afresh.

        Parameters
        ----------
        set_to_none : bool
            Set ``.grad`` to None; otherwise fill it with zeros. A parameter whose gradient is None
            is skipped by `step`; one whose gradient is 0 may still move, by momentum or decay.
        """
        for group in self.param_groups:
            for param in group["params"]:
                gradient = param.grad
                if gradient is None:
                    continue
                if set_to_none:
                    param.grad = None
                    continue
                if gradient.grad_fn is not None:
                    gradient.detach_()
                else:
                    gradient.requires_grad_(False)
                gradient.zero_()

    @_with_hooks
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update all parameters that have a gradient; returns what `closure` returned.

        Parameters
        ----------
        closure : function, optional
            Computes the loss and its gradients anew; called first, with recording on.
        """
        loss = None
        if closure is not None:
            with recording(True):
                loss = closure()
        with recording(bool(self.defaults.get("differentiable"))):
            for param, group in self._with_gradients():
                self.update(param, group)
        return loss

    def _with_gradients(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        for group in self.param_groups:
            for param in group["params"]:
                if param.grad is not None:
                    yield param, group

    def update(self, param: Any, group: dict[str, Any]) -> None:
        """Update one parameter whose gradient is known, in place."""
        raise NotImplementedError

    def register_step_pre_hook(self, hook: Any) -> Any:
        """Call ``hook(optimizer, args, kwargs)`` before each step; returns a handle."""
        return hook_onto(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Any) -> Any:
        """Call ``hook(optimizer, args, kwargs)`` after each step; returns a handle."""
        return hook_onto(self._optimizer_step_post_hooks, hook)

    # -- saving and loading ------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return the state and the groups, with parameters replaced by numbers."""
        for hook in self._optimizer_state_dict_pre_hooks.values():
            hook(self)
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            start = len(numbers)
            for i, param in enumerate(group["params"], start):
                numbers.setdefault(id(param), i)
            packed = {key: value for key, value in group.items() if key != "params"}
            groups.append({**packed, "params": [numbers[id(param)] for param in group["params"]]})
        state = {numbers[id(key)] if isinstance(key, Tensor) else key: value for key, value in self.state.items()}
        packed = {"state": state, "param_groups": groups}
        for hook in self._optimizer_state_dict_post_hooks.values():
            changed = hook(self, packed)
            packed = packed if changed is None else changed
        return packed

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` of an optimiser with equal groups returned.

        Raises
        ------
        ValueError
            If the groups differ in number or size.
        """
        state_dict = state_dict.copy()
        for hook in self._optimizer_load_state_dict_pre_hooks.values():
            changed = hook(self, state_dict)
            state_dict = state_dict if changed is None else changed
        saved = deepcopy(state_dict["param_groups"])
        if len(saved) != len(self.param_groups):
            raise ValueError("loaded state dict has a different number of parameter groups")
        pairs = list(zip(self.param_groups, saved, strict=True))
        if any(len(mine["params"]) != len(given["params"]) for mine, given in pairs):
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
            )
        params = {
            number: param
            for mine, given in pairs
            for param, number in zip(mine["params"], given["params"], strict=True)
        }
        self.state = defaultdict(dict)
        for key, value in state_dict["state"].items():
            param = params.get(key)
            self.state[key if param is None else param] = _fitted(value, param)
        for mine, given in pairs:
            given["params"] = mine["params"]
            if "param_names" in mine:
                given.setdefault("param_names", mine["param_names"])
        self.param_groups = saved
        for hook in self._optimizer_load_state_dict_post_hooks.values():
            hook(self)


def _fitted(value: Any, param: Any, key: Any = None) -> Any:
    """Return loaded state in the dtype of the parameter it belongs to; the step count as it is."""
    if isinstance(value, Tensor):
        if param is None or key == "step" or not param.dtype.is_floating_point:
            return value
        return value._cast(param._data.dtype)
    if isinstance(value, dict):
        return {k: _fitted(v, param, k) for k, v in value.items()}
    return value


def zeros_like(param: Tensor) -> Tensor:
    """Return state of the shape and dtype of a parameter, with zeros in it."""
    return wrap(np.zeros_like(param._array))


def target(param: Tensor, group: dict[str, Any]) -> Tensor:
    """Return the tensor an update is written to: the parameter, or for ``fused`` an alias.

    torch's fused kernels write past the version counter, so nothing notices that a parameter
    changed between two backward passes: no error, and a wrong gradient. The alias has a counter
    of its own, to the same effect.
    """
    return wrap(param._array) if group.get("fused") else param
