/* fuzz_database.c: bytes of a database file changed anywhere: it is refused, or its state is whole,
 * and then what the engine computes from it is right; never a crash.
 *
 * Views are SQLite's tables and as safe as any table of SQLite; so what is held against the right
 * answer are the rows that the engine wrote after it was opened, from state and new rows. */
#include "tests/fuzz/fuzz_house.h"

/* Of every group of this view a row is written anew by the rows that come; it shows nothing old. */
static const char FRESH[] = "SELECT k, n, sv, hi, lo FROM groups ORDER BY k";

static const char *right_answer(const House *h, const char *path)
{
    static char *answer;
    if (answer) return answer;
    weir_status st;
    fuzz_write(path, h->bytes, h->n);
    FuzzEngine e = {.path = path, .settings = {"synchronous=off"}};
    must(house_go_on(&e) == WEIR_OK, "%s", weir_errmsg(e.db));
    answer = fuzz_rows(&e, FRESH, &st);
    must(st == WEIR_DONE, "%s", weir_errmsg(e.db));
    fuzz_close(&e);
    return answer;
}

static void remove_wal(const char *path)
{
    char *wal;
    must(asprintf(&wal, "%s-wal", path) > 0, "no memory");
    unlink(wal);
    memcpy(wal + strlen(path), "-shm", 4);
    unlink(wal);
    free(wal);
}

/* Three bytes say where, one what. */
static void damage(uint8_t *bytes, size_t size, Choices *c)
{
    while (c->at + 4 <= c->end) {
        size_t at = (size_t)choose(c, 256) << 16;
        at |= (size_t)choose(c, 256) << 8;
        at |= choose(c, 256);
        bytes[at % size] ^= (uint8_t)choose(c, 256);
    }
}

/* Reads every view; where the rows of one are wrong, says so. */
static char *read_views(FuzzEngine *e, const char *right)
{
    weir_status st;
    char *rows = fuzz_rows(e, FRESH, &st);
    bool is_wrong = st == WEIR_DONE && strcmp(rows, right) != 0;
    for (size_t i = 0; i < sizeof HOUSE_VIEWS / sizeof *HOUSE_VIEWS; i++) {
        char sql[64];
        snprintf(sql, sizeof sql, "SELECT * FROM %s", HOUSE_VIEWS[i]);
        free(fuzz_rows(e, sql, &st));
    }
    if (is_wrong) return rows;
    free(rows);
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static char *path;
    static uint8_t *bytes;
    Choices c = {data, data + n};
    const House *h = house();
    if (!path) {
        path = fuzz_path("damaged.db");
        bytes = malloc(h->n);
    }
    const char *right = right_answer(h, path);
    remove_wal(path);
    memcpy(bytes, h->bytes, h->n);
    damage(bytes, h->n, &c);
    fuzz_write(path, bytes, h->n);
    FuzzEngine e = {.path = path, .settings = {"synchronous=off"}};
    char *wrong = house_go_on(&e) == WEIR_OK ? read_views(&e, right) : NULL;
    fuzz_close(&e);
    remove_wal(path);
    if (wrong) fuzz_write(path, bytes, h->n); /* to look at */
    must(!wrong, "from a damaged database:\n%sand it is right to have\n%s", wrong, right);
    return 0;
}
