/* test_script.c: splits a file of tests into steps. */
#include "shell/test_script.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- text ----------------------------------------------------------------------------------------------- */

static const char *skip_comment(const char *p)
{
    if (p[0] == '-' && p[1] == '-') return p + strcspn(p, "\n");
    if (p[0] == '/' && p[1] == '*') {
        const char *end = strstr(p + 2, "*/");
        return end ? end + 2 : p + strlen(p);
    }
    return p;
}

static const char *skip_blank(const char *p)
{
    for (const char *before = NULL; before != p;) {
        before = p;
        p += strspn(p, " \t\r\n;");
        p = skip_comment(p);
    }
    return p;
}

/* Past a quoted text, or a comment, or one character. */
static const char *skip_one(const char *p)
{
    if (*p == '\'' || *p == '"' || *p == '`') {
        const char *end = strchr(p + 1, *p);
        return end ? end + 1 : p + strlen(p);
    }
    const char *past = skip_comment(p);
    return past != p ? past : p + 1;
}

/* The end of a statement: its semicolon, or the end of the text. */
static const char *statement_end(const char *p)
{
    while (*p && *p != ';') p = skip_one(p);
    return p;
}

/* Whether words stand at p; *past is what follows them. */
static bool has_words(const char *p, const char *words, const char **past)
{
    while (*words) {
        size_t n = strcspn(words, " ");
        p = skip_blank(p);
        if (strncasecmp(p, words, n) || isalnum((unsigned char)p[n]) || p[n] == '_') return false;
        p += n;
        words += n + (words[n] == ' ');
    }
    *past = skip_blank(p);
    return true;
}

static char *trimmed(const char *p, const char *end)
{
    while (end > p && isspace((unsigned char)end[-1])) end--;
    return strndup(p, (size_t)(end - p));
}

/* A name, quoted or not. */
static char *take_name(const char **p)
{
    char quote = **p;
    if (quote == '\'' || quote == '"' || quote == '`') {
        const char *end = strchr(*p + 1, quote);
        char *name = end ? strndup(*p + 1, (size_t)(end - *p - 1)) : NULL;
        *p = end ? skip_blank(end + 1) : *p;
        return name;
    }
    size_t n = 0;
    while (isalnum((unsigned char)(*p)[n]) || (*p)[n] == '_' || ((*p)[n] & 0x80)) n++;
    char *name = n ? strndup(*p, n) : NULL;
    *p = skip_blank(*p + n);
    return name;
}

/* ---- steps ---------------------------------------------------------------------------------------------- */

static TestStep broken(const char *what) { return (TestStep){TEST_BROKEN, NULL, strdup(what), 0}; }

static TestStep begin_step(const char *p, const char *end)
{
    char *name = take_name(&p);
    if (name && p >= end) return (TestStep){TEST_BEGIN, name, NULL, 0};
    free(name);
    return broken("write BEGIN TEST 'name'");
}

static TestStep watermark_step(const char *p, const char *end)
{
    const char *after;
    char *stream = NULL;
    if (has_words(p, "of", &after)) {
        stream = take_name(&after);
        p = after;
    }
    if (has_words(p, "to", &p) && p < end) return (TestStep){TEST_WATERMARK, stream, trimmed(p, end), 0};
    free(stream);
    return broken("write ADVANCE WATERMARK [OF stream] TO timestamp");
}

static TestStep clock_step(const char *p, const char *end)
{
    if (has_words(p, "by", &p) && p < end) return (TestStep){TEST_CLOCK, NULL, trimmed(p, end), 0};
    return broken("write ADVANCE CLOCK BY interval");
}

/* name ( rows ) */
static TestStep expect_step(TestVerb verb, const char *p, const char *end)
{
    char *name = take_name(&p);
    while (end > p && isspace((unsigned char)end[-1])) end--;
    if (name && *p == '(' && end > p + 1 && end[-1] == ')') return (TestStep){verb, name, trimmed(p + 1, end - 1), 0};
    free(name);
    return broken("write EXPECT VIEW name ((value, …), …) or EXPECT CHANGES name (+(value, …), -(value, …))");
}

static TestStep step_of(const char *p, const char *end)
{
    const char *past;
    if (has_words(p, "begin test", &past)) return begin_step(past, end);
    if (has_words(p, "advance watermark", &past)) return watermark_step(past, end);
    if (has_words(p, "advance clock", &past)) return clock_step(past, end);
    if (has_words(p, "expect view", &past)) return expect_step(TEST_VIEW, past, end);
    if (has_words(p, "expect changes", &past)) return expect_step(TEST_CHANGES, past, end);
    if (has_words(p, "end", &past) && past >= end) return (TestStep){TEST_END, NULL, NULL, 0};
    return (TestStep){TEST_SQL, NULL, trimmed(p, end), 0};
}

TestScript test_script_read(const char *text)
{
    TestScript s = {0};
    int line = 1;
    const char *counted = text;
    for (const char *p = skip_blank(text); *p; p = skip_blank(p)) {
        const char *end = *p == '.' ? p + strcspn(p, "\n") : statement_end(p);
        for (; counted < p; counted++) line += *counted == '\n';
        if (s.n == s.cap) s.steps = realloc(s.steps, (size_t)(s.cap = s.cap ? s.cap * 2 : 32) * sizeof *s.steps);
        s.steps[s.n] = *p == '.' ? (TestStep){TEST_SQL, NULL, trimmed(p, end), 0} : step_of(p, end);
        s.steps[s.n++].line = line;
        p = end;
    }
    return s;
}

void test_script_free(TestScript *s)
{
    for (int i = 0; i < s->n; i++) {
        free(s->steps[i].name);
        free(s->steps[i].text);
    }
    free(s->steps);
    *s = (TestScript){0};
}

char *test_row_next(const char **p, char *sign)
{
    const char *at = skip_blank(*p);
    if (*at == ',') at = skip_blank(at + 1);
    *sign = *at == '+' || *at == '-' ? *at : 0;
    if (*sign) at = skip_blank(at + 1);
    if (!*at) return NULL;
    const char *end = at;
    for (int depth = 0; *end && !(depth == 0 && *end == ',');) {
        depth += (*end == '(') - (*end == ')');
        end = skip_one(end);
    }
    *p = end;
    return trimmed(at, end);
}
