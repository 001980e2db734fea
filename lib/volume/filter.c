#include "lib/volume/filter.h"
#include "lib/base/error.h"
#include "lib/base/progress.h"
#include "lib/stream/reader.h"
#include "lib/stream/record_write.h"

static int filter_records(const struct filter *filter, struct reader *reader, struct output *output)
{
    struct progress progress;
    progress_start(&progress, "record", 0);
    for (;;) {
        struct record record;
        bool got;
        int status = reader_next(reader, &record, &got);
        if (status || !got) {
            progress_end(&progress);
            return status;
        }
        if ((status = filter->apply(filter->self, &record)))
            fail_in(status, "%s: %s", reader_name(reader), record.case_name);
        else if (!(status = record_write_as(output, &record, &filter->stored)))
            progress_advance(&progress, record.case_name, role_name(record.role));
        record_free(&record);
        if (status) {
            progress_end(&progress);
            return status;
        }
    }
}

int filter_run(const struct filter *filter, int count, char *const *paths)
{
    struct reader_options options = {.max_bytes = filter->max_bytes, .digests_path = filter->digests};
    struct reader *reader;
    struct output output;
    int status = output_open(&output, filter->output, true);
    if (status)
        return status;
    status = reader_open(&reader, count, paths, &options);
    if (!status) {
        status = filter_records(filter, reader, &output);
        reader_close(reader);
    }
    if (!status)
        return output_commit(&output);
    output_discard(&output);
    return status;
}
