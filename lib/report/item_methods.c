/* Item 12: what was done, in sentences for a methods section, and all numbers as JSON. */
#include "lib/base/error.h"
#include "lib/base/json_text.h"
#include "lib/base/memory_stream.h"
#include "lib/report/base64.h"
#include "lib/report/html.h"
#include "lib/report/report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- methods ----------------------------------------------------------------------------------------- */

/* A setting as text for the page; "?" for one that is not noted. */
static void setting(FILE *file, const struct report_set *set, const char *key)
{
    html_text(file, report_value(&set->settings, key, "?"));
}

static bool is_set(const struct report_set *set, const char *key, const char *value)
{
    return !strcmp(report_value(&set->settings, key, ""), value);
}

static void describe_network(FILE *file, const struct report_set *set)
{
    if (is_set(set, "KIND", "baseline"))
        fputs("A three-dimensional U-Net without reversible blocks, with channels ", file);
    else
        fputs("A partially reversible three-dimensional U-Net (Brügger, Baumgartner and Konukoglu, MICCAI "
              "2019) with channels ",
              file);
    setting(file, set, "CHANNELS");
    if (!is_set(set, "KIND", "baseline")) {
        fputs(" and ", file);
        setting(file, set, "ENCODER_BLOCKS");
        fputs(" reversible blocks an encoder, ", file);
        setting(file, set, "DECODER_BLOCKS");
        fputs(" a decoder,", file);
    }
    fputs(" was trained on ", file);
}

static size_t epochs_of(const struct report_set *set)
{
    return set->log.rows ? set->log.rows - 1 : 0;
}

/* Those that the training came to. */
static void describe_rate_drops(FILE *file, const struct report_set *set)
{
    const char *drop = report_value(&set->settings, "RATE_DROPS", "none");
    int count = 0;
    char *end;
    for (size_t epoch; (epoch = strtoull(drop, &end, 10)) && epoch < epochs_of(set);
         drop = end + (*end == ',')) {
        if (!count++) {
            fputs(", divided by ", file);
            setting(file, set, "RATE_DIVISOR");
            fputs(" after epoch ", file);
        } else
            fputs(", ", file);
        fprintf(file, "%zu", epoch);
    }
}

static void describe_training(FILE *file, const struct report_set *set)
{
    size_t training = 0;
    for (size_t row = 0; row < set->inputs.rows; row++)
        training += !strcmp(report_cell(&set->inputs, row, 1), "training");
    html_count(file, training, "case");
    fputs(", cropped to ", file);
    setting(file, set, "CROP");
    fputs(" voxels and standardized, for ", file);
    html_count(file, epochs_of(set), "epoch");
    fputs(" by Adam with a learning rate of ", file);
    setting(file, set, "LEARNING_RATE");
    describe_rate_drops(file, set);
    fputs(", a weight decay of ", file);
    setting(file, set, "WEIGHT_DECAY");
    fputs(" and the loss ", file);
    setting(file, set, "LOSS");
    fputs(is_set(set, "AUGMENT", "no") ? ", without augmentation"
                                       : ", with augmentation by warps, shifts and flips",
          file);
    fputs(" (seed ", file);
    setting(file, set, "seed");
    fprintf(file, "). Of the epochs the one with the highest Dice in validation was taken, number %d. ",
            set->best_epoch);
}

static void describe_scores(FILE *file, const struct report *report)
{
    const struct report_set *set = &report->set;
    html_count(file, set->cases.count, "case");
    fprintf(file, " %s scored by the convention ", set->cases.count == 1 ? "was" : "were");
    html_text(file, *set->cases.convention ? set->cases.convention : "?");
    fprintf(file, "; intervals are the 2.5th and 97.5th percentiles of %d bootstrap means over the cases.",
            report->bootstrap.draws);
    if (report->has_beside)
        fputs(
            " Pairs were compared by the bootstrap of their differences and by Wilcoxon's signed-rank test.",
            file);
}

/* --- JSON -------------------------------------------------------------------------------------------- */

/* A string; what could end the page's element is escaped. */
static void json_text(FILE *file, const char *text)
{
    char shown[JSON_BYTE_SIZE];
    fputc('"', file);
    for (; *text; text++) {
        const size_t length = json_byte(*text, "<>&", shown);
        fwrite(shown, 1, length, file);
    }
    fputc('"', file);
}

static void json_number(FILE *file, double value)
{
    if (isfinite(value))
        fprintf(file, "%.9g", value);
    else
        fputs(isnan(value) ? "null" : "\"inf\"", file);
}

/* A table of keys and values as an object. */
static void json_pairs(FILE *file, const char *name, const struct report_table *table)
{
    json_text(file, name);
    fputs(": {", file);
    for (size_t row = 0; row < table->rows; row++) {
        fputs(row ? ", " : "", file);
        json_text(file, report_cell(table, row, 0));
        fputs(": ", file);
        json_text(file, report_cell(table, row, 1));
    }
    fputs("},\n", file);
}

/* A table with names as an array of objects. */
static void json_rows(FILE *file, const char *name, const struct report_table *table)
{
    json_text(file, name);
    fputs(": [", file);
    for (size_t row = 1; row < table->rows; row++) {
        fputs(row > 1 ? ",\n {" : "\n {", file);
        for (size_t c = 0; c < table->columns; c++) {
            const double value = report_number(table, row, (int)c);
            fputs(c ? ", " : "", file);
            json_text(file, report_cell(table, 0, (int)c));
            fputs(": ", file);
            if (isnan(value))
                json_text(file, report_cell(table, row, (int)c));
            else
                json_number(file, value);
        }
        fputc('}', file);
    }
    fputs("],\n", file);
}

static void json_region(FILE *file, const struct report_set *set, size_t i, int r)
{
    const struct region_summary *about = &set->cases.items[i].region[r];
    size_t found = 0, extra = 0;
    for (size_t k = 0; k < about->reference.count; k++)
        found += about->reference.items[k].found;
    for (size_t k = 0; k < about->prediction.count; k++)
        extra += !about->prediction.items[k].found;
    json_text(file, report_region(set, r));
    fputs(": {", file);
    for (int m = 0; m < MEASURE_COUNT; m++) {
        fprintf(file, "\"%s\": ", measure_name(m));
        json_number(file, set->scores[i].region[r].value[m]);
        fputs(", ", file);
    }
    fprintf(file, "\"lesions\": %zu, \"lesions_found\": %zu, \"lesions_extra\": %zu, \"outside\": ",
            about->reference.count, found, extra);
    json_number(file, about->outside);
    fputc('}', file);
}

static void json_set(FILE *file, const struct report_set *set)
{
    fputs("{\"name\": ", file);
    json_text(file, set->name);
    fprintf(file, ",\n\"run\": %s,\n\"best_epoch\": %d,\n\"best_state_sha256\": \"%s\",\n\"convention\": ",
            set->is_run ? "true" : "false", set->best_epoch, set->state_digest);
    json_text(file, set->cases.convention);
    fputs(",\n", file);
    json_pairs(file, "settings", &set->settings);
    json_pairs(file, "circumstances", &set->circumstances);
    json_rows(file, "memory", &set->usage);
    json_rows(file, "log", &set->log);
    fputs("\"cases\": [", file);
    for (size_t i = 0; i < set->cases.count; i++) {
        fputs(i ? ",\n {\"case\": " : "\n {\"case\": ", file);
        json_text(file, set->scores[i].case_name);
        for (int r = 0; r < report_regions(set); r++) {
            fputs(", ", file);
            json_region(file, set, i, r);
        }
        fputc('}', file);
    }
    fputs("]}", file);
}

int report_json(FILE *file, const struct report *report)
{
    fputs("{\"report\": 1,\n\"set\": ", file);
    json_set(file, &report->set);
    if (report->has_beside) {
        fputs(",\n\"beside\": ", file);
        json_set(file, &report->beside);
    }
    fputs("}\n", file);
    return ferror(file) ? fail(STATUS_FAILURE, "out of memory") : STATUS_OK;
}

static int embed_json(FILE *file, const struct report *report)
{
    struct memory_stream json;
    FILE *memory = memory_stream_open(&json);
    if (!memory)
        return fail(STATUS_FAILURE, "out of memory");
    const int written = report_json(memory, report);
    int status = memory_stream_close(memory, &json);
    status = written ? written : status;
    char *coded = status ? NULL : base64_encode((const uint8_t *)json.text, json.size);
    if (!status && !coded)
        status = fail(STATUS_FAILURE, "out of memory");
    if (!status)
        fprintf(file,
                "<p>All numbers of this page: <a download=report.json "
                "href=\"data:application/json;base64,%s\">report.json</a>, "
                "%zu KiB.</p>\n",
                coded, (json.size + 1023) / 1024);
    free(coded);
    free(json.text);
    return status;
}

int item_methods(FILE *file, const struct report *report)
{
    fputs("<p>", file);
    if (report->set.settings.rows) {
        describe_network(file, &report->set);
        describe_training(file, &report->set);
    } else
        fputs("The predictions were made elsewhere. ", file);
    describe_scores(file, report);
    fputs(" Software: ", file);
    html_text(file, report_value(&report->set.circumstances, "version", "prunet " PRUNET_VERSION));
    fputs(".</p>\n", file);
    return embed_json(file, report);
}
