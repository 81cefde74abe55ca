/* func_digest.c: checksums and encodings of bytes: crc32, md5, sha…, hex, base64. */
#include "base/base64.h"
#include "base/utf8.h"
#include "exec/func/call.h"

#ifdef WEIR_HAVE_CRYPTO
#include <openssl/evp.h>
#endif

/* ---- hex ------------------------------------------------------------------------------------- */

static Str to_hex(Arena *a, const void *bytes, ptrdiff_t n, bool capitals)
{
    const char *digits = capitals ? "0123456789ABCDEF" : "0123456789abcdef";
    const unsigned char *in = bytes;
    char *p = arena_alloc_raw(a, checked_mul(n, 2), 1);
    for (ptrdiff_t i = 0; i < n; i++) {
        p[2 * i] = digits[in[i] >> 4];
        p[2 * i + 1] = digits[in[i] & 15];
    }
    return str_of(p, 2 * n);
}

static int digit_of(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool from_hex(Arena *a, Str s, Str *out)
{
    if (s.n % 2) return false;
    char *p = arena_alloc_raw(a, s.n / 2, 1);
    for (ptrdiff_t i = 0; i < s.n; i += 2) {
        int high = digit_of(s.p[i]), low = digit_of(s.p[i + 1]);
        if (high < 0 || low < 0) return false;
        p[i / 2] = (char)(high << 4 | low);
    }
    *out = str_of(p, s.n / 2);
    return true;
}

static void hex(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) {
        Str s = ARG_STR(0, row);
        put_text(out, row, to_hex(c->arena, s.p, s.n, true));
    }
}
static void hex_int(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row)
        put_text(out, row, str_printf(c->arena, "%llX", (unsigned long long)ARG(int64_t, 0, row)));
}
static void unhex(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) {
        Str bytes;
        if (from_hex(c->arena, ARG_STR(0, row), &bytes))
            put_text(out, row, bytes);
        else
            column_set_null(out, c->arena, row);
    }
}
static const FuncImpl hex_impl = {.columns = hex};
static const FuncImpl hex_int_impl = {.columns = hex_int};
static const FuncImpl unhex_impl = {.columns = unhex};

/* ---- base64 (RFC 4648) ----------------------------------------------------------------------- */

static Str to_base64(Arena *a, Str s)
{
    StrBuf b = {.arena = a};
    base64_put(&b, s);
    return str_of(b.p, b.n);
}

static void encode_base64(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) put_text(out, row, to_base64(c->arena, ARG_STR(0, row)));
}
/* To text, where the bytes are text. */
static void decode_base64(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    EACH_ROW (c, row) {
        Str bytes;
        if (base64_read(ARG_STR(0, row), c->arena, &bytes) && utf8_is_valid(bytes))
            put_text(out, row, bytes);
        else
            call_failed(c, out, row, "not base64 of a text");
    }
}
static const FuncImpl to_base64_impl = {.columns = encode_base64};
static const FuncImpl from_base64_impl = {.columns = decode_base64};

/* PostgreSQL's encode(bytes, format) and decode(text, format). */
static Status encode(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs;
    if (str_ieq(args[1].s, S("hex"))) {
        out->s = to_hex(c->arena, args[0].s.p, args[0].s.n, false);
    } else if (str_ieq(args[1].s, S("base64"))) {
        out->s = to_base64(c->arena, args[0].s);
    } else {
        *message = S("encode knows 'hex' and 'base64'");
        return WEIR_E_VALUE;
    }
    return WEIR_OK;
}
static Status decode(EvalCtx *c, const Value *args, int nargs, Value *out, Str *message)
{
    (void)nargs;
    bool is_hex = str_ieq(args[1].s, S("hex")), is_base64 = str_ieq(args[1].s, S("base64"));
    *message = is_hex || is_base64 ? S("the text is not in that encoding")
                                   : S("decode knows 'hex' and 'base64'");
    if (is_hex && from_hex(c->arena, args[0].s, &out->s)) return WEIR_OK;
    if (is_base64 && base64_read(args[0].s, c->arena, &out->s)) return WEIR_OK;
    return WEIR_E_VALUE;
}
static const FuncImpl encode_impl = {.row = encode};
static const FuncImpl decode_impl = {.row = decode};

/* ---- checksums ------------------------------------------------------------------------------- */

/* CRC-32 of zip and Ethernet: reflected, polynomial 0x04c11db7. */
static uint32_t crc32_of(Str s)
{
    uint32_t crc = 0xffffffffu;
    for (ptrdiff_t i = 0; i < s.n; i++) {
        crc ^= (unsigned char)s.p[i];
        for (int k = 0; k < 8; k++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static void crc32_rows(EvalCtx *c, const Column *args, int nargs, Column *out)
{
    (void)nargs;
    int64_t *to = out->data;
    EACH_ROW (c, row) to[row] = crc32_of(ARG_STR(0, row));
}
static const FuncImpl crc32_impl = {.columns = crc32_rows};

#ifdef WEIR_HAVE_CRYPTO
static void digest(EvalCtx *c, const Column *args, const EVP_MD *kind, Column *out)
{
    EACH_ROW (c, row) {
        unsigned char bytes[EVP_MAX_MD_SIZE];
        unsigned n = 0;
        Str s = ARG_STR(0, row);
        if (EVP_Digest(s.p, (size_t)s.n, bytes, &n, kind, NULL))
            put_text(out, row, to_hex(c->arena, bytes, (ptrdiff_t)n, false));
        else
            call_failed(c, out, row, "the cryptographic library refuses this digest");
    }
}
#define DIGEST(name, kind) \
    static void name##_rows(EvalCtx *c, const Column *args, int nargs, Column *out) \
    { \
        (void)nargs; \
        digest(c, args, kind, out); \
    } \
    static const FuncImpl name##_impl = {.columns = name##_rows};
DIGEST(md5, EVP_md5())
DIGEST(sha1, EVP_sha1())
DIGEST(sha224, EVP_sha224())
DIGEST(sha256, EVP_sha256())
DIGEST(sha384, EVP_sha384())
DIGEST(sha512, EVP_sha512())
#endif

/* ---- definitions ----------------------------------------------------------------------------- */

#define FN(n, other, pattern, res, f, more, about) \
    { \
        .name = n, .aliases = other, .args = pattern, .result = res, .impl = &f, .flags = more, \
        .group = "text", .doc = about \
    }
#define FN2(n, other, res, f, more, about) \
    FN(n, other, "t", res, f, more, about), FN(n, other, "x", res, f, more, about)

const FuncDef func_digest[] = {
    FN("hex", "to_hex", "i", "t", hex_int_impl, 0, "the number in base 16"),
    FN2("hex", NULL, "t", hex_impl, 0, "two digits in base 16 for every byte"),
    FN("unhex", "from_hex", "t", "x", unhex_impl, 0,
       "the bytes that hex wrote; NULL of anything else"),
    FN2("to_base64", "base64", "t", to_base64_impl, 0, "the bytes in base 64"),
    FN("from_base64", "unbase64", "t", "t", from_base64_impl, FUNC_CAN_FAIL,
       "the text that to_base64 wrote"),
    FN("encode", NULL, "xt", "t", encode_impl, FUNC_CAN_FAIL, "the bytes in 'hex' or 'base64'"),
    FN("encode", NULL, "tt", "t", encode_impl, FUNC_CAN_FAIL,
       "the text's bytes in 'hex' or 'base64'"),
    FN("decode", NULL, "tt", "x", decode_impl, FUNC_CAN_FAIL, "the bytes that encode wrote"),
    FN2("crc32", NULL, "i", crc32_impl, 0, "CRC-32 checksum"),
#ifdef WEIR_HAVE_CRYPTO
    FN2("md5", NULL, "t", md5_impl, FUNC_CAN_FAIL, "MD5 digest in base 16"),
    FN2("sha1", NULL, "t", sha1_impl, FUNC_CAN_FAIL, "SHA-1 digest in base 16"),
    FN2("sha224", NULL, "t", sha224_impl, FUNC_CAN_FAIL, "SHA-224 digest in base 16"),
    FN2("sha256", NULL, "t", sha256_impl, FUNC_CAN_FAIL, "SHA-256 digest in base 16"),
    FN2("sha384", NULL, "t", sha384_impl, FUNC_CAN_FAIL, "SHA-384 digest in base 16"),
    FN2("sha512", NULL, "t", sha512_impl, FUNC_CAN_FAIL, "SHA-512 digest in base 16"),
#endif
    {0},
};
