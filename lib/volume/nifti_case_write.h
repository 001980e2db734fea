/* The NIfTI files of a case to its records. */
#ifndef PRUNET_VOLUME_NIFTI_CASE_WRITE_H
#define PRUNET_VOLUME_NIFTI_CASE_WRITE_H

#include "lib/base/output.h"
#include "lib/stream/nifti.h"
#include "lib/volume/nifti_case.h"

/* Reads and checks all of the case's files, several at a time, and only then writes its image record and,
 * with a label map, the label record. `scheme` is the label map's; NULL: that of records, or the
 * Decathlon's for one image of four dimensions. */
int nifti_case_write(const struct nifti_case *files, const struct nifti_options *options,
                     const struct label_scheme *scheme, struct output *output);

#endif
