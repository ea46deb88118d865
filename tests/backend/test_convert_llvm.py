"""[llvm] to LLVM IR text, which LLVM accepts."""

from __future__ import annotations

import llvmlite.binding as binding
import pytest
from xdsl.context import Context

from sparsec.backend.convert_llvm import convert_module
from sparsec.errors import CompilerBug
from sparsec.lowering.loops_to_llvm import LoopsToLlvm
from tests.filecheck_item import parse

TRIPLE = "x86_64-unknown-linux-gnu"


def convert(text: str) -> str:
    """LLVM IR text of a module in [loops] or [llvm] form; LLVM itself finds it valid."""
    module = parse(text)
    LoopsToLlvm().apply(Context(), module)
    converted = convert_module(module, TRIPLE)
    binding.parse_assembly(converted).verify()
    return converted


def test_functions_keep_linkage_and_features() -> None:
    text = convert(
        """
        func.func private @inner(%x: i64) -> i64 attributes {sparsec.features = "+avx2,+fma"} { func.return %x : i64 }
        func.func @outer(%x: i64) -> i64 { %y = func.call @inner(%x) : (i64) -> i64  func.return %y : i64 }
        func.func private @elsewhere(!llvm.ptr)
        """
    )
    assert 'define internal i64 @"inner"' in text
    assert '"target-features"="+avx2,+fma"' in text
    assert 'define i64 @"outer"' in text
    assert 'declare void @"elsewhere"' in text


@pytest.mark.parametrize(
    ("predicate", "spelled"), [("olt", "fcmp olt"), ("une", "fcmp une"), ("uno", "fcmp uno"), ("ord", "fcmp ord")]
)
def test_vectors_are_compared_and_selected(predicate: str, spelled: str) -> None:
    text = convert(
        f"""
        func.func @f(%a: vector<4xf32>, %b: vector<4xf32>) -> vector<4xf32> {{
          %m = lanes.compare "{predicate}" %a, %b : vector<4xf32> -> vector<4xi1>
          %r = lanes.select %m, %a, %b : vector<4xi1>, vector<4xf32>
          func.return %r : vector<4xf32>
        }}
        """
    )
    assert f"{spelled} <4 x float>" in text
    assert "select  <4 x i1>" in text or "select <4 x i1>" in text


def test_globals_keep_linkage_and_constness() -> None:
    text = convert('llvm.mlir.global internal constant @word("ab") : !llvm.array<2 x i8>')
    assert '@"word" = internal constant [2 x i8]' in text


def test_pointers_may_be_noalias() -> None:
    text = convert("llvm.func @f(%p: !llvm.ptr {llvm.noalias}) { llvm.return }")
    assert "ptr noalias" in text


def test_other_ops_at_the_top_are_bugs() -> None:
    with pytest.raises(CompilerBug, match=r"arith\.constant is not allowed at the top of an \[llvm\] module"):
        convert_module(parse("%x = arith.constant 1 : i64"), TRIPLE)


def test_loops_become_phis() -> None:
    text = convert(
        """
        func.func @f(%n: i64) -> i64 {
          %zero = arith.constant 0 : i64
          %one = arith.constant 1 : i64
          %sum = scf.for %i = %zero to %n step %one iter_args(%held = %zero) -> (i64) : i64 {
            %next = arith.addi %held, %i : i64
            scf.yield %next : i64
          }
          func.return %sum : i64
        }
        """
    )
    assert text.count(" = phi i64 ") == 3  # the counter, what is held, and what comes out
    assert "add nsw i64" in text  # counters do not overflow


def test_constants_are_written_where_they_are_used() -> None:
    text = convert(
        """
        func.func @f(%a: vector<4xf32>, %b: vector<2xi8>, %c: i1, %x: f32, %y: f64, %p: !llvm.ptr) -> i1 {
          %same = arith.constant dense<0.1> : vector<4xf32>
          %all = arith.constant dense<[1, -2]> : vector<2xi8>
          %yes = arith.constant true
          %single = arith.constant -0.0 : f32
          %double = arith.constant 0.1 : f64
          %0 = arith.addf %a, %same : vector<4xf32>
          %1 = arith.addi %b, %all : vector<2xi8>
          %2 = arith.addf %x, %single : f32
          %3 = arith.addf %y, %double : f64
          %4 = vector.broadcast %x : f32 to vector<4xf32>
          %5 = llvm.getelementptr %p[8] : (!llvm.ptr) -> !llvm.ptr, i8
          %6 = arith.xori %c, %yes : i1
          func.return %6 : i1
        }
        """
    )
    assert "<4 x float> %v0, splat (float 0x3fb99999a0000000)" in text  # rounded to f32
    assert "<2 x i8> %v1, <i8 1, i8 -2>" in text
    assert "float %v3, 0x8000000000000000" in text and "double %v4, 0x3fb999999999999a" in text
    assert "insertelement <4 x float> undef, float %v3, i32 0" in text and "<4 x i32> splat (i32 0)" in text
    assert "getelementptr i8, ptr %v5, i32 8" in text
    assert "xor i1 %v2, 1" in text


def test_intrinsics_are_declared_once() -> None:
    text = convert(
        """
        func.func @f(%a: i64, %b: i64) -> i64 {
          %0 = arith.minsi %a, %b : i64
          %1 = arith.minsi %0, %b : i64
          func.return %1 : i64
        }
        """
    )
    assert text.count("declare") == 1 and text.count('call i64 @"llvm.smin.i64"(i64 ') == 2


def test_unknown_ops_and_types_are_bugs() -> None:
    with pytest.raises(CompilerBug, match=r"llvm\.unreachable is no op of \[llvm\]"):
        convert_module(parse("llvm.func @f() { llvm.unreachable }"), TRIPLE)
    with pytest.raises(CompilerBug, match=r"f16 is no type of \[llvm\]"):
        convert_module(parse("llvm.func @f(f16)"), TRIPLE)
