// RUN: assign-layouts

// Tiles from the product to the last op that wants them: one conversion at each border.
// CHECK-LABEL: @main(%x
// CHECK: [[X:%.*]] = sparse.convert_layout %x : {{.*}} -> tensor<?x2xf32, #sparse.tesa<dims = [tokens, _], layout = tiled>>
// CHECK: [[P:%.*]] = sparse.matmul [[X]]
// CHECK: [[R:%.*]] = nn.reshape [[P]] : {{.*}} -> tensor<1x?x2xf32, #sparse.tesa<dims = [_, tokens, _], layout = tiled>>
// CHECK-NEXT: [[N:%.*]] = nn.layer_norm [[R]]
// CHECK-NEXT: [[O:%.*]] = sparse.convert_layout [[N]] : {{.*}} -> tensor<1x?x2xf32, #sparse.tesa<dims = [_, tokens, _]>>
// CHECK-NEXT: func.return [[O]]
builtin.module {
  func.func @main(%x : tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>>) -> tensor<1x?x2xf32, #sparse.tesa<dims = [_, tokens, _]>> attributes {input_names = ["x"], output_names = ["y"]} {
    %w = nn.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32>
    %b = nn.constant dense<[0.5, -0.5]> : tensor<2xf32>
    %p = sparse.matmul %x, %w : (tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>>, tensor<2x2xf32>) -> tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>> body (%a : f32) {
      sparse.yield %a : f32
    }
    %r = nn.reshape %p : (tensor<?x2xf32, #sparse.tesa<dims = [tokens, _]>>) -> tensor<1x?x2xf32, #sparse.tesa<dims = [_, tokens, _]>>
    %n = nn.layer_norm %r, %b, %b <epsilon = 0.1 : f32> : (tensor<1x?x2xf32, #sparse.tesa<dims = [_, tokens, _]>>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x?x2xf32, #sparse.tesa<dims = [_, tokens, _]>>
    func.return %n : tensor<1x?x2xf32, #sparse.tesa<dims = [_, tokens, _]>>
  }
}
