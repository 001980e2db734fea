/* Every backend against the golden file of single operations, computed in double precision elsewhere. */
#include "lib/base/error.h"
#include "lib/stream/safetensors.h"
#include "tests/kernels/calls.h"

static struct safetensors golden;

static const struct safetensors_tensor *vector(const char *prefix, const char *name)
{
    char full[64];
    snprintf(full, sizeof full, "%s.%s", prefix, name);
    const struct safetensors_tensor *tensor = safetensors_find(&golden, full);
    if (!tensor || tensor->type != SAFETENSORS_F32) {
        fprintf(stderr, "the golden file lacks %s\n", full);
        abort();
    }
    return tensor;
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

/* The head with one channel a region and the unit matrix turns the golden logits into probabilities, and its
 * dx is the logits' gradient. */
static void dice(const struct kernels *kernels)
{
    const struct safetensors_tensor *z = vector("dice", "z");
    struct shape in = {1, 3, (int)z->size[1], (int)z->size[2], (int)z->size[3]};
    const float *t = vector("dice", "t")->data, unit[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    size_t voxels = shape_voxels(in);

    struct drive d = head_forward(in, 3);
    given(&d, "dice", PAIRS({"x", "z"}));
    memcpy(drive_find(&d, "w")->host, unit, sizeof unit);
    memset(drive_find(&d, "b")->host, 0, 3 * sizeof(float));
    expected(&d, kernels, "dice", PAIRS(SAME("p")));

    uint8_t *target = poisoned(voxels);
    for (size_t v = 0; v < voxels; v++)
        target[v] = (uint8_t)((t[v] > 0) | (t[voxels + v] > 0) << 1 | (t[2 * voxels + v] > 0) << 2);
    d = dice_sums(in, 3);
    given(&d, "dice", PAIRS(SAME("p")));
    memcpy(drive_find(&d, "target")->host, target, voxels);
    int good = drive_run(&d, kernels);
    struct dice_sums sums[3];
    memcpy(sums, drive_find(&d, "sums")->result, sizeof sums);
    drive_free(&d);
    double loss = 0;
    for (int k = 0; k < 3; k++)
        loss += 1 - (2 * sums[k].intersection + 1) / (sums[k].probability + sums[k].target + 1);
    double golden_loss = *(const float *)vector("dice", "loss")->data;
    check(good && fabs(loss - golden_loss) < 1e-6, "%s: dice loss: difference %.1e", kernels->name,
          fabs(loss - golden_loss));

    d = head_backward(in, 3);
    d.sign = 1;
    given(&d, "dice", PAIRS({"x", "z"}, SAME("p")));
    memcpy(drive_find(&d, "w")->host, unit, sizeof unit);
    memcpy(drive_find(&d, "target")->host, target, voxels);
    memcpy(drive_find(&d, "sums")->host, sums, sizeof sums);
    expected(&d, kernels, "dice", PAIRS({"dx", "dz"}));
    free(target);
}

int main(void)
{
    if (safetensors_open(&golden, "tests/golden/operations.safetensors")) {
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
    }
    safetensors_close(&golden);
    return check_exit();
}
