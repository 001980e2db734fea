/* Lists of names: sorted, unique, and shuffled by key and set alone. */
#include "lib/base/names.h"
#include "lib/base/error.h"
#include "tests/check.h"

static int read_text(struct names *names, const char *text)
{
    FILE *file = fmemopen((void *)(size_t)text, strlen(text), "r");
    int status = file ? names_read(names, file, "list") : -1;
    if (file)
        fclose(file);
    return status;
}

int main(void)
{
    struct names a, b;
    int status = read_text(&a, "carol\nalice\n\nbob");
    check(!status && a.count == 3 && !strcmp(a.name[0], "alice") && !strcmp(a.name[2], "carol"),
          "names are sorted; an empty line and a missing last newline do not matter");
    check(!read_text(&b, "bob\ncarol\nalice\n") && !names_shuffle(&a, 9) && !names_shuffle(&b, 9),
          "shuffled");
    int same = 1;
    for (size_t i = 0; i < 3; i++)
        same &= !strcmp(a.name[i], b.name[i]);
    check(same, "into one order, whatever the order of the file");
    names_free(&a);
    names_free(&b);
    check(a.count == 0 && a.name == NULL, "freed");
    check(read_text(&a, "x\ny\nx\n") == STATUS_DATA && strstr(error_message(), "x is listed twice"),
          "doubles: %s", error_message());
    char line[5001];
    memset(line, 'n', 5000);
    line[5000] = 0;
    check(read_text(&a, line) == STATUS_DATA, "too long: %s", error_message());

    enum { MANY = 1000 };
    char text[MANY * 8] = "";
    for (int i = 0; i < MANY; i++)
        sprintf(text + strlen(text), "n%04d\n", i);
    size_t kept = 0;
    check(!read_text(&a, text) && !read_text(&b, text) && a.count == MANY, "a thousand names");
    names_shuffle(&a, 1);
    names_shuffle(&b, 2);
    for (size_t i = 0; i < MANY; i++)
        kept += !strcmp(a.name[i], b.name[i]);
    check(kept < 10, "another key, another order: %zu in their place", kept);
    names_free(&a);
    names_free(&b);
    return check_exit();
}
