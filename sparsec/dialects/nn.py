"""The `nn` dialect: networks as whole-tensor ops, after the ONNX operators of the same names.

Elementwise ops broadcast like numpy and also work on scalar types, which is how they appear inside the bodies of
`sparse.matmul`, `sparse.map` and `nn.attention`. The meaning of every op in numpy is in `sparsec/reference.py`.
"""

from xdsl.ir import Dialect

from sparsec.dialects.encoding import TableType
from sparsec.dialects.nn_attention import Attention
from sparsec.dialects.nn_elementwise import ELEMENTWISE
from sparsec.dialects.nn_products import PRODUCTS
from sparsec.dialects.nn_reductions import REDUCTIONS
from sparsec.dialects.nn_structure import STRUCTURE
from sparsec.dialects.nn_tokens import PackedAttention, TokenIndex

Nn = Dialect(
    "nn", [*ELEMENTWISE, *PRODUCTS, *REDUCTIONS, *STRUCTURE, Attention, TokenIndex, PackedAttention], [TableType]
)
