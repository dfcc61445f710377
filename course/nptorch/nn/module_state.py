"""``state_dict`` and back: saving and loading what a module holds."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

from course.nptorch._tensor import Tensor
from course.nptorch.dtypes import device as device_type
from course.nptorch.dtypes import dtype as dtype_type
from course.nptorch.dtypes import float16, float32, float64
from course.nptorch.grad_mode import recording
from course.nptorch.graph import hook_onto
from course.nptorch.nn.module_tree import Tree
from course.nptorch.nn.parameter import Parameter

EXTRA = "_extra_state"
M = TypeVar("M", bound="State")


class _Keys(NamedTuple):
    missing_keys: list[str]
    unexpected_keys: list[str]


class IncompatibleKeys(_Keys):
    """What `load_state_dict` did not find a place for, or did not find."""

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"

    __str__ = __repr__


class State(Tree):
    """The part of `Module` that saves, loads and converts."""

    _version: int = 1

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """Return the parameters and persistent buffers by dotted name.

        Parameters
        ----------
        destination : dict, optional
            Dictionary to fill.
        prefix : str
            Goes before every name.
        keep_vars : bool
            Return the parameters themselves instead of detached aliases.

        Returns
        -------
        OrderedDict
            The tensors share memory with the module.
        """
        if destination is None:
            destination = args[0] if args else OrderedDict()
            if not args:
                destination._metadata = OrderedDict()
        metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                below = f"{prefix}{name}."
                module.state_dict(destination=destination, prefix=below, keep_vars=keep_vars)
        for hook in self._state_dict_hooks.values():
            if hook(self, destination, prefix, metadata) is not None:
                raise RuntimeError("state_dict post-hook must return None")
        return destination

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        for name, value in self._local_state().items():
            destination[prefix + name] = value if keep_vars else value.detach_alias()
        if type(self).get_extra_state is not State.get_extra_state:
            destination[prefix + EXTRA] = self.get_extra_state()

    def _local_state(self) -> dict[str, Any]:
        """Return the parameters and persistent buffers held by this module itself."""
        kept = self._non_persistent_buffers_set
        buffers = {name: value for name, value in self._buffers.items() if name not in kept}
        return {name: value for name, value in (self._parameters | buffers).items() if value is not None}

    def get_extra_state(self) -> Any:
        """Return anything else to put into the state dict; to be overridden."""
        raise RuntimeError("Reached a code path in Module.get_extra_state() that should never be called.")

    def set_extra_state(self, state: Any) -> None:
        """Take back what `get_extra_state` returned; to be overridden."""
        raise RuntimeError("Reached a code path in Module.set_extra_state() that should never be called.")

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> IncompatibleKeys:
        """Copy a state dict into the parameters and buffers of this module and those below.

        Parameters
        ----------
        state_dict : dict
            As `state_dict` returns it.
        strict : bool
            Whether missing and unexpected names are errors.
        assign : bool
            Take the given tensors themselves instead of copying their values.

        Raises
        ------
        RuntimeError
            Lists everything that does not fit; what fits has been copied by then.
        TypeError
            If it is not a dictionary.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        metadata = getattr(state_dict, "_metadata", None) or {}
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []

        def load(module: Any, given: dict[str, Any], prefix: str) -> None:
            local = dict(metadata.get(prefix[:-1], {}))
            if assign:
                local["assign_to_params_buffers"] = assign
            module._load_from_state_dict(given, prefix, local, True, missing, unexpected, errors)
            for name, child in module._modules.items():
                if child is not None:
                    below = f"{prefix}{name}."
                    load(child, {k: v for k, v in given.items() if k.startswith(below)}, below)
            for hook in module._load_state_dict_post_hooks.values():
                if hook(module, IncompatibleKeys(missing, unexpected)) is not None:
                    raise AssertionError(
                        "Hooks registered with ``register_load_state_dict_post_hook`` are not "
                        "expected to return new values, if incompatible_keys need to be modified, "
                        "it should be done inplace."
                    )

        load(self, OrderedDict(state_dict), "")
        if strict:
            for what, keys in (("Unexpected", unexpected), ("Missing", missing)):
                if keys:
                    names = ", ".join(f'"{key}"' for key in keys)
                    errors.insert(0, f"{what} key(s) in state_dict: {names}. ")
        if errors:
            everything = "\n\t".join(errors)
            raise RuntimeError(f"Error(s) in loading state_dict for {type(self).__name__}:\n\t{everything}")
        return IncompatibleKeys(missing, unexpected)

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        for hook in self._load_state_dict_pre_hooks.values():
            hook(self, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        local = self._local_state()
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, held in local.items():
            if prefix + name in state_dict:
                error = self._load_one(name, held, state_dict[prefix + name], prefix + name, assign)
                error_msgs += [error] if error else []
            elif strict:
                missing_keys.append(prefix + name)
        extra = prefix + EXTRA
        if type(self).set_extra_state is not State.set_extra_state:
            if extra in state_dict:
                self.set_extra_state(state_dict[extra])
            elif strict:
                missing_keys.append(extra)
        elif strict and extra in state_dict:
            unexpected_keys.append(extra)
        if strict:
            for key in state_dict:
                if key.startswith(prefix) and key != extra:
                    first, dot, _ = key[len(prefix) :].partition(".")
                    if first not in (self._modules if dot else local):
                        unexpected_keys.append(key)

    def _load_one(self, name: str, held: Any, given: Any, key: str, assign: bool) -> str:
        """Copy one tensor; return what went wrong, if anything."""
        if not isinstance(given, Tensor):
            return (
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like '
                f"object from checkpoint but received {type(given)}"
            )
        if held._data.shape == () and given._data.shape == (1,):
            given = given.reshape(())
        if given.shape != held.shape:
            return (
                f"size mismatch for {key}: copying a param with shape {given.shape} from checkpoint, "
                f"the shape in current model is {held.shape}."
            )
        try:
            with recording(False):
                if not assign:
                    held.copy_(given)
                    return ""
                if isinstance(held, Parameter) and not isinstance(given, Parameter):
                    given = Parameter(given, held.requires_grad)
                elif isinstance(held, Parameter):
                    given.requires_grad_(held.requires_grad)
                setattr(self, name, given)
        except Exception as error:
            return (
                f'While copying the parameter named "{key}", whose dimensions in the model are '
                f"{held.shape} and whose dimensions in the checkpoint are {given.shape}, "
                f"an exception occurred : {error.args}."
            )
        return ""

    def register_state_dict_pre_hook(self, hook: Any) -> Any:
        """Call ``hook(module, prefix, keep_vars)`` before `state_dict`; returns a handle."""
        return hook_onto(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Any) -> Any:
        """Call ``hook(module, state_dict, prefix, metadata)`` after `state_dict`."""
        return hook_onto(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Any) -> Any:
        """Call `hook` with what `load_state_dict` was given, before it is copied."""
        return hook_onto(self._load_state_dict_pre_hooks, hook)

    def register_load_state_dict_post_hook(self, hook: Any) -> Any:
        """Call ``hook(module, incompatible_keys)`` after `load_state_dict`."""
        return hook_onto(self._load_state_dict_post_hooks, hook)

    # -- conversions -----------------------------------------------------------------------------

    def _apply(self: M, fn: Any, recurse: bool = True) -> M:
        """Replace the data of every parameter, gradient and buffer by ``fn`` of it."""
        if recurse:
            for module in self.children():
                module._apply(fn)
        with recording(False):
            for parameter in self._parameters.values():
                if parameter is None:
                    continue
                parameter.data = fn(parameter)
                if parameter.grad is not None:
                    parameter.grad.data = fn(parameter.grad)
            for name, buffer in self._buffers.items():
                if buffer is not None:
                    self._buffers[name] = fn(buffer)
        return self

    def to(self: M, *args: Any, **kwargs: Any) -> M:
        """Convert parameters and floating-point buffers, in place: ``to(dtype)``, ``to("cpu")``.

        Raises
        ------
        TypeError
            For a dtype that is not floating point.
        RuntimeError
            For a device other than the CPU.
        """
        if "copy" in kwargs:
            raise RuntimeError(".to() does not accept copy argument")
        given = [*args, *kwargs.values()]
        if len(args) > 1 and isinstance(args[-1], Tensor):
            kinds = ", ".join(type(x).__name__ for x in args)
            raise TypeError(f"to() received an invalid combination of arguments - got ({kinds})")
        wanted = None
        for x in given:
            if isinstance(x, dtype_type):
                wanted = x
            elif isinstance(x, Tensor):
                wanted = x.dtype
            elif isinstance(x, str | device_type):
                device_type(x)
        if wanted is None:
            return self
        if not wanted.is_floating_point:
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={wanted}"
            )
        return self._cast(wanted)

    def _cast(self: M, wanted: dtype_type) -> M:
        return self._apply(lambda t: t._cast(wanted.numpy) if t.dtype.is_floating_point else t)

    def float(self: M) -> M:
        """Convert to float32, in place."""
        return self._cast(float32)

    def double(self: M) -> M:
        """Convert to float64, in place."""
        return self._cast(float64)

    def half(self: M) -> M:
        """Convert to float16, in place."""
        return self._cast(float16)

    def type(self: M, dst_type: dtype_type) -> M:
        """Convert all parameters and buffers to `dst_type`, in place."""
        return self._apply(lambda t: t._cast(dst_type.numpy))

    def cpu(self: M) -> M:
        """Return the module itself: this engine knows no other device."""
        return self

    def cuda(self, device: Any = None) -> Any:
        """Refuse: the engine computes on the CPU."""
        return device_type("cuda")
