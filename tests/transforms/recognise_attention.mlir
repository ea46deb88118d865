// RUN: recognise-attention

// What stands between the products becomes bodies; a quantisation after the split of heads is taken before it.
// CHECK-LABEL: @main
// CHECK: [[Q:%.*]] = nn.quantize %q, {{.*}} : (tensor<3x6x8xf32>, tensor<f32>, tensor<ui8>) -> tensor<3x6x8xui8>
// CHECK: [[D:%.*]] = nn.dequantize [[Q]]
// CHECK: [[Y:%.*]] = nn.attention [[D]], %k, %v, %mask <heads = 2>
// CHECK-SAME: score ([[S:%.*]]: f32, [[M:%.*]]: f32)
// CHECK: nn.add {{.*}}, [[M]] : f32
// CHECK: func.return [[Y]]
builtin.module {
  func.func @main(%q : tensor<3x6x8xf32>, %k : tensor<3x6x8xf32>, %v : tensor<3x6x8xf32>, %mask : tensor<3x1x1x6xf32>) -> tensor<3x6x8xf32> attributes {input_names = ["q", "k", "v", "mask"], output_names = ["y"]} {
    %scale = nn.constant dense<0.5> : tensor<f32>
    %zero = nn.constant dense<128> : tensor<ui8>
    %q0 = nn.reshape %q : (tensor<3x6x8xf32>) -> tensor<3x6x2x4xf32>
    %q1 = nn.transpose %q0 <permutation = [0, 2, 1, 3]> : (tensor<3x6x2x4xf32>) -> tensor<3x2x6x4xf32>
    %q2 = nn.quantize %q1, %scale, %zero : (tensor<3x2x6x4xf32>, tensor<f32>, tensor<ui8>) -> tensor<3x2x6x4xui8>
    %q3 = nn.dequantize %q2, %scale, %zero : (tensor<3x2x6x4xui8>, tensor<f32>, tensor<ui8>) -> tensor<3x2x6x4xf32>
    %k0 = nn.reshape %k : (tensor<3x6x8xf32>) -> tensor<3x6x2x4xf32>
    %k1 = nn.transpose %k0 <permutation = [0, 2, 3, 1]> : (tensor<3x6x2x4xf32>) -> tensor<3x2x4x6xf32>
    %s = nn.matmul %q3, %k1 : (tensor<3x2x6x4xf32>, tensor<3x2x4x6xf32>) -> tensor<3x2x6x6xf32>
    %t = nn.mul %s, %scale : (tensor<3x2x6x6xf32>, tensor<f32>) -> tensor<3x2x6x6xf32>
    %u = nn.add %t, %mask : (tensor<3x2x6x6xf32>, tensor<3x1x1x6xf32>) -> tensor<3x2x6x6xf32>
    %p = nn.softmax %u <axis = -1> : tensor<3x2x6x6xf32>
    %v0 = nn.reshape %v : (tensor<3x6x8xf32>) -> tensor<3x6x2x4xf32>
    %v1 = nn.transpose %v0 <permutation = [0, 2, 1, 3]> : (tensor<3x6x2x4xf32>) -> tensor<3x2x6x4xf32>
    %m = nn.matmul %p, %v1 : (tensor<3x2x6x6xf32>, tensor<3x2x6x4xf32>) -> tensor<3x2x6x4xf32>
    %y0 = nn.transpose %m <permutation = [0, 2, 1, 3]> : (tensor<3x2x6x4xf32>) -> tensor<3x6x2x4xf32>
    %y = nn.reshape %y0 : (tensor<3x6x2x4xf32>) -> tensor<3x6x8xf32>
    func.return %y : tensor<3x6x8xf32>
  }
}
