#include "lib/volume/axis_filter.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int allocate(struct axis_filter *f, int length, int taps)
{
    size_t n = (size_t)length;
    *f = (struct axis_filter){.length = length, .taps = taps};
    f->first = calloc(n, sizeof *f->first);
    f->count = calloc(n, sizeof *f->count);
    f->weights = calloc(n * (size_t)taps, sizeof *f->weights);
    if (f->first && f->count && f->weights)
        return STATUS_OK;
    axis_filter_free(f);
    return fail(STATUS_FAILURE, "out of memory");
}

void axis_filter_free(struct axis_filter *f)
{
    free(f->first);
    free(f->count);
    free(f->weights);
    *f = (struct axis_filter){0};
}

int axis_filter_blur(struct axis_filter *f, int length, double deviation)
{
    int radius = int_min((int)ceil(3 * deviation), length);
    int status = allocate(f, length, 2 * radius + 1);
    for (int i = 0; !status && i < length; i++) {
        int first = int_max(0, i - radius), last = int_min(length - 1, i + radius);
        f->first[i] = first;
        f->count[i] = last - first + 1;
        for (int j = first; j <= last; j++) {
            double d = radius ? (j - i) / deviation : 0;
            f->weights[(size_t)i * (size_t)f->taps + (size_t)(j - first)] = (float)exp(-0.5 * d * d);
        }
    }
    return status;
}

/* Adds a cell's mean, times `weight`, to output i. A cell is [begin, begin + width) in voxels. */
static void add_cell(struct axis_filter *f, int i, double begin, double width, double weight)
{
    float *weights = f->weights + (size_t)i * (size_t)f->taps;
    int last = int_min(f->length - 1, (int)ceil(begin + width) - 1);
    for (int j = (int)begin; j <= last; j++) {
        double overlap = fmin(j + 1, begin + width) - fmax(j, begin);
        weights[j - f->first[i]] += (float)(weight * overlap / width);
    }
    f->count[i] = int_max(f->count[i], last - f->first[i] + 1);
}

int axis_filter_coarsen(struct axis_filter *f, int length, double factor)
{
    int cells = int_max(1, (int)lround(length / factor));
    double width = (double)length / cells;
    int status = allocate(f, length, 2 * (int)ceil(width) + 2);
    for (int i = 0; !status && i < length; i++) {
        double at = double_clamp((i + 0.5) / width - 0.5, 0, cells - 1);
        int lower = int_min((int)at, cells - 1), upper = int_min(lower + 1, cells - 1);
        f->first[i] = (int)(lower * width);
        add_cell(f, i, lower * width, width, 1 - (at - lower));
        add_cell(f, i, upper * width, width, at - lower);
    }
    return status;
}

static void run_rows(const struct axis_filter *f, size_t rows, const float *from, float *to)
{
    size_t length = (size_t)f->length;
    for (size_t row = 0; row < rows; row++, from += length, to += length)
        for (size_t i = 0; i < length; i++) {
            const float *weights = f->weights + i * (size_t)f->taps, *values = from + f->first[i];
            float sum = 0;
            for (int k = 0; k < f->count[i]; k++)
                sum += weights[k] * values[k];
            to[i] = sum;
        }
}

/* `outer` blocks of length x inner numbers, filtered along the length. */
static void run_blocks(const struct axis_filter *f, size_t outer, size_t inner, const float *from, float *to)
{
    for (size_t block = 0; block < outer; block++, from += (size_t)f->length * inner)
        for (size_t i = 0; i < (size_t)f->length; i++, to += inner) {
            memset(to, 0, inner * sizeof *to);
            for (int k = 0; k < f->count[i]; k++) {
                const float weight = f->weights[i * (size_t)f->taps + (size_t)k];
                const float *values = from + (size_t)(f->first[i] + k) * inner;
                for (size_t v = 0; v < inner; v++)
                    to[v] += weight * values[v];
            }
        }
}

void axis_filter_run(const struct axis_filter *f, const int size[3], int axis, const float *from, float *to)
{
    size_t width = (size_t)size[0], height = (size_t)size[1], depth = (size_t)size[2];
    if (axis == 0)
        run_rows(f, height * depth, from, to);
    else if (axis == 1)
        run_blocks(f, depth, width, from, to);
    else
        run_blocks(f, 1, width * height, from, to);
}
