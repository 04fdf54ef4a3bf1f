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

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from llvmlite import binding, ir

from model.kernels.compile import cache_folder, write_whole

Value = Any  # llvmlite's values carry no types of Python's

INT, INT32 = ir.IntType(64), ir.IntType(32)
FLOAT, DOUBLE = ir.FloatType(), ir.DoubleType()
ROWS_TOGETHER = 4
VECTORS_OF_ROWS = 4  # 4 rows by 4 vectors: 16 running sums, which fit the registers of AVX-512
VECTORS_OF_ONE_ROW = 8  # enough independent sums to hide the latency of a multiply-add
NUMBERS_NEAR = 1 << 17  # of a matrix, half a megabyte: what stays in a second-level cache
ROWS_STREAMED = 8  # of a larger one, read side by side: as many as hardware follows
DOTS_OF_ROWS = (4, 1)  # powers of two, each for what the ones before leave over
DOTS_OF_ONE_ROW = (8, 4, 1)

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


@dataclass
class _Turn:
    """One turn of a loop being written.

    Attributes:
        at: the loop's number.
        values: what the turn begins with; set it to what it ends with. After the loop, the last.
    """

    at: Value
    values: list[Value]


class _Writer:
    """Writes one of the functions: an IR builder with the few things that they share."""

    def __init__(self, function: ir.Function, number: ir.Type) -> None:
        self.builder = ir.IRBuilder(function.append_basic_block("entry"))
        self.module = function.module
        self.bits = 32 if isinstance(number, ir.FloatType) else 64
        self.lanes = vector_bits() // self.bits
        self.vector = ir.VectorType(number, self.lanes)
        self.mask = ir.VectorType(ir.IntType(1), self.lanes)
        self.fused = self.bits == 32

    @contextmanager
    def loop(
        self, start: Value, stop: Value, step: Value | int, values: Sequence[Value] = ()
    ) -> Iterator[_Turn]:
        """A loop over start, start + step … below stop; leaves the builder behind it."""
        b = self.builder
        before, head = b.block, b.append_basic_block("head")
        body, after = b.append_basic_block("body"), b.append_basic_block("after")
        b.branch(head)
        b.position_at_end(head)
        at, running = b.phi(INT), [b.phi(value.type) for value in values]
        for phi, value in zip([at, *running], [start, *values]):
            phi.add_incoming(value, before)
        b.cbranch(b.icmp_signed("<", at, stop), body, after)
        b.position_at_end(body)
        turn = _Turn(at, list(running))
        yield turn
        onwards = b.add(at, INT(step) if isinstance(step, int) else step)
        for phi, value in zip([at, *running], [onwards, *turn.values]):
            phi.add_incoming(value, b.block)
        b.branch(head)
        b.position_at_end(after)
        turn.values = running

    def added_up(
        self,
        start: Value,
        stop: Value,
        values: list[Value],
        term: Callable[[Value, list[Value]], list[Value]],
    ) -> list[Value]:
        """The values after values = term(p, values) for p from start below stop, two a turn."""
        b = self.builder
        even = b.add(start, b.and_(b.sub(stop, start), INT(-2)))
        with self.loop(start, even, 2, values) as turn:
            turn.values = term(b.add(turn.at, INT(1)), term(turn.at, turn.values))
        with self.loop(even, stop, 1, turn.values) as last:
            last.values = term(last.at, last.values)
        return last.values

    def at(self, pointer: Value, *offset: tuple[Value, Value] | Value) -> Value:
        """The address pointer + the sum of the offsets, each a number or a product of two."""
        b = self.builder
        total: Value = INT(0)
        for part in offset:
            total = b.add(total, b.mul(*part) if isinstance(part, tuple) else part)
        return b.gep(pointer, [total])

    def zero(self) -> Value:
        """A vector of zeros."""
        return ir.Constant(self.vector, None)

    def spread(self, scalar: Value) -> Value:
        """A vector with the scalar in every lane."""
        b = self.builder
        nothing = ir.Constant(ir.VectorType(scalar.type, self.lanes), ir.Undefined)
        one = b.insert_element(nothing, scalar, ir.Constant(INT32, 0))
        return b.shuffle_vector(one, nothing, ir.Constant(ir.VectorType(INT32, self.lanes), None))

    def lanes_below(self, count: Value) -> Value:
        """A mask of the lanes whose number is below count."""
        numbers = ir.Constant(ir.VectorType(INT, self.lanes), list(range(self.lanes)))
        return self.builder.icmp_signed("<", numbers, self.spread(count))

    def load(self, address: Value, mask: Value | None = None) -> Value:
        """The vector at an address; lanes outside the mask are zero and not touched."""
        b = self.builder
        pointer = b.bitcast(address, self.vector.as_pointer())
        if mask is None:
            return b.load(pointer, align=self.bits // 8)
        masked = self._intrinsic(
            f"llvm.masked.load.v{self.lanes}f{self.bits}.p0",
            self.vector,
            [pointer.type, INT32, self.mask, self.vector],
        )
        return b.call(masked, [pointer, ir.Constant(INT32, self.bits // 8), mask, self.zero()])

    def store(self, value: Value, address: Value, mask: Value | None = None) -> None:
        """Store a vector; lanes outside the mask are not touched."""
        b = self.builder
        pointer = b.bitcast(address, self.vector.as_pointer())
        if mask is None:
            b.store(value, pointer, align=self.bits // 8)
            return
        masked = self._intrinsic(
            f"llvm.masked.store.v{self.lanes}f{self.bits}.p0",
            ir.VoidType(),
            [self.vector, pointer.type, INT32, self.mask],
        )
        b.call(masked, [value, pointer, ir.Constant(INT32, self.bits // 8), mask])

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

    def tile(
        i: Value, rows: int, j: Value, vectors: int, last_mask: Value, terms: tuple[Value, Value]
    ) -> None:
        """out[i : i + rows, j : j + vectors * lanes], the last vector masked, from some terms."""
        masks = [None] * (vectors - 1) + [last_mask]
        columns = [b.add(j, INT(v * w.lanes)) for v in range(vectors)]
        numbers = [b.add(i, INT(r)) for r in range(rows)]
        places = [w.at(out, (row, out_row), column) for row in numbers for column in columns]

        def term(p: Value, sums: list[Value]) -> list[Value]:
            factors = [
                w.load(w.at(b_matrix, (p, b_row), column), mask)
                for column, mask in zip(columns, masks)
            ]
            spread = [w.spread(b.load(w.at(a, (row, a_row), (p, a_step)))) for row in numbers]
            products = ((x, y) for x in spread for y in factors)
            return [w.multiply_add(x, y, total) for (x, y), total in zip(products, sums)]

        held = list(zip(places, masks * rows))
        first = [w.load(place, mask) if onto else w.zero() for place, mask in held]
        for (place, mask), total in zip(held, w.added_up(*terms, first, term)):
            w.store(total if onto else b.fadd(w.load(place, mask), total), place, mask)

    def tiles(begin: Value, end: Value, rows: int, most: int, terms: tuple[Value, Value]) -> None:
        """out[begin : end, :] from some terms, in tiles of so many rows and up to so many vectors.

        Columns go on outside: what is read of b for them serves all rows while it is near.
        """
        columns = b.select(b.icmp_signed("<", begin, end), n, INT(0))
        with w.loop(INT(0), columns, most * w.lanes) as turn:
            left = b.sub(n, turn.at)
            needed = b.sdiv(b.add(left, INT(w.lanes - 1)), INT(w.lanes))
            done = b.append_basic_block("done")
            cases = b.switch(needed, b.append_basic_block("widest"))
            for vectors in range(1, most + 1):
                b.position_at_end(cases.default if vectors == most else b.append_basic_block())
                if vectors < most:
                    cases.add_case(INT(vectors), b.block)
                mask = w.lanes_below(b.sub(left, INT((vectors - 1) * w.lanes)))
                with w.loop(begin, end, rows) as row:
                    tile(row.at, rows, turn.at, vectors, mask, terms)
                b.branch(done)
            b.position_at_end(done)

    def single_rows(begin: Value, end: Value) -> None:
        """out[begin : end, :], row by row.

        A matrix too large to be near is read once for a single row, and how fast it comes is all
        that counts: a few of its rows at a time, each from end to end. Only where sums may be
        taken apart, which float64's may not.
        """
        if not w.fused:
            tiles(begin, end, 1, VECTORS_OF_ONE_ROW, (INT(0), k))
            return
        far = b.icmp_signed(">", b.mul(k, n), INT(NUMBERS_NEAR))
        with w.loop(INT(0), k, b.select(far, INT(ROWS_STREAMED), k)) as turn:
            stop = b.add(turn.at, b.select(far, INT(ROWS_STREAMED), k))
            stop = b.select(b.icmp_signed("<", stop, k), stop, k)
            tiles(begin, end, 1, VECTORS_OF_ONE_ROW, (turn.at, stop))

    of_four = b.and_(m, INT(-ROWS_TOGETHER))
    tiles(INT(0), of_four, ROWS_TOGETHER, VECTORS_OF_ROWS, (INT(0), k))
    single_rows(of_four, m)
    b.ret_void()


def define_dots(function: ir.Function, number: ir.Type) -> None:
    """Write `dots`. Arguments: m, n, k; a, b and out, each with its row stride."""
    w = _Writer(function, number)
    b = w.builder
    m, n, k, a, a_row, b_matrix, b_row, out, out_row = function.args
    # The last vector is always masked, and full where n is a multiple of the lanes.
    before_last = b.sdiv(b.sub(n, INT(1)), INT(w.lanes))
    last_at = b.mul(before_last, INT(w.lanes))
    last_mask = w.lanes_below(b.sub(n, last_at))
    indices = ir.VectorType(INT32, w.lanes)
    even = ir.Constant(indices, [2 * lane for lane in range(w.lanes)])
    odd = ir.Constant(indices, [2 * lane + 1 for lane in range(w.lanes)])

    def pair_sums(x: Value, y: Value) -> Value:
        """Sums of neighbouring lanes, those of x first."""
        return b.fadd(b.shuffle_vector(x, y, even), b.shuffle_vector(x, y, odd))

    def folded(vectors: list[Value]) -> Value:
        """A vector whose first numbers are the sums over each vector's lanes, in order."""
        lanes_of_each = w.lanes // len(vectors)
        while len(vectors) > 1:
            vectors = [pair_sums(x, y) for x, y in zip(vectors[::2], vectors[1::2])]
        (vector,) = vectors
        while lanes_of_each > 1:
            vector, lanes_of_each = pair_sums(vector, vector), lanes_of_each // 2
        return vector

    def tile(i: Value, rows: int, p: Value, together: int) -> None:
        """out[i : i + rows, p : p + together]."""

        def add_terms(j: Value, mask: Value | None, sums: list[Value]) -> list[Value]:
            xs = [w.load(w.at(a, (b.add(i, INT(r)), a_row), j), mask) for r in range(rows)]
            ys = [
                w.load(w.at(b_matrix, (b.add(p, INT(q)), b_row), j), mask) for q in range(together)
            ]
            products = ((x, y) for x in xs for y in ys)
            return [w.multiply_add(x, y, total) for (x, y), total in zip(products, sums)]

        sums = w.added_up(
            INT(0),
            before_last,
            [w.zero()] * (rows * together),
            lambda vector, sums: add_terms(b.mul(vector, INT(w.lanes)), None, sums),
        )
        sums = add_terms(last_at, last_mask, sums)
        mask = ir.Constant(w.mask, [int(lane < together) for lane in range(w.lanes)])
        for r in range(rows):
            place = w.at(out, (b.add(i, INT(r)), out_row), p)
            total = folded(sums[r * together : (r + 1) * together])
            w.store(b.fadd(w.load(place, mask), total), place, mask)

    def tiles(first: Value, stop: Value, rows: int, widths: tuple[int, ...]) -> None:
        """out[first : stop, :], in tiles of these widths, each taking what the last left over."""
        begin: Value = INT(0)
        for together in widths:
            end = b.and_(k, INT(-together))
            with w.loop(begin, end, together) as turn, w.loop(first, stop, rows) as row:
                tile(row.at, rows, turn.at, together)
            begin = end

    of_four = b.and_(m, INT(-ROWS_TOGETHER))
    tiles(INT(0), of_four, ROWS_TOGETHER, DOTS_OF_ROWS)
    tiles(of_four, m, 1, DOTS_OF_ONE_ROW)
    b.ret_void()
