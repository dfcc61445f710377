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
# # Lesson 7: Stepping
#
# *About 2 to 3 hours, 8 points. You build the steps of SGD (momentum, weight decay) and of Adam and AdamW. The
# reference parts of lessons 1 to 6 come with this lesson in the folder `given/`. Words that you meet are in the
# [glossary](../../docs/glossary.md).*
#
# No error message this time, which is worse. People freeze a layer, train the rest, and find
# ([asked once more here](https://github.com/facebookresearch/fairseq/issues/4702)) that
#
# > But I found that the parameters **are still updated** after training done.
#
# `requires_grad` is False, and the weights move. The answer is in the few lines that make a step, and you
# will have written them. On the way you meet a second wrong number, which went unnoticed for years in
# libraries that train language models: accumulated gradients that are not those of the whole batch.

# %%
import matplotlib.pyplot as plt
import numpy as np

import course.nptorch as torch
from autograder import grade
from course.compare import compare

torch.load_parts("given", lesson=7)  # the engine of lessons 1 to 6

# %% [markdown]
# Here is the first one without any optimizer: SGD with momentum, written by hand. After the first step `w`
# is frozen. **Before you run it**: in which of the steps does `w` move?

# %%
my_guess = ["moves", "...", "...", "..."]  # "moves" or "stays", for steps 0 to 3

# %%
w = torch.tensor([1.0, 2.0], requires_grad=True)
other = torch.tensor([3.0], requires_grad=True)
buffers = {w: torch.zeros(2), other: torch.zeros(1)}
for step in range(4):
    for p in (w, other):
        if p.grad is not None:
            p.grad.zero_()  # clear the gradients, as everybody did for years
    (w * other).sum().backward()
    before = w.detach().clone()
    with torch.no_grad():
        for p, buffer in buffers.items():
            buffer.mul_(0.9).add_(p.grad)
            p -= 0.1 * buffer
    print(f"step {step}: requires_grad {w.requires_grad!s:5}  w.grad {w.grad}  w moved by {w.detach() - before}")
    w.requires_grad_(False)  # frozen

# %% [markdown]
# <details><summary>What happened, once you have run it</summary>
#
# It moves in all four. `requires_grad` is asked by those who *record*: from step 1 on no gradient is
# computed for `w`. But there is one, full of zeros, and whoever makes the step takes it for a gradient like
# any other: the buffer still holds 0.9, 0.81, ... of the first. Nobody in a step asks whether a weight is
# frozen.
#
# </details>
#
# ## How to write a step at all
#
# Four ways that one meets. Each takes one step from `w = 1` with gradient 2 and `lr = 0.1`, and then
# runs backward for the next step. **Guess first** which of them train.
#
# - *A*: `w -= 0.1 * w.grad`
# - *B*: `w = w - 0.1 * w.grad`
# - *C*: `w.data -= 0.1 * w.grad`
# - *D*: `with torch.no_grad(): w -= 0.1 * w.grad`

# %%
my_guess = "..."  # letters


# %%
def write(w):
    """A."""
    w -= 0.1 * w.grad
    return w


def rebind(w):
    """B."""
    return w - 0.1 * w.grad


def past_the_counter(w):
    """C."""
    w.data -= 0.1 * w.grad
    return w


def unrecorded(w):
    """D."""
    with torch.no_grad():
        w -= 0.1 * w.grad
    return w


for letter, way in zip("ABCD", (write, rebind, past_the_counter, unrecorded), strict=True):
    model = torch.tensor([1.0], requires_grad=True)
    (model * 2).sum().backward()
    try:
        w = way(model)
        print(f"{letter}: w {w.item():.1f}, the model's weight {model.item():.1f}, a leaf: {w.is_leaf}, ", end="")
        print("version", w._version)
    except RuntimeError as error:
        print(f"{letter}: {error}")

# %% [markdown]
# <details><summary>Why, once you have run it</summary>
#
# - *A* is refused, as in lesson 6
#   ([the classic thread](https://discuss.pytorch.org/t/leaf-variable-was-used-in-an-inplace-operation/308/2)).
# - *B* makes a new tensor. The model keeps the old one; and the new one is no leaf, so it will never have a
#   `.grad`.
# - *C* trains, but its version stays 0: nobody will notice when this step comes at the wrong moment
#   (lesson 6).
# - *D* is how it is done: the same memory, a leaf, and one write that is counted.
#
# </details>
#
# ## Exercise 1: `sgd_step` (4 points)
#
# An optimizer is a loop around one function. `Optimizer` brings the loop: it holds the groups, clears the
# gradients, switches recording off, **skips each parameter whose `.grad` is None**, and keeps one dictionary
# `state` for each parameter. For each of the others it calls your function.
#
# With pencil and paper: `lr=1`, `momentum=0.5`, a weight that starts at 0, and the gradient 1 in both steps.
#
# | | gradient | buffer | weight |
# |---|---|---|---|
# | before | | none | 0 |
# | after step 1 | 1 | 1 | -1 |
# | after step 2 | 1 | 0.5 * 1 + 1 = 1.5 | -2.5 |
#
# So torch's momentum is a sum, not an average: a gradient of 1 for ever ends in steps of length
# `lr / (1 - momentum)`. Before that comes weight decay: a piece of the gradient that points away from 0.
#
# Two things are easy to miss. `grad` is `param.grad` itself, and others use it: clipping, logging, the next
# backward, which adds to it. And `param` may be kept by a graph, so it is to be written to once, where
# the version counter sees it.

# %% tags=["exercise:sgd-step", "points:4"]
from course.parts.l07_optim import sgd_step

# %% [markdown]
# Plug it in. **Run this cell again after every change.** Then the little table, on your function:

# %%
torch.use(sgd_step=sgd_step)

# %%
w = torch.zeros(1, requires_grad=True)
optimizer = torch.optim.SGD([w], lr=1.0, momentum=0.5)
for _ in range(2):
    w.grad = torch.ones(1)
    optimizer.step()
    print("weight", w.item(), "buffer", optimizer.state[w]["momentum_buffer"].item())

# %% tags=["grade:sgd-step"]
grade("sgd-step", sgd_step=sgd_step)

# %% [markdown]
# ## Frozen weights that move
#
# From here on every `torch.optim.SGD` in this notebook steps with your function. `w` is trained for one
# step, then frozen, and what is left in `w.grad` differs. **Guess first**: in how many of the nine
# cases does it move?

# %%
my_guess = "..."

# %%
options = {"plain": {}, "momentum": {"momentum": 0.9}, "decay": {"weight_decay": 0.1}}
for name, option in options.items():
    for left in ("None", "zeros", "what was there"):
        w = torch.tensor([1.0], requires_grad=True)
        optimizer = torch.optim.SGD([w], lr=0.1, **option)
        (w * 2).sum().backward()
        optimizer.step()
        w.requires_grad_(False)
        if left != "what was there":
            optimizer.zero_grad(set_to_none=left == "None")
        before = w.item()
        optimizer.step()
        print(f"{name:8}  w.grad left as {left:14}  moved: {w.item() != before}")

# %% [markdown]
# <details><summary>Why, once you have run it</summary>
#
# Five. A step asks one thing only: is `.grad` None? Zeros are a gradient: momentum rolls on over them, decay
# pulls at the weight. A gradient that was left over is one, too, whoever left it
# ([here it was frozen between backward and step](https://github.com/neuralmagic/sparseml/issues/965)).
# Since torch 2.0 `zero_grad()` sets None, which cures most of this; older code and
# `set_to_none=False` bring it back.
#
# To freeze: `p.requires_grad_(False)` and `p.grad = None`, or leave `p` out of the optimizer. `detach()` is
# something else: it also stops the gradient for everything in front
# ([claim B17](../../docs/claims.md#b17)). And
# [BatchNorm's statistics](https://github.com/pytorch/pytorch/issues/86590) are no parameters: they move in
# every forward pass in training mode, frozen or not. They need `eval()`.
#
# </details>
#
# **Groups** are dictionaries, each with parameters and with options of its own; what it does not say, it has
# from the optimizer. Your function sees one parameter at a time, so they cost it nothing:

# %%
net = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
weights = [p for p in net.parameters() if p.ndim == 2]
biases = [p for p in net.parameters() if p.ndim == 1]
optimizer = torch.optim.SGD(
    [{"params": weights, "weight_decay": 0.01}, {"params": biases, "lr": 0.2}], lr=0.1, momentum=0.9
)
for group in optimizer.param_groups:
    print(len(group["params"]), "parameters:", {key: group[key] for key in ("lr", "momentum", "weight_decay")})

# %% [markdown]
# ## The batch that did not fit
#
# Four numbers, and one weight that is to become their mean. The whole batch does not fit into memory, so it
# comes in two pieces, of three and of one. Gradients add up (lesson 2), and you want their mean, so you
# divide by 2. **Guess first**: is that the gradient of the whole batch?

# %%
my_guess = "..."  # "yes", "too long" or "too short"


# %%
def loss(w, batch):
    """Return the mean squared distance."""
    return ((batch - w) ** 2).mean()


data = torch.tensor([1.0, 2.0, 3.0, 10.0])
pieces = [data[:3], data[3:]]

w = torch.zeros(1, requires_grad=True)
loss(w, data).backward()
print("whole batch:           ", w.grad)

w = torch.zeros(1, requires_grad=True)
for piece in pieces:
    (loss(w, piece) / len(pieces)).backward()
print("mean of means:         ", w.grad)

w = torch.zeros(1, requires_grad=True)
for piece in pieces:
    (((piece - w) ** 2).sum() / len(data)).backward()
print("sums over all elements:", w.grad)

# %% [markdown]
# <details><summary>Why, once you have run it</summary>
#
# The 10 has a piece of its own, so it counts as much as the other three together. With pieces of one size
# the two agree, which is why nobody noticed for years; sentences differ in length, and
# [the short ones counted too much](https://github.com/huggingface/transformers/issues/24725)
# ([a repair](https://github.com/meta-pytorch/torchtune/pull/1875)). Divide a *sum* by the count of *all*
# elements.
#
# </details>
#
# Three loops, `lr = 0.1`, two rounds each, from `w = 1` with the loss `3 * w`. What is `w` at the end?
#
# 1. `backward`, `step`; nobody clears.
# 2. `backward`, `zero_grad`, `step`.
# 3. `zero_grad`, `backward`, `step`, `step`.

# %%
my_guesses = ["...", "...", "..."]

# %%
orders = [("backward", "step"), ("backward", "zero_grad", "step"), ("zero_grad", "backward", "step", "step")]
for number, (guess, order) in enumerate(zip(my_guesses, orders, strict=True), start=1):
    w = torch.tensor([1.0], requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    for what in order * 2:
        (w * 3).sum().backward() if what == "backward" else getattr(optimizer, what)()
    print(f"{number}. you said {guess!r}, it is {w.item():.1f}")

# %% [markdown]
# <details><summary>Why, once you have run it</summary>
#
# - 1: the second step goes along 3 + 3.
# - 2: nothing happens. Every `.grad` is None when `step` looks, and None means: not this one.
# - 3: four steps along 3. `step` leaves the gradient as it is, and does not ask whether it has seen it.
#
# </details>
#
# ## Exercise 2: `adam_step` (4 points)
#
# Adam remembers two running means of each weight: of its gradient, and of its squared gradient. It steps
# along the first, divided by the root of the second. Both start at 0, so at first they are too small.
# Suppose the first gradient is 2, and `betas=(0.9, 0.999)`:
#
# | | of the gradient | of its square |
# |---|---|---|
# | what we want | 2 | 4 |
# | the running mean after one step | 0.2 | 0.004 |
#
# What share of the truth does each of them hold after one step? After two, if the gradient is 2 again?
# After `n`? Find the factor before you write the function; it needs `step`, which is why the state counts.
#
# Once that is right, one thing follows. **Guess**: three weights have the gradients 0.001, 1 and -1000.
# How far does each move in the first step?

# %%
my_guess = ["...", "...", "..."]

# %% tags=["exercise:adam-step", "points:4"]
from course.parts.l07_optim import adam_step

# %%
torch.use(adam_step=adam_step)

# %% tags=["grade:adam-step"]
grade("adam-step", adam_step=adam_step)

# %%
w = torch.zeros(3, requires_grad=True)
w.grad = torch.tensor([0.001, 1.0, -1000.0])
torch.optim.Adam([w], lr=0.1).step()
print("moved to", w.detach(), " you said", my_guess)

# %% [markdown]
# (One check of exercise 1 has waited for Adam: run its grade cell again.)
#
# Each by `lr`, whatever its gradient: only the sign is left. So `lr` means something else here than in SGD,
# and a rate that is right for one is wrong for the other.
#
# That also explains why there are two Adams. **Guess**: a weight of 10, no gradient, `lr = 0.1`, and the
# decay 0.001, then a thousand times as much. How far does the first step of `Adam` pull, and of `AdamW`?

# %%
my_guesses = {0.001: ("...", "..."), 1.0: ("...", "...")}  # of Adam, of AdamW

# %%
for decay in (0.001, 1.0):
    for kind in (torch.optim.Adam, torch.optim.AdamW):
        w = torch.tensor([10.0], requires_grad=True)
        w.grad = torch.zeros(1)
        kind([w], lr=0.1, weight_decay=decay).step()
        print(f"{kind.__name__:5}  weight_decay {decay:<5}  10 -> {w.item():.3f}")

# %% [markdown]
# `Adam` puts the decay into the gradient, and the division takes its size away again: it pulls by `lr`,
# strong or weak. `AdamW` takes the decay [off the weight itself](https://arxiv.org/abs/1711.05101).
#
# ## Seen from above
#
# A long valley, steep across and flat along it, the lowest point at the cross. Each line is 40 steps of one
# of your functions from the same start.


# %%
def valley(w):
    """Return the height: 30 times as steep across as along."""
    return (w * w * torch.tensor([1.0, 30.0])).sum() / 2


def path(make):
    """Return the places of 40 steps."""
    w = torch.tensor([-4.0, 1.0], requires_grad=True)
    optimizer, places = make([w]), [w.tolist()]
    for _ in range(40):
        optimizer.zero_grad()
        valley(w).backward()
        optimizer.step()
        places.append(w.tolist())
    return np.array(places)


walks = {
    "SGD, lr=0.06": lambda p: torch.optim.SGD(p, lr=0.06),
    "momentum 0.8, lr=0.02": lambda p: torch.optim.SGD(p, lr=0.02, momentum=0.8),
    "Adam, lr=0.3": lambda p: torch.optim.Adam(p, lr=0.3),
}
across, along = np.meshgrid(np.linspace(-1.5, 1.5, 80), np.linspace(-4.5, 1.5, 160))
figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
axes.contour(along, across, along**2 / 2 + 15 * across**2, levels=12, colors="0.8", linewidths=0.8)
for (name, make), style in zip(walks.items(), ("o-", "s-", "^-"), strict=True):
    places = path(make)
    height = valley(torch.tensor(places[-1])).item()
    axes.plot(places[:, 0], places[:, 1], style, markersize=3, linewidth=1, label=f"{name}: {height:.4f} at the end")
axes.plot(0, 0, "k+", markersize=12)
axes.set(xlabel="along", ylabel="across")
axes.legend(loc="lower right", fontsize=8)
plt.show()

# %% [markdown]
# Plain SGD has to choose its rate by the steep direction (above 2/30 it would diverge) and crawls along the
# flat one. Momentum adds up along the valley, and ends lowest. Adam does not see that one direction is
# steep: it sets out diagonally, gets to the cross first, and runs past it. Its steps stay long, so it wants
# a rate that falls towards the end. No winner: change the rates, and look again.
#
# ## The same programs on torch
#
# The frozen weights once more, with Adam among them; and a loose end of lesson 6: a step is a write, and
# torch's fused kernels forget to count it.

# %%
compare("optim.frozen-weight-moves")

# %%
compare("claims.a1b")

# %% [markdown]
# ## What it costs
#
# What an optimizer remembers is as large as what it trains, up to three times over. For a million parameters:

# %%
million = torch.zeros(1000, 1000, requires_grad=True)
million.grad = torch.ones(1000, 1000)
for name, make in {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.1),
    "momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "Adam": lambda p: torch.optim.Adam(p),
    "amsgrad": lambda p: torch.optim.Adam(p, amsgrad=True),
}.items():
    optimizer = make([million])
    optimizer.step()
    held = sum(kept.nbytes for state in optimizer.state.values() for kept in state.values())
    print(f"{name:8}  weights {million.nbytes / 1e6:.0f} MB, state {held / 1e6:5.1f} MB")

# %% [markdown]
# ## Back to the frozen layer
#
# "`requires_grad` is False, and it still moves." Who reads `requires_grad`, and who does not? What three
# things can move a weight that gets no new gradient? What would you tell the person to write? Two or three
# sentences (not graded):

# %% [markdown]
# *Your words here.*

# %% [markdown]
# ## Beyond this lesson
#
# - A claim of a much-read tutorial, to judge before you look: after both backward calls, `optimizer.step()`
#   updates the weights ([A7](../../docs/claims.md#a7)).
# - [`torch.optim`](https://docs.pytorch.org/docs/stable/optim.html): the other optimizers, and schedules for
#   the rate. `foreach` and `fused` do your loop for all parameters at once.
# - [`SGD`](https://docs.pytorch.org/docs/stable/generated/torch.optim.SGD.html) and
#   [`AdamW`](https://docs.pytorch.org/docs/stable/generated/torch.optim.AdamW.html) state their steps as
#   pseudocode; compare it with your functions. [Adam's paper](https://arxiv.org/abs/1412.6980) is short.
# - To see or change gradients on their way, or to step as soon as each is complete, you need hooks: lesson 8.
#
# Keep what you built:

# %%
for part in (sgd_step, adam_step):
    print("saved", torch.save_part(part))
