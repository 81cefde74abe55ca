/* test_storage_apply.c: a write set becomes one transaction, whole or not at all. */
#include "storage_fixture.h"

static void put(Fixture *f, Column *c, int row, Value v) { column_put(c, &f->arena, row, &v); }

static Value decimal(Type t, Int128 v) { return (Value){.type = t, .dec = v}; }

static Value whole(TypeKind k, int64_t v) { return (Value){.type = TYPE_OF(k), .i = v}; }

static void every_type_stands_as_the_dialect_says(void **state)
{
    Fixture *f = *state;
    const Type types[] = {
        TYPE_OF(TYPE_BOOLEAN), TYPE_BIGINT_, TYPE_OF(TYPE_DOUBLE), TYPE_DECIMAL_(15, 3), TYPE_DECIMAL_(38, 2),
        TYPE_OF(TYPE_TEXT), TYPE_OF(TYPE_BLOB), TYPE_TIMESTAMP_(0), TYPE_TIMESTAMP_(3), TYPE_TIMESTAMP_(6),
        TYPE_OF(TYPE_DATE), TYPE_OF(TYPE_TIME), TYPE_OF(TYPE_INTERVAL), TYPE_OF(TYPE_JSON),
    };
    enum { N = sizeof types / sizeof *types };
    Relation v = relation(f, REL_MATERIALIZED, 1, "v", N);
    Column cols[N];
    for (int i = 0; i < N; i++) {
        v.cols[i].type = types[i];
        cols[i] = column_new(&f->arena, types[i], 2);
        column_set_null(&cols[i], &f->arena, 1);
    }
    put(f, &cols[0], 0, value_bool(true));
    put(f, &cols[1], 0, value_int(INT64_MIN));
    put(f, &cols[2], 0, value_double(0.1));
    put(f, &cols[3], 0, decimal(types[3], -1500));
    put(f, &cols[4], 0, decimal(types[4], (Int128)12345678901234567890u * 10));
    put(f, &cols[5], 0, value_text(str_of("a\0ü and more than twelve", 25)));
    put(f, &cols[6], 0, (Value){.type = types[6], .s = str_of("\xff\0", 2)});
    put(f, &cols[7], 0, whole(TYPE_TIMESTAMP, -1000000));
    put(f, &cols[8], 0, whole(TYPE_TIMESTAMP, -1000));
    put(f, &cols[9], 0, whole(TYPE_TIMESTAMP, 1700000000123456));
    put(f, &cols[10], 0, whole(TYPE_DATE, -1));
    put(f, &cols[11], 0, whole(TYPE_TIME, 3661000000));
    put(f, &cols[12], 0, (Value){.type = types[12], .iv = {.days = 3}});
    put(f, &cols[13], 0, (Value){.type = types[13], .s = S("{\"a\": 1}")});
    save(f, &v);
    int64_t ids[] = {1, 2};
    uint8_t change[] = {ROW_INSERT, ROW_INSERT};
    WriteSet ws = {.epoch = 1};
    vec_push(&ws.views, &f->arena, (ViewDelta){.view = &v, .n = 2, .ids = ids, .change = change, .cols = cols});
    apply_ok(f, &ws);
    const char *want[N][2] = {
        {"integer", "1"}, {"integer", "-9223372036854775808"}, {"real", "0.1"}, {"real", "-1.5"},
        {"text", "1234567890123456789.00"}, {"text", NULL}, {"blob", NULL}, {"text", "1969-12-31 23:59:59"},
        {"text", "1969-12-31 23:59:59.999"}, {"text", "2023-11-14 22:13:20.123456"}, {"text", "1969-12-31"},
        {"text", "01:01:01"}, {"text", "3 days"}, {"text", "{\"a\": 1}"},
    };
    for (int i = 0; i < N; i++) {
        const char *col = str_printf(&f->arena, "SELECT typeof(c%d) FROM v", i).p;
        assert_string_equal(outside_rows(f, col), str_printf(&f->arena, "%s\nnull", want[i][0]).p);
        if (want[i][1])
            assert_string_equal(outside_rows(f, str_printf(&f->arena, "SELECT c%d FROM v WHERE c%d IS NOT NULL", i, i).p),
                                want[i][1]);
    }
    assert_string_equal(outside_rows(f, "SELECT hex(c5), hex(c6) FROM v LIMIT 1"),
                        "6100C3BC20616E64206D6F7265207468616E207477656C7665|FF00");
}

static void options_change_how_values_stand(void **state)
{
    Fixture *f = *state;
    struct {
        const char *name, *value;
        Type type;
        Value v;
        const char *want;
    } cases[] = {
        {"timestamps", "ms", TYPE_TIMESTAMP_(6), whole(TYPE_TIMESTAMP, -1), "integer|-1"},
        {"timestamps", "s", TYPE_TIMESTAMP_(6), whole(TYPE_TIMESTAMP, 2999999), "integer|2"},
        {"timestamps", "text", TYPE_TIMESTAMP_(3), whole(TYPE_TIMESTAMP, 1000), "text|1970-01-01 00:00:00.001"},
        {"decimals", "text", TYPE_DECIMAL_(4, 2), decimal(TYPE_DECIMAL_(4, 2), 150), "text|1.50"},
        {"decimals", "real", TYPE_DECIMAL_(30, 1), decimal(TYPE_DECIMAL_(30, 1), 5), "real|0.5"},
    };
    for (int i = 0; i < (int)(sizeof cases / sizeof *cases); i++) {
        Option option = {.name = str_z(cases[i].name), .value = str_z(cases[i].value)};
        Relation v = relation(f, REL_MATERIALIZED, i + 1, str_printf(&f->arena, "v%d", i).p, 1);
        v.options = (Options){.items = &option, .n = 1};
        v.cols[0].type = cases[i].type;
        save(f, &v);
        Column c = column_const(&f->arena, &cases[i].v);
        WriteSet ws = {.epoch = i + 1};
        vec_push(&ws.views, &f->arena, (ViewDelta){.view = &v, .n = 1, .ids = (int64_t[]){1}, .change = (uint8_t[]){ROW_INSERT}, .cols = &c});
        apply_ok(f, &ws);
        assert_string_equal(outside_rows(f, str_printf(&f->arena, "SELECT typeof(c0), c0 FROM v%d", i).p), cases[i].want);
    }
}

static void rows_come_change_and_go(void **state)
{
    Fixture *f = *state;
    Relation v = relation(f, REL_MATERIALIZED, 1, "v", 1);
    int64_t ids[] = {1, 2, 3, (1 << 20) + 5, 3 << 20}, other[] = {2, 3, 4};
    uint8_t add[] = {ROW_INSERT, ROW_INSERT, ROW_INSERT, ROW_INSERT, ROW_INSERT};
    uint8_t mixed[] = {ROW_DELETE, ROW_UPDATE, ROW_INSERT}, gone[] = {ROW_DELETE, ROW_DELETE, ROW_DELETE};
    int64_t max;
    save(f, &v);
    assert_int_equal(storage_view_max_id(f->s, 1, &max, &f->diags), WEIR_OK);
    assert_int_equal(max, 0);
    WriteSet first = {.epoch = 1}, second = {.epoch = 2}, third = {.epoch = 3}, fourth = {.epoch = 4};
    vec_push(&first.views, &f->arena, delta_of(f, &v, 5, ids, add, 0));
    apply_ok(f, &first);
    assert_int_equal(storage_view_max_id(f->s, 1, &max, &f->diags), WEIR_OK);
    assert_int_equal(max, 3 << 20);
    vec_push(&second.views, &f->arena, delta_of(f, &v, 3, other, mixed, 7));
    apply_ok(f, &second);
    assert_string_equal(outside_rows(f, "SELECT c0 FROM v WHERE c0 < 100 ORDER BY 1"), "10\n37\n47");
    vec_push(&third.views, &f->arena, delta_of(f, &v, 3, other, gone, 0));
    apply_ok(f, &third);
    assert_string_equal(outside_rows(f, "SELECT count(*) FROM v"), "3");
    int64_t ranges[] = {0, (1 << 20) - 1, 2 << 20, 9 << 20};
    vec_push(&fourth.views, &f->arena, (ViewDelta){.view = &v, .drop_ranges = ranges, .ndrops = 2});
    apply_ok(f, &fourth);
    assert_string_equal(outside_rows(f, "SELECT _id FROM _weir_mv_1"), "1048581");
}

static void an_id_is_never_given_twice(void **state)
{
    Fixture *f = *state;
    Relation v = relation(f, REL_MATERIALIZED, 1, "v", 1);
    bool can_retry = true;
    save(f, &v);
    WriteSet ws = {.epoch = 1};
    vec_push(&ws.views, &f->arena, delta_of(f, &v, 1, (int64_t[]){9}, (uint8_t[]){ROW_INSERT}, 0));
    apply_ok(f, &ws);
    ws.epoch = 2;
    assert_int_equal(storage_apply(f->s, &ws, &can_retry, &f->diags), WEIR_E_STORAGE);
    assert_false(can_retry);
    assert_string_equal(outside_rows(f, "SELECT epoch FROM _weir_epoch"), "1");
}

static void blocks_go_with_the_ranges_that_hold_them(void **state)
{
    Fixture *f = *state;
    Relation v = relation(f, REL_MATERIALIZED, 1, "v", 1);
    BlockGrant *back;
    int n;
    save(f, &v);
    WriteSet ws = {.epoch = 1};
    for (int i = 0; i < 4; i++) vec_push(&ws.blocks, &f->arena, (BlockGrant){.view = 1, .span = 100 + i, .block = i});
    /* all of block 1, and parts of 0 and 2 */
    int64_t range[] = {(1 << 20) - 5, (2 << 20) + 5};
    vec_push(&ws.views, &f->arena, (ViewDelta){.view = &v});
    apply_ok(f, &ws);
    WriteSet drop = {.epoch = 2};
    vec_push(&drop.views, &f->arena, (ViewDelta){.view = &v, .drop_ranges = range, .ndrops = 1});
    apply_ok(f, &drop);
    assert_int_equal(storage_load_blocks(f->s, 1, &f->arena, &back, &n, &f->diags), WEIR_OK);
    assert_int_equal(n, 3);
    assert_int_equal(back[0].span, 100);
    assert_int_equal(back[1].span, 102);
    assert_int_equal(back[2].block, 3);
}

static Status collect(void *arg, Str records)
{
    sb_str(arg, records);
    sb_char(arg, ';');
    return WEIR_OK;
}

static const char *state_of(Fixture *f, int64_t view, int32_t op)
{
    StrBuf b = {.arena = &f->arena};
    assert_int_equal(storage_load_base(f->s, view, op, collect, &b, &f->diags), WEIR_OK);
    assert_int_equal(storage_load_log(f->s, view, op, collect, &b, &f->diags), WEIR_OK);
    return sb_done(&b).p;
}

static void push_state(Fixture *f, int64_t epoch, int32_t op, bool is_base, const char *records)
{
    WriteSet ws = {.epoch = epoch};
    vec_push(&ws.state, &f->arena, (StateBlob){.view = 1, .op = op, .is_base = is_base, .records = str_z(records)});
    apply_ok(f, &ws);
}

static void state_is_a_base_and_a_log(void **state)
{
    Fixture *f = *state;
    assert_string_equal(state_of(f, 1, 0), "");
    push_state(f, 1, 0, false, "a");
    push_state(f, 2, 1, false, "other");
    push_state(f, 3, 0, false, "");
    push_state(f, 4, 0, false, "b");
    assert_string_equal(state_of(f, 1, 0), "a;;b;");
    WriteSet ws = {.epoch = 5};
    vec_push(&ws.state, &f->arena, (StateBlob){.view = 1, .is_base = true, .records = S("whole")});
    vec_push(&ws.state, &f->arena, (StateBlob){.view = 1, .is_base = false, .records = S("c")});
    apply_ok(f, &ws);
    fixture_reopen(f);
    assert_string_equal(state_of(f, 1, 0), "whole;c;");
    assert_string_equal(state_of(f, 1, 1), "other;");
    push_state(f, 6, 0, true, "x");
    assert_string_equal(state_of(f, 1, 0), "x;");
}

static void put_page(Fixture *f, WriteSet *ws, const char *low, const char *records)
{
    vec_push(&ws->pages, &f->arena, (BasePage){.view = 1, .low = str_z(low), .is_gone = !records, .records = str_z(records)});
}

static void pages_are_written_and_the_log_is_cut(void **state)
{
    Fixture *f = *state;
    Str *lows, records;
    ptrdiff_t n;
    for (int epoch = 1; epoch < 5; epoch++) push_state(f, epoch, 0, false, str_printf(&f->arena, "%d", epoch).p);
    push_state(f, 2, 1, false, "other");
    WriteSet ws = {.epoch = 5}, next = {.epoch = 6};
    put_page(f, &ws, "m", "middle");
    put_page(f, &ws, "", "first");
    put_page(f, &ws, "x", "last");
    vec_push(&ws.trims, &f->arena, (LogTrim){.view = 1, .epoch = 2});
    apply_ok(f, &ws);
    assert_string_equal(state_of(f, 1, 0), "first;middle;last;3;4;");
    put_page(f, &next, "m", NULL);
    put_page(f, &next, "", "first and middle");
    apply_ok(f, &next);
    assert_string_equal(state_of(f, 1, 0), "first and middle;last;3;4;");
    assert_string_equal(state_of(f, 1, 1), "other;");
    assert_int_equal(storage_load_lows(f->s, 1, 0, &f->arena, &lows, &n, &f->diags), WEIR_OK);
    assert_int_equal(n, 2);
    assert_true(str_eq(lows[1], S("x")));
    assert_int_equal(storage_load_page(f->s, 1, 0, S("x"), &f->arena, &records, &f->diags), WEIR_OK);
    assert_true(str_eq(records, S("last")));
    assert_int_equal(storage_load_page(f->s, 1, 0, S("y"), &f->arena, &records, &f->diags), WEIR_OK);
    assert_int_equal(records.n, 0);
    LogEntry e = {.view = 1};
    for (int epoch = 3; epoch < 5; epoch++) {
        assert_int_equal(storage_next_log(f->s, &e, &records, &f->arena, &f->diags), WEIR_OK);
        assert_int_equal(e.epoch, epoch);
    }
    assert_int_equal(storage_next_log(f->s, &e, &records, &f->arena, &f->diags), WEIR_OK);
    assert_int_equal(e.id, 0);
    outside_run(f, "UPDATE _weir_state_base SET records = x'00'");
    assert_int_equal(storage_load_page(f->s, 1, 0, S("x"), &f->arena, &records, &f->diags), WEIR_E_CORRUPT);
}

static void damaged_state_is_found(void **state)
{
    Fixture *f = *state;
    StrBuf b = {.arena = &f->arena};
    push_state(f, 1, 0, false, "sound");
    outside_run(f, "UPDATE _weir_state_log SET records = x'736f756e65'");
    assert_int_equal(storage_load_log(f->s, 1, 0, collect, &b, &f->diags), WEIR_E_CORRUPT);
}

/* A row goes into the table while its index is hidden. */
static void an_index_that_misses_a_row_is_found(void **state)
{
    Fixture *f = *state;
    push_state(f, 1, 0, false, "sound");
    assert_int_equal(storage_check(f->s, &f->diags), WEIR_OK);
    outside_run(f, "CREATE TABLE hidden AS SELECT * FROM sqlite_schema WHERE name = '_weir_state_log_by_op';"
                   "PRAGMA writable_schema = on; DELETE FROM sqlite_schema WHERE name = '_weir_state_log_by_op'");
    outside_run(f, "INSERT INTO _weir_state_log (view, op, epoch, records, xxh3) VALUES (1, 0, 2, x'00', 0)");
    outside_run(f, "PRAGMA writable_schema = on; INSERT INTO sqlite_schema SELECT * FROM hidden");
    fixture_reopen(f);
    assert_int_equal(storage_check(f->s, &f->diags), WEIR_E_CORRUPT);
}

static void positions_and_counters_come_back(void **state)
{
    Fixture *f = *state;
    WriteSet ws = {.epoch = 1, .now_us = -1};
    vec_push(&ws.positions, &f->arena, (SavedPosition){.stream = 1, .partition = S("b.log"), .label = UINT64_MAX,
             .generation = UINT32_MAX, .offset = UINT64_MAX, .identity = str_of("\0x", 2), .watermark = INT64_MIN, .rows = 4, .errors = 2});
    vec_push(&ws.positions, &f->arena, (SavedPosition){.stream = 1, .partition = S("a.log"), .watermark = -1, .ended = true});
    vec_push(&ws.positions, &f->arena, (SavedPosition){.stream = 2, .watermark = 5});
    vec_push(&ws.rulings, &f->arena, (Ruling){.stream = 1, .partition = S("p"), .offset = 9, .kind = S("future"), .value = -3});
    vec_push(&ws.progress, &f->arena, (ViewProgress){.view = 7, .rows = 1, .changes = 2, .late_rows = 3, .gap_rows = 4, .errors = 5, .next_id = 6});
    apply_ok(f, &ws);
    ws.epoch = 2;
    ws.rulings.len = 0;
    ws.positions.data[1].rows = 11;
    apply_ok(f, &ws);
    fixture_reopen(f);
    SavedPosition *p;
    Ruling *r;
    ViewProgress progress;
    int n;
    assert_int_equal(storage_load_positions(f->s, 1, &f->arena, &p, &n, &f->diags), WEIR_OK);
    assert_int_equal(n, 2);
    assert_true(str_eq(p[0].partition, S("a.log")) && p[0].ended && p[0].watermark == -1 && p[0].rows == 11);
    assert_true(p[1].label == UINT64_MAX && p[1].generation == UINT32_MAX && p[1].offset == UINT64_MAX);
    assert_true(p[1].watermark == INT64_MIN && p[1].rows == 4 && p[1].errors == 2 && !p[1].ended);
    assert_true(str_eq(p[1].identity, str_of("\0x", 2)));
    assert_int_equal(storage_load_rulings(f->s, 1, true, &f->arena, &r, &n, &f->diags), WEIR_OK);
    assert_int_equal(n, 1);
    assert_true(r[0].value == -3 && r[0].offset == 9 && str_eq(r[0].kind, S("future")));
    assert_int_equal(storage_load_progress(f->s, 7, &progress, &f->diags), WEIR_OK);
    assert_true(progress.rows == 1 && progress.changes == 2 && progress.late_rows == 3 && progress.gap_rows == 4 &&
                progress.errors == 5 && progress.next_id == 6);
    assert_int_equal(storage_load_progress(f->s, 8, &progress, &f->diags), WEIR_OK);
    assert_true(progress.view == 8 && progress.next_id == 0);
}

static void progress_can_be_read_per_view_and_source(void **state)
{
    Fixture *f = *state;
    Relation s = relation(f, REL_STREAM, 1, "s", 1), t = relation(f, REL_STREAM, 2, "t", 1);
    Relation v = relation(f, REL_MATERIALIZED, 3, "v", 1), w = relation(f, REL_MATERIALIZED, 4, "w", 1);
    int64_t reads_s[] = {1}, reads_v[] = {3, 2};
    v.depends = reads_s, v.ndepends = 1, w.depends = reads_v, w.ndepends = 2;
    const Relation *all[] = {&s, &t, &v, &w};
    for (int i = 0; i < 4; i++) save(f, all[i]);
    WriteSet ws = {.epoch = 5, .now_us = 1500000};
    vec_push(&ws.positions, &f->arena, (SavedPosition){.stream = 1, .partition = S("p"), .offset = 70, .watermark = -1, .rows = 8, .errors = 1});
    vec_push(&ws.progress, &f->arena, (ViewProgress){.view = 3, .rows = 2, .late_rows = 6});
    apply_ok(f, &ws);
    assert_string_equal(outside_rows(f, "SELECT \"view\", source, \"partition\", epoch, watermark, position, source_rows,"
                                        " source_errors, rows, late_rows, committed_at FROM weir_progress ORDER BY 1, 2"),
                        "v|s|p|5|1969-12-31 23:59:59.999999|70|8|1|2|6|1970-01-01 00:00:01.500000\n"
                        "w|s|p|5|1969-12-31 23:59:59.999999|70|8|1|NULL|NULL|1970-01-01 00:00:01.500000\n"
                        "w|t|NULL|5|NULL|NULL|NULL|NULL|NULL|NULL|1970-01-01 00:00:01.500000");
}

static void errors_are_a_ring(void **state)
{
    Fixture *f = *state;
    storage_close(f->s);
    StorageOptions o = {.error_limit = 3};
    assert_int_equal(storage_open(f->path, &o, &f->s, &f->diags), WEIR_OK);
    WriteSet ws = {.epoch = 1};
    for (int i = 0; i < 2; i++)
        vec_push(&ws.errors, &f->arena, (ErrorRow){.at_us = -500000, .stream = S("s"), .partition = S("p"), .offset = i,
                 .query = S("v"), .code = S("WEIR_E_DATA"), .message = S("no"), .raw = S("{"), .raw_bytes = 1});
    apply_ok(f, &ws);
    assert_string_equal(outside_rows(f, "SELECT * FROM weir_errors LIMIT 1"),
                        "1|1969-12-31 23:59:59.500000|s|p|0|0|v|WEIR_E_DATA|no|{|1");
    ws.epoch = 2;
    apply_ok(f, &ws);
    assert_string_equal(outside_rows(f, "SELECT \"offset\" FROM weir_errors"), "1\n0\n1");
    for (int i = 2; i < 9; i++) vec_push(&ws.errors, &f->arena, (ErrorRow){.offset = i});
    ws.epoch = 3;
    apply_ok(f, &ws);
    assert_string_equal(outside_rows(f, "SELECT \"offset\" FROM weir_errors"), "6\n7\n8");
}

static void faults_come_and_go(void **state)
{
    Fixture *f = *state;
    WriteSet ws = {.epoch = 1};
    vec_push(&ws.faults, &f->arena, (FaultRow){.view = S("v"), .key = S("1"), .column = S("sum"), .code = S("WEIR_E_VALUE"), .message = S("too big")});
    vec_push(&ws.faults, &f->arena, (FaultRow){.view = S("v"), .key = S("2"), .column = S("sum"), .code = S("WEIR_E_VALUE"), .message = S("x")});
    apply_ok(f, &ws);
    assert_string_equal(outside_rows(f, "SELECT * FROM weir_faults"), "v|1|sum|WEIR_E_VALUE|too big\nv|2|sum|WEIR_E_VALUE|x");
    ws.epoch = 2;
    ws.faults.data[0].remove = true;
    ws.faults.data[1].message = S("y");
    apply_ok(f, &ws);
    assert_string_equal(outside_rows(f, "SELECT * FROM weir_faults"), "v|2|sum|WEIR_E_VALUE|y");
}

static void dropping_a_view_forgets_all_of_it(void **state)
{
    Fixture *f = *state;
    Relation v = relation(f, REL_MATERIALIZED, 1, "v", 1);
    save(f, &v);
    WriteSet ws = {.epoch = 1};
    vec_push(&ws.views, &f->arena, delta_of(f, &v, 1, (int64_t[]){1}, (uint8_t[]){ROW_INSERT}, 0));
    vec_push(&ws.blocks, &f->arena, (BlockGrant){.view = 1});
    vec_push(&ws.state, &f->arena, (StateBlob){.view = 1, .is_base = true, .records = S("b")});
    vec_push(&ws.state, &f->arena, (StateBlob){.view = 1, .records = S("l")});
    vec_push(&ws.faults, &f->arena, (FaultRow){.view = S("v"), .key = S("1"), .column = S("c"), .code = S("x"), .message = S("y")});
    vec_push(&ws.progress, &f->arena, (ViewProgress){.view = 1});
    apply_ok(f, &ws);
    assert_int_equal(storage_begin(f->s, &f->diags), WEIR_OK);
    assert_int_equal(storage_drop_relation(f->s, &v, &f->diags), WEIR_OK);
    assert_int_equal(storage_commit(f->s, &f->diags), WEIR_OK);
    assert_string_equal(outside_rows(f, "SELECT (SELECT count(*) FROM _weir_blocks) + (SELECT count(*) FROM _weir_state_base)"
                                        " + (SELECT count(*) FROM _weir_state_log) + (SELECT count(*) FROM weir_faults)"
                                        " + (SELECT count(*) FROM _weir_view_progress) + (SELECT count(*) FROM _weir_relations)"), "0");
    save(f, &v);
    apply_ok(f, &ws); /* statements of the old table are not used again */
    assert_string_equal(outside_rows(f, "SELECT c0 FROM v"), "10");
}

/* A reader keeps seeing the commit it began with: all views of it, nothing of later ones. */
static void a_reader_sees_one_commit(void **state)
{
    Fixture *f = *state;
    Relation v = relation(f, REL_MATERIALIZED, 1, "v", 1), w = relation(f, REL_MATERIALIZED, 2, "w", 1);
    save(f, &v);
    save(f, &w);
    sqlite3 *reader = outside(f);
    run_on(reader, "BEGIN");
    assert_string_equal(rows_of(f, reader, "SELECT count(*) FROM v"), "0");
    for (int64_t i = 1; i <= 50; i++) {
        WriteSet ws = {.epoch = i};
        int64_t *ids = new_one(&f->arena, int64_t);
        *ids = i;
        vec_push(&ws.views, &f->arena, delta_of(f, &v, 1, ids, (uint8_t[]){ROW_INSERT}, 0));
        vec_push(&ws.views, &f->arena, delta_of(f, &w, 1, ids, (uint8_t[]){ROW_INSERT}, 0));
        apply_ok(f, &ws);
        if (i % 10 == 0) assert_int_equal(storage_checkpoint(f->s, i % 20 == 0, &f->diags), WEIR_OK);
        const char *sums = outside_rows(f, "SELECT (SELECT count(*) FROM v) = epoch, (SELECT count(*) FROM w) = epoch FROM _weir_epoch");
        assert_string_equal(sums, "1|1");
    }
    assert_string_equal(rows_of(f, reader, "SELECT (SELECT count(*) FROM v) + (SELECT count(*) FROM w)"), "0");
    run_on(reader, "COMMIT");
    assert_string_equal(rows_of(f, reader, "SELECT count(*) FROM w"), "50");
    sqlite3_close(reader);
}

static void a_checkpoint_empties_the_wal(void **state)
{
    Fixture *f = *state;
    WriteSet ws = {.epoch = 1};
    apply_ok(f, &ws);
    assert_true(storage_wal_bytes(f->s) > 0);
    assert_int_equal(storage_checkpoint(f->s, true, &f->diags), WEIR_OK);
    assert_int_equal(storage_wal_bytes(f->s), 0);
    FILE *wal = fopen(str_printf(&f->arena, "%s-wal", f->path).p, "r");
    assert_non_null(wal);
    assert_int_equal(fgetc(wal), EOF);
    fclose(wal);
}

static void the_wal_is_kept_within_its_limit(void **state)
{
    Fixture *f = *state;
    StorageOptions o = {.synchronous = S("off"), .wal_limit = 1 << 20};
    assert_int_equal(storage_configure(f->s, &o, &f->diags), WEIR_OK);
    char *big = arena_alloc(&f->arena, 50000, 1);
    for (int i = 1; i <= 200; i++) {
        WriteSet ws = {.epoch = i};
        vec_push(&ws.state, &f->arena, (StateBlob){.view = 1, .is_base = true, .records = str_of(big, 50000)});
        apply_ok(f, &ws);
        assert_true(storage_wal_bytes(f->s) < o.wal_limit);
    }
}

static void a_backup_is_a_database(void **state)
{
    Fixture *f = *state;
    Relation v = relation(f, REL_MATERIALIZED, 1, "v", 1);
    save(f, &v);
    WriteSet ws = {.epoch = 6};
    vec_push(&ws.views, &f->arena, delta_of(f, &v, 1, (int64_t[]){1}, (uint8_t[]){ROW_INSERT}, 0));
    apply_ok(f, &ws);
    Str copy = str_printf(&f->arena, "%s/copy.db", f->folder);
    assert_int_equal(storage_backup(f->s, copy, &f->diags), WEIR_OK);
    assert_int_not_equal(storage_backup(f->s, copy, &f->diags), WEIR_OK);
    storage_close(f->s);
    f->path = copy.p;
    fixture_open(f);
    int64_t epoch;
    assert_int_equal(storage_load_epoch(f->s, &epoch, &f->diags), WEIR_OK);
    assert_int_equal(epoch, 6);
    assert_string_equal(outside_rows(f, "SELECT c0 FROM v"), "10");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_open, teardown)
    const struct CMUnitTest tests[] = {
        TEST(every_type_stands_as_the_dialect_says),
        TEST(options_change_how_values_stand),
        TEST(rows_come_change_and_go),
        TEST(an_id_is_never_given_twice),
        TEST(blocks_go_with_the_ranges_that_hold_them),
        TEST(state_is_a_base_and_a_log),
        TEST(pages_are_written_and_the_log_is_cut),
        TEST(damaged_state_is_found),
        TEST(an_index_that_misses_a_row_is_found),
        TEST(positions_and_counters_come_back),
        TEST(progress_can_be_read_per_view_and_source),
        TEST(errors_are_a_ring),
        TEST(faults_come_and_go),
        TEST(dropping_a_view_forgets_all_of_it),
        TEST(a_reader_sees_one_commit),
        TEST(a_checkpoint_empties_the_wal),
        TEST(the_wal_is_kept_within_its_limit),
        TEST(a_backup_is_a_database),
    };
    return cmocka_run_group_tests_name("storage_apply", tests, NULL, NULL);
}
