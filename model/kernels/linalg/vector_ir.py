"""A builder of LLVM code with vector types, for the matrix products."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from llvmlite import ir

Value = Any  # llvmlite's values carry no types of Python's

INT, INT32 = ir.IntType(64), ir.IntType(32)
BYTES = ir.IntType(8).as_pointer()
CACHE_LINE = 64


@dataclass
class Iteration:
    """One iteration of a loop being written.

    Attributes:
        index: the loop's index.
        values: what the iteration begins with; set it to what it ends with. After the loop, the
            last values.
        step: what the index grows by.
    """

    index: Value
    values: list[Value]
    step: Value


class VectorBuilder:
    """Writes a function that works on vectors of one floating-point type."""

    def __init__(self, function: ir.Function, vector_bits: int) -> None:
        self.builder = ir.IRBuilder(function.append_basic_block("entry"))
        self.module = function.module
        self.number = next(x.type.pointee for x in function.args if x.type.is_pointer)
        self.bytes = 4 if isinstance(self.number, ir.FloatType) else 8
        self.lanes = vector_bits // (8 * self.bytes)
        self.vector = ir.VectorType(self.number, self.lanes)
        self.zero = ir.Constant(self.vector, None)
        self.suffix = f"v{self.lanes}f{8 * self.bytes}"

    @contextmanager
    def loop(
        self, start: Value, stop: Value, step: Value, values: Sequence[Value] = ()
    ) -> Iterator[Iteration]:
        """A loop over start, start + step … below stop; leaves the builder behind it."""
        b = self.builder
        before, head = b.block, b.append_basic_block("head")
        body, after = b.append_basic_block("body"), b.append_basic_block("after")
        b.branch(head)
        b.position_at_end(head)
        index, running = b.phi(INT), [b.phi(value.type) for value in values]
        for phi, value in zip([index, *running], [start, *values]):
            phi.add_incoming(value, before)
        b.cbranch(b.icmp_signed("<", index, stop), body, after)
        b.position_at_end(body)
        iteration = Iteration(index, list(running), step)
        yield iteration
        following = b.add(index, iteration.step)
        for phi, value in zip([index, *running], [following, *iteration.values]):
            phi.add_incoming(value, b.block)
        b.branch(head)
        b.position_at_end(after)
        iteration.values = running

    def switch(self, value: Value, cases: range, write: Callable[[int], None]) -> None:
        """Run what write(case) writes for the case that the value is."""
        b = self.builder
        done = b.append_basic_block("done")
        switch = b.switch(value, done)
        for case in cases:
            block = b.append_basic_block()
            switch.add_case(INT(case), block)
            b.position_at_end(block)
            write(case)
            b.branch(done)
        b.position_at_end(done)

    def minimum(self, x: Value, y: Value) -> Value:
        """The smaller of two whole numbers."""
        return self.builder.select(self.builder.icmp_signed("<", x, y), x, y)

    def at(self, pointer: Value, *offsets: tuple[Value, Value] | Value) -> Value:
        """The address pointer + the sum of the offsets, each a number or a product of two."""
        b = self.builder
        for offset in offsets:
            pointer = b.gep(pointer, [b.mul(*offset) if isinstance(offset, tuple) else offset])
        return pointer

    def broadcast(self, scalar: Value) -> Value:
        """A vector with the scalar in every lane."""
        undefined = ir.Constant(ir.VectorType(scalar.type, self.lanes), ir.Undefined)
        first = self.builder.insert_element(undefined, scalar, INT32(0))
        return self.shuffle(first, undefined, [0] * self.lanes)

    def aligned(self, pointer: Value) -> Value:
        """The first address from the pointer on that begins a cache line."""
        address = self.builder.add(self.builder.ptrtoint(pointer, INT), INT(CACHE_LINE - 1))
        return self.builder.inttoptr(self.builder.and_(address, INT(-CACHE_LINE)), pointer.type)

    def shuffle(self, x: Value, y: Value, lanes: Sequence[int]) -> Value:
        """A vector of these lanes of x and y, where those of y follow those of x."""
        mask = ir.Constant(ir.VectorType(INT32, self.lanes), list(lanes))
        return self.builder.shuffle_vector(x, y, mask)

    def load(self, address: Value, count: Value | None = None) -> Value:
        """The vector at an address; lanes from count on are zero, and memory is not read there."""
        pointer = self.builder.bitcast(address, self.vector.as_pointer())
        if count is None:
            return self.builder.load(pointer, align=self.bytes)
        mask = self._lanes_below(count)
        arguments = [pointer, INT32(self.bytes), mask, self.zero]
        return self._call(f"llvm.masked.load.{self.suffix}.p0", self.vector, arguments)

    def store(self, value: Value, address: Value, count: Value | None = None) -> None:
        """Store a vector, or its lanes below count."""
        pointer = self.builder.bitcast(address, self.vector.as_pointer())
        if count is None:
            self.builder.store(value, pointer, align=self.bytes)
            return
        arguments = [value, pointer, INT32(self.bytes), self._lanes_below(count)]
        self._call(f"llvm.masked.store.{self.suffix}.p0", ir.VoidType(), arguments)

    def prefetch(self, address: Value) -> None:
        """Begin to bring an address into the cache."""
        arguments = [self.builder.bitcast(address, BYTES), INT32(0), INT32(3), INT32(1)]
        self._call("llvm.prefetch.p0", ir.VoidType(), arguments)

    def multiply_add(self, x: Value, y: Value, total: Value) -> Value:
        """x * y + total, in one instruction where the processor has one."""
        return self._call(f"llvm.fmuladd.{self.suffix}", self.vector, [x, y, total])

    def _lanes_below(self, count: Value) -> Value:
        # In 32 bits and in the block of the use: AVX2 has no mask registers, and LLVM would convert
        # a mask from another block for every use.
        lanes = ir.Constant(ir.VectorType(INT32, self.lanes), list(range(self.lanes)))
        below = self.broadcast(self.builder.trunc(count, INT32))
        return self.builder.icmp_signed("<", lanes, below)

    def _call(self, name: str, result: ir.Type, arguments: list[Value]) -> Value:
        types = [value.type for value in arguments]
        known = self.module.globals.get(name)
        function = known or ir.Function(self.module, ir.FunctionType(result, types), name)
        return self.builder.call(function, arguments)
