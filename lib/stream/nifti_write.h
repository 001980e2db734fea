/* Writing NIfTI-1 files, plain or gzip. */
#ifndef PRUNET_STREAM_NIFTI_WRITE_H
#define PRUNET_STREAM_NIFTI_WRITE_H

#include "lib/base/output.h"
#include "lib/stream/record.h"

/* Writes a record's volume, already on its source grid (record->size == record->grid), as NIfTI-1 with the
 * source's forms; without any, its affine as sform. Bytes and floats keep their type, bfloat16 becomes
 * float. gzip when `compress`, always with the same bytes. STATUS_DATA for a volume that is not on its
 * source grid. */
int nifti_write(struct output *output, const struct record *record, bool compress);

/* Whether a file of this name is to be compressed: it ends with ".gz". NULL, standard output, is not. */
bool nifti_name_compressed(const char *path);

#endif
