/* wide.c: see wide.h. */
#include "exec/agg/wide.h"

static void add_words(Wide *to, uint64_t a, uint64_t b, uint64_t c)
{
    UInt128 t = (UInt128)to->w[0] + a;
    to->w[0] = (uint64_t)t;
    t = (UInt128)to->w[1] + b + (uint64_t)(t >> 64);
    to->w[1] = (uint64_t)t;
    to->w[2] += c + (uint64_t)(t >> 64);
}

static Wide negated(const Wide *v)
{
    Wide n = {{~v->w[0], ~v->w[1], ~v->w[2]}};
    add_words(&n, 1, 0, 0);
    return n;
}

static bool is_negative(const Wide *v)
{
    return v->w[2] >> 63;
}

void wide_add(Wide *to, const Wide *v, int sign)
{
    Wide t = sign < 0 ? negated(v) : *v;
    add_words(to, t.w[0], t.w[1], t.w[2]);
}

/* |v| · |weight|, word by word. */
static Wide product(UInt128 v, uint64_t weight)
{
    UInt128 low = (UInt128)(uint64_t)v * weight, high = (UInt128)(uint64_t)(v >> 64) * weight;
    Wide p = {{(uint64_t)low, (uint64_t)(low >> 64), 0}};
    add_words(&p, 0, (uint64_t)high, (uint64_t)(high >> 64));
    return p;
}

void wide_add_int128(Wide *to, Int128 v, int64_t weight)
{
    UInt128 magnitude = v < 0 ? -(UInt128)v : (UInt128)v;
    uint64_t times = weight < 0 ? -(uint64_t)weight : (uint64_t)weight;
    Wide p = product(magnitude, times);
    wide_add(to, &p, (v < 0) != (weight < 0) ? -1 : 1);
}

bool wide_to_int128(const Wide *v, Int128 *out)
{
    uint64_t extension = v->w[1] >> 63 ? UINT64_MAX : 0;
    if (v->w[2] != extension) return false;
    *out = (Int128)((UInt128)v->w[1] << 64 | v->w[0]);
    return true;
}

static Wide divided(const Wide *v, uint64_t n, uint64_t *rest)
{
    Wide q;
    UInt128 r = 0;
    for (int i = 2; i >= 0; i--) {
        r = r << 64 | v->w[i];
        q.w[i] = (uint64_t)(r / n);
        r %= n;
    }
    *rest = (uint64_t)r;
    return q;
}

bool wide_div(const Wide *v, int64_t n, int more, Int128 *out)
{
    bool negative = is_negative(v);
    Wide magnitude = negative ? negated(v) : *v;
    uint64_t rest, power = 1;
    for (int i = 0; i < more; i++) power *= 10;
    Wide q = divided(&magnitude, (uint64_t)n, &rest);
    Int128 whole, scaled;
    UInt128 r = (UInt128)rest * power;
    UInt128 part = r / (uint64_t)n + (r % (uint64_t)n * 2 >= (uint64_t)n);
    if (!wide_to_int128(&q, &whole) || __builtin_mul_overflow(whole, (Int128)power, &scaled) ||
        __builtin_add_overflow(scaled, (Int128)part, &scaled))
        return false;
    *out = negative ? -scaled : scaled;
    return true;
}
