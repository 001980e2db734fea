/* Linear filters along one axis of a volume: each output is a weighted sum of neighbouring inputs. */
#ifndef PRUNET_VOLUME_AXIS_FILTER_H
#define PRUNET_VOLUME_AXIS_FILTER_H

struct axis_filter {
    int length; /* of the axis; outputs, too */
    int taps;   /* most inputs of an output */
    int *first, *count;
    float *weights; /* [length][taps] */
};

/* A Gaussian of so many voxels' standard deviation, cut at three of them and at the ends of the axis.
 * STATUS_FAILURE without memory. */
int axis_filter_blur(struct axis_filter *filter, int length, double deviation);

/* What is left of an axis that was sampled `factor` >= 1 times as coarsely: means over length / factor
 * equal cells (to the nearest whole number, at least 1), interpolated linearly between their centres.
 * STATUS_FAILURE without memory. */
int axis_filter_coarsen(struct axis_filter *filter, int length, double factor);

void axis_filter_free(struct axis_filter *filter);

/* to = the filter of `from` along axis 0, 1 or 2 (x, y, z), both of x, y, z voxels, x fastest; they do not
 * overlap. The weights of an output are added up in their order. */
void axis_filter_run(const struct axis_filter *filter, const int size[3], int axis, const float *from,
                     float *to);

#endif
