; made from runtime.c by `python -m sparsec.runtime.build`, sources sha256 88c10b057f9a43971f30048fa214198c397d337344957b6c24da5b17d953d9c8

%struct.cpu_feature = type { ptr, i32, i32, i8, i32, i32 }
%union.pthread_mutex_t = type { %struct.__pthread_mutex_s }
%struct.__pthread_mutex_s = type { i32, i32, i32, i32, i32, i16, i16, %struct.__pthread_internal_list }
%struct.__pthread_internal_list = type { ptr, ptr }
%struct.timespec = type { i64, i64 }
%struct.profile_place = type { i64, i64, i64 }
%struct.worker = type { ptr, i64, i64 }
%struct.cpu_mask = type { [128 x i64] }
%struct.sparsec_variant = type { ptr, i64, ptr, ptr, ptr }
%struct.sparsec_tensor_info = type { ptr, i32, i32, ptr }
%struct.sparsec_tensor = type { ptr, i64, i32, i32, [8 x i64] }
%struct.__va_list_tag = type { i32, i32, ptr, ptr }
%union.pthread_attr_t = type { i64, [48 x i8] }
%struct.__sigset_t = type { [16 x i64] }
%struct.sparsec_span = type { i32, i32, i64, i64, i64 }

@at_unload = internal constant ptr @stop_all, section ".fini_array", align 8
@.str = private unnamed_addr constant [102 x i8] c"output '%s' would have a negative size or more than 2^63 bytes: the model is not made for such inputs\00", align 1
@.str.1 = private unnamed_addr constant [28 x i8] c"cannot start %d threads: %s\00", align 1
@.str.2 = private unnamed_addr constant [59 x i8] c"not enough memory: the profile of %d calls with %d threads\00", align 1
@.str.3 = private unnamed_addr constant [3 x i8] c"%s\00", align 1
@.str.4 = private unnamed_addr constant [39 x i8] c"%d threads asked for, expected 1 to %d\00", align 1
@.str.5 = private unnamed_addr constant [1 x i8] zeroinitializer, align 1
@contexts = internal unnamed_addr global ptr null, align 8
@contexts_owner = internal global i32 0, align 4
@cpu_features = internal unnamed_addr constant [18 x %struct.cpu_feature] [%struct.cpu_feature { ptr @.str.6, i32 1, i32 0, i8 99, i32 28, i32 6 }, %struct.cpu_feature { ptr @.str.7, i32 7, i32 0, i8 98, i32 5, i32 6 }, %struct.cpu_feature { ptr @.str.8, i32 1, i32 0, i8 99, i32 12, i32 6 }, %struct.cpu_feature { ptr @.str.9, i32 1, i32 0, i8 99, i32 29, i32 6 }, %struct.cpu_feature { ptr @.str.10, i32 7, i32 0, i8 98, i32 3, i32 0 }, %struct.cpu_feature { ptr @.str.11, i32 7, i32 0, i8 98, i32 8, i32 0 }, %struct.cpu_feature { ptr @.str.12, i32 -2147483647, i32 0, i8 99, i32 5, i32 0 }, %struct.cpu_feature { ptr @.str.13, i32 1, i32 0, i8 99, i32 22, i32 0 }, %struct.cpu_feature { ptr @.str.14, i32 7, i32 0, i8 98, i32 16, i32 230 }, %struct.cpu_feature { ptr @.str.15, i32 7, i32 0, i8 98, i32 30, i32 230 }, %struct.cpu_feature { ptr @.str.16, i32 7, i32 0, i8 98, i32 17, i32 230 }, %struct.cpu_feature { ptr @.str.17, i32 7, i32 0, i8 98, i32 31, i32 230 }, %struct.cpu_feature { ptr @.str.18, i32 7, i32 0, i8 98, i32 28, i32 230 }, %struct.cpu_feature { ptr @.str.19, i32 7, i32 0, i8 99, i32 11, i32 230 }, %struct.cpu_feature { ptr @.str.20, i32 7, i32 0, i8 99, i32 1, i32 230 }, %struct.cpu_feature { ptr @.str.21, i32 7, i32 1, i8 97, i32 4, i32 6 }, %struct.cpu_feature { ptr @.str.22, i32 7, i32 0, i8 100, i32 24, i32 393216 }, %struct.cpu_feature { ptr @.str.23, i32 7, i32 0, i8 100, i32 25, i32 393216 }], align 16
@.str.6 = private unnamed_addr constant [4 x i8] c"avx\00", align 1
@.str.7 = private unnamed_addr constant [5 x i8] c"avx2\00", align 1
@.str.8 = private unnamed_addr constant [4 x i8] c"fma\00", align 1
@.str.9 = private unnamed_addr constant [5 x i8] c"f16c\00", align 1
@.str.10 = private unnamed_addr constant [4 x i8] c"bmi\00", align 1
@.str.11 = private unnamed_addr constant [5 x i8] c"bmi2\00", align 1
@.str.12 = private unnamed_addr constant [6 x i8] c"lzcnt\00", align 1
@.str.13 = private unnamed_addr constant [6 x i8] c"movbe\00", align 1
@.str.14 = private unnamed_addr constant [8 x i8] c"avx512f\00", align 1
@.str.15 = private unnamed_addr constant [9 x i8] c"avx512bw\00", align 1
@.str.16 = private unnamed_addr constant [9 x i8] c"avx512dq\00", align 1
@.str.17 = private unnamed_addr constant [9 x i8] c"avx512vl\00", align 1
@.str.18 = private unnamed_addr constant [9 x i8] c"avx512cd\00", align 1
@.str.19 = private unnamed_addr constant [11 x i8] c"avx512vnni\00", align 1
@.str.20 = private unnamed_addr constant [11 x i8] c"avx512vbmi\00", align 1
@.str.21 = private unnamed_addr constant [8 x i8] c"avxvnni\00", align 1
@.str.22 = private unnamed_addr constant [9 x i8] c"amx-tile\00", align 1
@.str.23 = private unnamed_addr constant [9 x i8] c"amx-int8\00", align 1
@core_of.names.rel = internal unnamed_addr constant [2 x i32] [i32 trunc (i64 sub (i64 ptrtoint (ptr @.str.24 to i64), i64 ptrtoint (ptr @core_of.names.rel to i64)) to i32), i32 trunc (i64 sub (i64 ptrtoint (ptr @.str.25 to i64), i64 ptrtoint (ptr @core_of.names.rel to i64)) to i32)], align 4
@.str.24 = private unnamed_addr constant [15 x i8] c"core_cpus_list\00", align 1
@.str.25 = private unnamed_addr constant [21 x i8] c"thread_siblings_list\00", align 1
@.str.26 = private unnamed_addr constant [42 x i8] c"/sys/devices/system/cpu/cpu%d/topology/%s\00", align 1
@.str.27 = private unnamed_addr constant [23 x i8] c"/sys/fs/cgroup/cpu.max\00", align 1
@.str.28 = private unnamed_addr constant [32 x i8] c"the array of %s tensors is NULL\00", align 1
@.str.29 = private unnamed_addr constant [7 x i8] c"output\00", align 1
@.str.30 = private unnamed_addr constant [6 x i8] c"input\00", align 1
@.str.31 = private unnamed_addr constant [30 x i8] c"input '%s' is %s, expected %s\00", align 1
@.str.32 = private unnamed_addr constant [22 x i8] c"input '%s' has shape \00", align 1
@.str.33 = private unnamed_addr constant [7 x i8] c"%s%lld\00", align 1
@.str.34 = private unnamed_addr constant [3 x i8] c", \00", align 1
@.str.35 = private unnamed_addr constant [2 x i8] c"[\00", align 1
@.str.36 = private unnamed_addr constant [3 x i8] c"] \00", align 1
@.str.37 = private unnamed_addr constant [4 x i8] c"[] \00", align 1
@.str.38 = private unnamed_addr constant [21 x i8] c"(rank %d), expected \00", align 1
@dtype_name.names = internal constant [14 x [8 x i8]] [[8 x i8] zeroinitializer, [8 x i8] c"float32\00", [8 x i8] c"uint8\00\00\00", [8 x i8] c"int8\00\00\00\00", [8 x i8] c"uint16\00\00", [8 x i8] c"int16\00\00\00", [8 x i8] c"int32\00\00\00", [8 x i8] c"int64\00\00\00", [8 x i8] zeroinitializer, [8 x i8] c"bool\00\00\00\00", [8 x i8] c"float16\00", [8 x i8] c"float64\00", [8 x i8] c"uint32\00\00", [8 x i8] c"uint64\00\00"], align 16
@.str.39 = private unnamed_addr constant [17 x i8] c"an unknown dtype\00", align 1
@dtype_size.sizes = internal unnamed_addr constant [14 x i8] c"\00\04\01\01\02\02\04\08\00\01\02\08\04\08", align 1
@.str.40 = private unnamed_addr constant [5 x i8] c"%lld\00", align 1
@.str.41 = private unnamed_addr constant [12 x i8] c"] (rank %d)\00", align 1
@.str.42 = private unnamed_addr constant [63 x i8] c"input '%s': dimension %d is %lld, but sizes cannot be negative\00", align 1
@.str.43 = private unnamed_addr constant [48 x i8] c"input '%s': dimension %d is %lld, expected %lld\00", align 1
@.str.44 = private unnamed_addr constant [70 x i8] c"input '%s': dimension %d ('%s') is %lld, but input '%s' has %s = %lld\00", align 1
@.str.45 = private unnamed_addr constant [98 x i8] c"%s '%s' would have a negative size or more than 2^63 bytes: the model is not made for such inputs\00", align 1
@.str.46 = private unnamed_addr constant [62 x i8] c"%s '%s' has no buffer: data is NULL and %lld bytes are needed\00", align 1
@.str.47 = private unnamed_addr constant [52 x i8] c"%s '%s': the buffer has %lld bytes, %lld are needed\00", align 1
@.str.48 = private unnamed_addr constant [27 x i8] c"the threads' working areas\00", align 1
@.str.49 = private unnamed_addr constant [25 x i8] c"the intermediate results\00", align 1
@.str.50 = private unnamed_addr constant [66 x i8] c"not enough memory: %s of a call with these shapes need %lld bytes\00", align 1
@creation_error.mutex = internal global %union.pthread_mutex_t zeroinitializer, align 8
@creation_error.text = internal global [512 x i8] zeroinitializer, align 16
@.str.51 = private unnamed_addr constant [32 x i8] c"not enough memory for a context\00", align 1
@.str.52 = private unnamed_addr constant [15 x i8] c"this CPU lacks\00", align 1
@.str.53 = private unnamed_addr constant [4 x i8] c" %s\00", align 1
@.str.54 = private unnamed_addr constant [12 x i8] c" feature-%d\00", align 1
@.str.55 = private unnamed_addr constant [62 x i8] c", which this model was compiled for; compile it for target %s\00", align 1
@.str.56 = private unnamed_addr constant [37 x i8] c"'x86_64' to run it on any x86-64 CPU\00", align 1
@llvm.compiler.used = appending global [1 x ptr] [ptr @at_unload], section "llvm.metadata"

; Function Attrs: nounwind optsize
define void @sparsec_parallel(ptr noundef %0, ptr noundef %1, ptr noundef %2, i64 noundef %3) local_unnamed_addr #0 {
  %5 = alloca %struct.timespec, align 8
  %6 = alloca i32, align 4
  %7 = alloca i32, align 4
  %8 = icmp sgt i64 %3, 1
  br i1 %8, label %9, label %101

9:                                                ; preds = %4
  %10 = getelementptr inbounds i8, ptr %0, i64 24
  %11 = load i32, ptr %10, align 8
  %12 = icmp eq i32 %11, 0
  br i1 %12, label %13, label %17

13:                                               ; preds = %9
  %14 = getelementptr inbounds i8, ptr %0, i64 8
  %15 = load ptr, ptr %14, align 8
  %16 = icmp eq ptr %15, null
  br i1 %16, label %103, label %17

17:                                               ; preds = %13, %9
  %18 = getelementptr inbounds i8, ptr %0, i64 240
  store ptr %1, ptr %18, align 16
  %19 = getelementptr inbounds i8, ptr %0, i64 248
  store ptr %2, ptr %19, align 8
  %20 = getelementptr inbounds i8, ptr %0, i64 256
  store i64 %3, ptr %20, align 64
  %21 = load i32, ptr %0, align 64
  %22 = icmp sgt i32 %21, 0
  br i1 %22, label %23, label %26

23:                                               ; preds = %17
  %24 = getelementptr inbounds i8, ptr %0, i64 48
  %25 = getelementptr inbounds i8, ptr %0, i64 56
  br label %35

26:                                               ; preds = %35, %17
  %27 = phi i32 [ %21, %17 ], [ %42, %35 ]
  %28 = getelementptr inbounds i8, ptr %0, i64 320
  %29 = getelementptr inbounds i8, ptr %0, i64 264
  %30 = load i64, ptr %29, align 8
  %31 = add i64 %30, 1
  store i64 %31, ptr %29, align 8
  store atomic i64 %31, ptr %28 seq_cst, align 64
  %32 = getelementptr inbounds i8, ptr %0, i64 8
  %33 = load ptr, ptr %32, align 8
  %34 = icmp eq ptr %33, null
  br i1 %34, label %57, label %45

35:                                               ; preds = %35, %23
  %36 = phi i64 [ 0, %23 ], [ %41, %35 ]
  %37 = load ptr, ptr %24, align 16
  %38 = load i64, ptr %25, align 8
  %39 = mul nsw i64 %38, %36
  %40 = getelementptr inbounds i8, ptr %37, i64 %39
  store atomic i64 0, ptr %40 monotonic, align 8
  %41 = add nuw nsw i64 %36, 1
  %42 = load i32, ptr %0, align 64
  %43 = sext i32 %42 to i64
  %44 = icmp slt i64 %41, %43
  br i1 %44, label %35, label %26, !llvm.loop !3

45:                                               ; preds = %26
  call void @llvm.lifetime.start.p0(i64 4, ptr nonnull %6)
  call void @llvm.lifetime.start.p0(i64 4, ptr nonnull %7)
  call void @llvm.x86.sse.stmxcsr(ptr nonnull %6)
  %46 = load i32, ptr %6, align 4
  %47 = getelementptr inbounds i8, ptr %0, i64 16
  %48 = load ptr, ptr %47, align 16
  call void %33(ptr noundef %48, ptr noundef nonnull @run_part, ptr noundef nonnull %0, i32 noundef %27) #22
  store i32 %46, ptr %7, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr nonnull %7)
  store atomic i64 0, ptr %28 seq_cst, align 64
  %49 = getelementptr inbounds i8, ptr %0, i64 384
  %50 = load atomic i64, ptr %49 seq_cst, align 64
  %51 = icmp eq i64 %50, 0
  br i1 %51, label %56, label %52

52:                                               ; preds = %45, %52
  %53 = call i32 @sched_yield() #22
  %54 = load atomic i64, ptr %49 seq_cst, align 64
  %55 = icmp eq i64 %54, 0
  br i1 %55, label %56, label %52, !llvm.loop !5

56:                                               ; preds = %52, %45
  call fastcc void @take_chunks(ptr noundef nonnull %0, i64 noundef 0) #23
  call void @llvm.lifetime.end.p0(i64 4, ptr nonnull %6)
  call void @llvm.lifetime.end.p0(i64 4, ptr nonnull %7)
  br label %137

57:                                               ; preds = %26
  %58 = getelementptr inbounds i8, ptr %0, i64 224
  %59 = load atomic i32, ptr %58 seq_cst, align 32
  %60 = icmp eq i32 %59, 0
  br i1 %60, label %67, label %61

61:                                               ; preds = %57
  %62 = getelementptr inbounds i8, ptr %0, i64 88
  %63 = tail call i32 @pthread_mutex_lock(ptr noundef nonnull %62) #22
  %64 = getelementptr inbounds i8, ptr %0, i64 128
  %65 = tail call i32 @pthread_cond_broadcast(ptr noundef nonnull %64) #22
  %66 = tail call i32 @pthread_mutex_unlock(ptr noundef nonnull %62) #22
  br label %67

67:                                               ; preds = %61, %57
  tail call fastcc void @take_chunks(ptr noundef nonnull %0, i64 noundef 0) #23
  store atomic i64 0, ptr %28 seq_cst, align 64
  %68 = getelementptr inbounds i8, ptr %0, i64 36
  %69 = load i32, ptr %68, align 4
  %70 = icmp sgt i32 %69, 0
  br i1 %70, label %71, label %86

71:                                               ; preds = %67
  %72 = getelementptr inbounds i8, ptr %0, i64 384
  br label %73

73:                                               ; preds = %82, %71
  %74 = phi i32 [ 0, %71 ], [ %83, %82 ]
  %75 = load atomic i64, ptr %72 seq_cst, align 64
  %76 = icmp eq i64 %75, 0
  br i1 %76, label %137, label %77

77:                                               ; preds = %73
  tail call void @llvm.x86.sse2.pause()
  %78 = and i32 %74, 63
  %79 = icmp eq i32 %78, 63
  br i1 %79, label %80, label %82

80:                                               ; preds = %77
  %81 = tail call i32 @sched_yield() #22
  br label %82

82:                                               ; preds = %80, %77
  %83 = add nuw nsw i32 %74, 1
  %84 = load i32, ptr %68, align 4
  %85 = icmp slt i32 %83, %84
  br i1 %85, label %73, label %86, !llvm.loop !6

86:                                               ; preds = %82, %67
  %87 = getelementptr inbounds i8, ptr %0, i64 88
  %88 = tail call i32 @pthread_mutex_lock(ptr noundef nonnull %87) #22
  %89 = getelementptr inbounds i8, ptr %0, i64 232
  store atomic i32 1, ptr %89 seq_cst, align 8
  %90 = getelementptr inbounds i8, ptr %0, i64 384
  %91 = load atomic i64, ptr %90 seq_cst, align 64
  %92 = icmp eq i64 %91, 0
  br i1 %92, label %99, label %93

93:                                               ; preds = %86
  %94 = getelementptr inbounds i8, ptr %0, i64 176
  br label %95

95:                                               ; preds = %95, %93
  %96 = tail call i32 @pthread_cond_wait(ptr noundef nonnull %94, ptr noundef nonnull %87) #22
  %97 = load atomic i64, ptr %90 seq_cst, align 64
  %98 = icmp eq i64 %97, 0
  br i1 %98, label %99, label %95, !llvm.loop !7

99:                                               ; preds = %95, %86
  store atomic i32 0, ptr %89 seq_cst, align 8
  %100 = tail call i32 @pthread_mutex_unlock(ptr noundef nonnull %87) #22
  br label %137

101:                                              ; preds = %4
  %102 = icmp eq i64 %3, 1
  br i1 %102, label %103, label %137

103:                                              ; preds = %13, %101
  %104 = getelementptr inbounds i8, ptr %0, i64 80
  %105 = load ptr, ptr %104, align 8
  %106 = icmp eq ptr %105, null
  br i1 %106, label %123, label %107

107:                                              ; preds = %103
  %108 = getelementptr inbounds i8, ptr %0, i64 76
  %109 = load i32, ptr %108, align 4
  %110 = getelementptr inbounds i8, ptr %0, i64 68
  %111 = load i32, ptr %110, align 4
  %112 = icmp sgt i32 %109, %111
  br i1 %112, label %123, label %113

113:                                              ; preds = %107
  %114 = getelementptr inbounds i8, ptr %0, i64 72
  %115 = load i32, ptr %114, align 8
  %116 = icmp sgt i32 %115, 0
  br i1 %116, label %117, label %123

117:                                              ; preds = %113
  %118 = zext nneg i32 %115 to i64
  %119 = sext i32 %109 to i64
  %120 = mul nsw i64 %118, %119
  %121 = getelementptr %struct.profile_place, ptr %105, i64 %120
  %122 = icmp eq ptr %121, null
  br i1 %122, label %123, label %127

123:                                              ; preds = %117, %113, %107, %103
  %124 = getelementptr inbounds i8, ptr %0, i64 48
  %125 = load ptr, ptr %124, align 16
  %126 = getelementptr inbounds i8, ptr %125, i64 64
  tail call void %1(ptr noundef %2, i64 noundef 0, i64 noundef %3, ptr noundef nonnull %126) #22
  br label %137

127:                                              ; preds = %117
  call void @llvm.lifetime.start.p0(i64 16, ptr nonnull %5) #8
  %128 = call i32 @clock_gettime(i32 noundef 1, ptr noundef nonnull %5) #22
  %129 = load i64, ptr %5, align 8
  %130 = mul nsw i64 %129, 1000000000
  %131 = getelementptr inbounds i8, ptr %5, i64 8
  %132 = load i64, ptr %131, align 8
  %133 = add nsw i64 %130, %132
  call void @llvm.lifetime.end.p0(i64 16, ptr nonnull %5) #8
  %134 = getelementptr inbounds i8, ptr %0, i64 48
  %135 = load ptr, ptr %134, align 16
  %136 = getelementptr inbounds i8, ptr %135, i64 64
  call void %1(ptr noundef %2, i64 noundef 0, i64 noundef %3, ptr noundef nonnull %136) #22
  call fastcc void @record(ptr noundef nonnull %121, i64 noundef %133, i64 noundef %3) #23
  br label %137

137:                                              ; preds = %73, %127, %123, %99, %56, %101
  %138 = getelementptr inbounds i8, ptr %0, i64 76
  %139 = load i32, ptr %138, align 4
  %140 = add nsw i32 %139, 1
  store i32 %140, ptr %138, align 4
  ret void
}

; Function Attrs: nounwind optsize
define internal void @stop_all() #0 {
  tail call fastcc void @lock_contexts() #23
  %1 = load ptr, ptr @contexts, align 8
  %2 = icmp eq ptr %1, null
  br i1 %2, label %3, label %4

3:                                                ; preds = %16, %0
  store atomic i32 0, ptr @contexts_owner release, align 4
  ret void

4:                                                ; preds = %0, %16
  %5 = phi ptr [ %18, %16 ], [ %1, %0 ]
  %6 = tail call i32 @getpid() #22
  %7 = getelementptr inbounds i8, ptr %5, i64 16
  %8 = cmpxchg ptr %7, i32 0, i32 %6 acquire monotonic, align 16
  %9 = extractvalue { i32, i1 } %8, 1
  br i1 %9, label %14, label %10

10:                                               ; preds = %4
  %11 = extractvalue { i32, i1 } %8, 0
  %12 = icmp eq i32 %11, %6
  br i1 %12, label %16, label %13

13:                                               ; preds = %10
  store atomic i32 %6, ptr %7 monotonic, align 16
  br label %14

14:                                               ; preds = %13, %4
  %15 = getelementptr inbounds i8, ptr %5, i64 128
  tail call fastcc void @stop_threads(ptr noundef nonnull %15) #23
  br label %16

16:                                               ; preds = %10, %14
  %17 = getelementptr inbounds i8, ptr %5, i64 576
  %18 = load ptr, ptr %17, align 8
  %19 = icmp eq ptr %18, null
  br i1 %19, label %3, label %4, !llvm.loop !8
}

; Function Attrs: nounwind optsize
define void @sparsec_destroy(ptr noundef %0) local_unnamed_addr #0 {
  %2 = icmp eq ptr %0, null
  br i1 %2, label %41, label %3

3:                                                ; preds = %1
  %4 = tail call i32 @getpid() #22
  %5 = getelementptr inbounds i8, ptr %0, i64 16
  %6 = cmpxchg ptr %5, i32 0, i32 %4 acquire monotonic, align 16
  %7 = extractvalue { i32, i1 } %6, 1
  br i1 %7, label %12, label %8

8:                                                ; preds = %3
  %9 = extractvalue { i32, i1 } %6, 0
  %10 = icmp eq i32 %9, %4
  br i1 %10, label %41, label %11

11:                                               ; preds = %8
  store atomic i32 %4, ptr %5 monotonic, align 16
  br label %12

12:                                               ; preds = %11, %3
  tail call fastcc void @lock_contexts() #23
  br label %13

13:                                               ; preds = %13, %12
  %14 = phi ptr [ @contexts, %12 ], [ %19, %13 ]
  %15 = load ptr, ptr %14, align 8
  %16 = icmp eq ptr %15, null
  %17 = icmp eq ptr %15, %0
  %18 = or i1 %16, %17
  %19 = getelementptr inbounds i8, ptr %15, i64 576
  br i1 %18, label %20, label %13, !llvm.loop !9

20:                                               ; preds = %13
  br i1 %16, label %25, label %21

21:                                               ; preds = %20
  %22 = getelementptr inbounds i8, ptr %0, i64 576
  %23 = load ptr, ptr %22, align 64
  %24 = ptrtoint ptr %23 to i64
  store atomic i64 %24, ptr %14 release, align 8
  br label %25

25:                                               ; preds = %20, %21
  store atomic i32 0, ptr @contexts_owner release, align 4
  %26 = getelementptr inbounds i8, ptr %0, i64 128
  tail call fastcc void @stop_threads(ptr noundef nonnull %26) #23
  %27 = getelementptr inbounds i8, ptr %0, i64 176
  %28 = load ptr, ptr %27, align 16
  tail call void @free(ptr noundef %28) #22
  %29 = getelementptr inbounds i8, ptr %0, i64 208
  %30 = load ptr, ptr %29, align 16
  tail call void @free(ptr noundef %30) #22
  %31 = getelementptr inbounds i8, ptr %0, i64 56
  %32 = load ptr, ptr %31, align 8
  tail call void @free(ptr noundef %32) #22
  %33 = getelementptr inbounds i8, ptr %0, i64 24
  %34 = load ptr, ptr %33, align 8
  tail call void @free(ptr noundef %34) #22
  %35 = getelementptr inbounds i8, ptr %0, i64 32
  %36 = load ptr, ptr %35, align 32
  tail call void @free(ptr noundef %36) #22
  %37 = getelementptr inbounds i8, ptr %0, i64 40
  %38 = load ptr, ptr %37, align 8
  tail call void @free(ptr noundef %38) #22
  %39 = getelementptr inbounds i8, ptr %0, i64 48
  %40 = load ptr, ptr %39, align 16
  tail call void @free(ptr noundef %40) #22
  tail call void @free(ptr noundef %0) #22
  br label %41

41:                                               ; preds = %8, %1, %25
  ret void
}

; Function Attrs: nounwind optsize
define internal fastcc void @stop_threads(ptr noundef %0) unnamed_addr #0 {
  %2 = getelementptr inbounds i8, ptr %0, i64 24
  %3 = load i32, ptr %2, align 8
  %4 = icmp eq i32 %3, 0
  br i1 %4, label %36, label %5

5:                                                ; preds = %1
  %6 = getelementptr inbounds i8, ptr %0, i64 32
  %7 = load i32, ptr %6, align 32
  %8 = tail call i32 @getpid() #22
  %9 = icmp eq i32 %7, %8
  br i1 %9, label %10, label %36

10:                                               ; preds = %5
  %11 = getelementptr inbounds i8, ptr %0, i64 88
  %12 = tail call i32 @pthread_mutex_lock(ptr noundef nonnull %11) #22
  %13 = getelementptr inbounds i8, ptr %0, i64 228
  store atomic i32 1, ptr %13 seq_cst, align 4
  %14 = getelementptr inbounds i8, ptr %0, i64 128
  %15 = tail call i32 @pthread_cond_broadcast(ptr noundef nonnull %14) #22
  %16 = tail call i32 @pthread_mutex_unlock(ptr noundef nonnull %11) #22
  %17 = load i32, ptr %2, align 8
  %18 = icmp sgt i32 %17, 0
  br i1 %18, label %19, label %21

19:                                               ; preds = %10
  %20 = getelementptr inbounds i8, ptr %0, i64 40
  br label %26

21:                                               ; preds = %26, %10
  %22 = tail call i32 @pthread_mutex_destroy(ptr noundef nonnull %11) #22
  %23 = tail call i32 @pthread_cond_destroy(ptr noundef nonnull %14) #22
  %24 = getelementptr inbounds i8, ptr %0, i64 176
  %25 = tail call i32 @pthread_cond_destroy(ptr noundef nonnull %24) #22
  br label %36

26:                                               ; preds = %19, %26
  %27 = phi i64 [ 0, %19 ], [ %32, %26 ]
  %28 = load ptr, ptr %20, align 8
  %29 = getelementptr inbounds %struct.worker, ptr %28, i64 %27, i32 2
  %30 = load i64, ptr %29, align 8
  %31 = tail call i32 @pthread_join(i64 noundef %30, ptr noundef null) #22
  %32 = add nuw nsw i64 %27, 1
  %33 = load i32, ptr %2, align 8
  %34 = sext i32 %33 to i64
  %35 = icmp slt i64 %32, %34
  br i1 %35, label %26, label %21, !llvm.loop !10

36:                                               ; preds = %21, %5, %1
  %37 = getelementptr inbounds i8, ptr %0, i64 40
  %38 = load ptr, ptr %37, align 8
  tail call void @free(ptr noundef %38) #22
  store ptr null, ptr %37, align 8
  store i32 0, ptr %2, align 8
  ret void
}

; Function Attrs: mustprogress nounwind optsize willreturn allockind("free") memory(argmem: readwrite, inaccessiblemem: readwrite)
declare void @free(ptr allocptr nocapture noundef) local_unnamed_addr #1

; Function Attrs: nounwind optsize
define noundef ptr @sparsec_create(ptr noundef %0) local_unnamed_addr #0 {
  %2 = alloca [64 x i8], align 16
  %3 = alloca ptr, align 8
  %4 = alloca %struct.cpu_mask, align 8
  %5 = tail call fastcc i64 @detect_features() #23
  %6 = getelementptr inbounds i8, ptr %0, i64 12
  %7 = load i32, ptr %6, align 4
  %8 = icmp sgt i32 %7, 0
  br i1 %8, label %9, label %109

9:                                                ; preds = %1
  %10 = getelementptr inbounds i8, ptr %0, i64 48
  %11 = load ptr, ptr %10, align 8
  %12 = xor i64 %5, -1
  %13 = zext nneg i32 %7 to i64
  br label %17

14:                                               ; preds = %17
  %15 = add nuw nsw i64 %18, 1
  %16 = icmp eq i64 %15, %13
  br i1 %16, label %109, label %17, !llvm.loop !11

17:                                               ; preds = %14, %9
  %18 = phi i64 [ 0, %9 ], [ %15, %14 ]
  %19 = getelementptr inbounds %struct.sparsec_variant, ptr %11, i64 %18
  %20 = getelementptr inbounds i8, ptr %19, i64 8
  %21 = load i64, ptr %20, align 8
  %22 = and i64 %21, %12
  %23 = icmp eq i64 %22, 0
  br i1 %23, label %24, label %14

24:                                               ; preds = %17
  %25 = tail call noalias dereferenceable_or_null(1664) ptr @calloc(i64 noundef 1, i64 noundef 1664) #24
  %26 = icmp eq ptr %25, null
  br i1 %26, label %109, label %27

27:                                               ; preds = %24
  store ptr %0, ptr %25, align 64
  %28 = getelementptr inbounds i8, ptr %25, i64 8
  store ptr %19, ptr %28, align 8
  call void @llvm.lifetime.start.p0(i64 1024, ptr nonnull %4) #8
  call void @llvm.memset.p0.i64(ptr noundef nonnull align 8 dereferenceable(1024) %4, i8 0, i64 1024, i1 false)
  %29 = call i32 @sched_getaffinity(i32 noundef 0, i64 noundef 1024, ptr noundef nonnull %4) #22
  %30 = icmp eq i32 %29, 0
  br i1 %30, label %33, label %31

31:                                               ; preds = %27
  store i64 1, ptr %4, align 8
  %32 = getelementptr inbounds i8, ptr %4, i64 8
  call void @llvm.memset.p0.i64(ptr noundef nonnull align 8 dereferenceable(1016) %32, i8 0, i64 1016, i1 false)
  br label %33

33:                                               ; preds = %31, %27
  %34 = call fastcc i32 @list_cores(ptr noundef nonnull %4, ptr noundef null, i32 noundef 0) #23
  call void @llvm.lifetime.start.p0(i64 64, ptr nonnull %2) #8
  %35 = call fastcc i32 @read_file(ptr noundef nonnull @.str.27, ptr noundef nonnull %2, i64 noundef 64) #23
  %36 = icmp eq i32 %35, 0
  br i1 %36, label %54, label %37

37:                                               ; preds = %33
  call void @llvm.lifetime.start.p0(i64 8, ptr nonnull %3) #8
  %38 = call i64 @strtol(ptr noundef nonnull %2, ptr noundef nonnull %3, i32 noundef 10) #22
  %39 = load ptr, ptr %3, align 8
  %40 = call i64 @strtol(ptr nocapture noundef %39, ptr noundef null, i32 noundef 10) #22
  %41 = icmp sgt i64 %38, 0
  %42 = icmp sgt i64 %40, 0
  %43 = select i1 %41, i1 %42, i1 false
  br i1 %43, label %44, label %52

44:                                               ; preds = %37
  %45 = udiv i64 %38, %40
  %46 = icmp ult i64 %45, 1024
  br i1 %46, label %47, label %52

47:                                               ; preds = %44
  %48 = add nsw i64 %38, -1
  %49 = udiv i64 %48, %40
  %50 = trunc i64 %49 to i32
  %51 = add i32 %50, 1
  br label %52

52:                                               ; preds = %47, %44, %37
  %53 = phi i32 [ %51, %47 ], [ 1024, %44 ], [ 1024, %37 ]
  call void @llvm.lifetime.end.p0(i64 8, ptr nonnull %3) #8
  br label %54

54:                                               ; preds = %33, %52
  %55 = phi i32 [ %53, %52 ], [ 1024, %33 ]
  call void @llvm.lifetime.end.p0(i64 64, ptr nonnull %2) #8
  %56 = call i32 @llvm.smin.i32(i32 %34, i32 %55)
  %57 = call i32 @llvm.smin.i32(i32 %56, i32 1024)
  %58 = call i32 @llvm.smax.i32(i32 %57, i32 1)
  call void @llvm.lifetime.end.p0(i64 1024, ptr nonnull %4) #8
  %59 = getelementptr inbounds i8, ptr %25, i64 128
  store i32 %58, ptr %59, align 64
  %60 = load i32, ptr %0, align 8
  %61 = sext i32 %60 to i64
  %62 = add nsw i64 %61, 1
  %63 = call noalias ptr @calloc(i64 noundef %62, i64 noundef 8) #24
  %64 = getelementptr inbounds i8, ptr %25, i64 24
  store ptr %63, ptr %64, align 8
  %65 = call noalias ptr @calloc(i64 noundef %62, i64 noundef 4) #24
  %66 = getelementptr inbounds i8, ptr %25, i64 32
  store ptr %65, ptr %66, align 32
  %67 = getelementptr inbounds i8, ptr %0, i64 8
  %68 = load i32, ptr %67, align 8
  %69 = icmp sgt i32 %68, 0
  br i1 %69, label %70, label %85

70:                                               ; preds = %54
  %71 = getelementptr inbounds i8, ptr %0, i64 40
  %72 = load ptr, ptr %71, align 8
  %73 = zext nneg i32 %68 to i64
  br label %74

74:                                               ; preds = %74, %70
  %75 = phi i64 [ 0, %70 ], [ %81, %74 ]
  %76 = phi i64 [ 0, %70 ], [ %80, %74 ]
  %77 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %72, i64 %75, i32 2
  %78 = load i32, ptr %77, align 4
  %79 = sext i32 %78 to i64
  %80 = add nsw i64 %76, %79
  %81 = add nuw nsw i64 %75, 1
  %82 = icmp eq i64 %81, %73
  br i1 %82, label %83, label %74, !llvm.loop !12

83:                                               ; preds = %74
  %84 = add i64 %80, 1
  br label %85

85:                                               ; preds = %83, %54
  %86 = phi i64 [ 1, %54 ], [ %84, %83 ]
  %87 = call noalias ptr @calloc(i64 noundef %86, i64 noundef 8) #24
  %88 = getelementptr inbounds i8, ptr %25, i64 40
  store ptr %87, ptr %88, align 8
  %89 = getelementptr inbounds i8, ptr %0, i64 4
  %90 = load i32, ptr %89, align 4
  %91 = sext i32 %90 to i64
  %92 = sext i32 %68 to i64
  %93 = add nsw i64 %92, 1
  %94 = add nsw i64 %93, %91
  %95 = call noalias ptr @calloc(i64 noundef %94, i64 noundef 8) #24
  %96 = getelementptr inbounds i8, ptr %25, i64 48
  store ptr %95, ptr %96, align 16
  %97 = icmp eq ptr %63, null
  %98 = icmp eq ptr %65, null
  %99 = or i1 %97, %98
  br i1 %99, label %104, label %100

100:                                              ; preds = %85
  %101 = icmp eq ptr %87, null
  %102 = icmp eq ptr %95, null
  %103 = or i1 %101, %102
  br i1 %103, label %104, label %105

104:                                              ; preds = %100, %85
  call void @sparsec_destroy(ptr noundef nonnull %25) #23
  br label %109

105:                                              ; preds = %100
  call fastcc void @lock_contexts() #23
  %106 = load ptr, ptr @contexts, align 8
  %107 = getelementptr inbounds i8, ptr %25, i64 576
  store ptr %106, ptr %107, align 64
  %108 = ptrtoint ptr %25 to i64
  store atomic i64 %108, ptr @contexts release, align 8
  store atomic i32 0, ptr @contexts_owner release, align 4
  br label %109

109:                                              ; preds = %14, %1, %104, %105, %24
  %110 = phi ptr [ %25, %105 ], [ null, %104 ], [ null, %24 ], [ null, %1 ], [ null, %14 ]
  ret ptr %110
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.lifetime.start.p0(i64 immarg, ptr nocapture) #2

; Function Attrs: nounwind optsize
define internal fastcc i64 @detect_features() unnamed_addr #0 {
  %1 = tail call { i32, i32, i32, i32 } asm "  xchgq  %rbx,${1:q}\0A  cpuid\0A  xchgq  %rbx,${1:q}", "={ax},=r,={cx},={dx},0,~{dirflag},~{fpsr},~{flags}"(i32 0) #25, !srcloc !13
  %2 = extractvalue { i32, i32, i32, i32 } %1, 0
  %3 = icmp eq i32 %2, 0
  br i1 %3, label %13, label %4

4:                                                ; preds = %0
  %5 = tail call { i32, i32, i32, i32 } asm "  xchgq  %rbx,${1:q}\0A  cpuid\0A  xchgq  %rbx,${1:q}", "={ax},=r,={cx},={dx},0,~{dirflag},~{fpsr},~{flags}"(i32 1) #25, !srcloc !14
  %6 = extractvalue { i32, i32, i32, i32 } %5, 2
  %7 = and i32 %6, 134217728
  %8 = icmp eq i32 %7, 0
  br i1 %8, label %13, label %9

9:                                                ; preds = %4
  %10 = tail call { i32, i32 } asm sideeffect "xgetbv", "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}"(i32 0) #8, !srcloc !15
  %11 = extractvalue { i32, i32 } %10, 0
  %12 = zext i32 %11 to i64
  br label %13

13:                                               ; preds = %0, %4, %9
  %14 = phi i64 [ %12, %9 ], [ 0, %4 ], [ 0, %0 ]
  br label %16

15:                                               ; preds = %58
  ret i64 %59

16:                                               ; preds = %13, %58
  %17 = phi i64 [ 0, %13 ], [ %60, %58 ]
  %18 = phi i64 [ 0, %13 ], [ %59, %58 ]
  %19 = getelementptr inbounds [18 x %struct.cpu_feature], ptr @cpu_features, i64 0, i64 %17
  %20 = getelementptr inbounds i8, ptr %19, i64 8
  %21 = load i32, ptr %20, align 8
  %22 = and i32 %21, -2147483648
  %23 = tail call { i32, i32, i32, i32 } asm "  xchgq  %rbx,${1:q}\0A  cpuid\0A  xchgq  %rbx,${1:q}", "={ax},=r,={cx},={dx},0,~{dirflag},~{fpsr},~{flags}"(i32 %22) #25, !srcloc !13
  %24 = extractvalue { i32, i32, i32, i32 } %23, 0
  %25 = icmp eq i32 %24, 0
  %26 = icmp ult i32 %24, %21
  %27 = or i1 %25, %26
  br i1 %27, label %58, label %28

28:                                               ; preds = %16
  %29 = getelementptr inbounds i8, ptr %19, i64 12
  %30 = load i32, ptr %29, align 4
  %31 = tail call { i32, i32, i32, i32 } asm "  xchgq  %rbx,${1:q}\0A  cpuid\0A  xchgq  %rbx,${1:q}", "={ax},=r,={cx},={dx},0,2,~{dirflag},~{fpsr},~{flags}"(i32 %21, i32 %30) #25, !srcloc !16
  %32 = extractvalue { i32, i32, i32, i32 } %31, 0
  %33 = getelementptr inbounds i8, ptr %19, i64 16
  %34 = load i8, ptr %33, align 16
  switch i8 %34, label %37 [
    i8 97, label %42
    i8 98, label %35
  ]

35:                                               ; preds = %28
  %36 = extractvalue { i32, i32, i32, i32 } %31, 1
  br label %42

37:                                               ; preds = %28
  %38 = extractvalue { i32, i32, i32, i32 } %31, 3
  %39 = extractvalue { i32, i32, i32, i32 } %31, 2
  %40 = icmp eq i8 %34, 99
  %41 = select i1 %40, i32 %39, i32 %38
  br label %42

42:                                               ; preds = %28, %35, %37
  %43 = phi i32 [ %36, %35 ], [ %41, %37 ], [ %32, %28 ]
  %44 = getelementptr inbounds i8, ptr %19, i64 20
  %45 = load i32, ptr %44, align 4
  %46 = shl nuw i32 1, %45
  %47 = and i32 %46, %43
  %48 = icmp eq i32 %47, 0
  br i1 %48, label %58, label %49

49:                                               ; preds = %42
  %50 = getelementptr inbounds i8, ptr %19, i64 24
  %51 = load i32, ptr %50, align 8
  %52 = zext i32 %51 to i64
  %53 = and i64 %14, %52
  %54 = icmp eq i64 %53, %52
  br i1 %54, label %55, label %58

55:                                               ; preds = %49
  %56 = shl nuw nsw i64 1, %17
  %57 = or i64 %56, %18
  br label %58

58:                                               ; preds = %16, %42, %49, %55
  %59 = phi i64 [ %57, %55 ], [ %18, %49 ], [ %18, %42 ], [ %18, %16 ]
  %60 = add nuw nsw i64 %17, 1
  %61 = icmp eq i64 %60, 18
  br i1 %61, label %15, label %16, !llvm.loop !17
}

; Function Attrs: mustprogress nofree nounwind optsize willreturn allockind("alloc,zeroed") allocsize(0,1) memory(inaccessiblemem: readwrite)
declare noalias noundef ptr @calloc(i64 noundef, i64 noundef) local_unnamed_addr #3

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.lifetime.end.p0(i64 immarg, ptr nocapture) #2

; Function Attrs: nounwind optsize
define noundef i32 @sparsec_output_shapes(ptr noundef %0, ptr noundef %1, ptr noundef %2) local_unnamed_addr #0 {
  %4 = icmp eq ptr %0, null
  br i1 %4, label %80, label %5

5:                                                ; preds = %3
  %6 = tail call i32 @getpid() #22
  %7 = getelementptr inbounds i8, ptr %0, i64 16
  %8 = cmpxchg ptr %7, i32 0, i32 %6 acquire monotonic, align 16
  %9 = extractvalue { i32, i1 } %8, 1
  br i1 %9, label %14, label %10

10:                                               ; preds = %5
  %11 = extractvalue { i32, i1 } %8, 0
  %12 = icmp eq i32 %11, %6
  br i1 %12, label %80, label %13

13:                                               ; preds = %10
  store atomic i32 %6, ptr %7 monotonic, align 16
  br label %14

14:                                               ; preds = %13, %5
  %15 = tail call fastcc i32 @bind_shapes(ptr noundef nonnull %0, ptr noundef %1, ptr noundef %2) #23
  %16 = icmp eq i32 %15, 0
  br i1 %16, label %17, label %78

17:                                               ; preds = %14
  tail call fastcc void @describe_outputs(ptr noundef nonnull %0, ptr noundef %2) #23
  %18 = load ptr, ptr %0, align 64
  %19 = getelementptr inbounds i8, ptr %18, i64 8
  %20 = load i32, ptr %19, align 8
  %21 = icmp sgt i32 %20, 0
  br i1 %21, label %22, label %78

22:                                               ; preds = %17, %65
  %23 = phi i64 [ %66, %65 ], [ 0, %17 ]
  %24 = getelementptr inbounds %struct.sparsec_tensor, ptr %2, i64 %23
  %25 = getelementptr inbounds i8, ptr %24, i64 24
  %26 = getelementptr inbounds i8, ptr %24, i64 20
  %27 = load i32, ptr %26, align 4
  %28 = getelementptr inbounds i8, ptr %24, i64 16
  %29 = load i32, ptr %28, align 8
  %30 = icmp ult i32 %29, 14
  br i1 %30, label %31, label %36

31:                                               ; preds = %22
  %32 = zext nneg i32 %29 to i64
  %33 = getelementptr inbounds [14 x i8], ptr @dtype_size.sizes, i64 0, i64 %32
  %34 = load i8, ptr %33, align 1
  %35 = zext i8 %34 to i64
  br label %36

36:                                               ; preds = %31, %22
  %37 = phi i64 [ %35, %31 ], [ 0, %22 ]
  %38 = icmp sgt i32 %27, 0
  br i1 %38, label %39, label %60

39:                                               ; preds = %36
  %40 = zext nneg i32 %27 to i64
  br label %41

41:                                               ; preds = %48, %39
  %42 = phi i64 [ 0, %39 ], [ %54, %48 ]
  %43 = phi i32 [ 0, %39 ], [ %53, %48 ]
  %44 = phi i64 [ %37, %39 ], [ %51, %48 ]
  %45 = getelementptr inbounds i64, ptr %25, i64 %42
  %46 = load i64, ptr %45, align 8
  %47 = icmp eq i64 %46, 0
  br i1 %47, label %60, label %48

48:                                               ; preds = %41
  %49 = tail call { i64, i1 } @llvm.smul.with.overflow.i64(i64 %44, i64 %46)
  %50 = extractvalue { i64, i1 } %49, 1
  %51 = extractvalue { i64, i1 } %49, 0
  %52 = zext i1 %50 to i32
  %53 = or i32 %43, %52
  %54 = add nuw nsw i64 %42, 1
  %55 = icmp eq i64 %54, %40
  br i1 %55, label %56, label %41, !llvm.loop !18

56:                                               ; preds = %48
  %57 = icmp eq i32 %53, 0
  %58 = getelementptr inbounds i8, ptr %24, i64 8
  br i1 %57, label %63, label %59

59:                                               ; preds = %56
  store i64 -1, ptr %58, align 8
  br label %72

60:                                               ; preds = %41, %36
  %61 = phi i64 [ %37, %36 ], [ 0, %41 ]
  %62 = getelementptr inbounds i8, ptr %24, i64 8
  store i64 %61, ptr %62, align 8
  br label %65

63:                                               ; preds = %56
  store i64 %51, ptr %58, align 8
  %64 = icmp sgt i64 %51, -1
  br i1 %64, label %65, label %72

65:                                               ; preds = %60, %63
  %66 = add nuw nsw i64 %23, 1
  %67 = load ptr, ptr %0, align 64
  %68 = getelementptr inbounds i8, ptr %67, i64 8
  %69 = load i32, ptr %68, align 8
  %70 = sext i32 %69 to i64
  %71 = icmp slt i64 %66, %70
  br i1 %71, label %22, label %78, !llvm.loop !19

72:                                               ; preds = %63, %59
  %73 = load ptr, ptr %0, align 64
  %74 = getelementptr inbounds i8, ptr %73, i64 40
  %75 = load ptr, ptr %74, align 8
  %76 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %75, i64 %23
  %77 = load ptr, ptr %76, align 8
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str, ptr noundef %77) #23
  br label %78

78:                                               ; preds = %65, %17, %14, %72
  %79 = phi i32 [ 1, %72 ], [ %15, %14 ], [ 0, %17 ], [ 0, %65 ]
  store atomic i32 0, ptr %7 release, align 16
  br label %80

80:                                               ; preds = %78, %10, %3
  %81 = phi i32 [ 1, %3 ], [ 5, %10 ], [ %79, %78 ]
  ret i32 %81
}

; Function Attrs: nounwind optsize
define internal fastcc noundef i32 @bind_shapes(ptr nocapture noundef %0, ptr noundef readonly %1, ptr noundef readnone %2) unnamed_addr #0 {
  %4 = load ptr, ptr %0, align 64
  %5 = getelementptr inbounds i8, ptr %0, i64 584
  store i8 0, ptr %5, align 8
  %6 = icmp eq ptr %1, null
  br i1 %6, label %7, label %11

7:                                                ; preds = %3
  %8 = getelementptr inbounds i8, ptr %4, i64 4
  %9 = load i32, ptr %8, align 4
  %10 = icmp eq i32 %9, 0
  br i1 %10, label %11, label %17

11:                                               ; preds = %7, %3
  %12 = icmp eq ptr %2, null
  br i1 %12, label %13, label %19

13:                                               ; preds = %11
  %14 = getelementptr inbounds i8, ptr %4, i64 8
  %15 = load i32, ptr %14, align 8
  %16 = icmp eq i32 %15, 0
  br i1 %16, label %19, label %17

17:                                               ; preds = %13, %7
  %18 = select i1 %6, ptr @.str.30, ptr @.str.29
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.28, ptr noundef nonnull %18) #23
  br label %202

19:                                               ; preds = %13, %11
  %20 = load i32, ptr %4, align 8
  %21 = icmp sgt i32 %20, 0
  br i1 %21, label %22, label %24

22:                                               ; preds = %19
  %23 = getelementptr inbounds i8, ptr %0, i64 24
  br label %31

24:                                               ; preds = %31, %19
  %25 = getelementptr inbounds i8, ptr %4, i64 4
  %26 = load i32, ptr %25, align 4
  %27 = icmp sgt i32 %26, 0
  br i1 %27, label %28, label %195

28:                                               ; preds = %24
  %29 = getelementptr inbounds i8, ptr %0, i64 24
  %30 = getelementptr inbounds i8, ptr %0, i64 32
  br label %39

31:                                               ; preds = %22, %31
  %32 = phi i64 [ 0, %22 ], [ %35, %31 ]
  %33 = load ptr, ptr %23, align 8
  %34 = getelementptr inbounds i64, ptr %33, i64 %32
  store i64 -1, ptr %34, align 8
  %35 = add nuw nsw i64 %32, 1
  %36 = load i32, ptr %4, align 8
  %37 = sext i32 %36 to i64
  %38 = icmp slt i64 %35, %37
  br i1 %38, label %31, label %24, !llvm.loop !20

39:                                               ; preds = %28, %190
  %40 = phi i32 [ %26, %28 ], [ %191, %190 ]
  %41 = phi i64 [ 0, %28 ], [ %192, %190 ]
  %42 = getelementptr inbounds %struct.sparsec_tensor, ptr %1, i64 %41
  %43 = load ptr, ptr %0, align 64
  %44 = getelementptr inbounds i8, ptr %43, i64 32
  %45 = load ptr, ptr %44, align 8
  %46 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %45, i64 %41
  %47 = getelementptr inbounds i8, ptr %42, i64 16
  %48 = load i32, ptr %47, align 8
  %49 = getelementptr inbounds i8, ptr %46, i64 8
  %50 = load i32, ptr %49, align 8
  %51 = icmp eq i32 %48, %50
  br i1 %51, label %72, label %52

52:                                               ; preds = %39
  %53 = load ptr, ptr %46, align 8
  %54 = icmp ult i32 %48, 14
  br i1 %54, label %55, label %60

55:                                               ; preds = %52
  %56 = and i32 %48, 7
  %57 = icmp eq i32 %56, 0
  %58 = zext nneg i32 %48 to i64
  %59 = getelementptr inbounds [14 x [8 x i8]], ptr @dtype_name.names, i64 0, i64 %58
  br i1 %57, label %60, label %61

60:                                               ; preds = %55, %52
  br label %61

61:                                               ; preds = %60, %55
  %62 = phi ptr [ @.str.39, %60 ], [ %59, %55 ]
  %63 = icmp ult i32 %50, 14
  br i1 %63, label %64, label %69

64:                                               ; preds = %61
  %65 = and i32 %50, 7
  %66 = icmp eq i32 %65, 0
  %67 = zext nneg i32 %50 to i64
  %68 = getelementptr inbounds [14 x [8 x i8]], ptr @dtype_name.names, i64 0, i64 %67
  br i1 %66, label %69, label %70

69:                                               ; preds = %64, %61
  br label %70

70:                                               ; preds = %64, %69
  %71 = phi ptr [ @.str.39, %69 ], [ %68, %64 ]
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.31, ptr noundef %53, ptr noundef nonnull %62, ptr noundef nonnull %71) #23
  br label %202

72:                                               ; preds = %39
  %73 = getelementptr inbounds i8, ptr %42, i64 20
  %74 = load i32, ptr %73, align 4
  %75 = getelementptr inbounds i8, ptr %46, i64 12
  %76 = load i32, ptr %75, align 4
  %77 = icmp eq i32 %74, %76
  br i1 %77, label %78, label %83

78:                                               ; preds = %72
  %79 = icmp sgt i32 %74, 0
  br i1 %79, label %80, label %190

80:                                               ; preds = %78
  %81 = getelementptr inbounds i8, ptr %42, i64 24
  %82 = trunc nuw nsw i64 %41 to i32
  br label %136

83:                                               ; preds = %72
  %84 = getelementptr inbounds i8, ptr %42, i64 20
  %85 = load ptr, ptr %46, align 8
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.32, ptr noundef %85) #23
  %86 = load i32, ptr %84, align 4
  %87 = icmp ult i32 %86, 9
  br i1 %87, label %88, label %108

88:                                               ; preds = %83
  %89 = icmp eq i32 %86, 0
  br i1 %89, label %95, label %90

90:                                               ; preds = %88
  %91 = getelementptr inbounds i8, ptr %42, i64 24
  br label %98

92:                                               ; preds = %98
  %93 = icmp eq i32 %105, 0
  %94 = select i1 %93, ptr @.str.37, ptr @.str.36
  br label %95

95:                                               ; preds = %92, %88
  %96 = phi ptr [ @.str.37, %88 ], [ %94, %92 ]
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull %96) #23
  %97 = load i32, ptr %84, align 4
  br label %108

98:                                               ; preds = %98, %90
  %99 = phi i64 [ 0, %90 ], [ %104, %98 ]
  %100 = icmp eq i64 %99, 0
  %101 = select i1 %100, ptr @.str.35, ptr @.str.34
  %102 = getelementptr inbounds [8 x i64], ptr %91, i64 0, i64 %99
  %103 = load i64, ptr %102, align 8
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.33, ptr noundef nonnull %101, i64 noundef %103) #23
  %104 = add nuw nsw i64 %99, 1
  %105 = load i32, ptr %84, align 4
  %106 = sext i32 %105 to i64
  %107 = icmp slt i64 %104, %106
  br i1 %107, label %98, label %92, !llvm.loop !21

108:                                              ; preds = %95, %83
  %109 = phi i32 [ %97, %95 ], [ %86, %83 ]
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.38, i32 noundef %109) #23
  %110 = getelementptr inbounds i8, ptr %46, i64 16
  %111 = load ptr, ptr %110, align 8
  %112 = load i32, ptr %75, align 4
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.35) #23
  %113 = icmp sgt i32 %112, 0
  br i1 %113, label %114, label %135

114:                                              ; preds = %108
  %115 = zext nneg i32 %112 to i64
  br label %116

116:                                              ; preds = %132, %114
  %117 = phi i64 [ 0, %114 ], [ %133, %132 ]
  %118 = icmp eq i64 %117, 0
  br i1 %118, label %120, label %119

119:                                              ; preds = %116
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.34) #23
  br label %120

120:                                              ; preds = %119, %116
  %121 = getelementptr inbounds i64, ptr %111, i64 %117
  %122 = load i64, ptr %121, align 8
  %123 = icmp sgt i64 %122, -1
  br i1 %123, label %124, label %125

124:                                              ; preds = %120
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.40, i64 noundef %122) #23
  br label %132

125:                                              ; preds = %120
  %126 = load ptr, ptr %0, align 64
  %127 = getelementptr inbounds i8, ptr %126, i64 24
  %128 = load ptr, ptr %127, align 8
  %129 = xor i64 %122, -1
  %130 = getelementptr inbounds ptr, ptr %128, i64 %129
  %131 = load ptr, ptr %130, align 8
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.3, ptr noundef %131) #23
  br label %132

132:                                              ; preds = %125, %124
  %133 = add nuw nsw i64 %117, 1
  %134 = icmp eq i64 %133, %115
  br i1 %134, label %135, label %116, !llvm.loop !22

135:                                              ; preds = %132, %108
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.41, i32 noundef %112) #23
  br label %202

136:                                              ; preds = %183, %80
  %137 = phi i32 [ %74, %80 ], [ %184, %183 ]
  %138 = phi i64 [ 0, %80 ], [ %185, %183 ]
  %139 = getelementptr inbounds [8 x i64], ptr %81, i64 0, i64 %138
  %140 = load i64, ptr %139, align 8
  %141 = load ptr, ptr %0, align 64
  %142 = getelementptr inbounds i8, ptr %141, i64 32
  %143 = load ptr, ptr %142, align 8
  %144 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %143, i64 %41
  %145 = load ptr, ptr %144, align 8
  %146 = getelementptr inbounds i8, ptr %144, i64 16
  %147 = load ptr, ptr %146, align 8
  %148 = getelementptr inbounds i64, ptr %147, i64 %138
  %149 = load i64, ptr %148, align 8
  %150 = icmp slt i64 %140, 0
  br i1 %150, label %151, label %153

151:                                              ; preds = %136
  %152 = trunc nuw nsw i64 %138 to i32
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.42, ptr noundef %145, i32 noundef %152, i64 noundef %140) #23
  br label %202

153:                                              ; preds = %136
  %154 = icmp sgt i64 %149, -1
  br i1 %154, label %155, label %159

155:                                              ; preds = %153
  %156 = icmp eq i64 %149, %140
  br i1 %156, label %183, label %157

157:                                              ; preds = %155
  %158 = trunc nuw nsw i64 %138 to i32
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.43, ptr noundef %145, i32 noundef %158, i64 noundef %140, i64 noundef %149) #23
  br label %202

159:                                              ; preds = %153
  %160 = xor i64 %149, -1
  %161 = load ptr, ptr %29, align 8
  %162 = getelementptr inbounds i64, ptr %161, i64 %160
  %163 = load i64, ptr %162, align 8
  %164 = icmp slt i64 %163, 0
  br i1 %164, label %165, label %169

165:                                              ; preds = %159
  store i64 %140, ptr %162, align 8
  %166 = load ptr, ptr %30, align 32
  %167 = getelementptr inbounds i32, ptr %166, i64 %160
  store i32 %82, ptr %167, align 4
  %168 = load i32, ptr %75, align 4
  br label %183

169:                                              ; preds = %159
  %170 = icmp eq i64 %163, %140
  br i1 %170, label %183, label %171

171:                                              ; preds = %169
  %172 = trunc nuw nsw i64 %138 to i32
  %173 = getelementptr inbounds i8, ptr %141, i64 24
  %174 = load ptr, ptr %173, align 8
  %175 = getelementptr inbounds ptr, ptr %174, i64 %160
  %176 = load ptr, ptr %175, align 8
  %177 = load ptr, ptr %30, align 32
  %178 = getelementptr inbounds i32, ptr %177, i64 %160
  %179 = load i32, ptr %178, align 4
  %180 = sext i32 %179 to i64
  %181 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %143, i64 %180
  %182 = load ptr, ptr %181, align 8
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.44, ptr noundef %145, i32 noundef %172, ptr noundef %176, i64 noundef %140, ptr noundef %182, ptr noundef %176, i64 noundef %163) #23
  br label %202

183:                                              ; preds = %169, %165, %155
  %184 = phi i32 [ %137, %155 ], [ %168, %165 ], [ %137, %169 ]
  %185 = add nuw nsw i64 %138, 1
  %186 = sext i32 %184 to i64
  %187 = icmp slt i64 %185, %186
  br i1 %187, label %136, label %188, !llvm.loop !23

188:                                              ; preds = %183
  %189 = load i32, ptr %25, align 4
  br label %190

190:                                              ; preds = %188, %78
  %191 = phi i32 [ %189, %188 ], [ %40, %78 ]
  %192 = add nuw nsw i64 %41, 1
  %193 = sext i32 %191 to i64
  %194 = icmp slt i64 %192, %193
  br i1 %194, label %39, label %195, !llvm.loop !24

195:                                              ; preds = %190, %24
  %196 = getelementptr inbounds i8, ptr %4, i64 64
  %197 = load ptr, ptr %196, align 8
  %198 = getelementptr inbounds i8, ptr %0, i64 24
  %199 = load ptr, ptr %198, align 8
  %200 = getelementptr inbounds i8, ptr %0, i64 40
  %201 = load ptr, ptr %200, align 8
  tail call void %197(ptr noundef %199, ptr noundef %201) #22
  br label %202

202:                                              ; preds = %151, %157, %171, %135, %70, %195, %17
  %203 = phi i32 [ 0, %195 ], [ 1, %17 ], [ 1, %70 ], [ 1, %135 ], [ 1, %171 ], [ 1, %157 ], [ 1, %151 ]
  ret i32 %203
}

; Function Attrs: nofree norecurse nosync nounwind optsize memory(readwrite, inaccessiblemem: none)
define internal fastcc void @describe_outputs(ptr nocapture noundef readonly %0, ptr nocapture noundef writeonly %1) unnamed_addr #4 {
  %3 = load ptr, ptr %0, align 64
  %4 = getelementptr inbounds i8, ptr %3, i64 8
  %5 = load i32, ptr %4, align 8
  %6 = icmp sgt i32 %5, 0
  br i1 %6, label %7, label %10

7:                                                ; preds = %2
  %8 = getelementptr inbounds i8, ptr %0, i64 40
  %9 = load ptr, ptr %8, align 8
  br label %11

10:                                               ; preds = %11, %2
  ret void

11:                                               ; preds = %7, %11
  %12 = phi i64 [ 0, %7 ], [ %31, %11 ]
  %13 = phi ptr [ %3, %7 ], [ %32, %11 ]
  %14 = phi ptr [ %9, %7 ], [ %30, %11 ]
  %15 = getelementptr inbounds i8, ptr %13, i64 40
  %16 = load ptr, ptr %15, align 8
  %17 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %16, i64 %12
  %18 = getelementptr inbounds i8, ptr %17, i64 8
  %19 = load i32, ptr %18, align 8
  %20 = getelementptr inbounds %struct.sparsec_tensor, ptr %1, i64 %12
  %21 = getelementptr inbounds i8, ptr %20, i64 16
  store i32 %19, ptr %21, align 8
  %22 = getelementptr inbounds i8, ptr %17, i64 12
  %23 = load i32, ptr %22, align 4
  %24 = getelementptr inbounds i8, ptr %20, i64 20
  store i32 %23, ptr %24, align 4
  %25 = getelementptr inbounds i8, ptr %20, i64 24
  %26 = sext i32 %23 to i64
  %27 = shl nsw i64 %26, 3
  tail call void @llvm.memcpy.p0.p0.i64(ptr nonnull align 8 %25, ptr align 8 %14, i64 %27, i1 false)
  %28 = load i32, ptr %22, align 4
  %29 = sext i32 %28 to i64
  %30 = getelementptr inbounds i64, ptr %14, i64 %29
  %31 = add nuw nsw i64 %12, 1
  %32 = load ptr, ptr %0, align 64
  %33 = getelementptr inbounds i8, ptr %32, i64 8
  %34 = load i32, ptr %33, align 8
  %35 = sext i32 %34 to i64
  %36 = icmp slt i64 %31, %35
  br i1 %36, label %11, label %10, !llvm.loop !25
}

; Function Attrs: nofree nounwind optsize
define internal void @append(ptr nocapture noundef %0, ptr nocapture noundef readonly %1, ...) unnamed_addr #5 {
  %3 = alloca [1 x %struct.__va_list_tag], align 16
  %4 = getelementptr inbounds i8, ptr %0, i64 584
  %5 = tail call i64 @strlen(ptr noundef nonnull dereferenceable(1) %4) #26
  call void @llvm.lifetime.start.p0(i64 24, ptr nonnull %3) #8
  call void @llvm.va_start.p0(ptr nonnull %3)
  %6 = getelementptr inbounds i8, ptr %4, i64 %5
  %7 = sub i64 1024, %5
  %8 = call i32 @vsnprintf(ptr noundef nonnull %6, i64 noundef %7, ptr noundef %1, ptr noundef nonnull %3) #22
  call void @llvm.va_end.p0(ptr nonnull %3)
  call void @llvm.lifetime.end.p0(i64 24, ptr nonnull %3) #8
  ret void
}

; Function Attrs: nounwind optsize
define i32 @sparsec_run(ptr noundef %0, ptr noundef %1, ptr noundef %2) local_unnamed_addr #0 {
  %4 = alloca %struct.timespec, align 8
  %5 = alloca %union.pthread_attr_t, align 8
  %6 = alloca %struct.cpu_mask, align 8
  %7 = alloca [1024 x i32], align 16
  %8 = alloca %struct.cpu_mask, align 8
  %9 = alloca %struct.__sigset_t, align 8
  %10 = alloca %struct.__sigset_t, align 8
  %11 = alloca i32, align 4
  %12 = alloca i32, align 4
  %13 = alloca i32, align 4
  %14 = alloca i32, align 4
  %15 = icmp eq ptr %0, null
  br i1 %15, label %376, label %16

16:                                               ; preds = %3
  %17 = tail call i32 @getpid() #22
  %18 = getelementptr inbounds i8, ptr %0, i64 16
  %19 = cmpxchg ptr %18, i32 0, i32 %17 acquire monotonic, align 16
  %20 = extractvalue { i32, i1 } %19, 1
  br i1 %20, label %25, label %21

21:                                               ; preds = %16
  %22 = extractvalue { i32, i1 } %19, 0
  %23 = icmp eq i32 %22, %17
  br i1 %23, label %376, label %24

24:                                               ; preds = %21
  store atomic i32 %17, ptr %18 monotonic, align 16
  br label %25

25:                                               ; preds = %24, %16
  %26 = tail call fastcc i32 @bind_shapes(ptr noundef nonnull %0, ptr noundef %1, ptr noundef %2) #23
  %27 = icmp eq i32 %26, 0
  br i1 %27, label %28, label %116

28:                                               ; preds = %25
  %29 = load ptr, ptr %0, align 64
  %30 = getelementptr inbounds i8, ptr %0, i64 40
  %31 = load ptr, ptr %30, align 8
  %32 = getelementptr inbounds i8, ptr %29, i64 4
  %33 = load i32, ptr %32, align 4
  %34 = icmp sgt i32 %33, 0
  br i1 %34, label %35, label %38

35:                                               ; preds = %28
  %36 = getelementptr inbounds i8, ptr %29, i64 32
  %37 = getelementptr inbounds i8, ptr %0, i64 48
  br label %46

38:                                               ; preds = %54, %28
  %39 = getelementptr inbounds i8, ptr %29, i64 40
  %40 = getelementptr inbounds i8, ptr %29, i64 8
  %41 = load i32, ptr %40, align 8
  %42 = icmp sgt i32 %41, 0
  br i1 %42, label %43, label %87

43:                                               ; preds = %38
  %44 = getelementptr inbounds i8, ptr %0, i64 48
  %45 = load ptr, ptr %39, align 8
  br label %62

46:                                               ; preds = %54, %35
  %47 = phi i64 [ 0, %35 ], [ %58, %54 ]
  %48 = load ptr, ptr %36, align 8
  %49 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %48, i64 %47
  %50 = getelementptr inbounds %struct.sparsec_tensor, ptr %1, i64 %47
  %51 = getelementptr inbounds i8, ptr %50, i64 24
  %52 = tail call fastcc i32 @check_buffer(ptr noundef nonnull %0, ptr noundef nonnull @.str.30, ptr noundef %49, ptr noundef readonly %50, ptr noundef nonnull readonly %51) #23
  %53 = icmp eq i32 %52, 0
  br i1 %53, label %54, label %116

54:                                               ; preds = %46
  %55 = load ptr, ptr %50, align 8
  %56 = load ptr, ptr %37, align 16
  %57 = getelementptr inbounds ptr, ptr %56, i64 %47
  store ptr %55, ptr %57, align 8
  %58 = add nuw nsw i64 %47, 1
  %59 = load i32, ptr %32, align 4
  %60 = sext i32 %59 to i64
  %61 = icmp slt i64 %58, %60
  br i1 %61, label %46, label %38, !llvm.loop !26

62:                                               ; preds = %70, %43
  %63 = phi ptr [ %45, %43 ], [ %78, %70 ]
  %64 = phi i64 [ 0, %43 ], [ %83, %70 ]
  %65 = phi ptr [ %31, %43 ], [ %82, %70 ]
  %66 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %63, i64 %64
  %67 = getelementptr inbounds %struct.sparsec_tensor, ptr %2, i64 %64
  %68 = tail call fastcc i32 @check_buffer(ptr noundef nonnull %0, ptr noundef nonnull @.str.29, ptr noundef %66, ptr noundef readonly %67, ptr noundef %65) #23
  %69 = icmp eq i32 %68, 0
  br i1 %69, label %70, label %116

70:                                               ; preds = %62
  %71 = load ptr, ptr %67, align 8
  %72 = load ptr, ptr %44, align 16
  %73 = load i32, ptr %32, align 4
  %74 = trunc nuw nsw i64 %64 to i32
  %75 = add nsw i32 %73, %74
  %76 = sext i32 %75 to i64
  %77 = getelementptr inbounds ptr, ptr %72, i64 %76
  store ptr %71, ptr %77, align 8
  %78 = load ptr, ptr %39, align 8
  %79 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %78, i64 %64, i32 2
  %80 = load i32, ptr %79, align 4
  %81 = sext i32 %80 to i64
  %82 = getelementptr inbounds i64, ptr %65, i64 %81
  %83 = add nuw nsw i64 %64, 1
  %84 = load i32, ptr %40, align 8
  %85 = sext i32 %84 to i64
  %86 = icmp slt i64 %83, %85
  br i1 %86, label %62, label %87, !llvm.loop !27

87:                                               ; preds = %70, %38
  %88 = getelementptr inbounds i8, ptr %0, i64 128
  %89 = getelementptr inbounds i8, ptr %0, i64 8
  %90 = load ptr, ptr %89, align 8
  %91 = getelementptr inbounds i8, ptr %90, i64 32
  %92 = load ptr, ptr %91, align 8
  %93 = getelementptr inbounds i8, ptr %0, i64 24
  %94 = load ptr, ptr %93, align 8
  %95 = tail call i64 %92(ptr noundef %94) #22
  %96 = add nsw i64 %95, 127
  %97 = and i64 %96, -64
  %98 = getelementptr inbounds i8, ptr %0, i64 184
  store i64 %97, ptr %98, align 8
  %99 = getelementptr inbounds i8, ptr %0, i64 176
  %100 = getelementptr inbounds i8, ptr %0, i64 72
  %101 = load i32, ptr %88, align 64
  %102 = sext i32 %101 to i64
  %103 = mul nsw i64 %97, %102
  %104 = tail call fastcc i32 @grow(ptr noundef nonnull %0, ptr noundef nonnull %99, ptr noundef nonnull %100, i64 noundef %103, ptr noundef nonnull @.str.48) #23
  %105 = icmp eq i32 %104, 0
  br i1 %105, label %106, label %116

106:                                              ; preds = %87
  %107 = getelementptr inbounds i8, ptr %0, i64 56
  %108 = getelementptr inbounds i8, ptr %0, i64 64
  %109 = load ptr, ptr %89, align 8
  %110 = getelementptr inbounds i8, ptr %109, i64 24
  %111 = load ptr, ptr %110, align 8
  %112 = load ptr, ptr %93, align 8
  %113 = tail call i64 %111(ptr noundef %112) #22
  %114 = tail call fastcc i32 @grow(ptr noundef nonnull %0, ptr noundef nonnull %107, ptr noundef nonnull %108, i64 noundef %113, ptr noundef nonnull @.str.49) #23
  %115 = icmp eq i32 %114, 0
  br i1 %115, label %118, label %116

116:                                              ; preds = %46, %62, %25, %87, %106
  %117 = phi i32 [ %114, %106 ], [ %104, %87 ], [ %26, %25 ], [ 1, %62 ], [ 1, %46 ]
  store atomic i32 0, ptr %18 release, align 16
  br label %376

118:                                              ; preds = %106
  %119 = getelementptr inbounds i8, ptr %0, i64 136
  %120 = load ptr, ptr %119, align 8
  %121 = icmp eq ptr %120, null
  br i1 %121, label %122, label %125

122:                                              ; preds = %118
  %123 = load i32, ptr %88, align 64
  %124 = add nsw i32 %123, -1
  br label %125

125:                                              ; preds = %122, %118
  %126 = phi i32 [ %124, %122 ], [ 0, %118 ]
  %127 = getelementptr inbounds i8, ptr %0, i64 152
  %128 = load i32, ptr %127, align 8
  %129 = icmp eq i32 %128, 0
  br i1 %129, label %136, label %130

130:                                              ; preds = %125
  %131 = getelementptr inbounds i8, ptr %0, i64 160
  %132 = load i32, ptr %131, align 32
  %133 = tail call i32 @getpid() #22
  %134 = icmp ne i32 %132, %133
  %135 = load i32, ptr %127, align 8
  br label %136

136:                                              ; preds = %130, %125
  %137 = phi i32 [ 0, %125 ], [ %135, %130 ]
  %138 = phi i1 [ false, %125 ], [ %134, %130 ]
  %139 = icmp eq i32 %126, %137
  br i1 %139, label %140, label %147

140:                                              ; preds = %136
  %141 = getelementptr inbounds i8, ptr %0, i64 132
  %142 = load i32, ptr %141, align 4
  %143 = getelementptr inbounds i8, ptr %0, i64 156
  %144 = load i32, ptr %143, align 4
  %145 = icmp ne i32 %142, %144
  %146 = select i1 %145, i1 true, i1 %138
  br i1 %146, label %147, label %299

147:                                              ; preds = %140, %136
  tail call fastcc void @stop_threads(ptr noundef nonnull %88) #23
  %148 = getelementptr inbounds i8, ptr %0, i64 132
  %149 = load i32, ptr %148, align 4
  %150 = getelementptr inbounds i8, ptr %0, i64 156
  store i32 %149, ptr %150, align 4
  %151 = icmp eq i32 %126, 0
  br i1 %151, label %299, label %152

152:                                              ; preds = %147
  call void @llvm.lifetime.start.p0(i64 1024, ptr nonnull %8) #8
  call void @llvm.memset.p0.i64(ptr noundef nonnull align 8 dereferenceable(1024) %8, i8 0, i64 1024, i1 false)
  %153 = call i32 @sched_getaffinity(i32 noundef 0, i64 noundef 1024, ptr noundef nonnull %8) #22
  %154 = icmp eq i32 %153, 0
  br i1 %154, label %157, label %155

155:                                              ; preds = %152
  store i64 1, ptr %8, align 8
  %156 = getelementptr inbounds i8, ptr %8, i64 8
  call void @llvm.memset.p0.i64(ptr noundef nonnull align 8 dereferenceable(1016) %156, i8 0, i64 1016, i1 false)
  br label %157

157:                                              ; preds = %155, %152
  %158 = call i32 @getpid() #22
  %159 = getelementptr inbounds i8, ptr %0, i64 160
  store i32 %158, ptr %159, align 32
  br label %160

160:                                              ; preds = %166, %157
  %161 = phi i64 [ 0, %157 ], [ %168, %166 ]
  %162 = phi i32 [ 0, %157 ], [ %167, %166 ]
  %163 = getelementptr inbounds [128 x i64], ptr %8, i64 0, i64 %161
  %164 = load i64, ptr %163, align 8
  %165 = icmp eq i64 %164, 0
  br i1 %165, label %166, label %170

166:                                              ; preds = %170, %160
  %167 = phi i32 [ %162, %160 ], [ %173, %170 ]
  %168 = add nuw nsw i64 %161, 1
  %169 = icmp eq i64 %168, 128
  br i1 %169, label %177, label %160, !llvm.loop !28

170:                                              ; preds = %160, %170
  %171 = phi i64 [ %175, %170 ], [ %164, %160 ]
  %172 = phi i32 [ %173, %170 ], [ %162, %160 ]
  %173 = add nsw i32 %172, 1
  %174 = add i64 %171, -1
  %175 = and i64 %174, %171
  %176 = icmp eq i64 %175, 0
  br i1 %176, label %166, label %170, !llvm.loop !29

177:                                              ; preds = %166
  %178 = load i32, ptr %88, align 64
  %179 = icmp slt i32 %167, %178
  %180 = select i1 %179, i32 0, i32 2000
  %181 = getelementptr inbounds i8, ptr %0, i64 164
  store i32 %180, ptr %181, align 4
  %182 = getelementptr inbounds i8, ptr %0, i64 360
  store i32 0, ptr %182, align 8
  %183 = getelementptr inbounds i8, ptr %0, i64 356
  store i32 0, ptr %183, align 4
  %184 = getelementptr inbounds i8, ptr %0, i64 352
  store i32 0, ptr %184, align 32
  %185 = getelementptr inbounds i8, ptr %0, i64 392
  store i64 0, ptr %185, align 8
  %186 = getelementptr inbounds i8, ptr %0, i64 448
  store i64 0, ptr %186, align 64
  %187 = getelementptr inbounds i8, ptr %0, i64 512
  store i64 0, ptr %187, align 64
  %188 = getelementptr inbounds i8, ptr %0, i64 216
  %189 = call i32 @pthread_mutex_init(ptr noundef nonnull %188, ptr noundef null) #22
  %190 = getelementptr inbounds i8, ptr %0, i64 256
  %191 = call i32 @pthread_cond_init(ptr noundef nonnull %190, ptr noundef null) #22
  %192 = getelementptr inbounds i8, ptr %0, i64 304
  %193 = call i32 @pthread_cond_init(ptr noundef nonnull %192, ptr noundef null) #22
  %194 = sext i32 %126 to i64
  %195 = call noalias ptr @calloc(i64 noundef %194, i64 noundef 24) #24
  %196 = getelementptr inbounds i8, ptr %0, i64 168
  store ptr %195, ptr %196, align 8
  %197 = icmp eq ptr %195, null
  br i1 %197, label %198, label %199

198:                                              ; preds = %177
  call void @llvm.lifetime.end.p0(i64 1024, ptr nonnull %8) #8
  br label %295

199:                                              ; preds = %177
  call void @llvm.lifetime.start.p0(i64 128, ptr nonnull %9) #8
  call void @llvm.lifetime.start.p0(i64 128, ptr nonnull %10) #8
  %200 = call i32 @sigfillset(ptr noundef nonnull %9) #22
  %201 = call i32 @pthread_sigmask(i32 noundef 2, ptr noundef nonnull %9, ptr noundef nonnull %10) #22
  call void @llvm.lifetime.start.p0(i64 4096, ptr nonnull %7) #8
  %202 = load i32, ptr %148, align 4
  %203 = icmp eq i32 %202, 0
  br i1 %203, label %236, label %204

204:                                              ; preds = %199
  %205 = call i32 @sched_getcpu() #22
  %206 = call fastcc i32 @list_cores(ptr noundef nonnull readonly %8, ptr noundef nonnull %7, i32 noundef 1024) #23
  %207 = call i32 @llvm.smin.i32(i32 %206, i32 1024)
  %208 = icmp ult i32 %205, 8192
  br i1 %208, label %209, label %220

209:                                              ; preds = %204
  %210 = zext nneg i32 %205 to i64
  %211 = lshr i64 %210, 6
  %212 = getelementptr inbounds [128 x i64], ptr %8, i64 0, i64 %211
  %213 = load i64, ptr %212, align 8
  %214 = and i64 %210, 63
  %215 = shl nuw i64 1, %214
  %216 = and i64 %213, %215
  %217 = icmp eq i64 %216, 0
  br i1 %217, label %220, label %218

218:                                              ; preds = %209
  %219 = call fastcc i32 @core_of(i32 noundef %205, ptr noundef nonnull readonly %8) #23
  br label %220

220:                                              ; preds = %218, %209, %204
  %221 = phi i32 [ %219, %218 ], [ -1, %209 ], [ -1, %204 ]
  %222 = icmp sgt i32 %206, 1
  br i1 %222, label %223, label %236

223:                                              ; preds = %220
  %224 = add nsw i32 %207, -1
  %225 = zext i32 %224 to i64
  br label %226

226:                                              ; preds = %231, %223
  %227 = phi i64 [ 0, %223 ], [ %232, %231 ]
  %228 = getelementptr inbounds [1024 x i32], ptr %7, i64 0, i64 %227
  %229 = load i32, ptr %228, align 4
  %230 = icmp eq i32 %229, %221
  br i1 %230, label %234, label %231

231:                                              ; preds = %226
  %232 = add nuw nsw i64 %227, 1
  %233 = icmp eq i64 %232, %225
  br i1 %233, label %236, label %226, !llvm.loop !30

234:                                              ; preds = %226
  %235 = and i64 %227, 4294967295
  br label %236

236:                                              ; preds = %231, %234, %220, %199
  %237 = phi i64 [ 0, %199 ], [ 0, %220 ], [ %235, %234 ], [ %225, %231 ]
  %238 = phi i32 [ 0, %199 ], [ %207, %220 ], [ %207, %234 ], [ %207, %231 ]
  %239 = icmp eq i32 %238, 0
  %240 = sext i32 %238 to i64
  %241 = load i32, ptr %127, align 8
  br label %242

242:                                              ; preds = %283, %236
  %243 = phi i32 [ %241, %236 ], [ %289, %283 ]
  %244 = load i32, ptr %88, align 64
  %245 = add nsw i32 %244, -1
  %246 = icmp slt i32 %243, %245
  br i1 %246, label %247, label %290

247:                                              ; preds = %242
  %248 = load ptr, ptr %196, align 8
  %249 = sext i32 %243 to i64
  %250 = getelementptr inbounds %struct.worker, ptr %248, i64 %249
  store ptr %88, ptr %250, align 8
  %251 = load i32, ptr %127, align 8
  %252 = add nsw i32 %251, 1
  %253 = sext i32 %252 to i64
  %254 = getelementptr inbounds i8, ptr %250, i64 8
  store i64 %253, ptr %254, align 8
  br i1 %239, label %262, label %255

255:                                              ; preds = %247
  %256 = add nsw i64 %237, %253
  %257 = srem i64 %256, %240
  %258 = getelementptr inbounds [1024 x i32], ptr %7, i64 0, i64 %257
  %259 = load i32, ptr %258, align 4
  call void @llvm.lifetime.start.p0(i64 56, ptr nonnull %5) #8
  %260 = call i32 @pthread_attr_init(ptr noundef nonnull %5) #22
  %261 = icmp eq i32 %260, 0
  br i1 %261, label %265, label %281

262:                                              ; preds = %247
  call void @llvm.lifetime.start.p0(i64 56, ptr nonnull %5) #8
  %263 = call i32 @pthread_attr_init(ptr noundef nonnull %5) #22
  %264 = icmp eq i32 %263, 0
  br i1 %264, label %278, label %281

265:                                              ; preds = %255
  %266 = icmp sgt i32 %259, -1
  br i1 %266, label %267, label %278

267:                                              ; preds = %265
  call void @llvm.lifetime.start.p0(i64 1024, ptr nonnull %6) #8
  call void @llvm.memset.p0.i64(ptr noundef nonnull align 8 dereferenceable(1024) %6, i8 0, i64 1024, i1 false)
  %268 = and i32 %259, 63
  %269 = zext nneg i32 %268 to i64
  %270 = shl nuw i64 1, %269
  %271 = lshr i32 %259, 6
  %272 = zext nneg i32 %271 to i64
  %273 = getelementptr inbounds [128 x i64], ptr %6, i64 0, i64 %272
  %274 = load i64, ptr %273, align 8
  %275 = or i64 %274, %270
  store i64 %275, ptr %273, align 8
  %276 = call i32 @pthread_attr_setaffinity_np(ptr noundef nonnull %5, i64 noundef 1024, ptr noundef nonnull %6) #22
  call void @llvm.lifetime.end.p0(i64 1024, ptr nonnull %6) #8
  %277 = icmp eq i32 %276, 0
  br i1 %277, label %278, label %283

278:                                              ; preds = %267, %265, %262
  %279 = getelementptr inbounds i8, ptr %250, i64 16
  %280 = call i32 @pthread_create(ptr noundef nonnull %279, ptr noundef nonnull %5, ptr noundef nonnull @work, ptr noundef nonnull %250) #22
  br label %283

281:                                              ; preds = %262, %255
  %282 = phi i32 [ %263, %262 ], [ %260, %255 ]
  call void @llvm.lifetime.end.p0(i64 56, ptr nonnull %5) #8
  br label %292

283:                                              ; preds = %278, %267
  %284 = phi i32 [ %276, %267 ], [ %280, %278 ]
  %285 = call i32 @pthread_attr_destroy(ptr noundef nonnull %5) #22
  call void @llvm.lifetime.end.p0(i64 56, ptr nonnull %5) #8
  %286 = icmp eq i32 %284, 0
  %287 = zext i1 %286 to i32
  %288 = load i32, ptr %127, align 8
  %289 = add nsw i32 %288, %287
  store i32 %289, ptr %127, align 8
  br i1 %286, label %242, label %292, !llvm.loop !31

290:                                              ; preds = %242
  call void @llvm.lifetime.end.p0(i64 4096, ptr nonnull %7) #8
  %291 = call i32 @pthread_sigmask(i32 noundef 2, ptr noundef nonnull %10, ptr noundef null) #22
  call void @llvm.lifetime.end.p0(i64 128, ptr nonnull %10) #8
  call void @llvm.lifetime.end.p0(i64 128, ptr nonnull %9) #8
  call void @llvm.lifetime.end.p0(i64 1024, ptr nonnull %8) #8
  br label %299

292:                                              ; preds = %283, %281
  %293 = phi i32 [ %282, %281 ], [ %284, %283 ]
  call void @llvm.lifetime.end.p0(i64 4096, ptr nonnull %7) #8
  %294 = call i32 @pthread_sigmask(i32 noundef 2, ptr noundef nonnull %10, ptr noundef null) #22
  call fastcc void @stop_threads(ptr noundef nonnull %88) #23
  call void @llvm.lifetime.end.p0(i64 128, ptr nonnull %10) #8
  call void @llvm.lifetime.end.p0(i64 128, ptr nonnull %9) #8
  call void @llvm.lifetime.end.p0(i64 1024, ptr nonnull %8) #8
  br label %295

295:                                              ; preds = %292, %198
  %296 = phi i32 [ 12, %198 ], [ %293, %292 ]
  %297 = load i32, ptr %88, align 64
  %298 = call ptr @strerror(i32 noundef %296) #22
  call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.1, i32 noundef %297, ptr noundef %298) #23
  store atomic i32 0, ptr %18 release, align 16
  br label %376

299:                                              ; preds = %147, %140, %290
  %300 = load ptr, ptr %0, align 64
  %301 = getelementptr inbounds i8, ptr %0, i64 192
  %302 = getelementptr inbounds i8, ptr %300, i64 20
  %303 = load i32, ptr %302, align 4
  %304 = load i32, ptr %88, align 64
  %305 = getelementptr inbounds i8, ptr %0, i64 204
  store i32 0, ptr %305, align 4
  %306 = load i32, ptr %301, align 8
  %307 = icmp eq i32 %306, 0
  br i1 %307, label %332, label %308

308:                                              ; preds = %299
  %309 = getelementptr inbounds i8, ptr %0, i64 208
  %310 = load ptr, ptr %309, align 8
  call void @free(ptr noundef %310) #22
  %311 = sext i32 %303 to i64
  %312 = add nsw i64 %311, 1
  %313 = sext i32 %304 to i64
  %314 = mul nsw i64 %312, %313
  %315 = call noalias ptr @calloc(i64 noundef %314, i64 noundef 24) #24
  store ptr %315, ptr %309, align 8
  %316 = getelementptr inbounds i8, ptr %0, i64 196
  store i32 %303, ptr %316, align 4
  %317 = getelementptr inbounds i8, ptr %0, i64 200
  store i32 %304, ptr %317, align 8
  %318 = icmp eq ptr %315, null
  br i1 %318, label %319, label %322

319:                                              ; preds = %308
  %320 = load i32, ptr %302, align 4
  %321 = load i32, ptr %88, align 64
  call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.2, i32 noundef %320, i32 noundef %321) #23
  store atomic i32 0, ptr %18 release, align 16
  br label %376

322:                                              ; preds = %308
  %323 = load i32, ptr %301, align 8
  %324 = icmp eq i32 %323, 0
  br i1 %324, label %332, label %325

325:                                              ; preds = %322
  call void @llvm.lifetime.start.p0(i64 16, ptr nonnull %4) #8
  %326 = call i32 @clock_gettime(i32 noundef 1, ptr noundef nonnull %4) #22
  %327 = load i64, ptr %4, align 8
  %328 = mul nsw i64 %327, 1000000000
  %329 = getelementptr inbounds i8, ptr %4, i64 8
  %330 = load i64, ptr %329, align 8
  %331 = add nsw i64 %328, %330
  call void @llvm.lifetime.end.p0(i64 16, ptr nonnull %4) #8
  br label %332

332:                                              ; preds = %299, %322, %325
  %333 = phi i64 [ %331, %325 ], [ 0, %322 ], [ 0, %299 ]
  call void @llvm.lifetime.start.p0(i64 4, ptr nonnull %11) #8
  store i32 0, ptr %11, align 4
  call void @llvm.x86.sse.stmxcsr(ptr nonnull %12)
  %334 = load i32, ptr %12, align 4
  store i32 8064, ptr %13, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr nonnull %13)
  %335 = load ptr, ptr %89, align 8
  %336 = getelementptr inbounds i8, ptr %335, i64 16
  %337 = load ptr, ptr %336, align 8
  %338 = load ptr, ptr %93, align 8
  %339 = getelementptr inbounds i8, ptr %0, i64 48
  %340 = load ptr, ptr %339, align 16
  %341 = getelementptr inbounds i8, ptr %300, i64 4
  %342 = load i32, ptr %341, align 4
  %343 = sext i32 %342 to i64
  %344 = getelementptr inbounds ptr, ptr %340, i64 %343
  %345 = load ptr, ptr %107, align 8
  %346 = getelementptr inbounds i8, ptr %300, i64 72
  %347 = load ptr, ptr %346, align 8
  call void %337(ptr noundef %338, ptr noundef %340, ptr noundef %344, ptr noundef %345, ptr noundef %347, ptr noundef nonnull %88, ptr noundef nonnull %11) #22
  store i32 %334, ptr %14, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr nonnull %14)
  %348 = getelementptr inbounds i8, ptr %0, i64 196
  %349 = load i32, ptr %348, align 4
  store i32 %349, ptr %305, align 4
  %350 = getelementptr inbounds i8, ptr %0, i64 208
  %351 = load ptr, ptr %350, align 8
  %352 = icmp eq ptr %351, null
  br i1 %352, label %360, label %353

353:                                              ; preds = %332
  %354 = sext i32 %349 to i64
  %355 = getelementptr inbounds i8, ptr %0, i64 200
  %356 = load i32, ptr %355, align 8
  %357 = sext i32 %356 to i64
  %358 = mul nsw i64 %357, %354
  %359 = getelementptr inbounds %struct.profile_place, ptr %351, i64 %358
  call fastcc void @record(ptr noundef nonnull %359, i64 noundef %333, i64 noundef 1) #23
  br label %360

360:                                              ; preds = %332, %353
  call fastcc void @describe_outputs(ptr noundef nonnull %0, ptr noundef %2) #23
  %361 = load i32, ptr %11, align 4
  %362 = icmp sgt i32 %361, 0
  br i1 %362, label %363, label %374

363:                                              ; preds = %360
  %364 = getelementptr inbounds i8, ptr %300, i64 16
  %365 = load i32, ptr %364, align 8
  %366 = icmp sgt i32 %361, %365
  br i1 %366, label %374, label %367

367:                                              ; preds = %363
  %368 = getelementptr inbounds i8, ptr %300, i64 56
  %369 = load ptr, ptr %368, align 8
  %370 = zext nneg i32 %361 to i64
  %371 = getelementptr ptr, ptr %369, i64 %370
  %372 = getelementptr i8, ptr %371, i64 -8
  %373 = load ptr, ptr %372, align 8
  call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.3, ptr noundef %373) #23
  br label %374

374:                                              ; preds = %360, %363, %367
  %375 = phi i32 [ 2, %367 ], [ 0, %363 ], [ 0, %360 ]
  store atomic i32 0, ptr %18 release, align 16
  call void @llvm.lifetime.end.p0(i64 4, ptr nonnull %11) #8
  br label %376

376:                                              ; preds = %21, %3, %295, %374, %319, %116
  %377 = phi i32 [ %117, %116 ], [ 4, %295 ], [ %375, %374 ], [ 3, %319 ], [ 1, %3 ], [ 5, %21 ]
  ret i32 %377
}

; Function Attrs: nounwind optsize
declare ptr @strerror(i32 noundef) local_unnamed_addr #6

; Function Attrs: nounwind memory(argmem: write)
declare void @llvm.x86.sse.stmxcsr(ptr) #7

; Function Attrs: nounwind
declare void @llvm.x86.sse.ldmxcsr(ptr) #8

; Function Attrs: nounwind optsize
define noundef i32 @sparsec_set_threads(ptr noundef %0, i32 noundef %1) local_unnamed_addr #0 {
  %3 = icmp eq ptr %0, null
  br i1 %3, label %22, label %4

4:                                                ; preds = %2
  %5 = tail call i32 @getpid() #22
  %6 = getelementptr inbounds i8, ptr %0, i64 16
  %7 = cmpxchg ptr %6, i32 0, i32 %5 acquire monotonic, align 16
  %8 = extractvalue { i32, i1 } %7, 1
  br i1 %8, label %13, label %9

9:                                                ; preds = %4
  %10 = extractvalue { i32, i1 } %7, 0
  %11 = icmp eq i32 %10, %5
  br i1 %11, label %22, label %12

12:                                               ; preds = %9
  store atomic i32 %5, ptr %6 monotonic, align 16
  br label %13

13:                                               ; preds = %12, %4
  %14 = getelementptr inbounds i8, ptr %0, i64 584
  store i8 0, ptr %14, align 8
  %15 = add i32 %1, -1025
  %16 = icmp ult i32 %15, -1024
  br i1 %16, label %17, label %18

17:                                               ; preds = %13
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.4, i32 noundef %1, i32 noundef 1024) #23
  br label %20

18:                                               ; preds = %13
  %19 = getelementptr inbounds i8, ptr %0, i64 128
  store i32 %1, ptr %19, align 64
  br label %20

20:                                               ; preds = %17, %18
  %21 = phi i32 [ 0, %18 ], [ 1, %17 ]
  store atomic i32 0, ptr %6 release, align 16
  br label %22

22:                                               ; preds = %20, %9, %2
  %23 = phi i32 [ 1, %2 ], [ 5, %9 ], [ %21, %20 ]
  ret i32 %23
}

; Function Attrs: nounwind optsize
define noundef i32 @sparsec_set_pinning(ptr noundef %0, i32 noundef %1) local_unnamed_addr #0 {
  %3 = icmp eq ptr %0, null
  br i1 %3, label %17, label %4

4:                                                ; preds = %2
  %5 = tail call i32 @getpid() #22
  %6 = getelementptr inbounds i8, ptr %0, i64 16
  %7 = cmpxchg ptr %6, i32 0, i32 %5 acquire monotonic, align 16
  %8 = extractvalue { i32, i1 } %7, 1
  br i1 %8, label %13, label %9

9:                                                ; preds = %4
  %10 = extractvalue { i32, i1 } %7, 0
  %11 = icmp eq i32 %10, %5
  br i1 %11, label %17, label %12

12:                                               ; preds = %9
  store atomic i32 %5, ptr %6 monotonic, align 16
  br label %13

13:                                               ; preds = %12, %4
  %14 = icmp ne i32 %1, 0
  %15 = zext i1 %14 to i32
  %16 = getelementptr inbounds i8, ptr %0, i64 132
  store i32 %15, ptr %16, align 4
  store atomic i32 0, ptr %6 release, align 16
  br label %17

17:                                               ; preds = %9, %2, %13
  %18 = phi i32 [ 0, %13 ], [ 1, %2 ], [ 5, %9 ]
  ret i32 %18
}

; Function Attrs: nounwind optsize
define noundef i32 @sparsec_set_parallel(ptr noundef %0, ptr noundef %1, ptr noundef %2) local_unnamed_addr #0 {
  %4 = icmp eq ptr %0, null
  br i1 %4, label %17, label %5

5:                                                ; preds = %3
  %6 = tail call i32 @getpid() #22
  %7 = getelementptr inbounds i8, ptr %0, i64 16
  %8 = cmpxchg ptr %7, i32 0, i32 %6 acquire monotonic, align 16
  %9 = extractvalue { i32, i1 } %8, 1
  br i1 %9, label %14, label %10

10:                                               ; preds = %5
  %11 = extractvalue { i32, i1 } %8, 0
  %12 = icmp eq i32 %11, %6
  br i1 %12, label %17, label %13

13:                                               ; preds = %10
  store atomic i32 %6, ptr %7 monotonic, align 16
  br label %14

14:                                               ; preds = %13, %5
  %15 = getelementptr inbounds i8, ptr %0, i64 136
  store ptr %1, ptr %15, align 8
  %16 = getelementptr inbounds i8, ptr %0, i64 144
  store ptr %2, ptr %16, align 16
  store atomic i32 0, ptr %7 release, align 16
  br label %17

17:                                               ; preds = %10, %3, %14
  %18 = phi i32 [ 0, %14 ], [ 1, %3 ], [ 5, %10 ]
  ret i32 %18
}

; Function Attrs: nounwind optsize
define noundef i32 @sparsec_set_profiling(ptr noundef %0, i32 noundef %1) local_unnamed_addr #0 {
  %3 = icmp eq ptr %0, null
  br i1 %3, label %19, label %4

4:                                                ; preds = %2
  %5 = tail call i32 @getpid() #22
  %6 = getelementptr inbounds i8, ptr %0, i64 16
  %7 = cmpxchg ptr %6, i32 0, i32 %5 acquire monotonic, align 16
  %8 = extractvalue { i32, i1 } %7, 1
  br i1 %8, label %13, label %9

9:                                                ; preds = %4
  %10 = extractvalue { i32, i1 } %7, 0
  %11 = icmp eq i32 %10, %5
  br i1 %11, label %19, label %12

12:                                               ; preds = %9
  store atomic i32 %5, ptr %6 monotonic, align 16
  br label %13

13:                                               ; preds = %12, %4
  %14 = getelementptr inbounds i8, ptr %0, i64 192
  %15 = icmp ne i32 %1, 0
  %16 = zext i1 %15 to i32
  store i32 %16, ptr %14, align 8
  %17 = getelementptr inbounds i8, ptr %0, i64 208
  %18 = load ptr, ptr %17, align 8
  tail call void @free(ptr noundef %18) #22
  store ptr null, ptr %17, align 8
  store atomic i32 0, ptr %6 release, align 16
  br label %19

19:                                               ; preds = %9, %2, %13
  %20 = phi i32 [ 0, %13 ], [ 1, %2 ], [ 5, %9 ]
  ret i32 %20
}

; Function Attrs: nounwind optsize
define i64 @sparsec_profile(ptr noundef %0, ptr noundef writeonly %1, i64 noundef %2) local_unnamed_addr #0 {
  %4 = icmp eq ptr %0, null
  br i1 %4, label %88, label %5

5:                                                ; preds = %3
  %6 = tail call i32 @getpid() #22
  %7 = getelementptr inbounds i8, ptr %0, i64 16
  %8 = cmpxchg ptr %7, i32 0, i32 %6 acquire monotonic, align 16
  %9 = extractvalue { i32, i1 } %8, 1
  br i1 %9, label %14, label %10

10:                                               ; preds = %5
  %11 = extractvalue { i32, i1 } %8, 0
  %12 = icmp eq i32 %11, %6
  br i1 %12, label %88, label %13

13:                                               ; preds = %10
  store atomic i32 %6, ptr %7 monotonic, align 16
  br label %14

14:                                               ; preds = %13, %5
  %15 = icmp eq ptr %1, null
  %16 = select i1 %15, i64 0, i64 %2
  %17 = getelementptr inbounds i8, ptr %0, i64 208
  %18 = load ptr, ptr %17, align 8
  %19 = icmp eq ptr %18, null
  br i1 %19, label %86, label %20

20:                                               ; preds = %14
  %21 = getelementptr inbounds i8, ptr %0, i64 196
  %22 = load i32, ptr %21, align 4
  %23 = icmp slt i32 %22, 0
  br i1 %23, label %86, label %24

24:                                               ; preds = %20
  %25 = getelementptr inbounds i8, ptr %0, i64 200
  %26 = load i32, ptr %25, align 8
  br label %27

27:                                               ; preds = %39, %24
  %28 = phi i32 [ %26, %24 ], [ %40, %39 ]
  %29 = phi i32 [ %22, %24 ], [ %41, %39 ]
  %30 = phi i32 [ %26, %24 ], [ %42, %39 ]
  %31 = phi i32 [ %26, %24 ], [ %43, %39 ]
  %32 = phi i64 [ 0, %24 ], [ %45, %39 ]
  %33 = phi i64 [ 0, %24 ], [ %44, %39 ]
  %34 = icmp sgt i32 %31, 0
  br i1 %34, label %35, label %39

35:                                               ; preds = %27
  %36 = trunc nuw nsw i64 %32 to i32
  br label %48

37:                                               ; preds = %79
  %38 = load i32, ptr %21, align 4
  br label %39

39:                                               ; preds = %37, %27
  %40 = phi i32 [ %28, %27 ], [ %80, %37 ]
  %41 = phi i32 [ %29, %27 ], [ %38, %37 ]
  %42 = phi i32 [ %30, %27 ], [ %81, %37 ]
  %43 = phi i32 [ %31, %27 ], [ %81, %37 ]
  %44 = phi i64 [ %33, %27 ], [ %82, %37 ]
  %45 = add nuw nsw i64 %32, 1
  %46 = sext i32 %41 to i64
  %47 = icmp slt i64 %32, %46
  br i1 %47, label %27, label %86, !llvm.loop !32

48:                                               ; preds = %79, %35
  %49 = phi i32 [ %28, %35 ], [ %80, %79 ]
  %50 = phi i32 [ %30, %35 ], [ %81, %79 ]
  %51 = phi i64 [ 0, %35 ], [ %83, %79 ]
  %52 = phi i32 [ %31, %35 ], [ %81, %79 ]
  %53 = phi i64 [ %33, %35 ], [ %82, %79 ]
  %54 = load ptr, ptr %17, align 8
  %55 = sext i32 %52 to i64
  %56 = mul nsw i64 %32, %55
  %57 = getelementptr %struct.profile_place, ptr %54, i64 %56
  %58 = getelementptr %struct.profile_place, ptr %57, i64 %51
  %59 = getelementptr inbounds i8, ptr %58, i64 16
  %60 = load i64, ptr %59, align 8
  %61 = icmp eq i64 %60, 0
  br i1 %61, label %79, label %62

62:                                               ; preds = %48
  %63 = icmp slt i64 %53, %16
  br i1 %63, label %64, label %76

64:                                               ; preds = %62
  %65 = getelementptr inbounds %struct.sparsec_span, ptr %1, i64 %53
  %66 = load i32, ptr %21, align 4
  %67 = sext i32 %66 to i64
  %68 = icmp slt i64 %32, %67
  %69 = select i1 %68, i32 %36, i32 -1
  %70 = getelementptr inbounds i8, ptr %65, i64 4
  %71 = trunc nuw nsw i64 %51 to i32
  %72 = getelementptr inbounds i8, ptr %65, i64 8
  %73 = load <2 x i64>, ptr %58, align 8
  store i32 %69, ptr %65, align 8
  store i32 %71, ptr %70, align 4
  store <2 x i64> %73, ptr %72, align 8
  %74 = getelementptr inbounds i8, ptr %65, i64 24
  store i64 %60, ptr %74, align 8
  %75 = load i32, ptr %25, align 8
  br label %76

76:                                               ; preds = %64, %62
  %77 = phi i32 [ %75, %64 ], [ %49, %62 ]
  %78 = add nsw i64 %53, 1
  br label %79

79:                                               ; preds = %76, %48
  %80 = phi i32 [ %77, %76 ], [ %49, %48 ]
  %81 = phi i32 [ %77, %76 ], [ %50, %48 ]
  %82 = phi i64 [ %78, %76 ], [ %53, %48 ]
  %83 = add nuw nsw i64 %51, 1
  %84 = sext i32 %81 to i64
  %85 = icmp slt i64 %83, %84
  br i1 %85, label %48, label %37, !llvm.loop !33

86:                                               ; preds = %39, %14, %20
  %87 = phi i64 [ 0, %14 ], [ 0, %20 ], [ %44, %39 ]
  store atomic i32 0, ptr %7 release, align 16
  br label %88

88:                                               ; preds = %10, %3, %86
  %89 = phi i64 [ %87, %86 ], [ 0, %3 ], [ 0, %10 ]
  ret i64 %89
}

; Function Attrs: mustprogress nofree norecurse nosync nounwind optsize willreturn memory(argmem: read)
define i32 @sparsec_get_threads(ptr noundef readonly %0) local_unnamed_addr #9 {
  %2 = icmp eq ptr %0, null
  br i1 %2, label %6, label %3

3:                                                ; preds = %1
  %4 = getelementptr inbounds i8, ptr %0, i64 128
  %5 = load i32, ptr %4, align 64
  br label %6

6:                                                ; preds = %1, %3
  %7 = phi i32 [ %5, %3 ], [ 0, %1 ]
  ret i32 %7
}

; Function Attrs: mustprogress nofree norecurse nosync nounwind optsize willreturn memory(read, inaccessiblemem: none)
define ptr @sparsec_variant(ptr noundef readonly %0) local_unnamed_addr #10 {
  %2 = icmp eq ptr %0, null
  br i1 %2, label %7, label %3

3:                                                ; preds = %1
  %4 = getelementptr inbounds i8, ptr %0, i64 8
  %5 = load ptr, ptr %4, align 8
  %6 = load ptr, ptr %5, align 8
  br label %7

7:                                                ; preds = %1, %3
  %8 = phi ptr [ %6, %3 ], [ @.str.5, %1 ]
  ret ptr %8
}

; Function Attrs: nounwind optsize
define nonnull ptr @sparsec_last_error(ptr nocapture noundef readonly %0, ptr noundef readnone %1) local_unnamed_addr #0 {
  %3 = icmp eq ptr %1, null
  br i1 %3, label %6, label %4

4:                                                ; preds = %2
  %5 = getelementptr inbounds i8, ptr %1, i64 584
  br label %64

6:                                                ; preds = %2
  %7 = tail call fastcc i64 @detect_features() #23
  %8 = getelementptr inbounds i8, ptr %0, i64 12
  %9 = load i32, ptr %8, align 4
  %10 = icmp sgt i32 %9, 0
  %11 = getelementptr inbounds i8, ptr %0, i64 48
  %12 = load ptr, ptr %11, align 8
  %13 = xor i64 %7, -1
  br i1 %10, label %14, label %25

14:                                               ; preds = %6
  %15 = zext nneg i32 %9 to i64
  br label %19

16:                                               ; preds = %19
  %17 = add nuw nsw i64 %20, 1
  %18 = icmp eq i64 %17, %15
  br i1 %18, label %25, label %19, !llvm.loop !11

19:                                               ; preds = %16, %14
  %20 = phi i64 [ 0, %14 ], [ %17, %16 ]
  %21 = getelementptr inbounds %struct.sparsec_variant, ptr %12, i64 %20, i32 1
  %22 = load i64, ptr %21, align 8
  %23 = and i64 %22, %13
  %24 = icmp eq i64 %23, 0
  br i1 %24, label %64, label %16

25:                                               ; preds = %16, %6
  %26 = sext i32 %9 to i64
  %27 = getelementptr %struct.sparsec_variant, ptr %12, i64 %26
  %28 = getelementptr i8, ptr %27, i64 -32
  %29 = load i64, ptr %28, align 8
  %30 = tail call i32 @pthread_mutex_lock(ptr noundef nonnull @creation_error.mutex) #22
  tail call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 16 dereferenceable(15) @creation_error.text, ptr noundef nonnull align 1 dereferenceable(15) @.str.52, i64 15, i1 false)
  br label %37

31:                                               ; preds = %60
  %32 = sext i32 %61 to i64
  %33 = getelementptr inbounds i8, ptr @creation_error.text, i64 %32
  %34 = sub nsw i64 512, %32
  %35 = tail call i32 (ptr, i64, ptr, ...) @snprintf(ptr noundef nonnull %33, i64 noundef %34, ptr noundef nonnull @.str.55, ptr noundef nonnull @.str.56) #22
  %36 = tail call i32 @pthread_mutex_unlock(ptr noundef nonnull @creation_error.mutex) #22
  br label %64

37:                                               ; preds = %60, %25
  %38 = phi i64 [ 0, %25 ], [ %62, %60 ]
  %39 = phi i32 [ 14, %25 ], [ %61, %60 ]
  %40 = shl nuw i64 1, %38
  %41 = and i64 %29, %40
  %42 = and i64 %41, %13
  %43 = icmp eq i64 %42, 0
  %44 = icmp sgt i32 %39, 479
  %45 = select i1 %43, i1 true, i1 %44
  br i1 %45, label %60, label %46

46:                                               ; preds = %37
  %47 = icmp ult i64 %38, 18
  %48 = sext i32 %39 to i64
  %49 = getelementptr inbounds i8, ptr @creation_error.text, i64 %48
  %50 = sub nsw i64 512, %48
  br i1 %47, label %51, label %56

51:                                               ; preds = %46
  %52 = getelementptr inbounds [18 x %struct.cpu_feature], ptr @cpu_features, i64 0, i64 %38
  %53 = load ptr, ptr %52, align 16
  %54 = tail call i32 (ptr, i64, ptr, ...) @snprintf(ptr noundef nonnull %49, i64 noundef %50, ptr noundef nonnull @.str.53, ptr noundef %53) #22
  %55 = add nsw i32 %54, %39
  br label %60

56:                                               ; preds = %46
  %57 = trunc nuw nsw i64 %38 to i32
  %58 = tail call i32 (ptr, i64, ptr, ...) @snprintf(ptr noundef nonnull %49, i64 noundef %50, ptr noundef nonnull @.str.54, i32 noundef %57) #22
  %59 = add nsw i32 %58, %39
  br label %60

60:                                               ; preds = %56, %51, %37
  %61 = phi i32 [ %39, %37 ], [ %55, %51 ], [ %59, %56 ]
  %62 = add nuw nsw i64 %38, 1
  %63 = icmp eq i64 %62, 64
  br i1 %63, label %31, label %37, !llvm.loop !34

64:                                               ; preds = %19, %31, %4
  %65 = phi ptr [ %5, %4 ], [ @creation_error.text, %31 ], [ @.str.51, %19 ]
  ret ptr %65
}

; Function Attrs: nounwind optsize
declare i32 @pthread_mutex_lock(ptr noundef) local_unnamed_addr #6

; Function Attrs: nounwind optsize
declare i32 @pthread_cond_broadcast(ptr noundef) local_unnamed_addr #6

; Function Attrs: nounwind optsize
declare i32 @pthread_mutex_unlock(ptr noundef) local_unnamed_addr #6

; Function Attrs: nounwind optsize
define internal fastcc void @take_chunks(ptr nocapture noundef readonly %0, i64 noundef %1) unnamed_addr #0 {
  %3 = alloca %struct.timespec, align 8
  %4 = getelementptr inbounds i8, ptr %0, i64 48
  %5 = load ptr, ptr %4, align 16
  %6 = getelementptr inbounds i8, ptr %0, i64 56
  %7 = load i64, ptr %6, align 8
  %8 = mul nsw i64 %7, %1
  %9 = getelementptr inbounds i8, ptr %5, i64 %8
  %10 = getelementptr inbounds i8, ptr %9, i64 64
  %11 = getelementptr inbounds i8, ptr %0, i64 80
  %12 = load ptr, ptr %11, align 8
  %13 = icmp eq ptr %12, null
  br i1 %13, label %38, label %14

14:                                               ; preds = %2
  %15 = getelementptr inbounds i8, ptr %0, i64 76
  %16 = load i32, ptr %15, align 4
  %17 = getelementptr inbounds i8, ptr %0, i64 68
  %18 = load i32, ptr %17, align 4
  %19 = icmp sgt i32 %16, %18
  br i1 %19, label %38, label %20

20:                                               ; preds = %14
  %21 = getelementptr inbounds i8, ptr %0, i64 72
  %22 = load i32, ptr %21, align 8
  %23 = sext i32 %22 to i64
  %24 = icmp sgt i64 %23, %1
  br i1 %24, label %25, label %38

25:                                               ; preds = %20
  %26 = sext i32 %16 to i64
  %27 = mul nsw i64 %23, %26
  %28 = getelementptr %struct.profile_place, ptr %12, i64 %27
  %29 = getelementptr %struct.profile_place, ptr %28, i64 %1
  %30 = icmp eq ptr %29, null
  br i1 %30, label %38, label %31

31:                                               ; preds = %25
  call void @llvm.lifetime.start.p0(i64 16, ptr nonnull %3) #8
  %32 = call i32 @clock_gettime(i32 noundef 1, ptr noundef nonnull %3) #22
  %33 = load i64, ptr %3, align 8
  %34 = mul nsw i64 %33, 1000000000
  %35 = getelementptr inbounds i8, ptr %3, i64 8
  %36 = load i64, ptr %35, align 8
  %37 = add nsw i64 %34, %36
  call void @llvm.lifetime.end.p0(i64 16, ptr nonnull %3) #8
  br label %38

38:                                               ; preds = %2, %14, %20, %25, %31
  %39 = phi i1 [ true, %31 ], [ false, %25 ], [ false, %20 ], [ false, %14 ], [ false, %2 ]
  %40 = phi ptr [ %29, %31 ], [ null, %25 ], [ null, %20 ], [ null, %14 ], [ null, %2 ]
  %41 = phi i64 [ %37, %31 ], [ 0, %25 ], [ 0, %20 ], [ 0, %14 ], [ 0, %2 ]
  %42 = load i32, ptr %0, align 64
  %43 = sext i32 %42 to i64
  %44 = icmp sgt i64 %43, %1
  br i1 %44, label %48, label %45

45:                                               ; preds = %48, %38
  %46 = phi i64 [ 0, %38 ], [ %52, %48 ]
  %47 = icmp sgt i64 %1, 0
  br i1 %47, label %61, label %57

48:                                               ; preds = %38, %48
  %49 = phi i64 [ %53, %48 ], [ %1, %38 ]
  %50 = phi i64 [ %52, %48 ], [ 0, %38 ]
  %51 = call fastcc i64 @work_on(ptr noundef nonnull %0, i64 noundef %49, ptr noundef nonnull %10) #23
  %52 = add nsw i64 %51, %50
  %53 = add nsw i64 %49, 1
  %54 = load i32, ptr %0, align 64
  %55 = sext i32 %54 to i64
  %56 = icmp slt i64 %53, %55
  br i1 %56, label %48, label %45, !llvm.loop !35

57:                                               ; preds = %61, %45
  %58 = phi i64 [ %46, %45 ], [ %65, %61 ]
  %59 = icmp ne i64 %58, 0
  %60 = select i1 %39, i1 %59, i1 false
  br i1 %60, label %68, label %69

61:                                               ; preds = %45, %61
  %62 = phi i64 [ %66, %61 ], [ 0, %45 ]
  %63 = phi i64 [ %65, %61 ], [ %46, %45 ]
  %64 = call fastcc i64 @work_on(ptr noundef nonnull %0, i64 noundef %62, ptr noundef nonnull %10) #23
  %65 = add nsw i64 %64, %63
  %66 = add nuw nsw i64 %62, 1
  %67 = icmp eq i64 %66, %1
  br i1 %67, label %57, label %61, !llvm.loop !36

68:                                               ; preds = %57
  call fastcc void @record(ptr noundef nonnull %40, i64 noundef %41, i64 noundef %58) #23
  br label %69

69:                                               ; preds = %68, %57
  ret void
}

; Function Attrs: nounwind optsize
define internal void @run_part(ptr nocapture noundef %0, i32 noundef %1) #0 {
  %3 = alloca i32, align 4
  %4 = alloca i32, align 4
  %5 = alloca i32, align 4
  %6 = icmp slt i32 %1, 0
  br i1 %6, label %21, label %7

7:                                                ; preds = %2
  %8 = load i32, ptr %0, align 64
  %9 = icmp sgt i32 %8, %1
  br i1 %9, label %10, label %21

10:                                               ; preds = %7
  call void @llvm.x86.sse.stmxcsr(ptr nonnull %3)
  %11 = load i32, ptr %3, align 4
  store i32 8064, ptr %4, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr nonnull %4)
  %12 = getelementptr inbounds i8, ptr %0, i64 384
  %13 = atomicrmw add ptr %12, i64 1 seq_cst, align 64
  %14 = getelementptr inbounds i8, ptr %0, i64 320
  %15 = load atomic i64, ptr %14 seq_cst, align 64
  %16 = icmp eq i64 %15, 0
  br i1 %16, label %19, label %17

17:                                               ; preds = %10
  %18 = zext nneg i32 %1 to i64
  call fastcc void @take_chunks(ptr noundef nonnull %0, i64 noundef %18) #23
  br label %19

19:                                               ; preds = %17, %10
  %20 = atomicrmw sub ptr %12, i64 1 seq_cst, align 64
  store i32 %11, ptr %5, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr nonnull %5)
  br label %21

21:                                               ; preds = %2, %7, %19
  ret void
}

; Function Attrs: nounwind optsize
declare i32 @sched_yield() local_unnamed_addr #6

; Function Attrs: nounwind optsize
define internal fastcc i64 @work_on(ptr nocapture noundef readonly %0, i64 noundef %1, ptr noundef %2) unnamed_addr #0 {
  %4 = getelementptr inbounds i8, ptr %0, i64 256
  %5 = load i64, ptr %4, align 64
  %6 = mul nsw i64 %5, %1
  %7 = load i32, ptr %0, align 64
  %8 = sext i32 %7 to i64
  %9 = sdiv i64 %6, %8
  %10 = add nsw i64 %1, 1
  %11 = mul nsw i64 %5, %10
  %12 = sdiv i64 %11, %8
  %13 = sub nsw i64 %12, %9
  %14 = add nsw i64 %13, -1
  %15 = sdiv i64 %14, 4
  %16 = add nsw i64 %15, 1
  %17 = getelementptr inbounds i8, ptr %0, i64 48
  %18 = load ptr, ptr %17, align 16
  %19 = getelementptr inbounds i8, ptr %0, i64 56
  %20 = load i64, ptr %19, align 8
  %21 = mul nsw i64 %20, %1
  %22 = getelementptr inbounds i8, ptr %18, i64 %21
  %23 = load atomic i64, ptr %22 monotonic, align 8
  %24 = icmp slt i64 %23, %13
  br i1 %24, label %25, label %43

25:                                               ; preds = %3
  %26 = getelementptr inbounds i8, ptr %0, i64 240
  %27 = getelementptr inbounds i8, ptr %0, i64 248
  br label %28

28:                                               ; preds = %25, %32
  %29 = phi i64 [ 0, %25 ], [ %40, %32 ]
  %30 = atomicrmw add ptr %22, i64 %16 monotonic, align 8
  %31 = icmp slt i64 %30, %13
  br i1 %31, label %32, label %43

32:                                               ; preds = %28
  %33 = add nsw i64 %30, %16
  %34 = tail call i64 @llvm.smin.i64(i64 %33, i64 %13)
  %35 = load ptr, ptr %26, align 16
  %36 = load ptr, ptr %27, align 8
  %37 = add nsw i64 %30, %9
  %38 = add nsw i64 %34, %9
  tail call void %35(ptr noundef %36, i64 noundef %37, i64 noundef %38, ptr noundef %2) #22
  %39 = sub i64 %29, %30
  %40 = add i64 %39, %34
  %41 = load atomic i64, ptr %22 monotonic, align 8
  %42 = icmp slt i64 %41, %13
  br i1 %42, label %28, label %43

43:                                               ; preds = %32, %28, %3
  %44 = phi i64 [ 0, %3 ], [ %29, %28 ], [ %40, %32 ]
  ret i64 %44
}

; Function Attrs: nounwind optsize
define internal fastcc void @record(ptr nocapture noundef %0, i64 noundef %1, i64 noundef %2) unnamed_addr #0 {
  %4 = alloca %struct.timespec, align 8
  %5 = getelementptr inbounds i8, ptr %0, i64 16
  %6 = load i64, ptr %5, align 8
  %7 = icmp eq i64 %6, 0
  br i1 %7, label %8, label %9

8:                                                ; preds = %3
  store i64 %1, ptr %0, align 8
  br label %9

9:                                                ; preds = %8, %3
  call void @llvm.lifetime.start.p0(i64 16, ptr nonnull %4) #8
  %10 = call i32 @clock_gettime(i32 noundef 1, ptr noundef nonnull %4) #22
  %11 = load i64, ptr %4, align 8
  %12 = mul nsw i64 %11, 1000000000
  %13 = getelementptr inbounds i8, ptr %4, i64 8
  %14 = load i64, ptr %13, align 8
  %15 = add nsw i64 %12, %14
  call void @llvm.lifetime.end.p0(i64 16, ptr nonnull %4) #8
  %16 = getelementptr inbounds i8, ptr %0, i64 8
  store i64 %15, ptr %16, align 8
  %17 = load i64, ptr %5, align 8
  %18 = add nsw i64 %17, %2
  store i64 %18, ptr %5, align 8
  ret void
}

; Function Attrs: optsize
declare i32 @pthread_cond_wait(ptr noundef, ptr noundef) local_unnamed_addr #11

; Function Attrs: nounwind
declare void @llvm.x86.sse2.pause() #8

; Function Attrs: nounwind optsize
define internal fastcc void @lock_contexts() unnamed_addr #0 {
  %1 = tail call i32 @getpid() #22
  %2 = cmpxchg ptr @contexts_owner, i32 0, i32 %1 acquire monotonic, align 4
  %3 = extractvalue { i32, i1 } %2, 1
  br i1 %3, label %14, label %4

4:                                                ; preds = %0, %10
  %5 = phi { i32, i1 } [ %12, %10 ], [ %2, %0 ]
  %6 = extractvalue { i32, i1 } %5, 0
  %7 = icmp eq i32 %6, %1
  br i1 %7, label %8, label %10

8:                                                ; preds = %4
  %9 = tail call i32 @sched_yield() #22
  br label %10

10:                                               ; preds = %8, %4
  %11 = phi i32 [ 0, %8 ], [ %6, %4 ]
  %12 = cmpxchg ptr @contexts_owner, i32 %11, i32 %1 acquire monotonic, align 4
  %13 = extractvalue { i32, i1 } %12, 1
  br i1 %13, label %14, label %4, !llvm.loop !37

14:                                               ; preds = %10, %0
  ret void
}

; Function Attrs: nounwind optsize
declare i32 @getpid() local_unnamed_addr #6

; Function Attrs: optsize
declare i32 @pthread_join(i64 noundef, ptr noundef) local_unnamed_addr #11

; Function Attrs: nounwind optsize
declare i32 @pthread_mutex_destroy(ptr noundef) local_unnamed_addr #6

; Function Attrs: nounwind optsize
declare i32 @pthread_cond_destroy(ptr noundef) local_unnamed_addr #6

; Function Attrs: nounwind optsize
define internal fastcc i32 @list_cores(ptr nocapture noundef readonly %0, ptr nocapture noundef writeonly %1, i32 noundef %2) unnamed_addr #0 {
  br label %5

4:                                                ; preds = %27
  ret i32 %28

5:                                                ; preds = %3, %27
  %6 = phi i64 [ 0, %3 ], [ %29, %27 ]
  %7 = phi i32 [ 0, %3 ], [ %28, %27 ]
  %8 = lshr i64 %6, 6
  %9 = getelementptr inbounds [128 x i64], ptr %0, i64 0, i64 %8
  %10 = load i64, ptr %9, align 8
  %11 = and i64 %6, 63
  %12 = shl nuw i64 1, %11
  %13 = and i64 %10, %12
  %14 = icmp eq i64 %13, 0
  br i1 %14, label %27, label %15

15:                                               ; preds = %5
  %16 = trunc nuw nsw i64 %6 to i32
  %17 = tail call fastcc i32 @core_of(i32 noundef %16, ptr noundef nonnull %0) #23
  %18 = zext i32 %17 to i64
  %19 = icmp eq i64 %6, %18
  br i1 %19, label %20, label %27

20:                                               ; preds = %15
  %21 = icmp slt i32 %7, %2
  br i1 %21, label %22, label %25

22:                                               ; preds = %20
  %23 = sext i32 %7 to i64
  %24 = getelementptr inbounds i32, ptr %1, i64 %23
  store i32 %16, ptr %24, align 4
  br label %25

25:                                               ; preds = %22, %20
  %26 = add nsw i32 %7, 1
  br label %27

27:                                               ; preds = %5, %15, %25
  %28 = phi i32 [ %7, %15 ], [ %26, %25 ], [ %7, %5 ]
  %29 = add nuw nsw i64 %6, 1
  %30 = icmp eq i64 %29, 8192
  br i1 %30, label %4, label %5, !llvm.loop !38
}

; Function Attrs: mustprogress nocallback nofree nounwind willreturn memory(argmem: write)
declare void @llvm.memset.p0.i64(ptr nocapture writeonly, i8, i64, i1 immarg) #12

; Function Attrs: mustprogress nocallback nofree nounwind willreturn memory(argmem: readwrite)
declare void @llvm.memcpy.p0.p0.i64(ptr noalias nocapture writeonly, ptr noalias nocapture readonly, i64, i1 immarg) #13

; Function Attrs: nounwind optsize
declare i32 @sched_getaffinity(i32 noundef, i64 noundef, ptr noundef) local_unnamed_addr #6

; Function Attrs: nounwind optsize
define internal fastcc i32 @core_of(i32 noundef %0, ptr nocapture noundef readonly %1) unnamed_addr #0 {
  %3 = alloca [96 x i8], align 16
  %4 = alloca [256 x i8], align 16
  %5 = alloca ptr, align 8
  call void @llvm.lifetime.start.p0(i64 96, ptr nonnull %3) #8
  call void @llvm.lifetime.start.p0(i64 256, ptr nonnull %4) #8
  br label %6

6:                                                ; preds = %2, %57
  %7 = phi i1 [ true, %2 ], [ false, %57 ]
  %8 = phi i64 [ 0, %2 ], [ 1, %57 ]
  %9 = shl i64 %8, 2
  %10 = call ptr @llvm.load.relative.i64(ptr @core_of.names.rel, i64 %9)
  %11 = call i32 (ptr, i64, ptr, ...) @snprintf(ptr noundef nonnull dereferenceable(1) %3, i64 noundef 96, ptr noundef nonnull @.str.26, i32 noundef %0, ptr noundef %10) #22
  %12 = call fastcc i32 @read_file(ptr noundef nonnull %3, ptr noundef nonnull %4, i64 noundef 256) #23
  %13 = icmp eq i32 %12, 0
  br i1 %13, label %57, label %14

14:                                               ; preds = %6
  call void @llvm.lifetime.start.p0(i64 8, ptr nonnull %5) #8
  store ptr %4, ptr %5, align 8
  %15 = load i8, ptr %4, align 16
  %16 = add i8 %15, -48
  %17 = icmp ult i8 %16, 10
  br i1 %17, label %19, label %18

18:                                               ; preds = %46, %14
  call void @llvm.lifetime.end.p0(i64 8, ptr nonnull %5) #8
  br label %57

19:                                               ; preds = %14, %46
  %20 = phi ptr [ %51, %46 ], [ %4, %14 ]
  %21 = call i64 @strtol(ptr noundef nonnull %20, ptr noundef nonnull %5, i32 noundef 10) #22
  %22 = load ptr, ptr %5, align 8
  %23 = load i8, ptr %22, align 1
  %24 = icmp eq i8 %23, 45
  br i1 %24, label %25, label %28

25:                                               ; preds = %19
  %26 = getelementptr inbounds i8, ptr %22, i64 1
  %27 = call i64 @strtol(ptr noundef nonnull %26, ptr noundef nonnull %5, i32 noundef 10) #22
  br label %28

28:                                               ; preds = %19, %25
  %29 = phi i64 [ %27, %25 ], [ %21, %19 ]
  %30 = call i64 @llvm.smin.i64(i64 %29, i64 8191)
  %31 = icmp sgt i64 %21, %30
  br i1 %31, label %46, label %32

32:                                               ; preds = %28, %43
  %33 = phi i64 [ %44, %43 ], [ %21, %28 ]
  %34 = icmp ult i64 %33, 8192
  br i1 %34, label %35, label %43

35:                                               ; preds = %32
  %36 = lshr i64 %33, 6
  %37 = getelementptr inbounds [128 x i64], ptr %1, i64 0, i64 %36
  %38 = load i64, ptr %37, align 8
  %39 = and i64 %33, 63
  %40 = shl nuw i64 1, %39
  %41 = and i64 %38, %40
  %42 = icmp eq i64 %41, 0
  br i1 %42, label %43, label %55

43:                                               ; preds = %32, %35
  %44 = add i64 %33, 1
  %45 = icmp eq i64 %33, %30
  br i1 %45, label %46, label %32, !llvm.loop !39

46:                                               ; preds = %43, %28
  %47 = load ptr, ptr %5, align 8
  %48 = load i8, ptr %47, align 1
  %49 = icmp eq i8 %48, 44
  %50 = zext i1 %49 to i64
  %51 = getelementptr inbounds i8, ptr %47, i64 %50
  store ptr %51, ptr %5, align 8
  %52 = load i8, ptr %51, align 1
  %53 = add i8 %52, -48
  %54 = icmp ult i8 %53, 10
  br i1 %54, label %19, label %18, !llvm.loop !40

55:                                               ; preds = %35
  %56 = trunc nuw i64 %33 to i32
  call void @llvm.lifetime.end.p0(i64 8, ptr nonnull %5) #8
  br label %58

57:                                               ; preds = %18, %6
  br i1 %7, label %6, label %58, !llvm.loop !41

58:                                               ; preds = %57, %55
  %59 = phi i32 [ %56, %55 ], [ %0, %57 ]
  call void @llvm.lifetime.end.p0(i64 256, ptr nonnull %4) #8
  call void @llvm.lifetime.end.p0(i64 96, ptr nonnull %3) #8
  ret i32 %59
}

; Function Attrs: nofree nounwind optsize
declare noundef i32 @snprintf(ptr noalias nocapture noundef writeonly, i64 noundef, ptr nocapture noundef readonly, ...) local_unnamed_addr #14

; Function Attrs: nounwind optsize
define internal fastcc range(i32 0, 2) i32 @read_file(ptr nocapture noundef readonly %0, ptr nocapture noundef %1, i64 noundef %2) unnamed_addr #0 {
  %4 = tail call i32 (ptr, i32, ...) @open(ptr noundef %0, i32 noundef 524288) #22
  %5 = icmp slt i32 %4, 0
  br i1 %5, label %13, label %6

6:                                                ; preds = %3
  %7 = add nsw i64 %2, -1
  %8 = tail call i64 @read(i32 noundef %4, ptr noundef %1, i64 noundef %7) #22
  %9 = tail call i32 @close(i32 noundef %4) #22
  %10 = icmp slt i64 %8, 1
  br i1 %10, label %13, label %11

11:                                               ; preds = %6
  %12 = getelementptr inbounds i8, ptr %1, i64 %8
  store i8 0, ptr %12, align 1
  br label %13

13:                                               ; preds = %11, %6, %3
  %14 = phi i32 [ 0, %3 ], [ 1, %11 ], [ 0, %6 ]
  ret i32 %14
}

; Function Attrs: mustprogress nofree nounwind optsize willreturn
declare i64 @strtol(ptr noundef readonly, ptr nocapture noundef, i32 noundef) local_unnamed_addr #15

; Function Attrs: nofree optsize
declare noundef i32 @open(ptr nocapture noundef readonly, i32 noundef, ...) local_unnamed_addr #16

; Function Attrs: nofree optsize
declare noundef i64 @read(i32 noundef, ptr nocapture noundef, i64 noundef) local_unnamed_addr #16

; Function Attrs: optsize
declare i32 @close(i32 noundef) local_unnamed_addr #11

; Function Attrs: mustprogress nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare { i64, i1 } @llvm.smul.with.overflow.i64(i64, i64) #17

; Function Attrs: mustprogress nofree nounwind optsize willreturn memory(argmem: read)
declare i64 @strlen(ptr nocapture noundef) local_unnamed_addr #18

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn
declare void @llvm.va_start.p0(ptr) #19

; Function Attrs: nofree nounwind optsize
declare noundef i32 @vsnprintf(ptr nocapture noundef, i64 noundef, ptr nocapture noundef readonly, ptr noundef) local_unnamed_addr #14

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn
declare void @llvm.va_end.p0(ptr) #19

; Function Attrs: nofree nounwind optsize
define internal fastcc range(i32 0, 2) i32 @check_buffer(ptr nocapture noundef %0, ptr noundef %1, ptr nocapture noundef readonly %2, ptr nocapture noundef readonly %3, ptr nocapture noundef readonly %4) unnamed_addr #5 {
  %6 = getelementptr inbounds i8, ptr %2, i64 12
  %7 = load i32, ptr %6, align 4
  %8 = getelementptr inbounds i8, ptr %2, i64 8
  %9 = load i32, ptr %8, align 8
  %10 = icmp ult i32 %9, 14
  br i1 %10, label %11, label %16

11:                                               ; preds = %5
  %12 = zext nneg i32 %9 to i64
  %13 = getelementptr inbounds [14 x i8], ptr @dtype_size.sizes, i64 0, i64 %12
  %14 = load i8, ptr %13, align 1
  %15 = zext i8 %14 to i64
  br label %16

16:                                               ; preds = %11, %5
  %17 = phi i64 [ %15, %11 ], [ 0, %5 ]
  %18 = icmp sgt i32 %7, 0
  br i1 %18, label %19, label %42

19:                                               ; preds = %16
  %20 = zext nneg i32 %7 to i64
  br label %21

21:                                               ; preds = %28, %19
  %22 = phi i64 [ 0, %19 ], [ %34, %28 ]
  %23 = phi i32 [ 0, %19 ], [ %33, %28 ]
  %24 = phi i64 [ %17, %19 ], [ %31, %28 ]
  %25 = getelementptr inbounds i64, ptr %4, i64 %22
  %26 = load i64, ptr %25, align 8
  %27 = icmp eq i64 %26, 0
  br i1 %27, label %50, label %28

28:                                               ; preds = %21
  %29 = tail call { i64, i1 } @llvm.smul.with.overflow.i64(i64 %24, i64 %26)
  %30 = extractvalue { i64, i1 } %29, 1
  %31 = extractvalue { i64, i1 } %29, 0
  %32 = zext i1 %30 to i32
  %33 = or i32 %23, %32
  %34 = add nuw nsw i64 %22, 1
  %35 = icmp eq i64 %34, %20
  br i1 %35, label %36, label %21, !llvm.loop !18

36:                                               ; preds = %28
  %37 = icmp ne i32 %33, 0
  %38 = icmp slt i64 %31, 0
  %39 = select i1 %37, i1 true, i1 %38
  br i1 %39, label %40, label %42

40:                                               ; preds = %36
  %41 = load ptr, ptr %2, align 8
  tail call void (ptr, ptr, ...) @append(ptr noundef %0, ptr noundef nonnull @.str.45, ptr noundef %1, ptr noundef %41) #23
  br label %57

42:                                               ; preds = %36, %16
  %43 = phi i64 [ %17, %16 ], [ %31, %36 ]
  %44 = icmp eq i64 %43, 0
  br i1 %44, label %50, label %45

45:                                               ; preds = %42
  %46 = load ptr, ptr %3, align 8
  %47 = icmp eq ptr %46, null
  br i1 %47, label %48, label %50

48:                                               ; preds = %45
  %49 = load ptr, ptr %2, align 8
  tail call void (ptr, ptr, ...) @append(ptr noundef %0, ptr noundef nonnull @.str.46, ptr noundef %1, ptr noundef %49, i64 noundef %43) #23
  br label %57

50:                                               ; preds = %21, %45, %42
  %51 = phi i64 [ %43, %45 ], [ 0, %42 ], [ 0, %21 ]
  %52 = getelementptr inbounds i8, ptr %3, i64 8
  %53 = load i64, ptr %52, align 8
  %54 = icmp slt i64 %53, %51
  br i1 %54, label %55, label %57

55:                                               ; preds = %50
  %56 = load ptr, ptr %2, align 8
  tail call void (ptr, ptr, ...) @append(ptr noundef %0, ptr noundef nonnull @.str.47, ptr noundef %1, ptr noundef %56, i64 noundef %53, i64 noundef %51) #23
  br label %57

57:                                               ; preds = %50, %55, %48, %40
  %58 = phi i32 [ 1, %40 ], [ 1, %55 ], [ 1, %48 ], [ 0, %50 ]
  ret i32 %58
}

; Function Attrs: nounwind optsize
define internal fastcc range(i32 0, 4) i32 @grow(ptr nocapture noundef %0, ptr nocapture noundef %1, ptr nocapture noundef %2, i64 noundef %3, ptr noundef %4) unnamed_addr #0 {
  %6 = alloca ptr, align 8
  %7 = tail call i64 @llvm.smax.i64(i64 %3, i64 64)
  %8 = load i64, ptr %2, align 8
  %9 = icmp sgt i64 %7, %8
  br i1 %9, label %10, label %19

10:                                               ; preds = %5
  call void @llvm.lifetime.start.p0(i64 8, ptr nonnull %6) #8
  store ptr null, ptr %6, align 8
  %11 = load ptr, ptr %1, align 8
  tail call void @free(ptr noundef %11) #22
  store ptr null, ptr %1, align 8
  store i64 0, ptr %2, align 8
  %12 = call i32 @posix_memalign(ptr noundef nonnull %6, i64 noundef 64, i64 noundef %7) #22
  %13 = icmp eq i32 %12, 0
  br i1 %13, label %15, label %14

14:                                               ; preds = %10
  call void (ptr, ptr, ...) @append(ptr noundef %0, ptr noundef nonnull @.str.50, ptr noundef %4, i64 noundef %7) #23
  br label %17

15:                                               ; preds = %10
  %16 = load ptr, ptr %6, align 8
  store ptr %16, ptr %1, align 8
  store i64 %7, ptr %2, align 8
  br label %17

17:                                               ; preds = %15, %14
  %18 = phi i32 [ 3, %14 ], [ 0, %15 ]
  call void @llvm.lifetime.end.p0(i64 8, ptr nonnull %6) #8
  br label %19

19:                                               ; preds = %5, %17
  %20 = phi i32 [ %18, %17 ], [ 0, %5 ]
  ret i32 %20
}

; Function Attrs: nofree nounwind optsize
declare i32 @posix_memalign(ptr noundef, i64 noundef, i64 noundef) local_unnamed_addr #14

; Function Attrs: nounwind optsize
declare i32 @pthread_mutex_init(ptr noundef, ptr noundef) local_unnamed_addr #6

; Function Attrs: nounwind optsize
declare i32 @pthread_cond_init(ptr noundef, ptr noundef) local_unnamed_addr #6

; Function Attrs: nounwind optsize
declare i32 @sigfillset(ptr noundef) local_unnamed_addr #6

; Function Attrs: nounwind optsize
declare i32 @pthread_sigmask(i32 noundef, ptr noundef, ptr noundef) local_unnamed_addr #6

; Function Attrs: nounwind optsize
declare i32 @sched_getcpu() local_unnamed_addr #6

; Function Attrs: nounwind optsize
declare i32 @pthread_attr_init(ptr noundef) local_unnamed_addr #6

; Function Attrs: nounwind optsize
declare i32 @pthread_attr_setaffinity_np(ptr noundef, i64 noundef, ptr noundef) local_unnamed_addr #6

; Function Attrs: nounwind optsize
declare i32 @pthread_create(ptr noundef, ptr noundef, ptr noundef, ptr noundef) local_unnamed_addr #6

; Function Attrs: nounwind optsize
define internal noalias noundef ptr @work(ptr nocapture noundef readonly %0) #0 {
  %2 = alloca i32, align 4
  %3 = load ptr, ptr %0, align 8
  store i32 8064, ptr %2, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr nonnull %2)
  %4 = getelementptr inbounds i8, ptr %3, i64 36
  %5 = getelementptr inbounds i8, ptr %3, i64 228
  %6 = getelementptr inbounds i8, ptr %3, i64 320
  %7 = getelementptr inbounds i8, ptr %3, i64 88
  %8 = getelementptr inbounds i8, ptr %3, i64 224
  %9 = getelementptr inbounds i8, ptr %3, i64 128
  %10 = getelementptr inbounds i8, ptr %3, i64 384
  %11 = getelementptr inbounds i8, ptr %0, i64 8
  %12 = getelementptr inbounds i8, ptr %3, i64 232
  %13 = getelementptr inbounds i8, ptr %3, i64 176
  br label %14

14:                                               ; preds = %76, %1
  %15 = phi i64 [ 0, %1 ], [ %60, %76 ]
  %16 = load i32, ptr %4, align 4
  %17 = icmp sgt i32 %16, 0
  br i1 %17, label %18, label %36

18:                                               ; preds = %14, %32
  %19 = phi i32 [ %33, %32 ], [ 0, %14 ]
  %20 = load atomic i32, ptr %5 seq_cst, align 4
  %21 = icmp eq i32 %20, 0
  br i1 %21, label %22, label %77

22:                                               ; preds = %18
  %23 = load atomic i64, ptr %6 seq_cst, align 64
  %24 = icmp eq i64 %23, 0
  %25 = icmp eq i64 %23, %15
  %26 = or i1 %24, %25
  br i1 %26, label %27, label %59

27:                                               ; preds = %22
  call void @llvm.x86.sse2.pause()
  %28 = and i32 %19, 63
  %29 = icmp eq i32 %28, 63
  br i1 %29, label %30, label %32

30:                                               ; preds = %27
  %31 = call i32 @sched_yield() #22
  br label %32

32:                                               ; preds = %30, %27
  %33 = add nuw nsw i32 %19, 1
  %34 = load i32, ptr %4, align 4
  %35 = icmp slt i32 %33, %34
  br i1 %35, label %18, label %36, !llvm.loop !42

36:                                               ; preds = %32, %14
  %37 = phi i64 [ undef, %14 ], [ %23, %32 ]
  %38 = call i32 @pthread_mutex_lock(ptr noundef nonnull %7) #22
  %39 = atomicrmw add ptr %8, i32 1 seq_cst, align 32
  %40 = load i32, ptr %5, align 4
  %41 = icmp eq i32 %40, 0
  br i1 %41, label %42, label %51

42:                                               ; preds = %36, %47
  %43 = load atomic i64, ptr %6 seq_cst, align 64
  %44 = icmp eq i64 %43, 0
  %45 = icmp eq i64 %43, %15
  %46 = or i1 %44, %45
  br i1 %46, label %47, label %51

47:                                               ; preds = %42
  %48 = call i32 @pthread_cond_wait(ptr noundef nonnull %9, ptr noundef nonnull %7) #22
  %49 = load i32, ptr %5, align 4
  %50 = icmp eq i32 %49, 0
  br i1 %50, label %42, label %51, !llvm.loop !43

51:                                               ; preds = %47, %42, %36
  %52 = phi i64 [ %37, %36 ], [ %43, %42 ], [ %43, %47 ]
  %53 = atomicrmw sub ptr %8, i32 1 seq_cst, align 32
  %54 = load i32, ptr %5, align 4
  %55 = icmp ne i32 %54, 0
  %56 = call i32 @pthread_mutex_unlock(ptr noundef nonnull %7) #22
  %57 = icmp eq i64 %52, 0
  %58 = or i1 %57, %55
  br i1 %58, label %77, label %59

59:                                               ; preds = %22, %51
  %60 = phi i64 [ %52, %51 ], [ %23, %22 ]
  %61 = atomicrmw add ptr %10, i64 1 seq_cst, align 64
  %62 = load atomic i64, ptr %6 seq_cst, align 64
  %63 = icmp eq i64 %62, %60
  br i1 %63, label %64, label %66

64:                                               ; preds = %59
  %65 = load i64, ptr %11, align 8
  call fastcc void @take_chunks(ptr noundef nonnull %3, i64 noundef %65) #23
  br label %66

66:                                               ; preds = %64, %59
  %67 = atomicrmw sub ptr %10, i64 1 seq_cst, align 64
  %68 = icmp eq i64 %67, 1
  br i1 %68, label %69, label %76

69:                                               ; preds = %66
  %70 = load atomic i32, ptr %12 seq_cst, align 8
  %71 = icmp eq i32 %70, 0
  br i1 %71, label %76, label %72

72:                                               ; preds = %69
  %73 = call i32 @pthread_mutex_lock(ptr noundef nonnull %7) #22
  %74 = call i32 @pthread_cond_signal(ptr noundef nonnull %13) #22
  %75 = call i32 @pthread_mutex_unlock(ptr noundef nonnull %7) #22
  br label %76

76:                                               ; preds = %72, %69, %66
  br label %14, !llvm.loop !44

77:                                               ; preds = %51, %18
  ret ptr null
}

; Function Attrs: nounwind optsize
declare i32 @pthread_attr_destroy(ptr noundef) local_unnamed_addr #6

; Function Attrs: nounwind optsize
declare i32 @pthread_cond_signal(ptr noundef) local_unnamed_addr #6

; Function Attrs: nounwind optsize
declare i32 @clock_gettime(i32 noundef, ptr noundef) local_unnamed_addr #6

; Function Attrs: nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare i32 @llvm.smin.i32(i32, i32) #20

; Function Attrs: nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare i32 @llvm.smax.i32(i32, i32) #20

; Function Attrs: nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.smin.i64(i64, i64) #20

; Function Attrs: nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.smax.i64(i64, i64) #20

; Function Attrs: nocallback nofree nosync nounwind willreturn memory(argmem: read)
declare ptr @llvm.load.relative.i64(ptr, i64) #21

attributes #0 = { nounwind optsize "no-trapping-math"="true" }
attributes #1 = { mustprogress nounwind optsize willreturn allockind("free") memory(argmem: readwrite, inaccessiblemem: readwrite) "alloc-family"="malloc" "no-trapping-math"="true" }
attributes #2 = { mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite) }
attributes #3 = { mustprogress nofree nounwind optsize willreturn allockind("alloc,zeroed") allocsize(0,1) memory(inaccessiblemem: readwrite) "alloc-family"="malloc" "no-trapping-math"="true" }
attributes #4 = { nofree norecurse nosync nounwind optsize memory(readwrite, inaccessiblemem: none) "no-trapping-math"="true" }
attributes #5 = { nofree nounwind optsize "no-trapping-math"="true" }
attributes #6 = { nounwind optsize "no-trapping-math"="true" }
attributes #7 = { nounwind memory(argmem: write) }
attributes #8 = { nounwind }
attributes #9 = { mustprogress nofree norecurse nosync nounwind optsize willreturn memory(argmem: read) "no-trapping-math"="true" }
attributes #10 = { mustprogress nofree norecurse nosync nounwind optsize willreturn memory(read, inaccessiblemem: none) "no-trapping-math"="true" }
attributes #11 = { optsize "no-trapping-math"="true" }
attributes #12 = { mustprogress nocallback nofree nounwind willreturn memory(argmem: write) }
attributes #13 = { mustprogress nocallback nofree nounwind willreturn memory(argmem: readwrite) }
attributes #14 = { nofree nounwind optsize "no-trapping-math"="true" }
attributes #15 = { mustprogress nofree nounwind optsize willreturn "no-trapping-math"="true" }
attributes #16 = { nofree optsize "no-trapping-math"="true" }
attributes #17 = { mustprogress nocallback nofree nosync nounwind speculatable willreturn memory(none) }
attributes #18 = { mustprogress nofree nounwind optsize willreturn memory(argmem: read) "no-trapping-math"="true" }
attributes #19 = { mustprogress nocallback nofree nosync nounwind willreturn }
attributes #20 = { nocallback nofree nosync nounwind speculatable willreturn memory(none) }
attributes #21 = { nocallback nofree nosync nounwind willreturn memory(argmem: read) }
attributes #22 = { nounwind optsize }
attributes #23 = { optsize }
attributes #24 = { nounwind optsize allocsize(0,1) }
attributes #25 = { nounwind memory(none) }
attributes #26 = { nounwind optsize willreturn memory(read) }

!llvm.module.flags = !{!0, !1}

!0 = !{i32 1, !"wchar_size", i32 4}
!1 = !{i32 8, !"PIC Level", i32 2}
!3 = distinct !{!3, !4}
!4 = !{!"llvm.loop.mustprogress"}
!5 = distinct !{!5, !4}
!6 = distinct !{!6, !4}
!7 = distinct !{!7, !4}
!8 = distinct !{!8, !4}
!9 = distinct !{!9, !4}
!10 = distinct !{!10, !4}
!11 = distinct !{!11, !4}
!12 = distinct !{!12, !4}
!13 = !{i64 2148843073, i64 2148843109, i64 2148843133}
!14 = !{i64 2148843279, i64 2148843315, i64 2148843339}
!15 = !{i64 1346645}
!16 = !{i64 2148843489, i64 2148843525, i64 2148843549}
!17 = distinct !{!17, !4}
!18 = distinct !{!18, !4}
!19 = distinct !{!19, !4}
!20 = distinct !{!20, !4}
!21 = distinct !{!21, !4}
!22 = distinct !{!22, !4}
!23 = distinct !{!23, !4}
!24 = distinct !{!24, !4}
!25 = distinct !{!25, !4}
!26 = distinct !{!26, !4}
!27 = distinct !{!27, !4}
!28 = distinct !{!28, !4}
!29 = distinct !{!29, !4}
!30 = distinct !{!30, !4}
!31 = distinct !{!31, !4}
!32 = distinct !{!32, !4}
!33 = distinct !{!33, !4}
!34 = distinct !{!34, !4}
!35 = distinct !{!35, !4}
!36 = distinct !{!36, !4}
!37 = distinct !{!37, !4}
!38 = distinct !{!38, !4}
!39 = distinct !{!39, !4}
!40 = distinct !{!40, !4}
!41 = distinct !{!41, !4}
!42 = distinct !{!42, !4}
!43 = distinct !{!43, !4}
!44 = distinct !{!44, !4}
