"""Lesson 9, "Your own Function": 4 points."""

from __future__ import annotations

from autograder.exercises import Exercise

LESSON = "l09_function"

EXERCISES = [
    Exercise(
        id="function",
        lesson=LESSON,
        points=4,
        parts=("Function",),
        basics=("function.its-own-backward",),
        scenarios=(
            "function.product",
            "function.wants-any-input",
            "function.mode-inside",
            "function.modes-put-back",
            "function.no-tensor-requires-grad",
            "function.without-a-forward",
            "function.context-of-each-call",
            "function.inputs-as-they-are",
            "function.needs-input-grad",
            "function.shape-of-the-answer",
            "function.missing-gradients",
            "function.called-with-keywords",
            "function.named-arguments",
            "function.setup-after-forward",
            "function.setup-context",
            "function.setup-with-defaults",
            "function.number-of-gradients",
            "function.non-differentiable-output",
            "function.answers-with-its-input",
            "function.changed-in-place",
            "function.saved-tensor-changed",
            "function.exception",
            "function.keeps-nothing-alive",
        ),
        hidden=(
            "function.one-inside-the-other",
            "function.recording-inside",
            "function.in-a-random-net",
            "function.many-answers",
            "function.frozen-by-mode-and-flag",
        ),
        costs={"function.mode-inside": 1, "function.context-of-each-call": 1, "function.modes-put-back": 0.5},
        hints={
            "function.its-own-backward": "Only your node may stand between y and x: forward itself is not recorded.",
            "function.product": "finish(ctx, node, outputs) gives the outputs their history.",
            "function.wants-any-input": "One input that requires grad is enough, whichever it is.",
            "function.mode-inside": "Recording is off in forward, and the inputs are what they were.",
            "function.modes-put-back": "Whether the call is recorded is decided before recording is switched off.",
            "function.no-tensor-requires-grad": "Where nothing is recorded there is no node.",
            "function.without-a-forward": "The methods of the base class say what is missing.",
            "function.context-of-each-call": "Every call has a FunctionCtx of its own.",
            "function.inputs-as-they-are": "Hand the arguments on as they came.",
            "function.needs-input-grad": "FunctionCtx(cls, args) needs all arguments, not only the tensors.",
            "function.shape-of-the-answer": "finish wants a tuple; apply returns what forward did: a tuple or not.",
            "function.missing-gradients": "finish(ctx, node, outputs) needs all outputs at once.",
            "function.called-with-keywords": "arguments(cls, args, kwargs) puts named arguments in their places.",
            "function.named-arguments": "arguments(cls, args, kwargs) puts named arguments in their places.",
            "function.setup-after-forward": "First forward, then setup_context, then finish.",
            "function.setup-context": "First forward, without ctx; then setup_context(ctx, inputs, output).",
            "function.setup-with-defaults": "arguments() adds what was left out; setup_context is not recorded either.",
            "function.answers-with-its-input": "finish knows what to do about it.",
            "function.changed-in-place": "Hand the tensors themselves to forward; finish does the rest.",
            "function.exception": "Let it pass, and leave everything behind as it was.",
            "function.keeps-nothing-alive": "What belongs to one call must not be kept on the class.",
        },
        advice="apply in five lines: is it recorded? a context, a node, forward without recording, finish.",
    ),
]
