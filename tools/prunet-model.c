/* prunet-model: weights to give away, and what a file of weights says of itself. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/sha256.h"
#include "lib/network/model_export.h"
#include "lib/network/model_mean.h"
#include "lib/network/operating_point.h"
#include "lib/network/refit.h"
#include "lib/report/run_training.h"
#include "lib/volume/scheme.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOTES_MAX = 75, KEY_SIZE = 65 }; /* --metadata's and eleven of our own */
enum { THRESHOLD_TEXT_SIZE = 4096 };
static const double threshold_min = 1e-6;

static const char *out, *licence, *intended_use, *spacing, *scheme_name;
static int crop[3];
static uint64_t seed;
static double output_bias;
static struct option_texts metadata, thresholds;
static bool half, no_header;

static const struct option_spec options[] = {
    {"half", 0, OPTION_FLAG, &half, NULL, "export: round the weights to bfloat16: half the size"},
    {"licence", 0, OPTION_TEXT, &licence, "TEXT", "export: under which terms the model is given away (none)"},
    {"intended-use", 0, OPTION_TEXT, &intended_use, "TEXT",
     "export: what it is for, and what it is not for (none)"},
    {"crop", 0, OPTION_SIZE, crop, "XxYxZ", "export: voxels of the crop in training (the run's)"},
    {"spacing", 0, OPTION_TEXT, &spacing, "XxYxZ",
     "export: mm of a voxel in training; keep: each case's own (the state's, run's)"},
    {"scheme", 0, OPTION_TEXT, &scheme_name, "NAME",
     "export: fit it to this scheme's modalities and regions, see below (its own)"},
    {"output-bias", 0, OPTION_REAL, &output_bias, "B",
     "export --scheme: added to the biases of drawn regions, within -100..100 (0)"},
    {"threshold", 0, OPTION_TEXTS, &thresholds, "REGION=P",
     "export: mark a region where its probability is above P, see below; several (0.5)"},
    {"metadata", 0, OPTION_TEXTS, &metadata, "KEY=TEXT",
     "export: something else to say of it; several (none)"},
};

static const struct tool tool = {
    .name = "prunet-model",
    .usage = "export [--half] [--licence TEXT] [OPTION...] -o MODEL STATE...\nshow FILE",
    .summary =
        "export writes the weights of a state alone, a third of its size, for prunet-infer: the average of\n"
        "the weights where there is one. What the state says of itself goes along, and what the options\n"
        "add; of a state in the folder of a run also how its images were prepared (crop, patch,\n"
        "standardization, the size of a voxel), on how many cases it was trained, and its validation's "
        "Dice.\n"
        "Of several states it writes the mean of their weights, with what the first one says of itself:\n"
        "of use where all went on from the same weights for a while, by other seeds or on other cases, or\n"
        "where the others went on from one of them: a fine-tuned model and the one that it began with.\n"
        "show prints what a state or a model says of itself, a line a key: key, value.",
    .options = options,
    .count = OPTION_COUNT(options),
    .common = {.output = &out, .seed = &seed, .no_header = &no_header},
    .example =
        "prunet-model export --half --licence CC-BY-4.0 -o model.safetensors runs/1/best/state.safetensors",
    .notes =
        "A model is trained further, with an optimizer that begins anew, by prunet-step --fresh-optimizer.\n"
        "--scheme makes of it the beginning of a training on other modalities or regions: those that the\n"
        "scheme names as the model's does keep their weights in the first and the last layer, the others\n"
        "are drawn there as prunet-init --seed draws them, and all layers between stay.\n"
        "--threshold moves the region's bias in the last layer, so that what had the probability P has 0.5:\n"
        "a region that is marked too widely on a few cases of one's own is marked less so on all.\n"
        "A key of --metadata has letters, digits, '.', '_' and '-', and does not begin with 'prunet.'.\n"
        "--half moves each weight by at most 1/512 of it; prunet-infer computes with floats as ever.",
};

/* --- export --- */

static char keys[NOTES_MAX][KEY_SIZE];
static struct safetensors_entry notes[NOTES_MAX];
static size_t note_count;

static void add_note(const char *key, size_t length, const char *text)
{
    memcpy(keys[note_count], key, length);
    notes[note_count] = (struct safetensors_entry){keys[note_count], (char *)text};
    note_count++;
}

static void add_text(const char *key, const char *text)
{
    if (text && *text)
        add_note(key, strlen(key), text);
}

/* What the run says, but for what the options do. The beginning of another training has nothing of it, and a mean's
 * Dice is not that of the first state. */
static int add_notes_of_run(const struct checkpoint *checkpoint, bool mean)
{
    static struct run_training run;
    int status = scheme_name ? STATUS_OK : run_training_read(checkpoint->path, &run);
    if (crop[0])
        snprintf(run.crop, sizeof run.crop, "%dx%dx%d", crop[0], crop[1], crop[2]);
    add_text("prunet.crop", run.crop);
    add_text("prunet.patch", run.patch);
    if (*run.crop)
        add_text("prunet.standardized", "mean 0 and deviation 1 over the voxels that are not 0");
    if (!spacing && !*checkpoint->training.spacing)
        add_text("prunet.spacing", run.spacing);
    if (mean)
        add_note("prunet.trained", strlen("prunet.trained"), NULL);
    else
        add_text("prunet.trained", run.record);
    add_text("prunet.program", run.program);
    return status;
}

static void add_notes(void)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    add_text("prunet.licence", licence);
    add_text("prunet.intended_use", intended_use);
    if (spacing)
        add_note("prunet.spacing", strlen("prunet.spacing"), strcmp(spacing, "keep") ? spacing : NULL);
    for (int i = 0; i < metadata.count; i++) {
        const char *text = metadata.values[i];
        size_t length = strspn(text, letters);
        if (text[length] != '=' || !length || length >= KEY_SIZE || !strncmp(text, "prunet.", 7))
            usage_error("--metadata: '%s' is not KEY=TEXT with a key that may be set", text);
        add_note(text, length, text + length + 1);
    }
}

static int refit(struct checkpoint *checkpoint)
{
    static char text[REFIT_TEXT_SIZE];
    const struct label_scheme *scheme;
    int status = scheme_find(scheme_name, &scheme);
    if (status)
        return fail_in(status, "--scheme");
    if ((status = checkpoint_refit(checkpoint, scheme, seed, output_bias, text)) || !*text)
        return status;
    add_note("prunet.refitted", strlen("prunet.refitted"), text);
    if (!quiet)
        fprintf(stderr, "%s: %s: %s\n", tool_name, checkpoint->path, text);
    return STATUS_OK;
}

struct threshold {
    char region[SCHEME_NAME_SIZE];
    double probability;
};
static struct threshold threshold[OPTION_TEXTS_MAX];

static void parse_thresholds(void)
{
    for (int i = 0; i < thresholds.count; i++) {
        const char *text = thresholds.values[i], *number = strchr(text, '=');
        char *end = NULL;
        const double p = number ? strtod(++number, &end) : 0;
        if (!number || number - 1 == text || number - text > SCHEME_NAME_SIZE || end == number || *end)
            usage_error("--threshold: '%s' is not REGION=P", text);
        if (!(p >= threshold_min && p <= 1 - threshold_min))
            usage_error("--threshold: %s is not within %g..%g", number, threshold_min, 1 - threshold_min);
        memcpy(threshold[i].region, text, (size_t)(number - 1 - text));
        threshold[i].probability = p;
    }
}

/* What was moved before stays moved: the note has all of it, in its order. Of a mean whose models were not moved alike
 * there is no such note, `noted` is false. */
static int move_thresholds(struct checkpoint *checkpoint, bool noted)
{
    static char text[THRESHOLD_TEXT_SIZE];
    const char *key = "prunet.threshold",
               *before = noted ? safetensors_metadata(&checkpoint->file, key) : NULL;
    size_t written = before ? (size_t)snprintf(text, sizeof text, "%s", before) : 0;
    for (int i = 0; i < thresholds.count; i++) {
        const struct threshold *t = &threshold[i];
        int status = checkpoint_move_threshold(checkpoint, t->region, t->probability);
        if (status)
            return status;
        if (written < sizeof text)
            written += (size_t)snprintf(text + written, sizeof text - written, "%s%s=%g", written ? " " : "",
                                        t->region, t->probability);
    }
    if (thresholds.count || !noted)
        add_note(key, strlen(key), noted ? text : NULL);
    return STATUS_OK;
}

static int average(struct checkpoint *checkpoint, int others, char *const *paths, bool *one_threshold)
{
    static char text[32];
    snprintf(text, sizeof text, "mean of %d", others + 1);
    add_text("prunet.weights", text);
    return checkpoint_average(checkpoint, (const char *const *)paths, others, one_threshold);
}

static int export_model(int count, char *const *paths)
{
    struct checkpoint checkpoint;
    int status = checkpoint_open(&checkpoint, paths[0]);
    if (status)
        return status;
    bool one_threshold = true;
    status = add_notes_of_run(&checkpoint, count > 1);
    if (!status && count > 1)
        status = average(&checkpoint, count - 1, paths + 1, &one_threshold);
    if (!status && scheme_name)
        status = refit(&checkpoint);
    if (!status)
        status = move_thresholds(&checkpoint, one_threshold);
    const struct model_options how = {half, notes, note_count};
    if (!status)
        status = model_export(&checkpoint, &how, out);
    checkpoint_close(&checkpoint);
    return status;
}

/* --- show --- */

/* A line a key: what would break the table is a blank. */
static int print_text(struct output *table, const char *key, const char *value)
{
    int status = output_print(table, "%s\t", key);
    for (const char *c = value; *c && !status; c++)
        status = output_write(table, (unsigned char)*c < 0x20 || *c == 0x7f ? " " : c, 1);
    return status ? status : output_print(table, "\n");
}

static int print_number(struct output *table, const char *key, size_t value)
{
    return output_print(table, "%s\t%zu\n", key, value);
}

static int print_digest(struct output *table, const struct checkpoint *checkpoint)
{
    char text[SHA256_TEXT_SIZE];
    struct sha256 sha;
    sha256_begin(&sha);
    sha256_add(&sha, checkpoint->file.mapping, checkpoint->file.mapping_bytes);
    sha256_end(&sha, text);
    return print_text(table, "sha256", text);
}

static int print_checkpoint(struct output *table, const struct checkpoint *c)
{
    const struct safetensors *file = &c->file;
    int status = no_header ? STATUS_OK : output_print(table, "key\tvalue\n");
    if (status || (status = print_text(table, "file", c->has[STATE_EXP_AVG] ? "state" : "model")) ||
        (status = print_number(table, "bytes", file->mapping_bytes)) || (status = print_digest(table, c)) ||
        (status = print_number(table, "parameters", c->table.total)) ||
        (status = print_text(table, "type", safetensors_dtype_of(c->stored)->name)))
        return status;
    for (size_t i = 0; i < file->metadata_count && !status; i++)
        status = print_text(table, file->metadata[i].key, file->metadata[i].value);
    return status;
}

static int show(const char *path)
{
    struct checkpoint checkpoint;
    struct output table;
    int status = checkpoint_open(&checkpoint, path);
    if (status)
        return status;
    if (!(status = output_open(&table, out, false))) {
        if (!(status = print_checkpoint(&table, &checkpoint)))
            status = output_commit(&table);
        output_discard(&table);
    }
    checkpoint_close(&checkpoint);
    return status;
}

int main(int argc, char **argv)
{
    int first = options_parse(&tool, argc, argv);
    const char *command = first < argc ? argv[first] : "";
    const bool exports = !strcmp(command, "export");
    if (!exports && strcmp(command, "show"))
        usage_error("the first word is export or show");
    const int count = argc - first - 1;
    if (exports ? count < 1 : count != 1)
        usage_error("%s: %s is expected", command, exports ? "a state" : "one file");
    double millimetres[3];
    if (!exports && (half || licence || intended_use || crop[0] || spacing || scheme_name ||
                     thresholds.count || metadata.count))
        usage_error("show: options that say how to write a model are for export");
    if (!scheme_name && output_bias != 0)
        usage_error("--output-bias is for --scheme");
    if (fabs(output_bias) > OUTPUT_BIAS_MAX)
        usage_error("--output-bias: %g is not within -%d..%d", output_bias, OUTPUT_BIAS_MAX, OUTPUT_BIAS_MAX);
    if (spacing && strcmp(spacing, "keep") && spacing_parse(millimetres, spacing))
        usage_error("%s", error_message());
    parse_thresholds();
    add_notes();
    int status = exports ? export_model(count, argv + first + 1) : show(argv[first + 1]);
    return status ? report(status) : STATUS_OK;
}
