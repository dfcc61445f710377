"""The other ways of writing into memory: functions in place, by index, and the shape of the object itself."""

from __future__ import annotations

from typing import Any

from course.fuzz.scene import Nothing, Scene, dims, filled, floats, normal, small, solid
from course.fuzz.words.axes import laid_out
from course.fuzz.words.forms import fill
from course.fuzz.words.inplace import maybe_quiet
from course.fuzz.words.word import word

ELEMENTS = (
    *("sqrt_()", "square_()", "reciprocal_()", "log_()", "pow_(2)", "pow_(3)", "atan_()", "expm1_()", "erf_()"),
    *(
        "clamp_min_({n})",
        "clamp_max_({n})",
        "clamp_(0, 1)",
        "nan_to_num_(0.5, 2.0, -2.0)",
        "sign_()",
        "add_({n}, alpha=2)",
    ),
    *("add_({n})", "remainder_(2)", "fmod_(1.5)", "sinh_()", "rsqrt_()", "log1p_()", "negative_()", "trunc_()"),
    *("lt_({n})", "eq_({n})", "floor_()", "frac_()", "multiply_({n})", "true_divide_(2)", "absolute_()"),
)
SEVERAL = (
    *("lerp_({s}, 0.25)", "lerp_({s}, {s})", "addcmul_({s}, {s})", "addcdiv_({s}, {s}.exp(), value=0.5)"),
    *("atan2_({s})", "pow_({s})", "clamp_(min={s})", "gt_({s})", "hypot_({s})", "fmod_({s})"),
    *("masked_fill_({s} > 0, {s}.sum())", "masked_fill_({s} > 0, 0.5)", "add_({s}, alpha=-1)", "sub_({s}, alpha=2)"),
    *("copy_({s} * 2)", "fill_({s}.sum())", "copy_({s}.float())", "mul_({s}.float())", "add_({s}.double())"),
)
PLACES = (
    *("index_add_({d}, T.tensor([{p}]), {a}.narrow({d}, 0, 1).clone())", "index_fill_({d}, T.tensor([{p}]), 1.5)"),
    *("index_copy_({d}, T.tensor([{p}]), {a}.narrow({d}, {q}, 1).clone())", "scatter_({d}, {i}, {n})"),
    *("scatter_add_({d}, {i}, {s}.clone())", "scatter_({d}, {i}, {s}.clone())", "cumsum_({d})"),
    *("index_put_((T.tensor([0]),), {a}[0] * 2)", "index_put_((T.tensor([0, 0]),), {s}[0] * 2, accumulate=True)"),
    *(
        "tril_()",
        "triu_()",
        "fill_diagonal_(2.0)",
        "diagonal().mul_(2)",
        "index_fill_({d}, T.tensor([{p}]), {s}.sum())",
    ),
)
PARTS = (
    *("{a}[T.tensor([0])] = {n}", "{a}[[0, -1]] = {s}[0]", "{a}[{a} > 0] = {s}.sum()", "{a}[..., [0]] = 2.0"),
    *("{a}[T.tensor([0])] *= 2", "{a}[{s} > 0] += 1", "{a}[:, [0]] = {n}", "{a}[None] = {s}", "{a}[...] = {s}"),
    *("{a}[{a} > 0] = {a}[{a} > 0] * 2", "{a}[0] = {a}[-1].clone()", "{a}[T.tensor([0]), T.tensor([-1])] = {s}[0, 0]"),
    *("{a} **= 2", "{a} //= 2", "{a} %= 2", "{a}.T[0] = {n}", "{a}.data[0] = {n}"),
    *("{f}.relu({a}, inplace=True)", "{f}.leaky_relu({a}, 0.1, True)", "{f}.elu({a}, inplace=True)"),
    *("{f}.silu({a}, inplace=True)", "{f}.hardtanh({a}, inplace=True)", "{f}.threshold({a}, 0.25, 2.0, inplace=True)"),
)
OBJECT = ("{a}.unsqueeze_({d})", "{a}.squeeze_()", "{a}.squeeze_({d})", "{a}.t_()", "{a}.transpose_({d}, {d})")


def written(scene: Scene, *tests: Any) -> str:
    """Pick what is written to, seldom a leaf; torch either refuses repeated elements or regrets it."""
    found = [
        name
        for name in scene.tensors(floats, small, normal, solid, *tests)
        if scene.maybe(0.06) or not scene.of(name).is_leaf
    ]
    return scene.pick(found)


def _said(scene: Scene, forms: tuple[str, ...], a: str, prefix: str = "{a}.") -> str:
    return maybe_quiet(scene, fill(scene, prefix + scene.pick(forms), a))


@word(0.6)
def elements(scene: Scene) -> str:
    """Apply a function in place."""
    return _said(scene, ELEMENTS, written(scene))


@word(0.8)
def of_several(scene: Scene) -> str:
    """Apply a function of several tensors in place."""
    a = written(scene)
    form = scene.pick(SEVERAL).replace("{s}", scene.pick(_partners(scene, a)))
    return _said(scene, (form,), a)


def _partners(scene: Scene, a: str) -> list[str]:
    """Return tensors of the same form in other memory: torch refuses what overlaps, or makes of it what it may."""
    x = scene.of(a)

    def fits(y: Any) -> bool:
        apart = x.untyped_storage().data_ptr() != y.untyped_storage().data_ptr()
        return bool(x.shape == y.shape and x.dtype == y.dtype and apart)

    return scene.tensors(fits)


@word(0.6)
def places(scene: Scene) -> str:
    """Write at places that are named by index tensors."""
    return _said(scene, PLACES, written(scene, dims(1, 2), filled))


@word(0.6)
def parts(scene: Scene) -> str:
    """Assign to parts, or let a layer overwrite its input."""
    a = written(scene, dims(1, 2), filled)
    form = scene.pick(PARTS)
    if "{s}" in form:
        form = form.replace("{s}", scene.pick(_partners(scene, a)))
    return _said(scene, (form,), a, prefix="")


@word(0.2)
def same_object(scene: Scene) -> str:
    """Give the same object another shape.

    In torch, a gradient that it keeps would stay in the old one, and the next write break an assertion; a hook
    would stay there as well, and those that are registered later would join it.
    """
    a = written(
        scene, dims(0, 1, 2), laid_out, lambda t: not t.is_leaf and not t.retains_grad and not t._backward_hooks
    )
    if not scene.going.engine.T.is_grad_enabled():
        raise Nothing  # its history would keep the old shape
    return fill(scene, scene.pick(OBJECT), a)
