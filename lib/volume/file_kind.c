#include "lib/volume/file_kind.h"
#include <ctype.h>
#include <string.h>

enum { WORD_SIZE = SCHEME_NAME_SIZE };

static bool ends_with(const char *name, size_t length, const char *end)
{
    size_t size = strlen(end);
    return length >= size && !memcmp(name + length - size, end, size);
}

size_t nifti_stem_length(const char *file)
{
    size_t length = strlen(file);
    if (ends_with(file, length, ".nii.gz"))
        return length - 7;
    return ends_with(file, length, ".nii") ? length - 4 : 0;
}

/* Whether a stem ends with a word that stands alone or behind _ or -; *rest is the length of what is
 * before. */
static bool has_word(const char *file, size_t length, const char *word, size_t *rest)
{
    if (!ends_with(file, length, word))
        return false;
    const size_t before = length - strlen(word);
    *rest = before ? before - 1 : 0;
    return !before || file[before - 1] == '_' || file[before - 1] == '-';
}

/* By the joint before the word: as the first two ends of the modality's files have it, or else. */
static enum naming naming_of(const struct modality *modality, const char *word, const char *file, size_t rest)
{
    if (rest && file[rest] == '_' && !strcmp(word, modality->suffix[0] + 1))
        return NAMING_UNDERSCORE;
    return rest && file[rest] == '-' && !strcmp(word, modality->suffix[1] + 1) ? NAMING_HYPHEN : NAMING_PLAIN;
}

struct file_kind file_kind(const char *file)
{
    return stem_kind(file, nifti_stem_length(file));
}

struct file_kind stem_kind(const char *file, size_t length)
{
    size_t rest;
    for (int kind = 0; kind < case_files(); kind++)
        for (int i = 0; i < SUFFIXES_MAX; i++) {
            const char *word = modalities[kind].suffix[i] + 1; /* _ and - before it are alike */
            if (*modalities[kind].suffix[i] && has_word(file, length, word, &rest))
                return (struct file_kind){kind, rest, naming_of(&modalities[kind], word, file, rest)};
        }
    return (struct file_kind){-1, length, NAMING_PLAIN};
}

int file_channel(const char *file, size_t *length)
{
    enum { DIGITS = 4 };
    const size_t stem = *length;
    int channel = 0;
    if (stem < DIGITS + 2 || file[stem - DIGITS - 1] != '_')
        return -1;
    for (size_t i = stem - DIGITS; i < stem; i++) {
        if (!isdigit((unsigned char)file[i]))
            return -1;
        channel = 10 * channel + file[i] - '0';
    }
    *length = stem - DIGITS - 1;
    return channel;
}

/* Its letters and digits, in lower case. */
static void simplify(const char *word, char letters[WORD_SIZE])
{
    size_t count = 0;
    for (; *word && count < WORD_SIZE - 1; word++)
        if (isalnum((unsigned char)*word))
            letters[count++] = (char)tolower((unsigned char)*word);
    letters[count] = 0;
}

/* The modality that is called so, or whose files end so. */
static int modality_called(const char *letters)
{
    char own[WORD_SIZE];
    for (int m = 0; m < data_scheme->modality_count; m++) {
        simplify(modalities[m].name, own);
        bool same = !strcmp(own, letters);
        for (int i = 0; i < SUFFIXES_MAX && !same; i++) {
            simplify(modalities[m].suffix[i], own);
            same = *own && !strcmp(own, letters);
        }
        if (same)
            return m;
    }
    return -1;
}

int modality_of_word(const char *word)
{
    static const char *const meant[][8] = {{"t1", "t1n", "t1w"},
                                           {"t1ce", "t1c", "t1gd", "t1wce", "t1wgd", "t1cew"},
                                           {"t2", "t2w"},
                                           {"flair", "t2f", "fla", "t2flair", "t2wflair"}};
    char letters[WORD_SIZE];
    simplify(word, letters);
    int modality = modality_called(letters);
    for (size_t k = 0; k < sizeof meant / sizeof meant[0]; k++)
        for (size_t i = 0; i < 8 && meant[k][i] && modality < 0; i++)
            if (!strcmp(letters, meant[k][i]))
                modality = modality_called(meant[k][0]);
    return modality;
}
