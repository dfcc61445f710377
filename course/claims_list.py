"""The 53 claims, in our words, with a verdict and the scenario that tests each."""

from __future__ import annotations

from dataclasses import dataclass

TUTORIALS = {
    "A": "The tutorial on `retain_graph`",
    "B": "The tutorial on `detach`",
}

#: What a verdict may be. "ours" marks what the tutorials do not say and should have.
VERDICTS = ("true", "half true", "wrong", "outdated", "confused", "ours")


@dataclass(frozen=True)
class Claim:
    """One sentence of a tutorial, our verdict on it, and the scenario that tests it."""

    id: str
    verdict: str
    says: str
    scenario: str


def _claim(id: str, verdict: str, says: str, scenario: str = "") -> Claim:
    return Claim(id, verdict, says, scenario or f"claims.{id.lower()}")


CLAIMS: tuple[Claim, ...] = (
    _claim("A1", "wrong", "An SRGAN loop may step D between d_loss.backward(retain_graph=True) and g_loss.backward()."),
    _claim("A1b", "ours", "The same loop with a fused optimizer: nothing is raised, and G's gradient is wrong."),
    _claim(
        "A1c", "ours", "Before 1.5 optimizers wrote to p.data: nothing was raised, and old and new values were mixed."
    ),
    _claim("A2", "wrong", "retain_graph=True keeps the gradients of this pass for the later update of G."),
    _claim("A3", "true", "Normally retain_graph is not needed."),
    _claim("A4", "half true", "The code shown (y = x**2, then backward twice) raises the error about freed buffers."),
    _claim("A4b", "wrong", "A second backward without retain_graph always fails (implied)."),
    _claim("A4c", "wrong", "A backward that fails changes nothing (implied)."),
    _claim("A5", "true", "output1.backward(retain_graph=True), then output2.backward(), is a correct repair."),
    _claim("A6", "half true", "After the second of two losses ran backward, all intermediate values are released."),
    _claim("A7", "true", "After both backward calls, optimizer.step() updates the weights."),
    _claim("A8", "outdated", "Variable is a class of its own and holds its tensor in .data."),
    _claim("A9", "wrong", ".grad is hard to assign and can not be assigned again."),
    _claim("A10", "half true", "requires_grad can be changed on leaves only."),
    _claim("A11", "outdated", "volatile=True marks a variable for inference."),
    _claim("A12", "half true", "A leaf is a variable that the user created."),
    _claim("A13", "outdated", "backward() takes retain_variables."),
    _claim(
        "A14", "true", "An output of one element needs no gradient argument; any other needs one of the same shape."
    ),
    _claim("A15", "outdated", "The gradient argument is turned volatile unless create_graph is set."),
    _claim("A16", "true", "Gradients accumulate in leaves, so clear them first."),
    _claim("A17", "true", "retain_graph defaults to the value of create_graph."),
    _claim("A18", "half true", "With retain_graph=False the graph is freed."),
    _claim("A19", "true", "A hook must not change its argument, but may return a new gradient."),
    _claim("A20", "true", "The example in register_hook's docstring gives 2 2 2."),
    _claim("A21", "true", "A hook on a tensor that needs no gradient is an error."),
    _claim("A22", "ours", "What a hook returns is checked: type, shape and dtype."),
    _claim("A23", "outdated", "Stochastic results are trained with reinforce()."),
    _claim("A24", "true", "detach() shares the data and the version counter."),
    _claim("A25", "true", "detach_() makes the tensor a leaf."),
    _claim("A26", "half true", "retain_grad() does nothing on a leaf."),
    _claim("A27", "wrong", "retain_grad is an ordinary hook, so the order of registration matters."),
    _claim("A28", "outdated", "The value of a loss is read as loss.data[0]."),
    _claim("B1", "true", "detach() returns a tensor that requires no gradient and shares the data."),
    _claim("B2", "wrong", "The tensor that detach() returns will never require a gradient."),
    _claim("B3", "outdated", "volatile is inherited by the detached variable."),
    _claim("B4", "true", "After a change through the detached tensor the example prints [4, 7] [4, 7] True False."),
    _claim("B5", "wrong", "clone() copies the tensor, and its gradient is copied too."),
    _claim("B6", "wrong", "clone() is another name for the same thing, like an assignment with =."),
    _claim("B7", "wrong", "For a separate tensor, use copy_()."),
    _claim("B8", "half true", "A leaf can not be changed in place."),
    _claim("B9", "half true", "backward() computes the gradients of all nodes."),
    _claim("B10", "true", "detach() gives a leaf, and the graph ends there."),
    _claim("B11", "wrong", "Even if requires_grad is set to True again, a detached tensor gets no gradient."),
    _claim("B12", "true", "Since 0.4 Tensor and Variable are one."),
    _claim("B13", "confused", "The default of grad is False; where it is None nothing is propagated."),
    _claim(
        "B14",
        "true",
        "backward() without any tracked tensor says: element 0 of tensors does not require grad.",
        "graph.element-0",
    ),
    _claim("B15", "true", "Before backward, z.grad == x.grad == y.grad == None."),
    _claim("B16", "true", "The convolution of the example has shape [1, 8, 3, 3], detached or not."),
    _claim("B17", "half true", "To keep part of a network fixed, use detach()."),
    _claim("B18", "true", "The detached tensor shares its memory with the original."),
    _claim("B19", "true", "The sigmoid example prints 0.1966 0.1050 0.0452."),
    _claim("B20", "ours", "Changing a detached tensor in place: raised through detach(), silent through .data."),
    _claim("B21", "half true", "no_grad is only for testing."),
)
