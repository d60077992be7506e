"""A descent takes the right steps, stops for the right reason and says so."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcourse import landscapes
from gradcourse.constrained import (
    ConditionalGradient,
    L1Ball,
    ProjectedGradient,
    ProximalGradient,
    Simplex,
)
from gradcourse.curvature import BFGS, Newton
from gradcourse.descent import Trajectory, descend, steps
from gradcourse.landscapes import Landscape
from gradcourse.losses import LinearRegression
from gradcourse.optimizers import AdaGrad, Adam, GradientDescent, Momentum, RMSProp
from gradcourse.schedules import Constant, Cosine, Exponential, StepDecay, WarmUp

BOWL, PLAIN = landscapes.bowl(), GradientDescent(0.1)
RECIPES = [
    GradientDescent(0.003),
    Momentum(0.002, momentum=0.8),
    Momentum(0.002, momentum=0.8, nesterov=True),
    AdaGrad(0.3),
    RMSProp(0.02),
    Adam(0.05),
]
each_recipe = pytest.mark.parametrize("recipe", RECIPES, ids=repr)
each_landscape = pytest.mark.parametrize("name", landscapes.ALL)


def go(f=BOWL, start=(2.0, -1.0), recipe=PLAIN, n_steps=20, **options):
    return descend(f, f.gradient, start, recipe, n_steps, **options)


def by_hand(gradient, theta, recipe, n_steps, schedule=None):
    """The loop of lesson 03, with a factor on the learning rate."""
    path, state = [np.array(theta, dtype=float)], recipe.init(np.array(theta, dtype=float))
    for step in range(n_steps):
        moved, state = recipe.step(path[-1], gradient(path[-1]), state)
        factor = schedule(step) if schedule else 1
        path.append(path[-1] + factor * (moved - path[-1]))
    return np.array(path)


# ---- the way -------------------------------------------------------------------------------------
@each_recipe
@each_landscape
def test_floats_and_arrays_take_the_same_way_bit_for_bit(recipe, name):
    ground = landscapes.get(name)
    on_floats = go(ground, ground.start, recipe, 200)
    on_arrays = descend(ground, lambda t: ground.gradient(t), ground.start, recipe, 200)
    assert np.array_equal(on_floats.path, on_arrays.path)
    assert np.array_equal(on_floats.losses, on_arrays.losses)
    assert on_floats.stopped == on_arrays.stopped
    assert not np.array_equal(on_floats.final, ground.start)


class Counting(Landscape):
    """A landscape with a gradient of its own: the same, but turned off after three calls."""

    def gradient(self, theta):
        calls.append(theta)
        return super().gradient(theta) * (len(calls) <= 3)


calls = []


def parts(ground):
    return [getattr(ground, name) for name in Landscape.__dataclass_fields__]


def test_a_gradient_that_overrides_the_landscapes_is_the_one_that_is_followed():
    calls.clear()
    way = go(Counting(*parts(BOWL)), n_steps=20)
    assert len(calls) == 21
    assert way.path[3:] == pytest.approx(np.tile(0.9**3 * np.array([2.0, -1.0]), (18, 1)))


def test_a_gradient_put_on_one_landscape_is_the_one_that_is_followed():
    ground = landscapes.bowl()
    object.__setattr__(ground, "gradient", lambda theta: -np.ones(2))
    assert go(ground, n_steps=10).final == pytest.approx([3, 0])


def test_another_method_of_a_landscape_is_the_one_that_is_followed():
    class Turned(Landscape):
        def uphill(self, theta):
            return -self.gradient(theta)

    ground = Turned(*parts(BOWL))
    way = descend(ground, ground.uphill, [2.0, -1.0], PLAIN, 5)
    assert way.final == pytest.approx(1.1**5 * np.array([2.0, -1.0]))


def test_other_partials_are_the_ones_that_are_followed():
    ground = landscapes.bowl()
    object.__setattr__(ground, "partials", lambda x, y: (0.0, y))
    assert go(ground, n_steps=5).final == pytest.approx([2, -(0.9**5)])


def test_a_recipe_of_your_own_sees_the_whole_gradient():
    class Clipped(GradientDescent):
        def step(self, theta, grad, state):
            return super().step(theta, grad / np.linalg.norm(grad), state)

    way = go(start=(3.0, 4.0), recipe=Clipped(0.5), n_steps=4)
    assert way.final == pytest.approx([1.8, 2.4])


@each_recipe
def test_the_loop_is_public_and_the_same(recipe):
    ground = landscapes.ravine(9)
    start = np.array([1.0, 2.0])
    seen = list(itertools.islice(steps(ground.gradient, start, recipe), 31))
    assert np.array_equal([theta for theta, _, _ in seen], go(ground, start, recipe, 30).path)
    assert all(np.array_equal(grad, ground.gradient(theta)) for theta, grad, _ in seen)
    start[0] = 7.0  # it is still the caller's own


def test_the_loop_takes_a_list():
    theta, _, _ = next(itertools.islice(steps(BOWL.gradient, [2, -1], PLAIN), 1, None))
    assert theta == pytest.approx([1.8, -0.9])


@each_recipe
def test_the_way_is_the_loop_written_by_hand(recipe):
    way = go(landscapes.ravine(9), (1.0, 2.0), recipe, 50)
    assert np.allclose(way.path, by_hand(landscapes.ravine(9).gradient, (1, 2), recipe, 50))


@given(rate=st.floats(1e-3, 1.9), start=st.floats(-100, 100), n_steps=st.integers(0, 30))
def test_on_a_parabola_each_step_multiplies_by_one_minus_rate_times_curvature(rate, start, n_steps):
    way = descend(lambda t: t[0] ** 2 / 2, lambda t: t, [start], GradientDescent(rate), n_steps)
    expected = start * (1 - rate) ** np.arange(n_steps + 1)
    assert np.allclose(way.path[:, 0], expected, rtol=1e-9, atol=1e-12)


def test_a_trajectory_counts_its_steps_and_knows_its_end():
    way = go(n_steps=7)
    assert way.n_steps == 7
    assert way.path.shape == (8, 2)
    assert way.path[0].tolist() == [2, -1]
    assert way.final.tolist() == way.path[-1].tolist()
    assert np.allclose(way.losses, [BOWL(theta) for theta in way.path])


def test_no_step_at_all_is_a_way_of_one_point():
    way = go(n_steps=0)
    assert way.path.tolist() == [[2, -1]]
    assert way.stopped == "All 0 steps were taken."


def test_a_trajectory_prints_its_reason_and_not_its_numbers():
    assert repr(go()) == "Trajectory(stopped='All 20 steps were taken.')"


@each_recipe
def test_many_starts_walk_as_each_alone(recipe):
    ground = landscapes.two_wells()
    starts = np.random.default_rng(0).uniform(-1.5, 1.5, (2, 7))
    together = go(ground, starts, recipe, 30)
    assert together.path.shape == (31, 2, 7)
    assert together.losses.shape == (31, 7)
    for i, start in enumerate(starts.T):
        alone = go(ground, start, recipe, 30)
        assert np.allclose(together.path[:, :, i], alone.path, rtol=1e-12)
        assert np.allclose(together.losses[:, i], alone.losses, rtol=1e-12)


def test_many_rates_walk_side_by_side():
    rates = np.array([0.01, 0.1, 1.0])
    way = go(BOWL, np.ones((2, 3)), GradientDescent(rates), 5)
    assert np.allclose(way.final, (1 - rates) ** 5 * np.ones((2, 1)))


@pytest.mark.parametrize(
    "schedule",
    [Constant(0.5), StepDecay(3), Exponential(0.9), Cosine(12), WarmUp(4, then=Cosine(8))],
    ids=repr,
)
@each_recipe
def test_a_schedule_multiplies_the_learning_rate_of_every_step(recipe, schedule):
    way = go(landscapes.ravine(5), (1.0, 2.0), recipe, 15, schedule=schedule)
    gradient = landscapes.ravine(5).gradient
    assert np.allclose(way.path, by_hand(gradient, (1, 2), recipe, 15, schedule), rtol=1e-12)
    assert not np.allclose(way.path, by_hand(gradient, (1, 2), recipe, 15))


def test_a_schedule_that_is_constant_changes_nothing():
    assert np.allclose(go(schedule=Constant()).path, go().path, rtol=1e-14)


def test_a_loss_for_one_point_only_still_works_for_many():
    def f(theta):
        return max(float(theta[0]), 0.0) ** 2 + abs(float(theta[1]))

    def gradient(theta):
        return np.array([2 * np.maximum(theta[0], 0), np.sign(theta[1])])

    starts = np.array([[1.0, -1.0, 2.0], [0.5, 1.0, -2.0]])
    way = descend(f, gradient, starts, GradientDescent(0.1), 8)
    one_by_one = [[f(theta) for theta in places.T] for places in way.path]
    assert np.array_equal(way.losses, one_by_one)


def test_data_are_descended_as_landscapes_are():
    line = LinearRegression([0.0, 1.0, 2.0], [1.0, 3.0, 5.0])
    way = descend(line, line.gradient, [0, 0], GradientDescent(0.2), 400)
    assert np.allclose(way.final, [2, 1], atol=1e-6)


# ---- when it stops -------------------------------------------------------------------------------
def test_the_budget_stops():
    way = go(n_steps=13, gradient_tolerance=1e-12, loss_tolerance=1e-30)
    assert way.n_steps == 13
    assert way.stopped == "All 13 steps were taken."


def test_a_short_gradient_stops_at_the_first_point_that_has_one():
    way = go(n_steps=500, gradient_tolerance=1e-3)
    lengths = np.linalg.norm(way.path, axis=1)  # on the bowl, gradient = theta
    assert lengths[-1] < 1e-3 <= lengths[-2]
    assert way.stopped == f"The gradient is shorter than 0.001 after {way.n_steps} steps."


def test_a_small_change_of_the_loss_stops_after_the_first_step_that_makes_one():
    way = go(n_steps=500, loss_tolerance=1e-4)
    changes = np.abs(np.diff(way.losses))
    assert changes[-1] < 1e-4 <= changes[-2]
    assert way.stopped == f"The loss changed by less than 0.0001 after {way.n_steps} steps."


def test_the_rules_stop_arrays_where_they_stop_floats():
    for rule in ({"gradient_tolerance": 1e-3}, {"loss_tolerance": 1e-4}):
        arrays = descend(
            BOWL, lambda t: BOWL.gradient(t), [2, -1], GradientDescent(0.1), 500, **rule
        )
        assert arrays.stopped == go(n_steps=500, **rule).stopped


def test_a_loss_that_rises_is_a_change():
    way = go(recipe=GradientDescent(2.1), n_steps=9, loss_tolerance=0.01)
    assert way.n_steps == 9
    assert way.diverged


def test_a_start_at_the_minimum_takes_no_step():
    way = go(start=(0.0, 0.0), gradient_tolerance=1e-6)
    assert way.stopped == "The gradient is shorter than 1e-06 after 0 steps."
    assert not way.diverged


def test_one_step_is_counted_in_the_singular():
    way = go(recipe=GradientDescent(1.0), gradient_tolerance=1e-6)
    assert way.stopped.endswith("after 1 step.")


# ---- when numbers end ----------------------------------------------------------------------------
@pytest.mark.parametrize("gradient", [BOWL.gradient, lambda t: BOWL.gradient(t)])
def test_an_overflow_is_said_in_words_and_cut_off(gradient):
    way = descend(BOWL, gradient, [2, -1], GradientDescent(1e30), 100)
    assert way.stopped == "The loss stopped being finite after 5 steps."
    assert np.isfinite(way.path).all()
    assert np.isfinite(way.losses).all()
    assert way.diverged


def test_a_gradient_that_is_no_number_ends_the_way_before_it():
    way = descend(lambda t: t[0] ** 2, lambda t: t / (t > 0.5), [1.0], GradientDescent(0.3), 50)
    assert np.isfinite(way.path).all()
    assert "finite" in way.stopped


def test_a_loss_without_a_value_at_the_start_keeps_the_start():
    way = descend(lambda t: np.log(t[0]), lambda t: 1 / t, [0.0], GradientDescent(0.1), 5)
    assert way.path.tolist() == [[0.0]]
    assert way.stopped == "The loss stopped being finite after 0 steps."
    assert way.diverged


def test_plain_floats_that_overflow_end_the_way():
    steep = landscapes.Landscape(
        "steep", lambda x, y: x * x, lambda x, y: (4 * x**3, y), (), (-1, 1, -1, 1), (0, 0), ""
    )
    way = go(steep, (9.0, 0.0), n_steps=99)
    assert "finite" in way.stopped
    assert np.isfinite(way.path).all()


def test_one_column_that_overflows_leaves_the_others_walking():
    rates = np.array([0.1, 1e200])
    way = go(BOWL, np.ones((2, 2)), GradientDescent(rates), 40)
    assert way.n_steps == 40
    assert np.allclose(way.final[:, 0], 0.9**40)
    assert not np.isfinite(way.losses[-1, 1])
    assert way.diverged


def test_a_batch_ends_when_no_column_is_left():
    way = go(BOWL, np.ones((2, 2)), GradientDescent(np.array([1e200, 1e250])), 40)
    assert way.n_steps < 5
    assert way.stopped.startswith("The parameters stopped being finite")


def test_diverged_means_above_the_start_and_rising_or_no_number():
    def way(*losses, stopped=""):
        return Trajectory(np.zeros((len(losses), 2)), np.array(losses), stopped)

    assert not way(3.0, 9.0, 2.0).diverged
    assert not way(3.0, 3.0).diverged
    assert not way(3.0).diverged
    assert way(3.0, 4.0).diverged
    assert way(1.0, 1.1, 1.21, 1.331).diverged
    assert way(1.0, 3.0, 2.0, 6.0, 4.0, 12.0, 8.0).diverged
    assert not way(1.0, 3.0, 2.0, 3.0, 2.0, 3.0, 2.0).diverged
    assert not way(0.0, 0.25, 0.25).diverged
    assert way(3.0, np.nan).diverged
    assert way(3.0, 2.0, stopped="The loss stopped being finite after 1 step.").diverged
    assert way([1.0, 1.0], [0.5, 2.0], [0.2, 4.0]).diverged
    assert not way([1.0, 1.0], [0.5, 2.0], [0.2, 2.0]).diverged


def test_a_run_called_back_into_its_set_has_not_diverged():
    way = go(start=(0.0, 0.0), recipe=ProjectedGradient(Simplex()), n_steps=50)
    assert np.allclose(way.final, [0.5, 0.5])
    assert way.losses[-1] > way.losses[0]
    assert not way.diverged


def test_a_run_pulled_up_to_the_point_that_its_price_asks_for_has_not_diverged():
    far = landscapes.Landscape(
        "far", lambda x, y: (x - 2) ** 2 + y * y, lambda x, y: (2 * x - 4, 2 * y), (), (), (), ""
    )
    way = go(far, (2.0, 0.0), ProximalGradient(l1=1.0, learning_rate=0.1), n_steps=60)
    assert way.final == pytest.approx([1.5, 0], abs=1e-4)
    assert not way.diverged


@pytest.mark.parametrize("seed", range(50))
@pytest.mark.parametrize("n_steps", [100, 1000])
def test_a_noisy_gradient_at_the_minimum_has_not_diverged(seed, n_steps):
    rng = np.random.default_rng(seed)
    way = descend(
        lambda t: t @ t,
        lambda t: 2 * t + 0.1 * rng.normal(size=1),
        [0.0],
        GradientDescent(0.1),
        n_steps,
    )
    assert way.losses[-1] > way.losses[0]
    assert not way.diverged


@pytest.mark.parametrize("seed", range(10))
def test_a_noisy_gradient_at_too_high_a_rate_diverges_all_the_same(seed):
    rng = np.random.default_rng(seed)
    way = descend(
        lambda t: t @ t,
        lambda t: 2 * t + 0.1 * rng.normal(size=1),
        [0.0],
        GradientDescent(1.1),
        100,
    )
    assert way.diverged


@pytest.mark.parametrize("share", [1.001, 1.1, 10])
@pytest.mark.parametrize("n_steps", [1, 2, 3, 50])
def test_every_rate_above_two_over_the_curvature_diverges_on_a_bowl(share, n_steps):
    assert go(recipe=GradientDescent(2 * share), n_steps=n_steps).diverged
    assert not go(recipe=GradientDescent(2 / share), n_steps=n_steps).diverged


@pytest.mark.parametrize("recipe", RECIPES[1:], ids=repr)
def test_every_recipe_that_climbs_diverges(recipe):
    assert descend(BOWL, lambda t: -BOWL.gradient(t), [2, -1], recipe, 200).diverged


@pytest.mark.parametrize("gradient", [BOWL.gradient, lambda t: BOWL.gradient(t)])
@pytest.mark.parametrize("recipe", [AdaGrad(0.1, eps=0), RMSProp(0.1, eps=0), Adam(0.1, eps=0)])
def test_a_division_of_zero_by_zero_is_said_alike_on_floats_and_arrays(gradient, recipe):
    way = descend(BOWL, gradient, [2.0, 0.0], recipe, 5)
    assert way.stopped == "The parameters stopped being finite after 0 steps."
    assert way.path.tolist() == [[2, 0]]


@pytest.mark.parametrize(
    "partials",
    [lambda x, y: (4 * x**3, y), lambda x, y: (1 / (x - 1), y), lambda x, y: (1e200 * x * x, y)],
)
@each_recipe
def test_floats_and_arrays_end_for_the_same_reason(partials, recipe):
    ground = Landscape("odd", lambda x, y: 0 * x + y, partials, (), (), (), "")
    for start in ([9.0, 1.0], [1.0, 1.0], [1e150, 0.0]):
        on_floats = go(ground, start, recipe, 99)
        on_arrays = descend(ground, lambda t: ground.gradient(t), start, recipe, 99)
        assert on_floats.stopped == on_arrays.stopped
        assert np.array_equal(on_floats.path, on_arrays.path)
        assert np.isfinite(on_floats.path).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_stops_being_finite_is_named(bad):
    def gradient(theta):
        return theta if theta[0] > 1 else theta * bad

    way = descend(BOWL, gradient, [2.0, -1.0], GradientDescent(0.1), 50)
    assert way.stopped == "The gradient stopped being finite after 7 steps."
    assert way.final == pytest.approx(0.9**7 * np.array([2.0, -1.0]))
    assert way.diverged


def test_a_loss_and_a_gradient_that_end_together_are_told_as_the_loss():
    way = descend(lambda t: np.log(t[0]), lambda t: 1 / np.sqrt(t), [0.3], GradientDescent(0.3), 50)
    assert way.stopped == "The loss stopped being finite after 0 steps."


def test_a_gradient_that_ends_is_named_before_a_set_complains():
    recipe = ProjectedGradient(L1Ball())
    way = descend(BOWL, lambda t: t * np.nan, [0.5, 0.0], recipe, 5)
    assert way.stopped == "The gradient stopped being finite after 0 steps."


def test_parameters_that_stop_being_finite_are_named():
    way = descend(lambda t: np.tanh(t[0]), lambda t: 0 * t + 1e300, [0.0], GradientDescent(1e9), 9)
    assert way.stopped == "The parameters stopped being finite after 0 steps."
    assert way.path.tolist() == [[0]]


@pytest.mark.parametrize("gradient", [BOWL.gradient, lambda t: BOWL.gradient(t)])
@pytest.mark.parametrize("recipe", [AdaGrad(0.1), RMSProp(0.1), Adam(0.1)])
def test_a_memory_that_overflows_is_named(gradient, recipe):
    way = descend(lambda t: abs(t[0]), gradient, [1e200, 1.0], recipe, 5)
    assert way.stopped == "The optimizer's memory stopped being finite after 1 step."


def test_a_memory_in_single_precision_that_overflows_is_named():
    way = descend(lambda t: t[0], lambda t: np.float32([1e20]), [1.0], AdaGrad(0.1), 5)
    assert way.stopped == "The optimizer's memory stopped being finite after 1 step."


def test_columns_whose_gradient_ends_leave_the_others_walking():
    def gradient(theta):
        return np.where(theta > 1, np.nan, theta)

    way = descend(BOWL, gradient, [[0.5, 2.0], [0.5, 2.0]], PLAIN, 10)
    assert way.stopped == "All 10 steps were taken."
    assert way.final[:, 0] == pytest.approx(0.5 * 0.9**10)


# ---- interruption --------------------------------------------------------------------------------
def impatient(calls):
    """A gradient that is interrupted at its call number `calls`."""
    counter = itertools.count(1)

    def gradient(theta):
        if next(counter) == calls:
            raise KeyboardInterrupt
        return theta

    return gradient


def test_an_interruption_keeps_the_way_so_far():
    way = descend(BOWL, impatient(5), [2, -1], GradientDescent(0.5), 1000)
    assert np.allclose(way.path, np.outer(0.5 ** np.arange(4), [2, -1]))
    assert way.stopped == "Interrupted after 3 steps."
    assert len(way.losses) == 4


def test_an_interruption_of_the_first_gradient_keeps_the_start():
    way = descend(BOWL, impatient(1), [2, -1], GradientDescent(0.5), 1000)
    assert way.path.tolist() == [[2, -1]]
    assert way.stopped == "Interrupted after 0 steps."


# ---- input ---------------------------------------------------------------------------------------
def test_nothing_given_is_changed():
    start = np.array([2.0, -1.0])
    start.setflags(write=False)
    way = descend(BOWL, lambda t: BOWL.gradient(t), start, GradientDescent(0.1), 3)
    assert start.tolist() == [2, -1]
    assert way.path[1].tolist() != way.path[0].tolist()


def test_a_gradient_that_changes_its_input_is_stopped():
    def gradient(theta):
        theta *= 2
        return theta

    with pytest.raises(ValueError, match="read-only"):
        descend(BOWL, gradient, [2.0, -1.0], GradientDescent(0.1), 3)


@pytest.mark.parametrize("start", [[2, -1], (2.0, -1.0), np.float32([2, -1]), np.array([2, -1])])
def test_lists_integers_and_single_precision_are_welcome(start):
    way = go(start=start)
    assert way.path.dtype == float
    assert np.array_equal(way.path, go().path)


@each_recipe
def test_a_single_number_walks_as_a_vector_of_one(recipe):
    number = descend(lambda t: t**2, lambda t: 2 * t, 3.0, recipe, 9, gradient_tolerance=1e-9)
    vector = descend(lambda t: t[0] ** 2, lambda t: 2 * t, [3.0], recipe, 9)
    assert number.path == pytest.approx(vector.path[:, 0], rel=1e-14)
    assert np.allclose(number.losses, vector.losses)
    assert not number.diverged


def test_a_single_number_that_overflows_is_said_in_words():
    way = descend(lambda t: t**2, lambda t: 2 * t, 3.0, GradientDescent(1e100), 9)
    assert way.stopped == "The loss stopped being finite after 1 step."


def test_a_gradient_may_return_a_list():
    way = descend(BOWL, lambda t: [t[0], t[1]], [2, -1], GradientDescent(0.1), 20)
    assert np.allclose(way.path, go().path)


def bad(gradient=BOWL.gradient, start=(1.0, 2.0), optimizer=PLAIN, **options):
    return {"gradient": gradient, "start": start, "optimizer": optimizer, **options}


COMPLEX = Landscape("complex", lambda x, y: x, lambda x, y: (x + 1j, y), (), (), (), "")
BAD = {
    "start contains nan": bad(start=[1.0, np.nan]),
    "start contains inf": bad(start=[np.inf, 1.0]),
    "start is empty": bad(start=[]),
    "start must be a number": bad(start=["left", "right"]),
    "start must be real, but it is complex": bad(start=[3 + 0j, 1]),
    "gradient must return real numbers": bad(gradient=lambda t: t * 1j),
    "but it returned complex128 ones": bad(gradient=COMPLEX.gradient),
    "but it returned <U1 ones": bad(gradient=lambda t: ["a", "b"]),
    r"schedule\(0\) must be a finite number, 0 or more, but it is -1;": bad(schedule=lambda n: -1),
    r"schedule\(3\) must be a finite number, 0 or more, but it is nan": bad(
        schedule=lambda n: 1.0 if n < 3 else np.nan
    ),
    "schedule.0. must be a finite number, 0 or more, but it is None": bad(schedule=lambda n: None),
    "n_steps must be a whole number": bad(n_steps=2.5),
    "n_steps must be a whole number, 0": bad(n_steps=-1),
    "gradient_tolerance must be a number above 0": bad(gradient_tolerance=0),
    "loss_tolerance must be a number above 0": bad(loss_tolerance=-1e-3),
    "optimizer must be a recipe": bad(optimizer=0.1),
    "optimizer must be a recipe from": bad(optimizer=GradientDescent),
    "gradient must return theta's shape": bad(gradient=lambda t: t[0]),
    "but it returned None; add its `return`": bad(gradient=lambda t: None),
    "gradient must be a function, but it is array": bad(gradient=np.ones(2)),
    "schedule must be a function, but it is 0.5": bad(schedule=0.5),
    r"schedule\(0\) must be from 0 to 1, but it is 2; a longer step leaves the set": bad(
        start=(0.5, 0.5), optimizer=ConditionalGradient(Simplex()), schedule=lambda n: 2
    ),
    r"schedule\(0\) must be from 0 to 1, but it is 1.5": bad(
        optimizer=ProjectedGradient(Simplex()), schedule=lambda n: 1.5
    ),
    r"theta must be a vector \(n,\), but its shape is \(\); write \[3.0\]": bad(
        gradient=lambda t: 2 * t, start=3.0, optimizer=Newton(lambda t: np.eye(1))
    ),
    r"theta must be a vector \(n,\), but its shape is \(\);": bad(
        gradient=lambda t: 2 * t, start=3.0, optimizer=BFGS(lambda t: t * t)
    ),
    r"theta must be a vector \(n,\), but its": bad(
        gradient=lambda t: 2 * t, start=0.5, optimizer=ConditionalGradient(L1Ball())
    ),
    "A tolerance needs one start": bad(start=np.ones((2, 3)), loss_tolerance=1e-3),
    "A tolerance needs one start of": bad(start=np.ones((2, 3)), gradient_tolerance=1e-3),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_input_is_refused_in_one_sentence(message):
    with pytest.raises((ValueError, TypeError), match=message) as caught:
        descend(BOWL, **BAD[message])
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_a_loss_that_is_no_number_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match="f must return one number"):
        descend(lambda t: None, BOWL.gradient, [1, 2], GradientDescent(0.1), 3)


@pytest.mark.parametrize("f", [None, 3.0])
def test_a_loss_that_is_no_function_is_refused_in_one_sentence(f):
    with pytest.raises(TypeError, match=f"f must be a function, but it is {f}"):
        descend(f, BOWL.gradient, [1, 2], PLAIN, 3)


@pytest.mark.parametrize("optimizer", [0.1, GradientDescent])
def test_steps_refuses_what_is_no_recipe_as_descend_does(optimizer):
    with pytest.raises(TypeError, match=r"optimizer must be a recipe from .* try GradientDescent"):
        next(steps(BOWL.gradient, [1.0, 2.0], optimizer))


def reusing(buffer):
    """A gradient that returns the same array every time, as Network.gradient does."""

    def gradient(theta):
        buffer[:] = theta * [2.0, 50.0]
        return buffer

    return gradient


def test_a_gradient_that_reuses_its_array_gives_the_same_steps():
    grads = [grad for _, grad, _ in itertools.islice(steps(reusing(np.zeros(2)), [3, 1], PLAIN), 5)]
    assert [grad.tolist() for grad in grads[:2]] == [[6.0, 50.0], [4.8, -200.0]]
    assert len({grad.tobytes() for grad in grads}) == 5


def test_bfgs_learns_from_a_gradient_that_reuses_its_array():
    def f(theta):
        return theta[0] ** 2 + 25 * theta[1] ** 2

    ways = [
        descend(f, gradient, [3.0, 1.0], BFGS(f), 12)
        for gradient in (reusing(np.zeros(2)), lambda theta: theta * [2.0, 50.0])
    ]
    assert np.array_equal(ways[0].path, ways[1].path)
    assert ways[0].losses[-1] < 1e-12


def test_a_schedule_may_return_an_array_without_axes():
    halved = go(schedule=lambda n: np.array(0.5))
    assert np.array_equal(halved.path, go(schedule=lambda n: 0.5).path)


def test_one_step_is_told_in_the_singular():
    assert go(n_steps=1).stopped == "The 1 step was taken."


@pytest.mark.parametrize("options", [{}, {"loss_tolerance": 1e-12}])
def test_a_loss_that_raises_on_the_way_keeps_the_way_so_far(options):
    def f(theta):
        return -math.log(theta[0])

    way = descend(f, lambda theta: [1.0], [0.35], PLAIN, 10, **options)
    assert way.path.ravel() == pytest.approx([0.35, 0.25, 0.15, 0.05])
    assert way.stopped == "The loss stopped being finite after 3 steps."
    assert way.diverged


def test_a_loss_that_raises_at_the_start_says_what_it_says():
    with pytest.raises(ValueError, match=r"math domain error|expected a positive input"):
        descend(lambda theta: math.log(theta[0]), lambda theta: [1.0], [-1.0], PLAIN, 3)
