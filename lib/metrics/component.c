#include "lib/metrics/component.h"
#include "lib/base/array.h"
#include "lib/base/error.h"
#include <stdlib.h>

/* Indices of voxels to visit. */
struct queue {
    uint32_t *voxels;
    size_t count, capacity;
};

static int push(struct queue *queue, size_t index)
{
    if (queue->count == queue->capacity) { /* rarely: this is the innermost loop */
        int status = array_grow(&queue->voxels, &queue->capacity, queue->count + 1, sizeof *queue->voxels);
        if (status)
            return status;
    }
    queue->voxels[queue->count++] = (uint32_t)index;
    return STATUS_OK;
}

/* The neighbours of a voxel that lie in the array: low .. high, inclusive, on each axis. */
static void neighbourhood(const int at[3], const int size[3], int axes, int low[3], int high[3])
{
    for (int axis = 0; axis < 3; axis++) {
        low[axis] = at[axis] - (axis < axes && at[axis] > 0);
        high[axis] = at[axis] + (axis < axes && at[axis] < size[axis] - 1);
    }
}

static void position(size_t index, const int size[3], int at[3])
{
    at[0] = (int)(index % size[0]);
    at[1] = (int)(index / size[0] % size[1]);
    at[2] = (int)(index / size[0] / size[1]);
}

/* Labels the component of voxel `seed`. Voxels that are still to be labelled carry -1. */
static int flood(struct components *c, int axes, size_t seed, struct queue *queue)
{
    const int *size = c->size;
    const int label = c->count;
    struct box *box = &c->boxes[label];
    *box = (struct box){{size[0], size[1], size[2]}, {0, 0, 0}};
    c->volumes[label] = 0;
    c->labels[seed] = label;
    int status = push(queue, seed);
    while (!status && queue->count) {
        int at[3], low[3], high[3];
        position(queue->voxels[--queue->count], size, at);
        neighbourhood(at, size, axes, low, high);
        *box = box_union(box, &(struct box){{at[0], at[1], at[2]}, {at[0] + 1, at[1] + 1, at[2] + 1}});
        c->volumes[label]++;
        for (int z = low[2]; z <= high[2]; z++)
            for (int y = low[1]; y <= high[1]; y++)
                for (int x = low[0]; x <= high[0] && !status; x++) {
                    size_t index = ((size_t)z * size[1] + y) * size[0] + x;
                    if (c->labels[index] != -1)
                        continue;
                    c->labels[index] = label;
                    status = push(queue, index);
                }
    }
    return status;
}

/* Grows the arrays for component number c->count; both arrays have the same capacity. */
static int add_component(struct components *c, size_t *capacity)
{
    size_t before = *capacity;
    int status = array_grow(&c->volumes, capacity, (size_t)c->count + 1, sizeof *c->volumes);
    return status ? status : array_grow(&c->boxes, &before, (size_t)c->count + 1, sizeof *c->boxes);
}

/* Floods from every voxel of the row that still carries -1. */
static int label_row(struct components *c, int axes, size_t row, struct queue *queue, size_t *capacity)
{
    int status = STATUS_OK;
    for (size_t i = row; i < row + (size_t)c->size[0] && !status; i++) {
        if (c->labels[i] != -1)
            continue;
        c->count++;
        status = add_component(c, capacity);
        if (!status)
            status = flood(c, axes, i, queue);
    }
    return status;
}

int components_label(const struct mask *mask, struct components *c)
{
    const size_t width = (size_t)mask->size[0], voxels = grid_voxels(mask->size);
    struct queue queue = {0};
    size_t capacity = 0;
    int status = STATUS_OK;
    *c = (struct components){.size = {mask->size[0], mask->size[1], mask->size[2]}};
    c->labels = calloc(voxels, sizeof *c->labels); /* empty rows are never touched */
    if (!c->labels)
        return fail(STATUS_FAILURE, "out of memory for %zu voxels", voxels);
    for (size_t row = 0; row < voxels; row += width) {
        if (!row_has(mask->voxels + row, mask->size[0], mask->bit))
            continue;
        for (size_t i = row; i < row + width; i++)
            c->labels[i] = (mask->voxels[i] & mask->bit) ? -1 : 0;
    }
    for (size_t row = 0; row < voxels && !status; row += width)
        if (row_has(mask->voxels + row, mask->size[0], mask->bit))
            status = label_row(c, mask->axes, row, &queue, &capacity);
    free(queue.voxels);
    if (status)
        components_free(c);
    return status;
}

void components_free(struct components *c)
{
    free(c->labels);
    free(c->volumes);
    free(c->boxes);
    *c = (struct components){0};
}

/* Sets those 18-neighbours of a voxel that are not set yet, and queues them. */
static int spread(uint8_t *voxels, const int size[3], int axes, size_t from, struct queue *queue)
{
    int at[3], low[3], high[3], status = STATUS_OK;
    position(from, size, at);
    neighbourhood(at, size, axes, low, high);
    for (int z = low[2]; z <= high[2]; z++)
        for (int y = low[1]; y <= high[1]; y++)
            for (int x = low[0]; x <= high[0] && !status; x++) {
                size_t index = ((size_t)z * size[1] + y) * size[0] + x;
                bool corner = x != at[0] && y != at[1] && z != at[2];
                if (corner || voxels[index])
                    continue;
                voxels[index] = 1;
                status = push(queue, index);
            }
    return status;
}

int mask_dilate(uint8_t *voxels, const int size[3], int axes, int times)
{
    const size_t width = (size_t)size[0], count = times ? grid_voxels(size) : 0;
    struct queue queue = {0};
    int status = STATUS_OK;
    for (size_t row = 0; row < count; row += width) {
        if (!row_has(voxels + row, size[0], 0xff))
            continue;
        for (size_t i = row; i < row + width && !status; i++)
            if (voxels[i])
                status = push(&queue, i);
    }
    /* What round t adds is what round t+1 starts from: the queue keeps all rounds, one after another. */
    for (size_t first = 0; times-- > 0 && !status;) {
        const size_t end = queue.count;
        for (; first < end && !status; first++)
            status = spread(voxels, size, axes, queue.voxels[first], &queue);
    }
    free(queue.voxels);
    return status;
}

uint8_t *mask_cut(const struct mask *mask, const struct box *box)
{
    int size[3];
    box_size(box, size);
    uint8_t *cut = calloc(grid_voxels(size), 1), *to = cut;
    for (int z = box->low[2]; cut && z < box->high[2]; z++)
        for (int y = box->low[1]; y < box->high[1]; y++, to += size[0]) {
            const uint8_t *row = mask_row(mask, y, z) + box->low[0];
            if (!row_has(row, size[0], mask->bit))
                continue;
            for (int x = 0; x < size[0]; x++)
                to[x] = (row[x] & mask->bit) != 0;
        }
    return cut;
}
