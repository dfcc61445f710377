"""Lesson 1, "Derivatives you can trust": 6 points."""

from __future__ import annotations

from autograder.exercises import Exercise

LESSON = "l01_derivatives"

EXERCISES = [
    Exercise(
        id="rules-of-one-input",
        lesson=LESSON,
        points=2,
        parts=("exp_self", "log_self", "sin_self", "tanh_self", "sigmoid_self", "relu_self"),
        basics=("derivatives.rule-of-exp",),
        scenarios=(
            "derivatives.rule-of-log",
            "derivatives.rule-of-sin",
            "derivatives.rule-of-tanh",
            "derivatives.rule-of-sigmoid",
            "derivatives.rule-of-relu",
            "derivatives.rule-of-relu-stops-infinity",
            "derivatives.rules-on-arrays",
            "derivatives.rules-leave-the-gradient-alone",
            "derivatives.rules-can-be-recorded",
        ),
        hidden=(
            "derivatives.rules-in-a-row",
            "derivatives.rules-far-out",
            "derivatives.rules-in-single-precision",
            "derivatives.rules-of-one-number",
        ),
        costs={"derivatives.rule-of-relu": 0.5, "derivatives.rules-on-arrays": 0.5},
        hints={
            "derivatives.rule-of-exp": "The slope of exp is exp itself, and that is the result.",
            "derivatives.rule-of-log": "Where the gradient is 1, what comes back is the slope alone: start there.",
            "derivatives.rule-of-sin": "cos of what was the input; course.nptorch.math has it.",
            "derivatives.rule-of-tanh": "You are given the result: the slope can be said with it alone.",
            "derivatives.rule-of-sigmoid": "You are given the result: the slope can be said with it alone.",
            "derivatives.rule-of-relu": "Look at the result: is it ever below 0?",
            "derivatives.rule-of-relu-stops-infinity": "0 times infinity is nan: choose, do not multiply.",
            "derivatives.rules-on-arrays": "Right on Tensors only? course.nptorch.math has functions for both.",
            "derivatives.rules-leave-the-gradient-alone": "g *= ... writes into g itself: return something new.",
            "derivatives.rules-can-be-recorded": "NumPy's functions take no Tensor; those of course.nptorch.math do.",
        },
        advice="One line each: g times the slope, with what the rule is given.",
    ),
    Exercise(
        id="rules-of-two-inputs",
        lesson=LESSON,
        points=2,
        parts=("mul_self", "mul_other", "div_self", "div_other"),
        basics=("derivatives.rule-of-a-product",),
        scenarios=(
            "derivatives.rule-of-a-square",
            "derivatives.rule-beside-a-number",
            "derivatives.rule-of-a-quotient",
            "derivatives.rules-of-two-inputs-on-arrays",
            "derivatives.rules-of-two-inputs-leave-the-gradient-alone",
            "derivatives.rules-of-two-inputs-can-be-recorded",
        ),
        hidden=(
            "derivatives.product-of-three",
            "derivatives.quotients-in-a-row",
            "derivatives.rules-of-two-inputs-in-single-precision",
        ),
        costs={"derivatives.rule-of-a-quotient": 0.75},
        hints={
            "derivatives.rule-of-a-product": "The slope along one factor is the other factor.",
            "derivatives.rule-of-a-square": "Both edges lead to x, and each carries its own share only.",
            "derivatives.rule-beside-a-number": "What the rule is given may be a number: * and / work with it too.",
            "derivatives.rule-of-a-quotient": "Write x / w as x times 1 / w. What is the slope of 1 / w?",
            "derivatives.rules-of-two-inputs-on-arrays": "Write into nothing you were given.",
            "derivatives.rules-of-two-inputs-leave-the-gradient-alone": "g *= ... writes into g itself.",
        },
        advice="Hold one input fixed and look at the other: what is left is a function of one input.",
    ),
    Exercise(
        id="numerical-vjp",
        lesson=LESSON,
        points=2,
        parts=("numerical_vjp",),
        basics=("derivatives.numerical-estimate",),
        scenarios=(
            "derivatives.estimate-of-a-cube",
            "derivatives.estimate-with-a-large-step",
            "derivatives.estimate-steps-by-eps",
            "derivatives.estimate-of-a-function-that-mixes",
            "derivatives.estimate-leaves-x-alone",
        ),
        hidden=(
            "derivatives.estimate-at-one-number",
            "derivatives.estimate-at-a-transposed-array",
            "derivatives.estimate-where-elements-are-equal",
        ),
        costs={"derivatives.estimate-with-a-large-step": 1, "derivatives.estimate-leaves-x-alone": 0.5},
        hints={
            "derivatives.numerical-estimate": "Try the case by hand above: is it [6, 20], and is x the same after?",
            "derivatives.estimate-with-a-large-step": "A step to one side only has an error of the order of eps.",
            "derivatives.estimate-steps-by-eps": "eps is half the distance between the two points.",
            "derivatives.estimate-of-a-function-that-mixes": "Only the result has the shape of g; x has its own.",
            "derivatives.estimate-leaves-x-alone": "x + eps - eps may not be x: step on copies, or restore it.",
        },
        advice="For each element of x: two calls of f, one difference, one division.",
    ),
]
