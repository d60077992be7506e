"""Schedules give PyTorch's factors (stored by tools/golden.py) and can be drawn."""

import json
from pathlib import Path

import numpy as np
import pytest

from gradcourse import schedules
from gradcourse.descent import descend
from gradcourse.landscapes import himmelblau, rosenbrock
from gradcourse.optimizers import Adam, GradientDescent
from gradcourse.schedules import Constant, Cosine, Exponential, StepDecay, WarmUp

STORED = json.loads((Path(__file__).parents[1] / "golden" / "schedules.json").read_text("utf-8"))
RECORDS = STORED["records"]
FACTORS = [record for record in RECORDS if "factors" in record]
SCHEDULES = [
    Constant(0.5),
    StepDecay(10, 0.5),
    Exponential(0.9),
    Cosine(50, floor=0.1),
    WarmUp(5, then=Cosine(45)),
]
each_schedule = pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)


def from_text(text):
    return eval(text, vars(schedules))


@pytest.mark.parametrize("record", FACTORS, ids=lambda record: record["schedule"])
def test_factors_are_pytorchs(record):
    schedule = from_text(record["schedule"])
    factors = [schedule(step) for step in range(len(record["factors"]))]
    assert factors == pytest.approx(record["factors"], rel=1e-12, abs=1e-15)


def test_every_schedule_pytorch_has_is_compared():
    names = {record["schedule"].split("(")[0] for record in FACTORS}
    assert names == {type(schedule).__name__ for schedule in SCHEDULES}
    assert STORED["torch"] == "2.13.0"


def test_descending_with_a_schedule_is_pytorchs_path():
    [record] = [record for record in RECORDS if "path" in record]
    f, stored = himmelblau(), np.array(record["path"])
    schedule = from_text(record["schedule"])
    way = descend(f, f.gradient, stored[0], Adam(0.1), n_steps=200, schedule=schedule)
    assert way.path[::10] == pytest.approx(stored, rel=1e-12)


@each_schedule
def test_a_schedule_draws_its_whole_curve_at_once(schedule):
    curve = schedule(np.arange(60))
    assert curve.shape == (60,)
    assert curve == pytest.approx([schedule(step) for step in range(60)], rel=1e-14)


@each_schedule
def test_a_schedule_takes_a_list(schedule):
    assert schedule([0, 1, 59]).tolist() == schedule(np.array([0, 1, 59])).tolist()


@pytest.mark.parametrize("schedule", [StepDecay(1, factor=2), Exponential(2)])
def test_a_factor_that_grows_does_not_wrap_around(schedule):
    assert schedule(np.array([70])) == 2.0**70
    assert schedule(70) == 2.0**70


@each_schedule
def test_a_schedule_reads_as_it_was_written(schedule):
    assert from_text(repr(schedule)) == schedule


@each_schedule
def test_a_factor_is_never_negative_nor_above_1(schedule):
    curve = schedule(np.arange(1000))
    assert curve.min() >= 0
    assert curve.max() <= 1


def test_cosine_stays_down_where_it_arrived():
    assert Cosine(10, floor=0.25)(np.array([10, 11, 20, 1000])).tolist() == [0.25] * 4


def test_warm_up_rescues_a_rate_that_throws_the_first_steps_out():
    f = rosenbrock()

    def run(schedule):
        return descend(f, f.gradient, [-4, -4], GradientDescent(0.002), 60, schedule=schedule)

    assert run(None).diverged
    assert run(WarmUp(20)).losses[-1] < 1 < run(None).losses[0]


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: Constant(-1), "factor must be a number above 0, but it is -1"),
        (lambda: StepDecay(0), "every must be a whole number, 1 or more, but it is 0"),
        (lambda: StepDecay(5, factor=0), "factor must be a number above 0"),
        (lambda: Exponential(float("nan")), "factor must be a number above 0"),
        (lambda: Cosine(2.5), "n_steps must be a whole number"),
        (lambda: Cosine(10, floor=1.5), "floor must be from 0 to 1, but it is 1.5"),
        (lambda: Cosine(10, floor=-0.1), "floor must be from 0 to 1"),
        (lambda: WarmUp(0), "n_steps must be a whole number"),
        (lambda: WarmUp(5, start=0), "start must be a number above 0"),
        (lambda: WarmUp(5, start=2), "start must be from 0 to 1"),
        (lambda: Cosine(10, floor="low"), "floor must be from 0 to 1"),
    ],
)
def test_bad_setting_is_refused_in_one_sentence(make, complaint):
    with pytest.raises(ValueError, match=complaint):
        make()
