// RUN: fold-constants

// Arithmetic on constants is done; a weight stays in bytes, however small, and a broadcast stays a broadcast.
// CHECK-LABEL: @main
builtin.module {
  func.func @main(%x : tensor<4xf32>) -> (tensor<4xf32>, tensor<64x64xf32>, tensor<1x1xf32>) attributes {input_names = ["x"], output_names = ["y", "w", "e"]} {
    %a = nn.constant dense<2.0> : tensor<f32>
    %b = nn.constant dense<3.0> : tensor<f32>
    %c = nn.mul %a, %b : tensor<f32>
    // CHECK: [[SIX:%.*]] = nn.constant dense<6.000000e+00> : tensor<f32>
    // CHECK-NEXT: nn.add %x, [[SIX]]
    %y = nn.add %x, %c : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
    %z = nn.constant dense<0> : tensor<i8>
    %q = nn.constant dense<7> : tensor<1xi8>
    %d = nn.dequantize %q, %a, %z : (tensor<1xi8>, tensor<f32>, tensor<i8>) -> tensor<1xf32>
    // CHECK: [[FEW:%.*]] = nn.constant dense<1.400000e+01> : tensor<1xf32>
    // CHECK-NEXT: nn.broadcast [[FEW]]
    %w = nn.broadcast %d : (tensor<1xf32>) -> tensor<64x64xf32>
    %m = nn.constant dense<7> : tensor<1x1xi8>
    // CHECK: nn.dequantize
    %e = nn.dequantize %m, %a, %z : (tensor<1x1xi8>, tensor<f32>, tensor<i8>) -> tensor<1x1xf32>
    func.return %y, %w, %e : tensor<4xf32>, tensor<64x64xf32>, tensor<1x1xf32>
  }
}
