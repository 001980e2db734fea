/* list-cases: the cases of a data set and their files. */
#include "lib/base/error.h"
#include "lib/base/options.h"
#include "lib/base/output.h"
#include "lib/volume/case_list.h"
#include "lib/volume/dataset_scheme.h"
#include "lib/volume/scheme.h"
#include <stdlib.h>

static bool labelled, with_layout, own_scheme, no_header;
static const char *output_path, *scheme;

static const struct option_spec options[] = {
    {"labelled", 0, OPTION_FLAG, &labelled, NULL,
     "refuse cases without a label map; leave those of imagesTs out"},
    {"layout", 0, OPTION_FLAG, &with_layout, NULL, "add a column: the layout that each case is in"},
    {"own-scheme", 0, OPTION_FLAG, &own_scheme, NULL,
     "print DATA/dataset.json where that is to be the --scheme, else nothing"},
    SCHEME_OPTION(&scheme),
};

static const struct tool tool = {
    .name = "list-cases",
    .usage = "[--labelled] [--layout] [-o OUT] DATA\n--own-scheme [-o OUT] DATA",
    .summary =
        "Prints a row for each case of the folder DATA, sorted by name: its name, its folder, its label map\n"
        "and the file of each modality; - where there is none. A case is a folder with .nii or .nii.gz\n"
        "files, in DATA or one level below it (HGG, LGG), and is named after its folder. Files are found\n"
        "as nii2raw --dir finds them; none is opened.\n\n"
        "Layouts: " LAYOUT_NAMES ".\n"
        "A case's files end with _t1 _t1ce _t2 _flair _seg, with -t1n -t1c -t2w -t2f -seg, or with t1, t1c,\n"
        "t1ce or t1gd, t2, fla or flair, seg, alone or behind a name and _ or -. Files of several cases lie\n"
        "in imagesTr and imagesTs, CASE_0000.nii.gz of nnU-Net or CASE.nii.gz of four dimensions of the\n"
        "Decathlon, whose dataset.json says which is which modality, with label maps in labelsTr; or in\n"
        "sub-*/[ses-*/]anat of BIDS, with label maps (_dseg) in derivatives. A file of four dimensions\n"
        "stands in the column of each modality.",
    .options = options,
    .count = OPTION_COUNT(options),
    .common = {.output = &output_path, .no_header = &no_header},
    .notes =
        "Passed over: what lies below a case's folder, names that begin with a dot, folders that other\n"
        "systems leave (__MACOSX), links that lead back to DATA or above it. Refused with status 65, each\n"
        "named: a folder whose name is no case name, two of one name, a file that is there twice, files of\n"
        "two patients in one folder. DATA without any case is refused, too.\n"
        "PRUNET_CASE_NAMES is the path of a list that gives such cases other names, a line each: FOLDER, a "
        "tab,\n"
        "NAME; FOLDER is its name, or so much of the end of its path as tells it from others. All tools and\n"
        "stages that find cases heed it.\n\n"
        "--own-scheme: the scheme brats-2018, which is taken where none is named, reads many a data set as "
        "it\n"
        "is. Where nnU-Net's or the Decathlon's dataset.json names other modalities than BraTS', or labels "
        "of\n"
        "other numbers, that file is the scheme: the line that is printed. The stages go by it.",
    .example = "list-cases /data/BraTS2018 | cut -f 1",
};

static int print_file(struct output *output, const char *file)
{
    return output_print(output, "\t%s", file ? file : "-");
}

static int print_row(struct output *output, const struct listed_case *listed)
{
    int status = output_print(output, "%s\t%s", listed->files.name, listed->folder);
    if (!status)
        status = print_file(output, listed->files.label);
    for (int i = 0; !status && i < data_scheme->modality_count; i++)
        status = print_file(output, listed->files.image[listed->files.images == 1 ? 0 : i]);
    if (!status && with_layout)
        status = output_print(output, "\t%s", layout_name(listed->files.layout));
    return status ? status : output_print(output, "\n");
}

static int print_header(struct output *output)
{
    int status = output_print(output, "case\tfolder\tlabel");
    for (int i = 0; !status && i < data_scheme->modality_count; i++)
        status = output_print(output, "\t%s", modalities[i].name);
    if (!status && with_layout)
        status = output_print(output, "\tlayout");
    return status ? status : output_print(output, "\n");
}

static int print_list(const struct case_list *list)
{
    struct output output;
    int status = output_open(&output, output_path, false);
    if (!status && !no_header)
        status = print_header(&output);
    for (size_t i = 0; !status && i < list->count; i++)
        status = print_row(&output, &list->row[i]);
    if (!status)
        return output_commit(&output);
    output_discard(&output);
    return status;
}

/* The file that says DATA's scheme, where one is needed: a line, or none. */
static int print_own_scheme(const char *data)
{
    struct output output;
    char *path;
    int status = dataset_scheme_find(data, &path);
    if (status)
        return status;
    if (!(status = output_open(&output, output_path, false)))
        status = path ? output_print(&output, "%s\n", path) : STATUS_OK;
    if (!status)
        status = output_commit(&output);
    output_discard(&output);
    free(path);
    return status;
}

int main(int argc, char **argv)
{
    struct case_list list;
    int first = options_parse(&tool, argc, argv);
    if (argc - first != 1)
        usage_error("%d folders: one is expected", argc - first);
    if (own_scheme && (labelled || with_layout || scheme))
        usage_error("--own-scheme goes alone");
    int status = own_scheme ? print_own_scheme(argv[first]) : data_scheme_choose(scheme);
    if (status || own_scheme)
        return status ? report(status) : STATUS_OK;
    status = case_list_read(&list, argv[first], labelled);
    if (!status)
        status = print_list(&list);
    case_list_free(&list);
    return status ? report(status) : STATUS_OK;
}
