/* The end of the network: 1x1x1 convolution to K regions, sigmoid, loss, and the way back.
 *
 *     z[k,v] = sum_c w[k,c] x[c,v] + b[k],  p = 1 / (1 + exp(-z))
 *     loss   = dice * sum_k ( 1 - (2 I_k + smooth) / (P_k + T_k + smooth) ) + bce * sum_k B_k / V
 *              I = sum p t, P = sum p, T = sum t over the V voxels
 *              B = sum -t log p - (1 - t) log(1 - p), the binary cross-entropy
 *
 * x: tensor; p: plain [K][D][H][W]; w [K][C], b [K]. target: one byte a voxel, bit k set inside region k.
 *
 * head_forward:   p =, NaN where z is: a loss that is not finite tells of an input that was not.
 *                 Unless target and bce_sums are NULL, bce_sums[k] = B_k, from the logits, which p has lost
 *                 where it rounds to 0 or 1: with y = z outside the region and -z inside,
 *                 max(y, 0) + log(1 + exp(-|y|))
 * dice_sums:      sums[k] = ; hard counts are those of p > 0.5
 * head_backward:  dx =, dw +=, db +=, from p, target and sums, without another array of p's size:
 *                 dz = dice * p (1 - p) * ( (2 I + smooth) / S^2 - 2 t / S ) + bce / V * (p - t),
 *                 S = P + T + smooth */
#ifndef PRUNET_KERNELS_HEAD_H
#define PRUNET_KERNELS_HEAD_H

#include "kernels/shape.h"
#include <stdint.h>

enum { REGIONS_MAX = 8 };

/* The factors of the two losses, and what both sides of a Dice's fraction have more than their sums: it decides
 * what a region gives that is not there. With 1, the paper's, nothing but an empty answer has a loss below 1;
 * next to 0 there is no gradient, and the cross-entropy alone speaks. More than 0. */
struct loss_weights {
    float dice, bce, smooth;
};

struct dice_sums {
    double intersection, probability, target; /* I, P, T */
    double hard_intersection, hard_probability;
};

typedef void head_forward_function(struct shape in, int regions, const float *x, const float *w,
                                   const float *b, const uint8_t *target, float *p, double *bce_sums,
                                   void *scratch);
typedef void dice_sums_function(size_t voxels, int regions, const float *p, const uint8_t *target,
                                struct dice_sums *sums, void *scratch);
typedef void head_backward_function(struct shape in, int regions, const float *x, const float *w,
                                    const float *p, const uint8_t *target, const struct dice_sums *sums,
                                    struct loss_weights loss, float *dx, float *dw, float *db, void *scratch);
#endif
