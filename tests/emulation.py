"""Instructions of AVX-512 and AVX-VNNI as functions of LLVM's, so that AVX2 machines run the code of every target.

What is tested like that is everything down to LLVM's text. LLVM's own choice of instructions is not, and neither is the
CPU: for these, a machine that has them is needed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import Any

from sparsec.backend.worker_client import Worker
from sparsec.target import FEATURE_BITS, TARGETS, CpuTarget, runnable_targets

ON = os.environ.get("SPARSEC_EMULATE") == "1"
"""Whether tests are to emulate what the machine lacks."""

FEATURES = frozenset(TARGETS["avx2"].features)
"""What the machine must have."""

_ATTRIBUTE = re.compile(r'"target-features"="([^"]*)"')
_USE = re.compile(r'(@"?)llvm\.(x86\.avx512\.[a-z0-9.]+)')
_DECLARED = re.compile(r'^declare [^@\n]*@"?([\w.]+)', re.MULTILINE)
_DECLARATION = re.compile(r'^declare [^\n]*@"?emulated\.[^\n]*\n', re.MULTILINE)


def install() -> None:
    """Make models for every target that `sparsec.compile` is asked for run on this machine, for this process's life."""
    request = Worker.request

    def emulating(self: Worker, kind: str, texts: Sequence[str], *more: Any) -> bytes:
        return request(self, kind, [emulated(text) for text in texts] if kind == "object" else texts, *more)

    def mask(self: CpuTarget) -> int:
        return sum(1 << FEATURE_BITS[feature] for feature in FEATURES.intersection(self.features))

    setattr(Worker, "request", emulating)  # noqa: B010 - for good
    setattr(CpuTarget, "feature_mask", property(mask))  # noqa: B010


def targets() -> tuple[CpuTarget, ...]:
    """Those whose code this machine can run, with emulation if it is on."""
    return tuple(TARGETS.values()) if ON else runnable_targets()


def emulated(text: str) -> str:
    """An LLVM module that computes the same with the features of AVX2."""
    text = _ATTRIBUTE.sub(lambda found: f'"target-features"="{_known(found[1])}"', text)
    needed = sorted({found[2] for found in _USE.finditer(text)})
    if not needed:
        return text
    text = _DECLARATION.sub("", _USE.sub(r"\1emulated.\2", text))
    return "\n".join([text, *(_DEFINITIONS[name](name) for name in needed), *_declarations(text), _ATTRIBUTES])


def _known(features: str) -> str:
    """Those of a list of features that AVX2 machines have."""
    return ",".join(name for name in features.split(",") if name.removeprefix("+") in FEATURES)


_FEATURES = ",".join(f"+{name}" for name in sorted(FEATURES))
_ATTRIBUTES = f'attributes #999 = {{ nounwind "target-features"="{_FEATURES}" }}'

_USED = (
    "declare <8 x i32> @llvm.x86.avx.cvt.ps2dq.256(<8 x float>)",
    "declare <16 x i16> @llvm.x86.avx2.packssdw(<8 x i32>, <8 x i32>)",
    "declare <32 x i8> @llvm.x86.avx2.packsswb(<16 x i16>, <16 x i16>)",
    "declare <32 x i8> @llvm.x86.avx2.packuswb(<16 x i16>, <16 x i16>)",
    "declare <8 x i32> @llvm.x86.avx2.pmadd.wd(<16 x i16>, <16 x i16>)",
    "declare <32 x i8> @llvm.x86.avx2.pshuf.b(<32 x i8>, <32 x i8>)",
    "declare <16 x float> @llvm.fabs.v16f32(<16 x float>)",
    "declare <16 x float> @llvm.nearbyint.v16f32(<16 x float>)",
    "declare <16 x i32> @llvm.smax.v16i32(<16 x i32>, <16 x i32>)",
    "declare <16 x i32> @llvm.smin.v16i32(<16 x i32>, <16 x i32>)",
    "declare <16 x i32> @llvm.umin.v16i32(<16 x i32>, <16 x i32>)",
)
"""What definitions call."""


def _declarations(text: str) -> list[str]:
    """Those of what definitions call that the module lacks."""
    declared = set(_DECLARED.findall(text))
    return [line for line in _USED if _DECLARED.findall(line)[0] not in declared]


def _function(name: str, result: str, arguments: str, body: list[str]) -> str:
    lines = "\n".join(f"  {line}" for line in body)
    return f"define internal {result} @emulated.{name}({arguments}) noinline #999 {{\n{lines}\n}}\n"


def _numbers(numbers: range) -> str:
    return f"<{len(numbers)} x i32> <{', '.join(f'i32 {number}' for number in numbers)}>"


def _in_halves(own: str, source: str, target: str, operands: int) -> Callable[[str], str]:
    """What one instruction of AVX2 does with each half: parts of 128 bits keep to themselves."""
    lanes, element = int(source.split()[0]), source.split()[2]
    result_lanes, result_element = int(target.split()[0]), target.split()[2]

    def define(name: str) -> str:
        body: list[str] = []
        for half, start in (("l", 0), ("h", lanes // 2)):
            for operand in range(operands):
                picked = _numbers(range(start, start + lanes // 2))
                body.append(f"%{half}{operand} = shufflevector <{source}> %a{operand}, <{source}> poison, {picked}")
            given = ", ".join(f"<{lanes // 2} x {element}> %{half}{operand}" for operand in range(operands))
            body.append(f"%{half} = call <{result_lanes // 2} x {result_element}> @{own}({given})")
        whole = f"<{result_lanes // 2} x {result_element}>"
        body.append(f"%r = shufflevector {whole} %l, {whole} %h, {_numbers(range(result_lanes))}")
        body.append(f"ret <{target}> %r")
        return _function(name, f"<{target}>", _arguments(name, source, operands), body)

    return define


def _arguments(name: str, source: str, operands: int) -> str:
    """With what follows operands in intrinsics that know masks and rounding modes."""
    given = ", ".join(f"<{source}> %a{operand}" for operand in range(operands))
    return f"{given}, <16 x i32> %others, i16 %mask, i32 %mode" if ".mask." in name else given


def _dot(lanes: int) -> Callable[[str], str]:
    """`vpdpbusd`: four products of unsigned and signed bytes are added to each sum."""

    def define(name: str) -> str:
        bytes_type, body, total = f"<{4 * lanes} x i8>", [], "%sums"
        for place in range(4):
            picked = _numbers(range(place, 4 * lanes, 4))
            for operand, extend in (("u", "zext"), ("s", "sext")):
                body.append(f"%{operand}{place} = shufflevector {bytes_type} %{operand}, {bytes_type} poison, {picked}")
                body.append(f"%{operand}w{place} = {extend} <{lanes} x i8> %{operand}{place} to <{lanes} x i32>")
            body.append(f"%p{place} = mul <{lanes} x i32> %uw{place}, %sw{place}")
            body.append(f"%t{place} = add <{lanes} x i32> {total}, %p{place}")
            total = f"%t{place}"
        body.append(f"ret <{lanes} x i32> {total}")
        arguments = f"<{lanes} x i32> %sums, {bytes_type} %u, {bytes_type} %s"
        return _function(name, f"<{lanes} x i32>", arguments, body)

    return define


def _permutation(lanes: int, element: str, index: str, tables: int) -> Callable[[str], str]:
    """Each lane picks one of a table in one or two registers, by the lowest bits of its index."""

    def define(name: str) -> str:
        vector, size = f"<{lanes} x {element}>", {"i8": 1, "float": 4}[element] * lanes
        body = [f"%m = alloca [{tables * size} x i8], align 64", f"store {vector} %a, ptr %m, align 64"]
        if tables == 2:
            body += [f"%h = getelementptr i8, ptr %m, i64 {size}", f"store {vector} %b, ptr %h, align 64"]
        found = "poison"
        for lane in range(lanes):
            body += [
                f"%i{lane} = extractelement <{lanes} x {index}> %i, i64 {lane}",
                f"%n{lane} = and {index} %i{lane}, {tables * lanes - 1}",
                f"%w{lane} = zext {index} %n{lane} to i64",
                f"%p{lane} = getelementptr {element}, ptr %m, i64 %w{lane}",
                f"%v{lane} = load {element}, ptr %p{lane}",
                f"%r{lane} = insertelement {vector} {found}, {element} %v{lane}, i64 {lane}",
            ]
            found = f"%r{lane}"
        body.append(f"ret {vector} {found}")
        second = f", {vector} %b" if tables == 2 else ""
        return _function(name, vector, f"{vector} %a, <{lanes} x {index}> %i{second}", body)

    return define


def _narrowing(bounds: list[str]) -> Callable[[str], str]:
    """i32 to bytes, limited by these functions of LLVM to these numbers."""

    def define(name: str) -> str:
        body, value = [], "%a"
        for step, bound in enumerate(bounds):
            function, limit = bound.split()
            limits = f"<16 x i32> {_splat('i32', limit)}"
            body.append(f"%c{step} = call <16 x i32> @llvm.{function}.v16i32(<16 x i32> {value}, {limits})")
            value = f"%c{step}"
        body += [f"%r = trunc <16 x i32> {value} to <16 x i8>", "ret <16 x i8> %r"]
        return _function(name, "<16 x i8>", "<16 x i32> %a, <16 x i8> %others, i16 %mask", body)

    return define


def _splat(element: str, value: str) -> str:
    return f"<{', '.join([f'{element} {value}'] * 16)}>"


def _reduction(name: str) -> str:
    """`vreduceps` with no bits behind the point: what is left of rounding to nearest, 0 of what is infinite."""
    vector = "<16 x float>"
    body = [
        f"%n = call {vector} @llvm.nearbyint.v16f32({vector} %a)",
        f"%d = fsub {vector} %a, %n",
        f"%m = call {vector} @llvm.fabs.v16f32({vector} %a)",
        f"%i = fcmp oeq {vector} %m, {_splat('float', '0x7FF0000000000000')}",
        f"%r = select <16 x i1> %i, {vector} zeroinitializer, {vector} %d",
        f"ret {vector} %r",
    ]
    return _function(name, vector, f"{vector} %a, i32 %how, {vector} %others, i16 %mask, i32 %mode", body)


def _range(name: str) -> str:
    """`vrangeps` as it is used: the smaller magnitude, that of the second operand where the first is NaN."""
    vector = "<16 x float>"
    body = [
        f"%m = call {vector} @llvm.fabs.v16f32({vector} %a)",
        f"%l = call {vector} @llvm.fabs.v16f32({vector} %b)",
        f"%s = fcmp olt {vector} %m, %l",
        f"%r = select <16 x i1> %s, {vector} %m, {vector} %l",
        f"ret {vector} %r",
    ]
    return _function(name, vector, f"{vector} %a, {vector} %b, i32 %how, {vector} %others, i16 %mask, i32 %mode", body)


def _gather(element: str, lanes: int, index: str) -> Callable[[str], str]:
    """One element per lane from where its index says; all lanes, as always."""

    def define(name: str) -> str:
        vector, body, found = f"<{lanes} x {element}>", ["%by = sext i32 %scale to i64"], "poison"
        for lane in range(lanes):
            body += [
                f"%i{lane} = extractelement <{lanes} x {index}> %i, i64 {lane}",
                f"%w{lane} = " + (f"sext i32 %i{lane} to i64" if index == "i32" else f"add i64 %i{lane}, 0"),
                f"%o{lane} = mul i64 %w{lane}, %by",
                f"%p{lane} = getelementptr i8, ptr %base, i64 %o{lane}",
                f"%v{lane} = load {element}, ptr %p{lane}, align 1",
                f"%r{lane} = insertelement {vector} {found}, {element} %v{lane}, i64 {lane}",
            ]
            found = f"%r{lane}"
        body.append(f"ret {vector} {found}")
        arguments = f"{vector} %others, ptr %base, <{lanes} x {index}> %i, <{lanes} x i1> %mask, i32 %scale"
        return _function(name, vector, arguments, body)

    return define


_DEFINITIONS: dict[str, Callable[[str], str]] = {
    "x86.avx512.vpdpbusd.256": _dot(8),
    "x86.avx512.vpdpbusd.512": _dot(16),
    "x86.avx512.pmaddw.d.512": _in_halves("llvm.x86.avx2.pmadd.wd", "32 x i16", "16 x i32", 2),
    "x86.avx512.packssdw.512": _in_halves("llvm.x86.avx2.packssdw", "16 x i32", "32 x i16", 2),
    "x86.avx512.packsswb.512": _in_halves("llvm.x86.avx2.packsswb", "32 x i16", "64 x i8", 2),
    "x86.avx512.packuswb.512": _in_halves("llvm.x86.avx2.packuswb", "32 x i16", "64 x i8", 2),
    "x86.avx512.pshuf.b.512": _in_halves("llvm.x86.avx2.pshuf.b", "64 x i8", "64 x i8", 2),
    "x86.avx512.mask.cvtps2dq.512": _in_halves("llvm.x86.avx.cvt.ps2dq.256", "16 x float", "16 x i32", 1),
    "x86.avx512.permvar.sf.512": _permutation(16, "float", "i32", 1),
    "x86.avx512.vpermi2var.ps.512": _permutation(16, "float", "i32", 2),
    "x86.avx512.vpermi2var.qi.512": _permutation(64, "i8", "i8", 2),
    "x86.avx512.mask.pmovs.db.512": _narrowing(["smax -128", "smin 127"]),
    "x86.avx512.mask.pmovus.db.512": _narrowing(["umin 255"]),
    "x86.avx512.mask.reduce.ps.512": _reduction,
    "x86.avx512.mask.range.ps.512": _range,
    "x86.avx512.mask.gather.dps.512": _gather("float", 16, "i32"),
    "x86.avx512.mask.gather.dpi.512": _gather("i32", 16, "i32"),
    "x86.avx512.mask.gather.qps.512": _gather("float", 8, "i64"),
    "x86.avx512.mask.gather.qpi.512": _gather("i32", 8, "i64"),
}
