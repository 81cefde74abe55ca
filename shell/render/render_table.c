/* render_table.c: columns under headings, numbers to the right. Rows of a push query are shown in
 * groups as they come, with the widths seen so far. */
#include "shell/render/columns.h"

#include <string.h>

static const ColumnLines lines = {.between = "  ", .rule = "-", .cross = "  "};

static void begin(Render *r) { (void)r; }
static void row(Render *r, const Row *x) { columns_row(r, &lines, x); }
static void end(Render *r) { columns_end(r, &lines); }

const RenderMode render_table_mode = {"table", "columns under headings", begin, row, end};
