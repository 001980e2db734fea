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

enum { WORDS = sizeof words / sizeof words[0] };

static unsigned chosen;

/* What the first `length` characters mean; 0: nothing. */
static unsigned meaning(const char *text, size_t length)
{
    for (int i = 0; i < WORDS; i++)
        if (length == strlen(words[i].word) && !strncmp(text, words[i].word, length))
            return words[i].means;
    return 0;
}

/* What a list of words means together; 0 when one of them means nothing. */
static unsigned list_meaning(const char *text)
{
    unsigned all = 0;
    for (;;) {
        size_t length = strcspn(text, ",");
        unsigned one = meaning(text, length);
        if (!one)
            return 0;
        all |= one;
        if (!text[length])
            return all;
        text += length + 1;
    }
}

const char *own_kernels_choose(void)
{
    static char advice[256];
    const char *variable = "PRUNET_CUDA_KERNELS", *value = getenv(variable);
    if (!value || !*value)
        variable = "PRUNET_CUDA_LEVEL0", value = getenv(variable);
    if (!value || !*value || !strcmp(value, "0")) {
        chosen = 0;
        return NULL;
    }
    unsigned wanted = strcmp(value, "1") ? list_meaning(value) : OWN_ALL;
    if (wanted) {
        chosen = wanted;
        return NULL;
    }
    snprintf(advice, sizeof advice,
             "%s is \"%.40s\": set it to 0 (cuDNN), 1 (all own kernels) or a list of forward, data and "
             "weights, separated by commas; make gpu-bench says what is fastest",
             variable, value);
    return advice;
}

unsigned own_kernels(enum precision precision, struct shape shape)
{
    return precision_is_bf16(precision) && branch_fused_fits(shape) ? chosen : 0;
}

const char *own_kernels_words(void)
{
    static char text[32];
    int used = 0;
    text[0] = 0;
    for (int i = 0; i < WORDS; i++)
        if (chosen & words[i].means)
            used += snprintf(text + used, sizeof text - (size_t)used, "%s%s", used ? "," : "", words[i].word);
    return used ? text : "none";
}
