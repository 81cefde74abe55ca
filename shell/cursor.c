/* cursor.c: statements and their rows, here or there.
 *
 * As a client the shell reads views itself, from the file, at one commit; all else is carried out by the
 * owner. Before it reads it lets the owner take what there is, and learns whether definitions have changed. */
#include "shell/cursor.h"
#include "shell/remote/client.h"
#include "shell/remote/server.h"
#include "shell/session.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SERVE_MS = 50 };

/* Whether a statement reads views, so that their standing queries should take what there is first. */
static bool reads_views(const char *sql)
{
    static const char *const words[] = {"select", "with", "values"};
    sql = skip_blank(sql);
    sql += strspn(sql, "( \t\r\n");
    for (int i = 0; i < 3; i++)
        if (!strncasecmp(sql, words[i], strlen(words[i]))) return true;
    return false;
}

/* ---- here ------------------------------------------------------------------------------------------------ */

static void take_shape(Cursor *c)
{
    c->ncols = weir_column_count(c->stmt);
    c->is_push = weir_is_push(c->stmt);
    c->has_retractions = weir_has_retractions(c->stmt);
    c->names = calloc((size_t)c->ncols + 1, sizeof *c->names);
    c->cells = calloc((size_t)c->ncols + 1, sizeof *c->cells);
    for (int i = 0; i < c->ncols; i++) c->names[i] = strdup(weir_column_name(c->stmt, i));
}

Cursor cursor_of(weir_stmt *stmt)
{
    Cursor c = {.stmt = stmt};
    take_shape(&c);
    return c;
}

static bool open_here(Session *s, const char *sql, const char **tail, Cursor *c)
{
    if (weir_prepare(s->db, sql, -1, &c->stmt, tail) != WEIR_OK) return false;
    c->is_blank = !c->stmt;
    if (c->stmt) take_shape(c);
    return true;
}

static weir_status next_here(Session *s, Cursor *c)
{
    weir_status st;
    while ((st = weir_step_for(c->stmt, s->server ? SERVE_MS : -1)) == WEIR_IDLE) server_turn(s->server, 0);
    if (st != WEIR_ROW) return st;
    for (int i = 0; i < c->ncols; i++) {
        c->cells[i].type = weir_column_type(c->stmt, i);
        c->cells[i].text = weir_column_text(c->stmt, i, &c->cells[i].len);
    }
    c->weight = weir_row_weight(c->stmt);
    return WEIR_ROW;
}

/* ---- there ----------------------------------------------------------------------------------------------- */

static bool take_columns(Cursor *c, Frame *f)
{
    int64_t n = frame_number(f);
    c->is_push = frame_number(f) != 0;
    c->has_retractions = frame_number(f) != 0;
    if (n < 0 || n > (f->end - f->p) / 8) return false;
    c->ncols = (int)n;
    c->names = calloc((size_t)n + 1, sizeof *c->names);
    c->cells = calloc((size_t)n + 1, sizeof *c->cells);
    for (int i = 0; i < c->ncols; i++) c->names[i] = frame_string(f);
    return frame_is_whole(f);
}

static weir_status take_row(Cursor *c, Frame *f)
{
    c->weight = (int)frame_number(f);
    for (int i = 0; i < c->ncols; i++) {
        int64_t type = frame_number(f);
        c->cells[i].type = type >= WEIR_NULL && type <= WEIR_BLOB ? (weir_type)type : WEIR_TEXT;
        c->cells[i].text = frame_text(f, &c->cells[i].len);
    }
    return frame_is_whole(f) ? WEIR_ROW : WEIR_E_INTERNAL;
}

static bool open_there(Session *s, const char *sql, int64_t n, Cursor *c)
{
    Frame f;
    client_ask_statement(s->client, sql, n);
    weir_status st = client_next(s->client, &f);
    c->client = s->client;
    c->is_blank = st == WEIR_DONE;
    return st == WEIR_DONE || (st == WEIR_ROW && f.kind == WIRE_COLUMNS && take_columns(c, &f));
}

static weir_status next_there(Cursor *c)
{
    Frame f;
    if (!c->client->is_asking) return WEIR_DONE;
    weir_status st = client_next(c->client, &f);
    return st == WEIR_ROW ? take_row(c, &f) : st;
}

/* ---- either ---------------------------------------------------------------------------------------------- */

static bool open_as_client(Session *s, const char *sql, const char **tail, bool looks_only, Cursor *c)
{
    int64_t n = weir_statement_length(sql, -1);
    if (n == 0) n = (int64_t)strlen(sql);
    if (tail) *tail = sql + n;
    bool is_query = reads_views(sql) && !s->client->in_transaction;
    if (!is_query) return open_there(s, sql, n, c);
    if (looks_only ? !session_reread(s) : !session_take(s)) return false;
    if (!open_here(s, sql, NULL, c)) return false;
    if (!c->stmt || (!c->is_push && !weir_reads_engine(c->stmt))) return true;
    cursor_close(c); /* it runs as long as the owner does, and where the owner is */
    return open_there(s, sql, n, c);
}

static bool open_as_owner(Session *s, const char *sql, const char **tail, bool looks_only, Cursor *c)
{
    if (server_is_held(s->server)) {
        if (tail) *tail = sql + strlen(sql);
        session_trouble(s, "another shell has a transaction open; wait for its COMMIT");
        return false;
    }
    if (!open_here(s, sql, tail, c)) return false;
    return looks_only || c->is_blank || c->is_push || !reads_views(sql) || session_take(s);
}

bool cursor_open(Session *s, const char *sql, const char **tail, bool looks_only, Cursor *out)
{
    *out = (Cursor){0};
    bool ok = s->client ? open_as_client(s, sql, tail, looks_only, out) : open_as_owner(s, sql, tail, looks_only, out);
    if (!ok) cursor_close(out);
    return ok;
}

weir_status cursor_next(Session *s, Cursor *c) { return c->stmt ? next_here(s, c) : next_there(c); }

double cursor_double(const Cursor *c, int i) { return c->cells[i].text ? strtod(c->cells[i].text, NULL) : 0; }

void cursor_close(Cursor *c)
{
    weir_finalize(c->stmt);
    if (c->client) client_give_up(c->client);
    for (int i = 0; i < c->ncols; i++) free(c->names[i]);
    free(c->names);
    free(c->cells);
    *c = (Cursor){0};
}
