"""Wrong answers to exercise set 10, as learners write them: (question, mistake, function)."""

import numpy as np

from gradcourse.checks import set10


# ---- convolution
def sliding(combine, end=lambda out: out):
    def conv_gradient(image, slope):
        image, slope = np.array(image, dtype=float), np.array(slope, dtype=float)
        n, m = slope.shape
        out = [[combine(image[a : a + n, b : b + m], slope) for b in range(3)] for a in range(3)]
        return end(np.array(out))

    return conv_gradient


means = sliding(lambda patch, slope: (patch * slope).mean())
turned_slopes = sliding(lambda patch, slope: (patch * slope[::-1, ::-1]).sum())
transposed = sliding(lambda patch, slope: (patch * slope).sum(), end=np.transpose)
no_slopes = sliding(lambda patch, slope: patch.sum())
turned_result = sliding(lambda patch, slope: (patch * slope).sum(), end=lambda out: out[::-1, ::-1])
last_place = sliding(lambda patch, slope: patch[-1, -1] * slope[-1, -1])


# ---- recurrence
def states_of(x, w):
    h = [0.0]
    for x_t in x:
        h.append(np.tanh(w * h[-1] + x_t))
    return h


def without_tanh(x, w):
    h, slope, grad = states_of(x, w), 1.0, 0.0
    for t in range(len(x), 0, -1):
        grad += slope * h[t - 1]
        slope *= w
    return grad


def last_use(x, w):
    h = states_of(x, w)
    return (1 - h[-1] ** 2) * h[-2]


def first_use(x, w):
    h, slope, grad = states_of(x, w), 1.0, 0.0
    for t in range(len(x), 0, -1):
        slope *= 1 - h[t] ** 2
        grad = slope * h[t - 1]
        slope *= w
    return grad


def later_state(x, w):
    h, slope, grad = states_of(x, w), 1.0, 0.0
    for t in range(len(x), 0, -1):
        slope *= 1 - h[t] ** 2
        grad += slope * h[t]
        slope *= w
    return grad


def without_w(x, w):
    h, slope, grad = states_of(x, w), 1.0, 0.0
    for t in range(len(x), 0, -1):
        slope *= 1 - h[t] ** 2
        grad += slope * h[t - 1]
    return grad


def along_inputs(x, w):
    h, slope, grad = states_of(x, w), 1.0, 0.0
    for t in range(len(x), 0, -1):
        slope *= 1 - h[t] ** 2
        grad += slope * x[t - 1]
        slope *= w
    return grad


def coarse_difference(x, w):
    return (states_of(x, w + 0.1)[-1] - states_of(x, w - 0.1)[-1]) / 0.2


# ---- policy
def reinforce(weigh, towards=lambda hot, p: hot - p, collect=np.mean):
    def policy_gradient(z, pulled, reward, baseline):
        z, reward = np.array(z, dtype=float), np.array(reward, dtype=float)
        p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
        hot = np.eye(len(z))[np.array(pulled)]
        return collect(weigh(reward, baseline)[:, None] * towards(hot, p), axis=0)

    return policy_gradient


def centered(reward, baseline):
    return reward - baseline


no_baseline = reinforce(lambda reward, baseline: reward)
added_baseline = reinforce(lambda reward, baseline: reward + baseline)
without_shares = reinforce(centered, towards=lambda hot, p: hot + 0 * p)
downward = reinforce(lambda reward, baseline: baseline - reward)
total = reinforce(centered, collect=np.sum)
chosen_share = reinforce(centered, towards=lambda hot, p: hot * (1 - p))
mean_baseline = reinforce(lambda reward, baseline: reward - reward.mean())


def overflowing(z, pulled, reward, baseline):
    p = np.exp(z) / np.exp(z).sum()
    reward = np.array(reward, dtype=float)
    return np.mean((reward - baseline)[:, None] * (np.eye(len(z))[np.array(pulled)] - p), axis=0)


# ---- recommender
def factors(error, decay=1.0, order=lambda dU, dV: (dU, dV)):
    def factor_gradients(R, known, U, V, price):
        R, U, V = (np.array(a, dtype=float) for a in (R, U, V))
        E = error(R, np.array(known), U @ V.T)
        return order(E @ V + decay * price * U, E.T @ U + decay * price * V)

    return factor_gradients


def masked(R, known, guess):
    return np.where(known, guess - R, 0.0)


everything = factors(lambda R, known, guess: guess - R)
times_mask = factors(lambda R, known, guess: known * (guess - R))
no_price = factors(masked, decay=0.0)
double_price = factors(masked, decay=2.0)
double_error = factors(lambda R, known, guess: 2 * masked(R, known, guess))
reversed_error = factors(lambda R, known, guess: -masked(R, known, guess))
mean_error = factors(lambda R, known, guess: masked(R, known, guess) / max(known.sum(), 1))
unknown_only = factors(lambda R, known, guess: np.where(known, 0.0, guess - np.nan_to_num(R)))


# ---- parameter shift
def shifting(by=np.pi / 2, over=2.0, ahead=1, kind=float, together=False):
    def parameter_shift(f, angles):
        slopes = []
        for k in range(len(angles)):
            move = np.ones(len(angles)) if together else np.eye(len(angles))[k]
            up, down = (np.array(angles, dtype=float) + s * by * move for s in (ahead, -ahead))
            slopes.append((f(up.astype(kind)) - f(down.astype(kind))) / over)
        return slopes

    return parameter_shift


def halved_twice(f, angles):
    return [slope / 2 for slope in shifting()(f, angles)]


def cut_off(f, angles):
    slopes = []
    for k in range(len(angles)):
        up, down = np.array(angles), np.array(angles)
        up[k] = angles[k] + np.pi / 2
        down[k] = angles[k] - np.pi / 2
        slopes.append((f(up) - f(down)) / 2)
    return slopes


whole_distance = shifting(over=np.pi)
half_turn = shifting(by=np.pi)
not_halved = shifting(over=1.0)
backward = shifting(ahead=-1)
all_together = shifting(together=True)
small_step = shifting(by=0.1, over=0.2)


# ---- the capstone
def training(labels=True, own=True, drop=False, sign=-1.0, again=False, spare=True, decay=1.0):
    def train(X, y, theta, rate, price, batch_size, orders):
        theta = np.array(theta, dtype=float)
        for order in orders:
            X_epoch, y_epoch = X[order], y[order] if labels else y
            for i in range(0, len(y), batch_size):
                rows, known = X_epoch[i : i + batch_size], y_epoch[i : i + batch_size]
                if drop and len(rows) < batch_size:
                    continue
                p = 1 / (1 + np.exp(-(rows @ theta[:-1] + theta[-1])))
                error = p - known
                error = error * p * (1 - p) if again else error
                grad = np.append(error @ rows, error.sum()) / (len(rows) if own else batch_size)
                charged = theta.copy()
                charged[-1] *= not spare
                theta = theta + sign * rate * (grad + decay * price * charged)
        return theta

    return train


strangers_labels = training(labels=False)
by_batch_size = training(own=False)
last_dropped = training(drop=True)
plus = training(sign=1.0)
twice_the_sigmoid = training(again=True)
charged_intercept = training(spare=False)
untouched = training(labels=False, own=False, drop=True, sign=1.0, again=True, spare=False)
two_left = training(labels=False, spare=False)
double_decay = training(decay=2.0)


CONV, RNN, POLICY = set10.conv_gradient, set10.rnn_gradient, set10.policy_gradient
FACTORS, SHIFT, TRAIN = set10.factor_gradients, set10.parameter_shift, set10.train
WRONG = [
    (CONV, "averaged over the places", means),
    (CONV, "turned the slopes round", turned_slopes),
    (CONV, "swapped rows and columns", transposed),
    (CONV, "left the arriving slopes out", no_slopes),
    (CONV, "", turned_result),
    (CONV, "", last_place),
    (RNN, "forgot tanh's slope", without_tanh),
    (RNN, "counted the last use of w alone", last_use),
    (RNN, "kept the first use of w alone", first_use),
    (RNN, "took the state after instead of before", later_state),
    (RNN, "forgot to multiply by w on the way back", without_w),
    (RNN, "", along_inputs),
    (RNN, "", coarse_difference),
    (POLICY, "left the baseline out", no_baseline),
    (POLICY, "added the baseline", added_baseline),
    (POLICY, "forgot the shares", without_shares),
    (POLICY, "stepped toward less payoff", downward),
    (POLICY, "summed instead of averaged", total),
    (POLICY, "overflow in softmax", overflowing),
    (POLICY, "", chosen_share),
    (POLICY, "", mean_baseline),
    (FACTORS, "counted ratings nobody gave", everything),
    (FACTORS, "multiplied NaN by 0", times_mask),
    (FACTORS, "forgot the price", no_price),
    (FACTORS, "doubled the price", double_price),
    (FACTORS, "doubled the error", double_error),
    (FACTORS, "took the rating minus the guess", reversed_error),
    (FACTORS, "", mean_error),
    (FACTORS, "", unknown_only),
    (SHIFT, "divided by the whole distance", whole_distance),
    (SHIFT, "shifted by π", half_turn),
    (SHIFT, "forgot to halve", not_halved),
    (SHIFT, "took the difference the wrong way round", backward),
    (SHIFT, "shifted all angles together", all_together),
    (SHIFT, "cut the shift to whole numbers", cut_off),
    (SHIFT, "", small_step),
    (SHIFT, "", halved_twice),
    (TRAIN, "left the labels in their old order", strangers_labels),
    (TRAIN, "divided the last batch by batch_size", by_batch_size),
    (TRAIN, "dropped the last batch", last_dropped),
    (TRAIN, "added the step", plus),
    (TRAIN, "multiplied by the sigmoid's slope again", twice_the_sigmoid),
    (TRAIN, "charged the intercept", charged_intercept),
    (TRAIN, "mended nothing yet", untouched),
    (TRAIN, "", two_left),
    (TRAIN, "", double_decay),
]
