/* simd.h: the vector instructions that loops are written for by hand. */
#ifndef WEIR_EXEC_KERNEL_SIMD_H
#define WEIR_EXEC_KERNEL_SIMD_H

/* From the least on; each machine counts its own. */
enum { SIMD_ANY, SIMD_AVX2, SIMD_AVX512, SIMD_NEON = 1, SIMD_MOST = 2 };

/* What the processor has of them, at most `most`. */
int simd_level(int most);

#endif
