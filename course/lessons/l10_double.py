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
# # Lesson 10: Gradients of gradients
#
# *About 3 hours, 7 points. You build a Function that can be differentiated twice, `grad()` out of `backward()`, a
# Hessian-vector product, and the gradient penalty of WGAN-GP. Lessons 1 to 9 come along in the folder `given/`.
# Words that you meet are in the [glossary](../../docs/glossary.md).*
#
# A loss may contain a gradient: a penalty on the slope of a critic, a step of training inside the loss, the
# curvature of a network. Two things go wrong, and the second is the worse one:
#
# > RuntimeError: element 0 of tensors does not require grad and does not have a grad_fn
#
# and no error at all. The penalty is printed, it even falls, and it trains nothing
# ([somebody's penalty](https://github.com/ooples/AiDotNet/pull/1844); the
# [memory of another's](https://github.com/caogang/wgan-gp/issues/21)). At the end of this lesson you
# know which flag was missing, and what it does.

# %%
import warnings
from time import perf_counter

import course.nptorch as torch
from autograder import grade
from course.compare import compare
from course.widgets import theatre

torch.load_parts("given", lesson=10)  # the engine of lessons 1 to 9

# %% [markdown]
# Here is the silent one. A score, its slope with respect to the input, and a penalty on the slope's length.
# **Before you run it**: what will `w.grad` be with the penalty in the loss, and what without?

# %%
my_guess = "..."  # the same, or different?


# %%
def training_step(penalty_weight):
    """Return w.grad of a loss with a penalty on the slope."""
    w = torch.tensor([1.0, -2.0], requires_grad=True)
    x = torch.tensor([[0.5, 1.0], [2.0, 0.25]], requires_grad=True)
    score = (x @ w).tanh().sum()
    (slope,) = torch.autograd.grad(score, x, retain_graph=True)
    penalty = ((slope.norm(dim=1) - 1) ** 2).mean()
    print(f"penalty {penalty.item():.4f}, requires_grad: {penalty.requires_grad}")
    (score + penalty_weight * penalty).backward()
    return w.grad


print("with:   ", training_step(10.0))
print("without:", training_step(0.0))

# %% [markdown]
# <details><summary>What happened, once you have run it</summary>
#
# The same numbers twice. `slope` is a gradient like any other: numbers without a history. So is the penalty,
# and adding a number to a loss changes no gradient. Had you called `penalty.backward()` alone, you would have
# had the error above; in a sum with a term that does have a history nobody complains.
#
# </details>
#
# Both engines do it:

# %%
compare("double.penalty-without-create-graph")

# %% [markdown]
# ## What `create_graph=True` does
#
# A backward pass multiplies and adds. Those are operations like those of the forward pass, so they can be
# recorded like them. That is all there is to the flag:
#
# | | `create_graph=False` | `create_graph=True` |
# |---|---|---|
# | recording during the pass | off | on |
# | gradients are | plain arrays | Tensors with a `grad_fn` |
# | `retain_graph` unless you say otherwise | False | True: the new graph leads into the old one |
#
# The same rules run in both cases: `g * y` of `exp` is one line that works on arrays and on Tensors.

# %%
x = torch.tensor([1.0, 2.0], requires_grad=True)
y = (x**3).sum()
(plain,) = torch.autograd.grad(y, x, retain_graph=True)
(slope,) = torch.autograd.grad(y, x, create_graph=True)
print("without:", plain)
print("with:   ", slope)
(second,) = torch.autograd.grad(slope.sum(), x)
print("6 x:    ", second)

# %% [markdown]
# Watch the second graph grow out of the first. Step to the first pass: every node that runs records new nodes
# as it runs, and nothing is freed until the second pass.

# %%
x = torch.tensor([1.0, 2.0], requires_grad=True)
with theatre.record("the slope of a slope", x=x) as story:
    y = (x**3).sum()
    (slope,) = torch.autograd.grad(y, x, create_graph=True)
    slope.sum().backward()
theatre.show(story)

# %% [markdown]
# Mend the opening program with one flag, in your head: which line? Then check:

# %%
w = torch.tensor([1.0, -2.0], requires_grad=True)
x = torch.tensor([[0.5, 1.0], [2.0, 0.25]], requires_grad=True)
score = (x @ w).tanh().sum()
(slope,) = torch.autograd.grad(score, x, create_graph=True)
penalty = ((slope.norm(dim=1) - 1) ** 2).mean()
(score + 10 * penalty).backward()
print(w.grad)

# %% [markdown]
# ## Exercise 1: a backward that can be differentiated (2 points)
#
# In lesson 9 you wrote a Function with a backward of its own. Now that backward itself is differentiated: with
# `create_graph=True` the engine runs it with recording on, and what it returns gets a history. From *what*
# that history is made is up to you.
#
# The operation is swish, also called SiLU: `y = x * s` with `s = sigmoid(x)`. Its slope is
# `s * (1 + x * (1 - s))`. An author wants to save time and keeps what is there already:
#
# ```python
# def forward(ctx, x):
#     s = x.sigmoid()
#     ctx.save_for_backward(x, s)      # s again in backward? no, kept
#     return x * s
#
# def backward(ctx, g):
#     x, s = ctx.saved_tensors
#     return g * s * (1 + x * (1 - s))
# ```
#
# **Think first**: the first derivative of this is right. What is wrong with the second one?

# %%
my_answer = "..."

# %% [markdown]
# <details><summary>Compare, once you have an answer</summary>
#
# Inside `forward` nothing is recorded, so `s` has no history: for the second pass it is a constant, like a
# number that you typed in. The term with the slope of `s` is missing, and no error says so. torch's own
# [tutorial on double backward](https://docs.pytorch.org/tutorials/intermediate/custom_function_double_backward_tutorial.html)
# warns of this. What you save must be an input or an output of the Function; those have a history.
#
# </details>
#
# A case to check by hand: at `x = 0` the value is 0, the slope 1/2, and the second derivative 1/2.

# %% tags=["exercise:swish", "points:2"]
from course.parts.l10_double import swish_backward, swish_forward

# %%
torch.use(swish_forward=swish_forward, swish_backward=swish_backward)


class Swish(torch.autograd.Function):
    """Your two functions as an operation."""

    forward = staticmethod(swish_forward)
    backward = staticmethod(swish_backward)


x = torch.tensor([0.0], requires_grad=True)
(slope,) = torch.autograd.grad(Swish.apply(x), x, create_graph=True)
(second,) = torch.autograd.grad(slope, x)
print("slope", slope.item(), "second derivative", second.item())

# %% tags=["grade:swish"]
grade("swish", swish_forward=swish_forward, swish_backward=swish_backward)

# %% [markdown]
# There is a tool that finds such mistakes without knowing the right formula: `gradgradcheck` compares with
# differences of slopes (lesson 1). It takes the first derivative for right: in the table it passes a wrong sign,
# as `gradcheck` passes what cannot be differentiated again. Ask both. Where an author wants to say "not twice,
# please", `once_differentiable` turns the silent mistake into an error.

# %%
x = torch.tensor([0.3, -1.2], dtype=torch.float64, requires_grad=True)
print("gradcheck:    ", torch.autograd.gradcheck(Swish.apply, (x,)))
print("gradgradcheck:", torch.autograd.gradgradcheck(Swish.apply, (x,)))

# %%
compare("double.gradcheck-finds-a-mistake")

# %% [markdown]
# ## Exercise 2: hand it out, do not add it up (2 points)
#
# `backward()` adds to `.grad`. For a gradient inside a loss that is the wrong place: the optimizer would take
# it for a gradient of the loss. `torch.autograd.grad` hands gradients out and touches no `.grad`. Build it
# from `backward` alone. What you need is one argument you may not have met: `y.backward(inputs=[x])` fills
# the `.grad` of these leaves only.
#
# ```python
# a = torch.tensor(2.0, requires_grad=True)
# b = torch.tensor(5.0, requires_grad=True)
# a.grad = torch.tensor(100.0)           # from an earlier pass
# grad(a * b, [a])                       # (tensor(5.),)
# a.grad, b.grad                         # (tensor(100.), None): as they were
# ```
#
# Two questions before you write: what must `.grad` be when the pass begins? And what if the pass raises?

# %% tags=["exercise:handed-out", "points:2"]
from course.parts.l10_double import grad

# %%
torch.use(grad=grad)

# %% tags=["grade:handed-out"]
grade("handed-out", grad=grad)

# %% [markdown]
# Newton's method needs a slope and a curvature. It runs on your function. (The engine warns of
# `backward(create_graph=True)`, in torch's words; the reason follows.)

# %%
warnings.filterwarnings("ignore", message="Using backward")
x = torch.tensor([2.0], dtype=torch.float64, requires_grad=True)
for turn in range(6):
    value = (x.exp() - 3 * x).sum()
    (slope,) = grad(value, [x], create_graph=True)
    (curvature,) = grad(slope, [x])
    print(f"turn {turn}: x = {x.item():.12f}, slope = {slope.item():.1e}")
    x = (x - slope / curvature).detach().requires_grad_()

# %% [markdown]
# Why the warning? After `backward(create_graph=True)` the leaf's `.grad` has a graph, the graph leads to the
# leaf, and so neither goes away (the cycle of lesson 5). Your version breaks the cycle when it puts `.grad`
# back. `torch.autograd.grad` never makes it.

# %%
compare("double.backward-warns")

# %% [markdown]
# ## Exercise 3: Hessian times vector (1.5 points)
#
# The second derivatives of a function of n numbers are an n x n matrix, the Hessian. For a network with a
# million weights nobody can store it. But its product with one vector costs about as much as two backward
# passes: take the slope with `create_graph=True`, then start a second pass *at the slope* with the vector
# as its incoming gradient. (Both `grad` and `torch.autograd.grad` will do; the second takes
# `materialize_grads=True`, which gives zeros for what does not count. Either raises if what it starts from has no
# graph at all: can that happen here?)
#
# ```python
# f = lambda t: t[0] ** 2 * t[1]            # Hessian [[2 t1, 2 t0], [2 t0, 0]]
# x = torch.tensor([3.0, 5.0])
# hvp(f, x, torch.tensor([1.0, 0.0]))       # tensor([10., 6.]): the first column
# ```

# %% tags=["exercise:hessian-vector", "points:1.5"]
from course.parts.l10_double import hvp

# %%
torch.use(hvp=hvp)

# %% tags=["grade:hessian-vector"]
grade("hessian-vector", hvp=hvp)

# %% [markdown]
# What it costs, in calls: the full Hessian by rows against one product.

# %%
n = 300
matrix = torch.randn(n, n, dtype=torch.float64)
point, direction = torch.randn(n, dtype=torch.float64), torch.randn(n, dtype=torch.float64)


def quartic(t):
    """Any function whose Hessian depends on where you are."""
    return ((matrix @ t).tanh() ** 2).sum()


start = perf_counter()
product = hvp(quartic, point, direction)
one_product = perf_counter() - start
start = perf_counter()
hessian = torch.autograd.functional.hessian(quartic, point)
whole = perf_counter() - start
print(f"largest difference: {(hessian @ direction - product).abs().max().item():.1e}")
print(f"the whole Hessian takes {whole / one_product:.0f} times as long as one product, and {hessian.nbytes:,} bytes")

# %% [markdown]
# ## Exercise 4: the gradient penalty (1.5 points)
#
# WGAN-GP ([paper](https://arxiv.org/abs/1704.00028)) asks that the critic's slope has length 1 at points
# between real and generated examples. Put together what you have: a point for each pair, **detached** from the
# generator; the slope there, recorded; a length **for each example**; the mean of `(length - 1) ** 2`.
#
# One trap that real code fell into: `(slope ** 2).sum(1).sqrt()` has an infinite derivative where the slope is
# exactly 0, and infinity times 0 is `nan`: one flat example, and all weights are gone. `norm(dim=1)` is
# defined to have derivative 0 there, and needs no small number under the root, which would change the length.

# %%
v = torch.tensor([[0.0, 0.0]], requires_grad=True)
(v**2).sum(1).sqrt().sum().backward()
print("by sqrt:", v.grad)
v.grad = None
v.norm(dim=1).sum().backward()
print("by norm:", v.grad)

# %% [markdown]
# A tiny case: for the critic `t -> 3 * t[:, 0]` every slope is `(3, 0)`, every length 3, and so the penalty is
# `10 * (3 - 1) ** 2 = 40`, wherever the points are.

# %% tags=["exercise:penalty", "points:1.5"]
from course.parts.l10_double import gradient_penalty

# %%
torch.use(gradient_penalty=gradient_penalty)

# %% tags=["grade:penalty"]
grade("penalty", gradient_penalty=gradient_penalty)

# %% [markdown]
# Does it train? A critic of two layers, its average slope length before and after 60 steps on the penalty
# alone:

# %%
torch.manual_seed(0)
critic = torch.nn.Sequential(torch.nn.Linear(2, 16), torch.nn.Tanh(), torch.nn.Linear(16, 1))
optimizer = torch.optim.Adam(critic.parameters(), lr=0.02)
real, fake = torch.randn(64, 2), torch.randn(64, 2) + 2


def average_length():
    """Return the mean length of the critic's slope at the real points."""
    points = real.detach().clone().requires_grad_()
    (slope,) = torch.autograd.grad(critic(points).sum(), points)
    return slope.norm(dim=1).mean().item()


print(f"before: {average_length():.3f}")
for _ in range(60):
    optimizer.zero_grad()
    gradient_penalty(critic, real, fake, torch.rand(64, 1)).backward()
    optimizer.step()
print(f"after:  {average_length():.3f}")

# %% [markdown]
# ## The same programs on torch

# %%
compare("double.wgan-gp")

# %%
compare("double.release-of-both-graphs")

# %% [markdown]
# ## Back to the message
#
# "element 0 of tensors does not require grad and does not have a grad_fn": of which tensor does it speak, if
# the call was `penalty.backward()`? And why was there no message in the program at the top? Two or three
# sentences, as you would have liked to find them (not graded):

# %% [markdown]
# *Your words here.*

# %% [markdown]
# ## What it costs
#
# A recorded backward keeps its graph on top of the first one. On this engine and on torch alike, a step with a
# penalty takes several times a plain step: forward, the recorded pass, and a pass through both graphs.

# %%


def fastest(step):
    """Return the seconds of the fastest of twenty runs: the others were disturbed."""
    seconds = []
    for _ in range(20):
        start = perf_counter()
        step()
        seconds.append(perf_counter() - start)
    return min(seconds)


plain = fastest(lambda: critic(real).mean().backward())
penalized = fastest(lambda: gradient_penalty(critic, real, fake, torch.rand(64, 1)).backward())
print(f"a step with a penalty takes {penalized / plain:.1f} times a plain one here")

# %% [markdown]
# ## Beyond this lesson
#
# - A claim of a much-read tutorial, to judge before you look: `retain_graph` defaults to the value of
#   `create_graph` ([A17](../../docs/claims.md#a17)).
# - torch can also differentiate forwards and take gradients as functions:
#   [`torch.func`](https://docs.pytorch.org/docs/stable/func.html) has `grad`, `vjp`, `jvp`, `vmap`, `hessian`.
# - [`torch.autograd.functional`](https://docs.pytorch.org/docs/stable/autograd.html#functional-higher-level-api)
#   has `hvp`, `jacobian` and `hessian` for functions of several inputs.
# - In a training loop, mind what the recorded graph holds: a list of penalties keeps both graphs of each.
#
# Keep what you built:

# %%
for part in (swish_forward, swish_backward, grad, hvp, gradient_penalty):
    print("saved", torch.save_part(part))

# %% [markdown]
# With that, everything from the rules to gradients of gradients can be your own. How much of it is, and how often
# does it do what torch does? Open a terminal (File, New, Terminal) and run
#
# ```
# gradschool my-engine
# ```
#
# It takes what the lessons saved, puts the given parts where you have none, and runs every program that this course
# compares with torch. Lesson 11 trains on the same engine.
