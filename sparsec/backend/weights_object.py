"""Writes the packed weights as a relocatable ELF object, so that neither an assembler nor LLVM has to carry them.

The object says what this assembly would::

    .section .rodata.weights, "a", @progbits
    .p2align 12
    .hidden <symbol>
    .globl <symbol>
    <symbol>: .incbin "weights"
    .section .note.GNU-stack, "", @progbits
"""

from __future__ import annotations

import struct
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

PAGE = 4096

_PROGBITS, _SYMTAB, _STRTAB = 1, 2, 3
_ALLOC = 2
_X86_64 = 62
_RELOCATABLE = 1


def write_weights_object(file: BinaryIO, weights: NDArray[np.uint8], symbol: str) -> None:
    """Write the object.

    Args:
        file: open for writing, empty.
        weights: uint8[n]; n may be 0. One cache line of zeros follows them, so that the symbol always has a place.
        symbol: what the weights are called; visible within the linked library only.
    """
    size = weights.size + 64
    section_names = b"\0.rodata.weights\0.note.GNU-stack\0.symtab\0.strtab\0.shstrtab\0"
    symbol_names = b"\0" + symbol.encode() + b"\0"
    # A symbol: name, type and binding (global object), visibility (hidden), section, value, size. The first is null.
    symbols = bytes(24) + struct.pack("<IBBHQQ", 1, 1 << 4 | 1, 2, 1, 0, size)

    offset = PAGE
    end = offset + size
    at_symbols = end + -end % 8
    at_symbol_names = at_symbols + len(symbols)
    at_section_names = at_symbol_names + len(symbol_names)
    at_headers = at_section_names + len(section_names)
    at_headers += -at_headers % 8

    def section(name: bytes, kind: int, flags: int, place: int, length: int, align: int, link: int = 0, entry: int = 0):
        info = 1 if kind == _SYMTAB else 0  # how many symbols are local: the null one
        return struct.pack(
            "<IIQQQQIIQQ", section_names.index(name + b"\0"), kind, flags, 0, place, length, link, info, align, entry
        )

    headers = b"".join(
        (
            bytes(64),
            section(b".rodata.weights", _PROGBITS, _ALLOC, offset, size, PAGE),
            section(b".note.GNU-stack", _PROGBITS, 0, end, 0, 1),
            section(b".symtab", _SYMTAB, 0, at_symbols, len(symbols), 8, link=4, entry=24),
            section(b".strtab", _STRTAB, 0, at_symbol_names, len(symbol_names), 1),
            section(b".shstrtab", _STRTAB, 0, at_section_names, len(section_names), 1),
        )
    )
    elf = struct.pack(
        "<4sBBBB8xHHIQQQIHHHHHH",
        b"\x7fELF", 2, 1, 1, 0, _RELOCATABLE, _X86_64, 1, 0, 0, at_headers, 0, 64, 0, 0, 64, 6, 5,
    )  # fmt: skip
    file.write(elf.ljust(offset, b"\0"))
    file.write(np.ascontiguousarray(weights).data)
    file.write(bytes(64 + at_symbols - end))
    file.write(symbols + symbol_names + section_names)
    file.write(bytes(at_headers - at_section_names - len(section_names)))
    file.write(headers)
