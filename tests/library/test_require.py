"""Every refusal is one sentence with the argument, its value and the remedy."""

import numpy as np
import pytest

from gradcourse import require

ABOVE_0 = "rate must be a number above 0, but it is"
NOT_NEGATIVE = "eps must be a finite number, 0 or more, but it is"
WHOLE = "n must be a whole number, 1 or more, but it is"
NUMBERS = "x must be a number or an array of numbers, but it is"
REPLACE = "remove it or replace it with a number."
REFUSED = [
    (lambda: require.positive("rate", -1, "try 0.1"), f"{ABOVE_0} -1; try 0.1."),
    (lambda: require.positive("rate", float("nan")), f"{ABOVE_0} nan."),
    (lambda: require.positive("rate", "fast"), f"{ABOVE_0} 'fast'."),
    (lambda: require.positive("rate", float("inf")), f"{ABOVE_0} inf."),
    (
        lambda: require.not_negative("eps", -1.0, "try 1e-8"),
        "eps must be a finite number, 0 or more, but it is -1.0; try 1e-8.",
    ),
    (lambda: require.not_negative("eps", None), f"{NOT_NEGATIVE} None."),
    (lambda: require.not_negative("eps", float("nan")), f"{NOT_NEGATIVE} nan."),
    (lambda: require.not_negative("eps", float("inf")), f"{NOT_NEGATIVE} inf."),
    (lambda: require.share("floor", 1.5), "floor must be from 0 to 1, but it is 1.5."),
    (lambda: require.share("floor", float("nan")), "floor must be from 0 to 1, but it is nan."),
    (
        lambda: require.share("beta1", 1, "try 0.9", below_1=True),
        "beta1 must be at least 0 and below 1, but it is 1; try 0.9.",
    ),
    (
        lambda: require.real("start", 1j),
        "start must be real, but it is complex; take its real part with .real.",
    ),
    (lambda: require.whole("n", 2.5), f"{WHOLE} 2.5."),
    (lambda: require.whole("n", 0), f"{WHOLE} 0."),
    (lambda: require.whole("n", float("nan")), f"{WHOLE} nan."),
    (lambda: require.whole("n", float("inf")), f"{WHOLE} inf."),
    (lambda: require.finite("x", [1, np.nan]), f"x contains nan at index 1; {REPLACE}"),
    (lambda: require.finite("x", [[1], [np.inf]]), f"x contains inf at index (1, 0); {REPLACE}"),
    (lambda: require.finite("x", np.inf), f"x contains inf; {REPLACE}"),
    (lambda: require.finite("x", []), "x is empty; pass at least one number."),
    (lambda: require.numbers("x", "abc"), f"{NUMBERS} 'abc'."),
    (lambda: require.numbers("x", [[1], [2, 3]]), f"{NUMBERS} [[1], [2, 3]]."),
    (lambda: require.numbers("x", None), f"{NUMBERS} None."),
    (
        lambda: require.one_of("name", "bowls", ["bowl"]),
        "name must be one of bowl, but it is 'bowls'; did you mean 'bowl'?",
    ),
    (lambda: require.one_of("name", "x", ["bowl"]), "name must be one of bowl, but it is 'x'."),
]


@pytest.mark.parametrize(("call", "sentence"), REFUSED)
def test_bad_input_gets_one_sentence(call, sentence):
    with pytest.raises((ValueError, TypeError)) as caught:
        call()
    assert str(caught.value) == sentence


def test_good_input_comes_back():
    assert require.positive("rate", 0.1) == 0.1
    assert require.whole("n", 3.0) == 3
    assert require.not_negative("eps", 0) == 0
    assert require.share("floor", 1) == 1
    assert require.real("x", [1, 2]).dtype == float
    assert require.finite("x", [1, 2]).dtype == float
    assert require.numbers("z", 1j) == 1j
    assert require.one_of("name", "bowl", ["bowl"]) == "bowl"
