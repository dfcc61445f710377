"""The way that a GPU goes, on devices that everybody has: the CPU set explicitly, and "meta", which has no numbers."""

from __future__ import annotations

import dataclasses

import pytest
import torch

import autograder.hidden
from course.compare import backend, compare
from course.compare.backends import DTYPES, _torch_scope, on_device
from course.compare.show import brief, reason
from course.scenarios import Scenario, scenarios
from course.scenarios.differences import differences
from course.scenarios.observation import Observation, Observations, observe

CPU = backend("torch-cpu")
EXPLICIT = on_device(torch, "cpu", "a CPU")
META = on_device(torch, "meta", "nothing")

#: Topics in which no program reads a number in order to go on; on "meta" there are none.
BY_SHAPE = ("buffers", "conv2d", "edges", "function", "hvp", "modes", "nn_hooks", "penalty", "schedules", "swish")


def tensors(observations):
    waiting = list(observations)
    while waiting:
        one = waiting.pop()
        if one.kind in ("list", "dict"):
            waiting += one.value
        elif one.kind == "tensor":
            yield one


def test_with_a_default_device_programs_do_what_they_do_without():
    """Every sixth program, on the CPU as an explicit default device. (All agree; that takes half a minute.)"""
    autograder.hidden.load()
    places = set()
    for one in scenarios(hidden=None)[::6]:
        seen = observe(one, EXPLICIT)
        assert differences(observe(one, CPU), seen, one.ulps) == [], one.id
        places |= {tensor.device for tensor in tensors(seen)}
    assert places == {"cpu"}


@pytest.mark.parametrize("topic", BY_SHAPE)
def test_on_meta_every_result_has_the_shape_and_dtype_that_it_has_on_the_cpu(topic):
    count = 0
    for one in scenarios(prefix=f"{topic}."):
        seen = observe(one, META)
        assert differences(observe(one, CPU), seen, one.ulps) == [], one.id
        for tensor in tensors(seen):
            assert (tensor.device, tensor.value) == ("meta", []), "no number may be made up"
            count += 1
    assert count


def test_another_shape_or_dtype_shows_on_meta():
    def program(shape, dtype):
        return lambda T, draw: iter([("x", T.zeros(*shape, dtype=getattr(T, dtype)))])

    wanted = observe(Scenario("test.a", 1, "?", program((2, 3), "float32")), CPU)
    for shape, dtype, what in (((2, 3), "float32", []), ((3, 2), "float32", ["shape"]), ((2, 3), "float64", ["dtype"])):
        seen = observe(Scenario("test.a", 1, "?", program(shape, dtype)), META)
        assert [one.what for one in differences(wanted, seen)] == what
        assert brief(seen[0]) == f"{shape[0]}x{shape[1]} {dtype} on meta"


def stray(T, draw):
    """One tensor where the default device is, one that is put on the CPU on purpose."""
    yield "here", T.tensor(draw.normal(2))
    yield "there", T.tensor(draw.normal(2), device="cpu")


def test_inputs_go_to_the_default_device_and_a_tensor_elsewhere_shows():
    one = Scenario("test.stray", 1, "Where?", stray)
    usual, seen = observe(one, CPU), observe(one, META)
    assert [item.device for item in usual] == [None, None]
    assert [item.device for item in seen] == ["meta", "cpu"]
    # An ordinary run on the CPU says of no tensor where it is, so that is no difference...
    assert differences(usual, seen) == []
    # ...and two runs with a default device are held against each other.
    moved = Observations(tuple(dataclasses.replace(item, device="meta") for item in seen))
    (found,) = differences(moved, seen)
    assert (found.what, found.label, reason(found)) == ("device", "there", "device differs: cpu, not meta")


def test_a_tensor_on_the_wrong_device_is_named_in_the_table():
    one = Scenario("test.stray", 1, "Where?", stray)
    # What a GPU would show: the one tensor is on it, the other is not.
    gpu = Observations(
        tuple(
            dataclasses.replace(item, device=device)
            for item, device in zip(observe(one, CPU), ("cuda", "cpu"), strict=True)
        )
    )
    shown = str(compare(one, [CPU], recorded={"recorded on a pretended GPU": gpu}))
    assert shown.count(" on cpu") == 1
    assert "there" in next(line for line in shown.splitlines() if " on cpu" in line)


def test_devices_travel_with_the_record_and_the_cpu_has_none():
    plain, marked = (observe(Scenario("test.stray", 1, "?", stray), engine) for engine in (CPU, EXPLICIT))
    assert "device" not in plain.to_json()[0]
    assert marked.to_json()[0]["device"] == "cpu"
    assert Observations.from_json(marked.to_json()).items == marked.items


@pytest.mark.skipif(torch.accelerator.is_available(), reason="there is a GPU, and it would be used")
@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_the_scope_of_a_gpu_sets_the_default_device_and_leaves_nothing_behind(device):
    torch.manual_seed(3)
    before = torch.get_rng_state()
    # Making a tensor is refused here for want of the device, and the refusal names it.
    refused = pytest.raises((AssertionError, RuntimeError), match=f"(?i){device}")
    with _torch_scope(torch, device)(seed=1), refused:
        torch.ones(1)
    assert torch.ones(1).device.type == "cpu"
    assert torch.equal(torch.get_rng_state(), before)


def test_apples_gpus_have_no_float64():
    assert DTYPES["mps"] == ("float32",)
    with pytest.raises(ValueError, match="on mps there is no float64, only float32"):
        compare("engine.diamond", device="mps", dtype="float64")


@pytest.mark.skipif(torch.backends.mps.is_available(), reason="there is one")
def test_without_an_apple_gpu_nothing_pretends():
    with pytest.raises(RuntimeError, match="there is no MPS device here"):
        backend("torch-mps")


def test_a_number_of_a_tensor_on_meta_is_never_shown():
    one = Observation("x", "tensor", "float64", (2,), [], device="meta")
    assert brief(one) == "2 float64 on meta"
