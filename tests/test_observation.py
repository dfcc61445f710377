"""Observations as plain data, and how differences between them are found."""

from __future__ import annotations

import json
import math
import re
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis.extra import numpy as arrays

from course.compare import backend
from course.scenarios import Scenario, attempt, heard
from course.scenarios.differences import TOLERANCE_ULPS, differences, ulps_apart
from course.scenarios.keywords import PHRASES, phrases
from course.scenarios.observation import Observation, Observations, capture, observe

CPU = backend("torch-cpu")


def run(*pairs, program=None):
    """Observe these pairs as if a scenario had yielded them."""
    return observe(Scenario("test.it", 1, "What?", program or (lambda T, draw: iter(pairs))), CPU)


def whats(expected, got, **kwargs):
    return [(d.label, d.what) for d in differences(expected, got, **kwargs)]


def fail(error):
    raise error


VALUES = {
    "tensor": torch.tensor([[1.5, math.nan], [math.inf, -math.inf]]),
    "empty": torch.zeros(0, 3),
    "scalar": torch.tensor(2.0, dtype=torch.float64),
    "bools": torch.tensor([True, False]),
    "ints": torch.tensor([2**53 + 1, -3]),
    "half": torch.tensor([0.1], dtype=torch.float16),
    "int": 3,
    "float": 0.1,
    "nan": math.nan,
    "bool": True,
    "text": "AddBackward0",
    "none": None,
    "dtype": torch.float32,
    "size": torch.Size([2, 3]),
    "list": [1, [2.5, None], (torch.ones(2), "x")],
    "dict": {"a": 1, "b": [True]},
    "raised": attempt(fail, RuntimeError("Mismatch in shape: 1 and 2")),
    "heard": heard(warnings.warn, "volatile was removed", stacklevel=2),
}


def test_every_kind_survives_json():
    seen = run(*VALUES.items())
    text = json.dumps(seen.to_json(), allow_nan=False)
    back = Observations.from_json(json.loads(text))
    assert differences(seen, back, ulps=0) == []
    assert back.to_json() == seen.to_json()
    assert {item.kind for item in seen} == {"tensor", "number", "bool", "text", "none", "list", "dict", "raised"}


@given(arrays.arrays(np.float64, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)))
def test_any_tensor_survives_json(array):
    one = capture("x", torch.from_numpy(array.copy()), CPU)
    back = Observation.from_json(json.loads(json.dumps(one.to_json(), allow_nan=False)))
    assert back.shape == array.shape
    assert np.array_equal(np.reshape(back.value, array.shape), array, equal_nan=True)


def test_data_are_copied_at_the_moment_of_the_yield():
    def program(T, draw):
        x = T.zeros(2)
        yield "before", x
        x.add_(1)
        yield "after", x

    seen = run(program=program)
    assert [item.value for item in seen] == [[0.0, 0.0], [1.0, 1.0]]


def test_an_escaping_exception_ends_the_observation():
    def program(T, draw):
        yield "first", 1
        raise RuntimeError("the list of inputs cannot be empty")

    seen = run(program=program)
    assert [item.label for item in seen] == ["first", "raised"]
    assert seen[-1].value == {"type": "RuntimeError", "keywords": ["cannot be empty"]}


def test_a_label_may_be_used_once():
    with pytest.raises(ValueError, match="'x' twice"):
        run(("x", 1), ("x", 2))


def test_what_can_not_be_observed_is_refused():
    with pytest.raises(TypeError, match="object is not observable"):
        run(("x", object()))


def test_warnings_do_not_escape(capfd):
    def program(T, draw):
        warnings.warn("noise", stacklevel=1)
        y = T.ones(1, requires_grad=True) * 2
        yield "y.grad", y.grad

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run(program=program)
    assert capfd.readouterr() == ("", "")


def test_whether_the_seed_matters_is_noticed():
    assert not run(("x", 1)).drew
    assert run(program=lambda T, draw: iter([("x", T.tensor(draw.normal(2)))])).drew


def test_full_message_is_for_the_eye_only():
    one = capture("x", attempt(fail, RuntimeError("Mismatch in shape: A")), CPU)
    assert "fail" in one.frames, "for feedback: where it came from"
    other = capture("x", attempt(fail, RuntimeError("Mismatch in shape: B")), CPU)
    assert one.message.endswith("A")
    assert one == other
    assert "A" not in json.dumps(one.to_json())


@pytest.mark.parametrize(
    ("expected", "got", "what"),
    [
        (torch.tensor([1.0]), torch.tensor([1.1]), "value"),
        (torch.tensor([1.0]), torch.tensor([[1.0]]), "shape"),
        (torch.tensor([1.0]), torch.tensor([1.0], dtype=torch.float64), "dtype"),
        (torch.tensor([1.0]), None, "kind"),
        (torch.tensor(1.0), 1.0, "kind"),
        (True, 1, "kind"),
        (1, 1.0, "dtype"),
        (1, 2, "value"),
        ("a", "b", "value"),
        (True, False, "value"),
        ([1, 2], [1, 2, 3], "shape"),
        ([1, [2, 3]], [1, [2, 4]], "value"),
        ({"a": 1}, {"b": 1}, "shape"),
        (None, attempt(fail, ValueError("x")), "raised"),
        (attempt(fail, RuntimeError("Mismatch in shape")), None, "raised"),
        (attempt(fail, RuntimeError("Mismatch in shape")), attempt(fail, ValueError("Mismatch in shape")), "raised"),
        (attempt(fail, RuntimeError("Mismatch in shape")), attempt(fail, RuntimeError("oh")), "raised"),
    ],
)
def test_each_kind_of_difference_is_found(expected, got, what):
    one, other = run(("x", expected)), run(("x", got))
    assert whats(one, other) == [("x", what)]
    assert whats(one, one) == []
    assert whats(other, other) == []


def test_missing_and_extra_labels():
    assert whats(run(("a", 1), ("b", 2)), run(("b", 2), ("c", 3))) == [("a", "missing"), ("c", "extra")]


def test_a_difference_inside_a_list_says_where():
    (found,) = differences(run(("x", [1, {"k": [1.0]}])), run(("x", [1, {"k": [2.0]}])))
    assert (found.label, found.where) == ("x", "[1]k[0]")


def test_another_exception_with_more_phrases_still_counts_as_the_expected_one():
    expected = attempt(fail, RuntimeError("Mismatch in shape"))
    got = attempt(fail, RuntimeError("Mismatch in shape, and it cannot be empty"))
    assert whats(run(("x", expected)), run(("x", got))) == []
    assert whats(run(("x", got)), run(("x", expected))) == [("x", "raised")]


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_ulps_count_the_spacing_of_the_dtype(dtype):
    one = np.asarray(1.0, dtype=dtype)
    eps = float(np.finfo(dtype).eps)
    assert ulps_apart([float(one)], [1.0 + 3 * eps], dtype) == 3.0
    assert ulps_apart([1000.0, 1.0], [1000.0, 1.0 + eps], dtype) < 0.01


def test_ulps_of_special_numbers():
    assert ulps_apart([math.nan, math.inf], [math.nan, math.inf], "float64") == 0
    assert ulps_apart([math.nan], [1.0], "float64") == math.inf
    assert ulps_apart([math.inf], [-math.inf], "float64") == math.inf
    assert ulps_apart([math.inf], [1e308], "float64") == math.inf
    assert ulps_apart([0.0], [-0.0], "float64") == 0
    assert ulps_apart([2**53], [2**53 + 1], "int64") == math.inf
    assert ulps_apart([], [], "float64") == 0


def test_rounding_is_forgiven_and_a_wrong_number_is_not():
    x = np.linspace(0.1, 3, 7)
    noise = x * (1 + 4 * np.finfo(float).eps)
    wrong = x * (1 + 1e-12)
    tensors = [run(("x", torch.from_numpy(v.copy()))) for v in (x, noise, wrong)]
    assert whats(tensors[0], tensors[1]) == []
    (found,) = differences(tensors[0], tensors[2])
    assert found.ulps > TOLERANCE_ULPS
    assert whats(tensors[0], tensors[1], ulps=0) == [("x", "value")]


def test_what_is_left_of_a_cancelled_sum_is_no_difference():
    assert whats(run(("x", 0.0)), run(("x", 3e-18))) == []
    assert whats(run(("x", 0.0)), run(("x", 1e-9))) == [("x", "value")]


def test_phrases_are_stable_and_distinct():
    assert len(set(PHRASES)) == len(PHRASES)
    assert all(
        len(phrase) > 8 and not any(c.isdigit() for c in re.sub(r"0-dim|3D or 4D|(length|size) 3$", "", phrase))
        for phrase in PHRASES
    )
    assert not any("Backward" in phrase or "torch.Size" in phrase for phrase in PHRASES)
    assert phrases("Trying to backward through the graph a second time (or ...") == [
        "backward through the graph a second time"
    ]
    assert phrases("something else") == []


def test_a_call_without_a_result_equals_none() -> None:
    """So that records do not depend on it; only its words differ."""
    ran = capture("x", attempt([].clear), CPU)
    assert ran == capture("x", None, CPU)
    assert ran.message == "runs"
    assert capture("x", attempt(getattr, CPU.T.ones(1), "grad"), CPU).message == ""
