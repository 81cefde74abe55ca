/* follow.c: prints the changes of a view as they are committed, and goes on where it was left.
 *
 *     cc follow.c -lweir -o follow
 *     ./follow events.db per_minute place
 *
 * The file `place` keeps the epoch up to which all changes have been printed; without it the rows that stand
 * now come first. The program is the engine as well: weir_step reads the sources while it waits. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "include/weir.h" /* installed: <weir.h> */

static int64_t read_place(const char *path)
{
    int64_t epoch = -1;
    FILE *f = fopen(path, "r");
    if (f && fscanf(f, "%" SCNd64, &epoch) != 1) epoch = -1;
    if (f) fclose(f);
    return epoch;
}

static void keep_place(const char *path, int64_t epoch)
{
    FILE *f = epoch >= 0 ? fopen(path, "w") : NULL;
    if (!f) return;
    fprintf(f, "%" PRId64 "\n", epoch);
    fclose(f);
}

static void print_change(weir_stmt *changes)
{
    printf("%c", weir_row_weight(changes) > 0 ? '+' : '-');
    for (int i = 1; i < weir_column_count(changes); i++) { /* column 0 is the epoch */
        const char *text = weir_column_text(changes, i, NULL);
        printf(" %s=%s", weir_column_name(changes, i), text ? text : "NULL");
    }
    putchar('\n');
}

static weir_status follow(weir *db, const char *view, const char *place)
{
    weir_stmt *changes = NULL;
    int64_t since = read_place(place);
    weir_status st = weir_subscribe(db, view, since < 0, since, &changes);
    if (st != WEIR_OK) return st;
    while ((st = weir_step(changes)) == WEIR_ROW) print_change(changes);
    keep_place(place, weir_resume_epoch(changes));
    weir_finalize(changes);
    return st; /* WEIR_DONE: every input has ended */
}

int main(int argc, char **argv)
{
    weir *db;
    if (argc != 4) {
        fprintf(stderr, "usage: %s DB VIEW PLACE\n", argv[0]);
        return 2;
    }
    weir_status st = weir_open(argv[1], NULL, &db);
    if (st == WEIR_OK) st = follow(db, argv[2], argv[3]);
    if (st != WEIR_OK && st != WEIR_DONE) fprintf(stderr, "%s\n", weir_errmsg(db));
    weir_close(db);
    return st == WEIR_OK || st == WEIR_DONE ? EXIT_SUCCESS : EXIT_FAILURE;
}
