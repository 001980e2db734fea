/* Inference of the paper's networks at their own widths: the five of Table 1, at two sizes, on every fast
 * backend, against the reference. The reference takes minutes for all of them, so a file keeps its
 * probabilities at SAMPLE voxels of each volume. Weights and images are drawn from seeds.
 *
 *     paper_rows [PATTERN]      only backends whose name contains it (winograd: the layout for these widths)
 *     paper_rows --make FILE    runs the reference and writes its sample to FILE (3 minutes on two cores)
 *
 * With PRUNET_TEST_LONG=1 the reference runs here, too, and every backend is compared with it at all voxels
 * (7 minutes). */
#include "lib/base/error.h"
#include "lib/base/random.h"
#include "lib/network/kinds.h"
#include "lib/network/network.h"
#include "lib/network/network_case.h"
#include "lib/network/network_state.h"
#include "tests/check.h"

static const char golden_path[] = "tests/golden/paper_rows.safetensors";

struct row {
    const char *name;
    enum network_kind kind;
    int encoder_blocks;
};

static const struct row rows[] = {
    {"baseline", NETWORK_BASELINE, 1},         {"reversible_1_1", NETWORK_REVERSIBLE, 1},
    {"reversible_2_1", NETWORK_REVERSIBLE, 2}, {"reversible_3_1", NETWORK_REVERSIBLE, 3},
    {"reversible_4_1", NETWORK_REVERSIBLE, 4},
};
static const int sizes[][3] = {{64, 64, 64}, {96, 80, 64}};

/* The address sanitizer makes everything many times slower: then only this network, nothing repeated. */
#ifdef __SANITIZE_ADDRESS__
static const char only[] = "reversible_1_1.64x64x64";
enum { REPEATS = 0 };
#else
static const char only[] = "";
enum { REPEATS = 2 };
#endif

enum { ROWS = sizeof rows / sizeof *rows, SIZES = sizeof sizes / sizeof *sizes };
enum { SAMPLE = 512, REGIONS = 3 };

/* Factor on the last convolution's weights. Over a volume, the logits of a new network have a standard
 * deviation of 0.3 to 0.9; with it 0.6 to 1.9, so that an error in any part of the network shows. */
static const float gain = 2;

/* Of a probability at any voxel, from the reference's. */
static const double tolerance = 1e-5;

static int thorough;

/* Ends the program when the status is an error. */
static void must(int status)
{
    if (!status)
        return;
    fprintf(stderr, "%s\n", error_message());
    exit(1);
}

/* A network of Table 1 and an image for it. */
struct trial {
    char name[48]; /* reversible_1_1.64x64x64: also of its sample in the file */
    struct architecture architecture;
    int size[3];
    size_t voxels;
    float *image;
};

/* Each modality is a blob about its own centre, under noise. Only sums and products, no function of the
 * mathematics library, so that the image has the same bits on every machine. */
static void draw_image(struct trial *trial)
{
    const int *size = trial->size;
    uint64_t key = random_key(1, trial->name);
    float *voxel = trial->image;
    for (int modality = 0; modality < trial->architecture.inputs; modality++) {
        double centre = 0.4 + 0.05 * modality;
        for (int z = 0; z < size[2]; z++)
            for (int y = 0; y < size[1]; y++)
                for (int x = 0; x < size[0]; x++, voxel++) {
                    double dx = (double)x / size[0] - centre, dy = (double)y / size[1] - 0.5,
                           dz = (double)z / size[2] - 1 + centre;
                    double rise = 1 - 8 * (dx * dx + dy * dy + dz * dz);
                    double noise = random_uniform(key, (uint64_t)(voxel - trial->image)) - 0.5;
                    *voxel = (float)(4 * (rise > 0 ? rise : 0) + noise);
                }
    }
}

static void open_trial(struct trial *trial, const struct row *row, const int size[3])
{
    *trial = (struct trial){.architecture = architecture_paper(row->kind)};
    trial->architecture.encoder_blocks = row->encoder_blocks;
    snprintf(trial->name, sizeof trial->name, "%s.%dx%dx%d", row->name, size[0], size[1], size[2]);
    memcpy(trial->size, size, sizeof trial->size);
    trial->voxels = (size_t)size[0] * (size_t)size[1] * (size_t)size[2];
    trial->image = poisoned((size_t)trial->architecture.inputs * trial->voxels * sizeof(float));
    draw_image(trial);
}

static void close_trial(struct trial *trial)
{
    free(trial->image);
}

/* The weights of prunet-init --seed 1, but for the gain. */
static void put_weights(struct network *network, const struct architecture *architecture)
{
    struct parameter_table table;
    must(parameter_table_make(&table, architecture));
    for (size_t i = 0; i < table.count; i++) {
        const struct parameter *p = &table.parameters[i];
        float *values = poisoned(p->count * sizeof *values);
        parameter_initialise(p, 1, values);
        if (!strcmp(p->name, "lastConv.weight"))
            for (size_t j = 0; j < p->count; j++)
                values[j] *= gain;
        network_put(network, STATE_WEIGHTS, p, values);
        free(values);
    }
    parameter_table_free(&table);
}

static struct network *opened(const struct trial *trial, const struct kernels *kernels)
{
    struct network *network;
    must(network_open(&network, &trial->architecture, kernels, INFERENCE));
    must(network_resize(network, trial->size));
    put_weights(network, &trial->architecture);
    return network;
}

/* Probabilities, REGIONS x voxels; the caller frees them. */
static float *infer(struct network *network, const struct trial *trial, int threads)
{
    float *probabilities = poisoned(REGIONS * trial->voxels * sizeof *probabilities);
    kernels_set_threads(threads);
    network_put_image(network, trial->image);
    must(network_infer(network, probabilities));
    return probabilities;
}

static float *infer_reference(const struct trial *trial)
{
    struct network *network = opened(trial, &kernels_reference);
    float *probabilities = infer(network, trial, 2);
    network_close(network);
    return probabilities;
}

/* One voxel of each of SAMPLE stretches of the volume, in every region. */
static void take_sample(const struct trial *trial, const float *probabilities, float *sample)
{
    uint64_t key = random_key(2, trial->name);
    for (int i = 0; i < SAMPLE; i++) {
        size_t voxel = (size_t)((i + random_uniform(key, (uint64_t)i)) * (double)trial->voxels / SAMPLE);
        for (int region = 0; region < REGIONS; region++)
            sample[region * SAMPLE + i] = probabilities[(size_t)region * trial->voxels + voxel];
    }
}

/* Standard deviation of the logits of n probabilities. */
static double logit_deviation(size_t n, const float *probabilities)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) {
        double logit = log(probabilities[i] / (1 - (double)probabilities[i]));
        sum += logit;
        squares += logit * logit;
    }
    double mean = sum / (double)n;
    return sqrt(squares / (double)n - mean * mean);
}

static void test_spread(const struct trial *trial, const float *sample)
{
    double least = HUGE_VAL, most = 0;
    for (int region = 0; region < REGIONS; region++) {
        double deviation = logit_deviation(SAMPLE, sample + region * SAMPLE);
        least = fmin(least, deviation);
        most = fmax(most, deviation);
    }
    check(least > 0.5 && most < 2.5, "%s: standard deviation of a region's logits %.2f to %.2f", trial->name,
          least, most);
}

/* whole: the reference's probabilities, or NULL where only the sample of them is known. */
static void test_backend(const struct trial *trial, const struct kernels *kernels, const float *sample,
                         const float *whole)
{
    float here[REGIONS * SAMPLE];
    struct network *network = opened(trial, kernels);
    float *probabilities = infer(network, trial, 2);
    take_sample(trial, probabilities, here);
    double error = largest_difference(REGIONS * SAMPLE, here, sample);
    if (whole)
        error = fmax(error, largest_difference(REGIONS * trial->voxels, probabilities, whole));
    check(error < tolerance + 8 * kernels->rounding, "%s, %s: %s within %.1e of the reference", kernels->name,
          trial->name, whole ? "all voxels" : "a sample", error);

    static const int threads[] = {2, 1, 3};
    int runs = thorough ? 3 : trial->size[0] == sizes[0][0] ? REPEATS : 0, same = 1;
    for (int i = 0; i < runs; i++) {
        float *again = infer(network, trial, threads[i]);
        same &= !memcmp(again, probabilities, REGIONS * trial->voxels * sizeof *again);
        free(again);
    }
    if (runs)
        check(same, "%s, %s: the same bits again, and with other threads", kernels->name, trial->name);
    free(probabilities);
    network_close(network);
}

static const float *stored_sample(const struct safetensors *golden, const char *name)
{
    const struct safetensors_tensor *tensor = safetensors_find(golden, name);
    if (!tensor || tensor->type != SAFETENSORS_F32 || tensor->bytes != REGIONS * SAMPLE * sizeof(float)) {
        fprintf(stderr, "%s lacks %s\n", golden_path, name);
        exit(1);
    }
    return tensor->data;
}

static void test_trial(const struct trial *trial, const struct safetensors *golden, const char *pattern)
{
    const float *sample = stored_sample(golden, trial->name);
    float *whole = NULL;
    test_spread(trial, sample);
    if (thorough) {
        float here[REGIONS * SAMPLE];
        whole = infer_reference(trial);
        take_sample(trial, whole, here);
        double error = largest_difference(REGIONS * SAMPLE, here, sample);
        check(error < 1e-6, "reference, %s: the sample is within %.1e of the file's", trial->name, error);
    }
    int count;
    const struct kernels *const *list = kernels_list(&count);
    for (int i = 0; i < count; i++)
        if (list[i] != &kernels_reference && strstr(list[i]->name, pattern))
            test_backend(trial, list[i], sample, whole);
    free(whole);
}

static void test(const char *pattern)
{
    struct safetensors golden;
    must(safetensors_open(&golden, golden_path));
    for (int size = 0; size < SIZES; size++)
        for (int row = 0; row < ROWS; row++) {
            struct trial trial;
            open_trial(&trial, &rows[row], sizes[size]);
            if (strstr(trial.name, only))
                test_trial(&trial, &golden, pattern);
            close_trial(&trial);
        }
    safetensors_close(&golden);
}

static void make(const char *path)
{
    static struct trial trials[ROWS * SIZES];
    static float samples[ROWS * SIZES][REGIONS * SAMPLE];
    struct safetensors_tensor tensors[ROWS * SIZES];
    for (int i = 0; i < ROWS * SIZES; i++) {
        open_trial(&trials[i], &rows[i % ROWS], sizes[i / ROWS]);
        float *probabilities = infer_reference(&trials[i]);
        take_sample(&trials[i], probabilities, samples[i]);
        tensors[i] = (struct safetensors_tensor){.name = trials[i].name,
                                                 .type = SAFETENSORS_F32,
                                                 .dimensions = 2,
                                                 .size = {REGIONS, SAMPLE},
                                                 .data = samples[i],
                                                 .bytes = sizeof samples[i]};
        free(probabilities);
        close_trial(&trials[i]);
    }
    struct output output;
    must(output_open(&output, path, true));
    must(safetensors_write(&output, &(struct safetensors){.tensors = tensors, .tensor_count = ROWS * SIZES}));
    must(output_commit(&output));
}

int main(int argc, char **argv)
{
    const char *lasting = getenv("PRUNET_TEST_LONG");
    thorough = lasting && !strcmp(lasting, "1");
    if (argc > 2 && !strcmp(argv[1], "--make"))
        make(argv[2]);
    else
        test(argc > 1 ? argv[1] : thorough ? "" : "winograd");
    return check_exit();
}
