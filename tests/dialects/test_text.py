"""What the compiler prints after each pass, down to [kernels], parses again to the same IR."""

from __future__ import annotations

from pathlib import Path

import pytest
from xdsl.parser import Parser

from sparsec import pipeline
from sparsec.api import Source, new_context, read
from tests.fixtures import FIXTURES

FILES = (
    "bert_qdqa_u8_tensor_80", "bert_dyn_s8_channel_90", "bert_qop_u8_channel_90", "bert_causal_dynamo_tf5_sdpa_op18",
    "mpnet_ts_tf438_eager_op12", "mlp_qdqn_s8_channel_80",
)  # fmt: skip


@pytest.mark.parametrize("path", [FIXTURES / f"{stem}.onnx" for stem in FILES], ids=lambda path: path.stem)
def test_ir_after_each_pass_is_read_back(path: Path) -> None:
    require_read_back(read(path))


def test_small_weights_keep_their_blocks(tmp_path: Path) -> None:
    page = tmp_path / "layer.spc"
    page.write_text("weight w: f32[4, 2] = 0.0 model layer(x: f32[batch, 2]) -> (y) { y = linear(x, w) }")
    require_read_back(read(page))


def require_read_back(source: Source) -> None:
    before = ""
    for step in pipeline.run(source.module, source.context, thorough=False):
        text = str(step.module)
        if text != before:
            again = Parser(new_context(), text).parse_module()
            again.verify()
            assert str(again) == text, step.pass_name
            before = text
