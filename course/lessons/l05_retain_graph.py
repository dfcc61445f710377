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
# # Lesson 5: What is kept, what is freed
#
# *About 2 to 3 hours, 11 points. You build `SavedTensor`, the release rule, and a meter that counts the bytes a
# graph holds. You need lessons 1 to 4 in your head, not on your disk: their reference parts come with this lesson
# in the folder `given/`. Words that you meet are in the [glossary](../../docs/glossary.md).*
#
# Somewhere in your training loop, this came up
# ([one of many threads](https://discuss.pytorch.org/t/6795)):
#
# > RuntimeError: Trying to backward through the graph a second time (or directly access saved tensors
# > after they have already been freed). Saved intermediate values of the graph are freed when you call
# > .backward() or autograd.grad(). Specify retain_graph=True if you need to backward through the graph a
# > second time or if you need to access saved tensors after calling backward.
#
# The message offers a flag, and the flag makes it go away. Often it is the wrong cure: it costs memory,
# and with an optimizer step in between it only trades this error for a harder one, "modified by an inplace
# operation" (lesson 6). At the end of this lesson you will know what was saved, who freed it and when, and
# which of five cures your program needs.

# %%
import gc
import weakref

import course.nptorch as torch
from autograder import grade
from course.compare import compare

torch.load_parts("given", lesson=5)  # the engine of lessons 1 to 4

# %% [markdown]
# Here is the smallest program that meets the error. **Before you run it**: our engine has no lesson 5
# in it yet. Will the second `backward()` raise? If not, what will `x.grad` be?

# %%
my_guess = "..."  # "error", or the numbers

# %%
x = torch.tensor([0.0, 1.0, 2.0], requires_grad=True)
loss = x.exp().sum()
loss.backward()
loss.backward()
print(x.grad)

# %% [markdown]
# <details><summary>What happened, once you have run it</summary>
#
# No error: two passes, so twice the gradient. An engine that never frees anything has no reason to
# refuse. Real torch does refuse.
#
# </details>
#
# The next cell runs a program like this one on both engines, with other numbers, and marks what differs.
# (Where torch is not installed the table says so. Nothing else in this lesson needs torch.)

# %%
compare("saved.second-backward")

# %% [markdown]
# ## Why anything is kept at all
#
# Look at two rules from lesson 1:
#
# | operation | gradient for its input | needs |
# |---|---|---|
# | `y = x.exp()` | `g * y` | its **output** |
# | `y = x.sin()` | `g * cos(x)` | its **input** |
# | `y = a + b` | `g` | nothing |
#
# `backward()` comes later, when the loss is known. So `exp` has to keep `y`, and `sin` has to keep `x`,
# from the forward pass until then. What a node keeps for its rule is its **saved tensors**. They are why
# training needs so much more memory than evaluation.
#
# A node shows what it kept under torch's names (`saved()` is ours; torch has only the names):

# %%
x = torch.tensor([0.0, 1.0], requires_grad=True)
y = x.exp()
z = x.sin()
print("exp keeps its result:", y.grad_fn._saved_result)
print("sin keeps its input: ", z.grad_fn._saved_self)
print("add keeps:           ", (x + 1).grad_fn.saved())

# %% [markdown]
# ## Exercise 1: `SavedTensor` (5 points)
#
# The engine makes one `SavedTensor` for each value a node keeps, and calls its methods:
#
# | when | call |
# |---|---|
# | the operation is recorded | `SavedTensor(value, is_output)` |
# | the node's rule needs the value | `.unpack()` |
# | the value is no longer needed | `.release()` |
#
# One trap is worth seeing first. A result points to its node: `y.grad_fn`. If the node of `exp` keeps `y`
# itself, the two point at each other, and deleting your name for `y` frees neither. Only Python's cycle
# collector can, some time later. Until then the memory is in use, and on a GPU you may not have it.


# %%
class Thing:
    """Stands for a tensor or a node."""


gc.collect()
gc.disable()
result, node = Thing(), Thing()
result.grad_fn = node  # every result does this
node.kept = result  # what a careless SavedTensor does with an output
still_there = weakref.ref(result)
del result, node
print("after del, still in memory:          ", still_there() is not None)
gc.enable()
gc.collect()
print("after the collector, still in memory:", still_there() is not None)

# %% [markdown]
# Which operation of lesson 4 gives you the same memory without the way back to the node? Use it for an
# *output*. (Keeping the output weakly is no way out: often nobody else keeps it, as in `x.exp().sum()`.)
# An *input* must be kept as it is. That is safe, since it was there before the node, and gradients of
# gradients (lesson 10) need its history.
#
# What your class should do, step by step:
#
# ```python
# kept = SavedTensor(x)              # an input
# kept.unpack() is x                 # True, as often as it is asked
# SavedTensor(3.0).unpack()          # 3.0: the 3.0 in x * 3.0 is kept as well
#
# y = x.exp()
# again = SavedTensor(y, True).unpack()
# again is y                         # False
# again.data_ptr() == y.data_ptr()   # True: the same memory
# again.grad_fn                      # None (the engine puts it back on where it is needed)
#
# kept.release()
# kept.unpack()                      # RuntimeError: Trying to backward through the graph a second time ...
# ```
#
# There is one thing more to note down at saving time, for lesson 6: `value._version`, a counter that every
# in-place write to the memory raises.
#
# The text of the error is at hand as `torch.autograd.graph.SECOND_TIME`. Write the three methods:

# %% tags=["exercise:saved-tensor", "points:5"]
from course.parts.l05_retain_graph import SavedTensor

# %% [markdown]
# Try the worked case above in a cell of your own. Then plug your class in: from here on, every
# `backward()` in this notebook runs on it. **Run this cell again after every change to your class.**

# %%
torch.use(SavedTensor=SavedTensor)

# %% tags=["grade:saved-tensor"]
grade("saved-tensor", SavedTensor=SavedTensor)

# %% [markdown]
# ## Exercise 2: the release rule (3 points)
#
# (Finish exercise 1 first.) Your class can let go, but nobody tells it to. Three people propose when to
# free:
#
# - *A*: "At the end of `backward()`, free every node that can be reached from the loss."
# - *B*: "Right after a node's backward ran, free what **that node** kept."
# - *C*: "Right after a node's backward ran, free the nodes **below** it: they are next."
#
# Which one would you build? For each of the others, find a program or a number that it gets wrong.

# %%
my_choice = "..."  # "A", "B" or "C", and why not the others

# %% [markdown]
# <details><summary>What torch does, once you have chosen</summary>
#
# *B*. With *A*, everything is still alive at the end of the pass, on top of all gradients: the highest
# point comes at the worst moment. It also touches nodes that did not run. With *C*, a node is freed
# before its own backward could read what it kept.
#
# </details>
#
# The engine calls your function right after each node that kept something has run. `retain_graph` says
# whether the user asked to keep everything for another pass.

# %% tags=["exercise:release-rule", "points:3"]
from course.parts.l05_retain_graph import release_saved

# %%
torch.use(release_saved=release_saved)

# %% tags=["grade:release-rule"]
grade("release-rule", release_saved=release_saved)

# %% [markdown]
# Now the opening program behaves as in torch, and you know which line of yours raises. Run the first
# table again, too:

# %%
x = torch.tensor([0.0, 1.0, 2.0], requires_grad=True)
loss = x.exp().sum()
loss.backward()
try:
    loss.backward()
except RuntimeError as error:
    print("second backward:", str(error)[:62], "...")
print("x.grad:", x.grad)
compare("saved.second-backward")

# %% [markdown]
# ## Predict, then run
#
# Four programs. For each one write `"error"` or `"fine"` **before** you run the cell below it. The
# answers follow from your two parts; there is nothing to look up.
#
# 1. `(x + 1).sum()`, backward twice.
# 2. `(x * 3).sum()`, backward twice.
# 3. Two losses, `x.exp().sum()` and `x.sin().sum()`, one backward each.
# 4. Two losses on a shared `h = x.exp()`: `h.sum()` and `(h * 2).sum()`, one backward each.

# %%
my_guesses = ["...", "...", "...", "..."]


# %%
def outcome(*losses):
    """Run backward on one loss after the other; say how it ended."""
    try:
        for one in losses:
            one.backward()
    except RuntimeError:
        return "error"
    return "fine"


x = torch.tensor([1.0, 2.0], requires_grad=True)
plus, times, h = (x + 1).sum(), (x * 3).sum(), x.exp()
answers = [
    outcome(plus, plus),
    outcome(times, times),
    outcome(x.exp().sum(), x.sin().sum()),
    outcome(h.sum(), (h * 2).sum()),
]
for number, (guess, answer) in enumerate(zip(my_guesses, answers, strict=True), start=1):
    print(f"{number}. you said {guess!r}, it is {answer!r}")

# %% [markdown]
# <details><summary>Why, once you have run it</summary>
#
# - 1 is fine: `+` and `sum` keep nothing, so there is nothing that could be missing. "The second backward
#   always fails" is a myth.
# - 2 fails: the plain number 3 is what the product keeps for `x`.
# - 3 is fine: the two losses share a leaf and no node. Leaves keep nothing.
# - 4 fails: the node of `exp` is in both graphs, and the first pass made it let go.
#
# </details>
#
# ## Five cures, one question each
#
# What do you want?
#
# | you want | write | it costs |
# |---|---|---|
# | another pass, and forgot to run forward again | compute the loss anew in every iteration | a forward pass |
# | the gradients of two losses on one trunk, added up | `(first + second).backward()` | nothing extra |
# | the same, the losses apart | `torch.autograd.backward([first, second])` | nothing extra |
# | two passes, because something happens in between | retain in the first, not in the last | see below |
# | a second loss, with weights of its own, that must not reach the trunk | compute it from `h.detach()` | nothing |
#
# Retaining costs two things: the trunk's backward runs twice, and what the first pass kept stays until a
# later pass walks through it, or until the loss itself goes away.
#
# Cures 2 to 4 give the same gradient:


# %%
def two_losses():
    """Make a fresh leaf and two losses on one trunk."""
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    h = x.exp()
    return x, h.sum(), (h * 2).sum()


x, first, second = two_losses()
(first + second).backward()
print("sum:    ", x.grad)

x, first, second = two_losses()
torch.autograd.backward([first, second])
print("at once:", x.grad)

x, first, second = two_losses()
first.backward(retain_graph=True)
second.backward()
print("retain: ", x.grad)

# %% [markdown]
# ## Exercise 3: who holds my memory? (3 points)
#
# "I deleted the model's output and the memory is still in use." A graph is alive as long as anything
# points into it: a loss in a list is enough. Build the meter that finds out. It starts at a tensor, walks the
# graph behind it, and adds up the bytes that saved tensors still hold.
#
# A tiny case to check by hand (float32, so 4 bytes an element):
#
# ```python
# x = torch.ones(10, requires_grad=True)
# y = x.exp()          # keeps its result: 40 bytes
# z = y.sin()          # keeps its input, which is the same memory
# saved_bytes(z)       # 40, not 80
# ```
#
# Graphs can be long (a chain of 100,000 nodes is no rarity in recurrent networks), so walk with a stack,
# not by recursion; and paths can meet again, so visit each node once. Two honest limits of this meter: a
# small view counts as the elements it shows, though it keeps the whole memory behind it alive; and the
# plain number in `x * 3` counts nothing, where torch keeps a tensor of one element.

# %% tags=["exercise:saved-bytes", "points:3"]
from course.parts.l05_retain_graph import saved_bytes

# %%
torch.use(saved_bytes=saved_bytes)

# %% tags=["grade:saved-bytes"]
grade("saved-bytes", saved_bytes=saved_bytes)

# %% [markdown]
# ## What stays alive
#
# Point the meter at three habits people have. **Guess first** which line prints the largest number.

# %%
my_guess = "..."

# %%
w = torch.ones(1000, requires_grad=True)


def step(batch):
    """Return one loss."""
    return (w.exp() * w * batch).sum()


kept_losses = [step(batch) for batch in range(1, 6)]  # evaluation without no_grad
together = sum(kept_losses, start=torch.zeros(()))
print("five losses in a list:       ", saved_bytes(together), "bytes")

for one in kept_losses:
    one.backward()
print("the same after backward:     ", saved_bytes(together), "bytes")

with torch.no_grad():
    numbers = [step(batch) for batch in range(1, 6)]
print("five losses under no_grad:   ", sum(saved_bytes(one) for one in numbers), "bytes")

h = w.exp()
first, second = (h * h).sum(), h.sin().sum()
first.backward(retain_graph=True)
second.backward()
print("first loss, after both ran:  ", saved_bytes(first), "bytes")
print("second loss, after both ran: ", saved_bytes(second), "bytes")

# %% [markdown]
# The losses in a list are the classic leak: `total += loss` in an evaluation loop. Each kept its own 4000
# bytes of `w.exp()`, and all of them `w` itself. Use `no_grad()`, or keep `loss.item()`.
#
# The last two lines are the subtle ones. `second.backward()` freed the nodes **it** ran: the `sin` and
# the shared `exp`. The product `h * h` belongs to the first loss alone. It was retained, no later pass
# came by, and so it holds its factors until `first` itself goes away. "After the second backward
# everything is freed" is true only for what the second backward walked through.
#
# ## What it costs
#
# A chain of 50 operations on one megabyte each. The meter reads what is alive after the forward pass,
# after a backward pass that retains, and after one that does not.

# %%
x = torch.ones(2**18, requires_grad=True)
y = x
for _ in range(50):
    y = y.tanh()
loss = y.sum()
megabyte = 2**20
print(f"after forward:                      {saved_bytes(loss) / megabyte:5.1f} MB")
loss.backward(retain_graph=True)
print(f"after backward(retain_graph=True):  {saved_bytes(loss) / megabyte:5.1f} MB")
loss.backward()
print(f"after backward():                   {saved_bytes(loss) / megabyte:5.1f} MB")

# %% [markdown]
# In a loop, `retain_graph=True` means that the old graph is still there while the new one is being built:

# %%
for retain_graph in (False, True):
    y = x.tanh()
    for _ in range(49):
        y = y.tanh()
    loss = y.sum()
    loss.backward(retain_graph=retain_graph)
    y = x.tanh()  # the next step's forward begins while `loss` still has the old graph
    for _ in range(49):
        y = y.tanh()
    print(f"retain_graph={retain_graph!s:<5}  {(saved_bytes(loss) + saved_bytes(y)) / megabyte:5.1f} MB")

# %% [markdown]
# ## The same programs on torch
#
# Each table is one program, run unchanged on your engine and on torch; you find it folded below its table.

# %%
compare("saved.private-branch-is-still-held")

# %%
compare("saved.failed-backward-leaves-traces")

# %% [markdown]
# The last one is worth a second look: a backward that fails half way has already added to the gradients
# of the leaves it reached. After such an error they cannot be trusted: zero them, and run every backward
# of that step again.
#
# ## Back to the message
#
# You met it in one of these situations. Which node had let go, and when?
#
# - the same loss, backward twice;
# - two losses on one trunk;
# - a recurrent state that is carried from step to step, so that the second step's graph contains the
#   first step's (`state = state.detach()` between the steps; `retain_graph=True` makes every step's
#   backward longer than the one before);
# - something computed once before the loop and used in every iteration.
#
# Write the explanation you would have liked to find, in two or three sentences (not graded):

# %% [markdown]
# *Your words here.*

# %% [markdown]
# ## Beyond this lesson
#
# - Claims of two much-read tutorials, to judge before you look: `retain_graph=True` keeps the gradients of this
#   pass ([A2](../../docs/claims.md#a2)); normally it is not needed ([A3](../../docs/claims.md#a3)); `y = x**2`,
#   backward twice, raises ([A4](../../docs/claims.md#a4)); a second backward always fails
#   ([A4b](../../docs/claims.md#a4b)); one that fails changes nothing ([A4c](../../docs/claims.md#a4c)); after the
#   second loss everything is released ([A6](../../docs/claims.md#a6)); with `retain_graph=False` the graph is
#   freed ([A18](../../docs/claims.md#a18)).
# - `retain_graph` defaults to `create_graph`: gradients of gradients (lesson 10) need the graph twice.
# - torch can hand every saved tensor to you, to compress it or to move it to the CPU:
#   [`saved_tensors_hooks`](https://docs.pytorch.org/docs/stable/autograd.html#torch.autograd.graph.saved_tensors_hooks).
# - What if somebody *writes* into a saved tensor before backward? Your `SavedTensor` has already noted the
#   version. Lesson 6 reads it.
# - torch's own account: [Autograd mechanics](https://docs.pytorch.org/docs/stable/notes/autograd.html),
#   [`Tensor.backward`](https://docs.pytorch.org/docs/stable/generated/torch.Tensor.backward.html).
#
# Keep what you built; your own engine grows with every lesson:

# %%
for part in (SavedTensor, release_saved, saved_bytes):
    print("saved", torch.save_part(part))
