"""Right answers to exercise set 08, written in different ways: (question, function)."""

import math

import numpy as np

from gradcourse.autodiff import Tensor
from gradcourse.checks import set08
from gradcourse.diagnostics import clip_by_norm
from gradcourse.nn import INITIALIZERS, batch_norm, max_pool, softmax


# ---- clipping
def by_fsum(grad, limit):
    grad = np.array(grad, dtype=float)
    flat = [0.0 if math.isnan(g) else g for g in grad.ravel()]
    if any(math.isinf(g) for g in flat):
        flat = [math.copysign(1.0, g) if math.isinf(g) else 0.0 for g in flat]
        share = limit / math.hypot(*flat)
    else:
        length = math.hypot(*flat)  # hypot does not overflow
        share = limit / length if length > limit else 1.0
    return np.reshape([share * g for g in flat], grad.shape)


def by_log(grad, limit):
    grad = np.where(np.isnan(grad), 0.0, grad)
    if np.isinf(grad).any():
        grad = np.sign(grad) * np.isinf(grad)
        return grad / np.sqrt(np.count_nonzero(grad)) * limit
    if not grad.any():
        return grad
    with np.errstate(divide="ignore"):
        log_length = np.logaddexp.reduce(2 * np.log(np.abs(grad)), axis=None) / 2
    return (
        grad if log_length <= np.log(limit) + 1e-13 else grad * np.exp(np.log(limit) - log_length)
    )


# ---- first weights
def by_library(n_in, n_out, activation):
    return INITIALIZERS["He" if activation == "relu" else "Xavier"](n_in, n_out)


def by_variance(n_in, n_out, activation):
    variance = {"relu": 1 / (n_in / 2), "tanh": 1 / ((n_in + n_out) / 2)}[activation]
    return math.sqrt(variance)


def by_mean_fan(n_in, n_out, activation):
    fan = n_in if activation == "relu" else (n_in + n_out) / 2
    return np.sqrt((2 if activation == "relu" else 1) / fan)


# ---- batch norm
def by_engine(x, gain, slope):
    tensors = Tensor(x), Tensor(gain), Tensor(np.zeros(len(gain)))
    batch_norm(*tensors).backward(slope)
    return [tensor.grad for tensor in tensors]


def step_by_step(x, gain, slope):
    n, away = len(x), x - x.mean(axis=0)
    variance = (away**2).mean(axis=0) + 1e-5
    inverse = variance**-0.5
    d_hat = slope * gain
    d_variance = (d_hat * away).sum(axis=0) * -0.5 * variance**-1.5
    d_mean = -(d_hat * inverse).sum(axis=0)
    dx = d_hat * inverse + d_variance * 2 * away / n + d_mean / n
    return dx, (slope * away * inverse).sum(axis=0), slope.sum(axis=0)


def by_jacobian(x, gain, slope):
    n = len(x)
    s = np.sqrt(x.var(axis=0) + 1e-5)
    hat = (x - x.mean(axis=0)) / s
    dx = np.empty_like(x)
    for k in range(x.shape[1]):
        J = (np.eye(n) - 1 / n - np.outer(hat[:, k], hat[:, k]) / n) * gain[k] / s[k]
        dx[:, k] = J @ slope[:, k]
    return dx, np.einsum("ij,ij->j", slope, hat), np.ones(n) @ slope


# ---- pooling
def pool_by_engine(image, slope):
    image = Tensor(np.array(image, dtype=float)[None, :, :, None])
    max_pool(image.relu()).backward(np.asarray(slope)[None, :, :, None])
    return image.grad[0, :, :, 0]


def pool_by_lists(image, slope):
    out = [[0.0] * len(image[0]) for _ in image]
    for i in range(len(slope)):
        for j in range(len(slope[0])):
            places = [
                (2 * i, 2 * j),
                (2 * i, 2 * j + 1),
                (2 * i + 1, 2 * j),
                (2 * i + 1, 2 * j + 1),
            ]
            top = max(places, key=lambda place: max(0, image[place[0]][place[1]]))
            if image[top[0]][top[1]] > 0:
                out[top[0]][top[1]] = float(slope[i][j])
    return out


def pool_by_reshape(image, slope):
    h, w = np.shape(slope)
    blocks = np.asarray(image).reshape(h, 2, w, 2).swapaxes(1, 2).reshape(h, w, 4)
    winner = np.eye(4)[np.maximum(blocks, 0).argmax(axis=2)]
    sent = winner * (blocks > 0) * np.asarray(slope)[..., None]
    return sent.reshape(h, w, 2, 2).swapaxes(1, 2).reshape(2 * h, 2 * w)


# ---- choice
def choice_by_library(scores, values, T):
    p = softmax(np.asarray(scores, dtype=float) / T)
    jacobian = (np.diag(p) - np.outer(p, p)) / T
    return p @ values, jacobian @ values


def choice_by_logs(scores, values, T):
    z = np.asarray(scores, dtype=float) / T
    p = np.exp(z - np.logaddexp.reduce(z))
    value = float(np.sum(p * values))
    return [value, [share * (v - value) / T for share, v in zip(p, values, strict=True)]]


def choice_by_complex_step(scores, values, T):
    scores, values = np.asarray(scores, dtype=float), np.asarray(values, dtype=float)

    def value(z):
        e = np.exp((z - z.real.max()) / T)
        return (e * values).sum() / e.sum()

    moves = 1e-30j * np.eye(len(scores))
    return value(scores + 0j).real, np.array([value(scores + move).imag for move in moves]) / 1e-30


# ---- illness
def by_first_true(log):
    losses, norms = log["losses"], log["gradient_norms"]
    found = [
        max(norms) > 1e3,
        log["dead"] > 0.899,
        not (losses[-1] <= losses[0]),
        norms[0] * 1e3 < norms[-1],
        log["pace"] < 1e-3,
        True,
    ]
    names = ["exploding", "dead", "diverging", "vanishing", "too slow", "healthy"]
    return names[found.index(True)]


def by_overwriting(log):
    name = "healthy"
    if log["pace"] < 1e-3:
        name = "too slow"
    if log["gradient_norms"][0] < 1e-3 * log["gradient_norms"][-1]:
        name = "vanishing"
    if np.isnan(log["losses"][-1]) or log["losses"][-1] > log["losses"][0]:
        name = "diverging"
    if log["dead"] >= 0.9:
        name = "dead"
    return "exploding" if np.max(log["gradient_norms"]) > 1000 else name


def by_match(log):
    match log:
        case {"gradient_norms": norms} if max(norms) > 1000:
            return "exploding"
        case {"dead": share} if share >= 0.9:
            return "dead"
        case {"losses": [first, *_, last]} if not last <= first:
            return "diverging"
        case {"gradient_norms": [first, *_, last]} if first / last < 1e-3:
            return "vanishing"
        case {"pace": pace} if pace < 0.001:
            return "too slow"
    return "healthy"


RIGHT = [
    (set08.clip_norm, clip_by_norm),
    (set08.clip_norm, by_fsum),
    (set08.clip_norm, by_log),
    (set08.weight_std, by_library),
    (set08.weight_std, by_variance),
    (set08.weight_std, by_mean_fan),
    (set08.batch_norm_backward, by_engine),
    (set08.batch_norm_backward, step_by_step),
    (set08.batch_norm_backward, by_jacobian),
    (set08.pool_backward, pool_by_engine),
    (set08.pool_backward, pool_by_lists),
    (set08.pool_backward, pool_by_reshape),
    (set08.soft_choice, choice_by_library),
    (set08.soft_choice, choice_by_logs),
    (set08.soft_choice, choice_by_complex_step),
    (set08.name_illness, by_first_true),
    (set08.name_illness, by_overwriting),
    (set08.name_illness, by_match),
]
