/* Checkpoints come back as they were saved, and whatever is not exactly the network that its metadata
 * describe is refused. */
#include "lib/network/checkpoint.h"
#include "lib/base/error.h"
#include "lib/network/kinds.h"
#include "lib/volume/scheme.h"
#include "tests/check.h"
#include <unistd.h>

static char path[512], other[512];

static struct architecture tiny(void)
{
    struct architecture a = architecture_paper(NETWORK_REVERSIBLE);
    architecture_set_channels(&a, "4,8");
    a.groups = 2;
    return a;
}

/* Values that tell vector and place. */
static int supply(void *self, enum state_vector vector, const struct parameter *parameter, float *values)
{
    (void)self;
    for (size_t i = 0; i < parameter->count; i++)
        values[i] = (float)(1000000 * (int)vector) + (float)(parameter->offset + i);
    return STATUS_OK;
}

static int refuse(void *self, enum state_vector vector, const struct parameter *parameter, float *values)
{
    (void)self;
    memset(values, 0, parameter->count * sizeof *values);
    return vector == STATE_EXP_AVG_SQ ? fail(STATUS_FAILURE, "no more values") : STATUS_OK;
}

static void save(const char *to, const struct training *training)
{
    struct architecture a = tiny();
    struct parameter_table table;
    int status = parameter_table_make(&table, &a);
    if (!status)
        status = checkpoint_save(to, &a, &table, training, supply, NULL);
    parameter_table_free(&table);
    check(!status, "saves%s", status ? error_message() : "");
}

static long read_all(const char *from, char *bytes, size_t most)
{
    FILE *file = fopen(from, "rb");
    size_t count = fread(bytes, 1, most, file);
    fclose(file);
    return (long)count;
}

static void test_round_trip(void)
{
    static char first[1 << 20], second[1 << 20];
    const struct training training = {.seed = UINT64_MAX,
                                      .epoch = 7,
                                      .step = 99,
                                      .cases_done = 3,
                                      .cases_digest = 5,
                                      .batch = 16,
                                      .average_decay = 0.999};
    save(path, &training);
    save(other, &training);
    long length = read_all(path, first, sizeof first);
    check(length == read_all(other, second, sizeof second) && !memcmp(first, second, (size_t)length),
          "the same state gives the same bytes");
    struct checkpoint c;
    int status = checkpoint_open(&c, path);
    if (!check(!status, "opens what it saved%s", status ? error_message() : ""))
        return;
    struct architecture a = tiny();
    check(architecture_equal(&c.architecture, &a), "the architecture comes back");
    check(c.training.seed == UINT64_MAX && c.training.epoch == 7 && c.training.step == 99 &&
              c.training.cases_done == 3 && c.training.cases_digest == 5 && c.training.batch == 16 &&
              c.training.average_decay == 0.999,
          "where training stands comes back");
    int same = 1;
    for (int v = 0; v < STATE_VECTORS; v++)
        for (size_t i = 0; i < c.table.count; i++) {
            const struct parameter *p = &c.table.parameters[i];
            float *expected = malloc(p->count * sizeof *expected);
            supply(NULL, (enum state_vector)v, p, expected);
            same &= !memcmp(expected, checkpoint_values(&c, (enum state_vector)v, p),
                            p->count * sizeof *expected);
            free(expected);
        }
    check(same, "all values come back");
    checkpoint_close(&c);

    save(path, &(struct training){.epoch = 1});
    status = checkpoint_open(&c, path);
    check(!status && !safetensors_metadata(&c.file, "prunet.cases_done"),
          "between epochs no cases are noted");
    check(!status && !c.has[STATE_AVERAGE] && c.has[STATE_EXP_AVG] && checkpoint_model(&c) == STATE_WEIGHTS,
          "no average without a decay");
    checkpoint_close(&c);
}

/* With everything that a state may say. */
static void test_full_metadata(void)
{
    const struct label_scheme *scheme;
    struct architecture a = tiny();
    struct parameter_table table;
    struct checkpoint c;
    a.outputs = 4;
    if (scheme_find("brats-2024", &scheme) || parameter_table_make(&table, &a))
        exit(1);
    struct training training = {.seed = UINT64_MAX,
                                .epoch = UINT64_MAX,
                                .step = UINT64_MAX,
                                .cases_done = UINT64_MAX,
                                .cases_digest = UINT64_MAX,
                                .batch = 256,
                                .average_decay = 0.999,
                                .scheme = scheme->records,
                                .memory = "recompute",
                                .backend = "cpu: planar, portable",
                                .spacing = "1.5x1.5x1.5"};
    int status = checkpoint_save(path, &a, &table, &training, supply, NULL);
    parameter_table_free(&table);
    if (!status)
        status = checkpoint_open(&c, path);
    if (!check(!status, "saves and opens a state with every key%s", status ? error_message() : ""))
        return;
    const struct training *t = &c.training;
    check(t->seed == UINT64_MAX && t->epoch == UINT64_MAX && t->step == UINT64_MAX &&
              t->cases_done == UINT64_MAX && t->cases_digest == UINT64_MAX && t->batch == 256 &&
              t->average_decay == 0.999 && t->scheme == training.scheme && !strcmp(t->memory, "recompute") &&
              !strcmp(t->backend, "cpu: planar, portable") && !strcmp(t->spacing, "1.5x1.5x1.5"),
          "every key comes back");
    checkpoint_close(&c);
}

static void test_failed_save(void)
{
    struct architecture a = tiny();
    struct parameter_table table;
    struct training training = {0};
    static char before[1 << 20], after[1 << 20];
    long length = read_all(path, before, sizeof before);
    parameter_table_make(&table, &a);
    check(checkpoint_save(path, &a, &table, &training, refuse, NULL) == STATUS_FAILURE &&
              read_all(path, after, sizeof after) == length && !memcmp(before, after, (size_t)length),
          "a save that fails leaves the old checkpoint");
    check(checkpoint_save("/dev/full", &a, &table, &training, supply, NULL) == STATUS_FAILURE, "a full disk");
    parameter_table_free(&table);
}

/* Writes a changed copy of a good checkpoint and expects its refusal. */
static void refused(const char *what, const char *cause, const struct safetensors *changed)
{
    struct output output;
    struct checkpoint c;
    if (output_open(&output, other, true) || safetensors_write(&output, changed) || output_commit(&output))
        exit(1);
    int status = checkpoint_open(&c, other);
    check(status == STATUS_DATA && strstr(error_message(), other) && strstr(error_message(), cause),
          "refused: %s (%s)", what, status ? error_message() + strlen(other) : "accepted");
    if (!status)
        checkpoint_close(&c);
}

static void with_metadata(const struct safetensors *good, const char *key, const char *value)
{
    struct safetensors changed = *good;
    struct safetensors_entry entries[16];
    char what[128];
    memcpy(entries, good->metadata, good->metadata_count * sizeof *entries);
    changed.metadata = entries;
    for (size_t i = 0; i < good->metadata_count; i++)
        if (!strcmp(entries[i].key, key)) {
            if (value)
                entries[i].value = (char *)value;
            else
                entries[i].key = (char *)"prunet.something";
        }
    snprintf(what, sizeof what, "%s = %s", key, value ? value : "(absent)");
    refused(what, "", &changed);
}

static void test_refusals(void)
{
    struct safetensors good;
    save(path, &(struct training){.epoch = 1});
    if (safetensors_open(&good, path))
        exit(1);
    static const char *const numbers[] = {
        "prunet.encoder_blocks", "prunet.groups", "prunet.inputs", "prunet.outputs",
        "prunet.epoch",          "prunet.step",   "prunet.seed"};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        with_metadata(&good, numbers[i], NULL);
        with_metadata(&good, numbers[i], "-1");
        with_metadata(&good, numbers[i], "1x");
        with_metadata(&good, numbers[i], "");
        with_metadata(&good, numbers[i], "99999999999999999999");
    }
    with_metadata(&good, "prunet.version", "2");
    with_metadata(&good, "prunet.kind", "baseline");
    with_metadata(&good, "prunet.kind", "other");
    with_metadata(&good, "prunet.channels", "4,8,16");
    with_metadata(&good, "prunet.channels", "8,8");
    with_metadata(&good, "prunet.channels", "4,7");
    with_metadata(&good, "prunet.channels", "4");
    with_metadata(&good, "prunet.channels", "4,,8");
    with_metadata(&good, "prunet.channels", "4,8,");
    with_metadata(&good, "prunet.channels", "4,8,16,32,64,128,256,512,1024");
    with_metadata(&good, "prunet.encoder_blocks", "2");
    with_metadata(&good, "prunet.encoder_blocks", "0");
    with_metadata(&good, "prunet.groups", "3");
    with_metadata(&good, "prunet.outputs", "9");

    struct safetensors changed = good;
    changed.tensor_count--;
    refused("a tensor is missing", "missing", &changed);
    changed = good;
    struct safetensors_tensor *tensors = malloc((good.tensor_count + 1) * sizeof *tensors);
    memcpy(tensors, good.tensors, good.tensor_count * sizeof *tensors);
    changed.tensors = tensors;
    tensors[good.tensor_count] = tensors[0];
    tensors[good.tensor_count].name = (char *)"extra";
    changed.tensor_count = good.tensor_count + 1;
    refused("a tensor too many", "extra", &changed);
    changed.tensor_count = good.tensor_count;
    tensors[0].name = (char *)"renamed";
    refused("a tensor renamed", "renamed", &changed);
    tensors[0].name = (char *)"optimizer.firstConv.weight";
    refused("a vector that there is not", "optimizer.firstConv.weight", &changed);
    tensors[0] = good.tensors[0];
    int64_t swapped = tensors[0].size[0];
    tensors[0].size[0] = tensors[0].size[2];
    tensors[0].size[2] = swapped;
    refused("another shape of the same size", tensors[0].name, &changed);
    tensors[0] = good.tensors[0];
    tensors[0].type = SAFETENSORS_F64;
    tensors[0].size[0] /= 2;
    refused("another type", "F32", &changed);
    free(tensors);
    safetensors_close(&good);
}

/* Which vectors a file may have. */
static void test_vectors(void)
{
    struct safetensors file, changed;
    struct checkpoint c;
    struct output output;
    save(path, &(struct training){.epoch = 1, .average_decay = 0.5});
    if (safetensors_open(&file, path))
        exit(1);
    const size_t each = file.tensor_count / STATE_VECTORS;
    changed = file;
    changed.tensor_count--;
    refused("an average that lacks a tensor", ": missing", &changed);
    changed.tensor_count = 3 * each;
    refused("a decay without an average", "average.firstConv.weight: missing", &changed);
    with_metadata(&file, "prunet.average_decay", NULL);
    static const char *const decays[] = {"0", "1", "-0.5", "nan", "0.5x", ""};
    for (size_t i = 0; i < sizeof decays / sizeof *decays; i++)
        with_metadata(&file, "prunet.average_decay", decays[i]);
    safetensors_close(&file);

    save(path, &(struct training){.batch = 2});
    if (safetensors_open(&file, path))
        exit(1);
    static const char *const batches[] = {"257", "-1", "2x", ""};
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++)
        with_metadata(&file, "prunet.batch", batches[i]);
    safetensors_close(&file);

    save(path, &(struct training){.epoch = 1});
    if (safetensors_open(&file, path))
        exit(1);
    changed = file;
    changed.tensor_count = 2 * each;
    refused("half of Adam's state", "optimizer.exp_avg_sq.firstConv.weight: missing", &changed);
    changed.tensor_count = each;
    if (output_open(&output, other, true) || safetensors_write(&output, &changed) || output_commit(&output))
        exit(1);
    check(!checkpoint_open(&c, other) && !c.has[STATE_EXP_AVG] && !c.has[STATE_EXP_AVG_SQ],
          "weights alone are a model");
    checkpoint_close(&c);
    safetensors_close(&file);
}

int main(void)
{
    snprintf(path, sizeof path, "%s", scratch("a.safetensors"));
    snprintf(other, sizeof other, "%s", scratch("b.safetensors"));
    test_round_trip();
    test_full_metadata();
    test_failed_save();
    test_refusals();
    test_vectors();
    struct checkpoint c;
    check(checkpoint_open(&c, "tests/golden/operations.safetensors") == STATUS_DATA,
          "refused: a file of tensors that is no checkpoint");
    unlink(path);
    unlink(other);
    return check_exit();
}
