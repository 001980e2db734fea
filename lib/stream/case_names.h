/* Cases by name: what is a case's name, the lists that name them, and the order they are taken in. */
#ifndef PRUNET_STREAM_CASE_NAMES_H
#define PRUNET_STREAM_CASE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* One name --------------------------------------------------------------------------------------------- */

enum { CASE_NAME_SIZE = 65 };

/* Whether the text is a case name: [A-Za-z0-9._-]{1,64}, not starting with '.' or '-'. */
bool case_name_valid(const char *text);

/* Makes a case name of the first `length` characters of a text: cut to what a name can hold, and '_' in
 * place of each character that it cannot. `otherwise` is the name where length is 0. */
void case_name_make(const char *text, size_t length, const char *otherwise, char name[CASE_NAME_SIZE]);

/* The case that a file of labels or probabilities belongs to by its name: without folders and .nii,
 * .nii.gz or .nrrd, made as above; "_" where nothing is left. */
void case_name_of_path(const char *path, char name[CASE_NAME_SIZE]);

/* What follows the last slash of a path. */
const char *path_file(const char *path);

/* Lists ------------------------------------------------------------------------------------------------ */

/* One name a line; also used for lists of files. */
struct names {
    size_t count, capacity;
    char **name;
};

/* Reads lines up to the end of FILE and sorts them by bytes; empty lines are skipped. `path` is for
 * messages. A line over 4095 bytes and a name that appears twice are STATUS_DATA. */
int names_read(struct names *names, FILE *file, const char *path);

/* Puts the names into a random order that is a function of `key` and the set of names alone: sorted by
 * random_bits(random_key(key, name), 0), equal numbers by the name itself. STATUS_FAILURE without memory. */
int names_shuffle(struct names *names, uint64_t key);

/* Adds a copy of a text. STATUS_FAILURE without memory. */
int names_add(struct names *names, const char *text);

void names_free(struct names *names);

/* Training and validation cases ------------------------------------------------------------------------ */

/* Whether two names are of one patient: BraTS-GLI-02005-100 and BraTS-GLI-02005-101, as BraTS names visits
 * from 2023 on, or sub-01_ses-1 and sub-01_ses-2, as BIDS does. Other names are a patient each. */
bool same_patient(const char *a, const char *b);

/* Puts case names into the order that they are split in, a function of the seed and the set of names alone:
 * each at the place that names_shuffle gives it or, by_patient, its patient's first name, so that a patient's
 * cases stand together. STATUS_DATA for one that is not a case name. */
int order_cases(struct names *names, uint64_t seed, bool by_patient);

/* The first place from `index` on where one patient's cases end and the next one's begin; `count` is one. */
size_t patient_boundary(const struct names *names, size_t index);

/* Patients of sorted names. */
size_t count_patients(const struct names *names);

/* How many of `count` cases, at least 2, are for training: floor(fraction * count + 0.5) within
 * 1..count-1. */
size_t training_count(size_t count, double fraction);

/* Of folds 1..folds of `count` ordered cases, `fold` is validated on: [*begin, *end). */
void fold_range(size_t count, int fold, int folds, size_t *begin, size_t *end);

/* Completeness ----------------------------------------------------------------------------------------- */

/* The cases that a stream must bring, in order: how a missing case is noticed when files are joined. */
struct expect {
    const char *path; /* borrowed, for messages */
    struct names names;
};

/* Reads a file of one case name a line, in their order; empty lines are skipped. STATUS_FAILURE when it
 * cannot be read, STATUS_DATA for a line that is not a case name. */
int expect_read(struct expect *expect, const char *path);
void expect_free(struct expect *expect);

/* STATUS_DATA unless case number `index` (from 0) of the stream is `name`. */
int expect_case(const struct expect *expect, size_t index, const char *name);

/* STATUS_DATA unless a stream of `cases` cases was complete. */
int expect_end(const struct expect *expect, size_t cases);

#endif
