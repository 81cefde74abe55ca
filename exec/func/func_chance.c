/* func_chance.c: random() and uuid(): functions of the seed, the row's position and the place of
 * the call in the query's text, so that every run gives a row the same value. */
#include "base/hash.h"
#include "exec/func/call.h"

static uint64_t chance(const EvalCtx *c, int row, uint64_t salt)
{
    uint64_t h = hash_mix(c->env->seed, (uint64_t)c->call->span.off + (salt << 32));
    if (!c->batch->offset) return hash_mix(hash_mix(h, (uint64_t)c->env->now_us), (uint64_t)row);
    Pos p = batch_pos(c->batch, row);
    h = hash_mix(hash_mix(h, p.label), p.offset);
    return hash_mix(h, (uint64_t)p.generation << 32 | p.ordinal);
}

static void random_double(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)args, (void)nargs;
    double *to = out->data;
    EACH_ROW (c, row) to[row] = (double)(chance(c, row, 1) >> 11) * 0x1p-53;
}
static const FuncImpl random_impl = {.columns = random_double};

/* 0 to n - 1 */
static void random_integer(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) {
        int64_t n = ARG(int64_t, 0, row);
        if (n > 0)
            to[row] = (int64_t)((UInt128)chance(c, row, 2) * (uint64_t)n >> 64);
        else
            call_failed(c, out, row, "rand_integer takes a number above 0");
    }
}
static const FuncImpl random_integer_impl = {.columns = random_integer};

/* RFC 9562, version 4. */
static void uuid(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)args, (void)nargs;
    EACH_ROW (c, row) {
        uint64_t a = (chance(c, row, 3) & ~UINT64_C(0xf000)) | 0x4000;
        uint64_t b = (chance(c, row, 4) & ~(UINT64_C(3) << 62)) | UINT64_C(1) << 63;
        put_text(out, row,
                 str_printf(c->arena, "%08x-%04x-%04x-%04x-%012llx", (unsigned)(a >> 32),
                            (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xffff),
                            (unsigned)(b >> 48), (unsigned long long)(b & 0xffffffffffff)));
    }
}
static const FuncImpl uuid_impl = {.columns = uuid};

#define FN(n, other, pattern, res, f, more, group_name, about) \
    { \
        .name = n, .aliases = other, .args = pattern, .result = res, .impl = &f, \
        .flags = FUNC_VOLATILE | (more), .group = group_name, .doc = about \
    }

const FuncDef func_chance[] = {
    FN("random", "rand", "", "d", random_impl, 0, "math",
       "a number from 0 to below 1, the same for a row in every run"),
    FN("rand_integer", NULL, "i", "i", random_integer_impl, FUNC_CAN_FAIL, "math",
       "a whole number from 0 to below the argument"),
    FN("uuid", "gen_random_uuid", "", "t", uuid_impl, 0, "text",
       "a random UUID, the same for a row in every run"),
    {0},
};
