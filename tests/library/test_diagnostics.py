"""Diagnostics: clipping that never makes things worse, snapshots that tell the truth, diagnoses."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gradcourse.clinic import CASES, run
from gradcourse.datasets import penguins, standardize
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
from gradcourse.optimizers import Adam, Momentum

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


def test_a_snapshot_changes_no_parameter():
    rng = np.random.default_rng(0)
    network = Network([Linear(3, 4), BatchNorm(4), RELU, Linear(4, 2)], rng)
    before = network.theta.copy()
    snapshot(network, rng.normal(size=(9, 3)), rng.integers(0, 2, 9))
    assert np.array_equal(network.theta, before)


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
