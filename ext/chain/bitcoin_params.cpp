#include "chain/bitcoin_params.hpp"

namespace isthmus::chain::bitcoin {
namespace {

constexpr u8 nibble(char c) { return static_cast<u8>(c <= '9' ? c - '0' : c - 'a' + 10); }

// From the printed form.
constexpr Digest printed(const char (&hex)[65]) {
  Digest out{};
  for (usize i = 0; i < 32; ++i) out[31 - i] = static_cast<u8>(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
  return out;
}

constexpr Params kMain = {
    .genesis = printed("000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f"),
    .bip34_height = 227931,
    .bip66_height = 363725,
    .bip65_height = 388381,
    .csv_height = 419328,
    .segwit_height = 481824,
    .limit_bits = 0x1d00ffff,
    .halving_interval = 210000,
    .min_difficulty = false,
    .no_retarget = false,
    .bip94 = false,
    .signet = false,
    .exceptions = {{{170060, printed("00000000000002dc756eebf4f49723ed8d30cc28a5f108eb94b1ba88ac4f9c22"), false},
                    {692261, printed("0000000000000000000f14c35b2d841e986ab5441de8c585d5ffe55ea1e395ad"), true}}},
    .exception_count = 2,
};

constexpr Params testnet3() {
  Params params = kMain;
  params.genesis = printed("000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943");
  params.bip34_height = 21111;
  params.bip66_height = 330776;
  params.bip65_height = 581885;
  params.csv_height = 770112;
  params.segwit_height = 834624;
  params.min_difficulty = true;
  params.exceptions[0] = {514, printed("00000000dd30457c001f4095d208cc1296b0eed002427aa599874af7a432b105"), false};
  params.exception_count = 1;
  return params;
}

constexpr Params from_first_block(Digest genesis) {
  Params params = kMain;
  params.genesis = genesis;
  params.bip34_height = params.bip66_height = params.bip65_height = params.csv_height = 1;
  params.segwit_height = 1;
  params.exception_count = 0;
  return params;
}

constexpr Params signet() {
  Params params = from_first_block(printed("00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6"));
  params.limit_bits = 0x1e0377ae;
  params.signet = true;
  return params;
}

constexpr Params regtest() {
  Params params = from_first_block(printed("0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206"));
  params.segwit_height = 0;
  params.limit_bits = 0x207fffff;
  params.halving_interval = 150;
  params.min_difficulty = true;
  params.no_retarget = true;
  return params;
}

constexpr Params testnet4() {
  Params params = from_first_block(printed("00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043"));
  params.min_difficulty = true;
  params.bip94 = true;
  return params;
}

constexpr Params kParams[kNetworkCount] = {kMain, testnet3(), signet(), regtest(), testnet4()};

}  // namespace

const Params& params_of(u32 network) { return kParams[network]; }

}  // namespace isthmus::chain::bitcoin
