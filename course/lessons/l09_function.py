# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Lesson 9: Your own Function
#
# *About 2 hours, 4 points. You build `Function.apply`, and a convolution with its backward. You need lessons 2, 4
# and 5 in your head, not on your disk: the reference parts of lessons 1 to 8 come with this one in the folder
# `given/`. Words that you meet are in the [glossary](../../docs/glossary.md).*
#
# You clone the code of a paper from 2018, install its requirements, and it says
# ([one of very many](https://github.com/decisionforce/TPN/issues/35)):
#
# > RuntimeError: Legacy autograd function with non-static forward method is deprecated. Please use new-style
# > autograd function with static forward method.
#
# "Download pytorch 1.2", says an answer there. Another one says "just add @staticmethod", which is not what is
# missing. At the end of this lesson you will have written what the message asks you to call, and you will know
# what your own Function must do so that it is right, and not only quiet.

# %%
import time
import warnings

import numpy as np
from sklearn.datasets import load_digits

import course.nptorch as torch
from autograder import grade
from course.compare import compare
from course.widgets import theatre

torch.load_parts("given", lesson=9)  # the engine of lessons 1 to 8

# %% [markdown]
# Code of that time. **Before you run it**: which of the two calls at the end raises?

# %%
my_guess = "..."


# %%
class OldReLU(torch.autograd.Function):
    """A ReLU as it was written in 2018."""

    def forward(self, x):
        self.save_for_backward(x)
        return x.clamp(min=0)

    def backward(self, g):
        (x,) = self.saved_tensors
        return g * (x > 0)


warnings.simplefilter("ignore", DeprecationWarning)  # making an object of it warns, too
x = torch.tensor([-1.0, 2.0], requires_grad=True)
for call in (lambda: OldReLU()(x), lambda: OldReLU.apply(x)):
    try:
        print(call())
    except (RuntimeError, NotImplementedError) as error:
        print(f"{type(error).__name__}: {error}")

# %% [markdown]
# The first call is the old way, and raises as in torch. The second one is the new way, and is what you are
# going to build.
#
# ## What a Function is for
#
# Every operation of the engine has a rule that somebody wrote. With a `Function` you bring your own:
#
# - the slope that you *want* is not the derivative: `round()` has slope 0 almost everywhere, so nothing before
#   it is ever trained;
# - you know a shorter way back than the one through every single step;
# - the numbers come from somewhere that autograd cannot look into: NumPy, a C library, a simulator.
#
# Who calls whom:
#
# ```
# y = Triple.apply(x, 3)      you
#   forward(ctx, x, 3)        called by apply, at once. What it does is not recorded
# y.sum().backward()          you
#   backward(ctx, g)          called by the engine: a gradient for each output comes in,
#                             a gradient for each input goes out
# ```
#
# `ctx` is where `forward` leaves notes for `backward`: tensors in `ctx.save_for_backward(...)`, which come back
# as `ctx.saved_tensors`; anything else as an attribute, `ctx.factor = 3`.
#
# **Guess**: inside `forward`, is grad mode on? And does `x.requires_grad` say True? Then look.

# %%
compare("function.mode-inside")

# %% [markdown]
# <details><summary>What torch does</summary>
#
# The mode is off, so `(x * 2).requires_grad` is False in there. But the inputs come as they are, and still say
# that they require grad. Once `Function` is yours, the last column says so, too.
#
# </details>
#
# ## Exercise 1: `Function` (2 points)
#
# `Function` is a base class. People override `forward` and `backward` and call `apply`, which you write. You
# have these tools (and `torch.no_grad()`):
#
# | tool | gives |
# |---|---|
# | `arguments(cls, args, kwargs)` | one tuple of all inputs: what was given by name is put in its place |
# | `FunctionCtx(cls, inputs)` | a context |
# | `FunctionNode(ctx, inputs)` | a node whose backward calls yours; None stands for it where nothing is recorded |
# | `finish(ctx, node, outputs)` | a tuple of outputs like the tuple `outputs`, with `node` as their maker |
#
# ```python
# class Triple(Function):
#     @staticmethod
#     def forward(ctx, x, factor):
#         ctx.factor = factor
#         return x * factor
#
#     @staticmethod
#     def backward(ctx, g):
#         return g * ctx.factor * 100, None     # 100 times too much: so you see who was asked
#
# x = torch.tensor([1.0], requires_grad=True)
# y = Triple.apply(x, 3)               # tensor([3.], grad_fn=<TripleBackward>)
# y.backward()
# x.grad                               # tensor([300.])
# Triple.apply(x=x, factor=3)          # the same by name
# with torch.no_grad():
#     Triple.apply(x, 3).grad_fn       # None
# Triple.apply(torch.tensor([1.0]), 3).grad_fn    # None: nobody wants a gradient
# ```
#
# Think before you write: *when* is a call recorded, and at which moment do you have to find out? Who needs to
# know whether `forward` returned a tuple? May two calls share anything?
#
# A newer way to write the same splits `forward` in two. If the class has a `setup_context`, `forward` gets no
# `ctx`, and afterwards `setup_context(ctx, inputs, output)` leaves the notes: `inputs` is the tuple of all
# inputs, `output` what `forward` returned.
#
# ```python
# class Triple(Function):
#     @staticmethod
#     def forward(x, factor):
#         return x * factor
#
#     @staticmethod
#     def setup_context(ctx, inputs, output):
#         ctx.factor = inputs[1]
#     ...                                         # backward as above
# ```
#
# `forward` and `backward` of the base class are there for those who forget to write theirs: they raise
# `NotImplementedError`, with torch's words (`You must implement the forward function for custom
# autograd.Function.`, `You must implement either the backward or vjp method for your custom autograd.Function to
# use it with backward mode AD.`).

# %% tags=["exercise:function", "points:2"]
from course.parts.l09_function import Function

# %% [markdown]
# Plug it in. **Run this cell again after every change**, here and below.

# %%
torch.use(Function=Function)

# %% tags=["grade:function"]
grade("function", Function=Function)

# %% [markdown]
# The paper's class again. `torch.autograd.Function` is yours now, and on the stage your node stands among the
# others: what it keeps, when it runs, when it lets go.


# %%
class NewReLU(torch.autograd.Function):
    """The same ReLU, repaired."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (x > 0)


x = torch.tensor([-1.0, 2.0], requires_grad=True)
with theatre.record("A node of your own") as story:
    y = NewReLU.apply(x)
    y.sum().backward()
print(y, x.grad)
theatre.show(story)

# %% [markdown]
# <details><summary>Which of the two repairs was needed?</summary>
#
# The call. `apply` hands the context over as first argument, and whether that is named `self` or `ctx` is all
# the same: `OldReLU` as it stands, once derived from your `Function`, works with `apply`, as in torch.
# `@staticmethod` says to the reader what is true: there is no object, and two calls share nothing but what you
# put on the class.
#
# </details>
#
# ## Predict, then run
#
# Write down what each of these does, an error or numbers:
#
# 1. `backward` of a Function of two inputs returns one gradient.
# 2. `backward` of a Function of one input returns a gradient and a None.
# 3. `backward` writes `g[1] = 123` before it returns `g`, and the loss is `y.sum()`. What is `x.grad`?
# 4. `forward` returns `x` as it came, `backward` returns `-g`. Is `y is x`? What is `x.grad`?

# %%
my_guesses = ["...", "...", "...", "..."]


# %%
def custom(forward, backward):
    """Return `apply` of a Function made of these two."""
    methods = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type("Custom", (torch.autograd.Function,), methods).apply


def outcome(apply, *others):
    """Run one Function forward and backward; say how it ended."""
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    y = apply(x, *others)
    try:
        y.sum().backward()
    except RuntimeError as error:
        return str(error)
    return f"x.grad {x.grad.tolist()}, y is x: {y is x}"


def writes(ctx, g):
    """Change the gradient that came in."""
    g[1] = 123.0
    return g


w = torch.tensor([1.0, 1.0, 1.0], requires_grad=True)
answers = [
    outcome(custom(lambda ctx, x, w: x * w, lambda ctx, g: g), w),
    outcome(custom(lambda ctx, x: x * 2, lambda ctx, g: (g * 2, None))),
    outcome(custom(lambda ctx, x: x * 2, writes)),
    outcome(custom(lambda ctx, x: x, lambda ctx, g: -g)),
]
for number, (guess, answer) in enumerate(zip(my_guesses, answers, strict=True), start=1):
    print(f"{number}. you said {guess!r}: {answer}")

# %% [markdown]
# <details><summary>Why, once you have run it</summary>
#
# - 1: an error that counts. A gradient for each input, None where there is none.
# - 2: more Nones than inputs are passed over, so `forward` may have arguments that are left out.
# - 3: **three times 123**. `sum()` sends back one number, shown three times; whoever writes into one place writes
#   into all of them ([reported as a bug](https://github.com/pytorch/pytorch/issues/75312), and no error in torch
#   2.13 either). `g` is not yours: make a new tensor, or `g = g.clone()` first.
# - 4: `y` is another object on the same memory, with your node as its maker, and `x.grad` is -1. This is the
#   gradient reversal of lesson 8 in two lines.
#
# </details>
#
# The table shows 3 on both engines, also with something between the Function and the sum:

# %%
compare("function.gradient-is-shared")

# %% [markdown]
# And rounding, the first use in the list above: forward rounds, backward pretends that nothing happened. This
# is called the straight-through estimator, and there is a way to write it without a Function, too:

# %%
compare("function.straight-through")

# %% [markdown]
# ## Exercise 2: a convolution (2 points)
#
# A small filter is laid on a picture, place by place. At each place: multiply what lies on top of each other, and
# sum. Work this one out **by hand**, there and back; it is the whole exercise in small.
#
# ```
#  picture x       filter w       output y        gradient that comes back: g
#   1  2  3          1  0          51   ?           1  1
#   4  5  6          0 10           ?   ?           1  1
#   7  8  9
#
#  51 = 1*1 + 2*0 + 4*0 + 5*10, from the window  1 2
#                                                4 5
# ```
#
# The way back is nothing new. Each `y[i, j]` is a sum of products, so `g[i, j]` goes, times the *filter*, to
# the pixels of that window, and, times the *pixels*, to the filter. The filter was used in four windows; the 5
# in the middle was seen by all four. What does lesson 2 say about things that are used several times?

# %%
my_y = [["...", "..."], ["...", "..."]]
my_w_grad = [["...", "..."], ["...", "..."]]
my_x_grad = [["...", "...", "..."], ["...", "...", "..."], ["...", "...", "..."]]

# %% [markdown]
# <details><summary>The numbers, once you have yours</summary>
#
# `y` is `[[51, 62], [84, 95]]`. `w.grad` is `[[12, 16], [24, 28]]`: 12 = 1 + 2 + 4 + 5, all pixels that lay below
# the upper left corner of the filter. `x.grad` is `[[1, 1, 0], [1, 11, 10], [0, 10, 10]]`: to the 5 in the middle,
# two windows send 0, one sends 1 and one sends 10.
#
# </details>
#
# Now for `n` pictures of `c` channels, and `o` filters. The axes are:
#
# ```
# x       (n, c, h,  w )     a window:  x[:, :, top : top + kh, left : left + kw]
# weight  (o, c, kh, kw)
# y       (n, o, ...)        y[:, :, i, j] is (n, o): every picture with every filter
# ```
#
# With a window as a matrix of `n` rows (`window.flatten(1)`) and the filters as a matrix of `o` rows, one `@`
# does all pictures and all filters at once. `stride` is the step from window to window: output `(i, j)` belongs to
# the window at `(i * stride, j * stride)`. Padding is not part of it; whoever wants some calls
# `torch.nn.functional.pad` first. A loop over the places is good enough; write it for the forward pass, and the
# backward pass is the same loop, where everything that was read is added to. (`torch.zeros(2, 3, dtype=x.dtype)` and
# `torch.zeros_like(x)` make tensors to fill.)

# %% tags=["exercise:conv2d", "points:2"]
from course.parts.l09_function import SlidingConv2d

# %%
torch.use(SlidingConv2d=SlidingConv2d)

# %% tags=["grade:conv2d"]
grade("conv2d", SlidingConv2d=SlidingConv2d, Function=Function)

# %% [markdown]
# Your case from above. Then a check that needs nobody who knows the answer: `gradcheck` moves every input a
# little and looks whether your backward predicted what happens (lesson 1, in float64).

# %%
x = torch.tensor([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]], requires_grad=True)
w = torch.tensor([[[[1.0, 0.0], [0.0, 10.0]]]], requires_grad=True)
y = SlidingConv2d.apply(x, w)
y.sum().backward()
for name, value, mine in (("y", y, my_y), ("w.grad", w.grad, my_w_grad), ("x.grad", x.grad, my_x_grad)):
    print(f"{name}: {value[0, 0].tolist()}, you said {mine}")

pictures = torch.rand(2, 2, 5, 4, dtype=torch.float64, requires_grad=True)
filters = torch.rand(3, 2, 2, 3, dtype=torch.float64, requires_grad=True)
print("gradcheck:", torch.autograd.gradcheck(SlidingConv2d.apply, (pictures, filters, 2)))

# %% [markdown]
# ## It learns
#
# Handwritten digits, 0 to 2, of 8 times 8 pixels. Four filters that start at random, your convolution, a ReLU, and
# a linear layer. Everything between the pixels and the filters' gradient is yours.


# %%
class Net(torch.nn.Module):
    """Four filters with stride 2, then one number for each digit."""

    def __init__(self):
        super().__init__()
        self.filters = torch.nn.Parameter(0.3 * torch.randn(4, 1, 3, 3))
        self.head = torch.nn.Linear(4 * 3 * 3, 3)

    def forward(self, x):
        return self.head(SlidingConv2d.apply(x, self.filters, 2).relu().flatten(1))


digits = load_digits(n_class=3)
pictures = torch.tensor((digits.images / 16)[:, None].astype(np.float32))
labels = torch.tensor(digits.target)
torch.manual_seed(0)
net = Net()
optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
for step in range(41):
    optimizer.zero_grad()
    scores = net(pictures)
    loss = torch.nn.functional.cross_entropy(scores, labels)
    loss.backward()
    optimizer.step()
    if step % 20 == 0:
        right = (scores.argmax(1) == labels).float().mean().item()
        print(f"step {step:2}: loss {loss.item():.3f}, {100 * right:5.1f} % right")

# %% [markdown]
# ## What it costs
#
# The same windows and products, without a Function: every slice, every product, every `stack` is recorded.
# **Guess** how many nodes the graph has for one picture of 28 times 28 and a filter of 5 times 5.

# %%
my_guess = "..."


# %%
def recorded(x, weight):
    """Convolve in ordinary operations."""
    (n, _, h, w), (_, _, kh, kw) = x.shape, weight.shape
    places = [(i, j) for i in range(h - kh + 1) for j in range(w - kw + 1)]
    values = [x[:, :, i : i + kh, j : j + kw].flatten(1) @ weight.flatten(1).T for i, j in places]
    return torch.stack(values, 2).reshape(n, -1, h - kh + 1, w - kw + 1)


def nodes(tensor):
    """Count the nodes behind a tensor."""
    seen, waiting = set(), [tensor.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [below for below, _ in node.next_functions]
    return len(seen)


x, w = torch.rand(1, 1, 28, 28, requires_grad=True), torch.rand(1, 1, 5, 5, requires_grad=True)
ways = {"recorded": recorded, "your Function": SlidingConv2d.apply, "the engine's conv2d": torch.nn.functional.conv2d}
for name, way in ways.items():
    start = time.perf_counter()
    y = way(x, w)
    y.sum().backward()
    print(f"{name:20} {nodes(y):5} nodes {(time.perf_counter() - start) * 1000:8.2f} ms")

# %% [markdown]
# Your Function is one node above those of two leaves, and keeps two tensors. It may take as long, or longer: what
# costs is the loop in Python, there and back. The engine's own
# [`conv2d`](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.conv2d.html) keeps the same
# two tensors, puts windows side by side, and multiplies many at once.
#
# ## The same program on torch
#
# Your convolution beside torch's: what overlapping windows add up to, and two convolutions in a row.

# %%
compare("conv2d.overlapping-windows")

# %%
compare("conv2d.in-a-network")

# %% [markdown]
# And one last trap. Why `save_for_backward`, where `ctx.x = x` is shorter? Because it is your `SavedTensor` of
# lesson 5, with the version of lesson 6: it is freed in time, and it notices. `ctx.x` does neither, and gives a
# **wrong gradient without a word**:

# %%
compare("function.saved-tensor-changed")

# %% [markdown]
# ## Back to the message
#
# "Legacy autograd function with non-static forward method": what is it that is legacy, and why did torch give up
# objects here? (Think of one layer that is called twice before `backward()`.) Two or three sentences, not graded:

# %% [markdown]
# *Your words here.*

# %% [markdown]
# ## Beyond this lesson
#
# - A claim of a much-read tutorial, to judge before you look: a convolution has the same shape, detached or not
#   ([B16](../../docs/claims.md#b16)).
# - A Function whose `backward` is made of tensor operations can be differentiated again (lesson 10). One that
#   leaves for NumPy cannot, and says so with
#   [`once_differentiable`](https://docs.pytorch.org/docs/stable/generated/torch.autograd.function.once_differentiable.html).
# - `mark_dirty`, `mark_non_differentiable`, `set_materialize_grads`: what `ctx` can be told, and when it has to be,
#   is in [Extending torch.autograd](https://docs.pytorch.org/docs/stable/notes/extending.html).
# - torch's `apply` ends in C++, but begins in
#   [`torch/autograd/function.py`](https://github.com/pytorch/pytorch/blob/main/torch/autograd/function.py).
#
# Keep what you built:

# %%
for part in (Function, SlidingConv2d):
    print("saved", torch.save_part(part))
