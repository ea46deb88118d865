// RUN: hoist-slices

// Only the first query is asked, of the keys and values of all tokens, and only the first token is normalised.
// CHECK-LABEL: @main(%x
// CHECK: [[X:%.*]] = nn.slice %x {{.*}} -> tensor<2x1x4xf32>
// CHECK: [[A:%.*]] = nn.attention [[X]], %x, %x <heads = 2> : (tensor<2x1x4xf32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>) -> tensor<2x1x4xf32>
// CHECK: [[S:%.*]] = nn.add [[A]], [[X]]
// CHECK-NEXT: [[N:%.*]] = nn.layer_norm [[S]], %g, %g
// CHECK-NEXT: func.return [[N]]
builtin.module {
  func.func @main(%x : tensor<2x5x4xf32>, %g : tensor<4xf32>) -> tensor<2x1x4xf32> attributes {input_names = ["x", "g"], output_names = ["y"]} {
    %a = nn.attention %x, %x, %x <heads = 2> : (tensor<2x5x4xf32>, tensor<2x5x4xf32>, tensor<2x5x4xf32>) -> tensor<2x5x4xf32> score (%s : f32) {
      sparse.yield %s : f32
    } weight (%w : f32) {
      sparse.yield %w : f32
    } output (%o : f32) {
      sparse.yield %o : f32
    }
    %r = nn.add %a, %x : tensor<2x5x4xf32>
    %n = nn.layer_norm %r, %g, %g <epsilon = 1.0e-5 : f32> : (tensor<2x5x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x5x4xf32>
    %y = nn.slice %n <starts = ["0", "0", "0"], steps = [1, 1, 1]> : (tensor<2x5x4xf32>) -> tensor<2x1x4xf32>
    func.return %y : tensor<2x1x4xf32>
  }
}
