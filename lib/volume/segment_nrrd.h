/* Segmentations for 3D Slicer: .seg.nrrd, a NRRD file whose keys say which number of which layer is which segment. */
#ifndef PRUNET_VOLUME_SEGMENT_NRRD_H
#define PRUNET_VOLUME_SEGMENT_NRRD_H

#include "lib/base/output.h"
#include "lib/stream/record.h"

/* Writes a label, prob (above one half) or mask record as a segmentation with a segment a region of
 * its scheme, with name and colour. Regions that overlap lie in layers of their own: 4 dimensions, the layer first; else 3. Directions
 * and origin are in left-posterior-superior mm, the data gzip. STATUS_DATA for a record without geometry or of another role
 * or another number of channels, and as record_make_labels. */
int segment_nrrd_write(struct output *output, const struct record *record);

#endif
