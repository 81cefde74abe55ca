/* fuzz_state.c: saved state of any content, with the right checksum: refused when the database is
 * opened, or something the operators can go on with; never a crash.
 *
 * The bytes are a list of edits: which blob, which of its records, which part, and what to do. */
#include "base/hash.h"
#include "tests/fuzz/fuzz_house.h"

typedef struct Blob {
    sqlite3_int64 id;
    bool is_base;
    int n;
    uint8_t bytes[1 << 16];
} Blob;

/* ---- records: kind, then parts, each a LEB128 length and bytes ------------------------------------------ */

static int read_length(const Blob *b, int at, int *length)
{
    int shift = 0;
    for (*length = 0; at < b->n && shift < 28; shift += 7) {
        *length |= (b->bytes[at] & 0x7f) << shift;
        if (!(b->bytes[at++] & 0x80)) return at;
    }
    return -1;
}

/* Where part `part` of record `record` begins, and how long it is. False: no such part. */
static bool find_part(const Blob *b, int record, int part, int *at, int *length)
{
    int p = 0;
    for (int i = 0;; i++) {
        if (p >= b->n) return false;
        int parts = b->bytes[p] == 1 ? 3 : b->bytes[p] == 2 ? 2 : 1;
        p++;
        for (int k = 0; k < parts; k++) {
            p = read_length(b, p, length);
            if (p < 0 || p + *length > b->n) return false;
            if (i == record && k == part % parts) return *at = p, true;
            p += *length;
        }
    }
}

static int count_records(const Blob *b)
{
    int n = 0, at, length;
    while (find_part(b, n, 0, &at, &length)) n++;
    return n;
}

/* Makes the part that begins at `at` one byte longer or shorter; lengths of one byte only. */
static void resize_part(Blob *b, int at, int length, int by, int where)
{
    if (length + by < 0 || length + by > 127 || b->n + by > (int)sizeof b->bytes || b->bytes[at - 1] != length) return;
    uint8_t *p = b->bytes + at + where % (length + 1);
    if (by > 0) memmove(p + 1, p, (size_t)(b->bytes + b->n - p));
    else if (p < b->bytes + at + length) memmove(p, p + 1, (size_t)(b->bytes + b->n - p - 1));
    else return;
    b->n += by;
    b->bytes[at - 1] = (uint8_t)(length + by);
}

static void edit(Blob *b, Choices *c)
{
    int records = count_records(b), at, length;
    if (records == 0 || !find_part(b, (int)choose(c, 256) % records, (int)choose(c, 3), &at, &length)) return;
    uint32_t where = choose(c, 256), what = choose(c, 4);
    uint8_t value = (uint8_t)choose(c, 256);
    if (what == 0) resize_part(b, at, length, 1, (int)where);
    else if (what == 1) resize_part(b, at, length, -1, (int)where);
    else if (length) b->bytes[at + (int)where % length] ^= value;
}

/* ---- the database ---------------------------------------------------------------------------------------- */

static int blob_count(sqlite3 *db)
{
    sqlite3_stmt *st;
    sqlite3_prepare_v2(db, "SELECT (SELECT count(*) FROM _weir_state_base) + (SELECT count(*) FROM _weir_state_log)", -1, &st, NULL);
    sqlite3_step(st);
    int n = sqlite3_column_int(st, 0);
    sqlite3_finalize(st);
    return n;
}

static bool blob_read(sqlite3 *db, int i, Blob *b)
{
    sqlite3_stmt *st;
    sqlite3_prepare_v2(db, "SELECT id, 1, records FROM _weir_state_base UNION ALL SELECT id, 0, records FROM _weir_state_log LIMIT 1 OFFSET ?1", -1, &st, NULL);
    sqlite3_bind_int(st, 1, i);
    bool is_there = sqlite3_step(st) == SQLITE_ROW && sqlite3_column_bytes(st, 2) < (int)sizeof b->bytes;
    if (is_there) {
        b->id = sqlite3_column_int64(st, 0);
        b->is_base = sqlite3_column_int(st, 1);
        b->n = sqlite3_column_bytes(st, 2);
        if (b->n) memcpy(b->bytes, sqlite3_column_blob(st, 2), (size_t)b->n);
    }
    sqlite3_finalize(st);
    return is_there;
}

static void blob_write(sqlite3 *db, const Blob *b)
{
    sqlite3_stmt *st;
    sqlite3_prepare_v2(db, b->is_base ? "UPDATE _weir_state_base SET records = ?1, xxh3 = ?2 WHERE id = ?3"
                                      : "UPDATE _weir_state_log SET records = ?1, xxh3 = ?2 WHERE id = ?3", -1, &st, NULL);
    sqlite3_bind_blob(st, 1, b->bytes, b->n, SQLITE_STATIC);
    sqlite3_bind_int64(st, 2, (sqlite3_int64)hash_bytes(b->bytes, b->n));
    sqlite3_bind_int64(st, 3, b->id);
    must(sqlite3_step(st) == SQLITE_DONE, "%s", sqlite3_errmsg(db));
    sqlite3_finalize(st);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static char *path;
    static Blob blob;
    Choices c = {data, data + n};
    sqlite3 *db;
    const House *h = house();
    if (!path) path = fuzz_path("damaged.db");
    fuzz_write(path, h->bytes, h->n);
    must(sqlite3_open(path, &db) == SQLITE_OK, "cannot open %s", path);
    sql_do(db, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; BEGIN");
    int blobs = blob_count(db);
    while (c.at < c.end) {
        if (!blob_read(db, (int)(choose(&c, 256) << 8 | choose(&c, 256)) % blobs, &blob)) continue;
        if (choose(&c, 16) == 15) blob.n = (int)choose(&c, 255), memset(blob.bytes, (int)choose(&c, 256), 256);
        else for (uint32_t edits = 1 + choose(&c, 3); edits; edits--) edit(&blob, &c);
        blob_write(db, &blob);
    }
    sql_do(db, "COMMIT");
    sqlite3_close(db);
    FuzzEngine e = {.path = path, .settings = {"synchronous=off"}};
    house_go_on(&e);
    fuzz_close(&e);
    return 0;
}
