/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scanner behind json_check(): RFC 8259 grammar plus the limits that base/json.h promises. */
#include "base/json.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"

struct scan {
	const char *p;
	const char *end;
	unsigned depth;
	unsigned max_depth;
	bool stepping; /* over text already accepted: no second look for duplicates */
};

/* A member name as it stands in the text, escapes and all. */
struct name {
	const char *start;
	size_t len;
};

static bool scan_value(struct scan *s);

static void skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\n' || *s->p == '\r'))
		s->p++;
}

static bool take_char(struct scan *s, char c)
{
	skip_space(s);
	if (s->p >= s->end || *s->p != c)
		return false;
	s->p++;
	return true;
}

static bool scan_hex4(struct scan *s, unsigned *ret)
{
	unsigned v = 0;

	if (s->end - s->p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = *s->p++;

		if (c >= '0' && c <= '9')
			v = v << 4 | (unsigned)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			v = v << 4 | (unsigned)((c | 32) - 'a' + 10);
		else
			return false;
	}
	*ret = v;
	return true;
}

static bool scan_unicode_escape(struct scan *s)
{
	unsigned high, low;

	if (!scan_hex4(s, &high) || !high)
		return false;
	if (high >= 0xdc00 && high <= 0xdfff)
		return false;
	if (high < 0xd800 || high > 0xdbff)
		return true;
	if (s->end - s->p < 2 || s->p[0] != '\\' || s->p[1] != 'u')
		return false;
	s->p += 2;
	return scan_hex4(s, &low) && low >= 0xdc00 && low <= 0xdfff;
}

/* One UTF-8 sequence of two to four bytes; no overlong forms, no surrogates. */
static bool scan_utf8(struct scan *s)
{
	static const unsigned least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)*s->p;
	unsigned n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
	unsigned v;

	if (c < 0xc2 || c > 0xf4 || (size_t)(s->end - s->p) < n)
		return false;
	v = c & (0xffu >> (n + 1));
	for (unsigned i = 1; i < n; i++) {
		unsigned char t = (unsigned char)s->p[i];

		if ((t & 0xc0) != 0x80)
			return false;
		v = v << 6 | (t & 0x3fu);
	}
	s->p += n;
	return v >= least[n] && v <= 0x10ffff && (v < 0xd800 || v > 0xdfff);
}

/* Behind the opening quote. */
static bool scan_string(struct scan *s)
{
	while (s->p < s->end) {
		unsigned char c = (unsigned char)*s->p;

		if (c == '"') {
			s->p++;
			return true;
		}
		if (c < 0x20)
			return false;
		if (c >= 0x80) {
			if (!scan_utf8(s))
				return false;
			continue;
		}
		s->p++;
		if (c != '\\')
			continue;
		if (s->p >= s->end)
			return false;
		c = (unsigned char)*s->p++;
		if (c == 'u' ? !scan_unicode_escape(s) : !c || !strchr("\"\\/bfnrt", c))
			return false;
	}
	return false;
}

static bool scan_digits(struct scan *s)
{
	const char *start = s->p;

	while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
		s->p++;
	return s->p > start;
}

static bool scan_number(struct scan *s)
{
	if (s->p < s->end && *s->p == '-')
		s->p++;
	if (s->p < s->end && *s->p == '0')
		s->p++;
	else if (!scan_digits(s))
		return false;
	if (s->p < s->end && *s->p == '.') {
		s->p++;
		if (!scan_digits(s))
			return false;
	}
	if (s->p < s->end && (*s->p == 'e' || *s->p == 'E')) {
		s->p++;
		if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
			s->p++;
		return scan_digits(s);
	}
	return true;
}

static bool scan_word(struct scan *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t)(s->end - s->p) < len || memcmp(s->p, word, len) != 0)
		return false;
	s->p += len;
	return true;
}

static unsigned hex4(const char *p)
{
	struct scan s = { .p = p, .end = p + 4 };
	unsigned v = 0;

	(void)scan_hex4(&s, &v); /* the text was accepted already */
	return v;
}

/* One byte or UTF-16 unit of an accepted string; what "\u" says in ASCII is the same as the letter.
 * Two spellings of one non-ASCII name differ here, and cJSON's own look-ups never ask for such. */
static unsigned next_unit(const char **p)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	char c = *(*p)++;

	if (c != '\\')
		return (unsigned char)c;
	c = *(*p)++;
	if (c != 'u')
		return (unsigned char)to[strchr(from, c) - from];
	*p += 4;
	/* beyond ASCII kept apart from raw UTF-8 bytes */
	return hex4(*p - 4) < 0x80 ? hex4(*p - 4) : hex4(*p - 4) | 0x10000;
}

static bool same_name(const struct name *a, const struct name *b)
{
	const char *p = a->start, *q = b->start;

	while (p < a->start + a->len && q < b->start + b->len)
		if (next_unit(&p) != next_unit(&q))
			return false;
	return p == a->start + a->len && q == b->start + b->len;
}

/* Whether @name occurs among the members from @from up to @until, which were accepted already. */
static bool seen_before(const char *from, const char *until, const struct name *name,
			unsigned max_depth)
{
	struct scan s = { .p = from, .end = until, .max_depth = max_depth, .stepping = true };

	while (take_char(&s, '"')) {
		struct name other = { .start = s.p };

		if (!scan_string(&s))
			return false;
		other.len = (size_t)(s.p - 1 - other.start);
		if (same_name(&other, name))
			return true;
		if (!take_char(&s, ':') || !scan_value(&s) || !take_char(&s, ','))
			return false;
	}
	return false;
}

static bool scan_member(struct scan *s, const char *object)
{
	struct name name;

	if (!take_char(s, '"'))
		return false;
	name.start = s->p;
	if (!scan_string(s))
		return false;
	name.len = (size_t)(s->p - 1 - name.start);
	if (!s->stepping && seen_before(object, name.start - 1, &name, s->max_depth))
		return false;
	return take_char(s, ':') && scan_value(s);
}

static bool scan_object(struct scan *s)
{
	const char *first = s->p;
	unsigned members = 0;

	if (take_char(s, '}'))
		return true;
	do {
		/* The limit keeps the look for duplicates from growing with the square of the text. */
		if (++members > LIMIT_JSON_MEMBERS || !scan_member(s, first))
			return false;
	} while (take_char(s, ','));
	return take_char(s, '}');
}

static bool scan_array(struct scan *s)
{
	if (take_char(s, ']'))
		return true;
	do {
		if (!scan_value(s))
			return false;
	} while (take_char(s, ','));
	return take_char(s, ']');
}

static bool scan_value(struct scan *s)
{
	bool ok;

	skip_space(s);
	if (s->p >= s->end)
		return false;
	switch (*s->p) {
	case '{':
	case '[':
		if (s->depth >= s->max_depth)
			return false;
		s->depth++;
		ok = *s->p++ == '{' ? scan_object(s) : scan_array(s);
		s->depth--;
		return ok;
	case '"':
		s->p++;
		return scan_string(s);
	case 't':
		return scan_word(s, "true");
	case 'f':
		return scan_word(s, "false");
	case 'n':
		return scan_word(s, "null");
	default:
		return scan_number(s);
	}
}

int json_check(const char *text, size_t len, unsigned depth)
{
	struct scan s = { .p = text, .end = text + len, .max_depth = depth };

	if (!scan_value(&s))
		return -EBADMSG;
	skip_space(&s);
	return s.p == s.end ? 0 : -EBADMSG;
}
