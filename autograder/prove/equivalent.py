"""Mutants that lose nothing, each with its reason; the keys are what `gradschool prove --mutants` prints.

Those in `EQUIVALENT` do the same as the reference for everybody, and are not counted. Those in `SURVIVORS`
do differ, in what no scenario looks at.
"""

from __future__ import annotations

EQUIVALENT: dict[str, str] = {
    "saved_bytes saved_bytes+16: max(alive.get(address, 0), value.nbytes) -> "
    "max(value.nbytes, alive.get(address, 0))": "the larger of two numbers, asked the other way round",
    "adam_step adam_step+12: torch.maximum(state['max_exp_avg_sq'], square) -> "
    "torch.maximum(square, state['max_exp_avg_sq'])": "the larger of two numbers, asked the other way round",
    "make_grads make_grads+1: zip(outputs, gradients, strict=True) -> zip(outputs, gradients)": (
        "the engine hands over as many gradients as outputs"
    ),
    "make_grads make_grads+1: True -> False": "the engine hands over as many gradients as outputs",
    "grad grad+7: zip(inputs, before, strict=True) -> zip(inputs, before)": "there are as many as inputs",
    "grad grad+7: True -> False": "there are as many as inputs",
    "run_backward run_backward+3: 0 -> 1": "turns are only compared with each other",
    "run_backward run_backward+10: 1 -> 2": "turns are only compared with each other",
    "run_backward run_backward+30: 1 -> 2": "turns are only compared with each other",
    "run_backward run_backward+4: held: list[Any] | None -> pass": "an annotation",
    "run_backward run_backward+21: below.outputs > 1 -> below.outputs >= 1": "[None] * 1 is [None]",
}

SURVIVORS: dict[str, str] = {
    "saved_bytes saved_bytes+16: 0 -> 1": "an empty tensor would count one byte",
    "run_backward run_backward+10: turn + 1 -> turn - 1": "the order of two leaves that are both roots",
    "run_backward run_backward+32: gradients = gradient = None -> pass": "one gradient lives a node longer",
    "detach_ detach_+3: tensor._output_nr = 0 -> pass": "which output of a forgotten node this was",
    "rebase_history rebase_history+5: _ = tensor.grad_fn -> pass": "a stale view that is written to twice",
}
