"""Diagnostics: clipping that never makes things worse, snapshots that tell the truth, diagnoses."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gradcourse.clinic import CASES, run
from gradcourse.datasets import digits, penguins, standardize
from gradcourse.diagnostics import (
    ILLNESSES,
    clip_by_norm,
    clip_by_value,
    diagnose,
    snapshot,
    update_ratios,
    watch,
)
from gradcourse.nn import RELU, SIGMOID, TANH, BatchNorm, History, Linear, Network, fit
from gradcourse.optimizers import Adam, GradientDescent, Momentum

anything = arrays(float, st.integers(1, 6), elements=st.floats(allow_nan=True, allow_infinity=True))


# ---- clipping
@given(anything, st.floats(1e-100, 1e100))
def test_a_clipped_gradient_is_finite_and_short_enough(grad, limit):
    clipped = clip_by_norm(grad, limit)
    assert np.isfinite(clipped).all()
    assert np.linalg.norm(clipped / limit) <= 1 + 1e-12
    assert np.abs(clip_by_value(grad, limit)).max() <= limit


@given(arrays(float, 3, elements=st.floats(-1e300, 1e300)), st.floats(1e-3, 1e3))
def test_clipping_keeps_the_direction_and_leaves_short_gradients_alone(grad, limit):
    clipped = clip_by_norm(grad, limit)
    with np.errstate(over="ignore"):
        length = np.linalg.norm(grad)
    if length <= limit:
        assert np.array_equal(clipped, grad)
    else:
        assert np.allclose(
            clipped / limit, grad / np.abs(grad).max() / np.linalg.norm(grad / np.abs(grad).max())
        )


def test_infinite_entries_alone_give_the_direction():
    clipped = clip_by_norm(np.array([np.inf, 5.0, -np.inf, np.nan]), 2.0)
    assert np.allclose(clipped, [2**0.5, 0, -(2**0.5), 0])


@pytest.mark.parametrize("clip", [clip_by_norm, clip_by_value])
@pytest.mark.parametrize("limit", [0, -1.0, np.nan, np.inf, "one"])
def test_a_nonsense_limit_gets_one_sentence(clip, limit):
    with pytest.raises((ValueError, TypeError), match="limit must be"):
        clip(np.ones(2), limit)


def test_the_input_stays_as_it_was():
    grad = np.array([np.nan, 1e200, 3.0])
    clip_by_norm(grad, 1.0)
    clip_by_value(grad, 1.0)
    assert np.isnan(grad[0])
    assert grad[1:].tolist() == [1e200, 3.0]


# ---- snapshots
def test_a_snapshot_counts_dead_and_saturated_units():
    rng = np.random.default_rng(0)
    layers = [Linear(2, 4), RELU, Linear(4, 3), TANH, Linear(3, 3), SIGMOID, Linear(3, 2)]
    network = Network(layers, rng, dtype=float)
    network.parameters[0][1].data[:] = [-100, -100, -100, 100]
    network.parameters[2][1].data[:] = [0, 50, -50]
    seen = snapshot(network, rng.normal(size=(20, 2)), rng.integers(0, 2, 20))
    assert seen.dead == [0.75]
    assert seen.saturated[0] >= 2 / 3
    assert len(seen.saturated) == 2
    assert len(seen.gradient_norms) == len(seen.weights) == 4


def test_a_snapshot_has_the_gradient_of_its_samples():
    rng = np.random.default_rng(0)
    network = Network([Linear(3, 2)], rng, dtype=float)
    X, y = rng.normal(size=(9, 3)), rng.integers(0, 2, 9)
    seen = snapshot(network, X, y)
    _, grad = network.gradient(X, y)
    assert seen.gradient_norms == [pytest.approx(np.linalg.norm(grad[:6]))]
    assert seen.loss == network.loss(X, y).item()


def test_a_snapshot_changes_nothing():
    rng = np.random.default_rng(0)
    network = Network([Linear(3, 4), BatchNorm(4), RELU, Linear(4, 2)], rng)
    X, y = rng.normal(size=(9, 3)), rng.integers(0, 2, 9)
    theta, predicted = network.theta.copy(), network.predict(X)
    grad = network.gradient(X, y)[1].copy()
    snapshot(network, X + 100, y)
    assert np.array_equal(network.theta, theta)
    assert np.array_equal(network.grad, grad)
    assert np.array_equal(network.predict(X), predicted)


def test_a_snapshot_has_an_entry_for_each_matrix_of_weights():
    rng = np.random.default_rng(0)
    layers = [Linear(3, 4), BatchNorm(4), RELU, Linear(4, 4), BatchNorm(4), RELU, Linear(4, 2)]
    seen = snapshot(Network(layers, rng), rng.normal(size=(9, 3)), rng.integers(0, 2, 9))
    assert [W.shape for W in seen.weights] == [(3, 4), (4, 4), (4, 2)]
    assert len(seen.gradient_norms) == 3


def test_update_ratios_are_the_share_by_which_weights_moved():
    rng = np.random.default_rng(0)
    network = Network([Linear(3, 4), RELU, Linear(4, 2)], rng, dtype=float)
    X, y = rng.normal(size=(9, 3)), rng.integers(0, 2, 9)
    before = snapshot(network, X, y)
    network.theta *= 1.02
    assert update_ratios(before, snapshot(network, X, y)) == pytest.approx([0.02, 0.02])


# ---- diagnoses
def test_every_illness_has_a_case():
    assert list(CASES) == ["healthy", *ILLNESSES]


@pytest.mark.parametrize("name", CASES)
def test_an_illness_is_named_on_seeds_that_were_not_tuned_on(name):
    found = [diagnose(run(name, seed)[1]).illness for seed in range(300, 306)]
    assert found == [name] * 6


X_ALL, Y_ALL = digits()


def some_digits(rng, n=400):
    rows = rng.permutation(len(X_ALL))
    return X_ALL[rows[:n]], Y_ALL[rows[:n]], (X_ALL[rows[n:]], Y_ALL[rows[n:]])


def full_network(rng, depth=2, activation=RELU, init="He"):
    sizes = [64, *[32] * (depth - 1), 10]
    layers = []
    for n_in, n_out in pairwise(sizes):
        layers += [Linear(n_in, n_out, init), activation]
    return Network(layers[:-1], rng, dtype=float)


def trained(rng, optimizer, n_epochs, batch_size=32, network=None, shuffle=False, aside=False):
    """The history of a run; with shuffled labels, watched on samples kept aside, if asked for."""
    X, y, other = some_digits(rng)
    y = rng.permutation(y) if shuffle else y
    network = network or full_network(rng)
    seen = watch(*(other if aside else (X, y)))
    return fit(network, X, y, optimizer, n_epochs, batch_size, rng=rng, watch=seen)


def trained_again(rng):
    network, (X, y, _) = full_network(rng), some_digits(rng)
    fit(network, X, y, Adam(0.01), 30, 32, rng=rng)
    return fit(network, X, y, GradientDescent(1e-4), 8, 32, rng=rng, watch=watch(X, y))


def settled_on_shuffled_labels(rng):
    network = Network([Linear(64, 10)], rng, dtype=float)
    return trained(rng, GradientDescent(0.5), 60, 400, network, shuffle=True)


def deep_but_learning(rng):
    network = full_network(rng, 7, TANH, "Xavier")
    return trained(rng, Adam(0.003), 12, network=network)


def saturated_but_learning(rng):
    network = full_network(rng, 2, TANH, "Xavier")
    network.parameters[0][0].data[:] *= 10
    return trained(rng, Adam(0.01), 10, network=network)


def loud_feature_but_learned(rng):
    X, y, _ = some_digits(rng)
    X = X * np.where(np.arange(64) == 20, 60, 1)
    network = full_network(rng)
    return fit(network, X, y, Adam(0.01), 40, 32, rng=rng, watch=watch(X, y))


def logistic_regression_from_zero(rng):
    network = Network([Linear(64, 10, "zeros")], rng, dtype=float)
    return trained(rng, GradientDescent(0.3), 8, network=network)


NOT_ILL = {  # a run in which no illness was planted -> what may be said of it
    "shuffled labels": (lambda rng: trained(rng, GradientDescent(0.1), 8, shuffle=True), "unknown"),
    "shuffled labels, Adam": (lambda rng: trained(rng, Adam(0.003), 8, shuffle=True), "unknown"),
    "shuffled labels, full batch": (
        lambda rng: trained(rng, GradientDescent(0.3), 20, 400, shuffle=True),
        "unknown",
    ),
    "shuffled labels, settled": (settled_on_shuffled_labels, "unknown"),
    "shuffled labels, watched on others": (
        lambda rng: trained(rng, Adam(0.003), 20, shuffle=True, aside=True),
        "unknown",
    ),
    "one epoch": (lambda rng: trained(rng, GradientDescent(0.1), 1), "either"),
    "two epochs": (lambda rng: trained(rng, GradientDescent(0.1), 2), "either"),
    "full batch": (lambda rng: trained(rng, GradientDescent(0.2), 8, 400), "either"),
    "full batch, longer": (lambda rng: trained(rng, GradientDescent(0.5), 30, 400), "healthy"),
    "batches of one": (lambda rng: trained(rng, GradientDescent(0.02), 8, 1), "healthy"),
    "one epoch of batches of one": (
        lambda rng: trained(rng, GradientDescent(0.02), 1, 1),
        "healthy",
    ),
    "a loud feature": (loud_feature_but_learned, "healthy"),
    "trained again": (trained_again, "healthy"),
    "deep": (deep_but_learning, "healthy"),
    "saturated": (saturated_but_learning, "healthy"),
    "from zero": (logistic_regression_from_zero, "healthy"),
}


@pytest.mark.parametrize("seed", [500, 501])
@pytest.mark.parametrize(("make", "wanted"), NOT_ILL.values(), ids=NOT_ILL)
def test_nobody_is_accused_of_an_illness_it_does_not_have(make, wanted, seed):
    diagnosis = diagnose(make(np.random.default_rng(seed)))
    assert diagnosis.illness in (("healthy", "unknown") if wanted == "either" else (wanted,))
    if diagnosis.illness == "unknown":
        assert "none of my illnesses" in diagnosis.evidence or "by heart" in diagnosis.evidence
        assert diagnosis.remedy.endswith(".")


def test_unknown_says_what_to_check():
    diagnosis = diagnose(NOT_ILL["shuffled labels"][0](np.random.default_rng(0)))
    assert "check labels, loss and input, and overfit one batch" in diagnosis.remedy


def test_the_pace_decides_what_is_too_slow():
    for rate, illness in ((1e-4, "learning rate too low"), (1e-2, "unknown")):
        history = trained(np.random.default_rng(0), GradientDescent(rate), 4)
        pace = max(update_ratios(history.watched[-2], history.watched[-1]))
        assert (pace < 1e-3) == (rate == 1e-4)
        assert diagnose(history).illness == illness


def test_weights_of_zero_are_named_and_not_called_dead():
    network = full_network(np.random.default_rng(0), 3, init="zeros")
    diagnosis = diagnose(trained(np.random.default_rng(0), Adam(0.01), 4, network=network))
    assert diagnosis.illness == "equal weights"
    assert "bias" not in str(diagnosis)


@pytest.mark.parametrize("seed", range(3))
def test_a_first_layer_of_zeros_is_named_and_not_called_dead(seed):
    rng = np.random.default_rng(seed)
    layers = [Linear(64, 32, "zeros"), RELU, Linear(32, 10)]
    network = Network(layers, rng, dtype=float)
    diagnosis = diagnose(trained(rng, GradientDescent(0.1), 4, network=network))
    assert diagnosis.illness == "equal weights"
    assert "begin with weights of 0" in diagnosis.evidence
    assert "bias" not in str(diagnosis)


def test_a_loud_feature_that_did_no_harm_gets_a_remark():
    diagnosis = diagnose(loud_feature_but_learned(np.random.default_rng(500)))
    assert "though one feature spreads" in diagnosis.evidence
    assert not diagnosis.remedy


def test_bytes_as_inputs_are_unscaled_features_though_all_have_one_scale():
    rng = np.random.default_rng(0)
    X, y, _ = some_digits(rng)
    history = fit(
        full_network(rng), 255 * X, y, Adam(0.003), 8, 32, rng=rng, watch=watch(255 * X, y)
    )
    diagnosis = diagnose(history)
    assert diagnosis.illness == "unscaled features"
    assert "the inputs are about" in diagnosis.evidence


def test_a_run_interrupted_while_it_is_watched_can_be_diagnosed():
    rng = np.random.default_rng(0)
    X, y, _ = some_digits(rng)
    seen = []

    def look(network):
        seen.append(1)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return snapshot(network, X, y)

    history = fit(full_network(rng), X, y, GradientDescent(0.1), 3, 32, rng=rng, watch=look)
    assert len(history.watched) == len(history.losses) == 1
    assert diagnose(history).illness == "unknown"


def test_momentum_that_swings_uphill_and_learns_has_no_wrong_sign():
    rng = np.random.default_rng(0)
    history = trained(rng, GradientDescent(0.1), 8)
    history.promises[:] = [0.1] * 8
    assert diagnose(history).illness == "healthy"


def test_no_epoch_is_no_illness():
    history = trained(np.random.default_rng(0), Adam(), 0)
    said = "unknown: no epoch was trained to its end. → train for some epochs."
    assert str(diagnose(history)) == said


@pytest.mark.parametrize("name", list(CASES)[1:])
def test_a_diagnosis_has_evidence_with_a_number_and_a_remedy(name):
    diagnosis = diagnose(run(name, seed=1)[1])
    assert any(sign.isdigit() for sign in diagnosis.evidence)
    assert diagnosis.remedy.endswith(".")
    assert str(diagnosis).startswith(f"{name}: ")


@pytest.mark.parametrize("seed", range(6))
def test_other_healthy_networks_are_not_accused(seed):
    rng, birds = np.random.default_rng(seed), penguins()
    X, y = standardize(birds.matrix())[0], np.unique(birds.species, return_inverse=True)[1]
    layers = [Linear(4, 20), BatchNorm(20), RELU, Linear(20, 3)]
    network = Network(layers if seed % 2 else [Linear(4, 3)], rng)
    optimizer = Adam(0.01) if seed % 3 else Momentum(0.03)
    history = fit(network, X, y, optimizer, 8, 32, rng=rng, watch=watch(X, y))
    assert diagnose(history).illness == "healthy"


def test_the_same_seed_is_the_same_patient():
    first, second = (run("plateau", seed=4)[1] for _ in range(2))
    assert first.step_losses == second.step_losses


def test_a_run_that_was_not_watched_gets_one_sentence():
    with pytest.raises(ValueError, match="history has no snapshots; train with fit"):
        diagnose(History(32))
    with pytest.raises(ValueError, match="name must be one of"):
        run("a cold", seed=0)
