// The structures of a ChainMaker block as they lie in protobuf bytes, with every variable-length part kept as a Ref:
// the messages of pb-go v2 (common/{block,transaction,request,rwset}.proto, accesscontrol/member.proto,
// consensus/{tbft/tbft,maxbft/consensus}.proto) and those of v1.x, which share numbers but neither order nor types.
//
// The reader is stricter than a node's, which skips unknown fields and takes any order: here a block has one encoding,
// the one that gogo-protobuf writes (ascending fields, defaults left out). What is hashed or signed can therefore be
// used in place: re-encoding it would give the same bytes. The format comes from the anchor and is never guessed from
// the bytes. Cost: one pass over the tags.
#pragma once

#include <vector>

#include "claim/sheet.hpp"
#include "wire/protobuf.hpp"

namespace isthmus::chain::chainmaker {

using claim::Ref;
using claim::Sheet;
using claim::Space;
using wire::ProtobufReader;
using wire::WireError;

inline constexpr usize kHashLen = 32;

enum class Format : u8 {
  v2 = 1,    // version 2.0 and later
  v1 = 2,    // 1.1 and 1.2
  v1_0 = 3,  // 1.0.0: the request's signature is no part of the leaf
};

// accesscontrol.MemberType of v2. v1 knows whole certificates and their hashes.
enum class MemberType : u32 { certificate = 0, certificate_hash = 1, public_key = 2, did = 3, alias = 4, address = 5 };

struct Member {
  Ref org_id;
  Ref info;
  MemberType type = MemberType::certificate;
};

// EndorsementEntry: who signed, and the signature.
struct Signed {
  Member signer;
  Ref signature;
  u64 off = 0;
  bool present = false;
};

struct Header {
  u64 version = 0;  // block_version; v1 has a text instead, and 0 here
  u32 block_type = 0;
  Ref chain_id;
  u64 height = 0;
  Ref block_hash;  // the hashes have 0 or 32 bytes
  Ref pre_block_hash;
  u64 pre_conf_height = 0;
  u64 tx_count = 0;
  Ref tx_root;
  Ref dag_hash;
  Ref rw_set_root;
  i64 timestamp = 0;  // seconds
  Ref consensus_args;
  Signed proposer;  // member and signature of the header
  // The header without its own hash and signature: v2 from `hashed`; v1 as field 1 of a Block, so behind a tag and
  // `hashed_len`.
  std::vector<Ref> hashed;
  usize hashed_len = 0;
  u64 off = 0;
  bool present = false;
};

// block_type: a block whose transaction 0 may hold a new configuration.
inline constexpr u32 kConfigBlock = 1;

// From this block_version on, the gas used is no part of the leaf.
inline constexpr u64 kLeafWithoutGas = 2300;

// v1's TxType of payloads that carry endorsements.
inline constexpr u32 kManageUserContract = 2;
inline constexpr u32 kUpdateChainConfig = 4;

// A field within a message: from its tag to its end.
struct Field {
  Ref whole;
  Ref value;
  bool present = false;
};

struct Transaction {
  Ref body;
  Ref payload;         // v2: Payload; v1: request_payload
  Ref request_header;  // v1: TxHeader
  Ref endorsed;        // what endorsers signed: v2 the payload, v1 the payload before its endorsements
  Ref chain_id;
  Ref tx_id;
  Ref contract_name;
  Ref method;
  Ref target_org;  // parameter "org_id", which the rule SELF is about
  u32 tx_type = 0;
  i64 timestamp = 0;
  i64 expiration = 0;
  Signed sender;
  Signed payer;
  u32 endorser_first = 0;  // in Body::endorsers
  u32 endorser_count = 0;
  u32 code = 0;  // result.code, 0 is success
  Field result;
  Field contract_result;
  Field gas_used;
  Ref contract_value;  // contract_result.result
  u32 contract_code = 0;
  Ref rw_set_hash;  // 0 or 32 bytes
  u64 off = 0;
};

struct RwSet {
  Ref body;
  Ref tx_id;
};

// One entry of AdditionalData.extra_data.
struct Extra {
  Ref key;
  Ref value;
};

struct Block {
  Header header;
  Field dag;
  std::vector<Transaction> txs;
  std::vector<Signed> endorsers;
  std::vector<Extra> extras;
  std::vector<RwSet> rw_sets;
  bool has_rw_sets = false;
  Field proof;  // chainmaker-header's own field
};

// The part of TransactionInfo beside the transaction.
struct TxPlace {
  u64 height = 0;
  Ref block_hash;
  u32 index = 0;
  i64 timestamp = 0;
  bool has_rw_set = false;
  RwSet rw_set;
};

// A vote of a quorum certificate: of TBFT (Vote) or MaxBFT (VoteData).
struct Vote {
  Ref body;
  Ref name;        // TBFT: the key of the map that it stands under
  Ref signed_[2];  // the message without its signature
  u64 type = 0;
  Ref voter;  // node id
  u64 height = 0;
  u64 round = 0;  // MaxBFT: view
  u64 epoch = 0;
  Ref hash;
  Signed endorsement;
  u64 off = 0;
};

struct Certificate {
  u64 type = 0;
  u64 height = 0;
  u64 round = 0;
  Ref majority;
  std::vector<Vote> votes;
};

struct ParseContext {
  Format format;
  u32 count_max;  // bounds repeated parts (beyond it: limit_exceeded)
  WireError* error;
  bool header_only = false;  // a Block has no transactions, and may have a proof
};

// Each reads one message to its end. On an error the reader's WireError is set and the result is not to be used.
// `read_block_or_info` tells Block from BlockInfo by its first header: that of v2 begins with a number, that of v1 with
// the chain's id.
Block read_block_or_info(Bytes input, Bytes chain_id, const ParseContext& context);
Transaction read_transaction(ProtobufReader reader, std::vector<Signed>& endorsers, const ParseContext& context);
Block read_block(ProtobufReader reader, const ParseContext& context);
RwSet read_rw_set(ProtobufReader reader, const ParseContext& context);
Certificate read_tbft(ProtobufReader reader, const ParseContext& context);
Certificate read_maxbft(ProtobufReader reader, const ParseContext& context);
// BlockHeaderConsensusArgs.view.
u64 read_view(ProtobufReader reader, const ParseContext& context);

inline constexpr u64 kBlockRepeated = wire::field_bit(3);
inline constexpr u64 kTransactionRepeated = wire::field_bit(3);
inline constexpr u64 kRwSetRepeated = wire::field_bit(2) | wire::field_bit(3);
inline constexpr u64 kVoteSetRepeated = wire::field_bit(6) | wire::field_bit(7);
inline constexpr u64 kQuorumCertRepeated = wire::field_bit(1);

// The Ref of the current bytes or message field of `reader`.
inline Ref ref_of(const ProtobufReader& reader, usize len) { return Ref::make(Space::input, reader.value_off(), len); }

}  // namespace isthmus::chain::chainmaker
