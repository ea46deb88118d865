// RUN: form-sparse-matmuls,fuse-epilogues

// Bias and activation join the product; its quantised copy is a second result.
// CHECK-LABEL: @main(%x
// CHECK: [[Y:%.*]], [[Q:%.*]] = sparse.matmul %x, {{%.*}}, {{%.*}} : {{.*}} -> (tensor<?x2xf32, {{.*}}>, tensor<?x2xui8, {{.*}}>)
// CHECK-SAME: body ([[ACC:%.*]]: f32, [[BIAS:%.*]]: f32) {
// CHECK-NEXT: [[S:%.*]] = nn.add [[ACC]], [[BIAS]] : f32
// CHECK-NEXT: [[R:%.*]] = nn.relu [[S]] : f32
// CHECK: [[B:%.*]] = nn.quantize [[R]]
// CHECK-NEXT: sparse.yield [[R]], [[B]] : f32, ui8
// CHECK: func.return [[Y]], [[Q]]
builtin.module {
  func.func @main(%x : tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>>) -> (tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>>, tensor<?x2xui8, #sparse.tesa<dims = [tokens, _]>>) attributes {input_names = ["x"], output_names = ["y", "q"]} {
    %w = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
    %b = nn.constant dense<[0.5, -0.5]> : tensor<2xf32>
    %scale = nn.constant dense<0.1> : tensor<f32>
    %zero = nn.constant dense<128> : tensor<ui8>
    %p = nn.linear %x, %w : (tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>>, tensor<2x2xf32>) -> tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>>
    %s = nn.add %p, %b : (tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>>, tensor<2xf32>) -> tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>>
    %y = nn.relu %s : tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>>
    %q = nn.quantize %y, %scale, %zero : (tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>>, tensor<f32>, tensor<ui8>) -> tensor<?x2xui8, #sparse.tesa<dims = [tokens, _]>>
    func.return %y, %q : tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>>, tensor<?x2xui8, #sparse.tesa<dims = [tokens, _]>>
  }
}
