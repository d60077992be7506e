"""The data are what their publishers gave, and no row loses its target on the way."""

import hashlib
import re
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradcourse.datasets import (
    MEASUREMENTS,
    digits,
    minibatches,
    penguins,
    split,
    standardize,
)

DATA = files("gradcourse") / "data"


@pytest.mark.parametrize("name", ["penguins.csv", "digits.csv.gz"])
def test_files_are_those_their_readme_describes(name):
    chapter = (DATA / "README.md").read_text("utf-8").split(f"## {name}")[1]
    stated = re.search(r"sha256 \| `([0-9a-f]{64})`", chapter)[1]
    assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == stated


def test_penguins_have_the_published_counts_and_means():
    birds = penguins()
    assert len(birds) == 342
    kinds, counts = np.unique(birds.species, return_counts=True)
    assert dict(zip(kinds, counts, strict=True)) == {"Adelie": 151, "Chinstrap": 68, "Gentoo": 123}
    assert set(birds.island) == {"Biscoe", "Dream", "Torgersen"}
    assert set(birds.year) == {2007, 2008, 2009}
    assert [round(getattr(birds, name).mean(), 2) for name in MEASUREMENTS] == [
        43.92,
        17.15,
        200.92,
        4201.75,
    ]


def test_penguins_without_a_recorded_sex_stay_and_say_so():
    kinds, counts = np.unique(penguins().sex, return_counts=True)
    assert dict(zip(kinds, counts, strict=True)) == {"female": 165, "male": 168, "unknown": 9}


def test_penguins_measurements_are_finite_and_their_matrix_keeps_the_order():
    birds = penguins()
    assert np.isfinite(birds.matrix()).all()
    assert birds.matrix().shape == (342, 4)
    pair = birds.matrix("body_mass_g", "bill_depth_mm")
    assert np.array_equal(pair, np.stack([birds.body_mass_g, birds.bill_depth_mm], axis=1))


def test_penguins_are_picked_by_mask_slice_indices_and_one_by_one():
    birds = penguins()
    gentoo = birds[birds.species == "Gentoo"]
    assert len(gentoo) == 123
    assert set(gentoo.species) == {"Gentoo"}
    assert gentoo.body_mass_g.mean() > birds.body_mass_g.mean()
    assert repr(birds[:3]) == "Penguins(3 birds: 3 Adelie)"
    assert birds[[0, 341]].flipper_length_mm.tolist() == [181, 198]
    assert len(birds[7]) == 1


def test_penguins_names_an_unknown_measurement():
    with pytest.raises(ValueError, match="did you mean 'body_mass_g'"):
        penguins().matrix("body_mass")


def test_digits_have_the_published_shape_range_and_counts():
    X, y = digits()
    assert (X.shape, y.shape, X.dtype.kind, y.dtype.kind) == ((1797, 64), (1797,), "f", "i")
    assert (X.min(), X.max()) == (0, 1)
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert (X[0].reshape(8, 8)[0] * 16).tolist() == [0, 0, 5, 13, 9, 1, 0, 0]


@pytest.mark.parametrize("array", [*digits(), penguins().body_mass_g, penguins().species])
def test_shared_arrays_refuse_to_be_changed(array):
    with pytest.raises(ValueError, match="read-only"):
        array[0] = array[1]


def test_picked_penguins_are_copies_that_may_be_changed():
    birds = penguins()[:5]
    birds.body_mass_g[0] = 0
    assert penguins().body_mass_g[0] == 3750


def test_standardize_gives_mean_0_std_1_and_the_way_back():
    X = penguins().matrix()
    Z, mean, std = standardize(X)
    assert np.allclose(Z.mean(axis=0), 0, atol=1e-12)
    assert np.allclose(Z.std(axis=0), 1)
    assert np.allclose(Z * std + mean, X, rtol=1e-14)


def test_standardize_takes_one_column_without_a_second_axis():
    Z, mean, std = standardize([1, 2, 3])
    assert (Z.shape, mean, round(float(std), 3)) == ((3,), 2, 0.816)


def test_standardize_keeps_a_column_that_changes_by_more_than_rounding():
    Z, _, _ = standardize(1e6 + 1e-6 * np.arange(3))
    assert np.allclose(Z, 1.5**0.5 * np.array([-1, 0, 1]), atol=1e-3)


def test_standardize_scales_new_data_as_the_old():
    old, new = np.array([[0.0], [2.0]]), np.array([[5.0]])
    Z, mean, std = standardize(new, reference=old)
    assert (Z.item(), mean.item(), std.item()) == (4, 1, 1)


@pytest.mark.parametrize(
    ("X", "reference", "complaint"),
    [
        ([[1, 0.1], [2, 0.1], [3, 0.1]], None, "Column 1 has the same value in all 3 samples"),
        (
            [1, 1, 1 + 2**-52],
            None,
            "The column has the same value in all 3 samples, up to rounding",
        ),
        (np.float32([1, 1, 1.0000001]), None, "The column has the same value in all 3 samples"),
        ([[1, -1e17], [2, -1e17 + 16]], None, "Column 1 has the same value in all 2 samples"),
        ([0, 0, 1e-300], None, "The values lie so close to 0 that their squares are rounded to 0"),
        ([1j, 2], None, "X must be real"),
        ([5, 5], None, "The column has the same value in all 2 samples"),
        ([1, np.nan], None, "X contains nan at index 1"),
        ([], None, "X is empty"),
        ([[1, 2]], [[1], [2]], r"the shapes are \(1, 2\) and \(2, 1\)"),
        (np.zeros((2, 2, 2)), None, r"the shapes are \(2, 2, 2\)"),
    ],
)
def test_standardize_refuses_in_one_sentence(X, reference, complaint):
    with pytest.raises(ValueError, match=complaint):
        standardize(X, reference)


@given(n=st.integers(2, 60), test_fraction=st.floats(0.01, 0.99), seed=st.integers(0, 2**32))
def test_split_puts_every_row_on_exactly_one_side(n, test_fraction, seed):
    X, y = np.arange(2 * n).reshape(n, 2), np.arange(n)
    rng = np.random.default_rng(seed)
    X_train, X_test, y_train, y_test = split(X, y, test_fraction=test_fraction, rng=rng)
    assert sorted([*y_train, *y_test]) == list(range(n))
    assert min(len(y_train), len(y_test)) >= 1
    assert abs(len(y_test) - n * test_fraction) <= 1
    assert np.array_equal(X_train[:, 0], 2 * y_train)
    assert np.array_equal(X_test[:, 0], 2 * y_test)


def test_split_depends_on_the_generator_alone():
    def divide(seed):
        return split(np.arange(50), rng=np.random.default_rng(seed))[1].tolist()

    assert divide(1) == divide(1) != divide(2)


@pytest.mark.parametrize(
    ("arrays", "options", "complaint"),
    [
        ([[1, 2], [1, 2, 3]], {}, r"they have \[2, 3\]"),
        ([[]], {}, r"they have \[0\]"),
        ([[1]], {}, "at least two samples"),
        ([[1, 2]], {"test_fraction": 1}, "test_fraction must be between 0 and 1"),
        ([[1, 2]], {"test_fraction": float("nan")}, "test_fraction must be between 0 and 1"),
        ([[1, 2]], {"rng": 0}, r"pass rng"),
    ],
)
def test_split_refuses_in_one_sentence(arrays, options, complaint):
    options = {"rng": np.random.default_rng(0), **options}
    with pytest.raises((ValueError, TypeError), match=complaint):
        split(*arrays, **options)


@given(n=st.integers(1, 40), data=st.data(), seed=st.integers(0, 2**32))
def test_minibatches_meet_each_row_once_beside_its_target(n, data, seed):
    batch_size = data.draw(st.integers(1, n))
    X, y = np.arange(3 * n).reshape(n, 3), np.arange(n)
    batches = list(minibatches(X, y, batch_size, np.random.default_rng(seed)))
    assert sorted(i for _, y_batch in batches for i in y_batch) == list(range(n))
    assert all(np.array_equal(X_batch, X[y_batch]) for X_batch, y_batch in batches)
    sizes = [len(y_batch) for _, y_batch in batches]
    assert sizes == [batch_size] * (n // batch_size) + [n % batch_size] * (n % batch_size > 0)


def test_minibatches_are_shuffled_anew_each_epoch():
    X, rng = np.arange(100), np.random.default_rng(0)
    first, second = (np.concatenate([b for b, _ in minibatches(X, X, 10, rng)]) for _ in range(2))
    assert not np.array_equal(first, X)
    assert not np.array_equal(first, second)


def test_minibatches_leave_their_inputs_alone():
    X, y = np.arange(20.0).reshape(10, 2), np.arange(10)
    list(minibatches(X, y, 3, np.random.default_rng(0)))
    assert np.array_equal(X, np.arange(20.0).reshape(10, 2))
    assert np.array_equal(y, np.arange(10))


@pytest.mark.parametrize("batch_size", [2, 5])
def test_minibatches_are_copies(batch_size):
    X = np.arange(10.0).reshape(5, 2)
    for X_batch, _ in minibatches(X, X, batch_size, np.random.default_rng(0)):
        X_batch[:] = -1
    assert np.array_equal(X, np.arange(10.0).reshape(5, 2))


def test_minibatches_of_all_rows_are_the_data_unshuffled():
    rng = np.random.default_rng(0)
    X = np.arange(5)
    [(X_batch, _)] = minibatches(X, X, 5, rng)
    assert X_batch.tolist() == [0, 1, 2, 3, 4]
    assert rng.random() == np.random.default_rng(0).random(), "the generator was used"


@pytest.mark.parametrize(
    ("y", "batch_size", "rng", "complaint"),
    [
        ([1, 2], 1, np.random.default_rng(0), r"they have \[3, 2\]"),
        ([1, 2, 3], 0, np.random.default_rng(0), "batch_size must be a whole number, 1 or more"),
        ([1, 2, 3], 1.5, np.random.default_rng(0), "batch_size must be a whole number"),
        ([1, 2, 3], 4, np.random.default_rng(0), "batch_size must be at most 3"),
        ([1, 2, 3], 2, None, "rng must be a numpy random generator"),
    ],
)
def test_minibatches_refuse_at_once_in_one_sentence(y, batch_size, rng, complaint):
    with pytest.raises((ValueError, TypeError), match=complaint):
        minibatches([1, 2, 3], y, batch_size, rng)


def test_values_whose_squares_round_to_0_are_not_called_constant():
    with pytest.raises(ValueError, match="squares are rounded to 0; multiply them by a large"):
        standardize([1e-200, 2e-200, 3e-200])


def test_a_column_of_penguins_is_an_attribute():
    with pytest.raises(TypeError, match=r"a column is an attribute: birds.species\."):
        penguins()["species"]


def test_a_table_of_penguins_is_not_split_but_its_columns_are():
    with pytest.raises(TypeError, match=r"split birds.matrix\(\) and birds.species\."):
        split(penguins(), rng=np.random.default_rng(0))
