"""Fits the coefficients of `sparsec/elementary.py` and prints them: ``python -m benchmarks.fit_elementary [SECONDS]``.

Each function is fitted in float64 on a Chebyshev grid, by least squares whose weights grow where the error is large
(Lawson's algorithm), which converges to the minimax fit. The rationals are then walked randomly in float32, coefficient
by coefficient, keeping what lowers the largest error of the rounded computation: half of that error is rounding.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Callable

import numpy as np

Array = np.ndarray
Function = Callable[[Array], Array]

exact_erf: Function = np.vectorize(math.erf)
exact_erfc: Function = np.vectorize(math.erfc)


def powers(x: Array, count: int) -> Array:
    """x^0 .. x^(count-1) as columns."""
    return np.vander(x, count, increasing=True)


def lawson(
    f: Array, weight: Array, numerator: Array, denominator: Array, rounds: int = 400
) -> tuple[float, Array, Array]:
    """Minimise max |weight (f - P / Q)|, where Q's constant coefficient is 1; columns span P and Q - 1."""
    emphasis, q, split = np.ones(len(f)), np.ones(len(f)), numerator.shape[1]
    best = (math.inf, np.empty(0), np.empty(0))
    for _ in range(rounds):
        scale = np.sqrt(emphasis) * weight / np.abs(q)
        system = np.hstack([numerator, -f[:, None] * denominator]) * scale[:, None]
        norms = np.linalg.norm(system, axis=0)
        solution = np.linalg.lstsq(system / norms, f * scale, rcond=None)[0] / norms
        q = 1 + denominator @ solution[split:]
        error = np.abs(weight * (f - numerator @ solution[:split] / q))
        if error.max() < best[0] and np.all(q > 0):
            best = (float(error.max()), solution[:split], np.concatenate([[1.0], solution[split:]]))
        emphasis = emphasis * (error / error.max() + 1e-3)
        emphasis /= emphasis.mean()
    return best


def fit_polynomial(name: str, f: Array, weight: Array, x: Array, degree: int) -> None:
    """Print the polynomial in x closest to f."""
    error, p, _ = lawson(f, weight, powers(x, degree + 1), np.empty((len(x), 0)))
    print(f"{name}: relative error {error:.1e}", tuple(float(np.float32(c)) for c in p))


def horner(coefficients: Array, x: Array) -> Array:
    """The polynomial in float32 steps, as `elementary.polynomial` takes them."""
    y = x * coefficients[-1]
    for coefficient in coefficients[-2:0:-1]:
        y = (y + coefficient) * x
    return y + coefficients[0]


def fit_odd_rational(
    name: str, f: Function, limit: float, degrees: tuple[int, int], top: float, seconds: float
) -> None:
    """Print P and Q with f(x) close to x P(x^2) / Q(x^2) on [0, limit], clamped to `top` after rounding."""
    x = np.maximum(np.cos(np.linspace(0, math.pi / 2, 4000)) * limit, 1e-3)
    _, p64, q64 = lawson(f(x) / x, x, powers(x * x, degrees[0] + 1), powers(x * x, degrees[1] + 1)[:, 1:])
    random = np.random.default_rng(0)
    tried = np.concatenate([np.linspace(0, limit, 40_001), random.uniform(0.3 * limit, limit, 40_000)])
    samples = np.append(tried, limit).astype(np.float32)
    exact = f(samples.astype(np.float64))

    def score(p: Array, q: Array) -> float:
        square = samples * samples
        y = samples * horner(p, square) / horner(q, square)
        return float(np.abs(np.minimum(y, np.float32(top)) - exact).max()) + 1e-7 * bool(y[-1] < top)

    scales = np.exp(random.uniform(-0.7, 0.7, 60))  # where the coefficients fall between powers of two matters
    candidates = [((p64 * s * (1 + 1e-7)).astype(np.float32), (q64 * s).astype(np.float32)) for s in scales]
    best = min(candidates, key=lambda candidate: score(*candidate))
    lowest, end = score(*best), time.monotonic() + seconds
    while time.monotonic() < end:
        p, q = best[0].copy(), best[1].copy()
        for _ in range(random.integers(1, 4)):
            target = p if random.random() < 0.5 else q
            target[random.integers(len(target))] *= np.float32(1 + random.normal() * 10 ** random.uniform(-7.2, -5.5))
        if (reached := score(p, q)) <= lowest:
            lowest, best = reached, (p, q)
    print(f"{name}: error {lowest:.1e} on [0, {limit}]")
    for coefficients in best:
        print("   ", tuple(float(c) for c in coefficients))


def print_rows(table: Array) -> None:
    """Print a line for each row, as float32."""
    for row in np.atleast_2d(table).astype(np.float32):
        print("   ", tuple(float(f"{number:.9g}") for number in row))


def in_16_bits(number: float) -> float:
    """The nearest float32 whose lower half is 0."""
    bits = int(np.float32(number).view(np.uint32)) + 0x8000
    return float(np.uint32(bits >> 16 << 16).view(np.float32))


def fit_erf_rows(rows: int, per_unit: float, degree: int) -> None:
    """Print the coefficients of t^0 .., a line of all rows for each: row i is erf((i + t) / per_unit), |t| <= 1/2.

    Row 0 is odd, so that erf(-0) = -0; the last one ends at t = 0 with 1, so that large arguments give exactly that.
    """
    t = np.cos(np.linspace(0, math.pi, 401)) / 2
    table = np.zeros((rows, degree + 1))
    for row in range(rows):
        first, last = row == 0, row == rows - 1
        place = np.minimum(t, 0) if last else t
        x = (row + place) / per_unit
        exponents = list(range(1, degree + 1, 2) if first else range(1, 3) if last else range(degree + 1))
        weight = 1 / np.maximum(np.abs(exact_erf(x)), 1e-9)  # the error is relative
        columns = np.stack([place**exponent for exponent in exponents], axis=1)
        _, found, _ = lawson(exact_erf(x) - last, weight, columns, np.empty((len(x), 0)))
        table[row, exponents] = found
    table[-1, 0] = 1
    print(f"ERF_ROWS, {per_unit} per unit")
    print_rows(table.T)


def fit_gelu_rows(name: str, share: Function, rows: int, per_unit: float, degree: int) -> None:
    """Print the coefficients of t^0 .., a line of all rows for each: row i is gelu(x) - relu(x) = -|x| share(|x|) for
    |x| = (i + t) / per_unit, |t| <= 1/2.

    Row 0 starts at t = 0 with 0, so that tiny numbers lose nothing, and the last one ends there. The two highest powers
    have coefficients of 16 bits, which take half as long to pick byte by byte; the others make up for it.
    """
    t = np.cos(np.linspace(0, math.pi, 401)) / 2
    table = np.zeros((rows, degree + 1))
    for row in range(rows):
        first, last = row == 0, row == rows - 1
        place = np.maximum(t, 0) if first else np.minimum(t, 0) if last else t
        x = (row + place) / per_unit
        f = -x * share(x)
        weight = 1 / np.maximum(x, 1e-6) if first else np.ones(len(x))
        for highest in range(degree, degree - 3, -1):
            exponents = list(range(first or last, highest + 1))
            columns = np.stack([place**exponent for exponent in exponents], axis=1)
            _, table[row, exponents], _ = lawson(f, weight, columns, np.empty((len(x), 0)))
            if highest > degree - 2:
                table[row, highest] = in_16_bits(table[row, highest])
                f = f - table[row, highest] * place**highest
    print(f"{name}, {per_unit} per unit")
    print_rows(table.T)


def fit_powers_of_two(rows: int, degree: int) -> None:
    """Print 2^(i / rows) for each row, the row's share of the exponent's bits taken off, and the polynomial closest to
    2^(t / rows), |t| <= 1/2, whose constant coefficient is 1."""
    numbers = np.arange(rows, dtype=np.int32)
    bits = (2 ** (numbers / rows)).astype(np.float32).view(np.int32) - (numbers << 23) // rows
    print("ROOTS")
    print_rows(bits.view(np.float32))
    t = np.cos(np.linspace(0, math.pi, 400)) / 2
    f = 2 ** (t / rows)
    columns = np.stack([t**power for power in range(1, degree + 1)], axis=1)
    _, found, _ = lawson((f - 1), 1 / f, columns, np.empty((len(t), 0)))
    print("ROOT_POLYNOMIAL", tuple(float(np.float32(c)) for c in (1, *found)))


def main(seconds: float) -> None:
    """Print all coefficients."""
    r = np.linspace(-0.3467, 0.3467, 4000)
    fit_polynomial("EXP, of (e^r - 1 - r) / r^2", (np.exp(r) - 1 - r) / r**2, r**2 / np.exp(r), r, 4)
    y = np.linspace(math.sqrt(0.5) - 1, math.sqrt(2) - 1, 4000)
    s = y / (2 + y)
    fit_polynomial("LOG, of (log(1+y) - 2s) / s^3", (np.log1p(y) - 2 * s) / s**3, np.abs(s**3 / np.log1p(y)), s * s, 2)
    x = np.linspace(1e-3, 0.786, 4000)
    fit_polynomial("SIN, of (sin x - x) / x^3", (np.sin(x) - x) / x**3, x**3 / np.sin(x), x * x, 2)
    fit_polynomial("COS, of (cos x - 1 + x^2/2) / x^4", (np.cos(x) - 1 + x * x / 2) / x**4, x**4, x * x, 2)
    fit_erf_rows(32, 8.0, 4)
    fit_gelu_rows("GELU_ROWS", lambda x: exact_erfc(x / math.sqrt(2)) / 2, 16, 2.75, 5)
    argument = math.sqrt(8 / math.pi)
    fit_gelu_rows("GELU_TANH_ROWS", lambda x: 1 / (1 + np.exp(argument * (x + 0.044715 * x**3))), 16, 2.75, 5)
    fit_powers_of_two(32, 2)
    fit_odd_rational("TANH", np.tanh, 9.1, (4, 4), 1.0, seconds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").split(":")[0])
    parser.add_argument("seconds", type=float, nargs="?", default=45.0, help="of the random walk of tanh, %(default)s")
    main(parser.parse_args().seconds)
