// RUN: recognise-gelu

// CHECK-LABEL: @main
// CHECK-NEXT: [[Y:%.*]] = nn.gelu %x : tensor<4xf32>
// CHECK-NEXT: func.return [[Y]]
builtin.module {
  func.func @main(%x : tensor<4xf32>) -> tensor<4xf32> attributes {input_names = ["x"], output_names = ["y"]} {
    %root = nn.constant dense<1.41421354> : tensor<f32>
    %one = nn.constant dense<1.0> : tensor<f32>
    %half = nn.constant dense<0.5> : tensor<f32>
    %a = nn.div %x, %root : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
    %b = nn.erf %a : tensor<4xf32>
    %c = nn.add %b, %one : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
    %d = nn.mul %x, %c : tensor<4xf32>
    %y = nn.mul %d, %half : (tensor<4xf32>, tensor<f32>) -> tensor<4xf32>
    func.return %y : tensor<4xf32>
  }
}
