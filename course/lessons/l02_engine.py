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
# # Lesson 2: The walk back
#
# *About 4 hours, 14 points. You build what happens inside `backward()`: `make_grads`, `count_consumers`,
# `accumulate_grad` and `run_backward`. From then on `.backward()` runs on your code. The rules of lesson 1 come
# with this lesson in the folder `given/`. Words that you meet are in the [glossary](../../docs/glossary.md).*
#
# Two lines, and a wrong number without any error:
#
# > `y = x * 3; loss = y * 2 + y * 5` gives `x.grad = 6`. It should be 21.
#
# That is from the autograd of a course that had tests for it
# ([the repair](https://github.com/TrenTorch/TrenTorch/pull/182)). Another course's tests let a close relative
# pass ([as a student found](https://github.com/callummcdougall/ARENA_3.0/issues/127)). The author of
# micrograd had one himself ([in an early version](https://github.com/karpathy/micrograd/issues/2)), and was
# asked many times since why a plain walk from node to node is not enough
# ([one of them](https://github.com/karpathy/micrograd/pull/64)). It is the question of this lesson.

# %%
import time

import numpy as np

import course.nptorch as torch
from autograder import grade
from course.compare import compare
from course.nptorch.grad_mode import recording

torch.load_parts("given", lesson=2)  # the rules of lesson 1

# %% [markdown]
# Here is that graph. Every operation made a node, and a node has **edges** to the nodes of its inputs:
#
# ```
#            AddBackward0              loss = a + b
#           /            \
#    MulBackward0    MulBackward0      a = y * 2,  b = y * 5
#           \            /
#            MulBackward0              y = x * 3
#                 |
#           AccumulateGrad             x, the leaf: the walk ends here
# ```
#
# And here is the walk that everybody writes first, depth first: run a node, go on to the nodes below it with
# what it sent back, and do not go twice where you have been. **Before you run it**: where are the missing 15?


# %%
def depth_first(roots, run_node, crossing_off=True):
    """Go down from each node to the next, and cross off every node that was run."""
    crossed_off = set()

    def visit(node, gradient):
        if node in crossed_off:
            return
        if crossing_off:
            crossed_off.add(node)
        for below, sent in zip(node.edges, run_node(node, [gradient]), strict=True):
            if below is not None:
                visit(below, sent)

    [(root, _, start)] = roots  # one root; the gradient that it starts with
    visit(root, start)


def walk_back(walk, loss):
    """Let `walk` walk back from a loss of one leaf; return what the leaf was sent, and how many nodes ran."""
    at_leaf, ran = [], []

    def run_node(node, gradients):
        ran.append(node)
        if node.edges:
            return node.apply(gradients)  # the rules of lesson 1
        at_leaf.append(gradients[0])
        return []

    walk([(loss.grad_fn, 0, np.array(1.0))], run_node)
    return float(sum(at_leaf)), len(ran)


def diamond(x):
    """Two paths that meet again."""
    y = x * 3
    return y * 2 + y * 5


x = torch.tensor(1.0, requires_grad=True)
print("x gets", walk_back(depth_first, diamond(x))[0])

# %% [markdown]
# The walk went `+`, `y * 2`, `y`, `x` and delivered 2 times 3. When it came down the other side with a
# gradient of 5, `y` was crossed off.
#
# Two repairs come to mind. *Every path*: do not cross anything off, and come by as often as there are paths.
# *Running total*: each node keeps the sum of what has come, and sends that on whenever something new comes.
# **Guess** which of the three walks is right on which of the three graphs:


# %%
def every_path(roots, run_node):
    """Go down every path there is."""
    depth_first(roots, run_node, crossing_off=False)


def running_total(roots, run_node):
    """Send on the sum of all that has come so far."""
    total = {}

    def visit(node, gradient):
        total[node] = total.get(node, 0) + gradient
        sent = run_node(node, [total[node] if node.edges else gradient])
        for below, one in zip(node.edges, sent, strict=True):
            if below is not None:
                visit(below, one)

    [(root, _, start)] = roots
    visit(root, start)


def twice_doubled(x):
    """One diamond on top of another."""
    y = x + x
    return y + y


def short_cut(x):
    """A short path and a long one."""
    y = x * 3
    return y + (y * 2) * 5


def table(*walks):
    """Print what each walk delivers on each graph."""
    print(f"{'':14}{'truth':>7}", *(f"{walk.__name__:>14}" for walk in walks))
    for graph, truth in ((diamond, 21), (twice_doubled, 4), (short_cut, 33)):
        got = [walk_back(walk, graph(x))[0] for walk in walks]
        print(f"{graph.__name__:14}{truth:7}", *(f"{number:14g}" for number in got))


table(depth_first, running_total, every_path)

# %% [markdown]
# *Every path* is right: the chain rule is a sum over paths. So why does nobody build it? Put diamonds in a
# row and count how often a node is run. And make one long chain, as a recurrent network does:


# %%
def ladder(x, diamonds):
    """Return a row of diamonds: two nodes and a sum, again and again."""
    for _ in range(diamonds):
        x = x * 0.5 + x * 0.5
    return x


def long_chain(x):
    """One operation after the other."""
    for _ in range(3000):
        x = x + 1
    return x


for diamonds in (1, 2, 4, 8, 16):
    _, runs = walk_back(every_path, ladder(x, diamonds))
    print(f"{diamonds:3} diamonds, {3 * diamonds + 1:3} nodes: every_path runs {runs:7,}")

try:
    print("3000 operations in a row:", walk_back(every_path, long_chain(x)))
except RecursionError as error:
    print("3000 operations in a row:", type(error).__name__, "-", error)

# %% [markdown]
# Each diamond doubles the number of paths; 60 of them (a small residual network) would keep this walk busy
# for longer than you live. And whatever calls itself for each node ends at Python's limit of about 1000
# nested calls ([as people find](https://github.com/karpathy/micrograd/pull/90)).
#
# All three walks lack the same thing. They come to `y` with *a* gradient and cannot know whether it is *all*
# of it. But that can be known, before the first node is run: **count the edges that lead to each node.**
# When as many gradients have come, the sum is complete; then the node runs, once. Neither depth first nor
# breadth first: a node's turn comes when it is complete.
#
# **One more guess**: level by level (breadth first), adding up what comes and running each node once when
# its level's turn comes. Which of the three graphs does it get wrong?
#
# <details><summary>The answer</summary>
#
# `short_cut`: its short path brings `y` up at once, and `x` gets 3 of its 33. On the other two, where all paths
# are equally long, it is right, which is why this one survives tests.
#
# </details>
#
# (There is another right way, which micrograd takes: sort all nodes first, each after all that use it. It
# needs the same walk over the graph before; the counts also say *when* a node becomes complete, so that a leaf
# can have its gradient, and memory can be freed, long before the end. torch counts, and so will you.)
#
# ## What a node shows you
#
# | | |
# |---|---|
# | `node.edges` | the nodes of its inputs, one per input; None where no gradient is wanted |
# | `node.sequence_nr` | when it was recorded: later is larger; a leaf has a larger one than all others |
# | `node.outputs` | how many results it made, nearly always 1 |
# | `node.slots` | for each edge, which result of the node below that input was, nearly always 0 |
#
# ## Exercise 1: where to start (2 points)
#
# A loss starts the walk with a gradient of 1: how much does the loss change if the loss changes? That much
# can be made up. For anything larger it cannot, and then people meet this one
# ([often with two GPUs](https://github.com/eriklindernoren/PyTorch-YOLOv3/issues/331), which return two losses):
#
# > RuntimeError: grad can be implicitly created only for scalar outputs
#
# In lesson 1, `g` said how much each element of a result counts. `y.backward(g)` starts with it, and gives the
# gradient of the one number `sum(g * y)`. Without `g` nobody can say what counts how much, so torch refuses
# instead of guessing ones. What counts is one element, not the shape: `()`, `(1,)` and `(1, 1)` will do, `(2,)`
# will not, nor will the empty `(0,)`.
#
# With a loss of shape `()`, a `y` and a `g` of shape `(3,)`, all but `g` made from tensors that require grad:
#
# ```python
# make_grads((loss,), (None,))             # [tensor(1.)]
# make_grads((y, loss), (g, None))         # [g, tensor(1.)]: g itself
# make_grads((y,), (None,))                # RuntimeError: grad can be implicitly created only for scalar outputs
# make_grads((y,), (g.reshape(1, 3),))     # RuntimeError: Mismatch in shape: grad_output[0] has a shape of
#                                          # torch.Size([1, 3]) and output[0] has a shape of torch.Size([3]).
# make_grads((y,), ([1.0, 1.0, 1.0],))     # TypeError: gradients can be either Tensors or None, but got list
# make_grads((g,), (None,))                # [None]: g does not require grad, there is nothing to walk
# ```
#
# Useful: `output.requires_grad`, `output.numel()`, `torch.ones_like(output)`, `isinstance(_, torch.Tensor)`.

# %% tags=["exercise:make-grads", "points:2"]
from course.parts.l02_engine import make_grads

# %%
torch.use(make_grads=make_grads)

# %% tags=["grade:make-grads"]
grade("make-grads", make_grads=make_grads)

# %% [markdown]
# ## Exercise 2: count (2 points)
#
# How many edges lead to each node, as far as it can be reached from the roots of *this* walk? For the diamond:
#
# | node | `+` | `y * 2` | `y * 5` | `y = x * 3` | `x` |
# |---|---|---|---|---|---|
# | edges that lead to it | 0 | 1 | 1 | 2 | 1 |
#
# Think of these before you write; each is a program that counts wrongly in somebody's engine:
#
# - `h * h`: how many nodes use `h`, and how many edges lead to it? One of the two is the number you want.
# - `h = x.exp(); unused = h.sin(); loss = h * 2`: is `unused` waited for?
# - 12 diamonds in a row: how often do you *go on* from each node, and how often do you *count* it?
# - 3000 operations in a row: what do you keep instead of nested calls?

# %% tags=["exercise:count-consumers", "points:2"]
from course.parts.l02_engine import count_consumers

# %%
torch.use(count_consumers=count_consumers)
for node, count in count_consumers([diamond(x).grad_fn]).items():
    print(count, "edges lead to", node.name(), node.sequence_nr if node.edges else "(the leaf)")

# %% tags=["grade:count-consumers"]
grade("count-consumers", count_consumers=count_consumers)

# %% [markdown]
# ## Exercise 3: the end of the walk (3 points)
#
# A leaf keeps what arrives in `.grad`, and adds to what is there: `backward()` never clears, which is why loops
# call `zero_grad()` ([claim A16](../../docs/claims.md#a16)). Two lines of code, it seems. But look at a sum:

# %%
x = torch.tensor([1.0, 2.0], requires_grad=True)
w = torch.tensor([3.0, 4.0], requires_grad=True)
to_x, to_w = (x + w).grad_fn(torch.tensor([1.0, 1.0]))
print("to x:", to_x, " to w:", to_w, " the same memory:", to_x.data_ptr() == to_w.data_ptr())

# %% [markdown]
# Nothing has to be computed for a sum, so both get the very gradient that arrived. Now two leaves store it
# as it is, and later somebody adds 10 to one of them in place. **What is the other's?**

# %%
x.grad, w.grad = to_x, to_w
x.grad += 10
print("w.grad:", w.grad)

# %% [markdown]
# Two names for one memory is called **aliasing**. It gave wrong gradients in a production framework, on
# `z = x + y; p = x / z` ([the report](https://github.com/Oneflow-Inc/oneflow/issues/8248)). So the first
# gradient must not be kept as it is. Later ones are added *in place*: whoever keeps `x.grad` (a list of
# gradients to be clipped, a buffer that is sent to other machines) sees the sum.
#
# During an ordinary backward pass the engine records nothing. It says so with `recording(False)`, and you can
# do that by hand:
#
# ```python
# with recording(False):
#     accumulate_grad(x, g)   # x.grad: the numbers of g, in memory of its own
#     kept = x.grad
#     accumulate_grad(x, g)
#     x.grad is kept          # True, and it holds 2 * g; g itself is as it was
# ```
#
# With `recording(True)` in its place, `x.grad` becomes a new tensor, the sum, and `kept` stays as it was. (Why:
# in lesson 10 the pass itself is differentiated, and what was recorded must not be overwritten.) Useful:
# `torch.is_grad_enabled()` tells which it is; `gradient.clone()` is a copy. (`detach` comes in lesson 4.)

# %% tags=["exercise:accumulate-grad", "points:3"]
from course.parts.l02_engine import accumulate_grad

# %%
torch.use(accumulate_grad=accumulate_grad)

x, g = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([1.0, 10.0])
with recording(False):
    accumulate_grad(x, g)
    kept = x.grad
    print("after one:", x.grad, " in memory of its own:", x.grad.data_ptr() != g.data_ptr())
    accumulate_grad(x, g)
    print("after two:", x.grad, " the same tensor:", x.grad is kept, " g:", g)

# %% [markdown]
# Most of its checks need whole backward passes, so this exercise is graded below the next one.
#
# ## Exercise 4: the walk (7 points)
#
# Now the heart. The diamond once more, by hand; `*2` stands for the node of `y * 2`:
#
# | | runs | is given | sends | still waits for | ready now |
# |---|---|---|---|---|---|
# | 0 | | | | `*2`: 1, `*5`: 1, `*3`: 2, `x`: 1 | `+` |
# | 1 | `+` | 1 | 1, 1 | `*3`: 2, `x`: 1 | `*2`, `*5` |
# | 2 | `*5` | 1 | 5 | `*3`: 1, `x`: 1 | `*2` |
# | 3 | `*2` | 1 | 2 | `x`: 1 | `*3` |
# | 4 | `*3` | 5 + 2 = 7 | 21 | | `x` |
# | 5 | `x` | 21 | | | |
#
# Why `*5` before `*2` in line 2? Both are complete. The rule is: the highest `sequence_nr` first, the one
# that was recorded last. For a leaf it is the largest of all, so a leaf that is complete is served at once.
# Among equals, whoever was complete first. Python has a list that always gives its smallest entry first;
# tuples are compared from the left:

# %%
import heapq

ready = []
heapq.heappush(ready, (-8, 1, "number 8"))
heapq.heappush(ready, (-9, 2, "number 9"))
heapq.heappush(ready, (-8, 3, "number 8, complete later"))
print([heapq.heappop(ready)[2] for _ in range(3)])

# %% [markdown]
# `run_node(node, gradients)` is the engine's: it applies the rule, or calls your `accumulate_grad` for a
# leaf. You decide *when* it is called, and add up what arrives. The small print, in which most of the
# checks are:
#
# - A node is given a list with one gradient for each of its `outputs`, None where nothing came.
# - It sends back one for each of its edges, in their order; `node.slots` says to which output of the node
#   below each belongs. Edges may be None; skip those.
# - What it sends may be None as well. That adds nothing, but it *has arrived*: it counts.
# - In place of a list it may give None: nothing below it is asked for, and the walk does not go on from there.
# - A root may lie inside the graph of another root, or stand in the list twice. It waits like any node.
# - **What you are handed is not yours.** A sum has just sent the same memory to two nodes; `+=` on one is
#   seen by the other. Exercise 3 again, in the middle of the graph.
# - Nothing of one walk may be left when the next begins.

# %% tags=["exercise:run-backward", "points:7"]
from course.parts.l02_engine import run_backward

# %% [markdown]
# On the three graphs, and on the two that broke *every path*. **Run this cell again after every change.**

# %%
torch.use(run_backward=run_backward)

x = torch.tensor(1.0, requires_grad=True)
table(depth_first, running_total, every_path, run_backward)
print("60 diamonds: (what x gets, nodes that ran) =", walk_back(run_backward, ladder(x, 60)))
print("3000 operations in a row:", walk_back(run_backward, long_chain(x)))

# %% tags=["grade:run-backward"]
grade("run-backward", run_backward=run_backward, make_grads=make_grads, accumulate_grad=accumulate_grad)

# %% [markdown]
# And exercise 3, on whole passes:

# %% tags=["grade:accumulate-grad"]
grade("accumulate-grad", accumulate_grad=accumulate_grad, make_grads=make_grads, run_backward=run_backward)

# %% [markdown]
# ## Your engine runs
#
# From here on, `.backward()` is yours: your start, your walk, your end. Here is the opening program twice, with
# the first walk of this lesson and with yours. Step through both with the buttons or the arrow keys, and stop
# where they part: how many of how many gradients has `y` got when it runs?

# %%
from course.widgets import theatre

stories = []
for name, walk in (("depth first", depth_first), ("yours", run_backward)):
    x = torch.tensor(1.0, requires_grad=True)
    with torch.use(run_backward=walk), theatre.record(name) as story:
        y = x * 3
        a, b = y * 2, y * 5
        loss = a + b
        loss.backward()
    stories.append(story)
    print(f"{name}: x.grad is {x.grad}")
theatre.compare(*stories)

# %% [markdown]
# ## Predict, then run
#
# 1. `(x * x).backward()` at `x = 3`: what is `x.grad`?
# 2. `(x * 2 + w * 0).backward()`, and a leaf `u` that is not in it: what are `w.grad` and `u.grad`?
# 3. `(x * 2).backward()` three times in a row, each time on a new product: what is `x.grad` in the end?

# %%
my_guesses = ["...", "...", "..."]

# %%
x, w, u = (torch.tensor(value, requires_grad=True) for value in (3.0, 4.0, 5.0))
(x * x).backward()
print("1.", x.grad)
(x * 2 + w * 0).backward()
print("2.", w.grad, u.grad)
x.grad = None
for _ in range(3):
    (x * 2).backward()
print("3.", x.grad)

# %% [markdown]
# <details><summary>Why, once you have run it</summary>
#
# - 1: 6. Two edges lead to the same leaf, and each carries 3.
# - 2: `w` was reached, by a gradient of 0, so it has one; `u` was not reached and has none. An optimizer skips
#   None and steps with 0 (lesson 7 shows how a "frozen" weight moves because of that).
# - 3: 6. Nothing but `zero_grad()`, or `x.grad = None`, starts anew.
#
# </details>
#
# ## The same programs on torch
#
# Each table is one program, run unchanged on your engine and on torch. (Where torch is not installed the
# table says so.) The second puts [claim A14](../../docs/claims.md#a14) of a tutorial to the test: an output of one
# element needs no gradient argument, any other needs one of the same shape.

# %%
compare("engine.walk-adds-without-writing")

# %%
compare("claims.a14")

# %% [markdown]
# ## What it costs
#
# Counting means to walk the graph once more, before anything is computed. How much is that?

# %%
for elements, operations in ((1, 10_000), (1_000_000, 50)):
    y = torch.ones(elements, requires_grad=True)
    clock = [time.perf_counter()]
    for _ in range(operations):
        y = y.sin()
    clock.append(time.perf_counter())
    count_consumers([y.grad_fn])
    clock.append(time.perf_counter())
    y.backward(torch.ones(elements))
    clock.append(time.perf_counter())
    forward, counting, backward = np.diff(clock) * 1e6 / operations
    print(f"sin of {elements:,} elements, microseconds for each of {operations:,} operations:")
    print(f"  forward {forward:,.1f}   backward {backward:,.1f}   of that, counting {counting:,.1f}")

# %% [markdown]
# The count costs the same for each operation, whatever the size of its tensors: little beside one number,
# nothing beside a million.
#
# ## Back to the wrong number
#
# `x.grad` was 6 and should have been 21. Answer the question that opened this lesson: why is a plain walk from
# node to node not enough, what has to be known before a node may run, and how can it be known? Two or
# three sentences, and a graph of your own on which a plain walk fails (not graded):

# %% [markdown]
# *Your words here.*

# %% [markdown]
# ## Beyond this lesson
#
# - Claims of two much-read tutorials, to judge before you look: backward() computes the gradients of all nodes
#   ([B9](../../docs/claims.md#b9)); the gradient argument is turned volatile ([A15](../../docs/claims.md#a15)).
# - torch's walk is this one, in C++: [engine.cpp](https://github.com/pytorch/pytorch/blob/main/torch/csrc/autograd/engine.cpp)
#   (`compute_dependencies` are your counts, `ReadyQueue` your heap, `InputBuffer` what has arrived) and
#   [accumulate_grad.h](https://github.com/pytorch/pytorch/blob/main/torch/csrc/autograd/functions/accumulate_grad.h).
#   Where nobody else has the gradient, torch saves the copy that you make.
# - torch's edges are [`grad_fn.next_functions`](https://docs.pytorch.org/docs/stable/generated/torch.autograd.graph.Node.next_functions.html):
#   pairs of a node and a slot.
# - [`torch.autograd.grad`](https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad.html) is the
#   same walk, but it hands the gradients to you and leaves every `.grad` alone. It runs on yours already.
# - Nothing is ever freed yet, so one graph may be walked many times. torch would refuse: lesson 5.
#
# Keep what you built; your own engine grows with every lesson:

# %%
for part in (make_grads, count_consumers, accumulate_grad, run_backward):
    print("saved", torch.save_part(part))
