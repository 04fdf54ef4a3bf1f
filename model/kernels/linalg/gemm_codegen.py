"""The loops of the matrix products, as LLVM code with vector instructions.

The compiler's own vectoriser reaches about a third of what a core can do on matrices this small.
Here, tiles of the result are summed in registers, and their shape follows from the registers of the
processor that the code is for. Three functions come out, all for row-major matrices:

    gemm     out (m, n) += a (m, k) @ b (k, n), where either factor may be transposed, or b packed
    gemm_nt  the same with b (n, k) transposed, fast for few rows as well
    pack     copy b (k, n), which may be transposed, to where gemm reads it fastest

The blocking is that of BLIS (F. G. Van Zee and R. A. van de Geijn, 2015), with a difference: only
b is packed, and only where it is transposed or too large for the caches. Packed are panels of as
many columns as a tile has, row by row, one panel after the other.
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
NARROW_TERMS = 32  # of the sums, where few rows of a leave the reading of b to count
# Measured, see docs/speed/products.md:
PACKED_FROM_TERMS = 32  # fewer cost less than packing
PACKED_FROM_NUMBERS = 1 << 16  # of b: less is near in the caches
PACKED_FROM_ROWS = 128  # so many of a, and packing pays in any case
LARGE_NUMBERS = 1 << 17  # of a matrix that leaves no room for others in a second-level cache
STREAMED_TERMS = 8  # of a single row times a large matrix: as many streams as hardware prefetches
DOTS_ROWS, DOTS_NUMBERS = 32, 12_000  # of a, up to which dot products need no packing
DOTS_COLUMNS = (8, 4, 2, 1)

ARGUMENTS = {
    "gemm": ["m", "k", "n", "a", "a_row", "a_step", "b", "b_row", "b_step", "out", "out_row"],
    "gemm_nt": ["m", "k", "n", "a", "a_row", "b", "b_row", "out", "out_row"],
    "pack": ["k", "n", "b", "b_row", "b_step", "out"],
}


class VectorRegisters(NamedTuple):
    """The vector registers of a processor, and the tile of out whose sums they hold."""

    bits: int
    number: int

    @property
    def tile_rows(self) -> int:
        """The most rows of a tile."""
        return self.number // 4

    @property
    def tile_vectors(self) -> int:
        """The most vectors in a row of a tile."""
        return 2 if self.bits == 128 else 3  # NEON's broadcasts take registers as well


def name_of(product: str, number: ir.Type) -> str:
    """The symbol under which a product of these numbers can be called."""
    return f"charnn_{product}_{number.intrinsic_name}"


def signature(product: str, number: ir.Type) -> ir.FunctionType:
    """The types of a product's arguments: matrices are pointers, all else are whole numbers.

    Strides count numbers: a_row is from one row to the next, a_step from one column to the next. A
    b_row of 0 says that b is packed.
    """
    pointer = number.as_pointer()
    types = [pointer if name in ("a", "b", "out") else INT for name in ARGUMENTS[product]]
    return ir.FunctionType(ir.VoidType(), types)


def products_module(registers: VectorRegisters) -> Any:
    """The products in float32 and float64, as LLVM's module."""
    module = ir.Module("charnn_products")
    module.triple = binding.get_process_triple()
    for number in (FLOAT, DOUBLE):
        gemm, gemm_nt, pack = (
            ir.Function(module, signature(product, number), name_of(product, number))
            for product in ARGUMENTS
        )
        _define_gemm(gemm, pack, registers)
        _define_gemm_nt(gemm_nt, gemm, registers)
        _define_pack(pack, registers)
    return binding.parse_assembly(str(module))


def _panel_vectors(w: VectorBuilder, left: Value, most: int) -> Value:
    """How many vectors the next panel has in a row, with this many columns left."""
    b = w.builder
    needed = b.sdiv(b.add(left, INT(w.lanes - 1)), INT(w.lanes))
    # The last four vectors as two and two: a single one has too few sums to hide the latency.
    return b.select(b.icmp_signed("==", needed, INT(4)), INT(2), w.minimum(needed, INT(most)))


def _define_pack(function: ir.Function, registers: VectorRegisters) -> None:
    """Copy panels, padded: with zeros, or with the last column where b is transposed."""
    w = VectorBuilder(function, registers.bits)
    b, lanes = w.builder, range(w.lanes)
    k, n, matrix, b_row, b_step, out = function.args
    out = w.aligned(out)

    def rows(source: Value, to: Value, left: Value, vectors: int) -> None:
        last = w.minimum(b.sub(left, INT((vectors - 1) * w.lanes)), INT(w.lanes))
        with w.loop(ZERO, k, ONE) as term:
            for v in range(vectors):
                count = last if v == vectors - 1 else None
                vector = w.load(w.at(source, (term.index, b_row), INT(v * w.lanes)), count)
                w.store(vector, w.at(to, (term.index, INT(vectors * w.lanes)), INT(v * w.lanes)))

    def columns(source: Value, to: Value, left: Value, vectors: int) -> None:
        with w.loop(ZERO, k, INT(w.lanes)) as first:
            count = w.minimum(b.sub(k, first.index), INT(w.lanes))
            for v in range(vectors):
                places = [w.minimum(INT(v * w.lanes + lane), b.sub(left, ONE)) for lane in lanes]
                square = [w.load(w.at(source, (c, b_step), first.index), count) for c in places]
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
                    w.store(vector, w.at(to, (row, INT(vectors * w.lanes)), INT(v * w.lanes)))

    def panel(vectors: int) -> None:
        source, to = w.at(matrix, (j.index, b_step)), w.at(out, (j.index, k))
        with b.if_else(b.icmp_signed("==", b_step, ONE)) as (plain, transposed):
            with plain:
                rows(source, to, left, vectors)
            with transposed:
                columns(source, to, left, vectors)

    with w.loop(ZERO, n, ZERO) as j:
        left = b.sub(n, j.index)
        count = _panel_vectors(w, left, registers.tile_vectors)
        j.step = b.mul(count, INT(w.lanes))
        w.switch(count, range(1, registers.tile_vectors + 1), panel)
    b.ret_void()


def _define_gemm(function: ir.Function, pack: ir.Function, registers: VectorRegisters) -> None:
    w = VectorBuilder(function, registers.bits)
    b = w.builder
    m, k, n, a, a_row, a_step, b_matrix, b_row, b_step, out, out_row = function.args
    most_rows, most_vectors = registers.tile_rows, registers.tile_vectors
    panel = b.alloca(w.number, INT(BLOCK_TERMS * most_vectors * w.lanes))
    columns_of_a = b.alloca(w.number, INT(BLOCK_ROWS * BLOCK_TERMS + w.lanes))
    panel.align = columns_of_a.align = 64
    b_transposed = b.icmp_signed("!=", b_step, ONE)
    given_packed = b.icmp_signed("==", b_row, ZERO)
    b_matrix = b.select(given_packed, w.aligned(b_matrix), b_matrix)
    large_b = b.icmp_signed(">=", b.mul(k, n), INT(PACKED_FROM_NUMBERS))
    large_out = b.icmp_signed(">", b.mul(m, n), INT(LARGE_NUMBERS))
    reused = b.or_(large_b, b.icmp_signed(">=", m, INT(PACKED_FROM_ROWS)))
    reused = b.and_(reused, b.icmp_signed(">=", m, INT(3 * most_rows)))
    reused = b.and_(reused, b.icmp_signed(">", k, INT(PACKED_FROM_TERMS)))
    packed = b.or_(b_transposed, reused)
    # The columns of a large matrix are far apart, and their numbers share cache lines.
    a_packed = b.and_(reused, b.icmp_signed("!=", a_step, ONE))

    def tile(
        rows: int,
        vectors: int,
        left: Value,
        terms: Value,
        a: Value,
        b_at: tuple[Value, Value],
        padded: bool,
        out: Value,
        a_row: Value = a_row,
        a_step: Value = a_step,
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

    def pack_columns_of_a(a_at: Value, rows: Value, terms: Value) -> None:
        with w.loop(ZERO, rows, INT(most_rows)) as tile, w.loop(ZERO, terms, ONE) as term:
            to = w.at(columns_of_a, (tile.index, INT(BLOCK_TERMS)), (term.index, INT(most_rows)))
            for part in range(0, most_rows, w.lanes):
                row = b.add(tile.index, INT(part))
                count = w.minimum(b.sub(rows, row), INT(min(w.lanes, most_rows)))
                # Lanes from count on are written to, and to be overwritten by the next term.
                vector = w.load(w.at(a_at, row, (term.index, a_step)), count)
                w.store(vector, w.at(to, INT(part)))

    def columns_of_block(i: Value, rows: Value, p: Value, terms: Value, j: Iteration) -> None:
        """Some rows of out, at i and as many columns from j as a tile has, from the terms at p."""
        left = b.sub(n, j.index)
        out_at = w.at(out, (i, out_row), j.index)
        a_at = b.select(a_packed, columns_of_a, w.at(a, (i, a_row), (p, a_step)))
        to_tile = b.select(a_packed, INT(BLOCK_TERMS), a_row)
        strides = b.select(a_packed, ONE, a_row), b.select(a_packed, INT(most_rows), a_step)
        b_at = w.at(b_matrix, (p, b_row), (j.index, b_step))

        def of_width(vectors: int) -> None:
            width = INT(vectors * w.lanes)
            packs = b.or_(packed, b.icmp_signed("<", left, width))
            packs = b.and_(packs, b.not_(given_packed))
            with b.if_then(packs):
                b.call(pack, [terms, w.minimum(left, width), b_at, b_row, b_step, panel])
            at = b.select(given_packed, w.at(b_matrix, (j.index, k), (p, width)), b_at)
            source = (
                b.select(packs, panel, at),
                b.select(b.or_(packs, given_packed), width, b_row),
            )

            def tile_at(row: Value, count: int) -> None:
                at, to = w.at(a_at, (row, to_tile)), w.at(out_at, (row, out_row))
                tile(count, vectors, left, terms, at, source, True, to, *strides)

            with w.loop(ZERO, rows, ZERO) as row:
                # The last two tiles halve their rows: a few have too few sums to hide the latency.
                rest = b.sub(rows, row.index)
                halved = b.icmp_signed("<", rest, INT(2 * most_rows))
                halved = b.and_(halved, b.icmp_signed(">", rest, INT(most_rows)))
                halved = b.and_(halved, b.not_(a_packed))
                half = b.sdiv(b.add(rest, ONE), INT(2))
                row.step = b.select(halved, half, w.minimum(rest, INT(most_rows)))
                w.switch(row.step, range(1, most_rows + 1), lambda n: tile_at(row.index, n))

        width = _panel_vectors(w, left, most_vectors)
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

    single = b.and_(b.icmp_signed("==", m, ONE), b.not_(b.or_(b_transposed, given_packed)))
    with b.if_else(single) as (one_row, many_rows):
        with one_row:
            single_row()
        with many_rows:
            # Where there is little to compute with what is read, b is read row by row.
            narrow = b.and_(large_b, b.icmp_signed("<", m, INT(3 * most_rows)))
            narrow = b.and_(narrow, b.not_(b.or_(b_transposed, given_packed)))
            most_terms = b.select(narrow, INT(NARROW_TERMS), INT(BLOCK_TERMS))
            blocks = b.sdiv(b.add(k, b.sub(most_terms, ONE)), most_terms)
            block_terms = b.sdiv(b.add(k, b.sub(blocks, ONE)), blocks)  # of equal size
            with w.loop(ZERO, m, INT(BLOCK_ROWS)) as i, w.loop(ZERO, k, block_terms) as p:
                rows = w.minimum(b.sub(m, i.index), INT(BLOCK_ROWS))
                terms = w.minimum(b.sub(k, p.index), block_terms)
                with b.if_then(a_packed):
                    pack_columns_of_a(w.at(a, (i.index, a_row), (p.index, a_step)), rows, terms)
                with w.loop(ZERO, n, ZERO) as j:
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
    packed = b.icmp_signed("==", b_row, ZERO)
    with b.if_then(b.or_(packed, b.not_(b.or_(few, narrow)))):
        strides = [b.select(packed, ZERO, ONE), b.select(packed, ONE, b_row)]
        b.call(gemm, [m, k, n, a, a_row, ONE, b_matrix, *strides, out, out_row])
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
