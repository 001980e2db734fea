#include "lib/volume/labelled.h"
#include "lib/base/error.h"
#include "lib/stream/reader.h"
#include "lib/volume/samples.h"
#include <string.h>

static int check_role(const struct record *record, enum role role)
{
    return record->role == role ? STATUS_OK
                                : fail(STATUS_DATA, "%s: a %s record where its %s is expected",
                                       record->case_name, role_name(record->role), role_name(role));
}

static int read_image(struct reader *reader, struct record *image, bool *got)
{
    int status = reader_next(reader, image, got);
    if (status || !*got)
        return status;
    if (!(status = check_role(image, ROLE_IMAGE)) && image->last)
        status = fail(STATUS_DATA, "%s: an image without its label", image->case_name);
    if (!status && (status = record_make_float(image)))
        fail_in(status, "%s", image->case_name);
    return status ? fail_in(status, "%s", reader_name(reader)) : STATUS_OK;
}

/* The image was not the last record of its case, so that either another record of the same case
 * follows, or the reader refuses the stream. */
static int read_label(struct reader *reader, const struct record *image, struct record *label)
{
    bool got;
    int status = reader_next(reader, label, &got);
    if (status)
        return status;
    if (!(status = check_role(label, ROLE_LABEL)) && !label->last)
        status = fail(STATUS_DATA, "%s: more records than an image and its label", label->case_name);
    if (!status &&
        ((status = record_same_size(label, image->size, "label")) || (status = record_make_labels(label))))
        fail_in(status, "%s", label->case_name);
    return status ? fail_in(status, "%s", reader_name(reader)) : STATUS_OK;
}

int labelled_next(struct reader *reader, struct labelled_case *labelled, bool *got)
{
    *labelled = (struct labelled_case){0};
    int status = read_image(reader, &labelled->image, got);
    if (!status && *got)
        status = read_label(reader, &labelled->image, &labelled->label);
    if (status) {
        labelled_free(labelled);
        *got = false;
    }
    return status;
}

void labelled_free(struct labelled_case *labelled)
{
    record_free(&labelled->image);
    record_free(&labelled->label);
}
