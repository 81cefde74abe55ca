/* target.h: kernels are compiled for several instruction sets; the loader picks. */
#ifndef WEIR_EXEC_KERNEL_TARGET_H
#define WEIR_EXEC_KERNEL_TARGET_H

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || \
    __has_feature(thread_sanitizer)
#define KERNEL_SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define KERNEL_SANITIZED 1
#endif

/* KERNEL_CLONES_ALL before a function. Needs indirect functions, which glibc has and which run
 * before a sanitizer is ready. */
#if defined(__x86_64__) && defined(__gnu_linux__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(KERNEL_SANITIZED)
#define KERNEL_CLONES_ALL __attribute__((target_clones("avx2", "default")))
#else
#define KERNEL_CLONES_ALL
#endif

#endif
