/* simd.c: asks the processor (see simd.h). */
#include "exec/kernel/simd.h"

#include <stdbool.h>

int simd_level(int most)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    bool has_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi");
    bool has_512 = has_avx2 && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                   __builtin_cpu_supports("avx512vbmi2");
    int has = has_512 ? SIMD_AVX512 : has_avx2 ? SIMD_AVX2 : SIMD_ANY;
#elif defined(__aarch64__)
    int has = SIMD_NEON; /* all have it */
#else
    int has = SIMD_ANY;
#endif
    return most < has ? most : has;
}
