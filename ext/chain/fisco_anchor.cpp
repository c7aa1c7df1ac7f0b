#include "chain/fisco_anchor.hpp"

#include "wire/protobuf.hpp"

namespace isthmus::chain::fisco {
namespace {

using wire::field_bit;
using wire::ProtobufReader;
using wire::WireError;

constexpr usize kNameLenMax = 256;

Ref ref_of(const ProtobufReader& reader, Bytes bytes) {
  return Ref::make(Space::anchor, static_cast<usize>(reader.value_off()), bytes.size());
}

Sealer read_sealer(ProtobufReader reader) {
  Sealer sealer;
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        sealer.id = ref_of(reader, reader.as_bytes_exactly(kNodeIdLen));
        break;
      case 2:
        sealer.weight = reader.as_u64();
        if (sealer.weight > kWeightMax) reader.refuse(Code::field_value);
        break;
      default:
        reader.unknown();
    }
  }
  for (const u32 number : {1, 2}) reader.require(number);
  return sealer;
}

void read_trusted(ProtobufReader reader, Anchor& anchor) {
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        anchor.trusted_number = reader.as_u64();
        break;
      case 2:
        anchor.trusted_hash = ref_of(reader, reader.as_bytes_exactly(kHashLen));
        break;
      default:
        reader.unknown();
    }
  }
  reader.require(2);
  anchor.has_trusted = true;
}

void read_fields(ProtobufReader& reader, Anchor& anchor, u32 count_max) {
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        anchor.version = reader.as_u32();
        break;
      case 2:
        anchor.sm = reader.as_bool();
        anchor.hash = anchor.sm ? Hash::sm3 : Hash::keccak256;
        break;
      case 3:
        if (anchor.sealers.size() >= count_max) return reader.refuse(Code::limit_exceeded);
        anchor.sealers.push_back(read_sealer(reader.as_message()));
        break;
      case 4:
        anchor.overlap = reader.as_bool();
        break;
      case 5:
        anchor.header_hash = ref_of(reader, reader.as_bytes_exactly(kHashLen));
        break;
      case 6:
        read_trusted(reader.as_message(), anchor);
        break;
      case 7:
        anchor.chain_id = ref_of(reader, reader.as_bytes(kNameLenMax));
        break;
      case 8:
        anchor.group_id = ref_of(reader, reader.as_bytes(kNameLenMax));
        break;
      default:
        reader.unknown();
    }
  }
}

bool version_known(u32 version) { return version >= kVersionRc1 && version < kVersion3 + (u32{1} << 24); }

bool total_fits(const std::vector<Sealer>& sealers) {
  u64 total = 0;
  for (const Sealer& sealer : sealers) {
    total += sealer.weight;  // both below 2^63
    if (total > kWeightMax) return false;
  }
  return true;
}

bool all_weights_are_one(const std::vector<Sealer>& sealers) {
  for (const Sealer& sealer : sealers) {
    if (sealer.weight != 1) return false;
  }
  return true;
}

}  // namespace

AnchorError read_anchor(Bytes bytes, u32 count_max, Anchor& anchor) {
  WireError error;
  ProtobufReader reader(bytes, error, {.repeated = field_bit(3)});
  read_fields(reader, anchor, count_max);
  reader.require(1);
  if (error.failed()) return {entry_of(error.code).text, error.byte_off};
  if (!version_known(anchor.version)) return {"the version is not one of FISCO BCOS 2 or 3", 0};
  if (!total_fits(anchor.sealers)) return {"the weights add up to more than int64 holds", 0};
  if (!anchor.is_v3() && !all_weights_are_one(anchor.sealers)) return {"sealers of version 2 have no weights", 0};
  return {};
}

}  // namespace isthmus::chain::fisco
