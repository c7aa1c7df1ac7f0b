#include "chain/bitcoin_header.hpp"

#include <algorithm>

namespace isthmus::chain::bitcoin {
namespace {

constexpr u32 kMedianSpan = 11;
constexpr u32 kFutureSeconds = 7200;
constexpr u32 kSlowSeconds = 1200;     // min_difficulty: twice the spacing
constexpr u32 kTimewarpSeconds = 600;  // BIP94

u32 bit_length(const U256& a) {
  for (u32 i = 4; i-- > 0;) {
    if (a.w[i] != 0) return 64 * i + 64 - static_cast<u32>(__builtin_clzll(a.w[i]));
  }
  return 0;
}

// a << n, n < 256; bits shifted out are lost.
U256 shift_left(const U256& a, u32 n) {
  U256 out;
  const u32 words = n / 64;
  const u32 bits = n % 64;
  for (u32 i = words; i < 4; ++i) {
    out.w[i] = a.w[i - words] << bits;
    if (bits != 0 && i > words) out.w[i] |= a.w[i - words - 1] >> (64 - bits);
  }
  return out;
}

U256 shift_right(const U256& a, u32 n) {
  U256 out;
  const u32 words = n / 64;
  const u32 bits = n % 64;
  for (u32 i = 0; i + words < 4; ++i) {
    out.w[i] = a.w[i + words] >> bits;
    if (bits != 0 && i + words + 1 < 4) out.w[i] |= a.w[i + words + 1] << (64 - bits);
  }
  return out;
}

// a * b modulo 2^256, as the reference node's 256-bit type does.
U256 multiply(const U256& a, u32 b) {
  U256 out;
  u64 carry = 0;
  for (u32 i = 0; i < 4; ++i) {
    const u128 product = static_cast<u128>(a.w[i]) * b + carry;
    out.w[i] = static_cast<u64>(product);
    carry = static_cast<u64>(product >> 64);
  }
  return out;
}

U256 divide(const U256& a, u32 b) {
  U256 out;
  u64 rest = 0;
  for (u32 i = 4; i-- > 0;) {
    const u128 part = static_cast<u128>(rest) << 64 | a.w[i];
    out.w[i] = static_cast<u64>(part / b);
    rest = static_cast<u64>(part % b);
  }
  return out;
}

// a - b, a >= b.
U256 subtract(const U256& a, const U256& b) {
  U256 out;
  u64 borrow = 0;
  for (u32 i = 0; i < 4; ++i) {
    const u128 difference = static_cast<u128>(a.w[i]) - b.w[i] - borrow;
    out.w[i] = static_cast<u64>(difference);
    borrow = static_cast<u64>(difference >> 64) & 1;
  }
  return out;
}

}  // namespace

bool U256::operator<(const U256& other) const {
  for (u32 i = 4; i-- > 0;) {
    if (w[i] != other.w[i]) return w[i] < other.w[i];
  }
  return false;
}

U256 add(const U256& a, const U256& b) {
  U256 out;
  u64 carry = 0;
  for (u32 i = 0; i < 4; ++i) {
    const u128 sum = static_cast<u128>(a.w[i]) + b.w[i] + carry;
    out.w[i] = static_cast<u64>(sum);
    carry = static_cast<u64>(sum >> 64);
  }
  return out;
}

bool target_from_bits(u32 bits, U256& target) {
  const u32 size = bits >> 24;
  const u32 mantissa = bits & 0x007fffff;
  if (mantissa != 0 && (bits & 0x00800000) != 0) return false;
  target = {{mantissa, 0, 0, 0}};
  if (size <= 3) {
    target.w[0] >>= 8 * (3 - size);
  } else {
    if (mantissa != 0 && bit_length(target) + 8 * (size - 3) > 256) return false;
    target = mantissa == 0 ? U256{} : shift_left(target, 8 * (size - 3));
  }
  return !target.is_zero();
}

u32 bits_from_target(const U256& target) {
  u32 size = (bit_length(target) + 7) / 8;
  u32 mantissa = static_cast<u32>(size <= 3 ? target.w[0] << 8 * (3 - size) : shift_right(target, 8 * (size - 3)).w[0]);
  // The mantissa's top bit is a sign.
  if ((mantissa & 0x00800000) != 0) {
    mantissa >>= 8;
    ++size;
  }
  return size << 24 | mantissa;
}

u32 retarget(u32 bits, u32 first_time, u32 last_time, u32 limit_bits) {
  const i64 span = std::clamp<i64>(i64{last_time} - i64{first_time}, kPeriodSeconds / 4, i64{kPeriodSeconds} * 4);
  U256 target;
  U256 limit;
  target_from_bits(bits, target);
  target_from_bits(limit_bits, limit);
  target = divide(multiply(target, static_cast<u32>(span)), kPeriodSeconds);
  return bits_from_target(limit < target ? limit : target);
}

U256 work_of(const U256& target) {
  // 2^256 / (t + 1) = (2^256 - 1 - t) / (t + 1) + 1, by schoolbook division, one bit at a time.
  const U256 divisor = add(target, {{1, 0, 0, 0}});
  if (divisor.is_zero()) return {{1, 0, 0, 0}};
  const U256 dividend = {{~target.w[0], ~target.w[1], ~target.w[2], ~target.w[3]}};
  U256 quotient;
  U256 rest;
  for (u32 i = 256; i-- > 0;) {
    // rest < divisor <= 2^256 - 1; a bit that leaves it on the left means rest >= divisor.
    const bool carry = (rest.w[3] >> 63) != 0;
    rest = shift_left(rest, 1);
    rest.w[0] |= dividend.w[i / 64] >> (i % 64) & 1;
    if (!carry && rest < divisor) continue;
    rest = subtract(rest, divisor);
    quotient.w[i / 64] |= u64{1} << (i % 64);
  }
  return add(quotient, {{1, 0, 0, 0}});
}

Lineage::Lineage(u32 first_height, Bytes parents, Bytes opener, Bytes input, u32 first_median)
    : first_height_(first_height),
      opener_height_(first_height == 0 ? 0 : (first_height - 1) / kPeriod * kPeriod),
      first_median_(first_median),
      parents_(parents),
      opener_(opener),
      input_(input) {}

const u8* Lineage::at(u32 height) const {
  if (height >= first_height_) {
    const usize off = kHeaderLen * (usize{height} - first_height_);
    return off + kHeaderLen <= input_.size() ? input_.data() + off : nullptr;
  }
  if (height >= oldest_parent()) return parents_.data() + kHeaderLen * (usize{height} - oldest_parent());
  return has_opener() && height == opener_height_ ? opener_.data() : nullptr;
}

bool Lineage::median_time_past(u32 height, u32& median) const {
  if (height == first_height_ && first_median_ != 0) {
    median = first_median_;
    return true;
  }
  u32 times[kMedianSpan];
  const u32 count = std::min(height, kMedianSpan);
  for (u32 i = 0; i < count; ++i) {
    const u8* const header = at(height - 1 - i);
    if (header == nullptr) return false;
    times[i] = header_time(header);
  }
  if (count == 0) return false;
  std::sort(times, times + count);
  median = times[count / 2];
  return true;
}

PeriodBits::PeriodBits(const Lineage& lineage, u32 limit_bits) : limit_bits_(limit_bits) {
  const u32 first = lineage.first_height();
  const u32 oldest = lineage.oldest_parent();
  if (lineage.has_opener() && lineage.opener_height() < oldest) {
    pass(lineage.opener_height(), header_bits(lineage.at(lineage.opener_height())));
  }
  for (u32 height = oldest; height < first; ++height) pass(height, header_bits(lineage.at(height)));
}

void PeriodBits::pass(u32 height, u32 bits) {
  if (height % kPeriod != 0 && bits == limit_bits_) return;
  known_ = true;
  bits_ = bits;
}

namespace {

// The bits that the header must have; false when the context for it is missing.
bool required_bits(const HeaderContext& context, u32 height, u32 time, const PeriodBits& period, u32& bits) {
  const Params& params = context.params;
  const u8* const parent = context.lineage.at(height - 1);
  if (parent == nullptr) return false;
  if (height % kPeriod == 0) {
    bits = header_bits(parent);
    if (params.no_retarget) return true;
    const u8* const opener = context.lineage.at(height - kPeriod);
    if (opener == nullptr) return false;
    if (params.bip94) bits = header_bits(opener);
    // A parent without a target is refused at its own place, or is the anchor's mistake.
    U256 target;
    if (target_from_bits(bits, target)) {
      bits = retarget(bits, header_time(opener), header_time(parent), params.limit_bits);
    }
    return true;
  }
  if (!params.min_difficulty) {
    bits = header_bits(parent);
    return true;
  }
  if (u64{time} > u64{header_time(parent)} + kSlowSeconds) {
    bits = params.limit_bits;
    return true;
  }
  // Without retargeting every header of the chain has the genesis' bits.
  bits = params.no_retarget ? params.limit_bits : period.bits();
  return params.no_retarget || period.known();
}

u32 version_floor(const Params& params, u32 height) {
  if (height >= params.bip65_height) return 4;
  if (height >= params.bip66_height) return 3;
  return height >= params.bip34_height ? 2 : 0;
}

void state_work(claim::Sheet& sheet, claim::NodeId node, const Params& params, u32 bits, claim::Ref hash,
                u64 byte_off) {
  U256 target;
  U256 limit;
  target_from_bits(params.limit_bits, limit);
  if (!target_from_bits(bits, target) || limit < target) {
    sheet.fail(node, Code::bitcoin_bits_out_of_range, byte_off + 72);
    return;
  }
  u8 bytes[32];
  for (u32 i = 0; i < 4; ++i) store_le64(bytes + 8 * i, target.w[i]);
  sheet.require(node, Code::bitcoin_work_too_low,
                sheet.compare(claim::Compare::le_at_most, hash, sheet.text(Bytes(bytes))));
}

}  // namespace

void state_header(claim::Sheet& sheet, claim::NodeId node, const HeaderContext& context, u32 height,
                  const PeriodBits& period, claim::Ref hash, u64 byte_off) {
  const Params& params = context.params;
  const u8* const header = context.lineage.at(height);
  const u32 time = header_time(header);
  const u32 bits = header_bits(header);
  state_work(sheet, node, params, bits, hash, byte_off);
  if (height == 0) {
    // The first header follows from nothing: it is known.
    sheet.require(node, Code::bitcoin_genesis_differs,
                  sheet.compare(claim::Compare::equal, hash, sheet.text(Bytes(params.genesis))));
    return;
  }
  if (context.trusted) return;

  u32 median;
  u32 required;
  const bool median_known = context.lineage.median_time_past(height, median);
  const bool bits_known = required_bits(context, height, time, period, required);
  if (!median_known || !bits_known) sheet.undecided(node, Code::bitcoin_header_context_missing, byte_off);
  if (bits_known && bits != required) sheet.fail(node, Code::bitcoin_bits_wrong, byte_off + 72);
  if (median_known && time <= median) sheet.fail(node, Code::bitcoin_time_too_early, byte_off + 68);
  // Versions are signed.
  if (static_cast<i32>(header_version(header)) < static_cast<i32>(version_floor(params, height)) &&
      version_floor(params, height) != 0) {
    sheet.fail(node, Code::bitcoin_version_too_low, byte_off);
  }
  const u8* const parent = context.lineage.at(height - 1);
  if (params.bip94 && height % kPeriod == 0 && parent != nullptr &&
      u64{time} + kTimewarpSeconds < u64{header_time(parent)}) {
    sheet.fail(node, Code::bitcoin_time_warp, byte_off + 68);
  }
  if (context.now != 0 && u64{time} > context.now + kFutureSeconds) {
    sheet.fail(node, Code::bitcoin_time_too_late, byte_off + 68);
  }
}

}  // namespace isthmus::chain::bitcoin
