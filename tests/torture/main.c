/* main.c: weir-torture: breaks an engine in every way a seed can think of, and compares. */
#include "tests/torture/torture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int usage(void)
{
    fputs("usage: weir-torture [--kind sim|power] [--seed N] [--cases N | --minutes M] [--regress FOLDER]\n"
          "       weir-torture --kind kill [--weir PROGRAM] [--seed N] [--cases N | --minutes M]\n"
          "       weir-torture --kind sweep [--one-in N] [--seed N] [--regress FOLDER]\n"
          "       weir-torture --planted [--seed N] [--cases N]\n"
          "       weir-torture --replay FILE…\n"
          "       weir-torture --print --kind KIND --seed N\n", stderr);
    return 2;
}

static int replay(char **files, int n)
{
    int failed = 0;
    for (int i = 0; i < n; i++) failed += case_replay(files[i]) != 0;
    printf("replay: %s: %d cases, %d failed\n", failed ? "FAILED" : "ok", n, failed);
    return failed > 0;
}

static int print_case(const Plan *p, Kind kind)
{
    Lines c = {0};
    case_make(kind, p->seed, &c);
    for (int i = 0; i < c.n; i++) puts(c.text[i]);
    lines_free(&c);
    return 0;
}

static int run_kind(const Plan *p, const char *kind)
{
    if (!strcmp(kind, kind_names[KIND_KILL])) return kill_run(p);
    for (int k = 0; k < KIND_COUNT; k++)
        if (!strcmp(kind, kind_names[k])) return cases_run(p, (Kind)k);
    return usage();
}

int main(int argc, char **argv)
{
    Plan p = {.seed = 1, .program = argv[0], .seconds = 10};
    const char *kind = "sim";
    bool prints = false, planted = false;
    int one_in = 1;
    memory_register();
    disk_register();
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (!strcmp(argv[i], "--replay") && value) return replay(argv + i + 1, argc - i - 1);
        if (!strcmp(argv[i], "--print")) { prints = true; continue; }
        if (!strcmp(argv[i], "--planted")) { planted = true; continue; }
        if (!value) return usage();
        i++;
        if (!strcmp(argv[i - 1], "--kind")) kind = value;
        else if (!strcmp(argv[i - 1], "--seed")) p.seed = strtoull(value, NULL, 10);
        else if (!strcmp(argv[i - 1], "--cases")) p.cases = strtoll(value, NULL, 10);
        else if (!strcmp(argv[i - 1], "--minutes")) p.seconds = 60 * strtod(value, NULL);
        else if (!strcmp(argv[i - 1], "--regress")) p.regress = value;
        else if (!strcmp(argv[i - 1], "--weir")) p.weir = value;
        else if (!strcmp(argv[i - 1], "--one-in")) one_in = (int)strtol(value, NULL, 10);
        else return usage();
    }
    if (!strcmp(kind, "sweep")) return sweep_run(&p, one_in > 0 ? one_in : 1);
    if (planted) return planted_run(&p);
    if (prints) {
        for (int k = 0; k < KIND_COUNT; k++)
            if (!strcmp(kind, kind_names[k])) return print_case(&p, (Kind)k);
        return usage();
    }
    return run_kind(&p, kind);
}
