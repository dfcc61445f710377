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
# # Lesson 0: Watch it run
#
# *About 10 minutes, not graded. You build nothing yet: you watch torch fail, see why, and see how this course
# works. Run each cell with Shift+Enter.*
#
# Thousands of people have met this line
# ([one of the threads](https://discuss.pytorch.org/t/6795)):
#
# > RuntimeError: Trying to backward through the graph a second time
#
# The message offers a flag. Most people paste it in, and the error goes away until the next one comes. In
# this course you build the machine that says it, in NumPy, piece by piece; afterwards such messages are
# descriptions of something you have seen.

# %%
import course.nptorch as engine  # from lesson 1 on the lessons call it torch
from autograder import grade
from course.compare import compare
from course.widgets import theatre

try:
    import torch
except ImportError:  # everything below works all the same, with what was recorded
    torch = None
    print("torch is not installed here: you will see what was recorded on it.")

# %% [markdown]
# ## Guess first
#
# The program of the next cell calls `backward()` twice on one loss. **Before you run it**: which of the two
# fails, and in which of its operations, `**`, `*` or `mean`? Write your guess down; a wrong guess you will
# remember is worth more than a right answer you have read.

# %%
my_guess = "..."

# %%
story = theatre.recorded("second-backward")
if torch is not None:
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    try:
        with theatre.record("backward twice", engine="torch", x=x) as story:
            loss = (x**2 * 4).mean()
            loss.backward()
            loss.backward()
    except RuntimeError as error:
        print("RuntimeError:", str(error).partition(" (")[0], "...")

theatre.show(story)

# %% [markdown]
# Click into the picture and step with the arrow keys, or press play. What you see is not a cartoon: these are
# the events of the run above, one by one.
#
# | in the picture | it is |
# |---|---|
# | a box at the edge, named `x` | a *leaf*: a tensor you made, with `requires_grad=True` |
# | `PowBackward0`, `MulBackward0`, `MeanBackward0` | *nodes*: one for each operation, recorded as it ran |
# | a small box on a node, with bytes | a *saved tensor*: what the node's derivative needs later |
# | numbers on their way | *gradients*, from the loss back to the leaf |
#
# Look for three moments:
#
# 1. While `x**2` is computed, its node keeps `x`: the slope of `x**2` is `2 * x`, and nobody else promises to
#    remember `x` until then.
# 2. In the first backward, right after a node has run, its small box vanishes. That is "freed".
# 3. In the second backward the first node that finds its box empty raises. Which one is it?
#
# <details><summary>Compare with your guess</summary>
#
# The second call fails, in `MulBackward0`: `mean` keeps no tensor, so it runs a second time without trouble;
# the product kept its factor 4, let go of it in the first pass, and is asked for it again.
# `(x + 1).sum()` keeps nothing at all, and there `backward()` works as often as you like.
#
# </details>
#
# ## The same as text
#
# Whatever the theatre shows can also be read:

# %%
print(story)

# %% [markdown]
# ## How a lesson works
#
# 1. It opens with an error message or a wrong number that people really met, and you reproduce it.
# 2. You write one to five *parts* of the engine: a function or a small class each, with a precise
#    specification and a small case to check by hand.
# 3. `torch.use(part=part)` plugs your part in. From that line on every `.backward()`, every picture and every
#    training loop of the notebook runs on **your** code. The parts of earlier lessons come along in the
#    folder `given/`, so a mistake in lesson 2 costs you nothing in lesson 5.
# 4. `compare("...")` runs one small program on your engine and on torch, and marks what differs.
# 5. `grade("...")` says how many points a part earns, and why. You can run it as often as you like.
#
# Here is what step 5 looks like for somebody who has misunderstood a rule of lesson 1. A rule is given the
# gradient `g` of a result and returns the gradient of an input:


# %%
def mul_self(g, other):
    """The rule of a * b for a, written by somebody who forgot something."""
    return g


def mul_other(g, self):
    """The same for b."""
    return g


def div_self(g, other):
    """The rule of a / b for a."""
    return g


def div_other(g, self, other):
    """The same for b."""
    return g


engine.use(mul_self=mul_self, mul_other=mul_other, div_self=div_self, div_other=div_other)
grade("rules-of-two-inputs", mul_self=mul_self, mul_other=mul_other, div_self=div_self, div_other=div_other)

# %% [markdown]
# It names the program in which it went wrong, what torch gives and what yours gives, and the numbers the program
# had drawn (here `x`, `w` and `g`). Its last line is the command for step 4:

# %%
compare("derivatives.rule-of-a-product", seed=-1)

# %% [markdown]
# At first the judge speaks of the simplest program only. When your teacher grades your notebook, the same judge
# runs it with a few more programs that are not in your copy, and it knows common wrong ideas by name.
#
# You can also play before you know anything. This bench changes a small program one switch at a time:

# %%
from course.widgets.bench import bench

bench("two-losses", engine="torch") if torch else print("This bench runs on torch, which is not installed here.")

# %% [markdown]
# ## What comes next
#
# Lesson 1 writes the derivatives, lesson 2 the walk back through the graph. In lesson 5 you will build
# `retain_graph` and meet the picture above again, on an engine of your own. Take them in order; each opens
# with the time it takes. Words that you meet: [glossary](../../docs/glossary.md).
