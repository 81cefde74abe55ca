/* complete.c: what a word may become: names of the live catalog, columns of a relation after its alias,
 * dot-commands, file names. */
#include "shell/line.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Dot-commands whose arguments are files. */
static const char *const with_files[] = {".read", ".open", ".import", ".export", ".output", ".once", ".backup", "\\i", "\\o"};

static bool wants_file(const char *before)
{
    size_t quotes = 0;
    before += strspn(before, " \t\n");
    for (size_t i = 0; i < sizeof with_files / sizeof *with_files; i++)
        if (!strncmp(before, with_files[i], strlen(with_files[i]))) return true;
    for (; *before; before++) quotes += *before == '\'';
    return quotes % 2 == 1;
}

typedef struct Adding {
    CompletionAdd add;
    void *arg;
    const char *before; /* "b." in front of each name */
    const char *prefix;
} Adding;

static void add_dot_commands(const Adding *a, const char *word)
{
    for (int i = 0; dot_table[i]; i++) {
        char *name;
        if (asprintf(&name, ".%s", dot_table[i]->name) < 0) continue;
        if (!strncmp(name, word, strlen(word))) a->add(a->arg, name);
        free(name);
    }
}

static void add_name(void *arg, const char *name, const char *kind)
{
    (void)kind;
    const Adding *a = arg;
    a->add(a->arg, name);
}

/* ---- columns of a relation ------------------------------------------------------------------------------ */

/* Whether there is such a relation; its columns are added. */
static bool add_columns(Session *s, const Adding *a, const char *relation)
{
    char *quoted = sql_quoted(relation, '"'), *sql;
    weir_stmt *stmt = NULL;
    bool found = false;
    if (asprintf(&sql, "DESCRIBE %s;", quoted) < 0) sql = NULL;
    if (sql && weir_prepare(s->db, sql, -1, &stmt, NULL) == WEIR_OK && stmt)
        while (weir_step(stmt) == WEIR_ROW) {
            char *name;
            const char *column = weir_column_text(stmt, 0, NULL);
            found = true;
            if (!column || strncasecmp(column, a->prefix, strlen(a->prefix))) continue;
            if (asprintf(&name, "%s%s", a->before, column) < 0) continue;
            a->add(a->arg, name);
            free(name);
        }
    weir_finalize(stmt);
    free(sql);
    free(quoted);
    return found;
}

static bool is_name_char(char c) { return isalnum((unsigned char)c) || c == '_' || (c & 0x80); }

/* The words of a text, lower case or not. */
typedef struct Words {
    char **list;
    int n, cap;
} Words;

static Words words_of(const char *text)
{
    Words w = {0};
    while (*text) {
        size_t n = 0;
        while (is_name_char(text[n])) n++;
        if (n > 0) {
            if (w.n == w.cap) w.list = realloc(w.list, (size_t)(w.cap = w.cap ? w.cap * 2 : 32) * sizeof *w.list);
            w.list[w.n++] = strndup(text, n);
        }
        text += n ? n : 1;
    }
    return w;
}

static void free_words(Words *w)
{
    for (int i = 0; i < w->n; i++) free(w->list[i]);
    free(w->list);
}

/* What `alias` stands for in `bid AS b`, `bid b`, or by itself. */
static void columns_of_alias(Session *s, const Adding *a, const char *text, const char *alias)
{
    Words w = words_of(text);
    bool found = false;
    for (int i = w.n - 1; i > 0 && !found; i--) {
        if (strcasecmp(w.list[i], alias)) continue;
        int at = i - 1 - (i > 1 && !strcasecmp(w.list[i - 1], "as"));
        found = add_columns(s, a, w.list[at]);
    }
    if (!found) add_columns(s, a, alias);
    free_words(&w);
}

bool complete_word(Session *s, const char *before, const char *word, CompletionAdd add, void *arg)
{
    Adding a = {.add = add, .arg = arg, .before = "", .prefix = word};
    const char *dot = strrchr(word, '.');
    if (word[0] == '.' && !before[strspn(before, " \t\n")]) {
        add_dot_commands(&a, word);
        return true;
    }
    if (wants_file(before)) return false;
    if (!dot) {
        weir_names(s->db, word, add_name, &a);
        return true;
    }
    char *head = strndup(word, (size_t)(dot - word) + 1), *alias = strndup(word, (size_t)(dot - word));
    a.before = head;
    a.prefix = dot + 1;
    columns_of_alias(s, &a, before, alias);
    free(head);
    free(alias);
    return true;
}
