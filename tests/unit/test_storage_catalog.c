/* test_storage_catalog.c: relations, settings and indexes come and go with their tables. */
#include "storage/storage_impl.h"
#include "storage_fixture.h"

static Status try_save(Fixture *f, const Relation *r)
{
    assert_int_equal(storage_begin(f->s, &f->diags), WEIR_OK);
    Status st = storage_save_relation(f->s, r, &f->diags);
    if (st == WEIR_OK) return storage_commit(f->s, &f->diags);
    storage_rollback(f->s);
    return st;
}

static void drop(Fixture *f, const Relation *r)
{
    assert_int_equal(storage_begin(f->s, &f->diags), WEIR_OK);
    assert_int_equal(storage_drop_relation(f->s, r, &f->diags), WEIR_OK);
    assert_int_equal(storage_commit(f->s, &f->diags), WEIR_OK);
}

static void relations_come_back_in_the_order_of_their_ids(void **state)
{
    Fixture *f = *state;
    Relation view = relation(f, REL_MATERIALIZED, 3, "Per Minute", 2), stream = relation(f, REL_STREAM, 2, "bids", 1);
    Relation plain = relation(f, REL_VIEW, 4, "named", 1), sink = relation(f, REL_SINK, 7, "out", 1);
    const Relation *all[] = {&view, &plain, &sink, &stream};
    for (int i = 0; i < 4; i++) save(f, all[i]);
    fixture_reopen(f);
    SavedRelation *back;
    int n;
    int64_t last;
    assert_int_equal(storage_load_relations(f->s, &f->arena, &back, &n, &f->diags), WEIR_OK);
    assert_int_equal(n, 4);
    const RelKind kinds[] = {REL_STREAM, REL_MATERIALIZED, REL_VIEW, REL_SINK};
    const int ids[] = {2, 3, 4, 7};
    for (int i = 0; i < 4; i++) {
        assert_int_equal(back[i].kind, kinds[i]);
        assert_int_equal(back[i].id, ids[i]);
    }
    assert_true(str_eq(back[1].name, S("Per Minute")));
    assert_true(str_eq(back[1].sql, S("CREATE …")));
    assert_true(str_eq(back[1].base_dir, S("/base")));
    drop(f, &sink);
    assert_int_equal(storage_load_last_id(f->s, &last, &f->diags), WEIR_OK);
    assert_int_equal(last, 7);
}

static void the_catalog_can_be_read_with_any_client(void **state)
{
    Fixture *f = *state;
    Relation s = relation(f, REL_STREAM, 1, "bids", 2), v = relation(f, REL_MATERIALIZED, 2, "v", 2);
    int32_t key[] = {1, 0};
    int64_t reads[] = {1};
    s.cols[1] = (ColumnDef){.name = S("ts"), .type = TYPE_TIMESTAMP_(3)};
    s.watermark.col = 1;
    v.key = key, v.nkey = 2, v.emit_final = true, v.depends = reads, v.ndepends = 1;
    save(f, &s);
    save(f, &v);
    assert_string_equal(outside_rows(f, "SELECT name, kind, columns, event_time, rows FROM weir_streams"),
                        "bids|stream|c0 BIGINT, ts TIMESTAMP(3)|ts|0");
    assert_string_equal(outside_rows(f, "SELECT name, kind, row_key, emit FROM weir_views"),
                        "v|materialized view|c1, c0|final");
    assert_string_equal(outside_rows(f, "SELECT count(*) FROM weir_sinks"), "0");
}

static void a_view_is_a_sql_view_over_its_table(void **state)
{
    Fixture *f = *state;
    Relation v = relation(f, REL_MATERIALIZED, 5, "the \"view\"", 5);
    v.sql = S("SELECT '*/; DROP TABLE mine' /* odd */");
    v.cols[0].name = S("select");
    v.cols[1].name = S("_ID");
    v.cols[2] = (ColumnDef){.name = S("_rank"), .type = TYPE_BIGINT_, .hidden = true};
    v.cols[3] = (ColumnDef){.name = S("größe"), .type = TYPE_OF(TYPE_TEXT)};
    v.cols[4] = (ColumnDef){.name = S("a\"b"), .type = TYPE_OF(TYPE_DOUBLE)};
    save(f, &v);
    assert_string_equal(outside_rows(f, "SELECT name, type FROM pragma_table_info('the \"view\"')"),
                        "select|INTEGER\n_ID|INTEGER\ngröße|TEXT\na\"b|REAL");
    assert_string_equal(outside_rows(f, "SELECT name, type, pk FROM pragma_table_info('_weir_mv_5')"),
                        "_id|INTEGER|1\nselect|INTEGER|0\n_ID_|INTEGER|0\n_rank|INTEGER|0\ngröße|TEXT|0\na\"b|REAL|0");
    drop(f, &v);
    assert_string_equal(outside_rows(f, "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%view\"' OR name LIKE '_weir_mv%'"), "0");
}

static void existing_and_reserved_names_are_refused(void **state)
{
    Fixture *f = *state;
    outside_run(f, "CREATE TABLE Mine(a); CREATE INDEX mine_a ON Mine(a); CREATE VIEW seen AS SELECT 1");
    const char *taken[] = {"mine", "MINE_A", "Seen"};
    for (int i = 0; i < 3; i++) {
        Relation v = relation(f, REL_MATERIALIZED, 1, taken[i], 1);
        assert_int_equal(try_save(f, &v), WEIR_E_EXISTS);
        assert_non_null(strstr(first_error(f), taken[i]));
    }
    const char *reserved[] = {"weir_x", "_WEIR_x", "sqlite_x"};
    for (int i = 0; i < 3; i++) {
        Relation v = relation(f, REL_MATERIALIZED, 1, reserved[i], 1);
        assert_int_equal(try_save(f, &v), WEIR_E_NAME);
    }
    Relation s = relation(f, REL_STREAM, 1, "bids", 1), again = relation(f, REL_SINK, 2, "BIDS", 1);
    assert_int_equal(try_save(f, &s), WEIR_OK);
    assert_int_equal(try_save(f, &again), WEIR_E_EXISTS);
    assert_string_equal(outside_rows(f, "SELECT count(*) FROM _weir_relations"), "1");
}

static void a_rollback_takes_the_table_back(void **state)
{
    Fixture *f = *state;
    Relation v = relation(f, REL_MATERIALIZED, 1, "v", 1);
    assert_int_equal(storage_begin(f->s, &f->diags), WEIR_OK);
    assert_int_equal(storage_save_relation(f->s, &v, &f->diags), WEIR_OK);
    uint8_t change[] = {ROW_INSERT};
    int64_t ids[] = {1};
    WriteSet ws = {.epoch = 1};
    vec_push(&ws.views, &f->arena, delta_of(f, &v, 1, ids, change, 0));
    apply_ok(f, &ws); /* inside the same transaction */
    storage_rollback(f->s);
    assert_string_equal(outside_rows(f, "SELECT count(*) FROM sqlite_schema WHERE name IN ('v', '_weir_mv_1')"), "0");
    assert_string_equal(outside_rows(f, "SELECT epoch FROM _weir_epoch"), "0");
    save(f, &v);
    apply_ok(f, &ws);
    assert_string_equal(outside_rows(f, "SELECT c0 FROM v"), "10");
}

static void a_view_is_replaced_in_one_transaction(void **state)
{
    Fixture *f = *state;
    Relation old = relation(f, REL_MATERIALIZED, 1, "v", 1), new_v = relation(f, REL_MATERIALIZED, 2, "V", 3);
    save(f, &old);
    assert_int_equal(storage_begin(f->s, &f->diags), WEIR_OK);
    assert_int_equal(storage_drop_relation(f->s, &old, &f->diags), WEIR_OK);
    assert_int_equal(storage_save_relation(f->s, &new_v, &f->diags), WEIR_OK);
    assert_string_equal(outside_rows(f, "SELECT count(*) FROM pragma_table_info('v')"), "1");
    assert_int_equal(storage_commit(f->s, &f->diags), WEIR_OK);
    assert_string_equal(outside_rows(f, "SELECT count(*) FROM pragma_table_info('v')"), "3");
    assert_string_equal(outside_rows(f, "SELECT name FROM sqlite_schema WHERE name GLOB '_weir_mv_*'"), "_weir_mv_2");
}

static void a_view_keeps_its_rows_when_renamed(void **state)
{
    Fixture *f = *state;
    Relation v = relation(f, REL_MATERIALIZED, 1, "v", 1);
    save(f, &v);
    uint8_t change[] = {ROW_INSERT};
    int64_t ids[] = {4};
    WriteSet ws = {.epoch = 1};
    vec_push(&ws.views, &f->arena, delta_of(f, &v, 1, ids, change, 0));
    apply_ok(f, &ws);
    v.name = S("w");
    save(f, &v);
    assert_string_equal(outside_rows(f, "SELECT c0 FROM w"), "40");
    assert_string_equal(outside_rows(f, "SELECT count(*) FROM sqlite_schema WHERE name = 'v'"), "0");
}

static void settings_are_kept(void **state)
{
    Fixture *f = *state;
    Options back;
    assert_int_equal(storage_save_setting(f->s, S("refresh"), S("100 MS"), &f->diags), WEIR_OK);
    assert_int_equal(storage_save_setting(f->s, S("seed"), S("7"), &f->diags), WEIR_OK);
    assert_int_equal(storage_save_setting(f->s, S("Refresh"), S("1 SECOND"), &f->diags), WEIR_OK);
    fixture_reopen(f);
    assert_int_equal(storage_load_settings(f->s, &f->arena, &back, &f->diags), WEIR_OK);
    assert_int_equal(back.n, 2);
    assert_true(str_eq(options_text(&back, "refresh", ""), S("1 SECOND")));
    assert_true(str_eq(options_text(&back, "seed", ""), S("7")));
}

/* In KiB. */
static int64_t writers_cache(Fixture *f)
{
    SqlStmt *st;
    int64_t size = 0;
    assert_int_equal(sql_cached(&f->s->db, "PRAGMA cache_size", &st, &f->diags), WEIR_OK);
    assert_int_equal(sql_one_int(&f->s->db, st, &size, &f->diags), WEIR_OK);
    return -size;
}

static void readers_get_indexes(void **state)
{
    Fixture *f = *state;
    Relation v = relation(f, REL_MATERIALIZED, 1, "v", 2);
    save(f, &v);
    assert_int_equal(writers_cache(f), 4 << 10);
    assert_int_equal(storage_begin(f->s, &f->diags), WEIR_OK);
    assert_int_equal(storage_create_index(f->s, S("by c1"), &v, S("\"c1\" DESC"), &f->diags), WEIR_OK);
    assert_int_equal(storage_create_index(f->s, S("V"), &v, S("c1"), &f->diags), WEIR_E_EXISTS);
    assert_int_equal(storage_commit(f->s, &f->diags), WEIR_OK);
    assert_non_null(strstr(outside_rows(f, "EXPLAIN QUERY PLAN SELECT c0 FROM v WHERE c1 = 3"), "by c1"));
    assert_int_equal(writers_cache(f), 64 << 10);
    fixture_reopen(f);
    assert_int_equal(writers_cache(f), 64 << 10);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_open, teardown)
    const struct CMUnitTest tests[] = {
        TEST(relations_come_back_in_the_order_of_their_ids),
        TEST(the_catalog_can_be_read_with_any_client),
        TEST(a_view_is_a_sql_view_over_its_table),
        TEST(existing_and_reserved_names_are_refused),
        TEST(a_rollback_takes_the_table_back),
        TEST(a_view_is_replaced_in_one_transaction),
        TEST(a_view_keeps_its_rows_when_renamed),
        TEST(settings_are_kept),
        TEST(readers_get_indexes),
    };
    return cmocka_run_group_tests_name("storage_catalog", tests, NULL, NULL);
}
