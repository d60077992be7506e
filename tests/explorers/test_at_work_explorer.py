"""The explorer of lesson 10: six tasks, each with a gradient that is checked here."""

import numpy as np
import pytest

from gradcourse.differences import numerical_gradient
from gradcourse.explorers.at_work import EDGE, LENGTH, N_STEPS, TASKS, run

GOOD = {
    "convolution": 0.3,
    "recurrence": 0.3,
    "policy": 3.0,
    "recommender": 0.5,
    "fine-tuning": 0.2,
    "quantum": 0.3,
}


@pytest.mark.parametrize("task", TASKS)
def test_there_is_a_rate_that_reaches_the_goal_and_the_same_seed_repeats_it(task):
    learned = run(task, GOOD[task], 0)
    assert learned.losses.shape == (N_STEPS + 1,)
    assert len(learned.seen) == N_STEPS + 1
    assert learned.losses[-1] <= TASKS[task].goal < learned.losses[0]
    run.cache_clear()
    assert np.array_equal(run(task, GOOD[task], 0).losses, learned.losses)
    assert not np.array_equal(run(task, GOOD[task], 1).losses, learned.losses)


def test_the_filter_found_is_the_true_one():
    number, weights = run("convolution", 0.3, 0).seen[-1]
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
    assert np.allclose(run("recurrence", rate, 0).losses[:2], [loss(start), loss(after)], rtol=1e-6)


def test_recurrence_learns_to_hold_what_it_heard_first():
    learned = run("recurrence", 0.05, 0)
    far = np.array([share[-1] for _, share in learned.seen])
    assert far[:21].max() > 10 * far[0]  # while it learns, the first number gains influence
    assert far[-1] < far[0] / 10  # then the state has locked
    assert learned.losses[-1] < 1e-3


def test_the_policy_ends_at_the_best_lever():
    learned = run("policy", 3.0, 0)
    (_, shares), (_, payoff) = learned.seen[-1], learned.true
    assert shares.argmax() == payoff.argmax()
    assert np.isclose(shares.sum(), 1)


def test_fine_tuning_keeps_what_was_known_and_beats_a_fresh_start():
    learned = run("fine-tuning", 0.2, 0)
    (_, tuned), (_, fresh) = learned.seen[-1], learned.true
    assert tuned[-1] > tuned[0] + 0.05
    assert tuned[0] > fresh[0] + 0.5
    assert tuned[-1] > fresh[-1] + 0.05


def test_the_qubit_finds_the_lowest_energy_in_spite_of_noise():
    learned = run("quantum", 0.3, 0)
    grid, energy = learned.true
    assert learned.losses.min() >= 0
    assert learned.losses[-1] < 0.02
    assert energy.min() + 1.25**0.5 < 1e-3
    assert len(grid) == 101


def test_the_target_counts_tasks_that_came_home(explorer):
    for k, (task, rate) in enumerate(GOOD.items(), start=1):
        explorer.set(task=task, learning_rate=rate)
        assert explorer.target_reached == (k >= 4)
        assert len(explorer.wins) == k
        assert "is reached." in explorer.sentence


def test_a_rate_that_is_too_large_is_said_not_drawn(explorer):
    explorer.set(learning_rate=10.0)
    assert "out of sight" in explorer.sentence
    assert np.isfinite(explorer.artists["loss"].get_ydata()).all()


def test_the_panel_is_named_after_the_task(explorer):
    for name, task in TASKS.items():
        explorer.set(task=name)
        left = explorer.figure.axes[0]
        assert (left.get_title(loc="left"), left.get_xlabel()) == (task.title, task.xlabel)
