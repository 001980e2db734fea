/* The reference's backward against its forward: central differences along random directions, and for the
 * linear operations the transpose's identity <A x, y> = <x, A' y>. */
#include "tests/kernels/calls.h"

static double inner(size_t n, const float *a, const float *b)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

static double length(size_t n, const float *a)
{
    return sqrt(inner(n, a, a));
}

static const struct argument *ran(struct drive *d, const char *name)
{
    return drive_find(d, name);
}

static void run(struct drive *d)
{
    if (!drive_run(d, &kernels_reference))
        check(0, "reference: %s is sound", d->name);
}

/* `from` of the one drive becomes `to` of the other. */
static void give(struct drive *to_drive, const char *to, struct drive *from_drive, const char *from)
{
    struct argument *a = drive_find(to_drive, to);
    const struct argument *b = drive_find(from_drive, from);
    if (a->count != b->count)
        abort();
    memcpy(a->host, b->host, b->count * element_bytes(b->kind));
}

static void clear(struct drive *d, const char *name)
{
    struct argument *a = drive_find(d, name);
    memset(a->host, 0, a->count * element_bytes(a->kind));
}

/* <forward(x), dy> = <x, backward(dy)>, where both start from zero. */
static void transposes(struct drive forward, const char *x, const char *y, struct drive backward,
                       const char *dy, const char *dx, const char *name)
{
    if (drive_find(&forward, y)->role == ADDED)
        clear(&forward, y);
    if (drive_find(&backward, dx)->role == ADDED)
        clear(&backward, dx);
    run(&forward);
    run(&backward);
    size_t out = drive_find(&forward, y)->count, in = drive_find(&forward, x)->count;
    double left = inner(out, ran(&forward, y)->result, ran(&backward, dy)->host);
    double right = inner(in, ran(&forward, x)->host, ran(&backward, dx)->result);
    double scale = length(out, ran(&forward, y)->result) * length(out, ran(&backward, dy)->host);
    check(fabs(left - right) < 1e-6 * scale, "%s is the transpose: %.1e", name, fabs(left - right) / scale);
    drive_free(&forward);
    drive_free(&backward);
}

static void linear_operations(void)
{
    struct shape in = {1, 3, 4, 5, 6}, out = {1, 5, 4, 5, 6}, coarse = {2, 3, 2, 1, 4},
                 fine = finer(coarse, 3);
    struct drive forward = conv3_forward(in, out), backward = conv3_backward(in, out, 1);
    give(&backward, "w", &forward, "w");
    transposes(forward, "x", "y", backward, "dy", "dx", "conv3's data gradient");

    forward = conv3_forward(in, out), backward = conv3_backward(in, out, 1);
    give(&backward, "x", &forward, "x");
    transposes(forward, "w", "y", backward, "dy", "dw", "conv3's weight gradient");

    struct shape image = {1, 4, 4, 5, 6};
    forward = image_conv_forward(image, out), backward = image_conv_backward(image, out);
    give(&backward, "image", &forward, "image");
    transposes(forward, "w", "y", backward, "dy", "dw", "image_conv's weight gradient");

    transposes(upsample_forward(coarse), "x", "y", upsample_backward(coarse), "dy", "dx",
               "upsample_backward");

    forward = up_forward(coarse, fine, 1, 0), backward = up_backward(coarse, fine);
    clear(&forward, "b");
    give(&backward, "w", &forward, "w");
    transposes(forward, "x", "y", backward, "dy", "dx", "up's data gradient");

    forward = down_forward(fine, coarse, 0), backward = down_backward(fine, coarse);
    give(&backward, "x", &forward, "x");
    clear(&forward, "b");
    transposes(forward, "w", "y", backward, "dy", "dw", "down's weight gradient");
}

/* A scalar function of the arguments, and the gradient that a backward claims for one of them. */
struct claim {
    struct drive *forward;
    double (*value)(struct drive *forward);
    const char *argument;
    const float *gradient;
    const char *name;
};

static void differences(struct claim claim)
{
    struct argument *a = drive_find(claim.forward, claim.argument);
    float *at = plain_copy(a->host, a->count * sizeof(float)), *moved = a->host;
    uint64_t key = random_key(1, claim.name);
    /* along the claimed gradient, which makes the difference large, and a random direction, which sees all */
    double size = length(a->count, claim.gradient), step = 1e-4 * length(a->count, at), expected = 0;
    float *direction = poisoned(a->count * sizeof(float));
    for (size_t i = 0; i < a->count; i++)
        direction[i] = (float)(claim.gradient[i] / size + spread(key, i) / sqrt((double)a->count));
    double norm = length(a->count, direction), values[2];
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < a->count; i++)
            moved[i] = (float)(at[i] + (side ? -1 : 1) * step * direction[i] / norm);
        values[side] = claim.value(claim.forward);
    }
    memcpy(moved, at, a->count * sizeof(float));
    expected = inner(a->count, claim.gradient, direction) / norm;
    double found = (values[0] - values[1]) / (2 * step);
    check(fabs(found - expected) < 2e-3 * size, "%s: difference %.5g, gradient %.5g", claim.name, found,
          expected);
    free(at);
    free(direction);
}

/* <y, weights>, for fixed random weights. */
static double weighted(size_t n, const float *y)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += y[i] * spread(77, i);
    return sum;
}

static void fill_weights(struct argument *dy)
{
    for (size_t i = 0; i < dy->count; i++)
        ((float *)dy->host)[i] = (float)spread(77, i);
}

static double branch_value(struct drive *forward)
{
    reference_channel_sums(forward->in, drive_find(forward, "x")->host,
                           drive_find(forward, "channel_sums")->host, NULL);
    run(forward);
    return weighted(drive_find(forward, "y")->count, drive_find(forward, "y")->result);
}

static void branch_gradients(int groups)
{
    struct shape shape = {1, 6, 3, 4, 5};
    struct drive forward = branch_forward(shape, groups, 1, 0), backward = branch_backward(shape, groups, 0);
    static const char *const given[] = {"x", "channel_sums", "gamma", "beta", "conv"};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++)
        give(&backward, given[i], &forward, given[i]);
    static const char *const pairs[][2] = {
        {"x", "du"}, {"gamma", "dgamma"}, {"beta", "dbeta"}, {"conv", "dconv"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        clear(&backward, pairs[i][1]);
    fill_weights(drive_find(&backward, "dy"));
    run(&backward);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "branch of %d groups, %s", groups, pairs[i][1]);
        differences((struct claim){&forward, branch_value, pairs[i][0],
                                   drive_find(&backward, pairs[i][1])->result, name});
    }
    drive_free(&forward);
    drive_free(&backward);
}

static const struct loss_weights head_loss = {1, 2, 0.5f};
static uint8_t *head_target;

static void head_sums(struct drive *forward, struct dice_sums *sums)
{
    memcpy(drive_find(forward, "target")->host, head_target, shape_voxels(forward->in));
    run(forward);
    reference_dice_sums(shape_voxels(forward->in), forward->number, drive_find(forward, "p")->result,
                        head_target, sums, NULL);
}

static double head_value(struct drive *forward)
{
    struct dice_sums sums[REGIONS_MAX];
    head_sums(forward, sums);
    double loss = 0;
    const double *bce_sums = drive_find(forward, "bce_sums")->result;
    for (int k = 0; k < forward->number; k++) {
        double smooth = head_loss.smooth;
        double dice =
            1 - (2 * sums[k].intersection + smooth) / (sums[k].probability + sums[k].target + smooth);
        loss += head_loss.dice * dice + head_loss.bce * bce_sums[k] / (double)shape_voxels(forward->in);
    }
    return loss;
}

static void head_gradients(void)
{
    struct shape in = {2, 3, 3, 4, 5};
    struct drive forward = head_forward_bce(in, 3), backward = head_backward_bce(in, 3);
    give(&backward, "x", &forward, "x");
    give(&backward, "w", &forward, "w");
    head_target = drive_find(&backward, "target")->host;
    backward.sign = head_loss.dice, backward.bce = head_loss.bce, backward.smooth = head_loss.smooth;
    struct dice_sums *sums = drive_find(&backward, "sums")->host;
    head_sums(&forward, sums);
    memcpy(drive_find(&backward, "p")->host, drive_find(&forward, "p")->result,
           drive_find(&forward, "p")->count * sizeof(float));
    clear(&backward, "dw");
    clear(&backward, "db");
    run(&backward);
    static const char *const pairs[][2] = {{"x", "dx"}, {"w", "dw"}, {"b", "db"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "head, %s", pairs[i][1]);
        differences((struct claim){&forward, head_value, pairs[i][0],
                                   drive_find(&backward, pairs[i][1])->result, name});
    }
    drive_free(&forward);
    drive_free(&backward);
}

int main(void)
{
    linear_operations();
    branch_gradients(6);
    branch_gradients(2);
    head_gradients();
    return check_exit();
}
