"""Engines of exercise set 07 as learners write them, each on its own and each with a mistake.

`Given` is the part of the class that stands in the notebook; the rest is what a learner adds.
"""

import math

import numpy as np


class Given:
    def __init__(self, data, parents=(), slopes=()):
        self.data, self.grad, self.parents, self.slopes = data, 0.0, parents, slopes

    def __add__(self, other):
        return type(self)(self.data + other.data, (self, other), (1.0, 1.0))


# ---- = where += is needed
class Overwriting(Given):
    def __mul__(self, other):
        return Overwriting(self.data * other.data, (self, other), (other.data, self.data))

    def tanh(self):
        t = math.tanh(self.data)
        return Overwriting(t, (self,), (1 - t**2,))

    def backward(self):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for p in v.parents:
                    build(p)
                topo.append(v)

        build(self)
        self.grad = 1.0
        for v in reversed(topo):
            for i in range(len(v.parents)):
                v.parents[i].grad = v.slopes[i] * v.grad


class OverwritingByPairs(Given):
    """Names both parents of a product or sum, so that of a + a the second wins."""

    def __mul__(self, other):
        return OverwritingByPairs(self.data * other.data, (self, other), (other.data, self.data))

    def tanh(self):
        slope = 1 / math.cosh(self.data) ** 2
        return OverwritingByPairs(math.tanh(self.data), (self,), (slope,))

    def backward(self):
        finished = []
        waiting = [(self, False)]
        while waiting:
            node, parents_done = waiting.pop()
            if parents_done:
                finished.append(node)
            elif node not in finished:
                waiting.append((node, True))
                waiting.extend((parent, False) for parent in reversed(node.parents))
        order = list(dict.fromkeys(finished))[::-1]
        self.grad = 1.0
        for node in order:
            if len(node.parents) == 2:
                left, right = node.parents
                left.grad = node.grad * node.slopes[0]
                right.grad = node.grad * node.slopes[1]
            elif node.parents:
                node.parents[0].grad = node.grad * node.slopes[0]


# ---- forgot the slope that arrives
class LocalOnly(Given):
    def __mul__(self, other):
        return LocalOnly(self.data * other.data, (self, other), (other.data, self.data))

    def tanh(self):
        e = math.exp(2 * self.data)
        out = (e - 1) / (e + 1)
        return LocalOnly(out, (self,), (1 - out * out,))

    def backward(self):
        nodes = []

        def collect(node):
            if node in nodes:
                return
            nodes.append(node)
            for parent in node.parents:
                collect(parent)

        collect(self)  # in any order: nothing is handed on
        self.grad = 1
        for node in nodes:
            for parent, slope in zip(node.parents, node.slopes, strict=True):
                parent.grad = parent.grad + slope


# ---- a product's slopes swapped
class SwappedProduct(Given):
    def __mul__(self, other):
        product = SwappedProduct(self.data * other.data)
        product.parents = (self, other)
        product.slopes = (self.data, other.data)
        return product

    def tanh(self):
        return SwappedProduct(np.tanh(self.data), (self,), (1 - np.tanh(self.data) ** 2,))

    def backward(self, slope=1.0):
        """Every way from the end to a number adds its product."""
        self.grad += slope
        for parent, local in zip(self.parents, self.slopes, strict=True):
            parent.backward(slope * local)


# ---- visits a node before its users
class ByLevels(Given):
    def __mul__(self, other):
        return ByLevels(self.data * other.data, (self, other), (other.data, self.data))

    def tanh(self):
        t = math.tanh(self.data)
        return ByLevels(t, (self,), (1 - t * t,))

    def backward(self):
        self.grad = 1.0
        seen, todo = {self}, [self]
        while todo:
            node = todo.pop(0)
            for parent, slope in zip(node.parents, node.slopes, strict=True):
                parent.grad += node.grad * slope
                if parent not in seen:
                    seen.add(parent)
                    todo.append(parent)


class AsReached(Given):
    """Depth first, but a node hands its slope on as soon as it is reached, and only then."""

    def __mul__(self, other):
        return AsReached(self.data * other.data, (self, other), (other.data, self.data))

    def tanh(self):
        t = math.tanh(self.data)
        return AsReached(t, (self,), (1 - t * t,))

    def backward(self):
        self.grad, done = 1.0, []

        def hand_on(node):
            done.append(node)
            for parent, slope in zip(node.parents, node.slopes, strict=True):
                parent.grad += node.grad * slope
            for parent in node.parents:
                if parent not in done:
                    hand_on(parent)

        hand_on(self)


# ---- tanh with 1 - x² instead of 1 - y²
class BentByInput(Given):
    def __mul__(self, other):
        a, b = self.data, other.data
        return BentByInput(a * b, [self, other], [b, a])

    def tanh(self):
        return BentByInput(math.tanh(self.data), [self], [1 - self.data**2])

    def backward(self):
        order = []

        def after(node):
            for parent in node.parents:
                after(parent)
            if node not in order:
                order.append(node)

        after(self)
        self.grad = 1.0
        while order:
            node = order.pop()
            for i, parent in enumerate(node.parents):
                parent.grad += node.grad * node.slopes[i]


# ---- forgot to begin with 1
class NeverBegun(Given):
    def __mul__(self, other):
        return NeverBegun(self.data * other.data, (self, other), (other.data, self.data))

    def tanh(self):
        t = np.tanh(self.data)
        return NeverBegun(float(t), (self,), (float(1 - t**2),))

    def backward(self):
        order = []

        def visit(node):
            if node not in order:
                for parent in node.parents:
                    visit(parent)
                order.append(node)

        visit(self)
        for node in order[::-1]:
            for parent, slope in zip(node.parents, node.slopes, strict=True):
                parent.grad += node.grad * slope


# ---- no name for these
class Straight(SwappedProduct):
    """Tanh as if it were a straight line."""

    def __mul__(self, other):
        return Straight(self.data * other.data, (self, other), (other.data, self.data))

    def tanh(self):
        return Straight(math.tanh(self.data), (self,), (1.0,))


class Adding(ByLevels):
    """Adds what should be multiplied."""

    def __mul__(self, other):
        return Adding(self.data * other.data, (self, other), (other.data, self.data))

    def tanh(self):
        t = math.tanh(self.data)
        return Adding(t, (self,), (1 - t * t,))

    def backward(self, arriving=1.0):
        self.grad += arriving
        for parent, slope in zip(self.parents, self.slopes, strict=True):
            parent.backward(arriving + slope)


class FirstParentOnly(Given):
    def __mul__(self, other):
        return FirstParentOnly(self.data * other.data, (self,), (other.data,))

    def __add__(self, other):
        return FirstParentOnly(self.data + other.data, (self,), (1.0,))

    def tanh(self):
        t = math.tanh(self.data)
        return FirstParentOnly(t, (self,), (1 - t * t,))

    def backward(self):
        node, slope = self, 1.0
        node.grad = slope
        while node.parents:
            slope *= node.slopes[0]
            node = node.parents[0]
            node.grad += slope
