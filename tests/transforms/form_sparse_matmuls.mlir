// RUN: form-sparse-matmuls

// A constant weight makes a product that can be sparse; a computed one does not.
// CHECK-LABEL: @main(%x
// CHECK: [[W:%.*]] = nn.constant dense<{{.*}}> : tensor<2x3xf32>
// CHECK-NEXT: [[P:%.*]] = sparse.matmul %x, [[W]]
// CHECK-SAME: body ([[ACC:%.*]]: f32) {
// CHECK-NEXT: sparse.yield [[ACC]] : f32
// CHECK: [[T:%.*]] = nn.transpose %w <permutation = [1, 0]>
// CHECK-NEXT: [[Q:%.*]] = nn.matmul %x, [[T]]
// CHECK-NEXT: func.return [[P]], [[Q]]
builtin.module {
  func.func @main(%x : tensor<?x3xf32, #sparse.tesa<dims = [tokens, _]>>, %w : tensor<2x3xf32>) -> (tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>>, tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>>) attributes {input_names = ["x", "w"], output_names = ["y", "z"]} {
    %c = nn.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
    %y = nn.linear %x, %c : (tensor<?x3xf32, #sparse.tesa<dims = [tokens, _]>>, tensor<2x3xf32>) -> tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>>
    %z = nn.linear %x, %w : (tensor<?x3xf32, #sparse.tesa<dims = [tokens, _]>>, tensor<2x3xf32>) -> tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>>
    func.return %y, %z : tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>>, tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>>
  }
}

// -----

// A single vector is one token.
// CHECK-LABEL: @main(%x
// CHECK: [[R:%.*]] = nn.reshape %x : (tensor<3xf32>) -> tensor<1x3xf32>
// CHECK-NEXT: [[P:%.*]] = sparse.matmul [[R]]
// CHECK: nn.reshape [[P]] : (tensor<1x2xf32>) -> tensor<2xf32>
builtin.module {
  func.func @main(%x : tensor<3xf32>) -> tensor<2xf32> attributes {input_names = ["x"], output_names = ["y"]} {
    %c = nn.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
    %y = nn.linear %x, %c : (tensor<3xf32>, tensor<2x3xf32>) -> tensor<2xf32>
    func.return %y : tensor<2xf32>
  }
}

// -----

// Products of activations repeat no operand, and their result only where that is asked for.
// CHECK-LABEL: @main(%x
// CHECK-NOT: nn.broadcast
// CHECK: nn.matmul %x, %y : (tensor<5x4x2xf32>, tensor<1x2x3xf32>) -> tensor<5x4x3xf32>
// CHECK-NEXT: [[P:%.*]] = nn.matmul %y, %z : (tensor<1x2x3xf32>, tensor<3x4xf32>) -> tensor<1x2x4xf32>
// CHECK-NEXT: nn.broadcast [[P]] : (tensor<1x2x4xf32>) -> tensor<5x2x4xf32>
builtin.module {
  func.func @main(%x : tensor<5x4x2xf32>, %y : tensor<1x2x3xf32>, %z : tensor<3x4xf32>) -> (tensor<5x4x3xf32>, tensor<5x2x4xf32>) attributes {input_names = ["x", "y", "z"], output_names = ["p", "q"]} {
    %w = nn.broadcast %y : (tensor<1x2x3xf32>) -> tensor<5x2x3xf32>
    %p = nn.matmul %x, %w : (tensor<5x4x2xf32>, tensor<5x2x3xf32>) -> tensor<5x4x3xf32>
    %q = nn.matmul %w, %z : (tensor<5x2x3xf32>, tensor<3x4xf32>) -> tensor<5x2x4xf32>
    func.return %p, %q : tensor<5x4x3xf32>, tensor<5x2x4xf32>
  }
}
