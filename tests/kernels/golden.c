/* Every backend against the golden files of single operations, computed in double precision elsewhere. */
#include "lib/base/error.h"
#include "lib/stream/safetensors.h"
#include "tests/kernels/calls.h"

static const char *const paths[] = {"tests/golden/operations.safetensors", "tests/golden/losses.safetensors"};
enum { FILES = sizeof paths / sizeof paths[0] };
static struct safetensors golden[FILES];

static const struct safetensors_tensor *vector(const char *prefix, const char *name)
{
    char full[64];
    snprintf(full, sizeof full, "%s.%s", prefix, name);
    for (int i = 0; i < FILES; i++) {
        const struct safetensors_tensor *tensor = safetensors_find(&golden[i], full);
        if (tensor && tensor->type == SAFETENSORS_F32)
            return tensor;
    }
    fprintf(stderr, "the golden files lack %s\n", full);
    abort();
}

static struct shape shape_of(const char *prefix, const char *name)
{
    const int64_t *size = vector(prefix, name)->size;
    return (struct shape){1, (int)size[1], (int)size[2], (int)size[3], (int)size[4]};
}

/* An argument and the golden vector it starts from, or should become. */
struct pair {
    const char *argument, *golden;
};

static void given(struct drive *d, const char *prefix, int count, const struct pair *pairs)
{
    for (int i = 0; i < d->count; i++)
        if (d->arguments[i].role == ADDED)
            memset(d->arguments[i].host, 0, d->arguments[i].count * sizeof(float));
    for (int i = 0; i < count; i++) {
        struct argument *a = drive_find(d, pairs[i].argument);
        const struct safetensors_tensor *tensor = vector(prefix, pairs[i].golden);
        if (tensor->bytes != a->count * sizeof(float))
            abort();
        memcpy(a->host, tensor->data, tensor->bytes);
    }
}

static void expected(struct drive *d, const struct kernels *kernels, const char *prefix, int count,
                     const struct pair *pairs)
{
    int good = drive_run(d, kernels);
    double worst = 0, allowed = 2e-6;
    for (int i = 0; i < count; i++) {
        const struct argument *a = drive_find(d, pairs[i].argument);
        worst = fmax(worst, argument_error(a, vector(prefix, pairs[i].golden)->data));
        allowed = argument_tolerance(a, kernels);
    }
    check(good && worst < allowed, "%s: %s of %s: relative error %.1e", kernels->name, d->name, prefix,
          worst);
    drive_free(d);
}

#define PAIRS(...)                                                                                           \
    sizeof((struct pair[]){__VA_ARGS__}) / sizeof(struct pair), (struct pair[])                              \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
#define SAME(name)                                                                                           \
    {                                                                                                        \
        name, name                                                                                           \
    }

static void convolution(const struct kernels *kernels, const char *prefix)
{
    struct shape in = shape_of(prefix, "x"), out = shape_of(prefix, "y");
    struct drive d = conv3_forward(in, out);
    given(&d, prefix, PAIRS(SAME("x"), SAME("w")));
    expected(&d, kernels, prefix, PAIRS(SAME("y")));
    d = conv3_backward(in, out, 1);
    given(&d, prefix, PAIRS(SAME("x"), SAME("w"), SAME("dy")));
    expected(&d, kernels, prefix, PAIRS(SAME("dx"), SAME("dw")));
    d = image_conv_forward(in, out);
    given(&d, prefix, PAIRS({"image", "x"}, SAME("w")));
    expected(&d, kernels, prefix, PAIRS(SAME("y")));
    d = image_conv_backward(in, out);
    given(&d, prefix, PAIRS({"image", "x"}, SAME("dy")));
    expected(&d, kernels, prefix, PAIRS(SAME("dw")));
}

static void conv1(const struct kernels *kernels)
{
    struct shape in = shape_of("conv1", "x"), out = shape_of("conv1", "y");
    struct drive d = head_forward(in, out.channels);
    given(&d, "conv1", PAIRS(SAME("x"), SAME("w"), SAME("b")));
    int good = drive_run(&d, kernels);
    const float *logits = vector("conv1", "y")->data, *p = drive_find(&d, "p")->result;
    double worst = 0;
    for (size_t i = 0; i < (size_t)out.channels * shape_voxels(out); i++)
        worst = fmax(worst, fabs(p[i] - 1 / (1 + exp(-(double)logits[i]))));
    check(good && worst < 5e-7, "%s: sigmoid of conv1: largest difference %.1e", kernels->name, worst);
    drive_free(&d);
}

/* Down-sampling a field that is constant in each cell of 2x2x2 leaves the conv1 alone. */
static void conv1_of_cells(const struct kernels *kernels)
{
    struct shape in = shape_of("conv1", "x"), out = shape_of("conv1", "y"), fine = finer(in, in.channels);
    struct drive d = down_forward(fine, out, 0);
    given(&d, "conv1", PAIRS(SAME("w"), SAME("b")));
    const float *x = vector("conv1", "x")->data;
    float *cells = drive_find(&d, "x")->host;
    for (int c = 0; c < in.channels; c++)
        for (int z = 0; z < fine.depth; z++)
            for (int y = 0; y < fine.height; y++)
                for (int v = 0; v < fine.width; v++)
                    *cells++ = x[((c * in.depth + z / 2) * in.height + y / 2) * in.width + v / 2];
    expected(&d, kernels, "conv1", PAIRS(SAME("y")));
}

static void norm(const struct kernels *kernels, const char *prefix, int groups)
{
    struct shape shape = shape_of(prefix, "x");
    struct drive d = norm_forward(shape, groups, 0);
    given(&d, prefix, PAIRS(SAME("x"), SAME("gamma"), SAME("beta")));
    reference_channel_sums(shape, drive_find(&d, "x")->host, drive_find(&d, "channel_sums")->host, NULL);
    expected(&d, kernels, prefix, PAIRS(SAME("y")));
    d = norm_backward(shape, groups, 0);
    given(&d, prefix, PAIRS(SAME("x"), SAME("gamma"), SAME("beta"), SAME("dy")));
    reference_channel_sums(shape, drive_find(&d, "x")->host, drive_find(&d, "channel_sums")->host, NULL);
    expected(&d, kernels, prefix, PAIRS(SAME("dx"), SAME("dgamma"), SAME("dbeta")));
}

static void resample(const struct kernels *kernels)
{
    struct drive d = pool_forward(shape_of("maxpool2", "x"));
    given(&d, "maxpool2", PAIRS(SAME("x")));
    expected(&d, kernels, "maxpool2", PAIRS(SAME("y")));
    d = pool_backward(shape_of("maxpool2", "x"));
    given(&d, "maxpool2", PAIRS(SAME("x"), SAME("dy")));
    expected(&d, kernels, "maxpool2", PAIRS(SAME("dx")));
    d = upsample_forward(shape_of("trilinear2", "x"));
    given(&d, "trilinear2", PAIRS(SAME("x")));
    expected(&d, kernels, "trilinear2", PAIRS(SAME("y")));
    d = upsample_backward(shape_of("trilinear2", "x"));
    given(&d, "trilinear2", PAIRS(SAME("dy")));
    expected(&d, kernels, "trilinear2", PAIRS(SAME("dx")));
}

/* The losses: the head with one channel a region and the unit matrix turns the golden logits into
 * probabilities, and its dx is the logits' gradient. */
enum { REGIONS = 3, ALL = 7, NOT_THE_LAST = 3 };

static struct shape logits_shape(const char *prefix)
{
    const int64_t *size = vector(prefix, "z")->size;
    return (struct shape){1, REGIONS, (int)size[1], (int)size[2], (int)size[3]};
}

static void give_unit_matrix(struct drive *d)
{
    for (int i = 0; i < REGIONS * REGIONS; i++)
        ((float *)drive_find(d, "w")->host)[i] = i % (REGIONS + 1) == 0;
}

/* Regions whose bit is not in `present` are nowhere. */
static void give_target(struct drive *d, const char *prefix, uint8_t present)
{
    size_t voxels = shape_voxels(d->in);
    const float *t = vector(prefix, "t")->data;
    uint8_t *target = drive_find(d, "target")->host;
    for (size_t v = 0; v < voxels; v++)
        target[v] = present & (uint8_t)((t[v] > 0) | (t[voxels + v] > 0) << 1 | (t[2 * voxels + v] > 0) << 2);
}

static struct drive logits_forward(struct drive d, const char *prefix)
{
    given(&d, prefix, PAIRS({"x", "z"}));
    give_unit_matrix(&d);
    give_target(&d, prefix, ALL);
    memset(drive_find(&d, "b")->host, 0, REGIONS * sizeof(float));
    return d;
}

/* The sum of the Dice losses. */
static double dice_loss(const struct kernels *kernels, const char *prefix, uint8_t present, double smooth,
                        struct dice_sums sums[REGIONS])
{
    struct drive d = dice_sums(logits_shape(prefix), REGIONS);
    given(&d, prefix, PAIRS(SAME("p")));
    give_target(&d, prefix, present);
    int good = drive_run(&d, kernels);
    memcpy(sums, drive_find(&d, "sums")->result, REGIONS * sizeof *sums);
    drive_free(&d);
    double loss = good ? 0 : INFINITY;
    for (int k = 0; k < REGIONS; k++)
        loss += 1 - (2 * sums[k].intersection + smooth) / (sums[k].probability + sums[k].target + smooth);
    return loss;
}

static void check_loss(const struct kernels *kernels, const char *prefix, const char *name, double loss)
{
    double golden_loss = *(const float *)vector(prefix, name)->data, error = fabs(loss / golden_loss - 1);
    check(error < 1e-6, "%s: %s.%s: relative error %.1e", kernels->name, prefix, name, error);
}

static void check_gradient(const struct kernels *kernels, const char *prefix, const char *name,
                           uint8_t present, const struct dice_sums *sums, struct loss_weights loss)
{
    struct drive d = head_backward(logits_shape(prefix), REGIONS);
    d.sign = loss.dice, d.bce = loss.bce, d.smooth = loss.smooth;
    given(&d, prefix, PAIRS({"x", "z"}, SAME("p")));
    give_unit_matrix(&d);
    give_target(&d, prefix, present);
    memcpy(drive_find(&d, "sums")->host, sums, REGIONS * sizeof *sums);
    expected(&d, kernels, prefix, PAIRS({"dx", name}));
}

static void dice(const struct kernels *kernels)
{
    struct dice_sums sums[REGIONS];
    struct drive d = logits_forward(head_forward(logits_shape("dice"), REGIONS), "dice");
    expected(&d, kernels, "dice", PAIRS(SAME("p")));
    check_loss(kernels, "dice", "loss", dice_loss(kernels, "dice", ALL, 1, sums));
    check_gradient(kernels, "dice", "dz", ALL, sums, (struct loss_weights){1, 0, 1});
}

/* dice+bce with several settings; tests/golden/_losses.py makes the values. */
static void both_losses(const struct kernels *kernels)
{
    struct shape in = logits_shape("losses");
    struct drive d = logits_forward(head_forward_bce(in, REGIONS), "losses");
    int good = drive_run(&d, kernels);
    const double *bce_sums = drive_find(&d, "bce_sums")->result;
    const float *golden_sums = vector("losses", "bce")->data;
    double bce = 0, worst = 0;
    for (int k = 0; k < REGIONS; k++) {
        worst = fmax(worst, fabs(bce_sums[k] / golden_sums[k] - 1));
        bce += bce_sums[k] / (double)shape_voxels(in);
    }
    check(good && worst < 1e-6, "%s: cross-entropy of logits up to 1e4: relative error %.1e", kernels->name,
          worst);
    drive_free(&d);
    d = logits_forward(head_forward_bce(in, REGIONS), "losses");
    expected(&d, kernels, "losses", PAIRS(SAME("p")));

    struct dice_sums sums[REGIONS];
    double dice = dice_loss(kernels, "losses", ALL, 1, sums);
    check_loss(kernels, "losses", "loss.A", dice + bce);
    check_gradient(kernels, "losses", "dz.A", ALL, sums, (struct loss_weights){1, 1, 1});
    check_loss(kernels, "losses", "loss.B", 0.5 * dice + 3 * bce);
    check_gradient(kernels, "losses", "dz.B", ALL, sums, (struct loss_weights){0.5f, 3, 1});
    dice = dice_loss(kernels, "losses", ALL, 0.25, sums);
    check_loss(kernels, "losses", "loss.C", dice + bce);
    check_gradient(kernels, "losses", "dz.C", ALL, sums, (struct loss_weights){1, 1, 0.25f});
    dice_loss(kernels, "losses", NOT_THE_LAST, 1e-5, sums);
    check_gradient(kernels, "losses", "dz.D", NOT_THE_LAST, sums, (struct loss_weights){1, 1, 1e-5f});
}

int main(void)
{
    for (int i = 0; i < FILES; i++)
        if (safetensors_open(&golden[i], paths[i])) {
            check(0, "golden file: %s", error_message());
            return check_exit();
        }
    int count;
    const struct kernels *const *list = kernels_list(&count);
    for (int i = 0; i < count; i++) {
        convolution(list[i], "conv3");
        convolution(list[i], "conv3_30");
        conv1(list[i]);
        conv1_of_cells(list[i]);
        norm(list[i], "gn_lrelu_8_4", 4);
        norm(list[i], "gn_lrelu_30_30", 30);
        resample(list[i]);
        dice(list[i]);
        both_losses(list[i]);
    }
    for (int i = 0; i < FILES; i++)
        safetensors_close(&golden[i]);
    return check_exit();
}
