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

/* Voxels first .. end - 1 of a row that are in the mask. */
struct run {
    int32_t first, end;
    uint32_t parent; /* a run of the same component that comes before it, or itself */
    int32_t label;
};

struct runs {
    struct run *items;
    size_t count, capacity;
    size_t *row; /* [rows + 1]: runs of a row are row[y] .. row[y + 1] - 1 */
};

/* The first run of a component. */
static uint32_t root(struct run *runs, uint32_t i)
{
    while (runs[i].parent != i)
        i = runs[i].parent = runs[runs[i].parent].parent;
    return i;
}

static int add_runs(struct runs *runs, const uint8_t *row, int width, uint8_t bit)
{
    int status = STATUS_OK;
    for (int x = 0; x < width && !status; x++) {
        if (!(row[x] & bit))
            continue;
        const int first = x;
        while (x < width && (row[x] & bit))
            x++;
        status = array_grow(&runs->items, &runs->capacity, runs->count + 1, sizeof *runs->items);
        if (!status) {
            runs->items[runs->count] = (struct run){first, x, (uint32_t)runs->count, 0};
            runs->count++;
        }
    }
    return status;
}

/* Joins the runs of two rows that touch, across a corner, too; `row` comes after `other`. */
static void join_rows(struct runs *runs, size_t row, size_t other)
{
    struct run *items = runs->items;
    size_t a = runs->row[row], b = runs->row[other];
    while (a < runs->row[row + 1] && b < runs->row[other + 1]) {
        if (items[a].first <= items[b].end && items[b].first <= items[a].end) {
            const uint32_t i = root(items, (uint32_t)a), j = root(items, (uint32_t)b);
            items[i > j ? i : j].parent = i > j ? j : i;
        }
        if (items[a].end < items[b].end)
            a++;
        else
            b++;
    }
}

/* Lists all runs and joins those that touch. */
static int find_runs(const struct mask *mask, struct runs *runs)
{
    const int height = mask->size[1], depth = mask->size[2];
    const size_t rows = (size_t)height * depth;
    int status = STATUS_OK;
    runs->row = malloc((rows + 1) * sizeof *runs->row);
    if (!runs->row)
        return fail(STATUS_FAILURE, "out of memory for %zu rows", rows);
    runs->row[0] = 0;
    for (size_t row = 0; row < rows && !status; row++) {
        const int y = (int)(row % height);
        const uint8_t *voxels = mask->voxels + row * mask->size[0];
        if (row_has(voxels, mask->size[0], mask->bit))
            status = add_runs(runs, voxels, mask->size[0], mask->bit);
        runs->row[row + 1] = runs->count;
        if (status || runs->row[row] == runs->count)
            continue;
        if (y > 0)
            join_rows(runs, row, row - 1);
        for (int step = -1; step <= 1 && row >= (size_t)height; step++)
            if (y + step >= 0 && y + step < height)
                join_rows(runs, row, row - height + step);
    }
    return status;
}

/* Numbers the components and measures them. Roots come before what hangs on them. */
static int number_runs(struct components *c, struct runs *runs)
{
    for (size_t i = 0; i < runs->count; i++) {
        struct run *run = &runs->items[i];
        const uint32_t first = root(runs->items, (uint32_t)i);
        run->label = first == i ? ++c->count : runs->items[first].label;
    }
    c->volumes = calloc((size_t)c->count + 1, sizeof *c->volumes);
    c->boxes = calloc((size_t)c->count + 1, sizeof *c->boxes);
    return c->volumes && c->boxes ? STATUS_OK
                                  : fail(STATUS_FAILURE, "out of memory for %d components", c->count);
}

static void write_labels(struct components *c, const struct runs *runs)
{
    const size_t rows = (size_t)c->size[1] * c->size[2];
    for (size_t row = 0; row < rows; row++)
        for (size_t i = runs->row[row]; i < runs->row[row + 1]; i++) {
            const struct run *run = &runs->items[i];
            const int y = (int)(row % c->size[1]), z = (int)(row / c->size[1]);
            const struct box here = {{run->first, y, z}, {run->end, y + 1, z + 1}};
            struct box *box = &c->boxes[run->label];
            *box = c->volumes[run->label] ? box_union(box, &here) : here;
            c->volumes[run->label] += (size_t)(run->end - run->first);
            for (int x = run->first; x < run->end; x++)
                c->labels[row * c->size[0] + x] = run->label;
        }
}

int components_label(const struct mask *mask, struct components *c)
{
    const size_t voxels = grid_voxels(mask->size);
    struct runs runs = {NULL};
    *c = (struct components){.size = {mask->size[0], mask->size[1], mask->size[2]}};
    c->labels = calloc(voxels, sizeof *c->labels); /* empty rows are never touched */
    if (!c->labels)
        return fail(STATUS_FAILURE, "out of memory for %zu voxels", voxels);
    int status = find_runs(mask, &runs);
    if (!status)
        status = number_runs(c, &runs);
    if (!status)
        write_labels(c, &runs);
    free(runs.items);
    free(runs.row);
    if (status)
        components_free(c);
    return status;
}

int components_label_box(const struct mask *mask, const struct box *box, struct components *c)
{
    struct mask cut = {.bit = 1, .axes = mask->axes};
    *c = (struct components){0};
    box_size(box, cut.size);
    uint8_t *voxels = mask_cut(mask, box);
    if (!voxels)
        return fail(STATUS_FAILURE, "out of memory for %zu voxels", grid_voxels(cut.size));
    cut.voxels = voxels;
    const int status = components_label(&cut, c);
    free(voxels);
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
