"""Finds the innermost loops in LLVM's x86 assembly (AT&T syntax), to see what a kernel spends its time on."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LABEL = re.compile(r"^([.\w$@]+):")
_JUMP = re.compile(r"^j\w+\s+(\.L\w+)")
_STACK = re.compile(r"\(%rsp\b")
_FRAME = re.compile(r"\(%r(?:sp|bp)\b")


@dataclass(frozen=True)
class Loop:
    """The instructions from a label to the jump back to it, in order, without labels and comments.

    Attributes:
        function: the function that the loop is in.
        label: where it begins.
        instructions: e.g. `vpdpbusd %zmm1, %zmm2, %zmm3`, without prefixes that fix the encoding, such as `{vex}`.
        frame_pointer: whether the function keeps one in rbp, which otherwise is a register like any other.
    """

    function: str
    label: str
    instructions: tuple[str, ...]
    frame_pointer: bool = False

    def count(self, mnemonic: str) -> int:
        """How many instructions have a mnemonic that matches this regular expression as a whole."""
        return len(self._with(mnemonic))

    def from_memory(self, mnemonic: str) -> int:
        """How many of those have an operand in memory."""
        return sum("(" in line for line in self._with(mnemonic))

    @property
    def stack_traffic(self) -> list[str]:
        """The instructions with an operand on the stack: spills, and what is read back."""
        return [line for line in self.instructions if (_FRAME if self.frame_pointer else _STACK).search(line)]

    def _with(self, mnemonic: str) -> list[str]:
        return [line for line in self.instructions if re.fullmatch(mnemonic, line.split()[0])]


def innermost_loops(assembly: str) -> list[Loop]:
    """All loops that contain no other loop, in the order of the text."""
    lines: list[str] = []
    places: dict[str, int] = {}
    function, functions = "", dict[int, str]()
    spans: list[tuple[int, int, str]] = []
    for raw in assembly.splitlines():
        line = raw.split("#")[0].strip()
        if label := _LABEL.match(line):
            places[label[1]] = len(lines)
            if not label[1].startswith(".L"):
                function = label[1]
        elif line and not line.startswith("."):
            functions[len(lines)] = function
            lines.append(" ".join(line.removeprefix("{vex}").removeprefix("{evex}").split()))
            if (jump := _JUMP.match(line)) and jump[1] in places:
                spans.append((places[jump[1]], len(lines), jump[1]))
    inner = [one for one in spans if not any(one[0] <= two[0] and two[1] <= one[1] and one != two for two in spans)]
    framed = {functions[index] for index, line in enumerate(lines) if line == "movq %rsp, %rbp"}
    return [
        Loop(functions[begin], label, tuple(lines[begin:end]), functions[begin] in framed)
        for begin, end, label in inner
    ]


def hottest_loop(assembly: str, mnemonic: str) -> Loop:
    """The innermost loop with most instructions of this mnemonic (a regular expression), the first of equals."""
    loops = innermost_loops(assembly)
    best = max(loops, key=lambda loop: loop.count(mnemonic), default=None)
    assert best is not None and best.count(mnemonic), f"no loop among {len(loops)} has {mnemonic}"
    return best
