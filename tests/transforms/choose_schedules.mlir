// RUN: choose-schedules

// Few blocks are gathered, many are not; a handful of tokens takes a narrow tile.
// CHECK-LABEL: @main(%x
// CHECK: sparse.matmul %x, {{%.*}} <schedule = #sparse.schedule<dataflow = gather_rows, tile = 16>>
// CHECK: sparse.matmul %x, {{%.*}} <schedule = #sparse.schedule<dataflow = dense_rows, tile = 16>>
builtin.module {
  func.func @main(%x : tensor<9x4xf32>) -> (tensor<9x4xf32>, tensor<9x4xf32>) attributes {input_names = ["x"], output_names = ["y", "z"]} {
    %few = nn.constant dense<[[1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]]> : tensor<4x4xf32>
    %many = nn.constant dense<1.0> : tensor<4x4xf32>
    %y = sparse.matmul %x, %few : (tensor<9x4xf32>, tensor<4x4xf32>) -> tensor<9x4xf32> body (%a : f32) {
      sparse.yield %a : f32
    }
    %z = sparse.matmul %x, %many : (tensor<9x4xf32>, tensor<4x4xf32>) -> tensor<9x4xf32> body (%a : f32) {
      sparse.yield %a : f32
    }
    func.return %y, %z : tensor<9x4xf32>, tensor<9x4xf32>
  }
}

// -----

// A schedule given by hand is taken; the number of tokens may be unknown.
// CHECK-LABEL: @main(%x
// CHECK: sparse.matmul %x, {{%.*}} <schedule = #sparse.schedule<dataflow = dense_rows, tile = 32>>
// CHECK: sparse.matmul %x, {{%.*}} <schedule = #sparse.schedule<dataflow = gather_rows, tile = 64>>
builtin.module {
  func.func @main(%x : tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>>) -> (tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>>, tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>>) attributes {input_names = ["x"], output_names = ["y", "z"]} {
    %hinted = nn.constant dense<0.0> : tensor<4x4xf32> {schedule_hint = #sparse.schedule<dataflow = dense_rows, tile = 32>}
    %zeros = nn.constant dense<0.0> : tensor<4x4xf32>
    %y = sparse.matmul %x, %hinted : (tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>>, tensor<4x4xf32>) -> tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>> body (%a : f32) {
      sparse.yield %a : f32
    }
    %z = sparse.matmul %x, %zeros : (tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>>, tensor<4x4xf32>) -> tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>> body (%a : f32) {
      sparse.yield %a : f32
    }
    func.return %y, %z : tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>>, tensor<?x4xf32, #sparse.tesa<dims = [tokens, _]>>
  }
}
