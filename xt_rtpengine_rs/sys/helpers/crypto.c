// SPDX-License-Identifier: GPL-2.0-only
/* Ciphers, message authentication codes, hashes. */

#include "../bindings.h"

#define TAG_SIZE 16

/* Ciphers of the drivers in use, which they keep loaded. NULL where there is none. */
static struct crypto_skcipher *ctr_driver;
static struct crypto_aead *gcm_driver;

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

void rtpe_ghash_init(struct ghash_ctx *ctx, const struct ghash_key *key)
{
	ghash_init(ctx, key);
}

/*
 * Whether a request on the stack, which has no room for a driver's own, is enough, and nothing is allocated for data that is not
 * aligned: a call does not fail then.
 */
static bool is_simple(struct crypto_tfm *tfm, unsigned int reqsize)
{
	return !reqsize && !crypto_tfm_alg_alignmask(tfm);
}

static struct crypto_skcipher *ctr_alloc(const char *name)
{
	struct crypto_skcipher *cipher = crypto_alloc_skcipher(name, 0, CRYPTO_ALG_ASYNC);

	if (IS_ERR(cipher))
		return NULL;
	if (is_simple(crypto_skcipher_tfm(cipher), crypto_skcipher_reqsize(cipher)))
		return cipher;
	crypto_free_skcipher(cipher);
	return NULL;
}

static struct crypto_aead *gcm_alloc(const char *name)
{
	struct crypto_aead *cipher = crypto_alloc_aead(name, 0, CRYPTO_ALG_ASYNC);

	if (IS_ERR(cipher))
		return NULL;
	if (is_simple(crypto_aead_tfm(cipher), crypto_aead_reqsize(cipher)))
		return cipher;
	crypto_free_aead(cipher);
	return NULL;
}

/* The driver must have decrypted what it finds not to be authentic: so it is undone. */
static bool is_undone(struct crypto_aead *cipher)
{
	u8 nonce[GCM_AES_IV_SIZE] = { };
	u8 *packet = kzalloc(3 * TAG_SIZE, GFP_KERNEL);
	bool undone = packet && !crypto_aead_setkey(cipher, packet, AES_KEYSIZE_128) &&
		!rtpe_gcm_crypt(cipher, false, packet, 0, 3 * TAG_SIZE, nonce) &&
		rtpe_gcm_crypt(cipher, true, packet, 0, 3 * TAG_SIZE, nonce) &&
		!memchr_inv(packet, 0, 2 * TAG_SIZE);

	kfree(packet);
	return undone;
}

/* Looks for drivers. May sleep. */
void rtpe_drivers_find(void)
{
	/*
	 * Those of x86 go by the name of the block cipher alone, which the kernel has built in: nobody else asks for them. With a
	 * MODULE_SOFTDEP() for it, modprobe would leave out the install command that hands the daemon's options over.
	 */
	request_module("crypto-aes");
	ctr_driver = ctr_alloc("ctr(aes)");
	gcm_driver = gcm_alloc("gcm(aes)");
	if (gcm_driver && !is_undone(gcm_driver)) {
		crypto_free_aead(gcm_driver);
		gcm_driver = NULL;
	}
}

void rtpe_drivers_put(void)
{
	crypto_free_skcipher(ctr_driver);
	crypto_free_aead(gcm_driver);
}

const char *rtpe_ctr_driver(void)
{
	return ctr_driver ? crypto_tfm_alg_driver_name(crypto_skcipher_tfm(ctr_driver)) : NULL;
}

const char *rtpe_gcm_driver(void)
{
	return gcm_driver ? crypto_tfm_alg_driver_name(crypto_aead_tfm(gcm_driver)) : NULL;
}

static size_t size_of_cipher(struct crypto_tfm *tfm, size_t head)
{
	return kmalloc_size_roundup(head + tfm->__crt_alg->cra_ctxsize);
}

/* What a cipher takes, which the crypto API charges nobody for. */
size_t rtpe_ctr_size(void)
{
	return ctr_driver ? size_of_cipher(crypto_skcipher_tfm(ctr_driver), sizeof(*ctr_driver)) : 0;
}

size_t rtpe_gcm_size(void)
{
	return gcm_driver ? size_of_cipher(crypto_aead_tfm(gcm_driver), sizeof(*gcm_driver)) : 0;
}

/* A cipher of the driver, with its key. NULL when there is none. May sleep. */
struct crypto_skcipher *rtpe_ctr_new(const u8 *key, unsigned int len)
{
	const char *name = rtpe_ctr_driver();
	struct crypto_skcipher *cipher = name ? ctr_alloc(name) : NULL;

	if (cipher && crypto_skcipher_setkey(cipher, key, len)) {
		crypto_free_skcipher(cipher);
		return NULL;
	}
	return cipher;
}

void rtpe_ctr_free(struct crypto_skcipher *cipher)
{
	crypto_free_skcipher(cipher);
}

/* The request is not zeroed: all that is read of it is set. Data of a packet: a stack would have no page. Whether it was done. */
bool rtpe_ctr_crypt(struct crypto_skcipher *cipher, u8 *data, unsigned int len, u8 *counter)
{
	struct skcipher_request request __uninitialized;
	struct scatterlist list = { };

	sg_set_buf(&list, data, len);
	sg_mark_end(&list);
	skcipher_request_set_tfm(&request, cipher);
	skcipher_request_set_callback(&request, 0, NULL, NULL);
	skcipher_request_set_crypt(&request, &list, &list, len, counter);
	return !crypto_skcipher_encrypt(&request);
}

/* As above. */
struct crypto_aead *rtpe_gcm_new(const u8 *key, unsigned int len)
{
	const char *name = rtpe_gcm_driver();
	struct crypto_aead *cipher = name ? gcm_alloc(name) : NULL;

	if (cipher && (crypto_aead_setkey(cipher, key, len) ||
		       crypto_aead_setauthsize(cipher, TAG_SIZE))) {
		crypto_free_aead(cipher);
		return NULL;
	}
	return cipher;
}

void rtpe_gcm_free(struct crypto_aead *cipher)
{
	crypto_free_aead(cipher);
}

/*
 * Data of a packet: clear bytes, and len more, of which the last 16 are the tag. Whether it was done, and the tag is
 * right.
 */
bool rtpe_gcm_crypt(struct crypto_aead *cipher, bool encrypt, u8 *packet, unsigned int clear,
		    unsigned int len, u8 *nonce)
{
	struct aead_request request __uninitialized;
	struct scatterlist list = { };

	sg_set_buf(&list, packet, clear + len);
	sg_mark_end(&list);
	aead_request_set_tfm(&request, cipher);
	aead_request_set_callback(&request, 0, NULL, NULL);
	aead_request_set_ad(&request, clear);
	if (encrypt) {
		aead_request_set_crypt(&request, &list, &list, len - TAG_SIZE, nonce);
		return !crypto_aead_encrypt(&request);
	}
	aead_request_set_crypt(&request, &list, &list, len, nonce);
	return !crypto_aead_decrypt(&request);
}
