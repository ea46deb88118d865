# One int8 layer of BERT-base's feed-forward network, nine tenths of its 4x1 blocks pruned: the kernel that sparsec is
# about, without any model around it. Unsigned 8-bit activations in, unsigned 8-bit activations out.
#
#   sparsec compile examples/language/sparse_layer.spc -o layer.so
#   sparsec bench examples/language/sparse_layer.spc

weight w: i8[3072, 768] blocks(4x1) random(seed = 1, sparsity = 0.9) quantized(scale = 0.002)
weight b: f32[3072] random(seed = 2)

model sparse_layer(x: u8[tokens, 768] quantized(scale = 0.02, zero = 128)) -> (y) {
  y = quantize(relu(linear(x, w) + b), u8, scale = 0.05)
}
