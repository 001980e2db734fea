/* Batches on every backend: the step is that of the mean of the cases' gradients, summed here in double, whatever
 * the cases' order and sizes; the last batch may be smaller; and how many steps and cases are counted. */
#include "lib/base/error.h"
#include "lib/network/kinds.h"
#include "lib/network/network_case.h"
#include "lib/network/network_state.h"
#include "lib/network/train.h"
#include "tests/check.h"
#include "tests/lib/network/begin.h"

enum { INPUTS = 2, CASES = 5, BATCH = 2, VOXELS_MAX = 16 * 8 * 8 };
static const int sizes[CASES][3] = {{8, 4, 4}, {4, 8, 4}, {8, 4, 4}, {4, 4, 4}, {16, 8, 8}};
static const double rate = 1e-2, decay = 1e-5;

static struct architecture architecture;
static struct parameter_table table;
static char path[512];

static struct network *loaded(const struct kernels *kernels, unsigned use)
{
    struct checkpoint checkpoint;
    struct network *network;
    must(checkpoint_open(&checkpoint, path));
    must(network_open(&network, &architecture, kernels, use));
    must(network_load(network, &checkpoint));
    checkpoint_close(&checkpoint);
    return network;
}

static void put(struct epoch *epoch, int number)
{
    static float image[INPUTS * VOXELS_MAX];
    static uint8_t labels[VOXELS_MAX];
    const int *size = sizes[number], voxels = size[0] * size[1] * size[2];
    for (int i = 0; i < INPUTS * voxels; i++)
        image[i] = sinf((float)(i * (number + 1)));
    for (int i = 0; i < voxels; i++)
        labels[i] = (uint8_t) "\0\1\2\4"[(i / 5 + number) % 4];
    must(epoch_put(epoch, size, image, labels));
}

static void name_of(int number, char name[16])
{
    snprintf(name, 16, "case-%d", number);
}

/* An epoch in batches, over the cases in an order; the weights after each of its steps. */
static int train(const struct kernels *kernels, const int order[CASES], float *weights[CASES],
                 struct training *training)
{
    struct network *network = loaded(kernels, TRAINING | BATCHES);
    struct epoch epoch;
    int steps = 0;
    *training = (struct training){.seed = 5, .batch = BATCH};
    epoch_begin(&epoch, network, training, rate, decay, 1);
    for (int i = 0; i < CASES; i++) {
        struct case_score score;
        char name[16];
        name_of(order[i], name);
        put(&epoch, order[i]);
        must(epoch_gradient(&epoch, name, &score));
        if (!epoch_batch_is_full(&epoch) && i != CASES - 1) {
            check(epoch_is_inside_batch(&epoch) && epoch.training.cases_done == (uint64_t)(i / BATCH * BATCH),
                  "%s: inside a batch its cases are not done", kernels->name);
            continue;
        }
        must(epoch_update(&epoch));
        weights[steps++] = get_all(network, &table, STATE_WEIGHTS);
        check(!epoch_is_inside_batch(&epoch) && epoch.training.cases_done == (uint64_t)i + 1 &&
                  epoch.training.step == (uint64_t)steps,
              "%s: after step %d %d cases are done", kernels->name, steps, i + 1);
    }
    *training = epoch.training;
    must(network_save(network, training, scratch("saved.safetensors")));
    epoch_free(&epoch);
    network_close(network);
    return steps;
}

static void set_all(struct network *network, int vector, const float *flat)
{
    for (size_t i = 0; i < table.count; i++)
        network_put(network, vector, &table.parameters[i], flat + table.parameters[i].offset);
}

/* The mean gradient of the cases from first to end at these weights, from a network that knows no batches. */
static void mean_gradient(struct network *single, const float *weights, int first, int end, float *mean)
{
    double *sum = calloc(table.floats, sizeof *sum);
    struct epoch epoch;
    set_all(single, STATE_WEIGHTS, weights);
    epoch_begin(&epoch, single, &(struct training){.seed = 5}, rate, decay, 1);
    for (int number = first; number < end; number++) {
        struct case_score score;
        put(&epoch, number);
        must(epoch_gradient(&epoch, "case", &score));
        float *gradient = get_all(single, &table, STATE_GRADIENT);
        for (size_t i = 0; i < table.floats; i++)
            sum[i] += gradient[i];
        free(gradient);
    }
    for (size_t i = 0; i < table.floats; i++)
        mean[i] = (float)(sum[i] / (end - first));
    epoch_free(&epoch);
    free(sum);
}

/* Each step beside Adam by the reference, fed with those means. */
static void test_values(const struct kernels *kernels)
{
    static const int order[CASES] = {0, 1, 2, 3, 4};
    float *weights[CASES], *mean = malloc(table.floats * sizeof *mean);
    struct training training;
    int steps = train(kernels, order, weights, &training);
    struct network *single = loaded(kernels, TRAINING);
    float *w = get_all(single, &table, STATE_WEIGHTS), *m = calloc(table.floats, sizeof *m),
          *v = calloc(table.floats, sizeof *v);
    check(steps == 3 && training.step == 3, "%s: %d cases in batches of %d are 3 steps", kernels->name, CASES,
          BATCH);
    for (int s = 0; s < steps; s++) {
        const struct adam adam = {rate, decay, 0.9, 0.999, 1e-8, s + 1};
        const int first = s * BATCH, end = first + BATCH < CASES ? first + BATCH : CASES;
        mean_gradient(single, s ? weights[s - 1] : w, first, end, mean);
        if (s)
            memcpy(w, weights[s - 1], table.floats * sizeof *w);
        kernels_reference.adam(table.floats, &adam, mean, w, m, v);
        double difference = largest_difference(table.floats, w, weights[s]);
        check(difference < 1e-4 * rate, "%s: step %d is that of the mean of %d gradients, within %.1e",
              kernels->name, s + 1, end - first, difference);
    }
    for (int s = 0; s < steps; s++)
        free(weights[s]);
    network_close(single);
    free(mean);
    free(w);
    free(m);
    free(v);
}

static void test_order(const struct kernels *kernels)
{
    static const int orders[2][CASES] = {{0, 1, 2, 3, 4}, {1, 0, 3, 2, 4}};
    float *weights[2][CASES];
    struct training training[2];
    int same = 1;
    for (int i = 0; i < 2; i++)
        train(kernels, orders[i], weights[i], &training[i]);
    for (int s = 0; s < 3; s++)
        same &= !memcmp(weights[0][s], weights[1][s], table.floats * sizeof(float));
    check(same, "%s: the order within batches changes no bit", kernels->name);
    check(training[0].cases_digest != training[1].cases_digest, "%s: but it is another order of cases",
          kernels->name);
    for (int i = 0; i < 2; i++)
        for (int s = 0; s < 3; s++)
            free(weights[i][s]);
}

static void test_saved(void)
{
    struct checkpoint checkpoint;
    must(checkpoint_open(&checkpoint, scratch("saved.safetensors")));
    check(checkpoint.training.batch == BATCH, "a state says how many cases its steps are of");
    checkpoint_close(&checkpoint);
    must(checkpoint_open(&checkpoint, path));
    check(checkpoint.training.batch == 1 && !safetensors_metadata(&checkpoint.file, "prunet.batch"),
          "where it says nothing, of one");
    checkpoint_close(&checkpoint);
}

/* What cannot be summed is refused, and the weights are as they were. */
static void test_range(const struct kernels *kernels)
{
    const double scales[] = {1e6, 1e30};
    for (int i = 0; i < 2; i++) {
        struct network *network = loaded(kernels, TRAINING | BATCHES);
        float *before = get_all(network, &table, STATE_WEIGHTS);
        struct epoch epoch;
        struct case_score score;
        epoch_begin(&epoch, network, &(struct training){.seed = 5, .batch = BATCH}, rate, decay, scales[i]);
        put(&epoch, 0);
        int status = epoch_gradient(&epoch, "case", &score);
        float *after = get_all(network, &table, STATE_WEIGHTS);
        check(status == STATUS_FAILURE && strstr(error_message(), "not below 128") &&
                  !memcmp(before, after, table.floats * sizeof *after),
              "%s: a gradient times %g is refused, and changes no weight", kernels->name, scales[i]);
        free(before);
        free(after);
        epoch_free(&epoch);
        network_close(network);
    }
}

int main(void)
{
    snprintf(path, sizeof path, "%s", scratch("state.safetensors"));
    architecture = architecture_paper(NETWORK_REVERSIBLE);
    architecture_set_channels(&architecture, "4,8");
    architecture.groups = 2;
    architecture.inputs = INPUTS;
    must(parameter_table_make(&table, &architecture));
    must(checkpoint_save(path, &architecture, &table, &(struct training){.seed = 5}, initial, NULL));
    int count;
    const struct kernels *const *list = kernels_list(&count);
    for (int i = 0; i < count; i++) {
        test_values(list[i]);
        test_order(list[i]);
        test_range(list[i]);
    }
    test_saved();
    parameter_table_free(&table);
    return check_exit();
}
