#include "lib/network/network_case.h"
#include "lib/base/error.h"
#include "lib/network/network_state.h"
#include "lib/network/opened.h"
#include "lib/network/ranks.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

void network_put_image(struct network *n, const float *image)
{
    kernels_of(n)->upload(n->pass.image.at, image, n->pass.image.bytes);
}

void network_put_target(struct network *n, const uint8_t *target)
{
    kernels_of(n)->upload(n->pass.target.at, target, n->pass.target.bytes);
}

float *network_prefetch_destination(const struct network *n, int channels, const int size[3])
{
    bool fits = channels == n->architecture.inputs && !memcmp(size, n->size, sizeof n->size);
    return fits ? prefetch_slot(&n->prefetch) : NULL;
}

void network_prefetch_start(struct network *n, int channels, const int size[3], const float *image,
                            const uint8_t *labels)
{
    float *slot = network_prefetch_destination(n, channels, size);
    if (!slot || region_bits_of_labels(n->scheme, labels, n->pass.target.bytes,
                                       (uint8_t *)slot + target_offset(&n->pass)))
        return;
    if (image != slot)
        memcpy(slot, image, n->pass.image.bytes);
    prefetch_start(&n->prefetch, &n->pass);
}

bool network_put_prefetched(struct network *n)
{
    return prefetch_put(&n->prefetch, &n->pass);
}

/* Another network of the process may have computed by another table meanwhile. */
static int take_turn(const struct network *n)
{
    const char *why = kernels_of(n)->open();
    return why ? fail(STATUS_FAILURE, "%s: %s", kernels_of(n)->name, why) : STATUS_OK;
}

/* Of the forward pass that is done. */
static void warn_wraps(const struct network *n)
{
    const int64_t wraps = kernels_of(n)->wraps ? kernels_of(n)->wraps() : 0;
    if (wraps)
        warn("%" PRId64
             " sums of activations left the range of 16 bits and wrapped around: results are wrong "
             "there; backends without int16 in their name have no such range",
             wraps);
}

int network_infer(struct network *n, float *probabilities)
{
    int status = take_turn(n);
    if (status)
        return status;
    pass_forward(&n->pass);
    status = network_finish(n);
    warn_wraps(n);
    if (!status)
        kernels_of(n)->download(probabilities, n->pass.probabilities.at, n->pass.probabilities.bytes);
    return status;
}

/* The sum of the regions' mean cross-entropy over the voxels; 0 where the loss has none. */
static double cross_entropy(const struct network *n)
{
    double sums[OUTPUTS_MAX], total = 0;
    if (!n->pass.cross_entropy)
        return 0;
    kernels_of(n)->download(sums, n->pass.bce_sums.at, (size_t)n->architecture.outputs * sizeof sums[0]);
    for (int k = 0; k < n->architecture.outputs; k++)
        total += sums[k] / (double)shape_voxels(n->pass.probabilities.shape);
    return total;
}

static void score_case(const struct network *n, double loss_scale, struct case_score *score)
{
    struct dice_sums sums[OUTPUTS_MAX];
    const double smooth = n->loss.smooth;
    kernels_of(n)->download(sums, n->pass.dice_sums.at, (size_t)n->architecture.outputs * sizeof sums[0]);
    *score = (struct case_score){.loss = loss_scale * (double)n->loss.bce * cross_entropy(n)};
    for (int k = 0; k < n->architecture.outputs; k++) {
        const struct dice_sums *s = &sums[k];
        double hard = s->hard_probability + s->target, scale = loss_scale * (double)n->loss.dice;
        score->loss += scale * (1 - (2 * s->intersection + smooth) / (s->probability + s->target + smooth));
        score->dice[k] = hard > 0 ? 2 * s->hard_intersection / hard : 1;
    }
}

static void call_gradient_kernels(struct network *n)
{
    pass_forward(&n->pass);
    kernels_of(n)->clear(n->pass.vectors[STATE_GRADIENT].at, n->table.floats * sizeof(float));
    pass_backward(&n->pass);
}

static bool same_loss(struct loss_weights a, struct loss_weights b)
{
    return a.dice == b.dice && a.bce == b.bce && a.smooth == b.smooth;
}

/* Every step calls the same operations on the same buffers: a backend may record and replay them. What could not be
 * recorded is done anew. */
static void run_gradient(struct network *n)
{
    if (!n->recorded || !same_loss(n->recorded_loss, n->pass.loss)) {
        const bool begun = kernels_of(n)->record_begin(&n->recording);
        n->recorded_loss = n->pass.loss;
        call_gradient_kernels(n);
        n->recorded = begun && kernels_of(n)->record_end(&n->recording);
        if (begun && !n->recorded)
            call_gradient_kernels(n);
    }
    if (n->recorded)
        kernels_of(n)->replay(&n->recording);
}

int network_gradient(struct network *n, double loss_scale, struct case_score *score)
{
    n->pass.loss = (struct loss_weights){(float)(loss_scale * (double)n->loss.dice),
                                         (float)(loss_scale * (double)n->loss.bce), n->loss.smooth};
    int status = take_turn(n);
    if (status)
        return status;
    run_gradient(n);
    if ((status = network_finish(n)))
        return status;
    warn_wraps(n);
    score_case(n, loss_scale, score);
    return isfinite(score->loss) ? STATUS_OK : network_fail_not_finite(n, STATUS_FAILURE, "the loss is");
}

static void begin_sum(const struct pass *p)
{
    p->kernels->clear(p->sum.at, p->sum.bytes);
    p->kernels->clear(p->out_of_range.at, p->out_of_range.bytes);
}

int network_accumulate(struct network *n)
{
    const struct pass *p = &n->pass;
    int32_t out_of_range;
    if (!n->accumulated++)
        begin_sum(p);
    p->kernels->fixed_add(n->table.floats, p->vectors[STATE_GRADIENT].at, p->sum.at, p->out_of_range.at);
    int status = network_finish(n);
    if (status)
        return status;
    p->kernels->download(&out_of_range, p->out_of_range.at, sizeof out_of_range);
    return out_of_range ? fail(STATUS_FAILURE,
                               "its gradient has values that are not finite or not below %g in "
                               "size: no batch is summed of those; a larger --loss-divisor makes "
                               "them smaller",
                               FIXED_LIMIT)
                        : STATUS_OK;
}

int network_join_ranks(struct network *n, int cases)
{
    const struct pass *p = &n->pass;
    if (!n->accumulated)
        begin_sum(p);
    n->accumulated = cases;
    int status = network_finish(n);
    return status ? status : ranks_sum(p->kernels, p->sum.at, n->table.floats);
}

int network_update(struct network *n, const struct adam *adam)
{
    const struct pass *p = &n->pass;
    if (p->batches)
        p->kernels->fixed_mean(n->table.floats, p->sum.at, n->accumulated, p->vectors[STATE_GRADIENT].at);
    n->accumulated = 0;
    p->kernels->upload(p->adam.at, adam, sizeof *adam);
    p->kernels->adam(n->table.floats, p->adam.at, p->vectors[STATE_GRADIENT].at, p->vectors[STATE_WEIGHTS].at,
                     p->vectors[STATE_EXP_AVG].at, p->vectors[STATE_EXP_AVG_SQ].at);
    return network_finish(n);
}

int network_average(struct network *n, double decay)
{
    const struct pass *p = &n->pass;
    p->kernels->average(n->table.floats, decay, p->vectors[STATE_WEIGHTS].at, p->vectors[STATE_AVERAGE].at);
    return network_finish(n);
}
