#include "lib/picture/view.h"
#include <math.h>
#include <string.h>

static const double MARK_MIN = 0.3; /* of a unit vector's component that is named */

const char *plane_name(enum plane plane)
{
    static const char *const names[PLANES] = {"axial", "coronal", "sagittal"};
    return names[plane];
}

void view_spacing(const struct record *record, double spacing[3])
{
    record_spacing(record, spacing);
    for (int axis = 0; axis < 3; axis++)
        if (!(spacing[axis] > 0) || !isfinite(spacing[axis]))
            spacing[axis] = 1;
}

/* Unit vectors along the array axes in RAS. */
static void unit_directions(const struct record *record, double unit[3][3])
{
    static const double usual[3][3] = {{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}};
    double spacing[3];
    memcpy(unit, usual, sizeof usual);
    if (!record->has_geometry)
        return;
    view_spacing(record, spacing);
    for (int axis = 0; axis < 3; axis++)
        for (int i = 0; i < 3; i++)
            unit[axis][i] = record->directions[axis][i] / spacing[axis];
}

/* axis_of[i]: the array axis of the anatomical axis i (right, front, up), each used once, by the largest sum of cosines. */
static void assign_axes(double unit[3][3], int axis_of[3])
{
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    double best = -1;
    for (int o = 0; o < 6; o++) {
        double sum = 0;
        for (int i = 0; i < 3; i++)
            sum += fabs(unit[orders[o][i]][i]);
        if (sum > best + 1e-9) {
            best = sum;
            memcpy(axis_of, orders[o], sizeof orders[o]);
        }
    }
}

/* The letters of a direction, the largest component first. */
static void mark(const double unit[3], double sign, char letters[MARK_SIZE])
{
    static const char names[3][2] = {{'L', 'R'}, {'P', 'A'}, {'I', 'S'}};
    bool used[3] = {false};
    int count = 0;
    for (; count < 3; count++) {
        int largest = -1;
        for (int i = 0; i < 3; i++)
            if (!used[i] && fabs(unit[i]) >= MARK_MIN &&
                (largest < 0 || fabs(unit[i]) > fabs(unit[largest]) + 1e-9))
                largest = i;
        if (largest < 0)
            break;
        used[largest] = true;
        letters[count] = names[largest][sign * unit[largest] > 0];
    }
    letters[count] = 0;
}

void view_of(const struct record *record, enum plane plane, struct view *view)
{
    static const int anatomical[PLANES][3] = {{0, 1, 2}, {0, 2, 1}, {1, 2, 0}}; /* across, down, through */
    double unit[3][3], spacing[3];
    int axis_of[3];
    *view = (struct view){0};
    unit_directions(record, unit);
    assign_axes(unit, axis_of);
    view_spacing(record, spacing);
    const int *wanted = anatomical[plane];
    view->across = axis_of[wanted[0]];
    view->down = axis_of[wanted[1]];
    view->through = axis_of[wanted[2]];
    /* Rows run to the left or the back, columns to the back or the feet: all against R, A, S. */
    view->flip_across = unit[view->across][wanted[0]] > 0;
    view->flip_down = unit[view->down][wanted[1]] > 0;
    view->spacing[0] = spacing[view->across];
    view->spacing[1] = spacing[view->down];
    if (!record->has_geometry)
        return;
    const double across = view->flip_across ? -1 : 1, down = view->flip_down ? -1 : 1;
    mark(unit[view->across], -across, view->left);
    mark(unit[view->across], across, view->right);
    mark(unit[view->down], -down, view->top);
    mark(unit[view->down], down, view->bottom);
}
