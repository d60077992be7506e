"""Each landscape is what its card says: gradient, minimizers, window, start, shapes."""

import numpy as np
import pytest

from gradcourse import landscapes
from gradcourse.differences import numerical_gradient
from gradcourse.landscapes import ALL, Landscape, coordinates

every_landscape = pytest.mark.parametrize("land", [make() for make in ALL.values()], ids=ALL)
H = 1e-100


def random_points(land, n, seed):
    left, right, low, high = land.window
    uniform = np.random.default_rng(seed).random((2, n))
    return np.array([left, low])[:, None] + uniform * np.array([right - left, high - low])[:, None]


def by_complex_step(land, points):
    across, up = (land(points + 1j * H * np.eye(2)[:, [i]]) for i in (0, 1))
    return np.array([across.imag, up.imag]) / H


@every_landscape
@pytest.mark.parametrize("seed", range(3))
def test_gradient_is_the_complex_step_s(land, seed):
    points = random_points(land, 200, seed)
    wanted = by_complex_step(land, points)
    assert np.abs(wanted).max() > 0.1
    assert land.gradient(points) == pytest.approx(wanted, rel=1e-11, abs=1e-11)


@every_landscape
def test_gradient_agrees_with_central_differences(land):
    for point in random_points(land, 20, seed=9).T:
        size = 1 + np.abs(land.gradient(point)).max() + abs(land(point))
        estimated = numerical_gradient(land, point)
        assert land.gradient(point) == pytest.approx(estimated, abs=1e-7 * size)


@every_landscape
def test_gradient_vanishes_at_every_minimizer(land):
    steep = np.abs(land.gradient(random_points(land, 50, seed=2))).max()
    for minimizer in land.minimizers:
        assert land.gradient(minimizer) == pytest.approx(0, abs=1e-12 * steep)


@every_landscape
def test_minimizers_are_the_lowest_points_of_the_window(land):
    lowest = [float(land(minimizer)) for minimizer in land.minimizers]
    assert lowest == pytest.approx([min(lowest)] * len(lowest), abs=1e-12)
    _, _, heights = land.grid(301)
    assert heights.min() >= min(lowest) - 1e-12
    for minimizer in land.minimizers:
        near = np.array(minimizer)[:, None] + 1e-3 * np.random.default_rng(3).normal(size=(2, 50))
        assert (land(near) > land(minimizer)).all()


@every_landscape
def test_window_holds_minimizers_and_start(land):
    left, right, low, high = land.window
    for x, y in [*land.minimizers, land.start]:
        assert left < x < right
        assert low < y < high


@every_landscape
def test_start_is_a_place_to_learn_from(land):
    assert land(land.start) > land(land.minimizers[0]) + 0.1
    assert np.abs(land.gradient(land.start)).max() > 0.01


@every_landscape
def test_one_point_many_points_and_a_grid_are_served_alike(land):
    grid = random_points(land, 12, seed=5).reshape(2, 3, 4)
    points = grid.reshape(2, 12)
    assert land(grid).shape == (3, 4)
    assert land.gradient(grid).shape == (2, 3, 4)
    assert land(grid).ravel() == pytest.approx([land(point) for point in points.T], rel=1e-14)
    one_by_one = np.stack([land.gradient(point) for point in points.T], axis=1)
    assert land.gradient(points) == pytest.approx(one_by_one, rel=1e-14)
    assert land.gradient(grid).reshape(2, 12) == pytest.approx(one_by_one, rel=1e-14)


@every_landscape
def test_grid_covers_the_window(land):
    x, y, z = land.grid(7)
    assert x.shape == y.shape == z.shape == (7, 7)
    assert (x.min(), x.max(), y.min(), y.max()) == land.window
    assert np.array_equal(z, land(np.array([x, y])))
    assert np.isfinite(z).all()


@every_landscape
@pytest.mark.parametrize("kind", [list, tuple, np.int64, np.int8, np.float32])
def test_whole_numbers_lists_and_float32_give_the_same_values(land, kind):
    theta = [1, -1]
    given = kind(theta) if kind in (list, tuple) else np.array(theta, kind)
    floats = np.array(theta, float)
    assert land(given) == pytest.approx(land(floats), rel=1e-5)
    assert land.gradient(given) == pytest.approx(land.gradient(floats), rel=1e-5, abs=1e-5)


@every_landscape
def test_theta_is_left_alone(land):
    theta = np.array([0.5, -0.25])
    land(theta)
    grad = land.gradient(theta)
    grad += 1  # a gradient that shares memory with theta would change it
    assert theta.tolist() == [0.5, -0.25]


@every_landscape
def test_each_has_a_name_and_says_what_it_teaches(land):
    assert land.name
    assert land.character.endswith(".")


def test_names_are_distinct_and_the_menu_finds_them():
    assert len({make().name for make in ALL.values()}) == len(ALL) == 8
    assert isinstance(landscapes.get("two_wells"), Landscape)
    with pytest.raises(ValueError, match="did you mean 'rosenbrock'"):
        landscapes.get("rosenbrok")


@pytest.mark.parametrize(
    ("name", "point", "value"),
    [
        ("rosenbrock", [-1.2, 1.0], 24.2),
        ("himmelblau", [0.0, 0.0], 170.0),
        ("rastrigin", [0.5, 0.0], 20.25),
        ("bowl", [3.0, 4.0], 12.5),
        ("saddle", [1.0, 2.0], 0.5),
        ("plateau", [1.0, 0.0], 0.75),
        ("two_wells", [1.0, 2.0], 2.125),
    ],
)
def test_published_values(name, point, value):
    assert landscapes.get(name)(point) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize("condition", [1, 4, 50.0, 1e4])
def test_ravine_is_as_much_steeper_across_as_its_condition_says(condition):
    ravine = landscapes.ravine(condition)
    along, across = ravine.gradient([1.0, 1.0])
    assert across / along == condition
    assert ravine([0.0, 2.0]) == condition * ravine([2.0, 0.0])


@pytest.mark.parametrize("condition", [0, -1, np.nan, np.inf, "steep"])
def test_ravine_refuses_a_condition_that_is_not_above_zero(condition):
    with pytest.raises(ValueError, match="condition must be a number above 0"):
        landscapes.ravine(condition)


def test_saddle_is_flat_in_the_middle_and_lower_on_both_sides():
    saddle = landscapes.saddle()
    assert saddle.gradient([0.0, 0.0]).tolist() == [0, 0]
    assert saddle([0.5, 0.0]) > saddle([0.0, 0.0]) > saddle([0.0, 0.5]) == saddle([0.0, -0.5])


def test_two_wells_has_a_second_valley_that_is_less_deep():
    wells = landscapes.two_wells()
    right = np.sort(np.roots([1, 0, -1, 0.125]).real)[-1]
    assert wells.gradient([right, 0.0]) == pytest.approx(0, abs=1e-12)
    assert wells([right, 0.0]) > wells(wells.minimizers[0]) + 0.1


@pytest.mark.parametrize(
    ("theta", "error", "complaint"),
    [
        (3.0, ValueError, r"two coordinates on axis 0, .* its shape is \(\)"),
        ([1.0, 2.0, 3.0], ValueError, r"its shape is \(3,\)"),
        (np.ones((5, 2)), ValueError, r"its shape is \(5, 2\); .* pass its transpose"),
        ([], ValueError, "theta is empty"),
        (["a", "b"], TypeError, "theta must be a number or an array of numbers"),
        (None, TypeError, "theta must be a number or an array of numbers"),
        ([[1, 2], [3]], TypeError, "theta must be a number or an array of numbers"),
    ],
)
def test_a_point_without_two_coordinates_is_refused(theta, error, complaint):
    for function in (landscapes.bowl(), landscapes.bowl().gradient, coordinates):
        with pytest.raises(error, match=complaint):
            function(theta)
