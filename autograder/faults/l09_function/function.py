"""Lesson 9: wrong ideas about `Function.apply`, all in one method."""

from __future__ import annotations

import functools
from contextlib import nullcontext
from typing import Any

import course.nptorch as torch
from autograder.faults.registry import fault
from course.nptorch.autograd.function import FunctionCtx, FunctionNode, arguments, finish
from course.parts import l09_function

LEAK = "https://github.com/pytorch/pytorch/issues/25340"
RECORDED = "https://github.com/pytorch/pytorch/issues/31715"


class Right(l09_function.Function):
    """A right `Function` in pieces, for the faults that spoil one of them."""

    @classmethod
    def recorded(cls, args: tuple[Any, ...]) -> bool:
        wanted = any(isinstance(x, torch.Tensor) and x.requires_grad for x in args)
        return torch.is_grad_enabled() and wanted

    @classmethod
    def inputs(cls, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        return arguments(cls, args, kwargs)

    @classmethod
    def setup(cls) -> Any:
        return getattr(cls, "setup_context", None)

    @classmethod
    def context(cls, args: tuple[Any, ...]) -> FunctionCtx:
        return FunctionCtx(cls, args)

    @classmethod
    def quietly(cls) -> Any:
        return torch.no_grad()

    @classmethod
    def run(cls, ctx: FunctionCtx, args: tuple[Any, ...]) -> Any:
        setup = cls.setup()
        if setup is None:
            return cls.forward(ctx, *args)
        outputs = cls.forward(*args)
        setup(ctx, args, outputs)
        return outputs

    @classmethod
    def end(cls, ctx: FunctionCtx, node: Any, outputs: Any) -> Any:
        if isinstance(outputs, tuple):
            return finish(ctx, node, outputs)
        return finish(ctx, node, (outputs,))[0]

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        args = cls.inputs(args, kwargs)
        recorded = cls.recorded(args)
        ctx = cls.context(args)
        node = FunctionNode(ctx, args) if recorded else None
        with cls.quietly():
            outputs = cls.run(ctx, args)
        return cls.end(ctx, node, outputs)


declared = functools.partial(fault, exercise="function", part="Function")


@declared(
    "forward-is-recorded",
    help="Run forward without recording: only your backward may describe this step, not the operations inside.",
    links=[RECORDED],
)
class ForwardIsRecorded(Right):
    @classmethod
    def quietly(cls) -> Any:
        return nullcontext()


@declared(
    "no-history",
    help="Hand the outputs through finish(ctx, node, outputs): that makes your node their grad_fn.",
)
class NoHistory(Right):
    @classmethod
    def end(cls, ctx: FunctionCtx, node: Any, outputs: Any) -> Any:
        return outputs


@declared(
    "recorded-under-no-grad",
    help="Under no_grad nothing is recorded: look at torch.is_grad_enabled() as well as at the inputs.",
)
class RecordedUnderNoGrad(Right):
    @classmethod
    def recorded(cls, args: tuple[Any, ...]) -> bool:
        return any(isinstance(x, torch.Tensor) and x.requires_grad for x in args)


@declared(
    "always-recorded",
    help="If no input requires grad there is no node, and the output does not require grad either.",
)
class AlwaysRecorded(Right):
    @classmethod
    def recorded(cls, args: tuple[Any, ...]) -> bool:
        return torch.is_grad_enabled()


@declared(
    "decided-too-late",
    help="Ask torch.is_grad_enabled() before you switch recording off, or nothing is ever recorded.",
)
class DecidedTooLate(Right):
    @classmethod
    def recorded(cls, args: tuple[Any, ...]) -> bool:
        with torch.no_grad():
            return super().recorded(args)


@declared(
    "wants-the-first-input",
    help="Any input may require grad, not only the first: look at all of them.",
)
class WantsTheFirstInput(Right):
    @classmethod
    def recorded(cls, args: tuple[Any, ...]) -> bool:
        return super().recorded(args[:1])


@declared(
    "wants-every-input",
    help="One input that requires grad is enough: any, not all.",
)
class WantsEveryInput(Right):
    @classmethod
    def recorded(cls, args: tuple[Any, ...]) -> bool:
        wanted = all(x.requires_grad for x in args if isinstance(x, torch.Tensor))
        return torch.is_grad_enabled() and wanted


@declared(
    "every-argument-a-tensor",
    help="An argument may be a number, a word or a list: ask isinstance(x, Tensor) before requires_grad.",
)
class TensorsOnly(Right):
    @classmethod
    def recorded(cls, args: tuple[Any, ...]) -> bool:
        return torch.is_grad_enabled() and any(x.requires_grad for x in args)


@declared(
    "one-context-for-all",
    help="Every call needs a context of its own: with one for all, the last call overwrites what the others saved.",
)
class OneContextForAll(Right):
    @classmethod
    def context(cls, args: tuple[Any, ...]) -> FunctionCtx:
        shared = vars(cls).get("shared")
        if shared is None:
            cls.shared = shared = super().context(args)  # type: ignore[attr-defined]
        shared._inputs = args
        return shared


@declared(
    "context-kept-on-the-class",
    help="Whatever belongs to one call must die with its graph: do not keep the context on the class.",
    links=[LEAK],
)
class ContextKeptOnTheClass(Right):
    @classmethod
    def context(cls, args: tuple[Any, ...]) -> FunctionCtx:
        ctx = super().context(args)
        cls.last = [ctx, args]  # type: ignore[attr-defined]
        return ctx


@declared(
    "context-knows-only-tensors",
    help="backward returns one gradient for each argument, numbers too: give the context and the node all of them.",
)
class ContextKnowsOnlyTensors(Right):
    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        args = cls.inputs(args, kwargs)
        recorded = cls.recorded(args)
        tensors = tuple(x for x in args if isinstance(x, torch.Tensor))
        ctx = cls.context(tensors)
        node = FunctionNode(ctx, tensors) if recorded else None
        with cls.quietly():
            outputs = cls.run(ctx, args)
        return cls.end(ctx, node, outputs)


@declared(
    "forward-gets-detached-inputs",
    help="Hand the inputs to forward as they are: it may ask for requires_grad, save them, or write into them.",
)
class ForwardGetsDetachedInputs(Right):
    @classmethod
    def run(cls, ctx: FunctionCtx, args: tuple[Any, ...]) -> Any:
        return super().run(ctx, tuple(x.detach() if isinstance(x, torch.Tensor) else x for x in args))


@declared(
    "forward-gets-copies",
    help="Copies cost memory, and a forward that writes in place must meet the tensor itself: no clone.",
)
class ForwardGetsCopies(Right):
    @classmethod
    def run(cls, ctx: FunctionCtx, args: tuple[Any, ...]) -> Any:
        return super().run(ctx, tuple(x.clone() if isinstance(x, torch.Tensor) else x for x in args))


@declared(
    "function-leaves-recording-on",
    help="Put the grad mode back to what it was, which need not be on: a with block does that for you.",
    links=["https://github.com/Project-MONAI/MONAI/pull/8810"],
)
class ModeAlwaysBackOn(Right):
    @classmethod
    def end(cls, ctx: FunctionCtx, node: Any, outputs: Any) -> Any:
        torch.set_grad_enabled(True)
        return super().end(ctx, node, outputs)


@declared(
    "mode-lost-in-an-error",
    help="If forward raises, recording must be switched on again all the same: use a with block, or finally.",
    links=["https://github.com/Project-MONAI/MONAI/pull/8810"],
)
class ModeLostInAnError(Right):
    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        args = cls.inputs(args, kwargs)
        recorded = cls.recorded(args)
        ctx = cls.context(args)
        node = FunctionNode(ctx, args) if recorded else None
        before = torch.is_grad_enabled()
        torch.set_grad_enabled(False)
        outputs = cls.run(ctx, args)
        torch.set_grad_enabled(before)
        return cls.end(ctx, node, outputs)


@declared(
    "always-a-tuple",
    help="If forward returns one tensor, apply returns one tensor: unpack what finish gives.",
)
class AlwaysATuple(Right):
    @classmethod
    def end(cls, ctx: FunctionCtx, node: Any, outputs: Any) -> Any:
        return finish(ctx, node, outputs if isinstance(outputs, tuple) else (outputs,))


@declared(
    "unpacks-a-tuple-of-one",
    help="If forward returns a tuple of one, apply returns a tuple of one: ask what it returned, not how many.",
)
class UnpacksATupleOfOne(Right):
    @classmethod
    def end(cls, ctx: FunctionCtx, node: Any, outputs: Any) -> Any:
        made = finish(ctx, node, outputs if isinstance(outputs, tuple) else (outputs,))
        return made[0] if len(made) == 1 else made


@declared(
    "lists-are-outputs",
    help="Only a tuple means several outputs; a list is one output that is no tensor, and passes through.",
)
class ListsAreOutputs(Right):
    @classmethod
    def end(cls, ctx: FunctionCtx, node: Any, outputs: Any) -> Any:
        return super().end(ctx, node, tuple(outputs) if isinstance(outputs, list) else outputs)


@declared(
    "the-first-output-only",
    help="All outputs go through finish together: each of them needs its place in the history.",
)
class TheFirstOutputOnly(Right):
    @classmethod
    def end(cls, ctx: FunctionCtx, node: Any, outputs: Any) -> Any:
        if isinstance(outputs, tuple):
            return (*finish(ctx, node, outputs[:1]), *outputs[1:])
        return super().end(ctx, node, outputs)


@declared(
    "setup-context-forgotten",
    help="With a setup_context, forward gets no ctx, and setup_context(ctx, inputs, output) comes after it.",
)
class SetupContextForgotten(Right):
    @classmethod
    def setup(cls) -> Any:
        return None


@declared(
    "setup-before-forward",
    help="setup_context comes after forward, because it is given the output as well.",
)
class SetupBeforeForward(Right):
    @classmethod
    def run(cls, ctx: FunctionCtx, args: tuple[Any, ...]) -> Any:
        setup = cls.setup()
        if setup is None:
            return cls.forward(ctx, *args)
        setup(ctx, args, None)
        return cls.forward(*args)


@declared(
    "setup-sees-the-finished-output",
    help="Call setup_context before finish: what is saved there has to be known when the outputs get their history.",
)
class SetupSeesTheFinishedOutput(Right):
    @classmethod
    def run(cls, ctx: FunctionCtx, args: tuple[Any, ...]) -> Any:
        return cls.forward(ctx, *args) if cls.setup() is None else cls.forward(*args)

    @classmethod
    def end(cls, ctx: FunctionCtx, node: Any, outputs: Any) -> Any:
        inputs = ctx._inputs
        made = super().end(ctx, node, outputs)
        if cls.setup() is not None:
            with torch.no_grad():
                cls.setup()(ctx, inputs, made)
        return made


@declared(
    "setup-is-recorded",
    help="setup_context runs without recording as well: keep it inside the with block.",
)
class SetupIsRecorded(Right):
    @classmethod
    def run(cls, ctx: FunctionCtx, args: tuple[Any, ...]) -> Any:
        setup = cls.setup()
        if setup is None:
            return cls.forward(ctx, *args)
        outputs = cls.forward(*args)
        with torch.enable_grad():
            setup(ctx, args, outputs)
        return outputs


@declared(
    "defaults-forgotten",
    help="setup_context and backward count every parameter of forward: arguments(cls, args, kwargs) fills in defaults.",
)
class DefaultsForgotten(Right):
    @classmethod
    def inputs(cls, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        return (*args, *kwargs.values())


@declared(
    "names-forgotten",
    help="Named arguments are arguments, too: arguments(cls, args, kwargs) puts them in their places.",
)
class NamesForgotten(Right):
    @classmethod
    def inputs(cls, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        return arguments(cls, args, {})


@declared(
    "names-passed-on",
    help="Named arguments count as inputs of the node, so each of them has a gradient: put them among args.",
)
class NamesPassedOn(Right):
    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        if not kwargs or cls.setup() is not None:
            return super().apply(*args, **kwargs)
        ctx = cls.context(args)
        node = FunctionNode(ctx, args) if cls.recorded(args) else None
        with cls.quietly():
            outputs = cls.forward(ctx, *args, **kwargs)
        return cls.end(ctx, node, outputs)


@declared(
    "silent-base-methods",
    help="forward and backward of the base class must raise NotImplementedError: somebody forgot to write them.",
)
class SilentBaseMethods(Right):
    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        return None

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        return None
