/* See own_kernels.h. */
#include "kernels/cuda/own_kernels.h"
#include "kernels/cuda/branch_fused.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct word {
    const char *word;
    unsigned means;
} words[] = {
    {"forward", OWN_FORWARD},
    {"data", OWN_DATA},
    {"weights", OWN_WEIGHTS},
};

static const struct width {
    const char *suffix;
    int channels;
} widths[] = {
    {"@32", 32},
    {"@64", 64},
    {"@128", 128},
};

enum { WORDS = sizeof words / sizeof words[0], WIDTHS = sizeof widths / sizeof widths[0] };

/* For the branches of each width: bits of enum own_kernels. */
struct choice {
    unsigned of[WIDTHS];
};

static struct choice chosen;

/* Whether these `length` characters are the word and the suffix. */
static bool is_word(const char *text, size_t length, const char *word, const char *suffix)
{
    size_t n = strlen(word);
    return length == n + strlen(suffix) && !strncmp(text, word, n) && !strncmp(text + n, suffix, length - n);
}

/* Adds what they mean; false when that is nothing. */
static bool add_meaning(const char *text, size_t length, struct choice *choice)
{
    bool any = false;
    for (int i = 0; i < WORDS; i++)
        for (int w = 0; w < WIDTHS; w++)
            if (is_word(text, length, words[i].word, "") ||
                is_word(text, length, words[i].word, widths[w].suffix)) {
                choice->of[w] |= words[i].means;
                any = true;
            }
    return any;
}

/* Adds what a list of words means together; false when one of them means nothing. */
static bool add_list(const char *text, struct choice *choice)
{
    for (;; text++) {
        size_t length = strcspn(text, ",");
        if (!add_meaning(text, length, choice))
            return false;
        text += length;
        if (!*text)
            return true;
    }
}

const char *own_kernels_choose(void)
{
    static char advice[320];
    const char *variable = "PRUNET_CUDA_KERNELS", *value = getenv(variable);
    bool finest = !value || !*value;
    if (finest)
        variable = "PRUNET_CUDA_LEVEL0", value = getenv(variable);
    struct choice wanted = {{0}};
    bool any = value && *value && strcmp(value, "0");
    if (any && !add_list(strcmp(value, "1") ? value : "forward,data,weights", &wanted)) {
        snprintf(advice, sizeof advice,
                 "%s is \"%.40s\": set it to 0 (cuDNN), 1 (all own kernels) or a list of forward, data and "
                 "weights, separated by commas, each as it is or for one width: forward@32, forward@64, "
                 "forward@128; make gpu-bench says what is fastest",
                 variable, value);
        return advice;
    }
    for (int w = 1; w < WIDTHS && finest; w++)
        wanted.of[w] = 0;
    chosen = wanted;
    return NULL;
}

unsigned own_kernels(enum precision precision, struct shape shape)
{
    int channels = precision_is_bf16(precision) ? branch_fused_width(shape) : 0;
    for (int w = 0; w < WIDTHS; w++)
        if (channels == widths[w].channels)
            return chosen.of[w];
    return 0;
}

/* Prints a choice of one width; how many characters these are. */
static int print_words(char *to, size_t size, unsigned choice)
{
    int used = snprintf(to, size, "%s", choice ? "" : "none");
    const char *comma = "";
    for (int i = 0; i < WORDS; i++)
        if (choice & words[i].means) {
            used += snprintf(to + used, size - (size_t)used, "%s%s", comma, words[i].word);
            comma = ",";
        }
    return used;
}

const char *own_kernels_words(void)
{
    static char text[OWN_KERNELS_WORDS];
    int used = print_words(text, sizeof text, chosen.of[0]);
    for (int w = 1; w < WIDTHS; w++)
        if (chosen.of[w]) {
            used +=
                snprintf(text + used, sizeof text - (size_t)used, ", of %d channels: ", widths[w].channels);
            used += print_words(text + used, sizeof text - (size_t)used, chosen.of[w]);
        }
    return text;
}
