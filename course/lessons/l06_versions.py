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
# # Lesson 6: Who touched my tensor?
#
# *About 3 to 4 hours, 13 points. You build the version counter and its check, the history of a write, and views
# that keep up with their base. The reference parts of lessons 1 to 5 come with this lesson in the folder
# `given/`. Words that you meet are in the [glossary](../../docs/glossary.md).*
#
# Somebody trains an SRGAN, and gets
# ([this is one of many](https://github.com/leftthomas/SRGAN/issues/89)):
#
# > RuntimeError: one of the variables needed for gradient computation has been modified by an inplace
# > operation: [torch.cuda.FloatTensor [1, 1024, 1, 1]] is at version 2; expected version 1 instead. Hint:
# > enable anomaly detection to find the operation that failed to compute its gradient, with
# > torch.autograd.set_detect_anomaly(True).
#
# The answers in such threads: go back to torch 1.4; write `torch.mean(x)` for `x.mean()`; remove every
# `inplace=True`. The first silences the message and keeps the wrong gradient, the second does nothing, the
# third misses the point. At the end of this lesson you can say who wrote, when, and why it matters.

# %%
import course.nptorch as torch
from autograder import grade
from course.compare import compare
from course.nptorch.parts import plugged  # every part, as it is plugged in now
from course.widgets import theatre

torch.load_parts("given", lesson=6)  # the engine of lessons 1 to 5

# %% [markdown]
# Here is that training step with one weight each for generator and discriminator. D learns from the fake
# picture and steps; then G learns from the same verdict. Our engine has no lesson 6 in it yet.
#
# **Before you run it**: will the last `backward()` raise? If not, `g.grad` is the gradient for which D:
# as it was before its step, as it is after, or neither?

# %%
my_guess = "..."  # "error", "before", "after" or "neither"


# %%
def train_once():
    """Let D step between the two backward passes of one verdict; return G's gradient and D's weight."""
    g = torch.tensor([0.3, -0.2], requires_grad=True)  # the generator's weight
    d = torch.tensor([1.0, 2.0], requires_grad=True)  # the discriminator's
    verdict = (2 * g * d).tanh().sum()
    verdict.backward(retain_graph=True)  # D's turn
    with torch.no_grad():
        d -= 0.5 * d.grad  # D steps
    g.grad = None
    (1 - verdict).backward()  # G's turn
    return g.grad, d.detach()


def gradient_for(d):
    """Return G's gradient where D's weight is `d` from beginning to end."""
    g = torch.tensor([0.3, -0.2], requires_grad=True)
    (1 - (2 * g * d).tanh().sum()).backward()
    return g.grad


g_grad, d_after = train_once()
print("the program: ", g_grad)
print("D as it was: ", gradient_for(torch.tensor([1.0, 2.0])))
print("D as it is:  ", gradient_for(d_after))

# %% [markdown]
# <details><summary>What happened, once you have run it</summary>
#
# No error, and a gradient that belongs to neither. The rule of `tanh` read the verdict of the *old* D, the
# rule of the product the weight of the *new* one. torch did the same up to 1.4, whose optimizers wrote past
# the check ([claim A1c](../../docs/claims.md#a1c)); since 1.5 it
# [refuses](https://github.com/pytorch/pytorch/issues/39141).
#
# </details>

# %%
compare("versions.weight-stepped-too-early")

# %% [markdown]
# ## Three ways to notice
#
# A node keeps references, not copies (lesson 5). Whoever writes to that memory before `backward` has read it
# changes the gradient. When should the engine say so?
#
# - *A*: at the write, if some node has kept this tensor.
# - *B*: when a rule reads a kept tensor that was ever written to.
# - *C*: when a rule reads a kept tensor that was written to **since it was kept**.

# %%
my_choice = "..."  # "A", "B" or "C", and a program that each of the others gets wrong

# %% [markdown]
# <details><summary>What torch does, once you have chosen</summary>
#
# *C*. With *A* an optimizer step would fail over any graph that is still around, though nobody will run it
# backward again. With *B* a weight that was initialised in place could never be trained.
#
# </details>
#
# ## Exercise 1: the counter and the check (5 points)
#
# *C* needs two numbers: how often the memory was written to until now, and how often when it was kept.
# Your `SavedTensor` has noted the second one since lesson 5. The engine does the rest:
#
# | when | the engine |
# |---|---|
# | it needs a counter for some memory | makes one `VersionCounter()`, the same for views and `detach()` |
# | that memory is written to | calls `bump()`, in every grad mode: `no_grad` stops recording, not writing |
# | somebody asks for `t._version` | returns `value` |
# | a rule is about to read what its node kept | calls `check_version(saved_version, value, node, is_output)` |
#
# ```python
# k = torch.tensor([1.0, 2.0])
# k._version                            # 0
# k.mul_(2)
# k[0].add_(1)                          # a view: the same memory
# k.detach().add_(1)
# k._version                            # 3
# k.clone()._version, k.data._version   # (0, 0): a counter of their own
# ```
#
# The message names the **maker** of the tensor. An input that was kept still knows its own. A result
# was kept without its way back (lesson 5 says why), so who made it?

# %% tags=["exercise:version-check", "points:5"]
from course.parts.l06_versions import VersionCounter, check_version

# %% [markdown]
# Plug both in. **Run this cell again after every change**, here and below.

# %%
torch.use(VersionCounter=VersionCounter, check_version=check_version)

# %% tags=["grade:version-check"]
grade("version-check", VersionCounter=VersionCounter, check_version=check_version)

# %% [markdown]
# The opening program again, with what your engine says of it, and on the stage. Step to the write: which node
# has kept an older version? In the second pass, why may `tanh` still run?

# %%
with theatre.record("D steps between the two passes") as story:
    try:
        train_once()
    except RuntimeError as error:
        print(error)
theatre.show(story)

# %% [markdown]
# Read it word by word; each one narrows the search:
#
# | in the message | what it tells you |
# |---|---|
# | `[torch.FloatTensor [2]]` | type and shape of what was written to: compare with those of your weights |
# | `which is output 0 of Exp` | it is a result, made by `exp`. If this is missing, it is a leaf: a weight or data |
# | `is at version 2; expected version 1` | written to once since it was kept; once before, which is harmless |
# | the hint | anomaly mode shows the forward line that *kept* it. Nothing shows the line that wrote |
#
# In that SRGAN, `[1, 1024, 1, 1]` is the weight of D's last convolution. It was kept at version 1: the first
# write was its initialisation, the second `optimizerD.step()`.
#
# ## Predict, then run
#
# `h` is an inner result. Each program computes something, writes under `no_grad`, then runs backward. For
# each one write `"error"` or `"fine"` **before** you run the cell below it.
#
# 1. `y = h.exp()`, then 1 is added to `y`.
# 2. `y = h.sin()`, then 1 is added to `y`.
# 3. `y = h.sin()`, then 1 is added to `h`.
# 4. `y = h * 3`, then 1 is added to `h`.
# 5. `y = h * k` with plain data `k`, then 1 is added to `k` and taken off again.
# 6. `y = h.exp()`, then 1 is added to `y.data`.

# %%
my_guesses = ["...", "...", "...", "...", "...", "..."]


# %%
k = torch.tensor([5.0, 7.0])
programs = [
    (lambda h: h.exp(), lambda h, y: y.add_(1)),
    (lambda h: h.sin(), lambda h, y: y.add_(1)),
    (lambda h: h.sin(), lambda h, y: h.add_(1)),
    (lambda h: h * 3, lambda h, y: h.add_(1)),
    (lambda h: h * k, lambda h, y: k.add_(1).sub_(1)),
    (lambda h: h.exp(), lambda h, y: y.data.add_(1)),
]
for number, (guess, (compute, write)) in enumerate(zip(my_guesses, programs, strict=True), start=1):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    h = x * 1
    y = compute(h)
    try:
        with torch.no_grad():
            write(h, y)
        y.sum().backward()
        print(f"{number}. you said {guess!r}, it is 'fine', x.grad {x.grad}")
    except RuntimeError:
        print(f"{number}. you said {guess!r}, it is 'error'")
print("the gradient of exp:", torch.tensor([1.0, 2.0]).exp())

# %% [markdown]
# <details><summary>Why, once you have run it</summary>
#
# - 1 to 3: `exp` keeps its result and `sin` its input, so one of the two may always be changed.
# - 4 is fine: to pass a gradient on to `h`, the product needs the 3, not `h`.
# - 5 fails though every number is as it was: versions are counted, values are not compared.
# - 6 is fine, and **wrong**: `.data` has a counter of its own, so nobody noticed. `detach()` shares the
#   counter and would have raised ([claim B20](../../docs/claims.md#b20)). That is why people are told to
#   [leave `.data` alone](https://github.com/pytorch/pytorch/issues/6990).
#
# </details>
#
# ## Writes that are recorded
#
# So far every write stood under `no_grad`. With recording on, a write is an operation like any other, and
# it makes history:
#
# ```python
# y = x * 2
# y.mul_(3)               # the same object on the same memory, but its maker is mul_ now,
# y.sum().backward()      # whose input is what y was before: x.grad is 6 everywhere
# ```
#
# (On a leaf that requires grad the engine refuses: with a history it would be a leaf no longer, and nobody
# would fill its `.grad`.) The hard case is a view. Work this one out **by hand**:
#
# ```python
# x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
# w = torch.tensor([10.0, 100.0], requires_grad=True)
# base = x * 1
# base[1:].mul_(w)                                        # base is [1, 20, 300]
# (base * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
# ```

# %%
my_x_grad = ["...", "...", "..."]
my_w_grad = ["...", "..."]

# %% [markdown]
# <details><summary>The numbers, once you have yours</summary>
#
# The gradient of `base` as it is now is `[1, 2, 3]`. Element 0 was not written to: its 1 passes. The other
# two went through the product: `[2, 3]` times `w` goes on to `x`, `[2, 3]` times the old numbers goes to
# `w`. So `x.grad` is `[1, 20, 300]` and `w.grad` is `[4, 9]`.
#
# </details>
#
# ## Exercise 2: the history of a write (5 points)
#
# Who wrote to the view wrote to the base, so the *base* gets a new maker. But the operation knows the
# view's elements only. Between the two stands a node that torch calls `CopySlices`:
#
# ```
# before:                  x --> * 1 --> base
#
# after base[1:].mul_(w):  x --> * 1 --> CopySlices --> base
#                          w ------------^
# ```
#
# Draw into it where the gradient `[1, 2, 3]` splits up. Your tools (the cell imports them):
#
# | tool | gives |
# |---|---|
# | `gradient_edge(t)` | the pair `(node, slot)` to which a gradient of `t` goes as of now; `(None, 0)` if nowhere |
# | `operation.edges`, `operation.slots` | the same for each input of the operation, as two tuples |
# | `operation.apply([g])` | its gradients, one (or None) for each edge, given that of its result |
# | `super().__init__(edges, slots)` | what a `Node` needs first of all: such a pair of tuples of its own |
# | `see(g, replay)` | the elements of `g` that the view shows |
# | `scatter(part, shape, replay, onto=g)` | a copy of `g`, of the base's shape, with `part` where the view is |
# | `HeldOperation(operation)` | keeps it until released, as `SavedTensor` keeps a tensor: `unpack()`, `release()` |
# | `set_history(t, node)` | from now on `t` was made by `node` |
#
# Begin with `rebase_history` for a tensor that is no view: one line. The first checks pass then.

# %% tags=["exercise:in-place-history", "points:5"]
from course.parts.l06_versions import CopySlices, rebase_history

# %%
torch.use(rebase_history=rebase_history)

# %% tags=["grade:in-place-history"]
grade("in-place-history", rebase_history=rebase_history)

# %% [markdown]
# The case that you did by hand, on your engine. Compare the graph with your drawing:

# %%
x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
w = torch.tensor([10.0, 100.0], requires_grad=True)
with theatre.record("a view is written to", x=x, w=w) as story:
    base = x * 1
    base[1:].mul_(w)
    (base * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
print("base:", base, "made by your node:", isinstance(base.grad_fn, CopySlices))
print("x.grad:", x.grad, " you said", my_x_grad)
print("w.grad:", w.grad, " you said", my_w_grad)
theatre.show(story)

# %% [markdown]
# ## Predict again
#
# Now with recorded writes. `"error"` or `"fine"`?
#
# 1. A residual block: `y = x.relu()`, then `y += x`.
# 2. A residual block: `y = x * 2`, then `y += x`.
# 3. Results collected in a plain buffer: `out = torch.zeros(2, 2)`, then `out[0] = x.exp()`, then
#    `out[1] = out[0] * x`.
# 4. `x += 1`, where `x` is the leaf itself.

# %%
my_guesses = ["...", "...", "...", "..."]


# %%
def collect(x):
    """Two rows in a buffer."""
    out = torch.zeros(2, 2)
    out[0] = x.exp()
    out[1] = out[0] * x
    return out


programs = [
    lambda x: x.relu().add_(x),  # what `y += x` calls
    lambda x: (x * 2).add_(x),
    collect,
    lambda x: x.add_(1),
]
for number, (guess, program) in enumerate(zip(my_guesses, programs, strict=True), start=1):
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    try:
        when = "the write"
        y = program(x)
        when = "backward"
        y.sum().backward()
        print(f"{number}. you said {guess!r}, it is 'fine', x.grad {x.grad}")
    except RuntimeError as error:
        print(f"{number}. you said {guess!r}, it is 'error', in {when}: {str(error)[:70]} ...")

# %% [markdown]
# <details><summary>Why, once you have run it</summary>
#
# - 1 fails: `relu` keeps its result, and `y += x` writes to it
#   ([met in a ResNet](http://discuss.pytorch.org/t/in-place-operation-and-resnet/10724)).
# - 2 is the same line, and fine: the product keeps the 2.
# - 3 fails, though nobody wrote to row 0 again. The counter belongs to the whole memory: a write to row 1
#   outdates what was kept of row 0. Keep the rows in a list, and `torch.stack` them.
# - 4 fails at once, in the write. It never gets to `backward`.
#
# </details>
#
# ## A view that is out of date
#
# The base was told. But what of the views that were made *before* the write? **Guess first**, from the
# function below: what should `x.grad` be, and what is it?

# %%
my_guess = ["...", "..."]


# %%
def view_then_write():
    """Write to a base, then use a view that was made before."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    base = x * 1
    view = base[:1]
    base.mul_(10)
    view.sum().backward()
    return view, x.grad


view, x_grad = view_then_write()
print("view:", view, "x.grad:", x_grad, " you said", my_guess)

# %% [markdown]
# <details><summary>What is wrong here, once you have run it</summary>
#
# The number in `view` is ten times `x[0]`, so its gradient has to be 10. As long as `refresh_view` is
# missing, the view still has the node with which it was made, and that leads past `mul_`.
#
# </details>
#
# ## Exercise 3: views that keep up (3 points)
#
# A base does not know its views, but a view knows its base. So the view asks: whenever somebody wants its
# `grad_fn`, the engine first calls `refresh_view(view)`. If the base was written to since the view last
# looked, `view_node(view)` makes a node that leads to the base **as it is now**. Three things to keep apart:
#
# - Nothing has happened: then the node must stay the same object, or hooks on it (lesson 8) get lost.
# - The view was made under `no_grad`, or with others by `unbind` or `split`: torch refuses to guess.
# - The view had no history when it was made, since the base was plain data. That can change (`out` above).

# %% tags=["exercise:view-history", "points:3"]
from course.parts.l06_versions import refresh_view

# %%
torch.use(refresh_view=refresh_view)

# %% tags=["grade:view-history"]
grade("view-history", refresh_view=refresh_view)

# %% [markdown]
# Some checks of exercises 1 and 2 had to wait for the parts that came later. Run their two grade cells again.

# %%
view, x_grad = view_then_write()
print("view:", view, "x.grad:", x_grad)

# %% [markdown]
# ## The same programs on torch
#
# Each table is one program, run unchanged on your engine and on torch. The first is a GAN with the cure
# that costs least: D judges the picture anew for G, and nobody needs `retain_graph`.

# %%
compare("claims.a3")

# %%
compare("views.base-changed")

# %% [markdown]
# ## Cures
#
# | what you did | what helps |
# |---|---|
# | an optimizer's step between two backward passes of one graph | let D judge anew after it, or step after both |
# | `retain_graph=True` against "a second time", in a recurrent network | `state = state.detach()` instead |
# | `x += r` after `relu`, `exp`, `sigmoid`, ... | `x = x + r` |
# | `inplace=True` on a layer whose input somebody else still needs | leave it out there |
# | rows written into one buffer that are read again | a list and `torch.stack` |
#
# Three things that the check does not see:
#
# - Writes through `.data`: a wrong gradient, as you saw.
# - torch's *fused* optimizers, which write without counting: a wrong gradient
#   ([claim A1b](../../docs/claims.md#a1b)). `torch.autograd.graph.increment_version(w)` brings the error back.
# - `conv(relu_(x)) + x`: the right gradient of another network than you meant, since the `x` that is added
#   has been through `relu` ([in a VQ-VAE](https://github.com/rosinality/vq-vae-2-pytorch/issues/60)).
#
# ## What it costs
#
# The other way to be safe: keep copies, and check nothing. A recurrent network uses one weight in every time
# step. `saved_bytes` of lesson 5 reads what 50 steps keep, as references and as copies:

# %%
weight = torch.ones(512, 512, requires_grad=True)  # one megabyte


class Copied(plugged.SavedTensor):
    """Keeps a copy of everything."""

    def __init__(self, value, is_output=False):
        super().__init__(value.detach().clone() if isinstance(value, torch.Tensor) else value, is_output)


def fifty_steps():
    """Use the weight fifty times."""
    state = torch.ones(1, 512) / 512
    for _ in range(50):
        state = (state @ weight).tanh()
    return state.sum()


for name, part in {"references": plugged.SavedTensor, "copies": Copied}.items():
    with torch.use(SavedTensor=part):
        loss = fifty_steps()
        print(f"{name:10}  {plugged.saved_bytes(loss) / 2**20:5.1f} MB kept")

# %% [markdown]
# The check costs one integer for each memory and one comparison for each kept tensor. In exchange, the
# engine may only refuse: it has no copy from which it could give you the right gradient.
#
# ## Back to the message
#
# `[torch.cuda.FloatTensor [1, 1024, 1, 1]] is at version 2; expected version 1`: which line wrote, which node
# had kept the weight, and for which rule? Why does torch 1.4 "work"? Write the answer that you would have
# liked to find in that thread, in three sentences (not graded):

# %% [markdown]
# *Your words here.*

# %% [markdown]
# ## Beyond this lesson
#
# - Claims of two much-read tutorials, to judge before you look: `detach()` shares the version counter
#   ([A24](../../docs/claims.md#a24)); and the memory ([B18](../../docs/claims.md#b18)); `detach_()` makes a leaf
#   ([A25](../../docs/claims.md#a25)); a leaf can not be changed in place ([B8](../../docs/claims.md#b8)); for a
#   separate tensor use `copy_()` ([B7](../../docs/claims.md#b7)).
# - torch's [notes on in-place
#   checks](https://docs.pytorch.org/docs/stable/notes/autograd.html#in-place-correctness-checks).
# - [`allow_mutation_on_saved_tensors`](https://docs.pytorch.org/docs/stable/autograd.html): torch copies a
#   kept tensor just before somebody writes to it.
# - torch's own
#   [`CopySlices`](https://github.com/pytorch/pytorch/blob/main/torch/csrc/autograd/functions/tensor.cpp), in C++.
# - An optimizer's step is a write. Lesson 7 builds it, and counts it once.
#
# Keep what you built:

# %%
for part in (VersionCounter, check_version, rebase_history, refresh_view):
    print("saved", torch.save_part(part))
