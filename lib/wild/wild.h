/* Wild heads: tumours in heads that vary as scanners and patients do, made to train networks for real cases
 * without any. Unlike plain phantoms (phantom.h) they are made of an anatomy's tissue maps. */
#ifndef PRUNET_WILD_WILD_H
#define PRUNET_WILD_WILD_H

#include "lib/volume/phantom.h"
#include "lib/wild/atlas.h"
#include "lib/wild/distractors.h"
#include "lib/wild/lesions.h"

/* Everything that is drawn of a head but its acquisition. */
struct wild_head {
    uint64_t key;
    struct pose pose;
    struct tissues tissues;
    struct distractors distractors;
    int lesions;
    struct lesion lesion[LESIONS_MAX];
};

/* Draws head `number` of a seed. STATUS_FAILURE without memory. */
int wild_draw(struct wild_head *head, const struct atlas *atlas, uint64_t seed, int number);
void wild_free(struct wild_head *head);

/* Paints a head that was drawn onto a phantom that phantom_allocate has made: its images, and the labels of its
 * lesions. STATUS_FAILURE without memory. */
int wild_paint(const struct wild_head *head, const struct atlas *atlas, struct phantom *phantom);

/* Makes head `number` of a seed on a grid of cubic voxels, the head in its middle: a function of both, the grid
 * and the atlas, to the byte, with any number of threads. A grid smaller than the head cuts it. Free with
 * phantom_free. STATUS_FAILURE without memory. */
int wild_make(struct phantom *phantom, const struct atlas *atlas, uint64_t seed, int number,
              const int size[3], double spacing);

/* The grid that holds a head at a spacing: 160 x 192 x 160 mm, rounded up to multiples of 16 voxels. */
void wild_size(double spacing, int size[3]);

#endif
