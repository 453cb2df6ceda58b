/* SPDX-License-Identifier: Apache-2.0 */
/* Strings, numbers and settings of a script. */
#include "tools/plot/plot_script.h"

#include "tools/io/number.h"

/* Bytes of the character at text; 0 where they are no UTF-8, which no SVG may have. */
static size_t character(const unsigned char *text)
{
    static const struct {
        unsigned char mask, lead;
        unsigned long least;
    } kinds[] = {
        { 0x80, 0, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 }
    };
    for (size_t n = 1; n <= 4; n++) {
        if ((text[0] & kinds[n - 1].mask) != kinds[n - 1].lead)
            continue;
        unsigned long code = text[0] & ~(unsigned)kinds[n - 1].mask & 0xff;
        for (size_t i = 1; i < n; i++) {
            if ((text[i] & 0xc0) != 0x80)
                return 0;
            code = code << 6 | (text[i] & 0x3f);
        }
        bool surrogate = code >= 0xd800 && code < 0xe000, none = code == 0xfffe || code == 0xffff;
        return code < kinds[n - 1].least || code > 0x10ffff || surrogate || none ? 0 : n;
    }
    return 0;
}

/* The quote stands in double quotes of its own: gnuplot 5.4 does not take two of them for one where
 * they begin a string or follow each other. */
static void put_plain(FILE *f, const char *text, const char *end, bool in_quotes)
{
    while (text != NULL && text != end && *text != '\0') {
        size_t length = character((const unsigned char *)text);
        if (*text == '\'' && in_quotes)
            fputs(QUOTE_IN_QUOTES, f);
        else if (length == 0)
            fputs("\xEF\xBF\xBD", f);
        else if ((unsigned char)*text < ' ')
            fputc(' ', f);
        else
            fwrite(text, 1, length, f);
        text += length > 0 ? length : 1;
    }
}

void put_string(struct script *s, const char *text)
{
    fputc('\'', s->f);
    put_plain(s->f, text, NULL, true);
    fputc('\'', s->f);
}

void put_part(struct script *s, const char *text, size_t bytes)
{
    fputc('\'', s->f);
    put_plain(s->f, text, text + bytes, true);
    fputc('\'', s->f);
}

void put_number(struct script *s, double value)
{
    char text[NUMBER_TEXT_MAX];
    number_format(text, value);
    fputs(text, s->f);
}

void put_setting(struct script *s, const char *setting, const char *text)
{
    if (text == NULL || *text == '\0') {
        fprintf(s->f, "unset %s\n", setting);
        return;
    }
    fprintf(s->f, "set %s ", setting);
    put_string(s, text);
    fputc('\n', s->f);
}

void put_range(struct script *s, const char *axis, double low, double high)
{
    if (!(low < high)) {
        fprintf(s->f, "set %srange [*:*] noextend\n", axis);
        return;
    }
    fprintf(s->f, "set %srange [", axis);
    put_number(s, low);
    fputc(':', s->f);
    put_number(s, high);
    fputs("]\n", s->f);
}

void put_title(struct script *s, const char *label)
{
    put_plain(s->titles, label, NULL, false);
    fputc('\n', s->titles);
}
