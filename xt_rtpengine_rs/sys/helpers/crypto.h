/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RTPE_HELPERS_CRYPTO_H
#define RTPE_HELPERS_CRYPTO_H

#include <linux/types.h>

struct aes_enckey;
struct crypto_aead;
struct crypto_skcipher;
struct ghash_ctx;
struct ghash_key;

u64 rtpe_siphash(const u64 *key, const void *data, size_t len);
void rtpe_memzero(void *memory, size_t size);
bool rtpe_is_equal(const u8 *a, const u8 *b, size_t size);
void rtpe_aes_encrypt(const struct aes_enckey *key, u8 *block);
void rtpe_aes_ctr(const struct aes_enckey *key, u8 *data, size_t len, u8 *counter);
void rtpe_ghash_init(struct ghash_ctx *ctx, const struct ghash_key *key);
void rtpe_drivers_find(void);
void rtpe_drivers_put(void);
const char *rtpe_ctr_driver(void);
const char *rtpe_gcm_driver(void);
size_t rtpe_ctr_size(void);
size_t rtpe_gcm_size(void);
struct crypto_skcipher *rtpe_ctr_new(const u8 *key, unsigned int len);
void rtpe_ctr_free(struct crypto_skcipher *cipher);
bool rtpe_ctr_crypt(struct crypto_skcipher *cipher, u8 *data, unsigned int len, u8 *counter);
struct crypto_aead *rtpe_gcm_new(const u8 *key, unsigned int len);
void rtpe_gcm_free(struct crypto_aead *cipher);
bool rtpe_gcm_crypt(struct crypto_aead *cipher, bool encrypt, u8 *packet, unsigned int clear,
		    unsigned int len, u8 *nonce);

#endif
