"""The batch-size explorer: what it computes, shows and says, without a browser."""

import numpy as np
import pytest

from gradcourse import datasets
from gradcourse.explorers.batch_size import MODELS, START, N, birds_to_learn, gradient_error, train


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("balance", [False, True])
@pytest.mark.parametrize("batch_size", [1, 7, 32, N])
def test_the_path_is_that_of_the_library_s_gradients(model, balance, batch_size):
    data = birds_to_learn(model, 0.2, 0.1, balance)
    path = train(data, batch_size, 0.1, n_epochs=2, seed=5)
    rng, theta, expected = np.random.default_rng(5), np.array(START), [START]
    for _ in range(2):
        order = rng.permutation(N) if batch_size < N else np.arange(N)
        for first in range(0, N, batch_size):
            theta = theta - 0.1 * data.model.gradient(theta, order[first : first + batch_size])
            expected.append(theta)
    assert np.allclose(path, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("model", MODELS)
def test_the_cross_marks_the_lowest_loss(model):
    data = birds_to_learn(model, 0.25, 0.0, False)
    assert np.abs(data.model.gradient(np.array(data.best))).max() < 1e-9
    near = np.array(data.best)[:, None] + np.random.default_rng(0).normal(size=(2, 50)) * 0.01
    assert (data.model(near) > data.lowest).all()


@pytest.mark.parametrize("batch_size", [1, 8, 64])
def test_the_said_error_is_the_measured_one(batch_size):
    data, rng = birds_to_learn("species (logistic)", 0.25, 0.0, False), np.random.default_rng(1)
    full = data.model.gradient(np.array(START))
    off = [
        data.model.gradient(np.array(START), rng.choice(N, batch_size, replace=False)) - full
        for _ in range(3000)
    ]
    measured = np.sqrt(np.mean(np.sum(np.square(off), axis=1))) / np.linalg.norm(full)
    assert gradient_error(data, batch_size) == pytest.approx(measured, rel=0.06)
    assert gradient_error(data, N) == 0


def test_the_data_are_real_birds_in_the_share_asked_for():
    data = birds_to_learn("species (logistic)", 0.1, 0.0, False)
    assert sum(y for _, y, _ in data.rows) == round(0.1 * N)
    masses = birds_to_learn("mass (linear)", 0.1, 0.0, False)
    assert len(set(masses.rows)) <= N <= len(datasets.penguins())


def test_mixed_up_answers_raise_the_lowest_loss(explorer):
    lowest = []
    for noise in (0.0, 0.5, 1.0):
        explorer.set(noise=noise)
        lowest.append(explorer.result.data.lowest)
    assert lowest == sorted(lowest)
    assert lowest[0] < lowest[-1]


def test_balancing_moves_the_best_intercept_up(explorer):
    explorer.set(rare=0.05)
    plain = explorer.result.data.best[1]
    explorer.set(balance=True)
    assert explorer.result.data.best[1] > plain + 1


def test_one_bird_at_a_time_is_ahead_after_the_same_birds(explorer):
    explorer.set(batch_size=1)
    mini, full = explorer.result.mini, explorer.result.full
    assert (len(mini.path), len(full.path)) == (1 + 3 * N, 4)
    assert mini.losses[-1] < 0.6 < 1.2 < full.losses[-1]
    assert "408 updates from 1 bird each" in explorer.sentence


def test_a_full_batch_lies_on_the_gray_path(explorer):
    explorer.set(batch_size=N)
    ours, gray = explorer.artists["way"].get_data(), explorer.artists["slow"].get_data()
    assert np.allclose(ours, gray)
    assert "off by about 0%" in explorer.sentence


def test_a_rate_that_is_far_too_high_is_said_in_words(explorer):
    explorer.set(model="mass (linear)", learning_rate=10.0, n_epochs=10, batch_size=4)
    assert "out of sight" in explorer.sentence


def test_the_target_wants_two_epochs_and_the_data_as_they_are(explorer):
    found = {"batch_size": 4, "learning_rate": 0.3}
    explorer.set(**found, n_epochs=3)
    assert not explorer.target_reached
    explorer.set(**found, n_epochs=2, rare=0.3)
    assert not explorer.target_reached
    explorer.set(**found, n_epochs=2, rare=0.25)
    assert explorer.target_reached


def test_a_click_on_the_lower_clock_sets_the_epochs(explorer):
    explorer.on_click(6.6, 1.0, "epochs")
    assert explorer.values()["n_epochs"] == 7
    explorer.on_click(6.6, 1.0, "map")
    assert explorer.values()["n_epochs"] == 7
