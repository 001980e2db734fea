#include "lib/wild/pose.h"
#include "lib/base/error.h"
#include "lib/base/random.h"
#include "lib/wild/exact.h"
#include "lib/wild/properties.h"
#include <stdlib.h>
#include <string.h>

/* The rotation of a quaternion (1, v / 2): by about |v| about v, without sines. */
static void rotation(const double v[3], double matrix[3][3])
{
    double a = 1, b = v[0] / 2, c = v[1] / 2, d = v[2] / 2, n = 2 / (a * a + b * b + c * c + d * d);
    const double r[3][3] = {{1 - n * (c * c + d * d), n * (b * c - a * d), n * (b * d + a * c)},
                            {n * (b * c + a * d), 1 - n * (b * b + d * d), n * (c * d - a * b)},
                            {n * (b * d - a * c), n * (c * d + a * b), 1 - n * (b * b + c * c)}};
    memcpy(matrix, r, sizeof r);
}

static void draw_affine(uint64_t key, const struct atlas *atlas, float affine[3][4])
{
    double turn[3], matrix[3][3], scale = draw(key, HEAD_SCALE), side = drawn(key, HEAD_MIRRORED) ? -1 : 1;
    const double sign[3] = {side, -1, 1}; /* the head's x and y run to the left and to the back */
    for (int i = 0; i < 3; i++)
        turn[i] = draw(random_key_number(key, (uint64_t)i), HEAD_TURN);
    rotation(turn, matrix);
    for (int i = 0; i < 3; i++) {
        uint64_t own = random_key_number(key, (uint64_t)i);
        double axis = scale * draw(own, HEAD_AXIS);
        for (int j = 0; j < 3; j++) {
            double shear = j == 1 && i != 1 ? draw(own, HEAD_SHEAR) : 0;
            affine[i][j] = (float)(sign[i] * (axis * matrix[i][j] + shear));
        }
        affine[i][3] = (float)(atlas->middle[i] + draw(own, HEAD_SHIFT));
    }
}

int pose_draw(uint64_t key, const struct atlas *atlas, struct pose *pose)
{
    static const char *const fold_names[3] = {"folds x", "folds y", "folds z"};
    float coarse = (float)draw(key, WARP_COARSE), fine = (float)draw(key, WARP_FINE);
    const modal wide = {coarse, coarse, coarse, 0}, narrow = {fine, fine, fine, 0};
    *pose = (struct pose){.lattice = atlas->lattice};
    draw_affine(key, atlas, pose->affine);
    pose->fold_width = (float)draw(key, WARP_FOLDS);
    pose->ventricle_scale = (float)draw(key, VENTRICLE_SCALE);
    for (int i = 0; i < 3; i++)
        pose->folds[i] = texture_draw(key, fold_names[i], 5);
    pose->warp = calloc(COARSE_NODES * COARSE_NODES * COARSE_NODES, sizeof *pose->warp);
    if (!pose->warp)
        return fail(STATUS_FAILURE, "out of memory");
    int status = coarse_add(pose->warp, random_key(key, "warp coarse"), 4, &wide);
    return status ? status : coarse_add(pose->warp, random_key(key, "warp fine"), 9, &narrow);
}

void pose_free(struct pose *pose)
{
    free(pose->warp);
    pose->warp = NULL;
}

void pose_affine(const struct pose *pose, const float head[3], float mm[3])
{
    for (int i = 0; i < 3; i++)
        mm[i] = pose->affine[i][0] * head[0] + pose->affine[i][1] * head[1] + pose->affine[i][2] * head[2] +
                pose->affine[i][3];
}

/* Within the radius tissue is pushed in proportion to its distance, beyond it ever less, to 0 at 4 radii. */
static void push_at(const struct push *push, float p[3])
{
    float d[3] = {p[0] - push->centre[0], p[1] - push->centre[1], p[2] - push->centre[2]};
    float r = sqrtf(d[0] * d[0] + d[1] * d[1] + d[2] * d[2]) + 1e-3f;
    if (r >= 4 * push->radius)
        return;
    float fall = (4 * push->radius - r) / (3 * push->radius);
    float way = push->strength * (r < push->radius ? 1 : push->radius / r * fall * fall * fall);
    for (int i = 0; i < 3; i++)
        p[i] -= d[i] * way;
}

/* About the ventricles, 8 mm above the grid's middle, tissue comes from nearer to their middle. */
static void widen_ventricles(float scale, float p[3])
{
    float z = p[2] - 8;
    float r = p[0] * p[0] / (3 * 28 * 28) + p[1] * p[1] / (3 * 42 * 42) + z * z / (3 * 24 * 24);
    if (r >= 1)
        return;
    float way = scale * (1 - r) * (1 - r);
    p[0] -= p[0] * way;
    p[1] -= p[1] * way * 0.7f;
    p[2] -= z * way * 0.7f;
}

void pose_at(const struct pose *pose, const float head[3], float mm[3])
{
    float p[3] = {head[0], head[1], head[2]};
    for (int i = 0; i < pose->pushes; i++)
        push_at(&pose->push[i], p);
    modal way = coarse_at(pose->warp, head);
    for (int i = 0; i < 3; i++)
        p[i] += way[i] + pose->fold_width * texture_at(pose->lattice, &pose->folds[i], head);
    widen_ventricles(pose->ventricle_scale, p);
    pose_affine(pose, p, mm);
}
