/* regex.c: see regex.h. */
#include "exec/func/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { DEFAULT_MATCH_LIMIT = 10000000, DEPTH_LIMIT = 100000, HEAP_LIMIT_KB = 65536 };

struct Regex {
    pcre2_code *code;
    int groups;
};

/* ---- PCRE2's memory is the arena's ----------------------------------------------------------- */

static void *take(size_t size, void *arena)
{
    return arena_alloc_raw(arena, (ptrdiff_t)size, 16);
}

static void give_back(void *p, void *arena)
{
    (void)p, (void)arena;
}

static void free_code(void *code)
{
    pcre2_code_free(code);
}

/* ---- compiling ------------------------------------------------------------------------------- */

static uint32_t options_of(Str flags, Str *error)
{
    uint32_t o = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    for (ptrdiff_t i = 0; i < flags.n; i++) {
        switch (flags.p[i]) {
        case 'i':
            o |= PCRE2_CASELESS;
            break;
        case 's':
            o |= PCRE2_DOTALL;
            break;
        case 'm':
            o |= PCRE2_MULTILINE;
            break;
        case 'x':
            o |= PCRE2_EXTENDED;
            break;
        case 'c':
        case 'g':
        case 'n':
            break;
        default:
            *error = S("the flags of a regular expression are i, s, m, x, g");
        }
    }
    return o;
}

static Str error_text(Arena *a, int code, size_t at)
{
    char message[160];
    pcre2_get_error_message(code, (PCRE2_UCHAR *)message, sizeof message);
    return str_printf(a, "not a regular expression: %s at offset %zu", message, at);
}

const Regex *regex_compile(Arena *a, Str pattern, Str flags, bool use_jit, Str *error)
{
    int code;
    size_t at;
    *error = (Str){0};
    uint32_t options = options_of(flags, error);
    if (error->n) return NULL;
    pcre2_general_context *memory = pcre2_general_context_create(take, give_back, a);
    pcre2_compile_context *context = pcre2_compile_context_create(memory);
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)(pattern.n ? pattern.p : ""),
                                         (size_t)pattern.n, options, &code, &at, context);
    if (!compiled) {
        *error = error_text(a, code, at);
        return NULL;
    }
    uint32_t groups = 0;
    pcre2_pattern_info(compiled, PCRE2_INFO_CAPTURECOUNT, &groups);
    /* Where there is no JIT the interpreter runs. */
    if (use_jit && pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE) == 0)
        arena_on_release(a, free_code, compiled);
    Regex *r = new_one(a, Regex);
    *r = (Regex){compiled, (int)groups};
    return r;
}

int regex_groups(const Regex *r)
{
    return r->groups;
}

Status regex_prepare(const BExpr *call, int flags_at, Arena *a, void **out, Diags *d)
{
    const Value *pattern = constant_arg(call, 1);
    bool has_flags = flags_at >= 0 && flags_at < call->nargs;
    const Value *flags = has_flags ? constant_arg(call, flags_at) : NULL;
    *out = NULL;
    if (!pattern || (has_flags && !flags)) return WEIR_OK;
    Str error;
    *out = (void *)regex_compile(a, pattern->s, flags ? flags->s : (Str){0}, true, &error);
    if (*out) return WEIR_OK;
    return diag_error(d, WEIR_E_VALUE, call->args[1]->span, "%.*s", STR_ARG(error));
}

/* ---- matching -------------------------------------------------------------------------------- */

RegexRun regex_start(EvalCtx *c)
{
    return (RegexRun){.c = c, .fixed = c->prepared};
}

const Regex *regex_for(RegexRun *run, Str pattern, Str flags, Column *out, int row)
{
    Str error;
    if (run->fixed) return run->fixed;
    if (run->last && str_eq(run->pattern, pattern) && str_eq(run->flags, flags)) return run->last;
    run->last = regex_compile(run->c->arena, pattern, flags, false, &error);
    run->pattern = pattern;
    run->flags = flags;
    if (!run->last) call_failed(run->c, out, row, "%.*s", STR_ARG(error));
    return run->last;
}

typedef struct MatchState {
    pcre2_match_data *data;
    pcre2_match_context *context;
} MatchState;

static const MatchState *match_state(RegexRun *run, const Regex *r)
{
    if (run->match_of == r) return run->match;
    pcre2_general_context *memory = pcre2_general_context_create(take, give_back, run->c->arena);
    MatchState *m = new_one(run->c->arena, MatchState);
    int64_t limit = run->c->env->regex_match_limit;
    if (limit <= 0 || limit > UINT32_MAX) limit = DEFAULT_MATCH_LIMIT;
    m->data = pcre2_match_data_create_from_pattern(r->code, memory);
    m->context = pcre2_match_context_create(memory);
    pcre2_set_match_limit(m->context, (uint32_t)limit);
    pcre2_set_depth_limit(m->context, DEPTH_LIMIT);
    pcre2_set_heap_limit(m->context, HEAP_LIMIT_KB);
    run->match = m;
    run->match_of = r;
    return m;
}

int regex_find(RegexRun *run, const Regex *r, Str text, ptrdiff_t from, Column *out, int row)
{
    const MatchState *m = match_state(run, r);
    PCRE2_SPTR subject = (PCRE2_SPTR)(text.n ? text.p : "");
    int n = pcre2_match(r->code, subject, (size_t)text.n, (size_t)from, 0, m->data, m->context);
    if (n == PCRE2_ERROR_JIT_STACKLIMIT)
        n = pcre2_match(r->code, subject, (size_t)text.n, (size_t)from, PCRE2_NO_JIT, m->data,
                        m->context);
    if (n == PCRE2_ERROR_NOMATCH) return 0;
    if (n < 0) {
        call_failed(run->c, out, row, "a regular expression reached regex_limit");
        return -1;
    }
    run->span = pcre2_get_ovector_pointer(m->data);
    run->ngroups = n;
    return 1;
}

Str regex_group(const RegexRun *run, Str text, int g)
{
    if (g >= run->ngroups || run->span[2 * g] == PCRE2_UNSET) return (Str){0};
    return str_of(text.p + run->span[2 * g], (ptrdiff_t)(run->span[2 * g + 1] - run->span[2 * g]));
}
