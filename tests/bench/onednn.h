/* oneDNN's 3x3x3 convolutions, zero padding 1, in the layouts that it prefers: to measure against. */
#ifndef PRUNET_TESTS_BENCH_ONEDNN_H
#define PRUNET_TESTS_BENCH_ONEDNN_H

#include <dnnl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum onednn_direction { ONEDNN_FORWARD, ONEDNN_DATA, ONEDNN_WEIGHTS };

struct onednn_conv {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_desc_t descriptor;
    dnnl_primitive_t primitive;
    dnnl_exec_arg_t arguments[4];
    int count;
};

/* Adds an argument of small values in the layout that the primitive asks for. */
static inline dnnl_status_t onednn_argument(struct onednn_conv *c, dnnl_query_t query, int index)
{
    const dnnl_memory_desc_t *d = dnnl_primitive_desc_query_md(c->descriptor, query, 0);
    dnnl_exec_arg_t *a = &c->arguments[c->count];
    a->arg = index;
    dnnl_status_t status = dnnl_memory_create(&a->memory, d, c->engine, DNNL_MEMORY_ALLOCATE);
    if (status != dnnl_success)
        return status;
    c->count++;
    void *values;
    dnnl_memory_get_data_handle(a->memory, &values);
    for (size_t i = 0; i < dnnl_memory_desc_get_size(d) / sizeof(float); i++)
        ((float *)values)[i] = (float)(i % 17) / 17 - 0.5f;
    return dnnl_success;
}

static inline dnnl_status_t onednn_describe(struct onednn_conv *c, enum onednn_direction direction,
                                            const dnnl_memory_desc_t *x, const dnnl_memory_desc_t *w,
                                            const dnnl_memory_desc_t *y)
{
    static const dnnl_dims_t ones = {1, 1, 1};
    dnnl_convolution_desc_t d, forward;
    dnnl_primitive_desc_t hint = NULL;
    dnnl_status_t status = dnnl_convolution_forward_desc_init(
        &forward, dnnl_forward_training, dnnl_convolution_direct, x, w, NULL, y, ones, ones, ones);
    if (status == dnnl_success)
        status = dnnl_primitive_desc_create(&hint, &forward, NULL, c->engine, NULL);
    if (status != dnnl_success || direction == ONEDNN_FORWARD) {
        c->descriptor = hint;
        return status;
    }
    status =
        direction == ONEDNN_DATA
            ? dnnl_convolution_backward_data_desc_init(&d, dnnl_convolution_direct, x, w, y, ones, ones, ones)
            : dnnl_convolution_backward_weights_desc_init(&d, dnnl_convolution_direct, x, w, NULL, y, ones,
                                                          ones, ones);
    if (status == dnnl_success)
        status = dnnl_primitive_desc_create(&c->descriptor, &d, NULL, c->engine, hint);
    dnnl_primitive_desc_destroy(hint);
    return status;
}

static inline dnnl_status_t onednn_prepare(struct onednn_conv *c, enum onednn_direction direction)
{
    dnnl_status_t status = dnnl_primitive_create(&c->primitive, c->descriptor);
    if (status == dnnl_success)
        status = direction == ONEDNN_DATA ? onednn_argument(c, dnnl_query_diff_src_md, DNNL_ARG_DIFF_SRC)
                                          : onednn_argument(c, dnnl_query_src_md, DNNL_ARG_SRC);
    if (status == dnnl_success)
        status = direction == ONEDNN_WEIGHTS
                     ? onednn_argument(c, dnnl_query_diff_weights_md, DNNL_ARG_DIFF_WEIGHTS)
                     : onednn_argument(c, dnnl_query_weights_md, DNNL_ARG_WEIGHTS);
    if (status == dnnl_success)
        status = direction == ONEDNN_FORWARD ? onednn_argument(c, dnnl_query_dst_md, DNNL_ARG_DST)
                                             : onednn_argument(c, dnnl_query_diff_dst_md, DNNL_ARG_DIFF_DST);
    return status;
}

static inline void onednn_conv_close(struct onednn_conv *c)
{
    for (int i = 0; i < c->count; i++)
        dnnl_memory_destroy(c->arguments[i].memory);
    dnnl_primitive_destroy(c->primitive);
    dnnl_primitive_desc_destroy(c->descriptor);
    dnnl_stream_destroy(c->stream);
    dnnl_engine_destroy(c->engine);
    free(c);
}

/* NULL when oneDNN cannot. */
static inline struct onednn_conv *onednn_conv_open(enum onednn_direction direction, int in, int out,
                                                   int depth, int height, int width)
{
    struct onednn_conv *c = calloc(1, sizeof *c);
    dnnl_dims_t x_dims = {1, in, depth, height, width}, y_dims = {1, out, depth, height, width},
                w_dims = {out, in, 3, 3, 3};
    dnnl_memory_desc_t x, w, y;
    dnnl_memory_desc_init_by_tag(&x, 5, x_dims, dnnl_f32, dnnl_format_tag_any);
    dnnl_memory_desc_init_by_tag(&y, 5, y_dims, dnnl_f32, dnnl_format_tag_any);
    dnnl_memory_desc_init_by_tag(&w, 5, w_dims, dnnl_f32, dnnl_format_tag_any);
    if (!c || dnnl_engine_create(&c->engine, dnnl_cpu, 0) != dnnl_success)
        return NULL;
    if (dnnl_stream_create(&c->stream, c->engine, dnnl_stream_default_flags) != dnnl_success ||
        onednn_describe(c, direction, &x, &w, &y) != dnnl_success ||
        onednn_prepare(c, direction) != dnnl_success) {
        onednn_conv_close(c);
        return NULL;
    }
    return c;
}

static inline void onednn_conv_run(struct onednn_conv *c)
{
    if (dnnl_primitive_execute(c->primitive, c->stream, c->count, c->arguments) != dnnl_success ||
        dnnl_stream_wait(c->stream) != dnnl_success)
        abort();
}

static inline const char *onednn_version(void)
{
    static char text[32];
    const dnnl_version_t *v = dnnl_version();
    snprintf(text, sizeof text, "%d.%d.%d", v->major, v->minor, v->patch);
    return text;
}

#endif
