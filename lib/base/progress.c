#include "lib/base/progress.h"
#include "lib/base/error.h"
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const double refresh = 0.1; /* seconds between two rewritings of the line */

double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_start(struct progress *progress, const char *unit, size_t total)
{
    *progress = (struct progress){.unit = unit, .total = total, .started = clock_seconds()};
}

static void print_time(double seconds)
{
    long s = (long)(seconds + 0.5);
    if (s >= 3600)
        fprintf(stderr, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    else
        fprintf(stderr, "%ld:%02ld", s / 60, s % 60);
}

static void print_line(const struct progress *p, const char *name, const char *detail, double elapsed)
{
    fprintf(stderr, "%s: %s %zu", tool_name, p->unit, p->done);
    if (p->total)
        fprintf(stderr, "/%zu (%zu %%)", p->total, p->done * 100 / p->total);
    fprintf(stderr, " %s%s%s, %.3g s each", name, detail ? ", " : "", detail ? detail : "",
            elapsed / (double)p->done);
    if (p->total > p->done) {
        fprintf(stderr, ", left ");
        print_time(elapsed / (double)p->done * (double)(p->total - p->done));
    }
}

void progress_advance(struct progress *progress, const char *name, const char *detail)
{
    double now = clock_seconds();
    progress->done++;
    if (quiet)
        return;
    if (isatty(STDERR_FILENO)) {
        if (now - progress->shown < refresh && progress->done != progress->total)
            return;
        progress->shown = now;
        fputc('\r', stderr);
        print_line(progress, name, detail, now - progress->started);
        fputs("\033[K", stderr);
    } else if (verbose) {
        print_line(progress, name, detail, now - progress->started);
        fputc('\n', stderr);
    }
}

void progress_end(struct progress *progress)
{
    if (progress->shown > 0)
        fputs("\r\033[K", stderr);
    progress->shown = 0;
}
