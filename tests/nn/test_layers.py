"""Every layer: output, gradients, second order, buffers and repr as torch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from .agree import modules_agree, same_error

LAYERS: list[tuple[str, Any, tuple[tuple[int, ...], ...]]] = [
    ("linear", lambda nn: nn.Linear(3, 4), ((2, 3),)),
    ("linear, no bias", lambda nn: nn.Linear(3, 4, bias=False), ((2, 3),)),
    ("linear, 3-D", lambda nn: nn.Linear(3, 4), ((2, 5, 3),)),
    ("linear, 1-D", lambda nn: nn.Linear(3, 4), ((3,),)),
    ("linear, 1-D, no bias", lambda nn: nn.Linear(3, 4, bias=False), ((3,),)),
    ("linear, 4-D, no bias", lambda nn: nn.Linear(3, 4, bias=False), ((2, 2, 2, 3),)),
    ("identity", lambda nn: nn.Identity(5), ((2, 3),)),
    ("mlp", lambda nn: nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2)), ((4, 3),)),
    ("conv", lambda nn: nn.Conv2d(2, 3, 3), ((2, 2, 6, 5),)),
    ("conv, 1x1", lambda nn: nn.Conv2d(2, 3, 1), ((2, 2, 4, 5),)),
    ("conv, stride", lambda nn: nn.Conv2d(2, 3, 3, stride=2, padding=1), ((2, 2, 7, 6),)),
    ("conv, uneven", lambda nn: nn.Conv2d(2, 3, (2, 3), (2, 1), (1, 0), (1, 2)), ((1, 2, 6, 7),)),
    ("conv, groups", lambda nn: nn.Conv2d(4, 6, 3, groups=2, bias=False), ((2, 4, 5, 5),)),
    ("conv, depthwise", lambda nn: nn.Conv2d(3, 3, 3, padding=1, groups=3), ((2, 3, 5, 5),)),
    ("conv, same", lambda nn: nn.Conv2d(2, 3, (4, 3), padding="same"), ((2, 2, 5, 6),)),
    ("conv, valid", lambda nn: nn.Conv2d(2, 3, 3, padding="valid"), ((2, 2, 5, 6),)),
    ("conv, reflect", lambda nn: nn.Conv2d(2, 3, 3, padding=1, padding_mode="reflect"), ((2, 2, 5, 6),)),
    ("conv, circular", lambda nn: nn.Conv2d(2, 3, 3, padding=1, padding_mode="circular"), ((1, 2, 5, 6),)),
    ("conv, one image", lambda nn: nn.Conv2d(2, 3, 3), ((2, 5, 6),)),
    ("transposed", lambda nn: nn.ConvTranspose2d(2, 3, 3), ((2, 2, 4, 5),)),
    ("transposed, stride", lambda nn: nn.ConvTranspose2d(2, 3, 4, 2, 1), ((2, 2, 3, 4),)),
    (
        "transposed, all",
        lambda nn: nn.ConvTranspose2d(4, 6, 3, 2, 1, output_padding=1, groups=2, dilation=2, bias=False),
        ((2, 4, 3, 4),),
    ),
    ("pixel shuffle", lambda nn: nn.PixelShuffle(2), ((2, 8, 3, 4),)),
    ("pixel unshuffle", lambda nn: nn.PixelUnshuffle(2), ((2, 2, 4, 6),)),
    ("max pool", lambda nn: nn.MaxPool2d(2), ((2, 3, 6, 6),)),
    ("max pool, overlapping", lambda nn: nn.MaxPool2d(3, 2, 1), ((2, 3, 7, 8),)),
    ("max pool, ceil", lambda nn: nn.MaxPool2d(3, 2, ceil_mode=True), ((2, 3, 6, 8),)),
    ("max pool, dilation", lambda nn: nn.MaxPool2d(2, 1, dilation=2), ((2, 3, 6, 6),)),
    ("max pool, one image", lambda nn: nn.MaxPool2d((2, 1)), ((3, 6, 6),)),
    ("avg pool", lambda nn: nn.AvgPool2d(2), ((2, 3, 6, 6),)),
    ("avg pool, padding", lambda nn: nn.AvgPool2d(3, 2, 1), ((2, 3, 7, 8),)),
    ("avg pool, inner", lambda nn: nn.AvgPool2d(3, 2, 1, count_include_pad=False), ((2, 3, 7, 8),)),
    ("avg pool, ceil", lambda nn: nn.AvgPool2d(3, 2, 1, ceil_mode=True), ((2, 3, 6, 8),)),
    ("avg pool, divisor", lambda nn: nn.AvgPool2d(3, 2, divisor_override=5), ((2, 3, 7, 8),)),
    ("adaptive 1", lambda nn: nn.AdaptiveAvgPool2d(1), ((2, 3, 5, 7),)),
    ("adaptive", lambda nn: nn.AdaptiveAvgPool2d((2, 3)), ((2, 3, 5, 7),)),
    ("adaptive, None", lambda nn: nn.AdaptiveAvgPool2d((None, 3)), ((2, 3, 5, 7),)),
    ("adaptive max", lambda nn: nn.AdaptiveMaxPool2d((2, 3)), ((2, 3, 5, 7),)),
    ("upsample", lambda nn: nn.Upsample(scale_factor=2), ((2, 3, 3, 4),)),
    ("upsample, size", lambda nn: nn.Upsample(size=(5, 7)), ((2, 3, 3, 4),)),
    ("bilinear", lambda nn: nn.Upsample(scale_factor=2, mode="bilinear"), ((2, 3, 3, 4),)),
    ("corners", lambda nn: nn.Upsample(size=5, mode="bilinear", align_corners=True), ((2, 3, 3, 4),)),
    ("zero pad", lambda nn: nn.ZeroPad2d((1, 2, 0, -1)), ((2, 3, 4, 5),)),
    ("constant pad", lambda nn: nn.ConstantPad2d(1, 2.5), ((2, 3, 4, 5),)),
    ("reflection pad", lambda nn: nn.ReflectionPad2d((1, 2, 3, 0)), ((2, 3, 4, 5),)),
    ("replication pad", lambda nn: nn.ReplicationPad2d(2), ((2, 3, 4, 5),)),
    ("flatten", lambda nn: nn.Flatten(), ((2, 3, 4, 5),)),
    ("unflatten", lambda nn: nn.Unflatten(1, (2, 3)), ((2, 6, 4),)),
    ("batch norm 1d", lambda nn: nn.BatchNorm1d(3), ((5, 3),)),
    ("batch norm 1d, lengths", lambda nn: nn.BatchNorm1d(3), ((5, 3, 4),)),
    ("batch norm 2d", lambda nn: nn.BatchNorm2d(3), ((4, 3, 2, 3),)),
    ("batch norm, one channel", lambda nn: nn.BatchNorm2d(1), ((4, 1, 2, 3),)),
    ("batch norm, evaluated", lambda nn: nn.BatchNorm2d(3).eval(), ((4, 3, 2, 3),)),
    ("batch norm, plain", lambda nn: nn.BatchNorm2d(3, affine=False), ((4, 3, 2, 3),)),
    ("batch norm, untracked", lambda nn: nn.BatchNorm2d(3, track_running_stats=False).eval(), ((4, 3, 2, 2),)),
    ("batch norm, cumulative", lambda nn: nn.BatchNorm2d(3, momentum=None), ((4, 3, 2, 2),)),
    ("instance norm", lambda nn: nn.InstanceNorm2d(3, affine=True), ((4, 3, 2, 3),)),
    ("group norm", lambda nn: nn.GroupNorm(2, 4), ((3, 4, 2, 3),)),
    ("layer norm", lambda nn: nn.LayerNorm(4), ((3, 2, 4),)),
    ("layer norm, 2 axes", lambda nn: nn.LayerNorm((1, 4)), ((3, 1, 4),)),
    ("layer norm, plain", lambda nn: nn.LayerNorm(4, elementwise_affine=False), ((3, 4),)),
    ("layer norm, no bias", lambda nn: nn.LayerNorm(4, bias=False), ((3, 4),)),
    ("dropout, evaluated", lambda nn: nn.Dropout(0.5).eval(), ((3, 4),)),
    ("dropout, none", lambda nn: nn.Dropout(0.0), ((3, 4),)),
    ("dropout, all", lambda nn: nn.Dropout(1.0), ((3, 4),)),
    ("relu", lambda nn: nn.ReLU(), ((3, 4),)),
    ("leaky relu", lambda nn: nn.LeakyReLU(0.2), ((3, 4),)),
    ("prelu", lambda nn: nn.PReLU(), ((3, 4),)),
    ("prelu, channels", lambda nn: nn.PReLU(3), ((2, 3, 4, 2),)),
    ("prelu, 1-D", lambda nn: nn.PReLU(), ((4,),)),
    ("sigmoid", lambda nn: nn.Sigmoid(), ((3, 4),)),
    ("tanh", lambda nn: nn.Tanh(), ((3, 4),)),
    ("softplus", lambda nn: nn.Softplus(), ((3, 4),)),
    ("softplus, sharp", lambda nn: nn.Softplus(3.0, 2.0), ((3, 4),)),
    ("elu", lambda nn: nn.ELU(0.7), ((3, 4),)),
    ("celu", lambda nn: nn.CELU(0.5), ((3, 4),)),
    ("selu", lambda nn: nn.SELU(), ((3, 4),)),
    ("silu", lambda nn: nn.SiLU(), ((3, 4),)),
    ("mish", lambda nn: nn.Mish(), ((3, 4),)),
    ("gelu", lambda nn: nn.GELU(), ((3, 4),)),
    ("gelu, tanh", lambda nn: nn.GELU(approximate="tanh"), ((3, 4),)),
    ("hardtanh", lambda nn: nn.Hardtanh(-0.5, 0.7), ((3, 4),)),
    ("relu6", lambda nn: nn.ReLU6(), ((3, 4),)),
    ("threshold", lambda nn: nn.Threshold(0.1, 2.0), ((3, 4),)),
    ("log sigmoid", lambda nn: nn.LogSigmoid(), ((3, 4),)),
    ("softsign", lambda nn: nn.Softsign(), ((3, 4),)),
    ("tanhshrink", lambda nn: nn.Tanhshrink(), ((3, 4),)),
    ("softmax", lambda nn: nn.Softmax(1), ((3, 4),)),
    ("softmin", lambda nn: nn.Softmin(1), ((3, 4),)),
    ("log softmax", lambda nn: nn.LogSoftmax(-1), ((3, 4),)),
    ("rnn", lambda nn: nn.RNN(3, 4), ((5, 2, 3),)),
    ("rnn, batch first", lambda nn: nn.RNN(3, 4, 2, batch_first=True), ((2, 5, 3),)),
    ("rnn, both ways", lambda nn: nn.RNN(3, 4, 2, "relu", bidirectional=True), ((4, 2, 3),)),
    ("rnn, no bias", lambda nn: nn.RNN(3, 4, bias=False), ((5, 2, 3),)),
    ("rnn, one sequence", lambda nn: nn.RNN(3, 4), ((5, 3),)),
    ("rnn, start", lambda nn: nn.RNN(3, 4), ((5, 2, 3), (1, 2, 4))),
    ("rnn cell", lambda nn: nn.RNNCell(3, 4), ((2, 3), (2, 4))),
    ("rnn cell, relu", lambda nn: nn.RNNCell(3, 4, bias=False, nonlinearity="relu"), ((2, 3),)),
]


@pytest.mark.parametrize(("make", "shapes"), [case[1:] for case in LAYERS], ids=[case[0] for case in LAYERS])
def test_layer(make: Any, shapes: Any, rng: np.random.Generator) -> None:
    modules_agree(make, *(rng.standard_normal(shape) for shape in shapes))


def test_embedding(rng: np.random.Generator) -> None:
    indices = np.array([[1, 0, 3], [1, 1, 2]])
    modules_agree(lambda nn: nn.Embedding(5, 3), indices)
    modules_agree(lambda nn: nn.Embedding(5, 3, padding_idx=1), indices)


@pytest.mark.parametrize("p", [0.2, 0.5])
@pytest.mark.parametrize("layer", ["Dropout", "Dropout2d"])
def test_dropout_drops_the_right_share_and_scales_the_rest(layer: str, p: float) -> None:
    import course.nptorch as T

    x = T.ones(100, 40, 3, 3, requires_grad=True)
    y = getattr(T.nn, layer)(p)(x)
    values = y.detach().numpy()
    assert set(np.unique(values)) <= {0.0, 1 / (1 - p)}
    dropped = np.mean(values[:, :, 0, 0] == 0)
    assert abs(dropped - p) < 0.03
    if layer == "Dropout2d":
        assert np.all(values == values[:, :, :1, :1])
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.numpy(), values)


ERRORS: dict[str, Any] = {
    "conv channels": lambda T: T.nn.Conv2d(3, 4, 3)(T.ones(1, 2, 5, 5)),
    "conv axes": lambda T: T.nn.Conv2d(3, 4, 3)(T.ones(3, 2)),
    "conv too small": lambda T: T.nn.Conv2d(3, 4, 3)(T.ones(1, 3, 2, 2)),
    "conv dtype": lambda T: T.nn.Conv2d(3, 4, 3)(T.ones(1, 3, 5, 5, dtype=T.float32)),
    "conv groups": lambda T: T.nn.Conv2d(3, 4, 3, groups=2),
    "transposed channels": lambda T: T.nn.ConvTranspose2d(3, 4, 3)(T.ones(1, 2, 5, 5)),
    "transposed padding": lambda T: T.nn.ConvTranspose2d(3, 4, 3, output_padding=1)(T.ones(1, 3, 5, 5)),
    "linear shapes": lambda T: T.nn.Linear(3, 4)(T.ones(2, 5)),
    "linear dtypes": lambda T: T.nn.Linear(3, 4)(T.ones(2, 3, dtype=T.float32)),
    "linear 3-D": lambda T: T.nn.Linear(3, 4)(T.ones(2, 6, 5)),
    "linear 1-D": lambda T: T.nn.Linear(3, 4)(T.ones(5)),
    "linear no bias": lambda T: T.nn.Linear(3, 4, bias=False)(T.ones(2, 5)),
    "batch norm axes": lambda T: T.nn.BatchNorm2d(3)(T.ones(2, 3)),
    "batch norm 1d axes": lambda T: T.nn.BatchNorm1d(3)(T.ones(2, 3, 4, 5)),
    "batch norm one value": lambda T: T.nn.BatchNorm1d(3)(T.ones(1, 3)),
    "batch norm channels": lambda T: T.nn.BatchNorm1d(3)(T.ones(2, 4)),
    "layer norm": lambda T: T.nn.LayerNorm(4)(T.ones(2, 3)),
    "dropout": lambda T: T.nn.Dropout(2),
    "functional dropout": lambda T: T.nn.functional.dropout(T.ones(3), -1),
    "embedding range": lambda T: T.nn.Embedding(3, 4)(T.tensor([5])),
    "embedding padding": lambda T: T.nn.Embedding(3, 4, padding_idx=5),
    "max pool": lambda T: T.nn.MaxPool2d(3)(T.ones(1, 1, 2, 2)),
    "max pool padding": lambda T: T.nn.MaxPool2d(3, padding=2)(T.ones(1, 1, 8, 8)),
    "avg pool padding": lambda T: T.nn.AvgPool2d(2, padding=2)(T.ones(1, 1, 8, 8)),
    "pixel shuffle": lambda T: T.nn.PixelShuffle(2)(T.ones(1, 3, 8, 8)),
    "prelu": lambda T: T.nn.PReLU(3)(T.ones(1, 2, 8, 8)),
    "rnn nonlinearity": lambda T: T.nn.RNN(3, 4, nonlinearity="x"),
    "rnn input": lambda T: T.nn.RNN(3, 4)(T.ones(2, 3, 5)),
    "rnn cell input": lambda T: T.nn.RNNCell(3, 4)(T.ones(2, 5)),
    "pad": lambda T: T.nn.functional.pad(T.ones(2, 3), (1,)),
    "no forward": lambda T: T.nn.Module()(1),
}


@pytest.mark.parametrize("program", ERRORS.values(), ids=ERRORS.keys())
def test_error(program: Any) -> None:
    same_error(program)


def test_what_is_missing_says_so() -> None:
    import course.nptorch as T

    with pytest.raises(NotImplementedError, match=r"has no torch\.nn\.LSTM"):
        T.nn.LSTM(2, 3)
    with pytest.raises(NotImplementedError, match=r"has no torch\.nn\.functional\.grid_sample"):
        T.nn.functional.grid_sample(T.ones(2))
