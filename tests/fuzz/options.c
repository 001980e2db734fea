/* Hostile command lines: an argument a line. They are understood, or end with status 0 after --help and
 * --version, or with 2 after a message. The linker sends exit to __wrap_exit. */
#include "lib/base/options.h"
#include "lib/base/error.h"
#include "lib/network/architecture.h"
#include "lib/stream/case_names.h"
#include "tests/fuzz/fuzz.h"
#include <getopt.h>
#include <setjmp.h>

enum { ARGUMENTS_MAX = 62 };

static jmp_buf ended;
static bool parsing;
_Noreturn void __real_exit(int status);
_Noreturn void __wrap_exit(int status);

void __wrap_exit(int status)
{
    if (parsing)
        longjmp(ended, 1 + status);
    __real_exit(status);
}

/* The status of a command line. */
static int parse(int count, char **arguments)
{
    static int size[3], integer;
    static uint64_t number, bytes, seed;
    static double real;
    static bool flag, no;
    static const char *word, *output;
    static struct option_texts words;
    static const struct option_spec options[] = {
        {"size", 0, OPTION_SIZE, size, "SIZE", ""},
        {"integer", 'i', OPTION_INTEGER, &integer, "N", ""},
        {"number", 'n', OPTION_UNSIGNED, &number, "N", ""},
        {"real", 'r', OPTION_REAL, &real, "R", ""},
        {"bytes", 'b', OPTION_BYTES, &bytes, "SIZE", ""},
        {"flag", 'f', OPTION_FLAG, &flag, NULL, ""},
        {"no-flag", 0, OPTION_NO, &no, NULL, ""},
        {"word", 'w', OPTION_TEXT, &word, "WORD", ""},
        {"words", 'm', OPTION_TEXTS, &words, "WORD", ""},
        {"", 0, OPTION_SECTION, NULL, NULL, "Section:"},
        OLDER_NAME("sizes", "size"),
    };
    static const struct tool tool = {.name = "fuzz",
                                     .usage = "[OPTION...]",
                                     .summary = "Nothing.",
                                     .options = options,
                                     .count = OPTION_COUNT(options),
                                     .common = {.output = &output, .seed = &seed},
                                     .example = "fuzz"};
    memset(size, 0, sizeof size), real = 0, words.count = 0; /* a refused value may have been stored */
    optind = 0;                                              /* getopt begins anew */
    parsing = true;
    int status = setjmp(ended);
    if (!status) {
        int first = options_parse(&tool, count, arguments);
        fuzz_promise(first >= 1 && first <= count && isfinite(real));
        for (int i = 0; i < 3; i++)
            fuzz_promise(size[i] >= 0 && size[i] <= 4096);
    }
    parsing = false;
    return status ? status - 1 : STATUS_OK;
}

/* Cuts a text into the words of a command line, one a line. */
static int cut(char *text, char *arguments[ARGUMENTS_MAX + 2])
{
    int count = 1;
    arguments[0] = "fuzz";
    for (char *rest = text, *line; count <= ARGUMENTS_MAX && (line = strsep(&rest, "\n"));)
        arguments[count++] = line;
    arguments[count] = NULL;
    return count;
}

/* What options are made of. */
static void parse_words(const char *text)
{
    uint64_t bytes;
    char name[CASE_NAME_SIZE];
    struct architecture architecture = architecture_paper(NETWORK_REVERSIBLE);
    (void)bytes_parse(text, &bytes);
    if (architecture_set_channels(&architecture, text))
        (void)architecture_check(&architecture);
    case_name_of_path(text, name);
    fuzz_promise(case_name_valid(name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *nowhere;
    FILE *output = stdout, *messages = stderr;
    char *arguments[ARGUMENTS_MAX + 2], *text = strndup((const char *)data, size);
    fuzz_promise(text && (nowhere || (nowhere = fopen("/dev/null", "w"))));
    parse_words(text);
    stdout = stderr = nowhere;
    int status = parse(cut(text, arguments), arguments);
    stdout = output, stderr = messages;
    free(text);
    fuzz_promise(status == STATUS_OK || status == STATUS_USAGE);
    *(status ? &fuzz_refused : &fuzz_accepted) += 1;
    return 0;
}

int main(void)
{
    static const char seed[] =
        "--size=16x16x16\n-i\n3\n--number=5\n--real\n1e-3\nFILE\n--bytes=8G\n-fq\n--word\nx\n-m\na\n"
        "-mb\n--no-flag\n--seed=1\n-o\nfile\n--sizes\n1x1x1\n--\n-x";
    fuzz_rounds("command line", (const uint8_t *)seed, sizeof seed - 1, sizeof seed - 1, 6000);
    fuzz_corpus("options");
    return check_exit();
}
