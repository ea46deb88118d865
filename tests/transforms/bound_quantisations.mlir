// RUN: bound-quantisations

// A sum of bytes times a small number is bounded, and so is what a byte and a GELU make of it; a float input is not.
// CHECK-LABEL: @main(%x
// CHECK: [[R:%.*]] = nn.mul {{%.*}}, {{%.*}} : f32
// CHECK: [[Q:%.*]] = nn.quantize [[R]], {{%.*}}, {{%.*}} <bounded> : (f32, f32, ui8) -> ui8
// CHECK: [[G:%.*]] = nn.gelu
// CHECK: nn.quantize [[G]], {{%.*}}, {{%.*}} <bounded>
// CHECK: [[S:%.*]] = nn.add [[R]]
// CHECK: nn.quantize [[S]], {{%.*}}, {{%.*}} : (f32, f32, ui8) -> ui8
builtin.module {
  func.func @main(%x : tensor<3x4xui8>, %e : tensor<3x2xf32>) -> (tensor<3x2xui8>, tensor<3x2xui8>, tensor<3x2xui8>) attributes {input_names = ["x", "e"], output_names = ["y", "z", "v"]} {
    %w = nn.constant dense<[[1, 2, 3, 4], [5, 6, 7, 8]]> : tensor<2x4xi8>
    %m = nn.constant dense<[0.01, 0.5]> : tensor<2xf32>
    %y, %z, %v = sparse.matmul %x, %w, %m, %e : (tensor<3x4xui8>, tensor<2x4xi8>, tensor<2xf32>, tensor<3x2xf32>) -> (tensor<3x2xui8>, tensor<3x2xui8>, tensor<3x2xui8>) body (%acc : i32, %c : f32, %a : f32) {
      %f = nn.cast %acc <to = f32> : (i32) -> f32
      %r = nn.mul %f, %c : f32
      %s = nn.constant 2.0 : f32
      %zero = nn.constant 128 : ui8
      %q = nn.quantize %r, %s, %zero : (f32, f32, ui8) -> ui8
      %d = nn.dequantize %q, %s, %zero : (ui8, f32, ui8) -> f32
      %b = nn.add %d, %c : f32
      %g = nn.gelu %b : f32
      %q1 = nn.quantize %g, %s, %zero : (f32, f32, ui8) -> ui8
      %sum = nn.add %r, %a : f32
      %q2 = nn.quantize %sum, %s, %zero : (f32, f32, ui8) -> ui8
      sparse.yield %q, %q1, %q2 : ui8, ui8, ui8
    }
    func.return %y, %z, %v : tensor<3x2xui8>, tensor<3x2xui8>, tensor<3x2xui8>
  }
}
