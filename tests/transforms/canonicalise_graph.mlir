// RUN: canonicalise-graph

// Moves merge, and what they leave unchanged disappears.
// CHECK-LABEL: @main(%x
// CHECK-NEXT: [[R:%.*]] = nn.reshape %x : (tensor<?x6xf32, #sparse.tesa<dims = [batch, _]>>) -> tensor<?x3x2xf32
// CHECK-NEXT: [[T:%.*]] = nn.transpose [[R]] <permutation = [2, 0, 1]>
// CHECK-NEXT: func.return [[T]], %x
builtin.module {
  func.func @main(%x : tensor<?x6xf32, #sparse.tesa<dims = [batch, _]>>) -> (tensor<2x?x3xf32, #sparse.tesa<dims = [_, batch, _]>>, tensor<?x6xf32, #sparse.tesa<dims = [batch, _]>>) attributes {input_names = ["x"], output_names = ["y", "same"]} {
    %a = nn.reshape %x : (tensor<?x6xf32, #sparse.tesa<dims = [batch, _]>>) -> tensor<?x2x3xf32, #sparse.tesa<dims = [batch, _, _]>>
    %b = nn.reshape %a : (tensor<?x2x3xf32, #sparse.tesa<dims = [batch, _, _]>>) -> tensor<?x3x2xf32, #sparse.tesa<dims = [batch, _, _]>>
    %c = nn.transpose %b <permutation = [0, 2, 1]> : (tensor<?x3x2xf32, #sparse.tesa<dims = [batch, _, _]>>) -> tensor<?x2x3xf32, #sparse.tesa<dims = [batch, _, _]>>
    %d = nn.transpose %c <permutation = [1, 0, 2]> : (tensor<?x2x3xf32, #sparse.tesa<dims = [batch, _, _]>>) -> tensor<2x?x3xf32, #sparse.tesa<dims = [_, batch, _]>>
    %one = nn.constant dense<1.0> : tensor<f32>
    %e = nn.mul %x, %one : (tensor<?x6xf32, #sparse.tesa<dims = [batch, _]>>, tensor<f32>) -> tensor<?x6xf32, #sparse.tesa<dims = [batch, _]>>
    %f = nn.broadcast %e : (tensor<?x6xf32, #sparse.tesa<dims = [batch, _]>>) -> tensor<?x6xf32, #sparse.tesa<dims = [batch, _]>>
    func.return %d, %f : tensor<2x?x3xf32, #sparse.tesa<dims = [_, batch, _]>>, tensor<?x6xf32, #sparse.tesa<dims = [batch, _]>>
  }
}

// -----

// Work is done before a broadcast, and twice the same is done once.
// CHECK-LABEL: @main(%m
// CHECK-NEXT: [[N:%.*]] = nn.neg %m {source = "first"} : tensor<1x4xf32>
// CHECK-NEXT: [[S:%.*]] = nn.add %x, [[N]] : (tensor<3x4xf32>, tensor<1x4xf32>) -> tensor<3x4xf32>
// CHECK-NEXT: func.return [[S]], [[S]]
builtin.module {
  func.func @main(%m : tensor<1x4xf32>, %x : tensor<3x4xf32>) -> (tensor<3x4xf32>, tensor<3x4xf32>) attributes {input_names = ["m", "x"], output_names = ["y", "z"]} {
    %w = nn.broadcast %m : (tensor<1x4xf32>) -> tensor<3x4xf32>
    %n = nn.neg %w {source = "first"} : tensor<3x4xf32>
    %k = nn.neg %w {source = "second"} : tensor<3x4xf32>
    %y = nn.add %x, %n : tensor<3x4xf32>
    %z = nn.add %x, %k : tensor<3x4xf32>
    func.return %y, %z : tensor<3x4xf32>, tensor<3x4xf32>
  }
}

// -----

// What is the same for all channels is summed once.
// CHECK-LABEL: @main(%m
// CHECK-NEXT: [[S:%.*]] = nn.reduce_sum %m <axes = [0]> : (tensor<3x1xf32>) -> tensor<1xf32>
// CHECK-NEXT: nn.broadcast [[S]] : (tensor<1xf32>) -> tensor<4xf32>
builtin.module {
  func.func @main(%m : tensor<3x1xf32>) -> tensor<4xf32> attributes {input_names = ["m"], output_names = ["y"]} {
    %w = nn.broadcast %m : (tensor<3x1xf32>) -> tensor<3x4xf32>
    %y = nn.reduce_sum %w <axes = [0]> : (tensor<3x4xf32>) -> tensor<4xf32>
    func.return %y : tensor<4xf32>
  }
}

// -----

// NaN becomes the lowest byte, which 0 is already; with another zero point, or another number, it must be looked for.
// CHECK-LABEL: @main(%x
// CHECK: [[W:%.*]] = nn.where
// CHECK-NEXT: [[V:%.*]] = nn.where
// CHECK-NEXT: [[Q:%.*]] = nn.quantize %x
// CHECK-NEXT: [[R:%.*]] = nn.quantize [[W]]
// CHECK-NEXT: [[S:%.*]] = nn.quantize [[V]]
// CHECK-NEXT: func.return [[Q]], [[R]], [[S]]
builtin.module {
  func.func @main(%x : tensor<3x4xf32>) -> (tensor<3x4xui8>, tensor<3x4xui8>, tensor<3x4xui8>) attributes {input_names = ["x"], output_names = ["q", "r", "s"]} {
    %n = nn.is_nan %x : (tensor<3x4xf32>) -> tensor<3x4xi1>
    %zero = nn.constant dense<0.0> : tensor<f32>
    %one = nn.constant dense<1.0> : tensor<f32>
    %scale = nn.constant dense<0.1> : tensor<f32>
    %lowest = nn.constant dense<0> : tensor<ui8>
    %middle = nn.constant dense<128> : tensor<ui8>
    %w = nn.where %n, %zero, %x : (tensor<3x4xi1>, tensor<f32>, tensor<3x4xf32>) -> tensor<3x4xf32>
    %v = nn.where %n, %one, %x : (tensor<3x4xi1>, tensor<f32>, tensor<3x4xf32>) -> tensor<3x4xf32>
    %q = nn.quantize %w, %scale, %lowest : (tensor<3x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<3x4xui8>
    %r = nn.quantize %w, %scale, %middle : (tensor<3x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<3x4xui8>
    %s = nn.quantize %v, %scale, %lowest : (tensor<3x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<3x4xui8>
    func.return %q, %r, %s : tensor<3x4xui8>, tensor<3x4xui8>, tensor<3x4xui8>
  }
}
