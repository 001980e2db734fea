#include "lib/stream/affine.h"
#include <math.h>

static const double SINGULAR = 1e-6;

void affine_join(const double directions[3][3], const double origin[3], double affine[3][4])
{
    for (int row = 0; row < 3; row++) {
        for (int axis = 0; axis < 3; axis++)
            affine[row][axis] = directions[axis][row];
        affine[row][3] = origin[row];
    }
}

void affine_split(const double affine[3][4], double directions[3][3], double origin[3])
{
    for (int row = 0; row < 3; row++) {
        for (int axis = 0; axis < 3; axis++)
            directions[axis][row] = affine[row][axis];
        origin[row] = affine[row][3];
    }
}

void affine_spacing(const double affine[3][4], double spacing[3])
{
    for (int axis = 0; axis < 3; axis++)
        spacing[axis] = sqrt(affine[0][axis] * affine[0][axis] + affine[1][axis] * affine[1][axis] +
                             affine[2][axis] * affine[2][axis]);
}

/* The inverse's rows are cross products of the matrix's columns over the determinant (Cramer's rule). */
bool affine_invert(const double affine[3][4], double inverse[3][3])
{
    double spacing[3];
    affine_spacing(affine, spacing);
    for (int i = 0; i < 3; i++) {
        int j = (i + 1) % 3, k = (i + 2) % 3;
        for (int r = 0; r < 3; r++) {
            int s = (r + 1) % 3, t = (r + 2) % 3;
            inverse[i][r] = affine[s][j] * affine[t][k] - affine[t][j] * affine[s][k];
        }
    }
    double determinant =
        affine[0][0] * inverse[0][0] + affine[1][0] * inverse[0][1] + affine[2][0] * inverse[0][2];
    if (!(fabs(determinant) > SINGULAR * spacing[0] * spacing[1] * spacing[2]) || !isfinite(1 / determinant))
        return false;
    for (int i = 0; i < 9; i++)
        inverse[i / 3][i % 3] /= determinant;
    return true;
}

double affine_difference(const double a[3][4], const double b[3][4])
{
    double largest = 0;
    for (int i = 0; i < 12; i++) {
        double difference = fabs(a[i / 4][i % 4] - b[i / 4][i % 4]);
        if (!(difference <= largest))
            largest = isnan(difference) ? INFINITY : difference;
    }
    return largest;
}
