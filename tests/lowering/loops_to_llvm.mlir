// RUN: loops-to-llvm

// A loop is tested once before it is entered and then at its end: one branch per turn.
func.func @sum(%p: !llvm.ptr, %n: i64) -> i64 attributes {sparsec.features = "+avx2"} {
  %zero = arith.constant 0 : i64
  %one = arith.constant 1 : i64
  %total = scf.for %i = %zero to %n step %one iter_args(%s = %zero) -> (i64) : i64 {
    %next = arith.addi %s, %i : i64
    scf.yield %next : i64
  }
  func.return %total : i64
}
// CHECK:       llvm.func @sum(%{{.*}}: !llvm.ptr, %n: i64) -> i64 attributes {sparsec.features = "+avx2"} {
// CHECK:         %[[ENTER:\w+]] = llvm.icmp "slt" %zero, %n : i64
// CHECK-NEXT:    llvm.cond_br %[[ENTER]], ^[[BODY:\w+]](%zero, %zero : i64, i64), ^[[END:\w+]](%zero : i64)
// CHECK-NEXT:  ^[[BODY]](%i: i64, %s: i64):
// CHECK-NEXT:    %next = llvm.add %s, %i : i64
// CHECK-NEXT:    %[[STEP:\w+]] = llvm.add %i, %one overflow<nsw> : i64
// CHECK-NEXT:    %[[AGAIN:\w+]] = llvm.icmp "slt" %[[STEP]], %n : i64
// CHECK-NEXT:    llvm.cond_br %[[AGAIN]], ^[[BODY]](%[[STEP]], %next : i64, i64), ^[[END]](%next : i64)
// CHECK-NEXT:  ^[[END]](%total: i64):
// CHECK-NEXT:    llvm.return %total : i64

func.func private @choose(%c: i1, %a: f32, %p: !llvm.ptr) {
  %r = scf.if %c -> (f32) {
    %b = arith.addf %a, %a : f32
    scf.yield %b : f32
  } else {
    scf.yield %a : f32
  }
  llvm.store %r, %p : f32, !llvm.ptr
  func.return
}
// CHECK:       llvm.func internal @choose
// CHECK-NEXT:    llvm.cond_br %c, ^[[THEN:\w+]], ^[[ELSE:\w+]]
// CHECK-NEXT:  ^[[THEN]]:
// CHECK-NEXT:    %b = llvm.fadd %a, %a : f32
// CHECK-NEXT:    llvm.br ^[[JOIN:\w+]](%b : f32)
// CHECK-NEXT:  ^[[ELSE]]:
// CHECK-NEXT:    llvm.br ^[[JOIN]](%a : f32)
// CHECK-NEXT:  ^[[JOIN]](%r: f32):
// CHECK-NEXT:    llvm.store %r

func.func @vectors(%p: !llvm.ptr, %x: f32) {
  %v = vector.broadcast %x : f32 to vector<4xf32>
  %mask = lanes.compare "olt" %v, %v : vector<4xf32> -> vector<4xi1>
  %w = lanes.select %mask, %v, %v : vector<4xi1>, vector<4xf32>
  %bits = vector.bitcast %w : vector<4xf32> to vector<16xi8>
  %lane = vector.extract %bits[3] : i8 from vector<16xi8>
  %most = arith.maxsi %lane, %lane : i8
  llvm.store %most, %p : i8, !llvm.ptr
  func.return
}
// CHECK:       llvm.func @vectors
// CHECK:         %[[FIRST:\w+]] = llvm.insertelement %x, %{{.*}}[%{{.*}} : i32] : vector<4xf32>
// CHECK-NEXT:    %[[V:\w+]] = llvm.shufflevector %[[FIRST]], %{{.*}} [0, 0, 0, 0] : vector<4xf32>
// CHECK-NEXT:    %mask = lanes.compare "olt" %[[V]], %[[V]]
// CHECK-NEXT:    %w = lanes.select %mask
// CHECK-NEXT:    %bits = llvm.bitcast %w : vector<4xf32> to vector<16xi8>
// CHECK-NEXT:    %lane = llvm.shufflevector %bits, %bits [3] : vector<16xi8>
// CHECK-NEXT:    %[[BYTE:\w+]] = llvm.bitcast %lane : vector<1xi8> to i8
// CHECK-NEXT:    llvm.call_intrinsic "llvm.smax.i8"(%[[BYTE]], %[[BYTE]])
