// RUN: nn-to-kernels

// Buffers in planned memory, one call for each op; the conversion at the end writes into the caller's array.
// CHECK: kernel.program @main symbols ["tokens"] weights
// CHECK-NEXT: [[X:%.*]] = kernel.input<0>
// CHECK-NEXT: [[T:%.*]] = kernel.arena<0> : !kernel.buffer<{{.*}}layout = tiled>>>
// CHECK-NEXT: kernel.copy ins([[X]]) outs([[T]])
// CHECK-NEXT: [[W:%.*]] = kernel.weights<0> : !kernel.packed
// CHECK-NEXT: [[P:%.*]] = kernel.arena<1>
// CHECK-NEXT: kernel.matmul ins([[T]], [[W]]) outs([[P]])
// CHECK: [[Y:%.*]] = kernel.output<0>
// CHECK-NEXT: kernel.copy ins([[P]]) outs([[Y]])
builtin.module {
  func.func @main(%x : tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>>) -> tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>> attributes {input_names = ["x"], output_names = ["y"]} {
    %w = nn.constant dense<1.0> : tensor<4x4xf32>
    %t = sparse.convert_layout %x : (tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>>) -> tensor<?x4xf32, #sparse.tesa<dims = [tokens, _], layout = tiled>>
    %p = sparse.matmul %t, %w <schedule = #sparse.schedule<dataflow = dense_rows, tile = 64>> : (tensor<?x4xf32, #sparse.tesa<dims = [tokens, _], layout = tiled>>, tensor<4x4xf32>) -> tensor<?x4xf32, #sparse.tesa<dims = [tokens, _], layout = tiled>> body (%a : f32) {
      %r = nn.relu %a : f32
      sparse.yield %r : f32
    }
    %y = sparse.convert_layout %p : (tensor<?x4xf32, #sparse.tesa<dims = [tokens, _], layout = tiled>>) -> tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>>
    func.return %y : tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>>
  }
}
