// RUN: infer-shapes

// Types that are right stay what they are (stale ones do not parse: see test_infer_shapes.py).
// CHECK-LABEL: @main
// CHECK-SAME: -> tensor<?x4x2xf32, #sparse.tesa<dims = [n, _, _]>>
// CHECK: nn.neg %x : tensor<?x8xf32, #sparse.tesa<dims = [n, _]>>
// CHECK-NEXT: nn.reshape {{.*}} -> tensor<?xf32, #sparse.tesa<dims = ["8*n"]>>
// CHECK-NEXT: nn.reshape {{.*}} -> tensor<?x4x2xf32, #sparse.tesa<dims = [n, _, _]>>
builtin.module {
  func.func @main(%x : tensor<?x8xf32, #sparse.tesa<dims = [n, _]>>) -> tensor<?x4x2xf32, #sparse.tesa<dims = [n, _, _]>> attributes {input_names = ["x"], output_names = ["y"]} {
    %a = nn.neg %x : tensor<?x8xf32, #sparse.tesa<dims = [n, _]>>
    %b = nn.reshape %a : (tensor<?x8xf32, #sparse.tesa<dims = [n, _]>>) -> tensor<?xf32, #sparse.tesa<dims = ["8*n"]>>
    %c = nn.reshape %b : (tensor<?xf32, #sparse.tesa<dims = ["8*n"]>>) -> tensor<?x4x2xf32, #sparse.tesa<dims = [n, _, _]>>
    func.return %c : tensor<?x4x2xf32, #sparse.tesa<dims = [n, _, _]>>
  }
}
