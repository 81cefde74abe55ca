/* main.c: the program `weir`: finds the subcommand and its options. */
#include "shell/command.h"

#include <locale.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const Command commands[] = {
    {"run", "weir run [-d DB] [--once] [--set k=v] [-q] FILE.sql|FOLDER...",
     "register the files' statements and run until every bounded input has ended", command_run},
    {"check", "weir check FILE.sql...", "parse and plan only; tell every error", command_check},
    {"explain", "weir explain [--svg] [-d DB] [FILE.sql] [VIEW...] | -c SQL", "show how queries would run", command_explain},
    {"test", "weir test [--tap | --junit] FILE.sql...", "run tests of standing queries: BEGIN TEST … EXPECT … END", command_test},
    {"verify", "weir verify DB", "make every view anew from what can be read again, in a copy, and compare", command_verify},
    {"bench", "weir bench [--list] [--query q5,file-*] [--events N] [--runs N] [--json] [-c SQL] [FOLDER]",
     "measure operators, decoding, files to views on Nexmark's events", command_bench},
    {"help", "weir help [COMMAND]", "this text", command_help},
    {"version", "weir version", "version and what was built in", command_version},
    {0}};

static const Command shell = {"", "weir [OPTIONS] [DB [SQL]]", "the shell on a database", command_shell};

/* ---- options ------------------------------------------------------------------------------------------ */

typedef struct Flag {
    const char *name;
    size_t offset; /* of a bool in Args */
} Flag;

static const Flag flags[] = {
    {"--once", offsetof(Args, once)}, {"--quiet", offsetof(Args, quiet)}, {"-q", offsetof(Args, quiet)},
    {"-v", offsetof(Args, verbose)}, {"--fail-on-errors", offsetof(Args, fail_on_errors)},
    {"--no-progress", offsetof(Args, no_progress)}, {"--no-color", offsetof(Args, no_color)},
    {"--json", offsetof(Args, json)}, {"--read-only", offsetof(Args, read_only)},
    {"--prune", offsetof(Args, prune)}, {"--dry-run", offsetof(Args, dry_run)}, {"--watch", offsetof(Args, watch)},
    {"--tap", offsetof(Args, tap)}, {"--svg", offsetof(Args, svg)}, {"--junit", offsetof(Args, junit)},
    {"--list", offsetof(Args, list)},
};

static bool take_flag(Args *a, const char *arg)
{
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (!strcmp(flags[i].name, arg)) return *(bool *)((char *)a + flags[i].offset) = true;
    return false;
}

static const char **value_slot(Args *a, const char *arg)
{
    if (!strcmp(arg, "-d") || !strcmp(arg, "--db")) return &a->db;
    if (!strcmp(arg, "-c")) return &a->sql;
    if (!strcmp(arg, "--mode")) return &a->mode;
    if (!strcmp(arg, "--query")) return &a->query;
    if (!strcmp(arg, "--make")) return &a->make;
    if (!strcmp(arg, "--var") && a->nvars < ARGS_MAX) return &a->vars[a->nvars++];
    if (!strcmp(arg, "--set") && a->nsettings < ARGS_MAX) return &a->settings[a->nsettings++];
    return NULL;
}

static int usage(const char *what, const char *arg)
{
    fprintf(stderr, "weir: %s \"%s\"; weir help shows the options\n", what, arg);
    return EXIT_USAGE;
}

static int parse_args(int argc, char **argv, Args *a)
{
    for (int i = 0; i < argc; i++) {
        const char *arg = argv[i];
        bool has_value = i + 1 < argc;
        if (arg[0] != '-' || !arg[1]) {
            if (a->nfiles == ARGS_MAX) return usage("too many files at", arg);
            a->files[a->nfiles++] = arg;
        } else if (!strcmp(arg, "--events") || !strcmp(arg, "--runs")) {
            if (!has_value) return usage("no number after", arg);
            *(strcmp(arg, "--runs") ? &a->events : &a->runs) = strtoll(argv[++i], NULL, 10);
        } else if (!take_flag(a, arg)) {
            const char **slot = value_slot(a, arg);
            if (!slot) return usage("unknown option", arg);
            if (!has_value) return usage("no value after", arg);
            *slot = argv[++i];
        }
    }
    return EXIT_DONE;
}

/* ---- what commands share --------------------------------------------------------------------------------- */

Session session_of(const Args *a)
{
    return (Session){.style = {.mode = render_mode("table"), .null_text = "", .headers = true}, .bail = true,
                     .settings = a->settings, .quiet = a->quiet,
                     .shows_progress = !a->quiet && !a->no_progress && isatty(STDERR_FILENO), .out = stdout};
}

char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? strndup(path, (size_t)(slash - path)) : strdup("");
}

int exit_code(weir_status st)
{
    switch (st) {
    case WEIR_OK: case WEIR_ROW: case WEIR_DONE: case WEIR_IDLE: return EXIT_DONE;
    case WEIR_E_IO: case WEIR_E_STORAGE: case WEIR_E_LOCKED: case WEIR_E_CORRUPT: case WEIR_E_FORMAT:
    case WEIR_E_NOMEM: case WEIR_E_FAULTED: case WEIR_E_INTERNAL: return EXIT_ENVIRONMENT;
    case WEIR_E_INTERRUPTED: return EXIT_INTERRUPTED;
    case WEIR_E_SYNTAX: case WEIR_E_NAME: case WEIR_E_TYPE: case WEIR_E_VALUE: case WEIR_E_UNSUPPORTED:
    case WEIR_E_EMIT: case WEIR_E_RETRACT: case WEIR_E_WINDOW: case WEIR_E_GROUP: case WEIR_E_OPTION:
    case WEIR_E_EXISTS: case WEIR_E_NOT_FOUND: case WEIR_E_DEPENDS: case WEIR_E_LIMIT: case WEIR_E_DATA:
    case WEIR_E_ENDED: case WEIR_E_MISUSE: case WEIR_E_READONLY: case WEIR_E_GONE: return EXIT_FAILED;
    }
    return EXIT_FAILED;
}

/* ---- help ------------------------------------------------------------------------------------------------ */

static void help_all(FILE *f)
{
    fputs("weir keeps answers to SQL queries over streams of events fresh in a SQLite file.\n\n", f);
    fprintf(f, "  %-60s %s\n", shell.usage, shell.doc);
    for (const Command *c = commands; c->name; c++) fprintf(f, "  %-60s %s\n", c->usage, c->doc);
    fputs("\nOptions\n"
          "  -d, --db DB          the database file\n"
          "  -c SQL               carry out statements instead of reading them\n"
          "  --mode MODE          table, box, csv, tsv, json, jsonl, line, list, markdown, insert\n"
          "  --set NAME=VALUE     a setting, as SET does (SHOW SETTINGS lists them)\n"
          "  --var NAME=VALUE     what :NAME stands for in the files\n"
          "  --dry-run            run: tell what registering the files would change, and stop\n"
          "  --prune              run: drop what the files do not define\n"
          "  --watch              run: register a file again when it has been saved\n"
          "  --svg                explain: draw the plans as a picture\n"
          "  --once               take what is there now, end nothing, stop\n"
          "  --read-only          only look\n"
          "  --fail-on-errors     exit with 1 when records were skipped\n"
          "  -q, --quiet          nothing but errors\n"
          "  --no-progress        no moving display\n"
          "\nExit codes: 0 done, 1 the SQL or the data is at fault, 2 wrong usage, 3 the environment,\n"
          "130 interrupted.\n", f);
}

int command_help(const Args *a)
{
    if (a->nfiles == 0) {
        help_all(stdout);
        return EXIT_DONE;
    }
    for (const Command *c = commands; c->name; c++)
        if (!strcmp(c->name, a->files[0])) {
            printf("%s\n%s\n", c->usage, c->doc);
            return EXIT_DONE;
        }
    return usage("no command", a->files[0]);
}

int command_version(const Args *a)
{
    (void)a;
    printf("weir %s\n", weir_version());
#ifdef WEIR_HAVE_CRYPTO
    puts("digests: libcrypto");
#endif
#ifdef WEIR_HAVE_UTF8PROC
    puts("unicode: utf8proc");
#endif
    printf("line editing: %s\n", WEIR_LINE_EDITOR);
    return EXIT_DONE;
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    const Command *cmd = &shell;
    int from = 1;
    for (const Command *c = commands; argc > 1 && c->name; c++)
        if (!strcmp(c->name, argv[1])) {
            cmd = c;
            from = 2;
        }
    if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
        help_all(stdout);
        return EXIT_DONE;
    }
    if (argc > 1 && !strcmp(argv[1], "--version")) return command_version(NULL);
    static Args args;
    int bad = parse_args(argc - from, argv + from, &args);
    return bad ? bad : cmd->run(&args);
}
