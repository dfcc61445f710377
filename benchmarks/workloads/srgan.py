"""Two losses in one step, as in SRGAN: a generator that enlarges images, and its critic.

The generator's image is computed once. The critic learns from it detached; then the generator
learns from the distance to the true image and from the critic as it is now.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from benchmarks import layers
from benchmarks.targets import Target

TITLE = "SRGAN-like step: critic loss, then generator loss, images 4x3x12x12 to 24x24, float32"
TARGETS = (Target("time", 1.10),)
RATE = np.float32(0.01)
SLOPE = np.float32(0.2)
SHARE = np.float32(1e-3)  # of the critic in the generator's loss


def problem(quick: bool) -> SimpleNamespace:
    """Return small and large images and the parameters of both networks."""
    rng = np.random.default_rng(0)
    batch, side = (2, 4) if quick else (4, 12)

    def draw(*shape: int, fan: int) -> Any:
        return rng.standard_normal(shape, dtype=np.float32) / np.float32(fan**0.5)

    inner = 16 * side * side
    return SimpleNamespace(
        small=rng.standard_normal((batch, 3, side, side), dtype=np.float32),
        large=rng.standard_normal((batch, 3, 2 * side, 2 * side), dtype=np.float32),
        generator=[
            draw(16, 3, 3, 3, fan=27),
            draw(16, fan=27),
            draw(12, 16, 3, 3, fan=144),
            draw(12, fan=144),
        ],
        critic=[draw(16, 3, 3, 3, fan=27), draw(16, fan=27), draw(1, inner, fan=inner), draw(1, fan=inner)],
        batch=batch,
        count=1,
        unit="step",
    )


def _leaky_slope(a: Any) -> Any:
    return np.where(a > 0, np.float32(1), SLOPE)


def _judged(z: Any, target: int) -> tuple[Any, Any]:
    """Return the cross entropy of logits with a constant target, and its gradient."""
    e = np.exp(-np.abs(z))
    loss = (np.maximum(z, 0) - z * np.float32(target) + np.log1p(e)).mean()
    sigmoid = np.where(z >= 0, np.float32(1), e) / (1 + e)
    return loss, (sigmoid - np.float32(target)) / np.float32(z.size)


def hand(p: SimpleNamespace) -> Any:
    """Write both networks out, forward and back."""
    generator = [v.copy() for v in p.generator]
    critic = [v.copy() for v in p.critic]

    def judge(image: Any) -> Any:
        w1, b1, w2, b2 = critic
        a, places = layers.conv(image, w1, b1, 2)
        slope = _leaky_slope(a)
        flat = (a * slope).reshape(len(image), -1)
        return flat @ w2.T + b2, (places, slope, flat)

    def judge_back(g: Any, kept: Any, shape: tuple[int, ...] | None, params: bool) -> Any:
        w1, _, w2, _ = critic
        places, slope, flat = kept
        below = (g @ w2).reshape(slope.shape) * slope
        if params:
            _, gw1, gb1 = layers.conv_back(below, places, w1, None, 2)
            return [gw1, gb1, g.T @ flat, g.sum(0)]
        columns = w1.reshape(len(w1), -1).T @ below.reshape(len(below), len(w1), -1)
        return layers.fold(columns, shape, 2)

    def step() -> Any:
        w1, b1, w2, b2 = generator
        a, places1 = layers.conv(p.small, w1, b1)
        slope = _leaky_slope(a)
        c, places2 = layers.conv(a * slope, w2, b2)
        fake = layers.shuffle(c)

        z_true, kept_true = judge(p.large)
        z_fake, kept_fake = judge(fake)
        loss_true, g_true = _judged(z_true, 1)
        loss_fake, g_fake = _judged(z_fake, 0)
        one = judge_back(g_true, kept_true, None, True)
        two = judge_back(g_fake, kept_fake, None, True)
        of_critic = [x + y for x, y in zip(one, two, strict=True)]
        for param, gradient in zip(critic, of_critic, strict=True):
            param -= RATE * gradient

        z, kept = judge(fake)
        fooled, g = _judged(z, 1)
        off = fake - p.large
        loss = (off * off).mean() + SHARE * fooled
        g = judge_back(SHARE * g, kept, fake.shape, False)
        g = layers.shuffle_back(g + off * np.float32(2 / off.size))
        g, gw2, gb2 = layers.conv_back(g, places2, w2, a.shape)
        _, gw1, gb1 = layers.conv_back(g * slope, places1, w1, None)
        of_generator = [gw1, gb1, gw2, gb2]
        for param, gradient in zip(generator, of_generator, strict=True):
            param -= RATE * gradient
        return loss_true + loss_fake + loss, [*of_critic, *of_generator]

    return step


def tensors(torch: Any, p: SimpleNamespace) -> Any:
    """For torch and nptorch."""
    if torch.__name__ == "torch":
        import torch.nn.functional as F
    else:
        import course.nptorch.nn.functional as F  # noqa: N812
    small, large = torch.tensor(p.small), torch.tensor(p.large)
    generator = [torch.tensor(v).requires_grad_() for v in p.generator]
    critic = [torch.tensor(v).requires_grad_() for v in p.critic]
    ones, zeros = (torch.full((p.batch, 1), float(v)) for v in (1, 0))

    def judge(image: Any) -> Any:
        w1, b1, w2, b2 = critic
        h = F.leaky_relu(F.conv2d(image, w1, b1, stride=2, padding=1), 0.2)
        return F.linear(h.flatten(1), w2, b2)

    def learn(params: list[Any]) -> None:
        with torch.no_grad():
            for param in params:
                param.sub_(param.grad, alpha=float(RATE))

    def step() -> Any:
        for param in (*generator, *critic):
            param.grad = None
        w1, b1, w2, b2 = generator
        h = F.leaky_relu(F.conv2d(small, w1, b1, padding=1), 0.2)
        fake = F.pixel_shuffle(F.conv2d(h, w2, b2, padding=1), 2)

        bce = F.binary_cross_entropy_with_logits
        critic_loss = bce(judge(large), ones) + bce(judge(fake.detach()), zeros)
        critic_loss.backward()
        of_critic = [param.grad for param in critic]
        learn(critic)

        loss = F.mse_loss(fake, large) + float(SHARE) * bce(judge(fake), ones)
        loss.backward(inputs=generator)
        learn(generator)
        total = critic_loss.detach() + loss.detach()
        return total, [*of_critic, *(param.grad for param in generator)]

    return step


def hips(p: SimpleNamespace) -> Any:
    """For HIPS autograd, which computes the generator's image a second time."""
    import autograd.numpy as anp
    from autograd import value_and_grad

    generator = [v.copy() for v in p.generator]
    critic = [v.copy() for v in p.critic]

    def leaky(x: Any) -> Any:
        return anp.where(x > 0, x, x * SLOPE)

    def enlarge(w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
        c = layers.hips_conv(anp, leaky(layers.hips_conv(anp, p.small, w1, b1)), w2, b2)
        n, channels, h, w = c.shape
        blocks = anp.transpose(anp.reshape(c, (n, channels // 4, 2, 2, h, w)), (0, 1, 4, 2, 5, 3))
        return anp.reshape(blocks, (n, channels // 4, 2 * h, 2 * w))

    def judge(image: Any, w1: Any, b1: Any, w2: Any, b2: Any) -> Any:
        h = leaky(layers.hips_conv(anp, image, w1, b1, 2))
        return anp.dot(anp.reshape(h, (p.batch, -1)), w2.T) + b2

    def judged(z: Any, target: int) -> Any:
        e = anp.log1p(anp.exp(-anp.abs(z)))
        return anp.mean(anp.maximum(z, np.float32(0)) - z * np.float32(target) + e)

    def critic_loss(fake: Any, *params: Any) -> Any:
        return judged(judge(p.large, *params), 1) + judged(judge(fake, *params), 0)

    def generator_loss(*params: Any) -> Any:
        fake = enlarge(*params)
        off = fake - p.large
        return anp.mean(off * off) + SHARE * judged(judge(fake, *critic), 1)

    run_critic = value_and_grad(critic_loss, (1, 2, 3, 4))
    run_generator = value_and_grad(generator_loss, (0, 1, 2, 3))

    def step() -> Any:
        first, of_critic = run_critic(enlarge(*generator), *critic)
        for param, gradient in zip(critic, of_critic, strict=True):
            param -= RATE * gradient
        second, of_generator = run_generator(*generator)
        for param, gradient in zip(generator, of_generator, strict=True):
            param -= RATE * gradient
        return first + second, [*of_critic, *of_generator]

    return step
