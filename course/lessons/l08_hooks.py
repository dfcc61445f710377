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
# # Lesson 8: Hooks
#
# *About 3 hours, 10 points. You build `RemovableHandle`, the four loops that call hooks, and `retain_grad`'s
# store. You need lessons 2 and 5 in your head, not on your disk: the reference parts of lessons 1 to 7 come with
# this one in the folder `given/`. Words that you meet are in the [glossary](../../docs/glossary.md).*
#
# A hook is a function of yours that the backward pass calls, with a gradient in its hands. Grad-CAM is made of
# hooks, and so are many tools that watch or change gradients. What goes wrong with them: a tool is made anew
# for every batch, and memory grows ([Grad-CAM in a loop](https://github.com/jacobgil/pytorch-grad-cam/issues/132));
# a second optimizer hooks the same weights, and backward crashes
# ([Horovod](https://github.com/horovod/horovod/issues/2017)); or nothing crashes, and a number is wrong.
#
# Here is the quiet case. Somebody wants the gradient of `w` halved, and writes that into the training loop.

# %%
import functools
import time

import course.nptorch as torch
from autograder import grade
from course.compare import compare
from course.widgets import theatre

torch.load_parts("given", lesson=8)  # the engine of lessons 1 to 7

# %% [markdown]
# **Before you run it**: which four gradients does torch print? Without a hook it would be 8 each time.

# %%
my_guess = ["...", "...", "...", "..."]


def halved_in_a_loop():
    """Ask for half the gradient, in every step; return the gradients of four steps."""
    w = torch.tensor(1.0, requires_grad=True)
    gradients = []
    for _ in range(4):
        w.register_hook(lambda g: g / 2)
        w.grad = None
        (w * 8).backward()
        gradients.append(w.grad.item())
    return gradients


try:
    print(halved_in_a_loop())
except NotImplementedError as error:
    print(error)  # our engine has no hooks yet: it says which part is missing

# %% [markdown]
# At the end of exercise 2 your engine runs it. Here is what torch does:

# %%
compare("hooks.registered-in-a-loop")

# %% [markdown]
# <details><summary>What happened</summary>
#
# 4, 2, 1, 0.5. A hook stays until somebody takes it away, so the second step runs two of them, the third
# three. After twenty steps nothing is left of the gradient, and nothing was ever raised.
#
# </details>
#
# ## Five places to stand
#
# What you build is called in this order, at the result `y` of some operation and at a leaf `w`:
#
# ```
#     all users of y have added their share
#  1  tensor hooks of y           hook(g)                    y.register_hook(hook)
#  2  y.grad is filled            (no hook of yours)         y.retain_grad()
#  3  hooks before the node       hook((g, ...))             y.grad_fn.register_prehook(hook)
#     the node's own backward
#  4  hooks after the node        hook((for its inputs, ...), (g, ...))
#                                                            y.grad_fn.register_hook(hook)
#     all users of w have added their share
#  1  tensor hooks of w           hook(g)                    w.register_hook(hook)
#     w.grad is added to
#  5  hooks behind .grad          hook(w)                    w.register_post_accumulate_grad_hook(hook)
# ```
#
# Hooks at 1, 3 and 4 may return something: it takes the place of what they were given. None means "I only
# looked". Hooks at 5 come too late to replace anything.
#
# ## Exercise 1: `RemovableHandle` (2 points)
#
# Every `register_...` of the engine ends in the same three lines. `hooks` is the table of hooks of one
# tensor, one node, one optimizer or one layer; your class makes the handle.
#
# ```python
# handle = RemovableHandle(hooks)
# hooks[handle.id] = hook
# return handle
# ```
#
# Ann makes `id` the number of hooks that are in the table. Three hooks are registered, the first is removed,
# a fourth is registered. **What is in her table then**, and what does the third handle remove?
#
# The second trap is memory. People keep handles in a list for the day they will need them. A table of hooks
# belongs to a graph, and hooks hold what they use, images for example. So a handle has to find its table
# and must not keep it alive. Python has the means: `weakref.ref(table)` makes a function that returns the
# table while it lives, and None afterwards.
#
# A worked case. The last lines are the safest way to use a hook: nobody can forget to remove it.
#
# ```python
# table = OrderedDict()     # from collections
# one, two = RemovableHandle(table), RemovableHandle(table)
# table[one.id], table[two.id] = "first", "second"
# one.remove()
# one.remove()              # a second time: nothing happens
# with two as handle:
#     list(table.values())  # ['second'], and handle is two
# list(table.values())      # []: leaving the block removes, by an error, too (which goes on its way)
# ```

# %% tags=["exercise:handle", "points:2"]
from course.parts.l08_hooks import RemovableHandle

# %%
# Plug it in. Run this cell again after every change, here and below.
torch.use(RemovableHandle=RemovableHandle)

# %% tags=["grade:handle"]
grade("handle", RemovableHandle=RemovableHandle)

# %% [markdown]
# ## Exercise 2: tensor hooks (3 points)
#
# The engine waits until all users of a tensor have added their share. Then it calls your function once, and
# goes on with the gradient that comes back. By hand:
#
# ```python
# one = torch.tensor([1.0])
# run_tensor_hooks({0: lambda g: g + 1, 1: lambda g: None, 2: lambda g: g * 10}, one)   # tensor([20.])
# run_tensor_hooks({0: lambda g: g * 0}, one)     # tensor([0.]): zeros are an answer
# run_tensor_hooks({0: lambda g: 3.0}, one)       # TypeError: expected Variable, but hook returned 'float'
# ```
#
# A wrong answer has to be refused *here*, where the message can name the hook. Two nodes further down it
# would only be a shape that does not fit. And mind hooks that register or remove hooks while they run: one
# that is meant to run once removes itself.

# %% tags=["exercise:tensor-hooks", "points:3"]
from course.parts.l08_hooks import run_tensor_hooks

# %%
torch.use(run_tensor_hooks=run_tensor_hooks)

# %% tags=["grade:tensor-hooks"]
grade("tensor-hooks", run_tensor_hooks=run_tensor_hooks, RemovableHandle=RemovableHandle)

# %% [markdown]
# The opening program on your hooks, and a cure: a hook for one pass only. (The other: register it before the loop.)

# %%
print("in the loop:    ", halved_in_a_loop())

w = torch.tensor(1.0, requires_grad=True)
for _ in range(4):
    w.grad = None
    with w.register_hook(lambda g: g / 2):
        (w * 8).backward()
    print("in a with block:", w.grad.item())

# %% [markdown]
# ## Predict, then run
#
# What do the three programs print? Write it down first.
#
# 1. `h` is used three times, as in `(h + h * 2 + h * 4).backward()`, and its hook prints what it gets.
# 2. `a` and `b` go into `a + b`; `b` was made last, so its node runs first. A hook on `a` writes `g.mul_(10)` and
#    returns nothing. What is the gradient of `b`? And what if the hook is on `b`: what is that of `a`?
# 3. A hook on `h` returns zeros. Is `x.grad` None, as it is behind `h.detach()`, or zeros?

# %%
my_guesses = ["...", "...", "..."]


def ten_times_in_place(g):
    """Do what a hook must not do."""
    g.mul_(10)


x = torch.tensor(1.0, requires_grad=True)
h, seen = x * 1, []
h.register_hook(lambda g: seen.append(g.item()))
(h + h * 2 + h * 4).backward()
print(f"1. you said {my_guesses[0]!r}, the hook saw {seen}")

for where in ("a", "b"):
    a, b = torch.tensor(1.0, requires_grad=True), torch.tensor(2.0, requires_grad=True)
    inner = {"a": a * 1, "b": b * 1}
    inner[where].register_hook(ten_times_in_place)
    (inner["a"] + inner["b"]).backward(torch.tensor(1.0))
    print(f"2. you said {my_guesses[1]!r}, hook on {where}: a.grad {a.grad.item()}, b.grad {b.grad.item()}")

x = torch.tensor(1.0, requires_grad=True)
h = x * 2
h.register_hook(lambda g: g * 0)
h.backward()
print(f"3. you said {my_guesses[2]!r}, x.grad is {x.grad}")

# %% [markdown]
# <details><summary>Why, once you have run it</summary>
#
# - 1: once, with the sum 7. The share of a single user is seen by nobody
#   ([a question from 2018](https://github.com/pytorch/pytorch/issues/8023)).
# - 2: addition hands the *same* tensor to both. Whoever writes into it writes for all who come later: the
#   order in which nodes run decides who gets a wrong gradient. Return a new one
#   ([claim A19](../../docs/claims.md#a19)).
# - 3: zeros: the walk goes on with them. `detach()` leaves nothing to walk along.
#
# </details>
#
# ## Build something: clipping, and a gradient that turns around
#
# Two things made of one tensor hook each. Not graded; the cell says whether it works.
#
# **Clipping.** The hook `clip(g)` shortens a gradient longer than 1 (`g.norm()`) to length 1; others stay.


# %%
def clip(g):
    """Return `g`, shortened to length 1 if it is longer."""
    return g  # yours


w = torch.tensor([0.0, 0.0], requires_grad=True)
w.register_hook(clip)
for slope in (5.0, 0.5):
    w.grad = None
    (w * torch.tensor([0.6, 0.8]) * slope).sum().backward()
    print(f"clip works: {abs(w.grad.norm().item() - min(slope, 1)) < 1e-6}")

# %% [markdown]
# <details><summary>One way to write it, and a trap</summary>
#
# ```python
# def clip(g):
#     return g / max(1.0, g.norm().item())
# ```
#
# The trap: with gradients accumulated over two batches the hook clips **each** of the two, and `w.grad` has length 2.
# `torch.nn.utils.clip_grad_norm_`, called once before the step, clips the sum (`compare("hooks.clip-by-hook")`).
#
# </details>
#
# **Gradient reversal.** Features `h` go to two heads. One guesses the label, the other guesses where the
# picture comes from. The features should help the first and *mislead* the second, so what comes back from
# the second is turned around ([Ganin and Lempitsky](https://arxiv.org/abs/1409.7495)). Write `turned(h)`: the
# numbers of `h`, through which a gradient comes back with the other sign.


# %%
def turned(h):
    """Return a tensor like `h` whose gradient arrives at `h` with the other sign."""
    return h  # yours


x = torch.tensor([1.0, 1.0], requires_grad=True)
h = x * 1
label_loss, origin_loss = (h * 5).sum(), (turned(h) * 3).sum()
(label_loss + origin_loss).backward()
print("turned works:", x.grad.tolist() == [2.0, 2.0], x.grad.tolist())

# %% [markdown]
# <details><summary>One way to write it, and a trap</summary>
#
# ```python
# def turned(h):
#     copy = h.view_as(h)
#     copy.register_hook(lambda g: -g)
#     return copy
# ```
#
# A hook on `h` itself gives -8: it sees the sum of all users, and turns the label head's share around as well.
# The view is a node of its own, with one user. In lesson 9 you write the same thing as a `Function`.
#
# </details>
#
# ## Exercise 3: hooks of nodes (3 points)
#
# A tensor hook sees one gradient. A node may have several inputs and several results, so its hooks get
# tuples, with a place for each, and None where nothing came or nothing is wanted:
#
# ```python
# before = lambda gradients: (gradients[0] * 10,)
# run_pre_hooks({0: before}, [torch.tensor([1.0])])                       # [tensor([10.])]
#
# after = lambda passed_on, given: (None, given[0])
# run_post_hooks({0: after}, [torch.tensor([1.0]), None], [torch.tensor([7.0])])
# # RuntimeError: can't replace a None gradient with a non-None value
# ```
#
# The second one fails for its second place: nobody wanted a gradient there. None in the first is allowed.

# %% tags=["exercise:node-hooks", "points:3"]
from course.parts.l08_hooks import run_pre_hooks

# %% tags=["exercise:node-hooks"]
from course.parts.l08_hooks import run_post_hooks

# %%
torch.use(run_pre_hooks=run_pre_hooks, run_post_hooks=run_post_hooks)

# %% tags=["grade:node-hooks"]
grade("node-hooks", run_pre_hooks=run_pre_hooks, run_post_hooks=run_post_hooks, RemovableHandle=RemovableHandle)

# %% [markdown]
# ## Build something: a nan trap
#
# The loss is fine, the gradient is nan
# ([one of many](https://github.com/pytorch/pytorch/issues/187297)). Which operation made it?


# %%
def mean_root(x):
    """Return the mean of the roots of what is positive in x."""
    return torch.where(x > 0, x.sqrt(), torch.zeros_like(x)).mean()


x = torch.tensor([0.0, 4.0], requires_grad=True)
loss = mean_root(x)
loss.backward()
print("loss:", loss.item(), " x.grad:", x.grad)

# %% [markdown]
# The trap stands after every node of the graph. It goes off at the first node that passes on a nan although
# none was given to it. One line of it is missing. (Not graded.)


# %%
def has_nan(gradients):
    """Say whether any gradient in a tuple holds a nan."""
    return any(g is not None and torch.isnan(g).any().item() for g in gradients)


def guard(name, passed_on, given):
    """Stand behind the node of this name: what it passes on to its inputs, and what it was given."""
    made_here = False  # yours
    if made_here:
        raise ArithmeticError(f"{name} made a nan")


def set_trap(loss):
    """Hang a hook behind every node of a graph; it names the first that makes a nan."""
    seen, waiting = {None}, [loss.grad_fn]
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            node.register_hook(functools.partial(guard, node.name()))
            waiting += [below for below, _ in node.next_functions]


loss = mean_root(x)
set_trap(loss)
try:
    loss.backward()
    print("nothing was caught")
except ArithmeticError as error:
    print("caught:", error)

# %% [markdown]
# <details><summary>One way to write it, and why there is a nan</summary>
#
# `made_here = has_nan(passed_on) and not has_nan(given)`. It says `SqrtBackward0 made a nan`. `where` sends 0 to the
# branch that it did not take; the root's slope at 0 is infinite; 0 times infinity is nan. The cure is to keep
# the bad number from the root: `torch.where(x > 0, x, torch.ones_like(x)).sqrt()` inside the outer `where`.
# This trap is half of torch's [anomaly mode](https://docs.pytorch.org/docs/stable/autograd.html#anomaly-detection);
# the other half names the line of your forward pass.
#
# </details>
#
# ## Exercise 4: at `.grad` (2 points)
#
# Two small functions for the ends of the order above.
#
# - `run_post_accumulate_hooks(leaf)`: `leaf.grad` is filled by now, and each hook gets the leaf. torch
#   runs the loop of `run_tensor_hooks` once more, with the leaf for the gradient, and complains at its end
#   if anything but the leaf came out.
# - `store_retained_grad(h, gradient)`: what `h.retain_grad()` asked for. In torch the second pass adds to the
#   first as at a leaf. But whoever kept `h.grad` after the first pass still has **that** number: a leaf's
#   `.grad` is added to in place, a retained one never.
#
# ```python
# h.grad                                          # None
# store_retained_grad(h, torch.tensor([1.0]))
# first = h.grad                                  # tensor([1.])
# store_retained_grad(h, torch.tensor([2.0]))
# h.grad, first                                   # (tensor([3.]), tensor([1.]))
# ```

# %% tags=["exercise:kept-gradients", "points:2"]
from course.parts.l08_hooks import run_post_accumulate_hooks, store_retained_grad

# %%
torch.use(run_post_accumulate_hooks=run_post_accumulate_hooks, store_retained_grad=store_retained_grad)

# %% tags=["grade:kept-gradients"]
grade(
    "kept-gradients",
    run_post_accumulate_hooks=run_post_accumulate_hooks,
    store_retained_grad=store_retained_grad,
    RemovableHandle=RemovableHandle,
)

# %% [markdown]
# The whole order on the stage. Step to the moment when `h` has heard from all three of its users:

# %%
x = torch.tensor(1.0, requires_grad=True)
with theatre.record("One hook, three users") as story:
    h = x * 1
    h.retain_grad()
    h.register_hook(lambda g: g * 10)
    (h + h * 2 + h * 4).backward()
theatre.show(story)

# %% [markdown]
# ## What it costs, and what it saves
#
# A hook that only looks, on each of 2000 results:

# %%
for hooked in (False, True):
    y = torch.tensor(1.0, requires_grad=True)
    for _ in range(2000):
        y = y.sin()
        if hooked:
            y.register_hook(lambda g: None)
    start = time.perf_counter()
    y.backward()
    print(f"hooked: {hooked!s:5} {(time.perf_counter() - start) * 1000:6.2f} ms")

# %% [markdown]
# And what a hook behind `.grad` can save. Eight weights of one megabyte each: `step` waits until all eight
# gradients are there. A hook takes the step for each weight as soon as its gradient is complete, and lets go
# of it ([torch's tutorial](https://docs.pytorch.org/tutorials/intermediate/optimizer_step_in_backward_tutorial.html)).
# **Guess** how many megabytes of gradients are alive at the highest point, each way.


# %%
def highest(step_at_once):
    """Train eight weights for one step; return the most bytes of gradients that were alive at once."""
    weights = [torch.full((512, 512), 0.01, requires_grad=True) for _ in range(8)]
    most = 0

    def look(leaf):
        nonlocal most
        most = max(most, sum(4 * w.grad.numel() for w in weights if w.grad is not None))
        if step_at_once:
            with torch.no_grad():
                leaf.sub_(0.1 * leaf.grad)
            leaf.grad = None

    for w in weights:
        w.register_post_accumulate_grad_hook(look)
    y = torch.ones(1, 512)
    for w in weights:
        y = (y @ w).tanh()
    y.sum().backward()
    return most / 2**20


print(f"one step at the end:    {highest(False):.0f} MB of gradients at the highest point")
print(f"a step for each weight: {highest(True):.0f} MB")

# %% [markdown]
# ## The same programs on torch
#
# The order of the five places, with numbers. (And try `compare("hooks.belong-to-a-version")`: when a tensor is
# changed in place, its hooks stay with the *old* value, while `retain_grad` moves to the new one.)

# %%
compare("hooks.order-at-a-tensor")

# %% [markdown]
# ## Back to the beginning
#
# 4, 2, 1, 0.5: in a tool, in a loop, or in a notebook cell that was run twice. Who keeps the hook, who could have
# removed it, and why did nobody notice? Two or three sentences (not graded):

# %% [markdown]
# *Your words here.*

# %% [markdown]
# ## Beyond this lesson
#
# - Claims of two much-read tutorials, to judge before you look: the docstring of `register_hook` prints 2 2 2
#   ([A20](../../docs/claims.md#a20)); no hook where no gradient is needed ([A21](../../docs/claims.md#a21)); what
#   it returns is checked ([A22](../../docs/claims.md#a22)); `retain_grad()` does nothing on a leaf
#   ([A26](../../docs/claims.md#a26)); its place among the hooks matters ([A27](../../docs/claims.md#a27)).
# - Layers have hooks, too: `register_forward_hook`, `register_full_backward_hook`. They have traps of their own:
#   [in-place ReLU](https://github.com/pytorch/pytorch/issues/61519), and `layer.forward(x)`, which calls none.
# - One hook for the gradients of several tensors:
#   [`register_multi_grad_hook`](https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.graph.register_multi_grad_hook).
# - When which hook runs, in torch's words:
#   [Backward hooks execution](https://docs.pytorch.org/docs/stable/notes/autograd.html#backward-hooks-execution).
#
# Keep what you built:

# %%
for part in (RemovableHandle, run_tensor_hooks, run_pre_hooks, run_post_hooks, run_post_accumulate_hooks):
    print("saved", torch.save_part(part))
print("saved", torch.save_part(store_retained_grad))
