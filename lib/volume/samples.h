/* Sample types: what the algorithms of this folder compute in, from whatever a record holds. */
#ifndef PRUNET_VOLUME_SAMPLES_H
#define PRUNET_VOLUME_SAMPLES_H

#include "lib/stream/record.h"

/* Makes `to` a record with the header of `from` and zeroed data of another type or shape. STATUS_FAILURE
 * without memory; `to` needs no record_free then. */
int record_derive(struct record *to, const struct record *from, enum sample sample, int channels,
                  const int size[3]);

/* Replaces `record` by `with`, whose data it takes over. */
void record_replace(struct record *record, struct record *with);

/* Turns an image's samples into float; nothing happens when they are. */
int record_make_float(struct record *record);

/* Turns a label map's samples into uint8 and checks them: STATUS_DATA for a value that is not a label of
 * records (labels.h), with the value and its count, and for more than one channel. */
int record_make_labels(struct record *record);

/* STATUS_DATA unless both records have the same size; both are of one case. */
int record_same_size(const struct record *record, const int size[3], const char *what);

#endif
