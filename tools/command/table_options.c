/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/table_options.h"

#include <string.h>

/* The argument of an option that is one ASCII character, and none of `others` or, where letters
 * make no sense, a letter. */
static int read_character(const char *option, bool letters, const char *others, char *character,
                          struct error *e)
{
    unsigned char c = (unsigned char)optarg[0];
    if (c == '\0' || optarg[1] != '\0')
        return error_set(e, CMD_USAGE, "%s: %s is not a single character", option,
                         quoted_name(optarg).text);
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    bool digit = c >= '0' && c <= '9';
    if ((letter && !letters) || digit || c >= 0x7f || strchr("\"\r\n", c) != NULL ||
        strchr(others, c) != NULL)
        return error_set(e, CMD_USAGE, "%s cannot be %s", option, quoted_name(optarg).text);
    *character = (char)c;
    return CMD_OK;
}

static int read_delimiter(struct table_format *format, struct error *e)
{
    char c = '\t';
    if (strcmp(optarg, "blanks") == 0) {
        format->delimiter = TABLE_BLANKS;
        return CMD_OK;
    }
    if (strcmp(optarg, "\\t") != 0 && strcmp(optarg, "tab") != 0) {
        int st = read_character("--delimiter", false, ".+-_", &c, e);
        if (st != CMD_OK)
            return st;
    }
    format->delimiter = (unsigned char)c;
    return CMD_OK;
}

int table_option(int option, struct table_format *format, bool *taken, struct error *e)
{
    static const char *const headers[] = { "auto", "yes", "no", NULL };
    static const char *const points[] = { ".", ",", NULL };
    static const char *const nas[] = { "error", "omit", NULL };
    int choice = 0, st = CMD_OK;
    *taken = option >= OPTION_HEADER && option < OPTION_TABLE_END;
    switch (option) {
    case OPTION_HEADER:
        st = choice_read("--header", optarg, headers, &choice, e);
        format->header = (enum table_header)choice;
        return st;
    case OPTION_NO_HEADER:
        format->header = TABLE_HEADER_NO;
        return CMD_OK;
    case OPTION_DELIMITER:
        return read_delimiter(format, e);
    case OPTION_DECIMAL:
        st = choice_read("--decimal", optarg, points, &choice, e);
        format->decimal = choice == 1 ? ',' : '.';
        return st;
    case OPTION_COMMENT:
        return read_character("--comment", true, ".,+- \t", &format->comment, e);
    case OPTION_MISSING:
        format->missing_text = optarg;
        return CMD_OK;
    case OPTION_NA:
        st = choice_read("--na", optarg, nas, &choice, e);
        format->na = choice == 0 ? TABLE_MISSING_ERROR : TABLE_MISSING_OMIT;
        return st;
    default:
        return CMD_OK;
    }
}

int table_options_check(struct table_format *format, struct error *e)
{
    if (format->comment != '\0' && (unsigned char)format->comment == table_delimiter(format, NULL))
        return error_set(e, CMD_USAGE, "--comment and --delimiter are both \"%c\"",
                         format->comment);
    if (format->missing_text == NULL)
        return CMD_OK;
    return list_split("--missing", format->missing_text, format->decimal == ',' ? ';' : ',',
                      &format->missing, e);
}

void table_format_free(struct table_format *format)
{
    list_free(&format->missing);
}
