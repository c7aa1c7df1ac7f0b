// The parts of the Fabric decoder that tests from Python cannot reach one by one: DER of headers, block forms, configs
// and policies of hostile shapes. Whole blocks with signatures are in tests/chains/test_fabric_*.py.
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "chain/chain.hpp"
#include "chain/fabric_policy.hpp"

namespace isthmus::chain::fabric {
namespace {

class Proto {
 public:
  Proto& number(u32 field, u64 value) {
    varint(u64{field} << 3);
    varint(value);
    return *this;
  }
  Proto& bytes(u32 field, Bytes value) {
    varint(u64{field} << 3 | 2);
    varint(value.size());
    out_.insert(out_.end(), value.begin(), value.end());
    return *this;
  }
  Proto& text(u32 field, std::string_view value) {
    return bytes(field, Bytes(reinterpret_cast<const u8*>(value.data()), value.size()));
  }
  Proto& message(u32 field, const Proto& value) { return bytes(field, value.out_); }
  const std::vector<u8>& out() const { return out_; }

 private:
  void varint(u64 value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<u8>(value | 0x80));
    out_.push_back(static_cast<u8>(value));
  }
  std::vector<u8> out_;
};

const std::vector<u8> kHash(32, 0xaa);

Proto envelope() { return Proto().text(1, "payload").text(2, "signature"); }

Proto block_of(u64 number) {
  Proto header;
  if (number != 0) header.number(1, number);
  header.bytes(2, kHash).bytes(3, kHash);
  Proto metadata;
  for (int slot = 0; slot < 5; ++slot) metadata.text(1, "");
  return Proto().message(1, header).message(2, Proto().message(1, envelope())).message(3, metadata);
}

Proto anchor_of(u32 dialect = 2) { return Proto().text(1, "channel").number(2, dialect); }

struct Decoded {
  std::vector<u8> input;
  std::vector<u8> anchor;
  Sheet sheet;
  AnchorError error;

  Decoded(const std::vector<u8>& input_bytes, const Proto& anchor_proto, const Limits& limits = {})
      : input(input_bytes), anchor(anchor_proto.out()), sheet(input, anchor, limits) {
    error = decode_fabric_block(input, anchor, limits, sheet);
  }
  bool noted(Code code) const {
    for (const claim::Note& note : sheet.notes()) {
      if (note.code == code) return true;
    }
    return false;
  }
};

Proto entry(u32 field, std::string_view key, const Proto& value) {
  return Proto().message(field, Proto().text(1, key).message(2, value));
}

// A signature policy "1 out of" nested so deep.
Proto nested(u32 depth) {
  Proto rule;
  rule.number(1, 0);
  for (u32 i = 0; i < depth; ++i) rule = Proto().message(2, Proto().number(1, 1).message(2, rule));
  return rule;
}

TEST_CASE("fabric: headers in DER") {
  Sheet sheet(kHash, {}, Limits{});
  const Ref hash = sheet.input(0, 32);
  const auto number_of = [&](u64 number) {
    const Bytes der = sheet.bytes(state_header_bytes(sheet, {number, hash, hash}));
    // SEQUENCE, then INTEGER, then two OCTET STRINGs of 34 bytes.
    CHECK(der[0] == 0x30);
    CHECK(der[1] == der.size() - 2);
    CHECK(der[2] == 0x02);
    return std::vector<u8>(der.begin() + 4, der.end() - 68);
  };
  CHECK(number_of(0) == std::vector<u8>{0});
  CHECK(number_of(127) == std::vector<u8>{127});
  CHECK(number_of(128) == std::vector<u8>{0, 128});
  CHECK(number_of(256) == std::vector<u8>{1, 0});
  CHECK(number_of((u64{1} << 63) - 1) == std::vector<u8>{0x7f, 255, 255, 255, 255, 255, 255, 255});
  CHECK(number_of(u64{1} << 63) == std::vector<u8>{0, 0x80, 0, 0, 0, 0, 0, 0, 0});
  CHECK(number_of(~u64{0}) == std::vector<u8>{0, 255, 255, 255, 255, 255, 255, 255, 255});
  // Block 0 names no hash.
  const Bytes genesis = sheet.bytes(state_header_bytes(sheet, {0, Ref{}, hash}));
  CHECK(std::vector<u8>(genesis.begin(), genesis.begin() + 9) == std::vector<u8>{0x30, 39, 2, 1, 0, 4, 0, 4, 32});
  // Lengths of 128 and more take the long form.
  const std::vector<u8> long_bytes(300, 1);
  Sheet other(long_bytes, {}, Limits{});
  const Ref parts[] = {other.input(0, 300), other.input(0, 127)};
  const Bytes octets = other.bytes(state_octet_strings(other, parts));
  CHECK(std::vector<u8>(octets.begin(), octets.begin() + 8) == std::vector<u8>{0x30, 0x82, 1, 0xb1, 4, 0x82, 1, 0x2c});
}

TEST_CASE("fabric: every prefix of a block is a block with a finding") {
  const std::vector<u8> whole = block_of(7).out();
  for (usize len = 0; len < whole.size(); ++len) {
    const Decoded d(std::vector<u8>(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(len)), anchor_of());
    CHECK(d.error.what == nullptr);
    CHECK(!d.sheet.notes().empty());
  }
  const Decoded d(whole, anchor_of());
  CHECK(d.noted(Code::fabric_no_anchor));
  CHECK(!d.noted(Code::fabric_envelope_form));
}

TEST_CASE("fabric: limits of the caller leave a block undecided") {
  Limits limits;
  limits.rows_max = 0;
  const Decoded few(block_of(7).out(), anchor_of(), limits);
  CHECK(few.noted(Code::limit_exceeded));
  limits = Limits{};
  limits.bytes_max = 10;
  CHECK(Decoded(block_of(7).out(), anchor_of(), limits).noted(Code::limit_exceeded));
}

TEST_CASE("fabric: anchors that are none") {
  const auto refused = [](const Proto& anchor) { return Decoded(block_of(7).out(), anchor).error.what != nullptr; };
  CHECK(!refused(anchor_of()));
  CHECK(refused(Proto()));
  CHECK(refused(Proto().text(1, "channel")));
  CHECK(refused(anchor_of(0)));
  CHECK(refused(anchor_of(5)));
  CHECK(refused(Proto().text(1, std::string(250, 'c')).number(2, 2)));
  CHECK(refused(anchor_of().number(3, 2)));
  CHECK(refused(anchor_of().text(4, "no config")));
  CHECK(refused(anchor_of().text(6, "short")));
  CHECK(refused(anchor_of().text(11, "short")));
  CHECK(refused(anchor_of().number(9, 1).number(12, 2)));
  const auto rule = [](std::string_view name) { return Proto().text(1, name).text(3, "/Channel/Readers"); };
  CHECK(!refused(anchor_of().message(8, rule("a")).message(8, rule("b"))));
  CHECK(refused(anchor_of().message(8, rule("b")).message(8, rule("a"))));
  CHECK(refused(anchor_of().message(8, rule("a")).message(8, rule("a"))));
  CHECK(refused(anchor_of().message(8, Proto().text(1, "a"))));
}

TEST_CASE("fabric: configs of hostile shapes") {
  const auto read = [](const Proto& config, u32 count_max = 1000) {
    const std::vector<u8> bytes = config.out();
    const Sheet sheet(bytes, {}, Limits{});
    WireError error;
    const Config made = read_config(sheet, sheet.input(0, bytes.size()), count_max, error);
    return error.failed() ? error.code : made.groups.empty() ? Code::empty : Code::ok;
  };
  const auto channel = [](const Proto& group) { return Proto().number(1, 3).message(2, group); };
  CHECK(read(channel(entry(2, "Orderer", Proto()))) == Code::ok);
  CHECK(read(Proto().number(1, 3)) == Code::field_missing);
  Proto twice = entry(2, "Orderer", Proto());
  twice.message(2, Proto().text(1, "Orderer"));
  CHECK(read(channel(twice)) == Code::field_repeated);
  CHECK(read(channel(Proto().message(2, Proto().message(2, Proto())))) == Code::field_missing);
  CHECK(read(channel(Proto().number(9, 1))) == Code::field_unknown);
  Proto deep;
  for (u32 i = 0; i < kGroupDepthMax; ++i) deep = entry(2, "G", deep);
  CHECK(read(channel(deep)) == Code::length_out_of_range);
  Proto many;
  for (char c = 'a'; c <= 'z'; ++c) many.message(3, Proto().text(1, std::string(1, c)).message(2, Proto()));
  CHECK(read(channel(many), 26) == Code::ok);
  CHECK(read(channel(many), 25) == Code::limit_exceeded);
}

TEST_CASE("fabric: quorums") {
  const u32 wanted[] = {1, 2, 2, 3, 4, 4, 5, 6, 6, 7};
  for (u32 n = 1; n <= 10; ++n) CHECK(bft_quorum(n) == wanted[n - 1]);
}

TEST_CASE("fabric: only the quorum of the consenters in their order is one") {
  const Proto identities[] = {Proto().text(1, "A").text(2, "a"), Proto().text(1, "B").text(2, "b")};
  const auto policy = [&](u64 need, std::initializer_list<u32> rules, u64 classification, bool swapped) {
    Proto n_of;
    n_of.number(1, need);
    for (const u32 rule : rules) n_of.message(2, Proto().number(1, rule));
    Proto out;
    out.message(2, Proto().message(2, n_of));
    for (const u32 i : {0u, 1u}) {
      out.message(3, Proto().number(1, classification).message(2, identities[swapped ? 1 - i : i]));
    }
    return out.out();
  };
  const auto is_quorum = [&](const std::vector<u8>& envelope) {
    std::vector<u8> bytes = envelope;
    const usize at = bytes.size();
    for (const char c : std::string_view("AaBb")) bytes.push_back(static_cast<u8>(c));
    const Sheet sheet(bytes, {}, Limits{});
    const Consenter consenters[] = {{1, sheet.input(at, 1), sheet.input(at + 1, 1)},
                                    {2, sheet.input(at + 2, 1), sheet.input(at + 3, 1)}};
    return is_quorum_of(sheet, sheet.input(0, at), consenters);
  };
  CHECK(is_quorum(policy(2, {0, 1}, 2, false)));
  CHECK(!is_quorum(policy(1, {0, 1}, 2, false)));
  CHECK(!is_quorum(policy(2, {1, 0}, 2, false)));
  CHECK(!is_quorum(policy(2, {0, 0}, 2, false)));
  CHECK(!is_quorum(policy(2, {0, 1, 1}, 2, false)));
  CHECK(!is_quorum(policy(2, {0, 1}, 0, false)));
  CHECK(!is_quorum(policy(2, {0, 1}, 2, true)));
  CHECK(!is_quorum({}));
}

TEST_CASE("fabric: policies of hostile shapes satisfy nobody") {
  const auto program_of = [](const Proto& rule) {
    const std::vector<u8> bytes = Proto().message(2, rule).message(3, Proto().number(1, 9)).out();
    Sheet sheet(bytes, {}, Limits{});
    Config config;
    config.groups.push_back({});
    People people(sheet, config, MspVersion::v3_0, IdentityForm::serialized);
    Policies policies(sheet, config, people);
    const SignatureSet set(sheet, people, claim::kRoot, claim::Kind::signer);
    policies.state_envelope(claim::kRoot, 0, sheet.input(0, bytes.size()), set);
    bool missing = false;
    for (const claim::Note& note : sheet.notes()) missing |= note.code == Code::fabric_policy_missing;
    return !missing && sheet.policies().size() == 1;
  };
  CHECK(program_of(nested(0)));
  CHECK(program_of(nested(20)));
  CHECK(!program_of(nested(claim::kRuleDepthMax + 1)));
  CHECK(!program_of(nested(2000)));
  CHECK(!program_of(Proto()));
  CHECK(!program_of(Proto().number(1, 1)));  // a principal that there is not
  CHECK(!program_of(Proto().number(1, 0).number(1, 0)));
  CHECK(!program_of(Proto().number(1, ~u64{0})));
  Proto wide;
  wide.number(1, 1);
  for (u32 i = 0; i < claim::kRulesMax; ++i) wide.message(2, Proto().number(1, 0));
  CHECK(!program_of(Proto().message(2, wide)));
}

}  // namespace
}  // namespace isthmus::chain::fabric
