// SPDX-License-Identifier: GPL-2.0-only
/* Ciphers, message authentication codes, hashes. */

#include "../bindings.h"

u64 rtpe_siphash(const u64 *key, const void *data, size_t len)
{
	const siphash_key_t sip = { { key[0], key[1] } };

	return siphash(data, len, &sip);
}

void rtpe_memzero(void *memory, size_t size)
{
	memzero_explicit(memory, size);
}

bool rtpe_is_equal(const u8 *a, const u8 *b, size_t size)
{
	return crypto_memneq(a, b, size) == 0;
}

void rtpe_aes_encrypt(const struct aes_enckey *key, u8 *block)
{
	aes_encrypt(key, block, block);
}

void rtpe_aes_ctr(const struct aes_enckey *key, u8 *data, size_t len, u8 *counter)
{
	aes_ctr(data, data, len, counter, key);
}

void rtpe_hmac_sha1_update(struct hmac_sha1_ctx *ctx, const u8 *data, size_t len)
{
	hmac_sha1_update(ctx, data, len);
}
