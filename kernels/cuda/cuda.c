/* The tables of the CUDA backend, one for each precision of the operands, and the families that list them.
 *
 * The files of this folder, from the ground up; none uses one of a line below its own:
 *
 *     layout, scratch, gpu        rows of channels, pieces of scratch, the device
 *     cudnn_version, trial, find_library, libraries    cuDNN and cuBLAS, opened at run time; toolkit is for the Makefile
 *     rows, sums, streams, operand    kernels that walk over matrices, sums over voxels, what is stored in 16 bits,
 *                                     rounding to bf16
 *     convolution (_plan, _check)     3x3x3 convolutions by cuDNN
 *     operations                  the prototypes of what the table is made of
 *     tensor_core, places, halves_product, pool_maximum    what our own kernels are made of
 *     norm, conv3, conv1, resample    steps that several operations share; product, by cuBLAS, is conv1's
 *     branch_fused (_tile, _weights)    those for the finer levels' branches
 *     up_fused, down_fused (_backward, _tile)    those between levels
 *     own_kernels                 the user's choice of them
 *     image_product (_forward, _backward)    image_conv's own kernels for four maps
 *     image_conv, branch, levels, head, adam, average, fixed         operations; norm, conv3 and resample are, too
 *     cuda                        this file */
#include "kernels/backends.h"
#include "kernels/cuda/convolution.h"
#include "kernels/cuda/gpu.h"
#include "kernels/cuda/layout.h"
#include "kernels/cuda/libraries.h"
#include "kernels/cuda/operations.h"
#include "kernels/cuda/own_kernels.h"
#include "kernels/cuda/product.h"
#include "kernels/cuda/scratch.h"
#include "kernels/cuda/streams.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* --- opening and finishing --- */

/* States keep the description of the backend that trained them. It names the choice of kernels, because
 * results differ with it in their last bits. Its wording stays as it is: older states have it. */
static char bf16_description[96 + OWN_KERNELS_WORDS], int16_description[96 + OWN_KERNELS_WORDS];

static const char *choose(void)
{
    const char *advice = own_kernels_choose();
    snprintf(bf16_description, sizeof bf16_description,
             "cuda: NDHWC, operands rounded to bf16, tensors fp32, level 0 by hand: %s", own_kernels_words());
    snprintf(int16_description, sizeof int16_description,
             "cuda: NDHWC, operands rounded to bf16, streams int16, level 0 by hand: %s",
             own_kernels_words());
    return advice;
}

/* Claims the libraries and the device, once a process: the libraries first, since they are tried in children, which must
 * come before the first call of CUDA; a device that is not there is said first. NULL, or one line of advice. */
static const char *claim(void)
{
    static bool claimed;
    const char *missing = claimed ? NULL : libraries_open(), *advice = gpu_open();
    if (claimed || advice)
        return advice;
    if (!(advice = missing) && !(advice = convolution_open(gpu_queue())) &&
        !(advice = product_open(gpu_queue())))
        claimed = true;
    return advice;
}

/* Of cuDNN's TF32 engines for this layout those with tensor cores copy their operands on any other card, and need four
 * times the workspace or more: its plans within it are fp32's. */
static void remark_tf32(void)
{
    if (gpu_capability() != 90 && gpu_capability() != 100)
        gpu_remark(
            "convolutions of the finer levels take no tensor cores in TF32 on this card: cuda-bf16 and "
            "cuda-int16 do, and are faster");
}

static const char *open_precision(enum precision precision)
{
    const char *advice = choose();
    if (advice)
        return advice;
    operand_set_precision(precision);
    advice = claim();
    if (!advice && precision == PRECISION_INT16 && !streams_wraps())
        advice = gpu_failure();
    if (!advice && precision == PRECISION_TF32)
        remark_tf32();
    return advice;
}

static const char *machine(void)
{
    static char text[2 * PATH_MAX + 512];
    snprintf(text, sizeof text, "%s, %s", gpu_card(), libraries_words());
    return text;
}

static const char *finish(void)
{
    if (!gpu_finish())
        convolution_finish_checks();
    return gpu_failure();
}

/* --- layout: tensors to plain arrays and back, on the host --- */

static size_t tensor_bytes(struct shape shape)
{
    return (size_t)shape.streams * stream_floats(shape) * sizeof(float);
}

/* Of streams and their gradients in 16 bits. */
static size_t half_bytes(struct shape shape)
{
    return tensor_bytes(shape) / 2;
}

static void pack(struct shape shape, const float *plain, float *tensor)
{
    size_t voxels = shape_voxels(shape), row = (size_t)padded(shape.channels);
    memset(tensor, 0, tensor_bytes(shape));
    for (int c = 0; c < shape_channels(shape); c++) {
        float *stream = tensor + (size_t)(c / shape.channels) * stream_floats(shape) + c % shape.channels;
        for (size_t v = 0; v < voxels; v++)
            stream[v * row] = plain[(size_t)c * voxels + v];
    }
}

static void unpack(struct shape shape, const float *tensor, float *plain)
{
    size_t voxels = shape_voxels(shape), row = (size_t)padded(shape.channels);
    for (int c = 0; c < shape_channels(shape); c++) {
        const float *stream =
            tensor + (size_t)(c / shape.channels) * stream_floats(shape) + c % shape.channels;
        for (size_t v = 0; v < voxels; v++)
            plain[(size_t)c * voxels + v] = stream[v * row];
    }
}

/* --- the tables --- */

static scratch_bytes_function *const scratch_bytes_of[] = {
    [OPERATION_IMAGE_CONV] = image_conv_scratch_bytes,
    [OPERATION_CONV3] = conv3_scratch_bytes,
    [OPERATION_NORM] = norm_scratch_bytes,
    [OPERATION_BRANCH] = branch_scratch_bytes,
    [OPERATION_DOWN] = down_scratch_bytes,
    [OPERATION_UP] = up_scratch_bytes,
    [OPERATION_HEAD] = head_scratch_bytes,
};

/* What differs between the tables. */
#define PRECISION(precision, name)                                                                           \
    static const char *open_##name(void)                                                                     \
    {                                                                                                        \
        return open_precision(precision);                                                                    \
    }                                                                                                        \
    static size_t scratch_bytes_##name(enum operation operation, struct shape in, struct shape out)          \
    {                                                                                                        \
        return scratch_bytes_of[operation](precision, in, out);                                              \
    }

PRECISION(PRECISION_TF32, tf32)
PRECISION(PRECISION_FP32, fp32)
PRECISION(PRECISION_BF16, bf16)
PRECISION(PRECISION_INT16, int16)

#define TABLE(its_name, its_description, its_rounding, precision)                                            \
    .name = its_name, .description = its_description, .rounding = its_rounding,                              \
    .alignment = SCRATCH_ALIGNMENT, .open = open_##precision, .allocate = gpu_allocate,                      \
    .release = gpu_release, .available = gpu_available, .upload = gpu_upload, .download = gpu_download,      \
    .clear = gpu_clear, .copy = gpu_copy, .finish = finish, .remark = gpu_take_remark, .machine = machine,   \
    .overlaps = true, .allocate_host = gpu_allocate_host, .release_host = gpu_release_host,                  \
    .prefetch_start = gpu_prefetch_start, .prefetch_wait = gpu_prefetch_wait,                                \
    .prefetch_release = gpu_prefetch_release, .record_begin = gpu_record_begin,                              \
    .record_end = gpu_record_end, .replay = gpu_replay, .record_release = gpu_record_release,                \
    .tensor_bytes = tensor_bytes, .pack = pack, .unpack = unpack, .scratch_bytes = scratch_bytes_##precision

#define FLOAT_STREAMS .stream_bytes = tensor_bytes, .gradient_bytes = tensor_bytes

/* Tensor cores that read floats in place drop their last 13 bits: twice as far off as rounding to nearest. */
static const struct kernels table_tf32 = {
    TABLE("cuda", "cuda: NDHWC, operands rounded to TF32", 0x1p-10, tf32),
    FLOAT_STREAMS,
#define X(operation) .operation = cuda_##operation,
#include "kernels/operations.def"
};

static const struct kernels table_fp32 = {
    TABLE("cuda-fp32", "cuda: NDHWC, fp32 throughout", 0, fp32),
    FLOAT_STREAMS,
#define X(operation) .operation = cuda_##operation,
#include "kernels/operations.def"
};

static const struct kernels table_bf16 = {
    TABLE("cuda-bf16", bf16_description, 0x1p-9, bf16),
    FLOAT_STREAMS,
#define X(operation) .operation = cuda_##operation,
#include "kernels/operations.def"
};

static const struct kernels table_int16 = {
    TABLE("cuda-int16", int16_description, 0x1p-9, int16),
    .stream_bytes = half_bytes,
    .gradient_bytes = half_bytes,
    .wraps = streams_take_wraps,
#define X(operation) .operation = cuda_##operation,
#include "kernels/operations.def"
};

/* --- the families --- */

/* The table, if this machine can run it. */
static int list(const struct kernels *table, const struct kernels *tables[FAMILY_TABLES_MAX])
{
    tables[0] = table;
    return choose() || claim() ? 0 : 1;
}

/* The table, on any machine, so that it can be planned for; NULL when PRUNET_CUDA_KERNELS is not valid. Where
 * the table cannot run, its `open` refuses. */
static const struct kernels *offer(const struct kernels *table, const char **why)
{
    const char *advice = choose();
    if (advice)
        *why = advice;
    return advice ? NULL : table;
}

#define FAMILY(family, table)                                                                                \
    static int family##_tables(const struct kernels *tables[FAMILY_TABLES_MAX])                              \
    {                                                                                                        \
        return list(&table, tables);                                                                         \
    }                                                                                                        \
    static const struct kernels *family##_choose(const int *channels, int levels, int streams,               \
                                                 const char **why)                                           \
    {                                                                                                        \
        (void)channels, (void)levels, (void)streams;                                                         \
        return offer(&table, why);                                                                           \
    }

FAMILY(tf32, table_tf32)
FAMILY(fp32, table_fp32)
FAMILY(bf16, table_bf16)

/* Not among the tables: it serves reversible networks alone. */
static int int16_tables(const struct kernels *tables[FAMILY_TABLES_MAX])
{
    (void)tables;
    return 0;
}

static const struct kernels *int16_choose(const int *channels, int levels, int streams, const char **why)
{
    (void)channels, (void)levels;
    if (streams == 2)
        return offer(&table_int16, why);
    *why = "cuda-int16 stores the two streams of reversible networks: this one has none";
    return NULL;
}

const struct kernels_family kernels_family_cuda = {"cuda", tf32_tables, tf32_choose};
const struct kernels_family kernels_family_cuda_fp32 = {"cuda-fp32", fp32_tables, fp32_choose};
const struct kernels_family kernels_family_cuda_bf16 = {"cuda-bf16", bf16_tables, bf16_choose};
const struct kernels_family kernels_family_cuda_int16 = {"cuda-int16", int16_tables, int16_choose};
