/* render_box.c: columns in a frame. */
#include "shell/render/columns.h"

static const ColumnLines lines = {
    .left = "│ ", .between = " │ ", .right = " │", .rule = "─", .rule_left = "├─", .cross = "─┼─", .rule_right = "─┤",
    .top_left = "┌─", .top_cross = "─┬─", .top_right = "─┐",
    .end_left = "└─", .end_cross = "─┴─", .end_right = "─┘"};

static void begin(Render *r) { (void)r; }
static void row(Render *r, const Row *x) { columns_row(r, &lines, x); }
static void end(Render *r) { columns_end(r, &lines); }

const RenderMode render_box_mode = {"box", "columns in a frame", begin, row, end};
