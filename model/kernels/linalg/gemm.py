"""The three matrix products of a network's training. Each adds to its result.

They are our own because the matrices are small: for a layer of 20 units a call into a BLAS costs
more than the product. Matrices are two-dimensional and row-major; rows may lie apart. In compiled
code only; gemm_codegen.py generates the loops, which are compiled by themselves, once for each kind
of processor, and called by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from model.kernel_cache import cache_folder, read_whole, target_cpu, write_whole
from model.kernels.linalg import gemm_codegen
from model.kernels.linalg.gemm_codegen import ONE, ZERO, VectorRegisters


def _load_products() -> Any:
    """Compile the products, or read them from the cache, and name them to LLVM.

    Returns the owner of the code, which must live as long as the kernels may run.
    """
    machine = _target_machine()
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
    engine.add_object_file(binding.ObjectFileRef.from_data(_object_code(machine)))
    engine.finalize_object()
    for product in gemm_codegen.ARGUMENTS:
        for number in (gemm_codegen.FLOAT, gemm_codegen.DOUBLE):
            name = gemm_codegen.name_of(product, number)
            binding.add_symbol(name, engine.get_function_address(name))
    return engine


def _target_machine() -> Any:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    cpu, features = target_cpu()
    return binding.Target.from_default_triple().create_target_machine(
        cpu=cpu, features=features, opt=3, reloc="default", codemodel="jitdefault", jit=True
    )


def _object_code(machine: Any) -> bytes:
    cached = cache_folder() / "products.o"
    code = read_whole(cached)
    if code is None:
        code = machine.emit_object(gemm_codegen.products_module(_vector_registers(machine)))
        write_whole(cached, code)
    return code


def _vector_registers(machine: Any) -> VectorRegisters:
    """What the target has, read from its code for a sum of the widest vectors."""
    doubled = (
        "define void @double(ptr %p) { %x = load <16 x float>, ptr %p %y = fadd <16 x float> %x, %x"
        " store <16 x float> %y, ptr %p ret void }"
    )
    code = machine.emit_assembly(binding.parse_assembly(doubled))
    if "zmm" in code:
        return VectorRegisters(bits=512, number=32)
    if "ymm" in code:
        return VectorRegisters(bits=256, number=16)
    return VectorRegisters(bits=128, number=16 if "xmm" in code else 32)


_products = _load_products()


class _Matrix:
    """The pieces of a Numba array that a product is called with."""

    def __init__(self, context: Any, builder: Any, numba_type: Any, value: Any) -> None:
        array = context.make_array(numba_type)(context, builder, value)
        bytes_to_next_row, _ = cgutils.unpack_tuple(builder, array.strides, 2)
        self.number = context.get_data_type(numba_type.dtype)
        self.data = array.data
        self.rows, self.columns = cgutils.unpack_tuple(builder, array.shape, 2)
        self.row_stride = builder.sdiv(bytes_to_next_row, array.itemsize)


def _call(product: str, arguments_of: Callable[..., Any]) -> Callable[..., Any]:
    """What an intrinsic on matrices generates: a call of the product with these arguments."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        matrices = [
            _Matrix(context, builder, numba_type, value)
            for numba_type, value in zip(signature.args, arguments)
        ]
        _call_product(product, builder, matrices[0].number, arguments_of(builder, *matrices))
        return context.get_dummy_value()

    return generate


def _call_product(product: str, builder: Any, number: ir.Type, arguments: list[Any]) -> None:
    name, signature = gemm_codegen.name_of(product, number), gemm_codegen.signature(product, number)
    builder.call(cgutils.get_or_insert_function(builder.module, signature, name), arguments)


def _product(product: str, arguments_of: Callable[..., Any]) -> Any:
    """An intrinsic (a, b, out)."""

    def typed(_context: Any, a: Any, b: Any, out: Any) -> Any:
        return types.void(a, b, out), _call(product, arguments_of)

    return intrinsic(typed)


def _plain(_builder: Any, a: _Matrix, b: _Matrix, out: _Matrix) -> list[Any]:
    sizes = [a.rows, a.columns, b.columns]
    factors = [a.data, a.row_stride, ONE, b.data, b.row_stride, ONE]
    return [*sizes, *factors, out.data, out.row_stride]


def _a_transposed(_builder: Any, a: _Matrix, b: _Matrix, out: _Matrix) -> list[Any]:
    sizes = [a.columns, a.rows, b.columns]
    factors = [a.data, ONE, a.row_stride, b.data, b.row_stride, ONE]
    return [*sizes, *factors, out.data, out.row_stride]


def _b_transposed(_builder: Any, a: _Matrix, b: _Matrix, out: _Matrix) -> list[Any]:
    sizes = [a.rows, a.columns, b.rows]
    return [*sizes, a.data, a.row_stride, b.data, b.row_stride, out.data, out.row_stride]


def _sums_of_columns(builder: Any, a: _Matrix, out: _Matrix) -> list[Any]:
    """out (1, n) += a row of ones @ a (m, n); a single one is read for all of them."""
    one = cgutils.alloca_once_value(builder, ir.Constant(a.number, 1))
    factors = [one, ZERO, ZERO, a.data, a.row_stride, ONE]
    return [ONE, a.rows, a.columns, *factors, out.data, out.row_stride]


gemm_nn = _product("gemm", _plain)
"""out += a @ b, with a (m, k), b (k, n), out (m, n): the way forward through a layer."""

gemm_tn = _product("gemm", _a_transposed)
"""out += a.T @ b, with a (m, k), b (m, n), out (k, n): the gradient of a weight matrix."""

gemm_nt = _product("gemm_nt", _b_transposed)
"""out += a @ b.T, with a (m, n), b (k, n), out (m, k): the way back through a layer."""


def _packing(strides_of: Callable[[_Matrix], list[Any]]) -> Any:
    """An intrinsic (b, space) -> b in another order of its numbers, with a row stride of 0."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        b = _Matrix(context, builder, signature.args[0], arguments[0])
        space = context.make_array(signature.args[1])(context, builder, arguments[1])
        _call_product("pack", builder, b.number, [*strides_of(b), space.data])
        packed = context.make_array(signature.args[0])(context, builder)
        populate_array(
            packed,
            data=space.data,
            shape=cgutils.pack_array(builder, [b.rows, b.columns]),
            strides=cgutils.pack_array(builder, [ZERO, space.itemsize]),
            itemsize=space.itemsize,
            meminfo=None,
        )
        return packed._getvalue()

    return intrinsic(lambda _context, b, space: (b(b, space), generate))


pack = _packing(lambda b: [b.rows, b.columns, b.data, b.row_stride, ONE])
"""b (k, n) as `gemm_nn` reads it fastest, on a flat space: see `types.PACKING` for its size."""

pack_transposed = _packing(lambda b: [b.columns, b.rows, b.data, ONE, b.row_stride])
"""b (k, n) as `gemm_nt` reads it fastest, on a flat space: see `types.PACKING` for its size."""


@intrinsic
def add_bias_grad(_context: Any, a: Any, out: Any) -> Any:
    """out (1, n) += a.sum(axis=0), with a (m, n): the gradient of a bias."""
    return types.void(a, out), _call("gemm", _sums_of_columns)
