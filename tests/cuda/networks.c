/* Networks on the CUDA backend: what they allocate is what is planned, and where the libraries want it; two in one
 * process do not disturb each other. Runs on the CPU (tests/cuda/shim). */
#include "kernels/kernels.h"
#include "lib/base/error.h"
#include "lib/network/kinds.h"
#include "lib/network/network.h"
#include "lib/network/network_case.h"
#include "lib/network/network_state.h"
#include "tests/cuda/processes.h"
#include <cuda_runtime_api.h>

static const struct kernels *cuda;

/* --- the plan --- */

static void planned_memory(void)
{
    enum { STEPS = 3, SIZE = 16 };
    struct architecture a = architecture_paper(NETWORK_REVERSIBLE);
    const int size[3] = {SIZE, SIZE, SIZE};
    static float image[4 * SIZE * SIZE * SIZE];
    static uint8_t target[SIZE * SIZE * SIZE];
    struct network *network;
    struct case_score score;
    architecture_set_channels(&a, "4,8,12");
    a.groups = 2;
    for (size_t i = 0; i < sizeof image / sizeof image[0]; i++)
        image[i] = sinf((float)i);
    if (!check(!network_open(&network, &a, cuda, TRAINING | CROSS_ENTROPY | AVERAGING) &&
                   !network_resize(network, size),
               "a network opens"))
        return;
    const struct plan *plan = network_current_plan(network);
    size_t planned = plan->resident_bytes + plan->activation_bytes, used = shim_memory_used;
    for (int step = 0; step < STEPS; step++) {
        network_put_image(network, image);
        network_put_target(network, target);
        check(!network_gradient(network, 1, &score), "step %d of a network", step);
    }
    check(shim_memory_peak == used, "no step allocates");
    check(used >= planned && used - planned < 4096, "%zu bytes in use where %zu are planned", used, planned);
    network_close(network);
}

/* cuBLAS takes no workspace that does not begin at a multiple of 256 bytes. Where scratch begins follows from
 * the size of the volume; at this one it was off. */
static void aligned_scratch(void)
{
    const int size[3] = {24, 24, 48};
    static float image[4 * 24 * 24 * 48];
    static uint8_t target[24 * 24 * 48];
    struct architecture a = architecture_paper(NETWORK_REVERSIBLE);
    struct network *network;
    struct case_score score;
    architecture_set_channels(&a, "4,8,8,8");
    a.groups = 2;
    int status = network_open(&network, &a, cuda, TRAINING);
    if (!status)
        status = network_resize(network, size);
    if (!check(!status, "a network opens"))
        return;
    network_put_image(network, image);
    network_put_target(network, target);
    status = network_gradient(network, 1, &score);
    check(!status, "a step at 24x24x48%s%s", status ? ": " : "", status ? error_message() : "");
    network_close(network);
}

/* Every buffer of the paper's network at every size of 48 to 192 by 32 and 64: what the libraries are given begins
 * where they want it. */
static void aligned_plans(void)
{
    struct architecture a = architecture_paper(NETWORK_REVERSIBLE);
    int plans = 0, off = 0;
    for (int z = 16; z <= 176; z += 32)
        for (int y = 16; y <= z; y += 32)
            for (int x = 48; x <= 192; x += 48) {
                struct plan plan;
                int bad = network_plan(&plan, &a, cuda, TRAINING, (int[]){x, y, z}, NULL);
                for (int i = 0; i < plan.buffer_count; i++)
                    bad |= plan.buffers[i].offset % cuda->alignment != 0;
                off += bad, plans++;
                plan_free(&plan);
            }
    check(!off && cuda->alignment >= 256,
          "%d of %d plans have a buffer that begins elsewhere than at %zu bytes", off, plans,
          cuda->alignment);
}

/* --- two networks in one process --- */

enum { SIDE = 8, SIDE_VOXELS = SIDE * SIDE * SIDE, STEPS_OF_TWO = 4 };

/* A network with weights, a case and a table of its own. */
struct learner {
    struct network *network;
    float image[4 * SIDE_VOXELS];
    uint8_t target[SIDE_VOXELS];
    double loss[STEPS_OF_TWO];
};

static int learner_open(struct learner *l, const char *backend, const char *channels, double seed)
{
    struct architecture a = architecture_paper(NETWORK_REVERSIBLE);
    struct parameter_table table;
    const char *why;
    const int size[3] = {SIDE, SIDE, SIDE};
    architecture_set_channels(&a, channels);
    a.groups = 2;
    int status = network_open(&l->network, &a, kernels_find(backend, (int[]){60}, 1, 2, &why), TRAINING);
    if (status || (status = network_resize(l->network, size)) || (status = parameter_table_make(&table, &a)))
        return status;
    for (size_t i = 0; i < table.count; i++) {
        float *values = poisoned(table.parameters[i].count * sizeof *values);
        for (size_t k = 0; k < table.parameters[i].count; k++)
            values[k] = 0.2f * sinf((float)(seed * (double)(k + 1 + 100 * i)));
        network_put(l->network, STATE_WEIGHTS, &table.parameters[i], values);
        free(values);
    }
    parameter_table_free(&table);
    for (size_t i = 0; i < sizeof l->image / sizeof l->image[0]; i++)
        l->image[i] = sinf((float)(seed * (double)i));
    for (size_t i = 0; i < sizeof l->target; i++)
        l->target[i] = (uint8_t)(l->image[i] > 0.3f ? 7 : 0);
    return status;
}

static int learner_step(struct learner *l, int step)
{
    struct case_score score;
    const struct adam adam = {1e-2, 1e-3, 0.9, 0.999, 1e-8, step + 1};
    network_put_image(l->network, l->image);
    network_put_target(l->network, l->target);
    int status = network_gradient(l->network, 1, &score);
    l->loss[step] = score.loss;
    return status ? status : network_update(l->network, &adam);
}

/* Each network's losses when both step in turns are those of its steps alone. */
static void step_in_turns(const char *backend, const char *other, const char *what)
{
    static struct learner alone[2], together[2];
    const char *const backends[2] = {backend, other}, *const channels[2] = {"4,8,12", "8,4"};
    int status = 0;
    for (int i = 0; i < 2; i++) {
        status |= learner_open(&alone[i], backends[i], channels[i], i + 1);
        for (int step = 0; !status && step < STEPS_OF_TWO; step++)
            status |= learner_step(&alone[i], step);
        network_close(alone[i].network);
    }
    for (int i = 0; i < 2; i++)
        status |= learner_open(&together[i], backends[i], channels[i], i + 1);
    for (int step = 0; !status && step < STEPS_OF_TWO; step++)
        for (int i = 0; i < 2; i++)
            status |= learner_step(&together[i], step);
    for (int i = 0; i < 2; i++)
        check(!status && !memcmp(alone[i].loss, together[i].loss, sizeof alone[i].loss) &&
                  alone[i].loss[0] != alone[i].loss[STEPS_OF_TWO - 1],
              "two networks, %s: network %d learns as it does alone%s%s", what, i + 1, status ? ": " : "",
              status ? error_message() : "");
    for (int i = 0; i < 2; i++)
        network_close(together[i].network);
    check(!cuda->finish() && shim_graphs == 0, "and nothing of their recorded steps stays");
}

static void two_networks(void)
{
    step_in_turns("cuda-fp32", "cuda-fp32", "one table");
}

static void two_tables(void)
{
    step_in_turns("cuda-fp32", "cuda-bf16", "two tables");
}

/* The second is closed between the first's steps. */
static void one_of_two_closed(void)
{
    static struct learner first, second;
    int status =
        learner_open(&first, "cuda-fp32", "4,8,12", 1) | learner_open(&second, "cuda-fp32", "8,4", 2);
    for (int step = 0; !status && step < STEPS_OF_TWO; step++) {
        status |= learner_step(&first, step);
        if (step < 3)
            status |= learner_step(&second, step);
        if (step == 2)
            network_close(second.network);
    }
    check(!status && first.loss[3] != first.loss[2], "a network goes on when another is closed%s%s",
          status ? ": " : "", status ? error_message() : "");
    network_close(first.network);
}

/* A volume that is too large is refused; a smaller one is not. */
static void refused_size(void)
{
    static struct learner l;
    int status = learner_open(&l, "cuda-fp32", "4,8,12", 1);
    check(!status && network_resize(l.network, (int[]){512, 512, 512}) == STATUS_FAILURE,
          "a volume that needs too much memory is refused");
    status = network_resize(l.network, (int[]){SIDE, SIDE, SIDE});
    check(!status && !learner_step(&l, 0), "the next one, which fits, is not");
    network_close(l.network);
}

int main(void)
{
    static void (*const tests[])(void) = {
        planned_memory, aligned_scratch,   aligned_plans, two_networks,
        two_tables,     one_of_two_closed, refused_size,
    };
    const char *why;
    cuda = kernels_find("cuda-fp32", (int[]){60}, 1, 2, &why);
    return each_in_its_process(tests, sizeof tests / sizeof tests[0]);
}
