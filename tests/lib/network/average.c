/* The moving average of the weights: its values beside a sum in double, what a state keeps of it, and which
 * weights each use of a state begins with. On every backend. */
#include "lib/base/error.h"
#include "lib/network/kinds.h"
#include "lib/network/network_case.h"
#include "lib/network/network_state.h"
#include "lib/network/train.h"
#include "tests/check.h"
#include "tests/lib/feed.h"
#include "tests/lib/network/begin.h"

enum { INPUTS = 2, STEPS = 4, VOXELS = 8 * 4 * 4 };
static const int size[3] = {8, 4, 4};
static const double decay = 0.3; /* of the last steps; the warm-up's are 2/11, 3/12, 4/13, 5/14 */

static struct architecture architecture;
static struct parameter_table table;
static char path[512], model[512];

static struct network *loaded(const struct kernels *kernels, const char *from, unsigned use)
{
    struct checkpoint checkpoint;
    struct network *network;
    must(checkpoint_open(&checkpoint, from));
    must(network_open(&network, &checkpoint.architecture, kernels, use));
    must(network_load(network, &checkpoint));
    checkpoint_close(&checkpoint);
    return network;
}

/* Steps first..last of a training; `sums`, if not NULL, is the average in double. */
static void train(struct epoch *epoch, int first, int last, double *sums)
{
    static float image[INPUTS * VOXELS];
    static uint8_t labels[VOXELS];
    for (int step = first; step <= last; step++) {
        struct case_score score;
        for (int i = 0; i < INPUTS * VOXELS; i++)
            image[i] = sinf((float)(i * step));
        for (int i = 0; i < VOXELS; i++)
            labels[i] = (uint8_t) "\0\1\2\4"[(i / 5 + step) % 4];
        must(epoch_put(epoch, size, image, labels));
        must(epoch_gradient(epoch, "case", &score) || epoch_update(epoch));
        float *weights = get_all(epoch->network, &table, STATE_WEIGHTS);
        double d = fmin(decay, (1.0 + step) / (10.0 + step));
        for (size_t i = 0; sums && i < table.floats; i++)
            sums[i] += (1 - d) * (weights[i] - sums[i]);
        free(weights);
    }
}

static double difference(const double *expected, const float *values)
{
    double worst = 0;
    for (size_t i = 0; i < table.floats; i++) {
        double d = fabs(expected[i] - (double)values[i]);
        worst = d <= worst ? worst : d;
    }
    return worst;
}

static int same(const float *a, const float *b)
{
    return !memcmp(a, b, table.floats * sizeof *a);
}

static void test_values(const struct kernels *kernels)
{
    struct training start = {.seed = 5};
    must(checkpoint_save(path, &architecture, &table, &start, initial, NULL));
    start.average_decay = decay;
    struct network *network = loaded(kernels, path, TRAINING | AVERAGING);
    float *weights = get_all(network, &table, STATE_WEIGHTS),
          *average = get_all(network, &table, STATE_AVERAGE);
    check(same(weights, average), "%s: the average begins as the weights", kernels->name);
    double *sums = malloc(table.floats * sizeof *sums);
    for (size_t i = 0; i < table.floats; i++)
        sums[i] = weights[i];
    free(weights);
    free(average);

    struct epoch epoch;
    epoch_begin(&epoch, network, &start, 1e-2, 1e-5, 1);
    train(&epoch, 1, STEPS, sums);
    average = get_all(network, &table, STATE_AVERAGE);
    check(difference(sums, average) < 1e-6, "%s: after %d steps it is within %.1e of the sum in double",
          kernels->name, STEPS, difference(sums, average));
    must(network_save(network, &epoch.training, path));
    epoch_free(&epoch);
    network_close(network);
    free(average);
    free(sums);
}

/* Stopped after each of the steps and gone on with, the same bytes. */
static void test_resumed(const struct kernels *kernels)
{
    char parts[512];
    snprintf(parts, sizeof parts, "%s", scratch("parts.safetensors"));
    struct training training = {.seed = 5};
    must(checkpoint_save(parts, &architecture, &table, &training, initial, NULL));
    for (int step = 1; step <= STEPS; step++) {
        struct checkpoint checkpoint;
        struct network *network = loaded(kernels, parts, TRAINING | AVERAGING);
        struct epoch epoch;
        must(checkpoint_open(&checkpoint, parts));
        training = checkpoint.training;
        checkpoint_close(&checkpoint);
        training.average_decay = decay;
        epoch_begin(&epoch, network, &training, 1e-2, 1e-5, 1);
        epoch.seen = training.cases_done, epoch.seen_digest = training.cases_digest;
        train(&epoch, step, step, NULL);
        must(network_save(network, &epoch.training, parts));
        epoch_free(&epoch);
        network_close(network);
    }
    size_t bytes[2];
    char *whole = read_file(path, &bytes[0]), *joined = read_file(parts, &bytes[1]);
    check(bytes[0] == bytes[1] && !memcmp(whole, joined, bytes[0]),
          "%s: stopped after each step, the same bytes as undisturbed", kernels->name);
    free(whole);
    free(joined);
}

/* Writes the state without Adam's vectors and the average. */
static void make_model(void)
{
    struct safetensors file;
    struct output output;
    must(safetensors_open(&file, path));
    struct safetensors_tensor *tensors = malloc(file.tensor_count * sizeof *tensors);
    struct safetensors weights = file;
    weights.tensors = tensors;
    weights.tensor_count = 0;
    for (size_t i = 0; i < file.tensor_count; i++)
        if (strncmp(file.tensors[i].name, "optimizer.", 10) && strncmp(file.tensors[i].name, "average.", 8))
            tensors[weights.tensor_count++] = file.tensors[i];
    struct safetensors_entry entries[32];
    weights.metadata = entries;
    weights.metadata_count = 0;
    for (size_t i = 0; i < file.metadata_count; i++)
        if (strcmp(file.metadata[i].key, "prunet.average_decay"))
            entries[weights.metadata_count++] = file.metadata[i];
    must(output_open(&output, model, true) || safetensors_write(&output, &weights) || output_commit(&output));
    free(tensors);
    safetensors_close(&file);
}

static void expect(const struct kernels *kernels, const char *from, unsigned use, int vector,
                   const float *expected, const char *what)
{
    struct network *network = loaded(kernels, from, use);
    float *got = get_all(network, &table, vector);
    check(same(got, expected), "%s: %s", kernels->name, what);
    free(got);
    network_close(network);
}

static void test_uses(const struct kernels *kernels)
{
    struct network *network = loaded(kernels, path, TRAINING | AVERAGING);
    float *weights = get_all(network, &table, STATE_WEIGHTS),
          *average = get_all(network, &table, STATE_AVERAGE);
    float *zeros = calloc(table.floats, sizeof *zeros);
    network_close(network);
    check(!same(weights, average), "%s: they differ", kernels->name);
    expect(kernels, path, INFERENCE, STATE_WEIGHTS, average, "inference takes the average");
    expect(kernels, path, TRAINING, STATE_WEIGHTS, weights, "training goes on from the weights");
    expect(kernels, path, TRAINING | FRESH, STATE_WEIGHTS, average, "fresh training begins with the average");
    expect(kernels, path, TRAINING | FRESH, STATE_EXP_AVG, zeros, "and with a mean of 0");
    expect(kernels, path, TRAINING | FRESH, STATE_EXP_AVG_SQ, zeros, "and with a mean square of 0");
    expect(kernels, path, TRAINING | FRESH | AVERAGING, STATE_AVERAGE, average, "and averages from there");
    make_model();
    expect(kernels, model, INFERENCE, STATE_WEIGHTS, weights, "a model's weights");
    expect(kernels, model, TRAINING | FRESH, STATE_WEIGHTS, weights,
           "fresh training begins with a model's weights");
    struct checkpoint checkpoint;
    must(checkpoint_open(&checkpoint, model));
    must(network_open(&network, &architecture, kernels, TRAINING));
    check(network_load(network, &checkpoint) == STATUS_DATA && strstr(error_message(), "--fresh-optimizer"),
          "%s: training does not go on from a model: %s", kernels->name, error_message());
    network_close(network);
    checkpoint_close(&checkpoint);
    free(weights);
    free(average);
    free(zeros);
}

int main(void)
{
    snprintf(path, sizeof path, "%s", scratch("state.safetensors"));
    snprintf(model, sizeof model, "%s", scratch("model.safetensors"));
    architecture = architecture_paper(NETWORK_REVERSIBLE);
    architecture_set_channels(&architecture, "4,8");
    architecture.groups = 2;
    architecture.inputs = INPUTS;
    must(parameter_table_make(&table, &architecture));
    int count;
    const struct kernels *const *list = kernels_list(&count);
    for (int i = 0; i < count; i++) {
        test_values(list[i]);
        test_resumed(list[i]);
        test_uses(list[i]);
    }
    parameter_table_free(&table);
    return check_exit();
}
