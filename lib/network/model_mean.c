#include "lib/network/model_mean.h"
#include "lib/base/error.h"
#include <stdlib.h>
#include <string.h>

/* What a file says of itself under a key. */
static const char *text_of(const struct checkpoint *checkpoint, const char *key)
{
    const char *text = safetensors_metadata(&checkpoint->file, key);
    return text ? text : "none";
}

/* Whether the weights of two files mean the same. */
static int check_alike(const struct checkpoint *first, const struct checkpoint *other)
{
    if (!architecture_equal(&first->architecture, &other->architecture))
        return fail(STATUS_DATA, "%s is another network than %s: their weights have no mean", other->path,
                    first->path);
    const char *key = "prunet.spacing", *spacing = text_of(first, key), *own = text_of(other, key);
    int status = checkpoint_check_schemes(first, other);
    if (!status && strcmp(spacing, own))
        status = fail(STATUS_DATA, "%s: %s is %s, of %s %s", first->path, key, spacing, other->path, own);
    return status;
}

static int add_weights(double *sums, const struct checkpoint *checkpoint)
{
    const enum state_vector model = checkpoint_model(checkpoint);
    int status = checkpoint_check_finite(checkpoint, model);
    for (size_t i = 0; i < checkpoint->table.count && !status; i++) {
        const struct parameter *p = &checkpoint->table.parameters[i];
        const char *values = checkpoint_values(checkpoint, model, p);
        for (size_t n = 0; n < p->count; n++) {
            float value;
            memcpy(&value, values + n * sizeof value, sizeof value);
            sums[p->offset + n] += (double)value;
        }
    }
    return status;
}

static int add_file(double *sums, const struct checkpoint *first, const char *path, bool *one_threshold)
{
    struct checkpoint other;
    int status = checkpoint_open(&other, path);
    if (status)
        return status;
    if (!(status = check_alike(first, &other)))
        status = add_weights(sums, &other);
    if (!status && strcmp(text_of(first, "prunet.threshold"), text_of(&other, "prunet.threshold")))
        *one_threshold = false;
    checkpoint_close(&other);
    return status;
}

int checkpoint_average(struct checkpoint *checkpoint, const char *const *others, int count,
                       bool *one_threshold)
{
    *one_threshold = true;
    double *sums = calloc(checkpoint->table.floats, sizeof *sums);
    int status = sums ? checkpoint_own_values(checkpoint) : fail(STATUS_FAILURE, "out of memory");
    if (!status)
        status = add_weights(sums, checkpoint);
    for (int i = 0; i < count && !status; i++)
        status = add_file(sums, checkpoint, others[i], one_threshold);
    for (size_t n = 0; !status && n < checkpoint->table.floats; n++)
        checkpoint->values[n] = (float)(sums[n] / (count + 1));
    free(sums);
    return status;
}
