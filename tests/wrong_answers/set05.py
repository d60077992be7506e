"""Wrong answers to exercise set 05, as learners write them: (question, mistake, function)."""

import numpy as np

from gradcourse.checks import set05


def walker(update, with_start=True):
    """A path made by `update(grad, memory, t, *numbers) -> (step, memory)`, added to theta."""

    def path(gradient, theta, *args):
        *numbers, n_steps = args
        theta, memory, t = np.array(theta, dtype=float), {"v": 0.0, "m": 0.0}, 0
        places = [theta.copy()] if with_start else []
        while t < n_steps:
            t += 1
            theta = theta + update(np.array(gradient(theta), dtype=float), memory, t, *numbers)
            places.append(theta.copy())
        return np.array(places) if places else places

    return path


# ---- momentum
def with_velocity(formula, sign=-1):
    def update(grad, memory, t, rate, momentum):
        memory["v"] = formula(memory["v"], grad, momentum)
        return sign * rate * memory["v"]

    return update


climbing_momentum = walker(with_velocity(lambda v, g, mu: mu * v + g, sign=1))
averaged_momentum = walker(with_velocity(lambda v, g, mu: mu * v + (1 - mu) * g))
momentum_without_start = walker(with_velocity(lambda v, g, mu: mu * v + g), with_start=False)


def last_gradient(grad, memory, t, rate, momentum):
    velocity = grad + momentum * memory["v"]
    memory["v"] = grad
    return -rate * velocity


def nesterov(grad, memory, t, rate, momentum):
    memory["v"] = momentum * memory["v"] + grad
    return -rate * (grad + momentum * memory["v"])


def no_memory(gradient, theta, rate, momentum, n_steps):
    return walker(lambda g, memory, t, rate, momentum: -rate * g)(
        gradient, theta, rate, momentum, n_steps
    )


def only_the_end(gradient, theta, rate, momentum, n_steps):
    return walker(with_velocity(lambda v, g, mu: mu * v + g))(
        gradient, theta, rate, momentum, n_steps
    )[-1]


# ---- AdaGrad and RMSProp
def by_squares(formula, size=lambda s: np.sqrt(s) + 1e-8, sign=-1):
    def update(grad, memory, t, rate, *decay):
        memory["v"] = formula(memory["v"], grad**2, *decay)
        return sign * rate * grad / size(memory["v"])

    return update


climbing_adagrad = walker(by_squares(lambda s, g2: s + g2, sign=1))
rootless_adagrad = walker(by_squares(lambda s, g2: s + g2, size=lambda s: s + 1e-8))
forgetful_adagrad = walker(by_squares(lambda s, g2: g2))
adagrad_of_the_norm = walker(by_squares(lambda s, g2: s + np.sum(g2)))
adagrad_without_start = walker(by_squares(lambda s, g2: s + g2), with_start=False)
adagrad_without_eps = walker(by_squares(lambda s, g2: s + g2, size=np.sqrt))

climbing_rmsprop = walker(by_squares(lambda s, g2, d: d * s + (1 - d) * g2, sign=1))
rmsprop_of_a_sum = walker(by_squares(lambda s, g2, d: d * s + g2))
rmsprop_swapped = walker(by_squares(lambda s, g2, d: (1 - d) * s + d * g2))
rmsprop_rootless = walker(
    by_squares(lambda s, g2, d: d * s + (1 - d) * g2, size=lambda s: s + 1e-8)
)
rmsprop_without_start = walker(by_squares(lambda s, g2, d: d * s + (1 - d) * g2), with_start=False)
rmsprop_that_sums_all = walker(by_squares(lambda s, g2, d: s + g2))


# ---- Adam
def adam(
    m_by=lambda b, t: 1 - b**t,
    v_by=lambda b, t: 1 - b**t,
    sign=-1,
    size=lambda v: np.sqrt(v) + 1e-8,
):
    def update(grad, memory, t, rate, beta1, beta2):
        memory["m"] = beta1 * memory["m"] + (1 - beta1) * grad
        memory["v"] = beta2 * memory["v"] + (1 - beta2) * grad**2
        return sign * rate * (memory["m"] / m_by(beta1, t)) / size(memory["v"] / v_by(beta2, t))

    return update


def nothing(beta, t):
    return 1


def one_late(beta, t):
    return 1 - beta ** (t + 1)


def no_power(beta, t):
    return 1 - beta


climbing_adam = walker(adam(sign=1))
uncorrected = walker(adam(nothing, nothing))
first_only = walker(adam(v_by=nothing))
second_only = walker(adam(m_by=nothing))
late_adam = walker(adam(one_late, one_late))
powerless = walker(adam(no_power, no_power))
eps_in_the_root = walker(adam(size=lambda v: np.sqrt(v + 1e-8)))
adam_without_start = walker(adam(), with_start=False)
adam_of_the_first_mean = walker(adam(size=lambda v: 1.0))


# ---- match a path
def velocities(path, rate):
    path = np.array(path, dtype=float)
    return -np.diff(path, axis=0)[:2] / rate


def without_gradient(path, gradient, rate):
    v1, v2 = velocities(path, rate)
    return np.dot(v1, v2) / np.dot(v1, v1)


def gradient_of_the_start(path, gradient, rate):
    v1, v2 = velocities(path, rate)
    return np.dot(v1, v2 - gradient(np.array(path[0], dtype=float))) / np.dot(v1, v1)


def without_rate(path, gradient, rate):
    v1, v2 = velocities(path, 1)
    return np.dot(v1, v2 - gradient(np.array(path[1], dtype=float))) / np.dot(v1, v1)


def turned_round(path, gradient, rate):
    v1, v2 = velocities(path, rate)
    return np.dot(v1, gradient(np.array(path[1], dtype=float)) - v2) / np.dot(v1, v1)


def always_point_nine(path, gradient, rate):
    return 0.9


# ---- tune
def all_for_each(run, rates, budget):
    losses = [run(rate, budget) for rate in rates]
    losses = [loss if np.isfinite(loss) else np.inf for loss in losses]
    return rates[int(np.argmin(losses))]


def all_by_sorting(run, rates, budget):
    good = [(run(rate, budget), rate) for rate in rates]
    return min(pair for pair in good if np.isfinite(pair[0]))[1]


def worst(run, rates, budget):
    losses = [run(rate, budget // len(rates)) for rate in rates]
    return rates[int(np.argmax([loss if np.isfinite(loss) else -np.inf for loss in losses]))]


def worst_by_sorting(run, rates, budget):
    pairs = [(run(rate, budget // len(rates)), rate) for rate in rates]
    return max(pair for pair in pairs if np.isfinite(pair[0]))[1]


def trusting(run, rates, budget):
    return rates[int(np.argmin([run(rate, budget // len(rates)) for rate in rates]))]


def trusting_by_array(run, rates, budget):
    losses = np.array([run(rate, budget // len(rates)) for rate in rates])
    return float(np.asarray(rates)[losses.argmin()])


def the_loss(run, rates, budget):
    losses = [run(rate, budget // len(rates)) for rate in rates]
    return min(loss for loss in losses if np.isfinite(loss))


def the_loss_by_array(run, rates, budget):
    losses = np.array([run(rate, budget // len(rates)) for rate in rates])
    return losses[np.isfinite(losses)].min()


def smallest(run, rates, budget):
    return min(rates)


MOMENTUM, ADAGRAD, RMSPROP = set05.momentum_path, set05.adagrad_path, set05.rmsprop_path
ADAM, FIND, TUNE = set05.adam_path, set05.find_momentum, set05.tune_rate
UPHILL, START = "plus instead of minus", "forgot the start"
WRONG = [
    (MOMENTUM, UPHILL, climbing_momentum),
    (MOMENTUM, "damped the gradient by 1 - momentum", averaged_momentum),
    (MOMENTUM, "remembered only the last gradient", walker(last_gradient)),
    (MOMENTUM, "looked ahead as Nesterov does", walker(nesterov)),
    (MOMENTUM, START, momentum_without_start),
    (MOMENTUM, "", no_memory),
    (MOMENTUM, "", only_the_end),
    (ADAGRAD, UPHILL, climbing_adagrad),
    (ADAGRAD, "forgot the square root", rootless_adagrad),
    (ADAGRAD, "forgot what came before", forgetful_adagrad),
    (ADAGRAD, "one rate for all parameters", adagrad_of_the_norm),
    (ADAGRAD, START, adagrad_without_start),
    (ADAGRAD, "", adagrad_without_eps),
    (RMSPROP, UPHILL, climbing_rmsprop),
    (RMSPROP, "forgot the factor 1 - decay", rmsprop_of_a_sum),
    (RMSPROP, "swapped old and new", rmsprop_swapped),
    (RMSPROP, "forgot the square root", rmsprop_rootless),
    (RMSPROP, START, rmsprop_without_start),
    (RMSPROP, "", rmsprop_that_sums_all),
    (ADAM, UPHILL, climbing_adam),
    (ADAM, "no bias correction", uncorrected),
    (ADAM, "corrected the first mean only", first_only),
    (ADAM, "corrected the second mean only", second_only),
    (ADAM, "counted the steps from 2", late_adam),
    (ADAM, "forgot the power t", powerless),
    (ADAM, "epsilon inside the root", eps_in_the_root),
    (ADAM, START, adam_without_start),
    (ADAM, "", adam_of_the_first_mean),
    (FIND, "forgot the new gradient", without_gradient),
    (FIND, "took the gradient at the start", gradient_of_the_start),
    (FIND, "compared steps with gradients", without_rate),
    (FIND, "sign flipped", turned_round),
    (FIND, "", always_point_nine),
    (TUNE, "gave every rate the whole budget", all_for_each),
    (TUNE, "gave every rate the whole budget", all_by_sorting),
    (TUNE, "took the largest loss", worst),
    (TUNE, "took the largest loss", worst_by_sorting),
    (TUNE, "let a run that is not finite win", trusting),
    (TUNE, "let a run that is not finite win", trusting_by_array),
    (TUNE, "returned the loss instead of the rate", the_loss),
    (TUNE, "returned the loss instead of the rate", the_loss_by_array),
    (TUNE, "", smallest),
]
