/* csv_quick.c: the quick way through plain CSV, for each instruction set.
 *
 * Reading stops at the newline that ends the last whole line, so no load reaches further than 64
 * bytes past it. */
#include "exec/format/csv_impl.h"

#include <assert.h>

/* ---- any machine ------------------------------------------------------------------------------- */

typedef struct any_Marks {
    uint64_t delimiter, quote;
    bool has_quote;
} any_Marks;

static any_Marks any_marks(const CsvDecoder *d)
{
    return (any_Marks){EIGHT(d->delimiter), EIGHT(d->quote ? d->quote : '\n'), d->quote != 0};
}

/* The high bit of each zero byte, exactly. */
static inline uint64_t zero_bytes(uint64_t x)
{
    return ~(((x & EIGHT(0x7f)) + EIGHT(0x7f)) | x | EIGHT(0x7f));
}

static inline uint64_t any_specials(const char *block, const any_Marks *m)
{
    uint64_t bits = 0;
    for (int i = 0; i < 8; i++) {
        uint64_t w = load8(block + 8 * i);
        uint64_t hit = zero_bytes(w ^ m->delimiter) | zero_bytes(w ^ m->quote) |
                       zero_bytes(w ^ EIGHT('\n')) | (w & EIGHT(0x80));
        /* gathers the high bits into one byte */
        bits |= (hit >> 7) * 0x0102040810204080u >> 56 << 8 * i;
    }
    return bits;
}

static inline uint64_t any_ends(const char *block, const any_Marks *m, uint64_t *quotes, uint64_t *high)
{
    uint64_t bits = 0, found = 0;
    for (int i = 0; i < 8; i++) {
        uint64_t w = load8(block + 8 * i);
        uint64_t hit = zero_bytes(w ^ m->delimiter) | zero_bytes(w ^ EIGHT('\n')), quote = zero_bytes(w ^ m->quote);
        bits |= (hit >> 7) * 0x0102040810204080u >> 56 << 8 * i;
        found |= (quote >> 7) * 0x0102040810204080u >> 56 << 8 * i;
        *high |= w & EIGHT(0x80);
    }
    *quotes = m->has_quote ? found : 0;
    return bits;
}

#define any_put_positions positions_put
#define CSV_NAME(x) any_##x
#include "exec/format/csv_quick_tmpl.h"
#undef CSV_NAME

#if defined(__x86_64__)
#include <immintrin.h>

/* ---- AVX2 -------------------------------------------------------------------------------------- */

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,popcnt")
#endif

typedef struct avx2_Marks {
    __m256i delimiter, quote;
    bool has_quote;
} avx2_Marks;

static inline avx2_Marks avx2_marks(const CsvDecoder *d)
{
    return (avx2_Marks){_mm256_set1_epi8(d->delimiter), _mm256_set1_epi8(d->quote ? d->quote : '\n'), d->quote != 0};
}

static inline uint32_t avx2_half(const char *block, const avx2_Marks *m)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)block);
    __m256i hit = _mm256_or_si256(_mm256_cmpeq_epi8(v, m->delimiter), _mm256_cmpeq_epi8(v, m->quote));
    hit = _mm256_or_si256(hit, _mm256_cmpeq_epi8(v, _mm256_set1_epi8('\n')));
    return (uint32_t)_mm256_movemask_epi8(_mm256_or_si256(hit, v));
}

static inline uint64_t avx2_specials(const char *block, const avx2_Marks *m)
{
    return avx2_half(block, m) | (uint64_t)avx2_half(block + 32, m) << 32;
}

static inline uint64_t avx2_bits(__m256i low, __m256i high)
{
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

static inline uint64_t avx2_ends(const char *block, const avx2_Marks *m, uint64_t *quotes, uint64_t *high)
{
    const __m256i newline = _mm256_set1_epi8('\n');
    __m256i v = _mm256_loadu_si256((const __m256i *)block), w = _mm256_loadu_si256((const __m256i *)(block + 32));
    *high |= avx2_bits(v, w);
    *quotes = m->has_quote ? avx2_bits(_mm256_cmpeq_epi8(v, m->quote), _mm256_cmpeq_epi8(w, m->quote)) : 0;
    return avx2_bits(_mm256_or_si256(_mm256_cmpeq_epi8(v, m->delimiter), _mm256_cmpeq_epi8(v, newline)),
                     _mm256_or_si256(_mm256_cmpeq_epi8(w, m->delimiter), _mm256_cmpeq_epi8(w, newline)));
}

#define avx2_put_positions positions_put
#define CSV_NAME(x) avx2_##x
#include "exec/format/csv_quick_tmpl.h"
#undef CSV_NAME

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

/* ---- AVX-512 ----------------------------------------------------------------------------------- */

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi,bmi2,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512vbmi2,avx2,bmi,bmi2,popcnt")
#endif

typedef struct avx512_Marks {
    __m512i delimiter, quote;
    bool has_quote;
} avx512_Marks;

static inline avx512_Marks avx512_marks(const CsvDecoder *d)
{
    return (avx512_Marks){_mm512_set1_epi8(d->delimiter), _mm512_set1_epi8(d->quote ? d->quote : '\n'), d->quote != 0};
}

static inline uint64_t avx512_specials(const char *block, const avx512_Marks *m)
{
    __m512i v = _mm512_loadu_si512(block);
    return _mm512_cmpeq_epi8_mask(v, m->delimiter) | _mm512_cmpeq_epi8_mask(v, m->quote) |
           _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n')) | _mm512_movepi8_mask(v);
}

static inline uint64_t avx512_ends(const char *block, const avx512_Marks *m, uint64_t *quotes, uint64_t *high)
{
    __m512i v = _mm512_loadu_si512(block);
    *high |= _mm512_movepi8_mask(v);
    *quotes = m->has_quote ? _mm512_cmpeq_epi8_mask(v, m->quote) : 0;
    return _mm512_cmpeq_epi8_mask(v, m->delimiter) | _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\n'));
}

#include "exec/format/positions_avx512.h"
#define avx512_put_positions positions_put_avx512
#define CSV_NAME(x) avx512_##x
#include "exec/format/csv_quick_tmpl.h"
#undef CSV_NAME

#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#elif defined(__aarch64__)
#include "exec/format/neon.h"

/* ---- NEON -------------------------------------------------------------------------------------- */

typedef struct neon_Marks {
    uint8x16_t delimiter, quote;
    bool has_quote;
} neon_Marks;

static neon_Marks neon_marks(const CsvDecoder *d)
{
    return (neon_Marks){vdupq_n_u8((uint8_t)d->delimiter), vdupq_n_u8((uint8_t)(d->quote ? d->quote : '\n')), d->quote != 0};
}

static inline uint8x16_t neon_end(uint8x16_t v, const neon_Marks *m)
{
    return vorrq_u8(vceqq_u8(v, m->delimiter), vceqq_u8(v, vdupq_n_u8('\n')));
}

static inline uint64_t neon_specials(const char *block, const neon_Marks *m)
{
    Neon64 x = neon_load64(block);
    for (int i = 0; i < 4; i++) {
        uint8x16_t quote_or_high = vorrq_u8(vceqq_u8(x.v[i], m->quote), vcgeq_u8(x.v[i], vdupq_n_u8(0x80)));
        x.v[i] = vorrq_u8(neon_end(x.v[i], m), quote_or_high);
    }
    return neon_bits(&x);
}

static inline uint64_t neon_ends(const char *block, const neon_Marks *m, uint64_t *quotes, uint64_t *high)
{
    Neon64 x = neon_load64(block), quote, end;
    *high |= neon_has_high(&x);
    for (int i = 0; i < 4; i++) {
        quote.v[i] = vceqq_u8(x.v[i], m->quote);
        end.v[i] = neon_end(x.v[i], m);
    }
    *quotes = m->has_quote ? neon_bits(&quote) : 0;
    return neon_bits(&end);
}

#define neon_put_positions positions_put
#define CSV_NAME(x) neon_##x
#include "exec/format/csv_quick_tmpl.h"
#undef CSV_NAME
#endif

static const char *none_decode(CsvDecoder *d, const char *p, const char *end, uint64_t offset, RowBuilder *out)
{
    (void)d, (void)end, (void)offset, (void)out;
    return p;
}

int csv_quick_level(CsvDecoder *c, int level)
{
    c->quick = level < 0 ? none_decode : any_decode;
    if (level < 0) return level;
    level = simd_level(level);
#if defined(__x86_64__)
    if (level == SIMD_AVX512) c->quick = avx512_decode;
    if (level == SIMD_AVX2) c->quick = avx2_decode;
#elif defined(__aarch64__)
    if (level == SIMD_NEON) c->quick = neon_decode;
#endif
    return level;
}

const char *csv_quick(CsvDecoder *c, const char *p, const char *end, uint64_t offset, RowBuilder *out)
{
    const char *newline = end > p ? memrchr(p, '\n', (size_t)(end - p)) : NULL;
    return newline && c->nfields > 0 ? c->quick(c, p, newline + 1, offset, out) : p;
}
