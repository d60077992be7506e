"""Every optimizer on every landscape takes PyTorch's path, for floats, arrays and batches alike.

The stored numbers come from PyTorch 2.13 (tools/golden.py).
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcourse import landscapes, optimizers
from gradcourse.optimizers import AdaGrad, Adam, GradientDescent, Momentum, RMSProp

STORED = json.loads((Path(__file__).parents[1] / "golden" / "optimizers.json").read_text("utf-8"))
N_STEPS, EVERY = 200, 10
RECIPES = [
    GradientDescent(0.05),
    Momentum(0.02, momentum=0.8),
    Momentum(0.02, momentum=0.8, nesterov=True),
    AdaGrad(0.3, eps=1e-4),
    RMSProp(0.02, decay=0.9, eps=1e-4),
    Adam(0.05, beta1=0.8, beta2=0.95, eps=1e-4),
]
each_recipe = pytest.mark.parametrize("recipe", RECIPES, ids=repr)


def walk(recipe, gradient, theta, n_steps=20):
    """Every theta of a descent, the start first."""
    state, path = recipe.init(theta), [theta]
    for _ in range(n_steps):
        theta, state = recipe.step(theta, gradient(theta), state)
        path.append(theta)
    return path


def landscape(name):
    return landscapes.ravine(condition=25) if name == "ravine" else landscapes.get(name)


def label(run):
    settings = ",".join(f"{key}={value}" for key, value in run["settings"].items())
    return f"{run['optimizer']}({settings})-{run['landscape']}"


def distance(path, stored):
    """The largest distance between two paths, relative to the stored point's size."""
    off = np.linalg.norm(path - stored, axis=1)
    return (off / np.linalg.norm(stored, axis=1)).max()


@pytest.mark.parametrize("run", STORED["records"], ids=label)
def test_path_is_pytorchs_to_1e_12(run):
    recipe = getattr(optimizers, run["optimizer"])(**run["settings"])
    stored = np.array(run["path"])
    path = walk(recipe, landscape(run["landscape"]).gradient, stored[0], N_STEPS)
    assert distance(np.array(path)[::EVERY], stored) <= 1e-12


def test_table_holds_every_optimizer_on_every_landscape_twice():
    assert STORED["torch"] == "2.13.0"
    runs = {}
    for run in STORED["records"]:
        assert len(run["path"]) == N_STEPS // EVERY + 1
        kind = (run["optimizer"], run["settings"].get("nesterov", False), run["landscape"])
        runs.setdefault(kind, set()).add(label(run))
    kinds = {(type(recipe).__name__, getattr(recipe, "nesterov", False)) for recipe in RECIPES}
    assert set(runs) == {(*kind, name) for kind in kinds for name in landscapes.ALL}
    assert all(len(settings) == 2 for settings in runs.values())


@each_recipe
def test_floats_walk_as_arrays_do_and_stay_floats(recipe):
    floats = walk(recipe, lambda t: 4 * t - 1, 3.0)
    arrays = walk(recipe, lambda t: 4 * t - 1, np.array([3.0]))
    assert all(type(theta) is float for theta in floats)
    assert floats == pytest.approx(np.ravel(arrays), rel=1e-13)


@each_recipe
@pytest.mark.parametrize("shape", [(2, 7), (2, 3, 4)])
def test_points_side_by_side_walk_as_each_alone(recipe, shape):
    gradient = landscapes.two_wells().gradient
    starts = np.random.default_rng(0).uniform(-1, 1, shape)
    together = np.array(walk(recipe, gradient, starts)).reshape(21, 2, -1)
    for i, start in enumerate(starts.reshape(2, -1).T):
        assert together[:, :, i] == pytest.approx(np.array(walk(recipe, gradient, start)))


@each_recipe
def test_a_column_of_learning_rates_is_as_many_descents(recipe):
    rates = np.array([0.001, 0.004, 0.01])
    gradient = landscapes.ravine(25).gradient
    starts = np.tile([[-2.5], [1.5]], 3)
    many = dataclasses.replace(recipe, learning_rate=rates)
    together = np.array(walk(many, gradient, starts))
    for i, rate in enumerate(rates):
        alone = walk(dataclasses.replace(recipe, learning_rate=rate), gradient, starts[:, i])
        assert together[:, :, i] == pytest.approx(np.array(alone))
    assert not np.allclose(together[-1, :, 0], together[-1, :, 2])


def arrays_in(state):
    return [part for part in state if isinstance(part, np.ndarray)]


@each_recipe
def test_step_changes_nothing_it_was_given(recipe):
    theta, grad = np.array([1.0, -2.0]), np.array([0.5, 3.0])
    _, state = recipe.step(theta, grad, recipe.init(theta))
    for array in (theta, grad, *arrays_in(state)):
        array.setflags(write=False)
    first, memory = recipe.step(theta, grad, state)
    second, memory_again = recipe.step(theta, grad, state)
    assert np.array_equal(first, second)
    assert not np.array_equal(first, theta)
    for array, again in zip(arrays_in(memory), arrays_in(memory_again), strict=True):
        assert np.array_equal(array, again)


@each_recipe
def test_init_leaves_theta_alone_and_remembers_nothing_yet(recipe):
    theta = np.array([1.0, -2.0])
    state = recipe.init(theta)
    assert theta.tolist() == [1, -2]
    assert all(not np.any(part) for part in state)


@given(size=st.floats(1e-3, 1e9), sign=st.sampled_from([-1, 1]))
def test_first_step_of_adagrad_and_adam_does_not_depend_on_the_gradients_size(size, sign):
    for recipe in (AdaGrad(0.25), Adam(0.25)):
        theta, _ = recipe.step(1.0, sign * size, recipe.init(1.0))
        assert theta == pytest.approx(1 - 0.25 * sign, rel=1e-4)


@given(momentum=st.floats(0, 0.95), rate=st.floats(0.01, 0.1))
def test_momentum_under_a_steady_push_reaches_its_final_speed(momentum, rate):
    path = walk(Momentum(rate, momentum), lambda _: 1.0, 0.0, n_steps=600)
    assert path[-2] - path[-1] == pytest.approx(rate / (1 - momentum), rel=1e-6)


def test_only_the_recipes_of_the_course_may_be_taken_coordinate_by_coordinate():
    class Own(GradientDescent):
        """It could look at the whole gradient."""

    assert all(optimizers.works_by_coordinate(recipe) for recipe in RECIPES)
    assert not any(recipe.whole_vector for recipe in RECIPES)
    assert not optimizers.works_by_coordinate(Own(0.1))
    assert not optimizers.works_by_coordinate(GradientDescent(np.array([0.1, 0.2])))


@each_recipe
def test_a_recipe_cannot_be_changed(recipe):
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.learning_rate = 1.0


BAD = [
    *((type(r), {"learning_rate": bad}) for r in RECIPES for bad in (0, -0.1, np.nan, np.inf)),
    *((type(r), {"learning_rate": bad}) for r in RECIPES for bad in ([], [0.1, -0.1], "fast")),
    *((type(r), {"learning_rate": bad}) for r in RECIPES for bad in (0.1 + 0j, [0.1, 0.2j])),
    *((Momentum, {"momentum": bad}) for bad in (-0.1, 1, np.nan)),
    *((RMSProp, {"decay": bad}) for bad in (-0.1, 1, np.nan)),
    *((Adam, {beta: bad}) for beta in ("beta1", "beta2") for bad in (-0.1, 1, np.nan)),
    *((kind, {"eps": bad}) for kind in (AdaGrad, RMSProp, Adam) for bad in (-1e-8, np.nan, "1")),
]


@pytest.mark.parametrize(
    ("kind", "settings"), BAD, ids=lambda value: getattr(value, "__name__", value)
)
def test_bad_setting_is_refused_in_one_sentence(kind, settings):
    with pytest.raises((ValueError, TypeError), match=next(iter(settings))) as caught:
        kind(**settings)
    message = str(caught.value)
    assert message.endswith(".")
    assert "\n" not in message
    assert ";" in message, "no remedy"
