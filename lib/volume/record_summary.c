#include "lib/volume/record_summary.h"
#include "lib/base/numbers.h"
#include "lib/volume/resample.h"
#include "lib/volume/scheme.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 4096 };

struct running {
    double min, max, sum;
    size_t non_finite;
};

static void add_block(struct running *r, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double value = (double)values[i];
        if (!isfinite(value)) {
            r->non_finite++;
            continue;
        }
        r->min = value < r->min ? value : r->min;
        r->max = value > r->max ? value : r->max;
        r->sum += value;
    }
}

void record_summarize(const struct record *record, struct record_summary *summary)
{
    size_t samples = record_voxels(record) * (size_t)record->channels, width = sample_bytes(record->sample);
    struct running r = {.min = INFINITY, .max = -INFINITY};
    float block[BLOCK];
    *summary = (struct record_summary){0};
    const struct label_scheme *scheme;
    if (scheme_of_record(record, &scheme)) /* then no label is one of it */
        scheme = NULL;
    for (size_t first = 0; first < samples; first += BLOCK) {
        size_t count = size_min(samples - first, BLOCK);
        samples_to_float(record->sample, (const char *)record->data + first * width, count, block);
        add_block(&r, block, count);
        for (size_t i = 0; record->role == ROLE_LABEL && i < count; i++)
            summary->other_labels +=
                isfinite(block[i]) && (!scheme || label_of_value(scheme, block[i]) == LABEL_NONE);
    }
    summary->non_finite = r.non_finite;
    if (r.non_finite == samples)
        return;
    summary->min = r.min;
    summary->max = r.max;
    summary->mean = r.sum / (double)(samples - r.non_finite);
}

__attribute__((format(printf, 2, 3))) static void add(char checks[CHECKS_SIZE], const char *format, ...)
{
    size_t length = strlen(checks);
    va_list arguments;
    va_start(arguments, format);
    if (length && length + 1 < CHECKS_SIZE)
        checks[length++] = ',';
    vsnprintf(checks + length, CHECKS_SIZE - length, format, arguments);
    va_end(arguments);
}

void record_checks(const struct record *record, const struct record_summary *summary,
                   char checks[CHECKS_SIZE])
{
    int offset[3];
    *checks = 0;
    if (record->foreign)
        add(checks, "foreign");
    if (!record->has_grid || !record->has_geometry)
        add(checks, "no-grid");
    else if (resample_is_due(record))
        add(checks, "resampled");
    else if (record_offset(record, offset))
        add(checks, "misplaced");
    if (summary->non_finite)
        add(checks, "non-finite:%zu", summary->non_finite);
    if (summary->other_labels)
        add(checks, "labels:%zu", summary->other_labels);
    if (!summary->non_finite && summary->min == 0 && summary->max == 0)
        add(checks, "empty");
    if (!*checks)
        add(checks, "ok");
}
