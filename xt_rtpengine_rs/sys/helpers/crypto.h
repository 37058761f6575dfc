/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_CRYPTO_H
#define RTPE_HELPERS_CRYPTO_H

#include <linux/types.h>

struct aes_enckey;
struct hmac_sha1_ctx;

u64 rtpe_siphash(const u64 *key, const void *data, size_t len);
void rtpe_memzero(void *memory, size_t size);
bool rtpe_is_equal(const u8 *a, const u8 *b, size_t size);
void rtpe_aes_encrypt(const struct aes_enckey *key, u8 *block);
void rtpe_aes_ctr(const struct aes_enckey *key, u8 *data, size_t len, u8 *counter);
void rtpe_hmac_sha1_update(struct hmac_sha1_ctx *ctx, const u8 *data, size_t len);

#endif
