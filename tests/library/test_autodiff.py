"""Every operation has PyTorch's value and gradients, and those of differences; misuse is named.

The stored numbers come from PyTorch 2.13 (tools/golden.py).
"""

import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

from gradcourse import operations
from gradcourse.autodiff import Constant, Tensor, graph, no_grad, record
from gradcourse.differences import numerical_gradient

STORED = json.loads((Path(__file__).parents[1] / "golden" / "autodiff.json").read_text("utf-8"))

OURS = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: a - b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "negate": lambda a: -a,
    "power": lambda a: (a * a + 1) ** 1.7,
    "from a number": lambda a: 2 - 3 / (a * a + 1),
    "matrix product": lambda a, b: a @ b,
    "matrix times vector": lambda a, b: a @ b,
    "vector times matrix": lambda a, b: a @ b,
    "vector times vector": lambda a, b: a @ b,
    "stacked products": lambda a, b: a @ b,
    "pick": lambda a: a[[0, 2, 0]],
    "slice": lambda a: a[1:, ::2],
    "exp": lambda a: a.exp(),
    "log": lambda a: (a * a + 0.1).log(),
    "tanh": lambda a: a.tanh(),
    "sigmoid": lambda a: a.sigmoid(),
    "relu": lambda a: a.relu(),
    "sum": lambda a: a.sum(),
    "sum over rows": lambda a: a.sum(0),
    "sum over columns, kept": lambda a: a.sum(1, keepdims=True),
    "mean": lambda a: a.mean(),
    "mean over rows": lambda a: a.mean(0),
    "max": lambda a: a.max(),
    "max over columns": lambda a: a.max(1),
    "reshape": lambda a: a.reshape(2, 6),
    "transpose": lambda a: a.T @ a,
    "shared": lambda a: a * a + a.exp() * a,
    "softmax": lambda a: a.exp() / a.exp().sum(1, keepdims=True),
    "linear": operations.linear,
    "cross-entropy": lambda z: operations.cross_entropy(z, np.array([1, 0, 3, 3, 2])),
    "batch norm": operations.batch_norm,
    "convolution": operations.conv3x3,
    "max pool": operations.max_pool,
}
each_operation = pytest.mark.parametrize("run", STORED["records"], ids=lambda run: run["operation"])


def worst(found, wanted):
    """The largest error, relative to the largest entry."""
    wanted = np.asarray(wanted)
    return np.abs(found - wanted).max() / np.abs(wanted).max()


def test_every_operation_is_in_the_table():
    assert list(OURS) == [run["operation"] for run in STORED["records"]]


@each_operation
def test_value_and_gradients_are_pytorchs(run):
    inputs = [Tensor(value) for value in run["inputs"]]
    result = OURS[run["operation"]](*inputs)
    result.backward(np.array(run["slope"]))
    assert worst(result.data, run["value"]) < 1e-13
    for tensor, gradient in zip(inputs, run["gradients"], strict=True):
        assert tensor.grad.shape == tensor.shape
        assert worst(tensor.grad, gradient) < 1e-11


@each_operation
def test_gradients_are_those_of_differences(run):
    inputs, slope = [np.array(value) for value in run["inputs"]], np.array(run["slope"])
    tensors = [Tensor(value) for value in inputs]
    OURS[run["operation"]](*tensors).backward(slope)
    for place, tensor in enumerate(tensors):

        def along(x, place=place):
            moved = [*inputs[:place], x, *inputs[place + 1 :]]
            return float((OURS[run["operation"]](*map(Tensor, moved)).data * slope).sum())

        assert worst(tensor.grad, numerical_gradient(along, inputs[place])) < 1e-6


@given(mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3), st.integers(0, 99))
def test_any_two_shapes_that_fit_get_gradients_of_their_own_shape(shapes, seed):
    rng = np.random.default_rng(seed)
    a, b = (rng.normal(size=shape) for shape in shapes.input_shapes)
    x, y = Tensor(a), Tensor(b)
    slope = rng.normal(size=shapes.result_shape)
    (x * y + x).backward(slope)
    both = [np.broadcast_to(array, shapes.result_shape) for array in (a, b)]
    for tensor, wide in ((x, slope * (both[1] + 1)), (y, slope * both[0])):
        axes = tuple(range(wide.ndim - tensor.data.ndim))
        narrow = wide.sum(axes)
        once = tuple(i for i, n in enumerate(tensor.shape) if n == 1)
        assert np.allclose(tensor.grad, narrow.sum(once, keepdims=True))


# ---- the graph
def test_a_chain_of_100_000_links_goes_backward():
    x = y = Tensor(1.0)
    for _ in range(50_000):
        y = y * 1.00001 + 0.0
    y.backward()
    assert x.grad == pytest.approx(1.00001**50_000, rel=1e-12)


def test_gradients_add_up_until_they_are_taken_away():
    x = Tensor([1.0, 2.0])
    (x * x).sum().backward()
    (x * x).sum().backward()
    assert x.grad.tolist() == [4, 8]
    x.grad = None
    (3 * x).sum().backward()
    assert x.grad.tolist() == [3, 3]


def test_a_shared_node_gets_slopes_from_all_its_users():
    x = Tensor(2.0)
    y = x * x
    (y * 3 + y.exp()).backward()
    assert x.grad == pytest.approx(2 * 2 * (3 + np.exp(4)))


def test_two_leaves_never_share_one_gradient_array():
    x, y = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    (x + y).sum().backward()
    x.grad += 100
    assert y.grad.tolist() == [1, 1]


def test_constants_take_part_without_a_gradient():
    x, c = Tensor([1.0, 2.0]), np.array([5.0, 7.0])
    result = c * x + 1
    result.sum().backward()
    assert x.grad.tolist() == [5, 7]
    kinds = [type(node) for node in graph(result)]
    assert kinds.count(Constant) == 2
    assert all(node.grad is None for node in graph(result) if isinstance(node, Constant))


def test_float32_stays_and_whole_numbers_become_floats():
    assert (Tensor(np.ones(2, np.float32)) * 2.0).data.dtype == np.float32
    assert Tensor([1, 2]).data.dtype == float


def test_no_grad_remembers_nothing():
    x = Tensor([1.0])
    with no_grad():
        y = (x * 3).exp()
    assert isinstance(y, Constant)
    assert (x * 2).parents  # and afterwards everything again


def test_no_grad_ends_with_an_error_too():
    with pytest.raises(ZeroDivisionError), no_grad():
        1 / 0  # noqa: B018
    assert (Tensor([1.0]) * 2).parents


def test_the_graph_is_data():
    x, w = Tensor(2.0), Tensor(3.0)
    loss = (w * x).tanh()
    nodes = graph(loss)
    assert [node.op for node in nodes] == ["", "", "×", "tanh"]
    assert nodes[-1].parents == (nodes[-2],)
    assert set(nodes[-2].parents) == {x, w}


def test_a_new_operation_takes_three_lines():
    def cube(x):
        return record("cube", x.data**3, (x,), lambda g: (3 * x.data**2 * g,))

    x = Tensor([1.0, 2.0])
    cube(x).sum().backward()
    assert x.grad.tolist() == [3, 12]


def test_memory_is_freed_by_backward():
    def train(n):
        w = Tensor(np.ones((100, 100)))
        for _ in range(n):
            ((w @ w).tanh() * 0.1).sum().backward()
            w.grad = None

    train(2)
    tracemalloc.start()
    train(30)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 200_000  # two arrays of 80 kB at most


# ---- shapes and places where a gradient is easily wrong
def numbers(*shape):
    return np.random.default_rng(len(shape)).normal(size=shape)


UNUSUAL = {  # operation, inputs: all of them right, whatever the shape
    "linear of one row, as many in as out": (
        operations.linear,
        [numbers(3), numbers(3, 3), numbers(3)],
    ),
    "linear of one row": (operations.linear, [numbers(3), numbers(3, 2), numbers(2)]),
    "linear of stacked rows": (operations.linear, [numbers(2, 4, 3), numbers(3, 2), numbers(2)]),
    "linear with a bias for each entry": (
        operations.linear,
        [numbers(4, 3), numbers(3, 2), numbers(4, 2)],
    ),
    "linear with one bias for all": (operations.linear, [numbers(4, 3), numbers(3, 2), numbers()]),
    "linear with a bias of one entry": (
        operations.linear,
        [numbers(4, 3), numbers(3, 2), numbers(1)],
    ),
    "batch norm of images": (operations.batch_norm, [numbers(2, 3, 3, 2), numbers(2), numbers(2)]),
}


@pytest.mark.parametrize(("operation", "inputs"), UNUSUAL.values(), ids=UNUSUAL)
def test_unusual_shapes_have_the_gradients_of_differences(operation, inputs):
    tensors = [Tensor(value) for value in inputs]
    result = operation(*tensors)
    slope = np.random.default_rng(0).normal(size=result.shape)
    result.backward(slope)
    for place, tensor in enumerate(tensors):

        def along(x, place=place):
            moved = [*inputs[:place], x, *inputs[place + 1 :]]
            return float((operation(*map(Tensor, moved)).data * slope).sum())

        assert worst(tensor.grad, numerical_gradient(along, inputs[place])) < 1e-6


@pytest.mark.parametrize(("n", "slopes"), [(0, [0, 0]), (0.0, [0, 0]), (1, [1, 1]), (2, [0, 4])])
def test_a_power_has_its_slope_at_zero_too(n, slopes):
    x = Tensor([0.0, 2.0])
    (x**n).sum().backward()
    assert x.grad.tolist() == slopes


@pytest.mark.parametrize("x", [-700.0, -40.0, -30.0, 0.0, 30.0, 40.0])
def test_the_sigmoid_is_right_far_out_and_so_is_its_slope(x):
    with np.errstate(all="raise"):
        t = Tensor([x])
        y = t.sigmoid()
        y.sum().backward()
    assert y.data[0] == pytest.approx(1 / (1 + np.exp(-x)), rel=1e-14, abs=0)
    assert t.grad[0] == pytest.approx(
        np.exp(-abs(x)) / (1 + np.exp(-abs(x))) ** 2, rel=1e-14, abs=0
    )


def test_the_log_of_a_small_sigmoid_has_a_finite_gradient():
    t = Tensor([-40.0])
    y = t.sigmoid().log()
    y.sum().backward()
    assert y.data[0] == pytest.approx(-40)
    assert t.grad[0] == pytest.approx(1)


def test_ties_are_shared_by_max_and_given_to_the_first_by_max_pool():
    # PyTorch 2.13: amax gives 0.5, 0.5, 0 and max_pool2d 1, 0, 0, 0
    t = Tensor([2.0, 2.0, 1.0])
    t.max().backward()
    assert t.grad.tolist() == [0.5, 0.5, 0]
    image = Tensor(np.ones((1, 2, 2, 1)))
    operations.max_pool(image).sum().backward()
    assert image.grad.ravel().tolist() == [1, 0, 0, 0]


# ---- nobody else's array
def test_two_tensors_of_one_array_do_not_change_each_other():
    array = np.ones(2)
    first, second = Tensor(array), Tensor(array)
    first.data -= 5
    assert array.tolist() == second.data.tolist() == [1, 1]


BUFFERS = {
    "indices": (np.array([0, 0]), lambda x, key: x[key] * 5.0, [10, 0, 0]),
    "indices in a tuple": (np.array([0, 0]), lambda x, key: x[(key,)] * 5.0, [10, 0, 0]),
    "a list of indices": ([0, 0], lambda x, key: x[key] * 5.0, [10, 0, 0]),
    "a mask": (np.array([True, False, False]), lambda x, key: x[key] * 5.0, [5, 0, 0]),
    "a constant": (np.array([5.0, 0, 0]), lambda x, c: x * c, [5, 0, 0]),
    "a constant on the left": (np.array([5.0, 0, 0]), lambda x, c: c * x, [5, 0, 0]),
}


@pytest.mark.parametrize(("buffer", "use", "wanted"), BUFFERS.values(), ids=BUFFERS)
def test_a_buffer_may_be_filled_anew_before_backward(buffer, use, wanted):
    x = Tensor(np.zeros(3))
    loss = use(x, buffer).sum()
    buffer[:] = [2, 2, 2][: len(buffer)]
    loss.backward()
    assert x.grad.tolist() == wanted


def test_labels_may_be_filled_anew_before_backward():
    scores, labels = Tensor([[0.0, 0.0]]), np.array([0])
    loss = operations.cross_entropy(scores, labels)
    labels[0] = 1
    loss.backward()
    assert scores.grad.tolist() == [[-0.5, 0.5]]


# ---- misuse
def used_twice():
    loss = Tensor(2.0) * 3
    loss.backward()
    loss.backward()


def update_in_place():
    w = Tensor([1.0])
    w -= 0.1


def loss_without_a_graph():
    with no_grad():
        loss = Tensor([1.0]).sum()
    loss.backward()


def add_in_place():
    array = np.ones(2)
    array += two


two, matrix = Tensor([1.0, 2.0]), Tensor(np.ones((3, 2)))
images = Tensor(np.ones((1, 4, 4, 2)))
one_entry_per_column = "one entry per column of x"
MISUSE = {
    "power of a tensor": (lambda: two**two, TypeError, r"exponent must be a plain number.*log\(\)"),
    "power of an array": (lambda: two ** np.ones(2), TypeError, "exponent must be a plain number"),
    "number to the power of a tensor": (lambda: 2.0**two, TypeError, "exponent must be a plain"),
    "complex": (lambda: Tensor(1 + 2j), TypeError, "data must be real numbers.*take `.real`"),
    "times complex": (lambda: two * 1j, TypeError, "must be real numbers"),
    "tensor of a tensor": (lambda: Tensor(two), TypeError, "pass `t.data`"),
    "equal": (lambda: two == 3, TypeError, "compare their `.data`"),
    "not equal": (lambda: two != 3, TypeError, "compare their `.data`"),
    "array compared": (lambda: np.ones(2) == two, TypeError, "np.equal takes arrays"),
    "np.exp": (lambda: np.exp(two), TypeError, r"np.exp takes arrays.*write `t.exp\(\)`"),
    "np.sum": (lambda: np.sum(two), TypeError, r"np.sum takes arrays.*write `t.sum\(\)`"),
    "np.sqrt": (lambda: np.sqrt(two), TypeError, "np.sqrt takes arrays.*methods of Tensor"),
    "np.array": (lambda: np.array([two, two]), TypeError, "takes arrays and would lose the graph"),
    "array changed in place": (add_in_place, TypeError, "np.add takes arrays"),
    "index": (lambda: two[Tensor(0)], TypeError, "index must be whole numbers, not a Tensor"),
    "mean of nothing": (lambda: two[2:].mean(), ValueError, r"no mean of no numbers.*\(0,\)"),
    "max of nothing": (lambda: two[2:].max(), ValueError, r"no max of no numbers.*\(0,\)"),
    "product": (lambda: matrix @ matrix, ValueError, r"shapes \(3, 2\) @ \(3, 2\) do not fit"),
    "product with a number": (
        lambda: matrix @ 2.0,
        ValueError,
        r"single number multiplies with \*",
    ),
    "no graph": (loss_without_a_graph, RuntimeError, "no graph to go backward through"),
    "constant": (lambda: Constant(1.0).backward(), RuntimeError, "no graph to go backward"),
    "linear": (
        lambda: operations.linear(matrix, matrix, two),
        ValueError,
        r"shapes \(3, 2\) @ \(3, 2\) do not fit",
    ),
    "cross-entropy of arrays, backward": (
        lambda: operations.cross_entropy(np.ones((1, 2)), [1]).backward(),
        RuntimeError,
        "no graph",
    ),
    "cross-entropy of one row": (
        lambda: operations.cross_entropy(two, [1]),
        ValueError,
        r"logits must be \(n, n_classes\), but their shape is \(2,\)",
    ),
    "cross-entropy of no rows": (
        lambda: operations.cross_entropy(matrix[3:], np.array([], int)),
        ValueError,
        "logits have no rows",
    ),
    "batch norm, gain": (
        lambda: operations.batch_norm(matrix, Tensor(1.0), two),
        ValueError,
        rf"gain must have the shape \(2,\), {one_entry_per_column}, but its shape is \(\)",
    ),
    "batch norm, shift": (
        lambda: operations.batch_norm(matrix, two, Tensor([1.0])),
        ValueError,
        rf"shift must have the shape \(2,\), {one_entry_per_column}, but its shape is \(1,\)",
    ),
    "batch norm, one row": (
        lambda: operations.batch_norm(two, two, two),
        ValueError,
        "must have rows and columns",
    ),
    "convolution, filters": (
        lambda: operations.conv3x3(images, Tensor(np.ones((9, 1))), Tensor([1.0])),
        ValueError,
        r"W must have the shape \(18, 1\), nine rows for each of the 2 channels",
    ),
    "convolution, bias": (
        lambda: operations.conv3x3(images, Tensor(np.ones((18, 1))), Tensor(1.0)),
        ValueError,
        r"b must have the shape \(1,\), one entry per filter",
    ),
    "convolution of no images": (
        lambda: operations.conv3x3(matrix, two, two),
        ValueError,
        r"Images must be \(n, height, width, channels\)",
    ),
    "max pool, odd": (
        lambda: operations.max_pool(Tensor(np.ones((1, 3, 4, 1)))),
        ValueError,
        "even height and width, but they are 3 and 4",
    ),
    "max pool of no images": (lambda: operations.max_pool(two), ValueError, "Images must be"),
}


@pytest.mark.parametrize(("wrong", "error", "sentence"), MISUSE.values(), ids=MISUSE)
def test_what_cannot_be_right_gets_one_sentence(wrong, error, sentence):
    with pytest.raises(error, match=sentence):
        wrong()


@pytest.mark.parametrize("scalar", [2, 2.0, np.float64(2), np.float32(2), np.int64(2)])
def test_numbers_of_any_kind_keep_float32(scalar):
    t = Tensor(np.ones(2, np.float32))
    assert (scalar * t).data.dtype == (t * scalar).data.dtype == np.float32
    assert (scalar * t).data.tolist() == [2, 2]


@pytest.mark.parametrize(
    ("wrong", "error", "sentence"),
    [
        (lambda: Tensor([1.0, 2.0]).backward(), ValueError, r"starts from one number.*\(2,\); sum"),
        (
            lambda: Tensor([1.0]).backward([1, 2]),
            ValueError,
            r"gradient must have the shape \(1,\)",
        ),
        (used_twice, RuntimeError, "backward went through this graph already.*keep_graph=True"),
        (update_in_place, TypeError, "Write `w.data -= step`"),
        (lambda: Tensor([1.0]).__setitem__(0, 2), TypeError, "cannot be changed in place"),
        (lambda: 1 if Tensor(1.0) > 0 else 0, TypeError, "compare their `.data`"),
        (lambda: bool(Tensor(1.0)), TypeError, "no yes or no; compare its `.data`"),
        (lambda: Tensor("seven"), TypeError, "data must be"),
        (lambda: list(Tensor(3.0)), TypeError, "A Tensor of one number cannot be walked through"),
        (lambda: sum(Tensor(3.0)), TypeError, "A Tensor of one number cannot be walked through"),
        (lambda: len(Tensor(3.0)), TypeError, "A Tensor of one number has no length"),
    ],
)
def test_misuse_is_named(wrong, error, sentence):
    with pytest.raises(error, match=sentence):
        wrong()


def test_keep_graph_lets_backward_run_again():
    x = Tensor(3.0)
    loss = x * x
    loss.backward(keep_graph=True)
    loss.backward()
    assert x.grad == 12
