"""The loops of the matrix products, as LLVM code with vector instructions.

The compiler's own vectoriser reaches about a third of what a core can do on matrices this small.
Here, tiles of the result are summed in registers, and their shape follows from the registers of the
processor that the code is for. Two functions come out, both for row-major matrices:

    gemm     out (m, n) += a (m, k) @ b (k, n), where either factor may be transposed
    gemm_nt  the same with b (n, k) transposed, fast for few rows as well

The blocking is that of BLIS (F. G. Van Zee and R. A. van de Geijn, 2015), with a difference: only
b is packed, and only where it is transposed or too large for the caches.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from llvmlite import binding, ir

from model.kernels.linalg.vector_ir import INT, Iteration, Value, VectorBuilder

FLOAT, DOUBLE = ir.FloatType(), ir.DoubleType()
ZERO, ONE = INT(0), INT(1)

SINGLE_ROW_VECTORS = 8  # enough independent sums to hide the latency of a multiply-add
BLOCK_ROWS = 256  # of a, while a panel of b is in the first-level cache
BLOCK_TERMS = 192  # of the sums; a packed panel of b is 36 kB at most
# Measured, see docs/speed/products.md:
PACKED_FROM_TERMS = 32  # fewer cost less than packing
PACKED_FROM_NUMBERS = 1 << 16  # of b: less is near in the caches
PACKED_FROM_ROWS = 128  # so many of a, and packing pays in any case
LARGE_NUMBERS = 1 << 17  # of a matrix that leaves no room for others in a second-level cache
STREAMED_TERMS = 8  # of a single row times a large matrix: as many streams as hardware prefetches
DOTS_ROWS, DOTS_NUMBERS = 32, 12_000  # of a, up to which dot products need no packing
DOTS_COLUMNS = (8, 4, 2, 1)

GEMM_ARGUMENTS = ["m", "k", "n", "a", "a_row", "a_step", "b", "b_row", "b_step", "out", "out_row"]
GEMM_NT_ARGUMENTS = ["m", "k", "n", "a", "a_row", "b", "b_row", "out", "out_row"]


class VectorRegisters(NamedTuple):
    """The vector registers of a processor."""

    bits: int
    number: int


def name_of(product: str, number: ir.Type) -> str:
    """The symbol under which a product of these numbers can be called."""
    return f"charnn_{product}_{number.intrinsic_name}"


def signature(product: str, number: ir.Type) -> ir.FunctionType:
    """The types of a product's arguments: matrices are pointers, all else are whole numbers.

    Strides count numbers: a_row is from one row to the next, a_step from one column to the next.
    """
    names = GEMM_ARGUMENTS if product == "gemm" else GEMM_NT_ARGUMENTS
    pointer = number.as_pointer()
    types = [pointer if name in ("a", "b", "out") else INT for name in names]
    return ir.FunctionType(ir.VoidType(), types)


def products_module(registers: VectorRegisters) -> Any:
    """The products in float32 and float64, as LLVM's module."""
    module = ir.Module("charnn_products")
    module.triple = binding.get_process_triple()
    for number in (FLOAT, DOUBLE):
        gemm, gemm_nt = (
            ir.Function(module, signature(product, number), name_of(product, number))
            for product in ("gemm", "gemm_nt")
        )
        _define_gemm(gemm, registers)
        _define_gemm_nt(gemm_nt, gemm, registers)
    return binding.parse_assembly(str(module))


def _define_gemm(function: ir.Function, registers: VectorRegisters) -> None:
    w = VectorBuilder(function, registers.bits)
    b = w.builder
    m, k, n, a, a_row, a_step, b_matrix, b_row, b_step, out, out_row = function.args
    most_rows = registers.number // 4
    most_vectors = 2 if registers.bits == 128 else 3  # NEON's broadcasts take registers as well
    panel = b.alloca(w.number, INT(BLOCK_TERMS * most_vectors * w.lanes))
    panel.align = 64
    b_transposed = b.icmp_signed("!=", b_step, ONE)
    large_b = b.icmp_signed(">=", b.mul(k, n), INT(PACKED_FROM_NUMBERS))
    large_out = b.icmp_signed(">", b.mul(m, n), INT(LARGE_NUMBERS))
    reused = b.or_(large_b, b.icmp_signed(">=", m, INT(PACKED_FROM_ROWS)))
    reused = b.and_(reused, b.icmp_signed(">=", m, INT(3 * most_rows)))
    reused = b.and_(reused, b.icmp_signed(">", k, INT(PACKED_FROM_TERMS)))
    packed = b.or_(b_transposed, reused)

    def tile(
        rows: int,
        vectors: int,
        left: Value,
        terms: Value,
        a: Value,
        b_at: tuple[Value, Value],
        padded: bool,
        out: Value,
    ) -> None:
        """Some rows and vectors of out, of which `left` columns are in the matrix.

        b_at is the address of b's first row and the distance to the next; padded says that all
        lanes may be read there.
        """
        columns = [INT(v * w.lanes) for v in range(vectors)]
        last = w.minimum(b.sub(left, columns[-1]), INT(w.lanes))
        b_counts = [None] * vectors if padded else [None] * (vectors - 1) + [last]
        rows_of_a = [w.at(a, (INT(r), a_row)) for r in range(rows)]
        places = [w.at(out, (INT(r), out_row), c) for r in range(rows) for c in columns]
        with b.if_then(large_out):
            for place in places:
                w.prefetch(place)
        with w.loop(ZERO, terms, ONE, [w.zero] * len(places)) as term:
            row_of_b = w.at(b_at[0], (term.index, b_at[1]))
            ys = [w.load(w.at(row_of_b, c), count) for c, count in zip(columns, b_counts)]
            offset = b.mul(term.index, a_step)
            sums = iter(term.values)
            term.values = []
            for row in rows_of_a:
                x = w.broadcast(b.load(w.at(row, offset)))
                term.values += [w.multiply_add(x, y, next(sums)) for y in ys]

        def add(counts: list[Value | None]) -> None:
            for place, count, total in zip(places, counts * rows, term.values):
                w.store(b.fadd(w.load(place, count), total), place, count)

        with b.if_else(b.icmp_signed("<", last, INT(w.lanes))) as (partial, full):
            with partial:
                add([None] * (vectors - 1) + [last])
            with full:
                add([None] * vectors)

    def pack(b_at: Value, terms: Value, left: Value, vectors: int) -> None:
        """Copy rows of b, padded with zeros."""
        last = w.minimum(b.sub(left, INT((vectors - 1) * w.lanes)), INT(w.lanes))
        with w.loop(ZERO, terms, ONE) as row:
            for v in range(vectors):
                count = last if v == vectors - 1 else None
                vector = w.load(w.at(b_at, (row.index, b_row), INT(v * w.lanes)), count)
                w.store(vector, w.at(panel, (row.index, INT(vectors * w.lanes)), INT(v * w.lanes)))

    def pack_transposed(b_at: Value, terms: Value, left: Value, vectors: int) -> None:
        """Copy rows of b from its columns, padded with the last one."""
        lanes = range(w.lanes)
        with w.loop(ZERO, terms, INT(w.lanes)) as first:
            count = w.minimum(b.sub(terms, first.index), INT(w.lanes))
            for v in range(vectors):
                columns = [w.minimum(INT(v * w.lanes + lane), b.sub(left, ONE)) for lane in lanes]
                square = [w.load(w.at(b_at, (c, b_step), first.index), count) for c in columns]
                distance = w.lanes // 2
                while distance:  # exchange the blocks off the diagonal, of ever smaller squares
                    low = [i if not i & distance else w.lanes + i - distance for i in lanes]
                    high = [i + distance if not i & distance else w.lanes + i for i in lanes]
                    for i in lanes:
                        if not i & distance:
                            x, y = square[i], square[i + distance]
                            square[i] = w.shuffle(x, y, low)
                            square[i + distance] = w.shuffle(x, y, high)
                    distance //= 2
                for i, vector in enumerate(square):
                    row = b.add(first.index, INT(i))
                    place = w.at(panel, (row, INT(vectors * w.lanes)), INT(v * w.lanes))
                    w.store(vector, place)

    def columns_of_block(i: Value, rows: Value, p: Value, terms: Value, j: Iteration) -> None:
        """Some rows of out, at i and as many columns from j as a tile has, from the terms at p."""
        left = b.sub(n, j.index)
        a_at, out_at = w.at(a, (i, a_row), (p, a_step)), w.at(out, (i, out_row), j.index)
        b_at = w.at(b_matrix, (p, b_row), (j.index, b_step))

        def of_width(vectors: int) -> None:
            packs = b.or_(packed, b.icmp_signed("<", left, INT(vectors * w.lanes)))
            with b.if_then(packs), b.if_else(b_transposed) as (transposed, plain):
                with transposed:
                    pack_transposed(b_at, terms, left, vectors)
                with plain:
                    pack(b_at, terms, left, vectors)
            source = (b.select(packs, panel, b_at), b.select(packs, INT(vectors * w.lanes), b_row))

            def tile_at(row: Value, count: int) -> None:
                to = w.at(out_at, (row, out_row))
                tile(count, vectors, left, terms, w.at(a_at, (row, a_row)), source, True, to)

            full = b.and_(rows, INT(-most_rows))
            with w.loop(ZERO, full, INT(most_rows)) as row:
                tile_at(row.index, most_rows)
            w.switch(b.sub(rows, full), range(1, most_rows), lambda count: tile_at(full, count))

        needed = b.sdiv(b.add(left, INT(w.lanes - 1)), INT(w.lanes))
        width = w.minimum(needed, INT(most_vectors))
        # The last four vectors as two and two: a single one has too few sums to hide the latency.
        width = b.select(b.icmp_signed("==", needed, INT(4)), INT(2), width)
        j.step = b.mul(width, INT(w.lanes))
        w.switch(width, range(1, most_vectors + 1), of_width)

    def single_row() -> None:
        # How fast a large matrix is read is all that counts: a few of its rows at a time, each
        # from end to end.
        is_large = b.icmp_signed(">", b.mul(k, n), INT(LARGE_NUMBERS))
        step = b.select(is_large, INT(STREAMED_TERMS), k)
        width = SINGLE_ROW_VECTORS * w.lanes
        with w.loop(ZERO, k, step) as p, w.loop(ZERO, n, INT(width)) as j:
            left, terms = b.sub(n, j.index), w.minimum(step, b.sub(k, p.index))
            a_at, to = w.at(a, (p.index, a_step)), w.at(out, j.index)
            source = (w.at(b_matrix, (p.index, b_row), j.index), b_row)
            needed = b.sdiv(b.add(w.minimum(left, INT(width)), INT(w.lanes - 1)), INT(w.lanes))
            w.switch(
                needed,
                range(1, SINGLE_ROW_VECTORS + 1),
                lambda vectors: tile(1, vectors, left, terms, a_at, source, False, to),
            )

    single = b.and_(b.icmp_signed("==", m, ONE), b.not_(b_transposed))
    with b.if_else(single) as (one_row, many_rows):
        with one_row:
            single_row()
        with (
            many_rows,
            w.loop(ZERO, m, INT(BLOCK_ROWS)) as i,
            w.loop(ZERO, k, INT(BLOCK_TERMS)) as p,
            w.loop(ZERO, n, ZERO) as j,
        ):
            rows = w.minimum(b.sub(m, i.index), INT(BLOCK_ROWS))
            terms = w.minimum(b.sub(k, p.index), INT(BLOCK_TERMS))
            columns_of_block(i.index, rows, p.index, terms, j)
    b.ret_void()


def _define_gemm_nt(function: ir.Function, gemm: ir.Function, registers: VectorRegisters) -> None:
    """Few rows are dot products, whose factors both lie in rows; others are `gemm`'s."""
    w = VectorBuilder(function, registers.bits)
    b = w.builder
    m, k, n, a, a_row, b_matrix, b_row, out, out_row = function.args
    few = b.and_(
        b.icmp_signed("<=", m, INT(DOTS_ROWS)),
        b.icmp_signed("<=", b.mul(m, k), INT(DOTS_NUMBERS)),
    )
    lanes_used = b.and_(b.add(n, INT(w.lanes - 1)), INT(-w.lanes))
    narrow = b.icmp_signed("<", b.mul(n, INT(4)), b.mul(lanes_used, INT(3)))
    with b.if_then(b.not_(b.or_(few, narrow))):
        b.call(gemm, [m, k, n, a, a_row, ONE, b_matrix, ONE, b_row, out, out_row])
        b.ret_void()
        b.position_at_end(b.append_basic_block("unreached"))
    # The last vector is always masked, and full where k is a multiple of the lanes.
    last_at = b.and_(b.sub(k, ONE), INT(-w.lanes))
    last_count = b.sub(k, last_at)

    def pair_sums(x: Value, y: Value) -> Value:
        """Sums of neighbouring lanes, those of x first."""
        even, odd = range(0, 2 * w.lanes, 2), range(1, 2 * w.lanes, 2)
        return b.fadd(w.shuffle(x, y, even), w.shuffle(x, y, odd))

    def lane_sums(vectors: list[Value]) -> Value:
        """A vector whose first numbers are the sums over each vector's lanes, in order."""
        lanes_of_each = w.lanes // len(vectors)
        while len(vectors) > 1:
            vectors = [pair_sums(x, y) for x, y in zip(vectors[::2], vectors[1::2])]
        (vector,) = vectors
        while lanes_of_each > 1:
            vector, lanes_of_each = pair_sums(vector, vector), lanes_of_each // 2
        return vector

    def tile(i: Value, rows: int, j: Value, columns: int) -> None:
        """out[i : i + rows, j : j + columns]."""
        rows_of_a = [w.at(a, (b.add(i, INT(r)), a_row)) for r in range(rows)]
        rows_of_b = [w.at(b_matrix, (b.add(j, INT(c)), b_row)) for c in range(columns)]

        def with_terms(p: Value, count: Value | None, sums: list[Value]) -> list[Value]:
            xs = [w.load(w.at(row, p), count) for row in rows_of_a]
            ys = [w.load(w.at(row, p), count) for row in rows_of_b]
            factors = ((x, y) for x in xs for y in ys)
            return [w.multiply_add(x, y, total) for (x, y), total in zip(factors, sums)]

        with w.loop(ZERO, last_at, INT(w.lanes), [w.zero] * (rows * columns)) as term:
            term.values = with_terms(term.index, None, term.values)
        sums = with_terms(last_at, last_count, term.values)
        for r in range(rows):
            place = w.at(out, (b.add(i, INT(r)), out_row), j)
            total = lane_sums(sums[r * columns : (r + 1) * columns])
            w.store(b.fadd(w.load(place, INT(columns)), total), place, INT(columns))

    first_row: Value = ZERO
    rows = registers.number // 8
    while rows:
        end_row, first_column = b.and_(m, INT(-rows)), ZERO
        for columns in DOTS_COLUMNS:
            if columns > w.lanes or columns * rows > registers.number // 2:
                continue
            end_column = b.and_(n, INT(-columns))
            with (
                w.loop(first_column, end_column, INT(columns)) as j,
                w.loop(first_row, end_row, INT(rows)) as i,
            ):
                tile(i.index, rows, j.index, columns)
            first_column = end_column
        first_row, rows = end_row, rows // 2
    b.ret_void()
