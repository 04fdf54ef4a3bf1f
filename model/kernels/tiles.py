"""The innermost loops of the matrix products, written as vector instructions.

The compiler's own vectoriser reaches about a third of what a core can do on matrices this small,
and takes its time over every place where a product is inlined. Here the loops are put down once, as
LLVM code with vector types: running sums stay in registers over a whole product, and a last
incomplete vector is masked. They are compiled by themselves, and the kernels call them by name.

Three functions come out, all adding to `out`. Matrices are row-major; `a` may be read with any
strides, which is how one function serves a product and one with its left factor transposed.

    sums    out (m, n) += the sum over p of a[i, p] * b[p, j], summed from zero, then added
    onto    out (m, n) likewise, but summed onto what is there: the order of accumulation in place
    dots    out (m, k) += the sum over j of a[i, j] * b[p, j], in any order (float32 alone)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from llvmlite import binding, ir

from model.kernels.compile import cache_folder, write_whole

Value = Any  # llvmlite's values carry no types of Python's

INT = ir.IntType(64)
FLOAT, DOUBLE = ir.FloatType(), ir.DoubleType()
ROWS_TOGETHER = 4
VECTORS_OF_ROWS = 4  # 4 rows by 4 vectors: 16 running sums, which fit the registers of AVX-512
VECTORS_OF_ONE_ROW = 8  # enough independent sums to hide the latency of a multiply-add
DOTS_TOGETHER = (8, 4, 1)  # each takes what the ones before left over; powers of two

SUMS_ARGUMENTS = ["m", "k", "n", "a", "a_row", "a_step", "b", "b_row", "out", "out_row"]
DOTS_ARGUMENTS = ["m", "n", "k", "a", "a_row", "b", "b_row", "out", "out_row"]


def name_of(product: str, number: ir.Type) -> str:
    """The symbol under which a product for these numbers can be called."""
    return f"charnn_{product}_{number.intrinsic_name}"


def signature(product: str, number: ir.Type) -> ir.FunctionType:
    """The types of a product's arguments: matrices are pointers, all else whole numbers."""
    types = {"a": number.as_pointer(), "b": number.as_pointer(), "out": number.as_pointer()}
    names = DOTS_ARGUMENTS if product == "dots" else SUMS_ARGUMENTS
    return ir.FunctionType(ir.VoidType(), [types.get(name, INT) for name in names])


PRODUCTS = [("sums", FLOAT), ("sums", DOUBLE), ("onto", FLOAT), ("onto", DOUBLE), ("dots", FLOAT)]


def make_callable() -> Any:
    """Compile the products for this machine, or read them from the cache, and name them to LLVM.

    Returns the owner of the code, which must live as long as the kernels may run.
    """
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    machine = binding.Target.from_default_triple().create_target_machine(
        cpu=binding.get_host_cpu_name(),
        features=binding.get_host_cpu_features().flatten(),
        opt=3,
        reloc="default",
        codemodel="jitdefault",
        jit=True,
    )
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), machine)
    engine.add_object_file(binding.ObjectFileRef.from_data(_object_code(machine)))
    engine.finalize_object()
    for product, number in PRODUCTS:
        name = name_of(product, number)
        binding.add_symbol(name, engine.get_function_address(name))
    return engine


def _object_code(machine: Any) -> bytes:
    """The compiled products; kept on disk beside the kernels' code, for this kind of CPU."""
    kept = cache_folder() / f"products-{binding.get_host_cpu_name()}-{vector_bits()}.o"
    try:
        return kept.read_bytes()
    except OSError:
        code: bytes = machine.emit_object(_compiled_module())
        write_whole(kept, code)
        return code


def _compiled_module() -> Any:
    module = ir.Module("charnn_products")
    module.triple = binding.get_process_triple()
    for product, number in PRODUCTS:
        function = ir.Function(module, signature(product, number), name_of(product, number))
        if product == "dots":
            define_dots(function, number)
        else:
            define_sums(function, number, onto=product == "onto")
    return binding.parse_assembly(str(module))


def vector_bits() -> int:
    """Bits of this machine's vector registers."""
    return 512 if binding.get_host_cpu_features().get("avx512f") else 256


class _Writer:
    """Writes one of the functions: an IR builder with the few things that they share."""

    def __init__(self, function: ir.Function, number: ir.Type) -> None:
        self.builder = ir.IRBuilder(function.append_basic_block("entry"))
        self.module = function.module
        self.number = number
        self.bits = 32 if isinstance(number, ir.FloatType) else 64
        self.lanes = vector_bits() // self.bits
        self.vector = ir.VectorType(number, self.lanes)
        self.mask = ir.VectorType(ir.IntType(1), self.lanes)
        self.fused = self.bits == 32

    @contextmanager
    def loop(self, start: Value, stop: Value, step: int) -> Iterator[Value]:
        """A loop over start, start + step … below stop; leaves the builder behind it."""
        b = self.builder
        before, head = b.block, b.append_basic_block("head")
        body, after = b.append_basic_block("body"), b.append_basic_block("after")
        b.branch(head)
        b.position_at_end(head)
        at = b.phi(INT)
        at.add_incoming(start, before)
        b.cbranch(b.icmp_signed("<", at, stop), body, after)
        b.position_at_end(body)
        yield at
        at.add_incoming(b.add(at, INT(step)), b.block)
        b.branch(head)
        b.position_at_end(after)

    def at(self, pointer: Value, *offset: tuple[Value, Value] | Value) -> Value:
        """The address pointer + the sum of the offsets, each a number or a product of two."""
        b = self.builder
        total: Value = INT(0)
        for part in offset:
            total = b.add(total, b.mul(*part) if isinstance(part, tuple) else part)
        return b.gep(pointer, [total])

    def zero(self) -> Value:
        return ir.Constant(self.vector, None)

    def spread(self, scalar: Value) -> Value:
        """A vector with the scalar in every lane."""
        b, first = self.builder, ir.Constant(ir.IntType(32), 0)
        one = b.insert_element(ir.Constant(self.vector, ir.Undefined), scalar, first)
        to_all = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), None)
        return b.shuffle_vector(one, ir.Constant(self.vector, ir.Undefined), to_all)

    def lanes_below(self, count: Value) -> Value:
        """A mask of the lanes whose number is below count."""
        b = self.builder
        wide = ir.VectorType(INT, self.lanes)
        numbers = ir.Constant(wide, list(range(self.lanes)))
        one = b.insert_element(
            ir.Constant(wide, ir.Undefined), count, ir.Constant(ir.IntType(32), 0)
        )
        to_all = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), None)
        counts = b.shuffle_vector(one, ir.Constant(wide, ir.Undefined), to_all)
        return b.icmp_signed("<", numbers, counts)

    def load(self, address: Value, mask: Value | None = None) -> Value:
        b = self.builder
        pointer = b.bitcast(address, self.vector.as_pointer())
        if mask is None:
            return b.load(pointer, align=self.bits // 8)
        masked = self._intrinsic(
            f"llvm.masked.load.v{self.lanes}f{self.bits}.p0",
            self.vector,
            [pointer.type, ir.IntType(32), self.mask, self.vector],
        )
        return b.call(
            masked, [pointer, ir.Constant(ir.IntType(32), self.bits // 8), mask, self.zero()]
        )

    def store(self, value: Value, address: Value, mask: Value | None = None) -> None:
        b = self.builder
        pointer = b.bitcast(address, self.vector.as_pointer())
        if mask is None:
            b.store(value, pointer, align=self.bits // 8)
            return
        masked = self._intrinsic(
            f"llvm.masked.store.v{self.lanes}f{self.bits}.p0",
            ir.VoidType(),
            [self.vector, pointer.type, ir.IntType(32), self.mask],
        )
        b.call(masked, [value, pointer, ir.Constant(ir.IntType(32), self.bits // 8), mask])

    def multiply_add(self, x: Value, y: Value, total: Value) -> Value:
        """x * y + total: in one rounding for float32, in two for float64, as JavaScript does."""
        b = self.builder
        if not self.fused:
            return b.fadd(total, b.fmul(x, y))
        fma = self._intrinsic(f"llvm.fma.v{self.lanes}f{self.bits}", self.vector, [self.vector] * 3)
        return b.call(fma, [x, y, total])

    def _intrinsic(self, name: str, result: ir.Type, arguments: list[ir.Type]) -> Value:
        known = self.module.globals.get(name)
        return known or ir.Function(self.module, ir.FunctionType(result, arguments), name)


def define_sums(function: ir.Function, number: ir.Type, onto: bool) -> None:
    """Write `sums`, or with onto=True `onto`.

    Arguments: m, k, n; a, its row stride and its step along p; b and its row stride; out and its
    row stride. Strides count numbers.
    """
    w = _Writer(function, number)
    b = w.builder
    m, k, n, a, a_row, a_step, b_matrix, b_row, out, out_row = function.args
    of_four = b.and_(m, INT(-ROWS_TOGETHER))

    def tile(i: Value, rows: int, j: Value, vectors: int, mask: Value) -> None:
        """out[i : i + rows, j : j + vectors * lanes], the last vector masked."""
        masks = [None] * (vectors - 1) + [mask]
        columns = [b.add(j, INT(v * w.lanes)) for v in range(vectors)]
        places = [
            [w.at(out, (b.add(i, INT(r)), out_row), column) for column in columns]
            for r in range(rows)
        ]
        sums = [
            [w.load(place, lanes) if onto else w.zero() for place, lanes in zip(row, masks)]
            for row in places
        ]
        before, head = b.block, b.append_basic_block("terms")
        body, after = b.append_basic_block("term"), b.append_basic_block("summed")
        b.branch(head)
        b.position_at_end(head)
        p = b.phi(INT)
        p.add_incoming(INT(0), before)
        running = [[b.phi(w.vector) for _ in row] for row in sums]
        for phis, firsts in zip(running, sums):
            for phi, first in zip(phis, firsts):
                phi.add_incoming(first, before)
        b.cbranch(b.icmp_signed("<", p, k), body, after)
        b.position_at_end(body)
        factors = [
            w.load(w.at(b_matrix, (p, b_row), column), lanes)
            for column, lanes in zip(columns, masks)
        ]
        for r in range(rows):
            scalar = b.load(w.at(a, (b.add(i, INT(r)), a_row), (p, a_step)))
            across = w.spread(scalar)
            for v in range(vectors):
                total = w.multiply_add(across, factors[v], running[r][v])
                running[r][v].add_incoming(total, b.block)
        p.add_incoming(b.add(p, INT(1)), b.block)
        b.branch(head)
        b.position_at_end(after)
        for row, phis in zip(places, running):
            for place, total, lanes in zip(row, phis, masks):
                w.store(total if onto else b.fadd(w.load(place, lanes), total), place, lanes)

    def band(i: Value, rows: int, most: int) -> None:
        """out[i : i + rows, :], in tiles of up to so many vectors."""
        with w.loop(INT(0), n, most * w.lanes) as j:
            left = b.sub(n, j)
            needed = b.sdiv(b.add(left, INT(w.lanes - 1)), INT(w.lanes))
            done = b.append_basic_block("tiled")
            cases = b.switch(needed, b.append_basic_block("widest"))
            for vectors in range(1, most + 1):
                b.position_at_end(cases.default if vectors == most else b.append_basic_block())
                if vectors < most:
                    cases.add_case(INT(vectors), b.block)
                in_last = b.sub(left, INT((vectors - 1) * w.lanes))
                tile(i, rows, j, vectors, w.lanes_below(in_last))
                b.branch(done)
            b.position_at_end(done)

    with w.loop(INT(0), of_four, ROWS_TOGETHER) as i:
        band(i, ROWS_TOGETHER, VECTORS_OF_ROWS)
    with w.loop(of_four, m, 1) as i:
        band(i, 1, VECTORS_OF_ONE_ROW)
    b.ret_void()


def define_dots(function: ir.Function, number: ir.Type) -> None:
    """Write `dots`. Arguments: m, n, k; a, b and out, each with its row stride."""
    w = _Writer(function, number)
    b = w.builder
    m, n, k, a, a_row, b_matrix, b_row, out, out_row = function.args
    whole = b.mul(b.sdiv(n, INT(w.lanes)), INT(w.lanes))
    rest = w.lanes_below(b.sub(n, whole))

    def add_terms(
        i: Value, p: Value, j: Value, mask: Value | None, sums: list[Value]
    ) -> list[Value]:
        x = w.load(w.at(a, (i, a_row), j), mask)
        return [
            w.multiply_add(x, w.load(w.at(b_matrix, (b.add(p, INT(q)), b_row), j), mask), total)
            for q, total in enumerate(sums)
        ]

    lanes32 = ir.VectorType(ir.IntType(32), w.lanes)
    even = ir.Constant(lanes32, [2 * lane for lane in range(w.lanes)])
    odd = ir.Constant(lanes32, [2 * lane + 1 for lane in range(w.lanes)])

    def pair_sums(x: Value, y: Value) -> Value:
        """Sums of neighbouring lanes, those of x first."""
        return b.fadd(b.shuffle_vector(x, y, even), b.shuffle_vector(x, y, odd))

    def folded(vectors: list[Value]) -> Value:
        """A vector whose first numbers are the sums over each vector's lanes, in order."""
        lanes_of_each = w.lanes // len(vectors)
        while len(vectors) > 1:
            vectors = [pair_sums(x, y) for x, y in zip(vectors[::2], vectors[1::2], strict=True)]
        (vector,) = vectors
        while lanes_of_each > 1:
            vector, lanes_of_each = pair_sums(vector, vector), lanes_of_each // 2
        return vector

    def tile(i: Value, p: Value, together: int) -> None:
        """out[i, p : p + together]."""
        before, head = b.block, b.append_basic_block("terms")
        body, after = b.append_basic_block("term"), b.append_basic_block("summed")
        b.branch(head)
        b.position_at_end(head)
        j = b.phi(INT)
        j.add_incoming(INT(0), before)
        running = [b.phi(w.vector) for _ in range(together)]
        for phi in running:
            phi.add_incoming(w.zero(), before)
        b.cbranch(b.icmp_signed("<", j, whole), body, after)
        b.position_at_end(body)
        for phi, total in zip(running, add_terms(i, p, j, None, running)):
            phi.add_incoming(total, b.block)
        j.add_incoming(b.add(j, INT(w.lanes)), b.block)
        b.branch(head)
        b.position_at_end(after)
        sums = add_terms(i, p, whole, rest, running)
        place = w.at(out, (i, out_row), p)
        mask = ir.Constant(w.mask, [int(lane < together) for lane in range(w.lanes)])
        w.store(b.fadd(w.load(place, mask), folded(sums)), place, mask)

    with w.loop(INT(0), m, 1) as i:
        begin: Value = INT(0)
        for together in DOTS_TOGETHER:
            end = b.and_(k, INT(-together))
            with w.loop(begin, end, together) as p:
                tile(i, p, together)
            begin = end
    b.ret_void()
