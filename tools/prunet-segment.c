/* prunet-segment: a case's NIfTI files to its label map, in one step. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/output.h"
#include "lib/base/progress.h"
#include "lib/network/backend_choice.h"
#include "lib/network/segment_case.h"
#include "lib/report/chosen_model.h"
#include "lib/stream/nifti_write.h"
#include "lib/volume/bids_write.h"
#include "lib/volume/case_operands.h"
#include "lib/volume/regions.h"
#include "lib/volume/resample.h"
#include "lib/volume/scheme.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct request {
    struct chosen_model model;
    const char *out, *name, *scheme, *spacing;
    const struct label_scheme *numbers; /* that --scheme names, or NULL */
    const char *file[MODALITIES];       /* --t1 and so on; NULL: not given */
    bool flips, no_header, bids;
    struct tiling_choice windows;
    struct backend_choice backend;
    struct segment_settings settings;
};

static bool is_nifti(const char *path)
{
    const size_t length = strlen(path);
    return (length > 4 && !strcmp(path + length - 4, ".nii")) ||
           (length > 7 && !strcmp(path + length - 7, ".nii.gz"));
}

/* Where a case's label map goes: OUT itself, or a file of the case's name in the folder OUT. */
static int target_of(const struct request *request, const struct nifti_case *files, char **path)
{
    if (request->bids)
        return bids_map_path(request->out, files, path);
    const bool made = is_nifti(request->out) ? (*path = strdup(request->out)) != NULL
                                             : asprintf(path, "%s/%s.nii.gz", request->out, files->name) >= 0;
    return made ? STATUS_OK : fail(STATUS_FAILURE, "out of memory");
}

/* The scheme whose numbers a label map gets: that of --scheme; else, for a model of BraTS' labels, the data's where its layout says
 * which that is; NULL: the model's. Children's cases have labels that such a model does not know. */
static const struct label_scheme *numbers_of(const struct request *request, const struct nifti_case *files)
{
    if (request->numbers || data_scheme->records != record_scheme)
        return request->numbers;
    if (files->layout == LAYOUT_DECATHLON && files->images == 1)
        return label_scheme_named("msd");
    return files->layout == LAYOUT_BRATS_2023 && strncmp(files->name, "BraTS-PED-", 10)
               ? label_scheme_named("2023")
               : NULL;
}

/* The folder OUT is made when there is something to put there. */
static int write_map(const struct request *request, const char *path, const struct record *map)
{
    struct output output;
    if (!is_nifti(request->out) && mkdir(request->out, 0777) && errno != EEXIST)
        return fail_errno(STATUS_FAILURE, "%s: cannot be made", request->out);
    int status = request->bids ? bids_prepare(request->out, path,
                                              request->numbers ? request->numbers : data_scheme->records)
                               : STATUS_OK;
    if (!status)
        status = output_open(&output, path, true);
    if (status)
        return status;
    status = nifti_write(&output, map, nifti_name_compressed(path));
    if (!status)
        return output_commit(&output);
    output_discard(&output);
    return status;
}

/* The modalities that a case lacks, with commas between; "-" where it has all. */
static void missing_of(const struct nifti_case *files, char missing[NAME_LIST_SIZE])
{
    const uint64_t absent = nifti_case_absent(files);
    *missing = 0;
    for (int i = 0; i < files->images; i++)
        if (absent >> i & 1) {
            strcat(missing, *missing ? "," : "");
            strcat(missing, modalities[i].name);
        }
    if (!absent)
        strcpy(missing, "-");
}

struct rows {
    struct output table;
    bool header; /* is still to come, before the first row: an error of the first case has none above it */
};

static int print_header(struct output *table)
{
    char columns[NAME_LIST_SIZE], *rest = columns;
    region_columns(data_scheme, columns);
    int status = output_print(table, "case");
    for (char *column; !status && (column = strsep(&rest, " "));)
        status = output_print(table, "\t%s_ml", column);
    return status ? status : output_print(table, "\tmissing\tlabel_map\n");
}

static int print_row(struct rows *rows, const struct nifti_case *files, const double volumes[],
                     const char *path)
{
    struct output *table = &rows->table;
    char missing[NAME_LIST_SIZE];
    missing_of(files, missing);
    int status = rows->header ? print_header(table) : STATUS_OK;
    rows->header = false;
    if (!status)
        status = output_print(table, "%s", files->name);
    for (int r = 0; !status && r < data_scheme->region_count; r++)
        status = output_print(table, "\t%.2f", volumes[r]);
    return status ? status : output_print(table, "\t%s\t%s\n", missing, path);
}

/* A model may say how well it does without them: its metadata without.t1.t2, "Dice ...". */
static void warn_of_missing(const struct ensemble *ensemble, const struct nifti_case *files)
{
    char missing[NAME_LIST_SIZE], key[NAME_LIST_SIZE + 16], odd[NAME_MAX + 32] = "";
    missing_of(files, missing);
    snprintf(key, sizeof key, "without.%s", missing);
    for (char *c = key; *c; c++)
        *c = *c == ',' ? '.' : *c;
    if (files->odd_image)
        snprintf(odd, sizeof odd, ", and %s is none by its name", files->odd_image);
    const char *scores = ensemble_note(ensemble, key);
    if (scores)
        warn("case %s: there is no %s%s: what the network has scored without: %s", files->name, missing, odd,
             scores);
    else
        warn("case %s: there is no %s%s: the network sees 0 there, and unless it was trained so "
             "(DROP_MODALITY) what depends on it is not to be trusted",
             files->name, missing, odd);
}

/* One network, or the mean of several, as the request has it. */
static int open_networks(const struct request *request, int count, const char *const *paths,
                         struct ensemble **ensemble)
{
    int status = ensemble_open(ensemble, &request->backend, count, paths, request->flips);
    if (status || !(status = ensemble_set_windows(*ensemble, &request->windows)))
        return status;
    ensemble_close(*ensemble);
    *ensemble = NULL;
    return status;
}

/* `lacking` segments cases that lack a modality, where the model has one for them; it is opened for the first of them. */
struct networks {
    struct ensemble *whole, *lacking;
};

static int networks_for(const struct request *request, const struct nifti_case *files,
                        struct networks *networks, struct ensemble **chosen)
{
    const bool lacking = request->model.lacking && nifti_case_absent(files);
    const int status = lacking && !networks->lacking
                           ? open_networks(request, 1, &request->model.lacking, &networks->lacking)
                           : STATUS_OK;
    *chosen = lacking ? networks->lacking : networks->whole;
    return status;
}

static int segment_one(const struct request *request, struct networks *networks,
                       const struct nifti_case *files, struct rows *rows)
{
    struct ensemble *ensemble;
    double volumes[SCHEME_REGIONS_MAX];
    struct record map;
    char *path = NULL;
    int status = target_of(request, files, &path);
    if (!status)
        status = networks_for(request, files, networks, &ensemble);
    if (!status) {
        if (nifti_case_absent(files))
            warn_of_missing(ensemble, files);
        status = segment_case(ensemble, files, &request->settings, &map);
    }
    if (!status) {
        region_volumes(data_scheme, &map, volumes);
        const struct label_scheme *numbers = numbers_of(request, files);
        status = numbers ? labels_renumber(&map, numbers) : STATUS_OK;
        if (!status)
            status = write_map(request, path, &map);
        if (!status && request->bids)
            status = bids_write_sidecar(path, files);
        if (!status)
            status = print_row(rows, files, volumes, path);
        record_free(&map);
    }
    free(path);
    return status;
}

/* One case that cannot be segmented does not keep the others from it. */
static int segment_all(const struct request *request, struct networks *networks, const struct case_list *list,
                       struct rows *rows)
{
    struct progress progress;
    size_t left_out = 0;
    int status = STATUS_OK;
    progress_start(&progress, "case", list->count);
    for (size_t i = 0; i < list->count && !status; i++) {
        const struct nifti_case *files = &list->row[i].files;
        status = segment_one(request, networks, files, rows);
        if (status)
            fail_in(status, "%s", files->name);
        if (status == STATUS_DATA && list->count > 1) {
            progress_end(&progress);
            report(status);
            left_out++;
            status = STATUS_OK;
        }
        progress_advance(&progress, files->name, NULL);
    }
    progress_end(&progress);
    return status || !left_out ? status
                               : fail(STATUS_DATA, "%zu of %zu cases were left out", left_out, list->count);
}

/* The rows are printed, too, when a case fails. */
static int print_all(const struct request *request, struct networks *networks, const struct case_list *list)
{
    struct rows rows = {.header = !request->no_header};
    int status = output_open(&rows.table, NULL, false);
    if (!status)
        status = segment_all(request, networks, list, &rows);
    if (status == STATUS_OK)
        return output_commit(&rows.table);
    output_discard(&rows.table);
    return status;
}

static bool is_folder(const char *path)
{
    struct stat about;
    return !stat(path, &about) && S_ISDIR(about.st_mode);
}

static int list_cases(const struct request *request, int count, char *const *operands, struct case_list *list)
{
    if (count == 1 && is_folder(operands[0]))
        return cases_of_folder(list, operands[0]);
    const char *files[MODALITIES_MAX] = {NULL};
    for (int i = 0; i < MODALITIES; i++)
        for (int m = 0; m < data_scheme->modality_count; m++)
            if (request->file[i] && !strcmp(modalities[m].name, record_scheme->modalities[i].name))
                files[m] = request->file[i];
    return case_of_files(list, count ? count : data_scheme->modality_count,
                         count ? (const char *const *)operands : files, request->name);
}

static bool keeps_spacing(const struct request *request)
{
    return request->spacing && !strcmp(request->spacing, "keep");
}

static int run(struct request *request, int count, char *const *operands)
{
    struct case_list list = {0};
    struct networks networks = {NULL, NULL};
    int status = list_cases(request, count, operands, &list);
    if (!status && list.count > 1 && is_nifti(request->out))
        status = fail(STATUS_USAGE, "%s: %zu label maps need a folder", request->out, list.count);
    if (!status)
        status =
            open_networks(request, request->model.files.count, request->model.files.values, &networks.whole);
    if (!status)
        status = chosen_model_settle(&request->model, networks.whole, &request->settings);
    if (!status)
        status = print_all(request, &networks, &list);
    ensemble_close(networks.whole);
    ensemble_close(networks.lacking);
    case_list_free(&list);
    return status;
}

static void check_usage(struct request *request, int count)
{
    bool named = false;
    for (int i = 0; i < MODALITIES; i++)
        named = named || request->file[i];
    if (!request->out)
        usage_error("-o OUT is needed, or OUT as the last operand");
    if (named && count)
        usage_error("--t1, --t1ce, --t2 and --flair name the files: no operand can stand beside them");
    if (!named && !count)
        usage_error("0 operands: give T1 T1CE T2 FLAIR, or a folder");
    if (request->bids && is_nifti(request->out))
        usage_error("--bids: OUT is a folder, such as DATA/derivatives/prunet");
    if (tiling_check(&request->windows))
        usage_error("%s", error_message());
    request->model.spacing_given = request->spacing;
    if (request->spacing && !keeps_spacing(request) &&
        spacing_parse(request->settings.spacing, request->spacing))
        usage_error("%s, or keep", error_message());
}

/* The words of the command line must fit the model's scheme. */
static int check_words(struct request *request, int count)
{
    char names[NAME_LIST_SIZE];
    int status;
    if (request->scheme && (status = scheme_find(request->scheme, &request->numbers)))
        return fail_in(status, "--scheme");
    modality_names(data_scheme, names);
    if (count > 1 && count != data_scheme->modality_count)
        return fail(STATUS_USAGE, "%d operands: give one for each of %s, or a folder", count, names);
    for (int i = 0; i < MODALITIES; i++) {
        const char *name = record_scheme->modalities[i].name;
        int m = 0;
        while (m < data_scheme->modality_count && strcmp(modalities[m].name, name))
            m++;
        if (request->file[i] && m == data_scheme->modality_count)
            return fail(STATUS_USAGE, "--%s: the model takes %s", name, names);
    }
    return STATUS_OK;
}

/* Without -o the last of several operands is OUT; the operands that are left. */
static int take_out(struct request *request, int count, char *const *operands)
{
    if (request->out || count < 2)
        return count;
    request->out = operands[count - 1];
    return count - 1;
}

int main(int argc, char **argv)
{
    struct request request = {.windows = TILING_DEFAULT};
    const struct option_spec options[] = {
        {"model", 'm', OPTION_TEXTS, &request.model.files, "MODEL",
         "weights, or a run's folder: its best (the starter); several: their mean"},
        {"t1", 0, OPTION_TEXT, &request.file[0], "FILE", "the T1 image; any of the four may be missing"},
        {"t1ce", 0, OPTION_TEXT, &request.file[1], "FILE", "the T1 image with a contrast agent"},
        {"t2", 0, OPTION_TEXT, &request.file[2], "FILE", "the T2 image"},
        {"flair", 0, OPTION_TEXT, &request.file[3], "FILE", "the FLAIR image"},
        {"case", 'c', OPTION_TEXT, &request.name, "NAME", "name of the case (from the first file)"},
        {"scheme", 0, OPTION_TEXT, &request.scheme, "NAME",
         "number the label map as this scheme or its file does (as the data, the model)"},
        {"bids", 0, OPTION_FLAG, &request.bids, NULL,
         "OUT becomes a data set of BIDS' derivatives, for cases that come from BIDS"},
        {"crop", 0, OPTION_SIZE, request.settings.crop, "XxYxZ",
         "voxels about the brain that the network sees (the model's, else 160x192x160 mm)"},
        {"spacing", 0, OPTION_TEXT, &request.spacing, "XxYxZ",
         "mm that voxels are brought to, or keep (the model's, else 1x1x1)"},
        {"flip-tta", 0, OPTION_FLAG, &request.flips, NULL,
         "mean over the eight flips of the image (eight times the work)"},
        TILING_OPTIONS(request.windows),
        {"nan-to-zero", 0, OPTION_FLAG, &request.settings.nifti.nan_to_zero, NULL,
         "read non-finite voxels as 0"},
    };
    const struct tool tool = {
        .name = "prunet-segment",
        .usage = "[OPTION...] CASE | DATA OUT\n"
                 "[OPTION...] -o OUT.nii.gz T1 T1CE T2 FLAIR | IMAGE4D\n"
                 "[OPTION...] -o OUT.nii.gz [--t1 FILE] [--t1ce FILE] [--t2 FILE] [--flair FILE]",
        .summary =
            "Makes label maps, on the grids of the images: of the case in a folder, of all cases of a\n"
            "data set (OUT is then a folder, which gets NAME.nii.gz), or of files. Prints a row a case:\n"
            "millilitres of each region, the modalities that are missing, the label map's file. It does\n"
            "what nii2raw | crop | standardize | prunet-infer --label-map | raw2nii do, in one process.\n\n"
            "Images must be without skull and registered to each other. A case whose voxels are not of the\n"
            "model's size, by more than a twentieth, is resampled to it, which is said, and its "
            "probabilities\n"
            "back. A case that cannot be segmented is named and left out; the status is then 65.",
        .options = options,
        .count = OPTION_COUNT(options),
        .common = {BACKEND_OPTIONS(request.backend), .output = &request.out,
                   .max_bytes = &request.settings.nifti.max_bytes, .no_header = &request.no_header},
        .notes =
            "Labels are numbered as --scheme does. Without it those of a model of BraTS' labels are numbered "
            "as\n"
            "the data are where their layout says it: with an enhancing tumour of 3 for cases called as in "
            "2023 and\n"
            "later (-t1n), as the Decathlon's (1 oedema, 2 core, 3) for its images of four dimensions; else "
            "as the\n"
            "records that the model was trained on: 1 core, 2 oedema, 4 enhancing tumour, or its own "
            "scheme's.\n"
            "Without --model a case that lacks a modality is segmented by a second model of the box, which "
            "says "
            "what\n"
            "it has scored without that one (data/models/README.md).\n"
            "Files of a folder are found as nii2raw --dir and list-cases find them. Without -o the last "
            "operand is OUT.\n"
            "--bids, with an OUT such as DATA/derivatives/prunet: OUT/sub-X/[ses-Y/]anat/NAME_dseg.nii.gz "
            "and\n"
            ".json, OUT/dseg.tsv with the labels, OUT/dataset_description.json.",
        .example = "prunet-segment BraTS2021_00006 segmented",
    };
    int first = options_parse(&tool, argc, argv);
    const int count = take_out(&request, argc - first, argv + first);
    check_usage(&request, count);
    int status = chosen_model_find(&request.model);
    if (!status)
        status = chosen_model_read(&request.model, &request.settings);
    if (!status)
        status = check_words(&request, count);
    if (!status)
        status = run(&request, count, argv + first);
    return status ? report(status) : STATUS_OK;
}
