/* cuDNN's graph interface in plain C: a convolution as a graph of one node, an engine for it, a plan. */
#include "kernels/cuda/convolution_plan.h"
#include "kernels/cuda/chosen_plans.h"
#include "kernels/cuda/libraries.h"
#include <stdio.h>
#include <string.h>

typedef cudnnBackendDescriptor_t descriptor;

enum { CONFIGURATIONS_MAX = 64, NOTES_MAX = 16, GRAPH_MAX = 16, ALIGNMENT = 16 };

static cudnnHandle_t handle;
static descriptor device; /* properties of a card that is not there; NULL where there is a handle */
static int card;          /* the compute capability of the one that is there, as gpu_capability */

/* --- the library --- */

const char *convolution_plan_open(cudaStream_t queue, int capability)
{
    static char text[256];
    card = capability;
    cudnnStatus_t status = cudnn.Create(&handle);
    if (!status)
        status = cudnn.SetStream(handle, queue);
    if (!status)
        return NULL;
    snprintf(text, sizeof text, "cuDNN does not start (%s): the CUDA device may be out of memory",
             cudnn.GetErrorString(status));
    return text;
}

/* --- descriptors --- */

/* The descriptors that are made for a plan, to be destroyed together. After the first error later calls do
 * nothing. */

struct descriptors {
    descriptor made[GRAPH_MAX + CONFIGURATIONS_MAX];
    int count;
    cudnnStatus_t status;
    const char *failed; /* the call */
};

static void keep_status(struct descriptors *all, cudnnStatus_t status, const char *call)
{
    if (!all->status && status)
        all->status = status, all->failed = call;
}

static descriptor make(struct descriptors *all, cudnnBackendDescriptorType_t type)
{
    descriptor d = NULL;
    if (!all->status)
        keep_status(all, cudnn.BackendCreateDescriptor(type, &d), "cudnnBackendCreateDescriptor");
    if (d)
        all->made[all->count++] = d;
    return d;
}

static void set(struct descriptors *all, descriptor d, cudnnBackendAttributeName_t name,
                cudnnBackendAttributeType_t type, int64_t count, const void *values)
{
    if (!all->status)
        keep_status(all, cudnn.BackendSetAttribute(d, name, type, count, values), "cudnnBackendSetAttribute");
}

static void set_descriptor(struct descriptors *all, descriptor d, cudnnBackendAttributeName_t name,
                           descriptor value)
{
    set(all, d, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value);
}

static void finalize(struct descriptors *all, descriptor d, const char *what)
{
    if (!all->status)
        keep_status(all, cudnn.BackendFinalize(d), what);
}

static void destroy(struct descriptors *all)
{
    while (all->count > 0)
        cudnn.BackendDestroyDescriptor(all->made[--all->count]);
}

const char *convolution_plan_open_without_device(const char *device_json)
{
    const char *advice = libraries_open();
    struct descriptors all = {.count = 0};
    if (advice)
        return advice;
    device = make(&all, CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR);
    set(&all, device, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
        (int64_t)strlen(device_json) + 1, device_json);
    finalize(&all, device, "cudnnBackendFinalize(device properties)");
    return all.status ? cudnn.GetErrorString(all.status) : NULL;
}

/* --- the graph --- */

enum { ID_X = 'x', ID_W = 'w', ID_Y = 'y' };

/* `rows` stacks of depth x height x width voxels, channels innermost; cuDNN counts the axes N, C, D, H, W. */
static descriptor make_tensor(struct descriptors *all, int64_t id, bool bf16, int64_t rows, int64_t channels,
                              int64_t depth, int64_t height, int64_t width)
{
    const int64_t sizes[5] = {rows, channels, depth, height, width};
    const int64_t strides[5] = {channels * depth * height * width, 1, channels * height * width,
                                channels * width, channels};
    const int64_t alignment = ALIGNMENT;
    const cudnnDataType_t type = bf16 ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
    descriptor d = make(all, CUDNN_BACKEND_TENSOR_DESCRIPTOR);
    set(all, d, CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &type);
    set(all, d, CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64, 5, sizes);
    set(all, d, CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64, 5, strides);
    set(all, d, CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64, 1, &id);
    set(all, d, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64, 1, &alignment);
    finalize(all, d, "cudnnBackendFinalize(tensor)");
    return d;
}

/* Stride 1, padding 1, sums in floats. */
static descriptor make_convolution(struct descriptors *all)
{
    const int64_t axes = 3, ones[3] = {1, 1, 1};
    const cudnnDataType_t sums = CUDNN_DATA_FLOAT;
    const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
    descriptor d = make(all, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR);
    set(all, d, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE, 1, &sums);
    set(all, d, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode);
    set(all, d, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64, 1, &axes);
    set(all, d, CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64, 3, ones);
    set(all, d, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64, 3, ones);
    set(all, d, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64, 3, ones);
    set(all, d, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64, 3, ones);
    finalize(all, d, "cudnnBackendFinalize(convolution)");
    return d;
}

/* The names that cuDNN gives to the attributes of each kind of node. */
static const struct node_names {
    cudnnBackendDescriptorType_t type;
    cudnnBackendAttributeName_t alpha, beta, convolution, x, w, y;
} node_names[] = {
    [CONVOLUTION_FORWARD] = {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y},
    [CONVOLUTION_DATA] = {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA,
                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W,
                          CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY},
    [CONVOLUTION_WEIGHTS] = {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW,
                             CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY},
};

static descriptor make_graph(struct descriptors *all, const struct convolution *p)
{
    const struct node_names *names = &node_names[p->kind];
    const float alpha = 1, beta = p->add ? 1 : 0;
    descriptor x = make_tensor(all, ID_X, p->bf16, 1, p->in, p->depth, p->height, p->width);
    descriptor y = make_tensor(all, ID_Y, p->bf16, 1, p->out, p->depth, p->height, p->width);
    descriptor w = make_tensor(all, ID_W, p->bf16, p->out, p->in, 3, 3, 3);
    descriptor convolution = make_convolution(all), node = make(all, names->type);
    set(all, node, names->alpha, CUDNN_TYPE_FLOAT, 1, &alpha);
    set(all, node, names->beta, CUDNN_TYPE_FLOAT, 1, &beta);
    set_descriptor(all, node, names->convolution, convolution);
    set_descriptor(all, node, names->x, x);
    set_descriptor(all, node, names->w, w);
    set_descriptor(all, node, names->y, y);
    finalize(all, node, "cudnnBackendFinalize(node)");
    descriptor graph = make(all, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR);
    set_descriptor(all, graph, CUDNN_ATTR_OPERATIONGRAPH_OPS, node);
    if (handle)
        set(all, graph, CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle);
    finalize(all, graph, "cudnnBackendFinalize(graph)");
    return graph;
}

/* --- the choice --- */

/* cuDNN's proposals in its order: first what it expects to be fast, then what it falls back on. */
static int propose(struct descriptors *all, descriptor graph, cudnnBackendHeurMode_t mode,
                   descriptor *configurations)
{
    int64_t count = 0;
    descriptor heuristics = make(all, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    set_descriptor(all, heuristics, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
    set(all, heuristics, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
    if (device)
        set_descriptor(all, heuristics, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, device);
    finalize(all, heuristics, "cudnnBackendFinalize(heuristics)");
    for (int i = 0; i < CONFIGURATIONS_MAX; i++)
        configurations[i] = make(all, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
    if (!all->status)
        keep_status(all,
                    cudnn.BackendGetAttribute(heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS,
                                              CUDNN_TYPE_BACKEND_DESCRIPTOR, CONFIGURATIONS_MAX, &count,
                                              configurations),
                    "cudnnBackendGetAttribute(heuristics)");
    return all->status ? 0 : (int)count;
}

/* What an engine may do to the numbers: the same bits each time, sums in floats, the operands rounded as p says; and
 * for fp32, which checks the others, no transform whose own rounding exceeds that of a plain sum. */
static bool is_tolerable(const struct convolution *p, cudnnBackendNumericalNote_t note)
{
    switch (note) {
    case CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC:
    case CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION:
        return false;
    case CUDNN_NUMERICAL_NOTE_TENSOR_CORE:
    case CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS:
    case CUDNN_NUMERICAL_NOTE_FFT:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_6x6:
    case CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13:
        return p->bf16 || p->tf32;
    default:
        return true;
    }
}

/* What a configuration sets its engine's knobs to: none where cuDNN does not tell, or there are too many. */
static void read_knobs(descriptor configuration, struct plan_choice *choice)
{
    struct descriptors all = {.count = 0};
    descriptor knobs[KNOBS_MAX];
    int64_t one, count = 0;
    for (int i = 0; i < KNOBS_MAX; i++)
        knobs[i] = make(&all, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR);
    bool good = !all.status &&
                !cudnn.BackendGetAttribute(configuration, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES,
                                           CUDNN_TYPE_BACKEND_DESCRIPTOR, KNOBS_MAX, &count, knobs) &&
                count <= KNOBS_MAX;
    for (int64_t i = 0; i < count && good; i++) {
        cudnnBackendKnobType_t type = (cudnnBackendKnobType_t)0;
        struct knob *knob = &choice->knobs[i];
        good = !cudnn.BackendGetAttribute(knobs[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1,
                                          &one, &type) &&
               !cudnn.BackendGetAttribute(knobs[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, 1,
                                          &one, &knob->value);
        knob->type = (int)type;
    }
    choice->knob_count = good ? (int)count : 0;
    destroy(&all);
}

/* The configuration of an engine and its knobs. */
static descriptor configure(struct descriptors *all, descriptor graph, const struct plan_choice *choice)
{
    descriptor engine = make(all, CUDNN_BACKEND_ENGINE_DESCRIPTOR), knobs[KNOBS_MAX];
    set_descriptor(all, engine, CUDNN_ATTR_ENGINE_OPERATION_GRAPH, graph);
    set(all, engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &choice->engine);
    if (device)
        set_descriptor(all, engine, CUDNN_ATTR_ENGINE_DEVICEPROP, device);
    finalize(all, engine, "cudnnBackendFinalize(engine)");
    descriptor configuration = make(all, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR);
    set_descriptor(all, configuration, CUDNN_ATTR_ENGINECFG_ENGINE, engine);
    for (int i = 0; i < choice->knob_count; i++) {
        const cudnnBackendKnobType_t type = (cudnnBackendKnobType_t)choice->knobs[i].type;
        knobs[i] = make(all, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR);
        set(all, knobs[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1, &type);
        set(all, knobs[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, 1, &choice->knobs[i].value);
        finalize(all, knobs[i], "cudnnBackendFinalize(knob)");
    }
    if (choice->knob_count > 0)
        set(all, configuration, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_TYPE_BACKEND_DESCRIPTOR,
            choice->knob_count, knobs);
    finalize(all, configuration, "cudnnBackendFinalize(configuration)");
    return configuration;
}

/* Whether the configuration's engine may be used; the plan gets its number and whether it uses tensor cores. */
static bool acceptable(const struct convolution *p, descriptor configuration, struct convolution_plan *plan)
{
    cudnnBackendNumericalNote_t notes[NOTES_MAX];
    int64_t one, count = 0;
    descriptor engine = NULL;
    bool good = !cudnn.BackendCreateDescriptor(CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine) &&
                !cudnn.BackendGetAttribute(configuration, CUDNN_ATTR_ENGINECFG_ENGINE,
                                           CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &one, &engine) &&
                !cudnn.BackendGetAttribute(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &one,
                                           &plan->choice.engine) &&
                !cudnn.BackendGetAttribute(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
                                           CUDNN_TYPE_NUMERICAL_NOTE, NOTES_MAX, &count, notes);
    plan->tensor_cores = false;
    for (int64_t i = 0; i < count && good; i++) {
        good = is_tolerable(p, notes[i]);
        plan->tensor_cores |= notes[i] == CUDNN_NUMERICAL_NOTE_TENSOR_CORE;
    }
    if (engine)
        cudnn.BackendDestroyDescriptor(engine);
    return good;
}

/* A finished plan for the configuration within the workspace; false when cuDNN cannot make one. */
static bool build(descriptor configuration, struct convolution_plan *plan)
{
    int64_t one, workspace = 0;
    descriptor d = NULL;
    bool good = !cudnn.BackendCreateDescriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &d) &&
                !cudnn.BackendSetAttribute(d, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG,
                                           CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &configuration) &&
                (handle ? !cudnn.BackendSetAttribute(d, CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE,
                                                     1, &handle)
                        : !cudnn.BackendSetAttribute(d, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP,
                                                     CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &device)) &&
                !cudnn.BackendFinalize(d) &&
                !cudnn.BackendGetAttribute(d, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1,
                                           &one, &workspace) &&
                workspace <= CONVOLUTION_PLAN_WORKSPACE;
    if (!good && d)
        cudnn.BackendDestroyDescriptor(d);
    if (good)
        plan->descriptor = d, plan->workspace = (size_t)workspace;
    return good;
}

static const char *refusal(const struct convolution *p, const char *cause)
{
    static const char *const kinds[] = {"forward", "data gradient", "weight gradient"};
    static char text[256];
    snprintf(text, sizeof text, "%s of %d to %d channels at %dx%dx%d in %s: %s", kinds[p->kind], p->in,
             p->out, p->width, p->height, p->depth,
             p->bf16   ? "bf16"
             : p->tf32 ? "TF32"
                       : "fp32",
             cause);
    return text;
}

void convolution_plan_release(struct convolution_plan *plan)
{
    if (plan->descriptor)
        cudnn.BackendDestroyDescriptor(plan->descriptor);
    plan->descriptor = NULL;
}

bool convolution_plan_make_chosen(struct convolution problem, const struct plan_choice *choice,
                                  struct convolution_plan *plan)
{
    struct descriptors all = {.count = 0};
    *plan = (struct convolution_plan){.problem = problem};
    descriptor configuration = configure(&all, make_graph(&all, &problem), choice);
    const bool made = !all.status && acceptable(&problem, configuration, plan) && build(configuration, plan);
    plan->choice = *choice;
    destroy(&all);
    return made;
}

const char *convolution_plan_make(struct convolution problem, int rank, struct convolution_plan *plan)
{
    static const cudnnBackendHeurMode_t modes[] = {CUDNN_HEUR_MODE_A, CUDNN_HEUR_MODE_FALLBACK};
    const struct plan_choice *chosen = chosen_plans_find(&problem, card);
    const char *cause = "cuDNN has no deterministic plan within 64 MiB of workspace";
    int before = 0;
    *plan = (struct convolution_plan){.problem = problem};
    if (chosen && convolution_plan_make_chosen(problem, chosen, plan) && before++ < rank)
        convolution_plan_release(plan);
    for (int m = 0; m < 2 && !plan->descriptor; m++) {
        descriptor configurations[CONFIGURATIONS_MAX];
        struct descriptors all = {.count = 0};
        int count = propose(&all, make_graph(&all, &problem), modes[m], configurations);
        for (int i = 0; i < count && !plan->descriptor; i++)
            if (acceptable(&problem, configurations[i], plan) && build(configurations[i], plan)) {
                if (before++ < rank)
                    convolution_plan_release(plan);
                else
                    read_knobs(configurations[i], &plan->choice);
            }
        if (all.status)
            cause = all.failed;
        destroy(&all);
    }
    return plan->descriptor ? NULL : refusal(&problem, cause);
}

/* --- execution --- */

const char *convolution_plan_run(const struct convolution_plan *plan, const void *x, const void *w,
                                 const void *y, void *workspace, bool *memory)
{
    const int64_t ids[3] = {ID_X, ID_W, ID_Y};
    const void *pointers[3] = {x, w, y};
    struct descriptors all = {.count = 0};
    descriptor pack = make(&all, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR);
    set(&all, pack, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, 3, ids);
    set(&all, pack, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, 3, pointers);
    set(&all, pack, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &workspace);
    finalize(&all, pack, "cudnnBackendFinalize(variant pack)");
    if (!all.status)
        keep_status(&all, cudnn.BackendExecute(handle, plan->descriptor, pack), "cudnnBackendExecute");
    destroy(&all);
    *memory = all.status == CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED ||
              all.status == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED ||
              (all.status && cudaPeekAtLastError() == cudaErrorMemoryAllocation);
    return all.status ? refusal(&plan->problem, cudnn.GetErrorString(all.status)) : NULL;
}
