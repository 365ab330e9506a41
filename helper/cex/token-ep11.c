/* SPDX-License-Identifier: GPL-2.0-or-later */
/* EP11-AES in both forms: zkey/pkey.h and zcrypt_ep11misc.{h,c}, cex-pkey reference 1.5. */
#include "cex/be.h"
#include "cex/token.h"

#define HEADER_SIZE 16
#define BLOB_MIN    256 /* up to the end of the MAC */
#define BLOB_SIZE   320 /* with padding */

/* within the EP11 blob */
#define SESSION_SIZE   32
#define BLOB_WKVP      32
#define BLOB_ATTR      48
#define BLOB_MAGIC     64
#define MAGIC	       0x1234
#define TO_PROTECTED   0x00200000u

/* @p: the 16-byte header; @least: bytes that the token cannot do without. */
static int check_header(const unsigned char *p, size_t len, size_t least, struct cex_reason *reason)
{
	unsigned length = be16(p + 2), bits = be16(p + 6);

	if (p[1] != 0)
		return cex_because(reason, CEX_KEY_MALFORMED, "EP11-AES header version %u", p[1]);
	if (length < least || length > len)
		return cex_because(reason, CEX_KEY_MALFORMED, "EP11-AES length field is %u of %zu bytes",
				   length, len);
	if (bits && bits != 128 && bits != 192 && bits != 256)
		return cex_because(reason, CEX_KEY_MALFORMED, "EP11-AES key of %u bits", bits);
	if (p[5] || !token_is_zero(p + 8, HEADER_SIZE - 8))
		return cex_because(reason, CEX_KEY_MALFORMED, "EP11-AES reserved fields are not zero");
	if (!token_is_zero(p + length, len - length))
		return cex_because(reason, CEX_KEY_MALFORMED, "EP11-AES token has a tail");
	return 0;
}

static int check_blob(const unsigned char *blob, struct cex_reason *reason)
{
	if (be16(blob + BLOB_MAGIC) != MAGIC)
		return cex_because(reason, CEX_KEY_MALFORMED, "EP11-AES blob has no magic number");
	if (!(be64(blob + BLOB_ATTR) & TO_PROTECTED))
		return cex_because(reason, CEX_KEY_MALFORMED,
				   "EP11-AES key may not become a protected key");
	return 0;
}

static void fill(const unsigned char *p, const unsigned char *blob, size_t len,
		 enum cex_key_kind kind, struct cex_token *ret)
{
	size_t overlaid = blob == p ? HEADER_SIZE : 0;

	*ret = (struct cex_token){ .facts = {
		.kind = kind,
		.token_size = len,
		.key_bits = be16(p + 6),
		.mkvp = cex_mkvp_make(CEX_MODE_EP11, blob + BLOB_WKVP),
		.session_bound = !token_is_zero(blob + overlaid, SESSION_SIZE - overlaid),
	} };
}

int cex_token_ep11(const unsigned char *p, size_t len, struct cex_token *ret,
		   struct cex_reason *reason)
{
	int r;

	if (len < BLOB_MIN || len > BLOB_SIZE)
		return cex_because(reason, CEX_KEY_MALFORMED, "EP11-AES token has %zu bytes, not %d", len,
				   BLOB_SIZE);
	r = check_header(p, len, BLOB_MIN, reason);
	if (r)
		return r;
	r = check_blob(p, reason);
	if (r)
		return r;
	fill(p, p, len, CEX_KEY_EP11_AES, ret);
	return 0;
}

int cex_token_ep11_header(const unsigned char *p, size_t len, struct cex_token *ret,
			  struct cex_reason *reason)
{
	int r;

	if (len < HEADER_SIZE + BLOB_MIN || len > HEADER_SIZE + BLOB_SIZE)
		return cex_because(reason, CEX_KEY_MALFORMED, "EP11-AES token has %zu bytes, not %d", len,
				   HEADER_SIZE + BLOB_SIZE);
	r = check_header(p, len, HEADER_SIZE + BLOB_MIN, reason);
	if (r)
		return r;
	r = check_blob(p + HEADER_SIZE, reason);
	if (r)
		return r;
	fill(p, p + HEADER_SIZE, len, CEX_KEY_EP11_AES_HEADER, ret);
	return 0;
}
