/* Last convolution, sigmoid, losses and their gradient: see head.h. */
#include "kernels/reference/conv1.h"
#include "kernels/reference/reference.h"
#include <math.h>

/* The cross-entropy of one voxel */
static double bce(double z, int inside)
{
    double y = inside ? -z : z;
    return fmax(y, 0) + log1p(exp(-fabs(y)));
}

void reference_head_forward(struct shape in, int regions, const float *x, const float *w, const float *b,
                            const uint8_t *target, float *p, double *bce_sums, void *scratch)
{
    (void)scratch;
    size_t voxels = shape_voxels(in);
    reference_conv1_forward(shape_channels(in), regions, voxels, x, w, b, p);
    for (int k = 0; k < regions && target; k++) {
        bce_sums[k] = 0;
        for (size_t v = 0; v < voxels; v++)
            bce_sums[k] += bce(p[(size_t)k * voxels + v], target[v] >> k & 1);
    }
    for (size_t i = 0; i < (size_t)regions * voxels; i++)
        p[i] = (float)(1 / (1 + exp(-(double)p[i])));
}

void reference_dice_sums(size_t voxels, int regions, const float *p, const uint8_t *target,
                         struct dice_sums *sums, void *scratch)
{
    (void)scratch;
    for (int k = 0; k < regions; k++) {
        struct dice_sums s = {0};
        for (size_t v = 0; v < voxels; v++) {
            float probability = p[(size_t)k * voxels + v];
            int inside = target[v] >> k & 1, hard = probability > 0.5f;
            s.intersection += inside ? probability : 0;
            s.probability += probability;
            s.target += inside;
            s.hard_intersection += inside & hard;
            s.hard_probability += hard;
        }
        sums[k] = s;
    }
}

/* dz of a region at one of so many voxels */
static double logit_gradient(const struct dice_sums *sums, struct loss_weights loss, size_t voxels, double p,
                             int inside)
{
    double s = sums->probability + sums->target + loss.smooth;
    double dice = p * (1 - p) * ((2 * sums->intersection + loss.smooth) / (s * s) - 2 * inside / s);
    return loss.dice * dice + loss.bce / (double)voxels * (p - inside);
}

void reference_head_backward(struct shape in, int regions, const float *x, const float *w, const float *p,
                             const uint8_t *target, const struct dice_sums *sums, struct loss_weights loss,
                             float *dx, float *dw, float *db, void *scratch)
{
    (void)scratch;
    size_t voxels = shape_voxels(in);
    int channels = shape_channels(in);
#pragma omp parallel for schedule(static)
    for (int c = 0; c < channels; c++) {
        double weight_sums[REGIONS_MAX] = {0};
        for (size_t v = 0; v < voxels; v++) {
            double sum = 0;
            for (int k = 0; k < regions; k++) {
                double dz =
                    logit_gradient(sums + k, loss, voxels, p[(size_t)k * voxels + v], target[v] >> k & 1);
                sum += w[k * channels + c] * dz;
                weight_sums[k] += dz * x[(size_t)c * voxels + v];
            }
            dx[(size_t)c * voxels + v] = (float)sum;
        }
        for (int k = 0; k < regions; k++)
            dw[k * channels + c] = (float)(dw[k * channels + c] + weight_sums[k]);
    }
    for (int k = 0; k < regions; k++) {
        double sum = 0;
        for (size_t v = 0; v < voxels; v++)
            sum += logit_gradient(sums + k, loss, voxels, p[(size_t)k * voxels + v], target[v] >> k & 1);
        db[k] = (float)(db[k] + sum);
    }
}
