"""Pictures are drawn into the axes they are given, labeled, and in one look per optimizer."""

import itertools

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from gradcourse import landscapes, optimizers, plots, style
from gradcourse.descent import descend


@pytest.fixture
def ax():
    return Figure().subplots()


@pytest.fixture
def trajectory():
    bowl = landscapes.bowl()
    return descend(bowl, bowl.gradient, bowl.start, optimizers.GradientDescent(0.3), 10)


@pytest.mark.parametrize("name", landscapes.ALL)
def test_a_map_shows_the_window_and_every_minimizer(ax, name):
    landscape = landscapes.get(name)
    plots.contour_map(ax, landscape)
    marks = np.array([line.get_xydata()[0] for line in ax.lines])
    assert ax.get_xlim() + ax.get_ylim() == landscape.window
    assert np.allclose(marks, landscape.minimizers)
    assert ax.get_xlabel()
    assert ax.get_ylabel()


@pytest.mark.parametrize("name", landscapes.ALL)
def test_a_map_has_at_least_ten_shades_in_sight(ax, name):
    drawn = plots.contour_map(ax, landscapes.get(name))
    assert np.ptp(drawn.norm(drawn.levels)) > 200
    assert len(set(drawn.levels)) >= 10


def test_a_path_begins_with_a_ring_and_ends_with_a_star(ax, trajectory):
    way, start, end = plots.path(ax, trajectory, optimizers.Adam())
    assert np.array_equal(way.get_xydata(), trajectory.path)
    assert start.get_marker() == "o"
    assert end.get_marker() == "*"
    assert np.array_equal(end.get_xydata()[0], trajectory.final)
    assert way.get_color() == style.LOOKS["Adam"].color


def test_a_loss_that_spans_decades_gets_a_log_axis(ax, trajectory):
    curve = plots.loss_curve(ax, trajectory, optimizers.GradientDescent())
    assert ax.get_yscale() == "log"
    assert "log scale" in ax.get_ylabel()
    assert np.array_equal(curve.get_ydata(), trajectory.losses)


def test_a_loss_that_hardly_moves_gets_a_plain_axis(ax):
    bowl = landscapes.bowl()
    slow = descend(bowl, bowl.gradient, bowl.start, optimizers.GradientDescent(1e-3), 5)
    plots.loss_curve(ax, slow, optimizers.GradientDescent())
    assert ax.get_yscale() == "linear"


def test_log_labels_are_plain_text(ax):
    style.log_axis(ax, "xy")
    ax.set(xlim=(1e-3, 1e3), ylim=(1e-8, 1e8))
    ax.figure.canvas.draw()
    labels = [text.get_text() for text in ax.get_xticklabels() + ax.get_yticklabels()]
    assert "0.001" in labels
    assert not [label for label in labels if "$" in label]


@pytest.mark.parametrize(
    "optimizer",
    [
        optimizers.GradientDescent(),
        optimizers.Momentum(),
        optimizers.Momentum(nesterov=True),
        optimizers.AdaGrad(),
        optimizers.RMSProp(),
        optimizers.Adam(),
    ],
)
def test_every_optimizer_has_a_look_of_its_own(optimizer):
    look = style.look_of(optimizer)
    others = [other for other in style.LOOKS.values() if other is not look]
    assert look in style.LOOKS.values()
    assert look.marker not in {other.marker for other in others}
    assert look.color not in {other.color for other in others}


def test_an_unknown_optimizer_is_drawn_in_gray():
    assert style.look_of(object()).color == style.MUTED


def test_colors_stand_out_on_white_and_from_each_other():
    def luminance(color):
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)
        ]
        return np.dot(linear, [0.2126, 0.7152, 0.0722])

    colors = [look.color for look in style.LOOKS.values()]
    assert min(1.05 / (luminance(color) + 0.05) for color in colors) > 3
    for one, other in itertools.combinations(colors, 2):
        assert np.abs(np.subtract(to_rgb(one), to_rgb(other))).max() > 0.15, (one, other)


def test_use_sets_the_look_of_the_notebook_s_figures():
    with mpl.rc_context():
        style.use()
        assert mpl.rcParams["axes.spines.top"] is False
