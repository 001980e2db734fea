/* Networks: planned, opened, trained, saved, segmented with; each beside what the tools make, which library.sh compares.
 *
 *     networks STREAM MODEL    labelled cases, all of one size; a model for them */
#include "tests/check.h"
#include <prunet.h>

enum { CASES_MAX = 4 };

int omp_get_max_threads(void);

struct labelled {
    struct prunet_record *image, *label;
    const char *name;
    int size[3];
    size_t voxels;
    unsigned char *target;
};

static const struct prunet_model described = {.channels = "4,8,8", .seed = 3, .output_bias = -1};
static struct labelled cases[CASES_MAX];
static int count;
static char warning[256];

static void take_warning(void *self, const char *text)
{
    snprintf(self, sizeof warning, "%s", text);
}

static void must(int status)
{
    if (!status)
        return;
    fprintf(stderr, "%s\n", prunet_message());
    exit(1);
}

static void read_cases(const char *path)
{
    struct prunet_reader *reader;
    struct prunet_record *record;
    must(prunet_reader_open(&reader, path, 0));
    for (;; count++) {
        struct labelled *c = &cases[count];
        struct prunet_record_info info;
        must(prunet_reader_next(reader, &record));
        if (!record || count == CASES_MAX)
            break;
        c->image = record;
        must(prunet_reader_next(reader, &c->label));
        prunet_record_describe(record, &info);
        c->name = info.case_name;
        memcpy(c->size, info.size, sizeof c->size);
        c->voxels = (size_t)info.size[0] * (size_t)info.size[1] * (size_t)info.size[2];
        c->target = malloc(c->voxels);
    }
    prunet_reader_close(reader);
}

static struct prunet_settings training_settings(void)
{
    struct prunet_settings settings = prunet_default_settings(1);
    settings.learning_rate = 1e-2;
    settings.loss = "dice+bce";
    settings.memory = "1G";
    settings.average_decay = 0.9;
    return settings;
}

static struct prunet_network *opened(const struct prunet_model *model, const struct prunet_settings *settings)
{
    struct prunet_network *network;
    must(prunet_network_open(&network, model, settings));
    for (int i = 0; i < count && settings->training; i++) {
        must(prunet_record_arrange(cases[i].image, network, 0));
        must(prunet_record_to_labels(cases[i].label));
        must(prunet_target(network, prunet_record_data(cases[i].label), cases[i].voxels, cases[i].target));
    }
    return network;
}

static int step_on(struct prunet_network *network, const struct labelled *c, struct prunet_score *score)
{
    return prunet_step(network, c->name, c->size, prunet_record_data(c->image), c->target, score);
}

/* Two epochs; the second is left after its first case, and gone on with from what was saved. */
static void test_training(void)
{
    const struct prunet_settings settings = training_settings();
    struct prunet_network *network = opened(&described, &settings);
    struct prunet_network_info info;
    struct prunet_score score = {0};
    double first = 0;
    for (int i = 0; i < count; i++) {
        must(step_on(network, &cases[i], &score));
        first = i ? first : score.loss;
    }
    must(prunet_epoch_end(network));
    must(prunet_save(network, "epoch1.safetensors"));
    must(prunet_set_rate(network, 5e-3, 0));
    must(step_on(network, &cases[0], &score));
    must(prunet_save(network, "inside.safetensors"));
    prunet_network_close(network);
    struct prunet_settings slower = settings;
    slower.learning_rate = 5e-3;
    slower.weight_decay = 0;
    network = opened(&(struct prunet_model){.path = "inside.safetensors"}, &slower);
    prunet_network_describe(network, &info);
    check(info.epoch == 1 && info.step == (unsigned)count + 1 && info.cases_done == 1,
          "it goes on inside an epoch");
    check(prunet_epoch_end(network) == PRUNET_DATA, "which is not over yet: %s", prunet_message());
    must(step_on(network, &cases[0], &score));
    check(score.skipped, "the case that is done is skipped");
    for (int i = 1; i < count; i++)
        must(step_on(network, &cases[i], &score));
    check(!score.skipped && score.loss < first, "the loss falls from %.3f to %.3f", first, score.loss);
    must(prunet_epoch_end(network));
    must(prunet_save(network, "epoch2.safetensors"));
    prunet_network_close(network);
    network = opened(&(struct prunet_model){.path = "inside.safetensors"}, &slower);
    check(step_on(network, &cases[1], &score) == PRUNET_DATA, "another case first: %s", prunet_message());
    prunet_network_close(network);
}

static double loss_of(struct prunet_network *network, const struct labelled *c)
{
    struct prunet_score score;
    must(prunet_gradient(network, c->size, prunet_record_data(c->image), c->target, &score));
    return score.loss;
}

/* Moves all weights along the gradient, by way of the caller's own memory. */
static void test_gradient(void)
{
    const struct prunet_settings settings = training_settings();
    struct prunet_network *network = opened(&described, &settings);
    struct prunet_network_info info;
    struct prunet_tensor tensor;
    prunet_network_describe(network, &info);
    float **weights = calloc((size_t)info.tensors, sizeof *weights),
          **along = calloc((size_t)info.tensors, sizeof *along);
    double squares = 0, loss[2], distance = 1e-3;
    size_t numbers = 0;
    loss_of(network, &cases[0]);
    for (int i = 0; i < info.tensors; i++) {
        must(prunet_tensor_describe(network, i, &tensor));
        numbers += tensor.count;
        weights[i] = malloc(tensor.count * sizeof(float));
        along[i] = malloc(tensor.count * sizeof(float));
        must(prunet_tensor_get(network, PRUNET_WEIGHTS, i, weights[i]));
        must(prunet_tensor_get(network, PRUNET_GRADIENT, i, along[i]));
        for (size_t k = 0; k < tensor.count; k++)
            squares += (double)along[i][k] * along[i][k];
    }
    for (int side = 0; side < 2; side++) {
        for (int i = 0; i < info.tensors; i++) {
            must(prunet_tensor_describe(network, i, &tensor));
            float *moved = malloc(tensor.count * sizeof *moved);
            for (size_t k = 0; k < tensor.count; k++)
                moved[k] = weights[i][k] + (float)((side ? distance : -distance) * (double)along[i][k]);
            must(prunet_tensor_set(network, PRUNET_WEIGHTS, i, moved));
            free(moved);
        }
        loss[side] = loss_of(network, &cases[0]);
    }
    const double measured = (loss[1] - loss[0]) / (2 * distance);
    check(fabs(measured / squares - 1) < 5e-3, "the gradient: %.5f, by differences %.5f", squares, measured);
    check(numbers == info.parameters, "tensors have %zu numbers", numbers);
    check(prunet_tensor_describe(network, info.tensors, &tensor) == PRUNET_USAGE, "no tensor: %s",
          prunet_message());
    check(prunet_tensor_set(network, PRUNET_GRADIENT, 0, weights[0]) == PRUNET_USAGE, "not set: %s",
          prunet_message());
    for (int i = 0; i < info.tensors; i++) {
        free(weights[i]);
        free(along[i]);
    }
    free(weights);
    free(along);
    prunet_network_close(network);
}

/* Through arrays and through a record, by a network for inference and by one that trains: the same bits. */
static void test_inference(const char *model)
{
    const struct prunet_settings settings = prunet_default_settings(0), training = training_settings();
    struct prunet_settings fresh = training;
    struct prunet_network *network = opened(&(struct prunet_model){.path = model}, &settings);
    struct prunet_network_info info;
    struct prunet_record *copy, *result;
    struct prunet_record_info about;
    struct prunet_memory memory, asked;
    const struct labelled *c = &cases[0];
    prunet_network_describe(network, &info);
    const size_t values = (size_t)info.outputs * c->voxels;
    float *first = poisoned(values * sizeof *first), *second = poisoned(values * sizeof *second);
    must(prunet_record_arrange(c->image, network, 0));
    must(prunet_infer(network, c->size, prunet_record_data(c->image), first));
    must(prunet_record_like(&copy, c->image, PRUNET_IMAGE, PRUNET_FLOAT, info.inputs));
    memcpy(prunet_record_data(copy), prunet_record_data(c->image),
           (size_t)info.inputs * c->voxels * sizeof(float));
    must(prunet_infer_record(network, copy, 0, &result));
    prunet_record_describe(result, &about);
    check(about.role == PRUNET_PROB && about.bytes == values * sizeof *first &&
              !memcmp(prunet_record_data(result), first, about.bytes),
          "an array and a record: the same probabilities");
    must(prunet_record_to_labels(result));
    struct prunet_record *wrong = result;
    check(prunet_infer_record(network, wrong, 0, &result) == PRUNET_DATA && result == wrong,
          "a label map: %s", prunet_message());
    const int flat[3] = {9, 0, 9};
    check(prunet_infer(network, flat, first, second) == PRUNET_USAGE, "no size: %s", prunet_message());
    struct prunet_score score;
    check(prunet_step(network, c->name, c->size, first, c->target, &score) == PRUNET_USAGE, "no training: %s",
          prunet_message());
    check(prunet_save(network, "no") == PRUNET_USAGE && prunet_epoch_end(network) == PRUNET_USAGE &&
              prunet_tensor_get(network, PRUNET_EXP_AVG, 0, second) == PRUNET_USAGE,
          "nor a state");
    prunet_network_close(network);
    fresh.fresh = 1;
    network = opened(&(struct prunet_model){.path = model}, &fresh);
    must(prunet_infer(network, c->size, prunet_record_data(c->image), second));
    check(!memcmp(first, second, values * sizeof *first), "a network that trains: the same probabilities");
    prunet_network_close(network);
    check(prunet_network_open(&network, &(struct prunet_model){.path = model}, &training) == PRUNET_DATA,
          "a model without Adam's state: %s", prunet_message());
    must(prunet_plan(&memory, &(struct prunet_model){.path = model}, &settings, c->size));
    printf("# plan inference %zu\n", memory.resident + memory.activations);
    must(prunet_plan(&asked, &(struct prunet_model){.path = model}, &fresh, c->size));
    printf("# plan training %zu\n", asked.resident + asked.activations);
    check(asked.host == 0 && memory.host > 0 && asked.peak <= asked.resident + asked.activations,
          "memory is told apart");
    free(first);
    free(second);
}

/* A channel that is not there, one that is too many. */
static void test_channels(const char *model)
{
    const struct prunet_settings settings = prunet_default_settings(0);
    struct prunet_network *network = opened(&(struct prunet_model){.path = model}, &settings);
    struct prunet_record_info info = {
        .case_name = "three", .size = {8, 8, 8}, .channels = 3, .channel_names = "flair t1 t2"};
    struct prunet_record *image;
    must(prunet_record_make(&image, &info));
    ((float *)prunet_record_data(image))[0] = 5;
    check(prunet_record_arrange(image, network, 0) == PRUNET_DATA, "a modality is missing: %s",
          prunet_message());
    prunet_on_warning(take_warning, warning);
    must(prunet_record_arrange(image, network, 1));
    prunet_on_warning(NULL, NULL);
    check(strstr(warning, "t1ce") != NULL, "or filled, with a warning: %s", warning);
    prunet_record_describe(image, &info);
    check(info.channels == 4 && ((float *)prunet_record_data(image))[3 * 512] == 5,
          "and the others are in order");
    prunet_record_free(image);
    prunet_network_close(network);
}

static void refuse(int status, const char *what, struct prunet_model model, struct prunet_settings settings)
{
    struct prunet_network *network = NULL;
    check(prunet_network_open(&network, &model, &settings) == status && !network, "%s: %s", what,
          prunet_message());
}

static void test_refusals(const char *stream)
{
    const struct prunet_settings usual = training_settings();
    struct prunet_settings s = usual;
    refuse(PRUNET_FAILURE, "no file", (struct prunet_model){.path = "missing"}, usual);
    refuse(PRUNET_DATA, "no checkpoint", (struct prunet_model){.path = stream}, usual);
    refuse(PRUNET_USAGE, "no kind", (struct prunet_model){.kind = "other"}, usual);
    refuse(PRUNET_USAGE, "no widths", (struct prunet_model){.channels = "4,x"}, usual);
    refuse(PRUNET_USAGE, "an odd width", (struct prunet_model){.channels = "5,8"}, usual);
    refuse(PRUNET_USAGE, "no scheme", (struct prunet_model){.scheme = "nowhere"}, usual);
    refuse(PRUNET_DATA, "a file that is no scheme", (struct prunet_model){.scheme = stream}, usual);
    refuse(PRUNET_USAGE, "blocks", (struct prunet_model){.encoder_blocks = -1}, usual);
    refuse(PRUNET_USAGE, "bias", (struct prunet_model){.output_bias = NAN}, usual);
    refuse(PRUNET_USAGE, "loss", described, (s.loss = "hinge", s));
    s = usual, refuse(PRUNET_USAGE, "memory", described, (s.memory = "much", s));
    s = usual, refuse(PRUNET_USAGE, "backend", described, (s.backend = "abacus", s));
    s = usual, refuse(PRUNET_USAGE, "threads", described, (s.threads = -1, s));
    s = usual, refuse(PRUNET_USAGE, "rate", described, (s.learning_rate = 0, s));
    s = usual, refuse(PRUNET_USAGE, "decay", described, (s.weight_decay = NAN, s));
    s = usual, refuse(PRUNET_USAGE, "average", described, (s.average_decay = 1, s));
    struct prunet_memory memory;
    const int odd[3] = {9, 8, 8};
    check(prunet_plan(&memory, &described, &usual, odd) == PRUNET_DATA, "a size: %s", prunet_message());
    s = usual, s.memory = "1";
    check(prunet_plan(&memory, &described, &s, cases[0].size) == PRUNET_FAILURE, "a byte: %s",
          prunet_message());
    struct prunet_network *network = opened(&described, &usual);
    struct prunet_score score;
    check(prunet_gradient(network, odd, NULL, NULL, &score) == PRUNET_DATA, "the same: %s", prunet_message());
    prunet_network_close(network);
    prunet_network_close(NULL);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 1;
    const int threads = omp_get_max_threads();
    read_cases(argv[1]);
    test_training();
    test_gradient();
    test_inference(argv[2]);
    test_channels(argv[2]);
    test_refusals(argv[1]);
    check(omp_get_max_threads() == threads, "OpenMP's number of threads is as it was");
    for (int i = 0; i < count; i++) {
        prunet_record_free(cases[i].image);
        prunet_record_free(cases[i].label);
        free(cases[i].target);
    }
    return check_exit();
}
