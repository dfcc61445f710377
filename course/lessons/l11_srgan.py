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
# # Lesson 11: Two losses, one graph
#
# *About 3 hours, 7 points. A clinic: six broken programs that people really posted. You diagnose them, repair the
# four that need more than one line, and train a small SRGAN on the repaired step. Lessons 1 to 10 come along in
# the folder `given/`. Words that you meet are in the [glossary](../../docs/glossary.md).*
#
# > RuntimeError: one of the variables needed for gradient computation has been modified by an inplace operation
#
# The code that raises this has no in-place operation in it. It is the training loop of an SRGAN, copied from a
# tutorial that worked until torch 1.4 ([the same question, again](https://github.com/leftthomas/SRGAN/issues/89)
# and [again](https://github.com/leftthomas/SRGAN/issues/74)). The advice that people got: replace `.mean()`
# by `torch.mean()` (changes nothing), go back to torch 1.4 (hides it), add `retain_graph=True` (it is there
# already).

# %%
import warnings
from time import perf_counter

import course.nptorch as torch
from autograder import grade
from course.compare import compare
from course.models import cures, srgan
from course.models.pictures import show_pictures
from course.nptorch.parts import plugged
from course.widgets import theatre

torch.load_parts("given", lesson=11)  # the engine of lessons 1 to 10
try:
    torch.load_parts("mine")  # and in their places the parts that you have kept, in every lesson's my_engine/
except FileNotFoundError:
    print("No part of your own is here, so all of this runs on the given ones.")

# %% [markdown]
# The maker (generator) turns a digit of 4x4 pixels into one of 8x8. The judge (discriminator) says how real a
# picture looks. Here is the tutorial's loop body, on scikit-learn's digits. **Before you run it**: which line
# raises, and which tensor has been modified, by whom?

# %%
my_guess = "..."

# %%
low, real = srgan.digits(torch)
maker, judge, of_maker, of_judge = srgan.fresh(torch)
fake = maker(low[:16])

judge.zero_grad()
score = judge(fake).mean()
d_loss = 1 - judge(real[:16]).mean() + score
d_loss.backward(retain_graph=True)
of_judge.step()

maker.zero_grad()
g_loss = srgan.maker_loss(fake, real[:16], score)
try:
    g_loss.backward()
    of_maker.step()
except RuntimeError as error:
    print("RuntimeError:", str(error)[:200])

# %% [markdown]
# <details><summary>What happened, once you have run it</summary>
#
# `g_loss.backward()` raises. The score's graph goes through the judge, and its layers saved the judge's weights
# for backward. `of_judge.step()` then wrote new numbers into those very weights: an optimizer's step *is* an
# in-place operation (lesson 6). `retain_graph=True` keeps saved tensors from being freed (lesson 5). It cannot
# keep anybody from writing into them.
#
# Until 1.4 optimizers wrote through `.data`, behind the counter's back. The loop ran, with a gradient made of
# old and new weights ([claim A1c](../../docs/claims.md#a1c)). The error is the repair of that silence.
#
# </details>
#
# Torch agrees, for SGD and for Adam, and even where the step changes nothing because the learning rate is 0:

# %%
compare("claims.a1")

# %% [markdown]
# ## Four questions for the clinic
#
# Several patients below have a loss that falls. Look elsewhere:
#
# 1. **Which losses share nodes?** Only then does the order of backward passes matter.
# 2. **Who writes between the forward pass and backward?** Optimizers do.
# 3. **Who should get a gradient from which loss?** Look at `.grad`, parameter by parameter.
# 4. **Who still holds the graph?** A state, a list, a sum, `retain_graph`.

# %% [markdown]
# ## Patient 1: the maker that never learns
#
# No error here. **Which line is it, and which parameters will have a gradient after `g_loss`?** (Two people who
# met it: [here](https://github.com/nikhilsinghmus/image2reverb/issues/37) and
# [here](https://github.com/wangle53/CSA-CDGAN/issues/5).)

# %%
my_guess = "..."

# %%
maker, judge, of_maker, of_judge = srgan.fresh(torch)
fake = maker(low[:16]).detach()
d_loss = 1 - judge(real[:16]).mean() + judge(fake).mean()
d_loss.backward()
of_judge.step()
judge.zero_grad()
g_loss = 1 - judge(fake).mean()
g_loss.backward()
of_maker.step()
for name, net in {"maker": maker, "judge": judge}.items():
    print(name, [None if p.grad is None else round(p.grad.abs().max().item(), 4) for p in net.parameters()])

# %% [markdown]
# <details><summary>Diagnosis, once you have run it</summary>
#
# `fake` is cut off for **both** losses. The judge's loss must not reach the maker, so `detach()` belongs there,
# in that one expression. The maker's loss must. The repair is to move it: `fake = maker(...)` and
# `judge(fake.detach())` in `d_loss` only. There is no error because the judge's parameters require grad, so
# `g_loss` has a graph, and backward finds somebody to give to: the wrong one.
#
# </details>

# %%
compare("srgan.detached-in-the-wrong-loss")

# %% [markdown]
# ## Patient 2: the order of steps
#
# Now mend the opening program. Three cures exist:
#
# | | the judge is asked | the maker runs | the maker learns from |
# |---|---|---|---|
# | **recompute**: cut the picture for the judge, ask the judge anew after its step | 3 times | once | the new judge |
# | **step last**: both backward passes, then both steps | twice | once | the old judge |
# | **separate graphs**: make the picture twice | 3 times | twice | the new judge |
#
# ## Exercise 1: `srgan_step` (2.5 points)
#
# Write the first one. You are graded on the weights of both nets after the step and on the gradients they
# received, on how often each net runs, and on what stays in memory. Whether the loss falls does not matter.
#
# A tiny case to check by hand. One weight each, maker `w * low` and judge `v * picture`, both 1; `low = 1`,
# `real = 2`; the maker's loss is `1 - score`; SGD with `lr=1` for both. The judge's loss is `1 - 2 + 1 = 0`, its
# gradient `-2 + 1 = -1`, so `v` becomes 2. The maker's loss is then `1 - 2 = -1`, its gradient `-2`, and `w`
# becomes 3. (With the old judge it would become 2.)

# %% tags=["exercise:srgan-step", "points:2.5"]
from course.parts.l11_srgan import srgan_step

# %%
torch.use(srgan_step=srgan_step)
a, b = (torch.nn.Linear(1, 1, bias=False).requires_grad_(False) for _ in range(2))
for net in (a, b):
    net.weight.fill_(1.0).requires_grad_()
sgd = [torch.optim.SGD(net.parameters(), lr=1.0) for net in (a, b)]
print(srgan_step(a, b, torch.ones(1, 1), torch.ones(1, 1) * 2, *sgd, lambda fake, real, score: 1 - score))
print("maker", a.weight.item(), "judge", b.weight.item())

# %% tags=["grade:srgan-step"]
grade("srgan-step", srgan_step=srgan_step)

# %% [markdown]
# Now write the other two for yourself (not graded), or read them in `course/models/cures.py`: the second has a
# trap of its own. `g_loss.backward()` also adds to the *judge's* gradients, before the judge has stepped. See
# how it keeps that apart. Then hold all three against each other, with the processor time that each takes:

# %%
three = {"recompute": srgan_step, "step last": cures.step_after_both, "separate": cures.separate_graphs}
results = {name: cures.measured(torch, step, low[:64], real[:64]) for name, step in three.items()}
for name, (gradients, seconds, most) in results.items():
    away = (gradients - results["recompute"][0]).abs().max().item()
    print(f"{name:10} {1000 * seconds:6.1f} ms  {most / 2**20:5.1f} MB at most  maker's gradient differs by {away:.1e}")

# %% [markdown]
# Recompute and separate give the same gradient, and separate pays for a second run of the maker. (Ours is small, and
# the times may change places when you run this again; a real SRGAN's maker is by far the larger net.) Step last gives
# *another* gradient: a different algorithm, not a wrong one, and the cheapest where memory allows it to hold both
# graphs. What all three have in common: no graph is walked through after somebody wrote into what it had saved.

# %%
compare("srgan.recomputed")

# %%
w, v = torch.ones(1, requires_grad=True), torch.ones(1, requires_grad=True)
with theatre.record("detach, step, ask again: see the version of v", w=w, v=v) as story:
    fake = w * 3.0
    (v * fake.detach()).sum().backward()
    with torch.no_grad():
        v -= 0.1 * v.grad
    (v * fake).sum().backward()
theatre.show(story)

# %% [markdown]
# ## Train it
#
# Your step, 200 batches, on your engine: `gradschool my-engine`, in a terminal, says which parts of it are your
# own and how often it does what torch does. The test pictures were held back.

# %%
maker, judge, of_maker, of_judge = srgan.fresh(torch)
small, large = low[1500:], real[1500:]


def error():
    """Return the mean squared error on the pictures held back."""
    with torch.no_grad():
        return ((maker(small) - large) ** 2).mean().item()


plain = ((srgan.enlarged(small) - large) ** 2).mean().item()
mine = [part.name for part in torch.parts() if part.whose == "mine"]
print(f"{len(mine)} parts of this engine are yours: {', '.join(mine)}")
print(f"pixels repeated: {plain:.4f}   untrained maker: {error():.4f}")
start = perf_counter()
for turn, pick in enumerate(srgan.batches(1500, steps=200), start=1):
    losses = srgan_step(maker, judge, low[pick], real[pick], of_maker, of_judge, srgan.maker_loss)
    if turn % 50 == 0:
        print(f"step {turn}: judge's loss {losses[0]:.3f}, maker's {losses[1]:.4f}, test error {error():.4f}")
print(f"{perf_counter() - start:.1f} s")

# %%
with torch.no_grad():
    rows = {"4x4": small[:8], "repeated": srgan.enlarged(small[:8]), "made": maker(small[:8]), "real": large[:8]}
show_pictures(rows)

# %% [markdown]
# The nets are in `course/models/srgan.py`, written against `T`, and start from NumPy's numbers. So the same 50 steps
# can be taken on torch, and in other number formats, on a GPU too where one is here or was recorded. Both engines
# in float64: the same losses to the last digits. Which column parts first, and what decides it? (A quarter of a
# minute; lesson 12 goes on from here.)

# %%
from course.compare import training

steps = training.table("srgan", lr=2e-3)
steps

# %%
steps.plot()

# %% [markdown]
# ## Patient 3: the state that remembers too much
#
# A recurrent net reads a long text in chunks, and the state of one chunk starts the next. People get one error,
# do what it says, and get another ([one of many](https://github.com/MorvanZhou/PyTorch-Tutorial/issues/57)).
# **Guess the second message before you run it.**


# %%
def reads_on(retain_graph):
    """Train on three chunks, the state carried as it is."""
    w = torch.tensor([[0.5, 0.1], [0.2, 0.3]], requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=0.1)
    state = torch.zeros(1, 2)
    try:
        for _ in range(3):
            state = (torch.ones(1, 2) + state @ w).tanh()
            optimizer.zero_grad()
            (state**2).sum().backward(retain_graph=retain_graph)
            optimizer.step()
    except RuntimeError as error:
        return str(error)[:94]


print("as it is:        ", reads_on(retain_graph=False))
print("as the text says:", reads_on(retain_graph=True))

# %% [markdown]
# <details><summary>Diagnosis, once you have run it</summary>
#
# The state leads into the graph of the chunk before. First that graph is freed; then, retained, it holds
# weights that the optimizer has changed. (And were they unchanged, each backward would walk to the beginning of
# the text, each longer than the one before.) The cure is in the third question: should chunk 2's loss reach chunk
# 1? If not, cut the *state*, between the chunks.
#
# </details>

# %%
compare("nn_layers.rnn-state-carried")

# %% [markdown]
# ## Exercise 2: `carry_state` (1.5 points)
#
# Three things that repaired programs still get wrong: the state of an LSTM is a **pair**; a start that is itself
# **learned** must get the first chunk's gradient; and what you return must not hold on to any graph.
#
# A tiny case: with `net = lambda x, s: (w * x + s, w * x + s)`, `w = 1`, two chunks `x = 1` with target 0, state 0
# and the loss `output - target`, the gradient of `w` is 1 in *each* chunk. (Through the state, it would be 2 in
# the second.) With SGD and `lr=0.5` the losses are `[1.0, 1.5]`, and `w` ends at 0.

# %% tags=["exercise:carry-state", "points:1.5"]
from course.parts.l11_srgan import carry_state

# %%
torch.use(carry_state=carry_state)
w = torch.tensor(1.0, requires_grad=True)
two = [(torch.tensor(1.0), torch.tensor(0.0))] * 2
sgd = torch.optim.SGD([w], lr=0.5)
print(carry_state(lambda x, s: (w * x + s, w * x + s), two, torch.tensor(0.0), sgd, lambda y, t: y - t), w.item())

# %% tags=["grade:carry-state"]
grade("carry-state", carry_state=carry_state)

# %% [markdown]
# ## Patient 4: two losses that share nothing
#
# "I have two losses, so I need `retain_graph=True`." This one runs, and that is the trouble: nobody looks.
# **Guess the three numbers**: bytes that the two losses still keep after both passes.

# %%
x = torch.ones(1000)
first_weight, second_weight = torch.ones(1000, requires_grad=True), torch.ones(1000, requires_grad=True)


def kept(*retain):
    """Run two losses that share no node, each with its own flag; return what they still keep."""
    one, other = (first_weight * x).exp().sum(), (second_weight * x).exp().sum()
    one.backward(retain_graph=retain[0])
    other.backward(retain_graph=retain[1])
    return plugged.saved_bytes(one + other)


print("no flags:         ", kept(False, False), "bytes")
print("in the first:     ", kept(True, False), "bytes")
print("in both:          ", kept(True, True), "bytes")

# %% [markdown]
# <details><summary>Diagnosis, once you have run it</summary>
#
# The two graphs meet in leaves at most, and leaves keep nothing: no flag is needed (lesson 5). The flag in the first
# pass keeps the first graph, and the second pass, which walks elsewhere, does not free it. (With both, 12000 and not
# 16000 bytes: `x` is kept by both, and there once.)
# The minimal repair is to delete the flag. Where losses *do* share a trunk, `(a + b).backward()` or
# `torch.autograd.backward([a, b])` need no flag either ([claim A5](../../docs/claims.md#a5)).
#
# </details>
#
# ## Exercise 3: `task_pulls` (1.5 points)
#
# When is the flag needed? When each loss's *own* gradient is asked for: training for several tasks weighs losses
# by how hard they pull at the shared trunk. Write the meter. It fills every `.grad` as the sum would, and
# afterwards no loss keeps anything.
#
# A tiny case: for `w = (3, 4)` and the losses `(w * w).sum() / 2` and `w.sum()`, the pulls are 5 and the square
# root of 2, and `w.grad` is `(4, 5)`.
#
# Before you write: the pass that frees must walk through what? (A penalty on the weights is a loss that shares a
# leaf with the others and no node.)

# %% tags=["exercise:task-pulls", "points:1.5"]
from course.parts.l11_srgan import task_pulls

# %%
torch.use(task_pulls=task_pulls)
w = torch.tensor([3.0, 4.0], requires_grad=True)
print(task_pulls([(w * w).sum() / 2, w.sum()], [w]), w.grad)

# %% tags=["grade:task-pulls"]
grade("task-pulls", task_pulls=task_pulls)

# %% [markdown]
# How hard do the three parts of `srgan.maker_loss` pull at the trained maker?

# %%
fake = maker(small)
losses = [((fake - large) ** 2).mean(), 0.02 * (1 - judge(fake).mean()), 0.002 * srgan.total_variation(fake)]
print("pixels, judge, smooth:", [round(one, 5) for one in task_pulls(losses, list(maker.parameters()))])

# %% [markdown]
# ## Patient 5: the list of losses that eats memory
#
# Seen [in a library](https://github.com/google/brax/pull/152) and
# [in homework](https://github.com/pai4451/ML2021/issues/2). **Which of the three keeps what?**


# %%
def validate(kind):
    """Add up the losses of five batches; return what is held by the total after each."""
    total, held = torch.zeros(()), []
    for start in range(0, 80, 16):
        with torch.set_grad_enabled(kind != "under no_grad"):
            loss = ((maker(small[start : start + 16]) - large[start : start + 16]) ** 2).mean()
        total = total + (loss.item() if kind == "loss.item()" else loss)
        held.append(plugged.saved_bytes(total) // 1024)
    return held


for kind in ("total + loss", "loss.item()", "under no_grad"):
    print(f"{kind:14} {validate(kind)} KiB")

# %% [markdown]
# The repair is `.item()`; where nothing is trained, `no_grad` as well, so that no graph is made at all.
#
# ## Patient 6: a script of 2017
#
# Search results do not say how old they are. Four idioms from before 0.4:


# %%
def said(what):
    """Run one idiom; return what it says, or that it says nothing."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            what()
        except Exception as error:
            return f"{type(error).__name__}: {str(error).splitlines()[0]}"
    return f"warning: {heard[0].message}" if heard else "nothing"


weight = torch.ones(2, requires_grad=True)
chances = weight.softmax(0)
idioms = {
    "Variable(x, volatile=True)": lambda: torch.autograd.Variable(torch.ones(2), volatile=True),
    "loss.data[0]": lambda: weight.sum().data[0],
    "backward(retain_variables=True)": lambda: weight.exp().sum().backward(retain_variables=True),
    "action.reinforce(reward)": lambda: chances.multinomial(1).reinforce(1.0),
}
for text, program in idioms.items():
    print(f"{text:33}{said(program)}")

# %% [markdown]
# | 2017 | now | claim |
# |---|---|---|
# | `Variable(x)` | `x`: every tensor is one | [A8](../../docs/claims.md#a8) |
# | `volatile=True` | `with torch.no_grad():` (the old word only warns) | [A11](../../docs/claims.md#a11) |
# | `loss.data[0]` | `loss.item()` | [A28](../../docs/claims.md#a28) |
# | `retain_variables=True` | `retain_graph=True`, if it is needed at all | [A13](../../docs/claims.md#a13) |
# | `action.reinforce(r); action.backward()` | a loss made of `log_prob` | [A23](../../docs/claims.md#a23) |
#
# The last one is no renaming. An action is drawn; a draw has no derivative. The old engine had *stochastic
# nodes* that pretended to have one. The honest way is a loss whose gradient is the one you want:
# the expected reward changes with the policy as `reward * grad(log p(action))`, on average over draws. So
# `-log_prob(action) * reward` does it, with no special node.

# %%
compare("distributions.reinforce")

# %% [markdown]
# ## Exercise 4: `reinforce_loss` (1.5 points)
#
# The modern `reinforce()`, for an episode of several choices. Each choice is weighted with its *return*: its
# own reward and the later ones, discounted. `torch.distributions.Categorical(logits=logits)` has what you need.
#
# A tiny case: two choices among two actions, all logits 0, so every log-probability is `-log 2`. With rewards
# `[1, 4]` and discount 0.5 the returns are `[3, 4]`, and the loss is `7 log 2 = 4.8520`. For a logit, `log_prob`
# has the slope `1 - p` where it was chosen and `-p` where not, so the gradient is minus half the return at each
# chosen logit, and plus half of it at the other.

# %% tags=["exercise:reinforce", "points:1.5"]
from course.parts.l11_srgan import reinforce_loss

# %%
torch.use(reinforce_loss=reinforce_loss)
logits = torch.zeros(2, 2, requires_grad=True)
loss = reinforce_loss(logits, torch.tensor([0, 1]), [1.0, 4.0], discount=0.5)
loss.backward()
print(loss.item(), logits.grad.tolist())

# %% tags=["grade:reinforce"]
grade("reinforce", reinforce_loss=reinforce_loss)

# %% [markdown]
# A corridor of six cells, the reward behind the last one, and a policy that starts by tossing a coin:

# %%
torch.manual_seed(0)
policy = torch.zeros(6, 2, requires_grad=True)  # one row of logits for each cell
optimizer = torch.optim.Adam([policy], lr=0.1)
lengths = []
for _ in range(150):
    cells, actions, cell = [], [], 0
    while cell < 6 and len(cells) < 60:
        cells.append(cell)
        actions.append(torch.distributions.Categorical(logits=policy[cell]).sample().item())
        cell = max(cell + (1 if actions[-1] else -1), 0)
    rewards = [-0.1] * (len(cells) - 1) + [1.0 if cell == 6 else -0.1]
    optimizer.zero_grad()
    reinforce_loss(policy[cells], torch.tensor(actions), rewards, discount=0.9).backward()
    optimizer.step()
    lengths.append(len(cells))
print("steps to the end, first 20 walks:", sum(lengths[:20]) / 20, " last 20:", sum(lengths[-20:]) / 20)
print("chance to go right:", [round(p, 2) for p in policy.softmax(1)[:, 1].tolist()])

# %% [markdown]
# ## Back to the message
#
# "modified by an inplace operation", in a loop without one. Write to the person who asked: which line wrote, into
# what, who had saved it, and what you would change. Two or three sentences (not graded):

# %% [markdown]
# *Your words here.*

# %% [markdown]
# ## Beyond this lesson
#
# - A claim of a much-read tutorial, to judge before you look: an SRGAN loop may step D between the two backward
#   calls ([A1](../../docs/claims.md#a1)).
# - torch's own [DCGAN tutorial](https://docs.pytorch.org/tutorials/beginner/dcgan_faces_tutorial.html): its loop
#   detaches, steps, and asks again.
# - An SRGAN in earnest adds a loss on the features of a trained network. It needs the same care: freeze it with
#   `requires_grad_(False)`, and do *not* put it under `no_grad`, or the maker learns nothing from it.
# - torch on [policy gradients](https://docs.pytorch.org/docs/stable/distributions.html#score-function).
#
# Keep what you built:

# %%
for part in (srgan_step, carry_state, task_pulls, reinforce_loss):
    print("saved", torch.save_part(part))
