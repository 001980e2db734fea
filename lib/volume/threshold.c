#include "lib/volume/threshold.h"
#include "lib/base/error.h"
#include "lib/base/numbers.h"
#include "lib/volume/samples.h"
#include "lib/volume/standardize.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double lowest = -8, steps_per_unit = 100;

double threshold_value(int index)
{
    return lowest + index / steps_per_unit;
}

/* How many thresholds a value lies above. */
static int thresholds_below(float value)
{
    return (int)double_clamp(ceil((value - lowest) * steps_per_unit), 0, THRESHOLDS);
}

static double dice(double overlap, double predicted, double tumour)
{
    return predicted + tumour > 0 ? 2 * overlap / (predicted + tumour) : 1;
}

/* Histograms over the number of thresholds that a voxel lies above, in the tumour and everywhere, give the
 * counts of every threshold by running sums. */
static void add_channel(const float *voxels, const uint8_t *labels, size_t n,
                        double sums[TUMOUR_SIDES][THRESHOLDS])
{
    size_t inside[THRESHOLDS + 1] = {0}, all[THRESHOLDS + 1] = {0};
    size_t tumour = 0, inside_total = 0, total = 0;
    for (size_t i = 0; i < n; i++) {
        bool is_tumour = labels[i] != 0;
        tumour += is_tumour;
        if (voxels[i] == 0)
            continue;
        int bin = thresholds_below(voxels[i]);
        all[bin]++;
        total++;
        inside[bin] += is_tumour;
        inside_total += is_tumour;
    }
    size_t inside_below = 0, below = 0;
    for (int k = 0; k < THRESHOLDS; k++) {
        inside_below += inside[k];
        below += all[k];
        sums[TUMOUR_BELOW][k] += dice((double)inside_below, (double)below, (double)tumour);
        sums[TUMOUR_ABOVE][k] +=
            dice((double)(inside_total - inside_below), (double)(total - below), (double)tumour);
    }
}

static int same_channels(struct threshold_scores *scores, const struct record *image)
{
    if (scores->dice && scores->channels == image->channels)
        return STATUS_OK;
    if (scores->dice)
        return fail(STATUS_DATA, "%d modalities, the cases before have %d", image->channels,
                    scores->channels);
    scores->channels = image->channels;
    memcpy(scores->channel_names, image->channel_names, sizeof scores->channel_names);
    scores->dice = calloc((size_t)image->channels, sizeof *scores->dice);
    return scores->dice ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
}

int threshold_add_case(struct threshold_scores *scores, struct record *image, const struct record *label)
{
    int status = same_channels(scores, image);
    if (!status)
        status = record_same_size(label, image->size, "label");
    if (!status)
        status = standardize_record(image, 0);
    if (status)
        return status;
    size_t n = record_voxels(image);
    for (int c = 0; c < image->channels; c++)
        add_channel((const float *)image->data + c * n, label->data, n, scores->dice[c]);
    scores->cases++;
    return STATUS_OK;
}

double threshold_dice(const struct threshold_scores *scores, struct threshold t)
{
    return scores->dice[t.channel][t.side][t.index] / (double)scores->cases;
}

struct threshold threshold_best(const struct threshold_scores *scores, int channel)
{
    struct threshold best = {.channel = channel};
    for (int side = 0; side < TUMOUR_SIDES; side++)
        for (int k = 0; k < THRESHOLDS; k++)
            if (scores->dice[channel][side][k] > scores->dice[channel][best.side][best.index])
                best = (struct threshold){channel, (enum tumour_side)side, k};
    return best;
}

void threshold_free(struct threshold_scores *scores)
{
    free(scores->dice);
    *scores = (struct threshold_scores){0};
}
