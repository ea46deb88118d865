// RUN: sink-reshapes

// Bias, activation and residual follow the product through the reshape that flattened its tokens.
// CHECK-LABEL: @main(%x
// CHECK: [[B:%.*]] = nn.constant dense<[1.000000e+00, 2.000000e+00]>
// CHECK: [[S:%.*]] = nn.add %x, [[B]] : (tensor<?x2xf32, #sparse.tesa<dims = ["batch*sequence", _]>>
// CHECK-NEXT: [[A:%.*]] = nn.gelu [[S]]
// CHECK-NEXT: [[O:%.*]] = nn.reshape %r {{.*}} -> tensor<?x2xf32, #sparse.tesa<dims = ["batch*sequence", _]>>
// CHECK-NEXT: [[Y:%.*]] = nn.add [[O]], [[A]]
// CHECK-NEXT: [[Z:%.*]] = nn.reshape [[Y]] {{.*}} -> tensor<?x?x2xf32, #sparse.tesa<dims = [batch, sequence, _]>>
// CHECK-NEXT: func.return [[Z]]
builtin.module {
  func.func @main(%x : tensor<?x2xf32, #sparse.tesa<dims = ["batch*sequence", _]>>, %r : tensor<?x?x2xf32, #sparse.tesa<dims = [batch, sequence, _]>>) -> tensor<?x?x2xf32, #sparse.tesa<dims = [batch, sequence, _]>> attributes {input_names = ["x", "r"], output_names = ["y"]} {
    %b = nn.constant dense<[1.0, 2.0]> : tensor<2xf32>
    %w = nn.reshape %x : (tensor<?x2xf32, #sparse.tesa<dims = ["batch*sequence", _]>>) -> tensor<?x?x2xf32, #sparse.tesa<dims = [batch, sequence, _]>>
    %s = nn.add %w, %b : (tensor<?x?x2xf32, #sparse.tesa<dims = [batch, sequence, _]>>, tensor<2xf32>) -> tensor<?x?x2xf32, #sparse.tesa<dims = [batch, sequence, _]>>
    %a = nn.gelu %s : tensor<?x?x2xf32, #sparse.tesa<dims = [batch, sequence, _]>>
    %y = nn.add %r, %a : tensor<?x?x2xf32, #sparse.tesa<dims = [batch, sequence, _]>>
    func.return %y : tensor<?x?x2xf32, #sparse.tesa<dims = [batch, sequence, _]>>
  }
}

// -----

// Any reshape sinks below an op on single elements; a value per position has no place in other groups.
// CHECK-LABEL: @main(%x
// CHECK-NEXT: [[E:%.*]] = nn.exp %x
// CHECK-NEXT: nn.reshape [[E]]
// CHECK-NEXT: [[V:%.*]] = nn.reshape %x
// CHECK-NEXT: nn.mul [[V]], %p
builtin.module {
  func.func @main(%x : tensor<6x4xf32>, %p : tensor<3x4xf32>) -> (tensor<6x2x2xf32>, tensor<2x3x4xf32>) attributes {input_names = ["x", "p"], output_names = ["y", "z"]} {
    %w = nn.reshape %x : (tensor<6x4xf32>) -> tensor<6x2x2xf32>
    %y = nn.exp %w : tensor<6x2x2xf32>
    %v = nn.reshape %x : (tensor<6x4xf32>) -> tensor<2x3x4xf32>
    %z = nn.mul %v, %p : (tensor<2x3x4xf32>, tensor<3x4xf32>) -> tensor<2x3x4xf32>
    func.return %y, %z : tensor<6x2x2xf32>, tensor<2x3x4xf32>
  }
}
