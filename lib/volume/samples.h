/* Records in the sample type that algorithms compute in, whatever type they were read in. */
#ifndef PRUNET_VOLUME_SAMPLES_H
#define PRUNET_VOLUME_SAMPLES_H

#include "lib/stream/record.h"

/* Makes `to` a record with the header of `from` and zeroed data of another type or shape. STATUS_FAILURE
 * without memory; `to` needs no record_free then. */
int record_derive(struct record *to, const struct record *from, enum sample sample, int channels,
                  const int size[3]);

/* Frees `record` and makes it `with`, whose data it then owns. */
void record_replace(struct record *record, struct record *with);

/* Turns a record's samples into float; nothing happens when they are. STATUS_FAILURE without memory. */
int record_make_float(struct record *record);

/* Turns a label map's samples into uint8 and checks them: STATUS_DATA for a value that is not a label of
 * records (labels.h), with the value and its count, and for more than one channel. */
int record_make_labels(struct record *record);

/* STATUS_DATA unless the record has the size of its case's image; `what` it is stands in the message. */
int record_same_size(const struct record *record, const int size[3], const char *what);

/* The name of a channel ("t1ce"), or its number from 0 where the record does not name it. */
const char *channel_name(const struct record *record, int channel, char *name, size_t size);

#endif
