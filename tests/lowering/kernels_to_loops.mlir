// RUN: nn-to-kernels,kernels-to-loops

// Two layers that differ in their weights alone share one kernel, which is run over ranges of tiles.
// CHECK: func.func @copy_0
// CHECK: func.func @matmul_1
// CHECK-NOT: func.func @matmul
// CHECK: func.func @calls_0
// CHECK-COUNT-4: llvm.call @sparsec_parallel
// CHECK: func.func @execute
// CHECK: func.call @calls_0
// CHECK-NOT: func.call @calls_1
// CHECK: func.func @arena_size
// CHECK: func.func @scratch_size
// CHECK: func.func @output_shapes
builtin.module {
  func.func @main(%x : tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>>) -> tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>> attributes {input_names = ["x"], output_names = ["y"]} {
    %w = nn.constant dense<1.0> : tensor<4x4xf32>
    %t = sparse.convert_layout %x : (tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>>) -> tensor<?x4xf32, #sparse.tesa<dims = [tokens, _], layout = tiled>>
    %p = sparse.matmul %t, %w <schedule = #sparse.schedule<dataflow = dense_rows, tile = 64>> : (tensor<?x4xf32, #sparse.tesa<dims = [tokens, _], layout = tiled>>, tensor<4x4xf32>) -> tensor<?x4xf32, #sparse.tesa<dims = [tokens, _], layout = tiled>> body (%a : f32) {
      %r = nn.relu %a : f32
      sparse.yield %r : f32
    }
    %v = nn.constant dense<2.0> : tensor<4x4xf32>
    %q = sparse.matmul %p, %v <schedule = #sparse.schedule<dataflow = dense_rows, tile = 64>> : (tensor<?x4xf32, #sparse.tesa<dims = [tokens, _], layout = tiled>>, tensor<4x4xf32>) -> tensor<?x4xf32, #sparse.tesa<dims = [tokens, _], layout = tiled>> body (%a : f32) {
      %r = nn.relu %a : f32
      sparse.yield %r : f32
    }
    %y = sparse.convert_layout %q : (tensor<?x4xf32, #sparse.tesa<dims = [tokens, _], layout = tiled>>) -> tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>>
    func.return %y : tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>>
  }
}
