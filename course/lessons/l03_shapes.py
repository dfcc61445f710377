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
# # Lesson 3: Shapes
#
# *About 2 to 3 hours, 10 points. You build `sum_to_size` and the rules of sums, means, matrix products,
# permutations and picked elements. You need lessons 1 and 2 in your head, not on your disk: their reference parts
# come with this lesson in the folder `given/`. Words that you meet are in the
# [glossary](../../docs/glossary.md).*
#
# No error message this time, only a wrong number
# ([somebody's two hours](https://github.com/pytorch/pytorch/issues/16413)):
#
# ```
# >>> a = torch.Tensor([1, 2, 3])
# >>> b = torch.Tensor([[1],[2],[3]])
# >>> nn.MSELoss()(a, b)
# tensor(1.3333)
# ```
#
# A perfect prediction, and the loss is 1.3333. Trained on this loss, a model learns to ignore its input,
# and nothing ever fails. Today torch's loss functions warn; the same formula written out, as below, does not.
#
# At the end of this lesson you will know what was computed, what its gradient does to a model, and the rule
# by which you can tell at a glance that a backward pass is wrong: **a gradient has the shape of what it
# belongs to**.

# %%
import time

import numpy as np

import course.nptorch as torch
from autograder import grade
from course.compare import compare

torch.load_parts("given", lesson=3)  # the engine of lessons 1 and 2

# %% [markdown]
# **Before you run the program**: which shape has `difference`, and which of its elements are 0?

# %%
my_guess = "..."

# %%
prediction = torch.tensor([[1.0], [2.0], [3.0]], requires_grad=True)  # a model's output: one column
target = torch.tensor([1.0, 2.0, 3.0])  # from a file: the same numbers, without columns
difference = prediction - target
loss = (difference**2).mean()
print(difference)
print("loss:", loss.item())

# %% [markdown]
# <details><summary>What happened, once you have run it</summary>
#
# A table of 3 times 3: every prediction minus **every** target. Only the diagonal was meant. The loss is the
# mean of nine squares, six of which compare things that have nothing to do with each other.
#
# </details>
#
# What does a step along its gradient do? Our engine cannot say yet. It names the part that is missing:

# %%
try:
    loss.backward()
except NotImplementedError as error:
    print(error)

# %% [markdown]
# ## Broadcasting is use, many times
#
# torch and NumPy bring two shapes together like this. Write them below each other, **aligned at the right**.
# Where one has nothing, a new axis is put in front. Where one has length 1, it is stretched to the other's
# length. (Any other difference is an error.)
#
# ```
# prediction   3 1          bias       3          mask    2 1 3
# target         3          x        2 3          x       2 4 3
#              ---                   ---                  -----
# result       3 3          result   2 3          result  2 4 3
# ```
#
# No number is copied in memory: the new axis has stride 0, so the same element is shown again and again.
# For the gradient this is an ordinary case of lesson 2. Whoever is used several times receives a gradient
# from every use, and they add up. Here is `x + bias`, once without any broadcasting, a use for each row.
# **Guess first**: which three numbers does the bias receive?

# %%
my_guess = [..., ..., ...]

# %%
bias = torch.tensor([10.0, 20.0, 30.0], requires_grad=True)
row_0 = torch.tensor([0.1, 0.2, 0.3]) + bias
row_1 = torch.tensor([0.4, 0.5, 0.6]) + bias
g = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])  # what arrives for the two rows
torch.autograd.backward([row_0, row_1], [torch.tensor(g[0]), torch.tensor(g[1])])
print("bias.grad:", bias.grad)

# %% [markdown]
# With broadcasting it is one operation, and what arrives is the whole table `g`, of shape (2, 3). The bias has
# shape (3,). Somebody has to add the two rows up.
#
# For each line below: **over which axes of `g` do you sum, and which shape is left?** `g` has the shape of the
# result, and what is left must be the shape of the operand.
#
# | | operand | result |
# |---|---|---|
# | a | (3,) | (2, 3) |
# | b | (2, 1) | (2, 3) |
# | c | () | (2, 3) |
# | d | (3, 1) | (2, 3, 4) |
# | e | (1, 3) | (1, 3) |

# %%
my_axes = {"a": "...", "b": "...", "c": "...", "d": "...", "e": "..."}

# %% [markdown]
# <details><summary>Answers, once you have written yours</summary>
#
# - a: axis 0, which goes.
# - b: axis 1, which stays, with length 1.
# - c: both, and both go.
# - d: axis 0 goes, axis 2 stays with length 1. Axis 1 is not summed.
# - e: none. An axis of length 1 that was not stretched was used once.
#
# </details>
#
# ## Exercise 1: `sum_to_size` (4 points)
#
# The engine calls `sum_to_size(g, shape)` whenever a rule's gradient has another shape than the input it
# belongs to. That is why `mul_self` of lesson 1 could be the one line `g * other`: rules need not know about
# broadcasting. What it should do, with `g` the 2 times 3 table from above:
#
# ```python
# sum_to_size(g, (3,))     # [5., 7., 9.]
# sum_to_size(g, (2, 1))   # [[ 6.], [15.]]
# sum_to_size(g, (1, 3))   # [[5., 7., 9.]]
# sum_to_size(g, ())       # 21.0
# sum_to_size(g, (2, 3))   # g
# ```
#
# `g` is an array here. In lesson 10, where backward passes are recorded, it is a Tensor. Both have `g.shape` and
# `g.sum(axis=..., keepdims=...)`, so a function written with these serves both (`np.sum(g)` would not).

# %% tags=["exercise:sum-to-size", "points:4"]
from course.parts.l03_shapes import sum_to_size

# %% [markdown]
# Try the cases above in a cell of your own, then plug your function in. **Run this cell again after every
# change to it.**

# %%
torch.use(sum_to_size=sum_to_size)

# %% tags=["grade:sum-to-size"]
grade("sum-to-size", sum_to_size=sum_to_size)

# %% [markdown]
# (One check waits for `sum_self`, which you write next; then run the cell again for the rest of its points.)
#
# The bias again, in one operation now, and on your function. Step through it with the buttons or the arrow keys:
# **which step turns the table into three numbers?**

# %%
from course.widgets import theatre

bias = torch.tensor([10.0, 20.0, 30.0], requires_grad=True)
x = torch.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
with theatre.record("A bias for two rows") as story:
    y = x + bias
    y.backward(torch.tensor(g))
theatre.show(story)

# %% [markdown]
# ## Exercise 2: sums and means (2 points)
#
# `x.sum(1)` adds up each row. Backward goes the other way: every element of a row has slope 1, so each of them
# receives what arrived for its row. For a square table that is quickly written:

# %%
arrived = np.array([1.0, 10.0, 100.0])  # one number for each row of a 3 times 3 table
print(np.broadcast_to(arrived, (3, 3)))

# %% [markdown]
# **Is that the gradient of `x.sum(1)`?** If not, which operation is it the gradient of, and why did nothing fail?

# %%
my_answer = "..."

# %% [markdown]
# <details><summary>Answer, once you have written yours</summary>
#
# Row 0 should be all ones. This is the gradient of `x.sum(0)`: the summed axis is missing in `arrived`, and
# broadcasting puts new axes in *front*. It belonged at the end. With a table of 2 times 3 NumPy would have
# refused; square tables hide the mistake, so test with others.
# ([An exercise book that had it](https://github.com/callummcdougall/ARENA_3.0/issues/122).)
#
# </details>
#
# Two tools from `course.nptorch.math` serve arrays and Tensors alike: `reshape(g, shape)`, and
# `expand(g, shape)`, which shows an axis of length 1 many times, as `np.broadcast_to` does.
#
# A case to check by hand. (The engine calls rules by the names of their parameters: keep those.)
#
# ```python
# arrived = np.array([1.0, 10.0])                  # x has shape (2, 3)
# sum_self(arrived, (2, 3), (1,), False)           # [[ 1.,  1.,  1.], [10., 10., 10.]]
# sum_self(arrived[:, None], (2, 3), (1,), True)   # the same: with keepdim=True the axis is still there
# mean_self(arrived, (2, 3), (1,), False)          # a third of it
# ```

# %% tags=["exercise:sums-and-means", "points:2"]
from course.parts.l03_shapes import sum_self, mean_self

# %%
torch.use(sum_self=sum_self, mean_self=mean_self)

# %% tags=["grade:sums-and-means"]
grade("sums-and-means", sum_self=sum_self, mean_self=mean_self)

# %% [markdown]
# That was the part which the first program missed. Which way does its gradient push three predictions that
# are all right? **Guess**, then run.

# %%
my_guess = "..."

# %%
loss.backward()
print("prediction.grad:", prediction.grad)

# %% [markdown]
# <details><summary>What it says, once you have run it</summary>
#
# The smallest prediction is pushed up, the largest down: towards 2, the mean of all targets. Each prediction
# is compared with every target, and the one number that is closest to all of them is their mean.
#
# </details>
#
# The same on torch, with other numbers:

# %%
compare("shapes.column-against-vector")

# %% [markdown]
# ## Exercise 3: matrices (2 points)
#
# Let `y = a @ b` with shapes (2, 3) and (3, 4). What arrives for `y` is `g`, of shape (2, 4). You look for a
# gradient of shape (2, 3) and for one of shape (3, 4), made of `g` and the *other* matrix. Write the shapes
# down: there is one product for each that fits. (Square matrices fit in every order. Do not trust them.)
#
# <details><summary>If you want to derive it instead</summary>
#
# In which elements of `y` does `a[i, j]` occur, and with which factor? Add up what arrives for those, times
# the factor; then read the sum as a matrix product.
#
# </details>
#
# Matrices may come in batches, `(..., n, m)`: only the last two axes are the matrix. `transpose(x)` from
# `course.nptorch.math` swaps just these, and `permute(x, dims)` puts axes in another order, for arrays and Tensors.
#
# The third rule is that of `permute`. In `y = x.permute(1, 2, 0)`, axis 0 of `y` is axis 1 of `x`, and so on.
# **Guess first**: does the same permutation, applied to `g`, lead back?

# %%
my_guess = "..."

# %%
x = np.zeros((2, 3, 4))
there = np.transpose(x, (1, 2, 0))
print(x.shape, "->", there.shape, "->", np.transpose(there, (1, 2, 0)).shape)

# %% [markdown]
# <details><summary>Why, once you have run it</summary>
#
# Turned three times round it would be back; twice it is not. Only a permutation that swaps axes in pairs undoes
# itself, and the transpose of a table is one of those: the mistake hides wherever there are two axes.
#
# </details>
#
# You need the permutation that brings each axis back to where it came from:
#
# ```python
# g = np.ones((3, 4, 2))               # for y = x.permute(1, 2, 0)
# permute_self(g, (1, 2, 0)).shape     # (2, 3, 4), and its element [i, j, k] is g[j, k, i]
# ```

# %% tags=["exercise:matrices", "points:2"]
from course.parts.l03_shapes import matmul_self, matmul_other, permute_self

# %%
torch.use(matmul_self=matmul_self, matmul_other=matmul_other, permute_self=permute_self)

# %% tags=["grade:matrices"]
grade("matrices", matmul_self=matmul_self, matmul_other=matmul_other, permute_self=permute_self)

# %% [markdown]
# You need no grader to know that a rule is right. torch has the checker of lesson 1, too, and under the same
# name the engine runs it on your rules (float64, shapes that are not square):

# %%
draw = np.random.default_rng(0).normal
a, b, c = (torch.tensor(draw(size=shape), requires_grad=True) for shape in ((2, 3), (3, 4), (2, 1)))
print(torch.autograd.gradcheck(lambda a, b, c: (a @ b * c).permute(1, 0).mean(1), (a, b, c)))

# %% [markdown]
# ## Exercise 4: picked elements (2 points)
#
# A model that reads text looks words up: `table[words]`. A word that occurs twice is picked twice.
# **Guess first** what NumPy makes of this:

# %%
my_guess = [..., ..., ...]

# %%
counts = np.zeros(3)
counts[[0, 0, 2]] += np.array([1.0, 2.0, 4.0])
print(counts)

# %% [markdown]
# <details><summary>Why, once you have run it</summary>
#
# `counts[i] += v` reads all elements first, adds, and then writes all. Element 0 is written twice, and the
# second write wins: the 1 is lost. [`np.add.at`](https://numpy.org/doc/stable/reference/generated/numpy.ufunc.at.html)
# adds one after the other.
#
# </details>
#
# The gradient of `x[[0, 0, 2]]`, when 1, 2 and 4 arrive:
#
# ```python
# index_self(np.array([1.0, 2.0, 4.0]), (3,), ([0, 0, 2],))   # [3., 0., 4.]
# ```
#
# `indices` can be used as it is, on either side of an assignment or in `np.add.at`. A Tensor `g` has no such
# function. For that case, `isinstance(g, torch.Tensor)`, there is `index_put(g, shape, indices)` from
# `course.nptorch.math`: it does the whole rule, recorded. (It takes arrays as well. Write that case yourself, or
# this exercise has taught you nothing.)

# %% tags=["exercise:picked-elements", "points:2"]
from course.parts.l03_shapes import index_self

# %%
torch.use(index_self=index_self)

# %% tags=["grade:picked-elements"]
grade("picked-elements", index_self=index_self)

# %% [markdown]
# ## A model that learned nothing
#
# Everything is there to fit a line, on your rules alone. Forty points around `2 x + 1`; a prediction has
# shape (40, 1), as from any linear layer. The targets come once as (40, 1) and once as (40,).

# %%
draw = np.random.default_rng(0).normal
inputs = np.linspace(-1, 1, 40)[:, None]
targets = 2 * inputs[:, 0] + 1 + 0.2 * draw(size=40)


def fit(targets, steps=300, rate=0.3):
    """Fit a line; return its slope, its offset, and the last loss."""
    slope, offset = np.zeros((1, 1)), np.zeros(1)
    for _ in range(steps):
        w = torch.tensor(slope, requires_grad=True)  # fresh leaves: how to step is lesson 7
        b = torch.tensor(offset, requires_grad=True)
        loss = ((torch.tensor(inputs) @ w + b - torch.tensor(targets)) ** 2).mean()
        loss.backward()
        slope = slope - rate * w.grad.numpy()
        offset = offset - rate * b.grad.numpy()
    return round(slope.item(), 2) + 0.0, round(offset.item(), 2), round(loss.item(), 3)


lines = {"targets (40, 1)": fit(targets[:, None]), "targets (40,)": fit(targets)}
for name, (slope, offset, last) in lines.items():
    print(f"{name:16} slope {slope:.2f}, offset {offset:.2f}, loss {last:.3f}")
print(f"mean of the targets: {targets.mean():.2f}")

# %%
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(6, 3.5))
axes.plot(inputs[:, 0], targets, "o", color="gray", markersize=4, label="data")
for (name, (slope, offset, _)), style in zip(lines.items(), ("-", "--"), strict=True):
    axes.plot(inputs[:, 0], slope * inputs[:, 0] + offset, style, linewidth=2, label=name)
axes.set(xlabel="input", ylabel="target", title="One missing axis: the model predicts the mean")
axes.legend()
plt.show()

# %% [markdown]
# The dashed model ended at the mean of the targets, whatever the input. Its loss did go down, and came to rest at
# a plausible number. That is what makes this bug expensive: print the **shapes** that go into a loss, once.
#
# ## What it costs
#
# In time and memory, too: the table of all differences is n times as large as what was meant.

# %%
n = 2000
prediction, target = torch.zeros(n, 1, requires_grad=True), torch.zeros(n)
for name, y in {"(n, 1) against (n, 1)": target.reshape(n, 1), "(n, 1) against (n,)": target}.items():
    start = time.perf_counter()
    difference = prediction - y
    (difference**2).mean().backward()
    milliseconds = 1000 * (time.perf_counter() - start)
    print(f"{name:22} {difference.nbytes / 1000:8.0f} kB, forward and backward {milliseconds:6.1f} ms")

# %% [markdown]
# ## The same programs on torch
#
# Three cases that a hand-written engine easily gets wrong. In the second, float32 meets float64: the result is
# float64, and each gradient comes back in the **dtype** of what it belongs to. (The tables compare dtypes as well, and
# show one where it differs.)

# %%
compare("shapes.square-matmul")

# %%
compare("shapes.mixed-dtypes")

# %%
compare("shapes.index-repeated")

# %% [markdown]
# ## Back to the wrong number
#
# Explain to whoever wrote the first program, in two or three sentences: what is the 1.3333 a mean of, where does
# the gradient push, and which line would you change? (Not graded.)

# %% [markdown]
# *Your words here.*

# %% [markdown]
# ## Beyond this lesson
#
# - `sum_to_size` is a method of torch's tensors,
#   [under this name](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.sum_to_size.html). Its engine does the
#   same as ours: a node may hand over a gradient that is too large, and
#   [the engine sums it](https://github.com/pytorch/pytorch/blob/main/torch/csrc/autograd/engine.cpp). Call a node by
#   hand, as in [this issue](https://github.com/pytorch/pytorch/issues/144228), and nobody does.
# - In 2017 torch's own gradients [did not follow broadcasting](https://github.com/pytorch/pytorch/issues/1787).
# - The rules of all operations stand in one file of torch,
#   [`derivatives.yaml`](https://github.com/pytorch/pytorch/blob/main/tools/autograd/derivatives.yaml). Look for `mm`.
# - `a @ b` of vectors is a matrix product with an axis added and taken away again; so your two rules serve it.
# - [What may be broadcast](https://docs.pytorch.org/docs/stable/notes/broadcasting.html), in torch's words.
#
# Keep what you built; your own engine grows with every lesson:

# %%
for part in (sum_to_size, sum_self, mean_self, matmul_self, matmul_other, permute_self, index_self):
    print("saved", torch.save_part(part))
