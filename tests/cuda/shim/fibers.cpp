/* Blocks of fibers: see cuda_runtime.h beside this file. */
#include <cuda_runtime.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#else
static inline void __sanitizer_start_switch_fiber(void **, const void *, size_t)
{
}
static inline void __sanitizer_finish_switch_fiber(void *, const void **, size_t *)
{
}
#endif

enum { WARP = 32, THREADS_MAX = 1024, STACK_BYTES = 64 << 10, EXCHANGE_BYTES = 32 };
enum { GRID_Y_MAX = 65535 };
enum state { ENDED, READY, AT_BLOCK_BARRIER, AT_WARP_BARRIER };

struct fiber {
    void *stack_pointer; /* where to go on */
    char *stack;
    void *fake_stack;
    enum state state;
    uint3 index;
    alignas(8) char left[EXCHANGE_BYTES]; /* what a shuffle hands over */
};

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

static int order; /* of turns: 0 forward, 1 backward, else a seed */
static fiber fibers[THREADS_MAX];
static int thread_count, current;
static const std::function<void()> *body;
static const char *kernel_name;
static unsigned char *shared_memory;

/* The scheduler, seen from the fibers. */
static void *scheduler_stack_pointer;
static void *scheduler_fake_stack;
static const void *scheduler_stack;
static size_t scheduler_stack_bytes;

static void die(const char *what)
{
    fprintf(stderr, "%s: block %u,%u,%u: %s\n", kernel_name, blockIdx.x, blockIdx.y, blockIdx.z, what);
    abort();
}

/* --- switching --- */

/* Puts the caller's stack pointer into *from and continues on the stack `to`, which another call has put
 * there. In assembly, because ucontext makes a system call each time and AddressSanitizer takes longjmp for
 * an unwinding: both are thirty times slower. */
extern "C" void shim_switch(void **from, void *to);

#if defined(__x86_64__)
enum { SAVED_REGISTERS = 6 };
asm(".text\n.globl shim_switch\nshim_switch:\n"
    "  push %rbp\n  push %rbx\n  push %r12\n  push %r13\n  push %r14\n  push %r15\n"
    "  mov %rsp, (%rdi)\n  mov %rsi, %rsp\n"
    "  pop %r15\n  pop %r14\n  pop %r13\n  pop %r12\n  pop %rbx\n  pop %rbp\n  ret\n");
#else
#error "the stand-in for a device switches stacks on x86-64 only"
#endif

static void to_scheduler(enum state state)
{
    fiber *self = &fibers[current];
    self->state = state;
    __sanitizer_start_switch_fiber(&self->fake_stack, scheduler_stack, scheduler_stack_bytes);
    shim_switch(&self->stack_pointer, scheduler_stack_pointer);
    __sanitizer_finish_switch_fiber(self->fake_stack, &scheduler_stack, &scheduler_stack_bytes);
    threadIdx = self->index;
}

static void fiber_main(void)
{
    __sanitizer_finish_switch_fiber(nullptr, &scheduler_stack, &scheduler_stack_bytes);
    for (;;) {
        threadIdx = fibers[current].index;
        (*body)();
        to_scheduler(ENDED);
    }
}

/* Makes a stack on which shim_switch returns into fiber_main, aligned as a call would leave it. */
static void prepare(fiber *fiber)
{
    fiber->stack = static_cast<char *>(aligned_alloc(4096, STACK_BYTES));
    if (!fiber->stack)
        die("no memory for a fiber");
    void **top = reinterpret_cast<void **>(fiber->stack + STACK_BYTES) - 2;
    top[0] = reinterpret_cast<void *>(fiber_main);
    top[1] = nullptr;
    for (int i = 1; i <= SAVED_REGISTERS; i++)
        top[-i] = nullptr;
    fiber->stack_pointer = top - SAVED_REGISTERS;
}

static void to_fiber(int index)
{
    fiber *next = &fibers[index];
    current = index;
    if (!next->stack)
        prepare(next);
    __sanitizer_start_switch_fiber(&scheduler_fake_stack, next->stack, STACK_BYTES);
    shim_switch(&scheduler_stack_pointer, next->stack_pointer);
    __sanitizer_finish_switch_fiber(scheduler_fake_stack, nullptr, nullptr);
}

/* --- barriers --- */

/* Opens the barrier at which all threads of [first, end) wait that have not ended; false when there is
 * none. */
static bool open_barrier(int first, int end, enum state barrier)
{
    bool waiting = false;
    for (int i = first; i < end; i++) {
        if (fibers[i].state != ENDED && fibers[i].state != barrier)
            return false;
        waiting |= fibers[i].state == barrier;
    }
    for (int i = first; i < end && waiting; i++)
        if (fibers[i].state == barrier)
            fibers[i].state = READY;
    return waiting;
}

static unsigned random_state;

static unsigned random_below(unsigned n)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (unsigned)((uint64_t)random_state * n >> 32);
}

/* The order of n turns, by `order`. */
static void arrange(std::vector<unsigned> &turns, unsigned n)
{
    turns.resize(n);
    for (unsigned i = 0; i < n; i++)
        turns[i] = order == 1 ? n - 1 - i : i;
    for (unsigned i = n; order > 1 && i > 1; i--)
        std::swap(turns[i - 1], turns[random_below(i)]);
}

/* The warps, a bit each, that stay behind until the others can do no more. Turns alone would keep warps that
 * exchange something in step with each other, and hide that a barrier of the block is missing. */
static unsigned hold_back(void)
{
    unsigned warps = (unsigned)(thread_count + WARP - 1) / WARP;
    if (order <= 1)
        return 0;
    unsigned one = 1u << random_below(warps);
    return random_below(2) ? one : ~one;
}

static bool held(unsigned mask, unsigned thread)
{
    return mask >> thread / WARP & 1;
}

static void run_block(void)
{
    static std::vector<unsigned> turns;
    unsigned back = hold_back();
    for (int i = 0; i < thread_count; i++) {
        unsigned n = (unsigned)i;
        fibers[i].state = READY;
        fibers[i].index = {n % blockDim.x, n / blockDim.x % blockDim.y, n / blockDim.x / blockDim.y};
    }
    for (;;) {
        bool opened = false, ended = true;
        arrange(turns, (unsigned)thread_count);
        for (unsigned i : turns)
            if (fibers[i].state == READY && !held(back, i))
                to_fiber((int)i);
        for (int first = 0; first < thread_count; first += WARP)
            opened |= open_barrier(first, first + WARP < thread_count ? first + WARP : thread_count,
                                   AT_WARP_BARRIER);
        if (!opened && back) {
            back = 0;
            continue;
        }
        if (!opened && open_barrier(0, thread_count, AT_BLOCK_BARRIER)) {
            opened = true;
            back = hold_back();
        }
        for (int i = 0; i < thread_count; i++)
            ended &= fibers[i].state == ENDED;
        if (ended)
            return;
        if (!opened)
            die("a barrier that not all threads reach");
    }
}

void shim_run(const char *name, dim3 grid, dim3 block, size_t shared, const std::function<void()> &thread)
{
    static std::vector<unsigned> turns;
    kernel_name = name, gridDim = grid, blockDim = block, body = &thread;
    blockIdx = {0, 0, 0};
    thread_count = (int)(block.x * block.y * block.z);
    if (thread_count < 1 || thread_count > THREADS_MAX || grid.y > GRID_Y_MAX || grid.z > GRID_Y_MAX ||
        !grid.x || !grid.y || !grid.z)
        die("a launch that no device accepts");
    shared_memory = static_cast<unsigned char *>(aligned_alloc(16, (shared + 15) / 16 * 16));
    order = omp_get_max_threads() - 1;
    random_state = (unsigned)order * 2654435761u;
    arrange(turns, grid.x * grid.y * grid.z);
    for (unsigned n : turns) {
        blockIdx = {n % grid.x, n / grid.x % grid.y, n / grid.x / grid.y};
        memset(shared_memory, 0xff, shared);
        run_block();
    }
    free(shared_memory);
    shared_memory = nullptr;
}

/* --- what a thread calls --- */

void *shim_shared(void)
{
    return shared_memory;
}

void __syncthreads(void)
{
    to_scheduler(AT_BLOCK_BARRIER);
}

void __syncwarp(unsigned mask)
{
    if (mask != 0xffffffffu)
        die("only whole warps synchronise here");
    to_scheduler(AT_WARP_BARRIER);
}

int shim_lane(void)
{
    return current % WARP;
}

/* Shows `bytes` to the warp; until the next __syncwarp they may be seen. */
static void show(const void *mine, size_t bytes)
{
    if (bytes > EXCHANGE_BYTES)
        die("an exchange of too many bytes");
    memcpy(fibers[current].left, mine, bytes);
    __syncwarp();
}

static const void *shown_by(int lane)
{
    int thread = current - current % WARP + lane;
    if (thread >= thread_count || fibers[thread].state == ENDED)
        die("a shuffle from a thread that is not there");
    return fibers[thread].left;
}

void shim_exchange(const void *mine, void *other, size_t bytes, int from)
{
    show(mine, bytes);
    memcpy(other, shown_by(from), bytes);
    __syncwarp();
}

static float from_bf16(unsigned bits)
{
    return __uint_as_float(bits << 16);
}

/* The operands of a warp's product, b by columns. */
struct operands {
    float a[16][16], b[8][16];
};

/* d[2 i + j] += row i times column j. Sanitized, the checks of its constant indices were half of all tests' time. */
__attribute__((no_sanitize("address", "undefined"))) static void
add_products(float d[4], const float row0[16], const float row1[16], const float column0[16],
             const float column1[16])
{
    float sums[4] = {};
    for (int k = 0; k < 16; k++) {
        sums[0] += row0[k] * column0[k];
        sums[1] += row0[k] * column1[k];
        sums[2] += row1[k] * column0[k];
        sums[3] += row1[k] * column1[k];
    }
    for (int n = 0; n < 4; n++)
        d[n] += sums[n];
}

/* To a whole number of units, as shim_mma says. */
static double cut(double value, double unit)
{
    const double units = value * (1 / unit);
    return unit * (shim_mma == SHIM_MMA_FLOOR ? floor(units) : trunc(units));
}

/* The unit of the last of a float's 24 places. */
static double unit_of(double value)
{
    int exponent = 0;
    frexp(value, &exponent);
    return ldexp(1, exponent - 24);
}

/* d += row times column as PTX allows it: the terms are aligned to the largest and what lies below its places is cut
 * off, then the sum is. */
static void add_aligned(float *d, const float row[16], const float column[16])
{
    double plain = (double)*d, largest = fabs(plain);
    for (int k = 0; k < 16; k++) {
        double term = (double)row[k] * (double)column[k];
        plain += term;
        largest = fmax(largest, fabs(term));
    }
    double unit = unit_of(largest), sum = cut((double)*d, unit);
    for (int k = 0; k < 16; k++)
        sum += cut((double)row[k] * (double)column[k], unit);
    *d = (float)(isfinite(plain) ? cut(sum, unit_of(sum)) : plain);
}

/* Fragments as in "Matrix Fragments for mma.m16n8k16", PTX ISA: lane 4 g + t holds of a the rows g and g + 8,
 * the columns 2 t, 2 t + 1 and 8 beyond; of b the rows 2 t, 2 t + 1 and 8 beyond in column g; of d the rows g
 * and g + 8, the columns 2 t and 2 t + 1. */
void shim_mma_bf16(float d[4], const unsigned a[4], const unsigned b[2])
{
    static operands of_warps[THREADS_MAX / WARP];
    operands &of = of_warps[current / WARP];
    int g = shim_lane() / 4, t = shim_lane() % 4;
    for (int half = 0; half < 2; half++)
        for (int p = 0; p < 2; p++) {
            int k = 8 * half + 2 * t + p;
            of.a[g][k] = from_bf16(a[2 * half] >> 16 * p & 0xffff);
            of.a[g + 8][k] = from_bf16(a[2 * half + 1] >> 16 * p & 0xffff);
            of.b[g][k] = from_bf16(b[half] >> 16 * p & 0xffff);
        }
    __syncwarp();
    if (shim_mma == SHIM_MMA_NEAREST)
        add_products(d, of.a[g], of.a[g + 8], of.b[2 * t], of.b[2 * t + 1]);
    else
        for (int n = 0; n < 4; n++)
            add_aligned(&d[n], of.a[g + n / 2 * 8], of.b[2 * t + n % 2]);
    __syncwarp();
}

/* Row `number` of a matrix, which lane `number` of the warp has shown. */
static const char *shown_row(int number)
{
    return *static_cast<const char *const *>(shown_by(number));
}

static void show_row(const void *row)
{
    if (reinterpret_cast<uintptr_t>(row) % 16)
        die("a row of a matrix that is not aligned to 16 bytes");
    show(&row, sizeof row);
}

void shim_load_matrices(unsigned to[4], const void *row)
{
    int lane = shim_lane();
    show_row(row);
    for (int matrix = 0; matrix < 4; matrix++)
        memcpy(&to[matrix], shown_row(8 * matrix + lane / 4) + 4 * (lane % 4), 4);
    __syncwarp();
}

void shim_load_matrices_transposed(unsigned to[4], const void *row)
{
    int lane = shim_lane();
    show_row(row);
    for (int matrix = 0; matrix < 4; matrix++)
        for (int n = 0; n < 2; n++)
            memcpy(reinterpret_cast<char *>(&to[matrix]) + 2 * n,
                   shown_row(8 * matrix + lane % 4 * 2 + n) + 2 * (lane / 4), 2);
    __syncwarp();
}
