/* change_log.h: the changes of views that somebody follows (SUBSCRIBE), written with the epoch that
 * made them.
 *
 * What is kept is what readers see: rows as they stood in the view's table before and after, with their
 * values as SQLite has them. They are kept for changes_retention, up to changes_limit bytes a view; when nobody
 * has read them for that long, keeping them ends. */
#ifndef WEIR_STORAGE_CHANGE_LOG_H
#define WEIR_STORAGE_CHANGE_LOG_H

#include "storage/storage_impl.h"

/* One followed view. */
struct ChangeLog {
    struct ChangeLog *next;
    int64_t view, seen_us;
    bool is_over;              /* nobody has read it for long: its tables go */
    SqlStmt taken, given;      /* prepared on first use */
};

/* All that the database knows. */
Status change_logs_load(Storage *s, Diags *d);
void change_logs_close(Storage *s);
/* NULL: nobody follows it. */
ChangeLog *change_log_of(Storage *s, int64_t view);
/* Before and after the rows of a delta are written; ranges that retention removes are no changes. */
Status change_log_before(Storage *s, ChangeLog *log, const WriteSet *ws, const ViewDelta *delta, Diags *d);
Status change_log_after(Storage *s, ChangeLog *log, const ViewTable *t, const WriteSet *ws, const ViewDelta *delta, Diags *d);
/* The view is dropped. */
Status change_log_drop(Storage *s, int64_t view, Diags *d);

#endif
