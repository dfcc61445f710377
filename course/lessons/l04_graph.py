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
# # Lesson 4: Who gets a gradient?
#
# *About 2.5 to 3.5 hours, 10 points. You build `detach`, `detach_`, `no_grad`, `enable_grad`, `set_grad_enabled`
# and `inference_mode`. You need lessons 1 to 3 in your head, not on your disk: their reference parts come with
# this lesson in the folder `given/`. Words that you meet are in the [glossary](../../docs/glossary.md).*
#
# One message, eleven causes:
#
# > RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn
#
# Some are in plain sight, such as an `argmax` on the way to the loss. Some are not in the line that fails, not
# even in the same file: [a validation step that failed](https://github.com/Lightning-AI/pytorch-lightning/issues/2180)
# left recording switched off for everything after it; in
# [another program](https://github.com/ubc-vision/sonic/issues/2) a plugin had done so, and it took two weeks to find.
# At the end of this lesson you will know what decides whether a tensor gets a gradient, how to say that one
# shall not, and which of five ways to say so your program needs.

# %%
import course.nptorch as torch
from autograder import grade
from course.compare import compare
from course.nptorch import grad_mode

torch.load_parts("given", lesson=4)  # the engine of lessons 1 to 3

# %% [markdown]
# Here is the hidden cause. `grad_mode.mode.enabled` is the engine's switch: is anything recorded now? `validate`
# turns it off by hand and on again at its end, as the program behind the first link did. **Before you run it**: the
# second training step is the same as the first. What will the last line print?

# %%
my_guess = "..."

# %%
weight = torch.tensor([1.0, 2.0], requires_grad=True)


def train(batch):
    """Add one batch's gradient to weight.grad."""
    loss = (weight * batch).sum()
    loss.backward()


def validate(batch):
    """Score one batch without recording, carelessly."""
    grad_mode.mode.enabled = False
    score = (weight * batch).sum()
    grad_mode.mode.enabled = True
    return score


for step in (train, validate, train):
    try:
        step(torch.ones(3 if step is validate else 2))  # the validation batch is broken, and is skipped
        print(step.__name__, "works")
    except RuntimeError as error:
        print(step.__name__, "fails:", error)

# %% [markdown]
# <details><summary>What happened, once you have run it</summary>
#
# `validate` left before its last lines. The exception was caught and forgotten, the switch stayed off, and the next
# loss was computed without a graph. The error names neither the function nor the switch.
#
# </details>
#
# Switched on again by hand, for now:

# %%
print("recording:", torch.is_grad_enabled())
grad_mode.mode.enabled = True

# %% [markdown]
# ## Three questions to a tensor
#
# - `requires_grad`: shall operations on it be recorded?
# - `grad_fn`: which node made it? None if no recorded operation did.
# - `is_leaf`: is `grad_fn` None?
#
# A result requires grad if recording is on and one of its inputs requires grad. Whole numbers and booleans never do.
# `backward()` fills `.grad` of **leaves that require grad** and, unless you ask for more (lesson 8), of nothing else.
#
# **Predict** for each of six tensors: does it require grad, and is it a leaf?

# %%
plain = torch.tensor([1.0, 2.0])
x = torch.tensor([1.0, 2.0], requires_grad=True)
small = torch.tensor([1.0, 2.0], requires_grad=True) * 0.1  # a weight, made small at birth

my_guesses = {
    "plain": ("...", "..."),
    "x": ("...", "..."),
    "x * 2": ("...", "..."),
    "plain * 2": ("...", "..."),
    "x > 0": ("...", "..."),
    "small": ("...", "..."),
}

# %%
lines = {"plain": plain, "x": x, "x * 2": x * 2, "plain * 2": plain * 2, "x > 0": x > 0, "small": small}
for name, t in lines.items():
    print(f"{name:9}  requires_grad {t.requires_grad!s:5}  is_leaf {t.is_leaf!s:5}  grad_fn {t.grad_fn}")

# %% [markdown]
# Two lines surprise people. `plain * 2` is a leaf although somebody computed it: nothing was recorded. And the
# last one is none. It was to be a weight; but the leaf is the tensor that was scaled, and nobody kept its name:


# %%
def ask(run):
    """Return what ``run()`` returns, and what was warned of meanwhile."""
    import warnings

    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        return run(), [str(one.message) for one in heard]


(small * 3).sum().backward()
gradient, warned = ask(lambda: small.grad)
print("small.grad:", gradient)
print(warned[0][:155], "...")

# %% [markdown]
# (`retain_grad()`, which the warning names, is lesson 8. Here the cure is to scale first:
# `(torch.rand(2) * 0.1).requires_grad_()`.)
#
# ## Exercise 1: `detach` and `detach_` (3 points)
#
# `y.detach()` is the way to use a number without its past: a new tensor on the **same memory**, a leaf, without
# `requires_grad`. `y.detach_()` does it to `y` itself. (Both methods call your two functions, so do not call them
# in there.) To write them you need to know what a tensor is made of:
#
# | field | what it is | in a fresh tensor |
# |---|---|---|
# | `_array` | its numbers, a NumPy array that may be shared | |
# | `_grad_fn`, `_output_nr` | the node that made it, and as which of the node's outputs | None, 0 |
# | `_requires_grad` | the flag of a leaf (`requires_grad` is also true for whoever has a `_grad_fn`) | False |
# | `_grad` | what `backward()` has put there | None |
# | `_version_counter` | counts writes to its memory (lesson 6); `_counter()` returns it, made if needed | None |
#
# `y.data`, the way of 2017, gives you a fresh tensor on the memory of `y`, with a counter of its **own**: a write
# through it changes the numbers of `y`, and the counter of `y` does not know. That is the one thing in which
# `detach()` differs. (A tensor made in inference mode, exercise 3, has no counter at all: leave None there.
# `y.is_inference()` tells.)
#
# A view, such as `y[0]`, follows its base, and `_is_view()` says so. It cannot be cut in place: the base would still
# be tracked. torch refuses with the text that is at hand as `messages.DETACHED_VIEW`.
#
# ```python
# x = torch.tensor([1.0, 2.0], requires_grad=True)
# y = x * 2
# d = detach(y)
# d is y, d.data_ptr() == y.data_ptr()     # False, True
# d.requires_grad, d.is_leaf, d.grad_fn    # False, True, None
# y.requires_grad                          # True: y is as it was
# d.requires_grad_()                       # allowed: d is an ordinary leaf
#
# loss = (y + 1).sum()
# detach_(y) is y                          # True
# y.requires_grad, y.is_leaf               # False, True
# loss.backward()                          # works, and reaches x: `loss` was computed before
# ```
#
# Why does the last line work? A node's edges lead to nodes, not to tensors (lesson 2). Cut the tensor, not its node.

# %% tags=["exercise:detach", "points:3"]
from course.parts.l04_graph import detach, detach_

# %% [markdown]
# Try the worked case in a cell of your own, then plug both in. **Run this cell again after every change.**

# %%
torch.use(detach=detach, detach_=detach_)

# %% tags=["grade:detach"]
grade("detach", detach=detach, detach_=detach_)

# %% [markdown]
# ## Is this true?
#
# Four of these sentences are from a tutorial that many people have read. Write `True` or `False` for each, **then**
# let your engine answer.
#
# 1. "`clone()` is another name for the same thing, like an assignment with `=`."
# 2. "`clone()` copies the tensor, and its gradient is copied too."
# 3. "What is computed from a clone sends its gradient back to the original."
# 4. "Even if `requires_grad` is switched on again, a detached tensor gets no gradient."
# 5. "To keep the middle of a network fixed and train the rest, use `detach()` on its result."

# %%
my_verdicts = [None, None, None, None, None]


# %%
def leaf(*values):
    """Return a fresh leaf that requires grad."""
    return torch.tensor(list(values), requires_grad=True)


x = leaf(1.0, 2.0)
(x * x).sum().backward()
copy = x.clone()
copied_gradient = ask(lambda: copy.grad)[0] is not None
before = x.grad.clone()
(copy * 3).sum().backward()
sent_back = not torch.equal(before, x.grad)

again = (x * 2).detach().requires_grad_()
(again * again).sum().backward()

first, middle, last = leaf(1.0, 2.0), leaf(3.0, 4.0), leaf(5.0, 6.0)
((first * middle).detach() * last).sum().backward()

answers = [
    x.clone().data_ptr() == x.data_ptr(),
    copied_gradient,
    sent_back,
    again.grad is None,
    middle.grad is None and first.grad is not None and last.grad is not None,
]
for number, (verdict, answer) in enumerate(zip(my_verdicts, answers, strict=True), start=1):
    print(f"{number}. you said {verdict}, it is {answer}")

# %% [markdown]
# <details><summary>Why only the third is true, once you have run it</summary>
#
# - 1: it has memory of its own.
# - 2 and 3: `clone()` is an operation like `* 1`: no `.grad` of its own, and gradients flow through it. For a
#   copy without a past, write `x.detach().clone()`.
# - 4: it is an ordinary leaf then, and has its own gradient. (What is cut off is only the way further back.)
# - 5: whatever lies *before* the cut is not trained either. To freeze the middle alone, switch its weights off:
#   `middle.requires_grad_(False)`. Gradients still flow through it.
#
# The tutorial, claim by claim, on torch: [B5](../../docs/claims.md#b5), [B6](../../docs/claims.md#b6),
# [B11](../../docs/claims.md#b11), [B17](../../docs/claims.md#b17).
#
# </details>
#
# The program of the fifth sentence, step by step. **Where does the gradient stop**, and who is waiting below?

# %%
from course.widgets import theatre

first, middle, last = leaf(1.0, 2.0), leaf(3.0, 4.0), leaf(5.0, 6.0)
with theatre.record("The middle, detached") as story:
    h = first * middle
    loss = (h.detach() * last).sum()
    loss.backward()
theatre.show(story)

# %% [markdown]
# ## Exercise 2: the grad modes (4 points)
#
# `detach` is about one tensor. `no_grad` is about a stretch of time: nothing is recorded, whatever it is. The
# switch is the one from the beginning, now called `flags.enabled`; there is one for each thread. What makes it a
# block that can be trusted is *when* it is moved:
#
# | moment | Python calls | `no_grad`, `enable_grad` | `set_grad_enabled(mode)` |
# |---|---|---|---|
# | the object is made | `__init__` | nothing | acts at once |
# | a `with` block begins | `__enter__` | switch | nothing more |
# | the block ends, **in whatever way** | `__exit__` | put back | put back what was there before it was made |
# | a function is decorated | `__call__` | nothing | undo what the making did |
# | the decorated function is called | | a block of its own for each call | the same |
#
# `__exit__(kind, error, trace)` is told how the block ended: three times None, or the exception. If what it
# returns is true, the exception is swallowed.
#
# **Predict first**, each on a fresh start: is recording on where it says *here*?
#
# ```python
# torch.no_grad()                      # 1: without `with`; here
#
# with torch.no_grad():                # 2
#     with torch.no_grad():
#         pass
#     # here
#
# torch.set_grad_enabled(False)        # 3: without `with`; here
#
# @torch.no_grad()                     # 4
# def scores():
#     yield 1
#
# for score in scores():
#     pass                             # here
# ```

# %%
my_guesses = ["...", "...", "...", "..."]

# %% [markdown]
# <details><summary>Answers, once you have written yours</summary>
#
# 1: on. 2: off, so "put back" cannot mean "on": the inner block has to remember what *it* found. 3: off, and
# nobody will switch it on again. 4: on. The loop is the caller's code, and runs while the generator waits at its
# `yield`.
#
# </details>
#
# Write what all switches share in `GradModeSwitch`, then the three. They say in `switch()` what to set, and in
# `again()` how to make another one of the same kind, for decorated functions. There is a second flag,
# `flags.inference` (exercise 3): put it back as well, and in inference mode nobody switches recording on. (torch's
# `is_grad_enabled()` may say True there, and nothing is recorded all the same. Ours says what is so.)
#
# Decorators: `@no_grad()` calls the object with the function; `@no_grad` gives the function to the class itself,
# and `__new__` may then return the decorated function instead of a new object. (`super().__new__(cls)` makes the
# object. Where something else is returned, Python does not call `__init__`.) `functools.wraps` keeps a function's
# name.
#
# **Leave generators for the end**; they are worth less than a point. A decorated generator function
# (`inspect.isgeneratorfunction` knows them) runs in pieces, so each piece needs its own block. Return a generator
# function that makes the real generator and then goes round: *inside* a block, resume it, with `send(value)` or, if the
# caller threw an exception in, with `throw(error)`; *outside* the block, `yield` what came and take what the
# caller answers. When the real one ends, the value of `StopIteration` is what to return. When yours is closed (that is
# `GeneratorExit`, raised at your `yield`), close the real one, in a block too.

# %% tags=["exercise:grad-modes", "points:4"]
from course.parts.l04_graph import GradModeSwitch, no_grad, enable_grad, set_grad_enabled  # noqa: F401

# %%
torch.use(no_grad=no_grad, enable_grad=enable_grad, set_grad_enabled=set_grad_enabled)

# %% tags=["grade:grad-modes"]
grade("grad-modes", no_grad=no_grad, enable_grad=enable_grad, set_grad_enabled=set_grad_enabled)

# %% [markdown]
# The first program again, with your block instead of two lines that trust each other:


# %%
def validate(batch):
    """Score one batch without recording."""
    with torch.no_grad():
        return (weight * batch).sum()


for step in (train, validate, train):
    try:
        step(torch.ones(3 if step is validate else 2))
        print(step.__name__, "works")
    except RuntimeError as error:
        print(step.__name__, "fails:", error)

# %% [markdown]
# ## Exercise 3: `inference_mode` (3 points)
#
# What `no_grad` computes may still be used in training afterwards: as a target, say. So the engine has to keep an eye
# on it, and counts writes to its memory (lesson 6). `inference_mode` is a promise not to: nothing made inside
# is ever kept for a backward pass. Its tensors have no version counter, and know for ever where they come from.
#
# The engine does all that while `flags.inference` is set. Your block sets both flags, and puts both back as it found
# them. `inference_mode(False)` is its opposite: not inference, and recording on, even inside another. Derive it from
# your `GradModeSwitch`; what you repair there helps here too.

# %% tags=["exercise:inference-mode", "points:3"]
from course.parts.l04_graph import inference_mode

# %%
torch.use(inference_mode=inference_mode)

# %% tags=["grade:inference-mode"]
grade("inference-mode", inference_mode=inference_mode)

# %% [markdown]
# (One check of exercise 2 has waited for this one: run its grade cell again.)
#
# `c` was computed in inference mode. Which of the four lines in the cell below does torch allow outside? **Guess**,
# then run.

# %%
my_guesses = ["...", "...", "...", "..."]

# %%
x = leaf(1.0, 2.0)
with torch.inference_mode():
    c = x * 2
lines = {
    "x + c": lambda: x + c,
    "x * c": lambda: x * c,
    "c.requires_grad_()": lambda: c.requires_grad_(),
    "x * c.clone()": lambda: x * c.clone(),
}
for guess, (name, run) in zip(my_guesses, lines.items(), strict=True):
    try:
        run()
        outcome = "fine"
    except RuntimeError as error:
        outcome = str(error).split(".")[0]
    print(f"{name:18} you said {guess!r}, it is: {outcome}")

# %% [markdown]
# A sum keeps nothing for its rule, a product keeps the factor. The clone is an ordinary tensor again.
#
# ## Five ways to say no
#
# | you want | write | what people write instead |
# |---|---|---|
# | to predict, and never train on the result | `with torch.inference_mode():` | `model.eval()`, which still records |
# | to compute scores, or move weights by hand | `with torch.no_grad():` | `.data` |
# | a number of this graph as a constant, such as a target | `h.detach()` | `torch.tensor(h)`, `h.item()` |
# | to freeze some weights, and train those before them | `w.requires_grad_(False)` | `detach()`, which freezes both |
# | dropout off and BatchNorm fixed | `model.eval()`: another matter | `no_grad`, which changes neither |
#
# (The last line is claim [B21](../../docs/claims.md#b21).)
#
# ## The same programs on torch
#
# The eleven causes of the message, each on both engines. (Of an error the tables show its type, and the phrase
# that identifies it.) Which of them have you met?

# %%
compare("graph.element-0")

# %% [markdown]
# A block around a `yield` *inside* the generator is another matter than your decorator. Nobody gets between the pieces,
# and the mode leaks out to the caller, in torch as well:

# %%
compare("modes.generator-with-a-block")

# %% [markdown]
# The fifth sentence, and its cure. Three layers *A*, *B*, *C*: which of them get a gradient?

# %%
compare("graph.freeze-the-middle")

# %% [markdown]
# ## What it costs
#
# What is recorded is kept. A chain of 50 operations on one megabyte, and one of 5000 operations on two numbers:


# %%
import contextlib
import time
import tracemalloc


def chain(x, length):
    """Apply tanh again and again."""
    for _ in range(length):
        x = x.tanh()
    return x


wide, tiny = torch.ones(2**18, requires_grad=True), leaf(1.0, 2.0)
blocks = {"recording": contextlib.nullcontext(), "no_grad": torch.no_grad(), "inference_mode": torch.inference_mode()}
for name, block in blocks.items():
    with block:
        tracemalloc.start()
        result = chain(wide, 50)
        held = tracemalloc.get_traced_memory()[0] / 2**20
        tracemalloc.stop()
        start = time.perf_counter()
        chain(tiny, 5000)
        each = (time.perf_counter() - start) / 5000 * 1e6
    del result
    print(f"{name:15} holds {held:5.1f} MB,  {each:5.2f} microseconds an operation")

# %% [markdown]
# ## Back to the message
#
# "Element 0 of tensors" is the first tensor that `backward()` was called on: your loss. Explain to somebody who
# has the message and no idea where to begin, in two or three sentences: what to print, and in which order (not
# graded).

# %% [markdown]
# *Your words here.*

# %% [markdown]
# ## Beyond this lesson
#
# - Claims of two much-read tutorials, to judge before you look: a leaf is a tensor that the user created
#   ([A12](../../docs/claims.md#a12)); `requires_grad` can be changed on leaves only
#   ([A10](../../docs/claims.md#a10)); `.grad` can not be assigned again ([A9](../../docs/claims.md#a9));
#   `detach()` gives a leaf, and the graph ends there ([B10](../../docs/claims.md#b10)); it shares the data and
#   needs no gradient ([B1](../../docs/claims.md#b1)); it never will ([B2](../../docs/claims.md#b2)); volatile is
#   inherited ([B3](../../docs/claims.md#b3)); a change through the detached tensor shows in both
#   ([B4](../../docs/claims.md#b4)); before backward, `.grad` is None everywhere
#   ([B15](../../docs/claims.md#b15)); Tensor and Variable are one ([B12](../../docs/claims.md#b12)); where
#   `.grad` is None nothing is propagated ([B13](../../docs/claims.md#b13)); "element 0 of tensors does not
#   require grad" ([B14](../../docs/claims.md#b14)); the sigmoid example prints 0.1966 0.1050 0.0452
#   ([B19](../../docs/claims.md#b19)).
# - torch's own account of all modes, with the table of when to use which:
#   [Locally disabling gradient computation](https://docs.pytorch.org/docs/stable/notes/autograd.html#locally-disabling-gradient-computation).
# - torch's blocks are Python, as yours are:
#   [`grad_mode.py`](https://github.com/pytorch/pytorch/blob/main/torch/autograd/grad_mode.py), and for decorators, with
#   the same care for generators,
#   [`_contextlib.py`](https://github.com/pytorch/pytorch/blob/main/torch/utils/_contextlib.py).
# - The mode belongs to a thread: another one records, whatever happens in yours
#   (`compare("threads.grad-mode-is-local")`).
# - [`torch.inference_mode`](https://docs.pytorch.org/docs/stable/generated/torch.autograd.grad_mode.inference_mode.html)
#   lists what its tensors may not do.
#
# Keep what you built; your own engine grows with every lesson:

# %%
for part in (detach, detach_, no_grad, enable_grad, set_grad_enabled, inference_mode):
    print("saved", torch.save_part(part))
