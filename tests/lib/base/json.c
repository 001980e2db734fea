/* JSON files as trees: what is read, what is refused, and texts that are cut anywhere; strings as they are written. */
#include "lib/base/json.h"
#include "lib/base/error.h"
#include "lib/base/json_text.h"
#include "tests/check.h"

static const char *save(const char *text, size_t length)
{
    const char *path = scratch("file.json");
    FILE *file = fopen(path, "w");
    if (!file || fwrite(text, 1, length, file) != length || fclose(file))
        abort();
    return path;
}

static int read_text(const char *text, struct json **root)
{
    *root = NULL;
    return json_read(save(text, strlen(text)), root);
}

static const char whole[] =
    " {\"a\": [1, -2.5e3, true, null, []], \"b\\n\\u00e9\\ud83d\\ude00\": {\"c\": \"d\\\"\"}, \"a\": {}}\r\n";

static void values(void)
{
    struct json *root;
    check(!read_text(whole, &root), "a file is read: %s", error_message());
    const struct json *a = json_member(root, "a"), *b = json_member(root, "b\n\xc3\xa9\xf0\x9f\x98\x80");
    check(a && a->kind == JSON_ARRAY && !strcmp(a->first->text, "1") && a->first->kind == JSON_NUMBER,
          "an array's number");
    check(!strcmp(a->first->next->text, "-2.5e3") && a->first->next->next->kind == JSON_WORD,
          "another, and a word");
    check(a->first->next->next->next->next->kind == JSON_ARRAY && !a->first->next->next->next->next->first,
          "an empty array");
    check(b && json_member(b, "c") && !strcmp(json_member(b, "c")->text, "d\""),
          "escapes, an object in an object");
    check(!json_member(root, "c") && !json_member(a, "a") && !json_member(NULL, "a"), "no such member");
    json_free(root);
}

static void refusals(void)
{
    static const char *const texts[] = {
        "",      " ",   "{",       "[",           "{\"a\"}",     "{\"a\":}", "{a: 1}", "[1,]",        "[1 2]",
        "{} {}", "\"a", "\"\\x\"", "\"\\ud800\"", "\"\\u0000\"", "\"\n\"",   "}",      "{\"a\": 1,}", "\x01"};
    struct json *root;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check(read_text(texts[i], &root) == STATUS_DATA && strstr(error_message(), "file.json: expected"),
              "refused: %s", texts[i]);
    for (size_t length = 0; length < strlen(whole) - 2; length++)
        if (json_read(save(whole, length), &root) != STATUS_DATA)
            check(0, "cut after %zu bytes", length);
    check(json_read(save("{}\0{}", 5), &root) == STATUS_DATA, "a NUL");
    char nested[200];
    memset(nested, '[', sizeof nested);
    nested[sizeof nested - 1] = 0;
    check(read_text(nested, &root) == STATUS_DATA && strstr(error_message(), "nesting"), "199 brackets");
    check(json_read(scratch("nowhere"), &root) == STATUS_FAILURE, "no such file");
}

/* What json_byte makes of each byte is read back as that byte. */
static void written_strings(void)
{
    static const char also[] = "<>&";
    int wrong = 0, escaped = 0;
    for (int c = 1; c < 128; c++) {
        char shown[JSON_BYTE_SIZE], text[JSON_BYTE_SIZE + 2], *back;
        const size_t length = json_byte((char)c, also, shown);
        const int end = snprintf(text, sizeof text, "\"%.*s\"", (int)length, shown);
        struct json_text at = {text, text, text + end, "text"};
        if (json_take_string(&at, &back)) {
            wrong++;
            continue;
        }
        wrong += back[0] != c || back[1];
        escaped += length > 1;
        free(back);
    }
    check(wrong == 0, "each byte is read back as it was written");
    check(escaped == 31 + 2 + 3, "control characters, quote, backslash and the others are escaped: %d",
          escaped);
    char shown[JSON_BYTE_SIZE];
    check(json_byte('<', "", shown) == 1 && shown[0] == '<', "others only where they are named");
}

int main(void)
{
    values();
    refusals();
    written_strings();
    return check_exit();
}
