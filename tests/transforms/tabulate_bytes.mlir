// RUN: tabulate-bytes

// A chain from a byte to a byte is one lookup; what it reads is the first byte of the chain.
// CHECK-LABEL: @main(%x
// CHECK: body ([[X:%.*]]: f32) {
// CHECK: [[Q:%.*]] = nn.quantize [[X]]
// CHECK-NEXT: [[T:%.*]] = nn.constant weight "{{[0-9a-f]+}}" : !nn.table<i8>
// CHECK-NEXT: [[L:%.*]] = nn.lookup [[Q]], [[T]] : (ui8, !nn.table<i8>) -> i8
// CHECK-NEXT: sparse.yield [[L]] : i8
builtin.module {
  func.func @main(%x : tensor<4xf32>) -> tensor<4xi8> attributes {input_names = ["x"], output_names = ["y"]} {
    %y = sparse.map %x : (tensor<4xf32>) -> tensor<4xi8> body (%a : f32) {
      %s = nn.constant 0.1 : f32
      %z = nn.constant 128 : ui8
      %q = nn.quantize %a, %s, %z : (f32, f32, ui8) -> ui8
      %d = nn.dequantize %q, %s, %z : (ui8, f32, ui8) -> f32
      %g = nn.gelu %d : f32
      %q1 = nn.quantize %g, %s, %z : (f32, f32, ui8) -> ui8
      %d1 = nn.dequantize %q1, %s, %z : (ui8, f32, ui8) -> f32
      %m = nn.mul %d1, %s : f32
      %s2 = nn.constant 0.02 : f32
      %z2 = nn.constant -3 : i8
      %q2 = nn.quantize %m, %s2, %z2 : (f32, f32, i8) -> i8
      sparse.yield %q2 : i8
    }
    func.return %y : tensor<4xi8>
  }
}

// -----

// Not so where an operand varies in between, where little is computed, or where the float is needed anyway.
// CHECK-LABEL: @main(%x
// CHECK-NOT: nn.lookup
builtin.module {
  func.func @main(%x : tensor<4xui8>, %b : tensor<4xf32>) -> (tensor<4xui8>, tensor<4xui8>, tensor<4xui8>, tensor<4xf32>) attributes {input_names = ["x", "b"], output_names = ["y", "z", "v", "w"]} {
    %y, %z, %v, %w = sparse.map %x, %b : (tensor<4xui8>, tensor<4xf32>) -> (tensor<4xui8>, tensor<4xui8>, tensor<4xui8>, tensor<4xf32>) body (%q : ui8, %bias : f32) {
      %s = nn.constant 0.1 : f32
      %zero = nn.constant 128 : ui8
      %d = nn.dequantize %q, %s, %zero : (ui8, f32, ui8) -> f32
      %a = nn.add %d, %bias : f32
      %g = nn.gelu %a : f32
      %q1 = nn.quantize %g, %s, %zero : (f32, f32, ui8) -> ui8
      %r = nn.relu %d : f32
      %s1 = nn.constant 0.05 : f32
      %q2 = nn.quantize %r, %s1, %zero : (f32, f32, ui8) -> ui8
      %t = nn.tanh %d : f32
      %q3 = nn.quantize %t, %s1, %zero : (f32, f32, ui8) -> ui8
      sparse.yield %q1, %q2, %q3, %t : ui8, ui8, ui8, f32
    }
    func.return %y, %z, %v, %w : tensor<4xui8>, tensor<4xui8>, tensor<4xui8>, tensor<4xf32>
  }
}
