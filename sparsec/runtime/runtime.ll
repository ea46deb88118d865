; made from runtime.c by `python -m sparsec.runtime.build`, sources sha256 634d3f7dba72bf35c62bbbd943bd0937362355ec09056b567301d061ad7efa6e

%struct.cpu_feature = type { ptr, i32, i32, i8, i32, i32 }
%union.pthread_mutex_t = type { %struct.__pthread_mutex_s }
%struct.__pthread_mutex_s = type { i32, i32, i32, i32, i32, i16, i16, %struct.__pthread_internal_list }
%struct.__pthread_internal_list = type { ptr, ptr }
%struct.timespec = type { i64, i64 }
%struct.spinning = type { i64, i64 }
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
@.str.1 = private unnamed_addr constant [39 x i8] c"%d threads asked for, expected 1 to %d\00", align 1
@.str.2 = private unnamed_addr constant [1 x i8] zeroinitializer, align 1
@contexts = internal unnamed_addr global ptr null, align 8
@contexts_owner = internal global i32 0, align 4
@cpu_features = internal unnamed_addr constant [18 x %struct.cpu_feature] [%struct.cpu_feature { ptr @.str.3, i32 1, i32 0, i8 99, i32 28, i32 6 }, %struct.cpu_feature { ptr @.str.4, i32 7, i32 0, i8 98, i32 5, i32 6 }, %struct.cpu_feature { ptr @.str.5, i32 1, i32 0, i8 99, i32 12, i32 6 }, %struct.cpu_feature { ptr @.str.6, i32 1, i32 0, i8 99, i32 29, i32 6 }, %struct.cpu_feature { ptr @.str.7, i32 7, i32 0, i8 98, i32 3, i32 0 }, %struct.cpu_feature { ptr @.str.8, i32 7, i32 0, i8 98, i32 8, i32 0 }, %struct.cpu_feature { ptr @.str.9, i32 -2147483647, i32 0, i8 99, i32 5, i32 0 }, %struct.cpu_feature { ptr @.str.10, i32 1, i32 0, i8 99, i32 22, i32 0 }, %struct.cpu_feature { ptr @.str.11, i32 7, i32 0, i8 98, i32 16, i32 230 }, %struct.cpu_feature { ptr @.str.12, i32 7, i32 0, i8 98, i32 30, i32 230 }, %struct.cpu_feature { ptr @.str.13, i32 7, i32 0, i8 98, i32 17, i32 230 }, %struct.cpu_feature { ptr @.str.14, i32 7, i32 0, i8 98, i32 31, i32 230 }, %struct.cpu_feature { ptr @.str.15, i32 7, i32 0, i8 98, i32 28, i32 230 }, %struct.cpu_feature { ptr @.str.16, i32 7, i32 0, i8 99, i32 11, i32 230 }, %struct.cpu_feature { ptr @.str.17, i32 7, i32 0, i8 99, i32 1, i32 230 }, %struct.cpu_feature { ptr @.str.18, i32 7, i32 1, i8 97, i32 4, i32 6 }, %struct.cpu_feature { ptr @.str.19, i32 7, i32 0, i8 100, i32 24, i32 393216 }, %struct.cpu_feature { ptr @.str.20, i32 7, i32 0, i8 100, i32 25, i32 393216 }], align 16
@.str.3 = private unnamed_addr constant [4 x i8] c"avx\00", align 1
@.str.4 = private unnamed_addr constant [5 x i8] c"avx2\00", align 1
@.str.5 = private unnamed_addr constant [4 x i8] c"fma\00", align 1
@.str.6 = private unnamed_addr constant [5 x i8] c"f16c\00", align 1
@.str.7 = private unnamed_addr constant [4 x i8] c"bmi\00", align 1
@.str.8 = private unnamed_addr constant [5 x i8] c"bmi2\00", align 1
@.str.9 = private unnamed_addr constant [6 x i8] c"lzcnt\00", align 1
@.str.10 = private unnamed_addr constant [6 x i8] c"movbe\00", align 1
@.str.11 = private unnamed_addr constant [8 x i8] c"avx512f\00", align 1
@.str.12 = private unnamed_addr constant [9 x i8] c"avx512bw\00", align 1
@.str.13 = private unnamed_addr constant [9 x i8] c"avx512dq\00", align 1
@.str.14 = private unnamed_addr constant [9 x i8] c"avx512vl\00", align 1
@.str.15 = private unnamed_addr constant [9 x i8] c"avx512cd\00", align 1
@.str.16 = private unnamed_addr constant [11 x i8] c"avx512vnni\00", align 1
@.str.17 = private unnamed_addr constant [11 x i8] c"avx512vbmi\00", align 1
@.str.18 = private unnamed_addr constant [8 x i8] c"avxvnni\00", align 1
@.str.19 = private unnamed_addr constant [9 x i8] c"amx-tile\00", align 1
@.str.20 = private unnamed_addr constant [9 x i8] c"amx-int8\00", align 1
@core_of.names.rel = internal unnamed_addr constant [2 x i32] [i32 trunc (i64 sub (i64 ptrtoint (ptr @.str.21 to i64), i64 ptrtoint (ptr @core_of.names.rel to i64)) to i32), i32 trunc (i64 sub (i64 ptrtoint (ptr @.str.22 to i64), i64 ptrtoint (ptr @core_of.names.rel to i64)) to i32)], align 4
@.str.21 = private unnamed_addr constant [15 x i8] c"core_cpus_list\00", align 1
@.str.22 = private unnamed_addr constant [21 x i8] c"thread_siblings_list\00", align 1
@.str.23 = private unnamed_addr constant [42 x i8] c"/sys/devices/system/cpu/cpu%d/topology/%s\00", align 1
@.str.24 = private unnamed_addr constant [23 x i8] c"/sys/fs/cgroup/cpu.max\00", align 1
@.str.25 = private unnamed_addr constant [32 x i8] c"the array of %s tensors is NULL\00", align 1
@.str.26 = private unnamed_addr constant [7 x i8] c"output\00", align 1
@.str.27 = private unnamed_addr constant [6 x i8] c"input\00", align 1
@.str.28 = private unnamed_addr constant [30 x i8] c"input '%s' is %s, expected %s\00", align 1
@.str.29 = private unnamed_addr constant [22 x i8] c"input '%s' has shape \00", align 1
@.str.30 = private unnamed_addr constant [7 x i8] c"%s%lld\00", align 1
@.str.31 = private unnamed_addr constant [3 x i8] c", \00", align 1
@.str.32 = private unnamed_addr constant [2 x i8] c"[\00", align 1
@.str.33 = private unnamed_addr constant [3 x i8] c"] \00", align 1
@.str.34 = private unnamed_addr constant [4 x i8] c"[] \00", align 1
@.str.35 = private unnamed_addr constant [21 x i8] c"(rank %d), expected \00", align 1
@dtype_name.names = internal constant [14 x [8 x i8]] [[8 x i8] zeroinitializer, [8 x i8] c"float32\00", [8 x i8] c"uint8\00\00\00", [8 x i8] c"int8\00\00\00\00", [8 x i8] c"uint16\00\00", [8 x i8] c"int16\00\00\00", [8 x i8] c"int32\00\00\00", [8 x i8] c"int64\00\00\00", [8 x i8] zeroinitializer, [8 x i8] c"bool\00\00\00\00", [8 x i8] c"float16\00", [8 x i8] c"float64\00", [8 x i8] c"uint32\00\00", [8 x i8] c"uint64\00\00"], align 16
@.str.36 = private unnamed_addr constant [17 x i8] c"an unknown dtype\00", align 1
@dtype_size.sizes = internal unnamed_addr constant [14 x i8] c"\00\04\01\01\02\02\04\08\00\01\02\08\04\08", align 1
@.str.37 = private unnamed_addr constant [5 x i8] c"%lld\00", align 1
@.str.38 = private unnamed_addr constant [3 x i8] c"%s\00", align 1
@.str.39 = private unnamed_addr constant [12 x i8] c"] (rank %d)\00", align 1
@.str.40 = private unnamed_addr constant [63 x i8] c"input '%s': dimension %d is %lld, but sizes cannot be negative\00", align 1
@.str.41 = private unnamed_addr constant [48 x i8] c"input '%s': dimension %d is %lld, expected %lld\00", align 1
@.str.42 = private unnamed_addr constant [70 x i8] c"input '%s': dimension %d ('%s') is %lld, but input '%s' has %s = %lld\00", align 1
@.str.43 = private unnamed_addr constant [28 x i8] c"cannot start %d threads: %s\00", align 1
@.str.44 = private unnamed_addr constant [59 x i8] c"not enough memory: the profile of %d calls with %d threads\00", align 1
@.str.45 = private unnamed_addr constant [98 x i8] c"%s '%s' would have a negative size or more than 2^63 bytes: the model is not made for such inputs\00", align 1
@.str.46 = private unnamed_addr constant [62 x i8] c"%s '%s' has no buffer: data is NULL and %lld bytes are needed\00", align 1
@.str.47 = private unnamed_addr constant [52 x i8] c"%s '%s': the buffer has %lld bytes, %lld are needed\00", align 1
@.str.48 = private unnamed_addr constant [27 x i8] c"the threads' working areas\00", align 1
@.str.49 = private unnamed_addr constant [25 x i8] c"the intermediate results\00", align 1
@.str.50 = private unnamed_addr constant [66 x i8] c"not enough memory: %s of a call with these shapes need %lld bytes\00", align 1
@creation_error.mutex = internal global %union.pthread_mutex_t zeroinitializer, align 8
@creation_error.text = internal global [512 x i8] zeroinitializer, align 16
@.str.51 = private unnamed_addr constant [50 x i8] c"there is no context, or not enough memory for one\00", align 1
@.str.52 = private unnamed_addr constant [15 x i8] c"this CPU lacks\00", align 1
@.str.53 = private unnamed_addr constant [4 x i8] c" %s\00", align 1
@.str.54 = private unnamed_addr constant [12 x i8] c" feature-%d\00", align 1
@.str.55 = private unnamed_addr constant [62 x i8] c", which this model was compiled for; compile it for target %s\00", align 1
@.str.56 = private unnamed_addr constant [37 x i8] c"'x86_64' to run it on any x86-64 CPU\00", align 1
@llvm.compiler.used = appending global [1 x ptr] [ptr @at_unload], section "llvm.metadata"

; Function Attrs: nounwind optsize
define void @sparsec_parallel(ptr noundef %0, ptr noundef %1, ptr noundef %2, i64 noundef %3) local_unnamed_addr #0 {
  %5 = alloca %struct.timespec, align 8
  %6 = alloca %struct.spinning, align 8
  %7 = alloca i32, align 4
  %8 = alloca i32, align 4
  %9 = icmp sgt i64 %3, 1
  br i1 %9, label %10, label %93

10:                                               ; preds = %4
  %11 = getelementptr inbounds i8, ptr %0, i64 28
  %12 = load i32, ptr %11, align 4
  %13 = icmp eq i32 %12, 0
  br i1 %13, label %14, label %18

14:                                               ; preds = %10
  %15 = getelementptr inbounds i8, ptr %0, i64 8
  %16 = load ptr, ptr %15, align 8
  %17 = icmp eq ptr %16, null
  br i1 %17, label %95, label %18

18:                                               ; preds = %14, %10
  %19 = getelementptr inbounds i8, ptr %0, i64 248
  store ptr %1, ptr %19, align 8
  %20 = getelementptr inbounds i8, ptr %0, i64 256
  store ptr %2, ptr %20, align 64
  %21 = getelementptr inbounds i8, ptr %0, i64 264
  store i64 %3, ptr %21, align 8
  %22 = load i32, ptr %0, align 64
  %23 = icmp sgt i32 %22, 0
  br i1 %23, label %24, label %27

24:                                               ; preds = %18
  %25 = getelementptr inbounds i8, ptr %0, i64 56
  %26 = getelementptr inbounds i8, ptr %0, i64 64
  br label %35

27:                                               ; preds = %35, %18
  %28 = getelementptr inbounds i8, ptr %0, i64 320
  %29 = getelementptr inbounds i8, ptr %0, i64 272
  %30 = load i64, ptr %29, align 16
  %31 = add i64 %30, 1
  store i64 %31, ptr %29, align 16
  store atomic i64 %31, ptr %28 seq_cst, align 64
  %32 = getelementptr inbounds i8, ptr %0, i64 8
  %33 = load ptr, ptr %32, align 8
  %34 = icmp eq ptr %33, null
  br i1 %34, label %60, label %45

35:                                               ; preds = %35, %24
  %36 = phi i64 [ 0, %24 ], [ %41, %35 ]
  %37 = load ptr, ptr %25, align 8
  %38 = load i64, ptr %26, align 64
  %39 = mul nsw i64 %38, %36
  %40 = getelementptr inbounds i8, ptr %37, i64 %39
  store atomic i64 0, ptr %40 monotonic, align 8
  %41 = add nuw nsw i64 %36, 1
  %42 = load i32, ptr %0, align 64
  %43 = sext i32 %42 to i64
  %44 = icmp slt i64 %41, %43
  br i1 %44, label %35, label %27, !llvm.loop !3

45:                                               ; preds = %27
  call void @llvm.lifetime.start.p0(i64 4, ptr nonnull %7)
  call void @llvm.lifetime.start.p0(i64 4, ptr nonnull %8)
  %46 = getelementptr inbounds i8, ptr %0, i64 24
  %47 = load i32, ptr %46, align 8
  store i32 %47, ptr %7, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr nonnull %7)
  %48 = load ptr, ptr %32, align 8
  %49 = getelementptr inbounds i8, ptr %0, i64 16
  %50 = load ptr, ptr %49, align 16
  %51 = load i32, ptr %0, align 64
  call void %48(ptr noundef %50, ptr noundef nonnull @run_part, ptr noundef nonnull %0, i32 noundef %51) #22
  store i32 8064, ptr %8, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr nonnull %8)
  store atomic i64 0, ptr %28 seq_cst, align 64
  %52 = getelementptr inbounds i8, ptr %0, i64 384
  %53 = load atomic i64, ptr %52 seq_cst, align 64
  %54 = icmp eq i64 %53, 0
  br i1 %54, label %59, label %55

55:                                               ; preds = %45, %55
  %56 = call i32 @sched_yield() #22
  %57 = load atomic i64, ptr %52 seq_cst, align 64
  %58 = icmp eq i64 %57, 0
  br i1 %58, label %59, label %55, !llvm.loop !5

59:                                               ; preds = %55, %45
  call fastcc void @take_chunks(ptr noundef nonnull %0, i64 noundef 0) #23
  call void @llvm.lifetime.end.p0(i64 4, ptr nonnull %7)
  call void @llvm.lifetime.end.p0(i64 4, ptr nonnull %8)
  br label %129

60:                                               ; preds = %27
  %61 = getelementptr inbounds i8, ptr %0, i64 232
  %62 = load atomic i32, ptr %61 seq_cst, align 8
  %63 = icmp eq i32 %62, 0
  br i1 %63, label %70, label %64

64:                                               ; preds = %60
  %65 = getelementptr inbounds i8, ptr %0, i64 96
  %66 = tail call i32 @pthread_mutex_lock(ptr noundef nonnull %65) #22
  %67 = getelementptr inbounds i8, ptr %0, i64 136
  %68 = tail call i32 @pthread_cond_broadcast(ptr noundef nonnull %67) #22
  %69 = tail call i32 @pthread_mutex_unlock(ptr noundef nonnull %65) #22
  br label %70

70:                                               ; preds = %64, %60
  tail call fastcc void @take_chunks(ptr noundef nonnull %0, i64 noundef 0) #23
  store atomic i64 0, ptr %28 seq_cst, align 64
  call void @llvm.lifetime.start.p0(i64 16, ptr nonnull %6) #10
  call void @llvm.memset.p0.i64(ptr noundef nonnull align 8 dereferenceable(16) %6, i8 0, i64 16, i1 false)
  %71 = getelementptr inbounds i8, ptr %0, i64 384
  br label %72

72:                                               ; preds = %75, %70
  %73 = load atomic i64, ptr %71 seq_cst, align 64
  %74 = icmp eq i64 %73, 0
  br i1 %74, label %92, label %75

75:                                               ; preds = %72
  %76 = call fastcc i32 @go_on_spinning(ptr noundef nonnull %0, ptr noundef nonnull %6) #23
  %77 = icmp eq i32 %76, 0
  br i1 %77, label %78, label %72, !llvm.loop !6

78:                                               ; preds = %75
  %79 = getelementptr inbounds i8, ptr %0, i64 96
  %80 = tail call i32 @pthread_mutex_lock(ptr noundef nonnull %79) #22
  %81 = getelementptr inbounds i8, ptr %0, i64 240
  store atomic i32 1, ptr %81 seq_cst, align 16
  %82 = load atomic i64, ptr %71 seq_cst, align 64
  %83 = icmp eq i64 %82, 0
  br i1 %83, label %90, label %84

84:                                               ; preds = %78
  %85 = getelementptr inbounds i8, ptr %0, i64 184
  br label %86

86:                                               ; preds = %86, %84
  %87 = tail call i32 @pthread_cond_wait(ptr noundef nonnull %85, ptr noundef nonnull %79) #22
  %88 = load atomic i64, ptr %71 seq_cst, align 64
  %89 = icmp eq i64 %88, 0
  br i1 %89, label %90, label %86, !llvm.loop !7

90:                                               ; preds = %86, %78
  store atomic i32 0, ptr %81 seq_cst, align 16
  %91 = tail call i32 @pthread_mutex_unlock(ptr noundef nonnull %79) #22
  br label %92

92:                                               ; preds = %72, %90
  call void @llvm.lifetime.end.p0(i64 16, ptr nonnull %6) #10
  br label %129

93:                                               ; preds = %4
  %94 = icmp eq i64 %3, 1
  br i1 %94, label %95, label %129

95:                                               ; preds = %14, %93
  %96 = getelementptr inbounds i8, ptr %0, i64 88
  %97 = load ptr, ptr %96, align 8
  %98 = icmp eq ptr %97, null
  br i1 %98, label %115, label %99

99:                                               ; preds = %95
  %100 = getelementptr inbounds i8, ptr %0, i64 84
  %101 = load i32, ptr %100, align 4
  %102 = getelementptr inbounds i8, ptr %0, i64 76
  %103 = load i32, ptr %102, align 4
  %104 = icmp sgt i32 %101, %103
  br i1 %104, label %115, label %105

105:                                              ; preds = %99
  %106 = getelementptr inbounds i8, ptr %0, i64 80
  %107 = load i32, ptr %106, align 8
  %108 = icmp sgt i32 %107, 0
  br i1 %108, label %109, label %115

109:                                              ; preds = %105
  %110 = zext nneg i32 %107 to i64
  %111 = sext i32 %101 to i64
  %112 = mul nsw i64 %110, %111
  %113 = getelementptr %struct.profile_place, ptr %97, i64 %112
  %114 = icmp eq ptr %113, null
  br i1 %114, label %115, label %119

115:                                              ; preds = %109, %105, %99, %95
  %116 = getelementptr inbounds i8, ptr %0, i64 56
  %117 = load ptr, ptr %116, align 8
  %118 = getelementptr inbounds i8, ptr %117, i64 64
  tail call void %1(ptr noundef %2, i64 noundef 0, i64 noundef %3, ptr noundef nonnull %118) #22
  br label %129

119:                                              ; preds = %109
  call void @llvm.lifetime.start.p0(i64 16, ptr nonnull %5) #10
  %120 = call i32 @clock_gettime(i32 noundef 1, ptr noundef nonnull %5) #22
  %121 = load i64, ptr %5, align 8
  %122 = mul nsw i64 %121, 1000000000
  %123 = getelementptr inbounds i8, ptr %5, i64 8
  %124 = load i64, ptr %123, align 8
  %125 = add nsw i64 %122, %124
  call void @llvm.lifetime.end.p0(i64 16, ptr nonnull %5) #10
  %126 = getelementptr inbounds i8, ptr %0, i64 56
  %127 = load ptr, ptr %126, align 8
  %128 = getelementptr inbounds i8, ptr %127, i64 64
  call void %1(ptr noundef %2, i64 noundef 0, i64 noundef %3, ptr noundef nonnull %128) #22
  call fastcc void @record(ptr noundef nonnull %113, i64 noundef %125, i64 noundef %3) #23
  br label %129

129:                                              ; preds = %119, %115, %92, %59, %93
  %130 = getelementptr inbounds i8, ptr %0, i64 84
  %131 = load i32, ptr %130, align 4
  %132 = add nsw i32 %131, 1
  store i32 %132, ptr %130, align 4
  ret void
}

; Function Attrs: nounwind optsize
define internal void @stop_all() #0 {
  tail call fastcc void @lock_contexts() #23
  %1 = load ptr, ptr @contexts, align 8
  %2 = icmp eq ptr %1, null
  br i1 %2, label %3, label %4

3:                                                ; preds = %18, %0
  store atomic i32 0, ptr @contexts_owner release, align 4
  ret void

4:                                                ; preds = %0, %18
  %5 = phi ptr [ %20, %18 ], [ %1, %0 ]
  %6 = tail call i32 @getpid() #22
  %7 = getelementptr inbounds i8, ptr %5, i64 16
  %8 = cmpxchg ptr %7, i32 0, i32 %6 acquire monotonic, align 16
  %9 = extractvalue { i32, i1 } %8, 1
  %10 = extractvalue { i32, i1 } %8, 0
  br i1 %9, label %16, label %11

11:                                               ; preds = %4
  %12 = icmp eq i32 %10, %6
  br i1 %12, label %18, label %13

13:                                               ; preds = %11
  %14 = cmpxchg ptr %7, i32 %10, i32 %6 acquire monotonic, align 16
  %15 = extractvalue { i32, i1 } %14, 1
  br i1 %15, label %16, label %18

16:                                               ; preds = %13, %4
  %17 = getelementptr inbounds i8, ptr %5, i64 128
  tail call fastcc void @stop_threads(ptr noundef nonnull %17) #23
  br label %18

18:                                               ; preds = %11, %13, %16
  %19 = getelementptr inbounds i8, ptr %5, i64 576
  %20 = load ptr, ptr %19, align 8
  %21 = icmp eq ptr %20, null
  br i1 %21, label %3, label %4, !llvm.loop !8
}

; Function Attrs: nounwind optsize
define void @sparsec_destroy(ptr noundef %0) local_unnamed_addr #0 {
  %2 = alloca i32, align 4
  %3 = icmp eq ptr %0, null
  br i1 %3, label %47, label %4

4:                                                ; preds = %1
  %5 = tail call i32 @getpid() #22
  %6 = getelementptr inbounds i8, ptr %0, i64 16
  %7 = cmpxchg ptr %6, i32 0, i32 %5 acquire monotonic, align 16
  %8 = extractvalue { i32, i1 } %7, 1
  %9 = extractvalue { i32, i1 } %7, 0
  br i1 %8, label %15, label %10

10:                                               ; preds = %4
  %11 = icmp eq i32 %9, %5
  br i1 %11, label %47, label %12

12:                                               ; preds = %10
  %13 = cmpxchg ptr %6, i32 %9, i32 %5 acquire monotonic, align 16
  %14 = extractvalue { i32, i1 } %13, 1
  br i1 %14, label %15, label %47

15:                                               ; preds = %12, %4
  call void @llvm.lifetime.start.p0(i64 4, ptr nonnull %2) #10
  %16 = call i32 @pthread_setcancelstate(i32 noundef 1, ptr noundef nonnull %2) #22
  call fastcc void @lock_contexts() #23
  br label %17

17:                                               ; preds = %17, %15
  %18 = phi ptr [ @contexts, %15 ], [ %23, %17 ]
  %19 = load ptr, ptr %18, align 8
  %20 = icmp eq ptr %19, null
  %21 = icmp eq ptr %19, %0
  %22 = or i1 %20, %21
  %23 = getelementptr inbounds i8, ptr %19, i64 576
  br i1 %22, label %24, label %17, !llvm.loop !9

24:                                               ; preds = %17
  br i1 %20, label %29, label %25

25:                                               ; preds = %24
  %26 = getelementptr inbounds i8, ptr %0, i64 576
  %27 = load ptr, ptr %26, align 64
  %28 = ptrtoint ptr %27 to i64
  store atomic i64 %28, ptr %18 release, align 8
  br label %29

29:                                               ; preds = %24, %25
  store atomic i32 0, ptr @contexts_owner release, align 4
  %30 = getelementptr inbounds i8, ptr %0, i64 128
  call fastcc void @stop_threads(ptr noundef nonnull %30) #23
  %31 = load i32, ptr %2, align 4
  %32 = call i32 @pthread_setcancelstate(i32 noundef %31, ptr noundef null) #22
  %33 = getelementptr inbounds i8, ptr %0, i64 184
  %34 = load ptr, ptr %33, align 8
  call void @free(ptr noundef %34) #22
  %35 = getelementptr inbounds i8, ptr %0, i64 216
  %36 = load ptr, ptr %35, align 8
  call void @free(ptr noundef %36) #22
  %37 = getelementptr inbounds i8, ptr %0, i64 56
  %38 = load ptr, ptr %37, align 8
  call void @free(ptr noundef %38) #22
  %39 = getelementptr inbounds i8, ptr %0, i64 24
  %40 = load ptr, ptr %39, align 8
  call void @free(ptr noundef %40) #22
  %41 = getelementptr inbounds i8, ptr %0, i64 32
  %42 = load ptr, ptr %41, align 32
  call void @free(ptr noundef %42) #22
  %43 = getelementptr inbounds i8, ptr %0, i64 40
  %44 = load ptr, ptr %43, align 8
  call void @free(ptr noundef %44) #22
  %45 = getelementptr inbounds i8, ptr %0, i64 48
  %46 = load ptr, ptr %45, align 16
  call void @free(ptr noundef %46) #22
  call void @free(ptr noundef %0) #22
  call void @llvm.lifetime.end.p0(i64 4, ptr nonnull %2) #10
  br label %47

47:                                               ; preds = %12, %10, %1, %29
  ret void
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.lifetime.start.p0(i64 immarg, ptr nocapture) #1

; Function Attrs: optsize
declare i32 @pthread_setcancelstate(i32 noundef, ptr noundef) local_unnamed_addr #2

; Function Attrs: nounwind optsize
define internal fastcc void @stop_threads(ptr noundef %0) unnamed_addr #0 {
  %2 = getelementptr inbounds i8, ptr %0, i64 28
  %3 = load i32, ptr %2, align 4
  %4 = icmp eq i32 %3, 0
  br i1 %4, label %36, label %5

5:                                                ; preds = %1
  %6 = getelementptr inbounds i8, ptr %0, i64 36
  %7 = load i32, ptr %6, align 4
  %8 = tail call i32 @getpid() #22
  %9 = icmp eq i32 %7, %8
  br i1 %9, label %10, label %36

10:                                               ; preds = %5
  %11 = getelementptr inbounds i8, ptr %0, i64 96
  %12 = tail call i32 @pthread_mutex_lock(ptr noundef nonnull %11) #22
  %13 = getelementptr inbounds i8, ptr %0, i64 236
  store atomic i32 1, ptr %13 seq_cst, align 4
  %14 = getelementptr inbounds i8, ptr %0, i64 136
  %15 = tail call i32 @pthread_cond_broadcast(ptr noundef nonnull %14) #22
  %16 = tail call i32 @pthread_mutex_unlock(ptr noundef nonnull %11) #22
  %17 = load i32, ptr %2, align 4
  %18 = icmp sgt i32 %17, 0
  br i1 %18, label %19, label %21

19:                                               ; preds = %10
  %20 = getelementptr inbounds i8, ptr %0, i64 48
  br label %26

21:                                               ; preds = %26, %10
  %22 = tail call i32 @pthread_mutex_destroy(ptr noundef nonnull %11) #22
  %23 = tail call i32 @pthread_cond_destroy(ptr noundef nonnull %14) #22
  %24 = getelementptr inbounds i8, ptr %0, i64 184
  %25 = tail call i32 @pthread_cond_destroy(ptr noundef nonnull %24) #22
  br label %36

26:                                               ; preds = %19, %26
  %27 = phi i64 [ 0, %19 ], [ %32, %26 ]
  %28 = load ptr, ptr %20, align 16
  %29 = getelementptr inbounds %struct.worker, ptr %28, i64 %27, i32 2
  %30 = load i64, ptr %29, align 8
  %31 = tail call i32 @pthread_join(i64 noundef %30, ptr noundef null) #22
  %32 = add nuw nsw i64 %27, 1
  %33 = load i32, ptr %2, align 4
  %34 = sext i32 %33 to i64
  %35 = icmp slt i64 %32, %34
  br i1 %35, label %26, label %21, !llvm.loop !10

36:                                               ; preds = %21, %5, %1
  %37 = getelementptr inbounds i8, ptr %0, i64 48
  %38 = load ptr, ptr %37, align 16
  tail call void @free(ptr noundef %38) #22
  store ptr null, ptr %37, align 16
  store i32 0, ptr %2, align 4
  ret void
}

; Function Attrs: mustprogress nounwind optsize willreturn allockind("free") memory(argmem: readwrite, inaccessiblemem: readwrite)
declare void @free(ptr allocptr nocapture noundef) local_unnamed_addr #3

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.lifetime.end.p0(i64 immarg, ptr nocapture) #1

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
  call void @llvm.lifetime.start.p0(i64 1024, ptr nonnull %4) #10
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
  call void @llvm.lifetime.start.p0(i64 64, ptr nonnull %2) #10
  %35 = call fastcc i32 @read_file(ptr noundef nonnull @.str.24, ptr noundef nonnull %2, i64 noundef 64) #23
  %36 = icmp eq i32 %35, 0
  br i1 %36, label %54, label %37

37:                                               ; preds = %33
  call void @llvm.lifetime.start.p0(i64 8, ptr nonnull %3) #10
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
  call void @llvm.lifetime.end.p0(i64 8, ptr nonnull %3) #10
  br label %54

54:                                               ; preds = %33, %52
  %55 = phi i32 [ %53, %52 ], [ 1024, %33 ]
  call void @llvm.lifetime.end.p0(i64 64, ptr nonnull %2) #10
  %56 = call i32 @llvm.smin.i32(i32 %34, i32 %55)
  %57 = call i32 @llvm.smin.i32(i32 %56, i32 1024)
  %58 = call i32 @llvm.smax.i32(i32 %57, i32 1)
  call void @llvm.lifetime.end.p0(i64 1024, ptr nonnull %4) #10
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
  %10 = tail call { i32, i32 } asm sideeffect "xgetbv", "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}"(i32 0) #10, !srcloc !15
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
declare noalias noundef ptr @calloc(i64 noundef, i64 noundef) local_unnamed_addr #4

; Function Attrs: nounwind optsize
define noundef i32 @sparsec_output_shapes(ptr noundef %0, ptr noundef %1, ptr noundef %2) local_unnamed_addr #0 {
  %4 = icmp eq ptr %0, null
  br i1 %4, label %82, label %5

5:                                                ; preds = %3
  %6 = tail call i32 @getpid() #22
  %7 = getelementptr inbounds i8, ptr %0, i64 16
  %8 = cmpxchg ptr %7, i32 0, i32 %6 acquire monotonic, align 16
  %9 = extractvalue { i32, i1 } %8, 1
  %10 = extractvalue { i32, i1 } %8, 0
  br i1 %9, label %16, label %11

11:                                               ; preds = %5
  %12 = icmp eq i32 %10, %6
  br i1 %12, label %82, label %13

13:                                               ; preds = %11
  %14 = cmpxchg ptr %7, i32 %10, i32 %6 acquire monotonic, align 16
  %15 = extractvalue { i32, i1 } %14, 1
  br i1 %15, label %16, label %82

16:                                               ; preds = %13, %5
  %17 = tail call fastcc i32 @bind_shapes(ptr noundef nonnull %0, ptr noundef %1, ptr noundef %2) #23
  %18 = icmp eq i32 %17, 0
  br i1 %18, label %19, label %80

19:                                               ; preds = %16
  tail call fastcc void @describe_outputs(ptr noundef nonnull %0, ptr noundef %2) #23
  %20 = load ptr, ptr %0, align 64
  %21 = getelementptr inbounds i8, ptr %20, i64 8
  %22 = load i32, ptr %21, align 8
  %23 = icmp sgt i32 %22, 0
  br i1 %23, label %24, label %80

24:                                               ; preds = %19, %67
  %25 = phi i64 [ %68, %67 ], [ 0, %19 ]
  %26 = getelementptr inbounds %struct.sparsec_tensor, ptr %2, i64 %25
  %27 = getelementptr inbounds i8, ptr %26, i64 24
  %28 = getelementptr inbounds i8, ptr %26, i64 20
  %29 = load i32, ptr %28, align 4
  %30 = getelementptr inbounds i8, ptr %26, i64 16
  %31 = load i32, ptr %30, align 8
  %32 = icmp ult i32 %31, 14
  br i1 %32, label %33, label %38

33:                                               ; preds = %24
  %34 = zext nneg i32 %31 to i64
  %35 = getelementptr inbounds [14 x i8], ptr @dtype_size.sizes, i64 0, i64 %34
  %36 = load i8, ptr %35, align 1
  %37 = zext i8 %36 to i64
  br label %38

38:                                               ; preds = %33, %24
  %39 = phi i64 [ %37, %33 ], [ 0, %24 ]
  %40 = icmp sgt i32 %29, 0
  br i1 %40, label %41, label %62

41:                                               ; preds = %38
  %42 = zext nneg i32 %29 to i64
  br label %43

43:                                               ; preds = %50, %41
  %44 = phi i64 [ 0, %41 ], [ %56, %50 ]
  %45 = phi i32 [ 0, %41 ], [ %55, %50 ]
  %46 = phi i64 [ %39, %41 ], [ %53, %50 ]
  %47 = getelementptr inbounds i64, ptr %27, i64 %44
  %48 = load i64, ptr %47, align 8
  %49 = icmp eq i64 %48, 0
  br i1 %49, label %62, label %50

50:                                               ; preds = %43
  %51 = tail call { i64, i1 } @llvm.smul.with.overflow.i64(i64 %46, i64 %48)
  %52 = extractvalue { i64, i1 } %51, 1
  %53 = extractvalue { i64, i1 } %51, 0
  %54 = zext i1 %52 to i32
  %55 = or i32 %45, %54
  %56 = add nuw nsw i64 %44, 1
  %57 = icmp eq i64 %56, %42
  br i1 %57, label %58, label %43, !llvm.loop !18

58:                                               ; preds = %50
  %59 = icmp eq i32 %55, 0
  %60 = getelementptr inbounds i8, ptr %26, i64 8
  br i1 %59, label %65, label %61

61:                                               ; preds = %58
  store i64 -1, ptr %60, align 8
  br label %74

62:                                               ; preds = %43, %38
  %63 = phi i64 [ %39, %38 ], [ 0, %43 ]
  %64 = getelementptr inbounds i8, ptr %26, i64 8
  store i64 %63, ptr %64, align 8
  br label %67

65:                                               ; preds = %58
  store i64 %53, ptr %60, align 8
  %66 = icmp sgt i64 %53, -1
  br i1 %66, label %67, label %74

67:                                               ; preds = %62, %65
  %68 = add nuw nsw i64 %25, 1
  %69 = load ptr, ptr %0, align 64
  %70 = getelementptr inbounds i8, ptr %69, i64 8
  %71 = load i32, ptr %70, align 8
  %72 = sext i32 %71 to i64
  %73 = icmp slt i64 %68, %72
  br i1 %73, label %24, label %80, !llvm.loop !19

74:                                               ; preds = %65, %61
  %75 = load ptr, ptr %0, align 64
  %76 = getelementptr inbounds i8, ptr %75, i64 40
  %77 = load ptr, ptr %76, align 8
  %78 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %77, i64 %25
  %79 = load ptr, ptr %78, align 8
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str, ptr noundef %79) #23
  br label %80

80:                                               ; preds = %67, %19, %16, %74
  %81 = phi i32 [ 1, %74 ], [ %17, %16 ], [ 0, %19 ], [ 0, %67 ]
  store atomic i32 0, ptr %7 release, align 16
  br label %82

82:                                               ; preds = %80, %13, %11, %3
  %83 = phi i32 [ 5, %13 ], [ 5, %11 ], [ 1, %3 ], [ %81, %80 ]
  ret i32 %83
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
  %18 = select i1 %6, ptr @.str.27, ptr @.str.26
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.25, ptr noundef nonnull %18) #23
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
  %62 = phi ptr [ @.str.36, %60 ], [ %59, %55 ]
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
  %71 = phi ptr [ @.str.36, %69 ], [ %68, %64 ]
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.28, ptr noundef %53, ptr noundef nonnull %62, ptr noundef nonnull %71) #23
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
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.29, ptr noundef %85) #23
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
  %94 = select i1 %93, ptr @.str.34, ptr @.str.33
  br label %95

95:                                               ; preds = %92, %88
  %96 = phi ptr [ @.str.34, %88 ], [ %94, %92 ]
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull %96) #23
  %97 = load i32, ptr %84, align 4
  br label %108

98:                                               ; preds = %98, %90
  %99 = phi i64 [ 0, %90 ], [ %104, %98 ]
  %100 = icmp eq i64 %99, 0
  %101 = select i1 %100, ptr @.str.32, ptr @.str.31
  %102 = getelementptr inbounds [8 x i64], ptr %91, i64 0, i64 %99
  %103 = load i64, ptr %102, align 8
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.30, ptr noundef nonnull %101, i64 noundef %103) #23
  %104 = add nuw nsw i64 %99, 1
  %105 = load i32, ptr %84, align 4
  %106 = sext i32 %105 to i64
  %107 = icmp slt i64 %104, %106
  br i1 %107, label %98, label %92, !llvm.loop !21

108:                                              ; preds = %95, %83
  %109 = phi i32 [ %97, %95 ], [ %86, %83 ]
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.35, i32 noundef %109) #23
  %110 = getelementptr inbounds i8, ptr %46, i64 16
  %111 = load ptr, ptr %110, align 8
  %112 = load i32, ptr %75, align 4
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.32) #23
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
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.31) #23
  br label %120

120:                                              ; preds = %119, %116
  %121 = getelementptr inbounds i64, ptr %111, i64 %117
  %122 = load i64, ptr %121, align 8
  %123 = icmp sgt i64 %122, -1
  br i1 %123, label %124, label %125

124:                                              ; preds = %120
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.37, i64 noundef %122) #23
  br label %132

125:                                              ; preds = %120
  %126 = load ptr, ptr %0, align 64
  %127 = getelementptr inbounds i8, ptr %126, i64 24
  %128 = load ptr, ptr %127, align 8
  %129 = xor i64 %122, -1
  %130 = getelementptr inbounds ptr, ptr %128, i64 %129
  %131 = load ptr, ptr %130, align 8
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.38, ptr noundef %131) #23
  br label %132

132:                                              ; preds = %125, %124
  %133 = add nuw nsw i64 %117, 1
  %134 = icmp eq i64 %133, %115
  br i1 %134, label %135, label %116, !llvm.loop !22

135:                                              ; preds = %132, %108
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.39, i32 noundef %112) #23
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
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.40, ptr noundef %145, i32 noundef %152, i64 noundef %140) #23
  br label %202

153:                                              ; preds = %136
  %154 = icmp sgt i64 %149, -1
  br i1 %154, label %155, label %159

155:                                              ; preds = %153
  %156 = icmp eq i64 %149, %140
  br i1 %156, label %183, label %157

157:                                              ; preds = %155
  %158 = trunc nuw nsw i64 %138 to i32
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.41, ptr noundef %145, i32 noundef %158, i64 noundef %140, i64 noundef %149) #23
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
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.42, ptr noundef %145, i32 noundef %172, ptr noundef %176, i64 noundef %140, ptr noundef %182, ptr noundef %176, i64 noundef %163) #23
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
define internal fastcc void @describe_outputs(ptr nocapture noundef readonly %0, ptr nocapture noundef writeonly %1) unnamed_addr #5 {
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
define internal void @append(ptr nocapture noundef %0, ptr nocapture noundef readonly %1, ...) unnamed_addr #6 {
  %3 = alloca [1 x %struct.__va_list_tag], align 16
  %4 = getelementptr inbounds i8, ptr %0, i64 584
  %5 = tail call i64 @strlen(ptr noundef nonnull dereferenceable(1) %4) #26
  call void @llvm.lifetime.start.p0(i64 24, ptr nonnull %3) #10
  call void @llvm.va_start.p0(ptr nonnull %3)
  %6 = getelementptr inbounds i8, ptr %4, i64 %5
  %7 = sub i64 1024, %5
  %8 = call i32 @vsnprintf(ptr noundef nonnull %6, i64 noundef %7, ptr noundef %1, ptr noundef nonnull %3) #22
  call void @llvm.va_end.p0(ptr nonnull %3)
  call void @llvm.lifetime.end.p0(i64 24, ptr nonnull %3) #10
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
  %15 = alloca i32, align 4
  %16 = icmp eq ptr %0, null
  br i1 %16, label %28, label %17

17:                                               ; preds = %3
  %18 = tail call i32 @getpid() #22
  %19 = getelementptr inbounds i8, ptr %0, i64 16
  %20 = cmpxchg ptr %19, i32 0, i32 %18 acquire monotonic, align 16
  %21 = extractvalue { i32, i1 } %20, 1
  %22 = extractvalue { i32, i1 } %20, 0
  br i1 %21, label %30, label %23

23:                                               ; preds = %17
  %24 = icmp eq i32 %22, %18
  br i1 %24, label %28, label %25

25:                                               ; preds = %23
  %26 = cmpxchg ptr %19, i32 %22, i32 %18 acquire monotonic, align 16
  %27 = extractvalue { i32, i1 } %26, 1
  br i1 %27, label %30, label %28

28:                                               ; preds = %3, %23, %25
  %29 = phi i32 [ 5, %25 ], [ 5, %23 ], [ 1, %3 ]
  call void @llvm.lifetime.start.p0(i64 4, ptr nonnull %15) #10
  br label %429

30:                                               ; preds = %25, %17
  call void @llvm.lifetime.start.p0(i64 4, ptr nonnull %15) #10
  %31 = call i32 @pthread_setcancelstate(i32 noundef 1, ptr noundef nonnull %15) #22
  call void @llvm.lifetime.start.p0(i64 4, ptr nonnull %12)
  call void @llvm.lifetime.start.p0(i64 4, ptr nonnull %13)
  call void @llvm.lifetime.start.p0(i64 4, ptr nonnull %14)
  %32 = call fastcc i32 @bind_shapes(ptr noundef nonnull %0, ptr noundef %1, ptr noundef %2) #23
  %33 = icmp eq i32 %32, 0
  br i1 %33, label %34, label %425

34:                                               ; preds = %30
  %35 = load ptr, ptr %0, align 64
  %36 = getelementptr inbounds i8, ptr %0, i64 40
  %37 = load ptr, ptr %36, align 8
  %38 = getelementptr inbounds i8, ptr %35, i64 4
  %39 = load i32, ptr %38, align 4
  %40 = icmp sgt i32 %39, 0
  br i1 %40, label %41, label %44

41:                                               ; preds = %34
  %42 = getelementptr inbounds i8, ptr %35, i64 32
  %43 = getelementptr inbounds i8, ptr %0, i64 48
  br label %52

44:                                               ; preds = %60, %34
  %45 = getelementptr inbounds i8, ptr %35, i64 40
  %46 = getelementptr inbounds i8, ptr %35, i64 8
  %47 = load i32, ptr %46, align 8
  %48 = icmp sgt i32 %47, 0
  br i1 %48, label %49, label %93

49:                                               ; preds = %44
  %50 = getelementptr inbounds i8, ptr %0, i64 48
  %51 = load ptr, ptr %45, align 8
  br label %68

52:                                               ; preds = %60, %41
  %53 = phi i64 [ 0, %41 ], [ %64, %60 ]
  %54 = load ptr, ptr %42, align 8
  %55 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %54, i64 %53
  %56 = getelementptr inbounds %struct.sparsec_tensor, ptr %1, i64 %53
  %57 = getelementptr inbounds i8, ptr %56, i64 24
  %58 = call fastcc i32 @check_buffer(ptr noundef nonnull %0, ptr noundef nonnull @.str.27, ptr noundef %55, ptr noundef readonly %56, ptr noundef nonnull readonly %57) #23
  %59 = icmp eq i32 %58, 0
  br i1 %59, label %60, label %425

60:                                               ; preds = %52
  %61 = load ptr, ptr %56, align 8
  %62 = load ptr, ptr %43, align 16
  %63 = getelementptr inbounds ptr, ptr %62, i64 %53
  store ptr %61, ptr %63, align 8
  %64 = add nuw nsw i64 %53, 1
  %65 = load i32, ptr %38, align 4
  %66 = sext i32 %65 to i64
  %67 = icmp slt i64 %64, %66
  br i1 %67, label %52, label %44, !llvm.loop !26

68:                                               ; preds = %76, %49
  %69 = phi ptr [ %51, %49 ], [ %84, %76 ]
  %70 = phi i64 [ 0, %49 ], [ %89, %76 ]
  %71 = phi ptr [ %37, %49 ], [ %88, %76 ]
  %72 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %69, i64 %70
  %73 = getelementptr inbounds %struct.sparsec_tensor, ptr %2, i64 %70
  %74 = call fastcc i32 @check_buffer(ptr noundef nonnull %0, ptr noundef nonnull @.str.26, ptr noundef %72, ptr noundef readonly %73, ptr noundef %71) #23
  %75 = icmp eq i32 %74, 0
  br i1 %75, label %76, label %425

76:                                               ; preds = %68
  %77 = load ptr, ptr %73, align 8
  %78 = load ptr, ptr %50, align 16
  %79 = load i32, ptr %38, align 4
  %80 = trunc nuw nsw i64 %70 to i32
  %81 = add nsw i32 %79, %80
  %82 = sext i32 %81 to i64
  %83 = getelementptr inbounds ptr, ptr %78, i64 %82
  store ptr %77, ptr %83, align 8
  %84 = load ptr, ptr %45, align 8
  %85 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %84, i64 %70, i32 2
  %86 = load i32, ptr %85, align 4
  %87 = sext i32 %86 to i64
  %88 = getelementptr inbounds i64, ptr %71, i64 %87
  %89 = add nuw nsw i64 %70, 1
  %90 = load i32, ptr %46, align 8
  %91 = sext i32 %90 to i64
  %92 = icmp slt i64 %89, %91
  br i1 %92, label %68, label %93, !llvm.loop !27

93:                                               ; preds = %76, %44
  %94 = getelementptr inbounds i8, ptr %0, i64 128
  %95 = getelementptr inbounds i8, ptr %0, i64 8
  %96 = load ptr, ptr %95, align 8
  %97 = getelementptr inbounds i8, ptr %96, i64 32
  %98 = load ptr, ptr %97, align 8
  %99 = getelementptr inbounds i8, ptr %0, i64 24
  %100 = load ptr, ptr %99, align 8
  %101 = call i64 %98(ptr noundef %100) #22
  %102 = add nsw i64 %101, 127
  %103 = and i64 %102, -64
  %104 = getelementptr inbounds i8, ptr %0, i64 192
  store i64 %103, ptr %104, align 64
  %105 = getelementptr inbounds i8, ptr %0, i64 184
  %106 = getelementptr inbounds i8, ptr %0, i64 72
  %107 = load i32, ptr %94, align 64
  %108 = sext i32 %107 to i64
  %109 = mul nsw i64 %103, %108
  %110 = call fastcc i32 @grow(ptr noundef nonnull %0, ptr noundef nonnull %105, ptr noundef nonnull %106, i64 noundef %109, ptr noundef nonnull @.str.48) #23
  %111 = icmp eq i32 %110, 0
  br i1 %111, label %112, label %425

112:                                              ; preds = %93
  %113 = getelementptr inbounds i8, ptr %0, i64 56
  %114 = getelementptr inbounds i8, ptr %0, i64 64
  %115 = load ptr, ptr %95, align 8
  %116 = getelementptr inbounds i8, ptr %115, i64 24
  %117 = load ptr, ptr %116, align 8
  %118 = load ptr, ptr %99, align 8
  %119 = call i64 %117(ptr noundef %118) #22
  %120 = call fastcc i32 @grow(ptr noundef nonnull %0, ptr noundef nonnull %113, ptr noundef nonnull %114, i64 noundef %119, ptr noundef nonnull @.str.49) #23
  %121 = icmp eq i32 %120, 0
  br i1 %121, label %122, label %425

122:                                              ; preds = %112
  %123 = getelementptr inbounds i8, ptr %0, i64 136
  %124 = load ptr, ptr %123, align 8
  %125 = icmp eq ptr %124, null
  br i1 %125, label %126, label %129

126:                                              ; preds = %122
  %127 = load i32, ptr %94, align 64
  %128 = add nsw i32 %127, -1
  br label %129

129:                                              ; preds = %126, %122
  %130 = phi i32 [ %128, %126 ], [ 0, %122 ]
  %131 = getelementptr inbounds i8, ptr %0, i64 156
  %132 = load i32, ptr %131, align 4
  %133 = icmp eq i32 %132, 0
  br i1 %133, label %140, label %134

134:                                              ; preds = %129
  %135 = getelementptr inbounds i8, ptr %0, i64 164
  %136 = load i32, ptr %135, align 4
  %137 = call i32 @getpid() #22
  %138 = icmp ne i32 %136, %137
  %139 = load i32, ptr %131, align 4
  br label %140

140:                                              ; preds = %134, %129
  %141 = phi i32 [ 0, %129 ], [ %139, %134 ]
  %142 = phi i1 [ false, %129 ], [ %138, %134 ]
  %143 = icmp eq i32 %130, %141
  br i1 %143, label %144, label %151

144:                                              ; preds = %140
  %145 = getelementptr inbounds i8, ptr %0, i64 132
  %146 = load i32, ptr %145, align 4
  %147 = getelementptr inbounds i8, ptr %0, i64 160
  %148 = load i32, ptr %147, align 32
  %149 = icmp ne i32 %146, %148
  %150 = select i1 %149, i1 true, i1 %142
  br i1 %150, label %151, label %303

151:                                              ; preds = %144, %140
  call fastcc void @stop_threads(ptr noundef nonnull %94) #23
  %152 = getelementptr inbounds i8, ptr %0, i64 132
  %153 = load i32, ptr %152, align 4
  %154 = getelementptr inbounds i8, ptr %0, i64 160
  store i32 %153, ptr %154, align 32
  %155 = icmp eq i32 %130, 0
  br i1 %155, label %303, label %156

156:                                              ; preds = %151
  call void @llvm.lifetime.start.p0(i64 1024, ptr nonnull %8) #10
  call void @llvm.memset.p0.i64(ptr noundef nonnull align 8 dereferenceable(1024) %8, i8 0, i64 1024, i1 false)
  %157 = call i32 @sched_getaffinity(i32 noundef 0, i64 noundef 1024, ptr noundef nonnull %8) #22
  %158 = icmp eq i32 %157, 0
  br i1 %158, label %161, label %159

159:                                              ; preds = %156
  store i64 1, ptr %8, align 8
  %160 = getelementptr inbounds i8, ptr %8, i64 8
  call void @llvm.memset.p0.i64(ptr noundef nonnull align 8 dereferenceable(1016) %160, i8 0, i64 1016, i1 false)
  br label %161

161:                                              ; preds = %159, %156
  %162 = call i32 @getpid() #22
  %163 = getelementptr inbounds i8, ptr %0, i64 164
  store i32 %162, ptr %163, align 4
  br label %164

164:                                              ; preds = %170, %161
  %165 = phi i64 [ 0, %161 ], [ %172, %170 ]
  %166 = phi i32 [ 0, %161 ], [ %171, %170 ]
  %167 = getelementptr inbounds [128 x i64], ptr %8, i64 0, i64 %165
  %168 = load i64, ptr %167, align 8
  %169 = icmp eq i64 %168, 0
  br i1 %169, label %170, label %174

170:                                              ; preds = %174, %164
  %171 = phi i32 [ %166, %164 ], [ %177, %174 ]
  %172 = add nuw nsw i64 %165, 1
  %173 = icmp eq i64 %172, 128
  br i1 %173, label %181, label %164, !llvm.loop !28

174:                                              ; preds = %164, %174
  %175 = phi i64 [ %179, %174 ], [ %168, %164 ]
  %176 = phi i32 [ %177, %174 ], [ %166, %164 ]
  %177 = add nsw i32 %176, 1
  %178 = add i64 %175, -1
  %179 = and i64 %178, %175
  %180 = icmp eq i64 %179, 0
  br i1 %180, label %170, label %174, !llvm.loop !29

181:                                              ; preds = %170
  %182 = load i32, ptr %94, align 64
  %183 = icmp slt i32 %171, %182
  %184 = select i1 %183, i64 0, i64 100000
  %185 = getelementptr inbounds i8, ptr %0, i64 168
  store i64 %184, ptr %185, align 8
  %186 = getelementptr inbounds i8, ptr %0, i64 368
  store i32 0, ptr %186, align 16
  %187 = getelementptr inbounds i8, ptr %0, i64 364
  store i32 0, ptr %187, align 4
  %188 = getelementptr inbounds i8, ptr %0, i64 360
  store i32 0, ptr %188, align 8
  %189 = getelementptr inbounds i8, ptr %0, i64 400
  store i64 0, ptr %189, align 16
  %190 = getelementptr inbounds i8, ptr %0, i64 448
  store i64 0, ptr %190, align 64
  %191 = getelementptr inbounds i8, ptr %0, i64 512
  store i64 0, ptr %191, align 64
  %192 = getelementptr inbounds i8, ptr %0, i64 224
  %193 = call i32 @pthread_mutex_init(ptr noundef nonnull %192, ptr noundef null) #22
  %194 = getelementptr inbounds i8, ptr %0, i64 264
  %195 = call i32 @pthread_cond_init(ptr noundef nonnull %194, ptr noundef null) #22
  %196 = getelementptr inbounds i8, ptr %0, i64 312
  %197 = call i32 @pthread_cond_init(ptr noundef nonnull %196, ptr noundef null) #22
  %198 = sext i32 %130 to i64
  %199 = call noalias ptr @calloc(i64 noundef %198, i64 noundef 24) #24
  %200 = getelementptr inbounds i8, ptr %0, i64 176
  store ptr %199, ptr %200, align 16
  %201 = icmp eq ptr %199, null
  br i1 %201, label %202, label %203

202:                                              ; preds = %181
  call void @llvm.lifetime.end.p0(i64 1024, ptr nonnull %8) #10
  br label %299

203:                                              ; preds = %181
  call void @llvm.lifetime.start.p0(i64 128, ptr nonnull %9) #10
  call void @llvm.lifetime.start.p0(i64 128, ptr nonnull %10) #10
  %204 = call i32 @sigfillset(ptr noundef nonnull %9) #22
  %205 = call i32 @pthread_sigmask(i32 noundef 2, ptr noundef nonnull %9, ptr noundef nonnull %10) #22
  call void @llvm.lifetime.start.p0(i64 4096, ptr nonnull %7) #10
  %206 = load i32, ptr %152, align 4
  %207 = icmp eq i32 %206, 0
  br i1 %207, label %240, label %208

208:                                              ; preds = %203
  %209 = call i32 @sched_getcpu() #22
  %210 = call fastcc i32 @list_cores(ptr noundef nonnull readonly %8, ptr noundef nonnull %7, i32 noundef 1024) #23
  %211 = call i32 @llvm.smin.i32(i32 %210, i32 1024)
  %212 = icmp ult i32 %209, 8192
  br i1 %212, label %213, label %224

213:                                              ; preds = %208
  %214 = zext nneg i32 %209 to i64
  %215 = lshr i64 %214, 6
  %216 = getelementptr inbounds [128 x i64], ptr %8, i64 0, i64 %215
  %217 = load i64, ptr %216, align 8
  %218 = and i64 %214, 63
  %219 = shl nuw i64 1, %218
  %220 = and i64 %217, %219
  %221 = icmp eq i64 %220, 0
  br i1 %221, label %224, label %222

222:                                              ; preds = %213
  %223 = call fastcc i32 @core_of(i32 noundef %209, ptr noundef nonnull readonly %8) #23
  br label %224

224:                                              ; preds = %222, %213, %208
  %225 = phi i32 [ %223, %222 ], [ -1, %213 ], [ -1, %208 ]
  %226 = icmp sgt i32 %210, 1
  br i1 %226, label %227, label %240

227:                                              ; preds = %224
  %228 = add nsw i32 %211, -1
  %229 = zext i32 %228 to i64
  br label %230

230:                                              ; preds = %235, %227
  %231 = phi i64 [ 0, %227 ], [ %236, %235 ]
  %232 = getelementptr inbounds [1024 x i32], ptr %7, i64 0, i64 %231
  %233 = load i32, ptr %232, align 4
  %234 = icmp eq i32 %233, %225
  br i1 %234, label %238, label %235

235:                                              ; preds = %230
  %236 = add nuw nsw i64 %231, 1
  %237 = icmp eq i64 %236, %229
  br i1 %237, label %240, label %230, !llvm.loop !30

238:                                              ; preds = %230
  %239 = and i64 %231, 4294967295
  br label %240

240:                                              ; preds = %235, %238, %224, %203
  %241 = phi i64 [ 0, %203 ], [ 0, %224 ], [ %239, %238 ], [ %229, %235 ]
  %242 = phi i32 [ 0, %203 ], [ %211, %224 ], [ %211, %238 ], [ %211, %235 ]
  %243 = icmp eq i32 %242, 0
  %244 = sext i32 %242 to i64
  %245 = load i32, ptr %131, align 4
  br label %246

246:                                              ; preds = %287, %240
  %247 = phi i32 [ %245, %240 ], [ %293, %287 ]
  %248 = load i32, ptr %94, align 64
  %249 = add nsw i32 %248, -1
  %250 = icmp slt i32 %247, %249
  br i1 %250, label %251, label %294

251:                                              ; preds = %246
  %252 = load ptr, ptr %200, align 16
  %253 = sext i32 %247 to i64
  %254 = getelementptr inbounds %struct.worker, ptr %252, i64 %253
  store ptr %94, ptr %254, align 8
  %255 = load i32, ptr %131, align 4
  %256 = add nsw i32 %255, 1
  %257 = sext i32 %256 to i64
  %258 = getelementptr inbounds i8, ptr %254, i64 8
  store i64 %257, ptr %258, align 8
  br i1 %243, label %266, label %259

259:                                              ; preds = %251
  %260 = add nsw i64 %241, %257
  %261 = srem i64 %260, %244
  %262 = getelementptr inbounds [1024 x i32], ptr %7, i64 0, i64 %261
  %263 = load i32, ptr %262, align 4
  call void @llvm.lifetime.start.p0(i64 56, ptr nonnull %5) #10
  %264 = call i32 @pthread_attr_init(ptr noundef nonnull %5) #22
  %265 = icmp eq i32 %264, 0
  br i1 %265, label %269, label %285

266:                                              ; preds = %251
  call void @llvm.lifetime.start.p0(i64 56, ptr nonnull %5) #10
  %267 = call i32 @pthread_attr_init(ptr noundef nonnull %5) #22
  %268 = icmp eq i32 %267, 0
  br i1 %268, label %282, label %285

269:                                              ; preds = %259
  %270 = icmp sgt i32 %263, -1
  br i1 %270, label %271, label %282

271:                                              ; preds = %269
  call void @llvm.lifetime.start.p0(i64 1024, ptr nonnull %6) #10
  call void @llvm.memset.p0.i64(ptr noundef nonnull align 8 dereferenceable(1024) %6, i8 0, i64 1024, i1 false)
  %272 = and i32 %263, 63
  %273 = zext nneg i32 %272 to i64
  %274 = shl nuw i64 1, %273
  %275 = lshr i32 %263, 6
  %276 = zext nneg i32 %275 to i64
  %277 = getelementptr inbounds [128 x i64], ptr %6, i64 0, i64 %276
  %278 = load i64, ptr %277, align 8
  %279 = or i64 %278, %274
  store i64 %279, ptr %277, align 8
  %280 = call i32 @pthread_attr_setaffinity_np(ptr noundef nonnull %5, i64 noundef 1024, ptr noundef nonnull %6) #22
  call void @llvm.lifetime.end.p0(i64 1024, ptr nonnull %6) #10
  %281 = icmp eq i32 %280, 0
  br i1 %281, label %282, label %287

282:                                              ; preds = %271, %269, %266
  %283 = getelementptr inbounds i8, ptr %254, i64 16
  %284 = call i32 @pthread_create(ptr noundef nonnull %283, ptr noundef nonnull %5, ptr noundef nonnull @work, ptr noundef nonnull %254) #22
  br label %287

285:                                              ; preds = %266, %259
  %286 = phi i32 [ %267, %266 ], [ %264, %259 ]
  call void @llvm.lifetime.end.p0(i64 56, ptr nonnull %5) #10
  br label %296

287:                                              ; preds = %282, %271
  %288 = phi i32 [ %280, %271 ], [ %284, %282 ]
  %289 = call i32 @pthread_attr_destroy(ptr noundef nonnull %5) #22
  call void @llvm.lifetime.end.p0(i64 56, ptr nonnull %5) #10
  %290 = icmp eq i32 %288, 0
  %291 = zext i1 %290 to i32
  %292 = load i32, ptr %131, align 4
  %293 = add nsw i32 %292, %291
  store i32 %293, ptr %131, align 4
  br i1 %290, label %246, label %296, !llvm.loop !31

294:                                              ; preds = %246
  call void @llvm.lifetime.end.p0(i64 4096, ptr nonnull %7) #10
  %295 = call i32 @pthread_sigmask(i32 noundef 2, ptr noundef nonnull %10, ptr noundef null) #22
  call void @llvm.lifetime.end.p0(i64 128, ptr nonnull %10) #10
  call void @llvm.lifetime.end.p0(i64 128, ptr nonnull %9) #10
  call void @llvm.lifetime.end.p0(i64 1024, ptr nonnull %8) #10
  br label %303

296:                                              ; preds = %287, %285
  %297 = phi i32 [ %286, %285 ], [ %288, %287 ]
  call void @llvm.lifetime.end.p0(i64 4096, ptr nonnull %7) #10
  %298 = call i32 @pthread_sigmask(i32 noundef 2, ptr noundef nonnull %10, ptr noundef null) #22
  call fastcc void @stop_threads(ptr noundef nonnull %94) #23
  call void @llvm.lifetime.end.p0(i64 128, ptr nonnull %10) #10
  call void @llvm.lifetime.end.p0(i64 128, ptr nonnull %9) #10
  call void @llvm.lifetime.end.p0(i64 1024, ptr nonnull %8) #10
  br label %299

299:                                              ; preds = %296, %202
  %300 = phi i32 [ 12, %202 ], [ %297, %296 ]
  %301 = load i32, ptr %94, align 64
  %302 = call ptr @strerror(i32 noundef %300) #22
  call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.43, i32 noundef %301, ptr noundef %302) #23
  br label %425

303:                                              ; preds = %294, %151, %144
  %304 = load ptr, ptr %0, align 64
  %305 = getelementptr inbounds i8, ptr %0, i64 200
  %306 = getelementptr inbounds i8, ptr %304, i64 20
  %307 = load i32, ptr %306, align 4
  %308 = load i32, ptr %94, align 64
  %309 = getelementptr inbounds i8, ptr %0, i64 212
  store i32 0, ptr %309, align 4
  %310 = load i32, ptr %305, align 8
  %311 = icmp eq i32 %310, 0
  br i1 %311, label %336, label %312

312:                                              ; preds = %303
  %313 = getelementptr inbounds i8, ptr %0, i64 216
  %314 = load ptr, ptr %313, align 8
  call void @free(ptr noundef %314) #22
  %315 = sext i32 %307 to i64
  %316 = add nsw i64 %315, 1
  %317 = sext i32 %308 to i64
  %318 = mul nsw i64 %316, %317
  %319 = call noalias ptr @calloc(i64 noundef %318, i64 noundef 24) #24
  store ptr %319, ptr %313, align 8
  %320 = getelementptr inbounds i8, ptr %0, i64 204
  store i32 %307, ptr %320, align 4
  %321 = getelementptr inbounds i8, ptr %0, i64 208
  store i32 %308, ptr %321, align 8
  %322 = icmp eq ptr %319, null
  br i1 %322, label %323, label %326

323:                                              ; preds = %312
  %324 = load i32, ptr %306, align 4
  %325 = load i32, ptr %94, align 64
  call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.44, i32 noundef %324, i32 noundef %325) #23
  br label %425

326:                                              ; preds = %312
  %327 = load i32, ptr %305, align 8
  %328 = icmp eq i32 %327, 0
  br i1 %328, label %336, label %329

329:                                              ; preds = %326
  call void @llvm.lifetime.start.p0(i64 16, ptr nonnull %4) #10
  %330 = call i32 @clock_gettime(i32 noundef 1, ptr noundef nonnull %4) #22
  %331 = load i64, ptr %4, align 8
  %332 = mul nsw i64 %331, 1000000000
  %333 = getelementptr inbounds i8, ptr %4, i64 8
  %334 = load i64, ptr %333, align 8
  %335 = add nsw i64 %332, %334
  call void @llvm.lifetime.end.p0(i64 16, ptr nonnull %4) #10
  br label %336

336:                                              ; preds = %329, %326, %303
  %337 = phi i64 [ %335, %329 ], [ 0, %326 ], [ 0, %303 ]
  call void @llvm.lifetime.start.p0(i64 4, ptr nonnull %11) #10
  store i32 0, ptr %11, align 4
  call void @llvm.x86.sse.stmxcsr(ptr nonnull %12)
  %338 = load i32, ptr %12, align 4
  %339 = getelementptr inbounds i8, ptr %0, i64 152
  store i32 %338, ptr %339, align 8
  store i32 8064, ptr %13, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr nonnull %13)
  %340 = load ptr, ptr %0, align 64
  %341 = getelementptr inbounds i8, ptr %340, i64 8
  %342 = load i32, ptr %341, align 8
  %343 = icmp slt i32 %342, 1
  br i1 %343, label %395, label %344

344:                                              ; preds = %336
  %345 = getelementptr inbounds i8, ptr %340, i64 40
  %346 = load ptr, ptr %345, align 8
  %347 = zext nneg i32 %342 to i64
  %348 = getelementptr inbounds i8, ptr %346, i64 12
  %349 = load i32, ptr %348, align 4
  %350 = icmp sgt i32 %349, 0
  br i1 %350, label %351, label %381

351:                                              ; preds = %344
  %352 = load ptr, ptr %36, align 8
  br label %361

353:                                              ; preds = %366
  %354 = add nuw nsw i64 %365, 1
  %355 = icmp uge i64 %354, %347
  %356 = icmp eq i64 %354, %347
  br i1 %356, label %379, label %357, !llvm.loop !32

357:                                              ; preds = %353
  %358 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %346, i64 %354, i32 2
  %359 = load i32, ptr %358, align 4
  %360 = icmp sgt i32 %359, 0
  br i1 %360, label %361, label %379, !llvm.loop !32

361:                                              ; preds = %357, %351
  %362 = phi i32 [ %359, %357 ], [ %349, %351 ]
  %363 = phi ptr [ %372, %357 ], [ %352, %351 ]
  %364 = phi i1 [ %355, %357 ], [ false, %351 ]
  %365 = phi i64 [ %354, %357 ], [ 0, %351 ]
  br label %368

366:                                              ; preds = %368
  %367 = icmp eq i32 %376, 0
  br i1 %367, label %379, label %353

368:                                              ; preds = %368, %361
  %369 = phi i32 [ %377, %368 ], [ 0, %361 ]
  %370 = phi i32 [ %376, %368 ], [ 0, %361 ]
  %371 = phi ptr [ %372, %368 ], [ %363, %361 ]
  %372 = getelementptr inbounds i8, ptr %371, i64 8
  %373 = load i64, ptr %371, align 8
  %374 = icmp eq i64 %373, 0
  %375 = zext i1 %374 to i32
  %376 = or i32 %370, %375
  %377 = add nuw nsw i32 %369, 1
  %378 = icmp eq i32 %377, %362
  br i1 %378, label %366, label %368, !llvm.loop !33

379:                                              ; preds = %366, %357, %353
  %380 = phi i1 [ %355, %353 ], [ %355, %357 ], [ %364, %366 ]
  br i1 %380, label %395, label %381

381:                                              ; preds = %379, %344
  %382 = load ptr, ptr %95, align 8
  %383 = getelementptr inbounds i8, ptr %382, i64 16
  %384 = load ptr, ptr %383, align 8
  %385 = load ptr, ptr %99, align 8
  %386 = getelementptr inbounds i8, ptr %0, i64 48
  %387 = load ptr, ptr %386, align 16
  %388 = getelementptr inbounds i8, ptr %304, i64 4
  %389 = load i32, ptr %388, align 4
  %390 = sext i32 %389 to i64
  %391 = getelementptr inbounds ptr, ptr %387, i64 %390
  %392 = load ptr, ptr %113, align 8
  %393 = getelementptr inbounds i8, ptr %304, i64 72
  %394 = load ptr, ptr %393, align 8
  call void %384(ptr noundef %385, ptr noundef %387, ptr noundef %391, ptr noundef %392, ptr noundef %394, ptr noundef nonnull %94, ptr noundef nonnull %11) #22
  br label %395

395:                                              ; preds = %381, %379, %336
  %396 = load i32, ptr %339, align 8
  store i32 %396, ptr %14, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr nonnull %14)
  %397 = getelementptr inbounds i8, ptr %0, i64 204
  %398 = load i32, ptr %397, align 4
  store i32 %398, ptr %309, align 4
  %399 = getelementptr inbounds i8, ptr %0, i64 216
  %400 = load ptr, ptr %399, align 8
  %401 = icmp eq ptr %400, null
  br i1 %401, label %409, label %402

402:                                              ; preds = %395
  %403 = sext i32 %398 to i64
  %404 = getelementptr inbounds i8, ptr %0, i64 208
  %405 = load i32, ptr %404, align 8
  %406 = sext i32 %405 to i64
  %407 = mul nsw i64 %406, %403
  %408 = getelementptr inbounds %struct.profile_place, ptr %400, i64 %407
  call fastcc void @record(ptr noundef nonnull %408, i64 noundef %337, i64 noundef 1) #23
  br label %409

409:                                              ; preds = %402, %395
  call fastcc void @describe_outputs(ptr noundef nonnull %0, ptr noundef %2) #23
  %410 = load i32, ptr %11, align 4
  %411 = icmp sgt i32 %410, 0
  br i1 %411, label %412, label %423

412:                                              ; preds = %409
  %413 = getelementptr inbounds i8, ptr %304, i64 16
  %414 = load i32, ptr %413, align 8
  %415 = icmp sgt i32 %410, %414
  br i1 %415, label %423, label %416

416:                                              ; preds = %412
  %417 = getelementptr inbounds i8, ptr %304, i64 56
  %418 = load ptr, ptr %417, align 8
  %419 = zext nneg i32 %410 to i64
  %420 = getelementptr ptr, ptr %418, i64 %419
  %421 = getelementptr i8, ptr %420, i64 -8
  %422 = load ptr, ptr %421, align 8
  call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.38, ptr noundef %422) #23
  br label %423

423:                                              ; preds = %416, %412, %409
  %424 = phi i32 [ 2, %416 ], [ 0, %412 ], [ 0, %409 ]
  call void @llvm.lifetime.end.p0(i64 4, ptr nonnull %11) #10
  br label %425

425:                                              ; preds = %52, %68, %30, %93, %112, %299, %323, %423
  %426 = phi i32 [ %120, %112 ], [ 4, %299 ], [ %424, %423 ], [ 3, %323 ], [ %110, %93 ], [ %32, %30 ], [ 1, %68 ], [ 1, %52 ]
  call void @llvm.lifetime.end.p0(i64 4, ptr nonnull %12)
  call void @llvm.lifetime.end.p0(i64 4, ptr nonnull %13)
  call void @llvm.lifetime.end.p0(i64 4, ptr nonnull %14)
  store atomic i32 0, ptr %19 release, align 16
  %427 = load i32, ptr %15, align 4
  %428 = call i32 @pthread_setcancelstate(i32 noundef %427, ptr noundef null) #22
  br label %429

429:                                              ; preds = %28, %425
  %430 = phi i32 [ %426, %425 ], [ %29, %28 ]
  call void @llvm.lifetime.end.p0(i64 4, ptr nonnull %15) #10
  ret i32 %430
}

; Function Attrs: nounwind optsize
define noundef i32 @sparsec_set_threads(ptr noundef %0, i32 noundef %1) local_unnamed_addr #0 {
  %3 = icmp eq ptr %0, null
  br i1 %3, label %24, label %4

4:                                                ; preds = %2
  %5 = tail call i32 @getpid() #22
  %6 = getelementptr inbounds i8, ptr %0, i64 16
  %7 = cmpxchg ptr %6, i32 0, i32 %5 acquire monotonic, align 16
  %8 = extractvalue { i32, i1 } %7, 1
  %9 = extractvalue { i32, i1 } %7, 0
  br i1 %8, label %15, label %10

10:                                               ; preds = %4
  %11 = icmp eq i32 %9, %5
  br i1 %11, label %24, label %12

12:                                               ; preds = %10
  %13 = cmpxchg ptr %6, i32 %9, i32 %5 acquire monotonic, align 16
  %14 = extractvalue { i32, i1 } %13, 1
  br i1 %14, label %15, label %24

15:                                               ; preds = %12, %4
  %16 = getelementptr inbounds i8, ptr %0, i64 584
  store i8 0, ptr %16, align 8
  %17 = add i32 %1, -1025
  %18 = icmp ult i32 %17, -1024
  br i1 %18, label %19, label %20

19:                                               ; preds = %15
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.1, i32 noundef %1, i32 noundef 1024) #23
  br label %22

20:                                               ; preds = %15
  %21 = getelementptr inbounds i8, ptr %0, i64 128
  store i32 %1, ptr %21, align 64
  br label %22

22:                                               ; preds = %19, %20
  %23 = phi i32 [ 0, %20 ], [ 1, %19 ]
  store atomic i32 0, ptr %6 release, align 16
  br label %24

24:                                               ; preds = %22, %12, %10, %2
  %25 = phi i32 [ 5, %12 ], [ 5, %10 ], [ 1, %2 ], [ %23, %22 ]
  ret i32 %25
}

; Function Attrs: nounwind optsize
define noundef i32 @sparsec_set_pinning(ptr noundef %0, i32 noundef %1) local_unnamed_addr #0 {
  %3 = icmp eq ptr %0, null
  br i1 %3, label %19, label %4

4:                                                ; preds = %2
  %5 = tail call i32 @getpid() #22
  %6 = getelementptr inbounds i8, ptr %0, i64 16
  %7 = cmpxchg ptr %6, i32 0, i32 %5 acquire monotonic, align 16
  %8 = extractvalue { i32, i1 } %7, 1
  %9 = extractvalue { i32, i1 } %7, 0
  br i1 %8, label %15, label %10

10:                                               ; preds = %4
  %11 = icmp eq i32 %9, %5
  br i1 %11, label %19, label %12

12:                                               ; preds = %10
  %13 = cmpxchg ptr %6, i32 %9, i32 %5 acquire monotonic, align 16
  %14 = extractvalue { i32, i1 } %13, 1
  br i1 %14, label %15, label %19

15:                                               ; preds = %12, %4
  %16 = icmp ne i32 %1, 0
  %17 = zext i1 %16 to i32
  %18 = getelementptr inbounds i8, ptr %0, i64 132
  store i32 %17, ptr %18, align 4
  store atomic i32 0, ptr %6 release, align 16
  br label %19

19:                                               ; preds = %12, %10, %2, %15
  %20 = phi i32 [ 0, %15 ], [ 5, %12 ], [ 5, %10 ], [ 1, %2 ]
  ret i32 %20
}

; Function Attrs: nounwind optsize
define noundef i32 @sparsec_set_parallel(ptr noundef %0, ptr noundef %1, ptr noundef %2) local_unnamed_addr #0 {
  %4 = icmp eq ptr %0, null
  br i1 %4, label %19, label %5

5:                                                ; preds = %3
  %6 = tail call i32 @getpid() #22
  %7 = getelementptr inbounds i8, ptr %0, i64 16
  %8 = cmpxchg ptr %7, i32 0, i32 %6 acquire monotonic, align 16
  %9 = extractvalue { i32, i1 } %8, 1
  %10 = extractvalue { i32, i1 } %8, 0
  br i1 %9, label %16, label %11

11:                                               ; preds = %5
  %12 = icmp eq i32 %10, %6
  br i1 %12, label %19, label %13

13:                                               ; preds = %11
  %14 = cmpxchg ptr %7, i32 %10, i32 %6 acquire monotonic, align 16
  %15 = extractvalue { i32, i1 } %14, 1
  br i1 %15, label %16, label %19

16:                                               ; preds = %13, %5
  %17 = getelementptr inbounds i8, ptr %0, i64 136
  store ptr %1, ptr %17, align 8
  %18 = getelementptr inbounds i8, ptr %0, i64 144
  store ptr %2, ptr %18, align 16
  store atomic i32 0, ptr %7 release, align 16
  br label %19

19:                                               ; preds = %13, %11, %3, %16
  %20 = phi i32 [ 0, %16 ], [ 5, %13 ], [ 5, %11 ], [ 1, %3 ]
  ret i32 %20
}

; Function Attrs: nounwind optsize
define noundef i32 @sparsec_set_profiling(ptr noundef %0, i32 noundef %1) local_unnamed_addr #0 {
  %3 = icmp eq ptr %0, null
  br i1 %3, label %21, label %4

4:                                                ; preds = %2
  %5 = tail call i32 @getpid() #22
  %6 = getelementptr inbounds i8, ptr %0, i64 16
  %7 = cmpxchg ptr %6, i32 0, i32 %5 acquire monotonic, align 16
  %8 = extractvalue { i32, i1 } %7, 1
  %9 = extractvalue { i32, i1 } %7, 0
  br i1 %8, label %15, label %10

10:                                               ; preds = %4
  %11 = icmp eq i32 %9, %5
  br i1 %11, label %21, label %12

12:                                               ; preds = %10
  %13 = cmpxchg ptr %6, i32 %9, i32 %5 acquire monotonic, align 16
  %14 = extractvalue { i32, i1 } %13, 1
  br i1 %14, label %15, label %21

15:                                               ; preds = %12, %4
  %16 = getelementptr inbounds i8, ptr %0, i64 200
  %17 = icmp ne i32 %1, 0
  %18 = zext i1 %17 to i32
  store i32 %18, ptr %16, align 8
  %19 = getelementptr inbounds i8, ptr %0, i64 216
  %20 = load ptr, ptr %19, align 8
  tail call void @free(ptr noundef %20) #22
  store ptr null, ptr %19, align 8
  store atomic i32 0, ptr %6 release, align 16
  br label %21

21:                                               ; preds = %12, %10, %2, %15
  %22 = phi i32 [ 0, %15 ], [ 5, %12 ], [ 5, %10 ], [ 1, %2 ]
  ret i32 %22
}

; Function Attrs: nounwind optsize
define i64 @sparsec_profile(ptr noundef %0, ptr noundef writeonly %1, i64 noundef %2) local_unnamed_addr #0 {
  %4 = icmp eq ptr %0, null
  br i1 %4, label %90, label %5

5:                                                ; preds = %3
  %6 = tail call i32 @getpid() #22
  %7 = getelementptr inbounds i8, ptr %0, i64 16
  %8 = cmpxchg ptr %7, i32 0, i32 %6 acquire monotonic, align 16
  %9 = extractvalue { i32, i1 } %8, 1
  %10 = extractvalue { i32, i1 } %8, 0
  br i1 %9, label %16, label %11

11:                                               ; preds = %5
  %12 = icmp eq i32 %10, %6
  br i1 %12, label %90, label %13

13:                                               ; preds = %11
  %14 = cmpxchg ptr %7, i32 %10, i32 %6 acquire monotonic, align 16
  %15 = extractvalue { i32, i1 } %14, 1
  br i1 %15, label %16, label %90

16:                                               ; preds = %13, %5
  %17 = icmp eq ptr %1, null
  %18 = select i1 %17, i64 0, i64 %2
  %19 = getelementptr inbounds i8, ptr %0, i64 216
  %20 = load ptr, ptr %19, align 8
  %21 = icmp eq ptr %20, null
  br i1 %21, label %88, label %22

22:                                               ; preds = %16
  %23 = getelementptr inbounds i8, ptr %0, i64 204
  %24 = load i32, ptr %23, align 4
  %25 = icmp slt i32 %24, 0
  br i1 %25, label %88, label %26

26:                                               ; preds = %22
  %27 = getelementptr inbounds i8, ptr %0, i64 208
  %28 = load i32, ptr %27, align 8
  br label %29

29:                                               ; preds = %41, %26
  %30 = phi i32 [ %28, %26 ], [ %42, %41 ]
  %31 = phi i32 [ %24, %26 ], [ %43, %41 ]
  %32 = phi i32 [ %28, %26 ], [ %44, %41 ]
  %33 = phi i32 [ %28, %26 ], [ %45, %41 ]
  %34 = phi i64 [ 0, %26 ], [ %47, %41 ]
  %35 = phi i64 [ 0, %26 ], [ %46, %41 ]
  %36 = icmp sgt i32 %33, 0
  br i1 %36, label %37, label %41

37:                                               ; preds = %29
  %38 = trunc nuw nsw i64 %34 to i32
  br label %50

39:                                               ; preds = %81
  %40 = load i32, ptr %23, align 4
  br label %41

41:                                               ; preds = %39, %29
  %42 = phi i32 [ %30, %29 ], [ %82, %39 ]
  %43 = phi i32 [ %31, %29 ], [ %40, %39 ]
  %44 = phi i32 [ %32, %29 ], [ %83, %39 ]
  %45 = phi i32 [ %33, %29 ], [ %83, %39 ]
  %46 = phi i64 [ %35, %29 ], [ %84, %39 ]
  %47 = add nuw nsw i64 %34, 1
  %48 = sext i32 %43 to i64
  %49 = icmp slt i64 %34, %48
  br i1 %49, label %29, label %88, !llvm.loop !34

50:                                               ; preds = %81, %37
  %51 = phi i32 [ %30, %37 ], [ %82, %81 ]
  %52 = phi i32 [ %32, %37 ], [ %83, %81 ]
  %53 = phi i64 [ 0, %37 ], [ %85, %81 ]
  %54 = phi i32 [ %33, %37 ], [ %83, %81 ]
  %55 = phi i64 [ %35, %37 ], [ %84, %81 ]
  %56 = load ptr, ptr %19, align 8
  %57 = sext i32 %54 to i64
  %58 = mul nsw i64 %34, %57
  %59 = getelementptr %struct.profile_place, ptr %56, i64 %58
  %60 = getelementptr %struct.profile_place, ptr %59, i64 %53
  %61 = getelementptr inbounds i8, ptr %60, i64 16
  %62 = load i64, ptr %61, align 8
  %63 = icmp eq i64 %62, 0
  br i1 %63, label %81, label %64

64:                                               ; preds = %50
  %65 = icmp slt i64 %55, %18
  br i1 %65, label %66, label %78

66:                                               ; preds = %64
  %67 = getelementptr inbounds %struct.sparsec_span, ptr %1, i64 %55
  %68 = load i32, ptr %23, align 4
  %69 = sext i32 %68 to i64
  %70 = icmp slt i64 %34, %69
  %71 = select i1 %70, i32 %38, i32 -1
  %72 = getelementptr inbounds i8, ptr %67, i64 4
  %73 = trunc nuw nsw i64 %53 to i32
  %74 = getelementptr inbounds i8, ptr %67, i64 8
  %75 = load <2 x i64>, ptr %60, align 8
  store i32 %71, ptr %67, align 8
  store i32 %73, ptr %72, align 4
  store <2 x i64> %75, ptr %74, align 8
  %76 = getelementptr inbounds i8, ptr %67, i64 24
  store i64 %62, ptr %76, align 8
  %77 = load i32, ptr %27, align 8
  br label %78

78:                                               ; preds = %66, %64
  %79 = phi i32 [ %77, %66 ], [ %51, %64 ]
  %80 = add nsw i64 %55, 1
  br label %81

81:                                               ; preds = %78, %50
  %82 = phi i32 [ %79, %78 ], [ %51, %50 ]
  %83 = phi i32 [ %79, %78 ], [ %52, %50 ]
  %84 = phi i64 [ %80, %78 ], [ %55, %50 ]
  %85 = add nuw nsw i64 %53, 1
  %86 = sext i32 %83 to i64
  %87 = icmp slt i64 %85, %86
  br i1 %87, label %50, label %39, !llvm.loop !35

88:                                               ; preds = %41, %16, %22
  %89 = phi i64 [ 0, %16 ], [ 0, %22 ], [ %46, %41 ]
  store atomic i32 0, ptr %7 release, align 16
  br label %90

90:                                               ; preds = %13, %11, %3, %88
  %91 = phi i64 [ %89, %88 ], [ 0, %3 ], [ 0, %11 ], [ 0, %13 ]
  ret i64 %91
}

; Function Attrs: mustprogress nofree norecurse nosync nounwind optsize willreturn memory(argmem: read)
define i32 @sparsec_get_threads(ptr noundef readonly %0) local_unnamed_addr #7 {
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
define ptr @sparsec_variant(ptr noundef readonly %0) local_unnamed_addr #8 {
  %2 = icmp eq ptr %0, null
  br i1 %2, label %7, label %3

3:                                                ; preds = %1
  %4 = getelementptr inbounds i8, ptr %0, i64 8
  %5 = load ptr, ptr %4, align 8
  %6 = load ptr, ptr %5, align 8
  br label %7

7:                                                ; preds = %1, %3
  %8 = phi ptr [ %6, %3 ], [ @.str.2, %1 ]
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
  br i1 %63, label %31, label %37, !llvm.loop !36

64:                                               ; preds = %19, %31, %4
  %65 = phi ptr [ %5, %4 ], [ @creation_error.text, %31 ], [ @.str.51, %19 ]
  ret ptr %65
}

; Function Attrs: nounwind optsize
declare i32 @pthread_mutex_lock(ptr noundef) local_unnamed_addr #9

; Function Attrs: nounwind optsize
declare i32 @pthread_cond_broadcast(ptr noundef) local_unnamed_addr #9

; Function Attrs: nounwind optsize
declare i32 @pthread_mutex_unlock(ptr noundef) local_unnamed_addr #9

; Function Attrs: nounwind optsize
define internal fastcc void @take_chunks(ptr nocapture noundef readonly %0, i64 noundef %1) unnamed_addr #0 {
  %3 = alloca %struct.timespec, align 8
  %4 = getelementptr inbounds i8, ptr %0, i64 56
  %5 = load ptr, ptr %4, align 8
  %6 = getelementptr inbounds i8, ptr %0, i64 64
  %7 = load i64, ptr %6, align 64
  %8 = mul nsw i64 %7, %1
  %9 = getelementptr inbounds i8, ptr %5, i64 %8
  %10 = getelementptr inbounds i8, ptr %9, i64 64
  %11 = getelementptr inbounds i8, ptr %0, i64 88
  %12 = load ptr, ptr %11, align 8
  %13 = icmp eq ptr %12, null
  br i1 %13, label %38, label %14

14:                                               ; preds = %2
  %15 = getelementptr inbounds i8, ptr %0, i64 84
  %16 = load i32, ptr %15, align 4
  %17 = getelementptr inbounds i8, ptr %0, i64 76
  %18 = load i32, ptr %17, align 4
  %19 = icmp sgt i32 %16, %18
  br i1 %19, label %38, label %20

20:                                               ; preds = %14
  %21 = getelementptr inbounds i8, ptr %0, i64 80
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
  call void @llvm.lifetime.start.p0(i64 16, ptr nonnull %3) #10
  %32 = call i32 @clock_gettime(i32 noundef 1, ptr noundef nonnull %3) #22
  %33 = load i64, ptr %3, align 8
  %34 = mul nsw i64 %33, 1000000000
  %35 = getelementptr inbounds i8, ptr %3, i64 8
  %36 = load i64, ptr %35, align 8
  %37 = add nsw i64 %34, %36
  call void @llvm.lifetime.end.p0(i64 16, ptr nonnull %3) #10
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
  br i1 %56, label %48, label %45, !llvm.loop !37

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
  br i1 %67, label %57, label %61, !llvm.loop !38

68:                                               ; preds = %57
  call fastcc void @record(ptr noundef nonnull %40, i64 noundef %41, i64 noundef %58) #23
  br label %69

69:                                               ; preds = %68, %57
  ret void
}

; Function Attrs: nounwind
declare void @llvm.x86.sse.ldmxcsr(ptr) #10

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
declare i32 @sched_yield() local_unnamed_addr #9

; Function Attrs: nounwind memory(argmem: write)
declare void @llvm.x86.sse.stmxcsr(ptr) #11

; Function Attrs: nounwind optsize
define internal fastcc i64 @work_on(ptr nocapture noundef readonly %0, i64 noundef %1, ptr noundef %2) unnamed_addr #0 {
  %4 = getelementptr inbounds i8, ptr %0, i64 264
  %5 = load i64, ptr %4, align 8
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
  %17 = getelementptr inbounds i8, ptr %0, i64 56
  %18 = load ptr, ptr %17, align 8
  %19 = getelementptr inbounds i8, ptr %0, i64 64
  %20 = load i64, ptr %19, align 64
  %21 = mul nsw i64 %20, %1
  %22 = getelementptr inbounds i8, ptr %18, i64 %21
  %23 = load atomic i64, ptr %22 monotonic, align 8
  %24 = icmp slt i64 %23, %13
  br i1 %24, label %25, label %43

25:                                               ; preds = %3
  %26 = getelementptr inbounds i8, ptr %0, i64 248
  %27 = getelementptr inbounds i8, ptr %0, i64 256
  br label %28

28:                                               ; preds = %25, %32
  %29 = phi i64 [ 0, %25 ], [ %40, %32 ]
  %30 = atomicrmw add ptr %22, i64 %16 monotonic, align 8
  %31 = icmp slt i64 %30, %13
  br i1 %31, label %32, label %43

32:                                               ; preds = %28
  %33 = add nsw i64 %30, %16
  %34 = tail call i64 @llvm.smin.i64(i64 %33, i64 %13)
  %35 = load ptr, ptr %26, align 8
  %36 = load ptr, ptr %27, align 64
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
  call void @llvm.lifetime.start.p0(i64 16, ptr nonnull %4) #10
  %10 = call i32 @clock_gettime(i32 noundef 1, ptr noundef nonnull %4) #22
  %11 = load i64, ptr %4, align 8
  %12 = mul nsw i64 %11, 1000000000
  %13 = getelementptr inbounds i8, ptr %4, i64 8
  %14 = load i64, ptr %13, align 8
  %15 = add nsw i64 %12, %14
  call void @llvm.lifetime.end.p0(i64 16, ptr nonnull %4) #10
  %16 = getelementptr inbounds i8, ptr %0, i64 8
  store i64 %15, ptr %16, align 8
  %17 = load i64, ptr %5, align 8
  %18 = add nsw i64 %17, %2
  store i64 %18, ptr %5, align 8
  ret void
}

; Function Attrs: nounwind optsize
declare i32 @clock_gettime(i32 noundef, ptr noundef) local_unnamed_addr #9

; Function Attrs: mustprogress nocallback nofree nounwind willreturn memory(argmem: write)
declare void @llvm.memset.p0.i64(ptr nocapture writeonly, i8, i64, i1 immarg) #12

; Function Attrs: nounwind optsize
define internal fastcc range(i32 0, 2) i32 @go_on_spinning(ptr nocapture noundef readonly %0, ptr nocapture noundef %1) unnamed_addr #0 {
  %3 = alloca %struct.timespec, align 8
  %4 = getelementptr inbounds i8, ptr %0, i64 40
  %5 = load i64, ptr %4, align 8
  %6 = icmp eq i64 %5, 0
  br i1 %6, label %30, label %7

7:                                                ; preds = %2
  tail call void @llvm.x86.sse2.pause()
  %8 = load i64, ptr %1, align 8
  %9 = add nsw i64 %8, 1
  store i64 %9, ptr %1, align 8
  %10 = and i64 %9, 63
  %11 = icmp eq i64 %10, 0
  br i1 %11, label %12, label %30

12:                                               ; preds = %7
  %13 = tail call i32 @sched_yield() #22
  call void @llvm.lifetime.start.p0(i64 16, ptr nonnull %3) #10
  %14 = call i32 @clock_gettime(i32 noundef 1, ptr noundef nonnull %3) #22
  %15 = load i64, ptr %3, align 8
  %16 = mul nsw i64 %15, 1000000000
  %17 = getelementptr inbounds i8, ptr %3, i64 8
  %18 = load i64, ptr %17, align 8
  %19 = add nsw i64 %16, %18
  call void @llvm.lifetime.end.p0(i64 16, ptr nonnull %3) #10
  %20 = getelementptr inbounds i8, ptr %1, i64 8
  %21 = load i64, ptr %20, align 8
  %22 = icmp eq i64 %21, 0
  br i1 %22, label %23, label %26

23:                                               ; preds = %12
  %24 = load i64, ptr %4, align 8
  %25 = add nsw i64 %24, %19
  store i64 %25, ptr %20, align 8
  br label %26

26:                                               ; preds = %23, %12
  %27 = phi i64 [ %25, %23 ], [ %21, %12 ]
  %28 = icmp slt i64 %19, %27
  %29 = zext i1 %28 to i32
  br label %30

30:                                               ; preds = %7, %2, %26
  %31 = phi i32 [ %29, %26 ], [ 0, %2 ], [ 1, %7 ]
  ret i32 %31
}

; Function Attrs: optsize
declare i32 @pthread_cond_wait(ptr noundef, ptr noundef) local_unnamed_addr #2

; Function Attrs: nounwind
declare void @llvm.x86.sse2.pause() #10

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
  br i1 %13, label %14, label %4, !llvm.loop !39

14:                                               ; preds = %10, %0
  ret void
}

; Function Attrs: nounwind optsize
declare i32 @getpid() local_unnamed_addr #9

; Function Attrs: optsize
declare i32 @pthread_join(i64 noundef, ptr noundef) local_unnamed_addr #2

; Function Attrs: nounwind optsize
declare i32 @pthread_mutex_destroy(ptr noundef) local_unnamed_addr #9

; Function Attrs: nounwind optsize
declare i32 @pthread_cond_destroy(ptr noundef) local_unnamed_addr #9

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
  br i1 %30, label %4, label %5, !llvm.loop !40
}

; Function Attrs: mustprogress nocallback nofree nounwind willreturn memory(argmem: readwrite)
declare void @llvm.memcpy.p0.p0.i64(ptr noalias nocapture writeonly, ptr noalias nocapture readonly, i64, i1 immarg) #13

; Function Attrs: nounwind optsize
declare i32 @sched_getaffinity(i32 noundef, i64 noundef, ptr noundef) local_unnamed_addr #9

; Function Attrs: nounwind optsize
define internal fastcc i32 @core_of(i32 noundef %0, ptr nocapture noundef readonly %1) unnamed_addr #0 {
  %3 = alloca [96 x i8], align 16
  %4 = alloca [256 x i8], align 16
  %5 = alloca ptr, align 8
  call void @llvm.lifetime.start.p0(i64 96, ptr nonnull %3) #10
  call void @llvm.lifetime.start.p0(i64 256, ptr nonnull %4) #10
  br label %6

6:                                                ; preds = %2, %57
  %7 = phi i1 [ true, %2 ], [ false, %57 ]
  %8 = phi i64 [ 0, %2 ], [ 1, %57 ]
  %9 = shl i64 %8, 2
  %10 = call ptr @llvm.load.relative.i64(ptr @core_of.names.rel, i64 %9)
  %11 = call i32 (ptr, i64, ptr, ...) @snprintf(ptr noundef nonnull dereferenceable(1) %3, i64 noundef 96, ptr noundef nonnull @.str.23, i32 noundef %0, ptr noundef %10) #22
  %12 = call fastcc i32 @read_file(ptr noundef nonnull %3, ptr noundef nonnull %4, i64 noundef 256) #23
  %13 = icmp eq i32 %12, 0
  br i1 %13, label %57, label %14

14:                                               ; preds = %6
  call void @llvm.lifetime.start.p0(i64 8, ptr nonnull %5) #10
  store ptr %4, ptr %5, align 8
  %15 = load i8, ptr %4, align 16
  %16 = add i8 %15, -48
  %17 = icmp ult i8 %16, 10
  br i1 %17, label %19, label %18

18:                                               ; preds = %46, %14
  call void @llvm.lifetime.end.p0(i64 8, ptr nonnull %5) #10
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
  br i1 %45, label %46, label %32, !llvm.loop !41

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
  br i1 %54, label %19, label %18, !llvm.loop !42

55:                                               ; preds = %35
  %56 = trunc nuw i64 %33 to i32
  call void @llvm.lifetime.end.p0(i64 8, ptr nonnull %5) #10
  br label %58

57:                                               ; preds = %18, %6
  br i1 %7, label %6, label %58, !llvm.loop !43

58:                                               ; preds = %57, %55
  %59 = phi i32 [ %56, %55 ], [ %0, %57 ]
  call void @llvm.lifetime.end.p0(i64 256, ptr nonnull %4) #10
  call void @llvm.lifetime.end.p0(i64 96, ptr nonnull %3) #10
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
declare i32 @close(i32 noundef) local_unnamed_addr #2

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

; Function Attrs: nounwind optsize
declare ptr @strerror(i32 noundef) local_unnamed_addr #9

; Function Attrs: nofree nounwind optsize
define internal fastcc range(i32 0, 2) i32 @check_buffer(ptr nocapture noundef %0, ptr noundef %1, ptr nocapture noundef readonly %2, ptr nocapture noundef readonly %3, ptr nocapture noundef readonly %4) unnamed_addr #6 {
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
  call void @llvm.lifetime.start.p0(i64 8, ptr nonnull %6) #10
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
  call void @llvm.lifetime.end.p0(i64 8, ptr nonnull %6) #10
  br label %19

19:                                               ; preds = %5, %17
  %20 = phi i32 [ %18, %17 ], [ 0, %5 ]
  ret i32 %20
}

; Function Attrs: nofree nounwind optsize
declare i32 @posix_memalign(ptr noundef, i64 noundef, i64 noundef) local_unnamed_addr #14

; Function Attrs: nounwind optsize
declare i32 @pthread_mutex_init(ptr noundef, ptr noundef) local_unnamed_addr #9

; Function Attrs: nounwind optsize
declare i32 @pthread_cond_init(ptr noundef, ptr noundef) local_unnamed_addr #9

; Function Attrs: nounwind optsize
declare i32 @sigfillset(ptr noundef) local_unnamed_addr #9

; Function Attrs: nounwind optsize
declare i32 @pthread_sigmask(i32 noundef, ptr noundef, ptr noundef) local_unnamed_addr #9

; Function Attrs: nounwind optsize
declare i32 @sched_getcpu() local_unnamed_addr #9

; Function Attrs: nounwind optsize
declare i32 @pthread_attr_init(ptr noundef) local_unnamed_addr #9

; Function Attrs: nounwind optsize
declare i32 @pthread_attr_setaffinity_np(ptr noundef, i64 noundef, ptr noundef) local_unnamed_addr #9

; Function Attrs: nounwind optsize
declare i32 @pthread_create(ptr noundef, ptr noundef, ptr noundef, ptr noundef) local_unnamed_addr #9

; Function Attrs: nounwind optsize
define internal noalias noundef ptr @work(ptr nocapture noundef readonly %0) #0 {
  %2 = alloca %struct.spinning, align 8
  %3 = alloca i32, align 4
  %4 = load ptr, ptr %0, align 8
  store i32 8064, ptr %3, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr nonnull %3)
  %5 = getelementptr inbounds i8, ptr %4, i64 236
  %6 = getelementptr inbounds i8, ptr %4, i64 320
  %7 = getelementptr inbounds i8, ptr %4, i64 96
  %8 = getelementptr inbounds i8, ptr %4, i64 232
  %9 = getelementptr inbounds i8, ptr %4, i64 136
  %10 = getelementptr inbounds i8, ptr %4, i64 384
  %11 = getelementptr inbounds i8, ptr %0, i64 8
  %12 = getelementptr inbounds i8, ptr %4, i64 240
  %13 = getelementptr inbounds i8, ptr %4, i64 184
  br label %14

14:                                               ; preds = %68, %1
  %15 = phi i64 [ 0, %1 ], [ %52, %68 ]
  call void @llvm.lifetime.start.p0(i64 16, ptr nonnull %2) #10
  call void @llvm.memset.p0.i64(ptr noundef nonnull align 8 dereferenceable(16) %2, i8 0, i64 16, i1 false)
  br label %16

16:                                               ; preds = %25, %14
  %17 = load atomic i32, ptr %5 seq_cst, align 4
  %18 = icmp eq i32 %17, 0
  br i1 %18, label %19, label %48

19:                                               ; preds = %16
  %20 = load atomic i64, ptr %6 seq_cst, align 64
  %21 = icmp eq i64 %20, 0
  %22 = icmp eq i64 %20, %15
  %23 = or i1 %21, %22
  br i1 %23, label %25, label %24

24:                                               ; preds = %19
  call void @llvm.lifetime.end.p0(i64 16, ptr nonnull %2) #10
  br label %51

25:                                               ; preds = %19
  %26 = call fastcc i32 @go_on_spinning(ptr noundef nonnull %4, ptr noundef nonnull %2) #23
  %27 = icmp eq i32 %26, 0
  br i1 %27, label %28, label %16, !llvm.loop !44

28:                                               ; preds = %25
  %29 = call i32 @pthread_mutex_lock(ptr noundef nonnull %7) #22
  %30 = atomicrmw add ptr %8, i32 1 seq_cst, align 8
  %31 = load i32, ptr %5, align 4
  %32 = icmp eq i32 %31, 0
  br i1 %32, label %33, label %42

33:                                               ; preds = %28, %38
  %34 = load atomic i64, ptr %6 seq_cst, align 64
  %35 = icmp eq i64 %34, 0
  %36 = icmp eq i64 %34, %15
  %37 = or i1 %35, %36
  br i1 %37, label %38, label %42

38:                                               ; preds = %33
  %39 = call i32 @pthread_cond_wait(ptr noundef nonnull %9, ptr noundef nonnull %7) #22
  %40 = load i32, ptr %5, align 4
  %41 = icmp eq i32 %40, 0
  br i1 %41, label %33, label %42, !llvm.loop !45

42:                                               ; preds = %38, %33, %28
  %43 = phi i64 [ %20, %28 ], [ %34, %33 ], [ %34, %38 ]
  %44 = atomicrmw sub ptr %8, i32 1 seq_cst, align 8
  %45 = load i32, ptr %5, align 4
  %46 = icmp eq i32 %45, 0
  %47 = call i32 @pthread_mutex_unlock(ptr noundef nonnull %7) #22
  br i1 %46, label %49, label %48

48:                                               ; preds = %42, %16
  call void @llvm.lifetime.end.p0(i64 16, ptr nonnull %2) #10
  br label %69

49:                                               ; preds = %42
  call void @llvm.lifetime.end.p0(i64 16, ptr nonnull %2) #10
  %50 = icmp eq i64 %43, 0
  br i1 %50, label %69, label %51

51:                                               ; preds = %24, %49
  %52 = phi i64 [ %20, %24 ], [ %43, %49 ]
  %53 = atomicrmw add ptr %10, i64 1 seq_cst, align 64
  %54 = load atomic i64, ptr %6 seq_cst, align 64
  %55 = icmp eq i64 %54, %52
  br i1 %55, label %56, label %58

56:                                               ; preds = %51
  %57 = load i64, ptr %11, align 8
  call fastcc void @take_chunks(ptr noundef nonnull %4, i64 noundef %57) #23
  br label %58

58:                                               ; preds = %56, %51
  %59 = atomicrmw sub ptr %10, i64 1 seq_cst, align 64
  %60 = icmp eq i64 %59, 1
  br i1 %60, label %61, label %68

61:                                               ; preds = %58
  %62 = load atomic i32, ptr %12 seq_cst, align 16
  %63 = icmp eq i32 %62, 0
  br i1 %63, label %68, label %64

64:                                               ; preds = %61
  %65 = call i32 @pthread_mutex_lock(ptr noundef nonnull %7) #22
  %66 = call i32 @pthread_cond_signal(ptr noundef nonnull %13) #22
  %67 = call i32 @pthread_mutex_unlock(ptr noundef nonnull %7) #22
  br label %68

68:                                               ; preds = %64, %61, %58
  br label %14, !llvm.loop !46

69:                                               ; preds = %49, %48
  ret ptr null
}

; Function Attrs: nounwind optsize
declare i32 @pthread_attr_destroy(ptr noundef) local_unnamed_addr #9

; Function Attrs: nounwind optsize
declare i32 @pthread_cond_signal(ptr noundef) local_unnamed_addr #9

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
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite) }
attributes #2 = { optsize "no-trapping-math"="true" }
attributes #3 = { mustprogress nounwind optsize willreturn allockind("free") memory(argmem: readwrite, inaccessiblemem: readwrite) "alloc-family"="malloc" "no-trapping-math"="true" }
attributes #4 = { mustprogress nofree nounwind optsize willreturn allockind("alloc,zeroed") allocsize(0,1) memory(inaccessiblemem: readwrite) "alloc-family"="malloc" "no-trapping-math"="true" }
attributes #5 = { nofree norecurse nosync nounwind optsize memory(readwrite, inaccessiblemem: none) "no-trapping-math"="true" }
attributes #6 = { nofree nounwind optsize "no-trapping-math"="true" }
attributes #7 = { mustprogress nofree norecurse nosync nounwind optsize willreturn memory(argmem: read) "no-trapping-math"="true" }
attributes #8 = { mustprogress nofree norecurse nosync nounwind optsize willreturn memory(read, inaccessiblemem: none) "no-trapping-math"="true" }
attributes #9 = { nounwind optsize "no-trapping-math"="true" }
attributes #10 = { nounwind }
attributes #11 = { nounwind memory(argmem: write) }
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
!13 = !{i64 2148844905, i64 2148844941, i64 2148844965}
!14 = !{i64 2148845111, i64 2148845147, i64 2148845171}
!15 = !{i64 1348477}
!16 = !{i64 2148845321, i64 2148845357, i64 2148845381}
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
!45 = distinct !{!45, !4}
!46 = distinct !{!46, !4}
