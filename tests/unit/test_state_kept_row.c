/* test_state_kept_row.c: rows in blocks: made a column at a time or one by one, with text that is copied or
 * that lasts elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "exec/state/kept_row.h"

#include <stdio.h>

enum { ROWS = 700, COLS = 36, FRONT = 16, LONG = 3 /* the column of long text */ };

static uint64_t seed;

static uint32_t draw(uint32_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((seed >> 33) % n);
}

typedef struct Case {
    Arena arena;
    StateHeap heap;
    Type types[COLS];
    KeyLayout layout;
    KeptRows kept;
    Column cols[COLS];
    int32_t rows[ROWS];
    uint8_t *out[ROWS];
} Case;

/* Of few bytes and of many. */
static Value text_of(Arena *a, int row, int col)
{
    int n = draw(10) == 0 ? (int)draw(3000) : (int)draw(40);
    char *p = new_raw(a, char, n + 1);
    for (int i = 0; i < n; i++) p[i] = (char)('a' + (row + col + i) % 26);
    return value_text(str_of(p, n));
}

static Value value_of(Arena *a, Type t, int row, int col)
{
    if (draw(7) == 0) return value_null(t);
    switch ((TypeKind)t.kind) {
    case TYPE_TEXT: return text_of(a, row, col);
    case TYPE_DOUBLE: return (Value){.type = t, .d = draw(3) ? row * 0.5 : -0.0};
    case TYPE_DECIMAL: return (Value){.type = t, .dec = (Int128)row * -1000000007};
    case TYPE_BOOLEAN: return value_bool(row % 3 == 0);
    default: return (Value){.type = t, .i = row * 31 + col};
    }
}

/* More columns than have their NULL bit inside, every third of them text. */
static Case *case_new(bool has_marks)
{
    Type kinds[] = {TYPE_BIGINT_, TYPE_OF(TYPE_DOUBLE), TYPE_DECIMAL_(30, 2), TYPE_OF(TYPE_TEXT), TYPE_OF(TYPE_BOOLEAN), TYPE_OF(TYPE_DATE)};
    Case *c = mem_alloc(sizeof *c);
    seed = 42;
    for (int i = 0; i < COLS; i++) c->types[i] = kinds[i % 6];
    c->layout = key_layout_new(&c->arena, c->types, COLS);
    c->kept = kept_rows_new(&c->layout, FRONT, has_marks);
    for (int i = 0; i < COLS; i++) {
        c->cols[i] = column_new(&c->arena, c->types[i], ROWS);
        for (int r = 0; r < ROWS; r++) {
            Value v = value_of(&c->arena, c->types[i], r, i);
            column_put(&c->cols[i], &c->arena, r, &v);
        }
    }
    for (int r = 0; r < ROWS; r++) c->rows[r] = ROWS - 1 - r;
    return c;
}

static void case_free(Case *c)
{
    for (int i = 0; i < ROWS; i++) kept_row_free(&c->kept, &c->heap, c->out[i]);
    assert_int_equal(c->heap.used, 0);
    heap_clear(&c->heap);
    arena_free(&c->arena);
    mem_free(c, sizeof *c);
}

static void assert_rows(Case *c)
{
    for (int i = 0; i < COLS; i++) {
        Column got = column_new(&c->arena, c->types[i], ROWS);
        kept_rows_column(&c->kept, c->out, ROWS, i, &got, &c->arena);
        for (int r = 0; r < ROWS; r++) {
            Value is = column_value(&got, r), wanted = column_value(&c->cols[i], c->rows[r]);
            assert_true(value_eq(&is, &wanted));
        }
    }
}

static void rows_are_what_they_were_made_of(void **state)
{
    (void)state;
    Case *c = case_new(true);
    Str marks[ROWS];
    for (int r = 0; r < ROWS; r++) marks[r] = r % 5 ? (Str){0} : str_z(r % 2 ? "m" : "marks of more than twelve bytes");
    kept_rows_make(&c->kept, &c->heap, c->cols, NULL, marks, c->rows, ROWS, c->out);
    for (int r = 0; r < ROWS; r++) memset(c->out[r], r, FRONT);
    assert_rows(c);
    for (int r = 0; r < ROWS; r++) {
        assert_true(str_eq(kept_marks(&c->kept, c->out[r]), marks[r]));
        assert_true(kept_row_eq(&c->kept, c->out[r], c->out[r]));
        if (r > 0) assert_false(kept_row_eq(&c->kept, c->out[r], c->out[r - 1]));
    }
    case_free(c);
}

/* The bytes of copied text may go; those that last are not copied. */
static void text_that_lasts_is_referred_to(void **state)
{
    (void)state;
    Case *c = case_new(false);
    kept_rows_make(&c->kept, &c->heap, c->cols, NULL, NULL, c->rows, ROWS, c->out);
    int64_t copied = c->heap.used;
    uint8_t *copies[ROWS];
    memcpy(copies, c->out, sizeof copies);
    c->cols[LONG].is_lasting = true;
    kept_rows_make(&c->kept, &c->heap, c->cols, NULL, NULL, c->rows, ROWS, c->out);
    assert_true(c->heap.used - copied < copied);
    assert_rows(c);
    const Text *from = c->cols[LONG].data;
    for (int r = 0; r < ROWS; r++) {
        const Text *kept = (const Text *)(const void *)&kept_words(&c->kept, c->out[r])[c->layout.cols[LONG].at];
        if (kept->len > TEXT_INLINE) assert_ptr_equal(kept->ptr, from[c->rows[r]].ptr);
        assert_true(kept_row_eq(&c->kept, c->out[r], copies[r]));
        uint8_t *alone = kept_row_make(&c->kept, &c->heap, kept_words(&c->kept, c->out[r]), kept_head(&c->kept, c->out[r])->nulls, (Str){0});
        assert_true(kept_row_eq(&c->kept, alone, copies[r]));
        assert_int_equal(kept_head(&c->kept, alone)->bytes, kept_head(&c->kept, copies[r])->bytes);
        kept_row_free(&c->kept, &c->heap, alone);
    }
    for (int r = 0; r < ROWS; r++) kept_row_free(&c->kept, &c->heap, copies[r]);
    case_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_what_they_were_made_of),
        cmocka_unit_test(text_that_lasts_is_referred_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
