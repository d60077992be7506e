"""The explorer of lesson 10: six tasks, each with a gradient that is checked here."""

import numpy as np
import pytest

from gradcourse.differences import numerical_gradient
from gradcourse.explorers import AtWorkExplorer
from gradcourse.explorers.at_work import EDGE, LENGTH, N_STEPS, TASKS, run

GOOD = {
    "convolution": 0.3,
    "recurrence": 0.3,
    "policy": 3.0,
    "recommender": 0.5,
    "fine-tuning": 0.2,
    "quantum": 0.3,
}


@pytest.fixture
def explorer():
    return AtWorkExplorer()


@pytest.mark.parametrize("task", TASKS)
def test_there_is_a_rate_that_reaches_the_goal_and_the_same_seed_repeats_it(task):
    losses, seen, _ = run(task, GOOD[task], 0)
    assert losses.shape == (N_STEPS + 1,)
    assert len(seen) == N_STEPS + 1
    assert losses[-1] <= TASKS[task][-1] < losses[0]
    run.cache_clear()
    assert np.array_equal(run(task, GOOD[task], 0)[0], losses)
    assert not np.array_equal(run(task, GOOD[task], 1)[0], losses)


def test_the_filter_found_is_the_true_one():
    number, weights = run("convolution", 0.3, 0)[1][-1]
    assert number.tolist() == list(range(1, 10))
    assert np.allclose(weights, EDGE, atol=0.05)


def test_the_recurrence_steps_along_its_gradient():
    rng = np.random.default_rng(0)
    x = rng.choice([-1.0, 1.0], (LENGTH, 32))
    x[1:] *= 0.1

    def loss(theta):
        w, u, v = theta
        h = np.zeros(32)
        for x_t in x:
            h = np.tanh(w * h + u * x_t)
        return float(np.mean((v * h - x[0]) ** 2))

    start, rate = np.array([0.7, 0.5, 0.5]), 0.1
    after = start - rate * numerical_gradient(loss, start)
    assert np.allclose(run("recurrence", rate, 0)[0][:2], [loss(start), loss(after)], rtol=1e-6)


def test_recurrence_learns_to_hold_what_it_heard_first():
    losses, seen, _ = run("recurrence", 0.05, 0)
    far = np.array([share[-1] for _, share in seen])
    assert far[:21].max() > 10 * far[0]  # while it learns, the first number gains influence
    assert far[-1] < far[0] / 10  # then the state has locked
    assert losses[-1] < 1e-3


def test_the_policy_ends_at_the_best_lever():
    _, seen, (_, payoff) = run("policy", 3.0, 0)
    assert seen[-1][1].argmax() == payoff.argmax()
    assert np.isclose(seen[-1][1].sum(), 1)


def test_fine_tuning_keeps_what_was_known_and_beats_a_fresh_start():
    _, seen, (_, fresh) = run("fine-tuning", 0.2, 0)
    tuned = seen[-1][1]
    assert tuned[-1] > tuned[0] + 0.05
    assert tuned[0] > fresh[0] + 0.5
    assert tuned[-1] > fresh[-1] + 0.05


def test_the_qubit_finds_the_lowest_energy_in_spite_of_noise():
    losses, _, (grid, energy) = run("quantum", 0.3, 0)
    assert losses.min() >= 0
    assert losses[-1] < 0.02
    assert energy.min() + 1.25**0.5 < 1e-3
    assert len(grid) == 101


def test_the_target_counts_tasks_that_came_home(explorer):
    for k, (task, rate) in enumerate(GOOD.items(), start=1):
        explorer.set(task=task, learning_rate=rate)
        assert explorer.target_reached == (k >= 4)
        assert len(explorer.won) == min(k, 4)
        assert "is reached." in explorer.sentence


def test_a_rate_that_is_too_large_is_said_not_drawn(explorer):
    explorer.set(learning_rate=10.0)
    assert "out of sight" in explorer.sentence
    assert np.isfinite(explorer.artists["loss"].get_ydata()).all()


def test_the_panel_is_named_after_the_task(explorer):
    for task, (title, xlabel, *_) in TASKS.items():
        explorer.set(task=task)
        left = explorer.figure.axes[0]
        assert (left.get_title(loc="left"), left.get_xlabel()) == (title, xlabel)
