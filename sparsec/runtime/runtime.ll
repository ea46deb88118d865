; made from runtime.c by `python -m sparsec.runtime.build`, sources sha256 dc6226ed71996e0500f78989239c62e6ed0c1538084386677babbcb0f48588af

%struct.cpu_feature = type { ptr, i32, i32, i8, i32, i32 }
%union.pthread_mutex_t = type { %struct.__pthread_mutex_s }
%struct.__pthread_mutex_s = type { i32, i32, i32, i32, i32, i16, i16, %struct.__pthread_internal_list }
%struct.__pthread_internal_list = type { ptr, ptr }
%struct.worker = type { ptr, i64, i64 }
%struct.sparsec_variant = type { ptr, i64, ptr, ptr, ptr }
%struct.sparsec_tensor_info = type { ptr, i32, i32, ptr }
%struct.sparsec_tensor = type { ptr, i64, i32, i32, [8 x i64] }
%struct.__va_list_tag = type { i32, i32, ptr, ptr }
%struct.__sigset_t = type { [16 x i64] }

@.str = private unnamed_addr constant [102 x i8] c"output '%s' would have a negative size or more than 2^63 bytes: the model is not made for such inputs\00", align 1
@.str.1 = private unnamed_addr constant [28 x i8] c"cannot start %d threads: %s\00", align 1
@.str.2 = private unnamed_addr constant [3 x i8] c"%s\00", align 1
@.str.3 = private unnamed_addr constant [39 x i8] c"%d threads asked for, expected 1 to %d\00", align 1
@.str.4 = private unnamed_addr constant [1 x i8] zeroinitializer, align 1
@cpu_features = internal unnamed_addr constant [18 x %struct.cpu_feature] [%struct.cpu_feature { ptr @.str.5, i32 1, i32 0, i8 99, i32 28, i32 6 }, %struct.cpu_feature { ptr @.str.6, i32 7, i32 0, i8 98, i32 5, i32 6 }, %struct.cpu_feature { ptr @.str.7, i32 1, i32 0, i8 99, i32 12, i32 6 }, %struct.cpu_feature { ptr @.str.8, i32 1, i32 0, i8 99, i32 29, i32 6 }, %struct.cpu_feature { ptr @.str.9, i32 7, i32 0, i8 98, i32 3, i32 0 }, %struct.cpu_feature { ptr @.str.10, i32 7, i32 0, i8 98, i32 8, i32 0 }, %struct.cpu_feature { ptr @.str.11, i32 -2147483647, i32 0, i8 99, i32 5, i32 0 }, %struct.cpu_feature { ptr @.str.12, i32 1, i32 0, i8 99, i32 22, i32 0 }, %struct.cpu_feature { ptr @.str.13, i32 7, i32 0, i8 98, i32 16, i32 230 }, %struct.cpu_feature { ptr @.str.14, i32 7, i32 0, i8 98, i32 30, i32 230 }, %struct.cpu_feature { ptr @.str.15, i32 7, i32 0, i8 98, i32 17, i32 230 }, %struct.cpu_feature { ptr @.str.16, i32 7, i32 0, i8 98, i32 31, i32 230 }, %struct.cpu_feature { ptr @.str.17, i32 7, i32 0, i8 98, i32 28, i32 230 }, %struct.cpu_feature { ptr @.str.18, i32 7, i32 0, i8 99, i32 11, i32 230 }, %struct.cpu_feature { ptr @.str.19, i32 7, i32 0, i8 99, i32 1, i32 230 }, %struct.cpu_feature { ptr @.str.20, i32 7, i32 1, i8 97, i32 4, i32 6 }, %struct.cpu_feature { ptr @.str.21, i32 7, i32 0, i8 100, i32 24, i32 393216 }, %struct.cpu_feature { ptr @.str.22, i32 7, i32 0, i8 100, i32 25, i32 393216 }], align 16
@.str.5 = private unnamed_addr constant [4 x i8] c"avx\00", align 1
@.str.6 = private unnamed_addr constant [5 x i8] c"avx2\00", align 1
@.str.7 = private unnamed_addr constant [4 x i8] c"fma\00", align 1
@.str.8 = private unnamed_addr constant [5 x i8] c"f16c\00", align 1
@.str.9 = private unnamed_addr constant [4 x i8] c"bmi\00", align 1
@.str.10 = private unnamed_addr constant [5 x i8] c"bmi2\00", align 1
@.str.11 = private unnamed_addr constant [6 x i8] c"lzcnt\00", align 1
@.str.12 = private unnamed_addr constant [6 x i8] c"movbe\00", align 1
@.str.13 = private unnamed_addr constant [8 x i8] c"avx512f\00", align 1
@.str.14 = private unnamed_addr constant [9 x i8] c"avx512bw\00", align 1
@.str.15 = private unnamed_addr constant [9 x i8] c"avx512dq\00", align 1
@.str.16 = private unnamed_addr constant [9 x i8] c"avx512vl\00", align 1
@.str.17 = private unnamed_addr constant [9 x i8] c"avx512cd\00", align 1
@.str.18 = private unnamed_addr constant [11 x i8] c"avx512vnni\00", align 1
@.str.19 = private unnamed_addr constant [11 x i8] c"avx512vbmi\00", align 1
@.str.20 = private unnamed_addr constant [8 x i8] c"avxvnni\00", align 1
@.str.21 = private unnamed_addr constant [9 x i8] c"amx-tile\00", align 1
@.str.22 = private unnamed_addr constant [9 x i8] c"amx-int8\00", align 1
@.str.23 = private unnamed_addr constant [32 x i8] c"the array of %s tensors is NULL\00", align 1
@.str.24 = private unnamed_addr constant [7 x i8] c"output\00", align 1
@.str.25 = private unnamed_addr constant [6 x i8] c"input\00", align 1
@.str.26 = private unnamed_addr constant [30 x i8] c"input '%s' is %s, expected %s\00", align 1
@.str.27 = private unnamed_addr constant [22 x i8] c"input '%s' has shape \00", align 1
@.str.28 = private unnamed_addr constant [7 x i8] c"%s%lld\00", align 1
@.str.29 = private unnamed_addr constant [3 x i8] c", \00", align 1
@.str.30 = private unnamed_addr constant [2 x i8] c"[\00", align 1
@.str.31 = private unnamed_addr constant [3 x i8] c"] \00", align 1
@.str.32 = private unnamed_addr constant [4 x i8] c"[] \00", align 1
@.str.33 = private unnamed_addr constant [21 x i8] c"(rank %d), expected \00", align 1
@dtype_name.names = internal constant [14 x [8 x i8]] [[8 x i8] zeroinitializer, [8 x i8] c"float32\00", [8 x i8] c"uint8\00\00\00", [8 x i8] c"int8\00\00\00\00", [8 x i8] c"uint16\00\00", [8 x i8] c"int16\00\00\00", [8 x i8] c"int32\00\00\00", [8 x i8] c"int64\00\00\00", [8 x i8] zeroinitializer, [8 x i8] c"bool\00\00\00\00", [8 x i8] c"float16\00", [8 x i8] c"float64\00", [8 x i8] c"uint32\00\00", [8 x i8] c"uint64\00\00"], align 16
@.str.34 = private unnamed_addr constant [17 x i8] c"an unknown dtype\00", align 1
@dtype_size.sizes = internal unnamed_addr constant [14 x i8] c"\00\04\01\01\02\02\04\08\00\01\02\08\04\08", align 1
@.str.35 = private unnamed_addr constant [5 x i8] c"%lld\00", align 1
@.str.36 = private unnamed_addr constant [12 x i8] c"] (rank %d)\00", align 1
@.str.37 = private unnamed_addr constant [63 x i8] c"input '%s': dimension %d is %lld, but sizes cannot be negative\00", align 1
@.str.38 = private unnamed_addr constant [48 x i8] c"input '%s': dimension %d is %lld, expected %lld\00", align 1
@.str.39 = private unnamed_addr constant [70 x i8] c"input '%s': dimension %d ('%s') is %lld, but input '%s' has %s = %lld\00", align 1
@.str.40 = private unnamed_addr constant [98 x i8] c"%s '%s' would have a negative size or more than 2^63 bytes: the model is not made for such inputs\00", align 1
@.str.41 = private unnamed_addr constant [62 x i8] c"%s '%s' has no buffer: data is NULL and %lld bytes are needed\00", align 1
@.str.42 = private unnamed_addr constant [52 x i8] c"%s '%s': the buffer has %lld bytes, %lld are needed\00", align 1
@.str.43 = private unnamed_addr constant [27 x i8] c"the threads' working areas\00", align 1
@.str.44 = private unnamed_addr constant [25 x i8] c"the intermediate results\00", align 1
@.str.45 = private unnamed_addr constant [66 x i8] c"not enough memory: %s of a call with these shapes need %lld bytes\00", align 1
@creation_error.mutex = internal global %union.pthread_mutex_t zeroinitializer, align 8
@creation_error.text = internal global [512 x i8] zeroinitializer, align 16
@.str.46 = private unnamed_addr constant [32 x i8] c"not enough memory for a context\00", align 1
@.str.47 = private unnamed_addr constant [15 x i8] c"this CPU lacks\00", align 1
@.str.48 = private unnamed_addr constant [4 x i8] c" %s\00", align 1
@.str.49 = private unnamed_addr constant [12 x i8] c" feature-%d\00", align 1
@.str.50 = private unnamed_addr constant [62 x i8] c", which this model was compiled for; compile it for target %s\00", align 1
@.str.51 = private unnamed_addr constant [37 x i8] c"'x86_64' to run it on any x86-64 CPU\00", align 1

; Function Attrs: nounwind optsize
define void @sparsec_parallel(ptr noundef %0, ptr noundef %1, ptr noundef %2, i64 noundef %3) local_unnamed_addr #0 {
  %5 = icmp slt i64 %3, 1
  br i1 %5, label %69, label %6

6:                                                ; preds = %4
  %7 = getelementptr inbounds i8, ptr %0, i64 4
  %8 = load i32, ptr %7, align 4
  %9 = icmp eq i32 %8, 0
  %10 = icmp eq i64 %3, 1
  %11 = or i1 %10, %9
  br i1 %11, label %12, label %15

12:                                               ; preds = %6
  %13 = getelementptr inbounds i8, ptr %0, i64 24
  %14 = load ptr, ptr %13, align 8
  tail call void %1(ptr noundef %2, i64 noundef 0, i64 noundef %3, ptr noundef %14) #18
  br label %69

15:                                               ; preds = %6
  %16 = add nsw i32 %8, 1
  %17 = sext i32 %16 to i64
  %18 = shl nsw i64 %17, 2
  %19 = getelementptr inbounds i8, ptr %0, i64 192
  store ptr %1, ptr %19, align 64
  %20 = getelementptr inbounds i8, ptr %0, i64 200
  store ptr %2, ptr %20, align 8
  %21 = getelementptr inbounds i8, ptr %0, i64 208
  store i64 %3, ptr %21, align 16
  %22 = add nsw i64 %3, -1
  %23 = sdiv i64 %22, %18
  %24 = add nsw i64 %23, 1
  %25 = getelementptr inbounds i8, ptr %0, i64 216
  store i64 %24, ptr %25, align 8
  %26 = getelementptr inbounds i8, ptr %0, i64 320
  store atomic i64 0, ptr %26 seq_cst, align 64
  %27 = getelementptr inbounds i8, ptr %0, i64 256
  %28 = getelementptr inbounds i8, ptr %0, i64 224
  %29 = load i64, ptr %28, align 32
  %30 = add i64 %29, 1
  store i64 %30, ptr %28, align 32
  store atomic i64 %30, ptr %27 seq_cst, align 64
  %31 = getelementptr inbounds i8, ptr %0, i64 176
  %32 = load atomic i32, ptr %31 seq_cst, align 16
  %33 = icmp eq i32 %32, 0
  br i1 %33, label %40, label %34

34:                                               ; preds = %15
  %35 = getelementptr inbounds i8, ptr %0, i64 40
  %36 = tail call i32 @pthread_mutex_lock(ptr noundef nonnull %35) #18
  %37 = getelementptr inbounds i8, ptr %0, i64 80
  %38 = tail call i32 @pthread_cond_broadcast(ptr noundef nonnull %37) #18
  %39 = tail call i32 @pthread_mutex_unlock(ptr noundef nonnull %35) #18
  br label %40

40:                                               ; preds = %34, %15
  tail call fastcc void @take_chunks(ptr noundef nonnull %0, i64 noundef 0) #19
  store atomic i64 0, ptr %27 seq_cst, align 64
  %41 = getelementptr inbounds i8, ptr %0, i64 12
  %42 = load i32, ptr %41, align 4
  %43 = icmp sgt i32 %42, 0
  br i1 %43, label %44, label %54

44:                                               ; preds = %40
  %45 = getelementptr inbounds i8, ptr %0, i64 384
  br label %46

46:                                               ; preds = %50, %44
  %47 = phi i32 [ 0, %44 ], [ %51, %50 ]
  %48 = load atomic i64, ptr %45 seq_cst, align 64
  %49 = icmp eq i64 %48, 0
  br i1 %49, label %69, label %50

50:                                               ; preds = %46
  tail call void @llvm.x86.sse2.pause()
  %51 = add nuw nsw i32 %47, 1
  %52 = load i32, ptr %41, align 4
  %53 = icmp slt i32 %51, %52
  br i1 %53, label %46, label %54, !llvm.loop !3

54:                                               ; preds = %50, %40
  %55 = getelementptr inbounds i8, ptr %0, i64 40
  %56 = tail call i32 @pthread_mutex_lock(ptr noundef nonnull %55) #18
  %57 = getelementptr inbounds i8, ptr %0, i64 184
  store atomic i32 1, ptr %57 seq_cst, align 8
  %58 = getelementptr inbounds i8, ptr %0, i64 384
  %59 = load atomic i64, ptr %58 seq_cst, align 64
  %60 = icmp eq i64 %59, 0
  br i1 %60, label %67, label %61

61:                                               ; preds = %54
  %62 = getelementptr inbounds i8, ptr %0, i64 128
  br label %63

63:                                               ; preds = %63, %61
  %64 = tail call i32 @pthread_cond_wait(ptr noundef nonnull %62, ptr noundef nonnull %55) #18
  %65 = load atomic i64, ptr %58 seq_cst, align 64
  %66 = icmp eq i64 %65, 0
  br i1 %66, label %67, label %63, !llvm.loop !5

67:                                               ; preds = %63, %54
  store atomic i32 0, ptr %57 seq_cst, align 8
  %68 = tail call i32 @pthread_mutex_unlock(ptr noundef nonnull %55) #18
  br label %69

69:                                               ; preds = %46, %67, %4, %12
  ret void
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.lifetime.start.p0(i64 immarg, ptr nocapture) #1

; Function Attrs: nounwind optsize
declare i32 @pthread_mutex_lock(ptr noundef) local_unnamed_addr #2

; Function Attrs: nounwind optsize
declare i32 @pthread_cond_broadcast(ptr noundef) local_unnamed_addr #2

; Function Attrs: nounwind optsize
declare i32 @pthread_mutex_unlock(ptr noundef) local_unnamed_addr #2

; Function Attrs: nounwind optsize
define internal fastcc void @take_chunks(ptr nocapture noundef %0, i64 noundef %1) unnamed_addr #0 {
  %3 = getelementptr inbounds i8, ptr %0, i64 24
  %4 = load ptr, ptr %3, align 8
  %5 = getelementptr inbounds i8, ptr %0, i64 32
  %6 = load i64, ptr %5, align 32
  %7 = mul nsw i64 %6, %1
  %8 = getelementptr inbounds i8, ptr %4, i64 %7
  %9 = getelementptr inbounds i8, ptr %0, i64 320
  %10 = getelementptr inbounds i8, ptr %0, i64 216
  %11 = getelementptr inbounds i8, ptr %0, i64 208
  %12 = load i64, ptr %10, align 8
  %13 = atomicrmw add ptr %9, i64 %12 monotonic, align 64
  %14 = load i64, ptr %11, align 16
  %15 = icmp slt i64 %13, %14
  br i1 %15, label %16, label %31

16:                                               ; preds = %2
  %17 = getelementptr inbounds i8, ptr %0, i64 192
  %18 = getelementptr inbounds i8, ptr %0, i64 200
  br label %19

19:                                               ; preds = %16, %19
  %20 = phi i64 [ %14, %16 ], [ %29, %19 ]
  %21 = phi i64 [ %13, %16 ], [ %28, %19 ]
  %22 = phi i64 [ %12, %16 ], [ %27, %19 ]
  %23 = add nsw i64 %21, %22
  %24 = tail call i64 @llvm.smin.i64(i64 %23, i64 %20)
  %25 = load ptr, ptr %17, align 64
  %26 = load ptr, ptr %18, align 8
  tail call void %25(ptr noundef %26, i64 noundef %21, i64 noundef %24, ptr noundef %8) #18
  %27 = load i64, ptr %10, align 8
  %28 = atomicrmw add ptr %9, i64 %27 monotonic, align 64
  %29 = load i64, ptr %11, align 16
  %30 = icmp slt i64 %28, %29
  br i1 %30, label %19, label %31

31:                                               ; preds = %19, %2
  ret void
}

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite)
declare void @llvm.lifetime.end.p0(i64 immarg, ptr nocapture) #1

; Function Attrs: nounwind optsize
define void @sparsec_destroy(ptr noundef %0) local_unnamed_addr #0 {
  %2 = icmp eq ptr %0, null
  br i1 %2, label %26, label %3

3:                                                ; preds = %1
  %4 = tail call i32 @getpid() #18
  %5 = getelementptr inbounds i8, ptr %0, i64 16
  %6 = cmpxchg ptr %5, i32 0, i32 %4 acquire monotonic, align 16
  %7 = extractvalue { i32, i1 } %6, 1
  br i1 %7, label %12, label %8

8:                                                ; preds = %3
  %9 = extractvalue { i32, i1 } %6, 0
  %10 = icmp eq i32 %9, %4
  br i1 %10, label %26, label %11

11:                                               ; preds = %8
  store atomic i32 %4, ptr %5 monotonic, align 16
  br label %12

12:                                               ; preds = %11, %3
  %13 = getelementptr inbounds i8, ptr %0, i64 128
  tail call fastcc void @stop_threads(ptr noundef nonnull %13) #19
  %14 = getelementptr inbounds i8, ptr %0, i64 152
  %15 = load ptr, ptr %14, align 8
  tail call void @free(ptr noundef %15) #18
  %16 = getelementptr inbounds i8, ptr %0, i64 56
  %17 = load ptr, ptr %16, align 8
  tail call void @free(ptr noundef %17) #18
  %18 = getelementptr inbounds i8, ptr %0, i64 24
  %19 = load ptr, ptr %18, align 8
  tail call void @free(ptr noundef %19) #18
  %20 = getelementptr inbounds i8, ptr %0, i64 32
  %21 = load ptr, ptr %20, align 32
  tail call void @free(ptr noundef %21) #18
  %22 = getelementptr inbounds i8, ptr %0, i64 40
  %23 = load ptr, ptr %22, align 8
  tail call void @free(ptr noundef %23) #18
  %24 = getelementptr inbounds i8, ptr %0, i64 48
  %25 = load ptr, ptr %24, align 16
  tail call void @free(ptr noundef %25) #18
  tail call void @free(ptr noundef nonnull %0) #18
  br label %26

26:                                               ; preds = %8, %1, %12
  ret void
}

; Function Attrs: nounwind optsize
define internal fastcc void @stop_threads(ptr noundef %0) unnamed_addr #0 {
  %2 = getelementptr inbounds i8, ptr %0, i64 4
  %3 = load i32, ptr %2, align 4
  %4 = icmp eq i32 %3, 0
  br i1 %4, label %36, label %5

5:                                                ; preds = %1
  %6 = getelementptr inbounds i8, ptr %0, i64 8
  %7 = load i32, ptr %6, align 8
  %8 = tail call i32 @getpid() #18
  %9 = icmp eq i32 %7, %8
  br i1 %9, label %10, label %36

10:                                               ; preds = %5
  %11 = getelementptr inbounds i8, ptr %0, i64 40
  %12 = tail call i32 @pthread_mutex_lock(ptr noundef nonnull %11) #18
  %13 = getelementptr inbounds i8, ptr %0, i64 180
  store atomic i32 1, ptr %13 seq_cst, align 4
  %14 = getelementptr inbounds i8, ptr %0, i64 80
  %15 = tail call i32 @pthread_cond_broadcast(ptr noundef nonnull %14) #18
  %16 = tail call i32 @pthread_mutex_unlock(ptr noundef nonnull %11) #18
  %17 = load i32, ptr %2, align 4
  %18 = icmp sgt i32 %17, 0
  br i1 %18, label %19, label %21

19:                                               ; preds = %10
  %20 = getelementptr inbounds i8, ptr %0, i64 16
  br label %26

21:                                               ; preds = %26, %10
  %22 = tail call i32 @pthread_mutex_destroy(ptr noundef nonnull %11) #18
  %23 = tail call i32 @pthread_cond_destroy(ptr noundef nonnull %14) #18
  %24 = getelementptr inbounds i8, ptr %0, i64 128
  %25 = tail call i32 @pthread_cond_destroy(ptr noundef nonnull %24) #18
  br label %36

26:                                               ; preds = %19, %26
  %27 = phi i64 [ 0, %19 ], [ %32, %26 ]
  %28 = load ptr, ptr %20, align 16
  %29 = getelementptr inbounds %struct.worker, ptr %28, i64 %27, i32 2
  %30 = load i64, ptr %29, align 8
  %31 = tail call i32 @pthread_join(i64 noundef %30, ptr noundef null) #18
  %32 = add nuw nsw i64 %27, 1
  %33 = load i32, ptr %2, align 4
  %34 = sext i32 %33 to i64
  %35 = icmp slt i64 %32, %34
  br i1 %35, label %26, label %21, !llvm.loop !6

36:                                               ; preds = %21, %5, %1
  %37 = getelementptr inbounds i8, ptr %0, i64 16
  %38 = load ptr, ptr %37, align 16
  tail call void @free(ptr noundef %38) #18
  store ptr null, ptr %37, align 16
  store i32 0, ptr %2, align 4
  ret void
}

; Function Attrs: mustprogress nounwind optsize willreturn allockind("free") memory(argmem: readwrite, inaccessiblemem: readwrite)
declare void @free(ptr allocptr nocapture noundef) local_unnamed_addr #3

; Function Attrs: nounwind optsize
define noundef ptr @sparsec_create(ptr noundef %0) local_unnamed_addr #0 {
  %2 = tail call fastcc i64 @detect_features() #19
  %3 = getelementptr inbounds i8, ptr %0, i64 12
  %4 = load i32, ptr %3, align 4
  %5 = icmp sgt i32 %4, 0
  br i1 %5, label %6, label %74

6:                                                ; preds = %1
  %7 = getelementptr inbounds i8, ptr %0, i64 48
  %8 = load ptr, ptr %7, align 8
  %9 = xor i64 %2, -1
  %10 = zext nneg i32 %4 to i64
  br label %14

11:                                               ; preds = %14
  %12 = add nuw nsw i64 %15, 1
  %13 = icmp eq i64 %12, %10
  br i1 %13, label %74, label %14, !llvm.loop !7

14:                                               ; preds = %11, %6
  %15 = phi i64 [ 0, %6 ], [ %12, %11 ]
  %16 = getelementptr inbounds %struct.sparsec_variant, ptr %8, i64 %15
  %17 = getelementptr inbounds i8, ptr %16, i64 8
  %18 = load i64, ptr %17, align 8
  %19 = and i64 %18, %9
  %20 = icmp eq i64 %19, 0
  br i1 %20, label %21, label %11

21:                                               ; preds = %14
  %22 = tail call noalias dereferenceable_or_null(1600) ptr @calloc(i64 noundef 1, i64 noundef 1600) #20
  %23 = icmp eq ptr %22, null
  br i1 %23, label %74, label %24

24:                                               ; preds = %21
  store ptr %0, ptr %22, align 64
  %25 = getelementptr inbounds i8, ptr %22, i64 8
  store ptr %16, ptr %25, align 8
  %26 = getelementptr inbounds i8, ptr %22, i64 128
  store i32 1, ptr %26, align 64
  %27 = tail call i32 @getpid() #18
  %28 = getelementptr inbounds i8, ptr %22, i64 136
  store i32 %27, ptr %28, align 8
  %29 = load i32, ptr %0, align 8
  %30 = sext i32 %29 to i64
  %31 = add nsw i64 %30, 1
  %32 = tail call noalias ptr @calloc(i64 noundef %31, i64 noundef 8) #20
  %33 = getelementptr inbounds i8, ptr %22, i64 24
  store ptr %32, ptr %33, align 8
  %34 = tail call noalias ptr @calloc(i64 noundef %31, i64 noundef 4) #20
  %35 = getelementptr inbounds i8, ptr %22, i64 32
  store ptr %34, ptr %35, align 32
  %36 = getelementptr inbounds i8, ptr %0, i64 8
  %37 = load i32, ptr %36, align 8
  %38 = icmp sgt i32 %37, 0
  br i1 %38, label %39, label %54

39:                                               ; preds = %24
  %40 = getelementptr inbounds i8, ptr %0, i64 40
  %41 = load ptr, ptr %40, align 8
  %42 = zext nneg i32 %37 to i64
  br label %43

43:                                               ; preds = %43, %39
  %44 = phi i64 [ 0, %39 ], [ %50, %43 ]
  %45 = phi i64 [ 0, %39 ], [ %49, %43 ]
  %46 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %41, i64 %44, i32 2
  %47 = load i32, ptr %46, align 4
  %48 = sext i32 %47 to i64
  %49 = add nsw i64 %45, %48
  %50 = add nuw nsw i64 %44, 1
  %51 = icmp eq i64 %50, %42
  br i1 %51, label %52, label %43, !llvm.loop !8

52:                                               ; preds = %43
  %53 = add i64 %49, 1
  br label %54

54:                                               ; preds = %52, %24
  %55 = phi i64 [ 1, %24 ], [ %53, %52 ]
  %56 = tail call noalias ptr @calloc(i64 noundef %55, i64 noundef 8) #20
  %57 = getelementptr inbounds i8, ptr %22, i64 40
  store ptr %56, ptr %57, align 8
  %58 = getelementptr inbounds i8, ptr %0, i64 4
  %59 = load i32, ptr %58, align 4
  %60 = sext i32 %59 to i64
  %61 = sext i32 %37 to i64
  %62 = add nsw i64 %61, 1
  %63 = add nsw i64 %62, %60
  %64 = tail call noalias ptr @calloc(i64 noundef %63, i64 noundef 8) #20
  %65 = getelementptr inbounds i8, ptr %22, i64 48
  store ptr %64, ptr %65, align 16
  %66 = icmp eq ptr %32, null
  %67 = icmp eq ptr %34, null
  %68 = or i1 %66, %67
  br i1 %68, label %73, label %69

69:                                               ; preds = %54
  %70 = icmp eq ptr %56, null
  %71 = icmp eq ptr %64, null
  %72 = or i1 %70, %71
  br i1 %72, label %73, label %74

73:                                               ; preds = %69, %54
  tail call void @sparsec_destroy(ptr noundef nonnull %22) #19
  br label %74

74:                                               ; preds = %11, %1, %73, %21, %69
  %75 = phi ptr [ null, %73 ], [ null, %21 ], [ %22, %69 ], [ null, %1 ], [ null, %11 ]
  ret ptr %75
}

; Function Attrs: nounwind optsize
define internal fastcc i64 @detect_features() unnamed_addr #0 {
  %1 = tail call { i32, i32, i32, i32 } asm "  xchgq  %rbx,${1:q}\0A  cpuid\0A  xchgq  %rbx,${1:q}", "={ax},=r,={cx},={dx},0,~{dirflag},~{fpsr},~{flags}"(i32 0) #21, !srcloc !9
  %2 = extractvalue { i32, i32, i32, i32 } %1, 0
  %3 = icmp eq i32 %2, 0
  br i1 %3, label %13, label %4

4:                                                ; preds = %0
  %5 = tail call { i32, i32, i32, i32 } asm "  xchgq  %rbx,${1:q}\0A  cpuid\0A  xchgq  %rbx,${1:q}", "={ax},=r,={cx},={dx},0,~{dirflag},~{fpsr},~{flags}"(i32 1) #21, !srcloc !10
  %6 = extractvalue { i32, i32, i32, i32 } %5, 2
  %7 = and i32 %6, 134217728
  %8 = icmp eq i32 %7, 0
  br i1 %8, label %13, label %9

9:                                                ; preds = %4
  %10 = tail call { i32, i32 } asm sideeffect "xgetbv", "={ax},={dx},{cx},~{dirflag},~{fpsr},~{flags}"(i32 0) #8, !srcloc !11
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
  %23 = tail call { i32, i32, i32, i32 } asm "  xchgq  %rbx,${1:q}\0A  cpuid\0A  xchgq  %rbx,${1:q}", "={ax},=r,={cx},={dx},0,~{dirflag},~{fpsr},~{flags}"(i32 %22) #21, !srcloc !9
  %24 = extractvalue { i32, i32, i32, i32 } %23, 0
  %25 = icmp eq i32 %24, 0
  %26 = icmp ult i32 %24, %21
  %27 = or i1 %25, %26
  br i1 %27, label %58, label %28

28:                                               ; preds = %16
  %29 = getelementptr inbounds i8, ptr %19, i64 12
  %30 = load i32, ptr %29, align 4
  %31 = tail call { i32, i32, i32, i32 } asm "  xchgq  %rbx,${1:q}\0A  cpuid\0A  xchgq  %rbx,${1:q}", "={ax},=r,={cx},={dx},0,2,~{dirflag},~{fpsr},~{flags}"(i32 %21, i32 %30) #21, !srcloc !12
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
  br i1 %61, label %15, label %16, !llvm.loop !13
}

; Function Attrs: mustprogress nofree nounwind optsize willreturn allockind("alloc,zeroed") allocsize(0,1) memory(inaccessiblemem: readwrite)
declare noalias noundef ptr @calloc(i64 noundef, i64 noundef) local_unnamed_addr #4

; Function Attrs: nounwind optsize
declare i32 @getpid() local_unnamed_addr #2

; Function Attrs: nounwind optsize
define noundef i32 @sparsec_output_shapes(ptr noundef %0, ptr noundef %1, ptr noundef %2) local_unnamed_addr #0 {
  %4 = icmp eq ptr %0, null
  br i1 %4, label %80, label %5

5:                                                ; preds = %3
  %6 = tail call i32 @getpid() #18
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
  %15 = tail call fastcc i32 @bind_shapes(ptr noundef nonnull %0, ptr noundef %1, ptr noundef %2) #19
  %16 = icmp eq i32 %15, 0
  br i1 %16, label %17, label %78

17:                                               ; preds = %14
  tail call fastcc void @describe_outputs(ptr noundef nonnull %0, ptr noundef %2) #19
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
  br i1 %55, label %56, label %41, !llvm.loop !14

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
  br i1 %71, label %22, label %78, !llvm.loop !15

72:                                               ; preds = %63, %59
  %73 = load ptr, ptr %0, align 64
  %74 = getelementptr inbounds i8, ptr %73, i64 40
  %75 = load ptr, ptr %74, align 8
  %76 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %75, i64 %23
  %77 = load ptr, ptr %76, align 8
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str, ptr noundef %77) #19
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
  %5 = getelementptr inbounds i8, ptr %0, i64 576
  store i8 0, ptr %5, align 64
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
  %18 = select i1 %6, ptr @.str.25, ptr @.str.24
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.23, ptr noundef nonnull %18) #19
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
  br i1 %38, label %31, label %24, !llvm.loop !16

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
  %62 = phi ptr [ @.str.34, %60 ], [ %59, %55 ]
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
  %71 = phi ptr [ @.str.34, %69 ], [ %68, %64 ]
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.26, ptr noundef %53, ptr noundef nonnull %62, ptr noundef nonnull %71) #19
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
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.27, ptr noundef %85) #19
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
  %94 = select i1 %93, ptr @.str.32, ptr @.str.31
  br label %95

95:                                               ; preds = %92, %88
  %96 = phi ptr [ @.str.32, %88 ], [ %94, %92 ]
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull %96) #19
  %97 = load i32, ptr %84, align 4
  br label %108

98:                                               ; preds = %98, %90
  %99 = phi i64 [ 0, %90 ], [ %104, %98 ]
  %100 = icmp eq i64 %99, 0
  %101 = select i1 %100, ptr @.str.30, ptr @.str.29
  %102 = getelementptr inbounds [8 x i64], ptr %91, i64 0, i64 %99
  %103 = load i64, ptr %102, align 8
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.28, ptr noundef nonnull %101, i64 noundef %103) #19
  %104 = add nuw nsw i64 %99, 1
  %105 = load i32, ptr %84, align 4
  %106 = sext i32 %105 to i64
  %107 = icmp slt i64 %104, %106
  br i1 %107, label %98, label %92, !llvm.loop !17

108:                                              ; preds = %95, %83
  %109 = phi i32 [ %97, %95 ], [ %86, %83 ]
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.33, i32 noundef %109) #19
  %110 = getelementptr inbounds i8, ptr %46, i64 16
  %111 = load ptr, ptr %110, align 8
  %112 = load i32, ptr %75, align 4
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.30) #19
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
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.29) #19
  br label %120

120:                                              ; preds = %119, %116
  %121 = getelementptr inbounds i64, ptr %111, i64 %117
  %122 = load i64, ptr %121, align 8
  %123 = icmp sgt i64 %122, -1
  br i1 %123, label %124, label %125

124:                                              ; preds = %120
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.35, i64 noundef %122) #19
  br label %132

125:                                              ; preds = %120
  %126 = load ptr, ptr %0, align 64
  %127 = getelementptr inbounds i8, ptr %126, i64 24
  %128 = load ptr, ptr %127, align 8
  %129 = xor i64 %122, -1
  %130 = getelementptr inbounds ptr, ptr %128, i64 %129
  %131 = load ptr, ptr %130, align 8
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.2, ptr noundef %131) #19
  br label %132

132:                                              ; preds = %125, %124
  %133 = add nuw nsw i64 %117, 1
  %134 = icmp eq i64 %133, %115
  br i1 %134, label %135, label %116, !llvm.loop !18

135:                                              ; preds = %132, %108
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.36, i32 noundef %112) #19
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
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.37, ptr noundef %145, i32 noundef %152, i64 noundef %140) #19
  br label %202

153:                                              ; preds = %136
  %154 = icmp sgt i64 %149, -1
  br i1 %154, label %155, label %159

155:                                              ; preds = %153
  %156 = icmp eq i64 %149, %140
  br i1 %156, label %183, label %157

157:                                              ; preds = %155
  %158 = trunc nuw nsw i64 %138 to i32
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.38, ptr noundef %145, i32 noundef %158, i64 noundef %140, i64 noundef %149) #19
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
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.39, ptr noundef %145, i32 noundef %172, ptr noundef %176, i64 noundef %140, ptr noundef %182, ptr noundef %176, i64 noundef %163) #19
  br label %202

183:                                              ; preds = %169, %165, %155
  %184 = phi i32 [ %137, %155 ], [ %168, %165 ], [ %137, %169 ]
  %185 = add nuw nsw i64 %138, 1
  %186 = sext i32 %184 to i64
  %187 = icmp slt i64 %185, %186
  br i1 %187, label %136, label %188, !llvm.loop !19

188:                                              ; preds = %183
  %189 = load i32, ptr %25, align 4
  br label %190

190:                                              ; preds = %188, %78
  %191 = phi i32 [ %189, %188 ], [ %40, %78 ]
  %192 = add nuw nsw i64 %41, 1
  %193 = sext i32 %191 to i64
  %194 = icmp slt i64 %192, %193
  br i1 %194, label %39, label %195, !llvm.loop !20

195:                                              ; preds = %190, %24
  %196 = getelementptr inbounds i8, ptr %4, i64 64
  %197 = load ptr, ptr %196, align 8
  %198 = getelementptr inbounds i8, ptr %0, i64 24
  %199 = load ptr, ptr %198, align 8
  %200 = getelementptr inbounds i8, ptr %0, i64 40
  %201 = load ptr, ptr %200, align 8
  tail call void %197(ptr noundef %199, ptr noundef %201) #18
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
  br i1 %36, label %11, label %10, !llvm.loop !21
}

; Function Attrs: nofree nounwind optsize
define internal void @append(ptr nocapture noundef %0, ptr nocapture noundef readonly %1, ...) unnamed_addr #6 {
  %3 = alloca [1 x %struct.__va_list_tag], align 16
  %4 = getelementptr inbounds i8, ptr %0, i64 576
  %5 = tail call i64 @strlen(ptr noundef nonnull dereferenceable(1) %4) #22
  call void @llvm.lifetime.start.p0(i64 24, ptr nonnull %3) #8
  call void @llvm.va_start.p0(ptr nonnull %3)
  %6 = getelementptr inbounds i8, ptr %4, i64 %5
  %7 = sub i64 1024, %5
  %8 = call i32 @vsnprintf(ptr noundef nonnull %6, i64 noundef %7, ptr noundef %1, ptr noundef nonnull %3) #18
  call void @llvm.va_end.p0(ptr nonnull %3)
  call void @llvm.lifetime.end.p0(i64 24, ptr nonnull %3) #8
  ret void
}

; Function Attrs: nounwind optsize
define i32 @sparsec_run(ptr noundef %0, ptr noundef %1, ptr noundef %2) local_unnamed_addr #0 {
  %4 = alloca %struct.__sigset_t, align 8
  %5 = alloca %struct.__sigset_t, align 8
  %6 = alloca i32, align 4
  %7 = alloca i32, align 4
  %8 = alloca i32, align 4
  %9 = alloca i32, align 4
  %10 = icmp eq ptr %0, null
  br i1 %10, label %218, label %11

11:                                               ; preds = %3
  %12 = tail call i32 @getpid() #18
  %13 = getelementptr inbounds i8, ptr %0, i64 16
  %14 = cmpxchg ptr %13, i32 0, i32 %12 acquire monotonic, align 16
  %15 = extractvalue { i32, i1 } %14, 1
  br i1 %15, label %20, label %16

16:                                               ; preds = %11
  %17 = extractvalue { i32, i1 } %14, 0
  %18 = icmp eq i32 %17, %12
  br i1 %18, label %218, label %19

19:                                               ; preds = %16
  store atomic i32 %12, ptr %13 monotonic, align 16
  br label %20

20:                                               ; preds = %19, %11
  %21 = tail call fastcc i32 @bind_shapes(ptr noundef nonnull %0, ptr noundef %1, ptr noundef %2) #19
  %22 = icmp eq i32 %21, 0
  br i1 %22, label %23, label %111

23:                                               ; preds = %20
  %24 = load ptr, ptr %0, align 64
  %25 = getelementptr inbounds i8, ptr %0, i64 40
  %26 = load ptr, ptr %25, align 8
  %27 = getelementptr inbounds i8, ptr %24, i64 4
  %28 = load i32, ptr %27, align 4
  %29 = icmp sgt i32 %28, 0
  br i1 %29, label %30, label %33

30:                                               ; preds = %23
  %31 = getelementptr inbounds i8, ptr %24, i64 32
  %32 = getelementptr inbounds i8, ptr %0, i64 48
  br label %41

33:                                               ; preds = %49, %23
  %34 = getelementptr inbounds i8, ptr %24, i64 40
  %35 = getelementptr inbounds i8, ptr %24, i64 8
  %36 = load i32, ptr %35, align 8
  %37 = icmp sgt i32 %36, 0
  br i1 %37, label %38, label %82

38:                                               ; preds = %33
  %39 = getelementptr inbounds i8, ptr %0, i64 48
  %40 = load ptr, ptr %34, align 8
  br label %57

41:                                               ; preds = %49, %30
  %42 = phi i64 [ 0, %30 ], [ %53, %49 ]
  %43 = load ptr, ptr %31, align 8
  %44 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %43, i64 %42
  %45 = getelementptr inbounds %struct.sparsec_tensor, ptr %1, i64 %42
  %46 = getelementptr inbounds i8, ptr %45, i64 24
  %47 = tail call fastcc i32 @check_buffer(ptr noundef nonnull %0, ptr noundef nonnull @.str.25, ptr noundef %44, ptr noundef readonly %45, ptr noundef nonnull readonly %46) #19
  %48 = icmp eq i32 %47, 0
  br i1 %48, label %49, label %111

49:                                               ; preds = %41
  %50 = load ptr, ptr %45, align 8
  %51 = load ptr, ptr %32, align 16
  %52 = getelementptr inbounds ptr, ptr %51, i64 %42
  store ptr %50, ptr %52, align 8
  %53 = add nuw nsw i64 %42, 1
  %54 = load i32, ptr %27, align 4
  %55 = sext i32 %54 to i64
  %56 = icmp slt i64 %53, %55
  br i1 %56, label %41, label %33, !llvm.loop !22

57:                                               ; preds = %65, %38
  %58 = phi ptr [ %40, %38 ], [ %73, %65 ]
  %59 = phi i64 [ 0, %38 ], [ %78, %65 ]
  %60 = phi ptr [ %26, %38 ], [ %77, %65 ]
  %61 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %58, i64 %59
  %62 = getelementptr inbounds %struct.sparsec_tensor, ptr %2, i64 %59
  %63 = tail call fastcc i32 @check_buffer(ptr noundef nonnull %0, ptr noundef nonnull @.str.24, ptr noundef %61, ptr noundef readonly %62, ptr noundef %60) #19
  %64 = icmp eq i32 %63, 0
  br i1 %64, label %65, label %111

65:                                               ; preds = %57
  %66 = load ptr, ptr %62, align 8
  %67 = load ptr, ptr %39, align 16
  %68 = load i32, ptr %27, align 4
  %69 = trunc nuw nsw i64 %59 to i32
  %70 = add nsw i32 %68, %69
  %71 = sext i32 %70 to i64
  %72 = getelementptr inbounds ptr, ptr %67, i64 %71
  store ptr %66, ptr %72, align 8
  %73 = load ptr, ptr %34, align 8
  %74 = getelementptr inbounds %struct.sparsec_tensor_info, ptr %73, i64 %59, i32 2
  %75 = load i32, ptr %74, align 4
  %76 = sext i32 %75 to i64
  %77 = getelementptr inbounds i64, ptr %60, i64 %76
  %78 = add nuw nsw i64 %59, 1
  %79 = load i32, ptr %35, align 8
  %80 = sext i32 %79 to i64
  %81 = icmp slt i64 %78, %80
  br i1 %81, label %57, label %82, !llvm.loop !23

82:                                               ; preds = %65, %33
  %83 = getelementptr inbounds i8, ptr %0, i64 128
  %84 = getelementptr inbounds i8, ptr %0, i64 8
  %85 = load ptr, ptr %84, align 8
  %86 = getelementptr inbounds i8, ptr %85, i64 32
  %87 = load ptr, ptr %86, align 8
  %88 = getelementptr inbounds i8, ptr %0, i64 24
  %89 = load ptr, ptr %88, align 8
  %90 = tail call i64 %87(ptr noundef %89) #18
  %91 = add nsw i64 %90, 127
  %92 = and i64 %91, -64
  %93 = getelementptr inbounds i8, ptr %0, i64 160
  store i64 %92, ptr %93, align 32
  %94 = getelementptr inbounds i8, ptr %0, i64 152
  %95 = getelementptr inbounds i8, ptr %0, i64 72
  %96 = load i32, ptr %83, align 64
  %97 = sext i32 %96 to i64
  %98 = mul nsw i64 %92, %97
  %99 = tail call fastcc i32 @grow(ptr noundef nonnull %0, ptr noundef nonnull %94, ptr noundef nonnull %95, i64 noundef %98, ptr noundef nonnull @.str.43) #19
  %100 = icmp eq i32 %99, 0
  br i1 %100, label %101, label %111

101:                                              ; preds = %82
  %102 = getelementptr inbounds i8, ptr %0, i64 56
  %103 = getelementptr inbounds i8, ptr %0, i64 64
  %104 = load ptr, ptr %84, align 8
  %105 = getelementptr inbounds i8, ptr %104, i64 24
  %106 = load ptr, ptr %105, align 8
  %107 = load ptr, ptr %88, align 8
  %108 = tail call i64 %106(ptr noundef %107) #18
  %109 = tail call fastcc i32 @grow(ptr noundef nonnull %0, ptr noundef nonnull %102, ptr noundef nonnull %103, i64 noundef %108, ptr noundef nonnull @.str.44) #19
  %110 = icmp eq i32 %109, 0
  br i1 %110, label %113, label %111

111:                                              ; preds = %41, %57, %20, %82, %101
  %112 = phi i32 [ %109, %101 ], [ %99, %82 ], [ %21, %20 ], [ 1, %57 ], [ 1, %41 ]
  store atomic i32 0, ptr %13 release, align 16
  br label %218

113:                                              ; preds = %101
  %114 = load i32, ptr %83, align 64
  %115 = getelementptr inbounds i8, ptr %0, i64 132
  %116 = load i32, ptr %115, align 4
  %117 = add nsw i32 %116, 1
  %118 = icmp eq i32 %114, %117
  br i1 %118, label %119, label %126

119:                                              ; preds = %113
  %120 = icmp eq i32 %116, 0
  br i1 %120, label %187, label %121

121:                                              ; preds = %119
  %122 = getelementptr inbounds i8, ptr %0, i64 136
  %123 = load i32, ptr %122, align 8
  %124 = tail call i32 @getpid() #18
  %125 = icmp eq i32 %123, %124
  br i1 %125, label %187, label %126

126:                                              ; preds = %121, %113
  tail call fastcc void @stop_threads(ptr noundef nonnull %83) #19
  %127 = load i32, ptr %83, align 64
  %128 = icmp eq i32 %127, 1
  br i1 %128, label %187, label %129

129:                                              ; preds = %126
  %130 = tail call i32 @getpid() #18
  %131 = getelementptr inbounds i8, ptr %0, i64 136
  store i32 %130, ptr %131, align 8
  %132 = tail call i64 @sysconf(i32 noundef 84) #18
  %133 = load i32, ptr %83, align 64
  %134 = sext i32 %133 to i64
  %135 = icmp slt i64 %132, %134
  %136 = select i1 %135, i32 0, i32 2000
  %137 = getelementptr inbounds i8, ptr %0, i64 140
  store i32 %136, ptr %137, align 4
  %138 = getelementptr inbounds i8, ptr %0, i64 312
  store i32 0, ptr %138, align 8
  %139 = getelementptr inbounds i8, ptr %0, i64 308
  store i32 0, ptr %139, align 4
  %140 = getelementptr inbounds i8, ptr %0, i64 304
  store i32 0, ptr %140, align 16
  %141 = getelementptr inbounds i8, ptr %0, i64 352
  store i64 0, ptr %141, align 32
  %142 = getelementptr inbounds i8, ptr %0, i64 384
  store i64 0, ptr %142, align 64
  %143 = getelementptr inbounds i8, ptr %0, i64 512
  store i64 0, ptr %143, align 64
  %144 = getelementptr inbounds i8, ptr %0, i64 168
  %145 = tail call i32 @pthread_mutex_init(ptr noundef nonnull %144, ptr noundef null) #18
  %146 = getelementptr inbounds i8, ptr %0, i64 208
  %147 = tail call i32 @pthread_cond_init(ptr noundef nonnull %146, ptr noundef null) #18
  %148 = getelementptr inbounds i8, ptr %0, i64 256
  %149 = tail call i32 @pthread_cond_init(ptr noundef nonnull %148, ptr noundef null) #18
  %150 = load i32, ptr %83, align 64
  %151 = sext i32 %150 to i64
  %152 = tail call noalias ptr @calloc(i64 noundef %151, i64 noundef 24) #20
  %153 = getelementptr inbounds i8, ptr %0, i64 144
  store ptr %152, ptr %153, align 16
  %154 = icmp eq ptr %152, null
  br i1 %154, label %183, label %155

155:                                              ; preds = %129
  call void @llvm.lifetime.start.p0(i64 128, ptr nonnull %4) #8
  call void @llvm.lifetime.start.p0(i64 128, ptr nonnull %5) #8
  %156 = call i32 @sigfillset(ptr noundef nonnull %4) #18
  %157 = call i32 @pthread_sigmask(i32 noundef 2, ptr noundef nonnull %4, ptr noundef nonnull %5) #18
  %158 = load i32, ptr %115, align 4
  br label %159

159:                                              ; preds = %164, %155
  %160 = phi i32 [ %158, %155 ], [ %177, %164 ]
  %161 = load i32, ptr %83, align 64
  %162 = add nsw i32 %161, -1
  %163 = icmp slt i32 %160, %162
  br i1 %163, label %164, label %178

164:                                              ; preds = %159
  %165 = load ptr, ptr %153, align 16
  %166 = sext i32 %160 to i64
  %167 = getelementptr inbounds %struct.worker, ptr %165, i64 %166
  store ptr %83, ptr %167, align 8
  %168 = load i32, ptr %115, align 4
  %169 = add nsw i32 %168, 1
  %170 = sext i32 %169 to i64
  %171 = getelementptr inbounds i8, ptr %167, i64 8
  store i64 %170, ptr %171, align 8
  %172 = getelementptr inbounds i8, ptr %167, i64 16
  %173 = call i32 @pthread_create(ptr noundef nonnull %172, ptr noundef null, ptr noundef nonnull @work, ptr noundef nonnull %167) #18
  %174 = icmp eq i32 %173, 0
  %175 = zext i1 %174 to i32
  %176 = load i32, ptr %115, align 4
  %177 = add nsw i32 %176, %175
  store i32 %177, ptr %115, align 4
  br i1 %174, label %159, label %180, !llvm.loop !24

178:                                              ; preds = %159
  %179 = call i32 @pthread_sigmask(i32 noundef 2, ptr noundef nonnull %5, ptr noundef null) #18
  call void @llvm.lifetime.end.p0(i64 128, ptr nonnull %5) #8
  call void @llvm.lifetime.end.p0(i64 128, ptr nonnull %4) #8
  br label %187

180:                                              ; preds = %164
  %181 = call i32 @pthread_sigmask(i32 noundef 2, ptr noundef nonnull %5, ptr noundef null) #18
  call fastcc void @stop_threads(ptr noundef nonnull %83) #19
  call void @llvm.lifetime.end.p0(i64 128, ptr nonnull %5) #8
  call void @llvm.lifetime.end.p0(i64 128, ptr nonnull %4) #8
  %182 = load i32, ptr %83, align 64
  br label %183

183:                                              ; preds = %129, %180
  %184 = phi i32 [ %182, %180 ], [ %150, %129 ]
  %185 = phi i32 [ %173, %180 ], [ 12, %129 ]
  %186 = call ptr @strerror(i32 noundef %185) #18
  call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.1, i32 noundef %184, ptr noundef %186) #19
  store atomic i32 0, ptr %13 release, align 16
  br label %218

187:                                              ; preds = %126, %119, %121, %178
  %188 = load ptr, ptr %0, align 64
  call void @llvm.lifetime.start.p0(i64 4, ptr nonnull %6) #8
  store i32 0, ptr %6, align 4
  call void @llvm.x86.sse.stmxcsr(ptr nonnull %7)
  %189 = load i32, ptr %7, align 4
  store i32 8064, ptr %8, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr nonnull %8)
  %190 = load ptr, ptr %84, align 8
  %191 = getelementptr inbounds i8, ptr %190, i64 16
  %192 = load ptr, ptr %191, align 8
  %193 = load ptr, ptr %88, align 8
  %194 = getelementptr inbounds i8, ptr %0, i64 48
  %195 = load ptr, ptr %194, align 16
  %196 = getelementptr inbounds i8, ptr %188, i64 4
  %197 = load i32, ptr %196, align 4
  %198 = sext i32 %197 to i64
  %199 = getelementptr inbounds ptr, ptr %195, i64 %198
  %200 = load ptr, ptr %102, align 8
  %201 = getelementptr inbounds i8, ptr %188, i64 72
  %202 = load ptr, ptr %201, align 8
  call void %192(ptr noundef %193, ptr noundef %195, ptr noundef %199, ptr noundef %200, ptr noundef %202, ptr noundef nonnull %83, ptr noundef nonnull %6) #18
  store i32 %189, ptr %9, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr nonnull %9)
  call fastcc void @describe_outputs(ptr noundef nonnull %0, ptr noundef %2) #19
  %203 = load i32, ptr %6, align 4
  %204 = icmp sgt i32 %203, 0
  br i1 %204, label %205, label %216

205:                                              ; preds = %187
  %206 = getelementptr inbounds i8, ptr %188, i64 16
  %207 = load i32, ptr %206, align 8
  %208 = icmp sgt i32 %203, %207
  br i1 %208, label %216, label %209

209:                                              ; preds = %205
  %210 = getelementptr inbounds i8, ptr %188, i64 56
  %211 = load ptr, ptr %210, align 8
  %212 = zext nneg i32 %203 to i64
  %213 = getelementptr ptr, ptr %211, i64 %212
  %214 = getelementptr i8, ptr %213, i64 -8
  %215 = load ptr, ptr %214, align 8
  call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.2, ptr noundef %215) #19
  br label %216

216:                                              ; preds = %187, %205, %209
  %217 = phi i32 [ 2, %209 ], [ 0, %205 ], [ 0, %187 ]
  store atomic i32 0, ptr %13 release, align 16
  call void @llvm.lifetime.end.p0(i64 4, ptr nonnull %6) #8
  br label %218

218:                                              ; preds = %16, %3, %183, %216, %111
  %219 = phi i32 [ %112, %111 ], [ 4, %183 ], [ %217, %216 ], [ 1, %3 ], [ 5, %16 ]
  ret i32 %219
}

; Function Attrs: nounwind optsize
declare ptr @strerror(i32 noundef) local_unnamed_addr #2

; Function Attrs: nounwind memory(argmem: write)
declare void @llvm.x86.sse.stmxcsr(ptr) #7

; Function Attrs: nounwind
declare void @llvm.x86.sse.ldmxcsr(ptr) #8

; Function Attrs: nounwind optsize
define noundef i32 @sparsec_set_threads(ptr noundef %0, i32 noundef %1) local_unnamed_addr #0 {
  %3 = icmp eq ptr %0, null
  br i1 %3, label %22, label %4

4:                                                ; preds = %2
  %5 = tail call i32 @getpid() #18
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
  %14 = getelementptr inbounds i8, ptr %0, i64 576
  store i8 0, ptr %14, align 64
  %15 = add i32 %1, -1025
  %16 = icmp ult i32 %15, -1024
  br i1 %16, label %17, label %18

17:                                               ; preds = %13
  tail call void (ptr, ptr, ...) @append(ptr noundef nonnull %0, ptr noundef nonnull @.str.3, i32 noundef %1, i32 noundef 1024) #19
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
  %8 = phi ptr [ %6, %3 ], [ @.str.4, %1 ]
  ret ptr %8
}

; Function Attrs: nounwind optsize
define nonnull ptr @sparsec_last_error(ptr nocapture noundef readonly %0, ptr noundef readnone %1) local_unnamed_addr #0 {
  %3 = icmp eq ptr %1, null
  br i1 %3, label %6, label %4

4:                                                ; preds = %2
  %5 = getelementptr inbounds i8, ptr %1, i64 576
  br label %64

6:                                                ; preds = %2
  %7 = tail call fastcc i64 @detect_features() #19
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
  br i1 %18, label %25, label %19, !llvm.loop !7

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
  %30 = tail call i32 @pthread_mutex_lock(ptr noundef nonnull @creation_error.mutex) #18
  tail call void @llvm.memcpy.p0.p0.i64(ptr noundef nonnull align 16 dereferenceable(15) @creation_error.text, ptr noundef nonnull align 1 dereferenceable(15) @.str.47, i64 15, i1 false)
  br label %37

31:                                               ; preds = %60
  %32 = sext i32 %61 to i64
  %33 = getelementptr inbounds i8, ptr @creation_error.text, i64 %32
  %34 = sub nsw i64 512, %32
  %35 = tail call i32 (ptr, i64, ptr, ...) @snprintf(ptr noundef nonnull %33, i64 noundef %34, ptr noundef nonnull @.str.50, ptr noundef nonnull @.str.51) #18
  %36 = tail call i32 @pthread_mutex_unlock(ptr noundef nonnull @creation_error.mutex) #18
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
  %54 = tail call i32 (ptr, i64, ptr, ...) @snprintf(ptr noundef nonnull %49, i64 noundef %50, ptr noundef nonnull @.str.48, ptr noundef %53) #18
  %55 = add nsw i32 %54, %39
  br label %60

56:                                               ; preds = %46
  %57 = trunc nuw nsw i64 %38 to i32
  %58 = tail call i32 (ptr, i64, ptr, ...) @snprintf(ptr noundef nonnull %49, i64 noundef %50, ptr noundef nonnull @.str.49, i32 noundef %57) #18
  %59 = add nsw i32 %58, %39
  br label %60

60:                                               ; preds = %56, %51, %37
  %61 = phi i32 [ %39, %37 ], [ %55, %51 ], [ %59, %56 ]
  %62 = add nuw nsw i64 %38, 1
  %63 = icmp eq i64 %62, 64
  br i1 %63, label %31, label %37, !llvm.loop !25

64:                                               ; preds = %19, %31, %4
  %65 = phi ptr [ %5, %4 ], [ @creation_error.text, %31 ], [ @.str.46, %19 ]
  ret ptr %65
}

; Function Attrs: nounwind
declare void @llvm.x86.sse2.pause() #8

; Function Attrs: optsize
declare i32 @pthread_cond_wait(ptr noundef, ptr noundef) local_unnamed_addr #11

; Function Attrs: optsize
declare i32 @pthread_join(i64 noundef, ptr noundef) local_unnamed_addr #11

; Function Attrs: nounwind optsize
declare i32 @pthread_mutex_destroy(ptr noundef) local_unnamed_addr #2

; Function Attrs: nounwind optsize
declare i32 @pthread_cond_destroy(ptr noundef) local_unnamed_addr #2

; Function Attrs: mustprogress nocallback nofree nounwind willreturn memory(argmem: readwrite)
declare void @llvm.memcpy.p0.p0.i64(ptr noalias nocapture writeonly, ptr noalias nocapture readonly, i64, i1 immarg) #12

; Function Attrs: mustprogress nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare { i64, i1 } @llvm.smul.with.overflow.i64(i64, i64) #13

; Function Attrs: mustprogress nofree nounwind optsize willreturn memory(argmem: read)
declare i64 @strlen(ptr nocapture noundef) local_unnamed_addr #14

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn
declare void @llvm.va_start.p0(ptr) #15

; Function Attrs: nofree nounwind optsize
declare noundef i32 @vsnprintf(ptr nocapture noundef, i64 noundef, ptr nocapture noundef readonly, ptr noundef) local_unnamed_addr #16

; Function Attrs: mustprogress nocallback nofree nosync nounwind willreturn
declare void @llvm.va_end.p0(ptr) #15

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
  br i1 %35, label %36, label %21, !llvm.loop !14

36:                                               ; preds = %28
  %37 = icmp ne i32 %33, 0
  %38 = icmp slt i64 %31, 0
  %39 = select i1 %37, i1 true, i1 %38
  br i1 %39, label %40, label %42

40:                                               ; preds = %36
  %41 = load ptr, ptr %2, align 8
  tail call void (ptr, ptr, ...) @append(ptr noundef %0, ptr noundef nonnull @.str.40, ptr noundef %1, ptr noundef %41) #19
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
  tail call void (ptr, ptr, ...) @append(ptr noundef %0, ptr noundef nonnull @.str.41, ptr noundef %1, ptr noundef %49, i64 noundef %43) #19
  br label %57

50:                                               ; preds = %21, %45, %42
  %51 = phi i64 [ %43, %45 ], [ 0, %42 ], [ 0, %21 ]
  %52 = getelementptr inbounds i8, ptr %3, i64 8
  %53 = load i64, ptr %52, align 8
  %54 = icmp slt i64 %53, %51
  br i1 %54, label %55, label %57

55:                                               ; preds = %50
  %56 = load ptr, ptr %2, align 8
  tail call void (ptr, ptr, ...) @append(ptr noundef %0, ptr noundef nonnull @.str.42, ptr noundef %1, ptr noundef %56, i64 noundef %53, i64 noundef %51) #19
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
  tail call void @free(ptr noundef %11) #18
  store ptr null, ptr %1, align 8
  store i64 0, ptr %2, align 8
  %12 = call i32 @posix_memalign(ptr noundef nonnull %6, i64 noundef 64, i64 noundef %7) #18
  %13 = icmp eq i32 %12, 0
  br i1 %13, label %15, label %14

14:                                               ; preds = %10
  call void (ptr, ptr, ...) @append(ptr noundef %0, ptr noundef nonnull @.str.45, ptr noundef %4, i64 noundef %7) #19
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
declare i32 @posix_memalign(ptr noundef, i64 noundef, i64 noundef) local_unnamed_addr #16

; Function Attrs: nounwind optsize
declare i64 @sysconf(i32 noundef) local_unnamed_addr #2

; Function Attrs: nounwind optsize
declare i32 @pthread_mutex_init(ptr noundef, ptr noundef) local_unnamed_addr #2

; Function Attrs: nounwind optsize
declare i32 @pthread_cond_init(ptr noundef, ptr noundef) local_unnamed_addr #2

; Function Attrs: nounwind optsize
declare i32 @sigfillset(ptr noundef) local_unnamed_addr #2

; Function Attrs: nounwind optsize
declare i32 @pthread_sigmask(i32 noundef, ptr noundef, ptr noundef) local_unnamed_addr #2

; Function Attrs: nounwind optsize
declare i32 @pthread_create(ptr noundef, ptr noundef, ptr noundef, ptr noundef) local_unnamed_addr #2

; Function Attrs: nounwind optsize
define internal noalias noundef ptr @work(ptr nocapture noundef readonly %0) #0 {
  %2 = alloca i32, align 4
  %3 = load ptr, ptr %0, align 8
  store i32 8064, ptr %2, align 4
  call void @llvm.x86.sse.ldmxcsr(ptr nonnull %2)
  %4 = getelementptr inbounds i8, ptr %3, i64 12
  %5 = getelementptr inbounds i8, ptr %3, i64 180
  %6 = getelementptr inbounds i8, ptr %3, i64 256
  %7 = getelementptr inbounds i8, ptr %3, i64 40
  %8 = getelementptr inbounds i8, ptr %3, i64 176
  %9 = getelementptr inbounds i8, ptr %3, i64 80
  %10 = getelementptr inbounds i8, ptr %3, i64 384
  %11 = getelementptr inbounds i8, ptr %0, i64 8
  %12 = getelementptr inbounds i8, ptr %3, i64 184
  %13 = getelementptr inbounds i8, ptr %3, i64 128
  br label %14

14:                                               ; preds = %71, %1
  %15 = phi i64 [ 0, %1 ], [ %55, %71 ]
  %16 = load i32, ptr %4, align 4
  %17 = icmp sgt i32 %16, 0
  br i1 %17, label %18, label %31

18:                                               ; preds = %14, %27
  %19 = phi i32 [ %28, %27 ], [ 0, %14 ]
  %20 = load atomic i32, ptr %5 seq_cst, align 4
  %21 = icmp eq i32 %20, 0
  br i1 %21, label %22, label %72

22:                                               ; preds = %18
  %23 = load atomic i64, ptr %6 seq_cst, align 64
  %24 = icmp eq i64 %23, 0
  %25 = icmp eq i64 %23, %15
  %26 = or i1 %24, %25
  br i1 %26, label %27, label %54

27:                                               ; preds = %22
  call void @llvm.x86.sse2.pause()
  %28 = add nuw nsw i32 %19, 1
  %29 = load i32, ptr %4, align 4
  %30 = icmp slt i32 %28, %29
  br i1 %30, label %18, label %31, !llvm.loop !26

31:                                               ; preds = %27, %14
  %32 = phi i64 [ undef, %14 ], [ %23, %27 ]
  %33 = call i32 @pthread_mutex_lock(ptr noundef nonnull %7) #18
  %34 = atomicrmw add ptr %8, i32 1 seq_cst, align 16
  %35 = load i32, ptr %5, align 4
  %36 = icmp eq i32 %35, 0
  br i1 %36, label %37, label %46

37:                                               ; preds = %31, %42
  %38 = load atomic i64, ptr %6 seq_cst, align 64
  %39 = icmp eq i64 %38, 0
  %40 = icmp eq i64 %38, %15
  %41 = or i1 %39, %40
  br i1 %41, label %42, label %46

42:                                               ; preds = %37
  %43 = call i32 @pthread_cond_wait(ptr noundef nonnull %9, ptr noundef nonnull %7) #18
  %44 = load i32, ptr %5, align 4
  %45 = icmp eq i32 %44, 0
  br i1 %45, label %37, label %46, !llvm.loop !27

46:                                               ; preds = %42, %37, %31
  %47 = phi i64 [ %32, %31 ], [ %38, %37 ], [ %38, %42 ]
  %48 = atomicrmw sub ptr %8, i32 1 seq_cst, align 16
  %49 = load i32, ptr %5, align 4
  %50 = icmp ne i32 %49, 0
  %51 = call i32 @pthread_mutex_unlock(ptr noundef nonnull %7) #18
  %52 = icmp eq i64 %47, 0
  %53 = or i1 %52, %50
  br i1 %53, label %72, label %54

54:                                               ; preds = %22, %46
  %55 = phi i64 [ %47, %46 ], [ %23, %22 ]
  %56 = atomicrmw add ptr %10, i64 1 seq_cst, align 64
  %57 = load atomic i64, ptr %6 seq_cst, align 64
  %58 = icmp eq i64 %57, %55
  br i1 %58, label %59, label %61

59:                                               ; preds = %54
  %60 = load i64, ptr %11, align 8
  call fastcc void @take_chunks(ptr noundef nonnull %3, i64 noundef %60) #19
  br label %61

61:                                               ; preds = %59, %54
  %62 = atomicrmw sub ptr %10, i64 1 seq_cst, align 64
  %63 = icmp eq i64 %62, 1
  br i1 %63, label %64, label %71

64:                                               ; preds = %61
  %65 = load atomic i32, ptr %12 seq_cst, align 8
  %66 = icmp eq i32 %65, 0
  br i1 %66, label %71, label %67

67:                                               ; preds = %64
  %68 = call i32 @pthread_mutex_lock(ptr noundef nonnull %7) #18
  %69 = call i32 @pthread_cond_signal(ptr noundef nonnull %13) #18
  %70 = call i32 @pthread_mutex_unlock(ptr noundef nonnull %7) #18
  br label %71

71:                                               ; preds = %67, %64, %61
  br label %14, !llvm.loop !28

72:                                               ; preds = %46, %18
  ret ptr null
}

; Function Attrs: nounwind optsize
declare i32 @pthread_cond_signal(ptr noundef) local_unnamed_addr #2

; Function Attrs: nofree nounwind optsize
declare noundef i32 @snprintf(ptr noalias nocapture noundef writeonly, i64 noundef, ptr nocapture noundef readonly, ...) local_unnamed_addr #16

; Function Attrs: nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.smax.i64(i64, i64) #17

; Function Attrs: nocallback nofree nosync nounwind speculatable willreturn memory(none)
declare i64 @llvm.smin.i64(i64, i64) #17

attributes #0 = { nounwind optsize "no-trapping-math"="true" }
attributes #1 = { mustprogress nocallback nofree nosync nounwind willreturn memory(argmem: readwrite) }
attributes #2 = { nounwind optsize "no-trapping-math"="true" }
attributes #3 = { mustprogress nounwind optsize willreturn allockind("free") memory(argmem: readwrite, inaccessiblemem: readwrite) "alloc-family"="malloc" "no-trapping-math"="true" }
attributes #4 = { mustprogress nofree nounwind optsize willreturn allockind("alloc,zeroed") allocsize(0,1) memory(inaccessiblemem: readwrite) "alloc-family"="malloc" "no-trapping-math"="true" }
attributes #5 = { nofree norecurse nosync nounwind optsize memory(readwrite, inaccessiblemem: none) "no-trapping-math"="true" }
attributes #6 = { nofree nounwind optsize "no-trapping-math"="true" }
attributes #7 = { nounwind memory(argmem: write) }
attributes #8 = { nounwind }
attributes #9 = { mustprogress nofree norecurse nosync nounwind optsize willreturn memory(argmem: read) "no-trapping-math"="true" }
attributes #10 = { mustprogress nofree norecurse nosync nounwind optsize willreturn memory(read, inaccessiblemem: none) "no-trapping-math"="true" }
attributes #11 = { optsize "no-trapping-math"="true" }
attributes #12 = { mustprogress nocallback nofree nounwind willreturn memory(argmem: readwrite) }
attributes #13 = { mustprogress nocallback nofree nosync nounwind speculatable willreturn memory(none) }
attributes #14 = { mustprogress nofree nounwind optsize willreturn memory(argmem: read) "no-trapping-math"="true" }
attributes #15 = { mustprogress nocallback nofree nosync nounwind willreturn }
attributes #16 = { nofree nounwind optsize "no-trapping-math"="true" }
attributes #17 = { nocallback nofree nosync nounwind speculatable willreturn memory(none) }
attributes #18 = { nounwind optsize }
attributes #19 = { optsize }
attributes #20 = { nounwind optsize allocsize(0,1) }
attributes #21 = { nounwind memory(none) }
attributes #22 = { nounwind optsize willreturn memory(read) }

!llvm.module.flags = !{!0, !1}

!0 = !{i32 1, !"wchar_size", i32 4}
!1 = !{i32 8, !"PIC Level", i32 2}
!3 = distinct !{!3, !4}
!4 = !{!"llvm.loop.mustprogress"}
!5 = distinct !{!5, !4}
!6 = distinct !{!6, !4}
!7 = distinct !{!7, !4}
!8 = distinct !{!8, !4}
!9 = !{i64 2148779105, i64 2148779141, i64 2148779165}
!10 = !{i64 2148779311, i64 2148779347, i64 2148779371}
!11 = !{i64 1282677}
!12 = !{i64 2148779521, i64 2148779557, i64 2148779581}
!13 = distinct !{!13, !4}
!14 = distinct !{!14, !4}
!15 = distinct !{!15, !4}
!16 = distinct !{!16, !4}
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
