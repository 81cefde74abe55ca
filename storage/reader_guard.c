/* reader_guard.c: what a query on the reading connection may do: read, within bounds.
 *
 * The connection cannot write in any case; this keeps it from other files, from settings of the whole
 * process (PRAGMA hard_heap_limit stops every connection in it) and from memory without end. */
#include "storage/storage_impl.h"

/* PRAGMAs that tell something; those of the second list take a name, which is no setting. */
static const char *const told[] = {"application_id", "collation_list", "compile_options", "data_version", "database_list",
                                   "encoding", "freelist_count", "function_list", "journal_mode", "module_list",
                                   "page_count", "page_size", "pragma_list", "query_only", "schema_version",
                                   "table_list", "user_version"};
static const char *const told_of[] = {"foreign_key_list", "index_info", "index_list", "index_xinfo", "integrity_check",
                                      "quick_check", "table_info", "table_list", "table_xinfo"};

static bool is_listed(const char *const *list, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (str_ieq(str_z(list[i]), str_z(name))) return true;
    return false;
}

#define IS_LISTED(list, name) is_listed((list), sizeof(list) / sizeof *(list), (name))

static int guard(void *arg, int action, const char *a, const char *b, const char *schema, const char *view)
{
    (void)arg, (void)schema, (void)view;
    bool is_fine = false;
    switch (action) {
    case SQLITE_SELECT: case SQLITE_READ: case SQLITE_RECURSIVE: is_fine = true; break;
    case SQLITE_FUNCTION: is_fine = !str_ieq(str_z(b), S("load_extension")); break;
    case SQLITE_PRAGMA: is_fine = IS_LISTED(told_of, a) || (!b && IS_LISTED(told, a)); break;
    default: break;
    }
    return is_fine ? SQLITE_OK : SQLITE_DENY;
}

void reader_set_limits(sqlite3 *db)
{
    static const struct {
        int limit, value;
    } limits[] = {{SQLITE_LIMIT_LENGTH, 16 << 20},  {SQLITE_LIMIT_SQL_LENGTH, 16 << 20}, {SQLITE_LIMIT_ATTACHED, 0},
                  {SQLITE_LIMIT_TRIGGER_DEPTH, 0},  {SQLITE_LIMIT_WORKER_THREADS, 0}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) sqlite3_limit(db, limits[i].limit, limits[i].value);
}

void storage_guard_reader(sqlite3 *reader, bool is_on)
{
    sqlite3_set_authorizer(reader, is_on ? guard : NULL, NULL);
}
