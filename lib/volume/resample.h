/* Resampling: a volume on another grid, whose axes are the volume's own, perhaps in another order or direction, with
 * another spacing. Images and probabilities are interpolated linearly between the eight voxels around a place (no
 * filter before: what is made coarser is sampled, not averaged); label maps and masks take the nearest voxel, halves
 * rounded up. Up to half a voxel beyond the outermost centres the value is that of the edge, farther out it is 0. */
#ifndef PRUNET_VOLUME_RESAMPLE_H
#define PRUNET_VOLUME_RESAMPLE_H

#include "lib/stream/record.h"

/* "1x1x1.5", x, y, z in mm, each within 0.05..50; STATUS_USAGE for anything else. */
int spacing_parse(double spacing[3], const char *text);

enum { SPACING_TEXT_SIZE = 64 };

/* "1x1x1.5" */
void spacing_print(const double spacing[3], char text[SPACING_TEXT_SIZE]);

/* Whether the record's spacing is another by more than a share of it along an axis; false without geometry. */
bool spacing_differs(const struct record *record, const double spacing[3], double share);

/* The record with voxels of this spacing: as many as fill the volume, to the nearest whole number, about the same
 * centre; directions and origin say where they lie, and the source's grid stays what the record came from. A record
 * that has the spacing within a thousandth is left as it is. STATUS_DATA without geometry, for a singular one, and
 * for a result that is larger than 4096 voxels along an axis or than max_bytes (0: RECORD_BYTES_MAX). */
int resample_to_spacing(struct record *record, const double spacing[3], uint64_t max_bytes);

/* Whether the record has another spacing than its source, along axes that are the source's. */
bool resample_is_due(const struct record *record);

/* Puts such a record on its source's grid; 0 where the record has nothing. Any other record is left as it is.
 * STATUS_DATA for a grid larger than record_place allows. */
int resample_to_source(struct record *record, uint64_t max_bytes);

#endif
