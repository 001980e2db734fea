/* Blocks of fibers: see cuda_runtime.h beside this file. */
#include <cuda_runtime.h>
#include <omp.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>
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

enum { WARP = 32, THREADS_MOST = 1024, STACK_BYTES = 64 << 10, EXCHANGE_BYTES = 32 };
enum { SHARED_MOST = 227 << 10, GRID_Y_MOST = 65535 };
enum state { ENDED, READY, AT_BLOCK_BARRIER, AT_WARP_BARRIER };

struct fiber {
    jmp_buf jump; /* where to go on */
    char *stack;
    void *fake_stack;
    enum state state;
    uint3 index;
    alignas(8) char left[EXCHANGE_BYTES]; /* what a shuffle hands over */
};

uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;

static int order; /* of turns: 0 forward, 1 backward, else a seed */
static fiber fibers[THREADS_MOST];
static int thread_count, current;
static const std::function<void()> *body;
static const char *kernel_name;
static unsigned char *shared_memory;

/* The scheduler, seen from the fibers. */
static jmp_buf scheduler_jump;
static void *scheduler_fake_stack;
static const void *scheduler_stack;
static size_t scheduler_stack_bytes;

static void die(const char *what)
{
    fprintf(stderr, "%s: block %u,%u,%u: %s\n", kernel_name, blockIdx.x, blockIdx.y, blockIdx.z, what);
    abort();
}

/* --- switching --- */

/* A fiber is entered once through ucontext; every later switch is a _setjmp and a _longjmp, twenty times
 * faster because no system call saves the signal mask. */

__attribute__((noinline)) static void to_scheduler(enum state state)
{
    fiber *self = &fibers[current];
    self->state = state;
    __sanitizer_start_switch_fiber(&self->fake_stack, scheduler_stack, scheduler_stack_bytes);
    if (!_setjmp(self->jump))
        _longjmp(scheduler_jump, 1);
    self = &fibers[current];
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

/* Makes a stack; the fiber starts on it at fiber_main when `context` is set. */
static void prepare(fiber *fiber, ucontext_t *context)
{
    fiber->stack = static_cast<char *>(aligned_alloc(4096, STACK_BYTES));
    if (!fiber->stack || getcontext(context))
        die("no memory for a fiber");
    context->uc_stack.ss_sp = fiber->stack;
    context->uc_stack.ss_size = STACK_BYTES;
    context->uc_link = nullptr;
    makecontext(context, fiber_main, 0);
}

__attribute__((noinline)) static void to_fiber(int index)
{
    static ucontext_t context;
    fiber *next = &fibers[index];
    bool first = !next->stack;
    current = index;
    if (first)
        prepare(next, &context);
    __sanitizer_start_switch_fiber(&scheduler_fake_stack, next->stack, STACK_BYTES);
    if (!_setjmp(scheduler_jump)) {
        if (first)
            setcontext(&context);
        _longjmp(next->jump, 1);
    }
    __sanitizer_finish_switch_fiber(scheduler_fake_stack, nullptr, nullptr);
}

/* --- barriers --- */

/* Opens the barrier that all threads of [first, end) that have not ended wait at; false when there is none.
 */
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

static void run_block(void)
{
    static std::vector<unsigned> turns;
    for (int i = 0; i < thread_count; i++) {
        unsigned n = (unsigned)i;
        fibers[i].state = READY;
        fibers[i].index = {n % blockDim.x, n / blockDim.x % blockDim.y, n / blockDim.x / blockDim.y};
    }
    for (;;) {
        bool opened = false, ended = true;
        arrange(turns, (unsigned)thread_count);
        for (unsigned i : turns)
            if (fibers[i].state == READY)
                to_fiber((int)i);
        for (int first = 0; first < thread_count; first += WARP)
            opened |= open_barrier(first, first + WARP < thread_count ? first + WARP : thread_count,
                                   AT_WARP_BARRIER);
        opened |= !opened && open_barrier(0, thread_count, AT_BLOCK_BARRIER);
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
    if (thread_count < 1 || thread_count > THREADS_MOST || shared > SHARED_MOST || grid.y > GRID_Y_MOST ||
        grid.z > GRID_Y_MOST || !grid.x || !grid.y || !grid.z)
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

void shim_exchange(const void *mine, void *other, size_t bytes, int from)
{
    int self = current, warp = self - self % WARP;
    if (bytes > EXCHANGE_BYTES)
        die("an exchange of too many bytes");
    memcpy(fibers[self].left, mine, bytes);
    __syncwarp();
    if (warp + from >= thread_count || fibers[warp + from].state == ENDED)
        die("a shuffle from a thread that is not there");
    memcpy(other, fibers[warp + from].left, bytes);
    __syncwarp();
}

static float from_bf16(unsigned bits)
{
    return __uint_as_float(bits << 16);
}

/* Fragments as in "Matrix Fragments for mma.m16n8k16", PTX ISA: lane 4 g + t holds of a the rows g and g + 8,
 * the columns 2 t, 2 t + 1 and 8 beyond; of b the rows 2 t, 2 t + 1 and 8 beyond in column g; of d the rows g
 * and g + 8, the columns 2 t and 2 t + 1. */
void shim_mma_bf16(float d[4], const unsigned a[4], const unsigned b[2])
{
    int lane = shim_lane(), warp = current - lane;
    unsigned *words = reinterpret_cast<unsigned *>(fibers[current].left);
    float rows[2][16], columns[2][16];
    for (int n = 0; n < 6; n++)
        words[n] = n < 4 ? a[n] : b[n - 4];
    __syncwarp();
    for (int n = 0; n < 2; n++)
        for (int k = 0; k < 16; k++) {
            const fiber &left = fibers[warp + lane / 4 * 4 + k % 8 / 2];
            const fiber &right = fibers[warp + (lane % 4 * 2 + n) * 4 + k % 8 / 2];
            unsigned of_a = reinterpret_cast<const unsigned *>(left.left)[n + k / 8 * 2];
            unsigned of_b = reinterpret_cast<const unsigned *>(right.left)[4 + k / 8];
            rows[n][k] = from_bf16(of_a >> k % 2 * 16 & 0xffff);
            columns[n][k] = from_bf16(of_b >> k % 2 * 16 & 0xffff);
        }
    for (int e = 0; e < 4; e++) {
        float sum = 0;
        for (int k = 0; k < 16; k++)
            sum += rows[e / 2][k] * columns[e % 2][k];
        d[e] += sum;
    }
    __syncwarp();
}

void shim_load_matrices(unsigned to[4], const void *row)
{
    int lane = shim_lane();
    if (reinterpret_cast<uintptr_t>(row) % 16)
        die("a row of a matrix that is not aligned to 16 bytes");
    for (int matrix = 0; matrix < 4; matrix++) {
        const void *from;
        shim_exchange(&row, &from, sizeof row, 8 * matrix + lane / 4);
        memcpy(&to[matrix], static_cast<const char *>(from) + 4 * (lane % 4), 4);
    }
}
