/* Samples of a convolution beside plain sums in double precision.
 *
 * A wrong plan is grossly wrong: a border left out, a tile skipped. The allowed difference is 2^-6 of the
 * root of the sum of squared products, far above the rounding of TF32 and bf16 and far below a missing tap,
 * and 2^-7 of the result, which bf16 rounds. */
#include "kernels/cuda/convolution_check.h"
#include "kernels/cuda/rows.h"

enum { TAPS = 27, CHECK_THREADS = 128 };

__device__ static inline float element(const void *operand, bool bf16, size_t at)
{
    return bf16 ? load1(static_cast<const uint16_t *>(operand) + at)
                : load1(static_cast<const float *>(operand) + at);
}

/* Place n of the samples: corners, edges, the centre. */
__device__ static inline void place_of(const struct convolution &p, int n, int at[3])
{
    /* octal digits z, y, x: 0 the first voxel, 1 the middle one, 2 the last */
    const int codes[CHECK_PLACES] = {000, 222, 002, 210, 111, 121};
    const int sizes[3] = {p.depth, p.height, p.width};
    for (int axis = 0; axis < 3; axis++) {
        int digit = codes[n] >> (6 - 3 * axis) & 7;
        at[axis] = digit == 0 ? 0 : digit == 1 ? sizes[axis] / 2 : sizes[axis] - 1;
    }
}

__device__ static inline int channel_of(int n, int channels)
{
    return (int)((long)n * (channels - 1) / (CHECK_CHANNELS - 1));
}

/* Sample n of the result: its index, and for a filter its output, tap and input. */
struct sample {
    size_t at;
    int place[3], tap, in, out;
};

__device__ static inline struct sample sample_of(const struct convolution &p, int n)
{
    struct sample s;
    int place = n / CHECK_CHANNELS, channel = n % CHECK_CHANNELS;
    place_of(p, place, s.place);
    if (p.kind == CONVOLUTION_WEIGHTS) {
        const int taps[CHECK_PLACES] = {0, 26, 2, 21, 13, 16};
        s.tap = taps[place];
        s.out = channel_of(channel, p.out);
        s.in = channel_of((channel + place) % CHECK_CHANNELS, p.in);
        s.at = ((size_t)s.out * TAPS + (size_t)s.tap) * (size_t)p.in + (size_t)s.in;
    } else {
        int channels = p.kind == CONVOLUTION_FORWARD ? p.out : p.in;
        s.in = s.out = channel_of(channel, channels);
        s.tap = 0;
        s.at = (((size_t)s.place[0] * (size_t)p.height + (size_t)s.place[1]) * (size_t)p.width +
                (size_t)s.place[2]) *
                   (size_t)channels +
               (size_t)s.in;
    }
    return s;
}

/* The row of the voxel `tap` away from one; -1 outside the grid. */
__device__ static inline long neighbour(const struct convolution &p, int z, int y, int x, int tap)
{
    z += tap / 9 - 1, y += tap / 3 % 3 - 1, x += tap % 3 - 1;
    if (z < 0 || z >= p.depth || y < 0 || y >= p.height || x < 0 || x >= p.width)
        return -1;
    return ((long)z * p.height + y) * p.width + x;
}

/* The number of products whose sum is a sample, and product n of them. */
__device__ static inline long product_count(const struct convolution &p)
{
    return p.kind == CONVOLUTION_FORWARD ? (long)TAPS * p.in
           : p.kind == CONVOLUTION_DATA  ? (long)TAPS * p.out
                                         : (long)p.depth * p.height * p.width;
}

__device__ static inline double product_of(const struct convolution &p, const struct sample &s, long n,
                                           const void *x, const void *w, const void *y)
{
    if (p.kind == CONVOLUTION_WEIGHTS) {
        long row = neighbour(p, (int)(n / p.width / p.height), (int)(n / p.width % p.height),
                             (int)(n % p.width), s.tap);
        return row < 0 ? 0
                       : (double)element(x, p.bf16, (size_t)row * (size_t)p.in + (size_t)s.in) *
                             (double)element(y, p.bf16, (size_t)n * (size_t)p.out + (size_t)s.out);
    }
    bool forward = p.kind == CONVOLUTION_FORWARD;
    int summed = forward ? p.in : p.out, tap = (int)(n / summed), c = (int)(n % summed);
    long row = neighbour(p, s.place[0], s.place[1], s.place[2], forward ? tap : TAPS - 1 - tap);
    size_t weight = forward ? ((size_t)s.out * TAPS + (size_t)tap) * (size_t)p.in + (size_t)c
                            : ((size_t)c * TAPS + (size_t)tap) * (size_t)p.in + (size_t)s.in;
    return row < 0 ? 0
                   : (double)element(forward ? x : y, p.bf16, (size_t)row * (size_t)summed + (size_t)c) *
                         (double)element(w, p.bf16, weight);
}

__global__ void convolution_check_save_kernel(struct convolution problem, const void *result, float *saved)
{
    int n = (int)threadIdx.x;
    if (n < CHECK_SAMPLES)
        saved[n] = problem.add ? element(result, problem.bf16, sample_of(problem, n).at) : 0.0f;
}

void convolution_check_save(struct convolution problem, const void *result, float *saved)
{
    GPU_LAUNCH(convolution_check_save_kernel, dim3(1), dim3(CHECK_THREADS), 0, problem, result, saved);
}

/* one block a sample */
__global__ void convolution_check_compare_kernel(struct convolution problem, const void *x, const void *w,
                                                 const void *y, const float *saved, int mark, int *wrong)
{
    GPU_SHARED(double, shared);
    struct sample s = sample_of(problem, (int)blockIdx.x);
    double sum = 0, squares = 0;
    for (long n = (long)threadIdx.x; n < product_count(problem); n += CHECK_THREADS) {
        double product = product_of(problem, s, n, x, w, y);
        sum += product;
        squares += product * product;
    }
    shared[2 * threadIdx.x] = sum;
    shared[2 * threadIdx.x + 1] = squares;
    __syncthreads();
    if (threadIdx.x)
        return;
    for (int n = 1; n < CHECK_THREADS; n++)
        sum += shared[2 * n], squares += shared[2 * n + 1];
    const void *result = problem.kind == CONVOLUTION_FORWARD ? y : problem.kind == CONVOLUTION_DATA ? x : w;
    double got = (double)element(result, problem.bf16, s.at), expected = (double)saved[blockIdx.x] + sum;
    double allowed = sqrt(squares) / 64 + fabs(expected) / 128 + fabs((double)saved[blockIdx.x]) / 128;
    if (!(fabs(got - expected) <= allowed))
        *wrong = mark;
}

void convolution_check_compare(struct convolution problem, const void *x, const void *w, const void *y,
                               const float *saved, int mark, int *wrong)
{
    GPU_LAUNCH(convolution_check_compare_kernel, dim3(CHECK_SAMPLES), dim3(CHECK_THREADS),
               2 * CHECK_THREADS * sizeof(double), problem, x, w, y, saved, mark, wrong);
}
