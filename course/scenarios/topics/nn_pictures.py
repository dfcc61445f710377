"""Layers for pictures: convolutions, pooling, padding, and normalisation over a batch."""

from __future__ import annotations

from typing import Any

from course.scenarios import Draw, Yields, attempt, scenario
from course.scenarios.nets import known, passed


@scenario(
    "nn_pictures.conv2d", lesson=7, asks="What are the output of Conv2d and the gradients of picture, weight and bias?"
)
def conv2d(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.Conv2d(2, 3, 3))
    yield "shape of weight", layer.weight.shape
    yield from passed(T, draw, layer, draw.normal(2, 2, 4, 5))


@scenario("nn_pictures.conv2d-is-not-flipped", lesson=7, asks="Does Conv2d turn its kernel around, as a textbook does?")
def conv2d_is_not_flipped(T: Any, draw: Draw) -> Yields:
    layer = T.nn.Conv2d(1, 1, (1, 2), bias=False).to(T.tensor(draw.array(0.0)).dtype)
    with T.no_grad():
        layer.weight.copy_(T.tensor(draw.array([[[[1.0, 10.0]]]])))
    yield from passed(T, draw, layer, draw.array([[[[1.0, 2.0, 3.0]]]]))


@scenario(
    "nn_pictures.conv2d-stride-and-padding", lesson=7, asks="With stride and padding: which pixels are never looked at?"
)
def conv2d_stride_and_padding(T: Any, draw: Draw) -> Yields:
    # The last row and column lie under no window: their gradient is 0, not missing.
    layer = known(T, draw, T.nn.Conv2d(1, 2, 2, stride=3, padding=1, bias=False))
    yield from passed(T, draw, layer, draw.normal(1, 1, 6, 6))


@scenario(
    "nn_pictures.conv2d-dilation", lesson=7, asks="A dilated kernel has holes: do the pixels in them get a gradient?"
)
def conv2d_dilation(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.Conv2d(1, 1, 2, dilation=(2, 3)))
    yield from passed(T, draw, layer, draw.normal(1, 1, 4, 4))


@scenario(
    "nn_pictures.conv2d-groups", lesson=7, asks="With groups, does each output see its own share of the channels only?"
)
def conv2d_groups(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.Conv2d(4, 2, 2, groups=2))
    yield "shape of weight", layer.weight.shape
    x = T.tensor(draw.normal(1, 4, 2, 2), requires_grad=True)
    layer(x)[:, 0].sum().backward()
    yield "gradient of the first output", x.grad
    yield "weight.grad", layer.weight.grad
    yield "groups that do not divide", attempt(T.nn.Conv2d, 3, 4, 3, groups=2)


@scenario("nn_pictures.conv2d-one-picture", lesson=7, asks="Does Conv2d take one picture without a batch axis?")
def conv2d_one_picture(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.Conv2d(2, 1, 2, padding="same"))
    yield from passed(T, draw, layer, draw.normal(2, 3, 3))


@scenario(
    "nn_pictures.conv2d-that-does-not-fit",
    lesson=7,
    asks="Wrong channels, too few axes, a picture too small: what is said?",
)
def conv2d_that_does_not_fit(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.Conv2d(2, 1, 3))
    yield "channels", attempt(layer, T.tensor(draw.normal(1, 3, 5, 5)))
    yield "axes", attempt(layer, T.tensor(draw.normal(5, 5)))
    yield "too small", attempt(layer, T.tensor(draw.normal(1, 2, 2, 2)))
    yield "dtype", attempt(layer, T.tensor(draw.normal(1, 2, 4, 4)).to(T.float16))


@scenario(
    "nn_pictures.conv2d-freezes-what-is-frozen",
    lesson=7,
    asks="Only some of picture, weight and bias want a gradient: who gets one?",
)
def conv2d_freezes_what_is_frozen(T: Any, draw: Draw) -> Yields:
    for wanted in ("weight", "bias", "picture"):
        layer = known(T, draw, T.nn.Conv2d(1, 1, 2))
        x = T.tensor(draw.normal(1, 1, 3, 3), requires_grad=wanted == "picture")
        layer.weight.requires_grad_(wanted == "weight")
        layer.bias.requires_grad_(wanted == "bias")
        layer(x).sum().backward()
        yield f"only {wanted}", [x.grad, layer.weight.grad, layer.bias.grad]


@scenario("nn_pictures.conv-transpose2d", lesson=7, asks="What are output and gradients of ConvTranspose2d?")
def conv_transpose2d(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1, output_padding=1))
    yield "shape of weight", layer.weight.shape
    yield from passed(T, draw, layer, draw.normal(1, 2, 2, 3))


@scenario(
    "nn_pictures.conv-transpose2d-is-the-gradient", lesson=7, asks="Is ConvTranspose2d the backward pass of Conv2d?"
)
def conv_transpose2d_is_the_gradient(T: Any, draw: Draw) -> Yields:
    forward = known(T, draw, T.nn.Conv2d(2, 3, 3, stride=2, bias=False))
    back = T.nn.ConvTranspose2d(3, 2, 3, stride=2, bias=False).to(forward.weight.dtype)
    with T.no_grad():
        back.weight.copy_(forward.weight)
    x = T.tensor(draw.normal(1, 2, 5, 5), requires_grad=True)
    g = T.tensor(draw.normal(1, 3, 2, 2))
    forward(x).backward(g)
    yield "x.grad", x.grad
    yield "the transposed layer", back(g)


@scenario(
    "nn_pictures.conv-transpose2d-output-size",
    lesson=7,
    asks="Several sizes shrink to one: how do I choose the size that comes back?",
)
def conv_transpose2d_output_size(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.ConvTranspose2d(1, 1, 2, stride=2))
    x = T.tensor(draw.normal(1, 1, 2, 2))
    for size in (4, 5):
        yield f"{size}", layer(x, output_size=(size, size))
    yield "too large", attempt(layer, x, output_size=(8, 8))


@scenario(
    "nn_pictures.pixel-shuffle",
    lesson=7,
    asks="Where does PixelShuffle put each channel, and does the gradient come back to it?",
)
def pixel_shuffle(T: Any, draw: Draw) -> Yields:
    yield from passed(T, draw, T.nn.PixelShuffle(2), draw.normal(1, 4, 2, 3))
    yield "channels that do not fit", attempt(T.nn.PixelShuffle(2), T.tensor(draw.normal(1, 3, 2, 2)))


@scenario(
    "nn_pictures.max-pool2d", lesson=7, asks="Which pixel of a window gets MaxPool2d's gradient, where windows overlap?"
)
def max_pool2d(T: Any, draw: Draw) -> Yields:
    yield from passed(T, draw, T.nn.MaxPool2d(2, stride=1), draw.normal(1, 2, 3, 3))


@scenario(
    "nn_pictures.max-pool2d-ties",
    lesson=7,
    asks="All pixels of a window are equal, or nan: which one gets the gradient?",
)
def max_pool2d_ties(T: Any, draw: Draw) -> Yields:
    nan = float("nan")
    for name, values in {"equal": [[1.0, 1.0], [1.0, 1.0]], "nan": [[1.0, nan], [nan, 2.0]]}.items():
        x = T.tensor(draw.array([[values]]), requires_grad=True)
        y = T.nn.MaxPool2d(2)(x)
        y.sum().backward()
        yield f"{name}: output", y
        yield f"{name}: x.grad", x.grad


@scenario("nn_pictures.max-pool2d-padding", lesson=7, asks="Does the padding of MaxPool2d ever win?")
def max_pool2d_padding(T: Any, draw: Draw) -> Yields:
    x = T.tensor(-draw.uniform(1, 1, 4, 4, low=1.0, high=2.0), requires_grad=True)
    y, where = T.nn.MaxPool2d(3, stride=2, padding=1, return_indices=True)(x)
    y.sum().backward()
    yield "output", y
    yield "where", where
    yield "x.grad", x.grad
    yield "too much padding", attempt(T.nn.MaxPool2d(2, padding=2), x)


@scenario("nn_pictures.avg-pool2d", lesson=7, asks="Does AvgPool2d count the padding when it divides?")
def avg_pool2d(T: Any, draw: Draw) -> Yields:
    values = draw.normal(1, 1, 3, 4)
    for counted in (True, False):
        x = T.tensor(values, requires_grad=True)
        y = T.nn.AvgPool2d(2, stride=2, padding=1, count_include_pad=counted)(x)
        y.sum().backward()
        yield f"{counted}: output", y
        yield f"{counted}: x.grad", x.grad


@scenario("nn_pictures.adaptive-avg-pool2d", lesson=7, asks="5 columns are averaged into 3: which windows overlap?")
def adaptive_avg_pool2d(T: Any, draw: Draw) -> Yields:
    yield from passed(T, draw, T.nn.AdaptiveAvgPool2d((None, 3)), draw.normal(1, 2, 2, 5))
    x = T.tensor(draw.normal(2, 3, 4, 5), requires_grad=True)
    y = T.nn.AdaptiveAvgPool2d(1)(x)
    yield "to one pixel", y
    yield "its node", y.grad_fn.name()


@scenario("nn_pictures.zero-pad2d", lesson=7, asks="ZeroPad2d with four widths, one of them negative: what comes back?")
def zero_pad2d(T: Any, draw: Draw) -> Yields:
    yield from passed(T, draw, T.nn.ZeroPad2d((1, 2, 0, -1)), draw.normal(1, 1, 3, 2))


@scenario(
    "nn_pictures.batch-norm2d", lesson=7, ulps=512, asks="What are output and gradients of BatchNorm2d while training?"
)
def batch_norm2d(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.BatchNorm2d(2))
    yield from passed(T, draw, layer, draw.normal(3, 2, 2, 2))
    yield "names", list(layer.state_dict())


@scenario(
    "nn_pictures.batch-norm2d-statistics",
    lesson=7,
    asks="How do the running mean and variance move, and by which variance?",
)
def batch_norm2d_statistics(T: Any, draw: Draw) -> Yields:
    for momentum in (0.1, None):
        layer = T.nn.BatchNorm2d(2, momentum=momentum).to(T.tensor(draw.array(0.0)).dtype)
        for turn in (1, 2):
            layer(T.tensor(draw.normal(2, 2, 2, 1)))
            yield f"momentum {momentum}, mean after {turn}", layer.running_mean
            yield f"momentum {momentum}, variance after {turn}", layer.running_var
        yield f"momentum {momentum}, batches seen", layer.num_batches_tracked


@scenario("nn_pictures.batch-norm2d-evaluated", lesson=7, asks="In eval(), does BatchNorm2d look at the batch at all?")
def batch_norm2d_evaluated(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.BatchNorm2d(2))
    layer(T.tensor(draw.normal(3, 2, 2, 2)))
    layer.eval()
    yield from passed(T, draw, layer, draw.normal(1, 2, 1, 2))
    yield "batches seen", layer.num_batches_tracked


@scenario(
    "nn_pictures.batch-norm-frozen-still-moves",
    lesson=7,
    asks="All parameters of a BatchNorm are frozen: is the layer?",
)
def batch_norm_frozen_still_moves(T: Any, draw: Draw) -> Yields:
    layer = known(T, draw, T.nn.BatchNorm2d(1)).requires_grad_(False)
    x = T.tensor(draw.normal(2, 1, 2, 2))
    first = layer(x)
    yield "requires_grad", first.requires_grad
    yield "running mean", layer.running_mean
    layer.eval()
    yield "eval() gives something else", bool((layer(x) != first).any())
    before = layer.running_mean.clone()
    layer(x)
    yield "and leaves the mean", bool((layer.running_mean == before).all())


@scenario(
    "nn_pictures.batch-norm-of-one-value",
    lesson=7,
    asks="A batch with one value per channel: why can it not be normalised?",
)
def batch_norm_of_one_value(T: Any, draw: Draw) -> Yields:
    layer = T.nn.BatchNorm2d(2).to(T.tensor(draw.array(0.0)).dtype)
    yield "training", attempt(layer, T.tensor(draw.normal(1, 2, 1, 1)))
    yield "evaluating", attempt(layer.eval(), T.tensor(draw.normal(1, 2, 1, 1)))
    yield "wrong axes", attempt(layer, T.tensor(draw.normal(3, 2)))


@scenario(
    "nn_pictures.layer-norm", lesson=7, ulps=512, asks="LayerNorm and BatchNorm: over which axes does each average?"
)
def layer_norm(T: Any, draw: Draw) -> Yields:
    yield from passed(T, draw, known(T, draw, T.nn.LayerNorm(3)), draw.normal(2, 3))
    x = T.tensor(draw.normal(4, 3))
    rows, columns = T.nn.LayerNorm(3).to(x.dtype)(x), T.nn.BatchNorm1d(3).to(x.dtype)(x)
    yield "each row sums to 0", bool((rows.sum(1).abs() < 1e-5).all())
    yield "each column sums to 0", bool((columns.sum(0).abs() < 1e-5).all())


@scenario(
    "nn_pictures.upsample", lesson=7, asks="Upsample by copying and by blending: what does a pixel's gradient add up?"
)
def upsample(T: Any, draw: Draw) -> Yields:
    for mode in ("nearest", "bilinear"):
        x = T.tensor(draw.normal(1, 1, 2, 2), requires_grad=True)
        y = T.nn.Upsample(scale_factor=2, mode=mode)(x)
        y.backward(T.tensor(draw.normal(1, 1, 4, 4)))
        yield f"{mode}: output", y
        yield f"{mode}: x.grad", x.grad


@scenario(
    "nn_pictures.srgan-generator",
    lesson=7,
    ulps=4096,
    asks="A small SRGAN generator: are the gradients of all its layers torch's?",
)
def srgan_generator(T: Any, draw: Draw) -> Yields:
    nn = T.nn

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(2, 2, 3, padding=1)
            self.norm = nn.BatchNorm2d(2)
            self.slope = nn.PReLU()

        def forward(self, x: Any) -> Any:
            return x + self.slope(self.norm(self.conv(x)))

    layers = [nn.Conv2d(1, 2, 3, padding=1), Block(), nn.Conv2d(2, 4, 3, padding=1), nn.PixelShuffle(2), nn.Tanh()]
    yield from passed(T, draw, known(T, draw, nn.Sequential(*layers)), draw.normal(2, 1, 3, 3))
