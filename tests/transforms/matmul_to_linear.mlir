// RUN: canonicalise-graph,matmul-to-linear

// The transpose of a quantised weight is taken back: nothing is transposed, and the axis of its scales moves along.
// CHECK-LABEL: @main
// CHECK: [[Q:%.*]] = nn.constant dense<{{.*}}> : tensor<3x2xi8>
// CHECK: [[D:%.*]] = nn.dequantize [[Q]], {{.*}} <axis = 0>
// CHECK-NEXT: nn.linear %x, [[D]] : (tensor<5x2xf32>, tensor<3x2xf32>) -> tensor<5x3xf32>
// CHECK-NOT: nn.transpose
// CHECK-NOT: nn.matmul
builtin.module {
  func.func @main(%x : tensor<5x2xf32>) -> tensor<5x3xf32> attributes {input_names = ["x"], output_names = ["y"]} {
    %q = nn.constant dense<[[1, 2], [3, 4], [5, 6]]> : tensor<3x2xi8>
    %s = nn.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
    %z = nn.constant dense<[0, 0, 0]> : tensor<3xi8>
    %w = nn.dequantize %q, %s, %z <axis = 0> : (tensor<3x2xi8>, tensor<3xf32>, tensor<3xi8>) -> tensor<3x2xf32>
    %t = nn.transpose %w <permutation = [1, 0]> : (tensor<3x2xf32>) -> tensor<2x3xf32>
    %y = nn.matmul %x, %t : (tensor<5x2xf32>, tensor<2x3xf32>) -> tensor<5x3xf32>
    func.return %y : tensor<5x3xf32>
  }
}
