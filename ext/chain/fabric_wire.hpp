// The structures of a Hyperledger Fabric block as they lie in bytes: common.Block and its parts, with every
// variable-length part kept as a Ref.
//
// What the reference demands to be canonical is read strictly: the block itself and its envelopes. What lies deeper is
// bound by hashes and signatures over its very bytes and is written by many SDKs, so there field order and written-out
// defaults are taken as they come, but nothing may stand twice; a field that this reader does not know makes its part
// undecided, because a later Fabric may say something with it.
//
// Two forms of a block: common.Block in protobuf, and the record of a peer's or orderer's block file without its length
// (common/ledger/blkstorage/block_serialization.go): number, data hash, previous hash, transactions, metadata.
// Cost: one pass over tags and lengths.
#pragma once

#include <vector>

#include "claim/sheet.hpp"
#include "wire/protobuf.hpp"

namespace isthmus::chain::fabric {

using claim::NodeId;
using claim::Ref;
using claim::Sheet;
using claim::Space;
using wire::ProtobufReader;
using wire::WireError;

inline constexpr usize kHashLen = 32;

enum class Form : u8 {
  block = 0,        // common.Block
  record = 1,       // of a block file
  attestation = 2,  // common.Block with header and metadata only
};

// Slots of BlockMetadata.
enum Slot : u32 { kSignatures = 0, kLastConfig = 1, kFlags = 2, kOrderer = 3, kCommitHash = 4 };

// Types of ChannelHeader.
enum class TxType : u32 { config = 1, config_update = 2, endorser = 3, orderer = 4 };

struct Header {
  u64 number = 0;
  Ref previous_hash;
  Ref data_hash;
};

struct Block {
  Header header;
  std::vector<Ref> data;
  std::vector<Ref> slots;

  Ref slot(u32 index) const { return index < slots.size() ? slots[index] : Ref{}; }
};

struct MetadataSignature {
  Ref header;      // SignatureHeader
  Ref signature;   // DER
  Ref identifier;  // IdentifierHeader
};

struct Metadata {
  Ref value;
  std::vector<MetadataSignature> signatures;
};

struct Envelope {
  Ref payload;
  Ref signature;
};

struct Payload {
  Ref channel_header;
  Ref signature_header;
  Ref data;
};

struct ChannelHeader {
  u32 type = 0;
  Ref channel_id;
  Ref tx_id;
  u64 epoch = 0;
  Ref extension;
};

struct SignatureHeader {
  Ref creator;
  Ref nonce;
};

struct SerializedIdentity {
  Ref msp_id;
  Ref id_bytes;
};

// Rules for what hashes and signatures bind as bytes.
inline constexpr wire::ProtobufRules kLoose = {.ascending = false, .omit_defaults = false};

constexpr wire::ProtobufRules loose(u64 repeated) {
  wire::ProtobufRules rules = kLoose;
  rules.repeated = repeated;
  return rules;
}

ProtobufReader reader_of(const Sheet& sheet, Ref ref, WireError& error, const wire::ProtobufRules& rules = kLoose);

// The current bytes field of `reader`, whose outermost bytes lie in `space`.
Ref take(ProtobufReader& reader, Space space);

// A message all of whose fields of interest are bytes: fields[i] is field i + 1, empty where it is absent. Others are
// refused as unknown.
void read_pieces(const Sheet& sheet, Ref ref, WireError& error, std::span<Ref* const> fields,
                 const wire::ProtobufRules& rules = kLoose);

// Each reads one structure to its end; on an error the result is not to be used. `count_max` bounds repeated parts.
Block read_block(const Sheet& sheet, Bytes input, Form form, u32 count_max, WireError& error);
Metadata read_metadata(const Sheet& sheet, Ref slot, u32 count_max, WireError& error);
// `canonical`: the bytes must be the only encoding (protoutil.VerifyTransactionsAreWellFormed).
Envelope read_envelope(const Sheet& sheet, Ref ref, bool canonical, WireError& error);
Payload read_payload(const Sheet& sheet, Ref ref, WireError& error);
ChannelHeader read_channel_header(const Sheet& sheet, Ref ref, WireError& error);
SignatureHeader read_signature_header(const Sheet& sheet, Ref ref, WireError& error);
SerializedIdentity read_serialized_identity(const Sheet& sheet, Ref ref, WireError& error);

// LastConfig.index of an OrdererBlockMetadata, or of a LastConfig itself.
u64 read_last_config(const Sheet& sheet, Ref ref, bool wrapped, WireError& error);
u32 read_identifier(const Sheet& sheet, Ref ref, WireError& error);

// DER SEQUENCE { INTEGER number, OCTET STRING previous_hash, OCTET STRING data_hash } as text
// (protoutil.BlockHeaderBytes).
Ref state_header_bytes(Sheet& sheet, const Header& header);
// DER SEQUENCE of OCTET STRINGs, as Fabric-X signs.
Ref state_octet_strings(Sheet& sheet, std::span<const Ref> parts);

// Bytes that are not of the documented form: invalid, but undecided for a limit that the caller set and for a field
// that is not known.
void note_wire_error(Sheet& sheet, NodeId node, const WireError& error);
// The same where an unknown field cannot be a later version's.
void note_strict_error(Sheet& sheet, NodeId node, const WireError& error);

bool same_bytes(const Sheet& sheet, Ref left, Ref right);
bool is_text(const Sheet& sheet, Ref ref, std::string_view text);
std::string_view text_of(const Sheet& sheet, Ref ref);

// Numbers are 64 bits and a place prints 32.
inline u32 index_of(u64 number) { return number > ~u32{0} ? ~u32{0} : static_cast<u32>(number); }

}  // namespace isthmus::chain::fabric
