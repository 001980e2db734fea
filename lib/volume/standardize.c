#include "lib/volume/standardize.h"
#include "lib/base/error.h"
#include "lib/volume/background.h"
#include "lib/volume/samples.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Sums are kept in lanes that the compiler vectorises; their number is part of the result's last digits. */
enum { LANES = 16 };

struct sums {
    double count[LANES], sum[LANES], square[LANES];
    float least[LANES], most[LANES];
};

static double total(const double lanes[LANES])
{
    double sum = 0;
    for (int i = 0; i < LANES; i++)
        sum += lanes[i];
    return sum;
}

static void add_block(struct sums *s, const float *v, size_t n, double about)
{
    for (size_t i = 0; i < n; i++) {
        double is = v[i] != 0;
        double d = is * (v[i] - about);
        s->count[i] += is;
        s->sum[i] += d;
        s->square[i] += d * d;
        s->least[i] = v[i] != 0 && v[i] < s->least[i] ? v[i] : s->least[i];
        s->most[i] = v[i] != 0 && v[i] > s->most[i] ? v[i] : s->most[i];
    }
}

/* Sums of (v - about) and its square over the non-zero voxels. */
static void sum_about(struct sums *s, const float *voxels, size_t count, double about)
{
    *s = (struct sums){0};
    for (int i = 0; i < LANES; i++) {
        s->least[i] = INFINITY;
        s->most[i] = -INFINITY;
    }
    size_t whole = count / LANES * LANES;
    for (size_t at = 0; at < whole; at += LANES)
        add_block(s, voxels + at, LANES, about);
    add_block(s, voxels + whole, count - whole, about);
}

static bool is_constant(const struct sums *s)
{
    float least = INFINITY, most = -INFINITY;
    for (int i = 0; i < LANES; i++) {
        least = s->least[i] < least ? s->least[i] : least;
        most = s->most[i] > most ? s->most[i] : most;
    }
    return least >= most;
}

struct mean_deviation mean_deviation_of(const float *voxels, size_t count)
{
    struct sums s;
    sum_about(&s, voxels, count, 0);
    struct mean_deviation m = {.count = (size_t)total(s.count), .finite = isfinite(total(s.sum))};
    if (!m.count)
        return m;
    m.mean = total(s.sum) / (double)m.count;
    if (!m.finite || is_constant(&s))
        return m;
    sum_about(&s, voxels, count, m.mean); /* the second pass loses no digits when the mean is large */
    m.deviation = sqrt(total(s.square) / (double)m.count);
    return m;
}

struct mean_deviation standardize(float *voxels, size_t count)
{
    struct mean_deviation m = mean_deviation_of(voxels, count);
    if (!m.finite)
        return m;
    double scale = m.deviation > 0 ? 1 / m.deviation : 0;
    for (size_t i = 0; i < count; i++)
        voxels[i] = voxels[i] != 0 ? (float)((voxels[i] - m.mean) * scale) : 0;
    return m;
}

int standardize_record(struct record *record, uint64_t absent)
{
    if (record->role != ROLE_IMAGE)
        return STATUS_OK;
    background_clear(record);
    int status = record_make_float(record);
    if (status)
        return status;
    size_t n = record_voxels(record);
    for (int c = 0; c < record->channels; c++) {
        char name[CHANNEL_NAMES_SIZE];
        struct mean_deviation m = standardize((float *)record->data + c * n, n);
        channel_name(record, c, name, sizeof name);
        if (!m.finite)
            return fail(STATUS_DATA, "%s: voxels that are not finite", name);
        if (!m.count && !(absent >> c & 1))
            warn("%s: %s has no non-zero voxel and stays 0", record->case_name, name);
        else if (m.count && m.deviation == 0)
            warn("%s: %s is constant and becomes 0", record->case_name, name);
    }
    return STATUS_OK;
}
