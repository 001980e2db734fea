/* Inversion: branch_forward(-1) subtracts what branch_forward(+1) added, branch_backward recomputes the same
 * bits, and up_forward likewise, in every backend. */
#include "tests/kernels/calls.h"

static void copy_result(struct drive *to, const char *name, struct drive *from)
{
    struct argument *a = drive_find(from, name);
    memcpy(drive_find(to, name)->host, a->result, a->count * element_bytes(a->kind));
}

static void give_all(struct drive *to, struct drive *from, int count, const char *const *names)
{
    for (int i = 0; i < count; i++) {
        struct argument *a = drive_find(from, names[i]);
        memcpy(drive_find(to, names[i])->host, a->host, a->count * element_bytes(a->kind));
    }
}

static void branch(const struct kernels *kernels, struct shape shape)
{
    static const char *const inputs[] = {"x", "channel_sums", "gamma", "beta", "conv"};
    struct drive add = branch_forward(shape, shape.channels, 1, 0);
    struct drive undo = branch_forward(shape, shape.channels, -1, 0);
    struct drive back = branch_backward(shape, shape.channels, 1);
    struct argument *y = drive_find(&undo, "y"), *recomputed = drive_find(&back, "y");
    give_all(&undo, &add, 5, inputs);
    give_all(&back, &add, 5, inputs);
    int good = drive_run(&add, kernels);
    copy_result(&undo, "y", &add);
    copy_result(&back, "y", &add);
    good &= drive_run(&undo, kernels) & drive_run(&back, kernels);
    double error = argument_error(y, drive_find(&add, "y")->host);
    check(good && error < 2e-7, "%s: a branch of %d channels is inverted: %.1e", kernels->name,
          shape.channels, error);
    check(!memcmp(y->result, recomputed->result, y->count * sizeof(float)),
          "%s: its backward inverts it to the same bits", kernels->name);
    drive_free(&add);
    drive_free(&undo);
    drive_free(&back);
}

static void up(const struct kernels *kernels, struct shape coarse, int channels)
{
    static const char *const inputs[] = {"x", "w", "b"};
    struct shape fine = finer(coarse, channels);
    struct drive add = up_forward(coarse, fine, 1, 0), undo = up_forward(coarse, fine, -1, 0);
    give_all(&undo, &add, 3, inputs);
    int good = drive_run(&add, kernels);
    copy_result(&undo, "y", &add);
    good &= drive_run(&undo, kernels);
    double error = argument_error(drive_find(&undo, "y"), drive_find(&add, "y")->host);
    check(good && error < 2e-7, "%s: what up added is subtracted: %.1e", kernels->name, error);
    drive_free(&add);
    drive_free(&undo);
}

int main(void)
{
    int count;
    const struct kernels *const *list = kernels_list(&count);
    for (int i = 0; i < count; i++) {
        branch(list[i], (struct shape){1, 4, 5, 9, 21});
        branch(list[i], (struct shape){1, 30, 4, 6, 17});
        up(list[i], (struct shape){2, 12, 2, 3, 9}, 7);
    }
    return check_exit();
}
