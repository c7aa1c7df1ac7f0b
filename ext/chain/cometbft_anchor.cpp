#include "chain/cometbft_anchor.hpp"

namespace isthmus::chain::cometbft {
namespace {

// Ten thousand years: sums of a time and a span stay far inside 128 bits, and inside 64 bits of seconds.
constexpr i64 kSpanSecondsMax = 315'576'000'000;

Ref take_bytes(ProtobufReader& reader, usize len) {
  return ref_of(reader, reader.as_bytes_exactly(len), Space::anchor);
}

// A span of time: the same two fields as a timestamp, not negative.
Time take_span(ProtobufReader& reader, const ParseContext& context) {
  const Time span = read_time(reader.as_message(), context);
  if (span.seconds < 0 || span.seconds > kSpanSecondsMax) reader.refuse(Code::field_value);
  return span;
}

Trusted read_trusted(ProtobufReader reader, const ParseContext& context) {
  Trusted trusted;
  while (reader.next()) {
    switch (reader.number()) {
      case 1: {
        const i64 height = reader.as_i64();
        if (height < 0) reader.refuse(Code::field_value);
        trusted.height = static_cast<u64>(height);
        break;
      }
      case 2:
        trusted.time = read_time(reader.as_message(), context);
        break;
      case 3:
        trusted.hash = take_bytes(reader, kHashLen);
        break;
      case 4:
        trusted.next_validators_hash = take_bytes(reader, kHashLen);
        break;
      case 5:
        trusted.set = read_validator_set(reader.as_message(kValidatorSetRepeated), context);
        trusted.has_set = true;
        break;
      case 6:
        trusted.validators_hash = take_bytes(reader, kHashLen);
        break;
      default:
        reader.unknown();
    }
  }
  for (const u32 number : {1, 2, 4}) reader.require(number);
  return trusted;
}

void take_option(ProtobufReader& reader, Anchor& anchor) {
  switch (reader.number()) {
    case 8:
      anchor.level_numerator = reader.as_u64();
      break;
    case 9:
      anchor.level_denominator = reader.as_u64();
      break;
    case 10:
      anchor.early_stop = reader.as_bool();
      break;
    case 11:
      anchor.block_protocol = reader.as_u64();
      break;
    case 13:
      anchor.format = reader.as_bool() ? Format::amino : Format::protobuf;
      break;
    default:
      reader.unknown();
  }
}

void read_fields(ProtobufReader& reader, Anchor& anchor, const ParseContext& context) {
  while (reader.next()) {
    switch (reader.number()) {
      case 1:
        anchor.chain_id = ref_of(reader, reader.as_bytes(kChainIdLenMax), Space::anchor);
        break;
      case 2:
        anchor.header_hash = take_bytes(reader, kHashLen);
        break;
      case 3:
        anchor.validators_hash = take_bytes(reader, kHashLen);
        break;
      case 4:
        anchor.trusted = read_trusted(reader.as_message(), context);
        break;
      case 5:
        anchor.trusting_period = take_span(reader, context);
        break;
      case 6:
        anchor.now = read_time(reader.as_message(), context);
        break;
      case 7:
        anchor.max_clock_drift = take_span(reader, context);
        break;
      case 12:
        anchor.evidence_set = read_validator_set(reader.as_message(kValidatorSetRepeated), context);
        anchor.has_evidence_set = true;
        break;
      default:
        take_option(reader, anchor);
    }
  }
}

// light.ValidateTrustLevel; numerator * 3 cannot overflow because the numerator is not above the denominator's bound.
bool level_allowed(u64 numerator, u64 denominator) {
  constexpr u64 kPartMax = u64{1} << 32;
  return denominator != 0 && denominator <= kPartMax && numerator <= denominator && numerator * 3 >= denominator;
}

}  // namespace

AnchorError read_anchor(Bytes bytes, u32 count_max, Anchor& anchor) {
  WireError error;
  const ParseContext context{Space::anchor, count_max};
  ProtobufReader reader(bytes, error);
  read_fields(reader, anchor, context);
  reader.require(1);
  if (anchor.trusted.height != 0) {
    for (const u32 number : {5, 6}) reader.require(number);
  }
  if (error.failed()) return {entry_of(error.code).text, error.byte_off};
  if (anchor.trusted.height != 0 && anchor.trusting_period.in_nanos() == 0) return {"the trusting period is zero", 0};
  if (reader.has(8) != reader.has(9)) return {"one part of the trust level is missing", 0};
  if (!level_allowed(anchor.level_numerator, anchor.level_denominator)) {
    return {"the trust level is not between 1/3 and 1", 0};
  }
  return {};
}

}  // namespace isthmus::chain::cometbft
