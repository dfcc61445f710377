"""Along axes: folds of several axes, order, running sums, matrices, layers of a network."""

from __future__ import annotations

from typing import Any

from course.fuzz.scene import Nothing, Scene, dims, filled, floats, one_zero, small
from course.fuzz.words.forms import fill, filled_in
from course.fuzz.words.word import word

FOLDS = (
    *("{a}.sum(({d},))", "{a}.sum(({d}, {e}))", "{a}.mean(({d}, {e}), keepdim=True)", "{a}.amax(({d}, {e}))"),
    *("{a}.amin(({d},), keepdim=True)", "{a}.amax()", "{a}.amin()", "{a}.logsumexp(({d}, {e}))", "{a}.prod({d})"),
    *("{a}.sum({d}, dtype=T.float32)", "{a}.sum(dtype=T.float64)", "T.sum({a}, {d}, keepdim=True)", "T.mean({a})"),
    *("{a}.norm()", "{a}.norm(1)", "{a}.norm(3, {d})", "{a}.norm(2, {d}, keepdim=True)", "{a}.norm(float('inf'))"),
    *("{a}.norm(float('inf'), {d})", "({a} + 0.1).round().norm(0)", "{a}.norm(1.5)", "T.dist({a}, {s})"),
    "T.dist({a}, {s}, 1)",
    *("{a}.var(({d}, {e}))", "{a}.std({d}, keepdim=True)", "{a}.var({d}, correction=0)", "{a}.std(correction=0)"),
    *("T.var_mean({a}, {d})[0]", "T.var_mean({a}, {d})[1]", "T.std_mean({a})[0]", "{a}.var(unbiased=False)"),
    *("{a}.median()", "{a}.nansum()", "{a}.nansum({d})", "{a}.nanmean()", "{a}.argmax()", "{a}.argmin({d})"),
    *("{a}.aminmax()[0]", "{a}.aminmax(dim={d}).max", "{a}.count_nonzero()", "({a} > 0).any()", "({a} > 0).all({d})"),
    *("{a}.max()", "{a}.min()", "{a}.max({d}, keepdim=True)[0]", "T.min({a}, {d}).values", "{a}.max({s})"),
    *("{f}.cosine_similarity({a}, {s}, {d})", "{f}.normalize({a}, dim={d})", "{a}.sum_to_size({a}.shape)"),
    *("{a}.softmax({d}, dtype=T.float64)", "{a}.log_softmax(-1)", "{f}.softmax({a}, {d})", "{a}.numel()"),
)
ORDER = (
    *("{a}.cumsum({d})", "{a}.cumprod({d})", "{a}.sort({d}).values", "{a}.sort({d}, descending=True)[0]"),
    *("{a}.sort(stable=True, dim={d}).values", "{a}.sort({d}).indices", "{a}.argsort({d})", "{a}.diff(dim={d})"),
    *("{a}.roll(1, {d})", "{a}.roll(1)", "{a}.flip(({d}, {e}))", "{a}.repeat_interleave(2, {d})", "{a}.fliplr()"),
    *("{a}.repeat_interleave(2)", "{a}.tile(2)", "T.cat([{a}, {s}], {d})", "T.hstack([{a}, {s}])"),
    "T.vstack([{a}, {s}])",
    *("T.stack([{a}, {s}, {a}], -1)", "T.dstack([{a}, {s}])", "T.column_stack([{a}, {s}])", "{a}.rot90()"),
    *("T.meshgrid({a}[0], {s}[-1], indexing='ij')[0]", "T.broadcast_tensors({a}, {b})[1]", "T.concat([{a}, {a}])"),
    *("{a}.unique()", "{a}.tensor_split(2, {d})[0]", "{a}.split([1, {p}], {d})[0]"),
)  # fmt: skip
DISTINCT = ("{a}.topk(1, {d}).values", "{a}.topk(2, {d}, largest=False)[0]", "{a}.median({d}).values", "{a}.topk(1)[0]")
PICKED = (
    *("{a}.index_select({d}, T.tensor([{p}, {q}]))", "{a}.gather({d}, {i})", "{a}.take(T.tensor([0, -1, 0]))"),
    *("{a}.masked_select({a} > 0)", "{a}.masked_select({b} > 0)", "{a}[{a} > {n}]", "{a}[T.tensor([{p}])]"),
    *("{a}.scatter({d}, {i}, {s})", "{a}.scatter({d}, {i}, 1.5)", "{a}.scatter_add({d}, {i}, {s})"),
    *("{a}.index_add({d}, T.tensor([{p}]), {a}.narrow({d}, 0, 1))", "{a}.index_fill({d}, T.tensor([{p}]), 1.5)"),
    *("{a}.index_add({d}, T.tensor([{p}, {p}]), {a}.index_select({d}, T.tensor([{q}, {p}])), alpha=2)",),
    *("{a}.index_copy({d}, T.tensor([{p}]), {a}.narrow({d}, {q}, 1))", "{a}.take_along_dim({i}, {d})"),
    *("{a}[..., [0]]", "{a}[[0, -1], ...]", "{a}[None, T.tensor([0, -1])]", "{a}[None, None, {a} > 0]"),
    *("{a}[{a}[0] > 0]", "{a}[None, {a} > 0]", "{a}[T.tensor(True)]", "{a}[..., T.tensor([[0, 0], [-1, 0]])]"),
    *("{a}.index_put((T.tensor([0]),), {a}[0] * 2)", "{a}.index_put((T.tensor([0, 0]),), {a}[0] * 2, accumulate=True)"),
    *("{a}.where({a} > 0, {s})", "T.where({a} > 0)[0]", "{a}.nonzero()", "{a}.select({d}, {p})", "{a}[{a} > 9]"),
)
MATRICES = (
    *("{a}[:, T.tensor([0, -1])]", "{a}[T.tensor([0]), T.tensor([[0], [-1]])]", "{a}[[0, -1], [[0], [-1]]]"),
    *("{a}.mm({s}.t())", "{a} @ {s}.T", "{a}.t() @ {s}", "T.matmul({a}, {s}.mT)", "{a}.mv({s}[0])", "{s}[:, 0] @ {a}"),
    *("T.addmm({a} @ {a}.t(), {a}, {s}.t(), beta=0.5, alpha=2)", "T.addmm({a}[0, 0], {a}, {s}.t())"),
    *("T.addmv({a}[:, 0], {a}, {s}[0], alpha=0.5)", "T.einsum('ij,kj->ik', {a}, {s})",),
    "T.einsum('ij,ij->i', {a}, {s})",
    *("T.einsum('ij->ji', {a})", "T.einsum('ij->', {a})", "T.tensordot({a}, {s}.t(), 1)", "T.kron({a}, {s})"),
    *("{a}.tril()", "{a}.triu(1)", "{a}.tril(-1)", "{a}.trace()", "{a}.diag()", "{a}.diagonal(1)", "T.diag_embed({a})"),
    *("{f}.linear({a}, {s})", "{f}.linear({a}, {s}, {s}[:, 0])", "{f}.linear({a}[0], {s})",),
    "{a}[None].bmm({s}.t()[None])",
    *("{f}.cross_entropy({a}, T.zeros({a}.shape[0]).long())", "{f}.cross_entropy({a}, {s}.softmax(1))"),
    *("{f}.nll_loss({a}.log_softmax(1), T.zeros({a}.shape[0]).long(), reduction='sum')",),
    *("{f}.layer_norm({a}, ({a}.shape[1],))", "{f}.layer_norm({a}, ({a}.shape[1],), {s}[0], {s}[-1])"),
    *("{f}.batch_norm({a}, None, None, {s}[0], {s}[-1], True)", "{f}.embedding(T.tensor([0, 1, 0]), {a})"),
    *("{f}.conv2d({a}[None, None], {s}[None, None])", "{f}.conv2d({a}[None, None], {s}[None, None], padding=1)"),
    *("{f}.conv_transpose2d({a}[None, None], {s}[None, None], stride=2)", "{f}.pad({a}, (1, 0, 0, 1))"),
    *("{f}.max_pool2d({a}[None, None], 2, 1)", "{f}.avg_pool2d({a}[None, None], 2, 1)",),
    "{f}.pad({a}, (1, 1), value=2.0)",
    *("{f}.adaptive_avg_pool2d({a}[None, None], 1)", "{f}.interpolate({a}[None, None], scale_factor=2)"),
    *("{f}.max_pool2d({a}[None], 2, 1)", "{f}.avg_pool2d({a}[None], (1, 2))", "{f}.adaptive_avg_pool2d({a}[None], 2)"),
    *("{a}[None] @ {s}.t()", "{a}.expand(2, -1, -1) @ {s}.t()[None]"),
    "{a}.expand(2, -1, -1) @ {s}.expand(3, -1, -1).mT",
    *("{f}.group_norm({a}[None], 1)", "{f}.instance_norm({a}[None])", "{f}.max_pool2d({a}[None, None], (1, 2))"),
)  # fmt: skip
VECTORS = (
    *("T.dot({a}, {s})", "{a}.outer({s})", "T.inner({a}, {s})", "{a} @ {s}", "{a}.diag()", "T.kron({a}, {s})"),
    *("T.einsum('i,j->ij', {a}, {s})", "T.einsum('i,i', {a}, {s})", "T.ger({a}, {s})", "{a}.repeat(2, 1)"),
    *("{f}.cross_entropy({a}, T.tensor(0))", "{a}.unflatten(0, (1, -1))"),
    # powers of 2, whose products are exact: where two products cancel, torch rounds one of them and not the other
    *("T.cross({a}, {a}.new_tensor([1.0, 2.0, 4.0]))", "T.cross({a}.new_tensor([1.0, 2.0, 4.0]), {a}, dim=0)"),
)
SHAPES = (
    *("{a}.repeat(2, 1, 1)", "{a}.movedim({d}, {e})", "{a}.swapaxes({d}, {e})", "{a}.expand_as({b})", "{a}.mT"),
    *("{a}.broadcast_to((2, *{a}.shape))", "{a}.reshape_as({s})", "{a}.unflatten({d}, (1, -1))", "{a}.ravel()"),
    *("T.squeeze({a}, {d})", "{a}.squeeze(({d}, {e}))", "{a}.unsqueeze({d}).squeeze({d})", "{a}.reshape(-1, 1)"),
    *("{a}.diagonal(0, {d}, {e})", "{a}.view({a}.shape)", "{a}.flatten({d})", "{a}.mT.contiguous()", "{a}.clone()"),
)


def distinct(tensor: Any) -> bool:
    """Test for a tensor without equal elements: which of those comes first is torch's own business."""
    return bool(tensor.unique().numel() == tensor.numel() and tensor.isfinite().all())


def few(tensor: Any) -> bool:
    """Test for few elements: of more than 16, which of two equal ones comes first is torch's own business."""
    return bool(tensor.numel() <= 8)  # as some forms repeat them


def finite(tensor: Any) -> bool:
    """Test for finite elements: what becomes of inf in a sum of products is a matter of the algorithm."""
    return bool(tensor.isfinite().all())


def laid_out(tensor: Any) -> bool:
    """Test for a tensor in order of its memory: how a result of an operation lies there is its own business."""
    return bool((tensor._base if tensor._is_view() else tensor).is_contiguous())


@word(1.0)
def folds(scene: Scene) -> str:
    """Fold some axes, or all."""
    return f"{scene.new()} = {filled_in(scene, FOLDS, dims(1, 2, 3), filled, one_zero)}"


@word(0.8)
def order(scene: Scene) -> str:
    """Put elements, or tensors, into another order."""
    if scene.maybe(0.15):
        return f"{scene.new()} = {filled_in(scene, DISTINCT, dims(1, 2), filled, distinct)}"
    return f"{scene.new()} = {filled_in(scene, ORDER, dims(1, 2), filled, few, one_zero)}"


@word(0.8)
def picked(scene: Scene) -> str:
    """Pick or place elements by index tensors."""
    return f"{scene.new()} = {filled_in(scene, PICKED, dims(1, 2), filled)}"


@word(0.8)
def matrices(scene: Scene) -> str:
    """Multiply matrices or vectors, or send a matrix through a layer."""
    a = scene.tensor(floats, dims(1, 2), small, filled, finite)
    return f"{scene.new()} = {fill(scene, scene.pick(MATRICES if scene.of(a).ndim == 2 else VECTORS), a)}"


@word(0.5)
def shapes(scene: Scene) -> str:
    """Look at a tensor in another shape."""
    a = scene.tensor(floats, dims(1, 2, 3), small, laid_out)
    if 0 in scene.of(a).shape:
        raise Nothing
    return f"{scene.new()} = {fill(scene, scene.pick(SHAPES), a)}"
