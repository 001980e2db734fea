#include "lib/report/watch.h"
#include "lib/base/error.h"
#include "lib/base/memory_stream.h"
#include "lib/stream/case_names.h"
#include <ctype.h>
#include <dirent.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096, SPARK_WIDTH = 40 };

/* A table of the run; one that cannot be read now has no rows. */
static void table_of(const struct watch *watch, const char *name, bool lines, struct report_table *table)
{
    char path[PATH_SIZE];
    *table = (struct report_table){0};
    if (snprintf(path, sizeof path, "%s/%s", watch->run, name) < (int)sizeof path)
        (void)(lines ? report_lines_read(path, table) : report_table_read(path, table));
}

static bool exists(const struct watch *watch, const char *name)
{
    char path[PATH_SIZE];
    struct stat about;
    return snprintf(path, sizeof path, "%s/%s", watch->run, name) < (int)sizeof path && !stat(path, &about);
}

/* --- the running epoch ------------------------------------------------------------------------------- */

/* Of the last epoch, whose steps may each have been of several cases. */
static double seconds_a_case(const struct watch *watch)
{
    const size_t last = watch->times.rows - 1;
    const double step = report_number(&watch->times, last, report_column(&watch->times, "seconds_a_step"));
    const double steps = report_number(&watch->times, last, report_column(&watch->times, "steps"));
    return watch->batch > 1 ? step * steps / (double)watch->cases : step;
}

static void read_steps(struct watch *watch)
{
    struct report_table steps;
    char name[64];
    double loss = 0, seconds = 0, waiting = 0;
    snprintf(name, sizeof name, "epochs/.%04zu.running/now", watch->epochs + 1);
    table_of(watch, name, false, &steps);
    for (size_t row = 1; row < steps.rows; row++) {
        loss += report_number(&steps, row, report_column(&steps, "loss"));
        seconds += report_number(&steps, row, report_column(&steps, "seconds"));
        waiting += report_number(&steps, row, report_column(&steps, "waiting"));
    }
    watch->steps = steps.rows ? steps.rows - 1 : 0;
    report_table_free(&steps);
    const double n = (double)watch->steps;
    watch->loss = n > 0 ? loss / n : NAN;
    watch->waiting = seconds + waiting > 0 ? waiting / (seconds + waiting) : NAN;
    watch->step = n > 0 ? (seconds + waiting) / n : seconds_a_case(watch);
    snprintf(name, sizeof name, "epochs/.%04zu.trained", watch->epochs + 1);
    watch->validating = exists(watch, name);
}

/* --- the process ------------------------------------------------------------------------------------- */

/* "VmHWM:  1234 kB" of a process's status, in bytes; 0 without it. */
static uint64_t status_bytes(const char *process, const char *key)
{
    char path[PATH_SIZE], line[256];
    unsigned long long kib = 0;
    snprintf(path, sizeof path, "/proc/%.20s/status", process);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, key, strlen(key)) && sscanf(line + strlen(key), ": %llu", &kib) == 1)
            break;
    if (file)
        fclose(file);
    return (uint64_t)kib * 1024;
}

/* Whether a process is a prunet-step that works in a folder. */
static bool works_in(const char *process, const char *folder)
{
    char path[PATH_SIZE], words[4 * PATH_SIZE];
    snprintf(path, sizeof path, "/proc/%.20s/cmdline", process);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    const size_t length = fread(words, 1, sizeof words - 1, file);
    words[length] = 0;
    fclose(file);
    bool found = false;
    const size_t n = strlen(folder);
    if (strcmp(path_file(words), "prunet-step"))
        return false;
    for (const char *word = words; word < words + length; word += strlen(word) + 1)
        found |= !strncmp(word, folder, n) && word[n] == '/';
    return found;
}

static void find_process(struct watch *watch)
{
    char *folder = realpath(watch->run, NULL);
    DIR *processes = folder ? opendir("/proc") : NULL;
    for (struct dirent *entry; processes && !watch->running && (entry = readdir(processes));)
        if (isdigit((unsigned char)entry->d_name[0]) && works_in(entry->d_name, folder)) {
            watch->running = true;
            watch->memory = status_bytes(entry->d_name, "VmRSS");
            watch->memory_peak = status_bytes(entry->d_name, "VmHWM");
        }
    if (processes)
        closedir(processes);
    free(folder);
}

/* --- all --------------------------------------------------------------------------------------------- */

int watch_read(const char *run, struct watch *watch)
{
    struct report_table goal, cases, journal, settings;
    const struct label_scheme *scheme;
    struct stat about;
    *watch = (struct watch){.run = run};
    if (stat(run, &about) || !S_ISDIR(about.st_mode))
        return fail(STATUS_FAILURE, "%s: is no folder", run);
    if (!exists(watch, "epochs") && !exists(watch, "manifest"))
        return fail(STATUS_FAILURE, "%s: is no run: nothing is trained there", run);
    table_of(watch, "log.tsv", false, &watch->log);
    table_of(watch, "times.tsv", false, &watch->times);
    table_of(watch, "goal.tsv", false, &goal);
    table_of(watch, "manifest/training", true, &cases);
    table_of(watch, "journal.txt", true, &journal);
    table_of(watch, "manifest/run.tsv", false, &settings);
    (void)run_scheme(run, &settings, &scheme); /* else regions are called as the log's columns */
    run_regions(scheme, &watch->log, &watch->regions);
    watch->epochs = watch->log.rows ? watch->log.rows - 1 : 0;
    watch->goal = (size_t)fmax(0, fmin(1e9, number_of(report_value(&goal, "epochs", "0"))));
    watch->cases = cases.rows;
    watch->batch = (size_t)fmax(1, number_of(report_value(&settings, "BATCH", "1")));
    snprintf(watch->last_note, sizeof watch->last_note, "%s", report_cell(&journal, journal.rows - 1, 0));
    report_table_free(&goal);
    report_table_free(&cases);
    report_table_free(&journal);
    report_table_free(&settings);
    read_steps(watch);
    find_process(watch);
    watch->ended =
        watch->epochs &&
        ((watch->goal && watch->epochs >= watch->goal) ||
         !strcmp(report_cell(&watch->log, watch->epochs, report_column(&watch->log, "stop")), "yes"));
    return STATUS_OK;
}

void watch_free(struct watch *watch)
{
    report_table_free(&watch->log);
    report_table_free(&watch->times);
}

/* --- drawing ----------------------------------------------------------------------------------------- */

/* A line that is being put together, cut at the terminal's width. */
struct line {
    char text[512];
    int columns, most;
};

/* Appends text; each letter of UTF-8 takes a column, and what a terminal would obey is a question mark. */
__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
    char part[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(part, sizeof part, format, arguments);
    va_end(arguments);
    size_t at = strlen(line->text);
    for (const char *c = part; *c && at + 5 < sizeof line->text; c++) {
        const bool follows = (*c & 0xc0) == 0x80;
        if (!follows && line->columns >= line->most)
            break;
        line->columns += !follows;
        line->text[at++] = (unsigned char)*c < 0x20 || *c == 0x7f ? '?' : *c;
    }
    line->text[at] = 0;
}

/* Whole seconds as "4:05 min" or "3:40 h". */
static void add_time(struct line *line, double seconds)
{
    const long whole = seconds > 0 && seconds < 1e9 ? (long)seconds : 0;
    if (whole < 3600)
        add(line, "%ld:%02ld min", whole / 60, whole % 60);
    else
        add(line, "%ld:%02ld h", whole / 3600, whole / 60 % 60);
}

/* The last values of a column as heights between its lowest and highest; fewer where there are more epochs than places. */
static void add_spark(struct line *line, const struct watch *watch, int column, bool utf8)
{
    static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    static const char *const letters[] = {"_", ".", "-", "=", "+", "*", "#", "@"};
    double low = INFINITY, high = -INFINITY;
    const size_t shown = watch->epochs < SPARK_WIDTH ? watch->epochs : SPARK_WIDTH;
    for (size_t row = 1; row <= watch->epochs; row++) {
        low = fmin(low, report_number(&watch->log, row, column));
        high = fmax(high, report_number(&watch->log, row, column));
    }
    for (size_t i = 0; i < shown; i++) {
        const size_t row = shown == watch->epochs ? i + 1 : 1 + i * (watch->epochs - 1) / (shown - 1);
        const double value = report_number(&watch->log, row, column);
        const int height = high > low && isfinite(value) ? (int)((value - low) / (high - low) * 7.999) : 0;
        add(line, "%s", (utf8 ? blocks : letters)[height]);
    }
}

/* A column of the log: its name, last value, sparkline and best value. */
static void draw_column(FILE *file, const struct watch *watch, const char *title, int column, bool smaller,
                        int columns, bool utf8)
{
    struct line line = {.most = columns};
    size_t best = 0;
    for (size_t row = 1; row <= watch->epochs; row++) {
        const double here = report_number(&watch->log, row, column),
                     there = report_number(&watch->log, best, column);
        best = !best || (smaller ? here < there : here > there) ? row : best;
    }
    add(&line, "%-5s %7.4f  ", title, report_number(&watch->log, watch->epochs, column));
    add_spark(&line, watch, column, utf8);
    add(&line, "  best %.4f in %zu", report_number(&watch->log, best, column), best);
    fprintf(file, "%s\n", line.text);
}

static void draw_head(FILE *file, const struct watch *watch, int columns)
{
    struct line line = {.most = columns};
    add(&line, "%s: ", path_file(watch->run));
    if (watch->ended)
        add(&line, "ended after epoch %zu", watch->epochs);
    else {
        add(&line, "epoch %zu", watch->epochs + 1);
        if (watch->goal)
            add(&line, " of %zu", watch->goal);
        if (watch->validating)
            add(&line, ", validating");
        else
            add(&line, ", case %zu of %zu", watch->steps, watch->cases);
        if (!watch->running && !watch->validating)
            add(&line, ", no training is at work on this host");
    }
    fprintf(file, "%s\n", line.text);
}

static void draw_left(FILE *file, const struct watch *watch, int columns)
{
    struct line line = {.most = columns};
    if (watch->ended || !isfinite(watch->step) || (!watch->running && !watch->steps))
        return;
    const double left = watch->validating || watch->steps > watch->cases
                            ? 0
                            : (double)(watch->cases - watch->steps) * watch->step;
    add_time(&line, left);
    add(&line, " left of the epoch");
    if (watch->goal > watch->epochs) {
        add(&line, ", ");
        add_time(&line,
                 left + (double)(watch->goal - watch->epochs - 1) * (double)watch->cases * watch->step);
        add(&line, " of all, without validation");
    }
    fprintf(file, "%s\n", line.text);
    line = (struct line){.most = columns};
    add(&line, "%.2f s a %s", watch->step, watch->batch > 1 ? "case" : "step");
    if (isfinite(watch->waiting))
        add(&line, ", %.1f %% waiting", 100 * watch->waiting);
    if (isfinite(watch->loss))
        add(&line, ", loss %.4f so far", watch->loss);
    if (watch->memory)
        add(&line, ", memory %.0f MiB, at most %.0f", (double)watch->memory / (1 << 20),
            (double)watch->memory_peak / (1 << 20));
    fprintf(file, "%s\n", line.text);
}

static void draw_lines(FILE *file, const struct watch *watch, int columns, bool utf8)
{
    draw_head(file, watch, columns);
    if (watch->epochs) {
        draw_column(file, watch, "loss", report_column(&watch->log, "loss"), true, columns, utf8);
        for (int i = 0; i < watch->regions.count; i++)
            draw_column(file, watch, watch->regions.name[i], watch->regions.column[i], false, columns, utf8);
        draw_column(file, watch, "mean", report_column(&watch->log, "validation"), false, columns, utf8);
    }
    draw_left(file, watch, columns);
    if (*watch->last_note) {
        struct line line = {.most = columns};
        add(&line, "%s", watch->last_note);
        fprintf(file, "%s\n", line.text);
    }
}

int watch_draw(FILE *file, const struct watch *watch, int columns, bool utf8, int *lines)
{
    struct memory_stream screen;
    *lines = 0;
    FILE *memory = memory_stream_open(&screen);
    if (!memory)
        return fail(STATUS_FAILURE, "out of memory");
    draw_lines(memory, watch, columns, utf8);
    int status = memory_stream_close(memory, &screen);
    if (status)
        return status;
    for (size_t i = 0; i < screen.size; i++)
        *lines += screen.text[i] == '\n';
    fwrite(screen.text, 1, screen.size, file);
    free(screen.text);
    return STATUS_OK;
}

void watch_line(FILE *file, const struct watch *watch, size_t epoch)
{
    struct line line = {.most = 2 * WATCH_COLUMNS};
    const struct report_table *log = &watch->log;
    add(&line, "epoch %s", report_cell(log, epoch, report_column(log, "epoch")));
    if (watch->goal)
        add(&line, " of %zu", watch->goal);
    add(&line, ": loss %.4f, Dice %.4f", report_number(log, epoch, report_column(log, "loss")),
        report_number(log, epoch, report_column(log, "validation")));
    for (int i = 0; i < watch->regions.count; i++)
        add(&line, " %s %.3f", watch->regions.name[i], report_number(log, epoch, watch->regions.column[i]));
    add(&line, ", %.2f s a step",
        report_number(&watch->times, epoch, report_column(&watch->times, "seconds_a_step")));
    fprintf(file, "%s\n", line.text);
}
