// RUN: recognise-layer-norm

// CHECK-LABEL: @main
// CHECK-NEXT: [[Y:%.*]] = nn.layer_norm %x, %scale, %bias <epsilon = {{.*}} : f32, divide>
// CHECK-NEXT: func.return [[Y]]
builtin.module {
  func.func @main(%x : tensor<2x4xf32>, %scale : tensor<4xf32>, %bias : tensor<4xf32>) -> tensor<2x4xf32> attributes {input_names = ["x", "scale", "bias"], output_names = ["y"]} {
    %epsilon = nn.constant dense<0.5> : tensor<f32>
    %m = nn.reduce_mean %x <axes = [-1], keepdims> : (tensor<2x4xf32>) -> tensor<2x1xf32>
    %d = nn.sub %x, %m : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
    %q = nn.mul %d, %d : tensor<2x4xf32>
    %v = nn.reduce_mean %q <axes = [1], keepdims> : (tensor<2x4xf32>) -> tensor<2x1xf32>
    %e = nn.add %v, %epsilon : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
    %r = nn.sqrt %e : tensor<2x1xf32>
    %n = nn.div %d, %r : (tensor<2x4xf32>, tensor<2x1xf32>) -> tensor<2x4xf32>
    %s = nn.mul %n, %scale : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
    %y = nn.add %s, %bias : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
    func.return %y : tensor<2x4xf32>
  }
}
