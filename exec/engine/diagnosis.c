/* diagnosis.c: errors as the public interface shows them. */
#include "exec/engine/engine.h"

const char *weir_status_name(weir_status s) { return status_name(s); }

static const char *c_text(weir *db, Str s) { return s.n ? str_cstr(&db->call, s) : NULL; }

static weir_diag show(weir *db, const Diag *e)
{
    return (weir_diag){.code = e->code,
                       .code_name = status_name(e->code),
                       .message = str_cstr(&db->call, e->message),
                       .hint = c_text(db, e->hint),
                       .file = c_text(db, db->diags.file),
                       .line = e->span.line,
                       .column = e->span.col,
                       .offset = e->span.off,
                       .length = e->span.len,
                       .rendered = str_cstr(&db->call, diag_render(&db->diags, e, &db->call))};
}

const weir_diag *weir_diags(weir *db, int *n)
{
    static const weir_diag nomem = {.code = WEIR_E_NOMEM, .code_name = "WEIR_E_NOMEM",
                                    .message = "out of memory", .rendered = "WEIR_E_NOMEM: out of memory"};
    *n = 0;
    if (!db || !db->diags.list.len) return NULL;
    *n = (int)db->diags.list.len;
    if (db->shown) return db->shown;
    OomFrame f;
    if (OOM_TRY(&f)) {
        weir_diag *out = new (&db->call, weir_diag, db->diags.list.len);
        for (ptrdiff_t i = 0; i < db->diags.list.len; i++) out[i] = show(db, &db->diags.list.data[i]);
        db->shown = out;
        OOM_END(&f);
        return out;
    }
    *n = 1;
    return &nomem;
}

const char *weir_errmsg(weir *db)
{
    int n;
    const weir_diag *d = weir_diags(db, &n);
    return n ? d[0].rendered : "";
}
