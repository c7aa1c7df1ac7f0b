// The per-scheme verifiers that sig::verify dispatches to. Every one answers each row (ok[i] = 1 or 0), for
// any number of rows and any lengths, and never throws; ok has room for rows.size() answers. Which bytes each
// one accepts stands at the top of its own file and, vector by vector, in tests/accept/.
#pragma once

#include "sig/batch.hpp"

namespace isthmus::sig {

void verify_ed25519_zip215(std::span<const Row> rows, u8* ok);
void verify_ed25519_rfc8032(std::span<const Row> rows, u8* ok);
void verify_secp256k1_ecdsa(std::span<const Row> rows, u8* ok, const Context& context = {});
void verify_p256_ecdsa(std::span<const Row> rows, u8* ok, const Context& context = {});
void verify_p384_ecdsa(std::span<const Row> rows, u8* ok, const Context& context = {});
void verify_secp256k1_bip340(std::span<const Row> rows, u8* ok, const Context& context = {});
void verify_secp256k1_taproot_tweak(std::span<const Row> rows, u8* ok, const Context& context = {});
void verify_sm2_sm3(std::span<const Row> rows, u8* ok, const Context& context = {});

}  // namespace isthmus::sig
