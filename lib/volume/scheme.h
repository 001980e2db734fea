/* Schemes by name, by file and by what a record says: each is read once and stays as long as the process. */
#ifndef PRUNET_VOLUME_SCHEME_H
#define PRUNET_VOLUME_SCHEME_H

#include "lib/base/options.h"
#include "lib/stream/record.h"
#include "lib/volume/labels.h"

/* The scheme that --scheme names: one that is built in (brats-2018, brats-2023, brats-2024, brats-ped,
 * msd-brain, or by their older names 2018, 2023, msd), one of that name among
 * the schemes that are installed with the program (lib/base/install.h), or a file: a scheme (docs/FORMAT.md), or, where its name ends
 * with .json, a dataset.json of nnU-Net. STATUS_USAGE for a name that is none of them; STATUS_DATA, naming
 * file and line, for what is no scheme. */
int scheme_find(const char *name, const struct label_scheme **scheme);

/* The option, and what it names as data_scheme, which stays as it is for NULL. */
#define SCHEME_OPTION(target)                                                                                \
    {                                                                                                        \
        "scheme", 0, OPTION_TEXT, target, "NAME",                                                            \
            "labels, regions and modalities: a scheme's name or file (brats-2018)"                           \
    }
int data_scheme_choose(const char *name);
void data_scheme_use(const struct label_scheme *scheme);

/* The scheme that a text describes, which a record, a state or a dataset.json says: a known one of that text,
 * whatever it scores besides. */
int scheme_of_text(const char *text, const struct label_scheme **scheme);

/* The scheme of a record's labels or regions: what its key prunet.scheme says, record_scheme without one.
 * STATUS_DATA for a text that is no scheme. */
int scheme_of_record(const struct record *record, const struct label_scheme **scheme);

/* Notes the scheme of records in a label, mask or prob record; record_scheme needs no note. */
int scheme_note(struct record *record, const struct label_scheme *scheme);

/* Those that are built in, one after another; NULL behind the last. */
const struct label_scheme *scheme_builtin(size_t index);

/* "brats-2018, brats-2023, ...": the names that are built in, for messages; static memory. */
const char *scheme_names(void);

/* "brats-2023, msd-brain": which of the schemes that are built in have all numbers
 * of a label map; "" for none. */
enum { SCHEME_ADVICE_SIZE = 32 * (SCHEME_NAME_SIZE + 2) };
void schemes_that_fit(const float *values, size_t voxels, char advice[SCHEME_ADVICE_SIZE]);

#endif
