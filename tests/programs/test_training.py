"""Training loops as people write them: what every step leaves behind agrees with torch."""

from __future__ import annotations

import copy

import pytest

from tests.programs.both import same


def moons(T, n=40):
    """Two arcs that a line cannot tell apart."""
    t = T.rand(n) * 3.14159
    up = T.stack([t.cos(), t.sin()], dim=1)
    down = T.stack([1 - t.cos(), 0.5 - t.sin()], dim=1)
    x = T.cat([up, down]) + 0.1 * T.randn(2 * n, 2)
    return x, T.cat([T.zeros(n), T.ones(n)]).long()


def classifier_with_batches(T, note):
    x, y = moons(T)
    net = T.nn.Sequential(T.nn.Linear(2, 16), T.nn.ReLU(), T.nn.Dropout(0.1), T.nn.Linear(16, 2))
    criterion = T.nn.CrossEntropyLoss()
    optimizer = T.optim.SGD(net.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    for epoch in range(3):
        net.train()
        order = T.randperm(len(x))
        running = 0.0
        for batch in order.split(16):
            optimizer.zero_grad()
            loss = criterion(net(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
            running += loss.item() * len(batch)
        net.eval()
        with T.no_grad():
            correct = (net(x).argmax(dim=1) == y).sum().item()
        note(f"epoch {epoch}", [running, correct])
    note("weights", dict(net.state_dict()))


def digits_by_convolution(T, note):
    class Net(T.nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = T.nn.Conv2d(1, 4, 3)
            self.conv2 = T.nn.Conv2d(4, 8, 3, padding=1)
            self.norm = T.nn.BatchNorm2d(8)
            self.fc = T.nn.Linear(8 * 3 * 3, 10)

        def forward(self, x):
            F = T.nn.functional
            x = F.max_pool2d(F.relu(self.conv1(x)), 2)
            x = F.relu(self.norm(self.conv2(x)))
            return F.log_softmax(self.fc(T.flatten(x, 1)), dim=1)

    images, labels = T.rand(12, 1, 8, 8), T.randint(0, 10, (12,))
    net = Net()
    optimizer = T.optim.Adam(net.parameters(), lr=1e-2)
    schedule = T.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    for step in range(4):
        optimizer.zero_grad()
        loss = T.nn.functional.nll_loss(net(images), labels)
        loss.backward()
        optimizer.step()
        schedule.step()
        note(f"step {step}", [loss.item(), optimizer.param_groups[0]["lr"], schedule.get_last_lr()])
    note("buffers", dict(net.named_buffers()))


def two_players(T, note):
    latent, real = T.randn(8, 3), T.randn(8, 2) + 2
    G = T.nn.Sequential(T.nn.Linear(3, 8), T.nn.LeakyReLU(0.2), T.nn.Linear(8, 2))
    D = T.nn.Sequential(T.nn.Linear(2, 8), T.nn.LeakyReLU(0.2), T.nn.Linear(8, 1), T.nn.Sigmoid())
    for net in (G, D):
        net.apply(lambda m: T.nn.init.normal_(m.weight, 0.0, 0.02) if isinstance(m, T.nn.Linear) else None)
    criterion = T.nn.BCELoss()
    optG = T.optim.Adam(G.parameters(), lr=2e-2, betas=(0.5, 0.999))
    optD = T.optim.Adam(D.parameters(), lr=2e-2, betas=(0.5, 0.999))
    for step in range(3):
        D.zero_grad()
        label = T.full((8, 1), 1.0)
        on_real = criterion(D(real), label)
        on_real.backward()
        fake = G(latent)
        label.fill_(0.0)
        on_fake = criterion(D(fake.detach()), label)
        on_fake.backward()
        optD.step()
        G.zero_grad()
        label.fill_(1.0)
        fooled = criterion(D(fake), label)
        fooled.backward()
        optG.step()
        note(f"losses {step}", [on_real.item(), on_fake.item(), fooled.item()])
        note(f"gradients of D {step}", [p.grad for p in D.parameters()])
    note("G", list(G.parameters()))


def stale_players(T, note):
    """The generator's loss is computed before the discriminator's step: torch refuses its backward."""
    G, D = T.nn.Linear(2, 2), T.nn.Sequential(T.nn.Linear(2, 4), T.nn.Tanh(), T.nn.Linear(4, 1))
    optD = T.optim.SGD(D.parameters(), lr=0.1)
    fake = G(T.randn(3, 2))
    lossG = -D(fake).mean()
    lossD = D(fake.detach()).mean()
    lossD.backward()
    optD.step()
    note.attempt("backward after step", lossG.backward)


def policy_gradient(T, note):
    policy = T.nn.Sequential(T.nn.Linear(4, 8), T.nn.ReLU(), T.nn.Linear(8, 2), T.nn.Softmax(dim=-1))
    optimizer = T.optim.RMSprop(policy.parameters(), lr=1e-2)
    for episode in range(2):
        logs, rewards = [], []
        state = T.randn(4)
        for _ in range(5):
            m = T.distributions.Categorical(policy(state))
            action = m.sample()
            logs.append(m.log_prob(action))
            rewards.append(1.0 if action.item() == 0 else -0.5)
            state = state.roll(1) * 0.9
        returns, total = [], 0.0
        for r in reversed(rewards):
            total = r + 0.9 * total
            returns.insert(0, total)
        returns = T.tensor(returns)
        returns = (returns - returns.mean()) / (returns.std() + 1e-9)
        loss = T.stack([-log * r for log, r in zip(logs, returns, strict=True)]).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        note(f"episode {episode}", [loss, rewards])
    note("weights", list(policy.parameters()))


def clipped(T, note):
    rnn = T.nn.RNN(3, 5, batch_first=True)
    head = T.nn.Linear(5, 1)
    parameters = [*rnn.parameters(), *head.parameters()]
    optimizer = T.optim.SGD(parameters, lr=0.5)
    x = T.randn(2, 7, 3)
    for step in range(3):
        optimizer.zero_grad()
        out, hidden = rnn(x)
        loss = (head(out[:, -1]) - 3).pow(2).sum()
        loss.backward()
        norm = T.nn.utils.clip_grad_norm_(parameters, max_norm=0.25)
        T.nn.utils.clip_grad_value_(parameters, 0.1)
        optimizer.step()
        note(f"step {step}", [loss, norm, hidden, [p.grad for p in parameters]])


def frozen_backbone(T, note):
    backbone = T.nn.Sequential(T.nn.Linear(4, 6), T.nn.BatchNorm1d(6), T.nn.ReLU())
    for p in backbone.parameters():
        p.requires_grad = False
    backbone.eval()
    head = T.nn.Linear(6, 3)
    net = T.nn.Sequential(backbone, head)
    optimizer = T.optim.AdamW(filter(lambda p: p.requires_grad, net.parameters()), lr=0.1)
    x, y = T.randn(9, 4), T.randint(3, (9,))
    for _ in range(3):
        loss = T.nn.functional.cross_entropy(net(x), y)
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        optimizer.step()
    note("has grad", [p.grad is not None for p in net.parameters()])
    note("state", dict(net.state_dict()))
    backbone.requires_grad_(True)
    optimizer.add_param_group({"params": backbone.parameters(), "lr": 1e-3})
    net(x).sum().backward()
    optimizer.step()
    note("thawed", dict(net.state_dict()))


def tied_weights(T, note):
    class Tied(T.nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = T.nn.Embedding(7, 4)
            self.out = T.nn.Linear(4, 7, bias=False)
            self.out.weight = self.embed.weight

        def forward(self, words):
            return self.out(self.embed(words).mean(dim=1))

    net = Tied()
    words, target = T.randint(7, (5, 3)), T.randint(7, (5,))
    optimizer = T.optim.SGD(net.parameters(), lr=0.3)
    note("count", len(list(net.parameters())))
    for _ in range(3):
        optimizer.zero_grad()
        T.nn.functional.cross_entropy(net(words), target).backward()
        note("grad", net.embed.weight.grad)
        optimizer.step()
    note("one tensor", net.out.weight is net.embed.weight)
    note("names", sorted(net.state_dict()))


def learned_rate(T, note):
    """One step of descent is differentiated with respect to its learning rate."""
    rate = T.tensor(0.1, requires_grad=True)
    w = T.randn(3, requires_grad=True)
    x, y = T.randn(6, 3), T.randn(6)
    outer = T.optim.Adam([rate], lr=0.05)
    for step in range(3):
        inner = ((x @ w - y) ** 2).mean()
        (g,) = T.autograd.grad(inner, w, create_graph=True)
        after = ((x @ (w - rate * g) - y) ** 2).mean()
        outer.zero_grad()
        after.backward(inputs=[rate])
        outer.step()
        note(f"step {step}", [after, rate, rate.grad, w.grad])


def accumulated(T, note):
    whole = T.nn.Linear(3, 2)
    pieces = copy.deepcopy(whole)
    x, y = T.randn(8, 3), T.randn(8, 2)
    T.nn.functional.mse_loss(whole(x), y).backward()
    for i, (part, target) in enumerate(zip(x.chunk(4), y.chunk(4), strict=True)):
        (T.nn.functional.mse_loss(pieces(part), target) / 4).backward()
        note(f"after {i}", pieces.weight.grad)
    note("same", bool(T.allclose(whole.weight.grad, pieces.weight.grad)))


def averaged_weights(T, note):
    net = T.nn.Sequential(T.nn.Linear(3, 3), T.nn.Tanh(), T.nn.Linear(3, 1))
    shadow = copy.deepcopy(net).requires_grad_(False)
    optimizer = T.optim.SGD(net.parameters(), lr=0.2)
    x = T.randn(5, 3)
    for _ in range(4):
        optimizer.zero_grad()
        net(x).pow(2).mean().backward()
        optimizer.step()
        with T.no_grad():
            for s, p in zip(shadow.parameters(), net.parameters(), strict=True):
                s.mul_(0.9).add_(p, alpha=0.1)
                s.lerp_(p, 0.05)
    note("shadow", list(shadow.parameters()))
    note("needs", [s.requires_grad for s in shadow.parameters()])


def penalised_critic(T, note):
    critic = T.nn.Sequential(T.nn.Linear(2, 8), T.nn.Tanh(), T.nn.Linear(8, 1))
    optimizer = T.optim.Adam(critic.parameters(), lr=1e-2)
    real, fake = T.randn(6, 2), T.randn(6, 2) + 1
    for step in range(3):
        mix = T.rand(6, 1)
        between = (mix * real + (1 - mix) * fake).requires_grad_()
        scores = critic(between)
        (slope,) = T.autograd.grad(scores, between, T.ones_like(scores), create_graph=True, retain_graph=True)
        penalty = ((slope.norm(2, dim=1) - 1) ** 2).mean()
        loss = critic(fake).mean() - critic(real).mean() + 10 * penalty
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        note(f"step {step}", [loss, penalty])
    note("weights", list(critic.parameters()))


def annealed_by_hand(T, note):
    net = T.nn.Linear(2, 1)
    optimizer = T.optim.SGD(
        [{"params": [net.weight]}, {"params": [net.bias], "lr": 0.01}], lr=0.1, nesterov=True, momentum=0.8
    )
    cosine = T.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4, eta_min=1e-3)
    for _ in range(6):
        optimizer.zero_grad()
        net(T.ones(3, 2)).pow(2).sum().backward()
        optimizer.step()
        cosine.step()
        note("rates", [g["lr"] for g in optimizer.param_groups])
    note("weights", [net.weight, net.bias])
    note(
        "schedule",
        {k: v for k, v in cosine.state_dict().items() if k in ("T_max", "eta_min", "last_epoch", "base_lrs")},
    )


def closure_and_loss(T, note):
    w = T.nn.Parameter(T.tensor([1.0, -2.0]))
    optimizer = T.optim.SGD([w], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (w**2).sum()
        loss.backward()
        return loss

    note("losses", [optimizer.step(closure) for _ in range(3)])
    note("w", w)


def steps_inside_backward(T, note):
    """An optimiser for each parameter steps as soon as its gradient is there, and lets go of it."""
    net = T.nn.Sequential(T.nn.Linear(2, 3), T.nn.ReLU(), T.nn.Linear(3, 1))
    optimizers = {p: T.optim.SGD([p], lr=0.1) for p in net.parameters()}

    def step(p):
        optimizers[p].step()
        optimizers[p].zero_grad()

    for p in net.parameters():
        p.register_post_accumulate_grad_hook(step)
    for _ in range(2):
        net(T.ones(1, 2)).sum().backward()
    note("weights", list(net.parameters()))
    note("gradients", [p.grad for p in net.parameters()])


PROGRAMS = [
    classifier_with_batches, digits_by_convolution, two_players, stale_players, policy_gradient, clipped,
    frozen_backbone, tied_weights, learned_rate, accumulated, averaged_weights, penalised_critic, annealed_by_hand,
    closure_and_loss, steps_inside_backward,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_training(program):
    same(program)
