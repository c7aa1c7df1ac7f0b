#include "chain/cometbft_parse.hpp"

namespace isthmus::chain::cometbft {
namespace {

// The last second of the year 9999, where protobuf's timestamps end.
constexpr i64 kTimeSecondsMax = 253402300799;

Ref take_bytes(ProtobufReader& reader, const ParseContext& context) {
  const Bytes bytes = reader.as_bytes();
  return ref_of(reader, bytes, context.space);
}

Ref take_bytes(ProtobufReader& reader, const ParseContext& context, usize len) {
  const Bytes bytes = reader.as_bytes_exactly(len);
  return ref_of(reader, bytes, context.space);
}

// The bytes of a nested message, which may be empty.
Ref body_of(const ProtobufReader& reader, const ProtobufReader& nested, const ParseContext& context) {
  return Ref::make(context.space, reader.value_off(), nested.size());
}

// A height or a round: never negative, a height never zero.
u64 take_height(ProtobufReader& reader) {
  const i64 height = reader.as_i64();
  if (height <= 0) reader.refuse(Code::cometbft_height);
  return height <= 0 ? 0 : static_cast<u64>(height);
}

u32 take_round(ProtobufReader& reader) {
  const i32 round = reader.as_i32();
  if (round < 0) reader.refuse(Code::field_value);
  return round < 0 ? 0 : static_cast<u32>(round);
}

void read_part_set_header(ProtobufReader reader, BlockId& id, const ParseContext& context) {
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        id.parts_total = reader.as_u32();
        break;
      case 2:
        id.parts_hash = take_bytes(reader, context, kHashLen);
        break;
      default:
        reader.unknown();
    }
  }
}

BlockId read_block_id(ProtobufReader reader, Ref body, const ParseContext& context) {
  BlockId id;
  id.body = body;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        id.hash = take_bytes(reader, context, kHashLen);
        break;
      case 2: {
        const ProtobufReader parts = reader.as_message();
        id.parts = body_of(reader, parts, context);
        read_part_set_header(parts, id, context);
        break;
      }
      default:
        reader.unknown();
    }
  }
  reader.require(2);
  return id;
}

BlockId take_block_id(ProtobufReader& reader, const ParseContext& context) {
  const ProtobufReader nested = reader.as_message();
  return read_block_id(nested, body_of(reader, nested, context), context);
}

Time take_time(ProtobufReader& reader, const ParseContext& context) {
  const ProtobufReader nested = reader.as_message();
  Time time = read_time(nested, context);
  time.body = body_of(reader, nested, context);
  return time;
}

u64 read_version(ProtobufReader reader) {
  u64 block = 0;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        block = reader.as_u64();
        break;
      case 2:
        reader.as_u64();
        break;
      default:
        reader.unknown();
    }
  }
  return block;
}

void take_version(ProtobufReader& reader, Header& header, const ParseContext& context) {
  const ProtobufReader nested = reader.as_message();
  header.version = body_of(reader, nested, context);
  header.block_protocol = read_version(nested);
}

// The fields of a header that are hashes or addresses; false for another number.
bool take_header_bytes(ProtobufReader& reader, Header& header, const ParseContext& context) {
  switch (reader.number()) {
    case 6:
      header.last_commit_hash = take_bytes(reader, context, kHashLen);
      return true;
    case 7:
      header.data_hash = take_bytes(reader, context, kHashLen);
      return true;
    case 8:
      header.validators_hash = take_bytes(reader, context, kHashLen);
      return true;
    case 9:
      header.next_validators_hash = take_bytes(reader, context, kHashLen);
      return true;
    case 10:
      header.consensus_hash = take_bytes(reader, context, kHashLen);
      return true;
    case 11:
      header.app_hash = take_bytes(reader, context);
      return true;
    case 12:
      header.last_results_hash = take_bytes(reader, context, kHashLen);
      return true;
    case 13:
      header.evidence_hash = take_bytes(reader, context, kHashLen);
      return true;
    case 14:
      header.proposer_address = take_bytes(reader, context, kAddressLen);
      return true;
    default:
      return false;
  }
}

Header read_header(ProtobufReader reader, const ParseContext& context) {
  Header header;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        take_version(reader, header, context);
        break;
      case 2:
        header.chain_id = ref_of(reader, reader.as_bytes(kChainIdLenMax), context.space);
        break;
      case 3:
        header.height = take_height(reader);
        break;
      case 4:
        header.time = take_time(reader, context);
        break;
      case 5:
        header.last_block_id = take_block_id(reader, context);
        break;
      default:
        if (!take_header_bytes(reader, header, context)) reader.unknown();
    }
  }
  // A header without a validators hash has no hash at all in CometBFT; a proposer's address is always 20 bytes.
  for (const u32 number : {1, 2, 3, 4, 5, 8, 14}) reader.require(number);
  return header;
}

// CommitSig.ValidateBasic: an absent vote is empty, any other names its validator and is signed.
void check_commit_sig(ProtobufReader& reader, const CommitSig& vote, i64 seconds, bool has_nanos) {
  if (vote.flag != Flag::absent) {
    for (const u32 number : {2, 3}) reader.require(number);
    return;
  }
  const bool timed = reader.has(3) && (seconds != kZeroTimeSeconds || has_nanos);
  if (vote.address.len() != 0 || vote.signature.len() != 0 || timed) reader.refuse(Code::cometbft_vote_absent);
}

CommitSig read_commit_sig(ProtobufReader reader, u64 off, const ParseContext& context) {
  CommitSig vote{{}, {}, {}, static_cast<u32>(off), Flag::absent};
  Time time;
  while (reader.next()) {
    switch (reader.number()) {
      case 1: {
        const u32 flag = reader.as_u32();
        if (flag < 1 || flag > 3) reader.refuse(Code::cometbft_vote_flag);
        vote.flag = static_cast<Flag>(flag);
        break;
      }
      case 2:
        vote.address = take_bytes(reader, context, kAddressLen);
        break;
      case 3:
        time = take_time(reader, context);
        vote.time = time.body;
        break;
      case 4:
        vote.signature = take_bytes(reader, context);
        break;
      default:
        reader.unknown();
    }
  }
  if (reader.require(1)) check_commit_sig(reader, vote, time.seconds, time.nanos != 0);
  return vote;
}

Commit read_commit(ProtobufReader reader, u64 off, const ParseContext& context) {
  Commit commit;
  commit.off = off;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        commit.height = take_height(reader);
        break;
      case 2:
        commit.round = take_round(reader);
        break;
      case 3:
        commit.block_id = take_block_id(reader, context);
        break;
      case 4:
        if (commit.votes.size() == context.count_max) return reader.refuse(Code::limit_exceeded), commit;
        commit.votes.push_back(read_commit_sig(reader.as_message(), reader.off(), context));
        break;
      default:
        reader.unknown();
    }
  }
  for (const u32 number : {1, 3}) reader.require(number);
  return commit;
}

// tendermint.crypto.PublicKey, a oneof: one field stands, whatever its number.
void read_public_key(ProtobufReader reader, Validator& validator, const ParseContext& context) {
  u32 count = 0;
  while (reader.next()) {
    if (++count > 1) return reader.refuse(Code::field_repeated);
    switch (reader.number()) {
      case 1:
        validator.type = KeyType::ed25519;
        validator.key = take_bytes(reader, context, 32);
        break;
      case 2:
        validator.type = KeyType::secp256k1;
        validator.key = take_bytes(reader, context, 33);
        break;
      case 3:  // BLS12-381
      case 4:  // secp256k1 with Ethereum addresses
        validator.type = KeyType::unsupported;
        validator.key = take_bytes(reader, context);
        break;
      default:
        reader.unknown();
    }
  }
  if (count == 0) reader.require(1);
}

Validator read_validator(ProtobufReader reader, u64 off, const ParseContext& context) {
  Validator validator{{}, {}, {}, 0, static_cast<u32>(off), KeyType::unsupported};
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        validator.address = take_bytes(reader, context, kAddressLen);
        break;
      case 2: {
        const ProtobufReader nested = reader.as_message();
        validator.pub_key = body_of(reader, nested, context);
        read_public_key(nested, validator, context);
        break;
      }
      case 3:
        validator.power = reader.as_u64();
        if (validator.power > kTotalPowerMax) reader.refuse(Code::cometbft_power);
        break;
      case 4:
        reader.as_i64();
        break;
      default:
        reader.unknown();
    }
  }
  for (const u32 number : {1, 2}) reader.require(number);
  // Power 0 removes a validator, so none in a set has it; a missing field is that 0.
  if (validator.power == 0) reader.refuse(Code::cometbft_power);
  return validator;
}

struct SignedHeader {
  Header header;
  Commit commit;
};

SignedHeader read_signed_header(ProtobufReader reader, const ParseContext& context) {
  SignedHeader signed_header;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        signed_header.header = read_header(reader.as_message(), context);
        break;
      case 2:
        signed_header.commit = read_commit(reader.as_message(wire::field_bit(4)), reader.off(), context);
        break;
      default:
        reader.unknown();
    }
  }
  for (const u32 number : {1, 2}) reader.require(number);
  return signed_header;
}

// Vote.ValidateBasic: a vote is for nil or for a block of which everything is named.
bool empty_or_complete(const BlockId& id) {
  if (id.body.len() == kEmptyBlockIdLen) return true;
  return id.hash.len() != 0 && id.parts_total != 0 && id.parts_hash.len() != 0;
}

}  // namespace

Time read_time(ProtobufReader reader, const ParseContext&) {
  Time time;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        time.seconds = reader.as_i64();
        if (time.seconds < kZeroTimeSeconds || time.seconds > kTimeSecondsMax) reader.refuse(Code::field_value);
        break;
      case 2:
        time.nanos = reader.as_u32();
        if (time.nanos > 999'999'999) reader.refuse(Code::field_value);
        break;
      default:
        reader.unknown();
    }
  }
  return time;
}

ValidatorSet read_validator_set(ProtobufReader reader, const ParseContext& context) {
  ValidatorSet set;
  while (reader.next()) {
    switch (reader.number()) {
      case 1: {
        if (set.validators.size() == context.count_max) return reader.refuse(Code::limit_exceeded), set;
        const Validator validator = read_validator(reader.as_message(), reader.off(), context);
        set.total_power += validator.power;  // both below 2^60
        if (set.total_power > kTotalPowerMax) reader.refuse(Code::cometbft_power);
        set.validators.push_back(validator);
        break;
      }
      case 2:
        // Neither hashed nor used: only its form is looked at.
        read_validator(reader.as_message(), reader.off(), context);
        break;
      case 3:
        // A node recomputes the total and ignores this one.
        reader.as_i64();
        break;
      default:
        reader.unknown();
    }
  }
  return set;
}

LightBlock read_light_block(ProtobufReader reader, const ParseContext& context) {
  LightBlock block;
  while (reader.next()) {
    switch (reader.number()) {
      case 1: {
        SignedHeader signed_header = read_signed_header(reader.as_message(), context);
        block.header = signed_header.header;
        block.commit = std::move(signed_header.commit);
        break;
      }
      case 2:
        block.validators = read_validator_set(reader.as_message(kValidatorSetRepeated), context);
        break;
      default:
        reader.unknown();
    }
  }
  for (const u32 number : {1, 2}) reader.require(number);
  return block;
}

Vote read_vote(ProtobufReader reader, const ParseContext& context) {
  Vote vote;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        vote.type = reader.as_u32();
        if (vote.type > 2) reader.refuse(Code::field_value);
        break;
      case 2:
        vote.height = take_height(reader);
        break;
      case 3:
        vote.round = take_round(reader);
        break;
      case 4:
        vote.block_id = take_block_id(reader, context);
        if (!empty_or_complete(vote.block_id)) reader.refuse(Code::field_value);
        break;
      case 5:
        vote.time = take_time(reader, context).body;
        break;
      case 6:
        vote.address = take_bytes(reader, context, kAddressLen);
        break;
      case 7:
        vote.index = take_round(reader);
        break;
      case 8:
        vote.signature = take_bytes(reader, context);
        break;
      case 9:  // a vote extension and its signature say nothing about the block
      case 10:
        reader.as_bytes();
        break;
      default:
        reader.unknown();
    }
  }
  for (const u32 number : {1, 2, 4, 5, 6}) reader.require(number);
  return vote;
}

}  // namespace isthmus::chain::cometbft
