/* isthmus for embedders in C, C++, Rust, Go or anything with a C ABI.
 *
 * Plain data and functions. The same functions stand in a table (struct isthmus_api) that the Python extension
 * publishes as the capsule isthmus._native._C_API, so that other extensions share its dispatch and threads. Append
 * only: a field or function, once here, keeps its place and meaning; isthmus_api.version counts additions.
 *
 * Every function is safe to call from several threads. Bytes are borrowed for the length of the call.
 */
#ifndef ISTHMUS_ISTHMUS_H
#define ISTHMUS_ISTHMUS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ISTHMUS_API_VERSION 4
#define ISTHMUS_API __attribute__((visibility("default")))

typedef struct isthmus_engine isthmus_engine;
typedef struct isthmus_hasher isthmus_hasher;

typedef struct isthmus_bytes {
  const uint8_t* data; /* may be null when len is 0 */
  size_t len;
} isthmus_bytes;

/* What a call returns. Anything but ISTHMUS_OK means that nothing was written to the outputs. */
enum {
  ISTHMUS_OK = 0,
  ISTHMUS_UNKNOWN_NAME = 1, /* no such chain, scheme, hash or Merkle rule */
  ISTHMUS_BAD_ARGUMENT = 2, /* a null pointer, a digest that is not 32 bytes */
  ISTHMUS_BAD_ANCHOR = 3,   /* an anchor is not of its documented form */
  ISTHMUS_NO_MEMORY = 4
};

/* Status of a verdict. Nothing may be believed about an input but ISTHMUS_VALID. */
enum { ISTHMUS_VALID = 0, ISTHMUS_INVALID = 1, ISTHMUS_UNDECIDED = 2 };

typedef struct isthmus_verdict {
  uint32_t status;        /* ISTHMUS_VALID, ISTHMUS_INVALID or ISTHMUS_UNDECIDED */
  uint32_t code;          /* stable number; isthmus_code_name gives its name */
  uint32_t finding_count; /* bad or undecided rows, all of them */
  char place[116];        /* where, in words, null-terminated: "block 866342 tx 17 input 3" */
} isthmus_verdict;

/* Flags of isthmus_verify, isthmus_verify_with and isthmus_recover; a scheme ignores those that are not its own. */
enum {
  ISTHMUS_LOW_S = 1,    /* ECDSA, recovery: refuse s above half the order */
  ISTHMUS_HYBRID = 2,   /* ECDSA over secp256k1: accept SEC1 hybrid keys (06/07) */
  ISTHMUS_PREHASHED = 4 /* sm2-sm3: a message is the 32-byte digest e of identity and message */
};

/* threads: 1 to 1024. Null when out of memory or out of range. */
ISTHMUS_API isthmus_engine* isthmus_engine_new(uint32_t threads);
ISTHMUS_API void isthmus_engine_free(isthmus_engine* engine);

/* verdicts[i] is what the judge says of inputs[i] under anchors[i]. chain: "bitcoin-block", "cometbft-light-block", ...
 */
ISTHMUS_API int isthmus_check(isthmus_engine* engine, const char* chain, size_t count, const isthmus_bytes* inputs,
                              const isthmus_bytes* anchors, isthmus_verdict* verdicts);

/* ok[i] = 1 iff row i verifies under the scheme's rule, else 0. */
ISTHMUS_API int isthmus_verify(isthmus_engine* engine, const char* scheme, size_t count, const isthmus_bytes* keys,
                               const isthmus_bytes* messages, const isthmus_bytes* signatures, uint32_t flags,
                               uint8_t* ok);

/* isthmus_verify with the signer's id, which sm2-sm3 hashes with the key; the other schemes ignore it. Null means the
 * default of isthmus_verify, the 16 bytes "1234567812345678". An id of more than 8,191 bytes makes every row false. */
ISTHMUS_API int isthmus_verify_with(isthmus_engine* engine, const char* scheme, size_t count, const isthmus_bytes* keys,
                                    const isthmus_bytes* messages, const isthmus_bytes* signatures, uint32_t flags,
                                    const isthmus_bytes* signer_id, uint8_t* ok);

/* The secp256k1 keys that made ECDSA signatures r || s || v of 65 bytes (v: 0 to 3, or 27 to 30) over digests of any
 * length but 0, of which the leftmost 256 bits count. keys: 65 bytes (04 || x || y) per row; all zero where ok is 0. */
ISTHMUS_API int isthmus_recover(isthmus_engine* engine, size_t count, const isthmus_bytes* digests,
                                const isthmus_bytes* signatures, uint32_t flags, uint8_t* keys, uint8_t* ok);

/* Digests one after the other; isthmus_digest_size(hash) bytes each (0 for an unknown name). */
ISTHMUS_API int isthmus_hash_many(isthmus_engine* engine, const char* hash, size_t count, const isthmus_bytes* messages,
                                  uint8_t* digests);
ISTHMUS_API size_t isthmus_digest_size(const char* hash);

/* One message in pieces. Null when out of memory, and for an unknown name. */
ISTHMUS_API isthmus_hasher* isthmus_hasher_new(const char* hash);
ISTHMUS_API void isthmus_hasher_free(isthmus_hasher* hasher);

/* Appends to the message; data may be null when len is 0. Calls from several threads go one after the other. */
ISTHMUS_API int isthmus_hasher_update(isthmus_hasher* hasher, const uint8_t* data, size_t len);

/* The digest (isthmus_digest_size of the hash) of everything so far; the message may go on. */
ISTHMUS_API int isthmus_hasher_digest(isthmus_hasher* hasher, uint8_t* digest);

/* Root (32 bytes) over leaves; *mutated is 1 when the tree has the flaw that its rule watches for, and also, with a
 * root of zeros, when the rule has no tree of that many leaves; else 0. A leaf that is not of 32 bytes, under a rule
 * whose leaves are digests, is ISTHMUS_BAD_ARGUMENT. */
ISTHMUS_API int isthmus_merkle_root(isthmus_engine* engine, const char* rule, size_t count, const isthmus_bytes* leaves,
                                    uint8_t* root, uint8_t* mutated);

/* isthmus_merkle_root with the hash of a rule that leaves it open (chainmaker, fisco-v2, fisco-v3, mmr). Null means the
 * rule's usual one; a hash that the rule does not take is ISTHMUS_UNKNOWN_NAME. */
ISTHMUS_API int isthmus_merkle_root_with(isthmus_engine* engine, const char* rule, const char* hash, size_t count,
                                         const isthmus_bytes* leaves, uint8_t* root, uint8_t* mutated);

/* ok[i] = 1 iff leaf i has this index in the tree of `leaf_count` leaves with that root (32 bytes), else 0. proofs[i]
 * are its siblings on the way up, lowest first, 32 bytes each; a proof of any other number of siblings than index and
 * count imply is false. */
ISTHMUS_API int isthmus_merkle_verify(isthmus_engine* engine, const char* rule, const char* hash, const uint8_t* root,
                                      uint64_t leaf_count, size_t count, const uint64_t* indices,
                                      const isthmus_bytes* leaves, const isthmus_bytes* proofs, uint8_t* ok);

/* Digests (32 bytes each) of `count` pairs of nodes, 64 bytes each, one after the other; digests must not overlap
 * pairs. hash: "sha256", "sha256d", ... */
ISTHMUS_API int isthmus_hash_pairs(isthmus_engine* engine, const char* hash, size_t count, const uint8_t* pairs,
                                   uint8_t* digests);

/* Name of a code, static text; "ok" for 0 and null for a number that is none. */
ISTHMUS_API const char* isthmus_code_name(uint32_t code);

typedef struct isthmus_api {
  uint32_t version; /* ISTHMUS_API_VERSION of the library */
  uint32_t size;    /* sizeof(struct isthmus_api) in the library */
  isthmus_engine* (*engine_new)(uint32_t threads);
  void (*engine_free)(isthmus_engine* engine);
  int (*check)(isthmus_engine* engine, const char* chain, size_t count, const isthmus_bytes* inputs,
               const isthmus_bytes* anchors, isthmus_verdict* verdicts);
  int (*verify)(isthmus_engine* engine, const char* scheme, size_t count, const isthmus_bytes* keys,
                const isthmus_bytes* messages, const isthmus_bytes* signatures, uint32_t flags, uint8_t* ok);
  int (*hash_many)(isthmus_engine* engine, const char* hash, size_t count, const isthmus_bytes* messages,
                   uint8_t* digests);
  size_t (*digest_size)(const char* hash);
  int (*merkle_root)(isthmus_engine* engine, const char* rule, size_t count, const isthmus_bytes* leaves, uint8_t* root,
                     uint8_t* mutated);
  const char* (*code_name)(uint32_t code);
  /* since version 2 */
  int (*verify_with)(isthmus_engine* engine, const char* scheme, size_t count, const isthmus_bytes* keys,
                     const isthmus_bytes* messages, const isthmus_bytes* signatures, uint32_t flags,
                     const isthmus_bytes* signer_id, uint8_t* ok);
  int (*recover)(isthmus_engine* engine, size_t count, const isthmus_bytes* digests, const isthmus_bytes* signatures,
                 uint32_t flags, uint8_t* keys, uint8_t* ok);
  /* since version 3 */
  int (*merkle_root_with)(isthmus_engine* engine, const char* rule, const char* hash, size_t count,
                          const isthmus_bytes* leaves, uint8_t* root, uint8_t* mutated);
  int (*merkle_verify)(isthmus_engine* engine, const char* rule, const char* hash, const uint8_t* root,
                       uint64_t leaf_count, size_t count, const uint64_t* indices, const isthmus_bytes* leaves,
                       const isthmus_bytes* proofs, uint8_t* ok);
  int (*hash_pairs)(isthmus_engine* engine, const char* hash, size_t count, const uint8_t* pairs, uint8_t* digests);
  /* since version 4 */
  isthmus_hasher* (*hasher_new)(const char* hash);
  void (*hasher_free)(isthmus_hasher* hasher);
  int (*hasher_update)(isthmus_hasher* hasher, const uint8_t* data, size_t len);
  int (*hasher_digest)(isthmus_hasher* hasher, uint8_t* digest);
} isthmus_api;

/* The table of this library; static storage. */
ISTHMUS_API const isthmus_api* isthmus_api_table(void);

#ifdef __cplusplus
}
#endif

#endif /* ISTHMUS_ISTHMUS_H */
