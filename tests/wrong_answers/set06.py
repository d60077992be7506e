"""Wrong answers to exercise set 06, as learners write them: (question, mistake, function)."""

import numpy as np

from gradcourse.checks import set06


# ---- Hessian
def one_sided(gradient, theta, h):
    theta = np.array(theta, dtype=float)
    here, H = np.array(gradient(theta)), np.zeros((len(theta), len(theta)))
    for j in range(len(theta)):
        moved = theta.copy()
        moved[j] += h
        H[:, j] = (np.array(gradient(moved)) - here) / h
    return H


def by_columns(scale, keep=lambda H: H):
    def hessian(gradient, theta, h):
        theta, H = np.array(theta, dtype=float), []
        for j in range(len(theta)):
            plus, minus = theta.copy(), theta.copy()
            plus[j], minus[j] = plus[j] + h, minus[j] - h
            H.append((np.array(gradient(plus)) - np.array(gradient(minus))) * scale(h))
        return keep(np.array(H).T)

    return hessian


too_wide = by_columns(lambda h: 1 / h)
without_brackets = by_columns(lambda h: 1 / 2 * (1 / h) * 4)
by_precedence = by_columns(lambda h: 2 / h)
diagonal_only = by_columns(lambda h: 0.5 / h, lambda H: H * np.eye(len(H)))
turned = by_columns(lambda h: -0.5 / h)
summed_columns = by_columns(lambda h: 0.5 / h, lambda H: H.sum(axis=0))


def all_at_once(gradient, theta, h):
    theta = np.array(theta, dtype=float)
    change = np.array(gradient(theta + h)) - np.array(gradient(theta - h))
    return np.diag(change / (2 * h))


# ---- Newton
def newton(step, start=True):
    def path(gradient, hessian, theta, damping, n_steps):
        theta = np.array(theta, dtype=float)
        places = [theta] if start else []
        for _ in range(n_steps):
            theta = theta + step(np.array(hessian(theta)), np.array(gradient(theta)), damping)
            places.append(theta)
        return places

    return path


def eye(H):
    return np.eye(len(H))


climbing = newton(lambda H, g, lam: np.linalg.inv(H + lam * eye(H)) @ g)
multiplying = newton(lambda H, g, lam: -(H + lam * eye(H)) @ g)
by_diagonal = newton(lambda H, g, lam: -g / (np.diag(H) + lam))
everywhere = newton(lambda H, g, lam: -np.linalg.solve(H + lam, g))
undamped = newton(lambda H, g, lam: -np.linalg.solve(H, g))
without_start = newton(lambda H, g, lam: -np.linalg.solve(H + lam * eye(H), g), start=False)
by_entries = newton(lambda H, g, lam: -(g / (H + lam * eye(H))).sum(axis=0))
damped_gradient = newton(lambda H, g, lam: -np.linalg.solve(H, g) / (1 + lam))


def lazy(gradient, hessian, theta, damping, n_steps):
    path = [np.array(theta, dtype=float)]
    inverse = np.linalg.inv(hessian(path[0]) + damping * np.eye(len(path[0])))
    for _ in range(n_steps):
        path.append(path[-1] - inverse @ gradient(path[-1]))
    return path


# ---- BFGS
def swapped(C, s, y):
    rho = y @ s
    if rho <= 0:
        return C
    V = np.eye(len(s)) - np.outer(y, s) / rho
    return V @ C @ V.T + np.outer(y, y) / rho


def without_last(C, s, y):
    rho = y @ s
    if rho <= 0:
        return C
    V = np.eye(len(s)) - np.outer(s, y) / rho
    return V @ C @ V.T


def left_only(C, s, y):
    rho = y @ s
    if rho <= 0:
        return C
    return (np.eye(len(s)) - np.outer(s, y) / rho) @ C + np.outer(s, s) / rho


def transposed(C, s, y):
    rho = y @ s
    if rho <= 0:
        return C
    V = np.eye(len(s)) - np.outer(s, y) / rho
    return V.T @ C @ V + np.outer(s, s) / rho


def over_s(C, s, y):
    rho = y @ s
    if rho <= 0:
        return C
    V = np.eye(len(s)) - np.outer(s, y) / rho
    return V @ C @ V.T + np.outer(s, s) / (s @ s)


def always(C, s, y):
    rho = y @ s
    V = np.eye(len(s)) - np.outer(s, y) / rho
    return V @ C @ V.T + np.outer(s, s) / rho


def for_the_hessian(C, s, y):
    if y @ s <= 0:
        return C
    Cs = C @ s
    return C + np.outer(y, y) / (y @ s) - np.outer(Cs, Cs) / (s @ Cs)


def inner(C, s, y):
    return C if y @ s <= 0 else C + (s @ s) / (y @ s)


# ---- Frank–Wolfe
def walker(corner, share=lambda k: 2 / (k + 2), gap=lambda g, t, v: g @ (t - v), early=False):
    def walk(gradient, n, radius, n_steps):
        theta, found = np.zeros(n), None
        for k in range(n_steps):
            g = np.array(gradient(theta))
            v = corner(g, radius)
            found = gap(g, theta, v)
            theta = theta + share(k) * (v - theta)
        g = np.array(gradient(theta))
        if found is None or not early:
            found = gap(g, theta, corner(g, radius))
        return theta, found

    return walk


def at(place, value, n):
    v = np.zeros(n)
    v[place] = value
    return v


def good(g, radius):
    i = int(np.argmax(np.abs(g)))
    return at(i, -radius if g[i] > 0 else radius, len(g))


def uphill(g, radius):
    return -good(g, radius)


def by_value(g, radius):
    i = int(np.argmax(g))
    return at(i, -radius * np.sign(g[i]), len(g))


def of_radius_one(g, radius):
    return good(g, 1.0)


def of_the_simplex(g, radius):
    return at(int(np.argmin(g)), radius, len(g))


late = walker(good, share=lambda k: 2 / (k + 3))
half = walker(good, share=lambda k: 0.5)
negative_gap = walker(good, gap=lambda g, t, v: g @ (v - t))
stale_gap = walker(good, early=True)


def only_theta(gradient, n, radius, n_steps):
    return walker(good)(gradient, n, radius, n_steps)[0], 0.0


# ---- natural gradient
def slopes(y, mu, sigma):
    y = np.array(y, dtype=float)
    return np.array([(mu - y.mean()) / sigma**2, 1 / sigma - ((y - mu) ** 2).mean() / sigma**3])


def multiplied(y, mu, sigma):
    return np.diag([1 / sigma**2, 2 / sigma**2]) @ slopes(y, mu, sigma)


def one_entry(y, mu, sigma):
    return sigma**2 * slopes(y, mu, sigma)


def the_step(y, mu, sigma):
    return -np.linalg.inv(np.diag([1 / sigma**2, 2 / sigma**2])) @ slopes(y, mu, sigma)


def of_the_sum(y, mu, sigma):
    return len(y) * slopes(y, mu, sigma) * np.array([1, 0.5]) * sigma**2


def in_log_sigma(y, mu, sigma):
    d_mu, d_sigma = slopes(y, mu, sigma)
    return np.array([d_mu * sigma**2, d_sigma * sigma / 2])


def of_the_data(y, mu, sigma):
    y = np.array(y, dtype=float)
    return np.array([mu - y.mean(), sigma - y.std()])


HESSIAN, NEWTON, UPDATE = set06.hessian, set06.newton_path, set06.bfgs_update
WALK, NATURAL = set06.frank_wolfe, set06.natural_gradient
WRONG = [
    (HESSIAN, "differences to one side only", one_sided),
    (HESSIAN, "divided by h instead of 2 h", too_wide),
    (HESSIAN, "multiplied where it should divide", without_brackets),
    (HESSIAN, "multiplied where it should divide", by_precedence),
    (HESSIAN, "only the diagonal", diagonal_only),
    (HESSIAN, "sign flipped", turned),
    (HESSIAN, "", summed_columns),
    (HESSIAN, "", all_at_once),
    (NEWTON, "plus instead of minus", climbing),
    (NEWTON, "multiplied by the Hessian", multiplying),
    (NEWTON, "divided by the diagonal", by_diagonal),
    (NEWTON, "added the damping to every entry", everywhere),
    (NEWTON, "forgot the damping", undamped),
    (NEWTON, "kept the Hessian of the start", lazy),
    (NEWTON, "forgot the start", without_start),
    (NEWTON, "", by_entries),
    (NEWTON, "", damped_gradient),
    (UPDATE, "swapped s and y", swapped),
    (UPDATE, "forgot the last term", without_last),
    (UPDATE, "mended one side only", left_only),
    (UPDATE, "transposed the brackets", transposed),
    (UPDATE, "divided the last term by s·s", over_s),
    (UPDATE, "updated where the slope does not grow", always),
    (UPDATE, "", for_the_hessian),
    (UPDATE, "", inner),
    (WALK, "walked to the corner uphill", walker(uphill)),
    (WALK, "took the largest slope, not the steepest", walker(by_value)),
    (WALK, "counted the steps from 1", late),
    (WALK, "forgot the radius", walker(of_radius_one)),
    (WALK, "gap with the wrong sign", negative_gap),
    (WALK, "gap of the step before", stale_gap),
    (WALK, "always walked half the way", half),
    (WALK, "", walker(of_the_simplex)),
    (WALK, "", only_theta),
    (NATURAL, "the plain gradient", slopes),
    (NATURAL, "multiplied by the Fisher matrix", multiplied),
    (NATURAL, "the same entry for mu and sigma", one_entry),
    (NATURAL, "sign flipped", the_step),
    (NATURAL, "summed instead of averaged", of_the_sum),
    (NATURAL, "took log sigma for the parameter", in_log_sigma),
    (NATURAL, "", of_the_data),
]
