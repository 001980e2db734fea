/* The memory model of the paper (Bruegger et al., MICCAI 2019, equations 3 and 4): what PyTorch's autograd
 * keeps in memory at once, in single precision, to compare a plan of ours with.
 *
 *     (3)  sum of (MA + MP) over all layers + max MD                   nothing is recomputed
 *     (4)  sum MN over non-reversible layers + sum MS over sequences + sum MP + max MB
 *
 * The paper leaves open what a layer keeps. Here it is what autograd saves for backward:
 *   image; probabilities and target as floats; of a pooling its result, which the next convolution reads, and
 *   its indices (8 bytes each); of a reversible sequence its output (MS).
 *   Parameters: weight, gradient and Adam's two means.
 *   A branch that is not recomputed: its input, the norm's result, the activation. A baseline layer:
 *   convolution, norm, activation; and the sums that its decoders read.
 *   MB: the state that is inverted, its gradient before and after the block, and of one branch the results of
 *   norm and activation and the gradients of both: five times the state. MD: the gradients on both sides of
 *   a layer.
 * Workspaces of libraries and short-lived copies are not part of the model. */
#ifndef PRUNET_NETWORK_PAPER_MEMORY_H
#define PRUNET_NETWORK_PAPER_MEMORY_H

#include "kernels/kernels.h"
#include "lib/base/output.h"
#include "lib/network/architecture.h"

/* Bytes. */
struct memory_model {
    size_t layers;      /* MN in (4); for the baseline MA of all layers */
    size_t sequences;   /* MS in (4); MA of the sequences' branches in (3) */
    size_t parameters;  /* MP */
    size_t derivatives; /* max MB in (4), max MD in (3) */
};

/* Equation 4 for volumes of x, y, z voxels; `parameters`: how many the network has (`total` of its table).
 * All zero for the baseline, which inverts nothing. */
struct memory_model memory_model_reversible(const struct architecture *architecture, size_t parameters,
                                            const int size[3]);

/* Equation 3: the baseline as it is; for a reversible network its equivalent that saves every activation. */
struct memory_model memory_model_saved(const struct architecture *architecture, size_t parameters,
                                       const int size[3]);

size_t memory_model_sum(const struct memory_model *model);

/* Chooses the backend for a network; a status as its result. */
typedef int kernels_finder(const struct kernels **kernels, const struct architecture *architecture);

/* Prints the rows of Table 1: what the paper measured, the model of its equation, and our plan, in MiB,
 * with what explains the difference. json: JSON Lines instead of tab-separated values; header: a header
 * line, which JSON Lines have not. */
int table1_print(struct output *output, bool json, bool header, kernels_finder *find);

#endif
