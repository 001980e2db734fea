/* How a record lies in a file where that is not plainly its samples: as integers of 16 bits with a scale for each
 * channel, compressed, or both. A reader undoes it, so that the rest of the program meets floats.
 *
 * Half (`--half`): int16, value = sample * scale, scale = largest absolute value of the channel / 32767. The error is at
 * most half a scale, and 0 stays 0; a value that is not 0 does not become 0 either (then the error is below one scale),
 * so that the background stays what it was. Of four standardised modalities of a real case (2026-11-28) the largest
 * error is 2.2e-4 and the root of the mean square 7.7e-5 deviations; an IEEE half, whose steps grow with the value, has
 * 3.9e-3 and 2.0e-4. */
#ifndef PRUNET_STREAM_STORAGE_H
#define PRUNET_STREAM_STORAGE_H

#include "lib/stream/record.h"

struct storage_choice {
    bool half; /* images of floats: 16 bits a voxel. Other records are not changed by it */
    bool zstd; /* all records: compressed */
};

/* Makes *packed, whose header says how it lies in a file and whose data are the payload. Without a choice that is the
 * record itself, borrowed. STATUS_FAILURE without memory or zstd; STATUS_DATA for values that are not finite. */
int storage_pack(struct record *packed, const struct record *record, const struct storage_choice *choice);

/* Bytes of the payload as it lies in the file. */
size_t storage_bytes(const struct record *record);

/* Whether there is something to undo. */
bool storage_is_plain(const struct record *record);

/* Of a record that is stored as integers: its `count` samples from `first` on, as floats. */
void storage_widen(const struct record *record, size_t first, const int16_t *samples, size_t count,
                   float *to);

/* Gives a record its samples, record->bytes of them, from a payload of storage_bytes: in `destination`, which is then
 * borrowed, or where that is NULL in memory of its own. STATUS_DATA and STATUS_FAILURE as zstd_expand. */
int storage_unpack(struct record *record, const void *payload, void *destination);

#endif
