/* prunet-watch: how a training goes on, for a terminal. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/report/watch.h"
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int interval = 2, columns;
static bool once;

/* Whether the output can be drawn over. */
static bool is_terminal(void)
{
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && term && *term && strcmp(term, "dumb");
}

static int width(void)
{
    struct winsize size;
    const bool known = !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col > 0;
    const int wide = columns ? columns : known ? size.ws_col : WATCH_COLUMNS;
    return wide < WATCH_COLUMNS || columns ? wide : WATCH_COLUMNS;
}

/* Draws the state over the *drawn lines of the last one; sets *drawn to how many lines there are now. */
static int redraw(const struct watch *watch, int *drawn, bool utf8)
{
    if (*drawn)
        printf("\033[%dA\033[J", *drawn);
    return watch_draw(stdout, watch, width(), utf8, drawn);
}

static int follow(const char *run, bool drawing, bool utf8)
{
    size_t said = 0; /* epochs that have had their line */
    int drawn = 0;
    for (bool ended = false; !ended;) {
        struct watch watch;
        int status = watch_read(run, &watch);
        if (status)
            return status;
        if (drawing || once)
            status = redraw(&watch, &drawn, utf8);
        while (!drawing && !once && said < watch.epochs)
            watch_line(stdout, &watch, ++said);
        ended = watch.ended || once;
        watch_free(&watch);
        if (status)
            return status;
        if (fflush(stdout))
            return fail_errno(STATUS_FAILURE, "standard output");
        if (!ended)
            sleep((unsigned)interval);
    }
    return STATUS_OK;
}

int main(int argc, char **argv)
{
    const struct option_spec options[] = {
        {"interval", 0, OPTION_NATURAL, &interval, "SECONDS", "how often to look (2)"},
        {"columns", 0, OPTION_NATURAL, &columns, "N", "width of the lines (the terminal's, 80 at most)"},
        {"once", 0, OPTION_FLAG, &once, NULL, "show the state as it is and end"},
    };
    const struct tool tool = {
        .name = "prunet-watch",
        .usage = "[OPTION...] RUN",
        .summary =
            "Shows a training: the epoch and its cases, loss and Dice of each region with a sparkline over "
            "the\n"
            "epochs and their best, the time that is left, seconds a step and waiting, the memory of the "
            "process\n"
            "where it runs on this host, and the journal's last line. Where the output is no terminal: a "
            "line\n"
            "an epoch. It ends with the training; Ctrl-C ends it before, and leaves the training alone.",
        .options = options,
        .count = OPTION_COUNT(options),
        .common = {.output = NULL},
        .notes = "The time left is by the mean of the running epoch's steps; validation is not counted.",
        .example = "prunet-watch runs/small",
    };
    const int first = options_parse(&tool, argc, argv);
    if (argc - first != 1)
        usage_error("expected is one RUN");
    setlocale(LC_CTYPE, "");
    const bool utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
    int status = follow(argv[first], is_terminal(), utf8);
    return status ? report(status) : STATUS_OK;
}
