// RUN: bound-quantisations

// What follows from bytes and small weights is small; what an unknown number is added to may be anything.
// CHECK-LABEL: @main(%x
// CHECK: [[Q:%.*]] = nn.quantize {{%.*}}, {{%.*}}, {{%.*}} <bounded> : (f32, f32, ui8) -> ui8
// CHECK: [[R:%.*]] = nn.quantize {{%.*}}, {{%.*}}, {{%.*}} : (f32, f32, i8) -> i8
// CHECK-NEXT: sparse.yield [[Q]], [[R]]
builtin.module {
  func.func @main(%x : tensor<3x2xui8>, %r : tensor<3x2xf32>) -> (tensor<3x2xui8>, tensor<3x2xi8>) attributes {input_names = ["x", "r"], output_names = ["y", "z"]} {
    %w = nn.constant dense<[[1, -128], [127, 0]]> : tensor<2x2xi8>
    %b = nn.constant dense<[1000, -7]> : tensor<2xi32>
    %m = nn.constant dense<[0.5, 0.25]> : tensor<2xf32>
    %y, %z = sparse.matmul %x, %w, %b, %m, %r : (tensor<3x2xui8>, tensor<2x2xi8>, tensor<2xi32>, tensor<2xf32>, tensor<3x2xf32>) -> (tensor<3x2xui8>, tensor<3x2xi8>) body (%a : i32, %bias : i32, %multiplier : f32, %residual : f32) {
      %s = nn.constant 0.1 : f32
      %t = nn.constant 9 : ui8
      %u = nn.constant -9 : i8
      %0 = nn.add %a, %bias : i32
      %1 = nn.cast %0 <to = f32> : (i32) -> f32
      %2 = nn.mul %1, %multiplier : f32
      %3 = nn.relu %2 : f32
      %q = nn.quantize %3, %s, %t : (f32, f32, ui8) -> ui8
      %4 = nn.add %2, %residual : f32
      %o = nn.quantize %4, %s, %u : (f32, f32, i8) -> i8
      sparse.yield %q, %o : ui8, i8
    }
    func.return %y, %z : tensor<3x2xui8>, tensor<3x2xi8>
  }
}

// -----

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

// -----

// A normalised number of 4 is at most 2, or NaN, which an ui8 saturates to 0 but an i8 with a zero point may not.
// CHECK-LABEL: @main(%x
// CHECK: sparse.layer_norm
// CHECK: nn.quantize {{%.*}}, {{%.*}}, {{%.*}} <bounded> : (f32, f32, ui8) -> ui8
// CHECK: nn.quantize {{%.*}}, {{%.*}}, {{%.*}} : (f32, f32, i8) -> i8
builtin.module {
  func.func @main(%x : tensor<3x4xf32>) -> (tensor<3x4xui8>, tensor<3x4xi8>) attributes {input_names = ["x"], output_names = ["y", "z"]} {
    %g = nn.constant dense<[1.0, -2.0, 0.5, 100.0]> : tensor<4xf32>
    %b = nn.constant dense<[0.0, 1.0, -3.0, 1000.0]> : tensor<4xf32>
    %y, %z = sparse.layer_norm %x, %g, %b <epsilon = 1.0e-12 : f32> : (tensor<3x4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<3x4xui8>, tensor<3x4xi8>) body (%n : f32) {
      %s = nn.constant 0.1 : f32
      %t = nn.constant 9 : ui8
      %u = nn.constant -9 : i8
      %q = nn.quantize %n, %s, %t : (f32, f32, ui8) -> ui8
      %r = nn.quantize %n, %s, %u : (f32, f32, i8) -> i8
      sparse.yield %q, %r : ui8, i8
    }
    func.return %y, %z : tensor<3x4xui8>, tensor<3x4xi8>
  }
}

// -----

// Weights of attention are at most 1.
// CHECK-LABEL: @main(%q
// CHECK: nn.quantize {{%.*}}, {{%.*}}, {{%.*}} <bounded> : (f32, f32, ui8) -> ui8
builtin.module {
  func.func @main(%q : tensor<1x3x4xui8>) -> tensor<1x3x4xf32> attributes {input_names = ["q"], output_names = ["y"]} {
    %y = nn.attention %q, %q, %q <heads = 2> : (tensor<1x3x4xui8>, tensor<1x3x4xui8>, tensor<1x3x4xui8>) -> tensor<1x3x4xf32> score (%s : i32) {
      %f = nn.cast %s <to = f32> : (i32) -> f32
      sparse.yield %f : f32
    } weight (%p : f32) {
      %c = nn.constant 0.004 : f32
      %t = nn.constant 0 : ui8
      %w = nn.quantize %p, %c, %t : (f32, f32, ui8) -> ui8
      sparse.yield %w : ui8
    } output (%a : i32) {
      %g = nn.cast %a <to = f32> : (i32) -> f32
      sparse.yield %g : f32
    }
    func.return %y : tensor<1x3x4xf32>
  }
}
