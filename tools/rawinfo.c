/* rawinfo: a line for each record of a stream. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/output.h"
#include "lib/stream/reader.h"
#include "lib/stream/record.h"
#include "lib/volume/record_summary.h"
#include <stdio.h>

struct request {
    bool json, no_header;
    const char *output;
    struct reader_options reader;
};

/* A row's cells, as both forms of the table print them. */
struct row {
    char size[64], spacing[64], offset[64], checks[CHECKS_SIZE];
    char type[24];
    struct record_summary summary;
};

static void describe(const struct record *record, struct row *row)
{
    static const char *const types[] = {[SAMPLE_FLOAT] = "float",
                                        [SAMPLE_UINT8] = "uint8",
                                        [SAMPLE_INT16] = "int16",
                                        [SAMPLE_BFLOAT16] = "bfloat16"};
    double spacing[3];
    int offset[3];
    snprintf(row->type, sizeof row->type, "%s%s", record->stored.scaled ? "half" : types[record->sample],
             record->stored.zstd ? "+zstd" : "");
    snprintf(row->size, sizeof row->size, "%dx%dx%dx%d", record->size[0], record->size[1], record->size[2],
             record->channels);
    record_spacing(record, spacing);
    snprintf(row->spacing, sizeof row->spacing, record->has_geometry ? "%gx%gx%g" : "-", spacing[0],
             spacing[1], spacing[2]);
    if (record_offset(record, offset))
        snprintf(row->offset, sizeof row->offset, "-");
    else
        snprintf(row->offset, sizeof row->offset, "%d,%d,%d", offset[0], offset[1], offset[2]);
    record_summarize(record, &row->summary);
    record_checks(record, &row->summary, row->checks);
}

static int print_row(struct output *output, bool json, const struct record *record)
{
    struct row row;
    describe(record, &row);
    return output_print(
        output,
        json ? "{\"case\":\"%s\",\"role\":\"%s\",\"type\":\"%s\",\"size\":\"%s\",\"spacing\":\"%s\","
               "\"offset\":\"%s\",\"min\":%.9g,\"max\":%.9g,\"mean\":%.9g,\"checks\":\"%s\"}\n"
             : "%s\t%s\t%s\t%s\t%s\t%s\t%.9g\t%.9g\t%.9g\t%s\n",
        record->case_name, role_name(record->role), row.type, row.size, row.spacing, row.offset,
        row.summary.min, row.summary.max, row.summary.mean, row.checks);
}

static int print_rows(struct output *output, struct reader *reader, const struct request *request)
{
    int status = STATUS_OK;
    if (!request->no_header && !request->json)
        status = output_print(output, "case\trole\ttype\tsize\tspacing\toffset\tmin\tmax\tmean\tchecks\n");
    for (bool got = true; !status && got;) {
        struct record record;
        status = reader_next(reader, &record, &got);
        if (!status && got)
            status = print_row(output, request->json, &record);
        record_free(&record);
    }
    return status;
}

int main(int argc, char **argv)
{
    struct request request = {0};
    struct output output;
    struct reader *reader;
    const struct tool tool = {
        .name = "rawinfo",
        .usage = "[OPTION...] [FILE...]",
        .summary =
            "Prints a line for each record: case, role, type, size (x, y, z, channels), spacing in mm,\n"
            "offset in the source grid, smallest, largest and mean sample, and what is remarkable about it.",
        .common = {.output = &request.output,
                   .expect = &request.reader.expect_path,
                   .max_bytes = &request.reader.max_bytes,
                   .json = &request.json,
                   .no_header = &request.no_header},
        .notes = "Checks: foreign (no prunet record), no-grid (cannot go back to a source), misplaced\n"
                 "(flipped, or between voxels), resampled (another spacing than its source), non-finite:N,\n"
                 "labels:N (not 0, 1, 2, 4), empty (all 0); else ok.",
        .example = "nii2raw --dir BraTS2021_00006 | crop | rawinfo",
    };
    int first = options_parse(&tool, argc, argv);
    int status = output_open(&output, request.output, false);
    if (status)
        return report(status);
    status = reader_open(&reader, argc - first, argv + first, &request.reader);
    if (!status) {
        status = print_rows(&output, reader, &request);
        reader_close(reader);
    }
    if (!status)
        status = output_commit(&output);
    output_discard(&output);
    return status ? report(status) : STATUS_OK;
}
