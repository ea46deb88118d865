"""[llvm] to LLVM IR text: what xDSL's own translation would drop or refuse."""

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
