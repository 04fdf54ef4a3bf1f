"""exp, sigmoid and tanh of one number.

In float32 they are polynomials without a branch or a call, so that the compiler can turn loops over
them into vector code: calls of the C library would cost a small network more than its products do.
In float64, which only checks, they are the C library's.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, overload

from model.kernels.compile import KERNEL_OPTIONS, kernel
from model.kernels.types import FloatArray

f32 = np.float32


@intrinsic
def _power_of_two(_context: Any, n: types.Type) -> Any:
    """2 to the power n, for a float32 n that is a whole number from -126 to 127.

    Built from its bit pattern, (n + 127) << 23; Numba widens int32 to int64, which would cost half
    of the vector lanes, hence the instructions themselves.
    """

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        int32 = ir.IntType(32)
        exponent = builder.add(builder.fptosi(arguments[0], int32), ir.Constant(int32, 127))
        bits = builder.shl(exponent, ir.Constant(int32, 23))
        return builder.bitcast(bits, ir.FloatType())

    return types.float32(n), generate


def exp(x: Any) -> Any:
    """e to the power x; in float32 within 4e-7 relative, from -87 to 88."""
    return math.exp(x)


def tanh(x: Any) -> Any:
    """Hyperbolic tangent; in float32 within 2e-7 relative."""
    return math.tanh(x)


@kernel
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    one = type(x)(1)
    return one / (one + exp(-x))


@kernel
def largest(x: FloatArray) -> Any:
    """The largest number of x (n,), found in four chains: a maximum with NaN is not vectorised."""
    a = b = c = d = x[0]
    whole = x.shape[0] // 4 * 4
    for j in range(0, whole, 4):
        a, b, c, d = max(a, x[j]), max(b, x[j + 1]), max(c, x[j + 2]), max(d, x[j + 3])
    for j in range(whole, x.shape[0]):
        a = max(a, x[j])
    return max(a, b, c, d)


@overload(exp, jit_options=KERNEL_OPTIONS)
def _exp(x: Any) -> Any:
    # exp(x) = 2^n * exp(r) with |r| <= ln(2) / 2; reduction in two steps and polynomial with the
    # constants of the Cephes mathematical library (S. L. Moshier), expf.
    def single(x: Any) -> Any:
        x = min(max(x, f32(-87.0)), f32(88.0))
        n = np.floor(x * f32(1.44269504088896341) + f32(0.5))
        r = x - n * f32(0.693359375) - n * f32(-2.12194440e-4)
        p = f32(1.9875691500e-4)
        p = p * r + f32(1.3981999507e-3)
        p = p * r + f32(8.3334519073e-3)
        p = p * r + f32(4.1665795894e-2)
        p = p * r + f32(1.6666665459e-1)
        p = p * r + f32(5.0000001201e-1)
        return (p * r * r + r + f32(1.0)) * _power_of_two(n)

    return single if x == types.float32 else exp


@overload(tanh, jit_options=KERNEL_OPTIONS)
def _tanh(x: Any) -> Any:
    # For small x the odd polynomial of the Cephes mathematical library, tanhf, which keeps all
    # digits; from 0.625 on 1 - 2 / (exp(2 x) + 1), which is as exact as 1 allows: 1 - tanh(x)^2 is
    # a factor of the gradient.
    def single(x: Any) -> Any:
        s = x * x
        p = f32(-5.70498872745e-3)
        p = p * s + f32(2.06390887954e-2)
        p = p * s + f32(-5.37397155531e-2)
        p = p * s + f32(1.33314422036e-1)
        p = p * s + f32(-3.33332819422e-1)
        small = p * s * x + x
        large = f32(1.0) - f32(2.0) / (exp(f32(2.0) * abs(x)) + f32(1.0))
        return small if abs(x) < f32(0.625) else math.copysign(large, x)

    return single if x == types.float32 else tanh
