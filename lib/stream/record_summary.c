#include "lib/stream/record_summary.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static double sample_at(const struct record *record, size_t i)
{
    switch (record->sample) {
    case SAMPLE_UINT8:
        return ((const uint8_t *)record->data)[i];
    case SAMPLE_INT16:
        return ((const int16_t *)record->data)[i];
    case SAMPLE_BFLOAT16: {
        uint32_t bits = (uint32_t)((const uint16_t *)record->data)[i] << 16;
        float value;
        memcpy(&value, &bits, sizeof value);
        return (double)value;
    }
    case SAMPLE_FLOAT:
        break;
    }
    return (double)((const float *)record->data)[i];
}

void record_summarize(const struct record *record, struct record_summary *summary)
{
    size_t samples = record_voxels(record) * (size_t)record->channels;
    double min = INFINITY, max = -INFINITY, sum = 0;
    *summary = (struct record_summary){0};
    for (size_t i = 0; i < samples; i++) {
        double value = sample_at(record, i);
        if (!isfinite(value)) {
            summary->non_finite++;
            continue;
        }
        min = value < min ? value : min;
        max = value > max ? value : max;
        sum += value;
        if (record->role == ROLE_LABEL)
            summary->other_labels += value != 0 && value != 1 && value != 2 && value != 4;
    }
    if (summary->non_finite == samples)
        return;
    summary->min = min;
    summary->max = max;
    summary->mean = sum / (double)(samples - summary->non_finite);
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
