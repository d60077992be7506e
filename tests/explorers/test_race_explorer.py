"""The race explorer: what it computes, shows and says, without a browser."""

import numpy as np
import pytest

from gradcourse import landscapes
from gradcourse.descent import descend
from gradcourse.explorers.race import GOAL, N_STEPS, RACERS, RATES, racer, sweep_of
from gradcourse.optimizers import Adam


def test_each_path_is_that_of_the_library(explorer):
    explorer.set(step=N_STEPS, learning_rate=0.01, beta1=0.8, beta2=0.95)
    ravine, start = landscapes.get("ravine"), explorer.result.start
    left, right, low, high = ravine.window
    for name in RACERS:
        way = descend(ravine, ravine.gradient, start, racer(name, 0.01, 0.8, 0.95), N_STEPS)
        x, y = explorer.artists[f"{name} way"].get_data()
        assert np.allclose(x * (right - left) / 2, way.path[:, 0])
        assert np.allclose(y * (high - low) / 2, way.path[:, 1])


def test_step_shows_that_many_steps(explorer):
    for step in (0, 1, 75, N_STEPS):
        explorer.set(step=step)
        assert len(explorer.artists["Adam loss"].get_xdata()) == step + 1
        assert explorer.sentence.startswith(f"After {step} step")


def test_play_moves_the_step_and_the_step_moves_play(explorer):
    control = explorer.controls["step"]
    play = control.row.children[1]
    play.value = 33
    assert explorer.values()["step"] == 33
    explorer.set(step=12)
    assert play.value == 12


@pytest.mark.parametrize("name", RACERS)
def test_the_sweep_agrees_with_single_runs(name):
    start = (-2.0, 1.2)
    ravine = landscapes.get("ravine")
    with np.errstate(all="ignore"):
        sweep = sweep_of("ravine", start, 0.9, 0.99)[name]
    for k in range(0, len(RATES), 5):
        recipe = racer(name, float(RATES[k]), 0.9, 0.99)
        with np.errstate(all="ignore"):
            way = descend(ravine, ravine.gradient, start, recipe, N_STEPS)
        far = [n for n, loss in enumerate(way.losses) if not loss <= GOAL * way.losses[0]]
        assert sweep[k] == (N_STEPS + 1 if way.diverged else far[-1] + 1)


def test_no_shared_rate_brings_all_six_home_but_each_its_own_does(explorer):
    together = np.array(list(sweep_of("ravine", explorer.result.start, 0.9, 0.99).values()))
    assert (together.max(axis=0) > 100).all()
    explorer.set(step=100)
    assert not explorer.target_reached
    explorer.set(rates="each its best")
    assert explorer.target_reached
    assert "on the way" not in explorer.sentence


def test_the_ranking_names_the_first_first(explorer):
    explorer.set(step=120)
    runs = explorer.result.runs
    first = min(runs, key=lambda name: runs[name].arrival)
    assert f"reached the goal: {RACERS[first]} at step {runs[first].arrival}" in explorer.sentence


def test_who_is_unticked_does_not_take_part(explorer):
    explorer.set(Adam=False)
    assert "Adam" not in explorer.sentence
    assert explorer.artists["Adam way"].get_xdata().size == 0
    explorer.set(**dict.fromkeys(RACERS, False))
    assert "nobody takes part" in explorer.sentence


def test_a_click_sets_the_start_or_the_rate(explorer):
    explorer.on_click(0.5, -0.25, "map")
    assert explorer.values()["start_0"] == 0.5
    assert explorer.values()["start_1"] == pytest.approx(-0.25, abs=0.011)
    explorer.on_click(0.1, 50, "sweep")
    rate = explorer.values()["learning_rate"]
    assert rate == pytest.approx(0.1, rel=0.025)
    explorer.on_click(50, 1, "loss")
    assert explorer.values()["learning_rate"] == rate


def test_without_bias_correction_the_first_steps_of_adam_are_too_long():
    lengths = {}
    for corrected in (True, False):
        optimizer = Adam(0.1, bias_correction=corrected)
        theta, _ = optimizer.step(0.0, 5.0, optimizer.init(0.0))
        lengths[corrected] = -theta
    assert lengths[True] == pytest.approx(0.1)
    assert lengths[False] == pytest.approx(0.1 * (1 - 0.9) / (1 - 0.999) ** 0.5)
