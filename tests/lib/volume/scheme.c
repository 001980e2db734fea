/* Schemes: what is built in, every line of the format, and texts that are refused by line and reason. */
#include "lib/volume/scheme.h"
#include "lib/base/error.h"
#include "tests/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MODALITY "modality ct\n"
#define LABELS "label 1 liver\nlabel 2 cyst\n"
#define REGIONS "region LIVER 1 2\nregion CYST 2\n"

static const struct label_scheme *read_text(const char *text)
{
    const struct label_scheme *scheme = NULL;
    int status = scheme_of_text(text, &scheme);
    check(!status, "a text of %zu bytes is read: %s", strlen(text), status ? error_message() : "");
    return scheme;
}

static void builtin(void)
{
    static const struct {
        const char *name, *values, *records, *regions;
        int rows[4];
    } wanted[] = {{"brats-2018", "0, 1, 2, 4", "brats-2018", "WT TC ET", {1, 2, 0}},
                  {"brats-2023", "0, 1, 2, 3", "brats-2018", "WT TC ET", {1, 2, 0}},
                  {"msd-brain", "0, 1, 2, 3", "brats-2018", "WT TC ET", {1, 2, 0}},
                  {"brats-2024", "0, 1, 2, 3, 4", "brats-2024", "WT TC ET RC", {1, 2, 0, 3}},
                  {"brats-ped", "0, 1, 2, 3, 4", "brats-ped", "WT TC ET NET CC ED", {1, 2, 0, 3}}};
    char names[NAME_LIST_SIZE];
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        const struct label_scheme *s = label_scheme_named(wanted[i].name);
        check(s && !strcmp(s->values, wanted[i].values) && !strcmp(s->records->name, wanted[i].records),
              "%s: %s, records of %s", wanted[i].name, wanted[i].values, wanted[i].records);
        region_names(s, names);
        int rows = !strcmp(names, wanted[i].regions);
        for (int r = 0; r < 4 && r < s->region_count; r++)
            rows &= s->regions[r].row == wanted[i].rows[r];
        check(rows, "%s: regions %s and their rows", wanted[i].name, wanted[i].regions);
        modality_names(s, names);
        check(!strcmp(names, "t1 t1ce t2 flair"), "%s: the modalities of all years", wanted[i].name);
        check(!strcmp(s->modalities[1].suffix[0], "_t1ce") && !strcmp(s->modalities[1].suffix[1], "-t1c") &&
                  !strcmp(s->modalities[4].suffix[0], "_seg") && s->modalities[3].decathlon == 0,
              "%s: their files", wanted[i].name);
        check(read_text(s->text) == s, "%s: its text is it", wanted[i].name);
    }
    check(label_scheme_named("2018") == record_scheme && label_scheme_named("brats-2018") == record_scheme,
          "2018 is the scheme of records without one");
    check(record_scheme->regions[REGION_TC].label == LABEL_CORE &&
              record_scheme->regions[REGION_WT].label == 2 &&
              record_scheme->regions[REGION_TC].colour[0] == 213,
          "labels that regions paint, and their colours");
    check(label_scheme_named("brats-2024")->label_of[4] == 4 &&
              label_scheme_named("brats-2023")->label_of[3] == 4,
          "2024 keeps its numbers, 2023 has the records of 2018");
}

static void own(void)
{
    const struct label_scheme *s =
        read_text("# organs\nscheme organs\nmodality ct _ct -ct1\nmodality pet\r\n"
                  "label 7 liver 1,2,3\nlabel 254 cyst\nlabel 3 spleen\n\n"
                  "region Liver 7 254 paints 7\nregion CYST 254 # small\n"
                  "region SPLEEN 3 paints nothing\nrows CYST SPLEEN Liver\n"
                  "volumes pet ct\nlesions CYST\nrule last\nlabelmap _mask -labels\n");
    check(!strcmp(s->values, "0, 3, 7, 254") && s->records == s && s->lesions == 1 && !s->highest, "labels");
    check(!strcmp(s->modalities[1].suffix[0], "_pet") && !strcmp(s->modalities[1].suffix[1], "-pet") &&
              !strcmp(s->modalities[0].suffix[1], "-ct1") && !strcmp(s->modalities[2].suffix[0], "_mask"),
          "ends of files, and what they are where nothing is said");
    check(s->modalities[0].decathlon == 1 && s->regions[0].row == 2 && s->regions[1].row == 0, "orders");
    check(!strcmp(s->regions[0].column, "liver") && s->regions[2].label == 0 && s->regions[0].colour[2] == 3,
          "columns, what is painted, colours");
    check(!strchr(s->text, '\n') && !strchr(s->text, '#') && read_text(s->text) == s, "one line, read again");
    check(label_of_value(s, 254) == 254 && label_of_value(s, 255) == LABEL_NONE &&
              label_of_value(s, 4) == LABEL_NONE,
          "numbers up to 254");
    static const float map[4] = {0, 254, 7, 3};
    static const uint8_t wanted[4] = {0, 3, 1, 4};
    uint8_t labels[4], bits[4];
    check(!labels_of_values(s, map, 4, labels) && !region_bits_of_labels(s, labels, 4, bits) &&
              !memcmp(bits, wanted, 4),
          "region bits of regions that do not nest");
}

static void rules(void)
{
    static const float p[] = {0.6f, 0.9f, 0.7f, 0.2f, NAN, /* A */ 0.8f, 0.6f, 0.7f, 0.4f, 0.6f /* B */};
    static const uint8_t last[5] = {2, 2, 2, 0, 2}, highest[5] = {2, 1, 2, 0, 2};
    uint8_t labels[5];
    const struct label_scheme *s = read_text("scheme a;"
                                             "modality ct;label 1 a;label 2 b;region A 1;region B 2");
    labels_of_regions(s, p, 5, labels);
    check(!memcmp(labels, last, 5), "rule last, the one without a line");
    s = read_text("scheme a;modality ct;label 1 a;label 2 b;region A 1;region B 2;rule highest");
    labels_of_regions(s, p, 5, labels);
    check(!memcmp(labels, highest, 5), "rule highest: the later of equals, NaN nothing");
    s = read_text("scheme a;modality ct;label 1 a;label 2 b;region A 1 2 paints 1;region B 2 paints nothing");
    labels_of_regions(s, p, 5, labels);
    check(labels[0] == 1 && labels[4] == 0, "a region that paints nothing");
}

/* Regions that are only scored are a file's: texts of records say nothing of them. */
static void scored(void)
{
    const struct label_scheme *s = label_scheme_named("brats-2024"), *other;
    check(s->scored_count == 2 && !strcmp(s->scored[0].name, "NETC") &&
              !strcmp(s->scored[1].column, "snfh") && s->scored[1].labels[0] == 2 && s->scored[1].row == 5 &&
              s->scored[0].colour[0] == 213,
          "brats-2024 scores NETC and SNFH besides");
    check(!strstr(s->text, "scored"), "which its text does not say");
    check(label_scored_bits(s, 2) == 0x21 && label_region_bits(s, 2) == 1 && label_scored_bits(s, 0) == 0,
          "their bits follow those of the regions");
    check(label_scored_bits(record_scheme, 1) == label_region_bits(record_scheme, 1), "none elsewhere");
    other = read_text("scheme a;modality ct;label 1 a;scored X 1;region A 1");
    check(other->scored_count == 1 && label_scored_bits(other, 1) == 3 && other->region_count == 1,
          "before the regions, too");
}

static void refused(void)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "a name, a modality"},
        {"scheme a\n" MODALITY LABELS, "a name, a modality"},
        {"scheme a\nscheme b\n", "line 2: expected is 'scheme NAME', once"},
        {"scheme a/b\n", "line 1: 'a/b' is no name"},
        {"\nsheme a\n", "line 2: no line begins with 'sheme'"},
        {"scheme a-name-that-is-much-longer-than-all-names\n", "line 1: 'a-name-that-is-m...' has more"},
        {"scheme a\nmodality ct\nmodality ct\n", "line 3: a second modality ct"},
        {"scheme a\nmodality ct ct\n", "line 2: 'ct' is no end of a file's name"},
        {"scheme a\nmodality ct _a _b _c _d _e\n", "line 2: more than 4 ends"},
        {"scheme a\nmodality \xc3\xa4\n", "line 2: a character that is not ASCII"},
        {"scheme a\nlabel 0 a\n", "line 2: expected is 'label NUMBER"},
        {"scheme a\nlabel 255 a\n", "a number within 1..254"},
        {"scheme a\nlabel 1.5 a\n", "a number within 1..254"},
        {"scheme a\nlabel 01 a\n", "a number within 1..254"},
        {"scheme a\nlabel 1 a\nlabel 1 b\n", "line 3: a second label 1"},
        {"scheme a\nlabel 1 a\nlabel 2 a\n", "line 3: a second label a"},
        {"scheme a\nlabel 1 a 1,2\n", "line 2: '1,2' is no colour"},
        {"scheme a\nlabel 1 a 1,2,256\n", "is no colour"},
        {"scheme a\nlabel 1 a 1,2,3 x\n", "line 2: 'x' is not understood"},
        {"scheme a\n" MODALITY LABELS "region A 1 1\n", "line 5: '1' is no number of a label, or twice"},
        {"scheme a\n" MODALITY LABELS "region A 3\n", "region A: there is no label 3"},
        {"scheme a\n" MODALITY LABELS "region A paints 1\n", "line 5: expected is 'paints'"},
        {"scheme a\n" MODALITY LABELS "region A 1 paints 2\n", "line 5: expected is 'paints'"},
        {"scheme a\n" MODALITY LABELS "region A 1\nregion a 2\n", "line 6: a second region a"},
        {"scheme a\n" MODALITY LABELS "region A 1 2\n",
         "region A: which label it gives a voxel is not clear"},
        {"scheme a\n" MODALITY LABELS REGIONS "rule highest\n", "rule highest: label 2 is in two regions"},
        {"scheme a\n" MODALITY LABELS REGIONS "rule best\n", "line 7: expected is 'rule last'"},
        {"scheme a\n" MODALITY LABELS REGIONS "rows CYST\n", "rows: each region is to be named once"},
        {"scheme a\n" MODALITY LABELS REGIONS "rows CYST CYST\n", "rows: each region"},
        {"scheme a\n" MODALITY LABELS REGIONS "volumes mr\n", "volumes: each modality"},
        {"scheme a\n" MODALITY LABELS REGIONS "lesions X\n", "lesions: there is no region X"},
        {"scheme a\n" MODALITY LABELS REGIONS "scored liver 1\n", "line 7: a second region liver"},
        {"scheme a\n" MODALITY LABELS REGIONS "scored X 1\nscored x 2\n", "line 8: a second region x"},
        {"scheme a\n" MODALITY LABELS REGIONS "scored X 3\n", "region X: there is no label 3"},
        {"scheme a\n" MODALITY LABELS REGIONS "scored X 1 1\n",
         "line 7: '1' is no number of a label, or twice"},
        {"scheme a\n" MODALITY LABELS REGIONS "scored X\n", "line 7: expected is 'scored NAME NUMBER...'"},
        {"scheme a\n" MODALITY LABELS REGIONS "scored X 1 paints 1\n", "line 7: what is only scored paints"},
        {"scheme a\n" MODALITY LABELS REGIONS
         "scored C 1\nscored D 1\nscored E 1\nscored F 1\nscored G 1\nscored H 1\nscored I 1\n",
         "line 13: more than 8 regions"},
        {"scheme a\nrecords b\n", "line 2: 'b' is no scheme of records"},
        {"scheme a\nrecords brats-2023\n", "line 2: 'brats-2023' is no scheme of records"},
        {"scheme a\nrecords brats-2018\n" MODALITY LABELS REGIONS,
         "label liver: records have no label liver"},
        {"scheme a\n" MODALITY "label 1 a as b\nregion A 1\n", "label a: records have no label b"},
        {"scheme a\nmodality ct _x\nmodality pet _x\n" LABELS REGIONS, "ct and pet: their files end alike"},
        {"scheme a\nmodality seg\n" LABELS REGIONS, "seg and seg: their files end alike"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct label_scheme *scheme;
        int status = scheme_of_text(cases[i].text, &scheme);
        check(status == STATUS_DATA && strstr(error_message(), cases[i].message), "refused: %s",
              status ? error_message() : cases[i].text);
    }
}

/* As many modalities, labels and regions as there may be; then one more. */
static void limits(void)
{
    const struct label_scheme *scheme;
    for (int more = 0; more < 4; more++) {
        char *text = NULL;
        size_t size = 0;
        FILE *file = open_memstream(&text, &size);
        fprintf(file, "scheme big\n");
        for (int m = 0; m < 64 + (more == 1); m++)
            fprintf(file, "modality m%d\n", m);
        for (int l = 1; l <= 254 + (more == 2); l++)
            fprintf(file, "label %d label-of-a-long-name-%d 1,2,3\n", l, l);
        for (int r = 1; r <= 8 + (more == 3); r++)
            fprintf(file, "region R%d %d\n", r, r);
        fclose(file);
        int status = scheme_of_text(text, &scheme);
        check(more ? status == STATUS_DATA : !status && scheme->label_count == 254, "limits: %s",
              status ? error_message() : "64 modalities, 254 labels and 8 regions are read");
        free(text);
    }
    char *large = malloc(40000);
    memset(large, '\n', 39999);
    large[39999] = 0;
    check(scheme_of_text(large, &scheme) == STATUS_DATA && strstr(error_message(), "32768"),
          "a text too long");
    free(large);
}

static void files(void)
{
    const struct label_scheme *scheme;
    char path[256];
    snprintf(path, sizeof path, "%s/organs", getenv("TMPDIR"));
    FILE *file = fopen(path, "w");
    fprintf(file, "scheme organs\n" MODALITY LABELS REGIONS);
    fclose(file);
    check(!scheme_find(path, &scheme) && !strcmp(scheme->name, "organs"), "a file");
    file = fopen(path, "w");
    fprintf(file, "scheme organs\nwhat\n");
    fclose(file);
    check(scheme_find(path, &scheme) == STATUS_DATA && strstr(error_message(), "organs: line 2:"),
          "a file that is none: %s", error_message());
    check(scheme_find("1999", &scheme) == STATUS_USAGE && strstr(error_message(), "brats-2024"),
          "no scheme: %s", error_message());
    check(scheme_find("", &scheme) == STATUS_USAGE, "an empty name");
    check(scheme_find(getenv("TMPDIR"), &scheme), "a folder: %s", error_message());
}

static void dataset(const char *json, int wanted, const char *says)
{
    const struct label_scheme *scheme;
    char path[256];
    snprintf(path, sizeof path, "%s/dataset.json", getenv("TMPDIR"));
    FILE *file = fopen(path, "w");
    fputs(json, file);
    fclose(file);
    int status = scheme_find(path, &scheme);
    const char *got = status ? error_message() : scheme->text;
    check(status == wanted && strstr(got, says), "dataset.json: %s", got);
}

#define CHANNELS "\"channel_names\": {\"0\": \"CT\", \"1\": \"PET scan\"}, "

static void datasets(void)
{
    dataset("{" CHANNELS "\"labels\": {\"background\": 0, \"left lung\": 1, \"liver\": 2}}", STATUS_OK,
            "scheme dataset; modality ct; modality pet_scan; label 1 left_lung; region left_lung 1; label 2 "
            "liver; "
            "region liver 2; rule highest");
    dataset("{\"name\": \"Gliomas\", \"channel_names\": {\"T1-Gd\": 1, \"T2w\": 0}, \"labels\": "
            "{\"background\": 0, "
            "\"WT\": [1, 2, 3], \"TC\": [2, 3], \"ET\": 3}, \"regions_class_order\": [1, 2, 3]}",
            STATUS_OK,
            "scheme Gliomas; modality t2 _t2 -t2w; modality t1ce _t1ce -t1c _t1gd; label 1 label1; label 2 "
            "label2; "
            "label 3 label3; region WT 1 2 3 paints 1; region TC 2 3 paints 2; region ET 3 paints 3");
    dataset("{\"modality\": {\"0\": \"CT\"}, \"labels\": {\"0\": \"background\", \"1\": \"spleen\"}}",
            STATUS_OK, "modality ct; label 1 spleen; region spleen 1");
    dataset("{" CHANNELS "\"labels\": {\"a\": 1, \"ignore\": 2}}", STATUS_DATA, "to be ignored");
    dataset("{" CHANNELS "\"labels\": {\"a\": 1.5}}", STATUS_DATA, "'a' is no number");
    dataset("{" CHANNELS "\"labels\": {\"a\": []}}", STATUS_DATA, "'a' has no number");
    dataset("{" CHANNELS "\"labels\": {\"a\": [1, 2]}}", STATUS_DATA, "which label it gives");
    dataset("{" CHANNELS "\"labels\": {\"a\": [1, 2]}, \"regions_class_order\": [1, 2]}", STATUS_DATA,
            "more numbers");
    dataset("{" CHANNELS "\"labels\": {\"a\": 1, \"b\": 2}, \"regions_class_order\": [1]}", STATUS_DATA,
            "no number for 'b'");
    dataset("{" CHANNELS "\"labels\": {\"a b\": 1, \"a_b\": 2}}", STATUS_DATA, "a second label a_b");
    dataset("{" CHANNELS "\"labels\": [1]}", STATUS_DATA, "no labels");
    dataset("{\"channel_names\": {\"1\": \"CT\"}, \"labels\": {\"a\": 1}}", STATUS_DATA,
            "channel 0 of 1 has no name");
    dataset("{\"labels\": {\"a\": 1}}", STATUS_DATA, "no channel_names");
    dataset("{\"labels\": ", STATUS_DATA, "dataset.json");
}

static void records(void)
{
    const struct label_scheme *scheme = read_text("scheme organs\n" MODALITY LABELS REGIONS), *found;
    struct record record = {.case_name = "case", .role = ROLE_LABEL};
    check(!scheme_of_record(&record, &found) && found == record_scheme, "a record that names no scheme");
    check(!scheme_note(&record, label_scheme_named("2023")) && !record.keys, "nor does one of brats-2023");
    check(!scheme_note(&record, scheme) && !scheme_of_record(&record, &found) && found == scheme,
          "a record's scheme");
    record_set_key(&record, "prunet.scheme", "scheme a; what");
    check(scheme_of_record(&record, &found) == STATUS_DATA &&
              strstr(error_message(), "prunet.scheme: line 2: no line"),
          "a record's scheme that is none: %s", error_message());
    record_free(&record);
    char fit[SCHEME_ADVICE_SIZE];
    static const float four[] = {0, 4, 1}, three[] = {3, 0, 2}, five[] = {5};
    schemes_that_fit(four, 3, fit);
    check(!strcmp(fit, "brats-2018, brats-2024, brats-ped"), "what numbers fit: %s", fit);
    schemes_that_fit(three, 3, fit);
    check(!strcmp(fit, "brats-2023, brats-2024, brats-ped, msd-brain"), "what numbers fit: %s", fit);
    schemes_that_fit(five, 1, fit);
    check(!*fit, "numbers that nothing fits");
}

int main(void)
{
    builtin();
    own();
    rules();
    scored();
    refused();
    limits();
    files();
    datasets();
    records();
    return check_exit();
}
