/* How a plane of an array is laid out in a picture: by the radiological convention, whatever the array's order.
 *
 * Axial and coronal planes are seen from the feet and from the front, so that the patient's right is on the left;
 * sagittal ones have the front on the left. Up is the front (axial) or the head. An array axis counts as the anatomical
 * one that it is nearest to; planes of an oblique array are its own. */
#ifndef PRUNET_PICTURE_VIEW_H
#define PRUNET_PICTURE_VIEW_H

#include "lib/stream/record.h"
#include <stdbool.h>

enum plane { PLANE_AXIAL, PLANE_CORONAL, PLANE_SAGITTAL, PLANES };

enum { MARK_SIZE = 4 };

struct view {
    int across, down,
        through; /* array axes (0 x, 1 y, 2 z): along a row, down a column, from slice to slice */
    bool flip_across, flip_down; /* the picture runs against the axis */
    double spacing[2];           /* mm of a voxel across and down; 1 where it is not known */
    char left[MARK_SIZE], right[MARK_SIZE], top[MARK_SIZE],
        bottom[MARK_SIZE]; /* "R", "RA"; "" without geometry */
};

/* "axial", "coronal", "sagittal". */
const char *plane_name(enum plane plane);

/* The view of a record's plane. Marks are the letters of the directions that a side is within 72 degrees of, the nearest
 * first. Without geometry the array is taken for one that runs left, back and up, as BraTS' do, and has no marks. */
void view_of(const struct record *record, enum plane plane, struct view *view);

/* mm of a step along each array axis, 1 for what is not a positive number. */
void view_spacing(const struct record *record, double spacing[3]);

#endif
