/* signals.c: Ctrl-C and its like.
 *
 * In the shell they end what the engine is doing. A program that runs for long (weir run) leaves at
 * the first: sources stop, what they gave is committed. It has ten seconds for that; a second
 * signal ends it at once, as kill -9 would, which loses nothing that was committed. */
#include "shell/command.h"

#include <signal.h>
#include <unistd.h>

enum { LEAVE_SECONDS = 10 };

static weir *volatile watched;
static volatile sig_atomic_t interrupts, signals, terminated, hangups;
static volatile sig_atomic_t leaves_at_first;

static void leave_at_once(int sig)
{
    (void)sig;
    _exit(EXIT_INTERRUPTED);
}

static void on_interrupt(int sig)
{
    interrupts++;
    signals++;
    if (sig == SIGTERM) terminated = 1;
    if (leaves_at_first && signals > 1) leave_at_once(sig);
    if (leaves_at_first) alarm(LEAVE_SECONDS);
    if (watched) weir_interrupt(watched);
}

static void on_hangup(int sig)
{
    (void)sig;
    hangups++;
}

static void catch(int sig, void (*handler)(int))
{
    struct sigaction sa = {.sa_handler = handler};
    sigemptyset(&sa.sa_mask);
    sigaction(sig, &sa, NULL);
}

void interrupt_watch(weir *db)
{
    watched = db;
    catch(SIGINT, on_interrupt);
    catch(SIGTERM, on_interrupt);
}

void interrupt_leaves(void)
{
    leaves_at_first = 1;
    catch(SIGALRM, leave_at_once);
}

bool interrupt_seen(void)
{
    bool seen = interrupts > 0;
    interrupts = 0;
    return seen;
}

bool interrupt_waits(void) { return interrupts > 0; }

bool termination_seen(void) { return terminated; }

/* A terminal that goes away ends what ran in it; nohup has its way too. */
void reload_watch(void)
{
    struct sigaction now;
    sigaction(SIGHUP, NULL, &now);
    if (now.sa_handler == SIG_DFL && !isatty(STDERR_FILENO)) catch(SIGHUP, on_hangup);
}

bool reload_seen(void)
{
    bool seen = hangups > 0;
    hangups = 0;
    return seen;
}
