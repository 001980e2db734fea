/* Drives one operation of any backend from plain host arrays, and compares.
 *
 * A `drive` lists the operation's arguments in the order of its prototype. Running it lays every argument
 * into the backend's memory: what is written with `=` starts as poison, so do scratch and a layout's padding;
 * each block ends in guard bytes, and a host backend's scratch in a page that may not be touched. Afterwards
 * the guards must be whole and what is only read must be unchanged.
 *
 * PRUNET_TEST_UNTOUCHED=1: what would start as poison is left as the backend gives it, so that a tool that watches its
 * memory sees a read of what nobody has written. */
#ifndef PRUNET_TESTS_KERNELS_DRIVE_H
#define PRUNET_TESTS_KERNELS_DRIVE_H

#include "kernels/int16.h"
#include "kernels/kernels.h"
#include "lib/base/random.h"
#include "tests/check.h"
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ARGUMENTS_MAX = 12, GUARD = 256, GUARD_BYTE = 0xa5, POISON_BLOCK = 1 << 16 };

enum role { READ, WRITTEN, ADDED, ABSENT };                     /* ABSENT: a NULL pointer */
enum kind { TENSOR, STREAM, GRADIENT, FLOATS, DOUBLES, BYTES }; /* a STREAM and its GRADIENT: kernels.h */

struct argument {
    const char *name;
    enum role role;
    enum kind kind;
    struct shape shape; /* of a tensor */
    size_t count;       /* plain elements */
    double tolerance;   /* relative error of what is written or added */
    void *host;         /* initial contents, plain; owned */
    void *result;       /* after a run, plain; owned */
};

struct drive {
    const char *name;
    enum operation operation; /* whose scratch */
    struct shape in, out;
    int number;   /* groups, regions or image channels */
    float sign;   /* or the factor of the Dice losses, or a decay */
    float bce;    /* the factor of the cross-entropy */
    float smooth; /* of the Dice loss */
    void (*call)(const struct kernels *kernels, const struct drive *drive, void **at, void *scratch);
    int count;
    struct argument arguments[ARGUMENTS_MAX];
    uint64_t key;
};

/* An array of more elements than this is an outline: zeros that take no memory while nobody writes to them, and no
 * result. For operations that are timed and not compared (tests/bench/timed.h). */
static size_t drive_outline = SIZE_MAX;

static inline size_t element_bytes(enum kind kind)
{
    return kind == DOUBLES ? sizeof(double) : kind == BYTES ? 1 : sizeof(float);
}

static inline void *plain_copy(const void *from, size_t bytes)
{
    void *copy = poisoned(bytes);
    if (from && bytes)
        memcpy(copy, from, bytes);
    return copy;
}

/* Uniform with mean 0 and variance 1. */
static inline double spread(uint64_t key, uint64_t counter)
{
    return 3.4641016151377544 * (random_uniform(key, counter) - 0.5);
}

/* Zeros that the system gives page by page, when they are touched. */
static inline void *outline(size_t bytes)
{
    void *zeros = calloc(bytes, 1);
    if (!zeros)
        abort();
    return zeros;
}

/* Adds an argument filled with numbers of variance 1 (bytes: any), and returns it. */
static inline struct argument *drive_array(struct drive *d, const char *name, enum role role, enum kind kind,
                                           size_t count)
{
    struct argument *a = &d->arguments[d->count++];
    *a = (struct argument){.name = name, .role = role, .kind = kind, .count = count, .tolerance = 2e-6};
    if (count > drive_outline) {
        a->host = outline(count * element_bytes(kind));
        return a;
    }
    a->host = poisoned(count * element_bytes(kind));
    a->result = poisoned(count * element_bytes(kind));
    uint64_t key = random_key(d->key, name);
    for (size_t i = 0; i < count; i++)
        if (kind == BYTES)
            ((uint8_t *)a->host)[i] = (uint8_t)random_bits(key, i);
        else if (kind == DOUBLES)
            ((double *)a->host)[i] = spread(key, i);
        else
            ((float *)a->host)[i] = (float)spread(key, i);
    return a;
}

static inline struct argument *drive_tensor(struct drive *d, const char *name, enum role role,
                                            struct shape shape)
{
    struct argument *a =
        drive_array(d, name, role, TENSOR, (size_t)shape_channels(shape) * shape_voxels(shape));
    a->shape = shape;
    return a;
}

/* The argument of that name. A test that asks for another one is wrong, and ends. */
static inline struct argument *drive_find(struct drive *d, const char *name)
{
    for (int i = 0; i < d->count; i++)
        if (!strcmp(d->arguments[i].name, name))
            return &d->arguments[i];
    abort();
}

/* The operation on streams of 16 bits (kernels/int16.h). Tensors that it takes as streams are called x and y, all others are gradients of those; both on the grid,
 * so that they come back as they are. */
static inline struct drive drive_on_streams(struct drive d)
{
    for (int i = 0; i < d.count; i++) {
        struct argument *a = &d.arguments[i];
        float *host = a->host;
        if (a->kind != TENSOR)
            continue;
        a->kind = strcmp(a->name, "x") && strcmp(a->name, "y") ? GRADIENT : STREAM;
        for (size_t v = 0; v < a->count && a->count <= drive_outline; v++)
            host[v] = a->kind == STREAM ? INT16_UNIT * rintf(host[v] / INT16_UNIT) + 0.0f /* no -0 */
                                        : bf16_value(bf16_of(host[v]));
    }
    return d;
}

static inline void drive_free(struct drive *d)
{
    for (int i = 0; i < d->count; i++) {
        free(d->arguments[i].host);
        free(d->arguments[i].result);
    }
    d->count = 0;
}

/* Fills memory of the backend with the bytes of a block, over and over: one upload, then copies within the backend, so
 * that a card's memory is filled at the speed of the card. */
static inline void fill_over(const struct kernels *kernels, void *memory, size_t bytes, const void *block,
                             size_t block_bytes)
{
    size_t done = block_bytes < bytes ? block_bytes : bytes, more;
    kernels->upload(memory, block, done);
    for (; done < bytes; done += more) {
        more = done < bytes - done ? done : bytes - done;
        kernels->copy((unsigned char *)memory + done, memory, more);
    }
}

static inline void poison_over(const struct kernels *kernels, void *memory, size_t bytes)
{
    static unsigned char block[POISON_BLOCK];
    const char *untouched = getenv("PRUNET_TEST_UNTOUCHED");
    if (!bytes || (untouched && !strcmp(untouched, "1")))
        return;
    poison(block, POISON_BLOCK);
    fill_over(kernels, memory, bytes, block, POISON_BLOCK);
}

/* A block of the backend's memory with its guard; `from` (or poison, when NULL) is its contents. NULL where there is no
 * memory, which the backend's `finish` explains. */
static inline void *guarded(const struct kernels *kernels, const void *from, size_t bytes)
{
    unsigned char guard[GUARD], *memory = kernels->allocate(bytes + GUARD);
    if (!memory)
        return NULL;
    if (!from)
        poison_over(kernels, memory, bytes);
    else if (bytes)
        kernels->upload(memory, from, bytes);
    memset(guard, GUARD_BYTE, GUARD);
    kernels->upload(memory + bytes, guard, GUARD);
    return memory;
}

/* Copies a block back (unless `to` is NULL) and releases it; 0 when its guard was damaged. */
static inline int guarded_back(const struct kernels *kernels, void *memory, void *to, size_t bytes)
{
    unsigned char guard[GUARD] = {0};
    if (to && bytes)
        kernels->download(to, memory, bytes);
    kernels->download(guard, (unsigned char *)memory + bytes, GUARD);
    kernels->release(memory, bytes + GUARD);
    for (int i = 0; i < GUARD; i++)
        if (guard[i] != GUARD_BYTE)
            return 0;
    return 1;
}

/* What runs at the moment: printed when it touches the page behind its scratch, which ends the test. */
static char drive_running[160];

static void drive_beyond(int number)
{
    (void)number;
    static const char what[] = "touches memory beyond its scratch\n";
    if (write(STDERR_FILENO, drive_running, strlen(drive_running)) < 0 ||
        write(STDERR_FILENO, what, sizeof what - 1) < 0)
        _exit(2);
    _exit(1);
}

/* Scratch in the host's memory: poisoned, with a page behind it that may not be touched. Scratch begins on a
 * cache line, so a few bytes may lie between its end and that page; they are guarded like any block's. */
struct scratch {
    unsigned char *pages, *at;
    size_t bytes, capacity; /* capacity: bytes of the pages before the last */
};

static inline struct scratch scratch_open(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct scratch s = {.bytes = bytes, .capacity = (bytes + page - 1) / page * page};
    s.pages = mmap(NULL, s.capacity + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (s.pages == MAP_FAILED || mprotect(s.pages + s.capacity, page, PROT_NONE))
        abort();
    s.at = s.pages + (s.capacity - bytes) / 64 * 64;
    poison(s.at, bytes);
    memset(s.at + bytes, GUARD_BYTE, (size_t)(s.pages + s.capacity - s.at) - bytes);
    signal(SIGSEGV, drive_beyond);
    return s;
}

/* 0 when the bytes up to the page were touched. */
static inline int scratch_close(const struct scratch *s)
{
    int whole = 1;
    for (const unsigned char *p = s->at + s->bytes; p < s->pages + s->capacity; p++)
        whole &= *p == GUARD_BYTE;
    munmap(s->pages, s->capacity + (size_t)sysconf(_SC_PAGESIZE));
    return whole;
}

static inline size_t argument_bytes(const struct kernels *kernels, const struct argument *a)
{
    return a->kind == TENSOR     ? kernels->tensor_bytes(a->shape)
           : a->kind == STREAM   ? kernels->stream_bytes(a->shape)
           : a->kind == GRADIENT ? kernels->gradient_bytes(a->shape)
                                 : a->count * element_bytes(a->kind);
}

/* Whether it has a layout of the backend's. */
static inline int in_layout(const struct argument *a)
{
    return a->kind == TENSOR || a->kind == STREAM || a->kind == GRADIENT;
}

/* Such an argument in the backend's layout, and back. Those of 16 bits have the layout of floats. */
static inline void argument_pack(const struct kernels *kernels, const struct argument *a, void *tensor)
{
    const size_t bytes = kernels->tensor_bytes(a->shape), count = bytes / sizeof(float);
    float *floats = a->kind == TENSOR || !kernels->wraps ? tensor : poisoned(bytes);
    kernels->pack(a->shape, a->host, floats);
    if (floats == tensor)
        return;
    for (size_t i = 0; i < count; i++)
        if (a->kind == STREAM)
            ((int16_t *)tensor)[i] = (int16_t)lrintf(floats[i] / INT16_UNIT);
        else
            ((uint16_t *)tensor)[i] = bf16_of(floats[i]);
    free(floats);
}

static inline void argument_unpack(const struct kernels *kernels, struct argument *a, const void *tensor)
{
    const size_t bytes = kernels->tensor_bytes(a->shape), count = bytes / sizeof(float);
    if (a->kind == TENSOR || !kernels->wraps) {
        kernels->unpack(a->shape, tensor, a->result);
        return;
    }
    float *floats = poisoned(bytes);
    for (size_t i = 0; i < count; i++)
        floats[i] = a->kind == STREAM ? int16_value(((const int16_t *)tensor)[i])
                                      : bf16_value(((const uint16_t *)tensor)[i]);
    kernels->unpack(a->shape, floats, a->result);
    free(floats);
}

static inline void *argument_in(const struct kernels *kernels, const struct argument *a)
{
    if (a->role == ABSENT)
        return NULL;
    size_t bytes = argument_bytes(kernels, a);
    if (a->role == WRITTEN)
        return guarded(kernels, NULL, bytes);
    if (!in_layout(a))
        return guarded(kernels, a->host, bytes);
    float *tensor = poisoned(bytes);
    argument_pack(kernels, a, tensor);
    void *memory = guarded(kernels, tensor, bytes);
    free(tensor);
    return memory;
}

static inline int argument_back(const struct kernels *kernels, struct argument *a, void *memory)
{
    if (a->role == ABSENT)
        return 1;
    size_t bytes = argument_bytes(kernels, a);
    if (!in_layout(a))
        return guarded_back(kernels, memory, a->result, bytes);
    float *tensor = poisoned(bytes);
    int whole = guarded_back(kernels, memory, tensor, bytes);
    argument_unpack(kernels, a, tensor);
    free(tensor);
    return whole;
}

/* The operation itself, with as much scratch as it declares. 0 when it went beyond that. */
static inline int drive_call(struct drive *d, const struct kernels *kernels, void **at)
{
    size_t bytes = kernels->scratch_bytes(d->operation, d->in, d->out);
    if (kernels->allocate == kernels_reference.allocate) {
        snprintf(drive_running, sizeof drive_running, "%s: %s: %dx%d channels %dx%dx%d: ", kernels->name,
                 d->name, d->in.streams, d->in.channels, d->in.depth, d->in.height, d->in.width);
        struct scratch scratch = scratch_open(bytes);
        d->call(kernels, d, at, scratch.at);
        return scratch_close(&scratch);
    }
    void *scratch = guarded(kernels, NULL, bytes);
    if (!scratch)
        return 1; /* the backend says why */
    d->call(kernels, d, at, scratch);
    return guarded_back(kernels, scratch, NULL, bytes);
}

/* What the backend said in the last drive_run, if it has failed. Its failure may stay for the rest of the process. */
static char drive_failure[512];

/* All arguments in the backend's memory; NULL, or what failed. */
static inline const char *drive_in(const struct drive *d, const struct kernels *kernels, void **at)
{
    const char *failure = kernels->open();
    for (int i = 0; i < d->count && !failure; i++) {
        at[i] = argument_in(kernels, &d->arguments[i]);
        if (!at[i] && d->arguments[i].role != ABSENT && !(failure = kernels->finish()))
            failure = "there is no memory";
    }
    return failure;
}

/* 0: the caller's. Says what the backend has said, and releases what there is. */
static inline int drive_failed(const struct drive *d, const struct kernels *kernels, void **at,
                               const char *failure)
{
    snprintf(drive_failure, sizeof drive_failure, "%s", failure);
    fprintf(stderr, "%s: %s: %s\n", kernels->name, d->name, failure);
    for (int i = 0; i < d->count; i++)
        if (at[i])
            kernels->release(at[i], argument_bytes(kernels, &d->arguments[i]) + GUARD);
    return 0;
}

/* Runs the operation; every argument's `result` is what came back. 0, with a message on stderr, when a
 * guard was damaged, something that is only read has changed or the backend reports a failure: then nothing has come
 * back, and drive_failure is what it said. */
static inline int drive_run(struct drive *d, const struct kernels *kernels)
{
    void *at[ARGUMENTS_MAX] = {0};
    int good = 1;
    const char *failure = drive_in(d, kernels, at);
    drive_failure[0] = 0;
    if (failure)
        return drive_failed(d, kernels, at, failure);
    int within = drive_call(d, kernels, at);
    if ((failure = kernels->finish()))
        return drive_failed(d, kernels, at, failure);
    if (!within)
        good = 0, fprintf(stderr, "%s: %s: writes beyond its scratch\n", kernels->name, d->name);
    for (int i = 0; i < d->count; i++) {
        struct argument *a = &d->arguments[i];
        if (!argument_back(kernels, a, at[i]))
            good = 0, fprintf(stderr, "%s: %s: writes beyond %s\n", kernels->name, d->name, a->name);
        if (a->role == READ && memcmp(a->result, a->host, a->count * element_bytes(a->kind)))
            good = 0, fprintf(stderr, "%s: %s: changes %s\n", kernels->name, d->name, a->name);
    }
    return good;
}

static inline int is_output(const struct argument *a)
{
    return a->role == WRITTEN || a->role == ADDED;
}

static inline double relative_error_double(size_t n, const double *a, const double *b)
{
    double difference = 0, norm = 0;
    for (size_t i = 0; i < n; i++) {
        difference += (a[i] - b[i]) * (a[i] - b[i]);
        norm += b[i] * b[i];
    }
    double error = norm > 0 ? sqrt(difference / norm) : sqrt(difference);
    return isfinite(error) ? error : 1e30;
}

/* What an argument's error may be: its tolerance, or, if that is larger, what the backend's rounding of
 * operands allows. A branch rounds twice, and its result once more. */
static inline double argument_tolerance(const struct argument *a, const struct kernels *kernels)
{
    return fmax(a->tolerance, 16 * kernels->rounding);
}

/* Relative error of the last run's argument against expected plain contents. */
static inline double argument_error(const struct argument *a, const void *expected)
{
    return a->kind == DOUBLES ? relative_error_double(a->count, a->result, expected)
                              : relative_error(a->count, a->result, expected);
}

/* The outputs of the last run, copied: freed with outputs_free. */
struct outputs {
    void *of[ARGUMENTS_MAX];
};

static inline struct outputs outputs_copy(const struct drive *d)
{
    struct outputs outputs = {0};
    for (int i = 0; i < d->count; i++)
        if (is_output(&d->arguments[i]))
            outputs.of[i] = plain_copy(d->arguments[i].result,
                                       d->arguments[i].count * element_bytes(d->arguments[i].kind));
    return outputs;
}

/* Whether all outputs have the bits of the copies. */
static inline int outputs_same(const struct drive *d, const struct outputs *expected)
{
    for (int i = 0; i < d->count; i++) {
        const struct argument *a = &d->arguments[i];
        if (is_output(a) && memcmp(a->result, expected->of[i], a->count * element_bytes(a->kind)))
            return 0;
    }
    return 1;
}

static inline void outputs_free(struct outputs *outputs)
{
    for (int i = 0; i < ARGUMENTS_MAX; i++)
        free(outputs->of[i]);
}

#endif
