/* GroupNorm and LeakyReLU in the blocked layout: see kernels/norm.h and norm.h here. */
#include "kernels/cpu/blocked/norm.h"

void blocked_norm_prepare(struct shape s, int groups, const double *channel_sums, const float *gamma,
                          const float *beta, struct norm_backward *norms)
{
    int size = shape_channels(s) / groups;
    memset(norms, 0, (size_t)blocks_of(s) * sizeof *norms);
    for (int b = 0; b < blocks_of(s); b++)
        for (int i = 0; i < block_count(s, b); i++) {
            int c = block_first(s, b) + i;
            struct group_scale group =
                group_scale(size, shape_voxels(s), channel_sums + 2 * (c / size * size));
            struct norm_backward *n = norms + b;
            n->activation.mean[i] = (float)group.mean;
            n->activation.scale[i] = (float)(gamma[c] * group.scale);
            n->activation.beta[i] = beta[c];
            n->rate[i] = (float)group.scale;
        }
}

void blocked_sums_add(int blocks, int slices, struct lane_sums *sums)
{
    for (int slice = 1; slice < slices; slice++)
        for (int b = 0; b < blocks; b++) {
            sums[b].first += sums[slice * blocks + b].first;
            sums[b].second += sums[slice * blocks + b].second;
        }
}

void blocked_sums_store(struct shape s, const struct lane_sums *sums, double *channel_sums)
{
    for (int b = 0; b < blocks_of(s); b++)
        for (int i = 0; i < block_count(s, b); i++) {
            channel_sums[2 * (block_first(s, b) + i)] = sums[b].first[i];
            channel_sums[2 * (block_first(s, b) + i) + 1] = sums[b].second[i];
        }
}

/* Adds one group's sums into dgamma and dbeta and replaces them by what dx loses: first + second xhat. */
static void correct_group(struct shape s, int first, int size, const struct norm_backward *norms,
                          const float *gamma, struct lane_sums *sums, float *dgamma, float *dbeta)
{
    double dz = 0, dz_xhat = 0, n = (double)size * (double)shape_voxels(s);
    for (int c = first; c < first + size; c++) {
        const struct lane_sums *sum = sums + channel_block(s, c);
        double channel_dz = sum->first[channel_lane(s, c)], channel_dz_xhat = sum->second[channel_lane(s, c)];
        dbeta[c] = (float)(dbeta[c] + channel_dz);
        dgamma[c] = (float)(dgamma[c] + channel_dz_xhat);
        dz += gamma[c] * channel_dz;
        dz_xhat += gamma[c] * channel_dz_xhat;
    }
    for (int c = first; c < first + size; c++) {
        int b = channel_block(s, c), lane = channel_lane(s, c);
        sums[b].first[lane] = norms[b].rate[lane] * dz / n;
        sums[b].second[lane] = norms[b].rate[lane] * dz_xhat / n;
    }
}

void blocked_norm_correct(struct shape s, int groups, const struct norm_backward *norms, const float *gamma,
                          struct lane_sums *sums, const float *x, float *dx, float *dgamma, float *dbeta)
{
    int size = shape_channels(s) / groups;
    for (int g = 0; g < groups; g++)
        correct_group(s, g * size, size, norms, gamma, sums, dgamma, dbeta);
#pragma omp parallel for collapse(2) schedule(static)
    for (int b = 0; b < blocks_of(s); b++)
        for (int slice = 0; slice < SLICES_MAX; slice++) {
            lanes constant = __builtin_convertvector(sums[b].first, lanes);
            lanes slope = __builtin_convertvector(sums[b].second, lanes);
            size_t end = slice_begin(shape_voxels(s), SLICES_MAX, slice + 1);
            for (size_t v = slice_begin(shape_voxels(s), SLICES_MAX, slice); v < end; v++) {
                size_t at = (size_t)b * block_floats(s) + v * LANES;
                lanes xhat = normalised(norms + b, lanes_load(x + at));
                lanes_store(dx + at, lanes_load(dx + at) - (constant + slope * xhat));
            }
        }
}
