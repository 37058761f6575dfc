// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the bare calls of the kernel's ciphers and HMAC cost over the bytes of a packet, in instructions where the clock counts them: parameter
 * `costs` has, for each length of `lengths`, AES-CM, AES-GCM sealed, and HMAC-SHA1 of the crypto API, each with its key set before.
 */
#include <crypto/aead.h>
#include <crypto/hash.h>
#include <crypto/skcipher.h>
#include <linux/bottom_half.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#define TRIES 20
#define MAX_LENGTH 2048

static unsigned int lengths[] = { 48, 160, 1188 };
static int length_count = ARRAY_SIZE(lengths);
module_param_array(lengths, uint, &length_count, 0444);
static unsigned int costs[3 * ARRAY_SIZE(lengths)];
static int cost_count = ARRAY_SIZE(costs);
module_param_array(costs, uint, &cost_count, 0444);

static struct crypto_sync_skcipher *ctr;
static struct crypto_aead *gcm;
static struct crypto_shash *hmac;
static struct aead_request *sealing;
static struct shash_desc *hashing;
static u8 *data;

static int crypt(unsigned int length)
{
	SYNC_SKCIPHER_REQUEST_ON_STACK(request, ctr);
	struct scatterlist list;
	u8 counter[16] = {};

	sg_init_one(&list, data, length);
	skcipher_request_set_sync_tfm(request, ctr);
	skcipher_request_set_callback(request, 0, NULL, NULL);
	skcipher_request_set_crypt(request, &list, &list, length, counter);
	return crypto_skcipher_encrypt(request);
}

static int seal(unsigned int length)
{
	struct scatterlist list;
	u8 nonce[12] = {};

	/* The RTP header is authenticated, not encrypted. */
	sg_init_one(&list, data, 12 + length + 16);
	aead_request_set_callback(sealing, 0, NULL, NULL);
	aead_request_set_ad(sealing, 12);
	aead_request_set_crypt(sealing, &list, &list, length, nonce);
	return crypto_aead_encrypt(sealing);
}

static int hash(unsigned int length)
{
	u8 tag[20];

	/* Header, payload, rollover counter. */
	return crypto_shash_digest(hashing, data, 12 + length + 4, tag);
}

static int measure(int (*call)(unsigned int length), unsigned int length, unsigned int *cost)
{
	int try, error;

	*cost = U32_MAX;
	for (try = 0; try < TRIES; try++) {
		u64 start;

		local_bh_disable();
		start = ktime_get_ns();
		error = call(length);
		*cost = min(*cost, (unsigned int)(ktime_get_ns() - start));
		local_bh_enable();
		if (error)
			return error;
	}
	return 0;
}

static void end(void)
{
	kfree(data);
	kfree(hashing);
	if (sealing)
		aead_request_free(sealing);
	if (!IS_ERR_OR_NULL(hmac))
		crypto_free_shash(hmac);
	if (!IS_ERR_OR_NULL(gcm))
		crypto_free_aead(gcm);
	if (!IS_ERR_OR_NULL(ctr))
		crypto_free_sync_skcipher(ctr);
}

static int begin(void)
{
	static const u8 key[20];
	int error;

	ctr = crypto_alloc_sync_skcipher("ctr(aes)", 0, 0);
	if (IS_ERR(ctr))
		return PTR_ERR(ctr);
	gcm = crypto_alloc_aead("gcm(aes)", 0, CRYPTO_ALG_ASYNC);
	if (IS_ERR(gcm))
		return PTR_ERR(gcm);
	hmac = crypto_alloc_shash("hmac(sha1)", 0, 0);
	if (IS_ERR(hmac))
		return PTR_ERR(hmac);
	sealing = aead_request_alloc(gcm, GFP_KERNEL);
	hashing = kzalloc(sizeof(*hashing) + crypto_shash_descsize(hmac), GFP_KERNEL);
	data = kzalloc(MAX_LENGTH, GFP_KERNEL);
	if (!sealing || !hashing || !data)
		return -ENOMEM;
	hashing->tfm = hmac;
	error = crypto_sync_skcipher_setkey(ctr, key, 16);
	error = error ?: crypto_aead_setkey(gcm, key, 16);
	error = error ?: crypto_aead_setauthsize(gcm, 16);
	error = error ?: crypto_shash_setkey(hmac, key, 20);
	pr_info("bench_crypto: drivers %s, %s, %s\n", crypto_skcipher_driver_name(&ctr->base),
		crypto_tfm_alg_driver_name(crypto_aead_tfm(gcm)), crypto_shash_driver_name(hmac));
	return error;
}

static int __init bench_crypto_init(void)
{
	int n, error = begin();

	for (n = 0; n < length_count && !error; n++) {
		unsigned int length = min(lengths[n], MAX_LENGTH - 64u);

		error = measure(crypt, length, &costs[3 * n]);
		error = error ?: measure(seal, length, &costs[3 * n + 1]);
		error = error ?: measure(hash, length, &costs[3 * n + 2]);
	}
	end();
	return error;
}

static void __exit bench_crypto_exit(void)
{
}

module_init(bench_crypto_init);
module_exit(bench_crypto_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Costs of the kernel's ciphers and HMAC");
