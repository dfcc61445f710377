"""The other functions of the engine, element by element, of one and of several tensors."""

from __future__ import annotations

from course.fuzz.scene import Scene
from course.fuzz.words.forms import filled_in
from course.fuzz.words.word import word

# not nan_to_num(): the largest numbers overflow in sums, or not, by the order of adding
# + 0.1: values of leaves are quarters, and next to a jump rounding decides on which side one is
ONE = (
    *("{a}.tan()", "{a}.atan()", "{a}.sinh()", "{a}.cosh()", "{a}.asinh()", "{a}.erf()", "{a}.expm1()"),
    *("({a}.tanh() / 2).asin()", "({a}.tanh() / 2).acos()", "({a}.tanh() / 2).atanh()",),
    *("(1.5 + {a} * {a}).acosh()", "{a}.atanh()"),
    *("{a}.abs().log1p()", "({a} * {a}).log2()", "({a} * {a} + 1).log10()", "({a} * {a} + 1).rsqrt()"),
    *("({a} + 0.1).floor()", "({a} + 0.1).ceil()", "({a} + 0.1).round()", "({a} + 0.1).trunc()", "({a} + 0.1).frac()"),
    *("{a}.nan_to_num(0.5, 2.0, -2.0)", "{a}.log().nan_to_num(0.5, 2.0, -2.0)", "{a}.positive()", "{a}.sgn()"),
    *("{a}.clamp_min({n})", "{a}.clamp_max({n})", "{a}.clip(-1, 1)", "{a}.clamp(0, 0.5)", "{a}.negative()"),
    *("{a}.remainder(1.5)", "{a}.fmod(1.5)", "{a} % 2", "{a}.pow({n})", "{a} ** 0.5", "{a} ** -1", "{a} ** -2.0"),
    *("{n} ** {a}", "2 / ({a} * {a} + 1)", "T.rsub({a}, {n})", "T.add({a}, {n}, alpha=3)", "T.sub({a}, 2, alpha=0.5)"),
    *("+{a}", "-{a}", "abs({a})", "{a} > {n}", "{a} == {n}", "{a}.isnan()", "{a}.isfinite()",),
    "{a}.nan_to_num().signbit()",
    *("T.zeros_like({a})", "T.ones_like({a}) * {a}", "T.full_like({a}, 2.0) - {a}"),
    *("(T.manual_seed(3), T.rand_like({a}))[1]", "(T.manual_seed(3), T.randn_like({a}))[1]"),
    *("(T.manual_seed(3), {f}.dropout({a}))[1]", "(T.manual_seed(3), T.randint_like({a}, 5))[1]"),
    *("{a}.new_zeros(2) + 1", "{a}.bool()", "{a}.long()", "{a}.type_as({b})", "{a}.to({b})", "{a}.contiguous()"),
)  # fmt: skip
ACTIVATIONS = (  # gelu: of inf, torch's kernel for float32 makes inf or nan, by the number of elements
    *("{f}.relu({a})", "{f}.leaky_relu({a}, 0.1)", "{f}.elu({a})", "{f}.elu({a}, 0.5)", "{f}.selu({a})"),
    *(
        "{f}.celu({a}, 0.5)",
        "{f}.silu({a})",
        "{f}.gelu({a}.clamp(-9, 9))",
        "{f}.gelu({a}, approximate='tanh')",
    ),
    "{f}.mish({a})",
    *("{f}.hardtanh({a})", "{f}.relu6({a} * 4)", "{f}.threshold({a}, 0.25, 2.0)", "{f}.softplus({a})"),
    *("{f}.softplus({a}, 2, 1.5)", "{f}.logsigmoid({a})", "{f}.softsign({a})", "{f}.tanhshrink({a})"),
    *("{f}.prelu({a}, T.tensor([0.25], dtype={a}.dtype))", "{f}.softmin({a}, -1)", "{f}.sigmoid({a})"),
)
SEVERAL = (
    *("T.atan2({a}, {b})", "T.hypot({a}, {b})", "T.logaddexp({a}, {r})", "T.fmod({a}, {b})", "T.remainder({a}, {b})"),
    *("T.div({a}, {b}, rounding_mode='floor')", "T.div({a}, {b}, rounding_mode='trunc')", "{a} // {b}"),
    *("T.clamp({a}, min={b})", "T.clamp({a}, max={b})", "T.clamp({a}, {s}, 2 * {s})", "{a}.clamp_min({b})"),
    *("T.addcmul({a}, {b}, {c})", "T.addcmul({a}, {b}, {c}, value=0.5)", "T.addcdiv({a}, {b}, {c} * {c} + 1, value=2)"),
    *("T.lerp({a}, {b}, 0.25)", "T.lerp({a}, {b}, 0.75)", "T.lerp({a}, {b}, {c})", "{a}.abs() ** {r}", "{a} ** {r}"),
    *("T.where({a} > {b}, {a}, {c})", "T.where({a} > 0, {a}, 1.0)", "T.where({a} > 0, 0.0, {b})"),
    *("{a}.where({b} < 0, {a})", "{a}.masked_fill({b} > 0, 1.5)", "{a}.masked_fill({a} > 0, {b}.sum())"),
    *("{a} < {b}", "{a} >= {b}", "({a} > 0) & ({b} > 0)", "T.logical_or({a}, {b})", "T.isclose({a}, {b})"),
    *("T.maximum({a}, {b}.detach())", "T.minimum({a}, {a})", "T.rsub({a}, {b}, alpha=2)", "T.multiply({a}, {b})"),
    *("T.mul({a}, {b}).sub({c})", "{a}.div({b})", "{a}.true_divide({b})", "{a}.equal({b})", "T.pow(2, {r})"),
    *("{f}.mse_loss({a}, {s})", "{f}.mse_loss({a}, {s}, reduction='sum')", "{f}.l1_loss({a}, {s})"),
    *("{f}.smooth_l1_loss({a}, {s})", "{f}.smooth_l1_loss({a}, {s}, reduction='none', beta=0.5)"),
    *("{f}.huber_loss({a}, {s}, delta=0.5)", "{f}.binary_cross_entropy_with_logits({a}, {s}.sigmoid())"),
    *("{f}.binary_cross_entropy({a}.sigmoid(), {s}.sigmoid())", "{f}.kl_div({a}, {s}.exp(), reduction='sum')"),
    *("{f}.binary_cross_entropy({a}.sigmoid(), {s}.sigmoid().detach(), reduction='none')",),
)


@word(1.2)
def of_one(scene: Scene) -> str:
    """Apply a function to every element."""
    return f"{scene.new()} = {filled_in(scene, ONE)}"


@word(0.7)
def activation(scene: Scene) -> str:
    """Apply an activation."""
    return f"{scene.new()} = {filled_in(scene, ACTIVATIONS)}"


@word(1.4)
def of_several(scene: Scene) -> str:
    """Apply a function, or a loss, to several tensors."""
    return f"{scene.new()} = {filled_in(scene, SEVERAL)}"
