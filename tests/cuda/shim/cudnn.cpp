/* What stands in for cuDNN on a CPU: its graph interface for one convolution, which is computed by plain loops with
 * double sums. Operands are rounded as the engine's numerical notes say; workspace is filled with poison.
 *
 * Its heuristics propose what no plan may be made of before what is wanted: see `engines`. A result of an engine that
 * must not be chosen is off. */
#include "kernels/cuda/convolution_plan.h"
#include "tests/cuda/shim/rounding.h"
#include <cuda_runtime.h>
#include <cudnn.h>
#include <map>
#include <vector>

/* --- engines --- */

enum { NOTES_MAX = 2, NONE = -1 };

/* In the order of the proposals. */
static const struct engine {
    cudnnBackendHeurMode_t mode;
    int notes[NOTES_MAX];
    int64_t workspace;
    bool finalizes, accurate;
} engines[] = {
    {CUDNN_HEUR_MODE_A, {CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC, CUDNN_NUMERICAL_NOTE_TENSOR_CORE}, 0, true, false},
    {CUDNN_HEUR_MODE_A, {CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION, NONE}, 0, true, false},
    {CUDNN_HEUR_MODE_A, {CUDNN_NUMERICAL_NOTE_TENSOR_CORE, NONE}, (int64_t)1 << 40, true, false},
    {CUDNN_HEUR_MODE_A, {CUDNN_NUMERICAL_NOTE_TENSOR_CORE, NONE}, 0, false, false},
    {CUDNN_HEUR_MODE_A,
     {CUDNN_NUMERICAL_NOTE_TENSOR_CORE, CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS},
     CONVOLUTION_PLAN_WORKSPACE,
     true,
     true},
    {CUDNN_HEUR_MODE_A, {CUDNN_NUMERICAL_NOTE_TENSOR_CORE, NONE}, 0, true, true},
    {CUDNN_HEUR_MODE_A, {CUDNN_NUMERICAL_NOTE_FFT, NONE}, 0, true, false},
    {CUDNN_HEUR_MODE_A,
     {CUDNN_NUMERICAL_NOTE_WINOGRAD, CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_4x4},
     0,
     true,
     false},
    {CUDNN_HEUR_MODE_FALLBACK, {CUDNN_NUMERICAL_NOTE_WINOGRAD_TILE_13x13, NONE}, 0, true, false},
    {CUDNN_HEUR_MODE_FALLBACK, {NONE, NONE}, CONVOLUTION_PLAN_WORKSPACE, true, true},
    {CUDNN_HEUR_MODE_FALLBACK, {NONE, NONE}, 0, true, true},
};
enum { ENGINES = sizeof engines / sizeof engines[0] };

static bool has_note(const struct engine *engine, cudnnBackendNumericalNote_t note)
{
    return engine->notes[0] == (int)note || engine->notes[1] == (int)note;
}

/* --- descriptors --- */

struct shim_descriptor {
    cudnnBackendDescriptorType_t type;
    std::map<int, std::vector<char>> attributes;
    const struct engine *engine = nullptr; /* of a configuration or an engine */
    int64_t knob = 0;                      /* of a configuration: its one knob, of no effect */
    bool final = false;

    template <class T> const T *all(int name, size_t count = 1) const
    {
        auto found = attributes.find(name);
        bool there = found != attributes.end() && found->second.size() == count * sizeof(T);
        return there ? reinterpret_cast<const T *>(found->second.data()) : nullptr;
    }

    const shim_descriptor *part(int name) const
    {
        auto at = all<cudnnBackendDescriptor_t>(name);
        return at && (*at)->final ? *at : nullptr;
    }
};

static bool fails(const char *call)
{
    bool failing = shim_failing_call && !strcmp(shim_failing_call, call);
    if (failing)
        shim_failing_call = nullptr;
    return failing;
}

static size_t bytes_of(cudnnBackendAttributeType_t type)
{
    return type == CUDNN_TYPE_CHAR                                                             ? 1
           : type == CUDNN_TYPE_INT64 || type == CUDNN_TYPE_VOID_PTR || type == CUDNN_TYPE_HANDLE ||
                   type == CUDNN_TYPE_BACKEND_DESCRIPTOR
               ? 8
               : 4;
}

size_t cudnnGetVersion(void)
{
    return shim_cudnn_version;
}

size_t cudnnGetCudartVersion(void)
{
    return CUDART_VERSION;
}

const char *cudnnGetErrorString(cudnnStatus_t status)
{
    return status == CUDNN_STATUS_NOT_INITIALIZED ? "CUDNN_STATUS_NOT_INITIALIZED"
           : status == CUDNN_STATUS_BAD_PARAM     ? "CUDNN_STATUS_BAD_PARAM"
           : status == CUDNN_STATUS_NOT_SUPPORTED ? "CUDNN_STATUS_NOT_SUPPORTED"
                                                  : "CUDNN_STATUS_EXECUTION_FAILED";
}

static cudaStream_t plan_queue;

cudnnStatus_t cudnnCreate(cudnnHandle_t *handle)
{
    *handle = reinterpret_cast<cudnnHandle_t>(&plan_queue);
    return fails("cudnnCreate") ? CUDNN_STATUS_NOT_INITIALIZED : CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t, cudaStream_t queue)
{
    plan_queue = queue;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t *descriptor)
{
    *descriptor = new shim_descriptor();
    (*descriptor)->type = type;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor)
{
    delete descriptor;
    return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t count, const void *values)
{
    if (descriptor->final || fails("cudnnBackendSetAttribute"))
        return CUDNN_STATUS_BAD_PARAM;
    const char *bytes = static_cast<const char *>(values);
    descriptor->attributes[name].assign(bytes, bytes + (size_t)count * bytes_of(type));
    return CUDNN_STATUS_SUCCESS;
}

/* --- the problem that a graph describes --- */

/* NDHWC, one sample. */
static bool is_matrix(const shim_descriptor *tensor)
{
    auto n = tensor ? tensor->all<int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS, 5) : nullptr;
    auto s = tensor ? tensor->all<int64_t>(CUDNN_ATTR_TENSOR_STRIDES, 5) : nullptr;
    auto alignment = tensor ? tensor->all<int64_t>(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT) : nullptr;
    return n && s && alignment && *alignment == 16 && s[1] == 1 && s[4] == n[1] && s[3] == n[1] * n[4] &&
           s[2] == s[3] * n[3] && s[0] == s[2] * n[2];
}

static bool is_3x3x3(const shim_descriptor *convolution)
{
    static const int axes[] = {CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES,
                               CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS};
    for (int name : axes) {
        auto v = convolution ? convolution->all<int64_t>(name, 3) : nullptr;
        if (!v || v[0] != 1 || v[1] != 1 || v[2] != 1)
            return false;
    }
    return true;
}

/* False when the graph is not one that kernels/cuda may ask for. */
static bool problem_of(const shim_descriptor *graph, struct convolution *p)
{
    static const int names[][6] = {
#define NAMES(kind, x, w, y)                                                                                 \
    {CUDNN_ATTR_OPERATION_CONVOLUTION_##kind##_ALPHA, CUDNN_ATTR_OPERATION_CONVOLUTION_##kind##_BETA,        \
     CUDNN_ATTR_OPERATION_CONVOLUTION_##kind##_CONV_DESC, CUDNN_ATTR_OPERATION_CONVOLUTION_##kind##_##x,     \
     CUDNN_ATTR_OPERATION_CONVOLUTION_##kind##_##w, CUDNN_ATTR_OPERATION_CONVOLUTION_##kind##_##y}
        NAMES(FORWARD, X, W, Y), NAMES(BWD_DATA, DX, W, DY), NAMES(BWD_FILTER, X, DW, DY)};
    const shim_descriptor *node = graph ? graph->part(CUDNN_ATTR_OPERATIONGRAPH_OPS) : nullptr;
    if (!node)
        return false;
    int kind = node->type - CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR;
    const int *of = names[kind];
    auto alpha = node->all<float>(of[0]), beta = node->all<float>(of[1]);
    auto x = node->part(of[3]), w = node->part(of[4]), y = node->part(of[5]);
    if (!alpha || *alpha != 1 || !beta || !is_3x3x3(node->part(of[2])) || !is_matrix(x) || !is_matrix(w) || !is_matrix(y))
        return false;
    auto xs = x->all<int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS, 5), ws = w->all<int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS, 5),
         ys = y->all<int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS, 5);
    *p = {};
    p->kind = static_cast<enum convolution_kind>(kind);
    p->add = *beta == 1;
    p->bf16 = *x->all<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE) == CUDNN_DATA_BFLOAT16;
    p->in = (int)xs[1], p->out = (int)ys[1];
    p->depth = (int)xs[2], p->height = (int)xs[3], p->width = (int)xs[4];
    return ws[0] == p->out && ws[1] == p->in && ws[2] == 3 && ws[3] == 3 && ws[4] == 3 && xs[2] == ys[2] &&
           xs[3] == ys[3] && xs[4] == ys[4];
}

/* The engine that a number names, and a configuration that somebody has put together of it and a knob: it is as one
 * that heuristics propose. */
static bool take_number(shim_descriptor *engine)
{
    auto number = engine->all<int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX);
    auto graph = engine->part(CUDNN_ATTR_ENGINE_OPERATION_GRAPH);
    struct convolution p;
    if (!number || *number < 0 || *number >= ENGINES || !problem_of(graph, &p))
        return false;
    engine->engine = &engines[*number];
    engine->attributes[CUDNN_ATTR_OPERATIONGRAPH_OPS].assign(reinterpret_cast<char *>(&p),
                                                             reinterpret_cast<char *>(&p + 1));
    return true;
}

static bool put_together(shim_descriptor *configuration)
{
    auto engine = configuration->part(CUDNN_ATTR_ENGINECFG_ENGINE);
    auto knob = configuration->part(CUDNN_ATTR_ENGINECFG_KNOB_CHOICES);
    auto type = knob ? knob->all<cudnnBackendKnobType_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE) : nullptr;
    auto value = knob ? knob->all<int64_t>(CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE) : nullptr;
    if (!engine || !type || *type != CUDNN_KNOB_TYPE_TILE_SIZE || !value || *value < 0)
        return false;
    configuration->engine = engine->engine;
    configuration->knob = *value;
    configuration->attributes[CUDNN_ATTR_OPERATIONGRAPH_OPS] = engine->attributes.at(CUDNN_ATTR_OPERATIONGRAPH_OPS);
    return true;
}

cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t d)
{
    struct convolution p;
    if (fails("cudnnBackendFinalize"))
        return CUDNN_STATUS_NOT_SUPPORTED;
    if ((d->type == CUDNN_BACKEND_ENGINE_DESCRIPTOR && !take_number(d)) ||
        (d->type == CUDNN_BACKEND_ENGINECFG_DESCRIPTOR && !put_together(d)))
        return CUDNN_STATUS_BAD_PARAM;
    if (d->type == CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR && !problem_of(d, &p))
        return CUDNN_STATUS_BAD_PARAM;
    if (d->type == CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR) {
        auto configuration = d->all<cudnnBackendDescriptor_t>(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG);
        d->engine = (*configuration)->engine;
        d->attributes[CUDNN_ATTR_OPERATIONGRAPH_OPS] = (*configuration)->attributes[CUDNN_ATTR_OPERATIONGRAPH_OPS];
        if (!d->engine->finalizes)
            return CUDNN_STATUS_NOT_SUPPORTED;
    }
    d->final = true;
    return CUDNN_STATUS_SUCCESS;
}

/* The engines of the mode; each configuration takes the graph along, whose pointers must outlive it as far as the plan's
 * finalizing. */
static int64_t propose(const shim_descriptor *heuristics, int64_t wanted, cudnnBackendDescriptor_t *configurations)
{
    auto mode = heuristics->all<cudnnBackendHeurMode_t>(CUDNN_ATTR_ENGINEHEUR_MODE);
    auto graph = heuristics->part(CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH);
    struct convolution p;
    int64_t count = 0;
    problem_of(graph, &p);
    for (int i = 0; i < ENGINES && count < wanted && !shim_no_engines; i++)
        if (engines[i].mode == *mode) {
            shim_descriptor *c = configurations[count++];
            c->engine = &engines[i];
            c->knob = i;
            c->attributes[CUDNN_ATTR_OPERATIONGRAPH_OPS].assign(reinterpret_cast<char *>(&p),
                                                                reinterpret_cast<char *>(&p + 1));
        }
    return count;
}

cudnnStatus_t cudnnBackendGetAttribute(const cudnnBackendDescriptor_t d, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t, int64_t wanted, int64_t *count, void *values)
{
    *count = 1;
    if (fails("cudnnBackendGetAttribute"))
        return CUDNN_STATUS_NOT_SUPPORTED;
    if (name == CUDNN_ATTR_ENGINEHEUR_RESULTS)
        *count = propose(d, wanted, static_cast<cudnnBackendDescriptor_t *>(values));
    else if (name == CUDNN_ATTR_ENGINECFG_ENGINE)
        (*static_cast<cudnnBackendDescriptor_t *>(values))->engine = d->engine;
    else if (name == CUDNN_ATTR_ENGINECFG_KNOB_CHOICES)
        (*static_cast<cudnnBackendDescriptor_t *>(values))->knob = d->knob;
    else if (name == CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE)
        *static_cast<cudnnBackendKnobType_t *>(values) = CUDNN_KNOB_TYPE_TILE_SIZE;
    else if (name == CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE)
        *static_cast<int64_t *>(values) = d->knob;
    else if (name == CUDNN_ATTR_ENGINE_GLOBAL_INDEX)
        *static_cast<int64_t *>(values) = d->engine - engines;
    else if (name == CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE)
        *static_cast<int64_t *>(values) = d->engine->workspace;
    else if (name == CUDNN_ATTR_ENGINE_NUMERICAL_NOTE)
        for (*count = 0; *count < NOTES_MAX && d->engine->notes[*count] != NONE; ++*count)
            static_cast<cudnnBackendNumericalNote_t *>(values)[*count] =
                static_cast<cudnnBackendNumericalNote_t>(d->engine->notes[*count]);
    else
        return CUDNN_STATUS_NOT_SUPPORTED;
    return CUDNN_STATUS_SUCCESS;
}

/* --- execution --- */

enum { TAPS = 27 };

/* An operand as floats, rounded. */
static std::vector<float> read(const struct convolution &p, const void *from, size_t count)
{
    std::vector<float> values(count);
    for (size_t i = 0; i < count; i++) {
        float value = p.bf16 ? __uint_as_float((unsigned)static_cast<const uint16_t *>(from)[i] << 16)
                             : static_cast<const float *>(from)[i];
        values[i] = p.tf32 ? tf32_of(value) : value;
    }
    return values;
}

static void write(const struct convolution &p, void *to, size_t at, double value)
{
    if (p.bf16)
        static_cast<uint16_t *>(to)[at] = (uint16_t)(__float_as_uint(bf16_of((float)value)) >> 16);
    else if (p.add)
        static_cast<float *>(to)[at] += (float)value;
    else
        static_cast<float *>(to)[at] = (float)value;
}

/* Calls visit(voxel, neighbour, tap) for every pair of voxels that a tap connects. */
template <class VISIT> static void neighbours(const struct convolution &p, VISIT visit)
{
    for (int z = 0; z < p.depth; z++)
        for (int y = 0; y < p.height; y++)
            for (int x = 0; x < p.width; x++)
                for (int tap = 0; tap < TAPS; tap++) {
                    int nz = z + tap / 9 - 1, ny = y + tap / 3 % 3 - 1, nx = x + tap % 3 - 1;
                    if (nz >= 0 && nz < p.depth && ny >= 0 && ny < p.height && nx >= 0 && nx < p.width)
                        visit(((size_t)z * p.height + y) * p.width + x,
                              ((size_t)nz * p.height + ny) * p.width + nx, tap);
                }
}

/* The two loops that take the time, over our own vectors: sanitizers have nothing to see in them. */
#define UNCHECKED __attribute__((no_sanitize("address", "undefined")))

UNCHECKED static double dot(size_t n, const float *__restrict a, const float *__restrict b)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

/* sums += factor values */
UNCHECKED static void add(size_t n, double factor, const float *__restrict values, double *__restrict sums)
{
#pragma omp simd
    for (size_t i = 0; i < n; i++)
        sums[i] += factor * (double)values[i];
}

static void run(const struct convolution &p, void *x, void *w, void *y)
{
    size_t voxels = (size_t)p.depth * p.height * p.width, in = (size_t)p.in, out = (size_t)p.out;
    size_t weights = out * TAPS * in;
    std::vector<double> sums(p.kind == CONVOLUTION_FORWARD ? voxels * out
                             : p.kind == CONVOLUTION_DATA  ? voxels * in
                                                           : weights);
    std::vector<float> xs, ws, ys;
    if (p.kind != CONVOLUTION_DATA)
        xs = read(p, x, voxels * in);
    if (p.kind != CONVOLUTION_WEIGHTS)
        ws = read(p, w, weights);
    if (p.kind != CONVOLUTION_FORWARD)
        ys = read(p, y, voxels * out);
    neighbours(p, [&](size_t at, size_t other, int tap) {
        for (size_t o = 0; o < out; o++) {
            size_t row = (o * TAPS + (size_t)tap) * in;
            if (p.kind == CONVOLUTION_FORWARD)
                sums[at * out + o] += dot(in, &ws[row], &xs[other * in]);
            else if (p.kind == CONVOLUTION_DATA)
                add(in, ys[at * out + o], &ws[row], &sums[other * in]);
            else
                add(in, ys[at * out + o], &xs[other * in], &sums[row]);
        }
    });
    void *result = p.kind == CONVOLUTION_FORWARD ? y : p.kind == CONVOLUTION_DATA ? x : w;
    for (size_t i = 0; i < sums.size(); i++)
        write(p, result, i, sums[i]);
}

/* x, w and y of the pack, each where its alignment allows it. */
static bool pointers_of(const shim_descriptor *pack, void *pointers[3])
{
    static const int64_t ids[3] = {'x', 'w', 'y'};
    auto named = pack->all<int64_t>(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, 3);
    auto at = pack->all<void *>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, 3);
    for (int i = 0; i < 3; i++) {
        if (!named || !at || named[i] != ids[i] || (size_t)at[i] % 16)
            return false;
        pointers[i] = at[i];
    }
    return true;
}

cudnnStatus_t cudnnBackendExecute(cudnnHandle_t, cudnnBackendDescriptor_t plan, cudnnBackendDescriptor_t pack)
{
    void *at[3];
    if (fails("cudnnBackendExecute"))
        return CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED;
    if (shim_failing_runs > 0) {
        shim_failing_runs--;
        shim_last_error = cudaErrorInvalidValue;
        return CUDNN_STATUS_EXECUTION_FAILED;
    }
    if (!plan->final || !pack->final || !pointers_of(pack, at))
        return CUDNN_STATUS_BAD_PARAM;
    void *workspace = *pack->all<void *>(CUDNN_ATTR_VARIANT_PACK_WORKSPACE);
    const struct engine *engine = plan->engine;
    struct convolution p = *plan->all<struct convolution>(CUDNN_ATTR_OPERATIONGRAPH_OPS);
    p.tf32 = !p.bf16 && has_note(engine, CUDNN_NUMERICAL_NOTE_TENSOR_CORE);
    void *x = at[0], *w = at[1], *y = at[2];
    void *result = p.kind == CONVOLUTION_FORWARD ? y : p.kind == CONVOLUTION_DATA ? x : w;
    shim_enqueue(plan_queue, [=] {
        memset(workspace, 0xff, (size_t)engine->workspace);
        run(p, x, w, y);
        if (!engine->accurate || (shim_wrong_convolutions && p.kind == CONVOLUTION_FORWARD))
            write(p, result, 0, 1e3); /* one corner, one channel */
    });
    return CUDNN_STATUS_SUCCESS;
}
