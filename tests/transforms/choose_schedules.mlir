// RUN: choose-schedules

// Few blocks are gathered, many are not; a handful of tokens takes a narrow tile.
// CHECK-LABEL: @main(%x
// CHECK: sparse.matmul %x, {{%.*}} <schedule = #sparse.schedule<dataflow = gather_rows, tile = 16>>
// CHECK: sparse.matmul %x, {{%.*}} <schedule = #sparse.schedule<dataflow = dense_rows, tile = 16>>
!x = tensor<9x4xf32, #sparse.tesa<dims = [_, _], layout = tiled>>
builtin.module {
  func.func @main(%x : !x) -> (!x, !x) attributes {input_names = ["x"], output_names = ["y", "z"]} {
    %few = nn.constant dense<[[1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]]> : tensor<4x4xf32>
    %many = nn.constant dense<1.0> : tensor<4x4xf32>
    %y = sparse.matmul %x, %few : (!x, tensor<4x4xf32>) -> !x body (%a : f32) {
      sparse.yield %a : f32
    }
    %z = sparse.matmul %x, %many : (!x, tensor<4x4xf32>) -> !x body (%a : f32) {
      sparse.yield %a : f32
    }
    func.return %y, %z : !x, !x
  }
}

// -----

// A schedule given by hand is taken; the number of tokens may be unknown.
// CHECK-LABEL: @main(%x
// CHECK: sparse.matmul %x, {{%.*}} <schedule = #sparse.schedule<dataflow = dense_rows, tile = 32>>
// CHECK: sparse.matmul %x, {{%.*}} <schedule = #sparse.schedule<dataflow = gather_rows, tile = 64>>
!x = tensor<?x4xf32, #sparse.tesa<dims = [tokens, _], layout = tiled>>
builtin.module {
  func.func @main(%x : !x) -> (!x, !x) attributes {input_names = ["x"], output_names = ["y", "z"]} {
    %hinted = nn.constant dense<0.0> : tensor<4x4xf32> {schedule_hint = #sparse.schedule<dataflow = dense_rows, tile = 32>}
    %zeros = nn.constant dense<0.0> : tensor<4x4xf32>
    %y = sparse.matmul %x, %hinted : (!x, tensor<4x4xf32>) -> !x body (%a : f32) {
      sparse.yield %a : f32
    }
    %z = sparse.matmul %x, %zeros : (!x, tensor<4x4xf32>) -> !x body (%a : f32) {
      sparse.yield %a : f32
    }
    func.return %y, %z : !x, !x
  }
}

// -----

// Bytes in rows are walked by rows.
// CHECK-LABEL: @main(%x
// CHECK: sparse.matmul %x, {{%.*}} <schedule = #sparse.schedule<dataflow = dense_dwords, tile = 2, rows = 16>>
builtin.module {
  func.func @main(%x : tensor<2x4xui8>) -> tensor<2x4xi32> attributes {input_names = ["x"], output_names = ["y"]} {
    %w = nn.constant dense<1> : tensor<4x4xi8>
    %y = sparse.matmul %x, %w : (tensor<2x4xui8>, tensor<4x4xi8>) -> tensor<2x4xi32> body (%a : i32) {
      sparse.yield %a : i32
    }
    func.return %y : tensor<2x4xi32>
  }
}
