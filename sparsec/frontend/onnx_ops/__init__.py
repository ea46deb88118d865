"""ONNX ops by family. Each file ends in a table from op type to the function that translates it."""

from sparsec.frontend.onnx_call import Translate
from sparsec.frontend.onnx_ops.activations import ACTIVATIONS
from sparsec.frontend.onnx_ops.attention import ATTENTION
from sparsec.frontend.onnx_ops.einsum import EINSUM
from sparsec.frontend.onnx_ops.elementwise import ELEMENTWISE
from sparsec.frontend.onnx_ops.gathering import GATHERING
from sparsec.frontend.onnx_ops.microsoft import MICROSOFT
from sparsec.frontend.onnx_ops.movement import MOVEMENT
from sparsec.frontend.onnx_ops.normalisation import NORMALISATION
from sparsec.frontend.onnx_ops.products import PRODUCTS
from sparsec.frontend.onnx_ops.quantised import QUANTISED_OPS
from sparsec.frontend.onnx_ops.reductions import REDUCTIONS
from sparsec.frontend.onnx_ops.rotary import ROTARY
from sparsec.frontend.onnx_ops.shapes import SHAPES

_ONNX = (
    ELEMENTWISE,
    ACTIVATIONS,
    PRODUCTS,
    EINSUM,
    NORMALISATION,
    REDUCTIONS,
    SHAPES,
    MOVEMENT,
    GATHERING,
    QUANTISED_OPS,
    ATTENTION,
    ROTARY,
)

OPERATIONS: dict[tuple[str, str], Translate] = {
    **{("", op_type): translate for table in _ONNX for op_type, translate in table.items()},
    **{("com.microsoft", op_type): translate for op_type, translate in MICROSOFT.items()},
}
"""(domain, op type) -> translation. `If` is not here: it reads nodes, which only `onnx_model` can."""

_CONVOLUTION = "convolutions and pooling are not supported; only Transformers and MLPs are"
_RECURRENT = "recurrent and looping ops are not supported; export the model unrolled, with fixed control flow"
_DATA_DEPENDENT = "its output size depends on data; move it to before or after the compiled part"
_OPTIMISED = "onnxruntime's optimiser made this op; compile the file from before the optimisation"
_BLOCKED = "weights quantised in blocks are not supported; quantise them to INT8, per tensor or per channel"

ADVICE: dict[tuple[str, str], str] = {
    (
        "",
        "",
    ): "sparsec has no such op; write it with supported ones, or cut it off with onnx.utils.extract_model",
    **{
        ("", op_type): _CONVOLUTION
        for op_type in (
            "Conv",
            "ConvInteger",
            "ConvTranspose",
            "QLinearConv",
            "AveragePool",
            "MaxPool",
            "GlobalAveragePool",
        )
    },
    **{("", op_type): _RECURRENT for op_type in ("Loop", "Scan", "LSTM", "GRU", "RNN")},
    **{("", op_type): _DATA_DEPENDENT for op_type in ("Unique", "Compress", "NonMaxSuppression")},
    **{("com.microsoft", op_type): _BLOCKED for op_type in ("MatMulNBits", "MatMulBnb4", "GatherBlockQuantized")},
    **{
        ("com.microsoft", op_type): _OPTIMISED
        for op_type in (
            "Attention",
            "EmbedLayerNormalization",
            "FusedGemm",
            "FusedMatMul",
            "MultiHeadAttention",
            "QAttention",
            "QEmbedLayerNormalization",
            "SkipLayerNormalization",
            "SkipSimplifiedLayerNormalization",
        )
    },
}
"""What to do about an op that is not supported; the entry ("", "") is for all others."""
