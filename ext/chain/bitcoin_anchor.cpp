#include "chain/bitcoin_anchor.hpp"

#include <algorithm>

#include "chain/bitcoin_header.hpp"
#include "wire/compact_size.hpp"
#include "wire/protobuf.hpp"

namespace isthmus::chain::bitcoin {
namespace {

constexpr u32 kHeightMax = 0x7fffffff;
constexpr u64 kPrevoutLenMin = 14;

constexpr u32 kRulesStated = 1;
constexpr u32 kRulesP2sh = 2;
constexpr u32 kRulesStrictDer = 4;
constexpr u32 kRulesNullDummy = 8;
constexpr u32 kRulesWitness = 16;
constexpr u32 kRulesTaproot = 32;
constexpr u32 kRulesAll = 63;

const char* text_of(Code code) { return entry_of(code).text; }

struct Fields {
  Bytes container;
  u64 container_off = 0;
};

void read_field(wire::ProtobufReader& reader, Anchor& anchor, Fields& fields) {
  switch (reader.number()) {
    case 1:
      anchor.network = reader.as_u32();
      return;
    case 2:
      anchor.height = reader.as_u32();
      return;
    case 3:
      anchor.hash = reader.as_bytes_exactly(32);
      return;
    case 4:
      anchor.parents = reader.as_bytes();
      return;
    case 5:
      anchor.opener = reader.as_bytes_exactly(kHeaderLen);
      return;
    case 6:
      fields.container = reader.as_bytes();
      fields.container_off = reader.value_off();
      anchor.has_prevouts = true;
      return;
    case 7:
      anchor.now = reader.as_u64();
      return;
    case 8:
      anchor.rules = reader.as_u32();
      return;
    case 9:
      anchor.txids = reader.as_bytes();
      return;
    case 10:
      anchor.prevout_times = reader.as_bytes();
      return;
    case 11:
      anchor.index = reader.as_u32();
      return;
    default:
      anchor.median = reader.as_u32();
  }
}

const char* check_values(const Anchor& anchor) {
  if (anchor.network >= kNetworkCount) return "network is not 0 to 4";
  if (anchor.height > kHeightMax) return "height is not below 2^31";
  // A time this far off would overflow the rule that uses it.
  if (anchor.now > u64{1} << 62) return "now is not a time in unix seconds";
  if (anchor.parents.size() % kHeaderLen != 0) return "parents are not a run of 80-byte headers";
  if (anchor.parents.size() / kHeaderLen > anchor.height) return "there are more parents than the height allows";
  if (anchor.txids.size() % 32 != 0) return "txids are not a run of 32-byte hashes";
  if (anchor.prevout_times.size() != (anchor.prevout_times.empty() ? 0 : 4 * anchor.prevouts.size())) {
    return "prevout times and prevouts differ in number";
  }
  if (anchor.rules > kRulesAll || (anchor.rules != 0 && (anchor.rules & kRulesStated) == 0)) {
    return "rules are not of the documented form";
  }
  // Witness programs nest in P2SH, and Taproot is a witness program.
  const bool p2sh = (anchor.rules & kRulesP2sh) != 0;
  const bool witness = (anchor.rules & kRulesWitness) != 0;
  if ((witness && !p2sh) || ((anchor.rules & kRulesTaproot) != 0 && !witness)) {
    return "rules hold that need another rule";
  }
  if (anchor.height == 0) {
    return anchor.opener.empty() && anchor.median == 0 ? nullptr : "the first block has nothing before it";
  }
  const Lineage parents_only(anchor.height, anchor.parents, {}, {}, 0);
  u32 median;
  if (anchor.median != 0 && parents_only.median_time_past(anchor.height, median) && median != anchor.median) {
    return "median time and parents contradict each other";
  }
  if (anchor.opener.empty()) return nullptr;
  const u8* const known = parents_only.at(parents_only.opener_height());
  if (known != nullptr && !std::equal(anchor.opener.begin(), anchor.opener.end(), known)) {
    return "opener and parents contradict each other";
  }
  return nullptr;
}

}  // namespace

AnchorError parse_prevouts(Bytes container, claim::Ref base, std::vector<Prevout>& prevouts) {
  wire::Cursor cursor(container);
  const u32 count = cursor.le32();
  if (count * kPrevoutLenMin > cursor.left()) return {"prevouts: the container ends early", 0};
  prevouts.reserve(count);
  for (u32 i = 0; i < count; ++i) {
    Prevout prevout;
    const usize off = cursor.at();
    prevout.amount = cursor.le64();
    prevout.value = base.sub(static_cast<u32>(off), 8);
    prevout.height = cursor.le32();
    const u8 coinbase = cursor.byte();
    const usize serialised_off = cursor.at();
    prevout.script_bytes = cursor.take(wire::read_compact_size(cursor));
    if (cursor.failed()) return {"prevouts: an entry is cut off or has a length that is not the shortest", off};
    if (coinbase > 1) return {"prevouts: a coinbase flag is neither 0 nor 1", off};
    const u32 len = static_cast<u32>(prevout.script_bytes.size());
    const u32 end = static_cast<u32>(cursor.at());
    prevout.serialised = base.sub(static_cast<u32>(serialised_off), end - static_cast<u32>(serialised_off));
    prevout.script = base.sub(end - len, len);
    prevout.coinbase = coinbase == 1;
    prevout.known = true;
    prevouts.push_back(prevout);
  }
  if (cursor.left() != 0) return {"prevouts: bytes follow the last entry", cursor.at()};
  return {};
}

AnchorError parse_anchor(Bytes bytes, u32 allowed, Anchor& anchor) {
  wire::WireError error;
  wire::ProtobufReader reader(bytes, error);
  Fields fields;
  anchor.bytes = bytes;
  while (reader.next()) {
    if (reader.number() > 12 || (allowed >> reader.number() & 1) == 0) {
      reader.unknown();
      break;
    }
    read_field(reader, anchor, fields);
  }
  if (error.failed()) return {text_of(error.code), error.byte_off};
  if (anchor.has_prevouts) {
    const claim::Ref base = claim::Ref::make(claim::Space::anchor, fields.container_off, fields.container.size());
    const AnchorError bad = parse_prevouts(fields.container, base, anchor.prevouts);
    if (bad.what != nullptr) return {bad.what, fields.container_off + bad.byte_off};
  }
  return {check_values(anchor), 0};
}

void state_link(claim::Sheet& sheet, claim::NodeId node, const Anchor& anchor, claim::Ref hash) {
  if (!anchor.hash.empty()) {
    sheet.require(node, Code::bitcoin_trusted_hash_differs,
                  sheet.compare(claim::Compare::equal, hash, anchor.ref(anchor.hash)));
  }
  if (!anchor.parents.empty()) {
    const claim::Ref parent = sheet.hash(Hash::sha256d, {anchor.ref(anchor.parents.last(kHeaderLen))});
    sheet.require(node, Code::bitcoin_parent_differs, sheet.compare(claim::Compare::equal, sheet.input(4, 32), parent));
  } else if (anchor.height != 0 && anchor.hash.empty()) {
    sheet.undecided(node, Code::bitcoin_header_context_missing);
  }
}

ScriptRules script_rules(const Anchor& anchor) {
  ScriptRules rules;
  if (anchor.rules != 0) {
    rules.p2sh = (anchor.rules & kRulesP2sh) != 0;
    rules.strict_der = (anchor.rules & kRulesStrictDer) != 0;
    rules.null_dummy = (anchor.rules & kRulesNullDummy) != 0;
    rules.witness = (anchor.rules & kRulesWitness) != 0;
    rules.taproot = (anchor.rules & kRulesTaproot) != 0;
    return rules;
  }
  const Params& params = anchor.params();
  rules.strict_der = anchor.height >= params.bip66_height;
  rules.null_dummy = anchor.height >= params.segwit_height;
  for (u32 i = 0; i < params.exception_count; ++i) {
    const RuleException& exception = params.exceptions[i];
    // The hash decides; without it the height says where to be careful.
    if (anchor.hash.empty()) {
      if (anchor.height != exception.height) continue;
      rules.p2sh_unsure = !exception.p2sh;
      rules.taproot_unsure = true;
    } else if (std::equal(anchor.hash.begin(), anchor.hash.end(), exception.hash.begin())) {
      rules.p2sh = rules.witness = exception.p2sh;
      rules.taproot = false;
    }
  }
  return rules;
}

}  // namespace isthmus::chain::bitcoin
