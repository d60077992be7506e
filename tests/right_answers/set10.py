"""Right answers to exercise set 10, written in different ways: (question, function)."""

import numpy as np

from gradcourse.autodiff import Tensor
from gradcourse.checks import set10
from gradcourse.losses import LogisticRegression
from gradcourse.nn import softmax


# ---- convolution
def conv_by_places(image, slope):
    image, out = np.array(image, dtype=float), np.zeros((3, 3))
    for i, j in np.ndindex(*np.shape(slope)):
        out += slope[i][j] * image[i : i + 3, j : j + 3]
    return out


def conv_by_windows(image, slope):
    image = np.array(image, dtype=float)
    windows = np.lib.stride_tricks.sliding_window_view(image, np.shape(slope))
    return np.einsum("abij,ij->ab", windows, np.array(slope, dtype=float))


def conv_by_autodiff(image, slope):
    w, image = Tensor(np.zeros((3, 3))), np.array(image, dtype=float)
    n, m = np.shape(slope)
    total = sum(
        (
            w[a, b] * (image[a : a + n, b : b + m] * np.array(slope)).sum()
            for a, b in np.ndindex(3, 3)
        ),
        Tensor(0.0),
    )
    total.backward()
    return w.grad


# ---- recurrence
def rnn_forward(x, w):
    h, slope = 0.0, 0.0  # the slope of h along w, carried along
    for x_t in x:
        new = np.tanh(w * h + x_t)
        slope = (1 - new**2) * (h + w * slope)
        h = new
    return slope


def rnn_by_autodiff(x, w):
    w, h = Tensor(float(w)), Tensor(0.0)
    for x_t in x:
        h = (w * h + float(x_t)).tanh()
    h.backward()
    return float(w.grad)


def rnn_by_complex_step(x, w):
    h = 0.0
    for x_t in x:
        h = np.tanh((w + 1e-30j) * h + x_t)
    return h.imag / 1e-30 if isinstance(h, complex | np.complexfloating) else 0.0


# ---- policy
def policy_by_loop(z, pulled, reward, baseline):
    p, grad = softmax(np.array(z, dtype=float)), np.zeros(len(z))
    for a, r in zip(pulled, reward, strict=True):
        step = -p
        step[a] += 1
        grad += (r - baseline) * step / len(reward)
    return grad


def policy_by_counts(z, pulled, reward, baseline):
    gain = np.array(reward, dtype=float) - baseline
    gains = np.bincount(pulled, gain, minlength=len(z))
    return (gains - gain.sum() * softmax(np.array(z, dtype=float))) / len(gain)


def policy_by_autodiff(z, pulled, reward, baseline):
    z, gain = Tensor(np.array(z, dtype=float)), np.array(reward, dtype=float) - baseline
    shifted = z - z.data.max()
    logs = shifted - shifted.exp().sum().log()
    (logs[np.array(pulled)] * gain).mean().backward()
    return z.grad


# ---- recommender
def factors_by_loops(R, known, U, V, price):
    U, V = np.array(U, dtype=float), np.array(V, dtype=float)
    dU, dV = price * U, price * V
    for i, j in np.ndindex(*np.shape(R)):
        if known[i][j]:
            error = U[i] @ V[j] - R[i][j]
            dU[i] += error * V[j]
            dV[j] += error * U[i]
    return dU, dV


def factors_by_autodiff(R, known, U, V, price):
    known = np.array(known)
    ratings, U, V = np.where(known, R, 0.0), Tensor(np.array(U) * 1.0), Tensor(np.array(V) * 1.0)
    E = (U @ V.T - ratings) * known.astype(float)
    loss = (E * E).sum() * 0.5 + ((U * U).sum() + (V * V).sum()) * (0.5 * price)
    loss.backward()
    return U.grad, V.grad


def factors_filled_in(R, known, U, V, price):
    U, V = np.array(U, dtype=float), np.array(V, dtype=float)
    guess = U @ V.T
    filled = np.array(R, dtype=float)
    filled[~np.array(known)] = guess[~np.array(known)]
    E = guess - filled
    return np.einsum("ij,jk->ik", E, V) + price * U, np.einsum("ij,ik->jk", E, U) + price * V


# ---- parameter shift
def shift_by_list(f, angles):
    angles = [float(angle) for angle in angles]
    out = []
    for k in range(len(angles)):
        f_up, f_down = (
            f(np.array([*angles[:k], angles[k] + s * np.pi / 2, *angles[k + 1 :]])) for s in (1, -1)
        )
        out.append(0.5 * (f_up - f_down))
    return out


def shift_by_eye(f, angles):
    angles = np.array(angles, dtype=float)
    quarter = np.pi / 2 * np.eye(len(angles))
    return [(f(angles + move) - f(angles - move)) / 2 for move in quarter]


def shift_by_complex_step(f, angles):
    angles = np.array(angles, dtype=complex)
    return [f(angles + 1e-30j * move).imag / 1e-30 for move in np.eye(len(angles))]


# ---- the capstone
def train_by_model(X, y, theta, rate, price, batch_size, orders):
    theta = np.array(theta, dtype=float)
    model = LogisticRegression(X, y)
    for order in orders:
        for rows in np.split(order, range(batch_size, len(y), batch_size)):
            theta = theta - rate * (model.gradient(theta, rows) + price * np.append(theta[:-1], 0))
    return theta


def train_by_tanh(X, y, theta, rate, price, batch_size, orders):
    A, theta = np.column_stack([X, np.ones(len(X))]), np.array(theta, dtype=float)
    charge = np.ones(len(theta)) * price
    charge[-1] = 0
    for order in orders:
        for i in range(0, len(y), batch_size):
            rows = order[i : i + batch_size]
            p = 0.5 + 0.5 * np.tanh(A[rows] @ theta / 2)
            theta = (1 - rate * charge) * theta - rate * np.mean(
                (p - y[rows])[:, None] * A[rows], 0
            )
    return theta


def train_by_rows(X, y, theta, rate, price, batch_size, orders):
    theta = [float(value) for value in theta]
    for order in orders:
        for i in range(0, len(order), batch_size):
            rows = order[i : i + batch_size]
            grad = [price * w for w in theta[:-1]] + [0.0]
            for row in rows:
                x = [*X[row], 1.0]
                score = sum(a * b for a, b in zip(x, theta, strict=True))
                error = 1 / (1 + np.exp(-score)) - y[row]
                grad = [g + error * a / len(rows) for g, a in zip(grad, x, strict=True)]
            theta = [t - rate * g for t, g in zip(theta, grad, strict=True)]
    return theta


RIGHT = [
    (set10.conv_gradient, conv_by_places),
    (set10.conv_gradient, conv_by_windows),
    (set10.conv_gradient, conv_by_autodiff),
    (set10.rnn_gradient, rnn_forward),
    (set10.rnn_gradient, rnn_by_autodiff),
    (set10.rnn_gradient, rnn_by_complex_step),
    (set10.policy_gradient, policy_by_loop),
    (set10.policy_gradient, policy_by_counts),
    (set10.policy_gradient, policy_by_autodiff),
    (set10.factor_gradients, factors_by_loops),
    (set10.factor_gradients, factors_by_autodiff),
    (set10.factor_gradients, factors_filled_in),
    (set10.parameter_shift, shift_by_list),
    (set10.parameter_shift, shift_by_eye),
    (set10.parameter_shift, shift_by_complex_step),
    (set10.train, train_by_model),
    (set10.train, train_by_tanh),
    (set10.train, train_by_rows),
]
