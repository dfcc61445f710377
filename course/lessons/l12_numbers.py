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
# # Lesson 12: Numbers: CPU and GPU
#
# *Optional: about 2 hours, 5 points on top of the 100. You build the ruler of `torch.testing.assert_close`, the
# rounding of TF32 and bfloat16, and an honest timer. You need lesson 1, no GPU. [Glossary](../../docs/glossary.md).*
#
# Two programs that people ran on a new GPU, with float32 tensors
# ([one](https://github.com/pytorch/pytorch/issues/53635),
# [two](https://github.com/pytorch/pytorch/issues/78275)):
#
# | program | older GPU, and CPU | new GPU |
# |---|---|---|
# | `tensor([1024.5]) @ tensor([[1.0]])` | 1024.5 | **1025** |
# | `z @ identity @ z` with `z = tensor([0, 3.14])` | 9.8596 | **9.8616** |
#
# Neither is a bug, and neither GPU was broken. At the end of this lesson you will have made both numbers on a
# CPU, digit for digit. You will know which switch was on, how large an error may be before you should worry, and
# how a timer can say that all of this took 0 ms.

# %%
import time

import numpy as np

import course.nptorch as torch
from autograder import grade
from course.compare import compare, timing, training
from course.models.histogram import Histogram
from course.models.pretend import Device
from course.nptorch.parts import plugged

torch.load_parts("given", lesson=12)  # the engine of lessons 1 to 11

# %% [markdown]
# A suspicion: float16 keeps 10 bits of mantissa where float32 keeps 23. **Guess first**: which of the two bold
# numbers will this print?

# %%
my_guess = "..."

# %%
x = torch.tensor(3.14)
print("3.14 as float16, times 3.14:", x.half().float() * x)
print("1024.5 as float16:          ", torch.tensor(1024.5).half())

# %% [markdown]
# <details><summary>What to make of it, once you have run it</summary>
#
# 9.8616 is there, so it has to do with 10 bits. 1024.5 became 1024 and not 1025: it is exactly halfway between
# two numbers that have 10 bits, and float16 goes the other way from there. Exercise 2 is about this.
#
# </details>
#
# ## How far apart may two right results be?
#
# First the ruler. The same 10,000 float32 numbers are added up in 20 different orders. **How many different results
# will there be?**

# %%
numbers = np.random.RandomState(0).standard_normal(10_000).astype(np.float32)
orders = [np.random.RandomState(seed).permutation(numbers) for seed in range(20)]
sums = [np.add.accumulate(one)[-1] for one in orders]  # one after the other, each sum rounded
exact = numbers.astype(np.float64).sum()
print("different results:", len(set(sums)))
print(f"furthest from the exact {exact:.6f}: {max(abs(one - exact) for one in sums):.6f}")

# %% [markdown]
# Many GPU kernels add as their threads happen to finish, so one program can give other last digits on each run
# ([torch's list of them](https://docs.pytorch.org/docs/stable/notes/randomness.html); not run here, it takes a GPU).
# All of these sums are right, so `==` asks the wrong question. `torch.testing.assert_close` asks a better one:
#
# `|actual - expected| <= atol + rtol * |expected|`
#
# with tolerances that come from the dtype ([documentation](https://docs.pytorch.org/docs/stable/testing.html)):
#
# | dtype | rtol | atol | rtol in steps at 1 |
# |---|---|---|---|
# | float16 | 1e-3 | 1e-5 | 1 |
# | bfloat16 | 1.6e-2 | 1e-5 | 2 |
# | float32 | 1.3e-6 | 1e-5 | 11 |
# | float64 | 1e-7 | 1e-7 | 450,000,000 |
# | whole numbers, bool | 0 | 0 | |
#
# A step at 1 is the distance from 1 to the next number of that dtype. So these are for a few roundings in a row, and
# for float64 more than anybody needs. Four questions; write `"close"` or `"not close"` **before** you build the answer:
#
# 1. 1.0, where 2.0 is expected, with `rtol=0.5, atol=0`.
# 2. The other way round: 2.0, where 1.0 is expected.
# 3. A float32 gradient of 0.0, where 0.000009 is expected, with the tolerances of the table.
# 4. 1e30, where infinity is expected, with `atol=inf`.

# %%
my_guesses = ["...", "...", "...", "..."]

# %% [markdown]
# ## Exercise 1: `tolerance` and `is_close` (1.5 points)
#
# The engine has all of `torch.testing.assert_close` but the two functions that decide. Where dtypes differ (somebody
# said `check_dtype=False`) the looser tolerance counts: beside a float16 a float64 is no better. A tiny case:
#
# ```python
# tolerance("float64", "float32")                                            # (1.3e-06, 1e-05)
# is_close(np.array([1.0, 2.0]), np.array([2.0, 1.0]), rtol=0.5, atol=0.0)   # [ True False]
# ```
#
# Before you write: what is inf - inf, and how large is the tolerance beside inf? What is 3 - 4 in `uint8`? Which
# int64 does float64 not know? And which arrays may you write into?

# %% tags=["exercise:close-enough", "points:1.5"]
from course.parts.l12_numbers import is_close, tolerance

# %% [markdown]
# Plug them in, and **run this cell again after every change**. From here on `assert_close` is yours:

# %%
torch.use(tolerance=tolerance, is_close=is_close)
print(tolerance("float64", "float32"), is_close(np.array([1.0, 2.0]), np.array([2.0, 1.0]), rtol=0.5, atol=0.0))

# %% tags=["grade:close-enough"]
grade("close-enough", tolerance=tolerance, is_close=is_close)


# %%
def verdict(actual, expected, dtype=torch.float64, **how):
    """Ask assert_close about two numbers."""
    try:
        torch.testing.assert_close(torch.tensor(actual, dtype=dtype), torch.tensor(expected, dtype=dtype), **how)
    except AssertionError:
        return "not close"
    return "close"


inf = float("inf")
answers = [verdict(1.0, 2.0, rtol=0.5, atol=0.0), verdict(2.0, 1.0, rtol=0.5, atol=0.0)]
answers += [verdict(0.0, 9e-6, torch.float32), verdict(1e30, inf, rtol=0.0, atol=inf)]
for number, (guess, answer) in enumerate(zip(my_guesses, answers, strict=True), start=1):
    print(f"{number}. you said {guess!r}, it is {answer!r}")
close = [verdict(float(one), float(exact), torch.float32) for one in sums].count("close")
print("of the 20 sums, close to the exact one:", close)

# %% [markdown]
# <details><summary>Why, once you have run it</summary>
#
# 1 and 2: the tolerance is relative to the expected number alone, so the order of the arguments matters.
# 3 is the one to remember: **every float32 gradient below 0.00001 is close to 0**. A test of small gradients
# passes with a backward that returns nothing but zeros. Scale the loss up, test in float64 (lesson 1), or set
# `atol=0`. 4: a finite number is never close to an infinite one. And a third of the sums, all of them right, are *not*
# close: the defaults are for a few roundings, not for 10,000. Whoever knows what was computed sets rtol and atol.
#
# </details>
#
# What does your ruler say of the GPU's 9.8616?

# %%
try:
    torch.testing.assert_close(torch.tensor([9.8616]), torch.tensor([9.8596]))
except AssertionError as error:
    print(error)
compare("close.which-one-is-expected")

# %% [markdown]
# Two parts in ten thousand, from two factors: no order of additions explains that.
#
# ## What a float32 is made of
#
# 32 bits: a sign, 8 bits of exponent, 23 bits of mantissa behind a leading 1 that is not stored.


# %%
def bits(number):
    """Write the 32 bits of a float32, with a mark behind the 10th bit of the mantissa."""
    word = f"{np.float32(number).view(np.uint32):032b}"
    return f"{word[0]} {word[1:9]} {word[9:19]}|{word[19:]}"


for number in (1.0, 1024.0, 1024.5, 1025.0, 3.14, 3.140625):
    print(f"{number:9} {bits(number)}")

# %% [markdown]
# | format | sign, exponent, mantissa | largest number | step at 1 |
# |---|---|---|---|
# | float64 | 1, 11, 52 | 1.79e308 | 2.2e-16 |
# | float32 | 1, 8, 23 | 3.4e38 | 1.2e-7 |
# | TF32 | 1, 8, 10 | 3.4e38 | 9.8e-4 |
# | float16 | 1, 5, 10 | 65504 | 9.8e-4 |
# | bfloat16 | 1, 8, 7 | 3.4e38 | 7.8e-3 |
#
# TF32 is no dtype: the tensors are float32 and stay it, and nothing in your program says more. From Ampere on, a GPU's
# tensor cores can multiply matrices and convolve so that of each factor
# [only the first 10 bits of the mantissa count](https://docs.pytorch.org/docs/stable/notes/numerical_accuracy.html);
# they add up in float32. In [torch's own example](https://docs.pytorch.org/docs/stable/notes/cuda.html#tf32-on-ampere)
# that takes 0.016 s instead of 0.11. Two switches allow it: `torch.backends.cuda.matmul.allow_tf32` for products of
# matrices, `torch.backends.cudnn.allow_tf32` for convolutions. **Guess their state**, if nobody has touched them:

# %%
my_guess = ("...", "...")  # (products, convolutions), True or False each

# %%
compare("numbers.tf32-switches")

# %% [markdown]
# <details><summary>What is behind it, once you have run it</summary>
#
# Products: no, [since torch 1.12](https://github.com/pytorch/pytorch/issues/84334); the two reports are older.
# Convolutions: yes, to this day. So a network with convolutions computes in TF32 on such a GPU, and beyond the third
# digit or so its loss is not that of your CPU, unless you set the second switch to False. "Set to high" is the first
# by its other handle, `torch.set_float32_matmul_precision`. (Read on a CPU; what switches do takes such a GPU.)
#
# </details>
#
# ## Exercise 2: `round_mantissa` (2 points)
#
# Round float32 to fewer bits, by working on the bits themselves: `x.numpy().view(np.uint32)` reads the memory of a
# float32 tensor as whole numbers. What has to be done to these, in the patterns above, to come from 3.14 to 3.140625?
# And if the bits before the mark are all 1, where does that end?
#
# `ties` says what happens exactly halfway. Almost everything rounds `"even"`: float16, bfloat16, and float32
# itself. One of NVIDIA's conversions to TF32 goes `"away"` from 0: `cvt.rna` in its
# [instruction set](https://docs.nvidia.com/cuda/parallel-thread-execution/#data-movement-and-conversion-instructions-cvt).
#
# And then the numbers at the edges: the largest ones; inf, whose exponent is all 1 and whose mantissa is 0; nan, the
# same with any other mantissa; -0.0; and those below 2**-126, whose exponent is all 0 and which have no leading 1.
#
# | number | bits | ties | becomes |
# |---|---|---|---|
# | 3.14 | 10 | either | 3.140625 |
# | 1024.5 | 10 | even | 1024 |
# | 1024.5 | 10 | away | 1025 |
# | 1025.5 | 10 | even | 1026 |
# | -1.9999999 | 10 | either | -2 |
# | 1 + 2**-23 | 23 | either | itself |

# %% tags=["exercise:short-mantissa", "points:2"]
from course.parts.l12_numbers import round_mantissa

# %%
torch.use(round_mantissa=round_mantissa)
x = torch.tensor([3.14, 1024.5, 1025.5, -1.9999999])
print("even:", round_mantissa(x, 10).tolist())
print("away:", round_mantissa(x, 10, ties="away").tolist())

# %% tags=["grade:short-mantissa"]
grade("short-mantissa", round_mantissa=round_mantissa)


# %% [markdown]
# Now the two programs of the first cell, on a CPU. Only products with a matrix go through tensor cores; the last `@` of
# the second program has two vectors, and stays float32.


# %%
def tf32(x):
    """Return what a tensor core sees of float32."""
    return round_mantissa(x.detach(), 10, ties="away")


z, identity = torch.tensor([0.0, 3.14]), torch.eye(2)
print(tf32(torch.tensor([1024.5])) @ tf32(torch.tensor([[1.0]])))
print((tf32(z) @ tf32(identity)) @ z)

# %% [markdown]
# Both, digit for digit. bfloat16 is the same function with another number, and there torch is the judge, on a CPU:

# %%
compare("rounding.seven-bits")

# %% [markdown]
# ## How large is the error of a product?
#
# A factor loses at most 2**-11 of its size, and a product of matrices adds up many such errors, of both signs.
# **Guess**: with 4096 terms instead of 16, by how much is the relative error of TF32 larger?

# %%
my_guess = "..."


# %%
def product_errors(inner, outer=64):
    """Multiply in several formats; return each error, as a part of the typical element of the product."""
    draw = np.random.RandomState(0)
    a, b = (torch.tensor(draw.standard_normal(s).astype(np.float32)) for s in ((outer, inner), (inner, outer)))
    right = a.double() @ b.double()
    size = (right**2).mean().sqrt()
    made = {
        "float32": a @ b,
        "TF32": tf32(a) @ tf32(b),
        "float16": a.half() @ b.half(),
        "bfloat16": round_mantissa(round_mantissa(a, 7) @ round_mantissa(b, 7), 7),
    }
    return {name: ((one.double() - right) / size).numpy() for name, one in made.items()}


for inner in (16, 256, 4096):
    middle = {name: np.median(np.abs(one)) for name, one in product_errors(inner).items()}
    print(f"{inner:4} terms  " + "  ".join(f"{name} {one:.1e}" for name, one in middle.items()))
Histogram(product_errors(256), "Errors of a product of matrices with 256 terms, relative to its typical element")

# %% [markdown]
# <details><summary>What to make of it, once you have run it</summary>
#
# It is the same: the errors add up as the terms do. TF32 is off by a few parts in ten thousand at any size, and so is
# float16: it is the factors that cost. Hold such a product against a CPU with a tolerance of some parts in a thousand
# *of its typical element*: one that nearly cancels keeps the error of its terms. bfloat16 is about ten times as rough.
#
# </details>
#
# ## Does it matter for training?
#
# The backward of a product is two more products, and all three are rounded. As a `Function` (lesson 9):


# %%
class ProductInTF32(torch.autograd.Function):
    """a @ b for matrices, as a GPU with TF32 switched on has it, forward and backward."""

    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return tf32(a) @ tf32(b)

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        return tf32(g) @ tf32(b).t(), tf32(a).t() @ tf32(g)


def losses_of(product, dtype=torch.float32):
    """Train a small net that sorts points by the quarter they are in; return the loss of each of 50 steps."""
    draw = np.random.RandomState(0)
    points = torch.tensor(draw.standard_normal((200, 2)), dtype=dtype)
    quarter = (points[:, 0] > 0).long() + 2 * (points[:, 1] > 0).long()
    weights = [torch.tensor(draw.standard_normal(shape) / 2, dtype=dtype) for shape in ((2, 32), (32, 4))]
    optimizer = torch.optim.SGD([w.requires_grad_() for w in weights], lr=0.5)
    found = []
    for _ in range(50):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(product(product(points, weights[0]).tanh(), weights[1]), quarter)
        loss.backward()
        optimizer.step()
        found.append(loss.item())
    return found


right = losses_of(torch.matmul, torch.float64)
single, coarse = losses_of(torch.matmul), losses_of(ProductInTF32.apply)
for step in (0, 9, 49):
    off = abs(single[step] - right[step]), abs(coarse[step] - right[step])
    print(f"step {step + 1:2}: loss {right[step]:.6f}, float32 is off by {off[0]:.0e}, TF32 by {off[1]:.0e}")

# %% [markdown]
# TF32 loses a few digits more than float32, and the net learns as well. That is the deal. It is a bad one for rotations
# and distances, where the digits are the result, and when you compare two runs digit by digit.
#
# The same question with real formats: one program, step for step, in every way that this machine has:

# %%
table = training.table("mlp")
table

# %%
table.plot()

# %% [markdown]
# ## Why the timer said 0 ms
#
# A call to a GPU does not do the work. It queues it and comes back; the GPU works while your program goes on
# ([torch on this](https://docs.pytorch.org/docs/stable/notes/cuda.html#asynchronous-execution)). This lesson
# has a pretend GPU, with a queue and a clock that only it moves. **Guess** what both lines say of work that takes 5 ms:

# %%
my_guess = ("...", "...")

# %%
gpu = Device()
work = gpu.job(0.005)  # each call takes 5 ms on the device
start = gpu.clock()
work()
print(f"as people measure: {1000 * (gpu.clock() - start):.3f} ms")
start = gpu.clock()
work()
gpu.synchronize()  # wait until the queue is empty
print(f"and the next call: {1000 * (gpu.clock() - start):.3f} ms")

# %% [markdown]
# <details><summary>What happened, once you have run it</summary>
#
# The first is the time to queue something: 0 ms, once rounded. The second waits, and so it pays for both calls. Such
# numbers get published ([0.03 ms that were 1.36](https://github.com/TristanBilot/mlx-benchmark/pull/21),
# [6 ms that were 200](https://github.com/arrufat/dlib-pytorch-benchmark/pull/2)).
#
# </details>
#
# ## Exercise 3: `measure` (1.5 points)
#
# Three more traps. The first calls set things up, so some come first that are not measured. One call in a while
# is interrupted, so the answer is a median, not a mean. And a time without a spread says nothing, so the
# distance between the quartiles comes with it, as in
# [torch.utils.benchmark](https://docs.pytorch.org/docs/stable/benchmark_utils.html).
#
# `synchronize` and `clock` are handed in: here `gpu.synchronize` and `gpu.clock`, on a real GPU
# `torch.cuda.synchronize` and `time.perf_counter`.
#
# A tiny case: the calls take 400, 5, 6 and 7 ms on the device, and 0.008 ms to queue. With `warmup=1, repeats=3` the
# times are 5.008, 6.008 and 7.008 ms, their median is 6.008, and the quartiles, halfway to the neighbours, are 1 apart.

# %% tags=["exercise:honest-timer", "points:1.5"]
from course.parts.l12_numbers import measure

# %%
torch.use(measure=measure)
gpu = Device(launch=0.000008)
gpu.run(0.9)  # somebody else's work, still in the queue
job = gpu.job(0.4, 0.005, 0.006, 0.007)
print([round(1000 * seconds, 3) for seconds in measure(job, gpu.synchronize, gpu.clock, warmup=1, repeats=3)])

# %% tags=["grade:honest-timer"]
grade("honest-timer", measure=measure)

# %% [markdown]
# Your timer, on your engine. NumPy has done its work when a call returns, so there is nothing to wait for. **From
# which size on** will the time grow with the number of elements?


# %%
def nothing():
    """Wait for a device that has no queue."""


for size in (16, 256, 4096, 65536, 1048576):
    x, y = torch.ones(size), torch.ones(size)
    median, spread = plugged.measure(lambda x=x, y=y: x * y, nothing, time.perf_counter, repeats=30)
    each = 1e9 * median / size
    print(f"{size:8} elements: {1e6 * median:8.1f} us, quartiles {1e6 * spread:7.1f} us apart, {each:9.3f} ns each")

# %% [markdown]
# Small tensors cost the same whatever their size: Python and the engine, not arithmetic. A GPU has such a floor, too
# (a launch takes microseconds), and wins above it only. All engines that this machine has, beside its own limits. What
# its last lines call disturbed had to share the cores with other programs: do not believe it, run it again.

# %%
sweep = timing.sweep(budget=8)
sweep

# %%
sweep.plot()

# %% [markdown]
# Three questions to put to any time you read: was there a wait before each look at the clock? (`.item()`, `.cpu()`
# and `print` wait as well, and take the blame for the work before them.) Was it warm? How far apart were the repeats?
#
# ## What it costs
#
# Rounding in NumPy saves no time. What does it cost beside the product whose factors it rounds?

# %%
a = torch.ones(64, 64)
plain, _ = measure(lambda: a @ a, nothing, time.perf_counter)
pretended, _ = measure(lambda: tf32(a) @ tf32(a), nothing, time.perf_counter)
print(f"float32 {1e6 * plain:.0f} us, pretended TF32 {1e6 * pretended:.0f} us")

# %% [markdown]
# ## Back to the two numbers
#
# Write to the person with the 1025: what their GPU did, which switch it was, whether they should turn it off, and with
# which tolerance to hold CPU and GPU against each other. Two or three sentences (not graded):

# %% [markdown]
# *Your words here.*

# %% [markdown]
# <details><summary>Beside yours: what it may be when a GPU gives other numbers</summary>
#
# | one product is off, beside its typical element, by | likely | then |
# |---|---|---|
# | up to 1e-5 | another order of additions | nothing to mend |
# | 1e-4 to 1e-3 | TF32, or float16 | the two switches; autocast |
# | 1e-3 to 1e-2 | bfloat16 | autocast |
# | all of it | other random numbers: one seed need not draw the same there | draw on the CPU, then `.to(device)` |
#
# Compare one step: each can make a difference larger. What is as large in float64 is not rounding.
#
# </details>
#
# ## On a GPU
#
# How many bits of a product are right, with TF32 and without? If no GPU is here, and none was recorded, the next cell
# says so. `gradschool scenarios cuda` lists more such programs: memory, streams, copies, errors that come late.

# %%
compare("cuda.tf32")

# %% [markdown]
# ## Beyond this lesson
#
# What follows takes a GPU and was not run here; the pages are torch's.
#
# - How a library rounds what it feeds to tensor cores is its own affair: torch says how many bits count, not how the
#   last one comes about. The reported 1025 fits ties away from 0; to even, or cut off, it would be 1024.
# - [CUDA events](https://docs.pytorch.org/docs/stable/generated/torch.cuda.Event.html) are marks in the queue itself:
#   they time the device without the host.
# - [Autocast](https://docs.pytorch.org/docs/stable/amp.html) chooses float16 or bfloat16 for each operation.
# - [`use_deterministic_algorithms`](https://docs.pytorch.org/docs/stable/notes/randomness.html) asks for one order.
#
# Keep what you built:

# %%
for part in (tolerance, is_close, round_mantissa, measure):
    print("saved", torch.save_part(part))
