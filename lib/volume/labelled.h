/* Labelled cases: a stream read as pairs of an image and its label map. */
#ifndef PRUNET_VOLUME_LABELLED_H
#define PRUNET_VOLUME_LABELLED_H

#include "lib/stream/reader.h"
#include "lib/stream/record.h"

struct labelled_case {
    struct record image; /* float */
    struct record label; /* uint8, labels of records (labels.h), of the image's size */
};

/* Reads the next pair: *got is set, and both records belong to the caller (labelled_free). At a legal end
 * *got is false. STATUS_DATA, naming file and case, for an image without its label, a label without its
 * image, another role, sizes that differ, and as reader_next and record_make_labels. */
int labelled_next(struct reader *reader, struct labelled_case *labelled, bool *got);
void labelled_free(struct labelled_case *labelled);

#endif
